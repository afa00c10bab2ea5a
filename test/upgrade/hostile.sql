-- A district whose names and ids are as hostile as text can be: everything that quoting, COPY, psql, shells and sorting stumble over.

-- n makes it another one
CREATE FUNCTION pg_temp.h(n integer) RETURNS text LANGUAGE sql AS $f$
  SELECT E'  O\'Neil "x" \\ \\\\ \\! \\. \\n \\N \\restrict \\connect x\n\\.\n\\! touch pwned\r\n\tq;--/*$piece$ $$ $1 :v :''v'' %s {}*/ \u00e9\u6f22\U0001F600\u202e\u200b <'
         || n || E'>  \t '
$f$;
BEGIN;
INSERT INTO caseload.policy_kind (policy_name, value_type, default_value, unit, description, source)
  VALUES (pg_temp.h(1), 'boolean', 'on', pg_temp.h(2), pg_temp.h(3), pg_temp.h(4));
INSERT INTO caseload.district (district_id, name, state) VALUES (pg_temp.h(10), pg_temp.h(11), pg_temp.h(12));
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES (pg_temp.h(10), pg_temp.h(1), 'off');
INSERT INTO caseload.site (district_id, site_id, name, level, state, time_zone)
  VALUES (pg_temp.h(10), pg_temp.h(20), pg_temp.h(21), 'clinic', pg_temp.h(22), 'Pacific/Chatham');
INSERT INTO caseload.therapist (district_id, therapist_id, name, discipline, fte, state, time_zone)
  SELECT pg_temp.h(10), pg_temp.h(30 + i), pg_temp.h(40 + i), pg_temp.h(50), 1, pg_temp.h(51), 'Asia/Kathmandu' FROM generate_series(1, 2) i;
INSERT INTO caseload.weighting (district_id, weighting_name, expression, capacity, unit, discipline, jurisdiction, source, description)
  VALUES (pg_temp.h(10), pg_temp.h(52), format('CASE category WHEN %L THEN 2 ELSE 1 END', pg_temp.h(62)), format('CASE discipline WHEN %L THEN 20 ELSE 30 END', pg_temp.h(50)),
          pg_temp.h(53), pg_temp.h(50), pg_temp.h(12), pg_temp.h(54), pg_temp.h(55));
UPDATE caseload.weighting_version SET changed_by = pg_temp.h(94) WHERE district_id = pg_temp.h(10);
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES (pg_temp.h(10), 'weighting', pg_temp.h(52));
INSERT INTO caseload.license (district_id, therapist_id, state, discipline, valid)
  SELECT pg_temp.h(10), pg_temp.h(31), state, pg_temp.h(50), '[2025-01-01,2127-01-01)' FROM unnest(ARRAY[pg_temp.h(51), pg_temp.h(60), pg_temp.h(61)]) AS state;
INSERT INTO caseload.low_incidence_class (class_name, weight, description, source) VALUES (pg_temp.h(56), 1.5, pg_temp.h(57), pg_temp.h(58));
INSERT INTO caseload.client (district_id, client_id, name, site_id, state, category, grade, low_incidence_class, service_percent, has_aide, federal_setting, need_points, case_manager_id)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), pg_temp.h(200 + i), CASE WHEN i % 2 = 0 THEN pg_temp.h(20) END, pg_temp.h(61), pg_temp.h(62), i, pg_temp.h(56), i * 10.25, i > 4, i, i / 8.0, pg_temp.h(31)
    FROM generate_series(1, 8) i;
INSERT INTO caseload.therapist_scope (district_id, therapist_id, valid, lowest_grade) VALUES (pg_temp.h(10), pg_temp.h(32), '[2020-01-01,2021-01-01)', 1);
INSERT INTO caseload.activity (activity_name, category, cluster, description, source) VALUES (pg_temp.h(64), 'other', 'compliance', pg_temp.h(65), pg_temp.h(66));
INSERT INTO caseload.duty (district_id, duty_id, therapist_id, activity_name, dosage, client_id, site_id)
  VALUES (pg_temp.h(10), pg_temp.h(67), pg_temp.h(31), pg_temp.h(64), '30/week', pg_temp.h(101), pg_temp.h(20));
INSERT INTO caseload.closure (district_id, closure_id, site_id, days, reason) VALUES (pg_temp.h(10), pg_temp.h(68), pg_temp.h(20), '[2020-01-01,2020-01-02)', pg_temp.h(69));
INSERT INTO caseload.episode (district_id, client_id, episode, period, closure_reason, outcome)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), 1, '[2025-09-01,2026-01-01)', pg_temp.h(63), 'met' FROM generate_series(1, 4) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), 2, '[2026-01-01,)' FROM generate_series(1, 4) i;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, group_size, therapist_id, period)
  SELECT pg_temp.h(10), pg_temp.h(300 + i), pg_temp.h(100 + i), pg_temp.h(50), '2x30/week', 'small_group_ok', 3, pg_temp.h(31 + i % 2), '[2026-01-01,)' FROM generate_series(1, 6) i;
UPDATE caseload.service SET reviewed_on = date '2025-07-01' + 30 * substring(service_id, '<30(.)>')::integer
 WHERE district_id = pg_temp.h(10);
