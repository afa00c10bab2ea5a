--| ordinary
-- Policies: values are checked when written and read with the type that policy_kind names.

CREATE OR REPLACE FUNCTION caseload.policy_value(
  district_id text, policy_name text, as_of date DEFAULT CURRENT_DATE, discipline text DEFAULT NULL, site_level text DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, caseload, pg_temp
BEGIN ATOMIC
  -- the district's own word goes first, then what is said of the discipline, then of the level
  SELECT coalesce(
    (SELECT p.value FROM caseload.policy p
      WHERE p.district_id IN (policy_value.district_id, '*') AND p.policy_name = policy_value.policy_name
        AND p.discipline IN (policy_value.discipline, '*') AND p.site_level IN (policy_value.site_level, '*') AND p.valid @> as_of
      ORDER BY p.district_id = '*', p.discipline = '*', p.site_level = '*'
      LIMIT 1),
    (SELECT k.default_value FROM caseload.policy_kind k WHERE k.policy_name = policy_value.policy_name));
END;
COMMENT ON FUNCTION caseload.policy_value(text, text, date, text, text) IS 'What holds in a district on a date, for a discipline and a site level (NULL: for none in particular): what the district says, else what is said of every district, else the default; in each, what is said of the discipline goes before what is said of the level. NULL for a policy that there is not.';

-- One row a district, for queries over many.
CREATE OR REPLACE FUNCTION caseload.policies(as_of date DEFAULT CURRENT_DATE)
RETURNS TABLE (district_id text, strike_window_days integer, auto_enroll boolean, auto_close boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT d.district_id,
         max(coalesce(p.value, k.default_value)) FILTER (WHERE k.policy_name = 'strike_window_days')::integer,
         max(coalesce(p.value, k.default_value)) FILTER (WHERE k.policy_name = 'auto_enroll')::boolean,
         max(coalesce(p.value, k.default_value)) FILTER (WHERE k.policy_name = 'auto_close')::boolean
    FROM caseload.district d
   CROSS JOIN caseload.policy_kind k
    LEFT JOIN caseload.policy p ON p.district_id = d.district_id AND p.policy_name = k.policy_name AND p.valid @> as_of
   WHERE k.scope = 'district'
   GROUP BY d.district_id;
END;
COMMENT ON FUNCTION caseload.policies(date) IS 'The policies of whole districts as of a date, one row a district; policy_value() has the others, too.';

CREATE OR REPLACE FUNCTION caseload.policy_before_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
DECLARE
  kind caseload.policy_kind;
  good boolean := true;
  -- of what weekly minutes can be made
  most numeric := CASE NEW.policy_name WHEN 'school_weeks' THEN 53 WHEN 'school_months' THEN 12
                                       WHEN 'meeting_attendance' THEN 100 WHEN 'makeup_percent' THEN 100 END;
BEGIN
  SELECT * INTO kind FROM caseload.policy_kind k WHERE k.policy_name = NEW.policy_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown policy "%"', NEW.policy_name
      USING ERRCODE = 'foreign_key_violation', HINT = 'SELECT policy_name, description FROM caseload.policy_kind lists them.';
  END IF;
  IF NEW.district_id <> '*' AND NOT EXISTS (SELECT FROM caseload.district d WHERE d.district_id = NEW.district_id) THEN
    RAISE EXCEPTION 'district "%" does not exist', NEW.district_id
      USING ERRCODE = 'foreign_key_violation', HINT = 'A policy of every district has district_id ''*''.';
  ELSIF kind.scope = 'district' AND (NEW.district_id = '*' OR NEW.discipline <> '*' OR NEW.site_level <> '*') THEN
    RAISE EXCEPTION 'policy "%" is one of whole districts', NEW.policy_name
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'What holds in every district is its default_value in policy_kind; it knows no discipline and no site level.';
  ELSIF kind.scope = 'discipline' AND NEW.site_level <> '*' THEN
    RAISE EXCEPTION 'policy "%" knows no site level', NEW.policy_name
      USING ERRCODE = 'invalid_parameter_value', HINT = 'It may be set for a district and for a discipline.';
  END IF;
  BEGIN
    CASE kind.value_type
      WHEN 'boolean' THEN NEW.value := CASE WHEN NEW.value::boolean THEN 'on' ELSE 'off' END;
      WHEN 'integer' THEN good := NEW.value::integer BETWEEN 1 AND 100000;
      WHEN 'numeric' THEN good := NEW.value::numeric BETWEEN 0 AND 1000000;
      WHEN 'capacity_mode' THEN good := NEW.value IN ('off', 'warn', 'error');
      WHEN 'calendar' THEN good := NEW.value IN ('school', 'clinic', 'counted');
      WHEN 'cap' THEN good := NEW.value = 'none' OR NEW.value::numeric BETWEEN 0 AND 1000000;
      WHEN 'name' THEN good := NEW.value <> '';
    END CASE;
    good := good AND (most IS NULL OR NEW.value::numeric <= most);
  EXCEPTION WHEN data_exception THEN
    good := false;
  END;
  IF good IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid value for policy "%"', NEW.policy_name
      USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('The value must be of type %s%s.', kind.value_type, ' and at most ' || most),
            HINT = format('The default is %s.', kind.default_value);
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION caseload.policy_before_write() IS 'Row trigger of policy: refuses a value that is not of the type of its policy.';
CREATE OR REPLACE TRIGGER policy_before_write BEFORE INSERT OR UPDATE ON caseload.policy
  FOR EACH ROW EXECUTE FUNCTION caseload.policy_before_write();

-- Policies are read once and kept until these tell that they have changed.
CREATE OR REPLACE TRIGGER policy_after_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON caseload.policy
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.policy_after_write();
CREATE OR REPLACE TRIGGER policy_after_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON caseload.policy_kind
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.policy_after_write();

-- The same for rows that come by replication, one by one, or from a session that fires no other triggers.
CREATE OR REPLACE TRIGGER policy_replica_write AFTER INSERT OR UPDATE OR DELETE ON caseload.policy
  FOR EACH ROW EXECUTE FUNCTION caseload.policy_after_write();
CREATE OR REPLACE TRIGGER policy_replica_truncate AFTER TRUNCATE ON caseload.policy
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.policy_after_write();
ALTER TABLE caseload.policy ENABLE REPLICA TRIGGER policy_replica_write, ENABLE REPLICA TRIGGER policy_replica_truncate;
CREATE OR REPLACE TRIGGER policy_replica_write AFTER INSERT OR UPDATE OR DELETE ON caseload.policy_kind
  FOR EACH ROW EXECUTE FUNCTION caseload.policy_after_write();
CREATE OR REPLACE TRIGGER policy_replica_truncate AFTER TRUNCATE ON caseload.policy_kind
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.policy_after_write();
ALTER TABLE caseload.policy_kind ENABLE REPLICA TRIGGER policy_replica_write, ENABLE REPLICA TRIGGER policy_replica_truncate;

CREATE OR REPLACE FUNCTION caseload.district_after_delete()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  DELETE FROM caseload.policy p WHERE p.district_id = OLD.district_id;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION caseload.district_after_delete() IS 'Row trigger of district: its policies go with it.';
CREATE OR REPLACE TRIGGER district_after_delete AFTER DELETE ON caseload.district
  FOR EACH ROW EXECUTE FUNCTION caseload.district_after_delete();

-- At first only: what the owner has deleted or given another period stays so when this piece runs again.
INSERT INTO caseload.policy (district_id, policy_name, discipline, site_level, value)
SELECT s.*
  FROM (VALUES
  ('*', 'calendar', '*', 'clinic', 'clinic'),
  ('*', 'referrals_per_week', '*', 'elementary', '1'),
  ('*', 'screenings_per_week', '*', 'elementary', '3'),
  -- school psychologists: median of 11.70 hours an evaluation (Lichtenstein & Fischetti 1998)
  ('*', 'evaluation_minutes', 'PSY', '*', '702'),
  ('*', 'review_minutes', 'PSY', '*', '702'))
    AS s (district_id, policy_name, discipline, site_level, value)
 WHERE NOT EXISTS (SELECT FROM caseload.installation i WHERE i.piece = '33-policy')
ON CONFLICT DO NOTHING;

-- Simple enough for the planner to see through it.
CREATE OR REPLACE FUNCTION caseload._day(as_of date, zone text)
RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT coalesce(as_of, (now() AT TIME ZONE coalesce(zone, 'UTC'))::date);
END;
COMMENT ON FUNCTION caseload._day(date, text) IS 'Internal: a date, or today in a time zone where none is given.';
