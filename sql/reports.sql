-- Reports: every figure of the field with its number, what a rate counts, and the edges. Rows are those of the sources (docs/reports.md).
SET datestyle = 'ISO, YMD';
SET timezone = 'UTC';
SET jit = off;
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.make_district(id text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO caseload.district (district_id) VALUES (id);
  INSERT INTO caseload.policy (district_id, policy_name, value) VALUES (id, 'capacity', 'off');
  INSERT INTO caseload.site (district_id, site_id, level, time_zone) VALUES (id, 'S', 'high', 'UTC') $$;
-- so many clients, enrolled for a period
CREATE FUNCTION pg_temp.enroll(district text, prefix text, n integer, period daterange, outcome text DEFAULT NULL, category text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
  INSERT INTO caseload.client (district_id, client_id, site_id, category) SELECT district, prefix || i, 'S', category FROM generate_series(1, n) i;
  INSERT INTO caseload.episode (district_id, client_id, episode, period, outcome) SELECT district, prefix || i, 1, period, outcome FROM generate_series(1, n) i $$;
-- a service for each of them
CREATE FUNCTION pg_temp.serve(district text, prefix text, n integer, discipline text, dosage caseload.dosage, therapist text, period daterange) RETURNS void LANGUAGE sql AS $$
  INSERT INTO caseload.service (district_id, client_id, discipline, dosage, therapist_id, period)
  SELECT district, prefix || i, discipline, dosage, therapist, period FROM generate_series(1, n) i $$;
CREATE FUNCTION pg_temp.appoint(district text, client text, n integer, at timestamptz, status caseload.appointment_status) RETURNS void LANGUAGE sql AS $$
  INSERT INTO caseload.appointment (district_id, client_id, starts_at, status) SELECT district, client, at + i * interval '1 minute', status FROM generate_series(1, n) i $$;
-- a team: therapists with so many weekly minutes each, by one client each
CREATE FUNCTION pg_temp.team(district text, discipline text, loads integer[], ftes numeric[], years integer[] DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
  INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, employed)
  SELECT district, discipline || i, discipline, ftes[i], daterange((date '2026-03-02' - coalesce(years[i], 1) * interval '1 year')::date, NULL) FROM generate_subscripts(loads, 1) i;
  INSERT INTO caseload.client (district_id, client_id, site_id) SELECT district, discipline || 'C' || i, 'S' FROM generate_subscripts(loads, 1) i;
  INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT district, discipline || 'C' || i, 1, '[2026-01-01,)' FROM generate_subscripts(loads, 1) i;
  INSERT INTO caseload.service (district_id, client_id, discipline, dosage, therapist_id, period)
  SELECT district, discipline || 'C' || i, discipline, format('10x%s/10 weeks', loads[i])::caseload.dosage, discipline || i, '[2026-01-01,)' FROM generate_subscripts(loads, 1) i $$;
SELECT count(pg_temp.make_district(d)) AS districts
  FROM unnest('{R16,R17,RFTE,R18,R21,R28,R32,R33,R52,R53,R54,R55,R67,R69,R80,R82,R84,R85,RSITE,REMPTY,RONE}'::text[]) d;

-- Equity: rows 16, 17, 20, 21 -------------------------------------------------------------------------------------------------
SELECT count(pg_temp.team('R16', 'SLP', '{40,45,50,55,60}', '{1,1,1,1,1}')), count(pg_temp.team('RFTE', 'SLP', '{50,25,40}', '{1,0.5,0.8}')),
       count(pg_temp.team('R17', 'SLP', '{60,55,50,45,40}', '{1,1,1,1,1}', '{1,3,5,8,12}'));
-- row 16: range 20, cv 0.141421, gini 0.08, jain 0.980392, max/min 1.5; 15 of 250 to move; z of the ends 1.414
\x on
SELECT * FROM caseload.equity_report('2026-03-02') WHERE district_id = 'R16';
\x off
-- loads are those of full-time positions: 50, 25 and 40 at 1.0, 0.5 and 0.8 are equal
SELECT therapists, fte, mean_per_fte, gini, jain, range_per_fte, minutes_to_move, highest_z FROM caseload.equity_report('2026-03-02') WHERE district_id = 'RFTE';
-- row 17: r = -0.9872
SELECT tenure_therapists, tenure_r FROM caseload.equity_report('2026-03-02') WHERE district_id = 'R17';
SELECT tenure_therapists, tenure_r FROM caseload.equity_report('2026-03-02', 'discipline') WHERE district_id = 'R17';
-- row 20: z = 1.414 by the population, 1.265 by the sample; no client, and no number of clients below 5
SELECT therapist_id, fte, clients, weekly_minutes, minutes_per_fte, percent_of_capacity, z_score, z_sample, place, peers, peers_mean, peers_median, peers_lowest, peers_highest
  FROM caseload.peer_comparison('2026-03-02', 'R16');
SELECT count(*) FILTER (WHERE clients = 1) AS shown FROM caseload.peer_comparison('2026-03-02', 'R16', 1);
SELECT attname FROM pg_attribute WHERE attrelid = 'caseload.peers'::regclass AND attname LIKE 'client%';
-- the definition is workload()'s
SELECT count(*) AS differ FROM caseload.peer_comparison('2026-03-02') p JOIN caseload.therapist_facts('2026-03-02') f USING (district_id, therapist_id)
 WHERE round(f.z_score::numeric, 3) IS DISTINCT FROM p.z_score;
-- row 21: z 0.1 and 104 %: one advice; z 1.4: none of this kind; at 100 %, or between: none
SELECT count(pg_temp.team('R21', 'SLP', '{1000,1560,2030}', '{1,1,1}')), count(pg_temp.team('R21', 'PT', '{1200,1350,1500,1650,1800}', '{1,1,1,1,1}')),
       count(pg_temp.team('R21', 'OT', '{600,675,750,825,900}', '{1,1,1,1,1}'));
SELECT therapist_id, z_score, percent_of_capacity FROM caseload.peer_comparison('2026-03-02', 'R21') WHERE therapist_id IN ('SLP2', 'PT3', 'PT4', 'PT5', 'OT5') ORDER BY 1;
SELECT therapist_id, advice FROM caseload.load_advice('2026-03-02', 'R21');

-- by site: a position is spread over the sites as its minutes are
SELECT count(pg_temp.team('RSITE', 'SLP', '{600,300,90}', '{1,0.5,NULL}'));
INSERT INTO caseload.site (district_id, site_id) VALUES ('RSITE', 'T');
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('RSITE', 'AT', 'T'), ('RSITE', 'NOWHERE', NULL);
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('RSITE', 'AT', 1, '[2026-01-01,)'), ('RSITE', 'NOWHERE', 1, '[2026-01-01,)');
INSERT INTO caseload.service (district_id, client_id, discipline, dosage, therapist_id, period) VALUES
  ('RSITE', 'AT', 'SLP', '300/week', 'SLP1', '[2026-01-01,)'), ('RSITE', 'NOWHERE', 'SLP', '100/week', 'SLP1', '[2026-01-01,)');
SELECT "group", therapists, left_out, fte, mean_per_fte, lowest_per_fte, highest_per_fte, percent_of_capacity, gini, minutes_to_move
  FROM caseload.equity_report('2026-03-02', 'site') WHERE district_id = 'RSITE';
SELECT sum(fte) AS fte, sum(mean_per_fte * fte) AS minutes FROM caseload.equity_report('2026-03-02', 'site') WHERE district_id = 'RSITE';
SELECT fte, mean_per_fte * fte AS minutes, left_out FROM caseload.equity_report('2026-03-02') WHERE district_id = 'RSITE';

-- the trend: as of one date after the other
SELECT as_of, therapists, mean_per_fte, gini, minutes_to_move FROM caseload.equity_trend('2025-12-31', '2026-03-02', '1 month', 'district', 'R16');
SELECT caseload.sparkline(gini, 0 ORDER BY as_of) AS gini FROM caseload.equity_trend('2025-10-31', '2026-03-02', '1 month', 'district', 'R16');
SELECT day, before FROM caseload._steps('2026-01-31', '2026-05-30', '1 month');

-- the workload is looked at once
CREATE FUNCTION pg_temp.looks(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE line text; n bigint := 0;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF line ~ 'CTE w$' THEN n := n + 1; END IF;
  END LOOP;
  RETURN n;
END $$;
SELECT pg_temp.looks('SELECT * FROM caseload.equity_report(''2026-03-02'', ''district'')') AS district, pg_temp.looks('SELECT * FROM caseload.equity_report(''2026-03-02'', ''site'')') AS site,
       pg_temp.looks('SELECT * FROM caseload.peer_comparison(''2026-03-02'')') AS peers;

-- Turnover, attrition, retention: rows 52, 82, 83 ------------------------------------------------------------------------------
-- 50 at the start, 8 new, 12 left (11 of these 50, and one of the new), 46 at the end
SELECT count(pg_temp.enroll('R82', 'stay', 39, '[2025-01-01,)')), count(pg_temp.enroll('R82', 'met', 4, '[2025-01-01,2026-02-01)', 'met')),
       count(pg_temp.enroll('R82', 'drop', 3, '[2025-01-01,2026-03-01)', 'dropped')), count(pg_temp.enroll('R82', 'decline', 2, '[2025-01-01,2026-01-01)', 'declined')),
       count(pg_temp.enroll('R82', 'moved', 1, '[2025-01-01,2026-03-01)', 'transferred')), count(pg_temp.enroll('R82', 'silent', 1, '[2025-01-01,2026-03-01)')),
       count(pg_temp.enroll('R82', 'new', 7, '[2026-01-01,)')), count(pg_temp.enroll('R82', 'brief', 1, '[2026-02-01,2026-06-30)', 'other')),
       -- neither before nor after: left the day before, comes the day after
       count(pg_temp.enroll('R82', 'early', 5, '[2025-01-01,2025-12-31)', 'dropped')), count(pg_temp.enroll('R82', 'later', 5, '[2026-07-01,)'));
-- row 82: 12 left, mean of 50 and 46: 25.0 %
SELECT t.* FROM unnest('{mean,start}'::text[]) WITH ORDINALITY m (method, i), caseload.turnover_rate('2026-01-01', '2026-06-30', m.method, 'district', 'R82') t ORDER BY m.i;
-- row 83: 5 of 50: 10.0 %; of the 12 closures they are 41.67 %; the words that count are the caller's
SELECT a.* FROM unnest('{start,closures}'::text[]) WITH ORDINALITY m (method, i), caseload.attrition_rate('2026-01-01', '2026-06-30', m.method, 'district', 'R82') a ORDER BY m.i;
SELECT premature, percent FROM caseload.attrition_rate('2026-01-01', '2026-06-30', 'start', 'district', 'R82', '{dropped}');
-- two formulas, and a third that is none: (start - lost of these) / start, (46 - 8) / 50 = 76 %, (50 + 8 - 12) / 50
SELECT method, at_start, came, lost, lost_of_start, at_end, kept, base, percent
  FROM unnest('{start,end_less_new,growth_ratio}'::text[]) WITH ORDINALITY m (name, i), caseload.retention_rate('2026-01-01', '2026-06-30', m.name, 'district', 'R82') ORDER BY m.i;
-- row 52: 9 met and 5 partly met of 20 closures: 70.0 %
SELECT count(pg_temp.enroll('R52', 'met', 9, '[2025-01-01,2026-02-01)', 'met')), count(pg_temp.enroll('R52', 'part', 5, '[2025-01-01,2026-02-01)', 'partly_met')),
       count(pg_temp.enroll('R52', 'drop', 6, '[2025-01-01,2026-02-01)', 'dropped'));
SELECT closures, met, partly_met, kept, base, percent FROM caseload.retention_rate('2026-01-01', '2026-12-31', 'goals', 'district', 'R52');
-- by site and by therapist; clients without a service are nobody's
SELECT "group", at_start, lost, percent FROM caseload.turnover_rate('2026-01-01', '2026-06-30', 'start', 'site', 'R82');
SELECT count(*) FROM caseload.turnover_rate('2026-01-01', '2026-06-30', 'start', 'therapist', 'R82');

-- Bridges and drift: rows 18, 33 ------------------------------------------------------------------------------------------------
-- row 33: 120 + 30 + 4 - 16 - 4 = 134, seen from therapist A
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('R33', 'A', 'SLP', 1), ('R33', 'B', 'SLP', 1), ('R33', 'O', 'OT', 1);
SELECT count(pg_temp.enroll('R33', p, n, d::daterange, o)) FROM (VALUES ('stay', 60, '[2025-01-01,)', NULL), ('renew', 40, '[2025-01-01,)', NULL), ('done', 15, '[2025-01-01,2026-02-01)', 'met'), ('gone', 1, '[2025-01-01,2026-02-01)', 'transferred'),
  ('short', 1, '[2025-01-01,)', NULL), ('given', 2, '[2025-01-01,)', NULL), ('wait', 1, '[2025-01-01,)', NULL), ('new', 30, '[2026-02-10,)', NULL), ('taken', 3, '[2025-01-01,)', NULL), ('back', 1, '[2025-01-01,)', NULL)) v (p, n, d, o);
SELECT count(pg_temp.serve('R33', p, n, 'SLP', '30/week', t, d::daterange)) FROM (VALUES ('stay', 60, 'A', '[2025-01-01,)'),
  -- renewed lines of a plan are one stay, and so are two of them
  ('renew', 40, 'A', '[2025-01-01,2026-01-20)'), ('renew', 40, 'A', '[2026-01-20,)'), ('stay', 5, 'A', '[2025-06-01,)'),
  ('done', 15, 'A', '[2025-01-01,)'), ('gone', 1, 'A', '[2025-01-01,)'), ('short', 1, 'A', '[2025-01-01,2026-01-15)'),
  ('given', 2, 'A', '[2025-01-01,2026-02-01)'), ('given', 2, 'B', '[2026-02-01,)'), ('wait', 1, 'A', '[2025-01-01,2026-02-01)'), ('wait', 1, NULL, '[2026-02-01,)'),
  ('new', 30, 'A', '[2026-02-10,)'), ('taken', 3, 'B', '[2025-01-01,2026-03-01)'), ('taken', 3, 'A', '[2026-03-01,)'),
  ('back', 1, 'A', '[2025-01-01,2025-11-01)'), ('back', 1, NULL, '[2025-11-01,2026-02-01)'), ('back', 1, 'A', '[2026-02-01,)')) v (p, n, t, d);
-- the rest of short's plan is OT's: from A she is discharged, from the district not
SELECT count(pg_temp.serve('R33', 'short', 1, 'OT', '30/week', 'O', '[2025-01-01,)'));
-- support of tier 1 or 2 is no caseload
INSERT INTO caseload.service (district_id, client_id, discipline, dosage, therapist_id, period, tier) VALUES ('R33', 'given1', 'SLP', '30/week', 'A', '[2025-01-01,)', 2);
SELECT * FROM caseload.caseload_bridge('2026-01-01', '2026-03-31', 'therapist', 'R33');
SELECT * FROM caseload.caseload_bridge('2026-01-01', '2026-03-31', 'discipline', 'R33');
SELECT * FROM caseload.caseload_bridge('2026-01-01', '2026-03-31', 'district', 'R33');
SELECT "group", at_start, came, lost, handed_over, at_end FROM caseload.turnover_rate('2026-01-01', '2026-03-31', 'mean', 'therapist', 'R33');
-- row 18: 50, then 9 came and 4 went: 55 in November, and September is still 50
SELECT count(pg_temp.enroll('R18', 'stay', 46, '[2025-01-01,)')), count(pg_temp.enroll('R18', 'went', 4, '[2025-01-01,2025-10-10)')), count(pg_temp.enroll('R18', 'came', 9, '[2025-10-20,)'));
SELECT as_of, clients, came, went, drift, drift_percent FROM caseload.caseload_drift('2025-09-15', '2025-11-20', '1 month', 'district', 'R18');
SELECT clients FROM caseload.caseload_as_of('2025-09-15', 'district', 'R18');
-- the first and the last day: who leaves today is not there today, who comes today is
SELECT d AS as_of, (SELECT clients FROM caseload.caseload_as_of(d, 'district', 'R18')), (SELECT count(*) FROM caseload.active_clients(d) WHERE district_id = 'R18') AS active
  FROM unnest('{2025-10-09,2025-10-10,2025-10-19,2025-10-20}'::date[]) d;

-- Years, forecast, cohorts: rows 28, 32, 53, 55 ------------------------------------------------------------------------------------
SELECT count(pg_temp.enroll('R28', 'a', 134, '[2024-01-01,)')), count(pg_temp.enroll('R28', 'b', 16, '[2024-01-01,2025-09-01)')),
       count(pg_temp.enroll('R32', 'a', 110, '[2020-01-01,)')), count(pg_temp.enroll('R32', 'b', 12, '[2024-06-01,)')), count(pg_temp.enroll('R32', 'c', 12, '[2025-06-01,)'));
-- row 28: 150 to 134 is -10.67 %
SELECT clients_last_year, clients, clients_percent, sessions_percent FROM caseload.year_over_year('2026-03-01', 'district', 'R28');
-- row 32: 110, 122, 134: 146
SELECT forecast_for, history, slope, forecast FROM caseload.forecast_caseload('2026-03-01', '1 year', 3, 'district', 'R32');
SELECT forecast_for, history, slope, forecast FROM caseload.forecast_caseload('2026-03-01', '1 year', 0, 'district', 'R28');
-- row 53: December with December, 40 to 38: +5.3 %
SELECT count(pg_temp.enroll('R53', 'a', 1, '[2023-01-01,)')), count(pg_temp.appoint('R53', 'a1', 40, '2025-12-10 12:00Z', 'attended')), count(pg_temp.appoint('R53', 'a1', 38, '2024-12-10 12:00Z', 'late')),
       count(pg_temp.appoint('R53', 'a1', 7, '2025-11-30 12:00Z', 'attended'));
SELECT sessions, sessions_last_year, sessions_percent, round(sessions_percent, 1) AS rounded FROM caseload.year_over_year('2025-12-31', 'district', 'R53');
-- row 55: a cohort of 3 is not shown where the minimum is 5, nor is the next one, as the district's total would tell both apart
SELECT count(pg_temp.enroll('R55', 'a', 3, '[2025-01-01,)', NULL, 'Autism')), count(pg_temp.enroll('R55', 'b', 6, '[2025-01-01,2026-02-01)', 'dropped', 'Speech')),
       count(pg_temp.enroll('R55', 'c', 8, '[2025-01-01,)', NULL, 'Learning')), count(pg_temp.enroll('R55', 'd', 2, '[2025-01-01,2026-02-01)', 'declined', 'Learning')),
       count(pg_temp.enroll('R55', 'e', 4, '[2026-01-01,)', NULL, 'New'));
SELECT * FROM caseload.attrition_by_cohort('2026-01-01', '2026-06-30', 'category', 5, 'R55');
SELECT * FROM caseload.attrition_by_cohort('2026-01-01', '2026-06-30', 'category', 3, 'R55');
SELECT * FROM caseload.attrition_by_cohort('2026-01-01', '2026-06-30', 'level', 5, 'R55');

-- Ratio, waiting, no-shows: rows 80, 84, 85 -----------------------------------------------------------------------------------------
-- row 80: 150 clients and 4 therapists 37.5; with 3.2 FTE 46.9
SELECT count(pg_temp.enroll('R80', 'a', 150, '[2025-01-01,)'));
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) SELECT 'R80', 'T' || i, CASE i WHEN 4 THEN 'OT' ELSE 'SLP' END, f FROM unnest('{1,1,0.7,0.5}'::numeric[]) WITH ORDINALITY x (f, i);
SELECT *, round(ratio_per_fte, 1) AS rounded FROM caseload.client_therapist_ratio('2026-03-02', 'district', 'R80');
SELECT * FROM caseload.client_therapist_ratio('2026-03-02', 'discipline', 'R80');
SELECT * FROM caseload.client_therapist_ratio('2026-03-02', 'site', 'R33');
-- row 84: 5, 10, 20 and 40 days: median 15
SELECT count(pg_temp.enroll('R84', 'a', 5, '[2025-01-01,)')), count(pg_temp.enroll('R84', 'b', 1, '(,)'));
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period)
SELECT 'R84', 'w' || d, 'a' || i, CASE d WHEN 40 THEN 'OT' ELSE 'SLP' END, '30/week', daterange(date '2026-03-02' - d, NULL) FROM unnest('{5,10,20,40}'::integer[]) WITH ORDINALITY x (d, i);
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period) VALUES ('R84', 'unknown', 'b1', 'OT', NULL, '(,)'), ('R84', 'later', 'a5', 'OT', NULL, '[2026-03-03,)');
SELECT place, discipline, client_id, service_id, site_id, level, waiting_since, days_waiting, client_minutes FROM caseload.waiting_list('2026-03-02', 'R84');
SELECT * FROM caseload.wait_percentiles('2026-03-02', 'district', 'R84');
SELECT * FROM caseload.wait_percentiles('2026-03-02', 'discipline', 'R84');
-- row 85: 100 booked, 8 no-shows, 4 late cancellations: 8.0 % and 12.0 %; a year before 10 booked, 1 no-show, 1 late cancellation
SELECT count(pg_temp.enroll('R85', 'a', 2, '[2024-01-01,)'));
SELECT count(pg_temp.appoint('R85', 'a1', n, at::timestamptz, s::caseload.appointment_status)) FROM (VALUES
  (70, 'attended', '2026-02-10 08:00Z'), (5, 'late', '2026-02-10 10:00Z'), (8, 'no_show', '2026-02-11 08:00Z'), (4, 'late_cancel', '2026-02-12 08:00Z'),
  (6, 'client_cancel', '2026-02-13 08:00Z'), (3, 'provider_cancel', '2026-02-14 08:00Z'), (2, 'closure', '2026-02-15 08:00Z'), (2, 'scheduled', '2026-02-16 08:00Z'),
  (8, 'attended', '2025-02-10 08:00Z'), (1, 'no_show', '2025-02-28 23:00Z'), (1, 'late_cancel', '2025-02-01 00:00Z'), (9, 'no_show', '2026-03-01 00:00Z'), (9, 'no_show', '2026-01-31 23:00Z')) v (n, s, at);
