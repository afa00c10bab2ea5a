-- client_activity is exact after every kind of statement on the facts, and what cannot be is refused.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
INSERT INTO caseload.district (district_id) VALUES ('ACT');
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('ACT', 'NY', 'America/New_York'), ('ACT', 'AK', 'America/Anchorage');
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('ACT', 'C1', 'NY'), ('ACT', 'C2', 'AK'), ('ACT', 'C3', NULL);
CREATE TEMP VIEW activity AS SELECT client_id, episode, attendance FROM caseload.client_activity WHERE district_id = 'ACT' ORDER BY 1, 2;

-- the first event enrols; INSERT, COPY, late events
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES
  ('ACT', 'C1', 'a1', '2026-01-12 14:00Z', 'no_show'), ('ACT', 'C2', 'b1', '2026-01-12 18:00Z', 'attended'), ('ACT', 'C1', 'a2', '2026-01-05 14:00Z', 'attended');
COPY caseload.appointment (district_id, client_id, appointment_id, starts_at, status) FROM stdin;
ACT	C3	c1	2026-01-12 14:00Z	late
ACT	C1	a3	2025-12-01 14:00Z	attended
\.
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind) VALUES ('ACT', 'C1', 'k1', '2026-01-14 15:30Z', 'two_way');
TABLE activity;
SELECT * FROM caseload.episode WHERE district_id = 'ACT' ORDER BY client_id;
-- UPDATE of what counts, of what does not, of the key
UPDATE caseload.appointment SET status = 'late_cancel' WHERE district_id = 'ACT' AND appointment_id = 'a1';
UPDATE caseload.appointment SET minutes = 30 WHERE district_id = 'ACT';
UPDATE caseload.appointment SET client_id = 'C3' WHERE district_id = 'ACT' AND appointment_id = 'a3';
TABLE activity;
-- ON CONFLICT and MERGE
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  VALUES ('ACT', 'C1', 'a1', '2026-01-12 14:00Z', 'no_show'), ('ACT', 'C1', 'a4', '2026-01-19 14:00Z', 'attended')
  ON CONFLICT (district_id, client_id, appointment_id) DO UPDATE SET status = EXCLUDED.status;
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES ('ACT', 'C1', 'a1', '2026-01-12 14:00Z', 'attended') ON CONFLICT DO NOTHING;
MERGE INTO caseload.appointment a
  USING (VALUES ('a1', 'attended'), ('a4', NULL), ('a5', 'scheduled')) v (id, status)
  ON a.district_id = 'ACT' AND a.client_id = 'C1' AND a.appointment_id = v.id
  WHEN MATCHED AND v.status IS NULL THEN DELETE
  WHEN MATCHED THEN UPDATE SET status = v.status::caseload.appointment_status
  WHEN NOT MATCHED THEN INSERT (district_id, client_id, appointment_id, starts_at, status)
    VALUES ('ACT', 'C1', v.id, '2026-01-26 14:00Z', v.status::caseload.appointment_status);
TABLE activity;
-- DELETE, a transaction that is taken back, an error in the middle of a statement
DELETE FROM caseload.appointment WHERE district_id = 'ACT' AND appointment_id IN ('a5', 'c1');
BEGIN;
DELETE FROM caseload.appointment WHERE district_id = 'ACT';
SAVEPOINT s;
INSERT INTO caseload.appointment (district_id, client_id, starts_at) VALUES ('ACT', 'C1', '2026-02-01 14:00Z');
ROLLBACK TO s;
TABLE activity;
ROLLBACK;
INSERT INTO caseload.appointment (district_id, client_id, starts_at) VALUES ('ACT', 'C1', '2026-03-01 14:00Z'), ('ACT', 'nobody', '2026-03-01 14:00Z');
TABLE activity;
-- a zone moves events to other days, a client to another zone
UPDATE caseload.site SET time_zone = 'Asia/Kathmandu' WHERE district_id = 'ACT' AND site_id = 'NY';
UPDATE caseload.client SET site_id = 'AK' WHERE district_id = 'ACT' AND client_id = 'C3';
TABLE activity;
UPDATE caseload.site SET time_zone = 'America/New_York' WHERE district_id = 'ACT' AND site_id = 'NY';

