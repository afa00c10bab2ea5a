-- workload() and therapist_facts() against plain SQL over the tables, at several dates; one therapist as all at once.
\set QUIET 1
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS pgtap;
\set district NORTH
\set anchor 2026-03-02
\set clients 600
\set therapists 14
\set weeks 6
\ir ../data/sample.sql
\set clients 200
\set therapists 3
\set seed 9
\set district SOUTH
\ir ../data/sample.sql

-- What districts say: by discipline, by level, by date; one counts its weeks.
INSERT INTO caseload.policy (district_id, policy_name, discipline, site_level, value, valid) VALUES
  ('NORTH', 'meeting_attendance', '*', '*', '80', '[2026-02-01,)'), ('NORTH', 'meeting_attendance', '*', 'middle', '50', '(,)'),
  ('NORTH', 'meeting_attendance', 'OT', '*', '25', '(,)'), ('NORTH', 'note_minutes', 'SLP', '*', '4.5', '[2026-02-10,)'),
  ('NORTH', 'calendar', 'PT', '*', 'clinic', '(,2026-02-20)'), ('NORTH', 'calendar', '*', 'high', 'counted', '(,)'),
  ('NORTH', 'school_weeks', '*', '*', '37', '[2026-02-15,)'), ('NORTH', 'makeup_percent', '*', 'elementary', '12.5', '(,)'),
  ('*', 'makeup_percent', '*', '*', '7', '(,)'), ('NORTH', 'hop_minutes', '*', '*', '17', '(,)'), ('*', 'travel_days', 'PSY', '*', '1', '(,)'),
  ('SOUTH', 'calendar', '*', '*', 'counted', '(,)'), ('SOUTH', 'weekly_minutes_per_fte', 'SLP', '*', '1200', '(,)');
INSERT INTO caseload.closure (district_id, closure_id, site_id, days) VALUES
  ('NORTH', 'o1', NULL, '[2025-06-01,2025-08-20)'), ('NORTH', 'o2', 'HIGH-1', '[2026-01-05,2026-01-17)'), ('SOUTH', 'o1', NULL, '[2025-12-20,2026-01-05)'),
  ('SOUTH', 'o2', 'ELEMENTARY-1', '[2026-03-02,2026-03-07)'), ('SOUTH', 'o3', 'ELEMENTARY-2', '[2026-03-02,2026-03-03)');
UPDATE caseload.service SET tier = 1 + abs(hashtext(service_id)) % 3 WHERE abs(hashtext(service_id)) % 10 < 2;
UPDATE caseload.client SET site_id = NULL WHERE abs(hashtext(client_id)) % 50 = 3;
UPDATE caseload.site SET level = NULL WHERE site_id = 'MIDDLE-1' AND district_id = 'SOUTH';
UPDATE caseload.therapist SET fte = NULL WHERE therapist_id = 'T03';
UPDATE caseload.therapist SET fte = 0 WHERE therapist_id = 'T02' AND district_id = 'SOUTH';
UPDATE caseload.client SET federal_setting = 1 + abs(hashtext(client_id)) % 8 WHERE abs(hashtext(client_id)) % 3 > 0;
UPDATE caseload.client SET case_manager_id = 'T0' || 1 + abs(hashtext(client_id)) % 3 WHERE abs(hashtext(client_id)) % 5 = 0;
INSERT INTO caseload.duty (district_id, duty_id, therapist_id, activity_name, dosage, client_id, site_id, reserved, valid)
  SELECT t.district_id, 'O-' || t.therapist_id || '-' || a.activity_name, t.therapist_id, a.activity_name,
         ((1 + h % 9) * 10 || CASE WHEN h % 3 = 0 THEN '/month' ELSE '/week' END)::caseload.dosage,
         CASE WHEN h % 4 = 0 THEN (SELECT min(c.client_id) FROM caseload.client c JOIN caseload.episode e USING (district_id, client_id)
                                    WHERE c.district_id = t.district_id AND upper(e.period) < '2026-03-01') END,
         CASE WHEN h % 5 = 0 THEN 'CLINIC-1' END, h % 7 = 0, CASE WHEN h % 6 = 0 THEN daterange('2026-02-10', '2026-02-25') ELSE '(,)' END
    FROM caseload.therapist t CROSS JOIN caseload.activity a
   CROSS JOIN LATERAL (SELECT abs(hashtext(t.therapist_id || a.activity_name))) AS x (h) WHERE h % 3 < 2;