\x on
SELECT * FROM caseload.no_show_rates('2026-02-01', '2026-02-28', 'district', 'R85');
\x off
SELECT "group", booked, no_shows, no_show_percent, booked_last_year, no_show_percent_last_year FROM caseload.no_show_rates('2026-01-01', '2026-03-31', 'month', 'R85');
-- what is still to come is not booked yet
INSERT INTO caseload.appointment (district_id, client_id, starts_at) SELECT 'R85', 'a2', now() + i * interval '1 day' FROM generate_series(1, 3) i;
SELECT count(*) FROM caseload.no_show_rates(CURRENT_DATE + 1, CURRENT_DATE + 10, 'district', 'R85') WHERE booked > 0;
-- the days are those of the client's site
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('R85', 'LA', 'America/Los_Angeles');
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('R85', 'west', 'LA');
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('R85', 'west', 1, '[2024-01-01,)');
SELECT count(pg_temp.appoint('R85', 'west', 1, '2026-02-01 03:00Z', 'no_show'));
SELECT m, booked FROM unnest('{2026-01-31,2026-02-01}'::date[]) m, caseload.no_show_rates(m, m, 'site', 'R85') WHERE "group" = 'LA';

-- Closing and filling: rows 24, 54, 67 to 69 ----------------------------------------------------------------------------------------
-- row 69: rule met March 1, closed March 11: 10 days; open ones so far; not what was dismissed
SELECT count(pg_temp.enroll('R69', 'shut', 1, '[2025-01-01,2026-03-11)')), count(pg_temp.enroll('R69', 'open', 2, '[2025-01-01,)'));
DELETE FROM caseload.flag WHERE district_id = 'R69';
INSERT INTO caseload.flag (district_id, subject, subject_key, client_id, episode, rule_district, rule_name, rule_version, severity, action, message, raised_on, due_on, state, cleared_on, cleared_why) VALUES
  ('R69', 'client', 'shut1', 'shut1', 1, '*', 'attendance_close', 1, 'act', 'close', '', '2026-03-01', '2026-03-08', 'closed', '2026-03-11', 'episode'),
  ('R69', 'client', 'shut1', 'shut1', 1, '*', 'inactive_close', 1, 'act', 'close', '', '2026-03-05', '2026-03-12', 'resolved', '2026-03-11', 'episode'),
  ('R69', 'client', 'shut1', 'shut1', 1, '*', 'older', 1, 'act', 'close', '', '2026-01-01', '2026-01-08', 'resolved', '2026-01-20', 'condition'),
  ('R69', 'client', 'open1', 'open1', 1, '*', 'inactive_close', 1, 'act', 'close', '', '2026-03-21', '2026-03-28', 'open', NULL, NULL),
  ('R69', 'client', 'open2', 'open2', 1, '*', 'inactive_close', 1, 'act', 'close', '', '2026-03-21', '2026-03-28', 'dismissed', NULL, NULL);
