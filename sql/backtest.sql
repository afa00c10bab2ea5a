-- Conditions replayed over past days: when they would have begun and ceased to hold. All days below are worked out by hand.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
INSERT INTO caseload.district (district_id) VALUES ('BACK');
INSERT INTO caseload.site (district_id, site_id, time_zone, level) VALUES
  ('BACK', 'NY', 'America/New_York', 'elementary'), ('BACK', 'NZ', 'Pacific/Auckland', 'clinic');
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'BACK', c, 'NY' FROM unnest('{gone,back,strike,again,next,waiting,tonight}'::text[]) c;
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('BACK', 'morning', 'NZ');
INSERT INTO caseload.episode (district_id, client_id, episode, period)
  SELECT 'BACK', c, 1, '[2025-12-01,)' FROM unnest('{gone,back,strike,waiting,tonight,morning}'::text[]) c;
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES
  ('BACK', 'again', 1, '[2025-12-01,2026-01-25)'), ('BACK', 'again', 2, '[2026-02-10,)'),
  ('BACK', 'next', 1, '[2025-12-01,2026-02-01)'), ('BACK', 'next', 2, '[2026-02-01,)');
INSERT INTO caseload.appointment (district_id, client_id, starts_at, status)
  SELECT 'BACK', v.client_id, v.at, v.status::caseload.appointment_status
    FROM (VALUES ('gone', '2026-01-01 15:00Z'::timestamptz, 'attended'), ('back', '2026-01-01 15:00Z', 'attended'),
                 ('strike', '2026-01-05 15:00Z', 'no_show'), ('strike', '2026-01-12 15:00Z', 'no_show'), ('strike', '2026-01-19 15:00Z', 'late_cancel'),
                 ('strike', '2026-02-20 15:00Z', 'attended'),
                 ('again', '2026-01-05 15:00Z', 'no_show'), ('again', '2026-01-12 15:00Z', 'no_show'), ('again', '2026-01-19 15:00Z', 'no_show'),
                 ('again', '2026-02-11 15:00Z', 'no_show'),
                 ('next', '2026-01-31 15:00Z', 'no_show'), ('next', '2026-02-01 15:00Z', 'no_show'),
                 -- ten in the evening of Jan 19 in New York, one in the morning of Jan 20 in Auckland
                 ('tonight', '2026-01-05 15:00Z', 'no_show'), ('tonight', '2026-01-12 15:00Z', 'no_show'), ('tonight', '2026-01-20 03:00Z', 'no_show'),
                 ('morning', '2026-01-05 15:00Z', 'no_show'), ('morning', '2026-01-12 15:00Z', 'no_show'), ('morning', '2026-01-19 12:00Z', 'no_show')
         ) v (client_id, at, status);
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind) VALUES
  ('BACK', 'back', '1', '2026-02-10 15:00Z', 'two_way'), ('BACK', 'gone', '1', '2026-01-20 15:00Z', 'attempt');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('BACK', 'T', 'SLP', 1);
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES
  ('BACK', 'w1', 'waiting', 'SLP', '600/week', NULL, '[2025-12-01,2026-02-01)'), ('BACK', 'w2', 'waiting', 'SLP', '600/week', 'T', '[2026-02-01,)'),
  ('BACK', 's1', 'strike', 'OT', '300/week', 'T', '[2025-10-15,2026-03-01)');

