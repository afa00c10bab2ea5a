-- Fifty rules over a table of facts: compiled once and run in one pass, against the same conditions inlined, as jsonpath over
-- stored jsonb, and as PL/pgSQL functions. The ZEN engine is fed from outside (zen.mjs).

CREATE TABLE bench.facts AS
  SELECT 'B'::text COLLATE "C" AS district_id, i::text COLLATE "C" AS client_id,
         (ARRAY['SLI', 'SLD', 'AUT', 'OHI', 'ID', 'DD', 'OI', 'TBI'])[1 + bench.pick(i, 1, 8)] AS category,
         (ARRAY['preschool', 'elementary', 'elementary', 'middle', 'high', 'clinic', 'tele'])[1 + bench.pick(i, 2, 7)] AS level,
         (ARRAY['SLP', 'SLP', 'OT', 'PT'])[1 + bench.pick(i, 3, 4)] AS discipline,
         bench.u(i, 4) < 0.9 AS is_active, bench.u(i, 4) >= 0.92 AS waiting, bench.u(i, 5) < 0.6 AS has_upcoming,
         7 + bench.pick(i, 6, 700) AS days_enrolled,
         attended + no_shows + late_cancels + others AS appointments, attended, no_shows, late_cancels, no_shows + late_cancels AS strikes,
         (no_shows + 1) / 2 AS misses_in_window, (no_shows + late_cancels + 1) / 2 AS strikes_in_window,
         greatest(bench.pick(i, 7, 8) - 4, 0) AS unresolved,
         greatest(bench.pick(i, 8, 8) - 4, 0) AS miss_run, greatest(bench.pick(i, 8, 8) - 4, bench.pick(i, 9, 6)) AS longest_miss_run,
         greatest(bench.pick(i, 10, 7) - 4, 0) AS cancel_run, bench.pick(i, 11, 10) AS on_time_run,
         CASE WHEN bench.u(i, 12) < 0.95 THEN seen - contact END AS days_since_contact,
         CASE WHEN attended > 0 THEN seen END AS days_since_attended, seen AS days_unseen, seen - contact AS days_inactive,
         CASE WHEN bench.u(i, 5) < 0.6 THEN bench.pick(i, 13, 40) END AS days_to_next,
         -- exact in binary and in decimal, so that every rival can agree
         floor(256.0 * attended / (attended + no_shows + late_cancels + others))::double precision / 256 AS attendance_rate,
         7.5::double precision * (1 + bench.pick(i, 14, 24)) AS weekly_minutes, 7.5::double precision * bench.pick(i, 15, 60) AS minutes_missed
    FROM (SELECT i::bigint, bench.pick(i, 16, 30) AS attended, greatest(bench.pick(i, 17, 12) - 5, 0) AS no_shows,
                 greatest(bench.pick(i, 18, 10) - 6, 0) AS late_cancels, 1 + bench.pick(i, 19, 5) AS others,
                 bench.pick(i, 20, 50) + 5 AS seen, greatest(bench.pick(i, 21, 50) - 25, 0) % 5 AS contact
            FROM generate_series(1, :clients) AS i) x;
ALTER TABLE bench.facts ADD PRIMARY KEY (client_id);
CREATE TABLE bench.document AS SELECT f.client_id, to_jsonb(f) AS doc FROM bench.facts f;
VACUUM ANALYZE bench.facts, bench.document;

-- A function for each rule: given the row, so that all can be called alike, or just the columns it needs, which takes half the time.
DO $$
DECLARE
  c record;
  made record;
BEGIN
  ALTER TABLE bench.condition ADD COLUMN call text, ADD COLUMN row_call text;
  FOR c IN SELECT * FROM bench.condition LOOP
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS given,
           string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, NULL), ', ' ORDER BY a.attnum) AS declared INTO made
      FROM pg_attribute a WHERE a.attrelid = 'bench.facts'::regclass AND a.attnum > 0 AND c.sql ~ ('\m' || a.attname || '\M');
    EXECUTE format('CREATE FUNCTION bench.%I(%s) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS %L',
                   c.rule_name, made.declared, 'BEGIN RETURN ' || c.sql || '; END');
    EXECUTE format('CREATE FUNCTION bench.%I(f bench.facts) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS %L', c.rule_name,
                   'BEGIN RETURN ' || regexp_replace(c.sql, '\m(' || replace(made.given, ', ', '|') || ')\M', 'f.\1', 'g') || '; END');
    UPDATE bench.condition SET row_call = format('bench.%I(f)', c.rule_name), call = format('bench.%I(%s)', c.rule_name, made.given) WHERE rule_name = c.rule_name;
  END LOOP;
END
$$;