INSERT INTO caseload.document (district_id, client_id, document_id, kind, about, due_on, done_at, minutes, with_client)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), pg_temp.h(600 + i), (ARRAY['consent', 'plan', 'session_note'])[1 + i % 3], '2026-02-01', '2026-02-20',
         CASE WHEN i > 2 THEN timestamptz '2026-02-11 23:59:59.999999+13' END, i, i % 2 = 0 FROM generate_series(1, 6) i;
-- a condition with the same text in it, and one that fails
INSERT INTO caseload.rule (district_id, rule_name, condition, severity, action, message, source) VALUES
  (pg_temp.h(10), pg_temp.h(70), format('category = %L AND no_shows >= 1', pg_temp.h(62)), 'info', 'inform', pg_temp.h(71), pg_temp.h(72)),
  (pg_temp.h(10), pg_temp.h(73), 'appointments / (strikes - strikes) > 1', 'warn', 'review', pg_temp.h(74), NULL);
-- rules about everything that rules can be about; one replaces another where it applies, one is for a level that there is not
INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message, discipline, site_level, supersedes, valid, priority) VALUES
  (pg_temp.h(10), pg_temp.h(80), 'client', 'late >= 1', pg_temp.h(81), pg_temp.h(50), NULL, pg_temp.h(70), '[2025-01-01,2030-01-01)', -1),
  (pg_temp.h(10), pg_temp.h(82), 'service', 'NOT waiting', pg_temp.h(83), pg_temp.h(50), NULL, NULL, '(,)', 1),
  (pg_temp.h(10), pg_temp.h(84), 'therapist', 'services > 2', pg_temp.h(85), NULL, NULL, 'no such rule', '(,)', 2),
  (pg_temp.h(10), pg_temp.h(86), 'site', 'clients > 2', pg_temp.h(87), NULL, NULL, NULL, '(,)', 3),
  (pg_temp.h(10), pg_temp.h(88), 'client', 'true', pg_temp.h(89), NULL, pg_temp.h(90), NULL, '(,)', 4);
INSERT INTO public." O'Neil ""x"" \ \. \! $piece$ $$ :v %s {}" SELECT pg_temp.h(10), pg_temp.h(91), '2026-02-02', i FROM generate_series(7, 7) i;
SELECT caseload.register_subject('van', $r$public." O'Neil ""x"" \ \. \! $piece$ $$ :v %s {}"$r$, ARRAY[$k$key "'\ $piece$ $$ :v {,}$k$, 'k,2']);
INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message) VALUES (pg_temp.h(10), pg_temp.h(92), 'van', 'miles > 6', pg_temp.h(93));
-- a condition that was another one, written by somebody with such a name
UPDATE caseload.rule SET condition = 'miles >= 7' WHERE district_id = pg_temp.h(10) AND subject = 'van';
UPDATE caseload.rule_version SET changed_by = pg_temp.h(94) WHERE district_id = pg_temp.h(10);
INSERT INTO caseload.rule_error (rule_district, rule_error_id, rule_name, rule_version, occurrences, message)
  VALUES (pg_temp.h(10), pg_temp.h(75), pg_temp.h(73), 1, 1, pg_temp.h(76));
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, service_id, therapist_id, starts_at, minutes, status)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), pg_temp.h(400 + d), CASE WHEN i < 7 AND d > 60 THEN pg_temp.h(300 + i) END, pg_temp.h(31), date '2025-11-01' + d * 2 + time '11:55Z', 30,
         (ARRAY['attended', 'no_show', 'late', 'late_cancel', 'client_cancel', 'provider_cancel', 'closure', 'scheduled'])[1 + (d * i) % 8]::caseload.appointment_status
    FROM generate_series(1, 7) i, generate_series(0, 62) d
   WHERE i <= d % 9;
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), pg_temp.h(500), '2026-02-25 23:59+13', 'two_way' FROM generate_series(1, 7) i;
-- a flag of long ago
INSERT INTO caseload.flag (district_id, flag_id, subject, subject_key, client_id, episode, rule_district, rule_name, rule_version, severity, action, message,
                           raised_on, due_on, state, cleared_on, cleared_why, evidence, raised_at, raised_by, cleared_at, cleared_by)
  VALUES (pg_temp.h(10), pg_temp.h(700), 'client', pg_temp.h(101), pg_temp.h(101), 1, pg_temp.h(10), pg_temp.h(701), 1, 'act', 'close', pg_temp.h(702),
          '2025-10-01', '2025-10-08', 'resolved', '2025-10-02', pg_temp.h(703), ARRAY[pg_temp.h(400), pg_temp.h(401), ''],
          '2025-10-01 11:59:59.999999Z', pg_temp.h(704), '2025-10-02 00:00Z', pg_temp.h(705));
INSERT INTO caseload.flag_step (district_id, flag_step_id, flag_id, at, by, step, why, until)
  VALUES (pg_temp.h(10), pg_temp.h(710), pg_temp.h(700), '2025-10-01 12:00:00.000001Z', pg_temp.h(711), 'snoozed', pg_temp.h(712), '9999-12-31');
COMMIT;
