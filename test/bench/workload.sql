-- workload() of a district against a plain GROUP BY over the same rows: what every therapist gives, by the lines that are due to clients
-- who are enrolled, in the service year of the site, with clients and sites counted. A therapist works at four sites.

SET caseload.capacity = off;
INSERT INTO caseload.district (district_id) VALUES ('B');
INSERT INTO caseload.site (district_id, site_id, level, time_zone)
  SELECT 'B', 'S' || i, (ARRAY['elementary', 'elementary', 'middle', 'high', 'preschool', 'clinic', 'tele'])[1 + i % 7], 'America/New_York'
    FROM generate_series(1, greatest(:services / 350, 7)) i;
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, time_zone)
  SELECT 'B', 'T' || i, (ARRAY['SLP', 'OT', 'PT', 'PSY'])[1 + i % 4], (ARRAY[1, 0.8, 0.5])[1 + i % 3], 'America/New_York'
    FROM generate_series(1, :therapists) i;
INSERT INTO caseload.client (district_id, client_id, site_id)
  SELECT 'B', 'C' || i, 'S' || 1 + (i % :therapists + bench.pick(i, 1, 4)) % greatest(:services / 350, 7) FROM generate_series(1, :services * 4 / 5) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period)
  SELECT 'B', 'C' || i, 1, '[2025-08-01,)' FROM generate_series(1, :services * 4 / 5) i;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, group_size, therapist_id, period)
  SELECT 'B', 'V' || i, 'C' || 1 + i % (:services * 4 / 5), t.discipline,
         (ARRAY['2x30/week', '30/week', '1x45/2 weeks', '4x20/month', '60/quarter'])[1 + bench.pick(i, 2, 5)]::caseload.dosage,
         CASE WHEN bench.u(i, 3) < 0.15 THEN 'consult' ELSE 'small_group_ok' END::caseload.delivery, 1 + bench.pick(i, 4, 3), t.therapist_id, '[2025-08-01,)'
    FROM generate_series(1, :services) i
    JOIN caseload.therapist t ON t.district_id = 'B' AND t.therapist_id = 'T' || 1 + (1 + i % (:services * 4 / 5)) % :therapists;
INSERT INTO caseload.duty (district_id, therapist_id, activity_name, dosage)
  SELECT 'B', therapist_id, a, '60/week' FROM caseload.therapist, unnest('{meeting,communication}'::text[]) a WHERE bench.pick(substr(therapist_id, 2)::integer, 6, 2) = 0;
VACUUM ANALYZE;

-- With 36 and 52 weeks by level, as the seeded policies have it; nothing of what follows by policies.
CREATE VIEW bench.grouped AS
  SELECT v.therapist_id, count(DISTINCT v.client_id) AS clients, count(DISTINCT c.site_id) AS sites,
         sum(caseload.minutes_per_week(v.dosage, y.weeks, y.months) / v.group_size) FILTER (WHERE v.delivery <> 'consult') AS direct,
         sum(caseload.minutes_per_week(v.dosage, y.weeks, y.months) / v.group_size) FILTER (WHERE v.delivery = 'consult') AS consult
    FROM caseload.service v
    JOIN caseload.client c ON c.district_id = v.district_id AND c.client_id = v.client_id
    JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
    JOIN caseload.episode e ON e.district_id = v.district_id AND e.client_id = v.client_id AND e.period @> '2026-03-02'::date
   CROSS JOIN LATERAL (SELECT CASE s.level WHEN 'clinic' THEN 52 ELSE 36 END, CASE s.level WHEN 'clinic' THEN 12 ELSE 9 END) AS y (weeks, months)
   WHERE v.district_id = 'B' AND v.period @> '2026-03-02'::date AND v.therapist_id IS NOT NULL
   GROUP BY v.therapist_id;
-- The same without counting anything.
CREATE VIEW bench.summed AS
  SELECT v.therapist_id, sum(caseload.minutes_per_week(v.dosage, y.weeks, y.months) / v.group_size) AS minutes
    FROM caseload.service v
    JOIN caseload.client c ON c.district_id = v.district_id AND c.client_id = v.client_id
    JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
    JOIN caseload.episode e ON e.district_id = v.district_id AND e.client_id = v.client_id AND e.period @> '2026-03-02'::date
   CROSS JOIN LATERAL (SELECT CASE s.level WHEN 'clinic' THEN 52 ELSE 36 END, CASE s.level WHEN 'clinic' THEN 12 ELSE 9 END) AS y (weeks, months)
   WHERE v.district_id = 'B' AND v.period @> '2026-03-02'::date AND v.therapist_id IS NOT NULL
   GROUP BY v.therapist_id;

SELECT bench.must(count(*) = :therapists AND bool_and(w.clients = g.clients AND w.sites = g.sites AND abs(w.direct_minutes - g.direct) < 0.01
                  AND abs(w.consult_minutes - coalesce(g.consult, 0)) < 0.01), 'workload() and the GROUP BY')
  FROM caseload.workload('2026-03-02') w JOIN bench.grouped g USING (therapist_id);

INSERT INTO bench.variant (measure, variant, statement) VALUES
  ('workload', 'ours', 'SELECT count(x) FROM (SELECT * FROM caseload.workload(''2026-03-02'') WHERE district_id = ''B'' OFFSET 0) x'),
  ('workload', 'grouped', 'SELECT count(x) FROM (SELECT * FROM bench.grouped OFFSET 0) x'),
  ('workload', 'summed', 'SELECT count(x) FROM (SELECT * FROM bench.summed OFFSET 0) x'),
  ('workload', 'one', 'SELECT count(x) FROM (SELECT f.utilization FROM caseload.therapist_facts(''2026-03-02'') f WHERE f.district_id = ''B'' AND f.therapist_id = ''T1'' AND f.utilization > 0 OFFSET 0) x');
INSERT INTO bench.target (what, kind, measure, ours, rival, metric, bound) VALUES
  ('`workload()` of all therapists', 'value', 'workload', 'ours', NULL, 'wall', 100),
  ('… against a GROUP BY of the same rows with clients and sites counted', 'ratio', 'workload', 'ours', 'grouped', 'cpu', 3),
  ('… against a GROUP BY that only adds up minutes', 'ratio', 'workload', 'ours', 'summed', 'cpu', 3),
  ('utilization of one therapist', 'value', 'workload', 'one', NULL, 'wall', NULL);
