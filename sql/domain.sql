-- Facts of clients, services, therapists and sites: the field's numbers at their boundaries (docs/rules.md lists the rules).
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
SET jit = off;
-- the keys of a district for which a condition holds; an expression that rules may not use is an error
CREATE FUNCTION pg_temp.holds(subject text, condition text, as_of date DEFAULT '2026-02-01', district text DEFAULT 'DOM') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  checked record;
  keys text;
BEGIN
  SELECT * INTO checked FROM caseload.check_expression(subject, condition);
  IF NOT checked.ok THEN RAISE EXCEPTION '%: %', condition, checked.message; END IF;
  EXECUTE format('SELECT string_agg(%1$s_id, '' '' ORDER BY %1$s_id) FROM caseload.%1$s_facts($1) WHERE district_id = $2 AND (%2$s)', subject, condition)
    INTO keys USING as_of, district;
  RETURN keys;
END $$;
-- the tables that a query reads
CREATE FUNCTION pg_temp.scans(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF line ~ 'Scan' AND line !~ 'Bitmap Index Scan' THEN RETURN NEXT substring(line FROM ' on (\w+)'); END IF;
  END LOOP;
END $$;

INSERT INTO caseload.district (district_id) VALUES ('DOM'), ('DOMC');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('DOM', 'capacity', 'off'), ('DOMC', 'capacity', 'off'), ('DOMC', 'calendar', 'clinic');
INSERT INTO caseload.site (district_id, site_id, level, state, time_zone) VALUES
  ('DOM', 'A', 'elementary', NULL, 'America/New_York'), ('DOM', 'B', 'middle', 'PA', 'America/New_York'), ('DOM', 'C', 'high', NULL, 'America/New_York'),
  ('DOM', 'E54', 'elementary', 'PA', 'America/New_York'), ('DOM', 'M55', 'middle', 'PA', 'America/New_York'), ('DOM', 'RATIO', 'high', 'PA', 'America/New_York'),
  ('DOM', 'ACTIVE', 'high', 'PA', 'America/New_York'), ('DOM', 'DRIFT', 'high', 'PA', 'America/New_York'), ('DOMC', 'CLINIC', 'clinic', 'PA', 'America/New_York');
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'DOM', 'C' || i, 'A' FROM generate_series(1, 30) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'DOM', 'C' || i, 1, '[2024-01-01,)' FROM generate_series(1, 30) i;

-- The conditions of docs/rules.md, by their numbers there, are all taken.
SELECT n, subject, condition FROM (VALUES
  (5, 'therapist', 'individual_possible >= 2'),
  (7, 'site', 'level IN (''middle'', ''high'') AND clients / 36.0 > 1.5'),
  (8, 'site', 'level = ''elementary'' AND clients / 36.0 + 1 + 3 >= 5.5'),
  (9, 'site', 'clients * 60 / 36.0 > 90'),
  (9, 'therapist', 'meeting_minutes > 90'),
  (10, 'therapist', 'headroom_minutes < direct_minutes * no_show_rate / 100'),
  (10, 'therapist', 'headroom_minutes < makeup_minutes'),
  (13, 'service', 'category IN (''Autistic Support'', ''Multi-Disabilities Support'') AND is_group'),
  (13, 'service', 'low_incidence AND is_group'),
  (16, 'therapist', 'abs(z_score) > 1.4'),
  (17, 'therapist', 'days_employed < 365 AND z_score >= 1'),
  (18, 'site', 'new_clients_30d - closed_30d >= 5'),
  (20, 'therapist', 'z_score >= 1.4'),
  (21, 'therapist', 'abs(z_score) < 0.5 AND utilization > 1'),
  (22, 'therapist', 'sites >= 3'),
  (22, 'therapist', 'travel_minutes >= 120'),
  (39, 'service', 'NOT licensed'),
  (39, 'therapist', 'unlicensed_services >= 1'),
  (45, 'service', 'days_since_review >= 305'),
  (48, 'client', 'notes_late >= 1'),
  (48, 'client', 'notes_missing >= 1'),
  (50, 'client', 'documents_overdue >= 1'),
  (54, 'therapist', 'utilization <= 0.7 OR no_show_rate >= 20 OR closed_30d >= 3'),
  (57, 'client', 'attended >= 1 AND NOT plan_with_client'),
  (58, 'therapist', 'note_minutes > 5'),
  (59, 'client', 'is_active AND days_inactive >= 30'),
  (61, 'client', 'is_active AND strikes >= 3'),
  (62, 'client', 'is_active AND days_unseen >= 30 AND days_inactive < 30'),
  (62, 'client', 'is_active AND days_unseen >= 30 AND days_inactive < 30 AND days_past_warning >= 0 AND NOT has_upcoming'),
  (64, 'therapist', 'weekly_slots < 30'),
  (65, 'therapist', 'weekly_slots > 35'),
  (65, 'therapist', 'weekly_slots >= 30 AND clients < 45 OR clients > 60'),
  (66, 'site', 'waiting_services = 0 AND new_clients_30d < closed_30d'),
  (67, 'therapist', 'no_show_rate >= 30'),
  (69, 'client', 'is_active AND days_inactive >= 40'),
  (71, 'client', 'is_active AND on_time_run >= 3'),
  (72, 'client', 'is_active AND (cancel_run >= 2 OR late_run >= 2)'),
  (73, 'service', 'months_since_review >= 3 AND months_since_review < 6'),
  (73, 'service', 'months_since_review >= 6'),
  (75, 'client', 'days_to_next = 1'),
  (77, 'therapist', 'headroom_minutes >= 90'),
  (78, 'client', 'is_active'),
  (79, 'therapist', 'direct_minutes / 1500.0 < 0.7'),
  (79, 'therapist', 'fte_clients < 0.7'),
  (80, 'site', 'clients / nullif(therapists, 0)::numeric > 37'),
  (80, 'site', 'clients / nullif(therapist_fte, 0) > 46.5'),
  (81, 'therapist', 'weekly_minutes > capacity_minutes'),
  (81, 'therapist', 'paid_utilization > 1'),
  (82, 'site', '100 * closed_30d / nullif((2 * clients + closed_30d - new_clients_30d) / 2.0, 0) >= 25'),
  (84, 'service', 'waiting AND days_in_force >= 20'),
  (85, 'site', 'no_show_rate >= 20'),
  (85, 'client', 'appointments >= 5 AND no_show_rate >= 20'),
  (86, 'client', 'attended >= 1 AND NOT has_consent'),
  (88, 'client', 'records < 3'),
  (89, 'service', 'NOT same_discipline'),
  (90, 'therapist', 'utilization_low_3w > 1.1'),
  (91, 'client', 'attended = 0 AND days_enrolled > 20')) v (n, subject, condition)
 WHERE NOT (caseload.check_expression(subject, condition)).ok;

-- Spread of load (peers 40 45 50 55 60), who is new and carries more, and who is busy like the peers.
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, employed)
  SELECT 'DOM', 'EQ' || i, 'EQ', 1, CASE i WHEN 5 THEN '[2025-09-01,)' ELSE '[2020-01-01,)' END::daterange FROM generate_series(1, 5) i;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
  SELECT 'DOM', 'EQ' || i, 'C' || i, 'EQ', (35 + 5 * i || '/week')::text, 'EQ' || i, '[2026-01-01,)' FROM generate_series(1, 5) i;
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, employed) VALUES
  ('DOM', 'PEER1', 'PEER', 1, '(,)'), ('DOM', 'PEER2', 'PEER', 1, '(,)'), ('DOM', 'PEER3', 'PEER', 1, '(,)'), ('DOM', 'PEER4', 'PEER', 0, '(,)'), ('DOM', 'PEER5', 'PEER', NULL, '(,)'),
  ('DOM', 'HALF1', 'HALF', 1, '(,)'), ('DOM', 'HALF2', 'HALF', 0.5, '(,)'), ('DOM', 'HALF3', 'HALF', 0.8, '(,)'), ('DOM', 'ALONE', 'ALONE', 1, '(,)');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES
  ('DOM', 'PEER1', 'C1', 'PEER', '1560/week', 'PEER1', '[2026-01-01,)'), ('DOM', 'PEER2', 'C2', 'PEER', '1500/week', 'PEER2', '[2026-01-01,)'),
  ('DOM', 'PEER3', 'C3', 'PEER', '1610/week', 'PEER3', '[2026-01-01,)'), ('DOM', 'HALF1', 'C1', 'HALF', '50/week', 'HALF1', '[2026-01-01,)'),
  ('DOM', 'HALF2', 'C2', 'HALF', '25/week', 'HALF2', '[2026-01-01,)'), ('DOM', 'HALF3', 'C3', 'HALF', '40/week', 'HALF3', '[2026-01-01,)');
