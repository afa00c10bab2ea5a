-- Generalised assignment as the literature makes it: every client must have a therapist, each pair has a cost and a weight, and rooms are tight. Types a, b, c
-- and d as in Chu and Beasley 1997, after Martello and Toth; e as in Laguna and others 1995; larger ones of c, d and e as in Yagiura, Ibaraki, Glover 2004. In shapes
-- of up to :clients clients; numbers are the same in every run.

SET client_min_messages = warning;
DROP TABLE IF EXISTS bench.assign_list, bench.assign_pair, bench.assign_room, bench.assign_answer;
CREATE TABLE bench.assign_list AS
  SELECT row_number() OVER (ORDER BY type, n, m)::integer AS list, type, n, m
    FROM (SELECT type, n, m FROM unnest('{a,b,c,d,e}'::text[]) type, (VALUES (100, 5), (100, 10), (100, 20), (200, 5), (200, 10), (200, 20)) s (n, m)
          UNION ALL
          SELECT type, n, m FROM unnest('{c,d,e}'::text[]) type, (VALUES (400, 10), (400, 20), (400, 40), (900, 15), (900, 30), (900, 60), (1600, 20), (1600, 40), (1600, 80)) s (n, m)) x
   WHERE n <= :clients;
CREATE TABLE bench.assign_pair AS
  SELECT l.list, j, i, CASE WHEN l.type IN ('a', 'b', 'c') THEN 10 + floor(v * 41) WHEN l.type = 'd' THEN 111 - w.weight + floor(v * 21) - 10
                            ELSE greatest(floor(1000 / w.weight - 10 * v), 0) END::integer AS cost, w.weight::integer AS weight
    FROM bench.assign_list l, generate_series(1, l.n) j, generate_series(1, l.m) i,
         LATERAL (SELECT bench.u(l.list * 1000000::bigint + j * 100 + i, 131) AS u, bench.u(l.list * 1000000::bigint + j * 100 + i, 132) AS v) r,
         LATERAL (SELECT CASE WHEN l.type IN ('a', 'b', 'c') THEN 5 + floor(u * 21) WHEN l.type = 'd' THEN 1 + floor(u * 100) ELSE floor(1 - 10 * ln(1 - u)) END AS weight) w;
CREATE INDEX ON bench.assign_pair (list);
ANALYZE bench.assign_pair;
-- a: most of what would come if each went where it is cheapest; b: seven tenths of that; others: eight tenths of the mean
CREATE TABLE bench.assign_room AS
  WITH cheapest AS (
    SELECT list, i, sum(weight) AS load FROM (SELECT DISTINCT ON (list, j) list, i, weight FROM bench.assign_pair ORDER BY list, j, cost, i) c GROUP BY list, i)
  SELECT p.list, p.i, CASE WHEN l.type IN ('a', 'b') THEN floor((CASE l.type WHEN 'b' THEN 0.7 ELSE 1 END) * floor(9.0 * l.n / l.m + 0.4 * (SELECT max(c.load) FROM cheapest c WHERE c.list = p.list)))
                           ELSE floor(0.8 * sum(p.weight) / l.m) END::integer AS room
    FROM bench.assign_pair p JOIN bench.assign_list l USING (list) GROUP BY p.list, p.i, l.type, l.n, l.m;
CREATE TABLE bench.assign_answer (list integer, solver text, placed integer, cost bigint, bound bigint, seconds double precision, status text, PRIMARY KEY (list, solver));

CREATE OR REPLACE FUNCTION bench.assign_places(of_list integer, iterations bigint, time_limit interval) RETURNS caseload.assignment LANGUAGE sql AS $$
  SELECT caseload.assign_waitlist(format('SELECT i AS therapist_id, 1 AS fte, room AS capacity FROM bench.assign_room WHERE list = %s', of_list),
                                  format('SELECT j AS client_id, 1 AS weight, NULL AS therapist_id FROM generate_series(1, %s) j', (SELECT n FROM bench.assign_list WHERE list = of_list)),
                                  format('SELECT j AS client_id, i AS therapist_id, cost, weight FROM bench.assign_pair WHERE list = %s', of_list), iterations => iterations, time_limit => time_limit)
