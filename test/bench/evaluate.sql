-- evaluate() from stored values when nothing changes, against grouping the events once and against all facts by window functions (facts.sql
-- compares the answers of those).

SELECT CURRENT_DATE AS as_of \gset
SELECT caseload.evaluate(:'as_of');
VACUUM ANALYZE caseload.flag;
SELECT raised, resolved, unchanged, errors FROM caseload.evaluate(:'as_of') \gset second_
SELECT bench.must(:second_raised + :second_resolved + :second_errors = 0 AND :second_unchanged > 0, 'the second evaluate() changed something');

SELECT bench.must((SELECT count(*) FROM caseload.flag WHERE cleared_on IS NULL AND rule_name = 'attendance_close')
                = (SELECT count(*) FROM (SELECT client_id FROM caseload.appointment WHERE status IN ('no_show', 'late_cancel')
                                          GROUP BY client_id HAVING count(*) >= 3) x), 'flags of attendance_close');

INSERT INTO bench.variant (measure, variant, statement, share) VALUES
  ('evaluate', 'ours', format('SELECT * FROM caseload.evaluate(%L)', :'as_of'), 1),
  ('evaluate', 'group', 'SELECT count(*), max(last) FROM (SELECT client_id, max(starts_at) AS last FROM caseload.appointment GROUP BY client_id) g', 1),
  -- whole rows are counted: the planner leaves out columns that nobody asks for
  ('evaluate', 'window', format('SELECT count(w) FROM bench.window_facts(%L, 90) w', :'as_of'),
   (SELECT count(*) FROM bench.event)::double precision / (SELECT count(*) FROM caseload.appointment));
INSERT INTO bench.target (what, kind, measure, ours, rival, bound, metric) VALUES
  ('evaluate(), nothing changes, against max(starts_at) for each client', 'faster', 'evaluate', 'ours', 'group', 5, 'wall'),
  ('the same', 'faster', 'evaluate', 'ours', 'group', NULL, 'cpu'),
  ('evaluate(), against the facts by window functions (1 client of 10, times 10)', 'faster', 'evaluate', 'ours', 'window', 40, 'wall');
SELECT format('%s flags stand as of %s.', :second_unchanged, :'as_of') AS flags_stand \gset
COMMENT ON SCHEMA bench IS :'flags_stand';
