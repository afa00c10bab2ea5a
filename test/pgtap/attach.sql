-- One story in five apps: tables of different shapes are attached, the same things happen in each of them and in our own tables, and facts
-- and flags are the same after every statement. Then each way of writing, what an owner may do to his table, and what a reader may see.

\ir begin.psql
SET LOCAL timezone = 'America/Denver';
SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL jit = off;

SELECT plan(80);

CREATE FUNCTION pg_temp.r(h bigint, i bigint, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT floor((hashint8extended(h * 1024 + i, 7) & 4294967295)::float8 / 4294967296 * n)::int $$;

------------------------------------------------------------------------------------------------------------------------------------
-- The apps. Names and codes are made up in the spirit of OpenEMR, OpenMRS, Bahmni, an app on Supabase, and a court.
------------------------------------------------------------------------------------------------------------------------------------

CREATE SCHEMA apps;

-- one-character status, date and time apart, seconds, blocks of the calendar without a client
CREATE TABLE apps.calendar_event (pc_eid bigint PRIMARY KEY, pc_pid varchar(11) NOT NULL DEFAULT '', pc_aid varchar(30), pc_eventdate date, pc_starttime time, pc_duration bigint, pc_status char(1));

-- upper-case states; the time is two joins away
CREATE TABLE apps.block (block_id int PRIMARY KEY, provider_id int, location text);
CREATE TABLE apps.slot (slot_id int PRIMARY KEY, block_id int NOT NULL REFERENCES apps.block, starts timestamp NOT NULL, ends timestamp NOT NULL);
CREATE TABLE apps.slot_appointment (appointment_id int PRIMARY KEY, slot_id int NOT NULL REFERENCES apps.slot, patient_id int NOT NULL, status text NOT NULL, voided boolean NOT NULL DEFAULT false);
CREATE VIEW apps.appointment_view AS
  SELECT a.appointment_id, a.patient_id, a.status, s.starts, s.ends, b.provider_id, b.location
    FROM apps.slot_appointment a JOIN apps.slot s USING (slot_id) JOIN apps.block b USING (block_id) WHERE NOT a.voided;

-- camel case, and NULL where a time is not known yet
CREATE TABLE apps."PatientAppointment" ("appointmentUuid" uuid PRIMARY KEY, "patientId" text, "providerName" text, "startDateTime" timestamptz, "endDateTime" timestamptz, "Status" text);

-- uuid, an enum, row security, text in ISO 8601
CREATE TYPE apps.log_status AS ENUM ('draft', 'booked', 'done', 'done_late', 'missed', 'cancelled_late', 'cancelled', 'cancelled_by_us', 'holiday');
CREATE TABLE apps.session_log (id uuid, student_id uuid, owner_id text, starts_at text, minutes numeric, status apps.log_status, deleted_at timestamptz, PRIMARY KEY (id, starts_at)) PARTITION BY HASH (id);
CREATE TABLE apps.session_log_0 PARTITION OF apps.session_log FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE apps.session_log_1 (status apps.log_status, gone int, minutes numeric, id uuid NOT NULL, starts_at text NOT NULL, deleted_at timestamptz, owner_id text, student_id uuid);
ALTER TABLE apps.session_log_1 DROP COLUMN gone;
ALTER TABLE apps.session_log ATTACH PARTITION apps.session_log_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE apps.session_log ENABLE ROW LEVEL SECURITY;

-- date only, free text
CREATE TABLE apps.hearing (docket text, hearing_no int, client_no text NOT NULL, held_on date, outcome text, PRIMARY KEY (docket, hearing_no));

-- what a status is called where
CREATE TEMP TABLE word (status text PRIMARY KEY, emr text, mrs text, camel text, log apps.log_status, court text);
INSERT INTO word VALUES
  ('scheduled', '-', 'SCHEDULED', 'Scheduled', 'booked', 'pending'), ('attended', '>', 'COMPLETED', 'Completed', 'done', 'Appeared'),
  ('late', '~', 'WALKIN', 'CheckedIn', 'done_late', 'appeared late'), ('no_show', '?', 'MISSED', 'Missed', 'missed', 'FTA'),
  ('late_cancel', '%', 'CANCELLED_LATE', 'CancelledLate', 'cancelled_late', ' Continued same day '), ('client_cancel', 'x', 'CANCELLED', 'Cancelled', 'cancelled', 'continued'),
  ('provider_cancel', '&', 'CANCELLED_AND_NEEDS_RESCHEDULE', 'CancelledByProvider', 'cancelled_by_us', 'vacated'), ('closure', '#', 'CLOSED', 'Holiday', 'holiday', 'court closed');
CREATE FUNCTION pg_temp.words(what text) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_object_agg(btrim(to_jsonb(w) ->> what), w.status) FROM word w $$;

-- what happens next: event, client, day, what became of it
CREATE TEMP TABLE batch (e int PRIMARY KEY, c int, day date, status text);
CREATE TEMP TABLE app (district text, inserting text, updating text, deleting text);
INSERT INTO app VALUES
('REF',
 $$INSERT INTO caseload.appointment (district_id, client_id, appointment_id, therapist_id, starts_at, minutes, status)
   SELECT 'REF', b.c::text, b.e::text, 't1', (b.day + time '12:00') AT TIME ZONE 'America/New_York', 30, b.status::caseload.appointment_status FROM batch b$$,
 $$UPDATE caseload.appointment a SET client_id = b.c::text, starts_at = (b.day + time '12:00') AT TIME ZONE 'America/New_York', status = b.status::caseload.appointment_status
   FROM batch b WHERE a.district_id = 'REF' AND a.appointment_id = b.e::text$$,
 $$DELETE FROM caseload.appointment a USING batch b WHERE a.district_id = 'REF' AND a.appointment_id = b.e::text$$),
('EMR',
 $$INSERT INTO apps.calendar_event SELECT b.e, b.c, 't1', b.day, '12:00', 1800, w.emr FROM batch b JOIN word w USING (status)$$,
 $$UPDATE apps.calendar_event a SET pc_pid = b.c, pc_eventdate = b.day, pc_status = w.emr FROM batch b JOIN word w USING (status) WHERE a.pc_eid = b.e$$,
 $$DELETE FROM apps.calendar_event a USING batch b WHERE a.pc_eid = b.e$$),
('MRS',
 $$WITH s AS (INSERT INTO apps.slot SELECT b.e, 1, b.day + time '12:00', b.day + time '12:30' FROM batch b ON CONFLICT (slot_id) DO UPDATE SET starts = EXCLUDED.starts, ends = EXCLUDED.ends)
   INSERT INTO apps.slot_appointment SELECT b.e, b.e, b.c, w.mrs FROM batch b JOIN word w USING (status)$$,
 $$WITH s AS (UPDATE apps.slot s SET starts = b.day + time '12:00', ends = b.day + time '12:30' FROM batch b WHERE s.slot_id = b.e)
   UPDATE apps.slot_appointment a SET patient_id = b.c, status = w.mrs FROM batch b JOIN word w USING (status) WHERE a.appointment_id = b.e$$,
 $$DELETE FROM apps.slot_appointment a USING batch b WHERE a.appointment_id = b.e$$),
('CAMEL',
 $$INSERT INTO apps."PatientAppointment" SELECT md5(b.e::text)::uuid, 'p' || b.c, 't1', (b.day + time '12:00') AT TIME ZONE 'America/New_York', (b.day + time '12:30') AT TIME ZONE 'America/New_York', w.camel FROM batch b JOIN word w USING (status)$$,
 $$UPDATE apps."PatientAppointment" a SET "patientId" = 'p' || b.c, "startDateTime" = (b.day + time '12:00') AT TIME ZONE 'America/New_York', "endDateTime" = (b.day + time '12:30') AT TIME ZONE 'America/New_York', "Status" = w.camel
   FROM batch b JOIN word w USING (status) WHERE a."appointmentUuid" = md5(b.e::text)::uuid$$,
 $$DELETE FROM apps."PatientAppointment" a USING batch b WHERE a."appointmentUuid" = md5(b.e::text)::uuid$$),
('LOG',
 $$INSERT INTO apps.session_log SELECT md5(b.e::text)::uuid, ('00000000-0000-0000-0000-00000000000' || b.c)::uuid, 't1', to_char(b.day, 'YYYY-MM-DD') || 'T12:00', 30, w.log FROM batch b JOIN word w USING (status)$$,
 $$UPDATE apps.session_log a SET student_id = ('00000000-0000-0000-0000-00000000000' || b.c)::uuid, starts_at = to_char(b.day, 'YYYY-MM-DD') || 'T12:00', status = w.log
   FROM batch b JOIN word w USING (status) WHERE a.id = md5(b.e::text)::uuid$$,
 -- logs are never deleted
 $$UPDATE apps.session_log a SET deleted_at = now() FROM batch b WHERE a.id = md5(b.e::text)::uuid$$),
('COURT',
 $$INSERT INTO apps.hearing SELECT 'A:' || b.e % 3, b.e, 'J-' || b.c, b.day, w.court FROM batch b JOIN word w USING (status)$$,
 $$UPDATE apps.hearing a SET client_no = 'J-' || b.c, held_on = b.day, outcome = upper(w.court) FROM batch b JOIN word w USING (status) WHERE a.hearing_no = b.e$$,
 $$DELETE FROM apps.hearing a USING batch b WHERE a.hearing_no = b.e$$);

INSERT INTO apps.block VALUES (1, 1, 'main');
INSERT INTO district (district_id) VALUES ('REF');
INSERT INTO site (district_id, site_id, time_zone) VALUES ('REF', 'main', 'America/New_York');
INSERT INTO therapist (district_id, therapist_id, discipline) VALUES ('REF', 't1', 'unknown');
INSERT INTO client (district_id, client_id, site_id) SELECT 'REF', c::text, 'main' FROM generate_series(1, 6) c;
-- the first events are there before anybody attaches
INSERT INTO batch SELECT e, 1 + e % 6, CURRENT_DATE - 1 - pg_temp.r(e, 1, 60), (ARRAY['attended', 'no_show', 'late', 'client_cancel'])[1 + e % 4] FROM generate_series(1, 24) e;
DO $$ DECLARE a text; BEGIN FOR a IN SELECT inserting FROM app LOOP EXECUTE a; END LOOP; END $$;

CREATE TEMP TABLE mapping (relation regclass, district text, mapping jsonb, source text);
INSERT INTO mapping SELECT m.relation, m.district, m.mapping::jsonb || jsonb_build_object('district', jsonb_build_object('constant', m.district), 'codes', pg_temp.words(m.words)), lower(m.district)
FROM (VALUES
  ('apps.calendar_event'::regclass, 'EMR', 'emr', '{"client": "pc_pid", "therapist": "pc_aid", "site": {"constant": "main"}, "zone": {"constant": "America/New_York"},
    "date": "pc_eventdate", "time": "pc_starttime", "seconds": "pc_duration", "status": "pc_status"}'),
  ('apps.appointment_view', 'MRS', 'mrs', '{"client": "patient_id", "therapist": {"expression": "''t'' || provider_id"}, "site": "location", "zone": {"constant": "America/New_York"},
    "at": "starts", "ends_at": "ends", "status": "status", "key": "appointment_id",
    "watch": {"apps.slot_appointment": {"appointment_id": "appointment_id"}, "apps.slot": {}, "apps.block": {}}}'),
  ('apps."PatientAppointment"', 'CAMEL', 'camel', '{"client": {"expression": "substr(\"patientId\", 2)"}, "therapist": "providerName", "site": {"constant": "main"},
    "zone": {"constant": "America/New_York"}, "at": "startDateTime", "ends_at": "endDateTime", "status": "Status"}'),
  ('apps.session_log', 'LOG', 'log', '{"client": "student_id", "therapist": "owner_id", "site": {"constant": "main"}, "zone": {"constant": "America/New_York"},
    "at": "starts_at", "minutes": "minutes", "status": "status", "filter": {"expression": "deleted_at IS NULL -- never deleted"}}'),
  ('apps.hearing', 'COURT', 'court', '{"client": "client_no", "site": {"constant": "main"}, "zone": {"constant": "America/New_York"}, "date": "held_on", "status": "outcome",
    "minutes": {"constant": 30}, "therapist": {"constant": "t1"}}'),
  ('apps.calendar_event', 'SCAN', 'emr', '{"client": "pc_pid", "therapist": "pc_aid", "site": {"constant": "main"}, "zone": {"constant": "America/New_York"},
    "date": "pc_eventdate", "time": "pc_starttime", "seconds": "pc_duration", "status": "pc_status"}')) AS m (relation, district, words, mapping);
-- drafts are no events, and no code is left out
UPDATE mapping SET mapping = jsonb_set(mapping, '{codes,draft}', 'null') WHERE district = 'LOG';

SELECT is(attach(relation, mapping, CASE district WHEN 'SCAN' THEN 'scan' ELSE 'trigger' END, source), source, district || ' is attached') FROM mapping ORDER BY district;

------------------------------------------------------------------------------------------------------------------------------------
-- The story
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE fact (district_id text, c int, facts jsonb);
CREATE TEMP TABLE standing (district_id text, c int, rule_name text, raised_on date, evidence int);
CREATE FUNCTION pg_temp.look() RETURNS void LANGUAGE sql AS $$
  DELETE FROM fact;
  INSERT INTO fact SELECT f.district_id, right(f.client_id, 1)::int AS c, to_jsonb(f) - '{district_id,client_id}'::text[] AS facts FROM caseload.client_facts() f WHERE f.district_id <> 'V';
  DELETE FROM standing;
  INSERT INTO standing SELECT f.district_id, right(f.client_id, 1)::int AS c, f.rule_name, f.raised_on, cardinality(f.evidence) AS evidence FROM caseload.flag f WHERE f.cleared_on IS NULL AND f.district_id <> 'V' $$;
-- how many of an app's facts and flags are not those of our own tables; evidence is what there was when the flag was raised
CREATE FUNCTION pg_temp.unlike(district text, same_pace boolean DEFAULT true, looking boolean DEFAULT true) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF looking THEN
    PERFORM pg_temp.look();
  END IF;
  RETURN (SELECT count(*) FROM (SELECT c, facts FROM fact WHERE district_id = 'REF') r FULL JOIN (SELECT c, facts FROM fact WHERE district_id = district) a USING (c) WHERE r.facts IS DISTINCT FROM a.facts)
       + (SELECT count(*) FROM (SELECT c, rule_name, raised_on, CASE WHEN same_pace THEN evidence END AS e FROM standing WHERE district_id = 'REF') r
                     FULL JOIN (SELECT c, rule_name, raised_on, CASE WHEN same_pace THEN evidence END AS e FROM standing WHERE district_id = district) a USING (c, rule_name)
           WHERE (r.raised_on, r.e) IS DISTINCT FROM (a.raised_on, a.e));
END $$;

SELECT is(pg_temp.unlike(district), 0::bigint, district || ': what was there is taken') FROM app WHERE district <> 'REF' ORDER BY district;
SELECT is((SELECT count(*) FROM verify()), 0::bigint, 'verify() finds nothing');
SELECT cmp_ok((SELECT count(*) FROM standing WHERE district_id = 'REF'), '>=', 2::bigint, 'there are flags to compare');

-- forty statements of one to eight events, in each app; after each of them everything is compared
CREATE TEMP TABLE result (step int, district text, unlike bigint, kind text);
CREATE TEMP TABLE event AS TABLE batch;
CREATE FUNCTION pg_temp.tell(first int, last int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE a record; what text;
BEGIN
  FOR step IN first .. last LOOP
    what := (ARRAY['inserting', 'updating', 'updating', 'deleting', 'inserting'])[1 + pg_temp.r(step, 0, 5)];
    DELETE FROM batch;
    IF what = 'inserting' THEN
      INSERT INTO batch SELECT step * 100 + i, 1 + pg_temp.r(step, 10 + i, 6), CURRENT_DATE - 60 + pg_temp.r(step, 20 + i, 63),
                               (ARRAY['scheduled', 'attended', 'late', 'no_show', 'late_cancel', 'client_cancel', 'provider_cancel', 'closure', 'no_show'])[1 + pg_temp.r(step, 30 + i, 9)]
                          FROM generate_series(1, 1 + pg_temp.r(step, 1, 8)) i;
    ELSE
      INSERT INTO batch SELECT e.e, CASE WHEN pg_temp.r(step, e.e, 3) = 0 THEN 1 + pg_temp.r(step, 40 + e.e, 6) ELSE e.c END, CASE WHEN pg_temp.r(step, e.e, 4) = 0 THEN e.day - 1 ELSE e.day END,
                               (ARRAY['scheduled', 'attended', 'no_show', 'late_cancel'])[1 + pg_temp.r(step, 50 + e.e, 4)]
                          FROM event e ORDER BY pg_temp.r(step, 60 + e.e, 1000000), e.e LIMIT 1 + pg_temp.r(step, 1, 8);
    END IF;
    FOR a IN SELECT * FROM app LOOP
      EXECUTE to_jsonb(a) ->> what;
    END LOOP;
    DELETE FROM event WHERE e IN (SELECT e FROM batch);
    IF what <> 'deleting' THEN
      INSERT INTO event TABLE batch;
    END IF;
    PERFORM pg_temp.look();
    INSERT INTO result SELECT step, district, pg_temp.unlike(district, true, false), what FROM app WHERE district <> 'REF';
    -- looks at all tables and their triggers: now and then
    INSERT INTO result SELECT step, 'verify', count(*), what FROM verify() v WHERE step % 5 = 0 AND v.difference NOT LIKE 'source "scan"%';
  END LOOP;
END $$;
SELECT pg_temp.tell(1, 40) \g /dev/null
SELECT is(count(*) FILTER (WHERE unlike > 0), 0::bigint, district || ': the same after each of ' || count(*) || ' statements') FROM result GROUP BY district ORDER BY district;
SELECT cmp_ok(min(n), '>=', 5::bigint, 'statements of each kind') FROM (SELECT count(*) AS n FROM result WHERE district = 'EMR' GROUP BY kind) x;
SELECT cmp_ok((SELECT count(*) FROM verify() WHERE difference LIKE 'source "scan"%'), '>', 10::bigint, 'what is read by refresh() only is behind');
SELECT cmp_ok(refresh('scan'), '>', 10::bigint, 'refresh() takes it');
SELECT is(pg_temp.unlike('SCAN', false), 0::bigint, 'then it is the same');
SELECT is(refresh('scan'), 0::bigint, 'a second time there is nothing to do');
SELECT is((SELECT count(*) FROM verify()), 0::bigint, 'and verify() finds nothing');

-- the twin: an app whose triggers are off is not the same, verify() says so, refresh() mends it
SET LOCAL client_min_messages = error;
ALTER TABLE apps.hearing DISABLE TRIGGER caseload_court_insert;
ALTER TABLE apps.hearing DISABLE TRIGGER caseload_court_update;
SET LOCAL client_min_messages = warning;
TRUNCATE result;
SELECT pg_temp.tell(41, 46) \g /dev/null
SELECT cmp_ok(sum(unlike) FILTER (WHERE district = 'COURT'), '>', 0::numeric, 'without its triggers an app is not the same') FROM result;
SELECT is(sum(unlike) FILTER (WHERE district NOT IN ('COURT', 'verify')), 0::numeric, 'the others are') FROM result;
SELECT cmp_ok(count(*), '>', 0::bigint, 'verify() says what is missing') FROM verify() WHERE difference LIKE 'source "court": event%';
SELECT is(difference, 'source "court": table apps.hearing has no working trigger for insert, update', 'and why') FROM verify() WHERE difference LIKE 'source "court": table%';
SELECT is(problem, 'table apps.hearing has no working trigger for insert, update', 'the view of sources, too') FROM sources WHERE source_id = 'court';
ALTER TABLE apps.hearing ENABLE TRIGGER ALL;
SELECT cmp_ok(refresh('court'), '>', 0::bigint, 'refresh() mends it');
SELECT is(pg_temp.unlike('COURT'), 0::bigint, 'then it is the same');
SELECT is((SELECT count(*) FROM verify() WHERE difference NOT LIKE 'source "scan"%'), 0::bigint, 'and nothing is wrong');

------------------------------------------------------------------------------------------------------------------------------------
-- Ways of writing that the story does not use, on a table that other tables are about
------------------------------------------------------------------------------------------------------------------------------------

CREATE TABLE apps.family (family_id int PRIMARY KEY);
CREATE TABLE apps.visit (visit_id int PRIMARY KEY, family_id int REFERENCES apps.family ON DELETE CASCADE ON UPDATE CASCADE, child text, at timestamptz, kept boolean);
INSERT INTO apps.family SELECT generate_series(1, 9);
SELECT is(attach('apps.visit', '{"district": {"constant": "V"}, "client": {"expression": "family_id || child"}, "at": "at", "status": "kept", "codes": {"true": "attended", "false": "no_show", "": "scheduled"}}'),
  'visit', 'booleans, and NULL, are statuses');
CREATE FUNCTION pg_temp.has() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(substr(a.appointment_id, 7) || a.client_id || left(a.status::text, 1), ' ' ORDER BY a.appointment_id) FROM appointment a WHERE a.source_id = 'visit' $$;
INSERT INTO apps.visit VALUES (1, 1, 'a', now(), true), (2, 1, 'b', now(), false), (3, 2, 'a', now(), NULL);
SELECT is(pg_temp.has(), '11aa 21bn 32as', 'INSERT');
INSERT INTO apps.visit VALUES (3, 2, 'a', now(), true), (4, 2, 'b', now(), true) ON CONFLICT (visit_id) DO UPDATE SET kept = EXCLUDED.kept;
SELECT is(pg_temp.has(), '11aa 21bn 32aa 42ba', 'ON CONFLICT');
INSERT INTO apps.visit VALUES (3, 2, 'x', now(), true) ON CONFLICT DO NOTHING;
SELECT is(pg_temp.has(), '11aa 21bn 32aa 42ba', 'which does nothing');
MERGE INTO apps.visit v USING (VALUES (1), (2), (5)) s (id) ON v.visit_id = s.id WHEN MATCHED AND v.kept THEN DELETE WHEN MATCHED THEN UPDATE SET kept = true WHEN NOT MATCHED THEN INSERT VALUES (s.id, 5, 'a', now(), false);
SELECT is(pg_temp.has(), '21ba 32aa 42ba 55an', 'MERGE');
COPY apps.visit FROM stdin;
6	6	a	2026-01-02 12:00+00	t
7	6	b	2026-01-02 12:00+00	f
\.
SELECT is(pg_temp.has(), '21ba 32aa 42ba 55an 66aa 76bn', 'COPY');
UPDATE apps.visit SET visit_id = visit_id + 100 WHERE visit_id < 4;
SELECT is(pg_temp.has(), '1021ba 1032aa 42ba 55an 66aa 76bn', 'a key that changes');
DELETE FROM apps.family WHERE family_id = 6;
SELECT is(pg_temp.has(), '1021ba 1032aa 42ba 55an', 'a referential action');
UPDATE apps.family SET family_id = 20 WHERE family_id = 2;
SELECT is(pg_temp.has(), '1021ba 10320aa 420ba 55an', 'and one that moves to another client');
WITH d AS (DELETE FROM apps.visit WHERE visit_id = 4), u AS (UPDATE apps.visit SET kept = true WHERE visit_id = 5) INSERT INTO apps.visit VALUES (9, 9, 'z', now(), false);
SELECT is(pg_temp.has(), '1021ba 10320aa 55aa 99zn', 'several at once');
SAVEPOINT s; DELETE FROM apps.visit; ROLLBACK TO s;
SELECT is(pg_temp.has(), '1021ba 10320aa 55aa 99zn', 'what is rolled back has not been');
-- a trigger of the app that comes after ours and changes the row again
CREATE FUNCTION apps.correct() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF pg_trigger_depth() = 1 THEN UPDATE apps.visit SET child = upper(child) WHERE child <> upper(child); END IF; RETURN NULL; END $$;
CREATE TRIGGER zz_correct AFTER INSERT ON apps.visit FOR EACH STATEMENT EXECUTE FUNCTION apps.correct();
CREATE TRIGGER a_correct AFTER INSERT ON apps.visit FOR EACH ROW EXECUTE FUNCTION apps.correct();
INSERT INTO apps.visit VALUES (10, 9, 'y', now(), false);
SELECT is(pg_temp.has(), '109Yn 1021Ba 10320Aa 55Aa 99Zn', 'triggers of the app that change rows again');
DROP TRIGGER zz_correct ON apps.visit; DROP TRIGGER a_correct ON apps.visit;
TRUNCATE apps.visit;
SELECT is(pg_temp.has(), NULL, 'TRUNCATE');
SELECT is((SELECT count(*) FROM verify('V')), 0::bigint, 'nothing differs');

------------------------------------------------------------------------------------------------------------------------------------
-- What an owner may do to his table
------------------------------------------------------------------------------------------------------------------------------------

INSERT INTO apps.visit VALUES (1, 1, 'a', now(), true);
ALTER TABLE apps.visit RENAME COLUMN visit_id TO number;
ALTER TABLE apps.visit RENAME COLUMN child TO kid;
ALTER TABLE apps.visit RENAME TO visits;
ALTER TABLE apps.visits SET SCHEMA public;
INSERT INTO public.visits VALUES (2, 1, 'b', now(), true);
UPDATE public.visits SET number = 3 WHERE number = 1;
SELECT is(pg_temp.has(), '21ba 31aa', 'columns, table and schema may be renamed');
SELECT throws_ok('ALTER TABLE public.visits DROP COLUMN kept', '2BP01', NULL, 'a column that is needed cannot be dropped');
SELECT throws_ok('ALTER TABLE public.visits ALTER COLUMN kept TYPE text', '0A000', NULL, 'nor get another type');
SELECT throws_ok('DROP TABLE public.visits', '2BP01', NULL, 'nor the table');
SELECT throws_ok('CREATE TABLE apps.more_visits () INHERITS (public.visits)', '55000', NULL, 'nor inherited from, which triggers do not follow');
ALTER TABLE public.visits ADD COLUMN note text; ALTER TABLE public.visits DROP COLUMN note;
CREATE ROLE caseload_pgtap_app;
GRANT USAGE ON SCHEMA public TO caseload_pgtap_app;
ALTER TABLE public.visits OWNER TO caseload_pgtap_app;
INSERT INTO public.visits VALUES (4, 1, 'c', now(), true);
SELECT is(pg_temp.has(), '21ba 31aa 41ca', 'it may go to another owner');
SELECT ok(has_table_privilege('caseload_pgtap_app', 'caseload.source_visit', 'SELECT'), 'with whose rights it is read from now on');
SELECT throws_ok($$INSERT INTO public.visits VALUES (5, 1, 'd', 'infinity', true)$$, '22023', 'source "visit" cannot be understood', 'what is no time is refused');
ALTER TABLE public.visits RENAME CONSTRAINT visit_pkey TO visits_pkey;
-- with CASCADE, too, as long as the table stays: it would refuse whatever is written to it
SET LOCAL client_min_messages = error;
SELECT throws_ok('ALTER TABLE public.visits DROP COLUMN kept CASCADE', '2BP01', 'cannot drop what source "visit" needs while it is attached', 'nor a column with all that depends on it');
SELECT throws_ok('DROP VIEW caseload.source_visit', '2BP01', NULL, 'nor the view of the source');
INSERT INTO public.visits VALUES (6, 1, 'f', now(), true);
SELECT is(pg_temp.has(), '21ba 31aa 41ca 61fa', 'and everything goes on');
DELETE FROM public.visits WHERE number = 6;
SAVEPOINT lost;
ALTER EVENT TRIGGER caseload_source_drop DISABLE;
ALTER TABLE public.visits DROP COLUMN kept CASCADE;
SELECT throws_ok($$DELETE FROM public.visits$$, '55000', 'source "visit" has lost its view', 'the twin: without our event trigger it is gone, and who writes is told');
SELECT lives_ok($$SELECT caseload.detach('visit')$$, 'and what to do');
SELECT lives_ok($$DELETE FROM public.visits$$, 'which helps');
ROLLBACK TO lost;
DROP TABLE public.visits CASCADE;
SET LOCAL client_min_messages = warning;
SELECT is(difference, 'source "visit": the view of the source is gone: its relation or a column was dropped', 'dropped with all that depends on it: verify() says so') FROM verify('V');
SELECT lives_ok($$SELECT caseload.detach('visit')$$, 'and it can be detached');

-- partitions come and go
ALTER TABLE apps.session_log DETACH PARTITION apps.session_log_1;
SELECT is((SELECT count(*) FROM appointment WHERE source_id = 'log'), (SELECT count(*) FROM apps.session_log WHERE deleted_at IS NULL), 'rows go with a partition');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'apps.session_log_1'::regclass AND NOT tgisinternal), 0::bigint, 'so do the triggers');
ALTER TABLE apps.session_log ATTACH PARTITION apps.session_log_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT is(pg_temp.unlike('LOG', false), 0::bigint, 'and come back with it');
DELETE FROM apps.session_log_1;
SELECT is((SELECT count(*) FROM verify('LOG')), 0::bigint, 'a partition may be written to by itself');
TRUNCATE apps.session_log_0;
SELECT is((SELECT count(*) FROM appointment WHERE source_id = 'log'), 0::bigint, 'and truncated');

-- detached: nothing is left, or all but the link
SELECT lives_ok($$SELECT caseload.detach('emr', keep => true)$$, 'detach() may keep the rows');
SELECT is(pg_temp.unlike('EMR'), 0::bigint, 'they stay as they are');
SELECT lives_ok(format('SELECT caseload.detach(%L)', source_id), 'detached: ' || source_id) FROM source ORDER BY source_id;
SELECT is((SELECT count(*) FROM appointment WHERE source_id IS NOT NULL), 0::bigint, 'no row of theirs is left');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgfoid = 'caseload.source_after_write'::regproc), 0::bigint, 'no trigger');
SELECT is((SELECT count(*) FROM pg_views WHERE schemaname = 'caseload' AND viewname LIKE 'source\_%'), 0::bigint, 'no view');
SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'caseload'::regnamespace AND relrowsecurity), 0::bigint, 'no row security');
SELECT is((SELECT count(*) FROM verify()), 0::bigint, 'and nothing is wrong');

SELECT * FROM finish();
ROLLBACK;