$$;
CREATE OR REPLACE FUNCTION bench.assign_ours(of_list integer, solver text, iterations bigint, time_limit interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  begun double precision := bench.cpu();
  p caseload.assignment := bench.assign_places(of_list, iterations, time_limit);
BEGIN
  INSERT INTO bench.assign_answer VALUES (of_list, solver, p.placed, p.cost, p.cost_bound, (bench.cpu() - begun) / 1000, p.status)
    ON CONFLICT ON CONSTRAINT assign_answer_pkey DO UPDATE SET placed = EXCLUDED.placed, cost = EXCLUDED.cost, bound = EXCLUDED.bound, seconds = EXCLUDED.seconds, status = EXCLUDED.status;
END
$$;

-- The rival: whoever has most to lose first, each to where it is cheapest and there is room, as one writes it in PL/pgSQL.
CREATE OR REPLACE FUNCTION bench.assign_greedy(of_list integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  room integer[] := ARRAY(SELECT r.room FROM bench.assign_room r WHERE r.list = of_list ORDER BY r.i);
  of_client record;
  k integer;
  done integer := 0;
  spent bigint := 0;
  begun double precision := bench.cpu();
BEGIN
  FOR of_client IN SELECT p.j, array_agg(p.i ORDER BY p.cost, p.weight, p.i) AS may, array_agg(p.cost ORDER BY p.cost, p.weight, p.i) AS costs, array_agg(p.weight ORDER BY p.cost, p.weight, p.i) AS weights
                     FROM bench.assign_pair p WHERE p.list = of_list GROUP BY p.j
                    ORDER BY (array_agg(p.cost ORDER BY p.cost))[2] - min(p.cost) DESC, p.j LOOP
    FOR k IN 1 .. cardinality(of_client.may) LOOP
      IF of_client.weights[k] <= room[of_client.may[k]] THEN
        room[of_client.may[k]] := room[of_client.may[k]] - of_client.weights[k];
        done := done + 1;
        spent := spent + of_client.costs[k];
        EXIT;
      END IF;
    END LOOP;
  END LOOP;
  INSERT INTO bench.assign_answer VALUES (of_list, 'greedy', done, spent, NULL, (bench.cpu() - begun) / 1000, NULL)
    ON CONFLICT ON CONSTRAINT assign_answer_pkey DO UPDATE SET placed = EXCLUDED.placed, cost = EXCLUDED.cost, seconds = EXCLUDED.seconds;
END
$$;

-- The same as text that any solver reads.
CREATE OR REPLACE FUNCTION bench.assign_lp(of_list integer) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT E'Minimize\n cost:'
  UNION ALL SELECT format(' + %s x%s_%s', cost, j, i) FROM bench.assign_pair WHERE list = of_list
  UNION ALL SELECT 'Subject To'
  UNION ALL SELECT format(' all%s: %s = 1', j, string_agg(format('x%s_%s', j, i), E'\n + ')) FROM bench.assign_pair WHERE list = of_list GROUP BY j
  UNION ALL SELECT format(' room%s: %s <= %s', i, string_agg(format('%s x%s_%s', weight, j, i), E'\n + '), room) FROM bench.assign_pair JOIN bench.assign_room USING (list, i) WHERE list = of_list GROUP BY i, room
  UNION ALL SELECT 'Binary'
  UNION ALL SELECT format(' x%s_%s', j, i) FROM bench.assign_pair WHERE list = of_list
  UNION ALL SELECT 'End'
$$;

SELECT bench.must(bool_and(k.ok), k.check_name)
  FROM (SELECT list, n FROM bench.assign_list WHERE n = 100 AND m = 5) l, bench.assign_places(l.list, 100000, NULL) p,
       caseload.check_assignment(p, format('SELECT i AS therapist_id, 1 AS fte, room AS capacity FROM bench.assign_room WHERE list = %s', l.list),
                                 format('SELECT j AS client_id, 1 AS weight, NULL AS therapist_id FROM generate_series(1, %s) j', l.n),
                                 format('SELECT j AS client_id, i AS therapist_id, cost, weight FROM bench.assign_pair WHERE list = %s', l.list)) k GROUP BY k.check_name;

INSERT INTO bench.variant (measure, variant, statement) VALUES
  ('assign', 'quick', 'SELECT bench.assign_ours(list, ''quick'', 100000, NULL) FROM bench.assign_list WHERE n = 100'),
  ('assign', 'greedy', 'SELECT bench.assign_greedy(list) FROM bench.assign_list WHERE n = 100');
INSERT INTO bench.target (what, kind, measure, ours, rival, metric, bound) VALUES
  ('places for fifteen lists of 100, 100,000 evaluations each, against greedy in PL/pgSQL', 'faster', 'assign', 'quick', 'greedy', 'cpu', NULL);

-- How good: above the bound that is printed, by type. Where not everybody was placed there is no answer.
CREATE OR REPLACE FUNCTION bench.assign_quality() RETURNS SETOF text LANGUAGE sql AS $$
  WITH bound AS (
    SELECT list, max(bound) AS bound FROM bench.assign_answer GROUP BY list
  ), gap AS (
    SELECT l.type, l.list, a.solver, a.placed = l.n AS feasible, CASE WHEN a.placed = l.n THEN 100.0 * (a.cost - coalesce(a.bound, b.bound)) / nullif(coalesce(a.bound, b.bound), 0) END AS gap, a.seconds, a.status
      FROM bench.assign_list l JOIN bench.assign_answer a USING (list) JOIN bound b USING (list)
  ), by_type AS (
    SELECT type, solver, count(*) AS lists, count(*) FILTER (WHERE feasible) AS feasible, round(avg(gap), 2) AS mean, round(max(gap), 2) AS worst, round(max(seconds)::numeric, 1) AS seconds,
           count(*) FILTER (WHERE status IN ('optimal', 'least_cost')) AS proven
      FROM gap GROUP BY type, solver
  )
  SELECT '| type | solver | lists | everybody placed | mean above the bound | worst | proven | processor time, worst | target | |'
  UNION ALL SELECT '|---|---|---|---|---|---|---|---|---|---|'
  UNION ALL (SELECT format('| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |', type, solver, lists, feasible, mean || ' %', worst || ' %', CASE WHEN solver LIKE 'caseload%' THEN proven::text END, seconds || ' s',
                           CASE WHEN solver = 'caseload, 1 s' THEN CASE WHEN type < 'd' THEN 'at most 0.6 %' ELSE 'at most 3 %' END END,
                           CASE WHEN solver = 'caseload, 1 s' THEN CASE WHEN feasible = lists AND mean <= CASE WHEN type < 'd' THEN 0.6 ELSE 3 END THEN 'met' ELSE '**not met**' END END)
               FROM by_type WHERE solver <> 'quick' ORDER BY type, solver)
$$;
