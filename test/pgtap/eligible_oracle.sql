-- eligible() against plain SQL over the tables, and its short cuts against check_capacity(), which looks at every day: the sample
-- district with licences, grades, hours, sites and words dealt out by hash.
\set district NORTH
\set anchor 2026-03-02
\set clients 300
\set therapists 12
\set weeks 2
\ir sample.psql
\ir begin.psql
SET LOCAL timezone = 'UTC';
SET LOCAL caseload.capacity = 'off';
\ir laws.psql
CREATE FUNCTION pg_temp.h(a text, b text) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (hashtextextended(a || '/' || b, 11) >> 40 & 1048575)::integer;
INSERT INTO site (district_id, site_id, level, state, time_zone) VALUES ('NORTH', 'ANC', 'high', 'AK', 'America/Anchorage');
UPDATE client SET site_id = 'ANC' WHERE pg_temp.h(client_id, 'far') % 12 = 0;
UPDATE client SET grade = pg_temp.h(client_id, 'grade') % 13 WHERE pg_temp.h(client_id, 'graded') % 6 > 0;
UPDATE client SET tele = pg_temp.h(client_id, 'tele') % 3 = 0, state = CASE WHEN pg_temp.h(client_id, 'state') % 9 = 0 THEN 'NJ' END;
UPDATE site SET availability = CASE pg_temp.h(site_id, 'hours') % 4 WHEN 0 THEN 'Mon-Fri 08:00-11:30' WHEN 1 THEN 'Tue, Thu 09:00-10:00' WHEN 2 THEN 'Mon 12:00-15:00, Wed 08:00-08:45' END;
UPDATE client SET availability = CASE pg_temp.h(client_id, 'hours') % 3 WHEN 0 THEN 'Mon 09:00-09:20' ELSE 'Wed, Fri 07:30-08:30' END WHERE pg_temp.h(client_id, 'own') % 8 = 0;
UPDATE therapist SET presence = (ARRAY['on_site', 'tele', 'both', NULL])[1 + pg_temp.h(therapist_id, 'presence') % 4],
       availability = (ARRAY['Mon-Fri 07:00-12:00', 'Mon, Wed 08:00-16:00', 'Tue 06:00-09:30', NULL]::caseload.availability[])[1 + pg_temp.h(therapist_id, 'hours') % 4],
       time_zone = CASE pg_temp.h(therapist_id, 'zone') % 5 WHEN 0 THEN 'America/Los_Angeles' WHEN 1 THEN NULL ELSE time_zone END;
INSERT INTO therapist_availability (district_id, therapist_id, kind, availability, status, valid)
  SELECT district_id, therapist_id, k, a, s, v::daterange FROM therapist, (VALUES ('direct', 'Mon 08:00-12:00, Thu 08:00-12:00'::caseload.availability, 'confirmed', '[2026-01-01,2026-06-01)'),
    ('direct', 'always', 'draft', '(,)'), ('other', 'Fri 8-12', 'confirmed', '(,)'), ('direct', 'Tue 07:00-10:00, Thu 08:00-12:00', 'confirmed', '[2026-03-01,)')) AS x (k, a, s, v)
   WHERE pg_temp.h(therapist_id, 'versions') % 3 = 0;
INSERT INTO license (district_id, therapist_id, state, discipline, valid)
  SELECT t.district_id, t.therapist_id, x.state, t.discipline, x.valid::daterange FROM therapist t, (VALUES ('AK', '[2020-01-01,2026-03-02)'), ('NJ', '[2026-03-02,)'), ('IL', '(,)')) AS x (state, valid)
   WHERE pg_temp.h(therapist_id, x.state) % 2 = 0 ON CONFLICT DO NOTHING;
DELETE FROM license WHERE pg_temp.h(therapist_id, 'none') % 7 = 0;
UPDATE therapist SET state = CASE pg_temp.h(therapist_id, 'state') % 3 WHEN 0 THEN 'NJ' WHEN 1 THEN NULL ELSE state END WHERE pg_temp.h(therapist_id, 'moves') % 2 = 1;
DELETE FROM therapist_scope;
INSERT INTO therapist_scope (district_id, therapist_id, lowest_grade, highest_grade, evaluation_only, valid)
  SELECT district_id, therapist_id, CASE WHEN pg_temp.h(therapist_id, 'low') % 2 = 0 THEN 3 END, CASE WHEN pg_temp.h(therapist_id, 'high') % 2 = 0 THEN 9 END, pg_temp.h(therapist_id, 'evaluates') % 4 = 0, '[2026-01-01,2027-01-01)'
    FROM therapist WHERE pg_temp.h(therapist_id, 'scope') % 3 = 0;