SELECT therapist_id, weekly_minutes, mean_minutes_per_fte, round(z_score::numeric, 3) AS z, utilization FROM caseload.therapist_facts('2026-02-01')
 WHERE district_id = 'DOM' ORDER BY 1;
SELECT n, pg_temp.holds('therapist', condition) FROM (VALUES
  (16, 'abs(z_score) > 1.4'), (20, 'z_score >= 1.414'), (20, 'z_score >= 1.415'), (17, 'days_employed < 365 AND z_score >= 1'),
  (21, 'abs(z_score) < 0.5 AND utilization > 1')) v (n, condition);

-- Over 110 % for three weeks running: 112 % since January 1, 110 %, and 112 % since January 19.
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('DOM', 'OVER112', 'OVER', 1), ('DOM', 'OVER110', 'OVER', 1), ('DOM', 'OVERNEW', 'OVER', 1);
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES
  ('DOM', 'OVER112', 'C1', 'OVER', '1680/week', 'OVER112', '[2026-01-01,)'), ('DOM', 'OVER110', 'C2', 'OVER', '1650/week', 'OVER110', '[2026-01-01,)'),
  ('DOM', 'OVERNEW', 'C3', 'OVER', '1680/week', 'OVERNEW', '[2026-01-19,)');
SELECT d AS as_of, pg_temp.holds('therapist', 'utilization_low_3w > 1.1', d), pg_temp.holds('therapist', 'utilization > 1.1', d) AS today
  FROM unnest('{2026-01-14,2026-01-15,2026-02-01,2026-02-02}'::date[]) d;
-- the past has its own policy
INSERT INTO caseload.policy (district_id, policy_name, value, valid) VALUES ('DOM', 'weekly_minutes_per_fte', '1600', '[2026-01-25,2026-01-26)');
SELECT utilization, utilization_low_3w FROM caseload.therapist_facts('2026-02-01') WHERE district_id = 'DOM' AND therapist_id = 'OVER112';
DELETE FROM caseload.policy WHERE district_id = 'DOM' AND policy_name = 'weekly_minutes_per_fte';