INSERT INTO bench.variant (measure, variant, statement)
  SELECT 'rules', 'inline', format('SELECT %s FROM bench.facts', string_agg(format('count(*) FILTER (WHERE %s)', sql), ', ' ORDER BY place)) FROM bench.condition
  UNION ALL
  SELECT 'rules', 'jsonpath', format('SELECT %s FROM bench.document', string_agg(format('count(*) FILTER (WHERE doc @@ %L)', jsonpath), ', ' ORDER BY place)) FROM bench.condition
  UNION ALL
  SELECT 'rules', 'plpgsql_row', format('SELECT %s FROM bench.facts f', string_agg(format('count(*) FILTER (WHERE %s)', row_call), ', ' ORDER BY place)) FROM bench.condition
  UNION ALL
  SELECT 'rules', 'plpgsql', format('SELECT %s FROM bench.facts', string_agg(format('count(*) FILTER (WHERE %s)', call), ', ' ORDER BY place)) FROM bench.condition;

SELECT to_regprocedure('caseload.register_subject(text,regclass,text[])') IS NOT NULL
   AND EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'caseload'::regnamespace AND proname = 'rule_counts') AS ours \gset
\if :ours
  SELECT caseload.register_subject('bench_subject', 'bench.facts', '{client_id}');
  INSERT INTO caseload.district (district_id) VALUES ('B');
  INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message)
    SELECT '*', rule_name, 'bench_subject', sql, rule_name FROM bench.condition ORDER BY place;
  INSERT INTO bench.variant (measure, variant, statement) VALUES ('rules', 'ours', $$SELECT * FROM caseload.rule_counts('bench_subject')$$);
\else
  \warn rules: this caseload has no rule_counts() and register_subject(): skipped for ours, the rivals run alone
\endif

-- Everybody must count the same. This is also the warm-up.
CREATE PROCEDURE bench.check_rules() LANGUAGE plpgsql AS $$
DECLARE
  v record;
  counts bigint[];
  others bigint[];
  columns text;
BEGIN
  FOR v IN SELECT * FROM bench.variant WHERE measure = 'rules' ORDER BY place LOOP
    IF v.variant = 'ours' THEN
      EXECUTE 'SELECT array_agg(r.holds ORDER BY c.place) FROM bench.condition c
                 LEFT JOIN (' || v.statement || ') r ON r.rule_name = c.rule_name' INTO others;
    ELSE
      SELECT string_agg('c' || place, ', ' ORDER BY place) INTO columns FROM bench.condition;
      EXECUTE format('SELECT ARRAY[%s]::bigint[] FROM (%s) x (%1$s)', columns, v.statement) INTO others;
    END IF;
    IF counts IS NULL THEN
      counts := others;
      PERFORM bench.must((SELECT count(*) >= 48 FROM unnest(counts) n WHERE n > 0), 'conditions that never hold: ' || counts::text);
    ELSE
      PERFORM bench.must(counts = others, (SELECT v.variant || ': ' || string_agg(format('%s %s/%s', c.rule_name, counts[c.place], others[c.place]), ', ')
                                          FROM bench.condition c WHERE counts[c.place] IS DISTINCT FROM others[c.place]));
    END IF;
  END LOOP;
END
$$;
CALL bench.check_rules();

-- What the ZEN engine must say of the clients that it is given.
CREATE FUNCTION bench.counts_of_share(sampling integer) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  counts bigint[];
BEGIN
  EXECUTE (SELECT format('SELECT ARRAY[%s] FROM bench.facts WHERE client_id::integer %% $1 = 0',
                         string_agg(format('count(*) FILTER (WHERE %s)', sql), ', ' ORDER BY place)) FROM bench.condition) INTO counts USING sampling;
  RETURN counts;
END
$$;

INSERT INTO bench.target (what, kind, measure, ours, rival, bound) VALUES
  ('50 rules, the conditions inlined', 'ratio', 'rules', 'ours', 'inline', 1.1),
  ('50 rules, jsonpath over stored jsonb', 'faster', 'rules', 'ours', 'jsonpath', 15),
  ('50 rules, PL/pgSQL functions of the row', 'faster', 'rules', 'ours', 'plpgsql_row', 25),
  ('50 rules, PL/pgSQL functions of the columns they need', 'faster', 'rules', 'ours', 'plpgsql', 25),
  ('50 rules, ZEN engine, decision table', 'faster', 'rules', 'ours', 'zen', 10),
  ('(no target) inlined against jsonpath', 'faster', 'rules', 'inline', 'jsonpath', NULL),
  ('(no target) inlined against PL/pgSQL of the row', 'faster', 'rules', 'inline', 'plpgsql_row', NULL),
  ('(no target) inlined against PL/pgSQL of the columns', 'faster', 'rules', 'inline', 'plpgsql', NULL),
  ('(no target) inlined against ZEN', 'faster', 'rules', 'inline', 'zen', NULL);
