-- Conditions as programs of our own (native.c) against the same conditions in a query: counts of rows that hold and that fail, for random
-- conditions over rows with NULLs and with numbers at the ends of their types.
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET timezone = 'UTC';
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT plan(6);

-- The same sequence for everybody.
CREATE TEMP SEQUENCE draws;
CREATE FUNCTION pg_temp.pick(choices integer) RETURNS integer LANGUAGE sql AS $$
  SELECT ((hashint8(nextval('pg_temp.draws') * 7919 + 17)::bigint + 2147483648) % choices)::integer
$$;
CREATE FUNCTION pg_temp.one_of(VARIADIC list text[]) RETURNS text LANGUAGE sql AS $$ SELECT list[1 + pg_temp.pick(cardinality(list))] $$;

CREATE TABLE public.native_facts (
  district_id text COLLATE "C", id text COLLATE "C", i2 smallint, i4 integer, j4 integer, i8 bigint, f4 real, f8 double precision, g8 double precision,
  n numeric, t text, u text COLLATE "C", b boolean, c boolean, dropped integer, k4 integer
);
INSERT INTO public.native_facts
  SELECT 'N', i::text,
         pg_temp.one_of('0', '1', '2', '-1', '3', '-32768', '32767', NULL)::smallint,
         pg_temp.one_of('0', '1', '2', '-1', '3', '30', '-2147483648', '2147483647', NULL)::integer,
         pg_temp.one_of('0', '1', '2', '5', '7', NULL)::integer,
         pg_temp.one_of('0', '1', '-1', '4', '9223372036854775807', '-9223372036854775808', NULL)::bigint,
         pg_temp.one_of('0', '1', '0.5', '-2', '3e38', 'NaN', 'Infinity', NULL)::real,
         pg_temp.one_of('0', '-0', '1', '0.5', '-2', '30', '1e308', '1e-308', 'NaN', '-Infinity', NULL)::double precision,
         pg_temp.one_of('0', '1', '2.5', '-7', '62.5', NULL)::double precision,
         pg_temp.one_of('0', '1', '2.5', NULL)::numeric,
         CASE WHEN i % 40 = 0 THEN repeat('long ', 2000) WHEN i % 41 = 0 THEN repeat(md5(i::text), 200) ELSE pg_temp.one_of('clinic', 'high', 'low', '', NULL) END,
         pg_temp.one_of('clinic', 'high', 'SLP', NULL),
         pg_temp.one_of('true', 'false', NULL)::boolean, pg_temp.one_of('true', 'false', NULL)::boolean, i,
         pg_temp.one_of('0', '1', '2', '100', NULL)::integer
    FROM generate_series(1, 120) AS i;
ALTER TABLE public.native_facts DROP COLUMN dropped;

