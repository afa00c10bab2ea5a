-- The type `dosage`: docs/dosage.md, line by line, and what must hold for every dosage.

\ir begin.psql
SET LOCAL client_encoding = 'UTF8';
SET LOCAL jit = off;

SELECT plan(289);

CREATE FUNCTION pg_temp.r(h bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor((hashint8extended(h, salt) & 4294967295)::float8 / 4294967296 * n)::int $$;

\ir laws.psql

------------------------------------------------------------------------------------------------------------------------------------
-- What is written and what is printed
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE good (written text, printed text);
INSERT INTO good VALUES
  -- the table in the documentation
  ('2x30/week', '2x30/week'), ('2 x 30 min per week', '2x30/week'), ('2 × 30 minutes weekly', '2x30/week'),
  ('30/week', '30/week'), ('30 min a week', '30/week'),
  ('1x45/2 weeks', '1x45/2 weeks'), ('1 x 45 every 2 weeks', '1x45/2 weeks'),
  ('4x20/month', '4x20/month'), ('60/quarter', '60/quarter'), ('90/year', '90/year'), ('90 min yearly', '90/year'),
  -- the sign between sessions and minutes
  ('2*30/week', '2x30/week'), ('2×30/week', '2x30/week'), ('2 * 30/week', '2x30/week'), ('2 times 30/week', '2x30/week'),
  ('2 TIMES 30 min per week', '2x30/week'), ('2 X 30/week', '2x30/week'), ('2X30/week', '2x30/week'), ('2 x30/week', '2x30/week'),
  ('2x 30/week', '2x30/week'), ('2times 30/week', '2x30/week'),
  -- minutes
  ('2x30min/week', '2x30/week'), ('2x30 mins/week', '2x30/week'), ('2x30 minute/week', '2x30/week'), ('2x30 minutes/week', '2x30/week'),
  ('1 minute a year', '1/year'), ('2x30MIN/WEEK', '2x30/week'), ('30 Mins Per Week', '30/week'), ('45 minutes/month', '45/month'),
  -- the word before the unit
  ('2x30 per week', '2x30/week'), ('2x30 a week', '2x30/week'), ('2x30 each week', '2x30/week'), ('2x30 every week', '2x30/week'),
  ('2x30 / week', '2x30/week'), ('2x30 Per Week', '2x30/week'), ('2x30 A MONTH', '2x30/month'), ('2x30 EACH quarter', '2x30/quarter'),
  -- one word for the period
  ('2x30 weekly', '2x30/week'), ('2x30 monthly', '2x30/month'), ('2x30 quarterly', '2x30/quarter'), ('2x30 yearly', '2x30/year'),
  ('2x30 annually', '2x30/year'), ('90 minutes Annually', '90/year'), ('2x30weekly', '2x30/week'), ('30 min MONTHLY', '30/month'),
  -- units
  ('2x30/weeks', '2x30/week'), ('2x30/wk', '2x30/week'), ('2x30/wks', '2x30/week'), ('2x30/months', '2x30/month'),
  ('2x30/mo', '2x30/month'), ('2x30/quarters', '2x30/quarter'), ('2x30/qtr', '2x30/quarter'), ('2x30/years', '2x30/year'),
  ('2x30/yr', '2x30/year'), ('2x30/yrs', '2x30/year'), ('2x30/Wk', '2x30/week'), ('2x30/QTR', '2x30/quarter'),
  -- counts
  ('1x45/1 week', '1x45/week'), ('1x45/1 weeks', '1x45/week'), ('1x45/2 week', '1x45/2 weeks'), ('1x45/2weeks', '1x45/2 weeks'),
  ('1x45 per 2 wks', '1x45/2 weeks'), ('1x45/2 months', '1x45/2 months'), ('1x45 each 3 mo', '1x45/3 months'),
  ('1x45/2 quarters', '1x45/2 quarters'), ('1x45 every 2 qtr', '1x45/2 quarters'), ('1x45/3 years', '1x45/3 years'),
  ('1x45 every 3 yr', '1x45/3 years'), ('45 every 6 wk', '45/6 weeks'), ('1x45 / 10 weeks', '1x45/10 weeks'),
  -- blanks
  ('  2x30/week', '2x30/week'), ('2x30/week  ', '2x30/week'), ('  2   x   30   min   per   week  ', '2x30/week'),
  (E'2x30\t/\tweek', '2x30/week'), ('1x45/  2  weeks', '1x45/2 weeks'),
  -- the smallest and the largest
  ('1x1/week', '1x1/week'), ('1/week', '1/week'), ('999x99999/99 years', '999x99999/99 years'), ('99999/99 weeks', '99999/99 weeks'),
  ('999x1/week', '999x1/week'), ('1x99999/week', '1x99999/week'), ('1x1/99 quarters', '1x1/99 quarters');

SELECT cmp_ok(count(*), '>=', 60::bigint, 'enough good spellings') FROM good;
SELECT is(written::dosage::text, printed, format('%L', written)) FROM good;
SELECT pg_temp.holds('what is printed is read again as the same value',
  'printed::dosage = written::dosage AND printed::dosage::text = printed', 'good', 60);

CREATE TEMP TABLE bad (written text, state text);
INSERT INTO bad SELECT w, '22P02' FROM unnest(ARRAY[
  '', ' ', 'week', 'weekly', '/week', 'per week', 'a week', 'x', 'null', '30', '30 min', '2x30', '2x30 min', '2x30/', '2x30 per',
  '30 every', '30 min a', '30 min a 2', '2x30/2', 'x30/week', '2x/week', '2 times/week', '2x30 week', '2x30 2 weeks', '30 min week', '2x30//week',
  '2x30/ per week', '2x30 per / week', '2x30/fortnight', '2x30/day', '2x30/hour', '2x30 daily', '2x30/biweekly', '2x30/weekly',
  '2x30 per weekly', '2x30 2 weekly', '2x30 weekly weekly', '2x30/week/week', '2x30/week extra', '2x30/week;', '2x30/week 2',
  '2.5x30/week', '2x30.5/week', '2x30/1.5 weeks', '2,000/week', '1e2/week', '-2x30/week', '2x-30/week', '2x30/-1 weeks', '+2x30/week',
  '2xx30/week', '2 x x 30/week', '2x3x30/week', '2y30/week', '2 by 30/week', '2;30/week', '2 30/week', '3 0/week', '2x3 0/week',
  '2x30/1 0 weeks', '2x30/we ek', '2x30 mi n/week', '2x30 min min/week', '30 hours/week', '30 sec/week', '30 m/week', '30''/week',
  '2x30/w', '2x30/m', '2x30/q', '2x30/y', '2x30/wkly', '2x30/mos', '2x30/qtrs', '2x30/yearss', '2x30|week', '2x30\week', '2x30 an week',
  'two x 30/week', '2x thirty/week', '2x30/two weeks', '(2x30/week)', '2x30/week,', 'week/2x30', '2х30/week', '2x30∕week', '٣٠/week',
  '2x30/week ×', '× 30/week', '2x30 min minweek']) w;
INSERT INTO bad SELECT w, '22003' FROM unnest(ARRAY[
  '0x30/week', '1000x30/week', '0 times 30 weekly', '1000 times 30 weekly', '0/week', '2x0/week', '100000/week', '2x100000/week',
  '100000 min a year', '2x30/0 weeks', '2x30/100 weeks', '30 every 0 months', '30 every 100 years', '30/100 quarter',
  '65537x30/week', '2x65566000/week', '2x30/257 weeks', '2x30/65537 weeks',
  '4294967298x30/week', '2x4294967326/week', '2x30/4294967298 weeks', '4294967326/week',
  '18446744073709551618x30/week', '2x18446744073709551646/week', '18446744073709551646/week', '2x30/18446744073709551618 weeks',
  '99999999999999999999999999999999999999x30/week', '2x99999999999999999999999999999999999999/week',
  '2x30/99999999999999999999999999999999999999 weeks']) w;

SELECT cmp_ok(count(*), '>=', 60::bigint, 'enough bad spellings') FROM bad;
SELECT throws_ok(format('SELECT %L::dosage', written), state, NULL, format('%L: %s', written, state)) FROM bad;

-- Every error shows a good value in its hint.
CREATE FUNCTION pg_temp.hint_of(written text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
  PERFORM written::dosage;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN hint;
END $$;
SELECT pg_temp.holds('every hint shows a good value',
  $$ substring(pg_temp.hint_of(written) FROM '[0-9]+(?:x[0-9]+)?/(?:[0-9]+ )?[a-z]+')::dosage IS NOT NULL $$, 'bad', 60);

------------------------------------------------------------------------------------------------------------------------------------
-- Every combination: text and parts. `part` says what each dosage must be; nothing in it comes from the type.
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE part AS
SELECT row_number() OVER () AS id, s AS sessions, m AS minutes, e AS every, u AS unit,
       coalesce(s || 'x', '') || m || '/' || CASE e WHEN 1 THEN u ELSE e || ' ' || u || 's' END AS printed,
       -- How often in a school year, and the weekly minutes there as a fraction of whole numbers: rate / (36 * every).
       coalesce(s, 1)::bigint * m * CASE u WHEN 'week' THEN 36 WHEN 'month' THEN 9 WHEN 'quarter' THEN 4 ELSE 1 END AS rate,
       array_position(ARRAY['week', 'month', 'quarter', 'year'], u) AS unit_order
FROM unnest(ARRAY[NULL, 1, 2, 3, 4, 9, 10, 99, 100, 999]) s,
     unnest(ARRAY[1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 135, 180, 240, 999, 1000, 12345, 99998, 99999]) m,
     unnest(ARRAY[1, 2, 3, 4, 6, 9, 10, 12, 52, 98, 99]) e,
     unnest(ARRAY['week', 'month', 'quarter', 'year']) u;
CREATE TEMP TABLE value AS SELECT part.*, printed::dosage AS d FROM part;
ANALYZE value;

SELECT pg_temp.holds('every combination is printed in the short form', 'd::text = printed', 'value', 8000);
SELECT pg_temp.holds('out and in again: the same value', 'd::text::dosage = d', 'value', 8000);
SELECT pg_temp.holds('long form and short form are one value', $$
  (coalesce(sessions || ' Times ', '') || minutes || ' Minutes every ' || every || ' ' || unit)::dosage = d $$, 'value', 8000);
SELECT pg_temp.holds('sessions()', 'sessions(d) IS NOT DISTINCT FROM sessions', 'value', 8000);
SELECT pg_temp.holds('minutes()', 'minutes(d) = minutes', 'value', 8000);
SELECT pg_temp.holds('every()', 'every(d) = every', 'value', 8000);
SELECT pg_temp.holds('unit()', 'unit(d) = unit', 'value', 8000);
SELECT results_eq($$ SELECT pg_typeof(sessions(d))::text, pg_typeof(minutes(d))::text, pg_typeof(every(d))::text, pg_typeof(unit(d))::text,
                            pg_typeof(minutes_per_week(d))::text, pg_typeof(sessions_per_week(d))::text FROM value LIMIT 1 $$,
                  $$ VALUES ('integer', 'integer', 'integer', 'text', 'numeric', 'numeric') $$, 'types of the results');

------------------------------------------------------------------------------------------------------------------------------------
-- Minutes and sessions in a week
------------------------------------------------------------------------------------------------------------------------------------

SELECT is(minutes_per_week('2x30/week'), 60::numeric, '2x30/week = 60');
SELECT is(minutes_per_week('1x45/2 weeks'), 22.5::numeric, '1x45/2 weeks = 22.5');
SELECT is(minutes_per_week('4x20/month'), 20::numeric, '4x20/month = 20');
SELECT is(round(minutes_per_week('4x20/month', 52, 12), 4), 18.4615, '4x20/month in a clinic = 18.4615...');
SELECT is(round(minutes_per_week('60/quarter'), 4), 6.6667, '60/quarter = 6.6667...');
SELECT is(minutes_per_week('90/year'), 2.5::numeric, '90/year = 2.5');
SELECT is(minutes_per_week('30/week'), 30::numeric, '30/week = 30');
SELECT is(sessions_per_week('2x30/week'), 2::numeric, 'two sessions a week');
SELECT is(sessions_per_week('1x45/2 weeks'), 0.5::numeric, 'half a session a week');
SELECT is(sessions_per_week('4x20/month'), 1::numeric, 'four sessions a month');
SELECT is(round(sessions_per_week('4x20/month', 52, 12), 4), 0.9231, 'four sessions a month in a clinic');
SELECT is(sessions_per_week('30/week'), NULL::numeric, 'sessions not said');
SELECT isnt(sessions_per_week('1x30/week'), NULL::numeric, 'one session said');

-- Random dosages in random service years, against the plain formula: `each` sessions or minutes in a period, `periods` of the unit in `weeks`
-- weeks. Products are exact, the quotient has to be right to fourteen digits.
CREATE TEMP TABLE random_value AS
SELECT h, s AS sessions, m AS minutes, e AS every, u AS unit, w AS weeks, o AS months,
       (coalesce(s || 'x', '') || m || '/' || e || ' ' || u)::dosage AS d
FROM generate_series(1, 8000) h,
     LATERAL (SELECT CASE WHEN pg_temp.r(h, 1, 3) > 0 THEN 1 + pg_temp.r(h, 2, CASE pg_temp.r(h, 3, 2) WHEN 0 THEN 5 ELSE 999 END) END AS s,
                     1 + pg_temp.r(h, 4, CASE pg_temp.r(h, 5, 4) WHEN 0 THEN 99999 ELSE 120 END) AS m,
                     1 + pg_temp.r(h, 6, CASE pg_temp.r(h, 7, 4) WHEN 0 THEN 99 ELSE 4 END) AS e,
                     (ARRAY['week', 'month', 'quarter', 'year'])[1 + pg_temp.r(h, 8, 4)] AS u,
                     1 + pg_temp.r(h, 9, 52) AS w, 1 + pg_temp.r(h, 10, 12) AS o) x;

CREATE FUNCTION pg_temp.per_week(each numeric, every int, unit text, weeks int, months int) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
  SELECT each * CASE unit WHEN 'week' THEN weeks WHEN 'month' THEN months WHEN 'quarter' THEN 4 WHEN 'year' THEN 1 END * 1e30 / (weeks * every) / 1e30
$$;
CREATE FUNCTION pg_temp.same(got numeric, wanted numeric) RETURNS bool LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN wanted IS NULL OR got IS NULL THEN got IS NULL AND wanted IS NULL ELSE abs(got - wanted) <= wanted * 1e-14 END $$;

SELECT cmp_ok(count(DISTINCT d), '>=', 5000::bigint, 'random dosages differ') FROM random_value;
SELECT pg_temp.holds(format('minutes_per_week(%s): the plain formula', call),
  format('pg_temp.same(minutes_per_week(%s), pg_temp.per_week(coalesce(sessions, 1)::numeric * minutes, every, unit, %s, %s))', call, weeks, months),
  'random_value', 8000)
FROM (VALUES ('d', '36', '9'), ('d, 36, 9', '36', '9'), ('d, 52, 12', '52', '12'), ('d, 40', '40', '9'), ('d, 38, 10', '38', '10'),
             ('d, weeks, months', 'weeks', 'months')) c (call, weeks, months);
SELECT pg_temp.holds(format('sessions_per_week(%s): the plain formula, NULL where not said', call),
  format('pg_temp.same(sessions_per_week(%s), pg_temp.per_week(sessions, every, unit, %s, %s))', call, weeks, months), 'random_value', 8000)
FROM (VALUES ('d', '36', '9'), ('d, 52, 12', '52', '12'), ('d, weeks, months', 'weeks', 'months')) c (call, weeks, months);
SELECT pg_temp.holds('named arguments', 'minutes_per_week(d, weeks_per_year => weeks, months_per_year => months) = minutes_per_week(d, weeks, months)
  AND sessions_per_week(d, months_per_year => months, weeks_per_year => weeks) IS NOT DISTINCT FROM sessions_per_week(d, weeks, months)',
  'random_value', 8000);

SELECT is(minutes_per_week(NULL::dosage), NULL::numeric, 'minutes_per_week(NULL)');
SELECT is(minutes_per_week('2x30/week', NULL, 9), NULL::numeric, 'minutes_per_week(d, NULL, 9)');
SELECT is(minutes_per_week('2x30/week', 36, NULL), NULL::numeric, 'minutes_per_week(d, 36, NULL)');
SELECT is(sessions_per_week(NULL::dosage), NULL::numeric, 'sessions_per_week(NULL)');
SELECT is(sessions(NULL::dosage), NULL::int, 'sessions(NULL)');
SELECT is(minutes(NULL::dosage), NULL::int, 'minutes(NULL)');
SELECT is(every(NULL::dosage), NULL::int, 'every(NULL)');
SELECT is(unit(NULL::dosage), NULL::text, 'unit(NULL)');

------------------------------------------------------------------------------------------------------------------------------------
-- Order and equality
------------------------------------------------------------------------------------------------------------------------------------

SELECT ok('1x30/week'::dosage <> '30/week'::dosage, 'one session of 30 minutes is not 30 minutes');
SELECT ok('1x30/week'::dosage <> '1x60/2 weeks'::dosage, 'the same weekly minutes, another dosage');
SELECT ok('2x30/week'::dosage = '2 × 30 min per 1 weeks'::dosage, 'another spelling, the same dosage');
SELECT ok('1x60/week'::dosage < '2x30/week'::dosage AND '2x30/week'::dosage > '1x60/week'::dosage, 'the same weekly minutes: fewer sessions first');
SELECT ok('1x30/week'::dosage < '1x60/2 weeks'::dosage, 'the same weekly minutes, sessions and unit: the smaller count first');
SELECT ok('1x15/week'::dosage < '1x60/month'::dosage AND '1x90/month'::dosage < '1x810/year'::dosage AND '1x1/quarter'::dosage < '1x4/year'::dosage,
  'the same weekly minutes and sessions: week, month, quarter, year');
SELECT ok('4x20/month'::dosage < '21/week'::dosage AND '4x20/month'::dosage > '19/week'::dosage, 'a month has four weeks in a school year');
-- 4 * 99999 / (36 * 99) and the next smaller and larger neighbours differ from the seventh digit on.
SELECT ok('99998/99 quarters'::dosage < '99999/99 quarters'::dosage AND '99999/98 years'::dosage > '99999/99 years'::dosage
      AND '999x99998/99 weeks'::dosage < '999x99999/99 weeks'::dosage, 'close dosages');

-- All pairs of 700 dosages. Weekly minutes are compared as whole numbers: rate / every < rate' / every'.
CREATE TEMP TABLE pair AS
SELECT x.d AS a, y.d AS b, x.id = y.id AS same,
       x.rate * y.every AS rate_a, y.rate * x.every AS rate_b, x.sessions AS sessions_a, y.sessions AS sessions_b,
       x.unit_order AS unit_a, y.unit_order AS unit_b, x.every AS every_a, y.every AS every_b
FROM (SELECT * FROM value ORDER BY hashint8extended(id, 1) LIMIT 700) x,
     (SELECT * FROM value ORDER BY hashint8extended(id, 1) LIMIT 700) y;
-- and of all that have one hour a week
INSERT INTO pair
SELECT x.d, y.d, x.id = y.id, x.rate * y.every, y.rate * x.every, x.sessions, y.sessions, x.unit_order, y.unit_order, x.every, y.every
FROM value x, value y WHERE x.rate = 60 * 36 * x.every AND y.rate = 60 * 36 * y.every;

SELECT pg_temp.holds('= is sameness of the parts', '(a = b) = same AND (a <> b) = NOT same', 'pair', 490000);
SELECT pg_temp.holds('exactly one of <, =, >', '(a < b)::int + (a = b)::int + (a > b)::int = 1', 'pair', 490000);
SELECT pg_temp.holds('<= and >= follow', '(a <= b) = (a < b OR a = b) AND (a >= b) = (a > b OR a = b)', 'pair', 490000);
SELECT pg_temp.holds('fewer weekly minutes come first', '(a < b) = (rate_a < rate_b)', 'pair WHERE rate_a <> rate_b', 100000);
SELECT pg_temp.holds('then fewer sessions', '(a < b) = (sessions_a < sessions_b)', 'pair WHERE rate_a = rate_b AND sessions_a <> sessions_b', 300);
SELECT pg_temp.holds('then unit, then count', '(a < b) = ((unit_a, every_a) < (unit_b, every_b))',
  'pair WHERE rate_a = rate_b AND sessions_a IS NOT DISTINCT FROM sessions_b', 700);
SELECT pg_temp.holds('dosages that do not say the sessions are all on one side of those that do',
  '(SELECT count(DISTINCT a < b) = 1 FROM pair WHERE rate_a = rate_b AND sessions_a IS NULL AND sessions_b IS NOT NULL)', '(VALUES (1)) v (x)', 1);

-- Transitive: in sorted order, every earlier one is <= every later one.
CREATE TEMP TABLE sorted AS
SELECT row_number() OVER (ORDER BY d) AS n, d FROM (SELECT d FROM value ORDER BY hashint8extended(id, 2) LIMIT 600) v;
SELECT pg_temp.holds('sorted: earlier is smaller', 'x.d < y.d', 'sorted x JOIN sorted y ON x.n < y.n', 170000);

------------------------------------------------------------------------------------------------------------------------------------
-- Hash, merge, index: the same answers
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE twice AS
SELECT d FROM value WHERE id % 2 = 0 UNION ALL SELECT d FROM value WHERE id % 3 = 0 UNION ALL SELECT NULL;
ANALYZE twice;
CREATE TEMP TABLE answer (how text PRIMARY KEY, joined bigint, grouped bigint, pairs_plan text, group_plan text);

SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_sort = off;
INSERT INTO answer SELECT 'hash', (SELECT count(*) FROM twice x JOIN twice y USING (d)), (SELECT count(*) FROM (SELECT d FROM twice GROUP BY d) g),
  pg_temp.plan_of('SELECT count(*) FROM twice x JOIN twice y USING (d)'), pg_temp.plan_of('SELECT d FROM twice GROUP BY d');
SET LOCAL enable_mergejoin = on; SET LOCAL enable_sort = on; SET LOCAL enable_hashjoin = off; SET LOCAL enable_hashagg = off;
INSERT INTO answer SELECT 'merge', (SELECT count(*) FROM twice x JOIN twice y USING (d)), (SELECT count(*) FROM (SELECT d FROM twice GROUP BY d) g),
  pg_temp.plan_of('SELECT count(*) FROM twice x JOIN twice y USING (d)'), pg_temp.plan_of('SELECT d FROM twice GROUP BY d');
SET LOCAL enable_hashjoin = on; SET LOCAL enable_hashagg = on; SET LOCAL enable_nestloop = on;

SELECT matches(pairs_plan, 'Hash Join', 'a hash join ran') FROM answer WHERE how = 'hash';
SELECT matches(group_plan, 'HashAggregate', 'a hash aggregate ran') FROM answer WHERE how = 'hash';
SELECT matches(pairs_plan, 'Merge Join', 'a merge join ran') FROM answer WHERE how = 'merge';
SELECT doesnt_match(group_plan, 'HashAggregate', 'a sorted aggregate ran') FROM answer WHERE how = 'merge';
SELECT is(joined, expected, how || ' join: as many pairs as the parts say')
FROM answer, (SELECT sum(((id % 2 = 0)::int + (id % 3 = 0)::int) ^ 2)::bigint AS expected FROM value) e ORDER BY how;
SELECT is(grouped, expected, how || ': as many groups as the parts say')
FROM answer, (SELECT count(*) FILTER (WHERE id % 2 = 0 OR id % 3 = 0) + 1 AS expected FROM value) e ORDER BY how;

-- Two spellings of one value meet in a hash join.
SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off;
SELECT is(count(*), (SELECT count(*) FROM good), 'spellings meet their short form in a hash join')
FROM (SELECT written::dosage AS d, printed FROM good OFFSET 0) w JOIN (SELECT DISTINCT printed, printed::dosage AS d FROM good OFFSET 0) p USING (d, printed);
SET LOCAL enable_mergejoin = on; SET LOCAL enable_nestloop = on;

CREATE TEMP TABLE kept (id bigint, d dosage);
CREATE INDEX kept_d ON kept (d);
CREATE INDEX kept_hash ON kept USING hash (d);
INSERT INTO kept SELECT id, d FROM value;
ANALYZE kept;
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SELECT matches(pg_temp.plan_of($$ SELECT id FROM kept WHERE d < '30/week' $$), 'kept_d', 'the btree index is used');
SELECT results_eq($$ SELECT count(*) FROM kept WHERE d < '30/week' $$,
  $$ SELECT count(*) FROM value WHERE rate < 30 * 36 * every OR (rate = 30 * 36 * every AND d < '30/week'::dosage) $$, 'range scan in the index');
SELECT results_eq($$ SELECT count(*), min(id) FROM kept WHERE d = '2x30/week' $$, $$ SELECT count(*), min(id) FROM part WHERE printed = '2x30/week' $$,
  'one value in the index');
DROP INDEX kept_d;
SELECT matches(pg_temp.plan_of($$ SELECT id FROM kept WHERE d = '30/week' $$), 'kept_hash', 'the hash index is used');
SELECT results_eq($$ SELECT count(*), min(id) FROM kept WHERE d = '2x30/week' $$, $$ SELECT count(*), min(id) FROM part WHERE printed = '2x30/week' $$,
  'one value in the hash index');
SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on;

------------------------------------------------------------------------------------------------------------------------------------
-- min and max
------------------------------------------------------------------------------------------------------------------------------------

SELECT is(min(d)::text, '1/99 years', 'the smallest dosage') FROM value WHERE sessions IS NULL;
SELECT is(max(d)::text, '999x99999/week', 'the largest dosage') FROM value;
SELECT is(min(d), NULL::dosage, 'min over no rows') FROM value WHERE false;
SELECT is(max(d), NULL::dosage, 'max over no rows') FROM value WHERE false;
SELECT is(max(d), '30/week'::dosage, 'max skips NULL') FROM (VALUES (NULL::dosage), ('30/week'), (NULL), ('30/month')) v (d);
SELECT is(min(d), '30/month'::dosage, 'min skips NULL') FROM (VALUES (NULL::dosage), ('30/week'), (NULL), ('30/month')) v (d);
SELECT pg_temp.holds('min and max are the ends of the order',
  'lo = (SELECT d FROM value v WHERE v.id % 97 = g ORDER BY d LIMIT 1) AND hi = (SELECT d FROM value v WHERE v.id % 97 = g ORDER BY d DESC LIMIT 1)',
  '(SELECT id % 97 AS g, min(d) AS lo, max(d) AS hi FROM value GROUP BY 1) m', 97);

------------------------------------------------------------------------------------------------------------------------------------
-- Assignment from text and varchar, as a driver sends them
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE plan_line (id int, d dosage);
PREPARE insert_varchar (int, varchar) AS INSERT INTO plan_line VALUES ($1, $2);
PREPARE insert_text (int, text) AS INSERT INTO plan_line VALUES ($1, $2);
PREPARE update_varchar (varchar) AS UPDATE plan_line SET d = $1 WHERE id = 1;
EXECUTE insert_varchar(1, '2 x 30 min per week');
EXECUTE insert_text(2, '90 min yearly');
EXECUTE insert_varchar(3, NULL);
EXECUTE insert_text(4, NULL);
SELECT results_eq('SELECT id, d::text FROM plan_line ORDER BY id',
  $$ VALUES (1, '2x30/week'), (2, '90/year'), (3, NULL), (4, NULL) $$, 'INSERT from varchar and text');
EXECUTE update_varchar('1 x 45 every 2 weeks');
SELECT is(d::text, '1x45/2 weeks', 'UPDATE from varchar') FROM plan_line WHERE id = 1;
SELECT is('4x20/month'::varchar::dosage::text, '4x20/month', 'explicit cast from varchar');
SELECT is('4x20/month'::text::dosage::text, '4x20/month', 'explicit cast from text');
SELECT is('4x20/month'::dosage::varchar::text, '4x20/month', 'cast to varchar');
SELECT throws_ok($$ INSERT INTO plan_line VALUES (5, 'often'::varchar) $$, '22P02', NULL, 'assignment of a bad varchar');
SELECT throws_ok($$ INSERT INTO plan_line VALUES (5, '0/week'::text) $$, '22003', NULL, 'assignment of a text out of range');

SELECT * FROM finish();
ROLLBACK;