-- episodes: events belong to the one whose period holds their local day
UPDATE caseload.episode SET period = '[2025-12-01,2026-01-10)', outcome = 'partly_met' WHERE district_id = 'ACT' AND client_id = 'C1';
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('ACT', 'C1', 2, '[2026-01-11,)');
BEGIN;
DELETE FROM caseload.appointment WHERE district_id = 'ACT' AND client_id = 'C1' AND starts_at > '2026-01-10';
DELETE FROM caseload.contact WHERE district_id = 'ACT' AND client_id = 'C1';
UPDATE caseload.episode SET period = '[2025-12-01,2026-01-10)', outcome = 'partly_met' WHERE district_id = 'ACT' AND client_id = 'C1';
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('ACT', 'C1', 2, '[2026-01-11,)');
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES
  ('ACT', 'C1', 'a6', '2026-01-10 04:59Z', 'no_show'), ('ACT', 'C1', 'a7', '2026-01-11 05:00Z', 'no_show');
COMMIT;
TABLE activity;
-- between the episodes, before them; overlapping ones; a service and an episode that lose each other
INSERT INTO caseload.appointment (district_id, client_id, starts_at) VALUES ('ACT', 'C1', '2026-01-10 05:00Z');
INSERT INTO caseload.contact (district_id, client_id, at, kind) VALUES ('ACT', 'C1', '2025-11-30 15:00Z', 'attempt');
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('ACT', 'C1', 3, '[2026-06-01,)');
UPDATE caseload.episode SET period = '[2025-12-01,2026-01-09)' WHERE district_id = 'ACT' AND client_id = 'C1' AND episode = 1;
DELETE FROM caseload.episode WHERE district_id = 'ACT' AND client_id = 'C1' AND episode = 1;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, period) VALUES ('ACT', 'v1', 'C1', 'SLP', '[2025-01-01,2025-02-01)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, period) VALUES ('ACT', 'v1', 'C1', 'SLP', '[2025-12-15,2026-01-05)');
UPDATE caseload.service SET therapist_id = 'T9' WHERE district_id = 'ACT' AND service_id = 'v1';
-- where nobody is enrolled by himself
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('ACT', 'auto_enroll', 'no');
INSERT INTO caseload.client (district_id, client_id) VALUES ('ACT', 'C4');
INSERT INTO caseload.appointment (district_id, client_id, starts_at) VALUES ('ACT', 'C4', '2026-01-10 15:00Z');
-- other things that cannot be
\set VERBOSITY sqlstate
INSERT INTO caseload.appointment (district_id, client_id, starts_at, status) VALUES ('ACT', 'C1', '2026-01-20 15:00Z', 'absent');
\set VERBOSITY default
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at) VALUES ('ACT', 'C1', 'x', 'infinity');
INSERT INTO caseload.appointment (district_id, client_id, starts_at) VALUES ('ACT', 'C2', '0044-03-15 BC');
INSERT INTO caseload.appointment (district_id, client_id, starts_at, therapist_id) VALUES ('ACT', 'C1', '2026-01-20 15:00Z', 'T9');
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('ACT', 'X', 'America/Newyork');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('ACT', 'strike_window_days', 'many');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('ACT', 'window', '30');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, delivery, group_size, period) VALUES ('ACT', 'x', 'C1', 'SLP', 'individual_required', 2, '[2026-02-01,)');
TABLE activity;

