-- The functions that read an `attendance` value, computed a second time in plain SQL.
--
-- 100,000 random histories are kept twice: as rows (`ev`) and as values of the type (`hist.a`). Every function of the table
-- "Reading values" of docs/attendance.md is written down below once more, over the rows and without the type, and both must agree on
-- every history. The plain SQL is meant to be checked by eye. All of it is deterministic: the data are hashes of the history's number.

\ir begin.psql
SET LOCAL work_mem = '128MB';
SET LOCAL jit = off;
-- Neither may matter to any result.
SET LOCAL timezone = 'Pacific/Auckland';
SET LOCAL datestyle = 'ISO, DMY';

SELECT plan(59);

------------------------------------------------------------------------------------------------------------------------------------
-- Chance, without a state: u() is in [0, 1), r() in 0 .. n-1. `h` is the history, `i` the event in it (0: the history itself).
------------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.u(h bigint, i bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(h * 64 + i, salt) & 4294967295)::float8 / 4294967296 $$;

CREATE FUNCTION pg_temp.r(h bigint, i bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor((hashint8extended(h * 64 + i, salt) & 4294967295)::float8 / 4294967296 * n)::int $$;

CREATE TEMP TABLE kind (code int PRIMARY KEY, status text);
INSERT INTO kind VALUES
  (0, 'scheduled'), (1, 'attended'), (2, 'late'), (3, 'no_show'), (4, 'late_cancel'),
  (5, 'client_cancel'), (6, 'provider_cancel'), (7, 'closure'), (8, 'attempt'), (9, 'two_way');

CREATE TEMP TABLE place (p int PRIMARY KEY, zone text);
INSERT INTO place VALUES
  (0, 'UTC'),
  (1, 'America/New_York'),
  (2, 'America/Anchorage'),         -- one day twice, October 1867
  (3, 'America/Phoenix'),
  (4, 'Asia/Kathmandu'),            -- +05:30, later +05:45
  (5, 'Pacific/Apia'),              -- no 2011-12-30
  (6, 'America/St_Johns'),          -- clocks changed at 00:01 until 2011: in autumn back to the day before
  (7, 'America/Sao_Paulo'),         -- clocks changed at midnight until 2019: in spring no midnight
  (8, 'Pacific/Kiritimati'),        -- +14; no 1994-12-31 (or 1995-01-01)
  (9, 'Africa/Monrovia'),           -- -00:44:30 until 1972
  (10, 'Pacific/Kwajalein'),        -- 1969 most of a day back, 1993 a day forward
  (11, 'Europe/London');

-- Every change of clock from 1860 to 2100, to the second: three days between which the offset differs, halved until one
-- second is left.
CREATE TEMP TABLE change AS
WITH RECURSIVE
  noon AS (
    SELECT p.zone, t, t AT TIME ZONE p.zone - t AT TIME ZONE 'UTC' AS off
    FROM place p, generate_series(timestamptz '1860-01-01 12:00Z', '2100-01-01 12:00Z', '72 hours') t),
  pair AS (
    SELECT zone, lag(t) OVER w AS lo, t AS hi, lag(off) OVER w AS off, off AS off_after
    FROM noon WINDOW w AS (PARTITION BY zone ORDER BY t)),
  half (zone, lo, hi, off) AS (
    SELECT zone, extract(epoch FROM lo)::bigint, extract(epoch FROM hi)::bigint, off FROM pair WHERE off <> off_after
    UNION ALL
    SELECT h.zone,
           CASE WHEN m.off = h.off THEN m.mid ELSE h.lo END,
           CASE WHEN m.off = h.off THEN h.hi ELSE m.mid END,
           h.off
    FROM half h, LATERAL (
      SELECT (h.lo + h.hi) / 2 AS mid,
             to_timestamp((h.lo + h.hi) / 2) AT TIME ZONE h.zone - to_timestamp((h.lo + h.hi) / 2) AT TIME ZONE 'UTC' AS off) m
    WHERE h.hi - h.lo > 1)
SELECT zone, to_timestamp(hi) AS at,
       (to_timestamp(hi) AT TIME ZONE zone)::date < (to_timestamp(lo) AT TIME ZONE zone)::date AS to_the_day_before
FROM half WHERE hi - lo = 1;

-- The same, numbered: all changes (set 3), and those that go back to the day before (set 8).
CREATE TEMP TABLE numbered AS
SELECT set, zone, row_number() OVER (PARTITION BY set, zone ORDER BY at) - 1 AS k, count(*) OVER (PARTITION BY set, zone) AS n, at
FROM change, (VALUES (3), (8)) s (set) WHERE set = 3 OR to_the_day_before;
CREATE INDEX ON numbered (set, zone, k);
ANALYZE numbered;

------------------------------------------------------------------------------------------------------------------------------------
-- The histories and their events
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE seed AS
SELECT h, p.zone,
       pg_temp.r(h, 0, 2, 9) AS shape,
       pg_temp.r(h, 0, 3, 6) AS mix,
       floor(41 * pg_temp.u(h, 0, 4) * pg_temp.u(h, 0, 5) ^ 0.5)::int AS size,
       CASE WHEN pg_temp.r(h, 0, 6, 2) = 0 THEN timestamp '2005-01-01' + pg_temp.r(h, 0, 7, 365 * 30) * interval '1 day'
            ELSE timestamp '1900-01-01' + pg_temp.r(h, 0, 7, 365 * 200) * interval '1 day' END
         + pg_temp.r(h, 0, 8, 96) * interval '15 minutes' AS base,
       CASE pg_temp.r(h, 0, 9, 4) WHEN 0 THEN 1 + pg_temp.r(h, 0, 10, 8)
                                  WHEN 1 THEN (ARRAY[7, 14, 28, 30, 60, 90, 365])[1 + pg_temp.r(h, 0, 10, 7)]
                                  ELSE 1 + pg_temp.r(h, 0, 10, 400) END AS days
FROM generate_series(1, 100000) h JOIN place p ON p.p = pg_temp.r(h, 0, 1, 12);

-- `at` has whole seconds, `raw` is what the type is given: sometimes with a fraction, which it must drop. One event in ten is its neighbour
-- once more.
CREATE TEMP TABLE ev AS
SELECT h, s.zone, e.at + fraction AS raw, e.at, code, status, (e.at AT TIME ZONE s.zone)::date AS day
FROM seed s
CROSS JOIN LATERAL generate_series(1, s.size) slot
CROSS JOIN LATERAL (SELECT CASE WHEN slot > 1 AND pg_temp.r(h, slot, 20, 10) = 0 THEN slot - 1 ELSE slot END) AS dup(i)
LEFT JOIN numbered c ON c.set = s.shape AND c.zone = s.zone AND c.k = floor(pg_temp.u(h, 0, 21) * c.n)
CROSS JOIN LATERAL (
  SELECT CASE s.shape
           WHEN 0 THEN (s.base + i * interval '7 days') AT TIME ZONE s.zone                                   -- every week
           WHEN 1 THEN timestamptz '1900-01-01 00:00Z' + floor(pg_temp.u(h, i, 22) * 86400 * 365.2425 * 200) * interval '1 second'
           WHEN 2 THEN (date_trunc('day', s.base) + i * pg_temp.r(h, 0, 23, 5) * interval '1 day'
                        + (pg_temp.r(h, i, 24, 5) - 2) * interval '1 second') AT TIME ZONE s.zone             -- local midnight
           WHEN 4 THEN s.base AT TIME ZONE s.zone + pg_temp.r(h, i, 27, 6) * interval '1 second'              -- the same second
           WHEN 5 THEN s.base AT TIME ZONE s.zone + pg_temp.r(h, i, 28, 86400 * 4) * interval '1 second'      -- a few busy days
           WHEN 6 THEN (s.base + (i * 7 + pg_temp.r(h, i, 29, 9) - 4) * interval '1 day'                      -- every week, more or
                        + (i / 8) * pg_temp.r(h, 0, 30, 500) * interval '1 day') AT TIME ZONE s.zone          -- less, with long gaps
           WHEN 7 THEN (s.base + i * interval '1 day') AT TIME ZONE s.zone                                    -- every day
           ELSE coalesce(c.at, s.base AT TIME ZONE s.zone)                                                    -- 3, 8: a change of
                       + (CASE pg_temp.r(h, i, 25, 4) WHEN 0 THEN pg_temp.r(h, i, 26, 7) - 3
                                                      WHEN 1 THEN pg_temp.r(h, i, 26, 141) - 70
                                                      WHEN 2 THEN pg_temp.r(h, i, 26, 14401) - 7200
                                                      ELSE pg_temp.r(h, i, 26, 259201) - 129600 END) * interval '1 second' -- clock
         END AS at,
         CASE pg_temp.r(h, i, 31, 12) WHEN 0 THEN interval '0.5 s' WHEN 1 THEN interval '0.999999 s' ELSE interval '0 s' END AS fraction,
         -- Some histories are mostly misses, cancellations, sessions, bookings; some have no session at all.
         substr((ARRAY['0123456789', '3333312689', '4545467813', '1111169924', '3330456789', '0000136957'])[1 + s.mix],
                1 + pg_temp.r(h, i, 32, 10), 1)::int AS code
  OFFSET 0) e
JOIN kind USING (code);

-- Events are ordered by instant, those of the same second by code; `n` is the place in that order.
CREATE TEMP TABLE event AS
SELECT h, zone, raw, at, code, status, day, row_number() OVER (PARTITION BY h ORDER BY at, code) AS n FROM ev;
CREATE INDEX ON event (h, n);
ANALYZE event;

-- The value, given the events in no order, and the date asked about: next to an event, inside, before or after the history.
CREATE TEMP TABLE hist AS
SELECT s.h, s.zone, s.shape, s.size, s.days,
       CASE WHEN s.size = 0 THEN s.base::date
            WHEN pg_temp.r(s.h, 0, 40, 10) < 6 THEN e.day + pg_temp.r(s.h, 0, 41, 5) - 2
            WHEN pg_temp.r(s.h, 0, 40, 10) < 8 THEN v.first_day + floor(pg_temp.u(s.h, 0, 41) * (v.last_day - v.first_day + 1))::int
            WHEN pg_temp.r(s.h, 0, 40, 10) < 9 THEN v.first_day - pg_temp.r(s.h, 0, 41, 400)
            ELSE v.last_day + pg_temp.r(s.h, 0, 41, 400) END AS as_of,
       CASE WHEN s.size = 0 THEN (s.zone || '{}')::attendance ELSE v.a END AS a
FROM seed s
LEFT JOIN (
  -- Half of the histories in UTC leave the zone out.
  SELECT h, attendance(raw, status, CASE WHEN zone = 'UTC' AND h % 2 = 0 THEN NULL ELSE zone END
                       ORDER BY hashint8extended(n, h)) AS a,
         min(day) AS first_day, max(day) AS last_day
  FROM event GROUP BY h) v USING (h)
LEFT JOIN event e ON e.h = s.h AND e.n = 1 + pg_temp.r(s.h, 0, 42, s.size);
CREATE UNIQUE INDEX ON hist (h);
ANALYZE hist;

------------------------------------------------------------------------------------------------------------------------------------
-- The functions in plain SQL
------------------------------------------------------------------------------------------------------------------------------------

-- 1. Counting. "Up to as_of" is day <= as_of, whatever the order of the instants.
CREATE TEMP TABLE counted AS
SELECT h,
  count(e.h)::int                                                                       AS event_count,
  hist.zone                                                                             AS zone,
  CASE WHEN count(e.h) > 0 THEN daterange(min(day), max(day), '[]') END                 AS span,
  count(*) FILTER (WHERE code <= 7 AND day <= as_of)::int                               AS appointments,
  count(*) FILTER (WHERE code IN (1, 2) AND day <= as_of)::int                          AS attended,
  count(*) FILTER (WHERE code = 3 AND day <= as_of)::int                                AS no_shows,
  count(*) FILTER (WHERE code = 4 AND day <= as_of)::int                                AS late_cancels,
  count(*) FILTER (WHERE code IN (3, 4) AND day <= as_of)::int                          AS strikes,
  count(*) FILTER (WHERE code = 0 AND day < as_of)::int                                 AS unresolved,
  count(*) FILTER (WHERE code = 3 AND day > as_of - days AND day <= as_of)::int         AS misses_in,
  count(*) FILTER (WHERE code IN (3, 4) AND day > as_of - days AND day <= as_of)::int   AS strikes_in,
  min(day) FILTER (WHERE (code = 0 AND day >= as_of)
                      OR (code IN (1, 2, 3) AND day > as_of))                           AS next_appointment,
  CASE hist.zone WHEN 'UTC' THEN '' ELSE hist.zone END || '{'
    || coalesce(string_agg(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z ') || status, ',' ORDER BY n), '')
    || '}'                                                                              AS text
FROM hist LEFT JOIN event e USING (h, zone)
GROUP BY h, hist.zone;

-- 2. Runs: what comes after the last event that ends one. Only events up to as_of are looked at.
CREATE TEMP TABLE run AS
SELECT h,
  count(*) FILTER (WHERE code = 3        AND n > coalesce(session, 0))::int     AS miss_run,
  count(*) FILTER (WHERE code IN (4, 5)  AND n > coalesce(shown_or_not, 0))::int AS cancel_run,
  count(*) FILTER (WHERE code = 1        AND n > coalesce(lapse, 0))::int       AS on_time_run,
  max(day) FILTER (WHERE code IN (1, 2))                                         AS last_attended,
  max(day) FILTER (WHERE code IN (1, 2, 9))                                       AS last_contact
FROM (
  SELECT h, n, code, day,
    max(n) FILTER (WHERE code IN (1, 2))       OVER w AS session,
    max(n) FILTER (WHERE code IN (1, 2, 3))    OVER w AS shown_or_not,
    max(n) FILTER (WHERE code IN (2, 3, 4, 5)) OVER w AS lapse,
    max(n) FILTER (WHERE code IN (1, 2, 9))    OVER w AS contact
  FROM event JOIN hist USING (h)
  WHERE day <= as_of
  WINDOW w AS (PARTITION BY h)) e
GROUP BY h;

-- 3. The longest run: islands between two sessions, over the whole history.
CREATE TEMP TABLE longest AS
SELECT h, max(misses)::int AS longest_miss_run
FROM (
  SELECT h, island, count(*) FILTER (WHERE code = 3) AS misses
  FROM (SELECT h, code, count(*) FILTER (WHERE code IN (1, 2)) OVER (PARTITION BY h ORDER BY n) AS island FROM event) e
  GROUP BY h, island) i
GROUP BY h;

-- 4. The fullest window: one of them ends on a day with a miss.
CREATE TEMP TABLE fullest AS
SELECT h, max(misses)::int AS most_misses_in
FROM (
  SELECT h, days, last.day, sum(other.misses) AS misses
  FROM hist
  JOIN (SELECT DISTINCT h, day FROM event WHERE code = 3) last USING (h)
  JOIN (SELECT h, day, count(*) AS misses FROM event WHERE code = 3 GROUP BY h, day) other USING (h)
  WHERE other.day > last.day - days AND other.day <= last.day
  GROUP BY h, days, last.day) w
GROUP BY h;

CREATE TEMP TABLE expected AS
SELECT c.*, coalesce(miss_run, 0) AS miss_run, coalesce(longest_miss_run, 0) AS longest_miss_run,
       coalesce(cancel_run, 0) AS cancel_run, coalesce(on_time_run, 0) AS on_time_run,
       last_attended, last_contact, coalesce(most_misses_in, 0) AS most_misses_in
FROM counted c LEFT JOIN run USING (h) LEFT JOIN longest USING (h) LEFT JOIN fullest USING (h);
CREATE UNIQUE INDEX ON expected (h);
ANALYZE expected;

------------------------------------------------------------------------------------------------------------------------------------
-- The comparison: two tests for a function. An error in one function fails its tests and leaves the others alone.
------------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.compare(fn text, call text, least_results int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  wrong bigint := -1;
  results bigint := 0;
  example text;
BEGIN
  BEGIN
    EXECUTE format('CREATE TEMP TABLE got_%1$s AS SELECT h, %2$s AS got FROM hist', fn, call);
    EXECUTE format('SELECT count(*) FILTER (WHERE got IS DISTINCT FROM %1$I), count(DISTINCT got)
                    FROM expected FULL JOIN got_%1$s USING (h)', fn) INTO wrong, results;
  EXCEPTION WHEN OTHERS THEN
    RETURN NEXT fail(fn || ': ' || SQLSTATE || ' ' || SQLERRM);
    RETURN NEXT fail(fn || ': no results');
    RETURN;
  END;
  RETURN NEXT is(wrong, 0::bigint, fn || ': differing histories');
  IF wrong > 0 THEN
    FOR example IN EXECUTE format(
      'SELECT format(''history %%s: a = %%s, days = %%s, as_of = %%s: got %%s, expected %%s'',
                     h, a, days, to_char(as_of, ''YYYY-MM-DD''), coalesce(got::text, ''NULL''), coalesce(e.%1$I::text, ''NULL''))
       FROM hist JOIN expected e USING (h) JOIN got_%1$s USING (h)
       WHERE got IS DISTINCT FROM e.%1$I ORDER BY size, h LIMIT 3', fn)
    LOOP
      RETURN NEXT diag(example);
    END LOOP;
  END IF;
  RETURN NEXT cmp_ok(results, '>=', least_results::bigint, fn || ': different results');
END $$;

SELECT pg_temp.compare('text',             'a::text',                      90000);
SELECT pg_temp.compare('event_count',      'event_count(a)',               41);
SELECT pg_temp.compare('zone',             'zone(a)',                      12);
SELECT pg_temp.compare('span',             'span(a)',                      50000);
SELECT pg_temp.compare('appointments',     'appointments(a, as_of)',       40);
SELECT pg_temp.compare('attended',         'attended(a, as_of)',           30);
SELECT pg_temp.compare('no_shows',         'no_shows(a, as_of)',           24);
SELECT pg_temp.compare('late_cancels',     'late_cancels(a, as_of)',       16);
SELECT pg_temp.compare('strikes',          'strikes(a, as_of)',            24);
SELECT pg_temp.compare('unresolved',       'unresolved(a, as_of)',         20);
SELECT pg_temp.compare('misses_in',        'misses_in(a, days, as_of)',    20);
SELECT pg_temp.compare('strikes_in',       'strikes_in(a, days, as_of)',   20);
SELECT pg_temp.compare('most_misses_in',   'most_misses_in(a, days)',      24);
SELECT pg_temp.compare('miss_run',         'miss_run(a, as_of)',           16);
SELECT pg_temp.compare('longest_miss_run', 'longest_miss_run(a)',          16);
SELECT pg_temp.compare('cancel_run',       'cancel_run(a, as_of)',         12);
SELECT pg_temp.compare('on_time_run',      'on_time_run(a, as_of)',        12);
SELECT pg_temp.compare('last_attended',    'last_attended(a, as_of)',      10000);
SELECT pg_temp.compare('last_contact',     'last_contact(a, as_of)',       10000);
SELECT pg_temp.compare('next_appointment', 'next_appointment(a, as_of)',   10000);

-- events(a): the same events at the same places.
CREATE TEMP TABLE got_events AS
SELECT h, e.n, e.at, e.status FROM hist CROSS JOIN LATERAL events(a) WITH ORDINALITY AS e (at, status, n);

SELECT is(count(*), 0::bigint, 'events: differing histories')
FROM (SELECT DISTINCT h FROM event e FULL JOIN got_events g USING (h, n)
      WHERE (e.at, e.status) IS DISTINCT FROM (g.at, g.status)) d;
SELECT diag(format('history %s, event %s: got %s %s, expected %s %s', h, n, g.at, g.status, e.at, e.status))
FROM event e FULL JOIN got_events g USING (h, n)
WHERE (e.at, e.status) IS DISTINCT FROM (g.at, g.status) ORDER BY h, n LIMIT 3;
SELECT cmp_ok(count(*), '>=', 1000000::bigint, 'events: rows') FROM got_events;
SELECT is(count(DISTINCT status), 10::bigint, 'events: every status') FROM got_events;

------------------------------------------------------------------------------------------------------------------------------------
-- The data reach the corners. Each line counts the histories for which a likely shortcut would give another result.
------------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.at_least(n bigint, floor_ bigint, what text) RETURNS text LANGUAGE sql AS
$$ SELECT public.cmp_ok(n, '>=', floor_, 'data: ' || what) $$;

SELECT pg_temp.at_least(count(*), 100000, 'histories') FROM hist;
SELECT pg_temp.at_least(count(*), 500, 'empty histories') FROM hist WHERE size = 0;
SELECT pg_temp.at_least(count(DISTINCT h), 5000, 'histories with the same event twice')
FROM (SELECT h FROM event GROUP BY h, at, code HAVING count(*) > 1) d;
SELECT pg_temp.at_least(count(DISTINCT h), 10000, 'histories with two kinds of event in one second')
FROM (SELECT h FROM event GROUP BY h, at HAVING count(DISTINCT code) > 1) d;
SELECT pg_temp.at_least(count(DISTINCT h), 3000, 'histories with a session and a miss in one second')
FROM (SELECT h FROM event GROUP BY h, at HAVING bool_or(code IN (1, 2)) AND bool_or(code = 3)) d;
SELECT pg_temp.at_least(count(DISTINCT h), 20000, 'histories with fractions of a second') FROM event WHERE raw <> at;
SELECT pg_temp.at_least(count(DISTINCT h), 10000, 'histories in which the day in UTC is another') FROM event
WHERE (at AT TIME ZONE 'UTC')::date <> day;
SELECT pg_temp.at_least(count(DISTINCT h), 250, 'histories in which a later event is on an earlier day')
FROM (SELECT h, day, lag(day) OVER (PARTITION BY h ORDER BY n) AS before FROM event) e WHERE day < before;
SELECT pg_temp.at_least(count(*), 50, 'histories in which the events up to as_of are not the first ones')
FROM (SELECT h FROM event JOIN hist USING (h) GROUP BY h
      HAVING max(n) FILTER (WHERE day <= as_of) > min(n) FILTER (WHERE day > as_of)) e;
SELECT pg_temp.at_least(count(*), 5000, 'an event on as_of') FROM hist WHERE EXISTS (SELECT FROM event e WHERE e.h = hist.h AND day = as_of);
SELECT pg_temp.at_least(count(*), 1000, 'a miss on the first day of the window') FROM hist
WHERE EXISTS (SELECT FROM event e WHERE e.h = hist.h AND code = 3 AND day = as_of - days + 1);
SELECT pg_temp.at_least(count(*), 500, 'a miss on the day before the window') FROM hist
WHERE EXISTS (SELECT FROM event e WHERE e.h = hist.h AND code = 3 AND day = as_of - days);
SELECT pg_temp.at_least(count(*), 10000, 'the fullest window is fuller than the one up to as_of') FROM expected WHERE most_misses_in > misses_in;
SELECT pg_temp.at_least(count(*), 10000, 'the longest run is longer than the last') FROM expected WHERE longest_miss_run > miss_run;
SELECT pg_temp.at_least(count(*), 5000, 'a contact after the last session') FROM expected WHERE last_contact > last_attended;
SELECT pg_temp.at_least(count(*), 1000, 'scheduled on as_of itself is next') FROM expected JOIN hist USING (h) WHERE next_appointment = as_of;

SELECT * FROM finish();
ROLLBACK;
