-- Capacity at the write.

CREATE FUNCTION caseload.capacity_after_service()
RETURNS trigger
AS 'MODULE_PATHNAME', 'capacity_after_service'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.capacity_after_service() IS 'Statement trigger of service: notes whose load changes, so that their locks are taken in order.';

CREATE FUNCTION caseload.service_capacity()
RETURNS trigger
AS 'MODULE_PATHNAME', 'service_capacity'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.service_capacity() IS 'Deferred constraint trigger of service: refuses, or warns of, an assignment beyond the capacity of its therapist, with all reasons.';
