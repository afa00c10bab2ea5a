--| ordinary
-- Capacity, asked before the write by check_capacity() and decided at the write by the trigger: one function in C.

DROP TRIGGER IF EXISTS capacity_after_insert ON caseload.service;
DROP TRIGGER IF EXISTS capacity_after_update ON caseload.service;
DROP TRIGGER IF EXISTS service_capacity_update ON caseload.service;
DROP FUNCTION IF EXISTS caseload._capacity(text, text, text, numeric, text, daterange);
DROP FUNCTION IF EXISTS caseload.check_capacity(text, text, text, text, integer, date, text);

CREATE OR REPLACE FUNCTION caseload._therapist_district(therapist_id text, district_id text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
DECLARE
  found_districts text[];
BEGIN
  SELECT array_agg(t.district_id) INTO found_districts
    FROM caseload.therapist t
   WHERE t.therapist_id = _therapist_district.therapist_id
     AND (_therapist_district.district_id IS NULL OR t.district_id = _therapist_district.district_id);
  IF found_districts IS NULL THEN
    RAISE EXCEPTION 'therapist "%" does not exist', therapist_id
      USING ERRCODE = 'foreign_key_violation', HINT = 'SELECT therapist_id FROM caseload.therapist lists them.';
  ELSIF cardinality(found_districts) > 1 THEN
    RAISE EXCEPTION 'therapist "%" exists in several districts', therapist_id
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Say which, with the argument district_id.';
  END IF;
  RETURN found_districts[1];
END
$$;
COMMENT ON FUNCTION caseload._therapist_district(text, text) IS 'Internal: the district of a therapist id, which must be one.';

CREATE OR REPLACE FUNCTION caseload.check_capacity(
  therapist_id text, service_id text DEFAULT NULL, dosage text DEFAULT NULL, discipline text DEFAULT NULL,
  group_size integer DEFAULT 1, from_date date DEFAULT CURRENT_DATE, district_id text DEFAULT NULL,
  client_id text DEFAULT NULL, delivery text DEFAULT NULL)
RETURNS TABLE (rule_name text, limit_value numeric, would_be numeric, unit text, verdict text, message text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 5
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  district text := caseload._therapist_district(therapist_id, district_id);
  line     caseload.service;
BEGIN
  IF service_id IS NOT NULL THEN
    SELECT * INTO line FROM caseload.service s WHERE s.district_id = district AND s.service_id = check_capacity.service_id;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'service "%" does not exist', service_id
        USING ERRCODE = 'foreign_key_violation', HINT = 'Without a service, say the dosage: check_capacity(therapist_id, dosage => ''2x30/week'').';
    END IF;
  ELSIF dosage IS NULL THEN
    RAISE EXCEPTION 'neither a service nor a dosage to check'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'check_capacity(therapist_id, dosage => ''2x30/week'')';
  ELSIF client_id IS NOT NULL AND NOT EXISTS (SELECT FROM caseload.client c WHERE c.district_id = district AND c.client_id = check_capacity.client_id) THEN
    RAISE EXCEPTION 'client "%" does not exist', client_id
      USING ERRCODE = 'foreign_key_violation', HINT = 'Leave client_id out to ask for nobody in particular.';
  ELSIF group_size IS NULL OR group_size NOT BETWEEN 1 AND 30 THEN
    RAISE EXCEPTION 'group_size must be between 1 and 30' USING ERRCODE = 'invalid_parameter_value';
  ELSE
    line.client_id := client_id;
    line.discipline := discipline;
    line.dosage := dosage::caseload.dosage;
    line.delivery := delivery::caseload.delivery;
    line.group_size := group_size;
    line.period := daterange(from_date, NULL);
  END IF;
  RETURN QUERY
    SELECT r.rule_name, r.limit_value, r.would_be, r.unit, r.verdict, r.message
      FROM caseload._capacity_reasons(district, therapist_id, line.service_id, line.client_id, line.discipline, line.delivery,
             line.tier, line.group_size, line.dosage, lower(line.period), upper(line.period),
             coalesce(line.therapist_id = check_capacity.therapist_id, false)) r;
END
$$;
COMMENT ON FUNCTION caseload.check_capacity(text, text, text, text, integer, date, text, text, text) IS 'What would happen if this therapist took this service, or a new one of this dosage (for this client, in this delivery): one row for each reason for or against it, with limit, what it would be, and verdict ok, warn or block. No row: the service is over.';

-- CREATE CONSTRAINT TRIGGER knows no OR REPLACE; a WHEN clause is of the first version.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = 'caseload.service'::regclass AND tgname = 'service_capacity' AND tgqual IS NOT NULL) THEN
    DROP TRIGGER service_capacity ON caseload.service;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = 'caseload.service'::regclass AND tgname = 'service_capacity') THEN
    -- no WHEN clause: the server would parse it anew for every statement
    CREATE CONSTRAINT TRIGGER service_capacity AFTER INSERT OR UPDATE ON caseload.service
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
      EXECUTE FUNCTION caseload.service_capacity();
  END IF;
END
$$;