-- Groups: 12 students of 30 minutes, 8 of whom may be grouped: alone 360, in pairs 240, in threes 210 minutes.
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('DOM', 'GROUP1', 'GROUP', 1), ('DOM', 'GROUP2', 'GROUP', 1), ('DOM', 'GROUP3', 'GROUP', 1);
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, group_size, therapist_id, period)
  SELECT 'DOM', 'GROUP' || t || '-' || i, 'C' || i, 'GROUP', '1x30/week', CASE WHEN i > 4 THEN 'small_group_ok' ELSE 'individual_required' END::caseload.delivery,
         CASE WHEN i <= 4 THEN 1 WHEN t = 3 AND i > 10 THEN 2 ELSE t END, 'GROUP' || t, '[2026-01-01,)'
    FROM generate_series(1, 3) t, generate_series(1, 12) i;
SELECT therapist_id, clients, weekly_minutes, weekly_slots, round(group_share::numeric, 4) AS group_share, individual_possible
  FROM caseload.therapist_facts('2026-02-01') WHERE district_id = 'DOM' AND discipline = 'GROUP' ORDER BY 1;
SELECT n, pg_temp.holds('therapist', condition) FROM (VALUES (5, 'individual_possible >= 8'), (5, 'individual_possible >= 9')) v (n, condition);

-- The week beside the lines of plans: 54 and 55 meetings a year; 1,200 minutes with 120 and with 119 to spare; 2 and 3 sites; 2,250 and 2,251 minutes
-- of work in 37.5 paid hours; a group with somebody of a low-incidence class.
INSERT INTO caseload.client (district_id, client_id, site_id, low_incidence_class)
  SELECT 'DOM', 'WK' || i, CASE i WHEN 56 THEN 'C' WHEN 57 THEN 'A' ELSE 'B' END, CASE WHEN i = 58 THEN 'Autistic Support' END FROM generate_series(1, 58) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'DOM', 'WK' || i, 1, '[2025-01-01,)' FROM generate_series(1, 58) i;
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('DOM', 'WK54', 'WEEK', 2), ('DOM', 'WK55', 'WEEK', 2), ('DOM', 'WK120', 'WEEK', 0.88),
  ('DOM', 'WK119', 'WEEK', 0.88), ('DOM', 'WKS2', 'WEEK', 1), ('DOM', 'WKS3', 'WEEK', 1), ('DOM', 'WK2250', 'WEEK', 1), ('DOM', 'WK2251', 'WEEK', 1);
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, group_size, therapist_id, period)
  SELECT 'DOM', t.id || '-' || i, 'WK' || i, 'WEEK', '30/week'::caseload.dosage, 'small_group_ok'::caseload.delivery, CASE WHEN i = 58 THEN 2 ELSE 1 END, t.id, '[2025-01-01,)'::daterange
    FROM (VALUES ('WK54', 1, 54), ('WK55', 1, 55), ('WK120', 1, 40), ('WK119', 1, 40), ('WKS2', 55, 56), ('WKS3', 55, 57), ('WK55', 58, 58)) t (id, first, last),
         generate_series(t.first, t.last) i;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, therapist_id, period) VALUES ('DOM', 'WK119-X', 'WK1', 'WEEK', '1/week', 'consult', 'WK119', '[2025-01-01,)');
UPDATE caseload.service SET therapist_id = NULL WHERE district_id = 'DOM' AND service_id = 'WK55-58';
INSERT INTO caseload.duty (district_id, therapist_id, activity_name, dosage) VALUES ('DOM', 'WK2250', 'duty', '2050/week'), ('DOM', 'WK2251', 'duty', '2051/week');
SELECT n, pg_temp.holds(subject, condition) FROM (VALUES
  (9, 'therapist', 'meeting_minutes > 90 AND discipline = ''WEEK'''), (10, 'therapist', 'headroom_minutes < makeup_minutes AND fte = 0.88'),
  (13, 'service', 'low_incidence AND is_group'), (22, 'therapist', 'travel_minutes >= 120 AND discipline = ''WEEK'''),
  (22, 'therapist', 'travel_minutes >= 60 AND discipline = ''WEEK'''), (79, 'therapist', 'fte_clients < 0.8007 AND fte = 0.88'), (79, 'therapist', 'fte_clients < 0.8 AND fte = 0.88'),
  (81, 'therapist', 'paid_utilization > 1 AND clients = 0 AND discipline = ''WEEK'''), (81, 'therapist', 'paid_utilization >= 1 AND clients = 0 AND discipline = ''WEEK''')) v (n, subject, condition);
DELETE FROM caseload.service WHERE district_id = 'DOM' AND discipline = 'WEEK';
DELETE FROM caseload.duty WHERE district_id = 'DOM' AND therapist_id LIKE 'WK%';
DELETE FROM caseload.therapist WHERE district_id = 'DOM' AND discipline = 'WEEK';
DELETE FROM caseload.client WHERE district_id = 'DOM' AND client_id LIKE 'WK%';

