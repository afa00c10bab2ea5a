-- Equity measures: what must hold for every spread of loads, and plain SQL with 40 digits as the oracle.

\ir begin.psql
SET LOCAL jit = off;

SELECT plan(41);

CREATE FUNCTION pg_temp.u(h int, i int, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(h * 1000000::bigint + i, salt) & 4294967295)::float8 / 4294967296 $$;
CREATE FUNCTION pg_temp.r(h int, i int, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT floor(pg_temp.u(h, i, salt) * n)::int $$;

-- near(): the same but for rounding
CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8 DEFAULT 1e-12) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN a IS NULL OR b IS NULL THEN a IS NULL AND b IS NULL ELSE abs(a - b) <= tolerance * greatest(abs(a), abs(b)) + 1e-30 END $$;
-- the indices of a row of measures that do not change with the unit, those that do not change with the number of loads
CREATE FUNCTION pg_temp.indices(e caseload.equity_measures) RETURNS float8[] LANGUAGE sql IMMUTABLE AS
$$ SELECT ARRAY[e.gini, e.jain, e.cv, e.hoover, e.theil, e.mean_log_deviation, e.atkinson_05, e.palma, e.top20_bottom20, e.max_min_ratio] $$;
CREATE FUNCTION pg_temp.all_near(a float8[], b float8[], tolerance float8 DEFAULT 1e-12) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT bool_and(pg_temp.near(x, y, tolerance)) FROM unnest(a, b) u (x, y) $$;

\ir laws.psql

-- 800 teams of all kinds and of 1 to 120 loads
CREATE TEMP TABLE load AS
SELECT h, kind, i, pg_temp.r(h, i, 9, 3) AS part,
       CASE kind WHEN 'random' THEN round((pg_temp.u(h, i, 1) * 1000)::numeric, 6)::float8 + 0.001
                 WHEN 'few values' THEN pg_temp.r(h, i, 1, 5) + 1
                 WHEN 'zeros' THEN greatest(pg_temp.r(h, i, 1, 9) - 3, 0)
                 WHEN 'nearly equal' THEN 1000000 + pg_temp.r(h, i, 1, 10)
                 WHEN 'tiny' THEN pg_temp.u(h, i, 1) * 1e-307
                 WHEN 'huge' THEN (pg_temp.u(h, i, 1) + 0.1) * 1e308
                 WHEN 'tiny and huge' THEN (pg_temp.u(h, i, 1) + 0.1) * ('1e' || pg_temp.r(h, i, 2, 600) - 300)::float8
                 ELSE pg_temp.r(h, i, 1, 2) * ('1e' || pg_temp.r(h, i, 2, 40) * 15 - 300)::float8 END AS x,
       (1 + pg_temp.r(h, i, 3, 8)) / 4.0::float8 AS w
  FROM generate_series(1, 800) h,
       LATERAL (SELECT (ARRAY['random', 'few values', 'zeros', 'nearly equal', 'tiny', 'huge', 'tiny and huge', 'zeros among them'])[1 + h % 8] AS kind) k,
       LATERAL generate_series(1, 1 + pg_temp.r(h, 0, 4, CASE WHEN h % 3 = 0 THEN 12 ELSE 120 END)) i;
CREATE INDEX ON load (h, i);
ANALYZE load;
CREATE TEMP TABLE measured AS
SELECT h, kind, equity(x) AS plain, equity(x, w) AS weighted, atkinson(x, 0.3) AS a03, atkinson(x, 1) AS a1, atkinson(x, 1 + 1e-9) AS a1_after,
       atkinson(x, 2) AS a2, atkinson(x, 20) AS a20, atkinson(x, 1e308) AS a_most, atkinson(x, 0) AS a0, atkinson(x, 0.5) AS a05, atkinson(x, 2, w) AS a2_weighted
  FROM load GROUP BY h, kind;

