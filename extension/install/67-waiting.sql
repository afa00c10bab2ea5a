-- The trigger function that keeps the waiting list with the plan.

CREATE FUNCTION caseload.waiting_after_service()
RETURNS trigger
AS 'MODULE_PATHNAME', 'waiting_after_service'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.waiting_after_service() IS 'Row trigger of service: keeps the waiting list with the plan where somebody begins or ceases to give a service.';
