-- Clients with weekly visits, ten each, the events in the order of time as an application would have written them: those of one client
-- are far from each other. Loaded past the triggers; rebuild() makes the values.

INSERT INTO caseload.district (district_id) VALUES ('B');
INSERT INTO caseload.site (district_id, site_id, level, time_zone) VALUES ('B', 's', 'elementary', 'America/New_York');
ALTER TABLE caseload.client DISABLE TRIGGER ALL;
ALTER TABLE caseload.episode DISABLE TRIGGER ALL;
ALTER TABLE caseload.appointment DISABLE TRIGGER ALL;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'B', i, 's' FROM generate_series(1, :clients) AS i;
INSERT INTO caseload.episode (district_id, client_id, episode) SELECT 'B', i, 1 FROM generate_series(1, :clients) AS i;
-- visit by visit; within a week clients come in an order that has nothing to do with their ids
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, minutes, status)
  SELECT 'B', client, visit, starts_at, 30, bench.history_status(client, visit)
    FROM generate_series(1, :visits) AS visit
   CROSS JOIN LATERAL (
         SELECT i AS client, (CURRENT_DATE - 6 - 7 * :visits + 7 * visit + bench.pick(i, 1, 5) + make_interval(secs => 28800 + bench.pick(i, 2, 28800)))
                             AT TIME ZONE 'America/New_York' AS starts_at
           FROM generate_series(1, :clients) AS i ORDER BY 2) w;
ALTER TABLE caseload.client ENABLE TRIGGER ALL;
ALTER TABLE caseload.episode ENABLE TRIGGER ALL;
ALTER TABLE caseload.appointment ENABLE TRIGGER ALL;
VACUUM ANALYZE caseload.client, caseload.episode, caseload.appointment;
SELECT caseload.rebuild();
VACUUM ANALYZE caseload.client_activity;

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