-- ranges
SELECT pg_temp.holds('no measure is ever NaN, infinite or negative', $$ replace(m.plain::text || m.weighted::text, 'e-', '') !~ 'NaN|Inf|-' $$, 'measured m', 800);
SELECT pg_temp.holds('atkinson is from 0 to 1, and grows with epsilon',
  $$ a0 = 0 AND a03 >= 0 AND a03 <= a05 + 1e-12 AND a05 <= a1 + 1e-12 AND a1 <= a2 + 1e-12 AND a2 <= a20 + 1e-12 AND a20 <= a_most + 1e-12 AND a_most <= 1 $$, 'measured', 800);
SELECT pg_temp.holds('gini, hoover and jain keep to their ranges',
  $$ (plain).gini BETWEEN 0 AND 1 - 1.0 / (plain).n + 1e-12 AND (plain).hoover BETWEEN 0 AND 1 - 1.0 / (plain).n + 1e-12
     AND (plain).jain BETWEEN 1.0 / (plain).n - 1e-12 AND 1 AND (plain).cv <= sqrt((plain).n - 1.0) + 1e-12
     AND (plain).theil <= ln((plain).n) + 1e-12 AND (plain).atkinson_05 <= 1 - 1.0 / (plain).n + 1e-12
     AND ((plain).n = 1 OR (plain).gini_corrected <= 1 + 1e-12) $$, 'measured', 800);
SELECT pg_temp.holds('hoover is at most gini', $$ (plain).hoover <= (plain).gini + 1e-12 AND (weighted).hoover <= (weighted).gini + 1e-12 $$, 'measured', 800);
SELECT pg_temp.holds('NULL where it must be, and only there',
  $$ ((plain).mean_log_deviation IS NULL) = ((plain).minimum = 0 AND (plain).maximum > 0) AND ((plain).gini_corrected IS NULL) = ((plain).n = 1)
     AND ((plain).max_share IS NULL) = ((plain).maximum = 0) AND ((plain).n >= 10 OR (plain).palma IS NULL) AND ((plain).n >= 5 OR (plain).top20_bottom20 IS NULL)
     AND (plain).gini IS NOT NULL AND (plain).jain IS NOT NULL AND (plain).cv IS NOT NULL AND (plain).hoover IS NOT NULL AND (plain).theil IS NOT NULL
     AND (plain).atkinson_05 IS NOT NULL AND a1 IS NOT NULL AND a2 IS NOT NULL $$, 'measured', 800);

-- one aggregate and one column are the same
SELECT pg_temp.holds('equity() says what each aggregate says', $$ pg_temp.indices(e) IS NOT DISTINCT FROM each AND pg_temp.indices(f) IS NOT DISTINCT FROM each_weighted $$,
  $$ (SELECT equity(x) AS e, array_cat(ARRAY[gini(x), jain(x), cv(x), hoover(x), theil(x), mean_log_deviation(x), atkinson(x, 0.5), palma(x)],
                                         ARRAY[(equity(x)).top20_bottom20, max_min_ratio(x)]) AS each,
             equity(x, w) AS f, array_cat(ARRAY[gini(x, w), jain(x, w), cv(x, w), hoover(x, w), theil(x, w), mean_log_deviation(x, w), atkinson(x, 0.5, w), palma(x, w)],
                                         ARRAY[(equity(x, w)).top20_bottom20, max_min_ratio(x, w)]) AS each_weighted
        FROM load GROUP BY h) t $$, 800);
SELECT pg_temp.holds('n, weight, total, mean, minimum, maximum, range as SQL has them',
  $$ (e).n = n AND (e).weight = weight AND pg_temp.near((e).total, total) AND pg_temp.near((e).mean, total / weight) AND (e).minimum = low AND (e).maximum = high AND (e).range = high - low $$,
  $$ (SELECT equity(x, w) AS e, count(*) AS n, sum(w) AS weight, sum(w * x) AS total, min(x) AS low, max(x) AS high FROM load WHERE kind <> 'huge' AND x < 1e300 GROUP BY h) t $$, 600);