-- 30 days: not on day 29 (Jan 30), on day 30; a contact clears and starts anew (Feb 10 + 30 days = Mar 12); an attempt is none.
-- Whoever waits is not active before Feb 1.
SELECT * FROM caseload.backtest('client', 'is_active AND days_inactive >= 30', '2026-01-01', '2026-03-31', 'BACK') WHERE key IN ('gone', 'back', 'waiting');
SELECT * FROM caseload.backtest('client', 'is_active AND days_inactive >= 30', '2026-01-01', '2026-01-30', 'BACK') WHERE key = 'gone';
SELECT * FROM caseload.backtest('client', 'is_active AND days_inactive >= 30', '2026-01-31', '2026-01-31', 'BACK') WHERE key = 'gone';
-- the third strike counts on the local day of the site; the episode takes its strikes along, on the day after its last
SELECT * FROM caseload.backtest('client', 'is_active AND strikes >= 3', '2026-01-01', '2026-03-31', 'BACK');
-- what holds already on the first day is raised there; a day too early nothing is cleared, on the last day it is
SELECT * FROM caseload.backtest('client', 'is_active AND strikes >= 3', '2026-01-22', '2026-01-24', 'BACK');
SELECT * FROM caseload.backtest('client', 'is_active AND strikes >= 3', '2026-01-24', '2026-01-25', 'BACK') WHERE key = 'again';
-- one episode after the other without a day between
SELECT * FROM caseload.backtest('client', 'strikes >= 1', '2026-01-01', '2026-03-31', 'BACK') WHERE key = 'next';
SELECT * FROM caseload.backtest('client', 'episode = 2', '2026-01-01', '2026-03-31', 'BACK');
-- texts, levels, keys
SELECT * FROM caseload.backtest('client', 'level = ''clinic'' AND client_id = ''morning'' AND district_id = ''BACK'' AND site_id = ''NZ'' AND category IS NULL', '2026-01-01', '2026-01-02');
-- no facts at all, and unknown
SELECT count(*), min(day), max(day) FROM caseload.backtest('client', 'true', '2026-01-01', '2026-01-03', 'BACK');
SELECT count(*) FROM caseload.backtest('client', 'days_since_attended > 1000 OR NULL', '2026-01-01', '2026-01-03', 'BACK');
SELECT count(*) FROM caseload.backtest('client', 'true', '2026-01-01', '2026-01-03', 'NOWHERE');

-- the window of the day: 90 days, and 20 from Feb 1 on; 3 strikes of Jan 5, 12 and 19 are in 20 days to Jan 24 only
INSERT INTO caseload.policy (district_id, policy_name, valid, value) VALUES ('BACK', 'strike_window_days', '[2026-02-01,)', '20');
SELECT * FROM caseload.backtest('client', 'strikes_in_window >= 3', '2026-01-01', '2026-04-30', 'BACK') WHERE key = 'strike';
SELECT * FROM caseload.backtest('client', 'strikes_in_window >= 1', '2026-01-01', '2026-04-30', 'BACK') WHERE key = 'strike';

-- a warning stood from Jan 10 to Jan 25, due on Jan 20; another, dismissed, does not count; of two the later due date does
INSERT INTO caseload.flag (district_id, subject, subject_key, client_id, episode, rule_district, rule_name, rule_version, severity, action, message,
                           raised_on, due_on, state, cleared_on, cleared_why) VALUES
  ('BACK', 'client', 'gone', 'gone', 1, '*', 'x', 1, 'warn', 'warn', '', '2026-01-10', '2026-01-20', 'resolved', '2026-01-26', 'condition'),
  ('BACK', 'client', 'gone', 'gone', 1, '*', 'y', 1, 'warn', 'warn', '', '2026-02-10', '2026-02-12', 'dismissed', '2026-02-26', 'condition'),
  ('BACK', 'client', 'gone', 'gone', 2, '*', 'z', 1, 'warn', 'warn', '', '2026-02-10', '2026-02-12', 'resolved', '2026-02-26', 'condition'),
  ('BACK', 'client', 'back', 'back', 1, '*', 'x', 1, 'warn', 'warn', '', '2026-01-10', '2026-01-20', 'resolved', '2026-01-26', 'condition'),
  ('BACK', 'client', 'back', 'back', 1, '*', 'y', 1, 'warn', 'warn', '', '2026-01-22', '2026-01-24', 'resolved', '2026-01-28', 'condition');
SELECT * FROM caseload.backtest('client', 'days_past_warning >= 0', '2026-01-01', '2026-03-31', 'BACK');
SELECT count(*) FROM caseload.backtest('client', 'days_past_warning IS NOT NULL', '2026-02-01', '2026-03-31', 'BACK');

-- documents: overdue from the day after they are due to the day they are done, on days of the site (03:00Z on Feb 11 is Feb 10)
INSERT INTO caseload.document (district_id, client_id, document_id, kind, about, due_on, done_at, with_client) VALUES
  ('BACK', 'strike', '1', 'other', NULL, '2026-02-01', '2026-02-11 03:00Z', NULL), ('BACK', 'strike', '2', 'other', NULL, '2026-03-01', NULL, NULL),
  ('BACK', 'strike', '3', 'consent', NULL, NULL, '2026-01-10 15:00Z', NULL), ('BACK', 'strike', '4', 'plan', NULL, NULL, '2026-01-15 15:00Z', true),
  ('BACK', 'strike', '5', 'session_note', '2026-02-20', '2026-02-22', '2026-02-24 15:00Z', NULL),
  ('BACK', 'again', '6', 'closing_note', NULL, NULL, '2026-01-24 15:00Z', NULL);
