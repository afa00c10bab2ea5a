--| ordinary
-- What analysts and the Monday report read.

CREATE OR REPLACE FUNCTION caseload.bar(value numeric, top numeric, width integer DEFAULT 20)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- eighth blocks, so that a bar of 20 characters shows 160 steps; never longer than its width
  SELECT CASE
    WHEN value IS NULL OR top IS NULL OR width IS NULL OR top <= 0 OR width < 1 OR value = 'NaN' OR top = 'NaN' THEN ''
    ELSE repeat('█', e.eighths / 8) || CASE WHEN e.eighths % 8 > 0 THEN substr('▏▎▍▌▋▊▉', e.eighths % 8, 1) ELSE '' END
  END
  FROM (SELECT round(least(greatest(value, 0) / nullif(top, 0), 1) * least(width, 200) * 8)::integer) AS e (eighths);
END;
COMMENT ON FUNCTION caseload.bar(numeric, numeric, integer) IS 'A bar of block characters: value on a scale from 0 to top, width characters long at most.';

-- A signature of its own: a default would make calls with three arguments ambiguous.
CREATE OR REPLACE FUNCTION caseload.bar(value numeric, top numeric, width integer, mark numeric)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- the mark stands between two characters, so a bar that ends at it is told from one that goes on
  SELECT CASE
    WHEN mark IS NULL OR mark = 'NaN' OR mark < 0 OR mark > top OR b.bar = '' AND (value IS NULL OR value = 'NaN') OR b.cells IS NULL THEN b.bar
    ELSE rpad(left(b.bar, b.cells), b.cells) || '│' || substr(b.bar, b.cells + 1)
  END
  FROM (SELECT caseload.bar(value, top, width), CASE WHEN top > 0 AND top <> 'NaN' AND width > 0 THEN round(mark / top * least(width, 200))::integer END) AS b (bar, cells);
END;
COMMENT ON FUNCTION caseload.bar(numeric, numeric, integer, numeric) IS 'A bar with a mark at a value of its scale, such as the capacity: one character longer than its width, and long enough to show the mark.';

CREATE OR REPLACE FUNCTION caseload.sparkline("values" numeric[], low numeric DEFAULT NULL, high numeric DEFAULT NULL)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- all alike and nothing to compare with: in the middle
  SELECT coalesce(string_agg(CASE
           WHEN v.value IS NULL OR v.value IN ('NaN', 'Infinity', '-Infinity') THEN ' '
           WHEN s.top > s.bottom THEN substr('▁▂▃▄▅▆▇█', 1 + least(floor(8 * (least(greatest(v.value, s.bottom), s.top) - s.bottom) / nullif(s.top - s.bottom, 0)), 7)::integer, 1)
           WHEN low IS NOT NULL AND v.value <= low THEN '▁'
           ELSE '▄' END, '' ORDER BY v.place), '')
    FROM unnest("values") WITH ORDINALITY AS v (value, place)
   CROSS JOIN (SELECT coalesce(low, min(u.value)), coalesce(high, max(u.value)) FROM unnest("values") AS u (value)
                WHERE u.value NOT IN ('NaN', 'Infinity', '-Infinity')) AS s (bottom, top);
END;
COMMENT ON FUNCTION caseload.sparkline(numeric[], numeric, numeric) IS 'A line of block characters, one for each value, on a scale from low to high (NULL: the lowest and the highest value; 0 shows how large the changes are). NULL, NaN and infinity are gaps.';