-- order, unit, repetition, weight
SELECT pg_temp.holds('the order of rows does not matter, to the last bit',
  $$ m.plain *= o.up AND m.plain *= o.down AND m.plain *= o.mixed AND m.weighted *= o.up_weighted AND m.weighted *= o.mixed_weighted $$,
  $$ measured m JOIN (SELECT h, equity(x ORDER BY x) AS up, equity(x ORDER BY x DESC) AS down, equity(x ORDER BY hashint4(i)) AS mixed,
                             equity(x, w ORDER BY x, w DESC) AS up_weighted, equity(x, w ORDER BY hashint4(i)) AS mixed_weighted FROM load GROUP BY h) o USING (h) $$, 800);
SELECT pg_temp.holds('nor does the unit: exactly, if it is a power of two', $$ pg_temp.indices(m.plain) = pg_temp.indices(o.e) AND pg_temp.indices(m.weighted) = pg_temp.indices(o.f) $$,
  $$ measured m JOIN (SELECT h, equity(x * 1024) AS e, equity(x / 1024, w) AS f FROM load WHERE kind IN ('random', 'few values', 'zeros', 'nearly equal') GROUP BY h) o USING (h) $$, 400);
SELECT pg_temp.holds('and but for rounding otherwise', $$ pg_temp.all_near(pg_temp.indices(m.plain), pg_temp.indices(o.e), 1e-11) AND pg_temp.all_near(pg_temp.indices(m.weighted), pg_temp.indices(o.f), 1e-11) $$,
  $$ measured m JOIN (SELECT h, equity(x * 60) AS e, equity(x * 3600, w) AS f FROM load WHERE kind IN ('random', 'few values', 'zeros', 'nearly equal') GROUP BY h) o USING (h) $$, 400);
SELECT pg_temp.holds('a team twice over is as equal as once', $$ pg_temp.all_near(pg_temp.indices(m.plain), pg_temp.indices(o.e)) $$,
  $$ (SELECT * FROM measured WHERE (plain).n >= 10) m JOIN (SELECT h, equity(x) AS e FROM load, generate_series(1, 2) GROUP BY h) o USING (h) $$, 500);
SELECT pg_temp.holds('a weight is a repetition, to the last bit', $$ pg_temp.indices(a) IS NOT DISTINCT FROM pg_temp.indices(b) AND (a).weight = (b).weight AND (a).total IS NOT DISTINCT FROM (b).total AND (a).mean = (b).mean $$,
  $$ (SELECT h, equity(x, w * 4) AS a FROM load GROUP BY h HAVING count(*) >= 10) a JOIN (SELECT h, equity(x) AS b FROM load, generate_series(1, (w * 4)::int) GROUP BY h) b USING (h) $$, 500);
SELECT pg_temp.holds('all weights 1, no weights', $$ a *= b $$, '(SELECT equity(x, 1) AS a, equity(x) AS b FROM load GROUP BY h) t', 800);
SELECT pg_temp.holds('the unit of the weights does not matter', $$ pg_temp.indices(m.weighted) = pg_temp.indices(o.e) $$,
  $$ measured m JOIN (SELECT h, equity(x, w / 1024) AS e FROM load WHERE kind <> 'tiny and huge' GROUP BY h) o USING (h) $$, 700);
SELECT pg_temp.holds('a team of equal loads is equal', $$ pg_temp.indices(e) = ARRAY[0, 1, 0, 0, 0, 0, 0, CASE WHEN (e).n >= 10 THEN 0.25::float8 END, CASE WHEN (e).n >= 5 THEN 1::float8 END, 1]
  OR pg_temp.all_near(pg_temp.indices(e), ARRAY[0, 1, 0, 0, 0, 0, 0, CASE WHEN (e).n >= 10 THEN 0.25::float8 END, CASE WHEN (e).n >= 5 THEN 1::float8 END, 1]) AND (e).gini = 0 AND (e).theil = 0 AND (e).cv = 0 $$,
  $$ (SELECT equity(max, w) AS e FROM load JOIN (SELECT h, max(x) FROM load GROUP BY h) m USING (h) WHERE max > 0 GROUP BY h) t $$, 700);