SELECT client_id, rule_name, met_on, closed_on, closure_lag_days FROM caseload.closure_lag('2026-03-01', '2026-03-31', 'R69');
SELECT client_id, closed_on, closure_lag_days FROM caseload.closure_lag('2026-03-01', '2026-03-10', 'R69');
-- row 54: utilization 70 %, no-shows 22 %: 2 of 4
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('R54', 'T', 'SLP', 1), ('R54', 'U', 'SLP', NULL), ('R54', 'V', 'OT', 1);
SELECT count(pg_temp.enroll('R54', 'a', 3, '[2026-01-01,)'));
INSERT INTO caseload.service (district_id, client_id, discipline, dosage, therapist_id, period) VALUES
  ('R54', 'a1', 'SLP', '5x210/week', 'T', '[2026-01-01,)'), ('R54', 'a2', 'SLP', '30/week', NULL, '[2026-01-01,)'), ('R54', 'a3', 'OT', '5x212/week', 'V', '[2026-01-01,)');
SELECT count(pg_temp.appoint('R54', 'a1', 39, '2026-02-10 08:00Z', 'attended')), count(pg_temp.appoint('R54', 'a1', 11, '2026-02-11 08:00Z', 'no_show'));
SELECT * FROM caseload.retention_screen('2026-03-02', NULL, 'R54');
-- rows 67 and 68: room for 5 of the usual size, no-show rate 30 %
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('R67', 'T', 'SLP', 1), ('R67', 'NEW', 'SLP', 0.5), ('R67', 'NOBODY', 'OT', 1), ('R67', 'NOFTE', 'SLP', NULL);
SELECT count(pg_temp.enroll('R67', 'a', 45, '[2026-02-20,)'));
SELECT count(pg_temp.serve('R67', 'a', 45, 'SLP', '1x30/week', 'T', '[2026-02-20,)'));
SELECT count(pg_temp.appoint('R67', 'a' || i, 1, '2026-02-24 08:00Z', CASE WHEN i <= 3 THEN 'no_show' ELSE 'attended' END::caseload.appointment_status)) FROM generate_series(1, 10) i;
SELECT p AS at_most, wanted, no_show_percent, ask, expected, p_overflow FROM unnest('{0.1,0.33,0.56}'::float8[]) p,
       caseload.new_clients_needed(1, '2026-03-02', 'R67', max_overflow_probability => p) WHERE therapist_id = 'T' ORDER BY 1;
