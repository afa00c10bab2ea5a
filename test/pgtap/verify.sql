-- verify() lists every difference between what is derived and the facts, and nothing else; rebuild() and evaluate() mend them.
--
-- About thirty ways to go past the triggers, each with some thirty clients: client_activity and flags that are changed by hand, and events,
-- episodes and sites that are changed while triggers do not fire (session_replication_role, or disabled). What verify() must say of each
-- is written down with the seed. All of it is deterministic: places are chosen by hashes of the client's number.

\ir begin.psql
SET LOCAL timezone = 'Pacific/Auckland';
SET LOCAL datestyle = 'ISO, DMY';

SELECT plan(23);

CREATE FUNCTION pg_temp.r(h bigint, i bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor((hashint8extended(h * 4096 + i, salt) & 4294967295)::float8 / 4294967296 * n)::int $$;

------------------------------------------------------------------------------------------------------------------------------------
-- The facts: two episodes for each client, with events in both, none of them on the first or last three days of an episode
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE who AS
SELECT n, n % 32 AS kind, 'C' || n AS client_id, CURRENT_DATE - 90 - pg_temp.r(n, 0, 1, 9) AS cut, 'S' || n % 3 AS site_id
FROM generate_series(1, 1024) n;
CREATE UNIQUE INDEX ON who (client_id);
ANALYZE who;

INSERT INTO district (district_id) VALUES ('V'), ('W');
INSERT INTO site (district_id, site_id, time_zone)
  VALUES ('V', 'S0', 'America/Anchorage'), ('V', 'S1', 'Asia/Kathmandu'), ('V', 'S2', NULL), ('V', 'S3', 'Pacific/Kiritimati'), ('V', 'S4', 'Europe/London');
INSERT INTO client (district_id, client_id, site_id) SELECT 'V', client_id, site_id FROM who;
-- eight more at a site of their own, and a district that nobody touches
INSERT INTO client (district_id, client_id, site_id) SELECT 'V', 'Z' || n, 'S4' FROM generate_series(1, 8) n;
INSERT INTO client (district_id, client_id) VALUES ('W', 'C1');
INSERT INTO episode (district_id, client_id, episode, period)
  SELECT 'V', client_id, e.* FROM who, LATERAL (VALUES (1, daterange(cut - 100, cut)), (2, daterange(cut, NULL))) e
  UNION ALL SELECT 'V', 'Z' || n, 1, '(,)' FROM generate_series(1, 8) n;
-- whoever has an even number has the three strikes of a flag
INSERT INTO appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT 'V', client_id, 'a' || e || '-' || i, (cut - 100 * (2 - e) + 4 + i * 7 + pg_temp.r(n, e * 16 + i, 2, 6) + time '12:00') AT TIME ZONE 'UTC',
         CASE WHEN e = 2 AND i <= 3 AND n % 2 = 0 THEN 'no_show'
              ELSE (ARRAY['attended', 'late', 'client_cancel', 'provider_cancel'])[1 + pg_temp.r(n, e * 16 + i, 3, 4)] END::appointment_status
  FROM who, generate_series(1, 2) e, generate_series(1, 7) i
  UNION ALL
  SELECT 'V', 'Z' || n, 'a', CURRENT_DATE - 20, 'attended' FROM generate_series(1, 8) n
  UNION ALL SELECT 'W', 'C1', 'a', CURRENT_DATE - 20, 'attended';
INSERT INTO contact (district_id, client_id, contact_id, at, kind)
  SELECT 'V', client_id, 'c' || e, (cut - 100 * (2 - e) + 10 + pg_temp.r(n, e, 4, 60) + time '18:00') AT TIME ZONE 'UTC',
         (ARRAY['attempt', 'two_way'])[1 + pg_temp.r(n, e, 5, 2)]::contact_kind
  FROM who, generate_series(1, 2) e;
SELECT count(*) FROM evaluate(CURRENT_DATE, 'V') \g /dev/null
SELECT is(count(*), 0::bigint, 'nothing differs before') FROM verify('V', CURRENT_DATE);
SELECT is(count(*), 512::bigint, 'there are flags') FROM flag WHERE district_id = 'V' AND rule_name = 'attendance_close' AND cleared_on IS NULL;

------------------------------------------------------------------------------------------------------------------------------------
-- The seeds, and what must be said of them
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE expected (kind int, client_id text, episode int, difference text);

-- An event of an episode of each client of some kinds, by chance.
CREATE FUNCTION pg_temp.pick(kinds int[], salt int) RETURNS TABLE (n int, kind int, client_id text, cut date, ep int, id text, at timestamptz, status text)
LANGUAGE sql STABLE AS
$$ SELECT w.n, w.kind, w.client_id, w.cut, 1 + pg_temp.r(w.n, 1, salt, 2), a.appointment_id, a.starts_at, a.status::text
   FROM who w JOIN caseload.appointment a ON a.district_id = 'V' AND a.client_id = w.client_id
    AND a.appointment_id = 'a' || 1 + pg_temp.r(w.n, 1, salt, 2) || '-' || 1 + pg_temp.r(w.n, 2, salt, 7)
   WHERE w.kind = ANY (kinds) $$;
CREATE TEMP TABLE place AS SELECT p.*, z.zone FROM pg_temp.pick(ARRAY(SELECT generate_series(0, 31)), 10) p
  JOIN client c ON c.district_id = 'V' AND c.client_id = p.client_id
  JOIN site s ON s.district_id = 'V' AND s.site_id = c.site_id, LATERAL (SELECT coalesce(s.time_zone, 'UTC')) z (zone);

CREATE INDEX ON place (kind);
ANALYZE place;

CREATE FUNCTION pg_temp.changed(kind int, ep int DEFAULT NULL) RETURNS void LANGUAGE sql AS
$$ INSERT INTO expected SELECT p.kind, p.client_id, coalesce($2, p.ep), 'client_activity differs from the events' FROM place p WHERE p.kind = $1 $$;

CREATE FUNCTION pg_temp.one(at timestamptz, status text, zone text) RETURNS caseload.attendance LANGUAGE sql IMMUTABLE AS
$$ SELECT caseload.attendance(v.at, v.status, v.zone) FROM (VALUES ($1, $2, $3)) v (at, status, zone) $$;

-- client_activity: an event more, an event less, another second, another status
UPDATE client_activity a SET attendance = a.attendance + pg_temp.one(p.at + interval '1 hour', 'closure', p.zone)
  FROM place p WHERE kind = 0 AND a.district_id = 'V' AND (a.client_id, a.episode) = (p.client_id, p.ep);
UPDATE client_activity a SET attendance = a.attendance - pg_temp.one(p.at, p.status, p.zone)
  FROM place p WHERE kind = 1 AND a.district_id = 'V' AND (a.client_id, a.episode) = (p.client_id, p.ep);
UPDATE client_activity a SET attendance = a.attendance - pg_temp.one(p.at, p.status, p.zone) + pg_temp.one(p.at + interval '1 second', p.status, p.zone)
  FROM place p WHERE kind = 2 AND a.district_id = 'V' AND (a.client_id, a.episode) = (p.client_id, p.ep);
UPDATE client_activity a SET attendance = a.attendance - pg_temp.one(p.at, p.status, p.zone) + pg_temp.one(p.at, 'closure', p.zone)
  FROM place p WHERE kind = 3 AND a.district_id = 'V' AND (a.client_id, a.episode) = (p.client_id, p.ep);
-- another zone; all of it gone; the values of the two episodes exchanged
UPDATE client_activity a SET attendance = (SELECT attendance(e.at, e.status, 'America/Phoenix') FROM events(a.attendance) e)
  FROM place p WHERE kind = 4 AND a.district_id = 'V' AND (a.client_id, a.episode) = (p.client_id, p.ep);
UPDATE client_activity a SET attendance = (CASE p.zone WHEN 'UTC' THEN '' ELSE p.zone END || '{}')::attendance
  FROM place p WHERE kind = 5 AND a.district_id = 'V' AND (a.client_id, a.episode) = (p.client_id, p.ep);
UPDATE client_activity a SET attendance = b.attendance
  FROM place p JOIN client_activity b ON b.district_id = 'V' AND b.client_id = p.client_id
  WHERE kind = 6 AND a.district_id = 'V' AND a.client_id = p.client_id AND b.episode = 3 - a.episode;
SELECT pg_temp.changed(kind) FROM generate_series(0, 5) kind \g /dev/null
SELECT pg_temp.changed(6, 1), pg_temp.changed(6, 2) \g /dev/null
-- a row less, a row more
DELETE FROM client_activity a USING place p WHERE kind = 7 AND a.district_id = 'V' AND (a.client_id, a.episode) = (p.client_id, p.ep);
INSERT INTO expected SELECT kind, client_id, ep, 'client_activity lacks the episode' FROM place WHERE kind = 7;
SET LOCAL session_replication_role = replica;
INSERT INTO client_activity (district_id, client_id, episode, period, attendance) SELECT 'V', client_id, 2 + ep, '(,)', '{}' FROM place WHERE kind = 8;
INSERT INTO expected SELECT kind, client_id, 2 + ep, 'client_activity has an episode that is not there' FROM place WHERE kind = 8;

-- events, half of them as a replica, half while triggers are disabled: one more, one less, another time, another status, a contact
CREATE FUNCTION pg_temp.seed_events(parity int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO caseload.appointment (district_id, client_id, starts_at, status)
    SELECT 'V', client_id, at, 'closure' FROM place WHERE kind = 9 AND n / 32 % 2 = parity;
  DELETE FROM caseload.appointment a USING place p
    WHERE kind = 10 AND n / 32 % 2 = parity AND a.district_id = 'V' AND (a.client_id, a.appointment_id) = (p.client_id, p.id);
  UPDATE caseload.appointment a SET starts_at = starts_at + interval '1 second' FROM place p
    WHERE kind = 11 AND n / 32 % 2 = parity AND a.district_id = 'V' AND (a.client_id, a.appointment_id) = (p.client_id, p.id);
  UPDATE caseload.appointment a SET status = CASE a.status WHEN 'scheduled' THEN 'closure' ELSE 'scheduled' END::caseload.appointment_status FROM place p
    WHERE kind = 12 AND n / 32 % 2 = parity AND a.district_id = 'V' AND (a.client_id, a.appointment_id) = (p.client_id, p.id);
  UPDATE caseload.contact c SET kind = CASE c.kind WHEN 'attempt' THEN 'two_way' ELSE 'attempt' END::caseload.contact_kind FROM place p
    WHERE p.kind = 13 AND n / 32 % 2 = parity AND c.district_id = 'V' AND (c.client_id, c.contact_id) = (p.client_id, 'c' || ep);
  DELETE FROM caseload.contact c USING place p
    WHERE p.kind = 14 AND n / 32 % 2 = parity AND c.district_id = 'V' AND (c.client_id, c.contact_id) = (p.client_id, 'c' || ep);
  -- to the next client, whose events may be in another episode that day
  UPDATE caseload.appointment a SET client_id = 'C' || n + 1, appointment_id = 'moved' FROM place p
    WHERE kind = 15 AND n / 32 % 2 = parity AND a.district_id = 'V' AND (a.client_id, a.appointment_id) = (p.client_id, p.id);
END $$;
SELECT pg_temp.seed_events(0) \g /dev/null
SET LOCAL session_replication_role = origin;
ALTER TABLE appointment DISABLE TRIGGER ALL;
ALTER TABLE contact DISABLE TRIGGER ALL;
SELECT pg_temp.seed_events(1) \g /dev/null
ALTER TABLE appointment ENABLE TRIGGER ALL;
ALTER TABLE contact ENABLE TRIGGER ALL;
SET LOCAL session_replication_role = replica;
SELECT pg_temp.changed(kind) FROM generate_series(9, 15) kind \g /dev/null
INSERT INTO expected
  SELECT 16, w.client_id, CASE WHEN (p.at AT TIME ZONE coalesce(s.time_zone, 'UTC'))::date < w.cut THEN 1 ELSE 2 END, 'client_activity differs from the events'
  FROM place p JOIN who w ON w.n = p.n + 1 JOIN site s ON s.district_id = 'V' AND s.site_id = w.site_id WHERE p.kind = 15;

-- an event outside: one that comes, one that is moved there
INSERT INTO appointment (district_id, client_id, starts_at, status)
  SELECT 'V', client_id, (cut - 101 - pg_temp.r(n, 0, 20, 300) + time '12:00') AT TIME ZONE zone, 'attended' FROM place WHERE kind = 17;
UPDATE appointment a SET starts_at = (cut - 101 - pg_temp.r(n, 0, 20, 300) + time '12:00') AT TIME ZONE zone
  FROM place p WHERE kind = 18 AND a.district_id = 'V' AND (a.client_id, a.appointment_id) = (p.client_id, p.id);
SELECT pg_temp.changed(18) \g /dev/null
INSERT INTO expected SELECT kind, client_id, NULL, 'event on ' || cut - 101 - pg_temp.r(n, 0, 20, 300) || ' lies outside every episode' FROM place WHERE kind IN (17, 18);

-- episodes: the first ends early, so that some events are outside; the days between the two move over
CREATE TEMP TABLE moved AS
SELECT p.kind, p.client_id, p.cut - 10 - pg_temp.r(p.n, 0, 21, 40) AS until, p.zone FROM place p WHERE kind IN (19, 20);
UPDATE episode e SET period = daterange(lower(period), until) FROM moved m WHERE e.district_id = 'V' AND e.client_id = m.client_id AND episode = 1;
UPDATE episode e SET period = daterange(until, NULL) FROM moved m WHERE kind = 20 AND e.district_id = 'V' AND e.client_id = m.client_id AND episode = 2;
CREATE TEMP TABLE left_behind AS
SELECT m.*, (f.at AT TIME ZONE m.zone)::date AS day
FROM moved m JOIN who w USING (client_id)
JOIN (SELECT client_id, starts_at AS at FROM appointment WHERE district_id = 'V'
      UNION ALL SELECT client_id, contact.at FROM contact WHERE district_id = 'V') f USING (client_id)
WHERE (f.at AT TIME ZONE m.zone)::date >= m.until AND (f.at AT TIME ZONE m.zone)::date < w.cut;
INSERT INTO expected SELECT kind, client_id, NULL, 'event on ' || day || ' lies outside every episode' FROM left_behind WHERE kind = 19;
INSERT INTO expected SELECT kind, client_id, 1, 'client_activity has another period than the episode' FROM moved;
INSERT INTO expected SELECT kind, client_id, 2, 'client_activity has another period than the episode' FROM moved WHERE kind = 20;
-- one that overlaps the next on days without events; one that is gone, with its events; one that came
UPDATE episode e SET period = daterange(lower(period), p.cut + 1) FROM place p WHERE kind = 21 AND e.district_id = 'V' AND e.client_id = p.client_id AND episode = 1;
INSERT INTO expected SELECT kind, client_id, 1, 'episode overlaps episode 2' FROM place WHERE kind = 21;
INSERT INTO expected SELECT kind, client_id, 1, 'client_activity has another period than the episode' FROM place WHERE kind = 21;
DELETE FROM episode e USING place p WHERE kind = 22 AND e.district_id = 'V' AND (e.client_id, e.episode) = (p.client_id, p.ep);
INSERT INTO expected SELECT kind, client_id, ep, 'client_activity has an episode that is not there' FROM place WHERE kind = 22;
INSERT INTO expected
  SELECT kind, p.client_id, NULL, 'event on ' || (f.at AT TIME ZONE p.zone)::date || ' lies outside every episode'
  FROM place p
  JOIN (SELECT client_id, appointment_id AS id, starts_at AS at FROM appointment WHERE district_id = 'V'
        UNION ALL SELECT client_id, contact_id, contact.at FROM contact WHERE district_id = 'V') f USING (client_id)
  WHERE kind = 22 AND f.id ~ ('^.' || p.ep);
INSERT INTO episode (district_id, client_id, episode, period) SELECT 'V', client_id, 3, daterange(cut - 300, cut - 200) FROM place WHERE kind = 23;
INSERT INTO expected SELECT kind, client_id, 3, 'client_activity lacks the episode' FROM place WHERE kind = 23;
-- the client goes to another site, the site to another zone
UPDATE client c SET site_id = 'S3' FROM place p WHERE kind = 24 AND c.district_id = 'V' AND c.client_id = p.client_id;
SELECT pg_temp.changed(24, 1), pg_temp.changed(24, 2) \g /dev/null
UPDATE site SET time_zone = 'America/Phoenix' WHERE district_id = 'V' AND site_id = 'S4';
INSERT INTO expected SELECT 32, 'Z' || n, 1, 'client_activity differs from the events' FROM generate_series(1, 8) n;

-- Flags, of clients whose facts are as they were. The even ones have one: gone; cleared by hand; of another rule; of another client.
CREATE TEMP TABLE said (kind int, client_id text, episode int, difference text);
CREATE TEMP TABLE flagged AS
SELECT w.kind, w.n, f.* FROM who w JOIN flag f ON f.district_id = 'V' AND f.client_id = w.client_id
WHERE w.kind IN (26, 28, 30) AND f.rule_name = 'attendance_close' AND f.cleared_on IS NULL;

-- a row of flag with some columns changed, whatever other columns the table has
CREATE FUNCTION pg_temp.other(original jsonb, client_id text, episode int, flag_id text) RETURNS caseload.flag LANGUAGE sql STABLE AS
$$ SELECT jsonb_populate_record(NULL::caseload.flag, $1 || jsonb_build_object('client_id', $2, 'subject_key', $2, 'episode', $3, 'flag_id', $4)) $$;

DELETE FROM flag f USING flagged g WHERE kind = 26 AND n / 32 % 2 = 0 AND f.district_id = 'V' AND f.flag_id = g.flag_id;
UPDATE flag f SET cleared_on = CURRENT_DATE, cleared_why = 'condition', state = 'resolved' FROM flagged g WHERE kind = 26 AND n / 32 % 2 = 1 AND f.district_id = 'V' AND f.flag_id = g.flag_id;
INSERT INTO said SELECT kind, client_id, 2, 'flag of rule "attendance_close" is not raised' FROM flagged WHERE kind = 26;
UPDATE flag f SET rule_name = (ARRAY['inactive_soon', 'none'])[1 + n / 32 % 2] FROM flagged g WHERE kind = 28 AND f.district_id = 'V' AND f.flag_id = g.flag_id;
INSERT INTO said SELECT kind, client_id, 2, 'flag of rule "attendance_close" is not raised' FROM flagged WHERE kind = 28;
INSERT INTO said SELECT kind, client_id, 2, format('flag of rule "%s" stands without reason', (ARRAY['inactive_soon', 'none'])[1 + n / 32 % 2]) FROM flagged WHERE kind = 28;
-- to the odd one behind it, in the other episode where it is the first half
DELETE FROM flag f USING flagged g WHERE kind = 30 AND f.district_id = 'V' AND f.flag_id = g.flag_id;
INSERT INTO flag SELECT o.* FROM flagged g, pg_temp.other(to_jsonb(g), 'C' || g.n + 1, 1 + g.n / 32 % 2, g.flag_id) o WHERE g.kind = 30;
INSERT INTO said SELECT kind, client_id, 2, 'flag of rule "attendance_close" is not raised' FROM flagged WHERE kind = 30;
INSERT INTO said SELECT 31, 'C' || n + 1, 1 + n / 32 % 2, 'flag of rule "attendance_close" stands without reason' FROM flagged WHERE kind = 30;
-- the odd ones have none: one that is made up, or was cleared and stands again; one of a rule that there is not
INSERT INTO flag SELECT o.* FROM who w, (SELECT to_jsonb(g) AS f FROM flagged g LIMIT 1) one, pg_temp.other(f, w.client_id, 2, 'made up ' || w.n) o WHERE w.kind IN (25, 27);
UPDATE flag f SET rule_district = 'W' FROM who w WHERE w.kind = 27 AND f.district_id = 'V' AND f.client_id = w.client_id AND flag_id LIKE 'made up %';
UPDATE flag f SET cleared_on = CURRENT_DATE, cleared_why = 'condition', state = 'resolved' FROM who w WHERE w.kind = 25 AND f.district_id = 'V' AND f.client_id = w.client_id AND flag_id LIKE 'made up %' AND w.n / 32 % 2 = 1;
UPDATE flag SET cleared_on = NULL, cleared_why = NULL, state = 'open' WHERE district_id = 'V' AND flag_id LIKE 'made up %' AND cleared_on IS NOT NULL;
INSERT INTO said SELECT kind, client_id, 2, 'flag of rule "attendance_close" stands without reason' FROM who WHERE kind IN (25, 27);
SET LOCAL session_replication_role = origin;

------------------------------------------------------------------------------------------------------------------------------------
-- What verify() says
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE got AS SELECT client_id, episode, difference FROM verify('V');
CREATE TEMP TABLE got_flags AS SELECT client_id, episode, difference FROM verify('V', CURRENT_DATE) WHERE difference LIKE 'flag %';

SELECT cmp_ok((SELECT count(DISTINCT client_id) FROM (TABLE expected UNION ALL TABLE said) e), '>=', 950::bigint, 'clients with something wrong');
SELECT is(count(*), 0::bigint, 'what is not said')
FROM (SELECT client_id, episode, difference FROM expected EXCEPT ALL TABLE got) x;
SELECT diag(format('kind %s, %s, episode %s: %s', kind, client_id, episode, difference)) FROM expected e
WHERE (client_id, coalesce(episode, 0), difference) NOT IN (SELECT client_id, coalesce(episode, 0), difference FROM got) ORDER BY kind LIMIT 5;
SELECT is(count(*), 0::bigint, 'what is said without reason')
FROM (TABLE got EXCEPT ALL SELECT client_id, episode, difference FROM expected) x;
SELECT diag(format('%s, episode %s: %s', client_id, episode, difference)) FROM (TABLE got EXCEPT ALL SELECT client_id, episode, difference FROM expected) x LIMIT 5;
SELECT is((SELECT count(DISTINCT kind) FROM (TABLE expected UNION ALL TABLE said) e), 32::bigint, 'kinds of seeds, with what they do to others');

-- flags of clients whose values are wrong may be wrong as well: they are compared with the values
SELECT is(count(*), 0::bigint, 'what is not said of flags')
FROM (SELECT client_id, episode, difference FROM said EXCEPT ALL TABLE got_flags) x;
SELECT is(count(*), 0::bigint, 'what is said of flags without reason')
FROM (SELECT * FROM got_flags WHERE client_id NOT IN (SELECT client_id FROM expected) EXCEPT ALL SELECT client_id, episode, difference FROM said) x;
SELECT diag(format('%s, episode %s: %s', client_id, episode, difference))
FROM (SELECT * FROM got_flags WHERE client_id NOT IN (SELECT client_id FROM expected) EXCEPT ALL SELECT client_id, episode, difference FROM said) x LIMIT 5;
SELECT is(count(*), 0::bigint, 'the other district is all right') FROM verify('W', CURRENT_DATE);
SELECT is((SELECT count(*) FROM verify()), (SELECT count(*) FROM got), 'all districts together say the same');

------------------------------------------------------------------------------------------------------------------------------------
-- Mending. What contradicts itself (an event outside every episode, episodes that overlap) is for people.
------------------------------------------------------------------------------------------------------------------------------------

SELECT throws_ok(format('SELECT caseload.rebuild(''V'', %L)', client_id), '23514', NULL, 'rebuild() refuses an event outside')
FROM place WHERE kind IN (17, 18) ORDER BY n LIMIT 3;

-- evaluate() mends the flags that can be judged by the values
SELECT cmp_ok(raised + resolved, '>=', 160::bigint, 'evaluate() mends flags') FROM evaluate(CURRENT_DATE, 'V');
SELECT is(count(*), 0::bigint, 'then no flag differs from the values') FROM verify('V', CURRENT_DATE) WHERE difference LIKE 'flag %';

-- People take away events that are outside, shorten episodes, open those that are gone.
SET LOCAL session_replication_role = replica;
DELETE FROM appointment a USING place p WHERE kind IN (17, 18) AND a.district_id = 'V' AND a.client_id = p.client_id AND a.starts_at < p.cut - 100;
SET LOCAL session_replication_role = origin;
UPDATE episode e SET period = daterange(lower(period), p.cut) FROM place p
  WHERE kind IN (19, 21) AND e.district_id = 'V' AND e.client_id = p.client_id AND episode = 1;
SELECT lives_ok($$INSERT INTO caseload.episode (district_id, client_id, episode, period)
  SELECT 'V', client_id, ep, CASE ep WHEN 1 THEN daterange(cut - 100, cut) ELSE daterange(cut, NULL) END FROM place WHERE kind = 22$$, 'episodes are opened again');

SELECT is(count(*), 0::bigint, 'corrected by people: nothing more is said')
FROM got g JOIN verify('V') v USING (client_id, episode, difference) JOIN place p USING (client_id) WHERE p.kind IN (17, 19, 21, 22);
SELECT cmp_ok(rebuild('V'), '>=', 600::bigint, 'rebuild() makes values anew');
SELECT is(rebuild('V'), 0::bigint, 'and has nothing to do the second time');
SELECT is(count(*), 0::bigint, 'then nothing differs any more') FROM verify('V') WHERE difference <> 'client_activity has an episode that is not there';
SELECT is(count(*), 0::bigint, 'nor is there an episode too many') FROM verify('V') WHERE difference = 'client_activity has an episode that is not there';
SELECT count(*) FROM evaluate(CURRENT_DATE, 'V') \g /dev/null
SELECT is(count(*), 0::bigint, 'then no flag differs any more') FROM verify('V', CURRENT_DATE) WHERE difference LIKE 'flag %';
SELECT is(raised + resolved, 0::bigint, 'and has nothing to do the second time') FROM evaluate(CURRENT_DATE, 'V');

SELECT * FROM finish();
ROLLBACK;
