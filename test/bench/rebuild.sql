-- Making every value anew from the events, where none differs, against one grouping of the same events.

SELECT bench.must(caseload.rebuild() = 0, 'rebuild() found values that differ right after rebuild()');
SELECT bench.must((SELECT sum(caseload.event_count(attendance)) FROM caseload.client_activity) = (SELECT count(*) FROM caseload.appointment), 'events in the values');
SELECT bench.must((SELECT count(*) = 0 FROM (SELECT client_id, max(starts_at) AS at FROM caseload.appointment GROUP BY client_id) m
                   JOIN caseload.client_activity a USING (client_id)
                  WHERE a.district_id = 'B' AND upper(caseload.span(a.attendance)) - 1 <> (m.at AT TIME ZONE 'America/New_York')::date), 'last days');
INSERT INTO bench.variant (measure, variant, statement) VALUES
  ('rebuild', 'ours', 'SELECT caseload.rebuild()'),
  ('rebuild', 'group', 'SELECT count(*), max(last) FROM (SELECT client_id, max(starts_at) AS last FROM caseload.appointment GROUP BY client_id) g');
INSERT INTO bench.target (what, kind, measure, ours, rival, bound, metric) VALUES
  ('rebuild(), nothing differs, against max(starts_at) for each client', 'ratio', 'rebuild', 'ours', 'group', 1, 'wall'),
  ('the same', 'ratio', 'rebuild', 'ours', 'group', NULL, 'cpu');