-- verify() finds what somebody has done behind the triggers, rebuild() mends it
SELECT * FROM caseload.verify('ACT');
UPDATE caseload.client_activity SET attendance = 'America/Anchorage{}' WHERE district_id = 'ACT' AND client_id = 'C2';
DELETE FROM caseload.client_activity WHERE district_id = 'ACT' AND client_id = 'C3';
SELECT * FROM caseload.verify('ACT') ORDER BY client_id;
DELETE FROM caseload.appointment WHERE district_id = 'ACT' AND client_id = 'C2';
-- not where nothing may be written: on a standby, say
BEGIN READ ONLY;
SELECT caseload.rebuild('ACT');
ROLLBACK;
SELECT caseload.rebuild('ACT', 'C2'), caseload.rebuild('ACT'), caseload.rebuild('ACT');
SELECT * FROM caseload.verify('ACT');
-- TRUNCATE, and a trigger function where it does not belong
BEGIN;
TRUNCATE caseload.appointment, caseload.contact;
TABLE activity;
ROLLBACK;
CREATE TRIGGER wrong AFTER INSERT ON caseload.appointment FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_event('starts_at', 'status');
INSERT INTO caseload.appointment (district_id, client_id, starts_at) VALUES ('ACT', 'C1', '2026-01-20 15:00Z');
DROP TRIGGER wrong ON caseload.appointment;
SELECT caseload.activity_after_frame();
-- several tables in one statement: what one trigger makes anew, the next must not count again
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'ACT', 'M' || i, 'NY' FROM generate_series(1, 4) i;
DELETE FROM caseload.policy WHERE district_id = 'ACT' AND policy_name = 'auto_enroll';
WITH e AS (INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('ACT', 'M1', 1, '[2026-01-01,)') RETURNING district_id, client_id)
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT district_id, client_id, 'm' || i, '2026-01-05 15:00Z'::timestamptz + i * interval '7 days', 'no_show' FROM e, generate_series(1, 2) i;
WITH k AS (INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind) VALUES ('ACT', 'M2', 'k', '2026-01-05 15:00Z', 'two_way'))
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES ('ACT', 'M2', 'm', '2026-01-06 15:00Z', 'attended');
WITH z AS (UPDATE caseload.client SET site_id = 'AK' WHERE district_id = 'ACT' AND client_id IN ('M1', 'M3'))
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES
  ('ACT', 'M1', 'm3', '2026-01-26 15:00Z', 'attended'), ('ACT', 'M3', 'm', '2026-01-06 15:00Z', 'attended');
SELECT client_id, attendance FROM activity WHERE client_id LIKE 'M%';
-- with the last facts goes the client, and is not enrolled again
WITH a AS (DELETE FROM caseload.appointment WHERE district_id = 'ACT' AND client_id = 'M3') DELETE FROM caseload.episode WHERE district_id = 'ACT' AND client_id = 'M3';
WITH a AS (DELETE FROM caseload.appointment WHERE district_id = 'ACT' AND client_id = 'M1') DELETE FROM caseload.client WHERE district_id = 'ACT' AND client_id = 'M1';
SELECT client_id, attendance FROM activity WHERE client_id LIKE 'M%';
SELECT * FROM caseload.verify('ACT');
-- our trigger functions serve no tables of others, nor columns of other types
CREATE ROLE regress_caseload_other;
CREATE TABLE public.regress_other (district_id text, client_id text, starts_at timestamptz, status caseload.appointment_status);
ALTER TABLE public.regress_other OWNER TO regress_caseload_other;
CREATE TRIGGER x AFTER INSERT ON public.regress_other REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_event('starts_at', 'status');
INSERT INTO public.regress_other VALUES ('ACT', 'C2', '2026-01-05 15:00Z', 'no_show');
DROP TABLE public.regress_other;
DROP ROLE regress_caseload_other;
CREATE TABLE public.regress_other (district_id bigint, client_id bigint, starts_at bigint, status bigint);
CREATE TRIGGER x AFTER INSERT ON public.regress_other REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION caseload.activity_after_event('starts_at', 'status');
INSERT INTO public.regress_other VALUES (81985529216486895, 42, 1, 1);
DROP TABLE public.regress_other;
-- a trigger does not assume the name of its table
ALTER TABLE caseload.contact RENAME TO contact_102026;
INSERT INTO caseload.contact_102026 (district_id, client_id, contact_id, at, kind) VALUES ('ACT', 'C2', 'k2', '2026-01-14 15:30Z', 'two_way');
ALTER TABLE caseload.contact_102026 RENAME TO contact;
SELECT client_id, attendance FROM activity WHERE client_id = 'C2';
-- hostile search paths do not matter
CREATE SCHEMA regress_hostile;
CREATE FUNCTION regress_hostile.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'captured'; END$$;
CREATE OPERATOR regress_hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = regress_hostile.eq);
CREATE TABLE regress_hostile.client (LIKE caseload.client);
SET search_path = regress_hostile, pg_catalog;
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES ('ACT', 'C1', 'a8', '2026-01-20 15:00Z', 'attended');
DISCARD PLANS;
DELETE FROM caseload.appointment WHERE appointment_id OPERATOR(pg_catalog.=) 'a8';
SELECT * FROM caseload.evaluate('2026-01-20', 'ACT');
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA regress_hostile CASCADE;
DROP VIEW activity;
