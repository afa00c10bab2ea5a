-- Availabilities of ten intervals a week against the same minutes as int4multirange: whole statements over a table of pairs. Takes "pairs", their number.

CREATE TABLE bench.interval_of AS
SELECT n, day * 1440 + half * 300 + 480 + bench.pick(n, day * 2 + half, 60) AS b, day * 1440 + half * 300 + 630 + bench.pick(n, 100 + day * 2 + half, 60) AS e
  FROM generate_series(1, :pairs + 1) AS n, generate_series(0, 4) AS day, generate_series(0, 1) AS half;

CREATE TABLE bench.pair AS
WITH week AS (
  SELECT n, pg_catalog.range_agg(int4range(b, e)) AS m,
         caseload.availability_union(caseload.availability(b / 1440 + 1, make_time(b / 60 % 24, b % 60, 0), make_time(e / 60 % 24, e % 60, 0))) AS a
    FROM bench.interval_of GROUP BY n)
SELECT x.n, x.a, y.a AS b, x.m, y.m AS k FROM week x JOIN week y ON y.n = x.n + 1;
-- half of them lie in their partner, or in a week that is free: contains and overlaps are true for some
UPDATE bench.pair SET b = a OPERATOR(caseload.*) b, k = m * k WHERE n % 4 = 0;
UPDATE bench.pair SET b = 'always'::caseload.availability OPERATOR(caseload.-) a, k = '{[0,10080)}'::int4multirange - m WHERE n % 4 = 1;
VACUUM FULL ANALYZE bench.pair;

CREATE FUNCTION bench.multirange(a caseload.availability) RETURNS int4multirange LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(pg_catalog.range_agg(int4range((day - 1) * 1440 + extract(epoch FROM begins)::integer / 60, (day - 1) * 1440 + extract(epoch FROM ends)::integer / 60)), '{}')
    FROM caseload.intervals(a)
$$;
SELECT bench.must(bool_and(bench.multirange(a OPERATOR(caseload.*) b) = m * k), 'availability, in common') FROM bench.pair WHERE n % 10 < 2;
SELECT bench.must(bool_and(bench.multirange(a OPERATOR(caseload.+) b) = m + k), 'availability, of either') FROM bench.pair WHERE n % 10 < 2;
SELECT bench.must(bool_and((a OPERATOR(caseload.@>) b) = (m @> k) AND (a OPERATOR(caseload.&&) b) = (m && k)), 'availability, contains and overlaps') FROM bench.pair;

INSERT INTO bench.variant (measure, variant, statement) VALUES
  ('read', 'ours', 'SELECT count(a), count(b) FROM bench.pair'),
  ('read', 'multirange', 'SELECT count(m), count(k) FROM bench.pair'),
  ('common', 'ours', 'SELECT count(a OPERATOR(caseload.*) b) FROM bench.pair'),
  ('common', 'multirange', 'SELECT count(m * k) FROM bench.pair'),
  ('either', 'ours', 'SELECT count(a OPERATOR(caseload.+) b) FROM bench.pair'),
  ('either', 'multirange', 'SELECT count(m + k) FROM bench.pair'),
  ('contains', 'ours', 'SELECT count(*) FILTER (WHERE a OPERATOR(caseload.@>) b) FROM bench.pair'),
  ('contains', 'multirange', 'SELECT count(*) FILTER (WHERE m @> k) FROM bench.pair'),
  ('overlaps', 'ours', 'SELECT count(*) FILTER (WHERE a OPERATOR(caseload.&&) b) FROM bench.pair'),
  ('overlaps', 'multirange', 'SELECT count(*) FILTER (WHERE m && k) FROM bench.pair'),
  ('zones', 'ours', 'SELECT count(caseload.at_zone(a, ''America/New_York'', ''America/Los_Angeles'', ''2025-03-09'')) FROM bench.pair WHERE n % 10 = 0');
INSERT INTO bench.target (what, kind, measure, ours, rival, bound, metric) VALUES
  ('a * b against int4multirange', 'faster', 'common', 'ours', 'multirange', 5, 'cpu'),
  ('a + b', 'faster', 'either', 'ours', 'multirange', NULL, 'cpu'),
  ('a @> b', 'faster', 'contains', 'ours', 'multirange', NULL, 'cpu'),
  ('a && b', 'faster', 'overlaps', 'ours', 'multirange', NULL, 'cpu'),
  ('reading both values', 'faster', 'read', 'ours', 'multirange', NULL, 'cpu'),
  ('at_zone() of a tenth', 'value', 'zones', 'ours', NULL, NULL, 'cpu');
INSERT INTO bench.sample (measure, variant, round, wall) SELECT 'bytes', 'ours', 1, max(pg_column_size(a)) FROM bench.pair UNION ALL SELECT 'bytes', 'multirange', 1, max(pg_column_size(m)) FROM bench.pair;
INSERT INTO bench.target (what, kind, measure, ours, rival, bound, metric) VALUES
  ('a week of ten intervals, stored', 'value', 'bytes', 'ours', 'multirange', 45, 'bytes');
