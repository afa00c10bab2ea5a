--| ordinary
-- Why: a condition taken apart for one subject, with evidence, what speaks against it, and what would clear it.

CREATE OR REPLACE FUNCTION caseload._clears(depths integer[], outcomes text[], says text[], clears text[])
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- what the parts below a part say, by depth; parts come in reading order, so going backwards children come before parents
  below text[] := '{}';
  part  text;
  depth integer;
BEGIN
  FOR i IN REVERSE coalesce(cardinality(depths), 0) .. 1 LOOP
    depth := depths[i] + 1;
    IF clears[i] LIKE 'any one of the parts below%' THEN
      part := replace(below[depth + 1], E'\x01', ', or ');
    ELSIF clears[i] LIKE 'all of the parts below%' THEN
      part := replace(below[depth + 1], E'\x01', ', and ');
    ELSIF clears[i] IS NOT NULL AND below[depth + 1] IS NOT NULL THEN
      part := replace(below[depth + 1], E'\x01', ', ');
    ELSE
      part := clears[i];
    END IF;
    IF below[depth + 1] LIKE E'%\x01%' AND depth > 1 THEN
      part := '(' || part || ')';
    END IF;
    below[depth + 1] := NULL;
    IF part IS NOT NULL THEN
      below[depth] := part || coalesce(E'\x01' || below[depth], '');
    END IF;
  END LOOP;
  RETURN below[1];
END
$$;
COMMENT ON FUNCTION caseload._clears(integer[], text[], text[], text[]) IS 'Internal: one sentence of what would clear a condition, from its parts.';