-- Slots and clients: 20 weekly, 15 every other week and 10 monthly are 29.81 slots; 20, 25 and 15 are 35.96 of at most 35.
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'DOMC', 'C' || i, 'CLINIC' FROM generate_series(1, 60) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'DOMC', 'C' || i, 1, '[2025-01-01,)' FROM generate_series(1, 60) i;
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('DOMC', 'S29.81', 'COUNS', 1), ('DOMC', 'S30', 'COUNS', 1), ('DOMC', 'S35', 'COUNS', 1), ('DOMC', 'S35.96', 'COUNS', 1), ('DOMC', 'FTE', 'COUNS', 1);
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
  SELECT 'DOMC', t.id || '-' || i, 'C' || i, 'COUNS', CASE WHEN i <= t.weekly THEN '1x45/week' WHEN i <= t.weekly + t.biweekly THEN '1x45/2 weeks' ELSE '1x45/month' END::caseload.dosage, t.id, '[2026-01-01,)'::daterange
    FROM (VALUES ('S29.81', 20, 15, 10), ('S30', 30, 0, 0), ('S35', 35, 0, 0), ('S35.96', 20, 25, 15)) t (id, weekly, biweekly, monthly), generate_series(1, 60) i
   WHERE i <= t.weekly + t.biweekly + t.monthly
  UNION ALL
  -- 12 clients of an hour and 10 of half an hour: 17 of 25 hours
  SELECT 'DOMC', 'FTE-' || i, 'C' || i, 'COUNS', CASE WHEN i <= 12 THEN '60/week' ELSE '30/week' END::caseload.dosage, 'FTE', '[2026-01-01,)' FROM generate_series(1, 22) i;
SELECT therapist_id, clients, weekly_slots, utilization FROM caseload.therapist_facts('2026-02-01') WHERE district_id = 'DOMC' ORDER BY 1;
SELECT n, pg_temp.holds('therapist', condition, district => 'DOMC') FROM (VALUES
  (64, 'weekly_slots > 0 AND weekly_slots < 30'), (65, 'weekly_slots > 35'), (65, 'clients > 60 OR weekly_slots > 35'), (65, 'weekly_slots >= 30 AND clients < 45'),
  (79, 'utilization = 0.68'), (77, 'headroom_minutes >= 480'), (77, 'headroom_minutes > 480')) v (n, condition);

-- Licences: where the client sits and where the therapist sits; the day after it ran out.
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, state, employed) VALUES
  ('DOM', 'LIC1', 'SLP', 1, 'PA', '(,)'), ('DOM', 'LIC2', 'SLP', 1, 'PA', '(,)'), ('DOM', 'LIC3', 'SLP', 1, NULL, '(,)'), ('DOM', 'GONE', 'SLP', 1, NULL, '(,2026-02-01)'), ('DOM', 'OT', 'OT', 1, NULL, '(,)');
INSERT INTO caseload.license (district_id, therapist_id, state, discipline, valid) VALUES
  ('DOM', 'LIC1', 'PA', 'SLP', '(,)'), ('DOM', 'LIC2', 'PA', 'SLP', '(,)'), ('DOM', 'LIC2', 'NJ', 'SLP', '[2026-01-01,2026-02-02)'), ('DOM', 'LIC3', 'NJ', 'SLP', '(,)'), ('DOM', 'LIC3', 'PA', 'OT', '(,)');
INSERT INTO caseload.client (district_id, client_id, site_id, state, category) VALUES ('DOM', 'NJ', 'A', 'NJ', 'SLI'), ('DOM', 'PA', 'A', 'PA', NULL), ('DOM', 'NOWHERE', 'C', NULL, NULL), ('DOM', 'SITE', 'B', NULL, NULL);
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'DOM', c, 1, '[2024-01-01,)' FROM unnest('{NJ,PA,NOWHERE,SITE}'::text[]) c;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES
  ('DOM', 'LIC1', 'NJ', 'SLP', '1x30/week', 'LIC1', '[2026-01-01,)'), ('DOM', 'LIC2', 'NJ', 'SLP', '1x30/week', 'LIC2', '[2026-01-01,)'),
  ('DOM', 'LIC3', 'NJ', 'SLP', '1x30/week', 'LIC3', '[2026-01-01,)'), ('DOM', 'LIC3-PA', 'PA', 'SLP', '1x30/week', 'LIC3', '[2026-01-01,)'),
  ('DOM', 'LIC1-0', 'NOWHERE', 'SLP', '1x30/week', 'LIC1', '[2026-01-01,)'), ('DOM', 'LIC1-B', 'SITE', 'SLP', '1x30/week', 'LIC1', '[2026-01-01,)'),
  ('DOM', 'WAIT', 'PA', 'SLP', '30/week', NULL, '[2026-01-12,2026-02-12)'),
  ('DOM', 'GONE', 'PA', 'SLP', '4x20/month', 'GONE', '[2026-01-01,)'), ('DOM', 'OTHER', 'PA', 'SLP', NULL, 'OT', '(,)');
SELECT service_id, level, category, waiting, has_therapist, same_discipline, licensed, weekly_sessions, days_since_review, months_since_review, days_to_end
  FROM caseload.service_facts('2026-02-01') WHERE district_id = 'DOM' AND discipline = 'SLP' ORDER BY 1;
SELECT d AS as_of, pg_temp.holds('service', 'NOT licensed', d), pg_temp.holds('therapist', 'unlicensed_services >= 1', d) AS therapists
  FROM unnest('{2026-02-01,2026-02-02}'::date[]) d;
