-- Made districts: therapists of four disciplines in regions of 25 sites, some of them by screen in the whole state; clients with weights from 0.5 to 4
-- (quarters of a point), about 54 for each FTE, some of whom need a language or a specialty. Today each client is with one of those who may take them,
-- the first of two rather than the second, so that loads are as uneven as those of real teams.

DROP TABLE IF EXISTS bench.plan_therapist, bench.plan_client, bench.plan_pair, bench.plan_wish, bench.plan_draw;
CREATE TABLE bench.plan_therapist AS
  SELECT 't' || lpad(i::text, 5, '0') AS therapist_id, round((0.5 + 0.1 * floor(bench.u(i, 101) * 6))::numeric, 1) AS fte,
         CASE WHEN bench.u(i, 102) < 0.5 THEN 'SLP' WHEN bench.u(i, 102) < 0.75 THEN 'OT' WHEN bench.u(i, 102) < 0.9 THEN 'PT' ELSE 'PSY' END AS discipline,
         i % greatest(:therapists / 50, 1) AS region, i % greatest(:therapists / 50, 1) / 10 AS state, bench.u(i, 103) < 0.15 AS by_screen,
         bench.u(i, 104) * 5 AS x, bench.u(i, 105) * 5 AS y, 1.5 + bench.u(i, 106) * 2 AS reach, bench.u(i, 107) < 0.25 AS spanish, bench.u(i, 108) < 0.35 AS special
    FROM generate_series(1, :therapists) AS i;
CREATE TABLE bench.plan_wish AS
  SELECT 'c' || lpad(j::text, 6, '0') AS client_id, 0.5 + 0.25 * floor(15 * bench.u(j, 111) ^ 1.3 )::numeric AS weight,
         CASE WHEN bench.u(j, 112) < 0.5 THEN 'SLP' WHEN bench.u(j, 112) < 0.75 THEN 'OT' WHEN bench.u(j, 112) < 0.9 THEN 'PT' ELSE 'PSY' END AS discipline,
         bench.pick(j, 113, greatest(:therapists / 50, 1)) AS region, bench.pick(j, 114, 5) + 0.5 AS x, bench.pick(j, 115, 5) + 0.5 AS y,
         bench.u(j, 116) < 0.08 AS spanish, bench.u(j, 117) < 0.12 AS special, j
    FROM generate_series(1, :therapists * 49) AS j;
CREATE TABLE bench.plan_pair AS
  SELECT c.client_id, t.therapist_id
    FROM bench.plan_wish c
    JOIN bench.plan_therapist t ON t.discipline = c.discipline AND t.region = c.region AND NOT t.by_screen
     AND (t.x - c.x) ^ 2 + (t.y - c.y) ^ 2 <= t.reach ^ 2 AND (t.spanish OR NOT c.spanish) AND (t.special OR NOT c.special)
  UNION ALL
  SELECT c.client_id, t.therapist_id
    FROM bench.plan_wish c
    JOIN bench.plan_therapist t ON t.discipline = c.discipline AND t.by_screen AND t.state = c.region / 10
     AND (t.spanish OR NOT c.spanish) AND (t.special OR NOT c.special) AND NOT c.special AND c.j % 4 = t.region % 4;
-- How much each therapist draws: so that loads would follow the FTE, and then by chance more or less.
CREATE TABLE bench.plan_draw AS SELECT therapist_id, fte, fte::float8 AS draw FROM bench.plan_therapist;
DO $$
BEGIN
  FOR round IN 1 .. 6 LOOP
    UPDATE bench.plan_draw d SET draw = d.draw * least(greatest(d.fte * e.total / nullif(e.load, 0) / (SELECT sum(fte) FROM bench.plan_draw), 0.3), 3)
      FROM (SELECT p.therapist_id, sum(c.weight * d.draw / s.draws) AS load, sum(sum(c.weight * d.draw / s.draws)) OVER () AS total
              FROM bench.plan_pair p
              JOIN bench.plan_draw d USING (therapist_id)
              JOIN bench.plan_wish c USING (client_id)
              JOIN (SELECT p.client_id, sum(d.draw) AS draws FROM bench.plan_pair p JOIN bench.plan_draw d USING (therapist_id) GROUP BY p.client_id) s USING (client_id)
             GROUP BY p.therapist_id) e
     WHERE e.therapist_id = d.therapist_id;
  END LOOP;
  UPDATE bench.plan_draw SET draw = draw * exp(0.8 * (bench.u(hashtext(therapist_id), 121) + bench.u(hashtext(therapist_id), 122) - 1));
