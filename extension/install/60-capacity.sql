-- Capacity at the write, and the reasons that are asked for before it.

CREATE FUNCTION caseload.service_capacity()
RETURNS trigger
AS 'MODULE_PATHNAME', 'service_capacity'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.service_capacity() IS 'Deferred constraint trigger of service: refuses, or warns of, an assignment beyond the capacity of its therapist, with all reasons.';

-- Policies are read on the latest snapshot, and a worker does not know what the transaction has noted: unsafe.
CREATE FUNCTION caseload._capacity_reasons(
  district_id text, therapist_id text, service_id text, client_id text, discipline text, delivery caseload.delivery,
  tier integer, group_size integer, dosage caseload.dosage, from_date date, until_date date, replaces boolean,
  OUT rule_name text, OUT limit_value numeric, OUT would_be numeric, OUT unit text, OUT verdict text, OUT message text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', '_capacity_reasons'
LANGUAGE C STABLE PARALLEL UNSAFE ROWS 5;
COMMENT ON FUNCTION caseload._capacity_reasons(text, text, text, text, text, caseload.delivery, integer, integer, caseload.dosage, date, date, boolean) IS 'Internal: every reason for and against giving a service to a therapist; check_capacity() and the trigger share it.';
