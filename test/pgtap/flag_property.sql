-- Whatever the order in which a history arrives, the derived values and the flags are those of the history.
--
-- Every history (one client) is delivered ten times, to ten districts, each time in another way: events come early, late, with
-- a wrong time or status that is corrected, under another client, twice, or are deleted, some for good; in single-row and in
-- multi-row statements; the client's site, the site's zone, the episodes and the services come when they come. Then
-- client_activity and the flags that stand are compared with what plain SQL makes of the tables of facts. That SQL is written from
-- docs/attendance.md and docs/rules.md and uses nothing of ours. Flags are compared as the triggers have left them, and after
-- evaluate() as of fixed dates near which half of the histories lie, among changes of clocks.
--
-- CASELOAD_HISTORIES in the environment is the number of histories, 1000 when it is not set; "make proof" takes 10000. All is
-- committed as it goes, since values that a transaction has made anew are not changed step by step in it; at the end all is
-- removed.

\unset ECHO
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
\set ON_ERROR_STOP true
\getenv histories CASELOAD_HISTORIES
\if :{?histories}
\else
  \set histories 1000
\endif

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap SCHEMA public;
SET search_path = caseload, public;
SET work_mem = '128MB';
SET jit = off;
SET synchronous_commit = off;
-- Neither may matter to any result.
SET timezone = 'America/Adak';
SET datestyle = 'ISO, DMY';

------------------------------------------------------------------------------------------------------------------------------------
-- Chance, without a state: u() is in [0, 1), r() in 0 .. n-1. `h` is the history, `i` a number in it.
------------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.u(h bigint, i bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(h * 4096 + i, salt) & 4294967295)::float8 / 4294967296 $$;

