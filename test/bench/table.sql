-- The table at the end: a row for each target, a column for each size. medians and notes are the files that scripts/bench has collected.

SET client_min_messages = warning;
CREATE TEMP TABLE median (
  bench_group text, size numeric, place integer, what text, kind text, metric text, bound double precision,
  x double precision, y double precision, q double precision, low double precision, high double precision
);
CREATE TEMP TABLE note (line integer GENERATED ALWAYS AS IDENTITY, bench_group text, size numeric, note text);
COPY median FROM :'medians';
COPY note (bench_group, size, note) FROM :'notes';

CREATE FUNCTION pg_temp.show(amount double precision, metric text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN metric = 'bytes' THEN to_char(amount, 'FM999990.0') || ' bytes'
              WHEN amount >= 1000 THEN to_char(amount / 1000, 'FM999990.00') || ' s'
              WHEN amount >= 1 THEN to_char(amount, 'FM990.0') || ' ms'
              WHEN amount >= 0.001 THEN to_char(amount * 1000, 'FM990.0') || ' µs'
              ELSE round(amount * 1e6) || ' ns' END
$$;
CREATE FUNCTION pg_temp.show_ratio(m median) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN m.q IS NULL THEN 'not measured'
              WHEN m.kind = 'value' THEN CASE WHEN m.low < m.high THEN format('(%s to %s)', pg_temp.show(m.low, m.metric), pg_temp.show(m.high, m.metric)) ELSE '' END
              ELSE format('%s (%s to %s)', round(m.q::numeric, 2), round(m.low::numeric, 2), round(m.high::numeric, 2)) END
$$;

-- Cells, padded so that the text reads as a table, too.
CREATE TEMP TABLE cell AS
  WITH size AS (SELECT size, row_number() OVER (ORDER BY size) AS n, size = max(size) OVER () AS last, min(size) OVER () < max(size) OVER () AS several FROM median GROUP BY size),
  target AS (
    SELECT bench_group, place, row_number() OVER (ORDER BY min(f.line), place) AS r, (array_agg(m.x ORDER BY m.size))[1] AS least, (array_agg(m ORDER BY m.size DESC))[1] AS final
      FROM median m JOIN (SELECT bench_group, min(line) AS line FROM note GROUP BY bench_group) f USING (bench_group) GROUP BY bench_group, place),
  shown AS (
    SELECT r, 1 AS c, (final).what AS cell FROM target
    UNION ALL SELECT r, 2, CASE (final).metric WHEN 'cpu' THEN 'CPU' WHEN 'wall' THEN 'time' ELSE '' END FROM target
    UNION ALL SELECT t.r, 10 * n, pg_temp.show(m.x, m.metric) FROM target t JOIN median m USING (bench_group, place) JOIN size USING (size)
    UNION ALL SELECT t.r, 10 * n + 1, pg_temp.show(m.y, m.metric) FROM target t JOIN median m USING (bench_group, place) JOIN size USING (size) WHERE last
    UNION ALL SELECT t.r, 10 * n + 2, pg_temp.show_ratio(m) FROM target t JOIN median m USING (bench_group, place) JOIN size USING (size)
    UNION ALL SELECT r, 900, round(((final).x / nullif(least, 0))::numeric, 1)::text FROM target JOIN size ON last AND several
    UNION ALL SELECT r, 901, CASE (final).kind WHEN 'ratio' THEN 'at most ' || (final).bound WHEN 'faster' THEN (final).bound || ' times faster'
                                  WHEN 'smaller' THEN 'overhead ' || (final).bound || ' times smaller' ELSE 'at most ' || pg_temp.show((final).bound, (final).metric) END FROM target
    UNION ALL SELECT r, 902, CASE WHEN (final).bound IS NULL THEN '' WHEN (final).q IS NULL THEN 'not measured'
                                  WHEN (final).q <= (final).bound AND (final).kind IN ('ratio', 'value') OR (final).q >= (final).bound AND (final).kind IN ('faster', 'smaller')
                                  THEN 'met' ELSE '**not met**' END FROM target
    UNION ALL SELECT 0, c, cell FROM (VALUES (1, 'what'), (2, 'by'), (901, 'target'), (902, '')) v (c, cell)
    UNION ALL SELECT 0, 900, 'growth' FROM size WHERE last AND several
    UNION ALL SELECT 0, 10 * n, format('caseload at %s', size) FROM size
    UNION ALL SELECT 0, 10 * n + 1, 'the other' FROM size WHERE last
    UNION ALL SELECT 0, 10 * n + 2, 'ratio' FROM size)
  SELECT r, c, coalesce(cell, '') AS cell, max(length(coalesce(cell, ''))) OVER (PARTITION BY c) AS width FROM shown;

SELECT line FROM (
  SELECT r * 2 AS r, '| ' || string_agg(rpad(cell, width), ' | ' ORDER BY c) || ' |' AS line FROM cell GROUP BY r
  UNION ALL SELECT 1, '|' || string_agg(repeat('-', width + 2), '|' ORDER BY c) || '|' FROM cell WHERE r = 0) x ORDER BY r;
SELECT E'\nThe ratio is ours to the other''s, or, where a target says "faster", the other''s to ours. The other''s figure is that at the last size. Growth: our figure at the last size'
    || E' by that at the first;\nwhere a figure is of one row, one value or one call it should be near 1.\n'
 WHERE EXISTS (SELECT FROM cell WHERE c = 900);
SELECT format('- **%s**, %s: %s', bench_group, size, note) FROM note ORDER BY min(line) OVER (PARTITION BY bench_group), line;
