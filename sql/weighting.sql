-- Weightings: the published models with their numbers (F: the formulas of the field), what an expression may say, districts and dates.
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
SET client_min_messages = warning;
SET caseload.capacity = off;
INSERT INTO caseload.district (district_id, state) VALUES ('WGT', 'VA'), ('WGTB', NULL);
INSERT INTO caseload.site (district_id, site_id, level, time_zone) SELECT 'WGT', l, l, 'America/New_York' FROM unnest('{preschool,elementary,middle,high,clinic}'::text[]) l;
INSERT INTO caseload.site (district_id, site_id, level) VALUES ('WGTB', 'high', 'high');
CREATE FUNCTION pg_temp.therapist(id text, discipline text DEFAULT 'SLP', fte numeric DEFAULT 1, district text DEFAULT 'WGT', state text DEFAULT NULL) RETURNS void LANGUAGE sql AS
$$ INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, employed, state) VALUES (district, id, discipline, fte, '[2015-01-01,)', state) $$;
-- so many clients with a service of the therapist
CREATE FUNCTION pg_temp.clients(therapist text, n integer, category text DEFAULT NULL, percent numeric DEFAULT NULL, aide boolean DEFAULT NULL, grade integer DEFAULT NULL,
                                site text DEFAULT NULL, points numeric DEFAULT NULL, class text DEFAULT NULL, dosage text DEFAULT '30/week', district text DEFAULT 'WGT')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held integer := (SELECT count(*) FROM caseload.service s WHERE s.district_id = district AND s.therapist_id = therapist);
BEGIN
  INSERT INTO caseload.client (district_id, client_id, category, service_percent, has_aide, grade, site_id, need_points, low_incidence_class)
    SELECT district, therapist || '-' || held + i, category, percent, aide, clients.grade, site, points, class FROM generate_series(1, n) i;
  INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT district, therapist || '-' || held + i, 1, '[2015-01-01,)' FROM generate_series(1, n) i;
  INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
    SELECT district, therapist || '-' || held + i, therapist || '-' || held + i, t.discipline, clients.dosage::caseload.dosage, therapist, '[2015-01-01,)'
      FROM generate_series(1, n) i, caseload.therapist t WHERE t.district_id = district AND t.therapist_id = therapist;
END $$;
CREATE FUNCTION pg_temp.loads(model text, day date DEFAULT '2026-02-02') RETURNS TABLE (therapist_id text, points numeric, points_limit numeric, percent numeric, over boolean, counted bigint, unknown bigint, failed bigint) LANGUAGE sql AS
$$ SELECT l.therapist_id, l.points, l.points_limit, round(100 * l.points / nullif(l.points_limit, 0), 1), l.points > l.points_limit, l.counted, l.unknown, l.failed
     FROM caseload.weighting_loads(model, day, 'WGT') l WHERE l.counted > 0 ORDER BY 1 $$;

SELECT weighting_name, subject, unit, decimals, discipline, jurisdiction, valid, facts FROM caseload.weighting WHERE district_id = '*' ORDER BY weighting_name, valid;
\a\t
SELECT weighting_name || ': ' || expression || coalesce(' of ' || capacity, '') FROM caseload.weighting WHERE district_id = '*' ORDER BY weighting_name, valid;
\a\t

-- F6 Virginia: 4 autism with an aide + 5 LD with one = 10 + 10 = 20; 3 autism without + 4 Level I + 3 LD with = 9.9 + 4 + 6 = 19.9; one more of Level I = 20.9, over
DO $$ BEGIN PERFORM pg_temp.therapist('VA1', 'TEACHER'), pg_temp.clients('VA1', 4, 'Autism', 50, true), pg_temp.clients('VA1', 5, 'Specific Learning Disability', 80, true); END $$;
DO $$ BEGIN PERFORM pg_temp.therapist('VA2', 'TEACHER'), pg_temp.clients('VA2', 3, 'Autism', 60, false), pg_temp.clients('VA2', 4, 'Autism', 49.99), pg_temp.clients('VA2', 3, 'Specific Learning Disability', 100, true); END $$;
DO $$ BEGIN PERFORM pg_temp.therapist('VA3', 'TEACHER'), pg_temp.clients('VA3', 3, 'Autism', 60, false), pg_temp.clients('VA3', 5, NULL, 10), pg_temp.clients('VA3', 3, 'Specific Learning Disability', 100, true); END $$;
-- what nobody recorded is not light: no share of the day, no category at Level II, no word about an aide
DO $$ BEGIN PERFORM pg_temp.therapist('VA4', 'TEACHER', 0.5), pg_temp.clients('VA4', 1, 'Autism'), pg_temp.clients('VA4', 1, NULL, 70, true), pg_temp.clients('VA4', 1, 'Autism', 70), pg_temp.clients('VA4', 1, NULL, 10); END $$;
DO $$ BEGIN PERFORM pg_temp.therapist('VA5', 'TEACHER', NULL), pg_temp.clients('VA5', 2); END $$;
SELECT * FROM pg_temp.loads('virginia_points') WHERE therapist_id LIKE 'VA%';
-- 68 for an SLP
DO $$ BEGIN PERFORM pg_temp.therapist('VA6'), pg_temp.clients('VA6', 68), pg_temp.therapist('VA7'), pg_temp.clients('VA7', 69); END $$;
SELECT * FROM pg_temp.loads('virginia_slp') WHERE therapist_id LIKE 'VA%';