-- Pigou and Dalton: who gives to a lighter one makes the team more equal
CREATE TEMP TABLE transfer AS
SELECT h, equity(x) AS before, equity(CASE i WHEN 1 THEN x + (b - a) / 4 WHEN 2 THEN x - (b - a) / 4 ELSE x END) AS after,
       atkinson(x, 2) AS a2_before, atkinson(CASE i WHEN 1 THEN x + (b - a) / 4 WHEN 2 THEN x - (b - a) / 4 ELSE x END, 2) AS a2_after, max(b) > max(a) * 1.01 AS real
  FROM load JOIN (SELECT h, min(x) FILTER (WHERE i = 1) AS a, min(x) FILTER (WHERE i = 2) AS b FROM load WHERE i <= 2 GROUP BY h) p USING (h)
 WHERE kind IN ('random', 'few values', 'zeros') AND a <> b GROUP BY h;
SELECT pg_temp.holds('a transfer towards equality makes gini, cv, theil, atkinson smaller, and hoover not greater',
  $$ (after).gini < (before).gini AND (after).cv < (before).cv AND (after).jain > (before).jain AND (after).theil < (before).theil AND (after).atkinson_05 < (before).atkinson_05
     AND ((before).mean_log_deviation IS NULL OR (after).mean_log_deviation < (before).mean_log_deviation) AND a2_after <= a2_before AND (after).hoover <= (before).hoover + 1e-14 $$, 'transfer', 200);

-- identities
SELECT pg_temp.holds('jain = 1 / (1 + cv^2)', $$ pg_temp.near((plain).jain, 1 / (1 + (plain).cv ^ 2)) AND pg_temp.near((weighted).jain, 1 / (1 + (weighted).cv ^ 2)) $$, 'measured', 800);
SELECT pg_temp.holds('gini_corrected and cv_sample', $$ (plain).n = 1 OR pg_temp.near((plain).gini_corrected, (plain).gini * (plain).n / ((plain).n - 1))
  AND pg_temp.near((weighted).cv_sample, (weighted).cv * sqrt((plain).n / ((plain).n - 1.0))) $$, 'measured', 800);
SELECT pg_temp.holds('cv_sample is stddev_samp / avg', $$ pg_temp.near((e).cv_sample, other, 1e-10) $$,
  $$ (SELECT equity(x) AS e, stddev_samp(x) / avg(x) AS other FROM load WHERE kind IN ('random', 'few values') GROUP BY h) t $$, 200);
SELECT pg_temp.holds('atkinson for 1 is 1 - exp(-mean log deviation), 1 with a load of 0', $$ abs(a1 - coalesce(1 - exp(-least((plain).mean_log_deviation, 100)), 1)) < 1e-14 AND pg_temp.near(a1, a1_after, 1e-6) $$,
  'measured', 800);
SELECT pg_temp.holds('atkinson without bounds looks at the lowest load alone',
  $$ abs(a_most - CASE WHEN (plain).minimum > 0 THEN 1 - exp(greatest(ln((plain).minimum) - ln((plain).mean), -100)) ELSE sign((plain).maximum) END) < 1e-12 $$, 'measured', 800);

-- whole = within + between groups
CREATE TEMP TABLE parts AS SELECT h, part, equity(x, w) AS e FROM load WHERE kind IN ('random', 'few values', 'zeros', 'nearly equal') GROUP BY h, part;
SELECT pg_temp.holds('Theil T splits into groups by their share of the load', $$ pg_temp.near((m.weighted).theil, p.within + p.between, 1e-9) $$,
  $$ measured m JOIN (SELECT h, sum((e).total * (e).theil) / nullif(sum((e).total), 0) AS within, theil((e).mean, (e).weight) AS between FROM parts GROUP BY h) p USING (h) WHERE (m.weighted).total > 0 $$, 390);
SELECT pg_temp.holds('the mean log deviation by their share of the people', $$ pg_temp.near((m.weighted).mean_log_deviation, p.within + p.between, 1e-9) $$,
  $$ measured m JOIN (SELECT h, sum((e).weight * (e).mean_log_deviation) / sum((e).weight) AS within, mean_log_deviation((e).mean, (e).weight) AS between FROM parts GROUP BY h) p USING (h)
     WHERE (m.weighted).minimum > 0 $$, 300);

