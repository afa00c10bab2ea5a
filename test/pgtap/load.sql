-- The counters of therapists: after every transaction of a random history they are what the services say, and the minutes that
-- check_capacity() reckons with are those of service_facts() on the worst day.
--
-- Transactions are made of single and bulk statements about services, episodes, clients, sites and policies, of savepoints that are rolled
-- back, of checks at once and at the end. CASELOAD_HISTORIES sets the number of histories, each of 40 transactions (1000: 8 histories).
\set ECHO none
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
SET search_path = caseload, public;
SET timezone = 'UTC';
\set histories 1000
\getenv histories CASELOAD_HISTORIES
SELECT greatest(:histories / 125, 1) AS histories \gset

SELECT plan(22);

------------------------------------------------------------------------------------------------------------------------------------
-- The type
------------------------------------------------------------------------------------------------------------------------------------

SELECT is('{}'::load_profile::text, '{}', 'an empty profile');
SELECT is((SELECT load_profile(d, s, g, o::dosage, f, u)
             FROM (VALUES ('SLP', 'A', 1, '30/week', '2026-01-07'::date, NULL::date), ('SLP', 'A', 1, '30/week', '2026-01-07', '2026-06-20'),
                          ('SLP', NULL, 3, NULL, NULL, NULL), ('O"T\', '-', 1, '1x45/2 weeks', NULL, '2026-02-01')) v (d, s, g, o, f, u))::text,
          '{"O\"T\\" "-" 1x45/2 weeks of 1: -infinity +1, 2026-02-01 -1; "SLP" - - of 3: -infinity +1; "SLP" "A" 30/week of 1: 2026-01-07 +2, 2026-06-20 -1}',
          'text form');
SELECT is(t::load_profile::text, t, 'text form read again')
  FROM (VALUES ('{"O\"T\\" "-" 1x45/2 weeks of 1: -infinity +1, 2026-02-01 -1; "SLP" - - of 3: -infinity +1}')) v (t);
SELECT is('{ "a" - - of 1: 2026-01-02 +1; "a" - - of 1: 2026-01-01 +2, 2026-01-02 -1 }'::load_profile, '{"a" - - of 1: 2026-01-01 +2}'::load_profile, 'changes cancel');
SELECT throws_ok($$SELECT '{"a" - - of 1: 2026-01-01 -1}'::caseload.load_profile$$, '22P02', NULL, 'never less than no service');
SELECT throws_ok(format('SELECT %L::caseload.load_profile', t), '22P02', NULL, 'refused: ' || t)
  FROM (VALUES ('{"a" - - of 0: 2026-01-01 +1}'), ('{"a" - often of 1: 2026-01-01 +1}'), ('{"a" - - of 1: 2026-02-30 +1}'), ('{'),
               -- more services than can be counted: on a day, and from two
               ('{"a" - - of 1: 2026-01-01 +2147483647, 2026-01-01 +1}'), ('{"a" - - of 1: 2026-01-01 +2147483647, 2026-01-02 +1}'), ('{"a" - - of 1: 2026-1-1-1 +1}')) v (t);
-- its words once took room for the rest of the text each
SELECT is(('{' || repeat('"a" - - of 1: 2026-01-01 +1; ', 70000) || '"a" - - of 1: 2026-01-01 +1}')::load_profile::text, '{"a" - - of 1: 2026-01-01 +70001}', 'a long text');
SELECT is((SELECT string_agg(services || ' x ' || coalesce(dosage::text, '-') || ' / ' || group_size, ', ' ORDER BY dosage)
             FROM services_on('{"SLP" "A" 30/week of 2: -infinity +1, 2026-01-07 +3; "SLP" "A" - of 1: 2026-01-08 +1}', '2026-01-07')), '4 x 30/week / 2', 'services on a day');

------------------------------------------------------------------------------------------------------------------------------------
-- Random histories
------------------------------------------------------------------------------------------------------------------------------------

INSERT INTO district (district_id) VALUES ('L'), ('M');
INSERT INTO site (district_id, site_id, level) SELECT d, 'S' || i, (ARRAY['elementary', 'clinic', 'high'])[1 + i % 3]
  FROM unnest('{L,M}'::text[]) d, generate_series(1, 4) i;
CREATE TABLE public.wrong (history int, step int, what text);

CREATE FUNCTION public.one_of(variadic text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT ($1)[1 + floor(random() * cardinality($1))::int] $$;
CREATE FUNCTION public.some_period() RETURNS daterange LANGUAGE sql VOLATILE AS $$
  SELECT daterange(CASE WHEN random() < 0.2 THEN NULL ELSE f END, CASE WHEN random() < 0.5 THEN NULL ELSE f + 1 + (random() * 300)::int END)
    FROM (SELECT CURRENT_DATE - 200 + floor(random() * 300)::int AS f OFFSET 0) x $$;
CREATE FUNCTION public.some_dosage() RETURNS dosage LANGUAGE sql VOLATILE AS $$
  SELECT one_of(NULL, '30/week', '2x30/week', '1x45/2 weeks', '4x20/month', '60/quarter', '100/year', '1x7/3 weeks')::caseload.dosage $$;

-- one statement; some are refused, which is their right
CREATE PROCEDURE public.one_statement(kind int) LANGUAGE plpgsql AS $$
DECLARE
  c text := 'C' || 1 + floor(random() * 12)::int;
  d text := one_of('L', 'L', 'L', 'M');
  t text := one_of(NULL, 'T1', 'T2', 'T3', 'T4');
  p daterange := some_period();
  q daterange := some_period();
  o dosage := some_dosage();
  v text := 'V' || floor(random() * 40)::int;
BEGIN
  CASE kind
    WHEN 0, 1, 2, 3, 4 THEN
      INSERT INTO service (district_id, service_id, client_id, discipline, dosage, group_size, therapist_id, period)
        VALUES (d, v, c, one_of('SLP', 'OT'), o, one_of('1', '2', '7')::int, t, p) ON CONFLICT DO NOTHING;
    WHEN 5, 6 THEN UPDATE service SET therapist_id = t WHERE district_id = d AND service_id = v;
    WHEN 7 THEN UPDATE service SET dosage = o, period = p WHERE district_id = d AND service_id = v;
    WHEN 8 THEN UPDATE service SET client_id = c, service_id = 'W' || service_id WHERE district_id = d AND service_id = v;
    WHEN 9, 10 THEN DELETE FROM service WHERE district_id = d AND service_id = v;
    WHEN 11 THEN
      INSERT INTO service (district_id, client_id, discipline, dosage, therapist_id, period)
        SELECT d, 'C' || 1 + i % 12, 'SLP', some_dosage(), one_of('T1', 'T2', 'T3'), '(,)' FROM generate_series(1, one_of('3', '50')::int) i;
    WHEN 12 THEN UPDATE service SET therapist_id = one_of(NULL, 'T1', 'T2', 'T3', 'T4') WHERE district_id = d;
    WHEN 13 THEN DELETE FROM service WHERE district_id = d AND random() < 0.7;
    WHEN 14, 15 THEN
      INSERT INTO episode (district_id, client_id, episode, period)
        SELECT d, c, coalesce(max(e.episode), 0) + 1, p FROM episode e WHERE e.district_id = d AND e.client_id = c;
    WHEN 16, 17 THEN UPDATE episode SET period = p WHERE district_id = d AND client_id = c;
    WHEN 18 THEN DELETE FROM episode WHERE district_id = d AND client_id = c AND random() < 0.5;
    WHEN 19 THEN UPDATE client SET site_id = one_of(NULL, 'S1', 'S2', 'S3') WHERE district_id = d AND client_id = c;
    WHEN 20 THEN UPDATE client SET grade = 3, site_id = CASE WHEN random() < 0.5 THEN site_id ELSE 'S1' END WHERE district_id = d;
    WHEN 21 THEN UPDATE site SET level = one_of(NULL, 'elementary', 'high', 'clinic'), time_zone = one_of('UTC', 'Asia/Kathmandu') WHERE district_id = d AND site_id = 'S2';
    WHEN 22 THEN DELETE FROM therapist x WHERE x.district_id = d AND x.therapist_id = t AND NOT EXISTS (SELECT FROM service s WHERE s.district_id = d AND s.therapist_id = t);
    WHEN 23 THEN INSERT INTO therapist (district_id, therapist_id, discipline, fte) VALUES (d, coalesce(t, 'T5'), 'SLP', 0.5) ON CONFLICT DO NOTHING;
    WHEN 24 THEN UPDATE therapist SET fte = round(random()::numeric, 3), therapist_id = CASE therapist_id WHEN 'T5' THEN 'T6' ELSE therapist_id END WHERE district_id = d;
    WHEN 25 THEN
      WITH gone AS (DELETE FROM service WHERE district_id = d AND service_id = v RETURNING *)
        INSERT INTO service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
          SELECT g.district_id, 'X' || g.service_id, c, g.discipline, g.dosage, t, g.period FROM gone g;
    WHEN 26 THEN
      DELETE FROM policy WHERE district_id = d AND random() < 0.5;
      INSERT INTO policy (district_id, policy_name, value, valid, discipline, site_level)
        VALUES (d, 'calendar', one_of('school', 'clinic', 'counted'), one_of('(,)', format('[%s,)', CURRENT_DATE + 30))::daterange,
                one_of('*', 'SLP', 'OT'), one_of('*', 'elementary', 'clinic')),
               (d, 'school_weeks', one_of('30', '40'), '(,)', one_of('*', 'SLP'), one_of('*', 'high'))
        ON CONFLICT DO NOTHING;
      INSERT INTO duty (district_id, therapist_id, activity_name, dosage, client_id, site_id, reserved, valid)
        SELECT d, t, one_of('collaboration', 'classroom support', 'billing'), coalesce(o, '15/week'), one_of(NULL, c), one_of(NULL, 'S1', 'S2'), random() < 0.3, p
         WHERE t IS NOT NULL;
    WHEN 27 THEN PERFORM rebuild(d, one_of(NULL, c));
    WHEN 28 THEN
      MERGE INTO service s USING (SELECT d AS district_id, v AS service_id UNION ALL SELECT d, 'Y' || v) n ON s.district_id = n.district_id AND s.service_id = n.service_id
        WHEN MATCHED THEN UPDATE SET therapist_id = t
        WHEN NOT MATCHED THEN INSERT (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES (d, n.service_id, c, 'SLP', o, t, p);
    WHEN 29 THEN
      IF random() < 0.1 THEN TRUNCATE service CASCADE; END IF;
      INSERT INTO closure (district_id, site_id, days) SELECT d, one_of(NULL, 'S1', 'S2'), daterange(f, f + 30) FROM (SELECT CURRENT_DATE + floor(random() * 700)::int AS f OFFSET 0) x;
    ELSE
      IF random() < 0.5 THEN SET CONSTRAINTS ALL IMMEDIATE; ELSE SET CONSTRAINTS ALL DEFERRED; END IF;
  END CASE;
END $$;

-- up to eight statements, each perhaps in savepoints, perhaps taken back
CREATE PROCEDURE public.one_transaction() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 1 + floor(random() * 8)::int LOOP
    BEGIN
      CALL one_statement(floor(random() * 32)::int);
      IF random() < 0.3 THEN
        BEGIN
          CALL one_statement(floor(random() * 32)::int);
          IF random() < 0.5 THEN SET CONSTRAINTS ALL IMMEDIATE; END IF;
          IF random() < 0.5 THEN RAISE EXCEPTION 'taken back' USING ERRCODE = 'CA001'; END IF;
        EXCEPTION WHEN sqlstate 'CA001' OR integrity_constraint_violation OR object_in_use THEN NULL;
        END;
      END IF;
      IF random() < 0.15 THEN RAISE EXCEPTION 'taken back' USING ERRCODE = 'CA001'; END IF;
    EXCEPTION WHEN sqlstate 'CA001' OR integrity_constraint_violation OR object_in_use THEN NULL;
    END;
  END LOOP;
END $$;

-- What each therapist has to give on a day, by the facts; and the days on which that may change.
CREATE FUNCTION public.load_on(day date) RETURNS TABLE (district_id text, therapist_id text, minutes numeric) LANGUAGE sql STABLE AS $$
  SELECT x.district_id, x.therapist_id, sum(x.minutes)
    FROM (SELECT f.district_id, f.therapist_id, f.therapist_minutes AS minutes FROM caseload.service_facts(day) f WHERE f.therapist_id IS NOT NULL
          UNION ALL
          SELECT u.district_id, u.therapist_id, u.weekly_minutes FROM caseload._duties_due(day, 0) u WHERE NOT u.reserved AND u.category IN ('direct', 'consult')) x
   GROUP BY 1, 2 $$;
CREATE FUNCTION public.days() RETURNS TABLE (day date) LANGUAGE sql STABLE AS $$
  SELECT x.day FROM (SELECT CURRENT_DATE AS day UNION SELECT CURRENT_DATE + 30
                     UNION SELECT make_date(extract(year FROM CURRENT_DATE)::int + i, 7, 1) FROM generate_series(0, 5) i
                     UNION SELECT lower(valid) FROM caseload.duty UNION SELECT upper(valid) FROM caseload.duty
                     UNION SELECT lower(period) FROM caseload.service UNION SELECT upper(period) FROM caseload.service
                     UNION SELECT lower(period) FROM caseload.episode UNION SELECT upper(period) FROM caseload.episode) x
   WHERE x.day >= CURRENT_DATE $$;

CREATE PROCEDURE public.play(histories int) LANGUAGE plpgsql AS $$
BEGIN
  FOR h IN 1 .. histories LOOP
    PERFORM setseed(h / 100000.0);
    TRUNCATE client, therapist, closure CASCADE;
    DELETE FROM policy WHERE district_id <> '*';
    COMMIT;
    INSERT INTO therapist (district_id, therapist_id, discipline, fte) SELECT d, 'T' || i, 'SLP', 0.02 * i FROM unnest('{L,M}'::text[]) d, generate_series(1, 4) i;
    INSERT INTO client (district_id, client_id, site_id) SELECT d, 'C' || i, 'S' || 1 + i % 4 FROM unnest('{L,M}'::text[]) d, generate_series(1, 12) i;
    COMMIT;
    FOR step IN 1 .. 40 LOOP
      PERFORM set_config('caseload.capacity', one_of('off', 'warn', 'warn'), false);
      CALL one_transaction();
      COMMIT;
      INSERT INTO wrong SELECT h, step, v.difference FROM caseload.verify() v;
      COMMIT;
    END LOOP;
    -- the worst day; one minute is asked for
    WITH peak AS (SELECT l.district_id, l.therapist_id, max(l.minutes) AS minutes FROM days() d CROSS JOIN LATERAL load_on(d.day) l GROUP BY 1, 2)
    INSERT INTO wrong
      SELECT h, 0, format('%s: %s, by the facts %s', t.therapist_id, k.would_be, round(coalesce(p.minutes, 0) + 1, 2))
        FROM caseload.therapist t
        LEFT JOIN peak p ON p.district_id = t.district_id AND p.therapist_id = t.therapist_id
       CROSS JOIN LATERAL caseload.check_capacity(t.therapist_id, dosage => '1/week', district_id => t.district_id) k
       WHERE k.rule_name = 'weekly_minutes' AND k.would_be IS DISTINCT FROM round(coalesce(p.minutes, 0) + 1, 2);
    COMMIT;
  END LOOP;
END $$;

SET client_min_messages = error;
CALL public.play(:histories);
SET client_min_messages = warning;
SELECT is(string_agg(format('%s %s: %s', history, step, what), E'\n' ORDER BY history, step), NULL, 'every counter is what the services say, after every transaction') FROM public.wrong WHERE step > 0;
SELECT is(string_agg(format('%s: %s', history, what), E'\n' ORDER BY history), NULL, 'the worst day is that of the facts') FROM public.wrong WHERE step = 0;
SELECT cmp_ok(count(*), '>', 0::bigint, 'there are counters') FROM therapist_load WHERE load <> '{}';
SELECT is(rebuild(), 0::bigint, 'rebuild() finds nothing to do');

------------------------------------------------------------------------------------------------------------------------------------
-- verify() finds every counter that somebody has changed past the triggers, and nothing else
------------------------------------------------------------------------------------------------------------------------------------

SET caseload.capacity = off;
INSERT INTO district (district_id) VALUES ('V');
INSERT INTO therapist (district_id, therapist_id, discipline, fte) SELECT 'V', 'T' || i, 'SLP', 1 FROM generate_series(0, 999) i;
INSERT INTO client (district_id, client_id) SELECT 'V', 'C' || i FROM generate_series(0, 999) i;
INSERT INTO episode (district_id, client_id, episode) SELECT 'V', 'C' || i, 1 FROM generate_series(0, 999) i;
INSERT INTO service (district_id, service_id, client_id, discipline, dosage, therapist_id) SELECT 'V', 'S' || i, 'C' || i, 'SLP', '30/week', 'T' || i FROM generate_series(0, 999) i;
SELECT is(count(*), 0::bigint, 'nothing differs before') FROM verify('V');
SET session_replication_role = replica;
UPDATE therapist_load SET load = '{}' WHERE district_id = 'V' AND substr(therapist_id, 2)::int % 10 = 0;
DELETE FROM therapist_load WHERE district_id = 'V' AND substr(therapist_id, 2)::int % 10 = 1;
UPDATE therapist_load SET load = '{"SLP" - 30/week of 1: -infinity +1}' WHERE district_id = 'V' AND substr(therapist_id, 2)::int % 10 = 2;
UPDATE service SET dosage = '31/week' WHERE district_id = 'V' AND substr(service_id, 2)::int % 10 = 3;
UPDATE service SET therapist_id = NULL WHERE district_id = 'V' AND substr(service_id, 2)::int % 10 = 4;
DELETE FROM service WHERE district_id = 'V' AND substr(service_id, 2)::int % 10 = 5;
UPDATE service SET period = '(,)' WHERE district_id = 'V' AND substr(service_id, 2)::int % 10 = 6;
DELETE FROM episode WHERE district_id = 'V' AND substr(client_id, 2)::int % 10 = 7;
INSERT INTO service (district_id, client_id, discipline, therapist_id) SELECT 'V', 'C' || i, 'SLP', 'T' || i FROM generate_series(8, 999, 10) i;
SET session_replication_role = origin;
SELECT is(string_agg(x.t, ' ' ORDER BY x.t), NULL, 'verify() finds each of 900 changes, and no other')
  FROM (SELECT substring(difference FROM 'therapist "(.*)"') AS t FROM verify('V') WHERE difference LIKE 'therapist_load %') f
  FULL JOIN (SELECT 'T' || i AS t FROM generate_series(0, 999) i WHERE i % 10 < 9) x USING (t) WHERE f.t IS NULL OR x.t IS NULL;
SELECT cmp_ok(rebuild('V'), '>=', 900::bigint, 'rebuild() mends them');
SELECT is(count(*), 0::bigint, 'and then nothing differs') FROM verify('V') WHERE difference LIKE 'therapist_load %';
SELECT * FROM finish();