SELECT therapist_id, unit, has, closing, target, headroom, per_client, wanted, ask FROM caseload.new_clients_needed(1, '2026-03-02', 'R67');
-- a client whom a flag proposes to close makes room
SELECT count(pg_temp.appoint('R67', 'a45', 3, '2026-02-25 08:00Z', 'late_cancel'));
SELECT has, closing, closing_clients, headroom, wanted FROM caseload.new_clients_needed(1, '2026-03-02', 'R67') WHERE therapist_id = 'T';
SELECT therapist_id, unit, has, closing, target, headroom, per_client, wanted FROM caseload.new_clients_needed(as_of => '2026-03-02', in_district => 'R67', target_slots => 50) WHERE therapist_id IN ('T', 'NEW');
SELECT therapist_id, unit, has, closing, target, headroom, per_client, wanted FROM caseload.new_clients_needed(as_of => '2026-03-02', in_district => 'R67', target_clients => 60) WHERE therapist_id IN ('T', 'NEW');
SELECT therapist_id, wanted, ask FROM caseload.new_clients_needed(0.5, '2026-03-02', 'R67') WHERE therapist_id = 'T';
-- row 24: 40 student hours from 25 billed hours
SELECT caseload.service_efficiency(40, 25), caseload.service_efficiency(40, 0), caseload.service_efficiency(NULL, 25);