-- F7 Ohio: 50 x 1.6 = 80; 30 + 25 x 1.6 = 70 of 80 = 87.5 %; by class, by grade, by site; where neither is recorded, nobody knows
DO $$ BEGIN PERFORM pg_temp.therapist('OH1'), pg_temp.clients('OH1', 50, class => 'Autistic Support'); END $$;
DO $$ BEGIN PERFORM pg_temp.therapist('OH2'), pg_temp.clients('OH2', 30, grade => 3), pg_temp.clients('OH2', 15, grade => -1), pg_temp.clients('OH2', 10, site => 'preschool'); END $$;
DO $$ BEGIN PERFORM pg_temp.therapist('OH3'), pg_temp.clients('OH3', 1, site => 'high'), pg_temp.clients('OH3', 2, site => 'clinic'); END $$;
SELECT * FROM pg_temp.loads('ohio_weighted') WHERE therapist_id LIKE 'OH%';

-- F8 Wisconsin: 16 x 1.6 = 25.6 ok, 17 -> 27.2 review; 7 x 3.3 = 23.1 ok, 8 -> 26.4 review
DO $$ BEGIN PERFORM pg_temp.therapist('WI' || i, 'TEACHER') FROM generate_series(1, 4) i; END $$;
DO $$ BEGIN PERFORM pg_temp.clients('WI1', 16, 'Specific Learning Disability', 20, site => 'elementary'), pg_temp.clients('WI2', 17, 'Specific Learning Disability', 20, site => 'elementary'),
          pg_temp.clients('WI3', 7, 'Intellectual Disability', 61, site => 'high'), pg_temp.clients('WI4', 8, 'Intellectual Disability', 61, site => 'middle'); END $$;
SELECT * FROM pg_temp.loads('wisconsin_factors') WHERE therapist_id LIKE 'WI%';

-- F9 New Mexico: 0.029, 0.042, 0.067, 0.125; SLP 30 minimal + 17 moderate = 0.986; 60 x 1/60 are one position, not more
DO $$ BEGIN PERFORM pg_temp.therapist('NM' || i, CASE WHEN i < 5 THEN 'TEACHER' ELSE 'SLP' END) FROM generate_series(1, 8) i; END $$;
DO $$ BEGIN PERFORM pg_temp.clients('NM1', 1, percent => 10), pg_temp.clients('NM2', 1, percent => 10.01), pg_temp.clients('NM3', 1, percent => 50), pg_temp.clients('NM4', 1, percent => 100),
          pg_temp.clients('NM5', 30, percent => 10), pg_temp.clients('NM5', 17, percent => 49), pg_temp.clients('NM6', 60, percent => 5), pg_temp.clients('NM7', 61, percent => 5),
          pg_temp.clients('NM8', 1, percent => 50), pg_temp.clients('NM8', 1, percent => 5); END $$;
SELECT * FROM pg_temp.loads('new_mexico_shares') WHERE therapist_id LIKE 'NM%' AND therapist_id < 'NM5';
SELECT * FROM pg_temp.loads('new_mexico_slp') WHERE therapist_id LIKE 'NM%';

-- F12 Iowa: 87 points of kindergarten to grade 3 are ok, 89 over (88); each band by itself
DO $$ BEGIN PERFORM pg_temp.therapist('IA1', 'TEACHER'), pg_temp.clients('IA1', 1, grade => 0, points => 40), pg_temp.clients('IA1', 1, grade => 3, points => 47), pg_temp.clients('IA1', 1, grade => 4, points => 90),
          pg_temp.therapist('IA2', 'TEACHER'), pg_temp.clients('IA2', 2, grade => 2, points => 44.5), pg_temp.therapist('IA3', 'TEACHER'), pg_temp.clients('IA3', 1, grade => 2), pg_temp.clients('IA3', 1, grade => 5); END $$;