INSERT INTO therapist_site (district_id, therapist_id, site_id, valid)
  SELECT t.district_id, t.therapist_id, s.site_id, CASE WHEN pg_temp.h(t.therapist_id, s.site_id) % 4 = 1 THEN '(,2026-02-01)' ELSE '(,)' END::daterange
    FROM therapist t JOIN site s USING (district_id) WHERE pg_temp.h(t.therapist_id, 'sites') % 2 = 0 AND pg_temp.h(t.therapist_id, s.site_id) % 2 = 1;
INSERT INTO therapist_skill (district_id, therapist_id, kind, word, valid)
  SELECT t.district_id, t.therapist_id, w.kind, w.word, CASE WHEN pg_temp.h(t.therapist_id, w.word) % 5 = 0 THEN '[2026-04-01,)' ELSE '(,)' END::daterange
    FROM therapist t, (VALUES ('language', 'Spanish'), ('language', 'AAC'), ('specialty', 'AAC'), ('specialty', 'fluency')) AS w (kind, word) WHERE pg_temp.h(t.therapist_id, w.kind || w.word) % 2 = 0;
INSERT INTO client_need (district_id, client_id, kind, word, required)
  SELECT c.district_id, c.client_id, w.kind, w.word, pg_temp.h(c.client_id, w.word) % 3 > 0
    FROM client c, (VALUES ('language', 'Spanish'), ('specialty', 'AAC'), ('specialty', 'fluency')) AS w (kind, word) WHERE pg_temp.h(c.client_id, w.kind || w.word) % 6 = 0;
UPDATE service SET delivery = 'consult' WHERE group_size = 1 AND pg_temp.h(service_id, 'consult') % 10 = 0;
UPDATE service SET dosage = NULL WHERE pg_temp.h(service_id, 'unknown') % 15 = 0;
-- loads that change: some services end soon, some begin later
UPDATE service SET period = daterange(lower(period), '2026-04-01') WHERE upper_inf(period) AND lower(period) < '2026-03-01' AND pg_temp.h(service_id, 'ends') % 7 = 0;
INSERT INTO service (district_id, service_id, client_id, discipline, dosage, therapist_id, period)
  SELECT district_id, 'later-' || service_id, client_id, discipline, '2x45/week', therapist_id, '[2127-01-01,)' FROM service v WHERE therapist_id IS NOT NULL AND pg_temp.h(service_id, 'later') % 9 = 0
     AND EXISTS (SELECT FROM episode e WHERE e.client_id = v.client_id AND upper_inf(e.period));
INSERT INTO policy (district_id, policy_name, discipline, value) VALUES ('NORTH', 'headcount_cap', 'OT', '20'), ('NORTH', 'headcount_cap', 'PT', '45');
UPDATE therapist SET employed = '[2026-05-01,)' WHERE therapist_id = 'T05';