CREATE OR REPLACE FUNCTION caseload._sparkline_step(state numeric[], value numeric, low numeric)
RETURNS numeric[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT coalesce(state, ARRAY[low]) || value;
END;
COMMENT ON FUNCTION caseload._sparkline_step(numeric[], numeric, numeric) IS 'Internal: takes a value into the state of sparkline(); its first element is the lower end of the scale.';

CREATE OR REPLACE FUNCTION caseload._sparkline_line(state numeric[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT caseload.sparkline(state, NULL, NULL);
END;
COMMENT ON FUNCTION caseload._sparkline_line(numeric[]) IS 'Internal: final function of sparkline(value).';

CREATE OR REPLACE FUNCTION caseload._sparkline_line_from(state numeric[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT caseload.sparkline(state[2:], state[1], NULL);
END;
COMMENT ON FUNCTION caseload._sparkline_line_from(numeric[]) IS 'Internal: final function of sparkline(value, low).';

CREATE OR REPLACE AGGREGATE caseload.sparkline(value numeric) (
  SFUNC = array_append, STYPE = numeric[], INITCOND = '{}', FINALFUNC = caseload._sparkline_line, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.sparkline(numeric) IS 'The values as a line of block characters, from the lowest to the highest: sparkline(gini ORDER BY as_of). NULL is a gap.';

CREATE OR REPLACE AGGREGATE caseload.sparkline(value numeric, low numeric) (
  SFUNC = caseload._sparkline_step, STYPE = numeric[], FINALFUNC = caseload._sparkline_line_from, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.sparkline(numeric, numeric) IS 'The values as a line of block characters on a scale from low (that of the first row) to the highest value.';

CREATE OR REPLACE FUNCTION caseload.data_gaps_as_of(as_of date)
RETURNS TABLE (district_id text, gap text, key text, consequence text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT c.district_id, 'client without site'::text AS gap, c.client_id AS key,
         'the client''s days are counted in UTC'::text AS consequence
    FROM caseload.client c WHERE c.site_id IS NULL
  UNION ALL
  SELECT s.district_id, 'site without time zone', s.site_id, 'days of its clients are counted in UTC'
    FROM caseload.site s WHERE s.time_zone IS NULL
  UNION ALL
  SELECT t.district_id, 'therapist without FTE', t.therapist_id, 'no capacity, left out of equity'
    FROM caseload.therapist t WHERE t.fte IS NULL
  UNION ALL
  SELECT v.district_id, 'service without dosage', v.service_id, 'counts as no minutes'
    FROM caseload.service v WHERE v.dosage IS NULL
  UNION ALL
  SELECT e.district_id, 'episode of unknown beginning', e.client_id, 'days enrolled count from the first event'
    FROM caseload.episode e WHERE lower_inf(e.period)
  UNION ALL
  SELECT c.district_id, 'client without episode', c.client_id, 'on nobody''s caseload'
    FROM caseload.client c
   WHERE NOT EXISTS (SELECT FROM caseload.episode e WHERE e.district_id = c.district_id AND e.client_id = c.client_id)
  UNION ALL
  SELECT a.district_id, 'unresolved appointment', a.appointment_id, 'neither session nor no-show until somebody says'
    FROM caseload.appointment a WHERE a.status = 'scheduled' AND a.starts_at < as_of;
END;
COMMENT ON FUNCTION caseload.data_gaps_as_of(date) IS 'What is missing, row by row, and what follows from it; appointments count as unresolved from the day after.';

CREATE OR REPLACE VIEW caseload.data_gaps WITH (security_barrier = true, security_invoker = true) AS
  SELECT g.district_id, g.gap, g.key, g.consequence FROM caseload.data_gaps_as_of(CURRENT_DATE) g;
COMMENT ON VIEW caseload.data_gaps IS 'What is missing today, row by row, and what follows from it.';
COMMENT ON COLUMN caseload.data_gaps.district_id IS 'The district.';
COMMENT ON COLUMN caseload.data_gaps.gap IS 'Kind of gap.';
COMMENT ON COLUMN caseload.data_gaps.key IS 'Id of the row that has it.';
COMMENT ON COLUMN caseload.data_gaps.consequence IS 'What the numbers make of it meanwhile.';

CREATE OR REPLACE FUNCTION caseload.review_window(last date)
RETURNS daterange
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT daterange((last + interval '3 months')::date, (last + interval '6 months')::date, '[]');
END;
COMMENT ON FUNCTION caseload.review_window(date) IS 'The days on which a plan is next to be reviewed: 3 to 6 months after the last review, both ends included (clinic handbook).';

CREATE OR REPLACE FUNCTION caseload.reminders_due(at timestamptz DEFAULT now(), in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, client_id text, appointment_id text, starts_at timestamptz, therapist_id text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT a.district_id, a.client_id, a.appointment_id, a.starts_at, a.therapist_id
    FROM caseload.appointment a
   WHERE a.status = 'scheduled' AND a.starts_at > at AND a.starts_at <= at + interval '24 hours'
     AND (in_district IS NULL OR a.district_id = in_district);
END;
COMMENT ON FUNCTION caseload.reminders_due(timestamptz, text) IS 'Appointments that stand and begin within 24 hours of a moment, 24 hours included: whom to remind.';

CREATE OR REPLACE FUNCTION caseload.verify(in_district text DEFAULT NULL, flags_as_of date DEFAULT NULL)
RETURNS TABLE (district_id text, client_id text, episode integer, difference text)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 10
SET search_path = pg_catalog, caseload, pg_temp
BEGIN ATOMIC
  WITH keys AS (
    SELECT array_agg(c.district_id) AS districts, array_agg(c.client_id) AS clients
      FROM caseload.client c WHERE in_district IS NULL OR c.district_id = in_district
  ), truth AS (
    SELECT r.* FROM keys, caseload._activity_recompute(keys.districts, keys.clients) r
  )
  SELECT coalesce(t.district_id, a.district_id), coalesce(t.client_id, a.client_id), coalesce(t.episode, a.episode),
         CASE WHEN a.attendance IS NULL THEN 'client_activity lacks the episode'
              WHEN t.attendance IS NULL THEN 'client_activity has an episode that is not there'
              WHEN t.period <> a.period THEN 'client_activity has another period than the episode'
              ELSE 'client_activity differs from the events' END
    FROM truth t
    FULL JOIN (SELECT a.* FROM caseload.client_activity a WHERE in_district IS NULL OR a.district_id = in_district) a
      ON a.district_id = t.district_id AND a.client_id = t.client_id AND a.episode = t.episode
   -- not IS DISTINCT FROM: its operator cannot be dumped with its schema
   WHERE t.attendance IS NULL OR a.attendance IS NULL OR t.attendance <> a.attendance OR t.period <> a.period
  UNION ALL
  SELECT o.district_id, o.client_id, NULL, 'event on ' || o.day || ' lies outside every episode'
    FROM keys, caseload._orphan_events(keys.districts, keys.clients) o
  UNION ALL
  SELECT e.district_id, e.client_id, e.episode, 'episode overlaps episode ' || f.episode
    FROM caseload.episode e
    JOIN caseload.episode f ON f.district_id = e.district_id AND f.client_id = e.client_id
         AND f.episode > e.episode AND f.period && e.period
   WHERE in_district IS NULL OR e.district_id = in_district
  UNION ALL
  SELECT r.district_id, NULL, NULL,
         format(CASE WHEN l.load IS NULL THEN 'therapist_load lacks therapist "%s"' ELSE 'therapist_load of therapist "%s" differs from the services' END,
                r.therapist_id)
    FROM caseload._load_recompute(in_district) r
    LEFT JOIN caseload.therapist_load l ON l.district_id = r.district_id AND l.therapist_id = r.therapist_id
   -- who has never had a service needs no row
   WHERE CASE WHEN l.load IS NULL THEN r.load <> '{}' ELSE r.load <> l.load END
  UNION ALL
  SELECT coalesce(n.district_id, f.district_id), coalesce(n.client_id, f.client_id), coalesce(n.episode, f.episode),
         CASE WHEN f.flag_id IS NULL THEN format('flag of rule "%s" is not raised', n.rule_name)
              ELSE format('flag of rule "%s" stands without reason', f.rule_name) END
         || CASE WHEN coalesce(n.subject, f.subject) = 'client' THEN ''
                 ELSE format(' (%s %s)', coalesce(n.subject, f.subject), coalesce(n.subject_key, f.subject_key)) END
    FROM (SELECT n.* FROM caseload.findings(flags_as_of, in_district) n WHERE flags_as_of IS NOT NULL) n
    FULL JOIN (SELECT f.* FROM caseload.flag f
                WHERE f.cleared_on IS NULL AND flags_as_of IS NOT NULL AND (in_district IS NULL OR f.district_id = in_district)
                  -- registered subjects have rows of today only
                  AND (flags_as_of = CURRENT_DATE OR NOT EXISTS (SELECT FROM caseload.subject s WHERE s.subject_name = f.subject))) f
      ON f.district_id = n.district_id AND f.subject = n.subject AND f.subject_key = n.subject_key AND f.episode = n.episode
         AND f.rule_district = n.rule_district AND f.rule_name = n.rule_name
   WHERE f.flag_id IS NULL AND NOT n.failed OR n.subject_key IS NULL
  UNION ALL
  SELECT NULL, NULL, NULL, format('source "%s": %s', s.source_id, p.problem)
    FROM caseload.source s CROSS JOIN LATERAL caseload._source_problems(s.source_id) p
  UNION ALL
  SELECT d.district_id, d.client_id, NULL, d.difference
    FROM caseload.source s CROSS JOIN LATERAL caseload._source_differences(s.source_id, in_district) d
   WHERE caseload._source_relation(s.source_id) IS NOT NULL;
END;
COMMENT ON FUNCTION caseload.verify(text, date) IS 'Recomputes what is derived from the facts and lists every difference; no row means that all is right. With a date, flags are compared with the rules as of it, too. rebuild(), evaluate() and refresh() mend.';

CREATE OR REPLACE FUNCTION caseload.help(topic text DEFAULT NULL)
RETURNS TABLE (kind text, name text, what text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  -- made from the comments, so it cannot get old; names that begin with _ and implementation parts are left out
  SELECT h.kind, h.name, h.what
    FROM (SELECT CASE c.relkind WHEN 'r' THEN 'table' ELSE 'view' END AS kind, c.relname::text AS name,
                 obj_description(c.oid, 'pg_class') AS what
            FROM pg_class c WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind IN ('r', 'v')
          UNION ALL
          SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE 'function' END,
                 p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', obj_description(p.oid, 'pg_proc')
            FROM pg_proc p
           WHERE p.pronamespace = 'caseload'::regnamespace AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND p.proname NOT LIKE '\_%'
             AND p.proname !~ '^(attendance|availability|dosage|equity)_(?!merge|report|trend|union|intersection)'
          UNION ALL
          SELECT 'type', t.typname::text, obj_description(t.oid, 'pg_type')
            FROM pg_type t WHERE t.typnamespace = 'caseload'::regnamespace AND t.typtype IN ('b', 'e') AND t.typelem = 0) h
   WHERE topic IS NULL OR h.name ILIKE '%' || topic || '%' OR h.what ILIKE '%' || topic || '%'
   ORDER BY 1 DESC, 2;
END;
COMMENT ON FUNCTION caseload.help(text) IS 'Tables, views, functions and types of caseload with what they are for; with a topic, those that speak of it.';