-- Nothing to count ------------------------------------------------------------------------------------------------------------------
-- an empty district has no rows, never an error
SELECT (SELECT count(*) FROM caseload.equity_report('2026-03-02') WHERE district_id = 'REMPTY') AS equity, (SELECT count(*) FROM caseload.turnover_rate('2026-01-01', '2026-03-01', 'mean', 'district', 'REMPTY')) AS turnover,
       (SELECT count(*) FROM caseload.client_therapist_ratio('2026-03-01', 'district', 'REMPTY')) AS ratio, (SELECT count(*) FROM caseload.wait_percentiles('2026-03-01', 'district', 'REMPTY')) AS waits,
       (SELECT count(*) FROM caseload.no_show_rates('2026-01-01', '2026-03-01', 'district', 'REMPTY')) AS no_shows, (SELECT count(*) FROM caseload.caseload_bridge('2026-01-01', '2026-03-01', 'district', 'REMPTY')) AS bridge,
       (SELECT count(*) FROM caseload.forecast_caseload('2026-03-01', '1 year', 3, 'district', 'REMPTY')) AS forecast, (SELECT count(*) FROM caseload.peer_comparison('2026-03-01', 'REMPTY')) AS peers;
-- one therapist without an FTE, one with FTE 0: nobody to compare
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('RONE', 'A', 'SLP', NULL), ('RONE', 'B', 'SLP', 0);
SELECT therapists, left_out, mean_per_fte, gini, minutes_to_move, percent_of_capacity, highest_z, tenure_r FROM caseload.equity_report('2026-03-02') WHERE district_id = 'RONE';
SELECT therapist_id, minutes_per_fte, percent_of_capacity, z_score, place, peers, peers_mean, peers_median FROM caseload.peer_comparison('2026-03-02', 'RONE');
SELECT * FROM caseload.client_therapist_ratio('2026-03-02', 'district', 'RONE');
-- one who counts, without any load; then with one
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('RONE', 'C', 'OT', 1);
SELECT therapists, left_out, mean_per_fte, gini, hoover, max_min_ratio, theil, highest_z FROM caseload.equity_report('2026-03-02') WHERE district_id = 'RONE';
SELECT z_score, z_sample, place, peers FROM caseload.peer_comparison('2026-03-02', 'RONE') WHERE therapist_id = 'C';
-- clients without therapists, nobody at the start, nobody left
SELECT count(pg_temp.enroll('REMPTY', 'a', 3, '[2026-02-01,)'));
SELECT ratio, ratio_per_fte, clients, therapists FROM caseload.client_therapist_ratio('2026-03-02', 'district', 'REMPTY');
SELECT at_start, lost, at_end, base, percent FROM caseload.turnover_rate('2026-01-01', '2026-03-01', 'start', 'district', 'REMPTY');
SELECT m AS method, percent FROM unnest('{start,end_less_new,growth_ratio,goals}'::text[]) m, caseload.retention_rate('2026-01-01', '2026-03-01', m, 'district', 'REMPTY') ORDER BY 1;
SELECT lost, percent FROM caseload.turnover_rate('2026-02-02', '2026-03-01', 'mean', 'district', 'REMPTY');
SELECT clients, clients_last_year, clients_percent FROM caseload.year_over_year('2026-03-01', 'district', 'REMPTY');
-- what cannot be asked
SELECT * FROM caseload.equity_report('2026-03-02', 'planet');
SELECT * FROM caseload.turnover_rate('2026-01-01', '2026-03-01', 'average');
SELECT * FROM caseload.turnover_rate('2026-01-01', '2026-03-01', 'mean', 'month');
SELECT * FROM caseload.retention_rate('2026-03-02', '2026-03-01');
SELECT * FROM caseload.attrition_rate(NULL, '2026-03-01');
SELECT * FROM caseload.attrition_by_cohort('2026-01-01', '2026-03-01', 'name');
SELECT * FROM caseload.no_show_rates('2026-01-01', '2026-03-01', NULL);
SELECT * FROM caseload.equity_trend('2026-01-01', '2026-03-01', '0 days');
SELECT * FROM caseload.caseload_drift('2026-01-01', 'infinity');

