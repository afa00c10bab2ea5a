-- attendance(…) over the events, against the least that a GROUP BY does and against what people build instead.

INSERT INTO bench.variant (measure, variant, statement) VALUES
  ('aggregate', 'ours', 'SELECT count(a) FROM (SELECT caseload.attendance(starts_at, status::text, ''America/New_York'') AS a FROM caseload.appointment GROUP BY district_id, client_id OFFSET 0) x'),
  ('aggregate', 'max', 'SELECT count(a) FROM (SELECT max(starts_at) AS a FROM caseload.appointment GROUP BY district_id, client_id OFFSET 0) x'),
  ('aggregate', 'arrays', 'SELECT count(a), count(b) FROM (SELECT array_agg(starts_at ORDER BY starts_at) AS a, array_agg(status ORDER BY starts_at) AS b FROM caseload.appointment GROUP BY district_id, client_id OFFSET 0) x'),
  ('aggregate', 'jsonb', 'SELECT count(a) FROM (SELECT jsonb_agg(jsonb_build_array(starts_at, status) ORDER BY starts_at) AS a FROM caseload.appointment GROUP BY district_id, client_id OFFSET 0) x');
SELECT bench.must(bool_and(e.n = c.n) AND count(*) = (SELECT count(*) FROM bench.event_client), 'events in the aggregate')
  FROM (SELECT client_id, caseload.event_count(caseload.attendance(starts_at, status::text, 'America/New_York')) AS n FROM bench.event GROUP BY client_id) e
  JOIN (SELECT client_id, count(*) AS n FROM bench.event GROUP BY client_id) c USING (client_id);
INSERT INTO bench.sample (measure, variant, round, wall)
  SELECT 'stored', v, 1, avg(bytes)
    FROM (SELECT pg_column_size(caseload.attendance(starts_at, status::text, 'America/New_York')) AS ours,
                 pg_column_size(array_agg(starts_at ORDER BY starts_at)) + pg_column_size(array_agg(status ORDER BY starts_at)) AS arrays,
                 pg_column_size(jsonb_agg(jsonb_build_array(starts_at, status) ORDER BY starts_at)) AS jsonb FROM bench.event GROUP BY client_id) s
   CROSS JOIN LATERAL (VALUES ('ours', s.ours), ('arrays', s.arrays), ('jsonb', s.jsonb)) b (v, bytes) GROUP BY v;
INSERT INTO bench.target (what, kind, measure, ours, rival, bound, metric) VALUES
  ('attendance() of every client, against max(starts_at)', 'ratio', 'aggregate', 'ours', 'max', NULL, 'wall'),
  ('the same against sorted arrays of times and statuses', 'faster', 'aggregate', 'ours', 'arrays', NULL, 'wall'),
  ('the same against a sorted array in jsonb', 'faster', 'aggregate', 'ours', 'jsonb', NULL, 'wall'),
  ('bytes of a value, against the arrays', 'faster', 'stored', 'ours', 'arrays', NULL, 'bytes'),
  ('the same against jsonb', 'faster', 'stored', 'ours', 'jsonb', NULL, 'bytes');
