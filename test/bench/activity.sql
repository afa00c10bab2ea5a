-- Clients with ten weekly visits each, the events in the order of time as an application would have written them: those of one client
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
    FROM generate_series(1, 10) AS visit
   CROSS JOIN LATERAL (
         SELECT i AS client, (CURRENT_DATE - 76 + 7 * visit + bench.pick(i, 1, 5) + make_interval(secs => 28800 + bench.pick(i, 2, 28800)))
                             AT TIME ZONE 'America/New_York' AS starts_at
           FROM generate_series(1, :clients) AS i ORDER BY 2) w;
ALTER TABLE caseload.client ENABLE TRIGGER ALL;
ALTER TABLE caseload.episode ENABLE TRIGGER ALL;
ALTER TABLE caseload.appointment ENABLE TRIGGER ALL;
VACUUM ANALYZE caseload.client, caseload.episode, caseload.appointment;
SELECT caseload.rebuild();
VACUUM ANALYZE caseload.client_activity;
