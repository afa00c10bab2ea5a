-- Equity measures: the published numbers, and what happens at the edges.
SET extra_float_digits = 0;
SELECT round(caseload.gini(x)::numeric, 6) AS gini, round(caseload.jain(x)::numeric, 6) AS jain, round(caseload.cv(x)::numeric, 6) AS cv,
       round(caseload.hoover(x)::numeric, 6) AS hoover, caseload.max_min_ratio(x)
  FROM unnest('{40,45,50,55,60}'::float8[]) x;
SELECT round(caseload.theil(x)::numeric, 9) AS theil, round(caseload.mean_log_deviation(x)::numeric, 9) AS mean_log_deviation,
       round(caseload.atkinson(x, 0.5)::numeric, 9) AS atkinson_05, round(caseload.atkinson(x, 1)::numeric, 9) AS atkinson_1,
       round(caseload.atkinson(x, 2)::numeric, 9) AS atkinson_2, caseload.atkinson(x, 0) AS atkinson_0, caseload.palma(x)
  FROM unnest('{40,45,50,55,60}'::float8[]) x;
\x on
SELECT (caseload.equity(x)).* FROM unnest('{40,45,50,55,60}'::float8[]) x;
SELECT (caseload.equity(x)).* FROM generate_series(1, 20) i, LATERAL (SELECT (i * i)::float8 AS x) l;
\x off
-- per FTE: 50, 25 and 40 at 1.0, 0.5 and 0.8 are equal
SELECT round(caseload.gini(load)::numeric, 6) AS raw_gini, round(caseload.jain(load)::numeric, 6) AS raw_jain,
       round(caseload.gini(load / fte, fte)::numeric, 6) AS gini, round(caseload.jain(load / fte, fte)::numeric, 6) AS jain,
       caseload.equity(load / fte, fte)
  FROM (VALUES (50::float8, 1.0::float8), (25, 0.5), (40, 0.8)) t (load, fte);
-- Hoover is the share that should move: 15 of 250 students
SELECT round((caseload.hoover(x) * sum(x))::numeric, 6) AS students FROM unnest('{40,45,50,55,60}'::float8[]) x;
-- a weight is a repetition, to the last bit; but gini_corrected, cv_sample and max_share are about persons
CREATE TEMP TABLE weighted AS SELECT i::float8 AS load, (1 + i % 4)::float8 AS weight FROM generate_series(1, 12) i;
SELECT a.e = b.e AS same, (a.e).gini = (b.e).gini AS gini, (a.e).palma = (b.e).palma AS palma,
       (a.e).max_share = (b.e).max_share AS max_share, (a.e).n AS loads, (b.e).n AS rows, (a.e).weight
  FROM (SELECT caseload.equity(load, weight) AS e FROM weighted) a,
       (SELECT caseload.equity(load) AS e FROM weighted, generate_series(1, weight::int)) b;
-- the top tenth of 11 is 1.1 rows, the bottom four tenths are 4.4: (11 + 0.1 * 10) / (1 + 2 + 3 + 4 + 0.4 * 5)
SELECT caseload.palma(i) FROM generate_series(1, 11) i;
-- nobody, one, all zero, NULL, weight 0
SELECT what, caseload.gini(x, w), caseload.jain(x, w), caseload.cv(x, w), caseload.hoover(x, w), caseload.theil(x, w),
       caseload.mean_log_deviation(x, w) AS mld, caseload.atkinson(x, 0.5, w) AS a_05, caseload.atkinson(x, 1, w) AS a_1, caseload.max_min_ratio(x, w) AS ratio
  FROM (VALUES ('one', 5::float8, 1::float8), ('all zero', 0, 1), ('all zero', 0, 1), ('NULL', NULL, 1), ('NULL', 5, NULL), ('weight 0', 5, 0),
               ('one has it all', 0, 1), ('one has it all', 0, 1), ('one has it all', 0, 1), ('one has it all', 9, 1)) v (what, x, w)
 GROUP BY what ORDER BY what;
SELECT what, caseload.equity(x, w)
  FROM (VALUES ('one', 5::float8, 1::float8), ('all zero', 0, 1), ('all zero', -0.0, 1), ('NULL', NULL, 1), ('NULL', 5, NULL), ('weight 0', 5, 0)) v (what, x, w)
 GROUP BY what ORDER BY what;