SELECT n, pg_temp.holds('service', condition, as_of) FROM (VALUES
  (84, 'waiting AND days_in_force >= 20', '2026-01-31'::date), (84, 'waiting AND days_in_force >= 20', '2026-02-01'), (89, 'NOT same_discipline', '2026-02-01'),
  (0, 'NOT waiting AND NOT has_therapist', '2026-01-31'), (0, 'NOT waiting AND NOT has_therapist', '2026-02-01'),
  (45, 'days_to_end <= 11', '2026-01-30'), (45, 'days_to_end <= 11', '2026-01-31'), (45, 'days_to_end <= 0', '2026-02-11')) v (n, condition, as_of);

-- Plan reviews: three to six months after the last; an annual review is announced 60 days before.
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period, reviewed_on) VALUES
  ('DOM', 'REVIEW', 'C1', 'REV', '30/week', '[2024-01-01,)', '2025-01-15'), ('DOM', 'REVIEW31', 'C2', 'REV', '30/week', '[2025-01-31,)', NULL), ('DOM', 'ANNUAL', 'C3', 'REV', '30/week', '[2024-01-01,)', '2024-05-01');
SELECT caseload.review_window('2025-01-15'), caseload.review_window('2024-08-31') AS month_ends, caseload.review_window(NULL) IS NULL AS none;
SELECT d AS as_of, (SELECT string_agg(service_id || ' ' || months_since_review, ', ' ORDER BY service_id) FROM caseload.service_facts(d) WHERE district_id = 'DOM' AND discipline = 'REV') AS months
  FROM unnest('{2024-04-30,2024-05-01,2025-02-27,2025-02-28,2025-04-14,2025-04-15,2025-04-29,2025-04-30,2025-07-14,2025-07-15}'::date[]) d;
SELECT n, as_of, pg_temp.holds('service', condition, as_of) FROM (VALUES
  (73, 'months_since_review BETWEEN 3 AND 5 AND discipline = ''REV''', '2025-04-14'::date), (73, 'months_since_review BETWEEN 3 AND 5 AND discipline = ''REV''', '2025-04-15'),
  (73, 'months_since_review >= 6 AND discipline = ''REV''', '2025-07-14'), (73, 'months_since_review >= 6 AND discipline = ''REV''', '2025-07-15'),
  (45, 'days_since_review >= 305 AND discipline = ''REV''', '2025-03-01'), (45, 'days_since_review >= 305 AND discipline = ''REV''', '2025-03-02')) v (n, condition, as_of);
SELECT count(*) AS differ FROM generate_series(date '2023-12-28', '2024-03-02', '1 day') a, generate_series(date '2023-12-28', '2025-03-02', '1 day') b,
       caseload._full_months(a::date, b::date) AS n
 WHERE b >= a AND NOT (b >= (a::date + make_interval(months => n)) AND b < (a::date + make_interval(months => n + 1)));

-- Attendance of a therapist's and a site's clients: 100 booked, 8 no-shows, 4 late cancellations; 22 % of 50; 10 % of 1200 minutes.
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('DOM', 'RATE8', 'RATE', 1), ('DOM', 'RATE22', 'RATE', 1), ('DOM', 'RATE10', 'RATE', 0.87);
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('DOM', 'R8', 'B'), ('DOM', 'R22', 'C'), ('DOM', 'R10', 'C');
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'DOM', c, 1, '[2025-01-01,)' FROM unnest('{R8,R22,R10}'::text[]) c;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES
  ('DOM', 'R8', 'R8', 'RATE', '2x30/week', 'RATE8', '[2025-01-01,)'), ('DOM', 'R8b', 'R8', 'RATE', '15/week', 'RATE8', '[2025-01-01,)'),
  ('DOM', 'R22', 'R22', 'RATE', '1050/week', 'RATE22', '[2025-01-01,)'), ('DOM', 'R10', 'R10', 'RATE', '40x30/week', 'RATE10', '[2025-01-01,)');
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT 'DOM', 'R8', i::text, '2025-09-01 15:00Z'::timestamptz + i * interval '1 day', CASE WHEN i % 12 = 0 THEN 'no_show' WHEN i % 25 = 1 THEN 'late_cancel' ELSE 'attended' END::caseload.appointment_status FROM generate_series(1, 100) i
  UNION ALL
  SELECT 'DOM', 'R22', i::text, '2025-12-01 15:00Z'::timestamptz + i * interval '1 day', CASE WHEN i <= 11 THEN 'no_show' WHEN i = 50 THEN 'scheduled' ELSE 'attended' END::caseload.appointment_status FROM generate_series(1, 50) i
  UNION ALL
  SELECT 'DOM', 'R10', i::text, '2026-01-20 15:00Z'::timestamptz + i * interval '1 day', CASE i WHEN 1 THEN 'no_show' ELSE 'attended' END::caseload.appointment_status FROM generate_series(1, 10) i;
SELECT therapist_id, services, appointments, no_shows, strikes, no_show_rate, strike_rate, unresolved, utilization
  FROM caseload.therapist_facts('2026-02-01') WHERE district_id = 'DOM' AND discipline = 'RATE' ORDER BY 1;
