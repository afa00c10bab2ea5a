-- Facts from the stored values against a scan of the events: all of them against window functions, and simple counts against FILTER aggregates.

SELECT CURRENT_DATE AS as_of \gset
CREATE TEMP TABLE ours_facts AS
  SELECT f.* FROM caseload.client_facts(:'as_of') f JOIN bench.event_client c USING (client_id) WHERE f.district_id = 'B';
SELECT bench.must((SELECT count(*) FILTER (WHERE ROW(f.appointments, f.attended, f.no_shows, f.late_cancels, f.strikes, f.unresolved, f.misses_in_window,
                   f.strikes_in_window, f.miss_run, f.longest_miss_run, f.cancel_run, f.on_time_run, f.days_unseen, f.days_inactive, f.next_appointment)
                   IS DISTINCT FROM ROW(w.appointments, w.attended, w.no_shows, w.late_cancels, w.strikes, w.unresolved, w.misses_in_window,
                   w.strikes_in_window, w.miss_run, w.longest_miss_run, w.cancel_run, w.on_time_run, w.days_unseen, w.days_inactive, w.next_appointment)) = 0
                   AND count(*) = (SELECT count(*) FROM bench.event_client)
                  FROM ours_facts f JOIN bench.window_facts(:'as_of', 90) w USING (client_id)), 'facts by window functions');

-- What plain SQL gets in one grouping: counts and last days, no runs.
CREATE VIEW bench.counts AS
  SELECT client_id, count(*) FILTER (WHERE status IN ('attended', 'late')) AS attended, count(*) FILTER (WHERE status = 'no_show') AS no_shows,
         count(*) FILTER (WHERE status IN ('no_show', 'late_cancel')) AS strikes,
         count(*) FILTER (WHERE status IN ('no_show', 'late_cancel') AND (starts_at AT TIME ZONE 'America/New_York')::date > CURRENT_DATE - 90) AS strikes_in_window,
         CURRENT_DATE - max((starts_at AT TIME ZONE 'America/New_York')::date) FILTER (WHERE status IN ('attended', 'late')) AS days_since_attended
    FROM caseload.appointment
   WHERE district_id = 'B' AND starts_at < (CURRENT_DATE + 1)::timestamp AT TIME ZONE 'America/New_York'
   GROUP BY client_id;
CREATE TEMP VIEW ours_counts AS
  SELECT client_id, attended, no_shows, strikes, strikes_in_window, days_since_attended FROM caseload.client_facts(CURRENT_DATE) WHERE district_id = 'B';
SELECT bench.must(count(*) = (SELECT count(*) FROM caseload.client) AND bool_and(o.attended = c.attended AND o.no_shows = c.no_shows AND o.strikes = c.strikes
                  AND o.strikes_in_window = c.strikes_in_window AND o.days_since_attended IS NOT DISTINCT FROM c.days_since_attended), 'counts by FILTER')
  FROM ours_counts o JOIN bench.counts c USING (client_id);

-- whole rows are counted: the planner leaves out columns that nobody asks for
INSERT INTO bench.variant (measure, variant, statement, share) VALUES
  ('facts', 'ours', format('SELECT count(f) FROM caseload.client_facts(%L) f', :'as_of'), 1),
  ('facts', 'window', format('SELECT count(w) FROM bench.window_facts(%L, 90) w', :'as_of'),
   (SELECT count(*) FROM bench.event)::double precision / (SELECT count(*) FROM caseload.appointment)),
  ('counts', 'ours', 'SELECT sum(attended), sum(no_shows), sum(strikes), sum(strikes_in_window), sum(days_since_attended) FROM (SELECT client_id, attended, no_shows, strikes, strikes_in_window, days_since_attended FROM caseload.client_facts(CURRENT_DATE) WHERE district_id = ''B'') x', 1),
  ('counts', 'filter', 'SELECT sum(attended), sum(no_shows), sum(strikes), sum(strikes_in_window), sum(days_since_attended) FROM bench.counts', 1);
INSERT INTO bench.target (what, kind, measure, ours, rival, bound, metric) VALUES
  ('five facts of every client, against FILTER aggregates over the events', 'faster', 'counts', 'ours', 'filter', NULL, 'wall'),
  ('all facts of every client, against window functions (1 client of 10, times 10)', 'faster', 'facts', 'ours', 'window', NULL, 'wall');