-- One definition: stays agree with active_clients() and with the services on every day; residuals are 0 ------------------------------
SELECT count(*) > 300 AS many, count(*) FILTER (WHERE active IS DISTINCT FROM clients) AS differ
  FROM (SELECT d, district_id, sum(active) AS active, sum(clients) AS clients
          FROM generate_series(date '2024-12-30', date '2026-04-15', interval '13 days') d
         CROSS JOIN LATERAL (SELECT district_id, 1 AS active, 0 AS clients FROM caseload.active_clients(d::date)
                             UNION ALL SELECT district_id, 0, clients FROM caseload.caseload_as_of(d::date)) x
         WHERE district_id LIKE 'R%' GROUP BY d, district_id) y;
SELECT count(*) > 20 AS many, count(*) FILTER (WHERE c.clients IS DISTINCT FROM w.clients) AS differ FROM unnest('{2025-06-01,2026-01-31,2026-03-02}'::date[]) d
 CROSS JOIN LATERAL caseload.caseload_as_of(d, 'therapist') c JOIN LATERAL caseload.workload(d) w ON w.district_id = c.district_id AND w.therapist_id = c."group"
 WHERE c.district_id LIKE 'R%';
SELECT count(*) > 20 AS many, count(*) FILTER (WHERE residual <> 0) AS left_over FROM unnest('{district,site,discipline,therapist}'::text[]) b,
       unnest('{2025-06-01,2025-12-20,2026-02-01}'::date[]) f, caseload.caseload_bridge(f, '2026-03-10', b) WHERE district_id LIKE 'R%';