SELECT n, pg_temp.holds('therapist', condition) FROM (VALUES
  (85, 'no_show_rate >= 8 AND strike_rate >= 12'), (85, 'no_show_rate > 22'), (54, 'utilization <= 0.7 AND no_show_rate >= 20'), (10, 'direct_minutes * no_show_rate / 100 >= 120 AND headroom_minutes < direct_minutes * no_show_rate / 100')) v (n, condition);

-- Sites. 60 records, 50 in service, 6 closed, 4 waiting; 50 and then 9 came and 4 went; 150 clients of 4 therapists of 3.2 FTE; 55 and 54 students.
INSERT INTO caseload.client (district_id, client_id, site_id)
  SELECT 'DOM', s.id || i, s.id FROM (VALUES ('ACTIVE', 60), ('DRIFT', 59), ('RATIO', 150), ('M55', 55), ('E54', 54)) s (id, n), generate_series(1, 150) i WHERE i <= s.n;
INSERT INTO caseload.episode (district_id, client_id, episode, period)
  SELECT 'DOM', s.id || i, 1, CASE WHEN s.id = 'ACTIVE' AND i > 54 THEN '[2025-01-01,2026-02-01)' WHEN s.id = 'DRIFT' AND i > 50 THEN '[2026-01-03,)'
                                   WHEN s.id = 'DRIFT' AND i > 46 THEN '[2025-01-01,2026-01-15)' ELSE '[2025-01-01,)' END::daterange
    FROM (VALUES ('ACTIVE', 60), ('DRIFT', 59), ('RATIO', 150), ('M55', 55), ('E54', 54)) s (id, n), generate_series(1, 150) i WHERE i <= s.n;
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) SELECT 'DOM', 'RATIO' || i, 'RATIO', 0.8 FROM generate_series(0, 3) i;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
  SELECT 'DOM', 'RATIO' || i, 'RATIO' || i, 'RATIO', '30/week', 'RATIO' || i % 4, '[2025-01-01,)'::daterange FROM generate_series(1, 150) i
  UNION ALL SELECT 'DOM', 'ACTIVE' || i, 'ACTIVE' || i, 'SLP', '30/week', CASE WHEN i <= 50 OR i > 54 THEN 'LIC1' END, '[2025-01-01,)' FROM generate_series(1, 60) i
  UNION ALL SELECT 'DOM', 'DRIFT' || i, 'DRIFT' || i, 'SLP', '10/week', 'LIC2', '[2025-01-01,)' FROM generate_series(1, 59) i;
SELECT site_id, level, state, clients, active_clients AS active, inactive_clients AS inactive, new_clients_30d AS new, closed_30d AS closed, services, waiting_services AS waiting, weekly_minutes, therapists,
       therapist_fte AS fte, appointments AS appts, attended, no_shows, strikes, no_show_rate, strike_rate, unresolved, documents_overdue AS overdue
  FROM caseload.site_facts('2026-02-01') WHERE district_id = 'DOM' ORDER BY 1;
SELECT n, as_of, pg_temp.holds('site', condition, as_of) FROM (VALUES
  (78, 'active_clients = 50', '2026-02-01'::date), (18, 'new_clients_30d - closed_30d >= 5', '2026-02-01'), (18, 'clients = 50', '2026-01-02'), (18, 'new_clients_30d = 9', '2026-02-02'),
  (80, 'clients / nullif(therapists, 0)::numeric = 37.5', '2026-02-01'), (80, 'round(clients / nullif(therapist_fte, 0), 1) = 46.9', '2026-02-01'), (7, 'round(clients / 36.0, 2) = 1.53', '2026-02-01'),
  (7, 'clients / 36.0 > 1.5 AND clients < 100', '2026-02-01'), (8, 'level = ''elementary'' AND clients / 36.0 + 1 + 3 >= 5.5', '2026-02-01'), (9, 'clients * 60 / 36.0 BETWEEN 91.6 AND 91.7', '2026-02-01'),
  (85, 'no_show_rate = 8 AND strike_rate = 12', '2026-02-01'), (84, 'waiting_services >= 4', '2026-02-01')) v (n, condition, as_of);
SELECT therapist_id, new_clients_30d, closed_30d, sites FROM caseload.therapist_facts('2026-02-01') WHERE district_id = 'DOM' AND (new_clients_30d > 0 OR closed_30d > 0) ORDER BY 1;
-- the minutes of the therapists are those of the sites
SELECT (SELECT sum(weekly_minutes) FROM caseload.therapist_facts('2026-01-15') WHERE district_id = 'DOM') - (SELECT sum(weekly_minutes) FROM caseload.site_facts('2026-01-15') WHERE district_id = 'DOM') AS difference;
-- inactive from the thirtieth day on, and only who is active
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) SELECT 'DOM', 'M55' || i, 'seen', '2026-01-03 04:59Z', 'attended' FROM generate_series(1, 55) i;
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES ('DOM', 'M551', 'seen again', '2026-01-03 05:00Z', 'attended');
SELECT d AS as_of, inactive_clients FROM unnest('{2026-01-31,2026-02-01,2026-02-02}'::date[]) d, caseload.site_facts(d) WHERE district_id = 'DOM' AND site_id = 'M55';

