-- Equity measures: the published numbers, and what happens at the edges.
SET extra_float_digits = 0;
SELECT round(caseload.gini(x)::numeric, 6) AS gini, round(caseload.jain(x)::numeric, 6) AS jain, round(caseload.cv(x)::numeric, 6) AS cv,
       round(caseload.hoover(x)::numeric, 6) AS hoover
  FROM unnest('{40,45,50,55,60}'::float8[]) x;
-- per FTE: 50, 25 and 40 at 1.0, 0.5 and 0.8 are equal
SELECT round(caseload.gini(load)::numeric, 6) AS raw_gini, round(caseload.jain(load)::numeric, 6) AS raw_jain,
       round(caseload.gini(load / fte, fte)::numeric, 6) AS gini, round(caseload.jain(load / fte, fte)::numeric, 6) AS jain
  FROM (VALUES (50::float8, 1.0::float8), (25, 0.5), (40, 0.8)) t (load, fte);
-- Hoover is the share that should move: 15 of 250 students
SELECT round((caseload.hoover(x) * sum(x))::numeric, 6) AS students FROM unnest('{40,45,50,55,60}'::float8[]) x;
-- a weight is a repetition
SELECT a.gini = b.gini AS gini, a.cv = b.cv AS cv, a.hoover = b.hoover AS hoover, a.jain = b.jain AS jain
  FROM (SELECT caseload.gini(x, w), caseload.cv(x, w), caseload.hoover(x, w), caseload.jain(x, w) FROM (VALUES (1::float8, 2::float8), (4, 1)) v (x, w)) a,
       (SELECT caseload.gini(x), caseload.cv(x), caseload.hoover(x), caseload.jain(x) FROM unnest('{1,4,1}'::float8[]) x) b;
-- nobody, one, all zero, NULL, weight 0
SELECT what, caseload.gini(x, w), caseload.jain(x, w), caseload.cv(x, w), caseload.hoover(x, w)
  FROM (VALUES ('one', 5::float8, 1::float8), ('all zero', 0, 1), ('all zero', 0, 1), ('NULL', NULL, 1), ('NULL', 5, NULL), ('weight 0', 5, 0),
               ('one has it all', 0, 1), ('one has it all', 0, 1), ('one has it all', 0, 1), ('one has it all', 9, 1)) v (what, x, w)
 GROUP BY what ORDER BY what;
SELECT caseload.gini(x) FROM unnest('{}'::float8[]) x;
SELECT caseload.gini(x) FROM unnest('{1,-1}'::float8[]) x;
SELECT caseload.gini(x) FROM unnest('{1,NaN}'::float8[]) x;
SELECT caseload.gini(x, w) FROM (VALUES (1::float8, 'Infinity'::float8)) v (x, w);
SELECT caseload.jain(x) FROM unnest('{1e200,1e200}'::float8[]) x;
-- serial and parallel to the last bit
CREATE TABLE equity_load AS SELECT (hashint4(i) & 1023)::float8 / 7 AS x, 0.5 + (i % 3) / 4.0::float8 AS w FROM generate_series(1, 20000) i;
CREATE TEMP TABLE serial AS SELECT caseload.gini(x, w), caseload.jain(x, w), caseload.cv(x, w), caseload.hoover(x, w) FROM equity_load;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT caseload.gini(x, w) FROM equity_load;
SELECT p.gini = s.gini AS gini, p.jain = s.jain AS jain, p.cv = s.cv AS cv, p.hoover = s.hoover AS hoover
  FROM serial s, (SELECT caseload.gini(x, w), caseload.jain(x, w), caseload.cv(x, w), caseload.hoover(x, w) FROM equity_load) p;
DROP TABLE equity_load;
SELECT caseload.bar(3, 4, 8), caseload.bar(1.5, 1, 4), caseload.bar(0, 0, 4) = '' AS nothing, length(caseload.bar(1, 160, 20));
