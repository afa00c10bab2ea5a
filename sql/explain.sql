-- A condition taken apart over one row of facts: what each part says, its facts, whether it holds, and what would clear it.
\pset null -
CREATE TEMP VIEW explain_row AS SELECT jsonb_populate_record(NULL::caseload.client_facts,
  '{"is_active": true, "strikes": 3, "no_shows": 2, "appointments": 8, "days_unseen": 40, "days_inactive": 12, "has_upcoming": false, "level": "high", "cancel_run": 0}') AS f;
-- one explanation, indented
CREATE FUNCTION public.explained(condition text) RETURNS TABLE (step integer, says text, value text, outcome text, clears text)
LANGUAGE sql AS $$ SELECT e.step, repeat('  ', e.depth) || e.says, e.value, e.outcome, e.clears FROM explain_row r, caseload._explain(condition, r.f) e $$;

-- the seeded rules
SELECT * FROM public.explained('is_active AND strikes >= 3');
SELECT * FROM public.explained('is_active AND days_unseen >= 30 AND days_inactive < 30');
SELECT * FROM public.explained('is_active AND days_inactive >= 30');
SELECT * FROM public.explained('has_upcoming');
SELECT * FROM public.explained('NOT has_upcoming');

-- AND, OR and NOT within each other; parts that do not hold clear nothing
SELECT * FROM public.explained('is_active AND (strikes >= 3 OR days_inactive >= 30 OR level IN (''high'', ''middle'')) AND NOT has_upcoming');
SELECT * FROM public.explained('NOT (strikes < 3 AND has_upcoming AND is_active) AND NOT (has_upcoming OR cancel_run > 0)');
SELECT * FROM public.explained('NOT (NOT (is_active AND NOT (has_upcoming OR NOT is_active)))');
SELECT * FROM public.explained('strikes BETWEEN 2 AND 5 AND no_shows NOT BETWEEN 3 AND 5');
SELECT * FROM public.explained('strikes BETWEEN SYMMETRIC 5 AND 2');
-- unknown
SELECT * FROM public.explained('days_since_attended > 30 OR is_active');
SELECT * FROM public.explained('days_since_attended > 30 AND is_active');
SELECT * FROM public.explained('NOT (days_since_attended > 30)');
SELECT * FROM public.explained('NOT (days_since_attended > 30 AND has_upcoming)');
SELECT * FROM public.explained('NULL');
-- what fails is one part; the others go on
SELECT * FROM public.explained('is_active OR 10 / (strikes - 3) > 1');
SELECT * FROM public.explained('10 / (strikes - 3) > 1 OR is_active');
SELECT * FROM public.explained('cancel_run <> 0 AND 10 / cancel_run > 1');
SELECT * FROM public.explained('is_active AND 1 / 0 > strikes');
-- CASE, COALESCE and the like are one part each
SELECT * FROM public.explained('CASE WHEN level = ''high'' THEN strikes >= 2 ELSE strikes >= 3 END AND coalesce(days_since_contact, 999) > 30');
SELECT * FROM public.explained('CASE level WHEN ''low'' THEN true WHEN category THEN false END IS NULL AND coalesce(has_upcoming, true) IS NOT TRUE');
SELECT * FROM public.explained('no_shows::numeric / nullif(appointments, 0) > 0.20 AND greatest(abs(strikes - 9), round(1.5)) = 6 AND - strikes < -(-2) AND strikes - -1 > (2 - 1) * 2');
SELECT * FROM public.explained('strikes IN (1, no_shows + 1, 7)');
-- texts and constants as one would write them
SELECT * FROM public.explained('level <> ''it''''s "x"'' AND strikes::numeric < ''7''::numeric / 2 AND strikes < 3000000000 AND strikes <> ''3''::bigint - 1 AND 1.50 < strikes');
SELECT * FROM public.explained('1 = 1 AND is_active');

-- every comparison, where it is true and, under NOT, where it is false
SELECT c.condition, e.says, e.outcome, e.clears, n.says AS turned, n.outcome AS its_outcome, n.clears AS its_clears
  FROM (VALUES
    (1, 'strikes = 3', 'strikes = 4'), (2, 'strikes <> 4', 'strikes <> 3'), (3, 'strikes < 4', 'strikes < 3'), (4, 'strikes <= 3', 'strikes <= 2'),
    (5, 'strikes > 2', 'strikes > 3'), (6, 'strikes >= 3', 'strikes >= 4'), (7, '3 <= strikes', '4 <= strikes'), (8, '4 > strikes', '3 > strikes'),
    (9, 'days_unseen > days_inactive', 'days_unseen < days_inactive'), (10, 'level = ''high''', 'level = ''low'''),
    (11, 'strikes IN (1, 3)', 'strikes IN (1, 2)'), (12, 'strikes NOT IN (1, 2)', 'strikes NOT IN (1, 3)'), (13, 'level IN (''high'', ''low'')', 'level IN (''a'', ''b'')'),
    (14, 'category IS NULL', 'level IS NULL'), (15, 'level IS NOT NULL', 'category IS NOT NULL'),
    (16, 'level IS DISTINCT FROM ''low''', 'has_upcoming OR level IS DISTINCT FROM ''high'''), (17, 'level IS NOT DISTINCT FROM ''high''', 'level IS NOT DISTINCT FROM ''low'''),
    (18, 'category IS DISTINCT FROM ''x''', 'category IS NOT DISTINCT FROM ''x'''),
    (19, 'is_active', 'has_upcoming'), (20, 'is_active IS TRUE', 'has_upcoming IS TRUE'), (21, 'has_upcoming IS NOT TRUE', 'is_active IS NOT TRUE'),
    (22, 'has_upcoming IS FALSE', 'is_active IS FALSE'), (23, 'is_active IS NOT FALSE', 'has_upcoming IS NOT FALSE'),
    (24, 'waiting IS UNKNOWN', 'is_active IS UNKNOWN'), (25, 'is_active IS NOT UNKNOWN', 'waiting IS NOT UNKNOWN'),
    (26, 'is_active = true', 'has_upcoming = true'), (27, 'coalesce(is_active, false)', 'coalesce(has_upcoming, false)')
  ) c (n, condition, opposite), explain_row r,
  LATERAL caseload._explain(c.condition, r.f) e,
  LATERAL (SELECT x.* FROM caseload._explain('NOT (' || c.opposite || ')', r.f) x ORDER BY x.step DESC LIMIT 1) n
 ORDER BY c.n;