-- Documents: three kinds overdue; due today is not overdue; done at half past eleven in the evening is done that day.
INSERT INTO caseload.document (district_id, client_id, document_id, kind, about, due_on, done_at, minutes) VALUES
  ('DOM', 'R8', '1', 'plan_review', NULL, '2026-01-31', NULL, NULL), ('DOM', 'R8', '2', 'session_note', '2026-01-20', '2026-01-20', '2026-02-02 05:00Z', 7),
  ('DOM', 'R8', '3', 'contact_note', '2026-01-20', '2026-01-21', NULL, NULL), ('DOM', 'R8', '4', 'consent', NULL, '2026-01-05', '2026-02-02 04:59Z', NULL),
  ('DOM', 'R8', '5', 'closing_note', NULL, '2026-02-01', NULL, NULL), ('DOM', 'R8', '6', 'other', NULL, '2024-12-31', NULL, NULL), ('DOM', 'R8', '7', 'other', NULL, NULL, NULL, NULL),
  ('DOM', 'R22', '1', 'session_note', '2026-01-20', NULL, '2026-01-20 20:00Z', 5), ('DOM', 'R22', '2', 'session_note', '2026-01-21', NULL, '2026-01-21 20:00Z', 5), ('DOM', 'R22', '3', 'session_note', '2026-01-01', NULL, '2026-01-02 20:00Z', 50);
SELECT client_id, document_id, kind, due_on, days_overdue FROM caseload.documentation_due('2026-02-01', 'DOM') ORDER BY document_id;
SELECT d AS as_of, therapist_id, documents_overdue, note_minutes FROM unnest('{2026-02-01,2026-02-02}'::date[]) d, caseload.therapist_facts(d)
 WHERE district_id = 'DOM' AND (documents_overdue > 0 OR note_minutes IS NOT NULL) ORDER BY 1, 2;
SELECT n, subject, pg_temp.holds(subject, condition, as_of) FROM (VALUES
  (50, 'site', 'documents_overdue >= 3', '2026-02-01'::date), (50, 'therapist', 'documents_overdue >= 3', '2026-02-01'), (58, 'therapist', 'note_minutes > 5', '2026-02-02'), (58, 'therapist', 'note_minutes >= 5', '2026-02-01')) v (n, subject, condition, as_of);
INSERT INTO caseload.document (district_id, client_id, document_id, kind) VALUES ('DOM', 'R8', '8', 'poem');
-- Clients: documents and notes; R8 has its consent from half past eleven in the evening of February 1 on.
SELECT d AS as_of, client_id, documents_overdue, days_overdue, notes_missing, notes_late, has_consent, has_plan, records
  FROM unnest('{2026-01-31,2026-02-01,2026-02-02}'::date[]) d, caseload.client_facts(d) WHERE district_id = 'DOM' AND client_id IN ('R8', 'R22') ORDER BY 1, 2;
-- the same numbers by all ways: documents listed, of clients, of sites; attendance likewise
SELECT d AS as_of,
       (SELECT count(*) FROM caseload.documentation_due(d, 'DOM')) - (SELECT sum(documents_overdue) FROM caseload.client_facts(d) WHERE district_id = 'DOM') AS clients,
       (SELECT count(*) FROM caseload.documentation_due(d, 'DOM')) - (SELECT sum(documents_overdue) FROM caseload.site_facts(d) WHERE district_id = 'DOM') AS sites,
       (SELECT sum(f.appointments + 1000 * f.strikes + 1000000 * f.unresolved) FROM caseload.client_facts(d) f WHERE f.district_id = 'DOM')
       - (SELECT sum(f.appointments + 1000 * f.strikes + 1000000 * f.unresolved) FROM caseload.site_facts(d) f WHERE f.district_id = 'DOM') AS attendance
  FROM unnest('{2026-01-31,2026-02-01,2026-02-02}'::date[]) d;

-- Clients at the boundary: K was enrolled on January 5 and first seen on January 26; V has one no-show in five, then in six; L was seen on January 30 only.
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'DOM', c, 'C' FROM unnest('{K,V,L}'::text[]) c;
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('DOM', 'K', 1, '[2026-01-05,)'), ('DOM', 'V', 1, '[2026-01-05,)'), ('DOM', 'L', 1, '[2026-01-05,)');
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT 'DOM', 'V', i::text, '2026-01-05 15:00Z'::timestamptz + i * interval '1 day', CASE i WHEN 1 THEN 'no_show' ELSE 'attended' END::caseload.appointment_status FROM generate_series(1, 6) i
  UNION ALL SELECT 'DOM', 'K', '1', '2026-01-26 15:00Z', 'attended' UNION ALL SELECT 'DOM', 'L', '1', '2026-01-30 15:00Z', 'attended';
INSERT INTO caseload.document (district_id, client_id, document_id, kind, about, done_at, with_client) VALUES
  ('DOM', 'K', '1', 'plan', NULL, '2026-01-28 15:00Z', true), ('DOM', 'K', '2', 'consent', NULL, '2026-01-29 15:00Z', NULL), ('DOM', 'K', '3', 'session_note', '2026-01-26', '2026-01-30 15:00Z', NULL);