-- Pictures ------------------------------------------------------------------------------------------------------------------------------
\pset format unaligned
SELECT v AS value, '[' || caseload.bar(v, 1.5, 12, 1) || ']' AS bar FROM unnest('{0,0.5,0.97,1,1.02,1.25,1.5,9,NULL,NaN}'::numeric[]) v;
SELECT '[' || caseload.bar(0.5, 1, 4, 0) || ']' AS at_the_foot, '[' || caseload.bar(0.5, 1, 4, 1) || ']' AS at_the_top, caseload.bar(0.5, 1, 4, 2) AS beyond, caseload.bar(0.5, 1, 4, NULL) AS none,
       caseload.bar(1, 0, 4, 0) = '' AS no_scale, caseload.bar(1, 1, NULL, 1) AS no_width, length(caseload.bar(1, 1, 1000, 1));
SELECT caseload.sparkline('{1,2,3,4,5,6,7,8}'::numeric[]) AS eight, caseload.sparkline('{7,8}'::numeric[]) AS from_lowest, caseload.sparkline('{7,8}'::numeric[], 0) AS from_zero,
       caseload.sparkline('{1,2,3}'::numeric[], 0, 8) AS to_eight, '[' || caseload.sparkline('{1,NULL,2,NaN,Infinity,3}'::numeric[]) || ']' AS gaps,
       caseload.sparkline('{5,5,5}'::numeric[]) AS alike, caseload.sparkline('{0,0}'::numeric[], 0) AS zeros, caseload.sparkline('{-5,0,99}'::numeric[], 0, 10) AS clipped,
       '[' || caseload.sparkline('{}'::numeric[]) || ']' AS nothing, '[' || caseload.sparkline('{NULL,NULL}'::numeric[]) || ']' AS unknown, caseload.sparkline(NULL::numeric[]) AS no_array;
