-- Rules: what an expression may say, the seeded rules at their boundaries, and rules that fail.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
SELECT expression, (caseload.check_expression('client', expression)).*
  FROM (VALUES
    (1, 'strikes >= 3'), (2, 'strikes BETWEEN 1 AND 2 OR (miss_run IN (2, 3) AND NOT has_upcoming)'),
    (3, 'CASE WHEN level = ''high'' THEN strikes >= 2 ELSE strikes >= 3 END'), (4, 'coalesce(days_since_contact, 999) > 30'),
    (5, 'no_shows::numeric / nullif(appointments, 0) > 0.25'), (6, 'greatest(abs(strikes - 3), round(1.5)) > 2'), (7, 'category IS DISTINCT FROM ''ASD'''),
    (20, ''), (21, 'strikes >='), (22, 'strike >= 3'), (23, 'strikes'), (24, 'strikes >= 3; DROP TABLE x'), (25, 'strikes >= 3 FROM caseload.client'),
    (26, 'strikes >= (SELECT 1)'), (27, 'EXISTS (SELECT FROM pg_authid)'), (28, 'count(*) > 1'), (29, 'sum(strikes) > 1'), (30, 'row_number() OVER () > 1'),
    (31, 'random() > 0.5'), (32, 'now() IS NOT NULL'), (33, 'current_date IS NOT NULL'), (34, 'current_user = ''x'''), (35, 'pg_sleep(10) IS NULL'),
    (36, 'repeat(''x'', 1000000000) IS NULL'), (37, 'set_config(''a.b'', ''c'', false) IS NULL'), (38, 'pg_catalog.abs(strikes) > 1'), (39, 'strikes OPERATOR(pg_catalog.>) 1'),
    (40, '''now''::timestamptz IS NULL'), (41, 'date ''today'' IS NULL'), (42, '''pg_authid''::regclass IS NULL'), (43, 'category LIKE ''%x'''), (44, 'category ~ ''x'''),
    (45, 'category || ''x'' = ''y'''), (46, '$1 > 1'), (47, 'ctid IS NULL'), (48, 'client_facts IS NULL'), (49, 'last_attended IS NULL'), (50, 'client_facts.strikes > 1'),
    (51, 'strikes > 1 ORDER BY 1'), (52, 'strikes ^ 9 > 1'), (53, 'factorial(strikes) > 1'), (54, '(strikes > 1) COLLATE "C"'), (55, 'strikes = ANY (ARRAY[1,2])'),
    (56, '1 / 0 > 1'), (57, '''x''::integer > 1'), (58, repeat('(', 60) || 'strikes > 1' || repeat(')', 60)), (59, repeat('NOT ', 60) || 'has_upcoming'),
    (60, '1e200000 > strikes'), (61, '(1e130000 + strikes) % (1e65000 + 7) > 0'), (62, 'strikes::numeric(1000, 900) > 1'), (63, '1e30 > strikes')
  ) v (n, expression) ORDER BY n;
SELECT (caseload.check_expression('client', repeat('NOT ', 1001) || 'has_upcoming')).message;
SELECT (caseload.check_expression('client', 'strikes * 1.5', 'numeric')).ok, (caseload.check_expression('therapist', 'utilization > 1.1')).ok,
       (caseload.check_expression('service', 'client_minutes', 'numeric')).ok;
SELECT caseload.check_expression('planet', 'true');
SELECT caseload.check_expression('client', 'true', 'text');
\x
SELECT rule_name, condition, severity, action, message, due_after FROM caseload.rule WHERE district_id = '*' ORDER BY rule_name;
\x

-- the seeded rules at their boundaries (clinic handbook: 30+ days, 3+ strikes, both inclusive)
INSERT INTO caseload.district (district_id) VALUES ('RULE');
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('RULE', 'S', 'America/New_York');
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'RULE', c, 'S' FROM unnest('{seen,touch,strike2,strike3,never,waiting}'::text[]) c;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'RULE', c, 1, '[2025-12-01,)' FROM unnest('{seen,touch,strike2,strike3,waiting}'::text[]) c;
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('RULE', 'never', 1, '[2026-01-02,)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, period) VALUES ('RULE', 'w', 'waiting', 'SLP', '[2025-12-01,)');
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES
  ('RULE', 'seen', '1', '2026-01-01 15:00Z', 'attended'), ('RULE', 'touch', '1', '2026-01-01 15:00Z', 'attended'),
  ('RULE', 'strike2', '1', '2026-01-05 15:00Z', 'no_show'), ('RULE', 'strike2', '2', '2026-01-12 15:00Z', 'no_show'), ('RULE', 'strike2', '3', '2026-01-13 15:00Z', 'client_cancel'),
  ('RULE', 'strike2', '4', '2026-01-28 15:00Z', 'attended'),
  ('RULE', 'strike3', '1', '2026-01-05 15:00Z', 'no_show'), ('RULE', 'strike3', '2', '2026-01-12 15:00Z', 'no_show'), ('RULE', 'strike3', '3', '2026-01-19 15:00Z', 'late_cancel'),
  ('RULE', 'strike3', '4', '2026-01-28 15:00Z', 'attended');
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind) VALUES
  ('RULE', 'touch', '1', '2026-01-25 15:00Z', 'two_way'), ('RULE', 'seen', '1', '2026-01-25 15:00Z', 'attempt');
SELECT d::date AS as_of, string_agg(client_id || ': ' || rule_name, ', ' ORDER BY client_id, rule_name) AS flags
  FROM unnest('{2026-01-18,2026-01-19,2026-01-30,2026-01-31,2026-02-01,2026-02-23,2026-02-24}'::date[]) d, caseload.flags(d, 'RULE') GROUP BY d ORDER BY d;
-- last seen Jan 1, contact Jan 25, as of Feb 1: warned, to be closed on Feb 15
SELECT client_id, rule_name, action, raised_on, due_on FROM caseload.flags('2026-02-01', 'RULE') WHERE client_id = 'touch';

-- evaluate() writes them, is idempotent, and goes back and forth in time
BEGIN READ ONLY;
SELECT caseload.evaluate('2026-01-31', 'RULE');
ROLLBACK;
SELECT (caseload.evaluate('2026-01-31', 'RULE')).errors;
CREATE VIEW public.standing AS SELECT client_id, rule_name, state FROM caseload.flag WHERE district_id = 'RULE' AND cleared_on IS NULL ORDER BY 1, 2;
TABLE public.standing;
SELECT raised, resolved, unchanged FROM caseload.evaluate('2026-01-31', 'RULE');
SELECT raised, resolved, unchanged FROM caseload.evaluate('2026-02-24', 'RULE');
SELECT * FROM caseload.verify('RULE', '2026-02-24');
SELECT * FROM caseload.verify('RULE', '2026-01-31') ORDER BY client_id, difference;
-- a dismissed flag stays dismissed while the condition holds, and comes again when it held no more in between
UPDATE caseload.flag SET state = 'dismissed' WHERE district_id = 'RULE' AND client_id = 'strike3' AND rule_name = 'attendance_close' AND cleared_on IS NULL;
SELECT raised, resolved, unchanged FROM caseload.evaluate('2026-02-24', 'RULE');
SELECT count(*) AS shown FROM caseload.flags('2026-02-24', 'RULE') WHERE client_id = 'strike3' AND rule_name = 'attendance_close';
SELECT raised, resolved FROM caseload.evaluate('2026-01-18', 'RULE');
SELECT raised, resolved FROM caseload.evaluate('2026-01-19', 'RULE');
-- strikes flags follow the facts at once, in the trigger: down and up again
UPDATE caseload.appointment SET status = 'attended' WHERE district_id = 'RULE' AND client_id = 'strike3' AND appointment_id = '3';
SELECT count(*) FROM public.standing WHERE client_id = 'strike3' AND rule_name = 'attendance_close';
UPDATE caseload.appointment SET status = 'no_show' WHERE district_id = 'RULE' AND client_id = 'strike3' AND appointment_id = '3';
SELECT count(*) FROM public.standing WHERE client_id = 'strike3' AND rule_name = 'attendance_close';
-- a client may come back: a new episode counts from 0, and the closed one has no flags
UPDATE caseload.episode SET period = '[2025-12-01,2026-02-01)', closure_reason = 'attendance', outcome = 'dropped' WHERE district_id = 'RULE' AND client_id = 'strike3';
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('RULE', 'strike3', 2, '[2026-03-01,)');
SELECT count(*) FROM public.standing WHERE client_id = 'strike3' AND rule_name = 'attendance_close';
SELECT episode, strikes FROM caseload.client_facts('2026-03-02') WHERE district_id = 'RULE' AND client_id = 'strike3';

INSERT INTO caseload.rule (district_id, rule_name, condition, message, due_after) VALUES ('RULE', 'never', 'true', 'x', '6000000 years');
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('RULE', 'never', 9, '[-infinity,2001-01-01)');
-- a district's own rule; versions; a rule that does not compile, and one that fails while it runs
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('RULE', 'one_miss', 'no_shows >= 1', 'call the family');
SELECT client_id FROM caseload.flags('2026-01-19', 'RULE') WHERE rule_name = 'one_miss' ORDER BY 1;
UPDATE caseload.rule SET condition = 'miss_run >= 2' WHERE district_id = 'RULE' AND rule_name = 'one_miss' RETURNING version;
UPDATE caseload.rule SET message = 'call' WHERE district_id = 'RULE' AND rule_name = 'one_miss' RETURNING version;
UPDATE caseload.rule SET condition = 'misses >= 2' WHERE district_id = 'RULE' AND rule_name = 'one_miss';
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('RULE', 'ratio', 'attended / no_shows < 1', 'too few sessions');
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES
  ('RULE', 'seen', '2', '2026-01-29 15:00Z', 'attended'), ('RULE', 'strike2', '5', '2026-01-29 15:00Z', 'no_show');
SELECT rule_name, rule_version, occurrences, message FROM caseload.rule_error WHERE rule_district = 'RULE';
SELECT client_id, rule_name FROM caseload.flags('2026-01-30', 'RULE') WHERE rule_name IN ('ratio', 'one_miss') ORDER BY 1, 2;
SELECT client_id, failed FROM caseload.findings('2026-01-30', 'RULE') WHERE rule_name = 'ratio' ORDER BY 1;
SELECT * FROM caseload.verify('RULE');
-- a change of the rules is seen at once, also when it is taken back
BEGIN;
DELETE FROM caseload.rule WHERE district_id = 'RULE';
SELECT count(*) FROM caseload.flags('2026-01-30', 'RULE') WHERE rule_name IN ('ratio', 'one_miss');
ROLLBACK;
SELECT count(*) > 0 AS back FROM caseload.flags('2026-01-30', 'RULE') WHERE rule_name IN ('ratio', 'one_miss');
DISCARD ALL;
SELECT count(*) > 0 AS still FROM caseload.flags('2026-01-30', 'RULE') WHERE rule_name IN ('ratio', 'one_miss');
DELETE FROM caseload.rule WHERE district_id = 'RULE';
SELECT errors FROM caseload.evaluate('2026-01-31', 'RULE');
SELECT caseload.evaluate('infinity');
DROP VIEW public.standing;
-- a trigger of somebody's on flag that changes facts and rules: what was judged before gives way, and nothing is lost
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('RULE', 'nested', 'S'), ('RULE', 'other', 'S');
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('RULE', 'a_many', 'appointments >= 2', 'm'), ('RULE', 'b_odd', 'appointments IN (1, 3)', 'm'),
  ('RULE', 'c_fails', '1 / (appointments - appointments) > 0', 'm');
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES ('RULE', 'nested', '1', now() - interval '3 days', 'attended');
CREATE FUNCTION public.regress_on_flag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.rule_name = 'a_many' AND NEW.client_id = 'nested' THEN
    UPDATE caseload.rule SET source = 'changed' WHERE rule_name = 'a_many';
    ANALYZE caseload.flag;
    INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES
      ('RULE', 'nested', '3', now() - interval '1 day', 'attended'), ('RULE', 'other', '1', now() - interval '1 day', 'attended');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER regress_on_flag AFTER INSERT ON caseload.flag FOR EACH ROW EXECUTE FUNCTION public.regress_on_flag();
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES ('RULE', 'nested', '2', now() - interval '2 days', 'attended');
SELECT client_id, rule_name FROM caseload.flag WHERE district_id = 'RULE' AND client_id IN ('nested', 'other') AND cleared_on IS NULL ORDER BY 1, 2;
SELECT client_id, rule_name FROM caseload.flags(CURRENT_DATE, 'RULE') WHERE client_id IN ('nested', 'other') ORDER BY 1, 2;
DROP TRIGGER regress_on_flag ON caseload.flag;
DROP FUNCTION public.regress_on_flag();
-- constraints and indexes of somebody's on flag hold like any
CREATE TABLE public.regress_severity (severity text PRIMARY KEY);
CREATE FUNCTION public.regress_write(n integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  what text;
BEGIN
  INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
    VALUES ('RULE', 'nested', 'w' || n, now() - n * interval '1 minute', 'attended');
  DELETE FROM caseload.appointment WHERE district_id = 'RULE' AND client_id = 'nested' AND appointment_id = 'w' || n;
  RETURN 'written';
EXCEPTION WHEN integrity_constraint_violation THEN
  GET STACKED DIAGNOSTICS what = CONSTRAINT_NAME;
  RETURN what;
END $$;
-- both write: one to raise and to clear with each appointment more
UPDATE caseload.rule SET condition = 'appointments % 2 = 0' WHERE district_id = 'RULE' AND rule_name = 'b_odd';
SELECT public.regress_write(1);
ALTER TABLE caseload.flag ADD CONSTRAINT regress_check CHECK (message <> 'm') NOT VALID;
SELECT public.regress_write(2);
ALTER TABLE caseload.flag DROP CONSTRAINT regress_check;
ALTER TABLE caseload.flag ADD CONSTRAINT regress_fkey FOREIGN KEY (severity) REFERENCES public.regress_severity NOT VALID;
SELECT public.regress_write(3);
ALTER TABLE caseload.flag DROP CONSTRAINT regress_fkey;
CREATE UNIQUE INDEX regress_index ON caseload.flag ((client_id || state)) WHERE client_id = 'nested' AND state = 'open';
SELECT public.regress_write(4);
DROP INDEX caseload.regress_index;
CREATE INDEX regress_index ON caseload.flag (subject_key, cleared_on) WHERE snoozed_until IS NULL;
SELECT public.regress_write(5);
-- what was written by itself is in every index
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT count(*) FILTER (WHERE cleared_on IS NULL) AS standing, count(*) AS flags FROM caseload.flag WHERE subject_key = 'nested' AND snoozed_until IS NULL;
SELECT count(*) AS standing FROM caseload.flag WHERE district_id = 'RULE' AND subject_key = 'nested' AND cleared_on IS NULL;
SELECT count(*) AS flags FROM caseload.flag WHERE district_id = 'RULE' AND client_id = 'nested';
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP INDEX caseload.regress_index;
DROP FUNCTION public.regress_write(integer);
DROP TABLE public.regress_severity;
DELETE FROM caseload.rule WHERE district_id = 'RULE';
