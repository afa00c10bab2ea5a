-- The trigger functions that keep the waiting list with the plan, and its history.

CREATE FUNCTION caseload.waiting_after_service()
RETURNS trigger
AS 'MODULE_PATHNAME', 'waiting_after_service'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.waiting_after_service() IS 'Row trigger of service: keeps the waiting list with the plan where somebody begins or ceases to give a service.';

CREATE FUNCTION caseload.waiting_after_write()
RETURNS trigger
AS 'MODULE_PATHNAME', 'waiting_after_write'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.waiting_after_write() IS 'Row trigger of waiting: keeps every step, also of those who may not write the history.';
