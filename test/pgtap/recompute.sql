-- The one pass over all events says what _activity_recompute() says, in memory and spilled, from plain tables and others; rebuild()
-- mends and counts every difference with it.

\ir begin.psql
SET LOCAL timezone = 'America/Denver';
SET LOCAL datestyle = 'ISO, MDY';
SET LOCAL jit = off;
SET LOCAL work_mem = '64MB';

SELECT plan(40);

CREATE FUNCTION pg_temp.r(h bigint, i bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor((hashint8extended(h * 1024 + i, salt) & 4294967295)::float8 / 4294967296 * n)::int $$;

------------------------------------------------------------------------------------------------------------------------------------
-- 20,000 clients of three districts, at eleven sites, with no to three episodes and events of all kinds. Past the triggers: they are
-- not what is tested here.
------------------------------------------------------------------------------------------------------------------------------------

SET LOCAL session_replication_role = replica;
DELETE FROM caseload.rule;
INSERT INTO caseload.district (district_id) VALUES ('RA'), ('R with a name longer than sixteen bytes'), ('R with a name longer than sixteen BYTES');
INSERT INTO caseload.site (district_id, site_id, time_zone)
SELECT d.district_id, format('site %s', z.n), z.zone
  FROM caseload.district d,
       unnest(ARRAY['America/New_York', 'America/Anchorage', 'UTC', 'Etc/UTC', 'America/Phoenix', 'Asia/Kathmandu', 'America/Havana',
                    'Australia/Lord_Howe', 'Africa/Casablanca', NULL, 'america/chicago']) WITH ORDINALITY AS z (zone, n)
 WHERE d.district_id LIKE 'R%';

-- Ids of one to 700 bytes, among them such as fill whole words of eight, and the same in all districts.
CREATE TEMP TABLE c AS
SELECT n, (ARRAY['RA', 'R with a name longer than sixteen bytes', 'R with a name longer than sixteen BYTES'])[1 + n % 3] AS district_id,
       CASE n / 3 % 8 WHEN 0 THEN (n / 3)::text
                      WHEN 1 THEN lpad((n / 3)::text, 8, '0')
                      WHEN 2 THEN lpad((n / 3)::text, 16, 'x')
                      WHEN 3 THEN 'é' || (n / 3)
                      WHEN 4 THEN md5((n / 3)::text)
                      WHEN 5 THEN 'client ' || (n / 3)
                      WHEN 6 THEN lpad((n / 3)::text, 15, ' ')
                      ELSE CASE WHEN n % 97 = 0 THEN repeat('long', 174) || (n / 3) ELSE 'c-' || (n / 3) || '-c' END END AS client_id,
       CASE WHEN n % 13 > 0 THEN format('site %s', 1 + pg_temp.r(n, 0, 1, 11)) END AS site_id
  FROM generate_series(0, 19999) n;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT district_id, client_id, site_id FROM c ORDER BY hashint8extended(n, 2);

INSERT INTO caseload.episode (district_id, client_id, episode, period)
SELECT c.district_id, c.client_id, e.episode, e.period
  FROM c
 CROSS JOIN LATERAL (SELECT date '2025-02-20' + pg_temp.r(c.n, 1, 3, 30) AS a, date '2025-10-20' + pg_temp.r(c.n, 2, 3, 30) AS b) d
 CROSS JOIN LATERAL (
       SELECT 1 AS episode, daterange '(,)' AS period WHERE c.n % 7 IN (0, 5)
       UNION ALL SELECT 1, daterange(d.a, d.b) WHERE c.n % 7 = 1
       -- one follows the other, and the higher number is the earlier
       UNION ALL SELECT 2, daterange(NULL, d.a) WHERE c.n % 7 = 2
       UNION ALL SELECT 1, daterange(d.a, d.b) WHERE c.n % 7 = 2
       -- with gaps
       UNION ALL SELECT 1, daterange(d.a - 300, d.a) WHERE c.n % 7 = 3
       UNION ALL SELECT 2, daterange(d.a + 7, d.b) WHERE c.n % 7 = 3
       UNION ALL SELECT 3, daterange(d.b + 1, NULL) WHERE c.n % 7 = 3
       UNION ALL SELECT 7, daterange(d.a, d.a + 1) WHERE c.n % 7 = 6) e
 ORDER BY hashint8extended(c.n, 5), e.episode;

-- Days around the change of clocks and at the bounds of episodes, times around midnight, fractions of seconds, the same second twice.
CREATE TEMP TABLE v AS
SELECT e.district_id, e.client_id, c.n, e.episode, i, x.at, pg_temp.r(c.n, i + e.episode * 40, 9, 10) AS code
  FROM caseload.episode e
  JOIN c USING (district_id, client_id)
  JOIN caseload.client k USING (district_id, client_id)
  LEFT JOIN caseload.site s ON s.district_id = k.district_id AND s.site_id = k.site_id
 CROSS JOIN LATERAL generate_series(1, CASE WHEN c.n % 7 = 5 THEN 0 WHEN c.n = 21 THEN 20000 ELSE pg_temp.r(c.n, e.episode, 4, 14) END) AS i
 CROSS JOIN LATERAL (
       SELECT CASE pg_temp.r(c.n, i + e.episode * 40, 5, 6)
                WHEN 0 THEN coalesce(lower(e.period), date '1969-12-28') + pg_temp.r(c.n, i, 6, 3)
                WHEN 1 THEN coalesce(upper(e.period), date '2026-01-08') - 1 - pg_temp.r(c.n, i, 6, 3)
                WHEN 2 THEN date '2025-03-08' + pg_temp.r(c.n, i, 6, 3)
                WHEN 3 THEN date '2025-11-01' + pg_temp.r(c.n, i, 6, 3)
                WHEN 4 THEN CASE WHEN c.n % 5 = 0 AND e.period = '(,)' THEN (ARRAY[date '0004-02-29', '1850-06-01', '2106-02-07', '2300-01-01'])[1 + i % 4]
                                 ELSE date '2025-04-01' + pg_temp.r(c.n, i, 6, 3) END
                ELSE date '2025-01-01' + pg_temp.r(c.n, i, 6, 365) END
            + CASE pg_temp.r(c.n, i, 7, 5) WHEN 0 THEN time '00:00' WHEN 1 THEN time '23:59:59.999999' WHEN 2 THEN time '02:30'
                                           WHEN 3 THEN time '14:00' ELSE make_time(pg_temp.r(c.n, i, 8, 24), 0, pg_temp.r(c.n, i, 10, 60) + 0.25) END) l (local)
 CROSS JOIN LATERAL (SELECT l.local AT TIME ZONE coalesce(s.time_zone, 'UTC')) x (at)
 WHERE e.period @> (x.at AT TIME ZONE coalesce(s.time_zone, 'UTC'))::date;
INSERT INTO v SELECT district_id, client_id, n, episode, i + 1000000, at + interval '0.4 second' * (i % 2), code FROM v WHERE n % 11 = 0
  AND extract(second FROM at) < 59;

INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, minutes, status)
SELECT district_id, client_id, format('%s-%s', episode, i), at, NULLIF(i % 3, 0),
       (ARRAY['scheduled', 'attended', 'late', 'no_show', 'late_cancel', 'client_cancel', 'provider_cancel', 'closure'])[1 + code]::caseload.appointment_status
  FROM v WHERE code < 8 ORDER BY CASE WHEN n % 2 = 0 THEN at END NULLS FIRST, hashint8extended(n * 64 + i, 6);
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind)
SELECT district_id, client_id, format('%s-%s', episode, i), at, (ARRAY['attempt', 'two_way'])[code - 7]::caseload.contact_kind
  FROM v WHERE code >= 8 ORDER BY at, i, n;
