-- One new appointment; @table@ is put in by scripts/bench (pgbench sends variables as parameters, and a table is none).
\set client random(1, :clients)
\set therapist 1 + :client % 50
\set chance random(0, 99)
\set seconds random(1, 43200)
INSERT INTO @table@ (district_id, client_id, service_id, therapist_id, starts_at, minutes, status)
VALUES ('B', :client, :client, :therapist, now() - :seconds * interval '1 second', 30,
        CASE WHEN :chance < 78 THEN 'attended' WHEN :chance < 90 THEN 'no_show' WHEN :chance < 94 THEN 'late_cancel'
             WHEN :chance < 98 THEN 'client_cancel' ELSE 'provider_cancel' END::caseload.appointment_status);
