-- What availabilities are asked, answered a second time over minutes of the week.
--
-- Random weeks are kept twice: as values of the type, and as int4multirange over the minutes of the week, made without the type. Every function of
-- docs/availability.md is written down below once more, over minutes, and both must agree. Clocks are asked in one direction only, from an instant to its
-- local time, minute by minute. All of it is deterministic.

\ir begin.psql
SET LOCAL client_encoding = 'UTF8';
SET LOCAL jit = off;
-- Neither may matter to any result.
SET LOCAL timezone = 'Pacific/Auckland';
SET LOCAL datestyle = 'ISO, DMY';

SELECT plan(48);

CREATE FUNCTION pg_temp.r(h bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor((hashint8extended(h, salt) & 4294967295)::float8 / 4294967296 * n)::int $$;

\ir laws.psql

------------------------------------------------------------------------------------------------------------------------------------
-- Random weeks, as minutes and as text. Nothing in `week.m` and `week.written` comes from the type.
------------------------------------------------------------------------------------------------------------------------------------

-- Coarse ones (multiples of three hours, so that intervals touch, overlap and are equal by chance), fine ones, and some that have a whole week, nothing, or
-- time on both sides of Sunday midnight.
CREATE TEMP TABLE span AS
SELECT h, i, b, least(b + len, 10080) AS e
FROM generate_series(1, 2000) h, LATERAL generate_series(1, CASE h % 8 WHEN 0 THEN 0 WHEN 1 THEN 30 ELSE 1 + pg_temp.r(h, 1, 10) END) i,
     LATERAL (SELECT CASE WHEN h % 3 = 0 THEN 180 * pg_temp.r(h * 100 + i, 2, 56) WHEN h % 8 = 2 AND i = 1 THEN 9900 WHEN h % 8 = 2 AND i = 2 THEN 0
                          ELSE pg_temp.r(h * 100 + i, 2, 10080) END AS b,
                     CASE WHEN h % 3 = 0 THEN 180 * (1 + pg_temp.r(h * 100 + i, 3, 6)) WHEN h % 101 = 0 THEN 10080 ELSE 1 + pg_temp.r(h * 100 + i, 3, 600) END AS len) x;

CREATE INDEX ON span (h);
ANALYZE span;
CREATE TEMP TABLE week AS
SELECT h, coalesce(range_agg(int4range(b, e)) FILTER (WHERE b IS NOT NULL), '{}') AS m
FROM generate_series(1, 2000) h LEFT JOIN span USING (h) GROUP BY h;
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
-- Operators
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE pair AS
SELECT n, x.a, x.m, y.a AS b, y.m AS k
FROM generate_series(1, 20000) n JOIN week x ON x.h = 1 + pg_temp.r(n, 21, 2000) JOIN week y ON y.h = 1 + pg_temp.r(n, 22, 2000);
-- pairs that contain each other
INSERT INTO pair SELECT -n, a, m, a * b, m * k FROM pair WHERE n % 4 = 0;
INSERT INTO pair SELECT -n, a, m, a + b, m + k FROM pair WHERE n > 0 AND n % 4 = 1;

SELECT pg_temp.holds('a + b', 'pg_temp.m(a + b) = m + k', 'pair WHERE n BETWEEN 1 AND 8000', 8000);
SELECT pg_temp.holds('a * b', 'pg_temp.m(a * b) = m * k', 'pair WHERE n BETWEEN 1 AND 8000', 8000);
SELECT pg_temp.holds('a - b', 'pg_temp.m(a - b) = m - k', 'pair WHERE n BETWEEN 1 AND 8000', 8000);
SELECT pg_temp.holds('a @> b', '(a @> b) = (m @> k)', 'pair', 29000);
SELECT pg_temp.holds('a <@ b', '(a <@ b) = (m <@ k)', 'pair', 29000);
SELECT pg_temp.holds('a && b', '(a && b) = (m && k)', 'pair', 29000);
SELECT pg_temp.holds('a = b', '(a = b) = (m = k) AND (a <> b) = (m <> k)', 'pair', 29000);
SELECT pg_temp.holds('a < b', '(a < b) = (m < k) AND (a >= b) = (m >= k)', 'pair', 29000);
SELECT cmp_ok(count(*) FILTER (WHERE x), '>', 2000::bigint, what || ' was true often enough') FROM (
  SELECT 'a @> b', a @> b FROM pair UNION ALL SELECT 'a <@ b', a <@ b FROM pair UNION ALL SELECT 'a && b', a && b FROM pair
  UNION ALL SELECT 'NOT a && b', NOT a && b FROM pair) v (what, x) GROUP BY what ORDER BY what;

------------------------------------------------------------------------------------------------------------------------------------
-- Minutes, intervals, shifts, openings
------------------------------------------------------------------------------------------------------------------------------------

SELECT pg_temp.holds('minutes()', 'minutes(a) = (SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM unnest(m) r)', 'week', 2000);
CREATE FUNCTION pg_temp.minute(day int, at time) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT (day - 1) * 1440 + (extract(epoch FROM at) / 60)::int $$;
SELECT pg_temp.holds('intervals(): a row for each day, in order',
  $$ (SELECT coalesce(array_agg(i::text), '{}') FROM intervals(a) i) =
     (SELECT coalesce(array_agg((d + 1, (ARRAY['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])[d + 1], make_time(f / 60, f % 60, 0),
                                 CASE t WHEN 1440 THEN time '24:00' ELSE make_time(t / 60, t % 60, 0) END, t - f)::text ORDER BY d, f), '{}')
        FROM unnest(m) r, generate_series(0, 6) d, LATERAL (SELECT greatest(lower(r) - d * 1440, 0) AS f, least(upper(r) - d * 1440, 1440) AS t) x WHERE f < t) $$, 'week', 2000);
SELECT pg_temp.holds('availability() of every interval, united',
  $$ coalesce((SELECT availability_union(availability(day, begins, ends)) FROM intervals(a)), 'never') = a
     AND coalesce((SELECT availability_union(availability(day_name, begins, ends)) FROM intervals(a)), 'never') = a $$, 'week', 2000);
SELECT pg_temp.holds('availability(day, begins, ends), across midnight, too', $$
  pg_temp.m(availability(d, make_time(f / 60, f % 60, 0), CASE t WHEN 1440 THEN time '24:00' ELSE make_time(t / 60, t % 60, 0) END)) =
  (SELECT range_agg(int4range(b, e) * int4range(0, 10080)) + range_agg(int4range(b - 10080, e - 10080) * int4range(0, 10080))
     FROM (SELECT (d - 1) * 1440 + f AS b, (d - 1) * 1440 + t + CASE WHEN t <= f THEN 1440 ELSE 0 END AS e) x) $$,
  '(SELECT 1 + pg_temp.r(n, 31, 7) AS d, pg_temp.r(n, 32, 1440) AS f, pg_temp.r(n, 33, 1441) AS t FROM generate_series(1, 3000) n) v WHERE f <> t', 2900);

-- n minutes later, by laying three weeks side by side.
CREATE FUNCTION pg_temp.moved(m int4multirange, n int) RETURNS int4multirange LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(range_agg(int4range(lower(r) + n + w, upper(r) + n + w) * int4range(0, 10080)), '{}') FROM unnest(m) r, unnest(ARRAY[-10080, 0, 10080]) w
$$;
SELECT pg_temp.holds('shift()', 'pg_temp.m(shift(a, n)) = pg_temp.moved(m, n % 10080)', '(SELECT a, m, pg_temp.r(h, 34, 60000) - 30000 AS n FROM week) w', 2000);
SELECT is(shift('Mon 8-9', -2147483648), shift('Mon 8-9', (-2147483648::bigint % 10080)::int), 'the smallest shift');
SELECT is(shift('Mon 8-9', 2147483647), shift('Mon 8-9', 2147483647 % 10080), 'the largest shift');

-- Openings: every minute of the week at which a stretch begins is one that is in while the one before (Sunday's last, for the first) is not.
CREATE TEMP TABLE stretch AS
SELECT h, lower(r) AS b, upper(r) - lower(r) + CASE WHEN upper(r) = 10080 AND m @> 0 AND lower(r) > 0 THEN (SELECT upper(f) FROM unnest(m) f LIMIT 1) ELSE 0 END AS minutes
FROM week, unnest(m) r WHERE lower(r) > 0 OR NOT m @> 10079 OR r = '[0,10080)';
CREATE TEMP TABLE asked AS SELECT h, a, 1 + pg_temp.r(h, 35, 120) AS minutes, CASE h % 3 WHEN 0 THEN 1 + pg_temp.r(h, 36, 60) END AS step FROM week;
SELECT pg_temp.holds('openings() and opening_count()', $$
  (SELECT coalesce(array_agg((pg_temp.minute(o.day, o.begins), to_char(o.ends, 'HH24:MI'), o.day_name)::text ORDER BY pg_temp.minute(o.day, o.begins)), '{}')
     FROM openings(a, t.minutes, t.step) o) =
  (SELECT coalesce(array_agg((at, CASE WHEN ending % 1440 = 0 THEN '24:00' ELSE to_char(time '00:00' + ending % 1440 * interval '1 minute', 'HH24:MI') END,
                              (ARRAY['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])[1 + at / 1440])::text ORDER BY at), '{}')
     FROM stretch s, generate_series(0, s.minutes - t.minutes, coalesce(t.step, t.minutes)) n, LATERAL (SELECT (s.b + n) % 10080 AS at, s.b + n + t.minutes AS ending) x
    WHERE s.h = t.h)
  AND opening_count(a, t.minutes, t.step) = (SELECT count(*) FROM openings(a, t.minutes, t.step)) $$, 'asked t WHERE h % 8 <> 1 AND h <= 1000', 870);
SELECT pg_temp.holds('openings back to back lie in the week and do not overlap', $$
  NOT EXISTS (SELECT 1 FROM openings(a, minutes) o WHERE NOT is_available(a, date '2025-01-13' + o.day - 1 + o.begins, minutes))
  AND opening_count(a, minutes) * minutes <= minutes(a) $$, 'asked', 2000);

------------------------------------------------------------------------------------------------------------------------------------
-- Instants
------------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.minute_of(local timestamp) RETURNS int LANGUAGE sql IMMUTABLE AS $$
  SELECT (extract(isodow FROM local)::int - 1) * 1440 + extract(hour FROM local)::int * 60 + extract(minute FROM local)::int
$$;
-- begins near the ends of intervals, so that both answers are common
CREATE TEMP TABLE question AS
SELECT w.h, w.a, w.m, x.minutes, x.seconds,
       timestamp '1999-12-27' + pg_temp.r(w.h, 41, 1500) * interval '7 days'
         + (coalesce((SELECT lower(r) FROM unnest(w.m) r ORDER BY hashint4extended(lower(r), w.h) LIMIT 1), 0) + pg_temp.r(w.h, 44, 30) - 5) * interval '1 minute'
         + x.seconds * interval '1 second' AS at
FROM week w, LATERAL (SELECT CASE w.h % 4 WHEN 0 THEN 0 ELSE pg_temp.r(w.h, 42, 300) END AS minutes, CASE w.h % 5 WHEN 0 THEN pg_temp.r(w.h, 43, 60) ELSE 0 END AS seconds) x;
SELECT pg_temp.holds('is_available() of local times', $$
  is_available(a, at, minutes) = (SELECT bool_and(m @> pg_temp.minute_of(at + n * interval '1 minute'))
    FROM generate_series(0, greatest(minutes - (seconds = 0)::int, 0)) n WHERE minutes > 0 OR n = 0) $$, 'question', 2000);
SELECT pg_temp.holds('zero minutes is the default', 'is_available(a, at) = is_available(a, at, 0) AND is_available(a, at) = m @> pg_temp.minute_of(at)', 'question', 2000);
SELECT cmp_ok(count(*) FILTER (WHERE is_available(a, at, minutes)), '>', 400::bigint, 'often available') FROM question;
SELECT cmp_ok(count(*) FILTER (WHERE NOT is_available(a, at, minutes)), '>', 400::bigint, 'often not') FROM question;

CREATE TEMP TABLE zone (n serial, name text);
INSERT INTO zone (name) SELECT unnest(ARRAY['America/New_York', 'America/Phoenix', 'America/Los_Angeles', 'America/Anchorage', 'Pacific/Honolulu', 'UTC', 'Asia/Kolkata', 'Asia/Kathmandu',
  'Australia/Lord_Howe', 'Pacific/Auckland', 'Pacific/Kiritimati', 'Europe/London', 'America/St_Johns', 'Pacific/Apia']);
-- around changes of the clock, and anywhere
CREATE TEMP TABLE moment AS
SELECT row_number() OVER () AS n, z.name AS zone, w.a, w.m, pg_temp.r(w.h * 7, 46, 400) AS minutes,
       c.at + (pg_temp.r(w.h, 45, 600) - 400) * interval '1 minute' AS at
FROM (VALUES ('America/New_York', timestamptz '2025-03-09 07:00Z'), ('America/New_York', '2025-11-02 06:00Z'), ('Australia/Lord_Howe', '2025-04-05 15:00Z'),
             ('Australia/Lord_Howe', '2025-10-04 15:30Z'), ('Pacific/Apia', '2011-12-30 10:00Z'), ('Asia/Kolkata', '2025-03-09 07:00Z'), ('UTC', '2025-01-01 00:00Z'),
             ('Europe/London', '2025-10-26 01:00Z')) c (zone, at)
JOIN zone z ON z.name = c.zone
JOIN (SELECT h, a, m FROM week UNION ALL SELECT -h, a, m FROM (SELECT h, 'always'::availability - a AS a, '{[0,10080)}'::int4multirange - m AS m FROM week) w) w ON w.h % 8 = 3 AND w.h % 5 = 0;
-- all of the week but a quarter of an hour about the change, so that it matters what the clock shows there
INSERT INTO moment
SELECT 1000 + n, zone, 'always'::availability - shift('Mon 00:00-00:15', b), '{[0,10080)}'::int4multirange - int4multirange(int4range(b, b + 15)),
       pg_temp.r(n, 47, 120), at + (pg_temp.r(n, 48, 180) - 120) * interval '1 minute'
FROM (SELECT row_number() OVER () AS n, c.* FROM (VALUES ('America/New_York', timestamptz '2025-03-09 07:00Z'), ('America/New_York', '2025-11-02 06:00Z'),
        ('Australia/Lord_Howe', '2025-04-05 15:00Z'), ('Australia/Lord_Howe', '2025-10-04 15:30Z')) c (zone, at), generate_series(1, 300)) c,
     LATERAL (SELECT pg_temp.minute_of(at AT TIME ZONE zone) + pg_temp.r(n, 49, 150) - 75 AS b) x;
SELECT pg_temp.holds('is_available() of instants', $$
  is_available(a, at, zone, minutes) = (SELECT coalesce(bool_and(m @> pg_temp.minute_of((at + n * interval '1 minute') AT TIME ZONE zone)), true)
    FROM generate_series(0, greatest(minutes - 1, 0)) n) $$, 'moment', 1390);
SELECT cmp_ok(count(*) FILTER (WHERE is_available(a, at, zone, minutes)), '>', 30::bigint, 'often available') FROM moment;
SELECT cmp_ok(count(*) FILTER (WHERE NOT is_available(a, at, zone, minutes)), '>', 30::bigint, 'often not') FROM moment;

------------------------------------------------------------------------------------------------------------------------------------
-- Other zones: all instants of the days around a week, minute by minute
------------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.converted(m int4multirange, from_zone text, to_zone text, on_date date) RETURNS int4multirange LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(range_agg(int4range(there, there + 1)), '{}')
  FROM (SELECT DISTINCT pg_temp.minute_of(t AT TIME ZONE to_zone) AS there
        FROM (SELECT date_trunc('week', on_date::timestamp) AS monday) w,
             generate_series((monday - interval '2 days') AT TIME ZONE 'UTC', (monday + interval '9 days') AT TIME ZONE 'UTC', '1 minute') t,
             LATERAL (SELECT t AT TIME ZONE from_zone AS here) x
        WHERE here >= monday AND here < monday + interval '7 days' AND m @> pg_temp.minute_of(here)) y
$$;
CREATE TEMP TABLE travel AS
SELECT w.h, w.a, w.m, f.name AS from_zone, t.name AS to_zone, d.on_date
FROM (SELECT row_number() OVER () AS n, on_date FROM unnest(ARRAY['2025-01-14', '2025-03-09', '2025-03-12', '2025-03-30', '2025-04-06', '2025-07-15', '2025-10-05', '2025-10-26',
        '2025-11-02', '2025-11-03', '2011-12-30', '2024-02-29', '1987-04-05']::date[]) on_date) d,
     generate_series(1, 5) i, LATERAL (SELECT d.n * 100 + i AS salt) s
JOIN zone f ON f.n = 1 + pg_temp.r(s.salt, 51, 14) JOIN zone t ON t.n = 1 + pg_temp.r(s.salt, 52, 14)
JOIN week w ON w.h = 2 + pg_temp.r(s.salt, 53, 1900);
-- what is named in the documentation
INSERT INTO travel SELECT h, a, m, f, t, d::date FROM (SELECT * FROM week WHERE h IN (13, 101) OR a = 'always' LIMIT 3) w,
  (VALUES ('America/New_York', 'UTC', '2025-03-09'), ('America/New_York', 'UTC', '2025-11-02'), ('Australia/Lord_Howe', 'Asia/Kolkata', '2025-04-06'),
          ('Australia/Lord_Howe', 'UTC', '2025-10-05'), ('UTC', 'America/New_York', '2025-11-02'), ('Pacific/Apia', 'America/New_York', '2011-12-30')) v (f, t, d);
SELECT pg_temp.holds('at_zone(): the local times of the same instants', 'pg_temp.m(at_zone(a, from_zone, to_zone, on_date)) = pg_temp.converted(m, from_zone, to_zone, on_date)', 'travel', 80);

-- The week is that of the date, from Monday to Sunday; where the clock does not change, there is a way back.
SELECT pg_temp.holds('all days of a week give the same',
  $$ at_zone(a, from_zone, to_zone, on_date) = at_zone(a, from_zone, to_zone, date_trunc('week', on_date::timestamp)::date)
     AND at_zone(a, from_zone, to_zone, on_date) = at_zone(a, from_zone, to_zone, date_trunc('week', on_date::timestamp)::date + 6) $$, 'travel', 80);
SELECT pg_temp.holds('there and back', $$
  at_zone(at_zone(a, f, t, '2025-01-14'), t, f, '2025-01-14') = a AND minutes(at_zone(a, f, t, '2025-01-14')) = minutes(a) AND at_zone(a, f, f, '2025-01-14') = a $$,
  '(SELECT w.a, x.name AS f, y.name AS t FROM zone x, zone y JOIN week w ON w.h % 40 = 1) v', 9000);
SELECT pg_temp.holds('at_zone() of a union is the union', $$
  at_zone(a + b, f, t, d) = at_zone(a, f, t, d) + at_zone(b, f, t, d) $$,
  $$(SELECT p.a, p.b, x.name AS f, y.name AS t, unnest(ARRAY['2025-03-09', '2025-11-02', '2025-04-06', '2025-10-05']::date[]) AS d FROM zone x, zone y JOIN pair p ON p.n % 1000 = 7) v$$, 15000);
SELECT is(at_zone('Sun 02:15-02:45', 'America/New_York', 'America/New_York', '2025-03-09'), 'never', 'a time that the clock skips');
SELECT is(at_zone('Sun 01:15-01:45', 'America/New_York', 'UTC', '2025-11-02'), 'Sun 05:15-05:45, Sun 06:15-06:45', 'a time that the clock shows twice');
SELECT is(at_zone('Tue 09:00-10:00', 'America/Anchorage', zone, d), wanted::availability, format('09:00 in Anchorage is %s in %s, %s', wanted, zone, d))
FROM (VALUES ('America/Los_Angeles', date '2025-01-14', 'Tue 10:00-11:00'), ('America/Phoenix', '2025-01-14', 'Tue 11:00-12:00'),
             ('America/Los_Angeles', '2025-07-15', 'Tue 10:00-11:00'), ('America/Phoenix', '2025-07-15', 'Tue 10:00-11:00')) v (zone, d, wanted);
SELECT lives_ok(format('SELECT at_zone($$Mon 8-12$$, $$America/New_York$$, $$Asia/Tokyo$$, %L)', d), 'far away: ' || d)
FROM unnest(ARRAY['4713-01-01 BC', '0001-01-01', '1883-11-18', '2262-01-01', '5874897-12-31']) d;
SELECT lives_ok(format('SELECT is_available($$always$$, %L::timestamptz, $$America/New_York$$, 10080)', d), 'far away: ' || d)
FROM unnest(ARRAY['4713-11-24 00:00 BC', '1883-11-18 17:00Z', '294276-12-31 23:59Z']) d;
SELECT is(is_available('always', d::timestamp, 10080), true, 'far away: ' || d) FROM unnest(ARRAY['4713-11-24 00:00 BC', '294276-12-31 23:59:59.999999']) d;

SELECT * FROM finish();
ROLLBACK;
