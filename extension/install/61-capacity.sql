--| ordinary
-- One definition of capacity, asked before the write by check_capacity() and at the write by the trigger.

CREATE OR REPLACE FUNCTION caseload._capacity(
  district_id text, therapist_id text, discipline text, minutes numeric, replaced_service text, in_period daterange)
RETURNS TABLE (policy text, rule_name text, limit_value numeric, would_be numeric, unit text, over boolean, message text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
SET search_path = pg_catalog, caseload, pg_temp
BEGIN ATOMIC
  -- The past cannot be helped, so only days from today on count. The load rises only on days when a service or an episode
  -- begins, so the peak is on one of those.
  WITH t AS (
    SELECT h.district_id, h.therapist_id, h.discipline, h.fte, h.employed, p.capacity, p.weekly_minutes_per_fte,
           greatest(lower(in_period), CURRENT_DATE) AS first_day
      FROM caseload.therapist h
      JOIN caseload.policies(CURRENT_DATE) p ON p.district_id = h.district_id
     WHERE h.district_id = _capacity.district_id AND h.therapist_id = _capacity.therapist_id
       AND (upper_inf(in_period) OR upper(in_period) > CURRENT_DATE)
  ), day AS (
    SELECT first_day AS day FROM t
    UNION
    SELECT lower(s.period)
      FROM t JOIN caseload.service s ON s.district_id = t.district_id AND s.therapist_id = t.therapist_id
     WHERE lower(s.period) > t.first_day AND in_period @> lower(s.period)
    UNION
    SELECT lower(e.period)
      FROM t JOIN caseload.service s ON s.district_id = t.district_id AND s.therapist_id = t.therapist_id
      JOIN caseload.episode e ON e.district_id = s.district_id AND e.client_id = s.client_id
     WHERE lower(e.period) > t.first_day AND in_period @> lower(e.period)
  ), peak AS (
    SELECT round(max(load.minutes), 2) AS minutes
      FROM day
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(f.therapist_minutes), 0) + coalesce(_capacity.minutes, 0) AS minutes
             FROM caseload.service_facts(day.day) f
            WHERE f.district_id = _capacity.district_id AND f.therapist_id = _capacity.therapist_id
              AND f.service_id IS DISTINCT FROM replaced_service) AS load
  )
  SELECT t.capacity, 'weekly_minutes', (t.fte * t.weekly_minutes_per_fte)::numeric(12,2), peak.minutes::numeric(12,2), 'minutes per week',
         coalesce(peak.minutes > t.fte * t.weekly_minutes_per_fte, false),
         CASE WHEN t.fte IS NULL THEN 'the FTE of the therapist is not recorded, so there is no limit'
              ELSE 'weekly minutes against the capacity of the position' END
    FROM t CROSS JOIN peak
  UNION ALL
  SELECT t.capacity, 'discipline', NULL, NULL, NULL, t.discipline <> _capacity.discipline,
         format('the service is %s, the therapist is %s', _capacity.discipline, t.discipline)
    FROM t
   WHERE _capacity.discipline IS NOT NULL
  UNION ALL
  SELECT t.capacity, 'employment', NULL, NULL, NULL, NOT t.employed @> t.first_day,
         format('the service is due on %s, the therapist is employed %s', t.first_day, t.employed)
    FROM t;
END;
COMMENT ON FUNCTION caseload._capacity(text, text, text, numeric, text, daterange) IS 'Internal: every reason for and against giving a therapist so many more minutes a week in a period.';

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
  group_size integer DEFAULT 1, from_date date DEFAULT CURRENT_DATE, district_id text DEFAULT NULL)
RETURNS TABLE (rule_name text, limit_value numeric, would_be numeric, unit text, verdict text, message text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 3
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  district text := caseload._therapist_district(therapist_id, district_id);
  line     caseload.service;
  rates    record;
BEGIN
  SELECT p.weeks_per_year, p.months_per_year INTO rates FROM caseload.policies(from_date) p WHERE p.district_id = district;
  IF service_id IS NOT NULL THEN
    SELECT * INTO line FROM caseload.service s WHERE s.district_id = district AND s.service_id = check_capacity.service_id;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'service "%" does not exist', service_id
        USING ERRCODE = 'foreign_key_violation', HINT = 'Without a service, say the dosage: check_capacity(therapist_id, dosage => ''2x30/week'').';
    END IF;
  ELSIF dosage IS NULL THEN
    RAISE EXCEPTION 'neither a service nor a dosage to check'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'check_capacity(therapist_id, dosage => ''2x30/week'')';
  ELSE
    line.discipline := discipline;
    line.dosage := dosage::caseload.dosage;
    line.group_size := group_size;
    line.period := daterange(from_date, NULL);
  END IF;
  RETURN QUERY
    SELECT k.rule_name, k.limit_value, k.would_be, k.unit,
           CASE WHEN NOT k.over OR k.policy = 'off' THEN 'ok' WHEN k.policy = 'warn' THEN 'warn' ELSE 'block' END,
           k.message
      FROM caseload._capacity(district, therapist_id, line.discipline,
             caseload.minutes_per_week(line.dosage, rates.weeks_per_year, rates.months_per_year) / line.group_size,
             line.service_id, line.period) k;
END
$$;
COMMENT ON FUNCTION caseload.check_capacity(text, text, text, text, integer, date, text) IS 'What would happen if this therapist took this service, or a new one of this dosage: one row for each rule, with limit, what it would be, and verdict ok, warn or block.';

CREATE OR REPLACE TRIGGER capacity_after_insert AFTER INSERT ON caseload.service
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.capacity_after_service();
CREATE OR REPLACE TRIGGER capacity_after_update AFTER UPDATE ON caseload.service
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.capacity_after_service();

-- CREATE CONSTRAINT TRIGGER knows no OR REPLACE. An update that adds nothing to a load is let through, also where the
-- therapist is over already: it can only help.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = 'caseload.service'::regclass AND tgname = 'service_capacity') THEN
    CREATE CONSTRAINT TRIGGER service_capacity AFTER INSERT ON caseload.service
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
      WHEN (NEW.therapist_id IS NOT NULL)
      EXECUTE FUNCTION caseload.service_capacity();
    CREATE CONSTRAINT TRIGGER service_capacity_update AFTER UPDATE ON caseload.service
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
      WHEN (NEW.therapist_id IS NOT NULL
            AND (NEW.therapist_id IS DISTINCT FROM OLD.therapist_id OR NEW.district_id <> OLD.district_id
                 OR NEW.client_id <> OLD.client_id OR NEW.discipline <> OLD.discipline OR NOT OLD.period @> NEW.period
                 -- by either calendar
                 OR coalesce(caseload.minutes_per_week(NEW.dosage, 36, 9), 0) / NEW.group_size
                    > coalesce(caseload.minutes_per_week(OLD.dosage, 36, 9), 0) / OLD.group_size
                 OR coalesce(caseload.minutes_per_week(NEW.dosage, 52, 12), 0) / NEW.group_size
                    > coalesce(caseload.minutes_per_week(OLD.dosage, 52, 12), 0) / OLD.group_size))
      EXECUTE FUNCTION caseload.service_capacity();
  END IF;
END
$$;
