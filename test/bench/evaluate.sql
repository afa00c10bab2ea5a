-- evaluate() from stored values when nothing changes, against grouping the events once and against all facts by window functions.

SELECT CURRENT_DATE AS as_of \gset
SELECT caseload.evaluate(:'as_of');
VACUUM ANALYZE caseload.flag;
SELECT raised, resolved, unchanged, errors FROM caseload.evaluate(:'as_of') \gset second_
SELECT bench.must(:second_raised + :second_resolved + :second_errors = 0 AND :second_unchanged > 0, 'the second evaluate() changed something');

-- Every tenth client, the events still in the order of time; grouping and sorting the fewer events is if anything cheaper for each.
CREATE TABLE bench.event AS
  SELECT client_id, starts_at, status FROM caseload.appointment WHERE client_id::integer % :sampling = 0 ORDER BY starts_at;
CREATE TABLE bench.event_client AS SELECT DISTINCT client_id FROM bench.event;
ALTER TABLE bench.event_client ADD PRIMARY KEY (client_id);
VACUUM ANALYZE bench.event, bench.event_client;

-- One sort for the runs, rolling windows and streaks, then one grouping; no contacts, no cases but those in the data.
CREATE FUNCTION bench.window_facts(as_of date, strike_window integer)
RETURNS TABLE (client_id text, appointments bigint, attended bigint, no_shows bigint, late_cancels bigint, strikes bigint, unresolved bigint,
               misses_in_window bigint, strikes_in_window bigint, miss_run bigint, longest_miss_run bigint, cancel_run bigint, on_time_run bigint,
               days_unseen integer, days_inactive integer, next_appointment date)
LANGUAGE sql STABLE AS $$
  WITH e AS (
    SELECT v.client_id, v.status, (v.starts_at AT TIME ZONE 'America/New_York')::date AS day,
           count(*) FILTER (WHERE v.status IN ('attended', 'late')) OVER upward AS miss_island,
           count(*) FILTER (WHERE v.status IN ('attended', 'late')) OVER downward AS seen_later,
           count(*) FILTER (WHERE v.status IN ('attended', 'late', 'no_show')) OVER downward AS kept_later,
           count(*) FILTER (WHERE v.status IN ('late', 'no_show', 'late_cancel', 'client_cancel')) OVER downward AS broken_later
      FROM bench.event v
    WINDOW upward AS (PARTITION BY v.client_id ORDER BY v.starts_at), downward AS (PARTITION BY v.client_id ORDER BY v.starts_at DESC)),
  island AS (
    SELECT i.client_id, i.miss_island, count(*) AS events, count(*) FILTER (WHERE i.status = 'no_show') AS misses,
           count(*) FILTER (WHERE i.status = 'attended') AS attended, count(*) FILTER (WHERE i.status IN ('attended', 'late')) AS seen,
           count(*) FILTER (WHERE i.status = 'late_cancel') AS late_cancels,
           count(*) FILTER (WHERE i.status = 'scheduled' AND i.day < as_of) AS unresolved,
           count(*) FILTER (WHERE i.status = 'no_show' AND i.day > as_of - strike_window) AS window_misses,
           count(*) FILTER (WHERE i.status IN ('no_show', 'late_cancel') AND i.day > as_of - strike_window) AS window_strikes,
           count(*) FILTER (WHERE i.status = 'no_show' AND i.seen_later = 0) AS miss_run,
           count(*) FILTER (WHERE i.status IN ('late_cancel', 'client_cancel') AND i.kept_later = 0) AS cancel_run,
           count(*) FILTER (WHERE i.status = 'attended' AND i.broken_later = 0) AS on_time_run,
           min(i.day) AS first, max(i.day) FILTER (WHERE i.status IN ('attended', 'late')) AS last_seen,
           min(i.day) FILTER (WHERE i.status = 'scheduled' AND i.day >= as_of) AS next
      FROM e i WHERE i.day <= as_of OR i.status = 'scheduled' GROUP BY i.client_id, i.miss_island)
  SELECT s.client_id, sum(s.events)::bigint, sum(s.seen)::bigint, sum(s.misses)::bigint, sum(s.late_cancels)::bigint,
         sum(s.misses + s.late_cancels)::bigint, sum(s.unresolved)::bigint, sum(s.window_misses)::bigint, sum(s.window_strikes)::bigint,
         sum(s.miss_run)::bigint, max(s.misses), sum(s.cancel_run)::bigint, sum(s.on_time_run)::bigint,
         as_of - coalesce(max(s.last_seen), min(s.first)), as_of - coalesce(max(s.last_seen), min(s.first)), min(s.next)
    FROM island s GROUP BY s.client_id
$$;

CREATE TEMP TABLE ours_facts AS
  SELECT f.* FROM caseload.client_facts(:'as_of') f JOIN bench.event_client c USING (client_id) WHERE f.district_id = 'B';
SELECT bench.must((SELECT count(*) FILTER (WHERE ROW(f.appointments, f.attended, f.no_shows, f.late_cancels, f.strikes, f.unresolved, f.misses_in_window,
                   f.strikes_in_window, f.miss_run, f.longest_miss_run, f.cancel_run, f.on_time_run, f.days_unseen, f.days_inactive, f.next_appointment)
                   IS DISTINCT FROM ROW(w.appointments, w.attended, w.no_shows, w.late_cancels, w.strikes, w.unresolved, w.misses_in_window,
                   w.strikes_in_window, w.miss_run, w.longest_miss_run, w.cancel_run, w.on_time_run, w.days_unseen, w.days_inactive, w.next_appointment)) = 0
                   AND count(*) = (SELECT count(*) FROM bench.event_client)
                  FROM ours_facts f JOIN bench.window_facts(:'as_of', 90) w USING (client_id)), 'facts by window functions');
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
  (format('evaluate(), against the facts by window functions (1 of %s clients, times %1$s)', :sampling), 'faster', 'evaluate', 'ours', 'window', 40, 'wall');
SELECT format('%s flags stand as of %s.', :second_unchanged, :'as_of') AS flags_stand \gset
COMMENT ON SCHEMA bench IS :'flags_stand';
