-- The week: schedules in one format, conflicts, idle blocks, groups, packing, how many fit, and whom to call.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
\set SHOW_CONTEXT never
INSERT INTO caseload.district (district_id) VALUES ('WEE');
INSERT INTO caseload.site (district_id, site_id, level, state, time_zone, availability) VALUES
  ('WEE', 'A', 'elementary', 'CA', 'America/Los_Angeles', 'Mon-Fri 08:00-15:00'), ('WEE', 'ANC', 'high', 'AK', 'America/Anchorage', NULL), ('WEE', 'PHX', 'high', 'AZ', 'America/Phoenix', NULL);
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, time_zone) VALUES
  ('WEE', 'tess', 'SLP', 1, 'America/Los_Angeles'), ('WEE', 'una', 'SLP', 1, 'America/Los_Angeles'), ('WEE', 'vic', 'SLP', 1, 'America/Los_Angeles'), ('WEE', 'wyn', 'SLP', 1, NULL);
INSERT INTO caseload.client (district_id, client_id, site_id, grade) SELECT 'WEE', 'c' || lpad(i::text, 2, '0'), 'A', i % 4 FROM generate_series(1, 20) i;
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('WEE', 'anc', 'ANC'), ('WEE', 'phx', 'PHX');
-- ten rows, three of them without time or grouping: 70 %
SELECT caseload.import_schedule('tess', (SELECT jsonb_agg(jsonb_build_object('client_id', 'c' || lpad(i::text, 2, '0'), 'slot_id', 'w' || i,
         'during', CASE WHEN i > 2 THEN format('Mon %s:00-%s:30', i + 6, i + 6) END, 'delivery', CASE WHEN i <> 3 THEN 'small_group_ok' END,
         'low_incidence_class', CASE WHEN i = 4 THEN 'Autistic Support' END)) FROM generate_series(1, 10) i), district_id => 'WEE');
SELECT therapist_id, slot_id, missing FROM caseload.schedule_format_gaps WHERE district_id = 'WEE' ORDER BY slot_id;
SELECT therapist_id, slots, gaps, completeness FROM caseload.schedule_completeness(in_district => 'WEE');
-- a chart of buildings and days, and other rows that do not say what must be said: refused, and nothing is stored
\set VERBOSITY sqlstate
SELECT caseload.import_schedule('una', '[{"client_id": "c01", "during": "Mon 9:00-9:30", "delivery": "push_in"}, {"site_id": "A", "during": "Mon 8:00-15:00"}]', district_id => 'WEE');
\set VERBOSITY default
SELECT caseload.import_schedule('una', '[{"client_id": "c01", "low_incidence_class": "Some Support"}]', district_id => 'WEE');
SELECT caseload.import_schedule('una', '[{"client_id": "c01", "building": "A"}]', district_id => 'WEE');
SELECT caseload.import_schedule('una', '[{"client_id": "nobody"}]', district_id => 'WEE');
SELECT caseload.import_schedule('una', '[7]', district_id => 'WEE');
SELECT caseload.import_schedule('una', '{}', district_id => 'WEE');
SELECT caseload.import_schedule('nobody', '[]', district_id => 'WEE');
SELECT caseload.import_schedule('una', '[]', district_id => 'WEE');
SELECT count(*) FROM caseload.schedule_slot WHERE district_id = 'WEE' AND therapist_id = 'una';
-- groups are rows at the same time; who must be seen alone is in none; other times must not overlap
INSERT INTO caseload.schedule_slot (district_id, slot_id, therapist_id, client_id, during, delivery, valid) VALUES
  ('WEE', 'g1', 'una', 'c01', 'Mon 9:00-9:30', 'small_group_ok', '[2025-01-06,)'), ('WEE', 'g2', 'una', 'c02', 'Mon 9:00-9:30', 'small_group_ok', '[2025-01-06,)'),
  ('WEE', 'g3', 'una', 'c03', 'Mon 9:30-10:00', 'individual_required', '[2025-01-06,)');