-- of nobody: the keys are not checked here
INSERT INTO caseload.appointment (district_id, client_id, starts_at) VALUES ('RA', 'nobody', '2025-05-05'), ('nowhere', '3', '2025-05-05');
INSERT INTO caseload.contact (district_id, client_id, at, kind) VALUES ('nowhere', '3', '2025-05-05', 'attempt');
ANALYZE caseload.client, caseload.site, caseload.episode, caseload.appointment, caseload.contact;

CREATE TEMP TABLE truth AS
SELECT r.* FROM (SELECT array_agg(district_id) AS d, array_agg(client_id) AS c FROM caseload.client) k, caseload._activity_recompute(k.d, k.c) r;
ANALYZE truth;
SELECT cmp_ok((SELECT count(*) FROM truth), '>', 20000::bigint, 'there are episodes');
SELECT cmp_ok((SELECT count(*) FROM truth WHERE caseload.event_count(attendance) = 0), '>', 3000::bigint, 'some of them empty');
SELECT cmp_ok((SELECT count(*) FROM truth WHERE caseload.event_count(attendance) > 4), '>', 8000::bigint, 'and many not');
SELECT is((SELECT sum(caseload.event_count(attendance)) FROM truth), (SELECT count(*) FROM v), 'every event is in one of them');
SELECT cmp_ok((SELECT count(*) FROM v WHERE at < '1970-01-01' OR at > '2106-02-08'), '>', 300::bigint, 'events of other centuries are among them');
SELECT is((SELECT count(*) FROM caseload._orphan_events((SELECT array_agg(district_id) FROM caseload.client), (SELECT array_agg(client_id) FROM caseload.client))),
          0::bigint, 'and none outside');

