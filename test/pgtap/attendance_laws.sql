-- What must hold for every `attendance` value, and the edges of docs/attendance.md.

\ir begin.psql
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, MDY';
SET LOCAL jit = off;
SET LOCAL work_mem = '64MB';

SELECT plan(457);

CREATE FUNCTION pg_temp.r(h bigint, i bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor((hashint8extended(h * 64 + i, salt) & 4294967295)::float8 / 4294967296 * n)::int $$;

\ir laws.psql

CREATE FUNCTION pg_temp.state_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;

------------------------------------------------------------------------------------------------------------------------------------
-- 6,000 histories of 0 to 30 events in five zones; histories h and h + 5 are in the same zone. A permanent table (rolled back with the
-- rest), so that parallel workers can read it.
------------------------------------------------------------------------------------------------------------------------------------

CREATE TABLE public.laws_event AS
SELECT h, i, h % 5 AS fifth, (ARRAY['UTC', 'America/New_York', 'America/Anchorage', 'America/Phoenix', 'Asia/Kathmandu'])[1 + h % 5] AS zone,
       timestamptz '1950-01-01 00:00Z' + pg_temp.r(h, 0, 1, 30000) * interval '1 day'
         + CASE h % 3 WHEN 0 THEN i * interval '7 days'                                             -- every week
                      WHEN 1 THEN pg_temp.r(h, i, 2, 86400 * 60) * interval '1 second'              -- any time in two months
                      ELSE pg_temp.r(h, i, 3, 5) * interval '1 second' END AS at,                   -- the same few seconds
       (ARRAY['scheduled', 'attended', 'late', 'no_show', 'late_cancel', 'client_cancel', 'provider_cancel', 'closure', 'attempt',
              'two_way', 'no_show', 'no_show', 'attended', 'late_cancel'])[1 + pg_temp.r(h, i, 4, 14)] AS status
FROM generate_series(1, 6000) h, LATERAL generate_series(1, pg_temp.r(h, 0, 5, 31)) i;
ANALYZE public.laws_event;

CREATE TEMP TABLE v AS
SELECT h, (ARRAY['UTC', 'America/New_York', 'America/Anchorage', 'America/Phoenix', 'Asia/Kathmandu'])[1 + h % 5] AS zone,
       coalesce(a, ((ARRAY['UTC', 'America/New_York', 'America/Anchorage', 'America/Phoenix', 'Asia/Kathmandu'])[1 + h % 5] || '{}')::attendance) AS a,
       -- a date in or near the history
       coalesce(lo + pg_temp.r(h, 0, 6, hi - lo + 20) - 10, date '2020-01-01') AS d, 1 + pg_temp.r(h, 0, 7, 100) AS days
FROM generate_series(1, 6000) h
LEFT JOIN (SELECT h, attendance(at, status, zone) AS a, min(at)::date AS lo, max(at)::date AS hi FROM public.laws_event GROUP BY h) e USING (h);
ANALYZE v;

------------------------------------------------------------------------------------------------------------------------------------
-- Text
------------------------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.holds('out and in again: the same value', 'a::text::attendance = a', 'v', 6000);
SELECT pg_temp.holds('out and in again: the same bytes', 'attendance_send(a::text::attendance) = attendance_send(a)', 'v', 6000);
SELECT cmp_ok(count(DISTINCT attendance_send(a)), '>=', 5000::bigint, 'other values, other bytes') FROM v;
SELECT is(count(DISTINCT attendance_send(a)), count(DISTINCT a::text), 'as many byte strings as texts') FROM v;

CREATE TEMP TABLE printed AS SELECT h, a::text AS t FROM v;
SET LOCAL timezone = 'Asia/Kathmandu';
SET LOCAL datestyle = 'German, DMY';
SELECT pg_temp.holds('the text does not depend on TimeZone or DateStyle', 'a::text = t AND t::attendance = a', 'v JOIN printed USING (h)', 6000);
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, MDY';

CREATE TEMP TABLE good (written text, printed text);
INSERT INTO good VALUES
  ('{}', '{}'), ('UTC{}', '{}'), ('America/New_York{}', 'America/New_York{}'), ('  { }  ', '{}'), (' America/New_York { } ', 'America/New_York{}'),
  ('America/New_York{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show}',
   'America/New_York{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show}'),
  ('America/New_York{2026-01-12T14:00:00Z no_show,2026-01-05T14:00:00Z attended}',
   'America/New_York{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show}'),
  ('UTC{2026-01-12T14:00:00Z no_show}', '{2026-01-12T14:00:00Z no_show}'),
  (E'  UTC  {  2026-01-12T14:00:00Z   no_show  ,\t2026-01-05T14:00:00Z   attended  }  ', '{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show}'),
  ('{2026-01-05T14:00:00Z late,2026-01-05T14:00:00Z late}', '{2026-01-05T14:00:00Z late,2026-01-05T14:00:00Z late}'),
  ('{2026-01-05T14:00:00Z two_way,2026-01-05T14:00:00Z attempt,2026-01-05T14:00:00Z closure,2026-01-05T14:00:00Z provider_cancel,2026-01-05T14:00:00Z client_cancel,2026-01-05T14:00:00Z late_cancel,2026-01-05T14:00:00Z no_show,2026-01-05T14:00:00Z late,2026-01-05T14:00:00Z attended,2026-01-05T14:00:00Z scheduled}',
   '{2026-01-05T14:00:00Z scheduled,2026-01-05T14:00:00Z attended,2026-01-05T14:00:00Z late,2026-01-05T14:00:00Z no_show,2026-01-05T14:00:00Z late_cancel,2026-01-05T14:00:00Z client_cancel,2026-01-05T14:00:00Z provider_cancel,2026-01-05T14:00:00Z closure,2026-01-05T14:00:00Z attempt,2026-01-05T14:00:00Z two_way}'),
  ('{0001-01-01T00:00:00Z attended}', '{0001-01-01T00:00:00Z attended}'),
  ('{294276-12-31T23:59:59Z two_way}', '{294276-12-31T23:59:59Z two_way}'),
  ('{294276-12-31T23:59:59Z two_way,0001-01-01T00:00:00Z scheduled}', '{0001-01-01T00:00:00Z scheduled,294276-12-31T23:59:59Z two_way}'),
  ('{1999-12-31T23:59:59Z late,2000-01-01T00:00:00Z late,1970-01-01T00:00:00Z late,1969-12-31T23:59:59Z late}',
   '{1969-12-31T23:59:59Z late,1970-01-01T00:00:00Z late,1999-12-31T23:59:59Z late,2000-01-01T00:00:00Z late}'),
  ('{2024-02-29T12:00:00Z closure,1900-02-28T12:00:00Z closure,2000-02-29T12:00:00Z closure}',
   '{1900-02-28T12:00:00Z closure,2000-02-29T12:00:00Z closure,2024-02-29T12:00:00Z closure}'),
  ('{10000-01-01T00:00:00Z attempt}', '{10000-01-01T00:00:00Z attempt}');
SELECT is(written::attendance::text, printed, 'text: ' || left(written, 60)) FROM good;

CREATE TEMP TABLE bad (written text, state text);
INSERT INTO bad SELECT w, '22P02' FROM unnest(ARRAY[
  '', ' ', '{', '}', 'UTC', '{,}', '}{', '{{}}', '{}{}', '{} x', '{}}', 'attended', '[2026-01-05T14:00:00Z attended]', '{2026-01-05T14:00:00Z}',
  '{attended}', '{2026-01-05T14:00:00Z attended', '2026-01-05T14:00:00Z attended', '{2026-01-05T14:00:00Z attended}}',
  '{2026-01-05T14:00:00 attended}', '{2026-01-05T14:00:00+00 attended}', '{2026-01-05T14:00:00+00:00 attended}', '{2026-01-05T14:00:00-05 attended}',
  '{attended 2026-01-05T14:00:00Z}', '{2026-01-05T14:00:00Z,attended}', '{2026-01-05T14:00:00Z attended,}', '{,2026-01-05T14:00:00Z attended}',
  '{2026-01-05T14:00:00Z attended,,2026-01-05T14:00:00Z late}', '{2026-01-05T14:00:00Z attended;2026-01-12T14:00:00Z late}',
  '{2026-01-05T14:00:00Z attended 2026-01-12T14:00:00Z late}', '{2026-01-05 attended}', '{yesterday attended}', '{now attended}', '{NULL}']) w;
INSERT INTO bad SELECT w, '22P02' FROM unnest(ARRAY[
  'Mars/Phobos{}', 'Mars/Phobos{2026-01-05T14:00:00Z attended}', 'America/{}', 'America{}',
  '{2026-01-05T14:00:00Z cancelled}', '{2026-01-05T14:00:00Z attende}', '{2026-01-05T14:00:00Z attended_}', '{2026-01-05T14:00:00Z noshow}',
  '{2026-01-05T14:00:00Z attended,2026-01-05T14:00:00Z absent}']) w;
INSERT INTO bad SELECT w, '22008' FROM unnest(ARRAY[
  '{0000-01-01T00:00:00Z attended}', '{0000-12-31T23:59:59Z attended}', '{294277-01-01T00:00:00Z attended}', '{300000-01-01T00:00:00Z attended}',
  '{2026-02-30T00:00:00Z attended}', '{2026-02-29T00:00:00Z attended}', '{2026-13-01T00:00:00Z attended}', '{2026-00-10T00:00:00Z attended}',
  '{2026-01-00T00:00:00Z attended}', '{2026-01-05T25:00:00Z attended}', '{2026-01-05T14:60:00Z attended}',
  '{1900-02-29T00:00:00Z attended}', '{2026-01-05T14:00:00Z attended,2026-04-31T14:00:00Z attended}']) w;
SELECT throws_ok(format('SELECT %L::attendance', written), state, NULL, state || ': ' || format('%L', written)) FROM bad;
SELECT ok(pg_temp.state_of(format('SELECT %L::attendance', written)) IN ('22P02', '22008'), 'malformed or out of range: ' || written)
FROM unnest(ARRAY['{infinity attended}', '{-infinity attended}', '{-0001-01-01T00:00:00Z attended}', '{99999999999999999999-01-01T00:00:00Z attended}',
                  '{4294969322-01-05T14:00:00Z attended}', '{2026-01-05T14:00:00Z BC attended}']) written;

------------------------------------------------------------------------------------------------------------------------------------
-- Order does not matter; sum and difference
------------------------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.holds('events in another order: the same bytes (shuffle ' || salt || ')', 'attendance_send(a) = attendance_send(b)',
  format('v JOIN (SELECT h, attendance(at, status, zone ORDER BY %s) AS b FROM public.laws_event GROUP BY h) s USING (h)', salt), 5500)
FROM (VALUES ('hashint8extended(h * 64 + i, 100)'), ('hashint8extended(h * 64 + i, 101)'), ('at DESC, status'), ('at, status DESC'), ('status, at')) s (salt);

-- Every history in up to five parts by chance, merged.
CREATE TEMP TABLE part AS
SELECT h, p, attendance(at, status, zone) AS a FROM (SELECT *, pg_temp.r(h, i, 8, 5) AS p FROM public.laws_event) e GROUP BY h, p;
SELECT pg_temp.holds('attendance_merge of parts: the same bytes', 'attendance_send(v.a) = attendance_send(b)',
  'v JOIN (SELECT h, attendance_merge(a ORDER BY hashint8extended(p, h)) AS b FROM part GROUP BY h) s USING (h)', 5500);
SELECT pg_temp.holds('+ of two parts: the same bytes', 'attendance_send(v.a) = attendance_send(x + y)',
  'v JOIN (SELECT h, attendance_merge(a) FILTER (WHERE p < 2) AS x, attendance_merge(a) FILTER (WHERE p >= 2) AS y FROM part GROUP BY h) s USING (h)
   WHERE x IS NOT NULL AND y IS NOT NULL', 4500);
SELECT pg_temp.holds('+ of five parts in a row: the same bytes', 'attendance_send(v.a) = attendance_send(p0 + (p3 + p1) + (p4 + p2))',
  'v JOIN (SELECT h, ' || string_agg(format('coalesce(attendance_merge(a) FILTER (WHERE p = %1$s), (min(zone(a)) || ''{}'')::attendance) AS p%1$s', k), ', ')
  || ' FROM part GROUP BY h) s USING (h)', 5500) FROM generate_series(0, 4) k;
SELECT pg_temp.holds('the whole without a part, and the part again: the same bytes', 'attendance_send(v.a - part.a + part.a) = attendance_send(v.a)',
  'v JOIN part USING (h)', 20000);

CREATE TEMP TABLE triple AS
SELECT x.h, x.zone, x.d, x.days, x.a, y.a AS b, z.a AS c FROM v x JOIN v y ON y.h = x.h + 5 JOIN v z ON z.h = x.h + 10;
SELECT pg_temp.holds('(a + b) - b = a', '(a + b) - b = a AND attendance_send(a + b - b) = attendance_send(a)', 'triple', 5900);
SELECT pg_temp.holds('(a + b) - a = b', '(a + b) - a = b AND attendance_send(a + b - a) = attendance_send(b)', 'triple', 5900);
SELECT pg_temp.holds('a + b = b + a', 'attendance_send(a + b) = attendance_send(b + a)', 'triple', 5900);
SELECT pg_temp.holds('(a + b) + c = a + (b + c)', 'attendance_send((a + b) + c) = attendance_send(a + (b + c))', 'triple', 5900);
SELECT pg_temp.holds('a + nothing = a', $$ attendance_send(a + (zone || '{}')::attendance) = attendance_send(a)
  AND attendance_send((zone || '{}')::attendance + a) = attendance_send(a) $$, 'v', 6000);
SELECT pg_temp.holds('a - nothing = a', $$ attendance_send(a - (zone || '{}')::attendance) = attendance_send(a) $$, 'v', 6000);
SELECT pg_temp.holds('a - a is empty', $$ attendance_send(a - a) = attendance_send((zone || '{}')::attendance) AND event_count(a - a) = 0 $$, 'v', 6000);
SELECT pg_temp.holds('a + a: every event twice', 'event_count(a + a) = 2 * event_count(a) AND a + a - a = a', 'v', 6000);
SELECT pg_temp.holds('a + b: all events of both', $$
  a + b = (SELECT coalesce(attendance(at, status, zone), (zone || '{}')::attendance) FROM (SELECT * FROM events(a) UNION ALL SELECT * FROM events(b)) e) $$,
  'triple WHERE h <= 1000', 1000);
SELECT pg_temp.holds('b - a is an error where a has an event that b has not', $$ pg_temp.state_of(format('SELECT %L::attendance - %L::attendance', b, a)) = '22023' $$,
  'triple t WHERE h <= 500 AND EXISTS (SELECT * FROM events(a) EXCEPT ALL SELECT * FROM events(b))', 300);

------------------------------------------------------------------------------------------------------------------------------------
-- Equality, order, hash
------------------------------------------------------------------------------------------------------------------------------------

-- 500 values; some of them once more, built from their text; some differ only in the zone, the last event, or how often it is there.
CREATE TEMP TABLE several AS
SELECT row_number() OVER () AS id, a, attendance_send(a) AS bytes
FROM (SELECT a FROM v WHERE h <= 250
      UNION ALL SELECT a::text::attendance FROM v WHERE h <= 50
      UNION ALL SELECT ('Europe/London' || '{' || split_part(a::text, '{', 2))::attendance FROM v WHERE h <= 50
      UNION ALL SELECT a + (zone || '{2200-01-01T00:00:00Z attended}')::attendance FROM v WHERE h <= 50
      UNION ALL SELECT a + (zone || '{2200-01-01T00:00:00Z late}')::attendance FROM v WHERE h <= 50
      UNION ALL SELECT a + a FROM v WHERE h <= 50) s;
ANALYZE several;
CREATE TEMP TABLE pair AS SELECT x.a, y.a AS b, x.bytes = y.bytes AS same FROM several x, several y;
SELECT cmp_ok(count(*) FILTER (WHERE same), '>', 550::bigint, 'some pairs are equal') FROM pair;
SELECT pg_temp.holds('= is sameness of zone and events', '(a = b) = same AND (a <> b) = NOT same', 'pair', 250000);
SELECT pg_temp.holds('exactly one of <, =, >', '(a < b)::int + (a = b)::int + (a > b)::int = 1', 'pair', 250000);
SELECT pg_temp.holds('a < b is b > a', '(a < b) = (b > a)', 'pair', 250000);
SELECT pg_temp.holds('<= and >= follow', '(a <= b) = (a < b OR a = b) AND (a >= b) = (a > b OR a = b)', 'pair', 250000);
CREATE TEMP TABLE sorted AS SELECT row_number() OVER (ORDER BY a) AS n, a FROM several;
SELECT pg_temp.holds('transitive: in sorted order earlier is smaller or equal', 'x.a <= y.a AND NOT x.a > y.a', 'sorted x JOIN sorted y ON x.n < y.n', 120000);
SELECT ok('America/New_York{2026-01-05T14:00:00Z late}'::attendance <> 'UTC{2026-01-05T14:00:00Z late}'::attendance, 'the zone counts');
SELECT ok('America/New_York{}'::attendance <> '{}'::attendance, 'the zone counts in empty values');
SELECT ok('{2026-01-05T14:00:00Z late,2026-01-05T14:00:00Z late}'::attendance <> '{2026-01-05T14:00:00Z late}'::attendance, 'how often an event is there counts');
SELECT ok('UTC{2026-01-05T14:00:00Z late}'::attendance = '{2026-01-05T14:00:00Z late}'::attendance, 'without a zone it is UTC');

-- Every value of v twice (built in another way the second time), every third one three times.
CREATE TEMP TABLE twice AS
SELECT a FROM v UNION ALL SELECT a::text::attendance FROM v UNION ALL SELECT a + a - a FROM v WHERE h % 3 = 0;
ANALYZE twice;
CREATE TEMP TABLE truth AS
SELECT count(*) AS grouped, sum(n * n)::bigint AS joined FROM (SELECT count(*) AS n FROM twice GROUP BY a::text) g;
SELECT cmp_ok(grouped, '>', 5000::bigint, 'the joins have something to do') FROM truth;

SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_sort = off;
SELECT matches(pg_temp.plan_of('SELECT count(*) FROM twice x JOIN twice y USING (a)'), 'Hash Join', 'a hash join ran');
SELECT matches(pg_temp.plan_of('SELECT a FROM twice GROUP BY a'), 'HashAggregate', 'a hash aggregate ran');
SELECT is(count(*), (SELECT joined FROM truth), 'hash join: all pairs') FROM twice x JOIN twice y USING (a);
SELECT is(count(*), (SELECT grouped FROM truth), 'hash aggregate: all groups') FROM (SELECT a FROM twice GROUP BY a) g;
SET LOCAL enable_mergejoin = on; SET LOCAL enable_sort = on; SET LOCAL enable_hashjoin = off; SET LOCAL enable_hashagg = off;
SELECT matches(pg_temp.plan_of('SELECT count(*) FROM twice x JOIN twice y USING (a)'), 'Merge Join', 'a merge join ran');
SELECT doesnt_match(pg_temp.plan_of('SELECT a FROM twice GROUP BY a'), 'HashAggregate', 'a sorted aggregate ran');
SELECT is(count(*), (SELECT joined FROM truth), 'merge join: all pairs') FROM twice x JOIN twice y USING (a);
SELECT is(count(*), (SELECT grouped FROM truth), 'sorted aggregate: all groups') FROM (SELECT a FROM twice GROUP BY a) g;
SET LOCAL enable_hashjoin = on; SET LOCAL enable_hashagg = on; SET LOCAL enable_nestloop = on;
SELECT is(count(DISTINCT a), (SELECT grouped FROM truth), 'count(DISTINCT)') FROM twice;

CREATE TEMP TABLE kept (h bigint, a attendance);
CREATE INDEX kept_btree ON kept (a);
INSERT INTO kept SELECT h, a FROM v;
ANALYZE kept;
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SELECT matches(pg_temp.plan_of($$ SELECT h FROM kept WHERE a = (SELECT a FROM v WHERE h = 7) $$), 'kept_btree', 'the btree index is used');
SELECT pg_temp.holds('every value is found in the btree index', 'EXISTS (SELECT FROM kept k WHERE k.a = v.a AND k.h = v.h)', 'v WHERE h <= 1000', 1000);
DROP INDEX kept_btree;
CREATE INDEX kept_hash ON kept USING hash (a);
SELECT matches(pg_temp.plan_of($$ SELECT h FROM kept WHERE a = (SELECT a FROM v WHERE h = 7) $$), 'kept_hash', 'the hash index is used');
SELECT pg_temp.holds('every value is found in the hash index', 'EXISTS (SELECT FROM kept k WHERE k.a = v.a AND k.h = v.h)', 'v WHERE h <= 1000', 1000);
SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on;

------------------------------------------------------------------------------------------------------------------------------------
-- The functions among themselves
------------------------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.holds(law, law, 'v', 6000) FROM unnest(ARRAY[
  'misses_in(a, days, d) <= misses_in(a, days + 1, d)',
  'misses_in(a, days, d) <= misses_in(a, days * 3, d)',
  'strikes_in(a, days, d) <= strikes_in(a, days + 1, d)',
  'most_misses_in(a, days) <= most_misses_in(a, days + 1)',
  'most_misses_in(a, days * 2) <= 2 * most_misses_in(a, days)',
  'misses_in(a, days, d) <= strikes_in(a, days, d)',
  'misses_in(a, days, d) <= no_shows(a, d)',
  'misses_in(a, days, d) = no_shows(a, d) - no_shows(a, d - days)',
  'strikes_in(a, days, d) = strikes(a, d) - strikes(a, d - days)',
  'misses_in(a, 2147483647, d) = no_shows(a, d)',
  'strikes_in(a, 2147483647, d) = strikes(a, d)',
  'most_misses_in(a, 2147483647) = no_shows(a, date ''2300-01-01'')',
  'most_misses_in(a, days) >= misses_in(a, days, d)',
  'most_misses_in(a, days) = coalesce((SELECT max(misses_in(a, days, (e.at AT TIME ZONE zone)::date)) FROM events(a) e), 0)',
  'strikes(a, d) = no_shows(a, d) + late_cancels(a, d)',
  'strikes(a, d) >= no_shows(a, d)',
  'appointments(a, d) >= attended(a, d) + strikes(a, d) + unresolved(a, d)',
  'appointments(a, d) <= event_count(a)',
  'no_shows(a, d) <= no_shows(a, d + 1)',
  'miss_run(a, d) <= no_shows(a, d)',
  'longest_miss_run(a) >= miss_run(a, d)',
  'on_time_run(a, d) <= attended(a, d)',
  'cancel_run(a, d) = 0 OR cancel_run(a, d) <= appointments(a, d) - attended(a, d) - no_shows(a, d)',
  '(last_attended(a, d) IS NULL) = (attended(a, d) = 0)',
  'coalesce(last_attended(a, d) <= d, true)',
  'coalesce(last_attended(a, d) <= last_contact(a, d), last_attended(a, d) IS NULL)',
  'coalesce(next_appointment(a, d) >= d, true)',
  'event_count(a) = (SELECT count(*) FROM events(a))',
  'zone(a) = zone',
  '(span(a) IS NULL) = (event_count(a) = 0)',
  'coalesce(appointments(a, lower(span(a)) - 1) = 0 AND last_contact(a, lower(span(a)) - 1) IS NULL, span(a) IS NULL)',
  'coalesce(next_appointment(a, upper(span(a))) IS NULL, span(a) IS NULL)']) law;
SELECT pg_temp.holds('longest_miss_run is the longest miss_run there ever was', $$
  longest_miss_run(a) = coalesce((
    SELECT max(miss_run(up_to, date '2300-01-01'))
    FROM (SELECT attendance(at, status, zone) OVER (ORDER BY n) AS up_to FROM events(a) WITH ORDINALITY e (at, status, n)) p), 0) $$, 'v', 6000);
SELECT pg_temp.holds(f || ': of a sum, the sum', format('%1$s(a + b, d) = %1$s(a, d) + %1$s(b, d)', f), 'triple', 5900)
FROM unnest(ARRAY['appointments', 'attended', 'no_shows', 'late_cancels', 'strikes', 'unresolved']) f;
SELECT pg_temp.holds(f || ': of a sum, the greater', format('%1$s(a + b, d) IS NOT DISTINCT FROM greatest(%1$s(a, d), %1$s(b, d))', f), 'triple', 5900)
FROM unnest(ARRAY['last_attended', 'last_contact']) f;
SELECT pg_temp.holds('next_appointment: of a sum, the smaller', 'next_appointment(a + b, d) IS NOT DISTINCT FROM least(next_appointment(a, d), next_appointment(b, d))', 'triple', 5900);
SELECT pg_temp.holds('span: of a sum, both', 'span(a + b) = range_merge(span(a), span(b))', 'triple WHERE event_count(a) > 0 AND event_count(b) > 0', 5000);
SELECT pg_temp.holds('windows: of a sum, the sum', 'misses_in(a + b, days, d) = misses_in(a, days, d) + misses_in(b, days, d)
  AND strikes_in(a + b, days, d) = strikes_in(a, days, d) + strikes_in(b, days, d)
  AND most_misses_in(a + b, days) BETWEEN greatest(most_misses_in(a, days), most_misses_in(b, days)) AND most_misses_in(a, days) + most_misses_in(b, days)', 'triple', 5900);

------------------------------------------------------------------------------------------------------------------------------------
-- Aggregates: parallel, as window functions, with everything an aggregate can have
------------------------------------------------------------------------------------------------------------------------------------

CREATE TABLE public.laws_part AS SELECT h, h % 500 AS many, h % 5 AS fifth, p, a FROM part;
ANALYZE public.laws_part;
ALTER TABLE public.laws_event SET (parallel_workers = 2);
ALTER TABLE public.laws_part SET (parallel_workers = 2);

-- Each query as one text, so that the same query runs serial and parallel.
CREATE TEMP TABLE query (name text PRIMARY KEY, q text);
INSERT INTO query VALUES
  ('attendance in groups',       'SELECT h, attendance(at, status, zone) AS a FROM public.laws_event GROUP BY h'),
  ('attendance in large groups', 'SELECT fifth AS h, attendance(at, status, zone) AS a FROM public.laws_event GROUP BY fifth'),
  ('attendance of all, no zone', 'SELECT 0 AS h, attendance(at, status) AS a FROM public.laws_event'),
  ('attendance with a filter',   'SELECT fifth AS h, attendance(at, status, zone) FILTER (WHERE h < 3) AS a FROM public.laws_event GROUP BY fifth'),
  ('attendance_merge in groups', 'SELECT many AS h, attendance_merge(a) AS a FROM public.laws_part GROUP BY many'),
  ('attendance_merge of few',    'SELECT fifth AS h, attendance_merge(CASE WHEN p = 1 THEN a END) AS a FROM public.laws_part GROUP BY fifth'),
  ('attendance_merge of nothing', 'SELECT 0 AS h, attendance_merge(NULLIF(a, a)) AS a FROM public.laws_part');
CREATE FUNCTION pg_temp.fingerprint(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  EXECUTE format('SELECT count(*) || '' rows, '' || coalesce(sum(event_count(a)), 0) || '' events '' ||
    md5(string_agg(coalesce(md5(attendance_send(a)), ''null''), '','' ORDER BY h)) FROM (%s) s', q) INTO result;
  RETURN result;
END $$;

SET LOCAL max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial AS SELECT name, pg_temp.fingerprint(q) AS answer FROM query;
SELECT doesnt_match(pg_temp.plan_of(q), 'Partial', 'serial: ' || name) FROM query ORDER BY name;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0;
SELECT matches(pg_temp.plan_of(q), 'Partial (Hash|Group)?Aggregate', 'a partial aggregate ran: ' || name) FROM query ORDER BY name;
SELECT is(pg_temp.fingerprint(q), answer, 'parallel = serial: ' || name) FROM query JOIN serial USING (name) ORDER BY name;
-- Everything through the workers, where there are any: all states are sent and received.
SET LOCAL parallel_leader_participation = off;
SELECT is(pg_temp.fingerprint(q), answer, 'parallel without the leader = serial: ' || name) FROM query JOIN serial USING (name) ORDER BY name;
SELECT throws_ok('SELECT attendance(at, status, zone) FROM public.laws_event', '22023', NULL, 'two zones in one group, parallel: 22023');
SELECT throws_ok('SELECT attendance_merge(a) FROM public.laws_part', '22023', NULL, 'values of two zones merged, parallel: 22023');
SET LOCAL parallel_leader_participation = on;
SELECT cmp_ok(count(*), '=', 7::bigint, 'seven queries') FROM serial;
SET LOCAL max_parallel_workers_per_gather = 0;

-- As a window function: the value up to each row; no value may change when the next row comes.
CREATE TEMP TABLE ordered AS SELECT *, row_number() OVER (PARTITION BY h ORDER BY at, status) AS n FROM public.laws_event WHERE h <= 400;
SELECT pg_temp.holds('running values', 'w.a = (SELECT attendance(at, status, zone) FROM ordered o WHERE o.h = w.h AND o.n <= w.n)',
  '(SELECT h, n, attendance(at, status, zone) OVER (PARTITION BY h ORDER BY n) AS a FROM ordered) w', 5000);
SELECT pg_temp.holds('moving values', 'w.a = (SELECT attendance(at, status, zone) FROM ordered o WHERE o.h = w.h AND o.n BETWEEN w.n - 3 AND w.n + 1)',
  '(SELECT h, n, attendance(at, status, zone) OVER (PARTITION BY h ORDER BY n ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING) AS a FROM ordered) w', 5000);
SELECT pg_temp.holds('running sums', 'w.a = (SELECT attendance_merge(o.a) FROM part o WHERE o.h = w.h AND o.p <= w.p)',
  '(SELECT h, p, attendance_merge(a) OVER (PARTITION BY h ORDER BY p) AS a FROM part WHERE h <= 400) w', 1500);
SELECT pg_temp.holds('rollup', 'event_count(a) = n', '(SELECT h % 5, h, attendance(at, status, zone) AS a, count(*) AS n FROM ordered GROUP BY h % 5, ROLLUP (h)) r', 300);
SELECT pg_temp.holds('DISTINCT in the aggregate', 'event_count(a) = n AND n < m',
  '(SELECT attendance(DISTINCT at, status) AS a, count(DISTINCT (at, status)) AS n, count(*) AS m FROM public.laws_event) r', 1);

------------------------------------------------------------------------------------------------------------------------------------
-- Size. Values are measured as they come from the aggregate: a stored one may be compressed.
------------------------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.holds('at most eight bytes an event', 'size <= 8 * n + 24 + length(zone)',
  '(SELECT h, zone, count(*) AS n, pg_column_size(attendance(at, status, zone)) AS size FROM public.laws_event GROUP BY h, zone) s', 5500);
SELECT pg_temp.holds('at most eight bytes an event, anywhere between the years 1 and 294276', 'size <= 8 * n + 24',
  $$ (SELECT h, count(*) AS n, pg_column_size(attendance(at, 'no_show')) AS size
      FROM (SELECT h, to_timestamp(-62135596800 + pg_temp.r(h, i, 9, 2147483647) * 4320.0::float8) AS at
            FROM generate_series(1, 2000) h, LATERAL generate_series(1, 1 + h % 40) i) e GROUP BY h) s $$, 2000);
SELECT pg_temp.holds('at most eight bytes an event, both ends of time', 'pg_column_size(a) <= 8 * event_count(a) + 24',
  $$ (SELECT attendance(at, 'two_way') AS a FROM (VALUES (timestamptz '0001-01-01 00:00:00Z'), ('294276-12-31 23:59:59Z'), ('0001-01-01 00:00:00Z'), ('294276-12-31 23:59:59Z')) e (at)) s $$, 1);
SELECT pg_temp.holds('empty values', 'pg_column_size(zone || ''{}'') > 0 AND pg_column_size((zone || ''{}'')::attendance) <= 24 + length(zone)', 'v', 6000);
SELECT pg_temp.holds('four bytes an event in weekly visits', 'size <= 4 * n + 24 + length(zone) AND size >= n',
  $$ (SELECT zone, m, count(*) AS n, pg_column_size(attendance(at, (ARRAY['attended', 'no_show', 'late', 'late_cancel'])[1 + i % 4], zone)) AS size
      FROM (SELECT zone, m, i, (timestamp '2001-01-01 14:30' + i * interval '7 days') AT TIME ZONE zone AS at
            FROM unnest(ARRAY['UTC', 'America/New_York', 'Europe/London', 'Asia/Kathmandu', 'America/St_Johns']) zone,
                 unnest(ARRAY[1, 10, 52, 520, 5200]) m, LATERAL generate_series(1, m) i) e
      GROUP BY zone, m) s $$, 25);

------------------------------------------------------------------------------------------------------------------------------------
-- Making values: NULL, zones, fractions, limits
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE one AS SELECT
  'America/New_York{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show,2026-01-19T14:00:00Z client_cancel,2026-01-26T14:00:00Z scheduled}'::attendance AS a,
  'America/New_York{2026-01-12T14:00:00Z no_show}'::attendance AS b, '{2026-01-12T14:00:00Z no_show}'::attendance AS utc;

SELECT is(attendance(at, 'late')::text, NULL, 'no rows: NULL') FROM (VALUES (timestamptz '2026-01-12 14:00Z')) e (at) WHERE false;
SELECT is(attendance(at, 'late', 'UTC')::text, NULL, 'no rows, three arguments: NULL') FROM (VALUES (timestamptz '2026-01-12 14:00Z')) e (at) WHERE false;
SELECT is(attendance_merge(a)::text, NULL, 'merge of no rows: NULL') FROM one WHERE false;
SELECT is(attendance_merge(x)::text, NULL, 'merge of NULLs: NULL') FROM (VALUES (NULL::attendance), (NULL)) e (x);
SELECT is(attendance_merge(x)::text, 'America/New_York{2026-01-12T14:00:00Z no_show,2026-01-12T14:00:00Z no_show}', 'merge skips NULL')
FROM (SELECT NULL UNION ALL SELECT b FROM one UNION ALL SELECT NULL UNION ALL SELECT b FROM one) e (x);
SELECT is(attendance(at, status, zone)::text, 'America/New_York{2026-01-12T14:00:00Z no_show}', 'a row without instant or status is skipped, whatever its zone')
FROM (VALUES (NULL::timestamptz, 'late', 'America/New_York'), ('2026-01-12 14:00Z', 'no_show', 'America/New_York'), ('2026-01-12 14:00Z', NULL, 'America/New_York'),
             (NULL, NULL, NULL), (NULL, 'late', 'UTC')) e (at, status, zone);
SELECT is(attendance(at, status)::text, NULL, 'only skipped rows: NULL') FROM (VALUES (NULL::timestamptz, 'late'), ('2026-01-12 14:00Z', NULL)) e (at, status);
SELECT is(attendance(at, 'late', zone)::text, '{2026-01-12T14:00:00Z late,2026-01-12T14:00:00Z late}', 'a NULL zone is UTC')
FROM (VALUES (timestamptz '2026-01-12 14:00Z', NULL), ('2026-01-12 14:00Z', 'UTC')) e (at, zone);
SELECT is(attendance('2026-01-12 14:00Z', 'late')::text, '{2026-01-12T14:00:00Z late}', 'without a zone it is UTC');
SELECT is(zone(attendance('2026-01-12 14:00Z', 'late')), 'UTC', 'zone() says UTC');
SELECT is(attendance(at, 'late')::text,
  '{0001-01-01T00:00:00Z late,1969-12-31T23:59:59Z late,1999-12-31T23:59:59Z late,2026-01-12T14:00:00Z late,294276-12-31T23:59:59Z late}', 'fractions are dropped')
FROM (VALUES (timestamptz '1999-12-31 23:59:59.000001Z'), ('1969-12-31 23:59:59.999999Z'), ('2026-01-12 14:00:00.999999Z'), ('294276-12-31 23:59:59.999999Z'),
             ('0001-01-01 00:00:00.000001Z')) e (at);
SELECT is(attendance('0001-01-01 00:00Z', 'late', 'America/New_York')::text, 'America/New_York{0001-01-01T00:00:00Z late}', 'the first second');
SELECT is(span(attendance('0001-01-01 00:00Z', 'late', 'America/New_York')), daterange('0001-12-31 BC', '0001-12-31 BC', '[]'),
  'the first second is still the year before in New York');
SELECT is(span(attendance('0001-01-01 00:00Z', 'late')), daterange('0001-01-01', '0001-01-01', '[]'), 'span of the first second');
SELECT is(span(attendance('294276-12-31 23:59:59Z', 'late')), daterange('294276-12-31', '294276-12-31', '[]'), 'span of the last second');
SELECT is(span(attendance('294276-12-31 23:59:59Z', 'late', 'Pacific/Kiritimati')), daterange('294277-01-01', '294277-01-01', '[]'),
  'the last second is the next year in Kiritimati');
SELECT is(misses_in(a, 1, '294276-12-31'), 1, 'a miss on the last day') FROM (SELECT attendance('294276-12-31 23:59:59Z', 'no_show') AS a) e;
SELECT is(misses_in(a, 1, '0001-01-01'), 1, 'a miss on the first day') FROM (SELECT attendance('0001-01-01 00:00Z', 'no_show') AS a) e;
SELECT is(most_misses_in(a, 107485000), 2, 'a window over all of time')
FROM (SELECT attendance(at, 'no_show') AS a FROM (VALUES (timestamptz '0001-01-01 00:00Z'), ('294276-12-31 23:59:59Z')) e (at)) e;
SELECT is(most_misses_in(a, 1000000), 1, 'a window over a part of time')
FROM (SELECT attendance(at, 'no_show') AS a FROM (VALUES (timestamptz '0001-01-01 00:00Z'), ('294276-12-31 23:59:59Z')) e (at)) e;

SELECT throws_ok(q, state, NULL, state || ': ' || what) FROM (VALUES
  ($$ SELECT attendance('2026-01-12 14:00Z', 'cancelled') $$, '22023', 'unknown status'),
  ($$ SELECT attendance('2026-01-12 14:00Z', '') $$, '22023', 'empty status'),
  ($$ SELECT attendance('2026-01-12 14:00Z', 'cancelled', 'UTC') $$, '22023', 'unknown status, three arguments'),
  ($$ SELECT attendance('2026-01-12 14:00Z', 'late', 'Mars/Phobos') $$, '22023', 'unknown zone'),
  ($$ SELECT attendance('2026-01-12 14:00Z', 'late', '') $$, '22023', 'empty zone'),
  ($$ SELECT attendance('2026-01-12 14:00Z', 'late', repeat('x', 1000)) $$, '22023', 'a zone of 1000 letters'),
  ($$ SELECT attendance('2026-01-12 14:00Z', 'late', '../UTC') $$, '22023', 'a path is no zone'),
  ($$ SELECT attendance('2026-01-12 14:00Z', 'late', 'FOO5') $$, '22023', 'a POSIX zone is no IANA name'),
  ($$ SELECT attendance('infinity', 'late') $$, '22008', 'infinite instant'),
  ($$ SELECT attendance('-infinity', 'late') $$, '22008', 'infinite instant, the other end'),
  ($$ SELECT attendance('infinity', 'late', 'UTC') $$, '22008', 'infinite instant, three arguments'),
  ($$ SELECT attendance('0001-12-31 23:59:59Z BC', 'late') $$, '22008', 'the last second BC'),
  ($$ SELECT attendance('0001-12-31 23:59:59.999999Z BC', 'late') $$, '22008', 'a fraction before the first second'),
  ($$ SELECT attendance('4713-01-01 00:00Z BC', 'late') $$, '22008', 'long before Christ'),
  ($$ SELECT attendance(at, 'late', zone) FROM (VALUES (timestamptz '2026-01-12 14:00Z', 'UTC'), ('2026-01-12 14:00Z', 'America/New_York')) e (at, zone) $$, '22023', 'two zones in one group'),
  ($$ SELECT attendance(at, 'late', zone) FROM (VALUES (timestamptz '2026-01-12 14:00Z', NULL), ('2026-01-12 14:00Z', 'America/New_York')) e (at, zone) $$, '22023', 'no zone and a zone in one group'),
  ($$ SELECT attendance_merge(x) FROM (SELECT b FROM one UNION ALL SELECT utc FROM one) e (x) $$, '22023', 'values of two zones merged'),
  ($$ SELECT b + utc FROM one $$, '22023', 'sum of two zones'),
  ($$ SELECT b - utc FROM one $$, '22023', 'difference of two zones'),
  ($$ SELECT b + '{}' FROM one $$, '22023', 'sum with the empty value of another zone'),
  ($$ SELECT b - '{}' FROM one $$, '22023', 'difference with the empty value of another zone'),
  ($$ SELECT b - a FROM one $$, '22023', 'an event that is not there'),
  ($$ SELECT a - b - b FROM one $$, '22023', 'an event that is there once only'),
  ($$ SELECT a - 'America/New_York{2026-01-12T14:00:01Z no_show}' FROM one $$, '22023', 'an event one second later'),
  ($$ SELECT a - 'America/New_York{2026-01-12T14:00:00Z late_cancel}' FROM one $$, '22023', 'an event of another kind'),
  ($$ SELECT a - 'America/New_York{2036-01-12T14:00:00Z late_cancel}' FROM one $$, '22023', 'an event after the last'),
  ($$ SELECT a - 'America/New_York{2016-01-12T14:00:00Z late_cancel}' FROM one $$, '22023', 'an event before the first'),
  ($$ SELECT 'America/New_York{}'::attendance - b FROM one $$, '22023', 'an event of the empty value')) t (q, state, what);
SELECT is((a - b)::text, 'America/New_York{2026-01-05T14:00:00Z attended,2026-01-19T14:00:00Z client_cancel,2026-01-26T14:00:00Z scheduled}', 'one event taken out') FROM one;
SELECT is((a + b)::text, 'America/New_York{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show,2026-01-12T14:00:00Z no_show,2026-01-19T14:00:00Z client_cancel,2026-01-26T14:00:00Z scheduled}',
  'one event twice') FROM one;
SELECT is((a + NULL)::text, NULL, 'a + NULL') FROM one;
SELECT is((NULL - a)::text, NULL, 'NULL - a') FROM one;
SELECT is(a = NULL, NULL, 'a = NULL') FROM one;
SELECT is(a < NULL, NULL, 'a < NULL') FROM one;

------------------------------------------------------------------------------------------------------------------------------------
-- Reading values: NULL in each place, defaults, dates and windows that cannot be
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE fn (name text PRIMARY KEY, has_days bool, has_date bool);
INSERT INTO fn VALUES
  ('event_count', false, false), ('zone', false, false), ('span', false, false), ('longest_miss_run', false, false),
  ('appointments', false, true), ('attended', false, true), ('no_shows', false, true), ('late_cancels', false, true), ('strikes', false, true),
  ('unresolved', false, true), ('miss_run', false, true), ('cancel_run', false, true), ('on_time_run', false, true),
  ('last_attended', false, true), ('last_contact', false, true), ('next_appointment', false, true),
  ('misses_in', true, true), ('strikes_in', true, true), ('most_misses_in', true, false);

CREATE FUNCTION pg_temp.call(name text, arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  EXECUTE format('SELECT %I(%s)::text FROM one', name, arguments) INTO result;
  RETURN result;
END $$;
CREATE FUNCTION pg_temp.arguments(fn, a text, days text, as_of text) RETURNS text LANGUAGE sql AS
$$ SELECT concat_ws(', ', a, CASE WHEN $1.has_days THEN days END, CASE WHEN $1.has_date THEN as_of END) $$;

SELECT isnt(pg_temp.call(name, pg_temp.arguments(fn, 'a', '7', $$'2026-01-20'::date$$)), NULL, name || ': not NULL') FROM fn ORDER BY name;
SELECT is(pg_temp.call(name, pg_temp.arguments(fn, 'NULL::attendance', '7', $$'2026-01-20'::date$$)), NULL, name || ': NULL value') FROM fn ORDER BY name;
SELECT is(pg_temp.call(name, pg_temp.arguments(fn, 'a', 'NULL::int', $$'2026-01-20'::date$$)), NULL, name || ': NULL days') FROM fn WHERE has_days ORDER BY name;
SELECT is(pg_temp.call(name, pg_temp.arguments(fn, 'a', '7', 'NULL::date')), NULL, name || ': NULL date') FROM fn WHERE has_date ORDER BY name;
SELECT is(count(*), 0::bigint, 'events: NULL value') FROM events(NULL::attendance);
SELECT is(count(*), 0::bigint, 'events: empty value') FROM events('{}'::attendance);
SELECT is(pg_temp.call(name, pg_temp.arguments(fn, $$'{}'::attendance$$, '7', $$'2026-01-20'::date$$)),
  CASE WHEN name IN ('span', 'last_attended', 'last_contact', 'next_appointment') THEN NULL WHEN name = 'zone' THEN 'UTC' ELSE '0' END, name || ': empty value')
FROM fn ORDER BY name;
SELECT throws_ok(format('SELECT %I(%s) FROM one', name, pg_temp.arguments(fn, 'a', '7', quote_literal(d) || '::date')), '22008', NULL, name || ': ' || d)
FROM fn, unnest(ARRAY['infinity', '-infinity']) d WHERE has_date ORDER BY name, d;
SELECT throws_ok(format('SELECT %I(%s) FROM one', name, pg_temp.arguments(fn, $$'{}'::attendance$$, '7', $$'infinity'::date$$)), '22008', NULL,
  name || ': infinity, empty value') FROM fn WHERE has_date ORDER BY name;
SELECT throws_ok(format('SELECT %I(%s) FROM one', name, pg_temp.arguments(fn, 'a', n, $$'2026-01-20'::date$$)), '22023', NULL, name || ': ' || n || ' days')
FROM fn, unnest(ARRAY['0', '-1', '(-2147483648)']) n WHERE has_days ORDER BY name, n;
SELECT throws_ok(format('SELECT %I(%s) FROM one', name, pg_temp.arguments(fn, $$'{}'::attendance$$, '0', $$'2026-01-20'::date$$)), '22023', NULL,
  name || ': 0 days, empty value') FROM fn WHERE has_days ORDER BY name;
-- The ends of the type date are dates like any other.
SELECT is(pg_temp.call(name, pg_temp.arguments(fn, 'a', '2147483647', $$'4714-11-24 BC'::date$$)),
  CASE name WHEN 'last_attended' THEN NULL WHEN 'last_contact' THEN NULL WHEN 'next_appointment' THEN '2026-01-05' ELSE '0' END, name || ': the first date')
FROM fn WHERE has_date ORDER BY name;
SELECT is(pg_temp.call(name, pg_temp.arguments(fn, 'a', '2147483647', $$'5874897-12-31'::date$$)),
  CASE name WHEN 'appointments' THEN '4' WHEN 'late_cancels' THEN '0' WHEN 'last_attended' THEN '2026-01-05' WHEN 'last_contact' THEN '2026-01-05'
            WHEN 'next_appointment' THEN NULL WHEN 'cancel_run' THEN '1' WHEN 'on_time_run' THEN '0' ELSE '1' END, name || ': the last date')
FROM fn WHERE has_date ORDER BY name;

-- One history by hand, day by day.
CREATE TEMP TABLE hand AS SELECT
  'America/New_York{2026-01-05T14:00:00Z attended,2026-01-12T14:00:00Z no_show,2026-01-13T04:59:59Z late_cancel,2026-01-13T05:00:00Z no_show,2026-01-15T15:00:00Z two_way,2026-01-19T14:00:00Z client_cancel,2026-01-26T14:00:00Z scheduled,2026-02-02T14:00:00Z late}'::attendance AS a;
SELECT results_eq($$ SELECT d::date, appointments(a, d::date), attended(a, d::date), strikes(a, d::date), unresolved(a, d::date), misses_in(a, 1, d::date), strikes_in(a, 2, d::date),
                            miss_run(a, d::date), cancel_run(a, d::date), on_time_run(a, d::date), last_attended(a, d::date), last_contact(a, d::date), next_appointment(a, d::date)
                     FROM hand, unnest(ARRAY['2026-01-04', '2026-01-05', '2026-01-12', '2026-01-13', '2026-01-14', '2026-01-19', '2026-01-26', '2026-01-27', '2026-02-02']) d $$,
  $$ VALUES (date '2026-01-04', 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL::date, NULL::date, date '2026-01-05'),
            ('2026-01-05', 1, 1, 0, 0, 0, 0, 0, 0, 1, '2026-01-05', '2026-01-05', '2026-01-12'),
            ('2026-01-12', 3, 1, 2, 0, 1, 2, 1, 1, 0, '2026-01-05', '2026-01-05', '2026-01-13'),
            ('2026-01-13', 4, 1, 3, 0, 1, 3, 2, 0, 0, '2026-01-05', '2026-01-05', '2026-01-26'),
            ('2026-01-14', 4, 1, 3, 0, 0, 1, 2, 0, 0, '2026-01-05', '2026-01-05', '2026-01-26'),
            ('2026-01-19', 5, 1, 3, 0, 0, 0, 2, 1, 0, '2026-01-05', '2026-01-15', '2026-01-26'),
            ('2026-01-26', 6, 1, 3, 0, 0, 0, 2, 1, 0, '2026-01-05', '2026-01-15', '2026-01-26'),
            ('2026-01-27', 6, 1, 3, 1, 0, 0, 2, 1, 0, '2026-01-05', '2026-01-15', '2026-02-02'),
            ('2026-02-02', 7, 2, 3, 1, 0, 0, 0, 0, 0, '2026-02-02', '2026-02-02', NULL) $$, 'one history by hand');
SELECT is(longest_miss_run(a), 2, 'by hand: longest run') FROM hand;
SELECT is(ARRAY[most_misses_in(a, 1), most_misses_in(a, 2)], ARRAY[1, 2], 'by hand: fullest windows') FROM hand;
SELECT is(span(a), daterange('2026-01-05', '2026-02-03'), 'by hand: span') FROM hand;

-- as_of defaults to current_date: an event of some kind on each day from 2000 to 2200, so that yesterday and tomorrow say something else.
CREATE TEMP TABLE daily AS
SELECT attendance(at, (ARRAY['attended', 'no_show', 'late_cancel', 'scheduled', 'two_way'])[1 + i % 5]) AS a
FROM generate_series(timestamptz '2000-01-01 12:00Z', '2200-01-01 12:00Z', '24 hours') WITH ORDINALITY g (at, i);
SELECT pg_temp.holds(name || ': the default is the current date',
  format('%1$I(%2$s) = %1$I(%2$s, current_date) AND %1$I(%2$s, current_date) IS NOT NULL', name, CASE WHEN has_days THEN 'a, 5' ELSE 'a' END), 'daily', 1)
FROM fn WHERE has_date ORDER BY name;

------------------------------------------------------------------------------------------------------------------------------------
-- A million events in one value. The timeout is a wide margin over "fast": what grows with the square of the events runs into it.
------------------------------------------------------------------------------------------------------------------------------------

SET LOCAL statement_timeout = '30s';
CREATE TEMP TABLE big AS
SELECT attendance(at, status, 'America/New_York') AS a, attendance(at, status, 'America/New_York') FILTER (WHERE i % 7 = 3) AS part,
       count(*) FILTER (WHERE status = 'no_show')::int AS misses, max(day) FILTER (WHERE status = 'attended') AS last_day,
       count(*) FILTER (WHERE status = 'no_show' AND day BETWEEN date '2010-01-01' - 29 AND '2010-01-01')::int AS in_window
FROM (SELECT i, at, (at AT TIME ZONE 'America/New_York')::date AS day,
             (ARRAY['attended', 'no_show', 'late_cancel', 'scheduled', 'no_show', 'two_way', 'late', 'no_show'])[1 + pg_temp.r(i, 0, 11, 8)] AS status
      FROM generate_series(1, 1000000) i, LATERAL (SELECT timestamptz '2000-01-01 00:00Z' + i * interval '11 minutes' AS at) t
      ORDER BY hashint8extended(i, 12)) e;
SELECT is(event_count(a), 1000000, 'a million events') FROM big;
SELECT is(no_shows(a, '2100-01-01'), misses, 'a million events: no_shows') FROM big;
SELECT is(misses_in(a, 30, '2010-01-01'), in_window, 'a million events: misses_in') FROM big;
SELECT is(last_attended(a, '2100-01-01'), last_day, 'a million events: last_attended') FROM big;
SELECT is((SELECT count(*) FROM events(a)), 1000000::bigint, 'a million events: events') FROM big;
SELECT cmp_ok(longest_miss_run(a), '>', 3, 'a million events: longest_miss_run') FROM big;
SELECT cmp_ok(most_misses_in(a, 30), '>=', misses_in(a, 30, '2010-01-01'), 'a million events: most_misses_in') FROM big;
SELECT ok(a - part + part = a, 'a million events: a - b + b = a') FROM big;
SELECT is(event_count(a - part), 1000000 - event_count(part), 'a million events: a - b') FROM big;
SELECT ok(a::text::attendance = a, 'a million events: text') FROM big;
SELECT is(event_count(attendance(at, status)), 1000000, 'a million events from last to first')
FROM (SELECT timestamptz '2020-01-01 00:00Z' - i * interval '1 hour' AS at, 'late' AS status FROM generate_series(1, 1000000) i) e;
SELECT is(event_count(attendance(at, 'late')), 1000000, 'a million times the same event') FROM (SELECT timestamptz '2020-01-01 00:00Z' AS at FROM generate_series(1, 1000000)) e;
CREATE TEMP TABLE grain AS
SELECT attendance(at, 'no_show') AS a FROM (SELECT i, timestamptz '2020-01-01 00:00Z' + pg_temp.r(i, 0, 13, 100000000) * interval '1 second' AS at FROM generate_series(1, 50000) i) e GROUP BY i;
SELECT is(event_count(attendance_merge(a)), 50000, 'merge of 50,000 values of one event') FROM grain;

-- The largest number of events, by doubling; one more is an error.
CREATE FUNCTION pg_temp.doubled(times int) RETURNS attendance LANGUAGE plpgsql AS $$
DECLARE a attendance := '{2026-01-05T14:00:00Z late}';
BEGIN
  FOR i IN 1 .. times LOOP a := a + a; END LOOP;
  RETURN a;
END $$;
CREATE TEMP TABLE full_value AS SELECT pg_temp.doubled(24) AS a;
SELECT is(event_count(a), 16777216, 'the largest number of events') FROM full_value;
SELECT throws_ok($$ SELECT a + '{2026-01-05T14:00:00Z late}' FROM full_value $$, '54000', NULL, 'one event more: 54000');
SET LOCAL statement_timeout = 0;

-- Stored out of line, compressed and not, and read again.
CREATE TEMP TABLE kept_big (id int, plain attendance, squeezed attendance);
ALTER TABLE kept_big ALTER plain SET STORAGE EXTERNAL, ALTER squeezed SET STORAGE EXTENDED;
INSERT INTO kept_big SELECT h, a, a FROM (SELECT h % 50 AS h, attendance(at, status) AS a FROM public.laws_event GROUP BY 1) s;
SELECT pg_temp.holds('large values are the same when read again', 'plain = squeezed AND plain = a AND attendance_send(squeezed) = attendance_send(a)
  AND strikes(squeezed, ''2020-01-01'') = strikes(a, ''2020-01-01'') AND squeezed - plain = ''{}''',
  'kept_big JOIN (SELECT h % 50 AS id, attendance(at, status) AS a FROM public.laws_event GROUP BY 1) s USING (id)', 50);

SELECT * FROM finish();
ROLLBACK;
