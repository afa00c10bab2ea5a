-- The value: bytes for an event of weekly visits, and the time to add one event to a value of a hundred.

CREATE FUNCTION bench.weekly(visits integer) RETURNS caseload.attendance LANGUAGE sql AS $$
  SELECT caseload.attendance((date '2024-01-08' + 7 * n + time '14:30') AT TIME ZONE 'America/New_York', bench.status(bench.u(n, 1))::text, 'America/New_York')
    FROM generate_series(1, visits) AS n
$$;

CREATE PROCEDURE bench.value_round(this_round integer, times integer) LANGUAGE plpgsql AS $$
DECLARE
  history caseload.attendance := bench.weekly(100);
  event caseload.attendance := (SELECT caseload.attendance(x.at, 'attended', 'America/New_York') FROM (SELECT max(e.at) + interval '7 days' AS at FROM caseload.events(history) e) x);
  middle caseload.attendance := (SELECT caseload.attendance(x.at, 'attended', 'America/New_York') FROM (SELECT min(e.at) + interval '353 days' AS at FROM caseload.events(history) e) x);
  result caseload.attendance;
  cpu double precision[];
BEGIN
  PERFORM bench.must(caseload.event_count(history OPERATOR(caseload.+) event) = 101 AND caseload.event_count(history OPERATOR(caseload.+) middle) = 101, 'an event added');
  cpu[1] := bench.cpu();
  FOR i IN 1 .. times LOOP
    result := history;
  END LOOP;
  cpu[2] := bench.cpu();
  FOR i IN 1 .. times LOOP
    result := history OPERATOR(caseload.+) event;
  END LOOP;
  cpu[3] := bench.cpu();
  FOR i IN 1 .. times LOOP
    result := history OPERATOR(caseload.+) middle;
  END LOOP;
  cpu[4] := bench.cpu();
  INSERT INTO bench.sample (measure, variant, round, cpu) VALUES
    ('value', 'end', this_round, (cpu[3] - cpu[2] - (cpu[2] - cpu[1])) / times), ('value', 'middle', this_round, (cpu[4] - cpu[3] - (cpu[2] - cpu[1])) / times);
END
$$;

INSERT INTO bench.target (what, kind, measure, ours, bound, metric) VALUES
  ('add one event at the end of 100', 'value', 'value', 'end', 0.001, 'cpu'),
  ('add one event in the middle of 100', 'value', 'value', 'middle', 0.001, 'cpu');
INSERT INTO bench.sample (measure, variant, round, wall) SELECT 'bytes', n, 1, pg_column_size(bench.weekly(n))::double precision / n FROM unnest(ARRAY[10, 52, 100, 500]) AS n;
INSERT INTO bench.target (what, kind, measure, ours, bound, metric)
  SELECT format('bytes for each of %s weekly visits', n), 'value', 'bytes', n, 8, 'bytes' FROM unnest(ARRAY[10, 52, 100, 500]) AS n;