INSERT INTO caseload.schedule_slot (district_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'una', 'c04', 'Mon 9:00-9:30', 'individual_required', '[2025-01-06,)');
INSERT INTO caseload.schedule_slot (district_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'una', 'c04', 'Mon 9:30-10:00', 'small_group_ok', '[2025-01-06,)');
INSERT INTO caseload.schedule_slot (district_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'una', 'c04', 'Mon 9:15-9:45', 'small_group_ok', '[2025-01-06,)');
INSERT INTO caseload.schedule_slot (district_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'vic', 'c01', 'Mon 9:00-9:30', 'small_group_ok', '[2025-01-06,)');
INSERT INTO caseload.schedule_slot (district_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'vic', 'c01', 'Mon 9:00-9:30', 'small_group_ok', '(,2025-01-01)');
UPDATE caseload.schedule_slot SET valid = '[2024-01-01,)' WHERE district_id = 'WEE' AND slot_id = 'g1';
-- absolute time: 09:00 in Anchorage is 11:00 in Phoenix in winter and 10:00 in summer
INSERT INTO caseload.schedule_slot (district_id, slot_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'a', 'wyn', 'anc', 'Tue 09:00-10:00', 'small_group_ok', '[2025-01-06,2025-12-31)');
INSERT INTO caseload.schedule_slot (district_id, slot_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'p', 'wyn', 'phx', 'Tue 11:00-12:00', 'small_group_ok', '[2025-01-06,2025-12-31)');
INSERT INTO caseload.schedule_slot (district_id, slot_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'p', 'wyn', 'phx', 'Tue 10:00-11:00', 'small_group_ok', '[2025-01-06,2025-12-31)');
INSERT INTO caseload.schedule_slot (district_id, slot_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'p', 'wyn', 'phx', 'Tue 10:00-11:00', 'small_group_ok', '[2025-01-06,2025-03-03)');
-- only in hours for direct work; what was refused then can come about later
INSERT INTO caseload.therapist_availability (district_id, therapist_id, kind, availability, status) VALUES
  ('WEE', 'vic', 'direct', 'Mon-Fri 08:00-12:00', 'confirmed'), ('WEE', 'vic', 'other', 'Mon-Fri 12:00-15:00', 'confirmed');
INSERT INTO caseload.schedule_slot (district_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'vic', 'c05', 'Wed 13:00-13:30', 'push_in', '[2025-01-06,)');
INSERT INTO caseload.schedule_slot (district_id, slot_id, therapist_id, client_id, during, delivery, valid) VALUES ('WEE', 'v', 'vic', 'c05', 'Wed 11:30-12:00', 'push_in', '[2025-01-06,)');
UPDATE caseload.schedule_slot SET valid = '[2025-01-06,)' WHERE district_id = 'WEE' AND slot_id = 'p' RETURNING 'moved';
UPDATE caseload.site SET time_zone = 'America/Anchorage' WHERE district_id = 'WEE' AND site_id = 'A';
SELECT conflict, slot_id, other_slot_id, therapist_id, client_id, during, zone FROM caseload.slot_conflicts('2025-06-02', 'WEE');
UPDATE caseload.site SET time_zone = 'America/Los_Angeles' WHERE district_id = 'WEE' AND site_id = 'A';
SELECT count(*) FROM caseload.slot_conflicts('2025-06-02', 'WEE');
-- idle: a day of 08:00 to 15:00 with students until 10:00 and from 13:00 on
UPDATE caseload.therapist SET availability = 'Tue 08:00-15:00' WHERE district_id = 'WEE' AND therapist_id = 'wyn';
DELETE FROM caseload.schedule_slot WHERE district_id = 'WEE' AND therapist_id = 'wyn';
INSERT INTO caseload.schedule_slot (district_id, therapist_id, client_id, during, delivery, time_zone) VALUES
  ('WEE', 'wyn', 'c01', 'Tue 08:00-10:00', 'push_in', 'UTC'), ('WEE', 'wyn', 'c02', 'Tue 13:00-15:00', 'push_in', 'UTC');