CREATE OR REPLACE FUNCTION caseload.explain(subject text, key text, condition text, as_of date DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS TABLE (step integer, depth integer, part text, says text, value text, outcome text, clears text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 15
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  source   text;
  key_test text;
  district text := district_id;
  client   text;
  used     text[];
  client_episode integer;
  day      date;
  zone     text;
  found_in text[];
  depths   integer[] := '{}';
  says_    text[] := '{}';
  outcomes text[] := '{}';
  clears_  text[] := '{}';
  row      record;
BEGIN
  step := 0;
  IF subject IN ('client', 'service', 'therapist', 'site') THEN
    source := format('caseload.%I($1)', subject || '_facts');
    key_test := format('f.%I = $2', subject || '_id');
  ELSE
    SELECT s.relation, CASE cardinality(s.key_columns) WHEN 1 THEN format('f.%I::text = $2', s.key_columns[1])
                       ELSE format('ARRAY[%s]::text = $2', (SELECT string_agg(format('f.%I::text', k), ', ') FROM unnest(s.key_columns) k)) END
      INTO source, key_test FROM caseload.subject s WHERE s.subject_name = subject;
    IF source IS NULL THEN
      RAISE EXCEPTION 'unknown subject "%"', subject
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Subjects are client, service, therapist, site, and those of register_subject().';
    END IF;
  END IF;
  EXECUTE format('SELECT array_agg(DISTINCT f.district_id) FROM %s AS f WHERE %s AND ($3 IS NULL OR f.district_id = $3)', source, key_test)
    INTO found_in USING as_of, key, district;
  IF found_in IS NULL THEN
    RAISE EXCEPTION 'there are no facts of this % as of %', subject, coalesce(as_of::text, 'today')
      USING ERRCODE = 'no_data_found', HINT = 'A client has facts on days of an episode, a service on days on which it is due, a therapist while employed.';
  ELSIF cardinality(found_in) > 1 THEN
    RAISE EXCEPTION 'this % exists in several districts', subject
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Say which, with the argument district_id.';
  END IF;
  district := found_in[1];

  part := 'condition';
  FOR row IN EXECUTE format('SELECT e.* FROM %s AS f CROSS JOIN LATERAL caseload._explain($4, f) e WHERE %s AND f.district_id = $3 ORDER BY e.step', source, key_test)
    USING as_of, key, district, condition
  LOOP
    step := step + 1;
    depth := row.depth; says := row.says; value := row.value; outcome := row.outcome; clears := row.clears;
    depths := depths || row.depth; says_ := says_ || row.says; outcomes := outcomes || row.outcome; clears_ := clears_ || row.clears;
    RETURN NEXT;
  END LOOP;

  depth := 0; value := NULL; outcome := NULL; clears := NULL;
  part := 'meaning';
  FOR row IN
    SELECT a.attname, col_description(a.attrelid, a.attnum) AS meaning
      FROM pg_attribute a
     WHERE a.attrelid = (SELECT t.typrelid FROM pg_type t WHERE t.typnamespace = 'caseload'::regnamespace AND t.typname = subject || '_facts')
       AND a.attname = ANY (caseload._facts_of(subject, condition))
     ORDER BY position(a.attname IN condition)
  LOOP
    step := step + 1; says := row.attname; value := row.meaning;
    RETURN NEXT;
  END LOOP;

  value := NULL;
  IF subject = 'client' THEN
    SELECT a.episode, z.zone, d.day INTO client_episode, zone, day
      FROM caseload.client_activity a
     CROSS JOIN LATERAL (SELECT caseload.zone(a.attendance)) AS z (zone)
     CROSS JOIN LATERAL (SELECT caseload._day(as_of, z.zone)) AS d (day)
     WHERE a.district_id = district AND a.client_id = key AND a.period @> d.day;
    used := caseload._facts_of('client', condition);
    part := 'evidence';
    FOR row IN
      SELECT v.id, v.at, v.what
        FROM (SELECT a.appointment_id AS id, a.starts_at AS at, a.status::text AS what FROM caseload.appointment a
               WHERE a.district_id = district AND a.client_id = key
              UNION ALL
              SELECT t.contact_id, t.at, t.kind::text FROM caseload.contact t WHERE t.district_id = district AND t.client_id = key) v
       WHERE v.id = ANY ((SELECT e.evidence FROM caseload._evidence('client', district, key, client_episode, day, used) e)::text[])
       ORDER BY v.at, v.id
    LOOP
      step := step + 1; says := row.what; value := format('%s (%s)', to_char(row.at AT TIME ZONE zone, 'YYYY-MM-DD HH24:MI'), row.id);
      RETURN NEXT;
    END LOOP;
    -- what speaks for the client, whatever the condition asks
    part := 'contrary';
    FOR row IN
      SELECT c.says, c.value
        FROM caseload.client_facts(as_of) f
       CROSS JOIN LATERAL (VALUES
         (1, 'last session', f.last_attended::text),
         (2, 'last two-way contact or session', CASE WHEN f.last_contact > f.last_attended OR f.last_attended IS NULL THEN f.last_contact::text END),
         (3, 'next appointment', f.next_appointment::text),
         (4, 'sessions attended in this episode', nullif(f.attended, 0)::text),
         (5, 'sessions on time in a row', nullif(f.on_time_run, 0)::text)) AS c (n, says, value)
       WHERE f.district_id = district AND f.client_id = key AND c.value IS NOT NULL
       ORDER BY c.n
    LOOP
      step := step + 1; says := row.says; value := row.value;
      RETURN NEXT;
    END LOOP;
  END IF;

  part := 'clears'; value := NULL; step := step + 1;
  says := CASE outcomes[1] WHEN 'true' THEN coalesce(caseload._clears(depths, outcomes, says_, clears_), 'nothing')
               ELSE 'nothing to clear: the condition does not hold' END;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION caseload.explain(text, text, text, date, text) IS 'Why a condition holds for a subject as of a date (NULL: today), or why not: each part of it with the facts it saw and true, false or unknown; the events behind them; what speaks against it; and what would clear it.';

CREATE OR REPLACE FUNCTION caseload._facts_of(subject text, condition text)
RETURNS text[]
LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
  -- the words of the condition that are facts; a word in a string too many does no harm, it only shows more events
  SELECT coalesce(array_agg(DISTINCT a.attname::text), '{}')
    FROM pg_attribute a
   WHERE a.attrelid = (SELECT t.typrelid FROM pg_type t WHERE t.typnamespace = 'caseload'::regnamespace AND t.typname = subject || '_facts')
     AND a.attnum > 0 AND condition ~ ('\m' || a.attname || '\M');
END;
COMMENT ON FUNCTION caseload._facts_of(text, text) IS 'Internal: the facts that a condition names.';

CREATE OR REPLACE FUNCTION caseload.explain_flag(flag_id text, district_id text DEFAULT NULL)
RETURNS TABLE (step integer, depth integer, part text, says text, value text, outcome text, clears text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 15
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  flag    caseload.flag;
  version caseload.rule_version;
  day     date;
BEGIN
  SELECT f.* INTO flag FROM caseload.flag f
   WHERE f.flag_id = flag_id AND (district_id IS NULL OR f.district_id = district_id) LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'flag does not exist'
      USING ERRCODE = 'no_data_found', HINT = 'SELECT flag_id FROM caseload.current_flags lists them; one without an id is written by evaluate().';
  END IF;
  SELECT v.* INTO version FROM caseload.rule_version v
   WHERE v.district_id = flag.rule_district AND v.rule_name = flag.rule_name AND v.version = flag.rule_version;
  step := 0; depth := 0; part := 'flag';
  says := flag.message;
  value := format('%s, raised %s, due %s%s', flag.state, flag.raised_on, flag.due_on,
                  CASE WHEN flag.cleared_on IS NOT NULL THEN format(', cleared %s', flag.cleared_on) ELSE '' END);
  RETURN NEXT;
  step := 1; part := 'rule';
  says := format('%s, version %s%s', flag.rule_name, flag.rule_version,
                 CASE flag.rule_district WHEN '*' THEN '' ELSE ' of ' || flag.rule_district END);
  value := (SELECT r.source FROM caseload.rule r WHERE r.district_id = flag.rule_district AND r.rule_name = flag.rule_name);
  RETURN NEXT;
  -- a flag that has been cleared is explained as of the day on which it was raised
  IF flag.cleared_on IS NOT NULL THEN
    day := flag.raised_on;
  END IF;
  RETURN QUERY
    SELECT 1 + e.step, e.depth, e.part, e.says, e.value, e.outcome, e.clears
      FROM caseload.explain(flag.subject, flag.subject_key, version.condition, day, flag.district_id) e;
END
$$;
COMMENT ON FUNCTION caseload.explain_flag(text, text) IS 'Why a flag stands: the rule as it was when it raised the flag, each part of its condition with the values that the facts have now, the events behind them, what speaks against it, and what would clear it. A cleared flag is explained as of the day it was raised.';