SELECT m AS model, l.therapist_id, l.points, l.points_limit, l.over, l.unknown FROM unnest('{iowa_points_pk,iowa_points_k_3,iowa_points_4_5,iowa_points_6_8,iowa_points_9_12}'::text[]) WITH ORDINALITY u (m, n), pg_temp.loads(m) l
 WHERE l.therapist_id LIKE 'IA%' ORDER BY l.therapist_id, u.n;

-- F13 Pennsylvania: 60 of 65 = 92.3 % from 0.8 FTE on; below, in proportion
DO $$ BEGIN PERFORM pg_temp.therapist('PA1'), pg_temp.clients('PA1', 60), pg_temp.therapist('PA2', fte => 0.8), pg_temp.clients('PA2', 60), pg_temp.therapist('PA3', fte => 0.5), pg_temp.clients('PA3', 33); END $$;
SELECT * FROM pg_temp.loads('pennsylvania_slp') WHERE therapist_id LIKE 'PA%';

-- F15 Oklahoma: above 125 an exception is asked for
DO $$ BEGIN PERFORM pg_temp.therapist('OK1', 'TEACHER'), pg_temp.clients('OK1', 5, points => 25), pg_temp.therapist('OK2', 'TEACHER'), pg_temp.clients('OK2', 5, points => 25.2); END $$;
SELECT * FROM pg_temp.loads('oklahoma_workload') WHERE therapist_id LIKE 'OK%';

-- F23 Indiana: 7/12 + 5/12 = 1.000; 8/12 + 6/12 + 5/13 = 1.551; the earlier rule until the middle of 2019
DO $$ BEGIN PERFORM pg_temp.therapist('IN1', 'CASEWORK'), pg_temp.clients('IN1', 7, 'assessment'), pg_temp.clients('IN1', 5, 'in-home'),
          pg_temp.therapist('IN2', 'CASEWORK'), pg_temp.clients('IN2', 8, 'assessment'), pg_temp.clients('IN2', 6, 'in-home'), pg_temp.clients('IN2', 5, 'out-of-home'); END $$;
SELECT d::date AS day, l.* FROM unnest('{2019-06-30,2019-07-01,2026-02-02}'::date[]) d, pg_temp.loads('indiana_casework', d::date) l WHERE l.therapist_id LIKE 'IN%' ORDER BY 1, 2;

-- F3 North Carolina: 2 + 1 + 1 = 4 h; 76 h of plans are 1.9 positions of 40 hours and 2.17 of 35; a dosage that is not known is not 0
DO $$ BEGIN PERFORM pg_temp.therapist('NC1'), pg_temp.clients('NC1', 1, dosage => '120/week'), pg_temp.clients('NC1', 2, dosage => '60/week'),
          pg_temp.therapist('NC2'), pg_temp.clients('NC2', 38, dosage => '2x60/week'), pg_temp.therapist('NC3'), pg_temp.clients('NC3', 1, dosage => NULL), pg_temp.clients('NC3', 1, dosage => '45/week'); END $$;
SELECT l.*, round(points / 40, 2) AS fte_of_40, round(points / 35, 2) AS fte_of_35 FROM pg_temp.loads('nc_iep_hours') l WHERE therapist_id LIKE 'NC%';

-- 11: 30 low-incidence students of weight 2 are 60, more than 50 others
DO $$ BEGIN PERFORM pg_temp.therapist('CW1', 'OT'), pg_temp.clients('CW1', 30, class => 'Multi-Disabilities Support'), pg_temp.therapist('CW2', 'OT'), pg_temp.clients('CW2', 50); END $$;
SELECT * FROM pg_temp.loads('class_weights') WHERE therapist_id LIKE 'CW%';

-- Models over therapists are shown without what policies would add: only what is in the examples.
INSERT INTO caseload.policy (district_id, policy_name, value) SELECT 'WGT', k, '0'
  FROM unnest('{note_minutes,planning_minutes,review_minutes,evaluation_minutes,screening_minutes,meeting_minutes,makeup_percent,hop_minutes}'::text[]) k;