SELECT * FROM caseload.idle_blocks('wyn', district_id => 'WEE');
SELECT * FROM caseload.idle_blocks('wyn', 60, 'Tue 10:30-13:00', district_id => 'WEE');
SELECT * FROM caseload.idle_blocks('wyn', 181, district_id => 'WEE');
SELECT * FROM caseload.idle_blocks('tess', district_id => 'WEE');
SELECT * FROM caseload.idle_blocks('wyn', 0, district_id => 'WEE');
SELECT * FROM caseload.idle_blocks('nobody');
-- 12 students of 30 minutes, 8 of whom may be grouped, of grades 0 to 3: 360 minutes alone
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period, therapist_id, delivery)
  SELECT 'WEE', 's' || lpad(i::text, 2, '0'), 'c' || lpad(i::text, 2, '0'), 'SLP', '1x30/week', '[2025-01-01,)', 'una', CASE WHEN i <= 8 THEN 'small_group_ok' ELSE 'individual_required' END::caseload.delivery
    FROM generate_series(1, 12) i;
SELECT group_number, clients, grades, minutes_now, minutes_grouped, minutes_freed, in_common, sessions_now, sessions_grouped, sessions_least FROM caseload.group_candidates('una', '2025-03-03', district_id => 'WEE');
SELECT sum(minutes_freed) AS freed, 360 - sum(minutes_freed) AS minutes FROM caseload.group_candidates('una', '2025-03-03', 2, 3, district_id => 'WEE');
SELECT sum(minutes_freed) AS freed, 360 - sum(minutes_freed) AS minutes FROM caseload.group_candidates('una', '2025-03-03', 3, 3, district_id => 'WEE');
SELECT services, may_be_grouped, minutes_now, minutes_grouped, minutes_saved FROM caseload.grouping_opportunity('una', 3, '2025-03-03', 'WEE');
SELECT sum(minutes_freed) AS freed FROM caseload.group_candidates('una', '2025-03-03', 4, 3, 5, 'WEE');
UPDATE caseload.client SET availability = 'Mon 08:00-09:00' WHERE district_id = 'WEE' AND client_id IN ('c01', 'c02');
UPDATE caseload.client SET low_incidence_class = 'Autistic Support' WHERE district_id = 'WEE' AND client_id = 'c03';
UPDATE caseload.therapist SET availability = 'Mon 08:30-12:00, Wed 08:00-12:00' WHERE district_id = 'WEE' AND therapist_id = 'una';
SELECT group_number, clients, grades, minutes_freed, in_common FROM caseload.group_candidates('una', '2025-03-03', 4, 3, district_id => 'WEE');
SELECT * FROM caseload.group_candidates('una', group_size => 0, district_id => 'WEE');
SELECT * FROM caseload.group_candidates('una', preparation_minutes => -1, district_id => 'WEE');
SELECT count(*) FROM caseload.group_candidates('tess', district_id => 'WEE');
-- packing: twelve sessions; two share the half hour that is theirs and the therapist's
SELECT session, clients, minutes, placed, day_name, begins, ends, starts, verdict, hall FROM caseload.pack_week('una', '2025-03-03', district_id => 'WEE');
SELECT DISTINCT placed_minutes, bound_minutes, optimal FROM caseload.pack_week('una', '2025-03-03', district_id => 'WEE');
UPDATE caseload.client SET availability = NULL WHERE district_id = 'WEE';
SELECT count(*) AS sessions, bool_and(placed) AS all_placed, bool_and(optimal) AS optimal FROM caseload.pack_week('una', '2025-03-03', district_id => 'WEE');
UPDATE caseload.service SET dosage = '2x30/week', group_size = 2 WHERE district_id = 'WEE' AND service_id IN ('s04', 's05', 's06');
SELECT clients, minutes, day_name, begins FROM caseload.pack_week('una', '2025-03-03', district_id => 'WEE') WHERE clients && '{c04,c05,c06}';
SELECT * FROM caseload.pack_week('tess', district_id => 'WEE');
SELECT * FROM caseload.pack_week('una', step => 7, district_id => 'WEE');
SELECT count(*) FROM caseload.pack_week('vic', district_id => 'WEE');
SELECT * FROM caseload._pack_sessions('Mon 8-10', '{NULL}', '{30,30}', '{0}', 15, 0);
SELECT * FROM caseload._pack_sessions('Mon 8-10', '{NULL}', '{0}', '{0}', 15, 0);
SELECT * FROM caseload._group_cover('{1,2}', '{NULL}', 30, 1, 4, 1);
-- three half hours share 75 minutes of a Tuesday, which is said; ten minutes are no opening for thirty
SELECT session, placed, starts, verdict, placed_minutes, bound_minutes, optimal, hall FROM caseload._pack_sessions('Tue 08:00-09:15, Wed 08:00-12:00', '{"Tue 8-12","Tue 8-12","Tue 8-12",NULL,"Tue 9:00-9:10"}', '{30,30,30,60,30}', '{0,0,0,0,0}', 15, 100000);
-- how many fit
SELECT caseload.students_that_fit(20) AS alone, caseload.students_that_fit(20, 30, 2) AS pairs, caseload.students_that_fit('Mon 8:00-9:45, Tue 8:00-8:20'::caseload.availability) AS in_times,
       caseload.students_that_fit(-1) AS none, caseload.students_that_fit(NULL::numeric) AS unknown, caseload.students_that_fit(0) AS nothing;