CREATE FUNCTION pg_temp.r(h bigint, i bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor((hashint8extended(h * 4096 + i, salt) & 4294967295)::float8 / 4294967296 * n)::int $$;

CREATE TEMP TABLE kind (code int PRIMARY KEY, status text);
INSERT INTO kind VALUES
  (0, 'scheduled'), (1, 'attended'), (2, 'late'), (3, 'no_show'), (4, 'late_cancel'),
  (5, 'client_cancel'), (6, 'provider_cancel'), (7, 'closure'), (8, 'attempt'), (9, 'two_way');

-- As of April 6th the 30 days begin on March 7th; clocks change on the days said.
CREATE TEMP TABLE place (p int PRIMARY KEY, site_id text, zone text);
INSERT INTO place VALUES
  (0, 'S0', NULL),                   -- UTC
  (1, 'S1', 'America/New_York'),     -- March 8th
  (2, 'S2', 'America/Anchorage'),    -- March 8th
  (3, 'S3', 'America/Phoenix'),
  (4, 'S4', 'Asia/Kathmandu'),
  (5, 'S5', 'Europe/London'),        -- March 29th
  (6, 'S6', 'America/Havana'),       -- March 8th, which has no midnight
  (7, 'S7', 'Asia/Beirut'),          -- March 29th, which has no midnight
  (8, 'S8', 'America/Santiago'),     -- April 4th has 23:00 twice
  (9, 'S9', 'Pacific/Auckland'),     -- April 5th
  (10, 'S10', 'Pacific/Kiritimati'),
  (11, 'S11', 'Australia/Lord_Howe');-- April 5th, by half an hour

-- The day as of which a trigger judges clients of a site: today there, or today of the session where as_of has that default.
CREATE FUNCTION pg_temp.today(zone text) RETURNS date LANGUAGE sql STABLE AS
$$ SELECT CASE WHEN pg_get_function_arguments('caseload.evaluate(date, text)'::regprocedure) LIKE '%DEFAULT NULL::date%'
               THEN (now() AT TIME ZONE zone)::date ELSE CURRENT_DATE END $$;
CREATE TEMP TABLE started AS SELECT coalesce(zone, 'UTC') AS zone, pg_temp.today(coalesce(zone, 'UTC')) AS day FROM place;

------------------------------------------------------------------------------------------------------------------------------------
-- The histories: the site, the episodes and the events that there shall be in the end
------------------------------------------------------------------------------------------------------------------------------------

-- Half of the histories lie around the fixed date, half around today. Every tenth is a client of one open episode, who may be
-- confused with others.
CREATE TEMP TABLE hist AS
SELECT h, 'C' || h AS client_id, p.site_id, coalesce(p.zone, 'UTC') AS zone,
       CASE WHEN h % 2 = 0 THEN date '2026-04-06' ELSE CURRENT_DATE END AS anchor,
       CASE WHEN h % 10 = 0 THEN 0 ELSE pg_temp.r(h, 0, 2, 10) END AS shape,
       pg_temp.r(h, 0, 3, 7) AS mix,
       3 + floor(14 * pg_temp.u(h, 0, 4) * pg_temp.u(h, 0, 5) ^ 0.5)::int AS size,
       pg_temp.r(h, 0, 6, 20) AS service
FROM generate_series(1, :histories) h JOIN place p ON p.p = pg_temp.r(h, 0, 1, 12);
CREATE UNIQUE INDEX ON hist (h);

CREATE TEMP TABLE wanted_episode AS
SELECT h, e.episode, e.lo, e.hi
FROM hist,
     LATERAL (SELECT (ARRAY[0, 0, 1, 5])[1 + pg_temp.r(h, 1, 10, 4)] AS g, (ARRAY[0, 0, 2, 8])[1 + pg_temp.r(h, 1, 11, 4)] AS g2,
                     anchor + 3 - pg_temp.r(h, 1, 12, 45) AS m2) a,
     LATERAL (SELECT m2 - 1 - g2 - pg_temp.r(h, 1, 13, 30) AS m1, CASE WHEN pg_temp.r(h, 1, 14, 3) = 0 THEN anchor + pg_temp.r(h, 1, 15, 7) - 3 END AS shut) b,
     LATERAL (VALUES
       (1, CASE WHEN shape IN (2, 3, 4) THEN anchor - 15 - pg_temp.r(h, 1, 16, 50)
                WHEN shape IN (6, 7) THEN m1 - g - 1 - pg_temp.r(h, 1, 17, 40) END,
           CASE WHEN shape IN (4) THEN anchor + pg_temp.r(h, 1, 18, 7) - 3 WHEN shape >= 5 THEN m1 - g END),
       (2, m1, CASE WHEN shape >= 8 THEN m2 - g2 WHEN shut > m1 THEN shut END),
       (3, m2, NULL)) AS e (episode, lo, hi)
WHERE e.episode <= CASE WHEN shape >= 8 THEN 3 WHEN shape >= 5 THEN 2 ELSE 1 END;
CREATE INDEX ON wanted_episode (h);
ANALYZE wanted_episode;

-- What an event may be: a place in one of the episodes, often on its first or last day, on the days where thresholds lie or clocks
-- change, next to midnight, in the hour that there is not. `o` is 0 for what shall be in the end, else the delivery for which something wrong is
-- made up.
CREATE TEMP TABLE draw AS
SELECT s.h, s.o, s.i, s.k, (e.day + t.clock) AT TIME ZONE s.zone
         + CASE pg_temp.r(s.h, s.n, 30, 12) WHEN 0 THEN interval '0.5 s' ELSE interval '0 s' END AS at, code
FROM (
  SELECT h.*, o, i, k, ((o * 32 + i) * 4 + k) AS n
  FROM hist h, LATERAL generate_series(0, 10) o, LATERAL generate_series(1, h.size + 3) i, LATERAL generate_series(0, 2) k
  WHERE CASE WHEN o = 0 THEN k = 0 ELSE k > 0 END) s
CROSS JOIN LATERAL (
  SELECT w.lo, w.hi, greatest(w.lo, s.anchor - 125) AS first, least(w.hi - 1, s.anchor + 20) AS last
  FROM wanted_episode w WHERE w.h = s.h
  ORDER BY hashint8extended(w.episode + s.n * 8, 31) + CASE WHEN w.hi IS NULL THEN 4e18 ELSE 0 END DESC LIMIT 1) w
CROSS JOIN LATERAL (
  SELECT CASE pg_temp.r(s.h, s.n, 32, 5)
           WHEN 0 THEN CASE WHEN pg_temp.r(s.h, s.n, 33, 2) = 0 THEN w.first ELSE w.last END
           WHEN 1 THEN least(greatest(s.anchor + (ARRAY[0, 1, -1, -28, -29, -30, -31, -89, -90, -91])[1 + pg_temp.r(s.h, s.n, 34, 10)], w.first), w.last)
           WHEN 2 THEN least(greatest(CASE WHEN s.h % 2 = 0 THEN (ARRAY[date '2026-03-08', '2026-03-29', '2026-04-04', '2026-04-05'])[1 + pg_temp.r(s.h, s.n, 34, 4)]
                                           ELSE s.anchor - pg_temp.r(s.h, s.n, 34, 35) END, w.first), w.last)
           ELSE w.first + pg_temp.r(s.h, s.n, 35, greatest(w.last - w.first, 0) + 1) END AS day) e
CROSS JOIN LATERAL (
  SELECT CASE pg_temp.r(s.h, s.n, 36, 6)
           WHEN 0 THEN time '00:00' WHEN 1 THEN time '23:59:59' WHEN 2 THEN time '02:30' WHEN 3 THEN time '14:30'
           ELSE time '00:00' + pg_temp.r(s.h, s.n, 37, 1440) * interval '1 minute' END AS clock) t
CROSS JOIN LATERAL (
  -- the kind of table is that of the slot, so that a wrong event can be corrected
  SELECT CASE WHEN pg_temp.r(s.h, s.i, 38, 6) = 0 THEN 8 + pg_temp.r(s.h, s.n, 39, 2)
              ELSE substr((ARRAY['01234567', '33333312', '45454671', '11111624', '33304567', '00001367', '11111111'])[1 + s.mix],
                          1 + pg_temp.r(s.h, s.n, 40, 8), 1)::int END AS code) c;
CREATE UNIQUE INDEX ON draw (h, o, i, k);
ANALYZE draw;

-- The events of the end; one in ten is in the same second as another.
CREATE TEMP TABLE wanted AS
SELECT d.h, d.i, coalesce(b.at, d.at) AS at, d.code
FROM hist JOIN draw d USING (h)
LEFT JOIN draw b ON b.h = d.h AND b.o = 0 AND b.i = d.i - 1 AND pg_temp.r(d.h, d.i, 41, 10) = 0
WHERE d.o = 0 AND d.i <= size;
CREATE UNIQUE INDEX ON wanted (h, i);
ANALYZE wanted;

------------------------------------------------------------------------------------------------------------------------------------
-- The deliveries: what happens in which of 24 rounds
------------------------------------------------------------------------------------------------------------------------------------

-- Sites whose zone is wrong at first, and the round in which it is corrected.
CREATE TEMP TABLE zoned AS
SELECT o, site_id, pg_temp.r(o, p, 51, 4) = 0 AS wrong_zone, CASE WHEN pg_temp.r(o, p, 49, 2) = 0 THEN 11 ELSE 23 END AS zoned,
       (SELECT q.zone FROM place q WHERE q.p = (place.p + o) % 12) AS other_zone
FROM generate_series(1, 10) o, place;

-- How the frame of each client comes. `frame` 0: as it shall be, from the beginning; 1: with the first event, the episode that opens
-- itself; 2: as two episodes that cover all days. `framed` is the round of the correction, `moved` that in which the client comes to
-- the right site; days must be right before episodes are.
CREATE TEMP TABLE delivery AS
SELECT h, o, 'O' || o AS district_id,
       CASE WHEN wrong_site OR wrong_zone THEN 1 + pg_temp.r(h, o, 52, 2) ELSE pg_temp.r(h, o, 53, 3) END AS frame,
       CASE WHEN wrong_zone AND zoned = 23 THEN 23 ELSE 12 + pg_temp.r(h, o, 54, 12) END AS framed,
       wrong_site, pg_temp.r(h, o, 55, CASE WHEN shape < 2 THEN 24 ELSE 12 END) AS moved, anchor - pg_temp.r(h, o, 56, 60) AS split
FROM (SELECT hist.*, o, wrong_zone, zoned, pg_temp.r(h, o, 50, 5) = 0 AS wrong_site FROM hist JOIN zoned USING (site_id)) d;
CREATE UNIQUE INDEX ON delivery (h, o);

-- The steps of an event; those of one event are in different rounds.
CREATE TEMP TABLE op AS
SELECT d.o, d.district_id, floor((s.step + pg_temp.u(d.h, d.o * 256 + w.i * 4 + s.step, 60)) / s.steps * 24)::int AS round,
       pg_temp.r(d.h, d.o * 256 + w.i * 4 + s.step, 61, 16) = 0 AS single, pg_temp.r(d.h, d.o * 256 + w.i * 4 + s.step, 62, 3) AS batch,
       s.verb, w.class, h.client_id,
       -- under another client at first: see hist
       CASE WHEN s.what = 'c' OR s.verb = 'm' THEN 'C' || (h.h / 10 * 10) ELSE h.client_id END AS was_client,
       CASE WHEN s.what = 'c' OR s.verb = 'm' THEN 'm' || h.h || '-' || w.i ELSE 'e' || w.i END AS was_id, 'e' || w.i AS id,
       CASE s.what WHEN '1' THEN w1.at WHEN '2' THEN w2.at ELSE w.at END AS at,
       k.status
FROM hist h JOIN delivery d USING (h)
CROSS JOIN LATERAL (
  -- those after the last one that is wanted are ghosts
  SELECT g.i, coalesce(f.at, g.at) AS at, coalesce(f.code, g.code) AS code, f.i IS NULL AS ghost,
         CASE WHEN g.code >= 8 THEN 'contact' ELSE 'appointment' END AS class
  FROM draw g LEFT JOIN wanted f ON f.h = g.h AND f.i = g.i WHERE g.h = h.h AND g.o = 0) w
JOIN draw w1 ON w1.h = h.h AND w1.o = d.o AND w1.i = w.i AND w1.k = 1
JOIN draw w2 ON w2.h = h.h AND w2.o = d.o AND w2.i = w.i AND w2.k = 2
CROSS JOIN LATERAL (SELECT CASE WHEN w.ghost THEN 20 + pg_temp.r(h.h, d.o * 256 + w.i, 63, 5) ELSE pg_temp.r(h.h, d.o * 256 + w.i, 63, 20) END AS way) y
JOIN (VALUES
  -- inserted; with something wrong that is corrected, once or twice; deleted and inserted again, right or wrong; under another client
  (0, 7, 1, 0, 'i', 'f'),
  (8, 11, 2, 0, 'i', '1'), (8, 11, 2, 1, 'u', 'f'),
  (12, 13, 3, 0, 'i', '1'), (12, 13, 3, 1, 'u', '2'), (12, 13, 3, 2, 'u', 'f'),
  (14, 15, 3, 0, 'i', 'f'), (14, 15, 3, 1, 'd', 'f'), (14, 15, 3, 2, 'i', 'f'),
  (16, 17, 4, 0, 'i', '1'), (16, 17, 4, 1, 'd', '1'), (16, 17, 4, 2, 'i', '2'), (16, 17, 4, 3, 'u', 'f'),
  (18, 19, 2, 0, 'i', 'c'), (18, 19, 2, 1, 'm', 'f'),
  -- what shall not be in the end
  (20, 21, 2, 0, 'i', '1'), (20, 21, 2, 1, 'd', '1'),
  (22, 22, 3, 0, 'i', '1'), (22, 22, 3, 1, 'u', '2'), (22, 22, 3, 2, 'd', '1')) AS s (least, most, steps, step, verb, what)
  ON y.way BETWEEN s.least AND s.most
JOIN kind k ON k.code = CASE s.what WHEN '1' THEN w1.code WHEN '2' THEN w2.code ELSE w.code END;
-- the clients of one open episode start with the tenth
UPDATE op SET was_client = 'C10' WHERE was_client = 'C0';
CREATE INDEX ON op (o, round);
ANALYZE op;

-- What is left of an earlier run that did not come to its end, and the end of this one: without triggers.
CREATE PROCEDURE pg_temp.clean() LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOREACH name IN ARRAY ARRAY['flag_step', 'flag', 'client_activity', 'appointment', 'contact', 'service', 'episode', 'client', 'therapist', 'site', 'district'] LOOP
    IF to_regclass('caseload.' || name) IS NOT NULL THEN
      EXECUTE format('DELETE FROM caseload.%I WHERE district_id ~ ''^O[0-9]+$''', name);
    END IF;
  END LOOP;
  SET LOCAL session_replication_role = origin;
  DELETE FROM caseload.rule WHERE rule_name LIKE 'property\_%';
  COMMIT;
END $$;

CALL pg_temp.clean();

-- Rules of our own, over facts that the seeded rules do not use. The thresholds are such that some clients are on either side.
INSERT INTO rule (district_id, rule_name, condition, message) VALUES
  ('*', 'property_window', 'misses_in_window >= 2', 'two misses in the window'),
  ('*', 'property_miss_run', 'miss_run >= 2', 'missed twice in a row'),
  ('*', 'property_cancel_run', 'cancel_run BETWEEN 1 AND 2', 'once or twice cancelled'),
  ('*', 'property_on_time_run', 'on_time_run >= 3', 'three times on time'),
  ('*', 'property_unresolved', 'unresolved > 0', 'unresolved'),
  ('*', 'property_upcoming', 'has_upcoming', 'upcoming');

INSERT INTO district (district_id) SELECT 'O' || o FROM generate_series(1, 10) o;
INSERT INTO site (district_id, site_id, time_zone)
  SELECT 'O' || o, site_id, CASE WHEN wrong_zone THEN other_zone ELSE zone END FROM zoned JOIN place USING (site_id);
INSERT INTO therapist (district_id, therapist_id, discipline) SELECT 'O' || o, 'T', 'SLP' FROM generate_series(1, 10) o;
INSERT INTO client (district_id, client_id, site_id)
  SELECT district_id, client_id, CASE WHEN wrong_site THEN 'S' || pg_temp.r(h, o, 57, 12) ELSE site_id END FROM hist JOIN delivery USING (h);
INSERT INTO episode (district_id, client_id, episode, period)
  SELECT district_id, client_id, episode, daterange(lo, hi) FROM hist JOIN delivery USING (h) JOIN wanted_episode USING (h) WHERE frame = 0
  UNION ALL
  SELECT district_id, client_id, e.*
  FROM hist JOIN delivery USING (h), LATERAL (VALUES (1, daterange(NULL, split)), (2, daterange(split, NULL))) e WHERE frame = 2 AND shape > 1;

CREATE PROCEDURE pg_temp.deliver(nth int, in_round int) LANGUAGE plpgsql AS $$
DECLARE
  way text;
  next record;
  done int := 0;
BEGIN
  -- several rows at a time, statements in any order; sometimes all in one transaction
  FOR way IN SELECT w || b FROM unnest(ARRAY['ia', 'ic', 'u', 'd', 'm']) w, generate_series(0, 2) b ORDER BY hashtextextended(w || b, nth * 100 + in_round) LOOP
    CASE left(way, -1)
      WHEN 'ia' THEN
        INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
          SELECT district_id, was_client, was_id, at, status::caseload.appointment_status FROM op
          WHERE o = nth AND round = in_round AND NOT single AND verb = 'i' AND class = 'appointment' AND batch = right(way, 1)::int;
      WHEN 'ic' THEN
        INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind)
          SELECT district_id, was_client, was_id, at, status::caseload.contact_kind FROM op
          WHERE o = nth AND round = in_round AND NOT single AND verb = 'i' AND class = 'contact' AND batch = right(way, 1)::int;
      WHEN 'u', 'm' THEN
        UPDATE caseload.appointment a SET client_id = op.client_id, appointment_id = op.id, starts_at = op.at, status = op.status::caseload.appointment_status
          FROM op WHERE o = nth AND round = in_round AND NOT single AND verb = left(way, -1) AND class = 'appointment' AND batch = right(way, 1)::int
            AND a.district_id = op.district_id AND a.client_id = op.was_client AND a.appointment_id = op.was_id;
        UPDATE caseload.contact a SET client_id = op.client_id, contact_id = op.id, at = op.at, kind = op.status::caseload.contact_kind
          FROM op WHERE o = nth AND round = in_round AND NOT single AND verb = left(way, -1) AND class = 'contact' AND batch = right(way, 1)::int
            AND a.district_id = op.district_id AND a.client_id = op.was_client AND a.contact_id = op.was_id;
      WHEN 'd' THEN
        DELETE FROM caseload.appointment a USING op
          WHERE o = nth AND round = in_round AND NOT single AND verb = 'd' AND class = 'appointment' AND batch = right(way, 1)::int
            AND a.district_id = op.district_id AND a.client_id = op.was_client AND a.appointment_id = op.was_id;
        DELETE FROM caseload.contact a USING op
          WHERE o = nth AND round = in_round AND NOT single AND verb = 'd' AND class = 'contact' AND batch = right(way, 1)::int
            AND a.district_id = op.district_id AND a.client_id = op.was_client AND a.contact_id = op.was_id;
    END CASE;
    IF (nth + in_round) % 3 > 0 THEN
      COMMIT;
    END IF;
  END LOOP;
  COMMIT;

  -- one row at a time, a few to a transaction
  FOR next IN SELECT * FROM op WHERE o = nth AND round = in_round AND single ORDER BY hashtextextended(was_client || was_id, nth) LOOP
    CASE next.verb || next.class
      WHEN 'iappointment' THEN
        INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
          VALUES (next.district_id, next.was_client, next.was_id, next.at, next.status::caseload.appointment_status);
      WHEN 'icontact' THEN
        INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind)
          VALUES (next.district_id, next.was_client, next.was_id, next.at, next.status::caseload.contact_kind);
      WHEN 'uappointment', 'mappointment' THEN
        UPDATE caseload.appointment a SET client_id = next.client_id, appointment_id = next.id, starts_at = next.at, status = next.status::caseload.appointment_status
          WHERE a.district_id = next.district_id AND a.client_id = next.was_client AND a.appointment_id = next.was_id;
      WHEN 'ucontact', 'mcontact' THEN
        UPDATE caseload.contact a SET client_id = next.client_id, contact_id = next.id, at = next.at, kind = next.status::caseload.contact_kind
          WHERE a.district_id = next.district_id AND a.client_id = next.was_client AND a.contact_id = next.was_id;
      WHEN 'dappointment' THEN
        DELETE FROM caseload.appointment a WHERE a.district_id = next.district_id AND a.client_id = next.was_client AND a.appointment_id = next.was_id;
      WHEN 'dcontact' THEN
        DELETE FROM caseload.contact a WHERE a.district_id = next.district_id AND a.client_id = next.was_client AND a.contact_id = next.was_id;
    END CASE;
    done := done + 1;
    IF done % 4 = 0 THEN
      COMMIT;
    END IF;
  END LOOP;
  COMMIT;

  -- the frame; episodes go and come in one statement, since events must never be without one
  UPDATE caseload.client c SET site_id = h.site_id FROM hist h JOIN delivery d USING (h)
    WHERE d.o = nth AND d.moved = in_round AND d.wrong_site AND c.district_id = d.district_id AND c.client_id = h.client_id;
  UPDATE caseload.site s SET time_zone = p.zone FROM place p JOIN zoned z USING (site_id)
    WHERE z.o = nth AND z.zoned = in_round AND z.wrong_zone AND s.district_id = 'O' || nth AND s.site_id = p.site_id;
  WITH corrected AS (
    SELECT h, district_id, client_id FROM hist JOIN delivery USING (h) WHERE o = nth AND framed = in_round AND frame > 0 AND shape > 1
  ), gone AS (
    DELETE FROM caseload.episode e USING corrected c
      WHERE e.district_id = c.district_id AND e.client_id = c.client_id
        AND NOT EXISTS (SELECT FROM wanted_episode w WHERE w.h = c.h AND w.episode = e.episode)
  )
  INSERT INTO caseload.episode (district_id, client_id, episode, period)
    SELECT district_id, client_id, episode, daterange(lo, hi) FROM corrected JOIN wanted_episode USING (h)
    ON CONFLICT (district_id, client_id, episode) DO UPDATE SET period = EXCLUDED.period;
  -- one service that nobody gives; one that somebody gives later; one of each
  INSERT INTO caseload.service (district_id, service_id, client_id, discipline, therapist_id, period)
    SELECT district_id, 'V' || h || s.n, client_id, 'SLP', s.therapist_id, '(,)'
    FROM hist JOIN delivery USING (h), LATERAL (VALUES (1, NULL), (2, 'T')) s (n, therapist_id)
    WHERE o = nth AND service < 4 AND (s.n = 1 OR service = 3) AND pg_temp.r(h, o * 4 + s.n, 58, 12) = in_round;
  UPDATE caseload.service v SET therapist_id = 'T' FROM hist h JOIN delivery d USING (h)
    WHERE d.o = nth AND h.service = 2 AND 12 + pg_temp.r(h, d.o, 59, 12) = in_round
      AND v.district_id = d.district_id AND v.service_id = 'V' || h.h || 1;
  COMMIT;