-- The oracle: joins, policy_value() row by row, numeric.
CREATE FUNCTION pg_temp.weeks_of(district text, discipline text, level text, site text, day date) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT CASE caseload.policy_value(district, 'calendar', day, discipline, level)
    WHEN 'clinic' THEN 52
    WHEN 'school' THEN caseload.policy_value(district, 'school_weeks', day, discipline, level)::integer
    ELSE (SELECT count(DISTINCT date_trunc('week', d))::integer
            FROM (SELECT make_date(extract(year FROM day)::integer - CASE WHEN extract(month FROM day) < 7 THEN 1 ELSE 0 END, 7, 1) AS first) f,
                 generate_series(f.first, f.first + interval '1 year' - interval '1 day', '1 day') d
           WHERE extract(isodow FROM d) < 6
             AND NOT EXISTS (SELECT FROM caseload.closure c WHERE c.district_id = district AND coalesce(c.site_id = site, c.site_id IS NULL) AND c.days @> d::date)) END $$;
CREATE FUNCTION pg_temp.months_of(district text, discipline text, level text, day date) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT CASE caseload.policy_value(district, 'calendar', day, discipline, level)
    WHEN 'school' THEN caseload.policy_value(district, 'school_months', day, discipline, level)::integer ELSE 12 END $$;
CREATE FUNCTION pg_temp.number(district text, name text, day date, discipline text, level text DEFAULT NULL) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT caseload.policy_value(district, name, day, discipline, level)::numeric $$;

-- the service year of every combination that there is, once
CREATE TEMP TABLE year AS
  SELECT d.day, x.district_id, x.discipline, x.level, x.site_id, pg_temp.weeks_of(x.district_id, x.discipline, x.level, x.site_id, d.day) AS weeks,
         pg_temp.months_of(x.district_id, x.discipline, x.level, d.day) AS months
    FROM unnest('{2026-01-15,2026-02-14,2026-03-02}'::date[]) AS d (day)
   CROSS JOIN (SELECT t.district_id, t.discipline, s.level, s.site_id FROM caseload.therapist t JOIN caseload.site s USING (district_id)
               UNION SELECT t.district_id, t.discipline, NULL, NULL FROM caseload.therapist t) x;
CREATE FUNCTION pg_temp.known_weeks(district text, discipline text, site text, day date) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT y.weeks FROM year y WHERE y.day = known_weeks.day AND y.district_id = district AND y.discipline = known_weeks.discipline AND y.site_id IS NOT DISTINCT FROM site $$;
CREATE FUNCTION pg_temp.known_months(district text, discipline text, site text, day date) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT y.months FROM year y WHERE y.day = known_months.day AND y.district_id = district AND y.discipline = known_months.discipline AND y.site_id IS NOT DISTINCT FROM site $$;

CREATE TEMP TABLE oracle AS
WITH days AS (SELECT unnest('{2026-01-15,2026-02-14,2026-03-02}'::date[]) AS day),
line AS (
  SELECT d.day, v.district_id, v.therapist_id, v.client_id, c.site_id, s.level, v.tier, v.delivery = 'consult' AS consult, v.dosage, v.group_size, c.federal_setting,
         pg_temp.known_weeks(v.district_id, v.discipline, c.site_id, d.day) AS weeks, pg_temp.known_months(v.district_id, v.discipline, c.site_id, d.day) AS months
    FROM days d CROSS JOIN caseload.service v JOIN caseload.client c USING (district_id, client_id) LEFT JOIN caseload.site s USING (district_id, site_id)
   WHERE v.period @> d.day AND v.therapist_id IS NOT NULL
     AND EXISTS (SELECT FROM caseload.episode e WHERE e.district_id = v.district_id AND e.client_id = v.client_id AND e.period @> d.day)),
week AS (
  SELECT l.*, round(caseload.minutes_per_week(dosage, weeks, months), 6) AS whole, round(caseload.minutes_per_week(dosage, weeks, months) / group_size, 6) AS share,
         round(caseload.sessions_per_week(dosage, weeks, months), 6) AS sessions FROM line l),
place AS (
  SELECT t.fte, t.discipline, w.day, w.district_id, w.therapist_id, w.site_id, w.level,
         count(DISTINCT w.client_id) FILTER (WHERE w.tier = 3) AS clients, sum(w.share) FILTER (WHERE NOT w.consult) AS direct
    FROM week w JOIN caseload.therapist t USING (district_id, therapist_id) GROUP BY t.district_id, t.therapist_id, w.day, w.district_id, w.therapist_id, w.site_id, w.level),