-- differences(): rows that the one pass gives and the definition does not, or the other way round.
CREATE FUNCTION pg_temp.differences() RETURNS bigint LANGUAGE sql AS $$
  WITH r AS MATERIALIZED (SELECT * FROM caseload._activity_differences())
  SELECT count(*) FROM ((TABLE r EXCEPT ALL TABLE truth) UNION ALL (TABLE truth EXCEPT ALL TABLE r)) x
$$;

------------------------------------------------------------------------------------------------------------------------------------
-- Nothing is stored yet, so every value is a difference.
------------------------------------------------------------------------------------------------------------------------------------

SET LOCAL maintenance_work_mem = '1GB';
SELECT is(pg_temp.differences(), 0::bigint, 'in memory: the same as the definition');
SET LOCAL maintenance_work_mem = '1MB';
SELECT is(pg_temp.differences(), 0::bigint, 'spilled: the same as the definition');
SELECT is((SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE format('pgsql\_tmp%s.%%', pg_backend_pid())), 0::bigint, 'no file is left');
SELECT is((SELECT count(*) FROM (SELECT * FROM caseload._activity_differences('RA') EXCEPT SELECT * FROM truth WHERE district_id = 'RA') x),
          0::bigint, 'of one district: the same');
SELECT is((SELECT count(*) FROM caseload._activity_differences('RA')), (SELECT count(*) FROM truth WHERE district_id = 'RA'), 'of one district: all of them');
SELECT is((SELECT count(*) FROM caseload._activity_differences('R')), 0::bigint, 'of a district that is not there: none');

SET LOCAL temp_file_limit = '64kB';
SELECT throws_ok('SELECT count(*) FROM caseload._activity_differences()', '53400', NULL, 'it does spill, and stops at temp_file_limit');
SET LOCAL temp_file_limit = -1;

------------------------------------------------------------------------------------------------------------------------------------
-- rebuild() writes them, and finds nothing afterwards.
------------------------------------------------------------------------------------------------------------------------------------

SET LOCAL session_replication_role = origin;
SELECT is(caseload.rebuild(), (SELECT count(*) FROM truth), 'rebuild() writes every value');
SELECT is((SELECT count(*) FROM ((TABLE caseload.client_activity EXCEPT ALL TABLE truth) UNION ALL (TABLE truth EXCEPT ALL TABLE caseload.client_activity)) x),
          0::bigint, 'and they are those of the definition');
SELECT is(caseload.rebuild(), 0::bigint, 'a second rebuild() finds nothing');
SELECT is((SELECT count(*) FROM caseload._activity_differences()), 0::bigint, 'nor does _activity_differences()');
SET LOCAL maintenance_work_mem = '64MB';
SELECT is((SELECT count(*) FROM caseload._activity_differences()), 0::bigint, 'nor in memory');