END $$;

SELECT format('CALL pg_temp.deliver(%s, %s);', o, round) FROM generate_series(1, 10) o, generate_series(0, 23) round ORDER BY round, o \gexec

------------------------------------------------------------------------------------------------------------------------------------
-- The same in plain SQL, from the tables of facts
------------------------------------------------------------------------------------------------------------------------------------

SELECT plan(33);

CREATE TEMP TABLE fact AS
SELECT c.district_id, c.client_id, z.zone, date_trunc('second', f.at) AS at, k.code, k.status, (f.at AT TIME ZONE z.zone)::date AS day
FROM caseload.client c
JOIN caseload.site s USING (district_id, site_id)
CROSS JOIN LATERAL (SELECT coalesce(s.time_zone, 'UTC')) z (zone)
JOIN (SELECT district_id, client_id, starts_at AS at, status::text FROM caseload.appointment
      UNION ALL SELECT district_id, client_id, contact.at, contact.kind::text FROM caseload.contact) f USING (district_id, client_id)
JOIN kind k ON k.status = f.status
WHERE c.district_id ~ '^O[0-9]+$';

-- an event is in the episode that holds its day
CREATE TEMP TABLE event AS
SELECT f.*, e.episode, row_number() OVER (PARTITION BY district_id, client_id, e.episode ORDER BY at, code) AS n
FROM fact f JOIN caseload.episode e USING (district_id, client_id) WHERE e.period @> f.day;
CREATE INDEX ON event (district_id, client_id, episode, n);
ANALYZE event;