END
$$;
CREATE TABLE bench.plan_client AS
  SELECT DISTINCT ON (c.client_id) c.client_id, c.weight, p.therapist_id, CASE WHEN c.special THEN 2 ELSE 1 END AS move_cost
    FROM bench.plan_wish c
    JOIN bench.plan_pair p USING (client_id)
    JOIN bench.plan_draw d USING (therapist_id)
   ORDER BY c.client_id, -ln(1 - bench.u(hashtextextended(p.client_id || p.therapist_id, 5), 3)) / d.draw;
DROP TABLE bench.plan_draw;
DROP TABLE bench.plan_wish;
ANALYZE bench.plan_therapist, bench.plan_client, bench.plan_pair;

-- The rival: longest processing time first, from scratch, as one writes it in PL/pgSQL.
DROP TABLE IF EXISTS bench.plan_greedy;
CREATE TABLE bench.plan_greedy (client_id text, therapist_id text);
CREATE OR REPLACE FUNCTION bench.plan_lpt() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  therapists text[] := ARRAY(SELECT therapist_id FROM bench.plan_therapist ORDER BY therapist_id);
  fte float8[] := ARRAY(SELECT fte FROM bench.plan_therapist ORDER BY therapist_id);
  load float8[] := array_fill(0::float8, ARRAY[cardinality(therapists)]);
  clients text[] := '{}';
  chosen text[] := '{}';
  of_client record;
  i integer;
  best integer;
  least float8;
BEGIN
  TRUNCATE bench.plan_greedy;
  FOR of_client IN SELECT c.client_id, c.weight::float8 AS weight, array_agg(t.place ORDER BY t.place) AS may
             FROM bench.plan_client c
             JOIN bench.plan_pair p USING (client_id)
             JOIN (SELECT therapist_id, (row_number() OVER (ORDER BY therapist_id))::integer AS place FROM bench.plan_therapist) t ON t.therapist_id = p.therapist_id
            GROUP BY c.client_id, c.weight ORDER BY c.weight DESC, c.client_id LOOP
    best := NULL;
    FOREACH i IN ARRAY of_client.may LOOP
      IF best IS NULL OR (load[i] + of_client.weight) / fte[i] < least THEN
        best := i;
        least := (load[i] + of_client.weight) / fte[i];
      END IF;
    END LOOP;
    load[best] := load[best] + of_client.weight;
    clients := clients || of_client.client_id;
    chosen := chosen || therapists[best];
  END LOOP;
  INSERT INTO bench.plan_greedy SELECT * FROM unnest(clients, chosen);
END
$$;

CREATE OR REPLACE FUNCTION bench.plan_queries(OUT t text, OUT c text, OUT e text) LANGUAGE sql AS $$
  SELECT 'SELECT therapist_id, fte FROM bench.plan_therapist', 'SELECT client_id, weight, therapist_id, move_cost FROM bench.plan_client',
         'SELECT client_id, therapist_id FROM bench.plan_pair'
$$;
DROP TABLE IF EXISTS bench.plan_answer;
CREATE TABLE bench.plan_answer (measure text, p caseload.plan);
-- the plan is measured, not how it is pressed into a page
ALTER TABLE bench.plan_answer ALTER p SET STORAGE EXTERNAL;
CREATE OR REPLACE FUNCTION bench.plan_keep(of_measure text, p caseload.plan) RETURNS void LANGUAGE sql AS $$
  DELETE FROM bench.plan_answer WHERE measure = of_measure;
  INSERT INTO bench.plan_answer VALUES (of_measure, p);
$$;
SELECT bench.must(bool_and(k.ok), k.check_name)
  FROM bench.plan_queries() q, caseload.rebalance(q.t, q.c, q.e) p, caseload.check_plan(p, q.t, q.c, q.e) k WHERE :therapists <= 1000 GROUP BY k.check_name;