-- Differences of every kind, 100 each.
CREATE TEMP TABLE seed AS
SELECT district_id, client_id, episode, row_number() OVER (ORDER BY hashtextextended(district_id || client_id || episode, 1)) AS n FROM truth
 WHERE caseload.event_count(attendance) > 1;
SET LOCAL session_replication_role = replica;
UPDATE caseload.client_activity a SET attendance = attendance + caseload.attendance(caseload.zone(a.attendance) || '{2025-05-05T12:00:00Z attended}')
  FROM seed s WHERE (s.district_id, s.client_id, s.episode) = (a.district_id, a.client_id, a.episode) AND s.n BETWEEN 1 AND 100;
UPDATE caseload.client_activity a SET attendance = a.attendance - (SELECT caseload.attendance(e.at, e.status, caseload.zone(a.attendance)) FROM (SELECT * FROM caseload.events(a.attendance) LIMIT 1) e)
  FROM seed s WHERE (s.district_id, s.client_id, s.episode) = (a.district_id, a.client_id, a.episode) AND s.n BETWEEN 101 AND 200;
UPDATE caseload.client_activity a SET attendance = (SELECT caseload.attendance(e.at, e.status, 'Europe/Berlin') FROM caseload.events(a.attendance) e)
  FROM seed s WHERE (s.district_id, s.client_id, s.episode) = (a.district_id, a.client_id, a.episode) AND s.n BETWEEN 201 AND 300;
UPDATE caseload.client_activity a SET period = daterange(lower(a.period), coalesce(upper(a.period), '2030-01-01') + 1)
  FROM seed s WHERE (s.district_id, s.client_id, s.episode) = (a.district_id, a.client_id, a.episode) AND s.n BETWEEN 301 AND 400;
DELETE FROM caseload.client_activity a
 USING seed s WHERE (s.district_id, s.client_id, s.episode) = (a.district_id, a.client_id, a.episode) AND s.n BETWEEN 401 AND 500;
SET LOCAL session_replication_role = origin;
SELECT is((SELECT count(*) FROM caseload._activity_differences()), 500::bigint, '500 seeded differences are found');
SELECT is((SELECT count(*) FROM (SELECT district_id, client_id, episode FROM caseload._activity_differences()
                                 EXCEPT SELECT district_id, client_id, episode FROM seed WHERE n <= 500) x), 0::bigint, 'those and no others');
SELECT is(caseload.rebuild('RA'), (SELECT count(*) FROM seed WHERE n <= 500 AND district_id = 'RA'), 'rebuild() of a district mends its own');
SELECT is(caseload.rebuild(), (SELECT count(*) FROM seed WHERE n <= 500 AND district_id <> 'RA'), 'rebuild() mends and counts the rest');
SELECT is((SELECT count(*) FROM ((TABLE caseload.client_activity EXCEPT ALL TABLE truth) UNION ALL (TABLE truth EXCEPT ALL TABLE caseload.client_activity)) x),
          0::bigint, 'all is as it was');

-- What the statement's own triggers bring later must not be counted twice.
SELECT lives_ok($$
  WITH i AS (INSERT INTO caseload.appointment (district_id, client_id, starts_at, status) SELECT district_id, client_id, '2025-05-06 12:34:56', 'attended' FROM c WHERE n % 70 = 0 RETURNING 1)
  SELECT caseload.rebuild(), count(*) FROM i $$, 'rebuild() in a statement that inserts');
SELECT is((SELECT count(*) FROM caseload._activity_differences()), 0::bigint, 'leaves no difference');
DELETE FROM caseload.appointment WHERE starts_at = '2025-05-06 12:34:56';
SELECT is((SELECT count(*) FROM ((TABLE caseload.client_activity EXCEPT ALL TABLE truth) UNION ALL (TABLE truth EXCEPT ALL TABLE caseload.client_activity)) x),
          0::bigint, 'nor do the triggers that take it back');

------------------------------------------------------------------------------------------------------------------------------------
-- Tables that cannot be scanned as they are: with children, and partitioned.
------------------------------------------------------------------------------------------------------------------------------------

