-- All equity measures of many loads in one pass, against one query of plain SQL for the same measures, and against summing and sorting the column.

CREATE TABLE bench.load AS SELECT 20 + 40 * bench.u(i, 1) + 20 * bench.u(i, 2) AS x FROM generate_series(1, :loads) AS i;
VACUUM ANALYZE bench.load;

-- Plain SQL, as fast as we could make it: sums of everything that needs neither rank nor mean, formulas that need as little as possible of either,
-- and one sort. Ranks are those of a sorted array, which is faster than a window function; the other rival has row_number(). Shares are of
-- whole rows, since the number of loads is a multiple of ten.
CREATE TABLE bench.plain (name text, query text);
INSERT INTO bench.plain SELECT name, format($query$
  WITH m AS MATERIALIZED (
    SELECT count(*) AS n, sum(x) AS total, avg(x) AS mean, min(x) AS low, max(x) AS high, var_pop(x) AS variance, sum(x * ln(x)) AS xlnx,
           sum(ln(x)) AS lnx, sum(sqrt(x)) AS roots, count(*) / 10 AS tenth%1$s FROM bench.load),
  s AS (
    SELECT sum(rank * x) AS ranked, sum(x) FILTER (WHERE x > mean) AS above, count(*) FILTER (WHERE x > mean) AS n_above,
           sum(x) FILTER (WHERE rank > 9 * tenth) AS top10, sum(x) FILTER (WHERE rank <= 4 * tenth) AS bottom40,
           sum(x) FILTER (WHERE rank > 8 * tenth) AS top20, sum(x) FILTER (WHERE rank <= 2 * tenth) AS bottom20
      FROM m, %2$s),
  g AS (SELECT (2 * ranked - (n + 1) * total) / (n * total) AS gini, sqrt(variance) / mean AS cv FROM m, s)
  SELECT n, n::float8 AS weight, total, mean, low AS minimum, high AS maximum, high - low AS range, gini, gini * n / (n - 1) AS gini_corrected,
         1 / (1 + cv * cv) AS jain, cv, cv * sqrt(n / (n - 1.0::float8)) AS cv_sample, (above - n_above * mean) / total AS hoover,
         xlnx / total - ln(mean) AS theil, ln(mean) - lnx / n AS mean_log_deviation, 1 - roots / n * (roots / n) / mean AS atkinson_05,
         top10 / bottom40 AS palma, top20 / bottom20 AS top20_bottom20, high / total AS max_share, high / low AS max_min_ratio
    FROM m, s, g$query$, sorted, ranked)
  FROM (VALUES ('array', ', array_agg(x ORDER BY x) AS sorted', 'unnest(sorted) WITH ORDINALITY AS r (x, rank)'),
               ('window', '', '(SELECT x, row_number() OVER (ORDER BY x) AS rank FROM bench.load) r')) v (name, sorted, ranked);
SELECT format('CREATE VIEW bench.%I AS %s', name, query) FROM bench.plain \gexec

CREATE FUNCTION bench.same(ours jsonb, rival jsonb) RETURNS boolean LANGUAGE sql AS $$
  SELECT count(*) = 20 AND bool_and(abs(o.value::float8 / r.value::float8 - 1) < 1e-9) FROM jsonb_each_text(ours) o JOIN jsonb_each_text(rival) r USING (key)
$$;
SELECT bench.must(bench.same((SELECT to_jsonb(caseload.equity(x)) FROM bench.load), (SELECT to_jsonb(p) FROM bench.array p)), 'equity, sorted array');
SELECT bench.must(bench.same((SELECT to_jsonb(caseload.equity(x)) FROM bench.load), (SELECT to_jsonb(p) FROM bench.window p)), 'equity, row_number()');

INSERT INTO bench.variant (measure, variant, statement) VALUES
  ('equity', 'ours', 'SELECT caseload.equity(x) FROM bench.load'),
  ('equity', 'array', 'SELECT p FROM bench.array p'),
  ('equity', 'window', 'SELECT p FROM bench.window p'),
  ('equity', 'sum and sort', format('SELECT sum(x), (SELECT x FROM bench.load ORDER BY x OFFSET %s) FROM bench.load', :loads)),
  ('equity', 'gini', 'SELECT caseload.gini(x) FROM bench.load'),
  ('equity', 'by name', 'SELECT caseload.gini(x), caseload.jain(x), caseload.cv(x), caseload.hoover(x), caseload.theil(x), caseload.mean_log_deviation(x), caseload.palma(x), caseload.max_min_ratio(x) FROM bench.load'),
  ('equity', 'weighted', 'SELECT caseload.equity(x, 0.5 + x / 100) FROM bench.load');
INSERT INTO bench.target (what, kind, measure, ours, rival, bound) VALUES
  ('equity(x), against one query with a sorted array', 'faster', 'equity', 'ours', 'array', 5),
  ('the same against one query with row_number()', 'faster', 'equity', 'ours', 'window', 5),
  ('the same against sum(x) and one sort', 'ratio', 'equity', 'ours', 'sum and sort', 2),
  ('gini(x) alone, against sum(x) and one sort', 'ratio', 'equity', 'gini', 'sum and sort', NULL),
  ('eight measures by name in one query, against equity(x)', 'ratio', 'equity', 'by name', 'ours', NULL),
  ('equity(x, w), all weights different, against equity(x)', 'ratio', 'equity', 'weighted', 'ours', NULL);
