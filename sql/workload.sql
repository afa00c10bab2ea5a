-- Workload: minutes as the field counts them, and what the director reads.
SET datestyle = 'ISO, YMD';
INSERT INTO caseload.district (district_id, name) VALUES ('WORK', 'Workload');
INSERT INTO caseload.site (district_id, site_id, level, time_zone) VALUES ('WORK', 'A', 'elementary', 'America/New_York'), ('WORK', 'B', 'high', NULL);
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, employed) VALUES
  ('WORK', 'T1', 'SLP', 1, '[2020-01-01,)'), ('WORK', 'T2', 'SLP', 0.5, '[2020-01-01,)'), ('WORK', 'T3', 'OT', NULL, '[2020-01-01,)'), ('WORK', 'T4', 'OT', 0, '[2020-01-01,)'),
  ('WORK', 'T5', 'OT', 1, '[2020-01-01,2021-01-01)');
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'WORK', 'C' || i, CASE WHEN i < 6 THEN 'A' WHEN i < 9 THEN 'B' END FROM generate_series(1, 10) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'WORK', 'C' || i, 1, '[2026-01-01,2026-06-30)' FROM generate_series(1, 9) i;
-- 3 students direct 60 + 30 + 30 and 15 consult: 120 direct, 15 consult; a group of 3 of 60 minutes costs 60 minutes once
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, group_size, therapist_id, period) VALUES
  ('WORK', 'S1', 'C1', 'SLP', '2x30/week', 'individual_required', 1, 'T1', '[2026-01-01,)'), ('WORK', 'S2', 'C2', 'SLP', '30/week', 'push_in', 1, 'T1', '[2026-01-01,)'),
  ('WORK', 'S3', 'C3', 'SLP', '1x30/week', 'small_group_ok', 1, 'T1', '[2026-01-01,)'), ('WORK', 'S4', 'C3', 'SLP', '15/week', 'consult', 1, 'T1', '[2026-01-01,)'),
  ('WORK', 'S5', 'C4', 'SLP', '60/week', 'small_group_ok', 3, 'T2', '[2026-01-01,)'), ('WORK', 'S6', 'C5', 'SLP', '60/week', 'small_group_ok', 3, 'T2', '[2026-01-01,)'),
  ('WORK', 'S7', 'C6', 'SLP', '60/week', 'small_group_ok', 3, 'T2', '[2026-01-01,)'), ('WORK', 'S8', 'C7', 'SLP', '4x20/month', 'small_group_ok', 1, 'T2', '[2026-01-01,)'),
  ('WORK', 'S9', 'C8', 'OT', '90/year', 'small_group_ok', 1, 'T3', '[2026-01-01,)'), ('WORK', 'S10', 'C9', 'OT', NULL, 'small_group_ok', 1, NULL, '[2026-01-01,)');
SELECT therapist_id, clients, sites, direct_minutes, consult_minutes, weekly_minutes, capacity_minutes, utilization, headroom_minutes
  FROM caseload.workload('2026-02-01') WHERE district_id = 'WORK' ORDER BY 1;
-- each client receives the group's minutes in full; the therapist's side and the clients' side of individual services agree
SELECT service_id, client_minutes, therapist_minutes, is_consult, waiting FROM caseload.service_facts('2026-02-01') WHERE district_id = 'WORK' ORDER BY 1;
-- a clinic's year; a closed episode ends its services; last October can be asked for today
INSERT INTO caseload.policy (district_id, policy_name, value, valid) VALUES ('WORK', 'calendar', 'clinic', '[2026-03-01,)');
SELECT d::date AS as_of, therapist_id, weekly_minutes FROM unnest('{2025-10-01,2026-02-28,2026-03-01,2026-06-30}'::date[]) d, caseload.workload(d)
 WHERE district_id = 'WORK' AND therapist_id = 'T2' ORDER BY d;