expected AS (
  SELECT p.day, p.district_id, p.therapist_id, sum(p.clients) AS clients,
         greatest(count(*) FILTER (WHERE p.site_id IS NOT NULL AND p.level IS DISTINCT FROM 'tele') - 1, 0) AS hops, count(p.site_id) AS sites,
         sum(p.clients * pg_temp.number(p.district_id, 'reviews_per_client_year', p.day, p.discipline, p.level)
             * pg_temp.number(p.district_id, 'review_minutes', p.day, p.discipline, p.level) / y.weeks) AS reviews,
         sum(p.clients * (pg_temp.number(p.district_id, 'referrals_per_week', p.day, p.discipline, p.level) * pg_temp.number(p.district_id, 'evaluation_minutes', p.day, p.discipline, p.level)
             + pg_temp.number(p.district_id, 'screenings_per_week', p.day, p.discipline, p.level) * pg_temp.number(p.district_id, 'screening_minutes', p.day, p.discipline, p.level))) AS arrivals,
         sum(p.clients * pg_temp.number(p.district_id, 'meetings_per_client_year', p.day, p.discipline, p.level) * pg_temp.number(p.district_id, 'meeting_minutes', p.day, p.discipline, p.level)
             * pg_temp.number(p.district_id, 'meeting_attendance', p.day, p.discipline, p.level) / 100 / y.weeks) AS meetings,
         sum(p.direct * pg_temp.number(p.district_id, 'makeup_percent', p.day, p.discipline, p.level) / 100) AS makeup
    FROM place p CROSS JOIN LATERAL (SELECT pg_temp.known_weeks(p.district_id, p.discipline, p.site_id, p.day)) AS y (weeks)
   GROUP BY p.day, p.district_id, p.therapist_id),
lines AS (
  SELECT day, district_id, therapist_id, sum(share) FILTER (WHERE NOT consult) AS direct, sum(share) FILTER (WHERE consult) AS consult,
         sum(sessions) FILTER (WHERE NOT consult) AS sessions, sum(whole) FILTER (WHERE NOT consult AND sessions IS NULL) AS unsaid, sum(whole) FILTER (WHERE tier = 3) AS whole
    FROM week GROUP BY day, district_id, therapist_id),
federal AS (
  SELECT day, district_id, therapist_id, sum(setting) AS settings
    FROM (SELECT day, district_id, therapist_id, client_id, max(federal_setting) AS setting FROM week WHERE tier = 3 GROUP BY 1, 2, 3, 4) x GROUP BY 1, 2, 3),
duties AS (
  SELECT d.day, u.district_id, u.therapist_id, a.category,
         sum(round(caseload.minutes_per_week(u.dosage, pg_temp.known_weeks(u.district_id, t.discipline, s.site_id, d.day),
                                             pg_temp.known_months(u.district_id, t.discipline, s.site_id, d.day)), 6)) AS minutes
    FROM days d CROSS JOIN caseload.duty u JOIN caseload.activity a USING (activity_name) JOIN caseload.therapist t USING (district_id, therapist_id)
    LEFT JOIN caseload.client c ON c.district_id = u.district_id AND c.client_id = u.client_id
    LEFT JOIN caseload.site s ON s.district_id = u.district_id AND s.site_id = coalesce(u.site_id, c.site_id)
   WHERE NOT u.reserved AND u.valid @> d.day
     AND (u.client_id IS NULL OR EXISTS (SELECT FROM caseload.episode e WHERE e.district_id = u.district_id AND e.client_id = u.client_id AND e.period @> d.day))
   GROUP BY 1, 2, 3, 4),