INSERT INTO bench.variant (measure, variant, statement) VALUES
  ('plan', 'reading', 'SELECT count(*) FROM bench.plan_pair p JOIN bench.plan_client USING (client_id)'),
  ('plan', 'fair share', 'SELECT max(f.block) FROM bench.plan_queries() q, caseload.fair_share(q.t, q.c, q.e) f'),
  ('plan', 'moves', 'SELECT bench.plan_keep(''moves'', caseload.rebalance(q.t, q.c, q.e, bounds => false, swaps => false)) FROM bench.plan_queries() q'),
  ('plan', 'all', 'SELECT bench.plan_keep(''all'', caseload.rebalance(q.t, q.c, q.e, bounds => false)) FROM bench.plan_queries() q'),
  ('plan', 'band', 'SELECT bench.plan_keep(''band'', caseload.rebalance(q.t, q.c, q.e, equity => ''band'', target => 0.1)) FROM bench.plan_queries() q'),
  ('plan', 'lpt', 'SELECT bench.plan_lpt()');
INSERT INTO bench.target (what, kind, measure, ours, rival, metric, bound) VALUES
  ('fair share and moves, against LPT in PL/pgSQL', 'faster', 'plan', 'moves', 'lpt', 'cpu', NULL),
  ('the same', 'value', 'plan', 'moves', NULL, 'cpu', CASE WHEN :therapists <= 50 THEN 10 WHEN :therapists <= 500 THEN 500 ELSE 15000 END),
  ('with swaps and chains', 'value', 'plan', 'all', NULL, 'cpu', NULL),
  ('fair share alone', 'value', 'plan', 'fair share', NULL, 'cpu', NULL),
  ('within 10 % of the fair share, with the bound of its cost', 'value', 'plan', 'band', NULL, 'cpu', NULL);

-- How good: gaps to proven bounds.
CREATE OR REPLACE FUNCTION bench.plan_quality() RETURNS SETOF text LANGUAGE sql AS $$
  WITH q AS (SELECT * FROM bench.plan_queries()),
  greedy AS (
    SELECT sum(l.load ^ 2 / t.fte) AS ssq, (SELECT count(*) FROM bench.plan_greedy g JOIN bench.plan_client c USING (client_id) WHERE g.therapist_id <> c.therapist_id) AS moves
      FROM bench.plan_therapist t
      JOIN (SELECT g.therapist_id, sum(c.weight) AS load FROM bench.plan_greedy g JOIN bench.plan_client c USING (client_id) GROUP BY g.therapist_id) l USING (therapist_id)),
  curve AS (SELECT k.* FROM q, caseload.pareto(q.t, q.c, q.e, max_moves => (SELECT count(*) * 3 / 100 FROM bench.plan_client)::integer, points => 12) k),
  n AS (SELECT count(*) AS clients FROM bench.plan_client)
  SELECT '| | moves | above the bound of the squares | target | |'
  UNION ALL SELECT '|---|---|---|---|---|'
  UNION ALL SELECT format('| today, CV %s of at least %s | | %s %% | | |', (p).cv_before, (p).cv_bound, round(((p).ssq_before / (p).ssq_bound - 1) * 100, 3)) FROM bench.plan_answer WHERE measure = 'moves'
  UNION ALL SELECT format('| single moves | %s (%s %% of the clients) | %s %% | at most 0.01 %% | %s |', (p).move_count, round(100.0 * (p).move_count / clients, 1), (p).gap_percent,
                          CASE WHEN (p).gap_percent <= 0.01 THEN 'met' ELSE '**not met**' END) FROM bench.plan_answer, n WHERE measure = 'moves'
  UNION ALL SELECT format('| with swaps and chains | %s (%s %%) | %s %% | | |', (p).move_count, round(100.0 * (p).move_count / clients, 1), (p).gap_percent) FROM bench.plan_answer, n WHERE measure = 'all'
  UNION ALL SELECT format('| LPT from scratch | %s (%s %%) | %s %% | | |', moves, round(100.0 * moves / clients, 1), round((ssq / (p).ssq_bound - 1) * 100, 3)) FROM greedy, bench.plan_answer, n WHERE measure = 'moves'
  UNION ALL SELECT format('| up to 3 %% of the clients: cost over its bound, worst of %s prefixes | %s | | at most 1.03 | %s |', count(*), round(max(move_cost::numeric / cost_bound), 4),
                          CASE WHEN max(move_cost::numeric / cost_bound) <= 1.03 THEN 'met' ELSE '**not met**' END) FROM curve WHERE cost_bound > 0
  UNION ALL SELECT format('| band of 10 %%: cost over its bound (out of it: %s) | %s / %s = %s | | | |', (p).out_of_band, (p).move_cost, (p).cost_bound, round((p).move_cost::numeric / (p).cost_bound, 4))
              FROM bench.plan_answer WHERE measure = 'band'
$$;