-- active is one definition: enrolled, and not merely waiting
SELECT count(*) FROM caseload.active_clients('2026-02-01') WHERE district_id = 'WORK';
SELECT gap, key, consequence FROM caseload.data_gaps_as_of('2026-02-01') WHERE district_id = 'WORK' ORDER BY 1, 2;
SELECT policy_name, caseload.policy_value('WORK', policy_name, '2026-03-01') FROM caseload.policy_kind ORDER BY 1;
SELECT kind, name FROM caseload.help('equity') ORDER BY 1, 2;
SELECT count(*) > 50 AS much FROM caseload.help();

-- Minutes by category: the numbers of the field, by their rows in its catalogue of cases.
CREATE FUNCTION pg_temp.team(therapist text, clients integer, site text, dosage text, delivery text DEFAULT 'small_group_ok', tier integer DEFAULT 3)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'MIN', format('%s-%s-%s-%s', therapist, site, tier, i), site FROM generate_series(1, clients) i;
  INSERT INTO caseload.episode (district_id, client_id, episode, period)
    SELECT 'MIN', format('%s-%s-%s-%s', therapist, site, tier, i), 1, '[2025-08-01,)' FROM generate_series(1, clients) i;
  INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, therapist_id, period, tier)
    SELECT 'MIN', format('%s-%s-%s-%s', therapist, site, tier, i), format('%s-%s-%s-%s', therapist, site, tier, i), 'SLP', dosage::caseload.dosage,
           delivery::caseload.delivery, therapist, '[2025-08-01,)', tier FROM generate_series(1, clients) i;
$$;
INSERT INTO caseload.district (district_id) VALUES ('MIN');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('MIN', 'capacity', 'off');
INSERT INTO caseload.site (district_id, site_id, level, time_zone) VALUES
  ('MIN', 'E1', 'elementary', 'America/New_York'), ('MIN', 'M1', 'middle', 'America/New_York'), ('MIN', 'M2', 'middle', 'America/New_York'),
  ('MIN', 'H1', 'high', 'America/New_York'), ('MIN', 'C1', 'clinic', 'America/New_York'), ('MIN', 'TELE', 'tele', 'America/Chicago');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, employed)
  SELECT 'MIN', t, 'SLP', 1, '[2020-01-01,)' FROM unnest('{R5,R6,R9,R10,R11,R12,R14,R22,R25,R44,R79,R81,CAL,SHARE}'::text[]) t;
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, employed) VALUES ('MIN', 'NOFTE', 'SLP', NULL, '[2020-01-01,)'), ('MIN', 'ZERO', 'SLP', 0, '[2020-01-01,)');
-- row 5: 12 x 30 minutes, 8 may be grouped
SELECT pg_temp.team('R5', 8, 'M1', '30/week'), pg_temp.team('R5', 4, 'M2', '30/week', 'individual_required');
SELECT 'row 5' AS row, g, o.* FROM generate_series(2, 4) g, caseload.grouping_opportunity('R5', g, '2026-02-01', 'MIN') o;
SELECT * FROM caseload.grouping_opportunity('R5', 1, '2026-02-01', 'MIN');
-- row 6: reserved 300, expected 210
INSERT INTO caseload.policy (district_id, policy_name, value, valid) VALUES ('MIN', 'planning_minutes', '210', '[2026-02-01,2026-03-01)');
INSERT INTO caseload.duty (district_id, duty_id, therapist_id, activity_name, dosage, reserved) VALUES
  ('MIN', 'D1', 'R6', 'preparation', '300/week', true), ('MIN', 'D2', 'R6', 'billing', '15/week', false), ('MIN', 'D3', 'R6', 'plan writing', '30/week', true);