-- the oracle: definitions in numeric, 40 digits
CREATE TEMP TABLE exact AS
WITH n AS (SELECT h, i, x::numeric(80,40) AS x, w::numeric(80,40) AS w FROM load WHERE kind IN ('random', 'few values', 'zeros', 'nearly equal') AND i <= 30),
  m AS (SELECT h, sum(w) AS weight, sum(w * x) AS total, sum(w * x) / sum(w) AS mean, count(*) AS n, min(x) AS low, max(x) AS high FROM n GROUP BY h),
  s AS (SELECT *, sum(w) OVER (PARTITION BY h ORDER BY x, i ROWS UNBOUNDED PRECEDING) AS upto, x / nullif(mean, 0) AS r FROM n JOIN m USING (h)),
  one AS (SELECT s.h, sqrt(sum(w * (x - mean) ^ 2) / max(weight)) / nullif(max(mean), 0) AS cv, sum(x * w) ^ 2 / nullif(max(weight) * sum(w * x * x), 0) AS jain,
                 sum(w * abs(x - mean)) / nullif(2 * max(total), 0) AS hoover,
                 sum(w * CASE WHEN r > 0 THEN r * ln(r) ELSE 0 END) / max(weight) AS theil, CASE WHEN max(low) > 0 THEN -sum(w * ln(r)) FILTER (WHERE r > 0) / max(weight) END AS mld,
                 1 - (sum(w * sqrt(r)) / max(weight)) ^ 2 AS a05, CASE WHEN max(low) > 0 THEN 1 - 1 / (sum(w / nullif(r, 0)) / max(weight)) ELSE 1 END AS a2,
                 sum(x * greatest(least(upto, weight) - greatest(upto - w, weight * 0.9), 0)) / nullif(sum(x * greatest(least(upto, weight * 0.4) - (upto - w), 0)), 0) AS palma,
                 sum(x * greatest(least(upto, weight) - greatest(upto - w, weight * 0.8), 0)) / nullif(sum(x * greatest(least(upto, weight * 0.2) - (upto - w), 0)), 0) AS fifths,
                 max(w * x) / nullif(max(total), 0) AS share, max(high) / nullif(max(low), 0) AS ratio
            FROM s GROUP BY s.h),
  pairs AS (SELECT a.h, sum(a.w * b.w * abs(a.x - b.x)) AS apart FROM n a JOIN n b USING (h) GROUP BY a.h)
SELECT h, n, total, apart / nullif(2 * weight * total, 0) AS gini, cv, jain, hoover, theil, mld, a05, a2, palma, fifths, share, ratio
  FROM m JOIN pairs USING (h) JOIN one USING (h);
CREATE TEMP TABLE compared AS
SELECT x.*, o.e, o.a2 AS our_a2 FROM exact x JOIN (SELECT h, equity(x, w) AS e, atkinson(x, 2, w) AS a2 FROM load WHERE i <= 30 GROUP BY h) o USING (h) WHERE total > 0;
SELECT pg_temp.holds('gini is the mean difference of all pairs', 'pg_temp.near((e).gini, gini::float8)', 'compared', 390);
SELECT pg_temp.holds('jain', 'pg_temp.near((e).jain, jain::float8)', 'compared', 390);
SELECT pg_temp.holds('cv', 'pg_temp.near((e).cv, cv::float8)', 'compared', 390);
SELECT pg_temp.holds('hoover', 'pg_temp.near((e).hoover, hoover::float8)', 'compared', 390);
SELECT pg_temp.holds('theil', 'pg_temp.near((e).theil, theil::float8)', 'compared', 390);
SELECT pg_temp.holds('mean log deviation', 'pg_temp.near((e).mean_log_deviation, mld::float8)', 'compared', 390);
SELECT pg_temp.holds('atkinson for 0.5', 'pg_temp.near((e).atkinson_05, a05::float8)', 'compared', 390);
SELECT pg_temp.holds('atkinson for 2', 'pg_temp.near(our_a2, a2::float8)', 'compared', 390);
SELECT pg_temp.holds('palma', 'pg_temp.near((e).palma, CASE WHEN n >= 10 THEN palma::float8 END)', 'compared', 390);
SELECT pg_temp.holds('20:20', 'pg_temp.near((e).top20_bottom20, CASE WHEN n >= 5 THEN fifths::float8 END)', 'compared', 390);
SELECT pg_temp.holds('max_share and max_min_ratio', 'pg_temp.near((e).max_share, share::float8) AND pg_temp.near((e).max_min_ratio, ratio::float8)', 'compared', 390);
SELECT pg_temp.holds('atkinson for any epsilon, as float8 has it', $$ pg_temp.near(ours, other, 1e-9) $$,
  $$ (SELECT atkinson(x, epsilon) AS ours, 1 - avg((x / mean) ^ (1 - epsilon)) ^ (1 / (1 - epsilon)) AS other
        FROM load JOIN (SELECT h, avg(x) AS mean FROM load WHERE kind IN ('random', 'few values') GROUP BY h HAVING stddev_pop(x) > avg(x) / 10) m USING (h),
             unnest('{0.1,0.3,0.9,1.5,3,7}'::float8[]) epsilon GROUP BY h, epsilon) t $$, 1000);

