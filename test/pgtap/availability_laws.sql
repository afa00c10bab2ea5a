-- The type `availability`: docs/availability.md, line by line, and what must hold for every week.

\ir begin.psql
SET LOCAL client_encoding = 'UTF8';
SET LOCAL jit = off;
-- Neither may matter to any result.
SET LOCAL timezone = 'Pacific/Auckland';
SET LOCAL datestyle = 'ISO, DMY';

SELECT plan(367);

CREATE FUNCTION pg_temp.r(h bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor((hashint8extended(h, salt) & 4294967295)::float8 / 4294967296 * n)::int $$;

\ir laws.psql

------------------------------------------------------------------------------------------------------------------------------------
-- What is written and what is printed
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE good (written text, printed text);
INSERT INTO good VALUES
  ('Mon 08:00-12:00, Wed 13:00-15:30', 'Mon 08:00-12:00, Wed 13:00-15:30'),
  -- days
  ('monday 08:00-12:00', 'Mon 08:00-12:00'), ('MONDAYS 08:00-12:00', 'Mon 08:00-12:00'), ('tue 08:00-12:00', 'Tue 08:00-12:00'),
  ('Tues 08:00-12:00', 'Tue 08:00-12:00'), ('Weds 8-12', 'Wed 08:00-12:00'), ('Thur 8-12', 'Thu 08:00-12:00'), ('thurs 8-12', 'Thu 08:00-12:00'),
  ('Friday 8-12', 'Fri 08:00-12:00'), ('Sat 8-12', 'Sat 08:00-12:00'), ('sundays 8-12', 'Sun 08:00-12:00'), ('Mon: 8-12', 'Mon 08:00-12:00'),
  ('Mon,Wed 8-9', 'Mon 08:00-09:00, Wed 08:00-09:00'), ('Wed, Mon 8-9', 'Mon 08:00-09:00, Wed 08:00-09:00'),
  ('Mon/Wed 8-9', 'Mon 08:00-09:00, Wed 08:00-09:00'), ('Mon & Wed 8-9', 'Mon 08:00-09:00, Wed 08:00-09:00'),
  ('Mon and Wed 8-9', 'Mon 08:00-09:00, Wed 08:00-09:00'), ('Mon-Wed 8-9', 'Mon 08:00-09:00, Tue 08:00-09:00, Wed 08:00-09:00'),
  ('Mon – Tue 8-9', 'Mon 08:00-09:00, Tue 08:00-09:00'), ('Mon through Tue 8-9', 'Mon 08:00-09:00, Tue 08:00-09:00'),
  ('Mon to Tue 8-9', 'Mon 08:00-09:00, Tue 08:00-09:00'), ('Mon-Tue, Fri 8-9', 'Mon 08:00-09:00, Tue 08:00-09:00, Fri 08:00-09:00'),
  ('Sat-Mon 8-9', 'Mon 08:00-09:00, Sat 08:00-09:00, Sun 08:00-09:00'), ('Mon-Mon 8-9', 'Mon 08:00-09:00'),
  ('weekend 8-9', 'Sat 08:00-09:00, Sun 08:00-09:00'), ('Weekends 8-9', 'Sat 08:00-09:00, Sun 08:00-09:00'),
  ('weekdays 8-9', 'Mon 08:00-09:00, Tue 08:00-09:00, Wed 08:00-09:00, Thu 08:00-09:00, Fri 08:00-09:00'), ('daily 00:00-24:00', 'always'),
  -- times
  ('Mon 8-12', 'Mon 08:00-12:00'), ('Mon 8:00-12:00', 'Mon 08:00-12:00'), ('Mon 0800-1200', 'Mon 08:00-12:00'), ('Mon 8:07-8:08', 'Mon 08:07-08:08'),
  ('Mon 08:00:00-12:00:00', 'Mon 08:00-12:00'), ('Mon 8am-12pm', 'Mon 08:00-12:00'), ('Mon 8 AM - 5 PM', 'Mon 08:00-17:00'),
  ('Mon 8a.m.-5p.m.', 'Mon 08:00-17:00'), ('Mon 8a-5p', 'Mon 08:00-17:00'), ('Mon 8:30am to 12:15pm', 'Mon 08:30-12:15'),
  ('Mon 12am-12pm', 'Mon 00:00-12:00'), ('Mon 12pm-11:59pm', 'Mon 12:00-23:59'), ('Mon noon-5pm', 'Mon 12:00-17:00'), ('Mon 9-noon', 'Mon 09:00-12:00'),
  ('Mon midnight-noon', 'Mon 00:00-12:00'), ('Mon noon-midnight', 'Mon 12:00-24:00'), ('Mon 8pm-midnight', 'Mon 20:00-24:00'),
  ('Mon 0-24', 'Mon 00:00-24:00'), ('Mon 00:00-24:00', 'Mon 00:00-24:00'), ('Mon 8 until 12', 'Mon 08:00-12:00'), ('Mon 8—12', 'Mon 08:00-12:00'),
  ('Mon 8-12, 13-15', 'Mon 08:00-12:00, Mon 13:00-15:00'), ('Mon,Tue 8-9, 10-11', 'Mon 08:00-09:00, Mon 10:00-11:00, Tue 08:00-09:00, Tue 10:00-11:00'),
  ('Mon 8-12 and 13-15', 'Mon 08:00-12:00, Mon 13:00-15:00'), ('Mon 8-9, noon-13', 'Mon 08:00-09:00, Mon 12:00-13:00'),
  -- several entries
  ('Mon 8-9; Tue 8-9', 'Mon 08:00-09:00, Tue 08:00-09:00'), ('Mon 8-9 Tue 8-9', 'Mon 08:00-09:00, Tue 08:00-09:00'),
  (E'Mon 8-9\nTue 8-9\n', 'Mon 08:00-09:00, Tue 08:00-09:00'), ('Mon 8-9 and Tue 8-9', 'Mon 08:00-09:00, Tue 08:00-09:00'),
  ('  Mon   8 - 9 ,Tue 8-9  ', 'Mon 08:00-09:00, Tue 08:00-09:00'), ('Wed 8-9, Mon 8-9', 'Mon 08:00-09:00, Wed 08:00-09:00'),
  -- merged
  ('Mon 8-10, Mon 9-11', 'Mon 08:00-11:00'), ('Mon 8-10, Mon 10-11', 'Mon 08:00-11:00'), ('Mon 8-12, Mon 9-10', 'Mon 08:00-12:00'),
  ('Mon 8-9, Mon 8-9', 'Mon 08:00-09:00'), ('Mon 0-24, Tue 0-24', 'Mon 00:00-24:00, Tue 00:00-24:00'),
  -- midnight and the week's end
  ('Mon 22:00-02:00', 'Mon 22:00-24:00, Tue 00:00-02:00'), ('Mon 10pm-2am', 'Mon 22:00-24:00, Tue 00:00-02:00'), ('Mon 2200-0200', 'Mon 22:00-24:00, Tue 00:00-02:00'),
  ('Mon 22:00-00:00', 'Mon 22:00-24:00'), ('Mon 10pm-12am', 'Mon 22:00-24:00'), ('Mon 22:00-24:00, Tue 0-2', 'Mon 22:00-24:00, Tue 00:00-02:00'),
  ('Sun 22:00-02:00', 'Mon 00:00-02:00, Sun 22:00-24:00'), ('Sat-Sun 22:00-02:00', 'Mon 00:00-02:00, Sat 22:00-24:00, Sun 00:00-02:00, Sun 22:00-24:00'),
  ('daily 12:00-11:59', 'Mon 00:00-11:59, Mon 12:00-24:00, Tue 00:00-11:59, Tue 12:00-24:00, Wed 00:00-11:59, Wed 12:00-24:00, Thu 00:00-11:59, Thu 12:00-24:00, Fri 00:00-11:59, Fri 12:00-24:00, Sat 00:00-11:59, Sat 12:00-24:00, Sun 00:00-11:59, Sun 12:00-24:00'),
  -- all and nothing
  ('', 'never'), ('  ', 'never'), ('never', 'never'), ('Empty', 'never'), ('ALWAYS', 'always'), (' always ', 'always'), ('Mon-Sun 0-24', 'always'),
  ('Mon-Sun noon-midnight, Mon-Sun midnight-noon', 'always');

SELECT cmp_ok(count(*), '>=', 70::bigint, 'enough good spellings') FROM good;
SELECT is(written::availability::text, printed, format('%L', written)) FROM good;
SELECT pg_temp.holds('what is printed is read again as the same value',
  'printed::availability = written::availability AND printed::availability::text = printed', 'good', 70);
SELECT pg_temp.holds('spellings of one value have one hash', $$ availability_hash(printed::availability) = availability_hash(written::availability)
  AND availability_hash_extended(printed::availability, 7) = availability_hash_extended(written::availability, 7) $$, 'good', 70);

CREATE TEMP TABLE bad (written text);
INSERT INTO bad SELECT unnest(ARRAY[
  'Mon', 'Mon,', 'Mon-Fri', '8-12', 'Monn 8-12', 'M 8-12', 'MWF 8-12', 'Mo 8-12', 'Tu 8-12', 'Mondayy 8-12', 'Montag 8-12', 'day 8-12',
  'Mon Tue 8-12', 'Mon- 8-12', 'Mon-8-12', 'Mon-weekend 8-12', 'daily-Fri 8-12', 'Mon,, Tue 8-12', ', Mon 8-12', 'Mon;Tue 8-12', '; Mon 8-12',
  'Mon 8', 'Mon 8-', 'Mon -12', 'Mon 8 12', 'Mon 8--12', 'Mon 8-12-13', 'Mon 8-12,', 'Mon 8-12;', 'Mon 8-12 and', 'Mon 8-12,,Tue 8-12', 'Mon 8-12; 13-15',
  'Mon 8-12 13-15', 'Mon 8-12 x', 'Mon 8-12.', 'Mon (8-12)', '"Mon 8-12"', '{Mon 8-12}', '[Mon 8-12]', 'Mon 8h-12h', 'Mon 8.30-12', 'Mon 8,30-12',
  'Mon 25-26', 'Mon 8-25', 'Mon 8-24:01', 'Mon 08:60-09:00', 'Mon 8:5-9', 'Mon 8:-9', 'Mon 8:000-9', 'Mon 08:00:01-09:00', 'Mon 08:00:0-09:00', 'Mon 0860-0900',
  'Mon 2401-2402', 'Mon 800-900', 'Mon 08000-09000', 'Mon 100000000000000000000-9', 'Mon 4294967304-12', 'Mon -8-12', 'Mon +8-12', 'Mon 8e0-12',
  'Mon 0am-1am', 'Mon 13pm-2pm', 'Mon 1-3pm', 'Mon 1pm-3', 'Mon 8am-12', 'Mon 8amm-9am', 'Mon 8 a m-9am', 'Mon 8xm-9xm', 'Mon noon-noon', 'Mon 12-noon', 'Mon midnight-0',
  'Mon 9-5', 'Mon 9-05:00', 'Mon 09:00-5', 'Mon 9:00-5:00', 'Mon 22-2', 'Mon 22-00', 'Mon noon-3', 'Mon 22:00-2:00',
  'Mon 8-8', 'Mon 08:00-08:00', 'Mon 00:00-00:00', 'Mon 24:00-24:00', 'Mon 24:00-02:00', 'Mon 24-2', 'Mon 9am-9am', 'Mon 12am-12am',
  'always Mon', 'always always', 'never, Mon 8-12', 'always,', 'Mon always', 'Mon never', 'Mon 8-12, never', 'alwayss', 'null', 'none', 'all', 'Mon 8-12 UTC',
  'Моn 8-12', 'Mon ٨-١٢', 'Mon 8−12', E'Mon 8-12\x01', 'Mon 8-12' || chr(160)]);
SELECT cmp_ok(count(*), '>=', 90::bigint, 'enough bad spellings') FROM bad;
SELECT throws_ok(format('SELECT %L::availability', written), '22P02', NULL, format('%L: 22P02', written)) FROM bad;

-- Every error has a detail and shows good values in its hint.
CREATE FUNCTION pg_temp.said(written text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM written::availability;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
END $$;
SELECT pg_temp.holds('every error has a detail, and a hint with good values', $$ (SELECT detail ~ '^[A-Z].*\.$' AND
  (SELECT count(*) = 4 AND bool_and(g[1]::availability IS NOT NULL) FROM regexp_matches(hint, '"([^"]*)"', 'g') g) FROM pg_temp.said(written)) $$, 'bad', 90);

------------------------------------------------------------------------------------------------------------------------------------
-- Random weeks, as minutes and as text. Nothing in `week.m` and `week.written` comes from the type.
------------------------------------------------------------------------------------------------------------------------------------

-- Coarse ones (multiples of three hours, so that intervals touch, overlap and are equal by chance), fine ones, and some that have a whole week, nothing, or
-- time on both sides of Sunday midnight.
CREATE TEMP TABLE span AS
SELECT h, i, b, least(b + len, 10080) AS e
FROM generate_series(1, 3000) h, LATERAL generate_series(1, CASE h % 8 WHEN 0 THEN 0 WHEN 1 THEN 30 ELSE 1 + pg_temp.r(h, 1, 10) END) i,
     LATERAL (SELECT CASE WHEN h % 3 = 0 THEN 180 * pg_temp.r(h * 100 + i, 2, 56) WHEN h % 8 = 2 AND i = 1 THEN 9900 WHEN h % 8 = 2 AND i = 2 THEN 0
                          ELSE pg_temp.r(h * 100 + i, 2, 10080) END AS b,
                     CASE WHEN h % 3 = 0 THEN 180 * (1 + pg_temp.r(h * 100 + i, 3, 6)) WHEN h % 101 = 0 THEN 10080 ELSE 1 + pg_temp.r(h * 100 + i, 3, 600) END AS len) x;

CREATE INDEX ON span (h);
ANALYZE span;
CREATE TEMP TABLE week AS
SELECT h, coalesce(range_agg(int4range(b, e)) FILTER (WHERE b IS NOT NULL), '{}') AS m
FROM generate_series(1, 3000) h LEFT JOIN span USING (h) GROUP BY h;
ALTER TABLE week ADD written text;
-- The pieces of the spans day by day, in no order.
UPDATE week SET written = coalesce((
  SELECT string_agg(format('%s %s:%s-%s:%s', (ARRAY['Mon', 'tuesday', 'WED', 'Thurs', 'fri', 'Saturday', 'Sun'])[d + 1],
                           lpad(f / 60 || '', 2, '0'), lpad(f % 60 || '', 2, '0'), lpad(t / 60 || '', 2, '0'), lpad(t % 60 || '', 2, '0')),
                    CASE s.h % 2 WHEN 0 THEN ', ' ELSE '; ' END ORDER BY hashint8extended(s.i, d))
  FROM span s, generate_series(0, 6) d, LATERAL (SELECT greatest(s.b - d * 1440, 0) AS f, least(s.e - d * 1440, 1440) AS t) x
  WHERE s.h = week.h AND f < t), '');
ALTER TABLE week ADD a availability;
UPDATE week SET a = written::availability;
ANALYZE week;

-- The minutes of a value, by way of its text.
CREATE FUNCTION pg_temp.m(a availability) RETURNS int4multirange LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE a::text WHEN 'never' THEN '{}' WHEN 'always' THEN '{[0,10080)}' ELSE (
    SELECT range_agg(int4range(d * 1440 + t[2]::int * 60 + t[3]::int, d * 1440 + t[4]::int * 60 + t[5]::int))
    FROM regexp_matches(a::text, '(?:^|, )([A-Z][a-z]{2}) (\d\d):(\d\d)-(\d\d):(\d\d)(?=$|, )', 'g') t,
         LATERAL (SELECT array_position(ARRAY['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'], t[1]) - 1 AS d) x) END::int4multirange
$$;

------------------------------------------------------------------------------------------------------------------------------------
-- Text, binary form, storage
------------------------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.holds('text says the minutes', 'pg_temp.m(a) = m', 'week', 3000);
SELECT pg_temp.holds('out and in again: the same value', 'a::text::availability = a AND a::text::availability::text = a::text', 'week', 3000);
SELECT pg_temp.holds('a value takes four bytes for an interval and five more', 'pg_column_size(a) <= 5 + 4 * (SELECT count(*) FROM unnest(m))', 'week', 3000);
SELECT pg_temp.holds('ten intervals take at most 45 bytes', 'pg_column_size(a) <= 45', 'week WHERE (SELECT count(*) FROM unnest(m)) <= 10', 2000);
SELECT is(max(pg_column_size(a)), 42, 'in a table, ten intervals take 42 bytes') FROM week WHERE (SELECT count(*) FROM unnest(m)) = 10;

-- COPY in binary form goes through a file of the server, and so do forged ones.
CREATE FUNCTION pg_temp.file() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('data_directory') || '/caseload_availability.copy' $$;
CREATE TEMP TABLE copied (h bigint, a availability);
DO $$ BEGIN
  EXECUTE format('COPY (SELECT h::bigint, a FROM week) TO %L (FORMAT binary)', pg_temp.file());
  EXECUTE format('COPY copied FROM %L (FORMAT binary)', pg_temp.file());
END $$;
SELECT pg_temp.holds('COPY in binary form and back', 'c.a = w.a', 'copied c JOIN week w USING (h)', 3000);

CREATE TEMP TABLE received (a availability);
CREATE FUNCTION pg_temp.receive(value bytea) RETURNS availability LANGUAGE plpgsql AS $$
DECLARE
  result availability;
  file oid;
BEGIN
  file := lo_from_bytea(0, '\x5047434f50590aff0d0a000000000000000000'::bytea || int2send(1::int2) || int4send(length(value)) || value || int2send((-1)::int2));
  PERFORM lo_export(file, pg_temp.file());
  PERFORM lo_unlink(file);
  DELETE FROM received;
  EXECUTE format('COPY received FROM %L (FORMAT binary)', pg_temp.file());
  SELECT a INTO result FROM received;
  RETURN result;
END $$;
CREATE FUNCTION pg_temp.wire(VARIADIC numbers int[]) RETURNS bytea LANGUAGE sql AS $$
  SELECT string_agg(substring(int4send(n) FROM 3), '' ORDER BY place) FROM unnest(numbers) WITH ORDINALITY u (n, place)
$$;
SELECT is(pg_temp.receive(pg_temp.wire(0)), 'never', 'binary: nothing');
SELECT is(pg_temp.receive(pg_temp.wire(1, 0, 10080)), 'always', 'binary: the whole week');
SELECT is(pg_temp.receive(pg_temp.wire(2, 480, 720, 10079, 10080)), 'Mon 08:00-12:00, Sun 23:59-24:00', 'binary: two intervals');
SELECT is(availability_send('Mon 08:00-12:00'), pg_temp.wire(1, 480, 720), 'binary form');
SELECT throws_ok(format('SELECT pg_temp.receive(pg_temp.wire(%s))', numbers), state, NULL, format('binary: %s (%s)', what, numbers))
FROM (VALUES ('0, 1', '22P03', 'more than it says'), ('1', '08P01', 'less than it says'), ('1, 480', '08P01', 'half an interval'), ('2, 480, 720', '08P01', 'an interval is missing'),
             ('1, 480, 480', '22P03', 'an interval without time'), ('1, 720, 480', '22P03', 'the end first'), ('1, 480, 10081', '22P03', 'beyond the week'),
             ('1, 10080, 10081', '22P03', 'beyond the week'), ('1, 65535, 65535', '22P03', 'a negative minute'), ('1, 65535, 5', '22P03', 'a negative minute'),
             ('2, 480, 720, 720, 800', '22P03', 'intervals that touch'), ('2, 480, 720, 700, 800', '22P03', 'intervals that overlap'),
             ('2, 800, 900, 480, 720', '22P03', 'intervals out of order'), ('673', '22P03', 'too many intervals'), ('65535', '22P03', 'a negative number of intervals'),
             ('32768', '22P03', 'very many intervals')) v (numbers, state, what);
SELECT throws_ok('SELECT pg_temp.receive($$\x$$)', '08P01', NULL, 'binary: no bytes');
SELECT throws_ok('SELECT pg_temp.receive($$\x00$$)', '08P01', NULL, 'binary: one byte');
SELECT is(minutes(pg_temp.receive(pg_temp.wire(VARIADIC array_prepend(672, (SELECT array_agg(x ORDER BY x) FROM generate_series(0, 1343) x))))), 672,
  'binary: as many intervals as there can be');

-- Bytes that nothing of ours has written, by way of a cast that only this test makes.
CREATE CAST (bytea AS availability) WITHOUT FUNCTION;
SELECT is('\x0101e002d0'::bytea::availability, 'Mon 08:00-12:00', 'bytes of a value');
SELECT throws_ok(format('SELECT %s', replace(read, 'value', format('%L::bytea::availability', bytes))), 'XX001', NULL, format('damaged: %s of %s', read, bytes))
FROM unnest(ARRAY['\x', '\x00', '\x02', '\x0101e0', '\x0101e002d001', '\x0101e001e0', '\x0102d001e0', '\x0101e02761', '\x01ffffffff', '\x0001e002d0',
                  '\x0101e002d002d00300', '\x01' || repeat('00', 4 * 673)]) bytes,
     unnest(ARRAY['value::text', 'minutes(value)', 'value * $$always$$', '$$never$$ @> value', 'availability_send(value)', 'is_available(value, timestamp $$2025-01-13$$)']) read;
DROP CAST (bytea AS availability);

------------------------------------------------------------------------------------------------------------------------------------
-- Sets of minutes
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE triple AS
SELECT x.a, y.a AS b, z.a AS c
FROM generate_series(1, 30000) n
JOIN week x ON x.h = 1 + pg_temp.r(n, 11, 3000) JOIN week y ON y.h = 1 + pg_temp.r(n, 12, 3000) JOIN week z ON z.h = 1 + pg_temp.r(n, 13, 3000);

SELECT pg_temp.holds(law, law, 'triple', 30000) FROM unnest(ARRAY[
  'a + b = b + a', 'a * b = b * a', '(a + b) + c = a + (b + c)', '(a * b) * c = a * (b * c)',
  'a * (b + c) = a * b + a * c', 'a + (b * c) = (a + b) * (a + c)', 'a + a = a AND a * a = a AND a - a = $$never$$',
  'a + a * b = a AND a * (a + b) = a', 'a - b = a * ($$always$$ - b)', '$$always$$ - ($$always$$ - a) = a',
  '$$always$$ - (a + b) = ($$always$$ - a) * ($$always$$ - b)', '$$always$$ - a * b = ($$always$$ - a) + ($$always$$ - b)',
  '(a - b) + (a * b) = a', '(a - b) * b = $$never$$', '(a - b) - c = a - (b + c)', 'a - (b + c) = (a - b) * (a - c)',
  'a + $$never$$ = a AND a * $$always$$ = a AND a * $$never$$ = $$never$$ AND a + $$always$$ = $$always$$ AND a - $$never$$ = a AND $$never$$ - a = $$never$$',
  '(a @> b) = (a + b = a) AND (a @> b) = (a * b = b) AND (a @> b) = (b - a = $$never$$)', '(a @> b) = (b <@ a)', '(a && b) = (a * b <> $$never$$) AND (a && b) = (b && a)',
  'a @> a * b AND a + b @> a AND a @> a - b AND NOT (a - b && b)', 'a @> $$never$$ AND $$always$$ @> a AND a <@ a', 'NOT (a @> b AND b @> c) OR a @> c',
  '(a @> b AND b @> a) = (a = b)', 'minutes(a + b) + minutes(a * b) = minutes(a) + minutes(b)', 'minutes(a - b) = minutes(a) - minutes(a * b)',
  'minutes($$always$$ - a) = 10080 - minutes(a)']) law;
SELECT pg_temp.holds(law, law, '(SELECT a, b, 1 + pg_temp.r(row_number() OVER (), 14, 40000) - 20000 AS n, pg_temp.r(row_number() OVER (), 15, 20000) AS k FROM triple LIMIT 10000) t', 10000)
FROM unnest(ARRAY[
  'shift(shift(a, n), -n) = a', 'shift(shift(a, n), k) = shift(a, n + k)', 'shift(a, 0) = a AND shift(a, 10080) = a AND shift(a, -20160) = a',
  'minutes(shift(a, n)) = minutes(a)', 'shift(a + b, n) = shift(a, n) + shift(b, n) AND shift(a * b, n) = shift(a, n) * shift(b, n) AND shift(a - b, n) = shift(a, n) - shift(b, n)']) law;

-- The limit is one for every way to make a value.
CREATE TEMP TABLE many AS
SELECT string_agg(format('%s %s:%s-%s:%s', d, h, lpad(m || '', 2, '0'), h, lpad(m + 1 || '', 2, '0')), ',') AS even,
       string_agg(format('%s %s:%s-%s:%s', d, h, lpad(m + 2 || '', 2, '0'), h, lpad(m + 3 || '', 2, '0')), ',') AS odd
FROM unnest('{Mon,Tue,Wed,Thu,Fri,Sat,Sun}'::text[]) d, generate_series(0, 23) h, generate_series(0, 45, 15) m;
SELECT is(minutes(even::availability), 672, '672 intervals can be') FROM many;
SELECT is(even::availability::text::availability, even::availability, '672 intervals in and out') FROM many;
SELECT is(minutes('always'::availability - even::availability), 10080 - 672, 'and so can the rest of the week') FROM many;
SELECT is(even::availability + even::availability, even::availability, '672 intervals with themselves') FROM many;
SELECT throws_ok(format('SELECT %L::availability + %L', even, odd), '54000', NULL, 'too many intervals: +') FROM many;
SELECT throws_ok(format('SELECT ($$always$$::availability - %L) * ($$always$$::availability - %L)', even, odd), '54000', NULL, 'too many intervals: *') FROM many;
SELECT throws_ok(format('SELECT ($$always$$::availability - %L) - %L', even, odd), '54000', NULL, 'too many intervals: -') FROM many;
SELECT throws_ok(format('SELECT %L::availability', even || ',' || odd), '54000', NULL, 'too many intervals: text') FROM many;
SELECT throws_ok(format('SELECT availability_union(a) FROM unnest(ARRAY[%L, %L]::availability[]) a', even, odd), '54000', NULL, 'too many intervals: union') FROM many;
SELECT throws_ok(format('SELECT shift(shift(%L, 1) + $$Sun 23:46-23:58$$, 5)', even), '54000', NULL, 'too many intervals: shift') FROM many;
SELECT lives_ok(format('SELECT shift(shift(%L, 1) + $$Sun 23:46-23:58$$, 2)', even), 'not too many intervals: shift') FROM many;
SELECT throws_ok(format('SELECT at_zone(%L::availability + $$Sun 18:10-18:20$$, $$UTC$$, $$Asia/Kathmandu$$, $$2025-01-14$$)', even), '54000', NULL,
  'too many intervals: at_zone') FROM many;

------------------------------------------------------------------------------------------------------------------------------------
-- Order and equality
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE pair AS
SELECT x.a, y.a AS b, x.m AS m, y.m AS k FROM (SELECT * FROM week WHERE h % 3 = 0 OR h % 7 = 0 LIMIT 400) x, (SELECT * FROM week WHERE h % 3 = 0 OR h % 7 = 0 LIMIT 400) y;
SELECT pg_temp.holds('= is sameness of the minutes', '(a = b) = (m = k) AND (a <> b) = (m <> k)', 'pair', 160000);
SELECT pg_temp.holds('exactly one of <, =, >', '(a < b)::int + (a = b)::int + (a > b)::int = 1', 'pair', 160000);
SELECT pg_temp.holds('<= and >= follow', '(a <= b) = (a < b OR a = b) AND (a >= b) = (a > b OR a = b)', 'pair', 160000);
SELECT pg_temp.holds('the order is that of int4multirange', '(a < b) = (m < k) AND availability_cmp(a, b) = sign(multirange_cmp(m, k))', 'pair', 160000);
CREATE TEMP TABLE sorted AS SELECT row_number() OVER (ORDER BY a) AS n, a FROM (SELECT DISTINCT a FROM week LIMIT 600) v;
SELECT pg_temp.holds('sorted: earlier is smaller', 'x.a < y.a', 'sorted x JOIN sorted y ON x.n < y.n', 170000);

------------------------------------------------------------------------------------------------------------------------------------
-- Hash, merge, index, aggregates: the same answers
------------------------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.holds('equal values have equal hashes', 'availability_hash(a) = availability_hash(a::text::availability)
  AND availability_hash_extended(a, 5) = availability_hash_extended((a - $$never$$) + $$never$$, 5) AND availability_hash_extended(a, 0) & 4294967295 = availability_hash(a)::bigint & 4294967295', 'week', 3000);
SELECT cmp_ok(count(DISTINCT availability_hash(a)), '>=', count(DISTINCT a) - 2, 'different values hardly ever have the same hash') FROM week;
CREATE TEMP TABLE twice AS SELECT a, m::text AS m FROM week UNION ALL SELECT a, m::text FROM week WHERE h % 3 = 0 UNION ALL SELECT NULL, NULL;
ANALYZE twice;
CREATE TEMP TABLE answer (how text PRIMARY KEY, joined bigint, grouped bigint, pairs_plan text, group_plan text);
SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_sort = off;
INSERT INTO answer SELECT 'hash', (SELECT count(*) FROM twice x JOIN twice y USING (a)), (SELECT count(*) FROM (SELECT a FROM twice GROUP BY a) g),
  pg_temp.plan_of('SELECT count(*) FROM twice x JOIN twice y USING (a)'), pg_temp.plan_of('SELECT a FROM twice GROUP BY a');
SET LOCAL enable_mergejoin = on; SET LOCAL enable_sort = on; SET LOCAL enable_hashjoin = off; SET LOCAL enable_hashagg = off;
INSERT INTO answer SELECT 'merge', (SELECT count(*) FROM twice x JOIN twice y USING (a)), (SELECT count(*) FROM (SELECT a FROM twice GROUP BY a) g),
  pg_temp.plan_of('SELECT count(*) FROM twice x JOIN twice y USING (a)'), pg_temp.plan_of('SELECT a FROM twice GROUP BY a');
SET LOCAL enable_hashjoin = on; SET LOCAL enable_hashagg = on; SET LOCAL enable_nestloop = on;
SELECT matches(pairs_plan, 'Hash Join', 'a hash join ran') FROM answer WHERE how = 'hash';
SELECT matches(group_plan, 'HashAggregate', 'a hash aggregate ran') FROM answer WHERE how = 'hash';
SELECT matches(pairs_plan, 'Merge Join', 'a merge join ran') FROM answer WHERE how = 'merge';
SELECT doesnt_match(group_plan, 'HashAggregate', 'a sorted aggregate ran') FROM answer WHERE how = 'merge';
SELECT is(joined, (SELECT count(*) FROM twice x JOIN twice y USING (m)), how || ' join: as many pairs as the minutes say') FROM answer ORDER BY how;
SELECT is(grouped, (SELECT count(DISTINCT m) + 1 FROM twice), how || ': as many groups as the minutes say') FROM answer ORDER BY how;

CREATE TEMP TABLE kept (h int, a availability);
CREATE INDEX kept_a ON kept (a);
CREATE INDEX kept_hash ON kept USING hash (a);
INSERT INTO kept SELECT h, a FROM week;
ANALYZE kept;
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SELECT matches(pg_temp.plan_of($$ SELECT h FROM kept WHERE a < 'Tue 8-12' $$), 'kept_a', 'the btree index is used');
SELECT results_eq($$ SELECT count(*) FROM kept WHERE a < 'Tue 8-12' $$, $$ SELECT count(*) FROM week WHERE m < '{[1920,2160)}' $$, 'range scan in the index');
DROP INDEX kept_a;
SELECT matches(pg_temp.plan_of($$ SELECT h FROM kept WHERE a = 'never' $$), 'kept_hash', 'the hash index is used');
SELECT results_eq($$ SELECT count(*) FROM kept WHERE a = 'never' $$, $$ SELECT count(*) FROM week WHERE m = '{}' $$, 'one value in the hash index');
SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on;
SELECT is(count(*), 0::bigint, 'operator classes are valid: ' || coalesce(string_agg(opcname::text, ', '), 'all'))
FROM pg_opclass WHERE opcintype = 'availability'::regtype AND NOT amvalidate(oid);

SELECT pg_temp.holds('union and intersection of groups', 'u = pg_temp.m(a) AND i = pg_temp.m(b)',
  '(SELECT range_agg(m) AS u, range_intersect_agg(m) AS i, availability_union(a) AS a, availability_intersection(a) AS b FROM week GROUP BY h % 997) t', 997);
SELECT is(availability_union(a), NULL, 'union over no rows') FROM week WHERE false;
SELECT is(availability_intersection(a), NULL, 'intersection over no rows') FROM week WHERE false;
SELECT is(availability_union(a), 'Mon 8-9', 'union skips NULL') FROM (VALUES (NULL::availability), ('Mon 8-9'), (NULL)) v (a);
SELECT is(availability_intersection(a), 'Mon 8-9', 'intersection skips NULL') FROM (VALUES (NULL::availability), ('Mon 8-9'), (NULL)) v (a);

-- Partial aggregates: workers cannot read temporary tables.
CREATE TABLE public.availability_rows AS SELECT h, a FROM week WHERE minutes(a) > 0;
ALTER TABLE public.availability_rows SET (parallel_workers = 2);
ANALYZE public.availability_rows;
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL max_parallel_workers_per_gather = 2;
SELECT matches(pg_temp.plan_of('SELECT availability_union(a), availability_intersection(a) FROM public.availability_rows'), 'Partial Aggregate.*Parallel Seq Scan', 'partial aggregates are planned');
SELECT results_eq('SELECT pg_temp.m(u), pg_temp.m(i) FROM (SELECT availability_union(a) AS u, availability_intersection(a) AS i FROM public.availability_rows) t',
  $$ SELECT range_agg(m), range_intersect_agg(m) FROM week WHERE m <> '{}' $$, 'and give the same');
SET LOCAL max_parallel_workers_per_gather = 0;

------------------------------------------------------------------------------------------------------------------------------------
-- Labels, and what drivers send
------------------------------------------------------------------------------------------------------------------------------------

SELECT is(count(*), 0::bigint, 'every function is immutable and safe for workers: ' || coalesce(string_agg(p.oid::regprocedure::text, ', '), 'all'))
FROM pg_proc p WHERE p.pronamespace = 'caseload'::regnamespace AND p.prokind = 'f'
 AND ('availability'::regtype = ANY (p.proargtypes::oid[]) OR p.prorettype = 'availability'::regtype) AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')
 AND (p.provolatile <> 'i' OR p.proparallel <> 's' OR NOT p.proisstrict AND p.proname NOT IN ('openings', 'opening_count'));
SELECT is(count(*), 0::bigint, 'every operator has its commutator: ' || coalesce(string_agg(o.oid::regoperator::text, ', '), 'all'))
FROM pg_operator o WHERE o.oprleft = 'availability'::regtype AND o.oprcom = 0 AND o.oprname <> '-';
SELECT is(count(*), 0::bigint, 'every comparison has an estimate: ' || coalesce(string_agg(o.oid::regoperator::text, ', '), 'all'))
FROM pg_operator o WHERE o.oprleft = 'availability'::regtype AND o.oprresult = 'boolean'::regtype AND (o.oprrest = 0 OR o.oprjoin = 0);
PREPARE insert_varchar (varchar) AS INSERT INTO copied VALUES (-1, $1);
PREPARE insert_text (text) AS INSERT INTO copied VALUES (-2, $1);
EXECUTE insert_varchar('mon 8-12');
EXECUTE insert_text('tue 8-12');
SELECT results_eq('SELECT a::text FROM copied WHERE h < 0 ORDER BY h DESC', $$ VALUES ('Mon 08:00-12:00'), ('Tue 08:00-12:00') $$, 'assigned from varchar and text');

SELECT * FROM finish();
ROLLBACK;