SELECT 'row 6' AS row, * FROM caseload.reserve_check('2026-02-01', 'MIN') ORDER BY category;
SELECT 'row 6, other policy' AS row, * FROM caseload.reserve_check('2026-03-01', 'MIN', 'R6') ORDER BY category;
-- rows 7, 8
SELECT 'row 7' AS row, round(caseload.expected_reviews_per_week(55, 'middle'), 2) AS of_36, round(caseload.expected_reviews_per_week(55, weeks => 37), 2) AS of_37;
SELECT 'row 8' AS row, round(caseload.expected_diagnostics(55, 'elementary'), 2) AS elementary, round(caseload.expected_diagnostics(55, 'high'), 2) AS secondary;
-- row 9: 55 meetings of 60 minutes in 36 weeks; half of them
SELECT pg_temp.team('R9', 55, 'M1', '30/week');
INSERT INTO caseload.policy (district_id, policy_name, discipline, site_level, value, valid) VALUES ('MIN', 'meeting_attendance', 'SLP', 'middle', '50', '[2026-03-01,)');
SELECT 'row 9' AS row, d::date, round(meeting_minutes, 1) AS meetings, round(evaluation_minutes / 162, 2) AS reviews
  FROM unnest('{2026-02-01,2026-03-01}'::date[]) d, caseload.workload(d) WHERE district_id = 'MIN' AND therapist_id = 'R9' ORDER BY d;
-- row 10
SELECT pg_temp.team('R10', 40, 'H1', '1x30/week');
SELECT 'row 10' AS row, caseload.makeup_reserve('R10', '2026-02-01', 'MIN');
-- row 11: 30 of weight 2 are more than 50 of weight 1
SELECT pg_temp.team('R11', 80, 'H1', '30/week');
UPDATE caseload.client SET low_incidence_class = 'Autistic Support' WHERE district_id = 'MIN' AND client_id LIKE 'R11-%' AND split_part(client_id, '-', 4)::integer <= 30;
SELECT 'row 11' AS row, sum(class_weight) FILTER (WHERE low_incidence) AS low, sum(class_weight) FILTER (WHERE NOT low_incidence) AS mild
  FROM caseload.service_facts('2026-02-01') WHERE district_id = 'MIN' AND therapist_id = 'R11';
-- row 12: 4 activities of 15 minutes
INSERT INTO caseload.duty (district_id, therapist_id, activity_name, dosage) SELECT 'MIN', 'R12', a, '15/week' FROM unnest('{equipment,alternative communication,carryover,training aides}'::text[]) a;
SELECT 'row 12' AS row, planning_minutes - 210 AS planning, consult_minutes, supervision_minutes, total_minutes - 210 AS indirect
  FROM caseload.workload('2026-02-01') WHERE district_id = 'MIN' AND therapist_id = 'R12';
-- row 13
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, group_size, period) VALUES
  ('MIN', 'R13', 'R10-H1-3-1', 'SLP', '30/week', 'individual_required', 2, '[2026-01-01,)');
-- rows 14, 15
SELECT pg_temp.team('R14', 3, 'H1', '30/week');
UPDATE caseload.service SET dosage = '2x30/week' WHERE district_id = 'MIN' AND service_id = 'R14-H1-3-1';
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, therapist_id, period) VALUES
  ('MIN', 'R14-C', 'R14-H1-3-1', 'SLP', '15/week', 'consult', 'R14', '[2025-08-01,)'), ('MIN', 'R14-W', 'R14-H1-3-2', 'SLP', '20/week', 'push_in', NULL, '[2025-08-01,)');
