-- Compiling: distinct conditions through check_expression(), less the same loop without it.

CREATE TABLE bench.text AS SELECT array_agg(condition ORDER BY i) AS conditions
  FROM (SELECT i, (regexp_replace(k.sql, '\m[0-9]+(\.[0-9]+)?', i::text)) AS condition
          FROM generate_series(1, :conditions) AS i
          JOIN (SELECT sql, row_number() OVER (ORDER BY place) - 1 AS n, count(*) OVER () AS kinds FROM bench.condition
                 WHERE (caseload.check_expression('client', sql)).ok) k ON k.n = i % k.kinds) x;
DO $$
DECLARE
  all_conditions text[] := (SELECT conditions FROM bench.text);
BEGIN
  PERFORM bench.must((SELECT count(DISTINCT c) = cardinality(all_conditions) AND bool_and((caseload.check_expression('client', c)).ok)
                     FROM unnest(all_conditions) c), 'a condition is refused, or there twice');
END
$$;

CREATE PROCEDURE bench.compile_round(this_round integer, at_least double precision) LANGUAGE plpgsql AS $$
DECLARE
  conditions text[] := (SELECT t.conditions FROM bench.text t);
  n integer := cardinality(conditions);
  wall timestamptz[];
  cpu double precision[];
  wall_spent interval := '0';
  cpu_spent double precision := 0;
  passes integer := 0;
BEGIN
  PERFORM caseload.check_expression('client', conditions[1]);
  WHILE cpu_spent < at_least LOOP
    wall[1] := clock_timestamp(); cpu[1] := bench.cpu();
    FOR i IN 1 .. n LOOP
      PERFORM octet_length(conditions[i]);
    END LOOP;
    wall[2] := clock_timestamp(); cpu[2] := bench.cpu();
    FOR i IN 1 .. n LOOP
      PERFORM caseload.check_expression('client', conditions[i]);
    END LOOP;
    wall[3] := clock_timestamp(); cpu[3] := bench.cpu();
    wall_spent := wall_spent + (wall[3] - wall[2]) - (wall[2] - wall[1]);
    cpu_spent := cpu_spent + (cpu[3] - cpu[2]) - (cpu[2] - cpu[1]);
    passes := passes + 1;
  END LOOP;
  INSERT INTO bench.sample VALUES ('compile', 'ours', this_round, extract(epoch FROM wall_spent) * 1000 / passes / n, cpu_spent / passes / n);
END
$$;

INSERT INTO bench.target (what, kind, measure, ours, bound, metric) VALUES
  ('compile one condition', 'value', 'compile', 'ours', 0.01, 'cpu'),
  ('compile one condition', 'value', 'compile', 'ours', 0.01, 'wall');