SELECT * FROM caseload.backtest('client', 'documents_overdue > 0', '2026-01-01', '2026-03-31', 'BACK');
SELECT * FROM caseload.backtest('client', 'days_overdue >= 5', '2026-01-01', '2026-03-31', 'BACK');
SELECT * FROM caseload.backtest('client', 'notes_missing > 0', '2026-01-01', '2026-03-31', 'BACK') WHERE key IN ('strike', 'gone');
SELECT * FROM caseload.backtest('client', 'notes_late > 0', '2026-01-01', '2026-03-31', 'BACK');
SELECT * FROM caseload.backtest('client', 'has_plan AND plan_with_client AND has_consent', '2026-01-01', '2026-03-31', 'BACK');
SELECT * FROM caseload.backtest('client', 'records = 2', '2026-01-01', '2026-03-31', 'BACK') WHERE key IN ('strike', 'again');

-- a day that fails counts as a day on which it does not hold, whether that is at the beginning or at the end
SELECT * FROM caseload.backtest('client', '6 / strikes = 2', '2026-01-01', '2026-01-31', 'BACK') WHERE key = 'strike';
SELECT * FROM caseload.backtest('client', '6 / (strikes - 3) = -3', '2026-01-01', '2026-01-31', 'BACK') WHERE key = 'strike';
SELECT * FROM caseload.backtest('service', '1 / (days_to_end - 1) > 0', '2026-02-25', '2026-03-05', 'BACK');

-- services, therapists, sites
SELECT * FROM caseload.backtest('service', 'months_since_review >= 3', '2026-01-01', '2026-03-31', 'BACK');
SELECT * FROM caseload.backtest('service', 'waiting', '2026-01-01', '2026-03-31', 'BACK');
SELECT * FROM caseload.backtest('therapist', 'weekly_minutes >= 600', '2026-01-01', '2026-03-31', 'BACK');
SELECT * FROM caseload.backtest('therapist', 'utilization < 0.5', '2026-01-01', '2026-03-31', 'BACK');
SELECT * FROM caseload.backtest('site', 'strikes >= 9 AND level = ''elementary''', '2026-01-18', '2026-01-27', 'BACK');
SELECT * FROM caseload.backtest('site', 'clients = 7', '2026-01-18', '2026-02-12', 'BACK');

-- it writes nothing, and is right within a transaction
BEGIN READ ONLY;
SELECT count(*) FROM caseload.backtest('client', '1 / strikes = 1', '2026-01-01', '2026-03-31', 'BACK');
SELECT key FROM caseload.compare_rules('attendance_close', 'is_active AND strikes >= 4', '2026-01-01', '2026-03-31', in_district => 'BACK');
ROLLBACK;

-- what would change: 45 days instead of 30 (Jan 1 + 45 = Feb 15; Dec 1 + 45 = Jan 15, but waiting until Feb 1: no difference from then on)
SELECT * FROM caseload.compare_rules('inactive_close', 'is_active AND days_inactive >= 45', '2026-01-01', '2026-03-31', in_district => 'BACK') WHERE key IN ('gone', 'back', 'waiting');
SELECT * FROM caseload.compare_rules('inactive_close', 'is_active AND days_inactive >= 45', '2026-01-01', '2026-02-14', in_district => 'BACK') WHERE key IN ('gone', 'back', 'waiting');
SELECT * FROM caseload.compare_rules('is_active AND days_inactive >= 45', 'inactive_close', '2026-01-01', '2026-02-14', in_district => 'BACK') WHERE key IN ('gone', 'back', 'waiting');
SELECT count(*) FROM caseload.compare_rules('inactive_close', 'is_active AND days_inactive >= 30', '2026-01-01', '2026-03-31', in_district => 'BACK');
-- same number of days, other days; one side empty
SELECT * FROM caseload.compare_rules('strikes = 1', 'strikes = 2', '2026-01-01', '2026-01-18', in_district => 'BACK') WHERE key = 'strike';
SELECT * FROM caseload.compare_rules('false', 'strikes >= 1', '2026-01-01', '2026-03-31', in_district => 'BACK') WHERE key = 'next';
SELECT * FROM caseload.compare_rules('waiting', 'false', '2026-01-01', '2026-03-31', 'service', 'BACK');
-- a rule is meant for a level or a discipline; a condition compared with it is, too
INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message, site_level, discipline) VALUES
  ('BACK', 'few_strikes', 'client', 'strikes >= 2', '', 'clinic', NULL), ('BACK', 'ot_strikes', 'client', 'strikes >= 2', '', NULL, 'OT'),
  ('BACK', 'ot_wait', 'service', 'true', '', NULL, 'OT'), ('BACK', 'elementary', 'service', 'true', '', 'elementary', 'SLP'),
  ('BACK', 'nobody', 'therapist', 'true', '', 'clinic', NULL), ('BACK', 'attendance_close', 'client', 'strikes >= 2', '', NULL, NULL);