SELECT 'row 14' AS row, therapist_id, direct_minutes, consult_minutes, clients FROM caseload.weekly_service('2026-02-01', 'MIN') WHERE therapist_id = 'R14' OR therapist_id IS NULL;
SELECT 'row 15' AS row, * FROM caseload.program_totals('2026-02-01', 'MIN');
SELECT district_id, difference, minutes_by_therapist = direct_minutes + consult_minutes AS agree, waiting_services FROM caseload.program_totals('2026-02-01') WHERE district_id IN ('MIN', 'WORK') ORDER BY 1;
-- row 22: 3 sites, 2 hops of 20 minutes on 3 days; tele is no place to go to
SELECT pg_temp.team('R22', 1, 'M1', '30/week'), pg_temp.team('R22', 1, 'M2', '30/week'), pg_temp.team('R22', 1, 'H1', '30/week'), pg_temp.team('R22', 1, 'TELE', '30/week');
SELECT 'row 22' AS row, sites, travel_minutes FROM caseload.workload('2026-02-01') WHERE district_id = 'MIN' AND therapist_id = 'R22';
-- row 25: support of tiers 1 and 2 is work, not caseload
SELECT pg_temp.team('R25', 60, 'E1', '5/week', 'push_in', 1), pg_temp.team('R25', 40, 'E1', '5/week', 'push_in', 2), pg_temp.team('R25', 134, 'E1', '5/week');
SELECT 'row 25' AS row, w.clients, f.services, w.direct_minutes, w.direct_minutes - 134 * 5 AS tiers_1_and_2, w.fte_clients
  FROM caseload.workload('2026-02-01') w JOIN caseload.therapist_facts('2026-02-01') f USING (district_id, therapist_id) WHERE w.district_id = 'MIN' AND w.therapist_id = 'R25';
-- row 44: six duties, six categories
INSERT INTO caseload.duty (district_id, therapist_id, activity_name, dosage)
  SELECT 'MIN', 'R44', a, '10/week' FROM unnest('{classroom support,evaluation,plan writing,meeting,collaboration,communication}'::text[]) a;
SELECT 'row 44' AS row, direct_minutes, evaluation_minutes, documentation_minutes, meeting_minutes, consult_minutes, other_minutes
  FROM caseload.workload('2026-02-01') WHERE district_id = 'MIN' AND therapist_id = 'R44';
-- row 58: 53 minutes and 5 for the note are 58 of 60
SELECT 'row 58' AS row, m, caseload.psychotherapy_code(m), m + caseload.policy_value('MIN', 'note_minutes')::integer AS with_note FROM unnest('{15,16,37,38,52,53}'::integer[]) m;
-- rows 64, 65
SELECT 'row 64' AS row, caseload.slot_demand(array_fill('1x50/week'::text, '{20}') || array_fill('1x50/2 weeks'::text, '{15}') || array_fill('1x50/month'::text, '{10}')) AS slots;
SELECT 'row 65' AS row, caseload.slot_demand(array_fill('1x50/week'::text, '{20}') || array_fill('1x50/2 weeks'::text, '{25}') || array_fill('1x50/month'::text, '{15}')) > 35 AS over,
       caseload.caseload_band(29) AS b29, caseload.caseload_band(30) AS b30, caseload.caseload_band(32.5) AS between, caseload.caseload_band(35) AS b35, caseload.caseload_band(36) AS b36;
-- row 79: 12 of an hour and 10 of half an hour
SELECT pg_temp.team('R79', 12, 'H1', '60/week'), pg_temp.team('R79', 10, 'M1', '30/week');
SELECT 'row 79' AS row, caseload.fte_clients(17), fte_clients FROM caseload.workload('2026-02-01') WHERE district_id = 'MIN' AND therapist_id = 'R79';
-- row 81: the profile of ASHA 2022, 22 + 15.2 = 37.2 hours, as duties of somebody without a caseload
INSERT INTO caseload.duty (district_id, therapist_id, activity_name, dosage) SELECT 'MIN', 'R81', a, (m || '/week')::caseload.dosage FROM (VALUES
  ('classroom support', 1320), ('plan writing', 348), ('evaluation', 216), ('collaboration', 114), ('equipment', 60), ('supervision', 48), ('communication', 126)) p (a, m);
SELECT 'row 81' AS row, round(direct_minutes / 60, 1) AS direct, round((total_minutes - direct_minutes - 210) / 60, 1) AS others, round((total_minutes - 210) / 60, 1) AS hours,
       paid_minutes / 60 AS paid FROM caseload.workload('2026-02-01') WHERE district_id = 'MIN' AND therapist_id = 'R81';