duty AS (SELECT day, district_id, therapist_id, jsonb_object_agg(category, minutes) AS by FROM duties GROUP BY 1, 2, 3),
categories AS (
  SELECT d.day, t.district_id, t.therapist_id, t.discipline, t.fte, coalesce(e.clients, 0) AS clients, coalesce(e.sites, 0) AS sites,
         round(coalesce(l.direct, 0) + m.direct, 2) AS direct, round(coalesce(l.consult, 0) + m.consult, 2) AS consult,
         round((coalesce(l.sessions, 0) + coalesce(l.unsaid, 0) / n.session) * n.note + m.documentation, 2) AS documentation,
         round(t.fte * n.planning + m.planning, 2) AS planning,
         round(CASE WHEN t.fte IS NOT NULL THEN coalesce(e.reviews, 0) + coalesce(t.fte * e.arrivals / nullif(e.clients, 0), 0) + m.evaluation END, 2) AS evaluation,
         round(coalesce(e.meetings, 0) + m.meeting, 2) AS meeting, round(coalesce(e.hops, 0) * n.hop * n.days + m.travel, 2) AS travel,
         round(coalesce(e.makeup, 0) + m.makeup, 2) AS makeup, round(m.supervision, 2) AS supervision, round(m.other, 2) AS other,
         n.full_load, n.paid, coalesce(l.whole, 0) AS whole, coalesce(f.settings, 0) AS settings
    FROM days d CROSS JOIN caseload.therapist t
    LEFT JOIN lines l USING (day, district_id, therapist_id) LEFT JOIN expected e USING (day, district_id, therapist_id)
    LEFT JOIN federal f USING (day, district_id, therapist_id) LEFT JOIN duty u USING (day, district_id, therapist_id)
   CROSS JOIN LATERAL (SELECT pg_temp.number(t.district_id, 'session_minutes', d.day, t.discipline) AS session, pg_temp.number(t.district_id, 'note_minutes', d.day, t.discipline) AS note,
         pg_temp.number(t.district_id, 'planning_minutes', d.day, t.discipline) AS planning, pg_temp.number(t.district_id, 'hop_minutes', d.day, t.discipline) AS hop,
         pg_temp.number(t.district_id, 'travel_days', d.day, t.discipline) AS days, pg_temp.number(t.district_id, 'weekly_minutes_per_fte', d.day, t.discipline) AS full_load,
         pg_temp.number(t.district_id, 'paid_minutes_per_fte', d.day, t.discipline) AS paid) n
   CROSS JOIN LATERAL (SELECT coalesce((u.by->>'direct')::numeric, 0) AS direct, coalesce((u.by->>'consult')::numeric, 0) AS consult,
         coalesce((u.by->>'documentation')::numeric, 0) AS documentation, coalesce((u.by->>'planning')::numeric, 0) AS planning,
         coalesce((u.by->>'evaluation')::numeric, 0) AS evaluation, coalesce((u.by->>'meeting')::numeric, 0) AS meeting, coalesce((u.by->>'travel')::numeric, 0) AS travel,
         coalesce((u.by->>'makeup')::numeric, 0) AS makeup, coalesce((u.by->>'supervision')::numeric, 0) AS supervision, coalesce((u.by->>'other')::numeric, 0) AS other) m
   WHERE t.employed @> d.day)
SELECT day, district_id, therapist_id, clients, sites, direct, consult, direct + consult AS weekly, documentation, planning, evaluation, meeting, travel, makeup, supervision, other,
       direct + consult + documentation + planning + evaluation + meeting + travel + makeup + supervision + other AS total,
       round(fte * full_load, 2) AS capacity, round((direct + consult) / nullif(fte * full_load, 0), 4) AS utilization, round(fte * paid, 2) AS paid,
       round(whole / full_load, 4) AS fte_clients,
       round((((direct + consult) / nullif(fte, 0) - avg((direct + consult) / nullif(fte, 0)) OVER team)
              / nullif(stddev_pop((direct + consult) / nullif(fte, 0)) OVER team, 0)), 6) AS z, settings
  FROM categories WINDOW team AS (PARTITION BY day, district_id, discipline);

SELECT plan(8);
SELECT ok(count(*) > 45 AND count(DISTINCT travel) > 3 AND bool_or(total IS NULL) AND bool_or(consult > 0) AND bool_or(other > 0), 'the oracle has something to say') FROM oracle;
PREPARE ours AS
  SELECT d AS day, w.district_id, w.therapist_id, w.clients, w.sites, w.direct_minutes, w.consult_minutes, w.weekly_minutes, w.documentation_minutes, w.planning_minutes,
         w.evaluation_minutes, w.meeting_minutes, w.travel_minutes, w.makeup_minutes, w.supervision_minutes, w.other_minutes, w.total_minutes, w.capacity_minutes,
         w.utilization, w.paid_minutes, w.fte_clients, round(w.z_score::numeric, 6)
    FROM unnest('{2026-01-15,2026-02-14,2026-03-02}'::date[]) d, caseload.workload(d) w;