SELECT n, as_of, coalesce(pg_temp.holds('client', 'client_id IN (''K'', ''V'', ''L'') AND ' || condition, as_of), '') AS holds FROM (VALUES
  (48, 'notes_late >= 1', '2026-01-29'::date), (48, 'notes_late >= 1', '2026-01-30'), (48, 'client_id = ''K'' AND notes_missing >= 1', '2026-01-26'), (48, 'client_id = ''K'' AND notes_missing >= 1', '2026-01-27'),
  (57, 'client_id = ''K'' AND attended >= 1 AND NOT plan_with_client', '2026-01-25'), (57, 'client_id = ''K'' AND attended >= 1 AND NOT plan_with_client', '2026-01-26'), (57, 'client_id = ''K'' AND attended >= 1 AND NOT plan_with_client', '2026-01-28'),
  (59, 'is_active AND days_inactive >= 30', '2026-02-24'), (59, 'is_active AND days_inactive >= 30', '2026-02-25'), (69, 'is_active AND days_inactive >= 40', '2026-03-06'), (69, 'is_active AND days_inactive >= 40', '2026-03-07'),
  (75, 'days_to_next = 1', '2026-01-24'), (75, 'days_to_next = 1', '2026-01-25'), (75, 'days_to_next = 1', '2026-01-26'),
  (85, 'appointments >= 5 AND no_show_rate >= 20', '2026-01-09'), (85, 'appointments >= 5 AND no_show_rate >= 20', '2026-01-10'), (85, 'appointments >= 5 AND no_show_rate >= 20', '2026-01-11'),
  (86, 'client_id = ''K'' AND attended >= 1 AND NOT has_consent', '2026-01-28'), (86, 'client_id = ''K'' AND attended >= 1 AND NOT has_consent', '2026-01-29'),
  (88, 'client_id = ''K'' AND records < 3', '2026-01-29'), (88, 'client_id = ''K'' AND records < 3', '2026-01-30'),
  (91, 'attended = 0 AND days_enrolled > 20', '2026-01-25'), (91, 'client_id = ''L'' AND attended = 0 AND days_enrolled > 20', '2026-01-26'), (91, 'client_id = ''K'' AND attended = 0 AND days_enrolled > 20', '2026-01-26')) v (n, condition, as_of);

-- Reminders: 24 hours are due, a minute more is not, and what has begun is over.
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, therapist_id, starts_at, status) VALUES
  ('DOM', 'C1', 'now', NULL, '2026-03-01 10:00Z', 'scheduled'), ('DOM', 'C1', 'soon', 'EQ1', '2026-03-01 10:01Z', 'scheduled'), ('DOM', 'C1', '24:00', 'EQ1', '2026-03-02 10:00Z', 'scheduled'),
  ('DOM', 'C1', '24:01', 'EQ1', '2026-03-02 10:01Z', 'scheduled'), ('DOM', 'C2', 'off', 'EQ1', '2026-03-02 09:00Z', 'client_cancel');
SELECT * FROM caseload.reminders_due('2026-03-01 10:00Z', 'DOM') ORDER BY starts_at;
SELECT count(*) FROM caseload.reminders_due('2026-03-01 10:01Z') WHERE district_id = 'DOM';

-- Without a date: today where the client sits. Between these two zones the day always differs.
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('DOM', 'EARLY', 'Pacific/Kiritimati'), ('DOM', 'LATE', 'Etc/GMT+12');
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('DOM', 'EARLY', 'EARLY'), ('DOM', 'LATE', 'LATE');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, time_zone, employed) VALUES
  ('DOM', 'EARLY', 'ZONE', 1, 'Pacific/Kiritimati', '(,)'), ('DOM', 'LATE', 'ZONE', 1, 'Etc/GMT+12', '(,)');
BEGIN;
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('DOM', 'EARLY', 1, '[2024-01-01,)'), ('DOM', 'LATE', 1, '[2024-01-01,)');
UPDATE caseload.therapist SET employed = daterange((now() AT TIME ZONE 'Pacific/Kiritimati')::date, NULL) WHERE district_id = 'DOM' AND discipline = 'ZONE';
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
  SELECT 'DOM', c, c, 'ZONE', '30/week', c, daterange((now() AT TIME ZONE 'Pacific/Kiritimati')::date, NULL) FROM unnest('{EARLY,LATE}'::text[]) c;
SELECT service_id, days_in_force FROM caseload.service_facts() WHERE district_id = 'DOM' AND discipline = 'ZONE';
SELECT therapist_id, days_employed, weekly_minutes FROM caseload.therapist_facts() WHERE district_id = 'DOM' AND discipline = 'ZONE';
SELECT site_id, services FROM caseload.site_facts() WHERE district_id = 'DOM' AND site_id IN ('EARLY', 'LATE') ORDER BY 1;
SELECT therapist_id, weekly_minutes FROM caseload.workload() WHERE district_id = 'DOM' AND discipline = 'ZONE';
ROLLBACK;

-- What a query does not ask for is not computed.
SELECT string_agg(DISTINCT s, ' ' ORDER BY s) AS scans FROM pg_temp.scans('SELECT weekly_minutes FROM caseload.therapist_facts(''2026-02-01'') WHERE district_id = ''DOM'' AND therapist_id = ''EQ1''') s;
SELECT string_agg(DISTINCT s, ' ' ORDER BY s) AS scans FROM pg_temp.scans('SELECT clients FROM caseload.site_facts(''2026-02-01'') WHERE district_id = ''DOM''') s;
SELECT string_agg(DISTINCT s, ' ' ORDER BY s) AS scans FROM pg_temp.scans('SELECT delivery, waiting FROM caseload.service_facts(''2026-02-01'') WHERE district_id = ''DOM''') s;
