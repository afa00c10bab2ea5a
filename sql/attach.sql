-- Attached tables: what is said about mappings, rows and sources. That everything is followed is in test/pgtap/attach.sql.

\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
SET client_min_messages = warning;
CREATE SCHEMA regress_attach;
CREATE TYPE regress_attach.state AS ENUM ('open', 'done', 'missed');
CREATE TABLE regress_attach.visit (id integer PRIMARY KEY, pupil integer, at timestamp, until timestamp, state regress_attach.state, code text, score double precision, place point);

-- everything that is wrong, at once
SELECT caseload.attach('regress_attach.visit', '{}');
SELECT caseload.attach('regress_attach.visit', $${
  "district": "school", "client": "score", "at": "at", "date": "at", "time": "at", "minutes": "id", "seconds": "id", "ends_at": "place", "status": "state", "codes": {"done": "come", "open": 1},
  "zone": {"constant": "Mars/Olympus"}, "filter": "id", "site": {"expression": "upper(code"}, "therapist": {"expression": "random()"}, "discipline": {"query": "x"}, "patient": "x",
  "kind": "visit", "unknown": "ask", "key": ["id", "nr", "place"]}$$);
SELECT caseload.attach('regress_attach.visit', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "zone": {"constant": "UTC"}, "status": "state", "codes": {"done": "attended"}, "key": "pupil", "watch": {}}', source => 'No name');
SELECT caseload.attach('regress_attach.visit', '[]');
SELECT caseload.attach('regress_attach.visit', NULL);
SELECT caseload.attach('regress_attach.visit', '{}', 'now');
SELECT caseload.attach('caseload.appointment', '{}');
CREATE TABLE regress_attach.no_key (id integer, pupil integer, at timestamptz);
CREATE UNLOGGED TABLE regress_attach.unlogged () INHERITS (regress_attach.no_key);
SELECT caseload.attach('regress_attach.no_key', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "status": {"constant": "attended"}}');
SELECT caseload.attach('regress_attach.unlogged', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "status": {"constant": "attended"}, "key": "id"}');
CREATE VIEW regress_attach.joined AS SELECT v.* FROM regress_attach.visit v JOIN regress_attach.no_key k USING (pupil);
SELECT caseload.attach('regress_attach.joined', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "zone": {"constant": "UTC"}, "status": {"constant": "attended"}}');
SELECT caseload.attach('regress_attach.joined', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "zone": {"constant": "UTC"}, "status": {"constant": "attended"}, "key": "id", "watch": {"visit": {}, "regress_attach.visits": {}}}');
CREATE TABLE regress_attach.parted (id integer, pupil integer) PARTITION BY RANGE (id);
CREATE TABLE regress_attach.part PARTITION OF regress_attach.parted FOR VALUES FROM (0) TO (9);
CREATE UNLOGGED TABLE regress_attach.unsafe (id bigint, nr integer);
SELECT caseload.attach('regress_attach.joined', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "zone": {"constant": "UTC"}, "status": {"constant": "attended"}, "key": "id", "watch": {
  "regress_attach.visit": {"id": "id", "pupil": "id", "code": "id", "nr": "id", "score": "score", "place": null}, "regress_attach.no_key": {}, "regress_attach.part": {}, "regress_attach.unsafe": {"id": "id"},
  "a.b.c.d": {}, "y.\"unclosed": {}, "regress_attach.parted": 1}}');
DROP TABLE regress_attach.parted, regress_attach.unsafe;

-- then what the rows say
INSERT INTO regress_attach.visit VALUES (1, 7, '2026-01-05 10:00', '2026-01-05 10:30', 'done', 'D'), (2, 7, '2026-01-06 10:00', '2026-01-06 10:30', 'done', 'x'),
  (3, 7, '2026-01-07 10:00', '2026-01-07 10:30', 'done', 'x'), (4, 7, '2026-01-08 10:00', '2026-01-01 10:30', 'done', ' d '), (5, 7, 'infinity', NULL, 'done', 'd'), (6, NULL, 'infinity', NULL, 'done', 'y'), (7, 8, NULL, NULL, 'done', 'y');