-- windows, groups, workers
SELECT pg_temp.holds('a window that grows sees what a group of the same rows sees', $$ w *= g AND pg_temp.near(gini, (g).gini, 0) $$,
  $$ (SELECT equity(x, w) OVER grow AS w, gini(x, w) OVER grow AS gini, (SELECT equity(b.x, b.w) FROM load b WHERE b.h = a.h AND b.i <= a.i) AS g
        FROM load a WHERE h <= 24 WINDOW grow AS (PARTITION BY h ORDER BY i)) t $$, 700);
SELECT pg_temp.holds('one that moves, too', $$ w *= g $$,
  $$ (SELECT equity(x) OVER move AS w, (SELECT equity(b.x) FROM load b WHERE b.h = a.h AND b.i BETWEEN a.i - 40 AND a.i) AS g
        FROM load a WHERE h <= 16 WINDOW move AS (PARTITION BY h ORDER BY i ROWS 40 PRECEDING)) t $$, 400);

CREATE TABLE public.equity_many AS SELECT i % 7 AS team, pg_temp.u(1, i, 1) * 100 AS x, 0.1 + pg_temp.u(1, i, 2) AS w FROM generate_series(1, 60000) i;
ANALYZE public.equity_many;
\set measures 'SELECT team, equity(x) AS plain, equity(x, w) AS weighted, gini(x, w), theil(x), atkinson(x, 2) AS a2, palma(x, w) FROM public.equity_many GROUP BY GROUPING SETS ((team), ())'
SET LOCAL max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial AS :measures;
SET LOCAL max_parallel_workers_per_gather = 4;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
\set measures 'SELECT team, equity(x) AS plain, equity(x, w) AS weighted, gini(x, w), theil(x), atkinson(x, 2) AS a2, palma(x, w) FROM public.equity_many GROUP BY team'
\set all_measures 'SELECT equity(x) AS plain, equity(x, w) AS weighted, gini(x, w), theil(x), atkinson(x, 2) AS a2, palma(x, w) FROM public.equity_many'
SELECT matches(pg_temp.plan_of(:'measures'), 'Finalize.*Gather.*Partial', 'groups are summed up by workers');
SELECT matches(pg_temp.plan_of(:'all_measures'), 'Finalize.*Gather.*Partial', 'one group, too');
CREATE TEMP TABLE parallel AS SELECT * FROM (:measures) t UNION ALL SELECT NULL, * FROM (:all_measures) t;
SELECT pg_temp.holds('workers and one process give the same bits', 's.plain *= p.plain AND s.weighted *= p.weighted AND s.gini = p.gini AND s.theil = p.theil AND s.a2 = p.a2 AND s.palma = p.palma',
  'serial s JOIN parallel p ON s.team IS NOT DISTINCT FROM p.team', 8);
SELECT is((SELECT equity(x, w)::text FROM (SELECT NULL::float8 AS x, 1::float8 AS w FROM public.equity_many) t), '(0,0,,,,,,,,,,,,,,,,,,)', 'workers that saw no load');

SELECT * FROM finish();
ROLLBACK;