SELECT plan(9);
CREATE TEMP TABLE got AS SELECT * FROM eligible('2026-03-02', 'NORTH');
CREATE TEMP VIEW truth AS
SELECT v.service_id, t.therapist_id, v.therapist_id = t.therapist_id AS gives,
       h.common, h.fit, h.need,
       array_remove(ARRAY[
         CASE WHEN t.discipline <> v.discipline THEN 'discipline' END,
         CASE WHEN NOT t.employed @> day THEN 'employment' END,
         (SELECT 'scope' FROM therapist_scope s WHERE s.therapist_id = t.therapist_id AND s.valid @> day
           AND (s.evaluation_only OR c.grade < s.lowest_grade OR c.grade > s.highest_grade)),
         CASE WHEN EXISTS (SELECT FROM license l WHERE l.therapist_id = t.therapist_id)
               AND EXISTS (SELECT FROM (VALUES (coalesce(c.state, s.state)), (t.state)) AS p (state) WHERE p.state IS NOT NULL
                            AND NOT EXISTS (SELECT FROM license l WHERE l.therapist_id = t.therapist_id AND l.state = p.state AND l.discipline = v.discipline AND l.valid @> day)) THEN 'licence' END,
         CASE WHEN v.delivery <> 'consult' AND h.fit < h.need THEN 'availability' END,
         CASE WHEN c.site_id IS NOT NULL AND NOT CASE WHEN s.level = 'tele' THEN coalesce(t.presence, 'tele') <> 'on_site'
                WHEN c.tele AND t.presence IN ('tele', 'both') THEN true WHEN t.presence = 'tele' THEN false
                ELSE NOT EXISTS (SELECT FROM therapist_site x WHERE x.therapist_id = t.therapist_id)
                     OR EXISTS (SELECT FROM therapist_site x WHERE x.therapist_id = t.therapist_id AND x.site_id = c.site_id AND x.valid @> day) END THEN 'reach' END,
         (SELECT min('language') FROM client_need n WHERE n.client_id = c.client_id AND n.kind = 'language' AND n.required
             AND NOT EXISTS (SELECT FROM therapist_skill k WHERE k.therapist_id = t.therapist_id AND k.kind = n.kind AND k.word = n.word AND k.valid @> day)),
         (SELECT min('specialty') FROM client_need n WHERE n.client_id = c.client_id AND n.kind = 'specialty' AND n.required
             AND NOT EXISTS (SELECT FROM therapist_skill k WHERE k.therapist_id = t.therapist_id AND k.kind = n.kind AND k.word = n.word AND k.valid @> day))], NULL) AS failing,
       (SELECT count(*) FROM client_need n WHERE n.client_id = c.client_id AND NOT n.required
           AND NOT EXISTS (SELECT FROM therapist_skill k WHERE k.therapist_id = t.therapist_id AND k.kind = n.kind AND k.word = n.word AND k.valid @> day)) AS wishes,
       -- the twin knows nothing of the state in which the therapist works, nor of what is confirmed
       EXISTS (SELECT FROM license l WHERE l.therapist_id = t.therapist_id) AND coalesce(c.state, s.state) IS NOT NULL
         AND NOT EXISTS (SELECT FROM license l WHERE l.therapist_id = t.therapist_id AND l.state = coalesce(c.state, s.state) AND l.valid @> day) AS unlicensed_there
FROM (SELECT '2026-03-02'::date) AS d (day)
JOIN service v ON v.period @> day
JOIN client c USING (district_id, client_id)
LEFT JOIN site s ON s.district_id = c.district_id AND s.site_id = c.site_id
JOIN therapist t ON t.district_id = v.district_id AND (t.discipline = v.discipline AND NOT upper(t.employed) <= day IS TRUE OR t.therapist_id = v.therapist_id)
-- no clock changes in this week: a zone is a number of minutes away from another
CROSS JOIN LATERAL (SELECT CASE WHEN EXISTS (SELECT FROM therapist_availability a WHERE a.therapist_id = t.therapist_id AND a.kind = 'direct')
    THEN coalesce((SELECT a.availability FROM therapist_availability a WHERE a.therapist_id = t.therapist_id AND a.kind = 'direct' AND a.status = 'confirmed' AND a.valid @> day ORDER BY a.version DESC LIMIT 1), 'never')
    ELSE t.availability END, coalesce(c.availability, s.availability),
    coalesce(extract(epoch FROM (timestamptz '2026-03-04 12:00Z' AT TIME ZONE s.time_zone) - (timestamptz '2026-03-04 12:00Z' AT TIME ZONE t.time_zone))::integer / 60, 0)) AS a (own, hers, minutes)
CROSS JOIN LATERAL (SELECT CASE WHEN a.own IS NULL THEN a.hers WHEN a.hers IS NULL THEN shift(a.own, a.minutes) ELSE shift(a.own, a.minutes) * a.hers END) AS b (both_hours)
CROSS JOIN LATERAL (SELECT (_service_minutes(v.dosage, 1, v.district_id, v.discipline, s.level, s.site_id, day)).weeks_per_year AS weeks) y
CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN sessions(v.dosage) IS NOT NULL THEN minutes(v.dosage) END, 30) AS session,
    greatest(ceil(coalesce(CASE WHEN y.weeks = 52 THEN coalesce(sessions_per_week(v.dosage, 52, 12), minutes_per_week(v.dosage, 52, 12) / 30)
                                ELSE coalesce(sessions_per_week(v.dosage), minutes_per_week(v.dosage) / 30) END, 1)), 1) AS need) n