SELECT caseload.gini(x) FROM unnest('{}'::float8[]) x;
SELECT caseload.equity(x) FROM unnest('{}'::float8[]) x;
SELECT caseload.atkinson(x, NULL) FROM unnest('{1,2}'::float8[]) x;
-- ratios are of enough loads, and not to nothing
SELECT n, caseload.palma(i) FILTER (WHERE i <= n) AS palma, (caseload.equity(i) FILTER (WHERE i <= n)).top20_bottom20
  FROM unnest('{4,5,9,10}'::int[]) n, generate_series(1, 10) i GROUP BY n ORDER BY n;
SELECT caseload.palma(greatest(i - 4, 0)), caseload.max_min_ratio(greatest(i - 4, 0)), (caseload.equity(greatest(i - 4, 0))).top20_bottom20
  FROM generate_series(1, 10) i;
-- what cannot be
SELECT caseload.gini(x) FROM unnest('{1,-1}'::float8[]) x;
SELECT caseload.gini(x) FROM unnest('{1,NaN}'::float8[]) x;
SELECT caseload.gini(x, w) FROM (VALUES (1::float8, 'Infinity'::float8)) v (x, w);
SELECT caseload.gini(x, w) FROM (VALUES (1::float8, 1e-200::float8)) v (x, w);
SELECT caseload.atkinson(x, -1) FROM unnest('{1,2}'::float8[]) x;
SELECT caseload.atkinson(x, 'NaN') FROM unnest('{1,2}'::float8[]) x;
SELECT caseload.atkinson(x, x) FROM unnest('{1,2}'::float8[]) x;
SELECT caseload.equity_gini(NULL);
-- far from one: neither over- nor underflow
SELECT caseload.jain(x) FROM unnest('{1e200,1e200}'::float8[]) x;
SELECT caseload.jain(x), caseload.gini(x), caseload.theil(x), caseload.atkinson(x, 0.5), caseload.atkinson(x, 1) FROM unnest('{5e-324,5e-324,5e-324}'::float8[]) x;
\x on
SELECT (caseload.equity(x)).* FROM unnest('{1e308,1e308,1e-300,1e308}'::float8[]) x;
\x off
SELECT caseload.atkinson(x, 200) AS "200", caseload.atkinson(x, 1e300) AS "1e300" FROM unnest('{40,45,50,55,60}'::float8[]) x;
-- a window goes on adding, and measures of one query share their loads
SELECT x, round(caseload.gini(x) OVER w::numeric, 6) AS gini, (caseload.equity(x) OVER w).maximum, round(caseload.gini(x) OVER m::numeric, 6) AS moving
  FROM unnest('{60,40,55,40,45,50}'::float8[]) WITH ORDINALITY t (x, i)
WINDOW w AS (ORDER BY i), m AS (ORDER BY i ROWS 1 PRECEDING) ORDER BY i;
-- serial and parallel to the last bit
CREATE TABLE public.equity_load AS SELECT (hashint4(i) & 1023)::float8 / 7 AS x, 0.5 + (i % 3) / 4.0::float8 AS w FROM generate_series(1, 20000) i;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial AS
  SELECT caseload.equity(x) AS plain, caseload.equity(x, w) AS weighted, caseload.gini(x, w), caseload.atkinson(x, 2, w) FROM public.equity_load;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT caseload.equity(x) AS plain, caseload.equity(x, w) AS weighted, caseload.gini(x, w), caseload.atkinson(x, 2, w) FROM public.equity_load;
SELECT p.plain = s.plain AS plain, p.weighted = s.weighted AS weighted, p.gini = s.gini AS gini, p.atkinson = s.atkinson AS atkinson
  FROM serial s, (SELECT caseload.equity(x) AS plain, caseload.equity(x, w) AS weighted, caseload.gini(x, w), caseload.atkinson(x, 2, w) FROM public.equity_load) p;
SELECT caseload.atkinson(x, w) FROM public.equity_load;
DROP TABLE public.equity_load;
SELECT caseload.bar(3, 4, 8), caseload.bar(1.5, 1, 4), caseload.bar(0, 0, 4) = '' AS nothing, length(caseload.bar(1, 160, 20));