CREATE FUNCTION pg_temp.duty(therapist text, activity text, hours numeric) RETURNS void LANGUAGE sql AS
$$ INSERT INTO caseload.duty (district_id, duty_id, therapist_id, activity_name, dosage) VALUES ('WGT', therapist || activity, therapist, activity, (hours * 60)::integer || '/week') $$;

-- F1 ASHA: 15 + 12 + 8 h are 35 h, 42.9 / 34.3 / 22.9 %
DO $$ BEGIN PERFORM pg_temp.therapist('AS1'), pg_temp.clients('AS1', 15, dosage => '60/week'), pg_temp.duty('AS1', 'collaboration', 12), pg_temp.duty('AS1', 'plan writing', 8); END $$;
SELECT * FROM pg_temp.loads('asha_hours') WHERE therapist_id = 'AS1';
SELECT cluster, round(minutes / 60, 2) AS hours, percent FROM caseload.asha_clusters('2026-02-02', 'WGT', 'AS1') ORDER BY minutes DESC;
-- F2: 83 hours of a contract of 37.5 are 221.3 %
DO $$ BEGIN PERFORM pg_temp.therapist('AS2'), pg_temp.clients('AS2', 40, dosage => '60/week'), pg_temp.duty('AS2', 'evaluation', 10), pg_temp.duty('AS2', 'travel', 33); END $$;
SELECT * FROM pg_temp.loads('asha_hours') WHERE therapist_id = 'AS2';
-- ASHA 2022: 22 + 5.8 + 3.6 + 1.9 + 1.0 + 0.8 + 2.1 = 37.2 hours in seven categories; a cluster of its own for what keeps students in the classroom
DO $$ BEGIN PERFORM pg_temp.therapist('AS3'), pg_temp.clients('AS3', 22, dosage => '60/week'), pg_temp.duty('AS3', 'plan writing', 5.8), pg_temp.duty('AS3', 'evaluation', 3.6),
          pg_temp.duty('AS3', 'collaboration', 1.9), pg_temp.duty('AS3', 'equipment', 1), pg_temp.duty('AS3', 'training aides', 0.8), pg_temp.duty('AS3', 'communication', 2.1); END $$;
SELECT category, hours, asha_2022_hours FROM caseload.asha_categories('2026-02-02', 'WGT', 'AS3');
SELECT cluster, minutes, percent FROM caseload.asha_clusters('2026-02-02', 'WGT', 'AS3') ORDER BY minutes DESC;
SELECT * FROM pg_temp.loads('asha_hours') WHERE therapist_id = 'AS3';
-- without an FTE nobody knows what planning and reviews take
SELECT cluster, minutes, percent FROM caseload.asha_clusters('2026-02-02', 'WGT', 'VA5') ORDER BY cluster;

-- F4 North Carolina: 4.5 h x 5 days = 22.5 h x 1.5 = 33.75 h; a group of three counts once
DO $$ BEGIN PERFORM pg_temp.therapist('NC4'), pg_temp.clients('NC4', 1, dosage => '5x240/week'), pg_temp.clients('NC4', 3, dosage => '150/week'); END $$;
UPDATE caseload.service SET group_size = 3 WHERE district_id = 'WGT' AND service_id IN ('NC4-2', 'NC4-3', 'NC4-4');
SELECT * FROM pg_temp.loads('nc_direct') WHERE therapist_id = 'NC4';

-- F10 Minnesota: 2775 direct minutes, settings that sum to 21, 10 cases managed, 12 contacts: 149.5, of 150 to 300
DO $$ BEGIN PERFORM pg_temp.therapist('MN1', 'TEACHER'), pg_temp.clients('MN1', 12, dosage => '231/week'), pg_temp.duty('MN1', 'classroom support', 0.05); END $$;
UPDATE caseload.client SET federal_setting = CASE WHEN right(client_id, 2) IN ('10', '11', '12') THEN 1 ELSE 2 END, case_manager_id = CASE WHEN client_id NOT IN ('MN1-1', 'MN1-2') THEN 'MN1' END
 WHERE client_id LIKE 'MN1-%';
SELECT f.direct_minutes, f.federal_settings, f.cases_managed, f.clients, l.points, l.points_limit FROM caseload.therapist_facts('2026-02-02') f, pg_temp.loads('minnesota_work_quotient') l
 WHERE f.therapist_id = 'MN1' AND l.therapist_id = 'MN1';

