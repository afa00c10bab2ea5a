--| ordinary
-- What another rule would have said.

CREATE OR REPLACE FUNCTION caseload._rule_or_condition(name text, subject text, in_district text,
  OUT condition text, OUT site_level text, OUT discipline text, OUT is_rule boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
DECLARE
  other text;
BEGIN
  IF name IS NULL OR subject IS NULL THEN
    RAISE EXCEPTION 'a, b and subject must not be NULL' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  -- a district's own rule before that of every district
  SELECT r.condition, r.site_level, r.discipline, true
    INTO condition, site_level, discipline, is_rule
    FROM caseload.rule r
   WHERE r.rule_name = _rule_or_condition.name AND r.subject = _rule_or_condition.subject AND r.district_id IN (in_district, '*')
   ORDER BY r.district_id = '*'
   LIMIT 1;
  IF FOUND THEN
    RETURN;
  END IF;
  SELECT r.subject INTO other
    FROM caseload.rule r
   WHERE r.rule_name = _rule_or_condition.name AND r.district_id IN (in_district, '*')
   LIMIT 1;
  IF FOUND AND NOT (caseload.check_expression(_rule_or_condition.subject, _rule_or_condition.name)).ok THEN
    RAISE EXCEPTION 'rule "%" is about subject %, not %', name, other, subject
      USING ERRCODE = 'invalid_parameter_value', HINT = format('Give the argument subject => %L.', other);
  END IF;
  condition := name;
  is_rule := false;
END
$$;
COMMENT ON FUNCTION caseload._rule_or_condition(text, text, text) IS 'Internal: the condition of a rule of a district or of every district, and whom it is meant for; a name that no rule bears is a condition itself.';

CREATE OR REPLACE FUNCTION caseload.compare_rules(
  a text, b text, from_date date, to_date date, subject text DEFAULT 'client', in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, key text, change text, first_day date, days_a integer, days_b integer)
LANGUAGE sql STABLE PARALLEL UNSAFE COST 2000000 ROWS 100
SET search_path = pg_catalog, caseload, pg_temp
BEGIN ATOMIC
  WITH sides AS (
    -- a condition against a rule is that rule with another condition
    SELECT x.is_b, x.condition, x.site_level, x.discipline
      FROM caseload._rule_or_condition(a, subject, in_district) AS ra,
           caseload._rule_or_condition(b, subject, in_district) AS rb,
           LATERAL (VALUES (false, ra.condition, CASE WHEN ra.is_rule THEN ra.site_level ELSE rb.site_level END,
                            CASE WHEN ra.is_rule THEN ra.discipline ELSE rb.discipline END),
                           (true, rb.condition, CASE WHEN rb.is_rule THEN rb.site_level ELSE ra.site_level END,
                            CASE WHEN rb.is_rule THEN rb.discipline ELSE ra.discipline END)) AS x (is_b, condition, site_level, discipline)
  ), spans AS (
    -- every "raised" ends with the next row of its key, or with the time; on a day, "cleared" comes first
    SELECT s.is_b, c.district_id, c.key, c.change, c.day,
           lead(c.day, 1, to_date + 1) OVER (PARTITION BY s.is_b, c.district_id, c.key ORDER BY c.day, c.change) AS until
      FROM sides s
     CROSS JOIN LATERAL caseload._backtest(subject, s.condition, from_date, to_date, in_district, s.site_level, s.discipline) AS c
  ), days AS (
    SELECT s.district_id, s.key,
           coalesce(range_agg(daterange(s.day, s.until)) FILTER (WHERE NOT s.is_b), '{}') AS of_a,
           coalesce(range_agg(daterange(s.day, s.until)) FILTER (WHERE s.is_b), '{}') AS of_b
      FROM spans s
     WHERE s.change = 'raised'
     GROUP BY s.district_id, s.key
  )
  SELECT d.district_id, d.key,
         CASE WHEN isempty(d.of_a) THEN 'newly flagged' WHEN isempty(d.of_b) THEN 'no longer flagged' ELSE 'other days' END,
         lower((d.of_a - d.of_b) + (d.of_b - d.of_a)),
         (SELECT coalesce(sum(upper(r.r) - lower(r.r)), 0)::integer FROM unnest(d.of_a) AS r (r)),
         (SELECT coalesce(sum(upper(r.r) - lower(r.r)), 0)::integer FROM unnest(d.of_b) AS r (r))
    FROM days d
   WHERE d.of_a <> d.of_b
   ORDER BY d.district_id, d.key;
END;
COMMENT ON FUNCTION caseload.compare_rules(text, text, date, date, text, text) IS 'What b would have said in past days, both ends included, that a would not: who would be newly flagged, who no longer, who on other days, with the first day on which they differ and the days each holds. Each is the name of a rule (of the district or of every district) or a condition.';