CREATE FUNCTION pg_temp.int_value(depth integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF depth <= 0 OR pg_temp.pick(3) = 0 THEN
    RETURN pg_temp.one_of('i2', 'i4', 'j4', 'k4', 'i8', 'i4', 'j4', 'k4', '0', '1', '2', '3', '30', '(-1)', '100::smallint', '5::bigint', 'NULL::integer');
  END IF;
  RETURN CASE pg_temp.pick(7)
    WHEN 0 THEN format('(%s %s %s)', pg_temp.int_value(depth - 1), pg_temp.one_of('+', '-', '*'), pg_temp.int_value(depth - 1))
    WHEN 1 THEN format('(%s %s %s)', pg_temp.int_value(depth - 1), pg_temp.one_of('/', '%'), pg_temp.int_value(depth - 1))
    WHEN 2 THEN format('abs(%s)', pg_temp.int_value(depth - 1))
    WHEN 3 THEN format('coalesce(%s, %s)', pg_temp.int_value(depth - 1), pg_temp.int_value(depth - 1))
    WHEN 4 THEN format('%s(%s, %s, %s)', pg_temp.one_of('greatest', 'least'), pg_temp.int_value(depth - 1), pg_temp.int_value(depth - 1), pg_temp.int_value(depth - 1))
    WHEN 5 THEN format('CASE WHEN %s THEN %s WHEN %s THEN %s ELSE %s END', pg_temp.condition(depth - 1), pg_temp.int_value(depth - 1),
                       pg_temp.condition(depth - 1), pg_temp.int_value(depth - 1), pg_temp.int_value(depth - 1))
    ELSE format('(@ %s)', pg_temp.int_value(depth - 1))
  END;
END $$;
CREATE FUNCTION pg_temp.float_value(depth integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF depth <= 0 OR pg_temp.pick(3) = 0 THEN
    RETURN pg_temp.one_of('f8', 'g8', 'f4', 'f8', 'g8', '0::double precision', '2.5::double precision', '(-1)::double precision');
  END IF;
  RETURN CASE pg_temp.pick(6)
    WHEN 0 THEN format('(%s %s %s)', pg_temp.float_value(depth - 1), pg_temp.one_of('+', '-', '*', '/'), pg_temp.float_value(depth - 1))
    WHEN 1 THEN format('%s(%s)', pg_temp.one_of('abs', 'floor', 'ceil', 'ceiling', 'round'), pg_temp.float_value(depth - 1))
    WHEN 2 THEN format('(%s)::double precision', pg_temp.int_value(depth - 1))
    WHEN 3 THEN format('%s(%s, %s)', pg_temp.one_of('greatest', 'least', 'coalesce'), pg_temp.float_value(depth - 1), pg_temp.float_value(depth - 1))
    WHEN 4 THEN format('(%s * %s)', pg_temp.float_value(depth - 1), pg_temp.int_value(depth - 1))
    ELSE format('CASE WHEN %s THEN %s END', pg_temp.condition(depth - 1), pg_temp.float_value(depth - 1))
  END;
END $$;
CREATE FUNCTION pg_temp.condition(depth integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  compare text := pg_temp.one_of('=', '<>', '<', '<=', '>', '>=');
BEGIN
  IF depth > 0 AND pg_temp.pick(3) > 0 THEN
    RETURN CASE pg_temp.pick(9)
      WHEN 0 THEN format('(%s AND %s AND %s)', pg_temp.condition(depth - 1), pg_temp.condition(depth - 1), pg_temp.condition(depth - 1))
      WHEN 1 THEN format('(%s OR %s OR %s)', pg_temp.condition(depth - 1), pg_temp.condition(depth - 1), pg_temp.condition(depth - 1))
      WHEN 2 THEN format('NOT (%s AND %s)', pg_temp.condition(depth - 1), pg_temp.condition(depth - 1))
      WHEN 3 THEN format('NOT (%s OR %s)', pg_temp.condition(depth - 1), pg_temp.condition(depth - 1))
      WHEN 4 THEN format('(%s) IS %s %s', pg_temp.condition(depth - 1), pg_temp.one_of('', 'NOT'), pg_temp.one_of('TRUE', 'FALSE', 'UNKNOWN'))
      WHEN 5 THEN format('CASE WHEN %s THEN %s WHEN %s THEN %s END', pg_temp.condition(depth - 1), pg_temp.condition(depth - 1),
                         pg_temp.condition(depth - 1), pg_temp.condition(depth - 1))
      WHEN 6 THEN format('CASE WHEN %s THEN %s ELSE %s END', pg_temp.condition(depth - 1), pg_temp.condition(depth - 1), pg_temp.condition(depth - 1))
      WHEN 7 THEN format('coalesce(%s, %s)', pg_temp.one_of('b', 'c', pg_temp.condition(depth - 1)), pg_temp.one_of('b', 'c', 'true', 'false'))
      ELSE format('NOT %s', pg_temp.one_of('b', 'c'))
    END;
  END IF;
  RETURN CASE pg_temp.pick(14)
    WHEN 0 THEN pg_temp.one_of('b', 'c')
    WHEN 1 THEN format('%s IS %s NULL', pg_temp.one_of('i4', 'i8', 'f8', 't', 'b', 'n', pg_temp.int_value(depth - 1)), pg_temp.one_of('', 'NOT'))
    WHEN 2 THEN format('t %s %s', pg_temp.one_of('=', '<>', '<'), pg_temp.one_of('''clinic''', '''''', 'NULL', 't', '''long'''))
    WHEN 3 THEN format('u %s %s', pg_temp.one_of('=', '<>'), pg_temp.one_of('''clinic''', '''SLP''', 'u', 'coalesce(u, ''high'')'))
    WHEN 4 THEN format('%s %s IN (''clinic'', ''low''%s)', pg_temp.one_of('t', 'u'), pg_temp.one_of('', 'NOT'), pg_temp.one_of('', '', ', NULL'))
    WHEN 5 THEN format('%s %s IN (1, 2%s)', pg_temp.int_value(depth - 1), pg_temp.one_of('', 'NOT'), pg_temp.one_of('', ', 30', ', NULL'))
    WHEN 6 THEN format('%s %s BETWEEN %s AND %s', pg_temp.int_value(depth - 1), pg_temp.one_of('', 'NOT'), pg_temp.int_value(0), pg_temp.int_value(0))
    WHEN 7 THEN format('b %s c', compare)
    WHEN 8 THEN format('n %s %s', compare, pg_temp.int_value(0))
    WHEN 9 THEN format('%s IS %s DISTINCT FROM %s', pg_temp.int_value(0), pg_temp.one_of('', 'NOT'), pg_temp.int_value(0))
    WHEN 10 THEN format('%s %s %s', pg_temp.float_value(depth), compare, pg_temp.float_value(depth))
    WHEN 11 THEN format('%s %s %s', pg_temp.float_value(depth), compare, pg_temp.int_value(0))
    ELSE format('%s %s %s', pg_temp.int_value(depth), compare, pg_temp.int_value(depth))
  END;
END $$;

CREATE TEMP TABLE tried (name text PRIMARY KEY, condition text, holds bigint DEFAULT 0, failed bigint DEFAULT 0);
-- every operation on every pair of facts, alone and behind what is false, true or unknown; then what chance brings
CREATE TEMP TABLE pairs AS
  WITH integers (a) AS (VALUES ('i2'), ('i4'), ('j4'), ('i8'), ('(-1)'), ('2')), numbers (a) AS (VALUES ('f8'), ('g8'), ('f4'), ('0.5::double precision')),
  operands AS (
    SELECT x.a, y.a AS b, format(f, x.a, y.a) AS value FROM integers x, integers y, unnest(ARRAY['(%s + %s)', '(%s - %s)', '(%s * %s)', '(%s / %s)', '(%s %% %s)',
      'greatest(%s, %s)', 'least(%s, %s)', 'coalesce(%s, %s)', 'abs(%s) + %s', '%s - (@ %s)', 'CASE WHEN b THEN %s ELSE %s END']) f
     UNION ALL
    SELECT x.a, y.a, format(f, x.a, y.a) FROM numbers x, numbers y, unnest(ARRAY['(%s + %s)', '(%s - %s)', '(%s * %s)', '(%s / %s)',
      'greatest(%s, %s)', 'least(%s, %s)', 'coalesce(%s, %s)', 'abs(%s) - %s', 'floor(%s) + %s', '%s + ceil(%s)', '%s * i4 - %s']) f)
  SELECT row_number() OVER () AS place, format(f, value, a) AS condition
    FROM operands, unnest(ARRAY['%s > 1', '%s <= %s', 'b AND %s <> 0', 'c OR %s = 2', 'NOT (c AND %s < 1)', '(NOT b OR %s >= 0) IS NOT TRUE']) f;
DO $$
DECLARE
  source text;
BEGIN
  INSERT INTO caseload.district (district_id) VALUES ('N') ON CONFLICT DO NOTHING;
  PERFORM caseload.register_subject('native', 'public.native_facts', '{id}');
  FOR i IN 1 .. 1000 + (SELECT count(*) FROM pairs) LOOP
    source := coalesce((SELECT p.condition FROM pairs p WHERE p.place = i - 1000), pg_temp.condition(i % 4));
    -- what fails before it has seen a fact is refused
    BEGIN
      INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message) VALUES ('N', 'r' || i, 'native', source, 'm');
      INSERT INTO tried (name, condition) VALUES ('r' || i, source);
    EXCEPTION WHEN data_exception OR statement_too_complex OR feature_not_supported THEN
      NULL;
    END;
  END LOOP;
END $$;
-- at once where nothing fails, else row by row
DO $$
DECLARE
  rule tried;
  row public.native_facts;
  good boolean;
BEGIN
  FOR rule IN SELECT * FROM tried LOOP
    BEGIN
      EXECUTE format('SELECT count(*) FILTER (WHERE %s) FROM public.native_facts', rule.condition) INTO rule.holds;
    EXCEPTION WHEN data_exception THEN
      rule.holds := 0;
      FOR row IN SELECT * FROM public.native_facts LOOP
        BEGIN
          EXECUTE format('SELECT %s FROM (SELECT ($1).*) AS f', rule.condition) INTO good USING row;
          rule.holds := rule.holds + (good IS TRUE)::integer;
        EXCEPTION WHEN data_exception THEN
          rule.failed := rule.failed + 1;
        END;
      END LOOP;
    END;
    UPDATE tried SET holds = rule.holds, failed = rule.failed WHERE name = rule.name;
  END LOOP;
END $$;
SELECT cmp_ok((SELECT count(*) FROM tried), '>', 3500::bigint, 'conditions were made');
SELECT cmp_ok((SELECT count(*) FROM tried WHERE holds BETWEEN 1 AND 119), '>', 2000::bigint, 'many hold for some rows');
SELECT cmp_ok((SELECT count(*) FROM tried WHERE failed > 0), '>', 500::bigint, 'many fail for some rows');
CREATE TEMP TABLE counted AS SELECT * FROM caseload.rule_counts('native');
SELECT is_empty($$
  SELECT t.condition, t.holds, c.holds, t.failed, c.failed FROM tried t
    LEFT JOIN counted c ON c.rule_district = 'N' AND c.rule_name = t.name
   WHERE (c.holds, c.failed) IS DISTINCT FROM (t.holds, t.failed) LIMIT 5 $$, 'one scan over the table counts what the query counts');
-- the same through a query, row by row under guard
CREATE VIEW public.native_view AS SELECT * FROM public.native_facts;
DO $$ BEGIN
  PERFORM caseload.register_subject('native_view', 'public.native_view', '{id}');
  UPDATE caseload.rule SET subject = 'native_view' WHERE district_id = 'N' AND subject = 'native' AND rule_name LIKE 'r%0';
END $$;
SELECT is((SELECT count(*) FROM caseload.rule WHERE subject = 'native_view'), (SELECT count(*) FROM tried WHERE name LIKE 'r%0'), 'some rules are about the view');
CREATE TEMP TABLE seen AS SELECT * FROM caseload.rule_counts('native_view');
SELECT is_empty($$
  SELECT t.condition, t.holds, c.holds, t.failed, c.failed FROM tried t
    LEFT JOIN seen c ON c.rule_district = 'N' AND c.rule_name = t.name
   WHERE t.name LIKE 'r%0' AND (c.holds, c.failed) IS DISTINCT FROM (t.holds, t.failed) LIMIT 5 $$, 'rows of a query are judged alike');

SELECT * FROM finish();
ROLLBACK;