SELECT caseload.attach('regress_attach.visit', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "ends_at": "until", "zone": {"constant": "America/Chicago"}, "status": "code", "codes": {"d": "attended"}}');
SELECT count(*) AS sources FROM caseload.sources;
SELECT caseload.attach('regress_attach.visit', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "ends_at": "until", "zone": {"constant": "America/Chicago"}, "status": "code", "codes": {"d": "attended"}, "unknown": "skip"}');
SELECT appointment_id, client_id, starts_at, minutes, status FROM caseload.appointment WHERE source_id = 'visit' ORDER BY 1;
SELECT fault, value, occurrences FROM caseload.source_fault ORDER BY 1, 2;
INSERT INTO regress_attach.visit VALUES (8, 9, '2026-01-05 10:00', '2026-01-05 10:30', 'done', 'x');
UPDATE regress_attach.visit SET code = 'z' WHERE id = 1;
SELECT source_id, relation, kind, mode, unknown, problem, skipped, last_skipped_at IS NOT NULL AS seen FROM caseload.sources;
SELECT fault, value, occurrences FROM caseload.source_fault ORDER BY 1, 2;
UPDATE regress_attach.visit SET code = 'D', until = NULL, at = coalesce(at, now()) WHERE at IS NULL OR at < 'infinity';
SELECT caseload.refresh('visit');
SELECT fault, value, occurrences FROM caseload.source_fault ORDER BY 1, 2;
SELECT district_id, difference FROM caseload.verify('A');
UPDATE caseload.appointment SET minutes = 99 WHERE appointment_id = 'visit:1';
DELETE FROM caseload.appointment WHERE appointment_id = 'visit:2';
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, source_id) VALUES ('A', '7', 'visit:99', '2026-01-01', 'visit');
SELECT district_id, client_id, difference FROM caseload.verify('A') ORDER BY 3;
SELECT caseload.refresh('visit');
SELECT district_id, difference FROM caseload.verify('A');

-- a key that is not one
INSERT INTO regress_attach.no_key VALUES (1, 7, now()), (2, 7, now());
SELECT caseload.attach('regress_attach.joined', $${"district": {"constant": "A"}, "client": "pupil", "at": "at", "zone": {"constant": "UTC"}, "status": {"constant": "attended"}, "key": "id", "filter": {"expression": "at < '2026-02-01'"}}$$, 'scan');
-- an event outside every episode is refused where it is written
UPDATE caseload.episode SET period = '[2026-01-01,2026-02-01)' WHERE district_id = 'A' AND client_id = '7';
INSERT INTO regress_attach.visit VALUES (10, 7, '2026-03-05 10:00', NULL, 'done', 'D');
-- whoever loads everything is told of all of them, the first ten by name
SELECT caseload.detach('visit');
INSERT INTO regress_attach.visit SELECT i, 7, timestamp '2026-03-01 10:00' + i * interval '1 day', NULL, 'done', 'D' FROM generate_series(11, 22) i;
SELECT caseload.attach('regress_attach.visit', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "ends_at": "until", "zone": {"constant": "America/Chicago"}, "status": "code", "codes": {"d": "attended"}, "unknown": "skip"}');
-- with what cannot be understood, in one go
UPDATE regress_attach.visit SET code = 'x' WHERE id = 22;
SELECT caseload.attach('regress_attach.visit', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "ends_at": "until", "zone": {"constant": "America/Chicago"}, "status": "code", "codes": {"d": "attended"}}');
DELETE FROM regress_attach.visit WHERE id > 11;
SELECT caseload.attach('regress_attach.visit', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "ends_at": "until", "zone": {"constant": "America/Chicago"}, "status": "code", "codes": {"d": "attended"}, "unknown": "skip"}');
DELETE FROM regress_attach.visit WHERE id > 10;
-- nobody is enrolled by an event where the policy says so
INSERT INTO regress_attach.visit VALUES (12, 12, '2026-01-05 10:00', NULL, 'done', 'D');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('A', 'auto_enroll', 'false');
SELECT caseload.attach('regress_attach.visit', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "ends_at": "until", "zone": {"constant": "America/Chicago"}, "status": "code", "codes": {"d": "attended"}, "unknown": "skip"}');
DELETE FROM caseload.policy WHERE district_id = 'A';
SELECT caseload.attach('regress_attach.visit', '{"district": {"constant": "A"}, "client": "pupil", "at": "at", "ends_at": "until", "zone": {"constant": "America/Chicago"}, "status": "code", "codes": {"d": "attended"}, "unknown": "skip"}');
-- contacts
CREATE TABLE regress_attach.call (id uuid PRIMARY KEY, pupil text, day text, answered boolean);
INSERT INTO regress_attach.call VALUES ('00000000-0000-0000-0000-000000000001', '9', '2026-01-05T23:30-06', true), ('00000000-0000-0000-0000-000000000002', '9', '2026-01-06', false), ('00000000-0000-0000-0000-000000000003', '9', ' ', true);
SELECT caseload.attach('regress_attach.call', '{"kind": "contact", "district": {"constant": "A"}, "client": "pupil", "at": "day", "zone": {"constant": "America/Chicago"}, "status": "answered", "codes": {"true": "two_way", "false": "attempt"}}');
SELECT contact_id, at, kind FROM caseload.contact WHERE source_id = 'call' ORDER BY 1;
INSERT INTO regress_attach.call VALUES ('00000000-0000-0000-0000-000000000004', '9', '01/07/2026', true);

SELECT caseload.refresh('nowhere');
SELECT caseload.detach('nowhere');
SELECT caseload.detach('visit'), caseload.detach('call');
SELECT count(*) AS left_behind FROM caseload.appointment WHERE district_id = 'A';
DELETE FROM caseload.client WHERE district_id = 'A';
DELETE FROM caseload.district WHERE district_id = 'A';
DROP SCHEMA regress_attach CASCADE;