CROSS JOIN LATERAL (SELECT minutes(b.both_hours) AS common, opening_count(b.both_hours, n.session) AS fit, n.need) h
WHERE EXISTS (SELECT FROM episode e WHERE e.client_id = v.client_id AND e.period @> day);
CREATE TEMP TABLE wanted AS SELECT * FROM truth;
SELECT ok((SELECT count(*) FROM got) > 900 AND (SELECT count(DISTINCT failing) FROM got) > 40, 'there are many pairs and many reasons');
SELECT pg_temp.holds('the same pairs', 'g.service_id IS NOT NULL AND w.service_id IS NOT NULL', 'got g FULL JOIN wanted w ON w.service_id = g.service_id AND w.therapist_id = g.therapist_id', 900);
SELECT pg_temp.holds('the same reasons, but for the load', $$ARRAY(SELECT f FROM unnest(g.failing) f WHERE f NOT IN ('weekly_minutes', 'headcount', 'weighting')) = w.failing$$,
  'got g JOIN wanted w ON w.service_id = g.service_id AND w.therapist_id = g.therapist_id', 900);
SELECT pg_temp.holds('the same time in common, sessions and wishes', 'g.minutes_in_common IS NOT DISTINCT FROM w.common AND g.sessions_that_fit IS NOT DISTINCT FROM w.fit AND g.sessions_needed = w.need AND g.unmet_wishes = w.wishes AND g.gives = coalesce(w.gives, false)',
  'got g JOIN wanted w ON w.service_id = g.service_id AND w.therapist_id = g.therapist_id', 900);
SELECT ok((SELECT count(*) FROM got g JOIN wanted w ON w.service_id = g.service_id AND w.therapist_id = g.therapist_id WHERE ('licence' = ANY (g.failing)) <> w.unlicensed_there) > 20,
  'the twin: without the state of the therapist licences would say something else');
SELECT pg_temp.holds('eligible and permitted follow from the reasons', $$eligible = (failing = '{}') AND permitted = (failing <@ '{weekly_minutes,headcount,weighting}') AND failing = ARRAY(SELECT r.rule_name FROM unnest(reasons) WITH ORDINALITY AS r (rule_name, l, w, u, m, n) ORDER BY n)$$, 'got', 900);
SELECT results_eq($$SELECT service_id, therapist_id, failing FROM eligible('2026-03-02', 'NORTH', explain => false) ORDER BY 1, 2$$, 'SELECT service_id, therapist_id, failing FROM got ORDER BY 1, 2', 'without explanation the same');
-- the short cuts of load against every day
CREATE TEMP TABLE today AS SELECT * FROM eligible(CURRENT_DATE, 'NORTH', explain => false) WHERE pg_temp.h(service_id, therapist_id) % 3 = 0;
SET LOCAL caseload.capacity = 'error';
SELECT pg_temp.holds('as of today it is what check_capacity() says', 'failing = of_check', $$(SELECT e.service_id, e.therapist_id, e.failing,
     ARRAY(SELECT c.rule_name FROM _capacity_reasons(v.district_id, e.therapist_id, v.service_id, v.client_id, v.discipline, v.delivery, v.tier, v.group_size, v.dosage, lower(v.period), upper(v.period), e.gives)
             WITH ORDINALITY AS c (rule_name, limit_value, would_be, unit, verdict, message, n) WHERE c.verdict <> 'ok' ORDER BY c.n) AS of_check
   FROM today e JOIN service v ON v.service_id = e.service_id) x$$, 250);
SELECT ok((SELECT count(*) FROM today WHERE 'weekly_minutes' = ANY (failing)) > 20 AND (SELECT count(*) FROM today WHERE 'headcount' = ANY (failing)) > 5, 'with enough that is full');
SELECT finish();
ROLLBACK;
