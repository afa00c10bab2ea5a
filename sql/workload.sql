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