-- The school's year and the clinic's: 4x20/month is 4 x 9 of 36 weeks, or 4 x 12 of 52.
SELECT pg_temp.team('CAL', 1, 'M1', '4x20/month'), pg_temp.team('CAL', 1, 'C1', '4x20/month');
SELECT level, client_minutes, weekly_sessions, weeks_per_year FROM caseload.service_facts('2026-02-01') WHERE district_id = 'MIN' AND therapist_id = 'CAL' ORDER BY 1;
-- A year that is counted: weeks with an open day, 1 July to 30 June.
INSERT INTO caseload.closure (district_id, closure_id, site_id, days, reason) VALUES
  ('MIN', 'SUMMER', NULL, '[2025-07-01,2025-08-25)', 'summer'), ('MIN', 'WINTER', NULL, '[2025-12-22,2026-01-03)', 'winter'),
  ('MIN', 'END', NULL, '[2026-06-13,2026-07-01)', 'summer'), ('MIN', 'SNOW', 'M1', '[2026-02-02,2026-02-07)', 'snow'), ('MIN', 'DAY', NULL, '[2025-11-27,2025-11-29)', 'holiday');
SELECT s, caseload.service_weeks('MIN', s, '2026-02-01') AS weeks, caseload.service_days('MIN', s, '2025-08-25', '2026-06-12') AS days FROM unnest('{M1,M2,NULL}'::text[]) s;
SELECT caseload.service_weeks('MIN', NULL, '2024-10-01') AS open_always, caseload.service_weeks(NULL, NULL, '2024-10-01') AS unknown;
SELECT d::date, caseload.is_open('MIN', 'M1', d::date) AS m1, caseload.is_open('MIN', 'M2', d::date) AS m2, caseload.is_open('MIN', NULL, d::date) AS anywhere
  FROM unnest('{2025-11-27,2025-12-01,2026-02-02,2026-02-07}'::date[]) d;
INSERT INTO caseload.policy (district_id, policy_name, site_level, value, valid) VALUES ('MIN', 'calendar', 'middle', 'counted', '[2026-01-01,)');
SELECT d::date, level, client_minutes, weeks_per_year FROM unnest('{2025-12-31,2026-01-01}'::date[]) d, caseload.service_facts(d)
 WHERE district_id = 'MIN' AND therapist_id = 'CAL' ORDER BY 1, 2;
-- Referrals and screenings are shared out: a quarter of the clients at an elementary school, by FTE.
SELECT pg_temp.team('SHARE', 1, 'E1', '30/week'), pg_temp.team('SHARE', 3, 'H1', '30/week');
SELECT evaluation_minutes, round(4 * 162 / 36.0 + 0.25 * (162 + 3 * 15), 2) AS by_hand FROM caseload.workload('2025-12-01') WHERE district_id = 'MIN' AND therapist_id = 'SHARE';
UPDATE caseload.therapist SET fte = 0.5 WHERE district_id = 'MIN' AND therapist_id = 'SHARE';
SELECT evaluation_minutes, round(4 * 162 / 36.0 + 0.5 * 0.25 * (162 + 3 * 15), 2) AS by_hand, planning_minutes FROM caseload.workload('2025-12-01') WHERE district_id = 'MIN' AND therapist_id = 'SHARE';
-- A dosage that does not say sessions is taken to be of the usual length; notes of a group are one for each; consultation needs none.
SELECT pg_temp.team('NOFTE', 2, 'H1', '90/week'), pg_temp.team('NOFTE', 2, 'M2', '2x45/week');
UPDATE caseload.service SET group_size = 2 WHERE district_id = 'MIN' AND therapist_id = 'NOFTE' AND client_id LIKE '%-M2-%';
INSERT INTO caseload.service (district_id, client_id, discipline, dosage, delivery, therapist_id, period) VALUES ('MIN', 'NOFTE-H1-3-1', 'SLP', '4x20/month', 'consult', 'NOFTE', '[2025-08-01,)');
SELECT therapist_id, clients, direct_minutes, consult_minutes, documentation_minutes, planning_minutes, evaluation_minutes, meeting_minutes, total_minutes,
       capacity_minutes, paid_minutes, paid_utilization, fte_clients FROM caseload.workload('2025-12-01') WHERE district_id = 'MIN' AND therapist_id IN ('NOFTE', 'ZERO') ORDER BY 1;