SELECT * FROM caseload.compare_rules('few_strikes', 'strikes >= 3', '2026-01-01', '2026-01-31', in_district => 'BACK');
SELECT * FROM caseload.compare_rules('ot_strikes', 'strikes >= 3', '2026-01-01', '2026-03-31', in_district => 'BACK');
SELECT * FROM caseload.compare_rules('few_strikes', 'ot_strikes', '2026-01-01', '2026-01-31', in_district => 'BACK');
SELECT * FROM caseload.compare_rules('ot_wait', 'elementary', '2026-01-01', '2026-01-31', 'service', 'BACK');
SELECT * FROM caseload.compare_rules('nobody', 'false', '2026-01-01', '2026-01-31', 'therapist', 'BACK');
-- the district's rule is meant, not the one of every district; without a district that of every district
SELECT * FROM caseload.compare_rules('strikes >= 3', 'attendance_close', '2026-01-01', '2026-01-18', in_district => 'BACK');
SELECT count(*) FROM caseload.compare_rules('strikes >= 3 AND is_active', 'attendance_close', '2026-01-01', '2026-01-18');

-- what is refused
\set SHOW_CONTEXT never
SELECT * FROM caseload.backtest('planet', 'true', '2026-01-01', '2026-01-31');
SELECT * FROM caseload.backtest('client', 'strike >= 3', '2026-01-01', '2026-01-31');
SELECT * FROM caseload.backtest('client', 'true', '2026-01-31', '2026-01-01');
SELECT * FROM caseload.backtest('client', 'true', '-infinity', '2026-01-01');
SELECT * FROM caseload.backtest('client', 'true', '2026-01-31', 'infinity');
SELECT * FROM caseload.backtest('client', 'true', '2016-01-31', '2026-03-19');
SELECT count(*) FROM caseload.backtest('client', 'true', '2016-01-31', '2026-03-18', 'NOWHERE');
SELECT * FROM caseload.backtest('client', NULL, '2026-01-31', '2026-01-31');
SELECT * FROM caseload.compare_rules('plan_review', 'true', '2026-01-01', '2026-01-31');
SELECT * FROM caseload.compare_rules('no_such_rule', 'true', '2026-01-01', '2026-01-31');
SELECT * FROM caseload.compare_rules(NULL, 'true', '2026-01-01', '2026-01-31');
BEGIN;
CREATE TABLE caseload.wheelchair (district_id text, chair_id text, age integer);
INSERT INTO caseload.subject (subject_name, relation, key_columns) VALUES ('wheelchair', 'caseload.wheelchair', '{chair_id}');
SELECT * FROM caseload.backtest('wheelchair', 'age > 1', '2026-01-01', '2026-01-31');
ROLLBACK;

-- with the rights of the caller
BEGIN;
CREATE ROLE regress_backtest;
GRANT USAGE ON SCHEMA caseload TO regress_backtest;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA caseload TO regress_backtest;
SET LOCAL ROLE regress_backtest;
SAVEPOINT before;
SELECT * FROM caseload.backtest('client', 'true', '2026-01-01', '2026-01-31', 'BACK');
ROLLBACK TO before;
SELECT * FROM caseload.backtest('service', 'true', '2026-01-01', '2026-01-31', 'BACK');
ROLLBACK TO before;
SET LOCAL ROLE NONE;
GRANT SELECT ON ALL TABLES IN SCHEMA caseload TO regress_backtest;
ALTER TABLE caseload.client ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON caseload.client FOR SELECT TO regress_backtest USING (client_id = 'gone');
SET LOCAL ROLE regress_backtest;
SELECT * FROM caseload.backtest('client', 'true', '2026-01-01', '2026-01-31', 'BACK');
SELECT * FROM caseload.compare_rules('inactive_close', 'days_inactive >= 45', '2026-01-01', '2026-02-14', in_district => 'BACK');
ROLLBACK;