SELECT caseload.sparkline(v ORDER BY i) AS aggregate, caseload.sparkline(v, 0 ORDER BY i) AS from_zero, caseload.sparkline(v ORDER BY i DESC) AS backwards,
       '[' || caseload.sparkline(nullif(v, 30) ORDER BY i) || ']' AS gap, caseload.sparkline(v) FILTER (WHERE false) AS no_rows
  FROM (VALUES (1, 10), (2, 20), (3, 30), (4, 15)) x (i, v);
\pset format aligned
-- Steps and targets that are none.
SELECT * FROM caseload.forecast_caseload('2026-01-15', '0 days');
SELECT * FROM caseload.forecast_caseload('2026-01-15', '-1 year');
SELECT * FROM caseload.forecast_caseload('2026-01-15', NULL);
SELECT * FROM caseload.forecast_caseload('infinity');
SELECT count(*) > 0 AS rows, count(target) AS targets, count(wanted) AS wanted, count(ask) AS ask FROM caseload.new_clients_needed('NaN', '2026-01-15');
SELECT count(target) AS targets, count(wanted) AS wanted FROM caseload.new_clients_needed(1, '2026-01-15', target_slots => 'Infinity');
-- What a parallel worker may run calls nothing that it may not.
SELECT p.oid::regprocedure AS safe, c.oid::regprocedure AS unsafe
  FROM pg_proc p
  JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_proc'::regclass
  JOIN pg_proc c ON c.oid = d.refobjid
 WHERE p.pronamespace = 'caseload'::regnamespace AND p.proparallel = 's' AND c.proparallel <> 's'
 ORDER BY 1, 2;