-- a part of a condition is a condition: it says of itself what it said as a part
SELECT p.says, p.outcome, x.says, x.outcome
  FROM explain_row r,
       unnest(ARRAY['NOT (strikes + 1) * 2 - (3 - 1) - 1 > -(-strikes) AND (level = ''x'' OR has_upcoming) IS NOT TRUE', '(is_active AND (has_upcoming OR waiting)) = has_upcoming OR is_active',
                    'CASE WHEN is_active AND (has_upcoming OR NOT waiting) THEN strikes > 1 END', '(strikes > 1) = (level IN (''high'', ''low'')) AND strikes IS NOT DISTINCT FROM 3::bigint',
                    '(strikes / 2)::numeric * 1.5 >= (''1''::numeric + no_shows) / 2 OR (@ - strikes) > 1 OR (- strikes)::numeric < (-1)::numeric OR strikes % 2 * 3 = 3']) WITH ORDINALITY c (condition, n),
       caseload._explain(c.condition, r.f) p
  LEFT JOIN LATERAL caseload._explain(p.says, r.f) x ON x.step = 1
 WHERE p.says NOT IN ('all of', 'any of', 'not')
   AND (p.says, p.outcome, caseload._holds(p.says, r.f)) IS DISTINCT FROM (x.says, x.outcome, CASE x.outcome WHEN 'true' THEN true WHEN 'false' THEN false END)
 ORDER BY c.n, p.step;

