-- The trigger functions that keep therapist_load.

CREATE FUNCTION caseload.load_after_service()
RETURNS trigger
AS 'MODULE_PATHNAME', 'load_after_service'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.load_after_service() IS 'Row trigger of service: notes what the row adds to and takes from whom; therapist_load is written when the transaction commits.';

CREATE FUNCTION caseload.load_after_frame()
RETURNS trigger
AS 'MODULE_PATHNAME', 'load_after_frame'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.load_after_frame() IS 'Statement trigger of episode, client and service (its argument): notes whose services are due on other days or given elsewhere.';