-- 30 to 35 slots, 45 to 60 clients: weekly, every other week and monthly as 55, 30 and 15 %
SELECT s.show, s.slots, a.alpha, m.accept, round(m.expected::numeric, 2) AS expected, round(m.p_overflow::numeric, 4) AS p_overflow, caseload.caseload_band(s.slots) AS band
  FROM (VALUES (0.87, 30), (0.87, 35), (0.80, 30), (0.80, 35)) AS s (show, slots) CROSS JOIN (VALUES (0.05), (0.2), (0.5)) AS a (alpha)
 CROSS JOIN LATERAL caseload.accept_mix(s.slots, s.show, a.alpha) m ORDER BY 1 DESC, 2, 3;
-- ask for two or three more: 8 are wanted
SELECT p.show, (caseload.accept_count(8, array_fill(p.show, ARRAY[30]), 0.05)).accept AS at_5, (caseload.accept_count(8, array_fill(p.show, ARRAY[30]), 0.2)).accept AS at_20,
       (caseload.accept_count(8, array_fill(p.show, ARRAY[30]), idle_share => 0.5)).accept AS newsvendor FROM (VALUES (0.7::float8), (0.8)) AS p (show);
SELECT accept, round(expected::numeric, 4) AS expected, round(p_overflow::numeric, 6) AS p_overflow, round(p_idle::numeric, 6) AS p_idle FROM caseload.accept_count(2, '{1,0.5,0.25,1,0}', 0.5);
SELECT accept, p_overflow, p_idle FROM caseload.accept_count(2, '{}');
SELECT accept, p_overflow, p_idle FROM caseload.accept_count(0, '{0,0,1}', 0);
SELECT accept FROM caseload.accept_count(NULL, '{1}');
SELECT caseload.accept_count(2, '{1,NULL}');
SELECT caseload.accept_count(2, '{1,2}');
SELECT caseload.accept_count(-1, '{1}');
SELECT caseload.accept_count(2, '{1}', 7);
SELECT caseload.poisson_binomial_tail('{}', 0) AS nobody, caseload.poisson_binomial_tail('{0.5}', -1) AS sure, caseload.poisson_binomial_tail('{0.5}', 5) AS never, caseload.poisson_binomial_tail('{0.5,0.5}', 1) AS both, caseload.poisson_binomial_tail(NULL, 1) AS unknown;
SELECT * FROM caseload.accept_mix(30, 0);
SELECT * FROM caseload.accept_mix(30, 0.9, shares => '{0.5}', frequencies => '{1}');
SELECT accept FROM caseload.accept_mix(NULL, 0.9);
-- who appears: drawn towards the rate of the district
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('WEE', 'good', 'A'), ('WEE', 'bad', 'A'), ('WEE', 'new', 'A');
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('WEE', 'good', 1, '[2025-01-01,)'), ('WEE', 'bad', 1, '[2025-01-01,)'), ('WEE', 'new', 1, '[2025-01-01,)');
INSERT INTO caseload.appointment (district_id, client_id, starts_at, minutes, status)
  SELECT 'WEE', c, timestamptz '2025-02-03 18:00+00' + i * interval '1 day', 30, CASE WHEN c = 'bad' AND i < 8 THEN 'no_show' ELSE 'attended' END::caseload.appointment_status FROM unnest('{good,bad}'::text[]) c, generate_series(1, 10) i;