-- Which rules hold as of a date, or of today where it is NULL. The planner expects few rows and would go through all of them for each.
CREATE FUNCTION pg_temp.holds(asked date) RETURNS TABLE (district_id text, client_id text, episode int, rule_name text) LANGUAGE sql STABLE
SET enable_nestloop = off AS $$
  WITH enrolled AS (
    SELECT c.district_id, c.client_id, e.episode, lower(e.period) AS began, d.day AS as_of,
           -- on a caseload, unless nobody gives any of the services
           NOT coalesce((SELECT bool_and(v.therapist_id IS NULL) FROM caseload.service v
                          WHERE v.district_id = c.district_id AND v.client_id = c.client_id AND v.period @> d.day), false) AS is_active
    FROM caseload.client c
    JOIN caseload.site s USING (district_id, site_id)
    CROSS JOIN LATERAL (SELECT coalesce(asked, pg_temp.today(coalesce(s.time_zone, 'UTC')))) d (day)
    JOIN caseload.episode e ON e.district_id = c.district_id AND e.client_id = c.client_id AND e.period @> d.day
    WHERE c.district_id ~ '^O[0-9]+$'
  ), marked AS (
    SELECT e.*, as_of,
           max(n) FILTER (WHERE code IN (1, 2) AND day <= as_of)       OVER w AS session,
           max(n) FILTER (WHERE code IN (1, 2, 3) AND day <= as_of)    OVER w AS shown_or_not,
           max(n) FILTER (WHERE code IN (2, 3, 4, 5) AND day <= as_of) OVER w AS lapse
    FROM event e JOIN enrolled USING (district_id, client_id, episode)
    WINDOW w AS (PARTITION BY e.district_id, e.client_id, e.episode)
  ), counted AS (
    SELECT m.district_id AS in_district, m.client_id AS of_client, m.episode AS in_episode,
           count(*) FILTER (WHERE code IN (3, 4) AND day <= as_of) AS strikes,
           count(*) FILTER (WHERE code = 3 AND day <= as_of AND day > as_of - 90) AS misses_in_window,
           count(*) FILTER (WHERE code = 3 AND day <= as_of AND n > coalesce(session, 0)) AS miss_run,
           count(*) FILTER (WHERE code IN (4, 5) AND day <= as_of AND n > coalesce(shown_or_not, 0)) AS cancel_run,
           count(*) FILTER (WHERE code = 1 AND day <= as_of AND n > coalesce(lapse, 0)) AS on_time_run,
           count(*) FILTER (WHERE code = 0 AND day < as_of) AS unresolved,
           bool_or(code = 0 AND day >= as_of OR code IN (1, 2, 3) AND day > as_of) AS has_upcoming,
           max(day) FILTER (WHERE code IN (1, 2) AND day <= as_of) AS last_attended,
           max(day) FILTER (WHERE code IN (1, 2, 9) AND day <= as_of) AS last_contact,
           min(day) AS first_event
    FROM marked m GROUP BY m.district_id, m.client_id, m.episode
  )
  SELECT s.district_id, s.client_id, s.episode, r.rule_name
  FROM (
    -- since enrolment, where there was none; since the first event, where nobody recorded that; never before it began
    SELECT e.*, c.*, greatest(as_of - coalesce(last_attended, began, first_event, as_of), 0) AS days_unseen,
           greatest(as_of - coalesce(last_contact, began, first_event, as_of), 0) AS days_inactive
    FROM enrolled e LEFT JOIN counted c ON (c.in_district, c.of_client, c.in_episode) = (e.district_id, e.client_id, e.episode)) s
  CROSS JOIN LATERAL (VALUES
    ('attendance_close', is_active AND strikes >= 3),
    ('inactive_close', is_active AND days_inactive >= 30),
    ('inactive_warn', is_active AND days_unseen >= 30 AND days_inactive < 30),
    ('property_window', misses_in_window >= 2),
    ('property_miss_run', miss_run >= 2),
    ('property_cancel_run', cancel_run BETWEEN 1 AND 2),
    ('property_on_time_run', on_time_run >= 3),
    ('property_unresolved', unresolved > 0),
    ('property_upcoming', has_upcoming)) AS r (rule_name, holds)
  WHERE r.holds