-- F19 CAPA: a job plan of 11 hours holds 3.14 half-days, so 9.4 new clients a quarter: 9 are within, 10 over
DO $$ BEGIN PERFORM pg_temp.therapist('CA1', 'PSY', 0.44), pg_temp.clients('CA1', 9, dosage => '15/week'), pg_temp.therapist('CA2', 'PSY', 0.44), pg_temp.clients('CA2', 12, dosage => '15/week'); END $$;
UPDATE caseload.episode SET period = '[2026-01-05,)' WHERE client_id LIKE 'CA%' AND client_id NOT IN ('CA2-1', 'CA2-2');
UPDATE caseload.service SET period = '[2026-01-05,)' WHERE client_id LIKE 'CA%' AND client_id NOT IN ('CA2-1', 'CA2-2');
SELECT * FROM pg_temp.loads('capa_new_clients') WHERE therapist_id LIKE 'CA%';

-- F22, F24: cases x minutes / work-year: 50 cases of 30 minutes in 36 weeks are 900 hours; 48 cases of weight 1 are a work-year, 30 of weight 2 and 1 are 1.271
DO $$ BEGIN PERFORM pg_temp.therapist('WY1', 'OT'), pg_temp.clients('WY1', 50, dosage => '30/week'), pg_temp.therapist('WY2', 'OT'), pg_temp.clients('WY2', 48, dosage => '15/week'),
          pg_temp.therapist('WY3', 'OT'), pg_temp.clients('WY3', 30, class => 'Autistic Support'), pg_temp.clients('WY3', 1); END $$;
SELECT * FROM pg_temp.loads('ssa_work_years') WHERE therapist_id LIKE 'WY%';
SELECT * FROM pg_temp.loads('ncsc_weighted_caseload') WHERE therapist_id LIKE 'WY%';

-- one client counts once, whatever the services; tier 3 makes a caseload, tiers 1 and 2 do not; services of another discipline are not the SLP's
DO $$ BEGIN PERFORM pg_temp.therapist('ONE'), pg_temp.clients('ONE', 3); END $$;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period, tier) VALUES
  ('WGT', 'ONE-again', 'ONE-1', 'SLP', '30/week', 'ONE', '[2015-01-01,)', 3), ('WGT', 'ONE-ended', 'VA1-1', 'SLP', '30/week', 'ONE', '[2015-01-01,2016-01-01)', 3),
  ('WGT', 'ONE-tier', 'VA1-2', 'SLP', '30/week', 'ONE', '[2015-01-01,)', 1), ('WGT', 'ONE-other', 'VA1-3', 'OT', '30/week', 'ONE', '[2015-01-01,)', 3);
SELECT m AS model, l.* FROM unnest('{pennsylvania_slp,class_weights,nc_iep_hours}'::text[]) m, pg_temp.loads(m) l WHERE l.therapist_id = 'ONE' ORDER BY 1;
-- who has nobody has 0; who is not employed, or not meant, has no row
DO $$ BEGIN PERFORM pg_temp.therapist('NONE'), pg_temp.therapist('OTHER', 'OT'); END $$;
UPDATE caseload.therapist SET employed = '[2015-01-01,2026-01-01)' WHERE therapist_id = 'OK2';
SELECT therapist_id, points, points_limit, counted FROM caseload.weighting_loads('pennsylvania_slp', '2026-02-02', 'WGT') WHERE therapist_id IN ('NONE', 'OTHER', 'OK2');
SELECT count(*) FROM caseload.weighting_loads('oklahoma_workload', '2026-02-02', 'WGT', 'OK2');

-- a model of one's own is one INSERT; it goes before the one of every district that bears its name, on its days
INSERT INTO caseload.weighting (district_id, weighting_name, expression, capacity, unit, source, valid) VALUES
  ('WGT', 'our_points', '1 + service_percent / 100', 'coalesce(fte, 1) * 25', 'points', 'agreement of 2026', '[2026-01-01,)'),
  ('WGT', 'virginia_points', '2', '10', 'points', 'stricter than the state', '[2026-03-01,)');
SELECT * FROM pg_temp.loads('our_points') WHERE therapist_id IN ('VA1', 'VA4', 'VA5');
SELECT * FROM pg_temp.loads('our_points', '2025-12-31');
SELECT d::date AS day, l.weighting_district, l.weighting_version, l.points, l.points_limit
  FROM unnest('{2009-12-31,2026-02-28,2026-03-01}'::date[]) d, caseload.weighting_loads('virginia_points', d::date, 'WGT', 'VA1') l ORDER BY 1;
