-- real.sql: a city's appointments, from a CSV file that you have downloaded yourself.
--
--   psql -v file=/path/to/appointments.csv.gz -f test/data/real.sql
--   gzip -dc appointments.csv.gz | psql -f test/data/real.sql
--
-- The file is the public set "Medical Appointment No Shows" (KaggleV2-May-2016.csv): Vitória, Brazil, 2016. It is not part of caseload.
-- Run it once, as the owner of the tables, after SELECT caseload.install(). It leaves a district and the table `staging`, which holds
-- the lines as they came. All or nothing.
--
-- -v district=…      id of the district, VITORIA unless given
-- -v enroll=yes      give every client an episode from the first appointment on, before the appointments come; without it,
--                    the first appointment of a client opens one of unknown beginning

\set real_stop :ON_ERROR_STOP
\set ON_ERROR_STOP on
\if :{?district} \else \set district VITORIA \endif
\if :{?enroll} \else \set enroll no \endif

BEGIN;

-- As text what is a name: five patients have a fractional number. The dates of appointments have a time and a zone (T00:00:00Z) that
-- mean nothing; the type date leaves them away.
CREATE TABLE staging (
  patient_id text, appointment_id bigint, gender text, scheduled_at timestamptz, appointment_day date, age integer, neighbourhood text,
  scholarship text, hypertension text, diabetes text, alcoholism text, handicap text, sms_received text, no_show text
);
\encoding UTF8
\if :{?file}
  -- \copy knows no variables, the shell that it calls does
  \setenv APPOINTMENTS :file
  \copy staging FROM PROGRAM 'gzip -dc < "$APPOINTMENTS"' (FORMAT csv, HEADER)
\else
  \copy staging FROM PSTDIN (FORMAT csv, HEADER)
\endif
ANALYZE staging;

INSERT INTO caseload.district (district_id, name, state) VALUES (:'district', 'Vitória', 'ES');

-- A neighbourhood stands for a clinic, and each has one therapist.
INSERT INTO caseload.site (district_id, site_id, name, level, state, time_zone)
SELECT DISTINCT :'district', neighbourhood, initcap(neighbourhood), 'clinic', 'ES', 'America/Sao_Paulo' FROM staging;

INSERT INTO caseload.therapist (district_id, therapist_id, name, discipline, fte, state, time_zone)
SELECT :'district', site_id, 'Therapist of ' || name, 'GP', 1, state, time_zone FROM caseload.site WHERE district_id = :'district';

-- Each patient has one neighbourhood in this file; two would be refused here as a duplicate key.
INSERT INTO caseload.client (district_id, client_id, site_id)
SELECT DISTINCT :'district', patient_id, neighbourhood FROM staging;
-- the trigger plans better when it knows how many there are
ANALYZE caseload.client;

\if :enroll
  INSERT INTO caseload.episode (district_id, client_id, episode, period)
  SELECT :'district', patient_id, 1, daterange(min(appointment_day), NULL) FROM staging GROUP BY patient_id;
  ANALYZE caseload.episode;
\endif

-- There are no times of day, but an order: the appointments of a patient on one day are a minute apart from 8:00 local time on.
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, therapist_id, starts_at, status)
SELECT :'district', patient_id, appointment_id::text, neighbourhood,
       (appointment_day + time '08:00'
        + interval '1 minute' * (row_number() OVER (PARTITION BY patient_id, appointment_day ORDER BY appointment_id) - 1))
       AT TIME ZONE 'America/Sao_Paulo',
       CASE no_show WHEN 'Yes' THEN 'no_show' ELSE 'attended' END::caseload.appointment_status
  FROM staging
 ORDER BY appointment_day, appointment_id;

COMMIT;

ANALYZE caseload.district, caseload.site, caseload.therapist, caseload.client, caseload.episode, caseload.appointment,
  caseload.client_activity, caseload.flag;
\set ON_ERROR_STOP :real_stop
