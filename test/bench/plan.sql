-- Made districts: therapists of four disciplines in regions of 25 sites, some of them by screen in the whole state; clients with weights from 0.5 to 4
-- (quarters of a point), about 54 for each FTE, some of whom need a language or a specialty. Today each client is with one of those who may take them,
-- the first of two rather than the second, so that loads are as uneven as those of real teams.

DROP TABLE IF EXISTS bench.plan_therapist, bench.plan_client, bench.plan_pair, bench.plan_wish;
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