SELECT weighting_district, points FROM caseload.weighting_loads('virginia_points', '2026-03-01') WHERE district_id = 'WGTB';
-- a change is seen by the next call, also when it is taken back
BEGIN;
UPDATE caseload.weighting SET expression = '3' WHERE weighting_name = 'our_points';
SELECT points FROM caseload.weighting_loads('our_points', '2026-02-02', 'WGT', 'VA1');
ROLLBACK;
SELECT points FROM caseload.weighting_loads('our_points', '2026-02-02', 'WGT', 'VA1');
-- versions count changes of what is reckoned, not of words, and go on where one is made again
UPDATE caseload.weighting SET description = 'words' WHERE weighting_name = 'our_points';
UPDATE caseload.weighting SET capacity = '30' WHERE weighting_name = 'our_points';
UPDATE caseload.weighting SET capacity = NULL WHERE weighting_name = 'our_points';
DELETE FROM caseload.weighting WHERE weighting_name = 'our_points';
INSERT INTO caseload.weighting (district_id, weighting_name, expression, valid) VALUES ('WGT', 'our_points', '1', '(,2026-01-01)'), ('WGT', 'our_points', '2', '[2026-01-01,)');
SELECT version, expression, capacity, valid, changed_by = session_user AS by_me FROM caseload.weighting_version WHERE weighting_name = 'our_points' ORDER BY 1;
SELECT version, expression FROM caseload.weighting WHERE weighting_name = 'our_points' ORDER BY 1;

-- what is no number over the facts is refused, with its place
\set VERBOSITY default
INSERT INTO caseload.weighting (district_id, weighting_name, expression) VALUES ('WGT', 'bad', 'grade +');
INSERT INTO caseload.weighting (district_id, weighting_name, expression) VALUES ('WGT', 'bad', 'grade * points');
INSERT INTO caseload.weighting (district_id, weighting_name, expression) VALUES ('WGT', 'bad', 'has_aide');
INSERT INTO caseload.weighting (district_id, weighting_name, expression) VALUES ('WGT', 'bad', '''x''');
INSERT INTO caseload.weighting (district_id, weighting_name, expression) VALUES ('WGT', 'bad', '1 / 0');
INSERT INTO caseload.weighting (district_id, weighting_name, expression) VALUES ('WGT', 'bad', '(SELECT 1)');
INSERT INTO caseload.weighting (district_id, weighting_name, expression) VALUES ('WGT', 'bad', 'sum(grade)');
INSERT INTO caseload.weighting (district_id, weighting_name, expression) VALUES ('WGT', 'bad', 'random()');
INSERT INTO caseload.weighting (district_id, weighting_name, expression, capacity) VALUES ('WGT', 'bad', '1', 'grade * 20');
INSERT INTO caseload.weighting (district_id, weighting_name, expression, capacity) VALUES ('WGT', 'bad', '1', 'fte > 1');
INSERT INTO caseload.weighting (district_id, weighting_name, subject, expression) VALUES ('WGT', 'bad', 'site', '1');
INSERT INTO caseload.weighting (district_id, weighting_name, expression) VALUES ('NOWHERE', 'bad', '1');
INSERT INTO caseload.weighting (district_id, weighting_name, expression, valid) VALUES ('WGT', 'virginia_points', '1', '[2026-06-01,2026-07-01)');
UPDATE caseload.weighting SET expression = 'grades' WHERE weighting_name = 'our_points';
SELECT * FROM caseload.weighting_loads('no such');
SELECT * FROM caseload.weighting_loads(NULL);
SELECT * FROM caseload.weighting_loads('minutes', 'infinity');
\set VERBOSITY terse
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('WGT', 'weighting', 'no such');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('WGTB', 'weighting', 'our_points');
\set VERBOSITY default

-- what fails on a row stops nobody: the points are not known, and it says why
INSERT INTO caseload.weighting (district_id, weighting_name, expression, capacity) VALUES
  ('WGT', 'fails', '10.0 / (grade - 3)', '20'), ('WGT', 'fails_limit', '1', '20 / (fte - 0.5)'), ('WGT', 'not_a_number', 'need_points', NULL);
