-- weighting_loads(), computed a second time: every published weighting, and some of our own, as plain SQL in which the expression
-- stands where an expression stands, over the facts as SQL gives them.

\set district WEIGHTING
\set clients 400
\set weeks 8
\set anchor 2026-03-02
\ir sample.psql
\ir begin.psql
SET LOCAL jit = off;
SET LOCAL timezone = 'Pacific/Auckland';
SET LOCAL caseload.capacity = 'off';
SELECT no_plan();

CREATE FUNCTION pg_temp.chance(name text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT ((hashtextextended(name, 9) >> 20) & 65535)::int % n $$;

-- what states count by, now and then not recorded; services of two therapists for one client, of tiers, of dosages not known
UPDATE client SET grade = CASE WHEN pg_temp.chance('a' || client_id, 6) > 0 THEN pg_temp.chance('b' || client_id, 15) - 1 END,
                  category = CASE WHEN pg_temp.chance('c' || client_id, 6) > 0 THEN (ARRAY['Autism', 'assessment', 'in-home', 'out-of-home', category])[1 + pg_temp.chance('d' || client_id, 5)] END,
                  low_incidence_class = (ARRAY['Autistic Support', 'Multi-Disabilities Support'])[pg_temp.chance('e' || client_id, 4)],
                  service_percent = CASE WHEN pg_temp.chance('f' || client_id, 6) > 0 THEN pg_temp.chance('g' || client_id, 400) / 4.0 END,
                  has_aide = CASE WHEN pg_temp.chance('h' || client_id, 6) > 0 THEN pg_temp.chance('i' || client_id, 2) = 0 END,
                  federal_setting = 1 + pg_temp.chance('j' || client_id, 8), need_points = CASE WHEN pg_temp.chance('k' || client_id, 6) > 0 THEN pg_temp.chance('l' || client_id, 200) / 8.0 END,
                  case_manager_id = (SELECT s.therapist_id FROM service s WHERE s.district_id = client.district_id AND s.client_id = client.client_id LIMIT 1)
 WHERE district_id = :'district';
UPDATE therapist SET fte = CASE pg_temp.chance('m' || therapist_id, 5) WHEN 0 THEN NULL WHEN 1 THEN 0.5 ELSE 1 END WHERE district_id = :'district';
UPDATE therapist SET discipline = 'CASEWORK' WHERE district_id = :'district' AND therapist_id = (SELECT max(t.therapist_id) FROM therapist t WHERE t.district_id = :'district');
UPDATE service SET tier = CASE WHEN pg_temp.chance('n' || service_id, 8) = 0 THEN 2 ELSE 3 END, dosage = CASE WHEN pg_temp.chance('o' || service_id, 12) > 0 THEN dosage END,
                   discipline = CASE WHEN pg_temp.chance('p' || service_id, 10) = 0 THEN 'OT'
                                     ELSE coalesce((SELECT t.discipline FROM therapist t WHERE t.district_id = service.district_id AND t.therapist_id = service.therapist_id), discipline) END
 WHERE district_id = :'district';
INSERT INTO weighting (district_id, weighting_name, subject, expression, capacity, discipline, decimals, valid) VALUES
  (:'district', 'own_client', 'client', 'strikes + weekly_minutes / 7 + CASE WHEN is_active THEN 1 ELSE 0.5 END', '100', NULL, NULL, '(,)'),
  (:'district', 'own_service', 'service', 'weekly_sessions * class_weight + coalesce(days_to_end, 0) / 100.0', 'capacity_minutes / 10', 'SLP', 1, '(,)'),
  (:'district', 'own_therapist', 'therapist', 'clients + utilization * 10 - sites', 'headroom_minutes', NULL, 2, '(,2026-06-01)'),
  ('*', 'own_float', 'client', 'service_percent::float8 / 3', 'fte', NULL, 6, '(,)');

-- a client counts once for a therapist; services of the weighting's discipline, tier 3 for clients
CREATE FUNCTION pg_temp.plain(w weighting, day date) RETURNS TABLE (therapist_id text, points numeric, points_limit numeric, counted bigint, unknown bigint) LANGUAGE plpgsql AS $$
DECLARE
  rows_of text := CASE w.subject
    WHEN 'therapist' THEN format('SELECT f.therapist_id, (%s)::numeric AS weight FROM therapist_facts(%L) f WHERE f.district_id = ''WEIGHTING''', w.expression, day)
    WHEN 'service' THEN format('SELECT f.therapist_id, (%s)::numeric AS weight FROM service_facts(%L) f WHERE f.district_id = ''WEIGHTING'' AND (%3$L IS NULL OR f.discipline = %3$L)', w.expression, day, w.discipline)
    ELSE format('SELECT k.therapist_id, (%s)::numeric AS weight FROM client_facts(%L) f
                   JOIN (SELECT DISTINCT s.client_id, s.therapist_id FROM service s
                          WHERE s.district_id = ''WEIGHTING'' AND s.period @> date %2$L AND s.tier = 3 AND (%3$L IS NULL OR s.discipline = %3$L)) k ON k.client_id = f.client_id
                  WHERE f.district_id = ''WEIGHTING''', regexp_replace(w.expression, '\mdiscipline\M', 'f.discipline'), day, w.discipline) END;
BEGIN
  RETURN QUERY EXECUTE format($q$
    SELECT t.therapist_id,
           CASE WHEN count(r.therapist_id) = 0 THEN 0 WHEN count(r.weight) = 0 THEN NULL
                WHEN %1$L IS NULL THEN sum(r.weight) ELSE round(sum(r.weight), %1$L::int) END,
           CASE WHEN %1$L IS NULL THEN max(t.cap) ELSE round(max(t.cap), %1$L::int) END, count(r.therapist_id), count(r.therapist_id) - count(r.weight)
      FROM (SELECT f.therapist_id, (%2$s)::numeric AS cap FROM therapist_facts(%4$L) f WHERE f.district_id = 'WEIGHTING' AND (%5$L IS NULL OR f.discipline = %5$L)) t
      LEFT JOIN (%3$s) r ON r.therapist_id = t.therapist_id
     GROUP BY t.therapist_id$q$, w.decimals, coalesce(w.capacity, 'NULL'), rows_of, day, w.discipline);
END $$;

CREATE FUNCTION pg_temp.compare(w weighting, day date, OUT differ bigint, OUT therapists bigint, OUT points numeric) LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE ours ON COMMIT DROP AS
    SELECT l.therapist_id, l.points, l.points_limit, l.counted, l.unknown FROM weighting_loads(w.weighting_name, day, 'WEIGHTING') l;
  CREATE TEMP TABLE plain ON COMMIT DROP AS SELECT * FROM pg_temp.plain(w, day);
  SELECT count(*) INTO differ FROM ((TABLE ours EXCEPT ALL TABLE plain) UNION ALL (TABLE plain EXCEPT ALL TABLE ours)) x;
  SELECT count(*), sum(p.points) INTO therapists, points FROM plain p;
  DROP TABLE ours, plain;
END $$;

-- on days on which all are employed and on which some are not, before and after a rule changes; a rule that has ended has no rows
SELECT is(c.differ, 0::bigint, format('%s %s as of %s (%s therapists, %s)', w.weighting_name, w.valid, w.day, c.therapists, round(c.points, 3)))
  FROM (SELECT w AS row, w.weighting_name, w.valid, d.day FROM weighting w, (VALUES (date '2026-03-02'), (date '2026-01-20')) d (day)
         WHERE w.valid @> d.day ORDER BY w.weighting_name, d.day OFFSET 0) w CROSS JOIN LATERAL pg_temp.compare(w.row, w.day) c;
SELECT is((SELECT count(*) FROM weighting_loads('own_therapist', '2026-06-01', :'district')), 0::bigint, 'nothing after its days');

SELECT min(therapist_id) AS one, max(therapist_id) AS other FROM therapist WHERE district_id = :'district' \gset
-- one therapist alone, and all districts at once, say the same
SELECT is((SELECT count(*) FROM (SELECT l.* FROM weighting_loads(w.weighting_name, '2026-03-02', :'district') l
                                 EXCEPT ALL
                                 SELECT l.* FROM therapist t, LATERAL weighting_loads(w.weighting_name, '2026-03-02', :'district', t.therapist_id) l WHERE t.district_id = :'district' AND t.therapist_id IN (:'one', :'other')) x
            WHERE x.therapist_id IN (:'one', :'other')),
          0::bigint, w.weighting_name || ' of one therapist') FROM (SELECT DISTINCT weighting_name FROM weighting ORDER BY 1 OFFSET 0) w;
SELECT is((SELECT count(*) FROM (SELECT l.* FROM weighting_loads(w.weighting_name, '2026-03-02', :'district') l
                                 EXCEPT ALL SELECT l.* FROM weighting_loads(w.weighting_name, '2026-03-02') l) x),
          0::bigint, w.weighting_name || ' of all districts') FROM (SELECT DISTINCT weighting_name FROM weighting ORDER BY 1 OFFSET 0) w;

-- the clusters and categories of ASHA add up to the whole
SELECT is((SELECT count(*) FROM therapist_facts('2026-03-02') f
            WHERE f.district_id = :'district' AND (f.total_minutes IS DISTINCT FROM (SELECT CASE WHEN count(*) = count(c.minutes) THEN sum(c.minutes) END FROM asha_clusters('2026-03-02', f.district_id, f.therapist_id) c))),
          0::bigint, 'clusters add up to the whole');
SELECT cmp_ok((SELECT max(abs(f.total_minutes / 60 - (SELECT sum(c.hours) FROM asha_categories('2026-03-02', f.district_id, f.therapist_id) c)))
                 FROM therapist_facts('2026-03-02') f WHERE f.district_id = :'district'), '<', 0.04, 'so do categories, but for rounding');
SELECT * FROM finish();
ROLLBACK;