-- _holds(): the whole condition, nothing caught
SELECT caseload._holds('strikes >= 3', f) AS yes, caseload._holds('strikes > 3', f) AS no, caseload._holds('days_since_attended > 3', f) AS unknown, caseload._holds('strikes >= 3', NULL::caseload.client_facts) AS none
  FROM explain_row;
SELECT caseload._holds('10 / (strikes - 3) > 1', f) FROM explain_row;
SELECT count(*) FROM caseload._explain(NULL, (SELECT f FROM explain_row));

-- facts are a row of a named type: another type's facts, a table's row with dropped columns, names that need quotes
SELECT caseload._holds('strikes >= 3', jsonb_populate_record(NULL::caseload.service_facts, '{"group_size": 2}'));
SELECT says, value, outcome, clears FROM caseload._explain('group_size > 1 AND therapist_minutes < 20.5', jsonb_populate_record(NULL::caseload.service_facts, '{"group_size": 2, "therapist_minutes": 15}'));
CREATE TABLE public.explain_table (gone text, a integer, gone_too numeric, "Odd ""name" text, on_day date, big bigint, small smallint, half real, whole double precision);
INSERT INTO public.explain_table VALUES ('x', 1, 2, 'three', '2026-01-01', 4, 5, 0.5, 6);
ALTER TABLE public.explain_table DROP gone, DROP gone_too, ADD later integer DEFAULT 7;
SELECT says, value, outcome, clears
  FROM public.explain_table t, caseload._explain('a = 1 AND "Odd ""name" = ''three'' AND later > 6 AND big + small > 8 AND half < 0.75 AND whole / half = 12', t) ORDER BY step;
SELECT caseload._holds('gone IS NULL', t) FROM public.explain_table t;
SELECT caseload._holds('on_day IS NULL', t) FROM public.explain_table t;
CREATE DOMAIN public.explain_domain AS caseload.client_facts CHECK ((VALUE).strikes > 0);
SELECT caseload._holds('strikes = 3', f::public.explain_domain) FROM explain_row;
-- no trust in anonymous rows
SELECT caseload._holds('strikes >= 3', ROW('x', 3));
SELECT * FROM caseload._explain('f1 >= 3', ROW('x', 3));
SELECT caseload._holds('strikes >= 3', x) FROM (SELECT 3 AS strikes, 'y' AS level OFFSET 0) x;

-- the same things are refused as in a rule, before anything is run
CREATE FUNCTION public.refused(condition text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM * FROM public.explained(condition);
  RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT left(btrim(condition), 60) AS condition, public.refused(condition)
  FROM unnest(ARRAY['', 'strikes', 'strikes >=', 'planet = 1', 'strikes > (SELECT 1)', 'pg_sleep(10) IS NULL', 'set_config(''a.b'', ''c'', false) IS NULL', 'true; DROP TABLE explain_table',
                    'strikes > 1 FROM explain_table', 'last_attended IS NULL', 'client_facts IS NULL', 'ctid IS NULL', '$1 > 1', 'current_user = ''x''', 'level ~ ''x''',
                    'count(*) > 1', '''pg_authid''::regclass IS NULL', repeat('NOT ', 60) || 'is_active', repeat(' ', 4000) || 'is_active']) WITH ORDINALITY c (condition, n)
 ORDER BY n;
-- a cancelled statement is no outcome
SET statement_timeout = '20ms';
SELECT count(*) FROM generate_series(1, 1000000) n, public.explained('is_active AND strikes > ' || n);
RESET statement_timeout;

DROP VIEW explain_row;
DROP FUNCTION public.refused, public.explained;
DROP TABLE public.explain_table;
DROP DOMAIN public.explain_domain;