UPDATE caseload.client SET need_points = 'NaN' WHERE client_id = 'OK1-1';
SELECT therapist_id, points, points_limit, counted, unknown, failed, fault FROM caseload.weighting_loads('fails', '2026-02-02', 'WGT') WHERE therapist_id IN ('IA1', 'IA2', 'OH2', 'VA1') ORDER BY 1;
SELECT therapist_id, points, points_limit, counted, unknown, failed, fault FROM caseload.weighting_loads('fails_limit', '2026-02-02', 'WGT') WHERE therapist_id IN ('VA1', 'VA4', 'VA5') ORDER BY 1;
SELECT therapist_id, points, counted, unknown, failed, fault FROM caseload.weighting_loads('not_a_number', '2026-02-02', 'WGT') WHERE therapist_id IN ('IA2', 'OK1') ORDER BY 1;
UPDATE caseload.client SET need_points = 25 WHERE client_id = 'OK1-1';
SELECT load, limit_value, verdict, failed FROM caseload.workload_models('IA1', '2026-02-02', 'WGT') WHERE weighting_name = 'fails';
-- nor does it break the report of those for whom it is in force
INSERT INTO caseload.policy (district_id, policy_name, discipline, value) VALUES ('WGT', 'weighting', 'TEACHER', 'fails'), ('WGT', 'weighting', 'SLP', 'virginia_slp');
SELECT therapist_id, discipline, weekly_minutes, points, points_limit, points_unit FROM caseload.workload('2026-02-02') WHERE therapist_id IN ('IA1', 'IA2', 'VA1', 'VA6', 'CW1') ORDER BY 1;
-- nor one that was deleted
DELETE FROM caseload.weighting WHERE weighting_name ~ '^(fails|not_a)';
DELETE FROM caseload.weighting WHERE district_id = 'WGT';
SELECT therapist_id, points, points_limit, points_unit FROM caseload.workload('2026-02-02') WHERE therapist_id IN ('IA1', 'IA2', 'VA1', 'VA6', 'CW1') ORDER BY 1;
-- by name; minutes are none, and what there is not is an error
SELECT therapist_id, points, points_limit, points_unit FROM caseload.workload('2026-02-02', 'virginia_points') WHERE therapist_id IN ('IA1', 'IA2', 'VA1', 'VA6', 'CW1') ORDER BY 1;
SELECT count(*) > 10 AS many, count(points) FROM caseload.workload('2026-02-02', 'minutes') WHERE district_id = 'WGT';
\set VERBOSITY terse
SELECT * FROM caseload.workload('2026-02-02', 'no such');
\set VERBOSITY default
DELETE FROM caseload.policy WHERE district_id = 'WGT' AND policy_name = 'weighting';
-- who asks for no points does not pay for them
CREATE FUNCTION pg_temp.asks_points(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  line  text;
  found boolean := false;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
    found := found OR line LIKE '%weighting%';
  END LOOP;
  RETURN found;
END $$;
SELECT pg_temp.asks_points('SELECT therapist_id, points FROM caseload.workload(''2026-02-02'', ''virginia_points'')') AS points,
       pg_temp.asks_points('SELECT therapist_id, weekly_minutes FROM caseload.workload(''2026-02-02'', ''virginia_points'')') AS minutes;

-- one caseload, many laws
SELECT weighting_name, jurisdiction, load, limit_value, unit, percent, over, verdict, here, unknown FROM caseload.workload_models('VA3', '2026-02-02', 'WGT');
SELECT weighting_name, jurisdiction, load, limit_value, percent, verdict, here, unknown FROM caseload.workload_models('VA6', '2026-02-02');
SELECT weighting_name, load, limit_value, verdict FROM caseload.workload_models('VA5', '2026-02-02') WHERE weighting_name IN ('minutes', 'virginia_points', 'class_weights');
-- the therapist's state counts where the district says none
DO $$ BEGIN PERFORM pg_temp.therapist('FAR', 'OT', district => 'WGTB', state => 'NM'); END $$;
SELECT weighting_name FROM caseload.workload_models('FAR', '2026-02-02') WHERE here;
\set VERBOSITY terse
SELECT * FROM caseload.workload_models('nobody');
-- who gains room and who loses it
SELECT therapist_id, discipline, load_a, percent_a, rank_a, load_b, percent_b, rank_b, change, effect
  FROM caseload.compare_weightings('virginia_points', 'new_mexico_shares', '2026-02-02', 'WGT') WHERE discipline = 'TEACHER';
SELECT therapist_id, effect FROM caseload.compare_weightings('virginia_points', 'class_weights', '2026-02-02', 'WGT') WHERE therapist_id = 'VA1';
SELECT DISTINCT effect FROM caseload.compare_weightings('minutes', 'minutes', '2026-02-02', 'WGT');

-- facts are read with the rights of who asks, weightings with those of who installed them
CREATE ROLE wgt_reader;
GRANT USAGE ON SCHEMA caseload TO wgt_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA caseload TO wgt_reader;
SET ROLE wgt_reader;
\set VERBOSITY terse
SELECT * FROM caseload.weighting_loads('virginia_points', '2026-02-02', 'WGT', 'VA1');
RESET ROLE;
DROP OWNED BY wgt_reader;
DROP ROLE wgt_reader;

-- rules over what weightings look at: what the triggers write, what evaluate() writes and what SQL says are one
INSERT INTO caseload.rule (district_id, rule_name, condition, message)
  SELECT 'WGT', 'fact ' || c, c, c FROM unnest('{grade >= 3,low_incidence,class_weight > 1,service_percent < 50,has_aide,federal_setting = 2,need_points > 44,weekly_minutes > 45,weekly_minutes IS NULL}'::text[]) c;
UPDATE caseload.client SET federal_setting = 2 WHERE district_id = 'WGT' AND client_id IN ('VA1-1', 'VA1-2');
CREATE FUNCTION pg_temp.held() RETURNS TABLE (rule_name text, says bigint, flags bigint, differ bigint) LANGUAGE sql AS
$$ SELECT coalesce(n.rule_name, f.rule_name), count(n.subject_key), count(f.subject_key), count(*) FILTER (WHERE n.subject_key IS NULL OR f.subject_key IS NULL)
     FROM (SELECT * FROM caseload.findings(in_district => 'WGT') WHERE findings.rule_name LIKE 'fact%') n
     FULL JOIN (SELECT * FROM caseload.flag WHERE flag.rule_name LIKE 'fact%' AND cleared_on IS NULL AND district_id = 'WGT') f ON f.subject_key = n.subject_key AND f.rule_name = n.rule_name
    GROUP BY 1 ORDER BY coalesce(n.rule_name, f.rule_name) COLLATE "C" $$;
SELECT errors FROM caseload.evaluate(district_id => 'WGT');
SELECT * FROM pg_temp.held();
DELETE FROM caseload.flag WHERE district_id = 'WGT';
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind) SELECT district_id, client_id, client_id, now() - interval '1 day', 'two_way' FROM caseload.client WHERE district_id = 'WGT';
SELECT * FROM pg_temp.held();
DELETE FROM caseload.rule WHERE district_id = 'WGT';
SELECT * FROM caseload.verify('WGT');
DELETE FROM caseload.flag WHERE district_id IN ('WGT', 'WGTB');
DELETE FROM caseload.service WHERE district_id IN ('WGT', 'WGTB');
DELETE FROM caseload.contact WHERE district_id IN ('WGT', 'WGTB');
DELETE FROM caseload.episode WHERE district_id IN ('WGT', 'WGTB');
DELETE FROM caseload.client WHERE district_id IN ('WGT', 'WGTB');
DELETE FROM caseload.therapist WHERE district_id IN ('WGT', 'WGTB');
DELETE FROM caseload.site WHERE district_id IN ('WGT', 'WGTB');
INSERT INTO caseload.weighting (district_id, weighting_name, expression) VALUES ('WGT', 'gone', '1');
DELETE FROM caseload.district WHERE district_id IN ('WGT', 'WGTB');
SELECT count(*) FROM caseload.weighting WHERE weighting_name = 'gone';
-- Who reads the weightings anew while one is at work, here a row level policy, does not take them away from it.
CREATE FUNCTION pg_temp.renew() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  UPDATE caseload.weighting SET unit = unit WHERE weighting_name = 'class_weights';
  PERFORM * FROM caseload.weighting_loads('class_weights', '2026-01-01', 'NOWHERE');
  RETURN true;
END $$;
CREATE ROLE regress_weighting;
GRANT USAGE ON SCHEMA caseload TO regress_weighting;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA caseload TO regress_weighting;
GRANT SELECT ON ALL TABLES IN SCHEMA caseload TO regress_weighting;
BEGIN;
INSERT INTO caseload.district (district_id) VALUES ('NEST');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('NEST', 'T', 'SLP', 1);
ALTER TABLE caseload.therapist ENABLE ROW LEVEL SECURITY;
CREATE POLICY renewing ON caseload.therapist FOR SELECT USING (district_id = 'NEST' AND pg_temp.renew());
SET LOCAL ROLE regress_weighting;
SELECT therapist_id, points, points_limit FROM caseload.weighting_loads('virginia_slp', '2026-01-01', 'NEST');
ROLLBACK;
DROP OWNED BY regress_weighting;
DROP ROLE regress_weighting;