SET LOCAL session_replication_role = replica;
SAVEPOINT plain;
CREATE TABLE caseload.appointment_child () INHERITS (caseload.appointment);
WITH moved AS (DELETE FROM ONLY caseload.appointment WHERE minutes IS NULL RETURNING *) INSERT INTO caseload.appointment_child SELECT * FROM moved;
SELECT is((SELECT count(*) FROM caseload._activity_differences()), 0::bigint, 'a table with a child: the same');
DELETE FROM caseload.client_activity;
SELECT is(pg_temp.differences(), 0::bigint, 'a table with a child: all of them');
ROLLBACK TO plain;

ALTER TABLE caseload.appointment RENAME TO appointment_plain;
CREATE TABLE caseload.appointment (LIKE caseload.appointment_plain) PARTITION BY HASH (client_id);
CREATE TABLE caseload.appointment_0 PARTITION OF caseload.appointment FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE caseload.appointment_1 PARTITION OF caseload.appointment FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO caseload.appointment SELECT * FROM caseload.appointment_plain;
ALTER TABLE caseload.client_activity RENAME TO client_activity_plain;
CREATE TABLE caseload.client_activity (LIKE caseload.client_activity_plain) PARTITION BY HASH (client_id);
CREATE TABLE caseload.client_activity_0 PARTITION OF caseload.client_activity FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO caseload.client_activity SELECT * FROM caseload.client_activity_plain;
SET LOCAL maintenance_work_mem = '1MB';
SELECT is((SELECT count(*) FROM caseload._activity_differences()), 0::bigint, 'partitioned tables: the same');
DELETE FROM caseload.client_activity;
SELECT is(pg_temp.differences(), 0::bigint, 'partitioned tables: all of them');
ROLLBACK TO plain;
SET LOCAL session_replication_role = replica;

------------------------------------------------------------------------------------------------------------------------------------
-- Refused: events outside every episode, others than the owner; and interrupted.
------------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.refusal(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text; hint text; state text;
BEGIN
  EXECUTE query;
  RETURN 'no error';
EXCEPTION WHEN OTHERS OR query_canceled THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws('|', state, message, detail, hint);
END $$;

CREATE FUNCTION pg_temp.orphan(n int, at timestamptz) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  k record;
  all_at_once text;
BEGIN
  SELECT district_id, client_id INTO k FROM c WHERE c.n = orphan.n;
  INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at) VALUES (k.district_id, k.client_id, 'orphan', orphan.at);
  all_at_once := pg_temp.refusal('SELECT caseload.rebuild()');
  RETURN NEXT matches(all_at_once, '^23514\|event of client ".*" lies outside every episode\|The event is on ', format('an event outside is refused: %s', left(all_at_once, 200)));
  RETURN NEXT is(all_at_once, pg_temp.refusal(format('SELECT caseload.rebuild(%L, %L)', k.district_id, k.client_id)), 'in the words that rebuild() of one client has');
  DELETE FROM caseload.appointment WHERE appointment_id = 'orphan';
END $$;
SELECT pg_temp.orphan(1, '2024-02-01 12:00Z');
SELECT pg_temp.orphan(3, (SELECT upper(period) + interval '36 hours' FROM caseload.episode e JOIN c USING (district_id, client_id) WHERE n = 3 AND episode = 1));
SELECT pg_temp.orphan(4, '2025-03-24 12:00Z');
SELECT is(caseload.rebuild(), 0::bigint, 'without it all is well again');

SET LOCAL statement_timeout = '10ms';
SELECT matches(pg_temp.refusal('SELECT count(*) FROM caseload._activity_differences()'), '^57014', 'it can be interrupted');
SET LOCAL statement_timeout = 0;
SELECT is((SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'caseload re%'), 0::bigint, 'and leaves no memory');

CREATE ROLE recompute_reader;
GRANT USAGE ON SCHEMA caseload, public TO recompute_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA caseload TO recompute_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA caseload TO recompute_reader;
SET LOCAL ROLE recompute_reader;
SELECT throws_ok('SELECT count(*) FROM caseload._activity_differences()', '42501', NULL, 'only the owner sees what is stored past all rights');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