SELECT client_id, booked, shown, practice_rate, show_probability FROM caseload.show_probabilities('2025-03-03', 'WEE') WHERE client_id IN ('good', 'bad', 'new') ORDER BY 1;
SELECT client_id, show_probability FROM caseload.show_probabilities('2025-03-03', 'WEE', 0) WHERE client_id IN ('good', 'bad', 'new') ORDER BY 1;
-- a freed slot, Tuesday 09:00 in Los Angeles: of four on the list two can come, the longest wait first
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period, therapist_id) VALUES
  ('WEE', 'good', 'good', 'SLP', '30/week', '[2025-02-24,)', NULL), ('WEE', 'bad', 'bad', 'SLP', '30/week', '[2025-02-03,)', NULL),
  ('WEE', 'new', 'new', 'SLP', '30/week', '[2025-01-27,)', NULL), ('WEE', 'ot', 'new', 'OT', '30/week', '[2025-01-27,)', NULL), ('WEE', 'phx', 'phx', 'SLP', '30/week', '[2025-01-01,)', NULL);
UPDATE caseload.client SET availability = 'Mon 8-15' WHERE district_id = 'WEE' AND client_id = 'new';
INSERT INTO caseload.client_need (district_id, client_id, kind, word) VALUES ('WEE', 'phx', 'language', 'Spanish');
SELECT place, client_id, waiting, overdue_minutes, days_unseen, show_probability, p_filled, enough FROM caseload.backfill('vic', '2025-03-04 09:00 America/Los_Angeles', 30, 'WEE');
SELECT place, client_id, waiting, overdue_minutes, days_unseen FROM caseload.backfill('una', '2025-03-04 09:00 America/Los_Angeles', 30, 'WEE') ORDER BY place LIMIT 4;
INSERT INTO caseload.appointment (district_id, client_id, starts_at, minutes, status) VALUES ('WEE', 'bad', '2025-03-04 09:15 America/Los_Angeles', 30, 'scheduled');
SELECT client_id FROM caseload.backfill('vic', '2025-03-04 09:00 America/Los_Angeles', 30, 'WEE');
SELECT * FROM caseload.backfill('vic', NULL, 30, 'WEE');
SELECT * FROM caseload.backfill('vic', now(), 0, 'WEE');
SELECT * FROM caseload.backfill('nobody', now());
DELETE FROM caseload.appointment WHERE district_id = 'WEE';
DELETE FROM caseload.service WHERE district_id = 'WEE';
DELETE FROM caseload.schedule_slot WHERE district_id = 'WEE';
DELETE FROM caseload.client WHERE district_id = 'WEE';
DELETE FROM caseload.therapist WHERE district_id = 'WEE';
DELETE FROM caseload.site WHERE district_id = 'WEE';
DELETE FROM caseload.district WHERE district_id = 'WEE';