PREPARE theirs AS
  SELECT day, district_id, therapist_id, clients::integer, sites::integer, direct, consult, weekly, documentation, planning, evaluation, meeting, travel, makeup, supervision,
         other, total, capacity, utilization, paid, fte_clients, z FROM oracle;
SELECT bag_eq('ours', 'theirs', 'workload() is what plain SQL says');
PREPARE facts AS
  SELECT d AS day, w.district_id, w.therapist_id, w.clients, w.sites, w.direct_minutes, w.consult_minutes, w.weekly_minutes, w.documentation_minutes, w.planning_minutes,
         w.evaluation_minutes, w.meeting_minutes, w.travel_minutes, w.makeup_minutes, w.supervision_minutes, w.other_minutes, w.total_minutes, w.capacity_minutes,
         w.utilization, w.paid_minutes, w.fte_clients, round(w.z_score::numeric, 6)
    FROM unnest('{2026-01-15,2026-02-14,2026-03-02}'::date[]) d, caseload.therapist_facts(d) w;
SELECT bag_eq('facts', 'theirs', 'therapist_facts() says the same');
-- one at a time: a query each, so nothing can be remembered
CREATE TEMP TABLE single (LIKE caseload.therapist_facts);
DO $$
DECLARE t record;
BEGIN
  FOR t IN SELECT district_id, therapist_id FROM caseload.therapist LOOP
    INSERT INTO single SELECT f.* FROM caseload.therapist_facts('2026-02-14') f WHERE f.district_id = t.district_id AND f.therapist_id = t.therapist_id;
  END LOOP;
END $$;
SELECT bag_eq('SELECT * FROM single', 'SELECT * FROM caseload.therapist_facts(''2026-02-14'')', 'one therapist is what all at once say of them');
SELECT bag_eq('SELECT district_id, therapist_id, federal_settings FROM caseload.therapist_facts(''2026-03-02'')',
              'SELECT district_id, therapist_id, settings::integer FROM oracle WHERE day = ''2026-03-02''', 'federal settings of clients on the caseload');
SELECT is((SELECT count(*) FROM (SELECT service_id, client_minutes, therapist_minutes, weekly_sessions FROM caseload.service_facts('2026-02-14')) f JOIN caseload.service v USING (service_id)
             JOIN caseload.client c USING (district_id, client_id) LEFT JOIN caseload.site s USING (district_id, site_id)
            CROSS JOIN LATERAL (SELECT pg_temp.known_weeks(v.district_id, v.discipline, c.site_id, '2026-02-14'), pg_temp.known_months(v.district_id, v.discipline, c.site_id, '2026-02-14')) y (w, m)
            WHERE v.district_id = 'NORTH' AND (client_minutes, therapist_minutes, weekly_sessions)
                  IS DISTINCT FROM (round(caseload.minutes_per_week(v.dosage, w, m), 6), round(caseload.minutes_per_week(v.dosage, w, m) / v.group_size, 6),
                                    round(caseload.sessions_per_week(v.dosage, w, m), 6))
              AND f.service_id IN (SELECT service_id FROM caseload.service GROUP BY service_id HAVING count(*) = 1)), 0::bigint, 'service_facts() in the service year of each');
SELECT is((SELECT count(*) FROM (SELECT DISTINCT v.district_id, v.site_id FROM caseload.site v) s
            CROSS JOIN generate_series('2024-06-25'::date, '2026-07-05', '53 days') d
            WHERE caseload.service_weeks(s.district_id, s.site_id, d::date)
                  <> (SELECT count(DISTINCT date_trunc('week', x)) FROM generate_series(
                        make_date(extract(year FROM d)::integer - CASE WHEN extract(month FROM d) < 7 THEN 1 ELSE 0 END, 7, 1)::timestamp,
                        make_date(extract(year FROM d)::integer - CASE WHEN extract(month FROM d) < 7 THEN 1 ELSE 0 END + 1, 6, 30), '1 day') x
                      WHERE caseload.is_open(s.district_id, s.site_id, x::date))), 0::bigint, 'service_weeks() counts weeks with a day that is_open()');
SELECT ok(bool_and(difference = 0 AND abs(minutes_by_therapist - direct_minutes - consult_minutes) <= 0.01), 'totals by therapist and by client agree')
  FROM unnest('{2026-01-15,2026-02-14,2026-03-02}'::date[]) d, caseload.program_totals(d);
SELECT * FROM finish();