-- Duties for a client end with the enrolment; those of the past are over.
INSERT INTO caseload.duty (district_id, therapist_id, activity_name, dosage, client_id, valid) VALUES
  ('MIN', 'ZERO', 'equipment', '4x15/month', 'CAL-C1-3-1', '(,)'), ('MIN', 'ZERO', 'duty', '25/week', NULL, '[2025-12-01,2026-01-01)');
SELECT d::date, planning_minutes, other_minutes, total_minutes, utilization, paid_utilization FROM unnest('{2025-07-31,2025-12-31,2026-01-01}'::date[]) d, caseload.workload(d)
 WHERE district_id = 'MIN' AND therapist_id = 'ZERO' ORDER BY d;
-- Who manages cases, federal settings, and who came within a quarter.
UPDATE caseload.client SET case_manager_id = 'ZERO', federal_setting = 3 WHERE district_id = 'MIN' AND client_id LIKE 'R22-%';
SELECT therapist_id, cases_managed, federal_settings, new_clients_30d, new_clients_13w FROM caseload.therapist_facts('2025-10-30') WHERE district_id = 'MIN' AND therapist_id IN ('R22', 'ZERO') ORDER BY 1;
-- Sessions that overlap: the therapist's minutes once, each client's in full.
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, therapist_id, starts_at, minutes, status) VALUES
  ('MIN', 'R9-M1-3-1', 'O1', 'R9', '2026-02-02 09:00-05', 30, 'attended'), ('MIN', 'R9-M1-3-2', 'O2', 'R9', '2026-02-02 09:00-05', 30, 'late'),
  ('MIN', 'R9-M1-3-3', 'O3', 'R9', '2026-02-02 09:15-05', 30, 'attended'), ('MIN', 'R9-M1-3-4', 'O4', 'R9', '2026-02-02 10:00-05', 20, 'attended'),
  ('MIN', 'R9-M1-3-5', 'O5', 'R9', '2026-02-02 11:00-05', 30, 'no_show'), ('MIN', 'R9-M1-3-6', 'O6', 'R9', '2026-02-02 12:00-05', NULL, 'attended'),
  ('MIN', 'R9-M1-3-7', 'O7', 'R9', '2026-02-02 23:30-05', 60, 'attended');
SELECT * FROM caseload.delivered_minutes('2026-02-02', '2026-02-02', 'MIN');
SELECT * FROM caseload.delivered_minutes('2026-02-03', '2026-02-03', 'MIN');
-- What weekly minutes cannot be made of.
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('MIN', 'school_weeks', '54');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('MIN', 'meeting_attendance', '101');
-- Read with the rights of the caller: what a role may not see is not counted.
CREATE ROLE regress_workload;
GRANT USAGE ON SCHEMA caseload TO regress_workload;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA caseload TO regress_workload;
GRANT SELECT ON caseload.therapist, caseload.policy, caseload.policy_kind, caseload.closure, caseload.weighting TO regress_workload;
SET ROLE regress_workload;
\set VERBOSITY terse
SELECT therapist_id, direct_minutes FROM caseload.workload('2025-12-01') WHERE district_id = 'MIN';
\set VERBOSITY default
RESET ROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA caseload TO regress_workload;
BEGIN;
ALTER TABLE caseload.service ENABLE ROW LEVEL SECURITY;
CREATE POLICY middle ON caseload.service FOR SELECT USING (service_id LIKE '%-M1-%');
SET LOCAL ROLE regress_workload;
SELECT therapist_id, clients, direct_minutes FROM caseload.workload('2025-12-01') WHERE district_id = 'MIN' AND therapist_id IN ('R5', 'R79', 'R44') ORDER BY 1;
ROLLBACK;
DROP OWNED BY regress_workload;
DROP ROLE regress_workload;
-- What is remembered within a query is not remembered beyond: here an expression that PL/pgSQL keeps.
DO $$
DECLARE
  week caseload.therapist_workload;
  seen numeric[];
