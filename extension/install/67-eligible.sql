-- Who could give a service: see docs/eligibility.md.

CREATE TYPE caseload.eligibility_reason AS (
  rule_name   text,
  limit_value numeric,
  would_be    numeric,
  unit        text,
  message     text
);
COMMENT ON TYPE caseload.eligibility_reason IS 'Why a therapist cannot give a service: one rule, as check_capacity() words it.';
COMMENT ON COLUMN caseload.eligibility_reason.rule_name IS 'The rule that stands against it.';
COMMENT ON COLUMN caseload.eligibility_reason.limit_value IS 'What there is, or may be; NULL where the rule has no number.';
COMMENT ON COLUMN caseload.eligibility_reason.would_be IS 'What it would take.';
COMMENT ON COLUMN caseload.eligibility_reason.unit IS 'Unit of the two.';
COMMENT ON COLUMN caseload.eligibility_reason.message IS 'The rule in words, with the facts.';

CREATE FUNCTION caseload._eligible_therapists(
  district_id text, service_id text, client_id text, discipline text, delivery caseload.delivery, tier integer, group_size integer,
  dosage caseload.dosage, therapist_id text, from_date date, until_date date, day date, explain boolean)
RETURNS TABLE (candidate_id text, gives boolean, eligible boolean, permitted boolean, failing text[], minutes_in_common integer,
               sessions_that_fit integer, sessions_needed integer, unmet_wishes integer, reasons caseload.eligibility_reason[])
AS 'MODULE_PATHNAME', 'eligible_therapists'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 50;
COMMENT ON FUNCTION caseload._eligible_therapists(text, text, text, text, caseload.delivery, integer, integer, caseload.dosage, text, date, date, date, boolean) IS 'Internal: a service that is due on a day, judged with every therapist of its discipline by the rules of check_capacity().';