$$;

CREATE FUNCTION pg_temp.standing() RETURNS TABLE (district_id text, client_id text, episode int, rule_name text) LANGUAGE sql STABLE AS $$
  SELECT district_id, client_id, episode, rule_name FROM caseload.flag
  WHERE cleared_on IS NULL AND district_id ~ '^O[0-9]+$'
    AND (rule_name IN ('attendance_close', 'inactive_close', 'inactive_warn') OR rule_name LIKE 'property\_%')
$$;

-- The flags that stand, as of a date (NULL: today): those that hold, and the same in every delivery.
CREATE FUNCTION pg_temp.compare(asked date, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  wrong bigint;
  example text;
BEGIN
  DROP TABLE IF EXISTS difference;
  CREATE TEMP TABLE difference AS
    SELECT 'is missing' AS what, m.* FROM (SELECT * FROM pg_temp.holds(asked) EXCEPT ALL SELECT * FROM pg_temp.standing()) m
    UNION ALL
    SELECT 'stands', s.* FROM (SELECT * FROM pg_temp.standing() EXCEPT ALL SELECT * FROM pg_temp.holds(asked)) s;
  RETURN NEXT is((SELECT count(*) FROM difference), 0::bigint, what || ': flags differ from the facts');
  FOR example IN SELECT format('%s %s, episode %s: %s %s', district_id, client_id, episode, rule_name, d.what) FROM difference d ORDER BY length(client_id), client_id, district_id LIMIT 5 LOOP
    RETURN NEXT diag(example);
  END LOOP;
  RETURN NEXT is((SELECT count(*) FROM (SELECT FROM pg_temp.standing() GROUP BY client_id, episode, rule_name HAVING count(*) <> 10) x), 0::bigint,
                 what || ': flags differ between deliveries');
END $$;

CREATE FUNCTION pg_temp.evaluate_and_compare(asked date) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM caseload.evaluate(asked, district_id) FROM caseload.district WHERE district_id ~ '^O[0-9]+$';
  RETURN QUERY SELECT pg_temp.compare(asked, asked::text);
  RETURN NEXT is((SELECT count(*) FROM caseload.district d, caseload.verify(d.district_id, asked) WHERE d.district_id ~ '^O[0-9]+$'), 0::bigint,
                 asked || ': verify() agrees');
END $$;

-- 1. The facts are what they shall be: else nothing below means anything.
SELECT is(count(*), 0::bigint, 'events that are not as they shall be')
FROM (SELECT district_id, client_id, date_trunc('second', at) AS at, code FROM wanted JOIN hist USING (h) JOIN delivery USING (h)) w
FULL JOIN (SELECT district_id, client_id, at, code, row_number() OVER (PARTITION BY district_id, client_id, at, code) AS same FROM fact) f
  USING (district_id, client_id, at, code)
WHERE (w.district_id IS NULL OR f.district_id IS NULL);
SELECT is((SELECT count(*) FROM fact), (SELECT count(*) * 10 FROM wanted), 'their number');
SELECT is(count(*), 0::bigint, 'episodes that are not as they shall be')
FROM (SELECT district_id, client_id, episode, daterange(lo, hi) AS period FROM wanted_episode JOIN hist USING (h) JOIN delivery USING (h)) w
FULL JOIN (SELECT district_id, client_id, episode, period FROM caseload.episode WHERE district_id ~ '^O[0-9]+$') e USING (district_id, client_id, episode, period)
WHERE w.district_id IS NULL OR e.district_id IS NULL;

-- 2. client_activity
CREATE TEMP TABLE value AS
SELECT e.district_id, e.client_id, e.episode,
       CASE WHEN coalesce(s.time_zone, 'UTC') = 'UTC' THEN '' ELSE s.time_zone END || '{'
         || coalesce(string_agg(to_char(v.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z ') || v.status, ',' ORDER BY v.n), '') || '}' AS text
FROM caseload.episode e
JOIN caseload.client c USING (district_id, client_id)
JOIN caseload.site s USING (district_id, site_id)
LEFT JOIN event v USING (district_id, client_id, episode)
WHERE e.district_id ~ '^O[0-9]+$'
GROUP BY e.district_id, e.client_id, e.episode, s.time_zone;

SELECT is(count(*), 0::bigint, 'client_activity: differing episodes')
FROM value v FULL JOIN (SELECT * FROM caseload.client_activity WHERE district_id ~ '^O[0-9]+$') a USING (district_id, client_id, episode)
WHERE v.text IS DISTINCT FROM a.attendance::text;
SELECT diag(format('%s %s, episode %s: %s, not %s', district_id, client_id, episode, a.attendance, v.text))
FROM value v FULL JOIN (SELECT * FROM caseload.client_activity WHERE district_id ~ '^O[0-9]+$') a USING (district_id, client_id, episode)
WHERE v.text IS DISTINCT FROM a.attendance::text ORDER BY length(v.text) LIMIT 3;
SELECT is(count(*), 0::bigint, 'client_activity: histories that differ between deliveries')
FROM (SELECT FROM caseload.client_activity WHERE district_id ~ '^O[0-9]+$' GROUP BY client_id, episode HAVING count(*) <> 10 OR count(DISTINCT attendance::text) <> 1) x;
SELECT is(count(*), 0::bigint, 'verify() agrees') FROM caseload.verify() WHERE district_id ~ '^O[0-9]+$';

-- 3. Flags as the triggers have left them; where a day has begun meanwhile, as evaluate() has
DO $$BEGIN IF EXISTS (SELECT FROM started WHERE day <> pg_temp.today(zone)) THEN PERFORM caseload.evaluate(); END IF; END$$;
SELECT pg_temp.compare(NULL, 'today');

-- 4. Flags as of fixed dates, one after the other and back
SELECT pg_temp.evaluate_and_compare(as_of)
FROM (VALUES (date '2026-04-07'), ('2026-03-08'), ('2026-04-06')) a (as_of);

SELECT is(sum(caseload.rebuild(district_id)), 0::numeric, 'rebuild() finds nothing to do') FROM caseload.district WHERE district_id ~ '^O[0-9]+$';

-- 5. The data reach the corners, as of April 6th.
CREATE FUNCTION pg_temp.at_least(n bigint, percent int, what text) RETURNS text LANGUAGE sql AS
$$ SELECT public.cmp_ok(n * 100 / (SELECT count(*) FROM hist), '>=', percent::bigint, 'data: histories with ' || what || ', per cent') $$;

SELECT pg_temp.at_least(count(*) FILTER (WHERE rule_name = r) / 10, 2, r)
FROM pg_temp.holds('2026-04-06') h, unnest(ARRAY['attendance_close', 'inactive_close', 'inactive_warn', 'property_window', 'property_miss_run',
  'property_cancel_run', 'property_on_time_run', 'property_unresolved', 'property_upcoming']) r GROUP BY r ORDER BY r;
SELECT pg_temp.at_least(count(DISTINCT h), 5, 'several episodes') FROM wanted_episode WHERE episode = 3;
SELECT pg_temp.at_least(count(DISTINCT h), 30, 'an event on the first or last day of an episode') FROM hist JOIN wanted USING (h) JOIN wanted_episode e USING (h)
WHERE (at AT TIME ZONE zone)::date IN (e.lo, e.hi - 1);
SELECT pg_temp.at_least(count(DISTINCT h), 10, 'an event on a day of 23 or 25 hours') FROM hist JOIN wanted USING (h)
WHERE date_trunc('day', at AT TIME ZONE zone) AT TIME ZONE zone + interval '24 hours' <> (date_trunc('day', at AT TIME ZONE zone) + interval '1 day') AT TIME ZONE zone;
SELECT pg_temp.at_least(count(DISTINCT h), 40, 'an event whose day in UTC is another') FROM hist JOIN wanted USING (h)
WHERE (at AT TIME ZONE zone)::date <> (at AT TIME ZONE 'UTC')::date;
SELECT pg_temp.at_least(count(DISTINCT h), 3, 'a last session 29 or 30 days before') FROM hist JOIN wanted USING (h)
WHERE h % 2 = 0 AND code IN (1, 2) AND (at AT TIME ZONE zone)::date IN ('2026-03-07', '2026-03-08');
SELECT pg_temp.at_least(count(DISTINCT h), 30, 'two events in one second') FROM wanted a JOIN wanted b USING (h, at) WHERE a.i < b.i;

SELECT * FROM finish();
CALL pg_temp.clean();