BEGIN
  FOR i IN 1..3 LOOP
    week := caseload._workload('MIN', 'R79', 'SLP', 1, '2026-02-01', '2026-02-01', 0);
    seen := seen || week.planning_minutes;
    UPDATE caseload.policy SET value = (100 * i)::text WHERE district_id = 'MIN' AND policy_name = 'planning_minutes';
  END LOOP;
  RAISE NOTICE 'planning minutes: %', seen;
END $$;
SELECT caseload._workload(NULL, 'R79', 'SLP', 1, '2026-02-01', '2026-02-01', 0) IS NULL AS a, caseload._workload('MIN', 'R79', NULL, 1, '2026-02-01', '2026-02-01', 0) IS NULL AS b,
       caseload._service_minutes('30/week', 1, 'NOWHERE', NULL, NULL, NULL, '2026-02-01') AS c, caseload._service_minutes(NULL, 1, '*', 'SLP', 'clinic', NULL, '2026-02-01') AS d;
SELECT caseload._service_minutes('30/week', 0, 'MIN', NULL, NULL, NULL, '2026-02-01');
-- Nor beyond a subtransaction that is rolled back, which leaves the snapshot as it was.
CREATE FUNCTION pg_temp.week(OUT planning numeric, OUT weeks integer)
LANGUAGE plpgsql AS $$
DECLARE
  week caseload.therapist_workload;
BEGIN
  week := caseload._workload('MIN', 'R79', 'SLP', 1, '2026-02-01', '2026-02-01', 0);
  planning := week.planning_minutes;
  weeks := caseload.service_weeks('MIN', NULL, '2026-02-01');
END $$;
BEGIN ISOLATION LEVEL REPEATABLE READ;
DO $$
BEGIN
  RAISE NOTICE 'before: %', pg_temp.week();
  BEGIN
    UPDATE caseload.policy SET value = '7' WHERE district_id = 'MIN' AND policy_name = 'planning_minutes';
    INSERT INTO caseload.closure (district_id, days) VALUES ('MIN', '[2026-01-05,2026-06-01)');
    RAISE NOTICE 'within: %', pg_temp.week();
    RAISE division_by_zero;
  EXCEPTION WHEN division_by_zero THEN
    RAISE NOTICE 'after: %', pg_temp.week();
  END;
END $$;
ROLLBACK;
-- Nor for another role, which may see others' rows.
CREATE ROLE regress_workload;
GRANT USAGE ON SCHEMA caseload TO regress_workload;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA caseload TO regress_workload;
GRANT SELECT ON ALL TABLES IN SCHEMA caseload TO regress_workload;
BEGIN;
ALTER TABLE caseload.policy ENABLE ROW LEVEL SECURITY;
CREATE POLICY others ON caseload.policy FOR SELECT USING (policy_name <> 'planning_minutes');
DO $$
BEGIN
  RAISE NOTICE 'owner: %', (pg_temp.week()).planning;
  SET LOCAL ROLE regress_workload;
  RAISE NOTICE 'other: %', (pg_temp.week()).planning;
END $$;
ROLLBACK;
DROP OWNED BY regress_workload;
DROP ROLE regress_workload;
-- A date that lies in no year.
SELECT caseload.service_weeks('MIN', NULL, 'infinity') AS weeks, caseload._service_minutes('30/week', 1, 'MIN', 'SLP', NULL, NULL, 'infinity') AS line;
