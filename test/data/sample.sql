-- A sample district, made from a seed: the same parameters give the same rows on every machine and every server.
--
--   psql -v ON_ERROR_STOP=1 -v district=NORTH -v therapists=50 -v clients=2300 -v seed=3 -v anchor=2026-03-02 -f test/data/sample.sql
--
-- Every parameter may be left out. What is in it, and what each parameter does, is in README.md beside this file.
--
-- How it is made. A number in [0, 1) is drawn by hashing its name ("drift 17") with the seed, so that no draw depends on the order
-- of rows or on how many others there are. Nothing but + - * / is done with such numbers, because those are exact everywhere.
-- Services are put into sessions (one client, or a small group), sessions are dealt out to therapists up to the load each is to
-- have, each therapist gets a timetable without overlaps, and the timetable is then repeated week by week.

\set sample_quiet :QUIET
\set sample_stop :ON_ERROR_STOP
\set QUIET on
\set ON_ERROR_STOP on

\if :{?district} \else \set district NORTH \endif
\if :{?clients} \else \set clients 480 \endif
\if :{?therapists} \else \set therapists '' \endif
\if :{?weeks} \else \set weeks 30 \endif
\if :{?seed} \else \set seed 7 \endif
\if :{?anchor} \else \set anchor '' \endif

BEGIN;

-- Any function of the library makes its settings known. A sample has therapists beyond their capacity: it must not be refused.
SELECT caseload.canonical_zone('UTC') AS sample_ignore \gset
SELECT count(set_config('caseload.capacity', 'off', true)) AS sample_ignore
FROM (SELECT) AS once
WHERE current_setting('caseload.capacity', true) IS NOT NULL AND has_parameter_privilege('caseload.capacity', 'SET') \gset
SET LOCAL work_mem = '128MB';
SET LOCAL jit = off;
SET LOCAL client_min_messages = warning;

CREATE OR REPLACE FUNCTION pg_temp.u(name text, seed bigint) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((hashtextextended(name, seed) >> 11) & 9007199254740991) / 9007199254740992::double precision;

CREATE TEMP TABLE sample_parameter (
  district   text CHECK (district NOT IN ('', '*')),
  clients    integer CHECK (clients BETWEEN 1 AND 10000000),
  therapists integer CHECK (therapists BETWEEN 1 AND 1000000),
  weeks      integer CHECK (weeks BETWEEN 1 AND 520),
  anchor     date CHECK (isfinite(anchor))
) ON COMMIT DROP;
INSERT INTO sample_parameter VALUES (
  :'district', :'clients', coalesce(nullif(:'therapists', '')::integer, greatest(1, :'clients'::integer / 40)), :'weeks',
  coalesce(nullif(:'anchor', '')::date, date_trunc('week', CURRENT_DATE)::date)
);

-- The parameters with everything that follows from them alone: days, widths of ids, numbers of sites by level.
SELECT hashtextextended(district, :'seed'::bigint) AS s, therapists AS sample_therapists, quote_literal(anchor) || '::date' AS today,
       quote_literal(anchor - 7 * weeks) || '::date' AS start, quote_literal(date_trunc('week', anchor - 7 * weeks)::date) || '::date' AS monday,
       7 * weeks AS days, greatest(4, length(clients::text)) AS wide, greatest(2, length(therapists::text)) AS therapist_wide,
       greatest(2, clients / 160) AS n_elementary, greatest(1, clients / 400) AS n_middle, greatest(1, clients / 530) AS n_high,
       greatest(1, clients / 800) AS n_preschool, greatest(1, clients / 1600) AS n_clinic
FROM sample_parameter \gset

-- District and sites ------------------------------------------------------------------------------------------------------

CREATE TEMP TABLE sample_site ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY ord, i)::integer AS site, level, i, format('%s-%s', upper(level), i) AS site_id,
       format('%s %s', initcap(level), i) AS name, level = 'tele' AS tele,
       CASE level WHEN 'tele' THEN 'IL' ELSE 'PA' END AS state,
       CASE level WHEN 'tele' THEN 'America/Chicago' ELSE 'America/New_York' END AS zone
FROM (VALUES (1, 'elementary', :n_elementary), (2, 'middle', :n_middle), (3, 'high', :n_high), (4, 'preschool', :n_preschool),
             (5, 'clinic', :n_clinic), (6, 'tele', 1)) AS l (ord, level, n), generate_series(1, n) AS i;
ANALYZE sample_site;

INSERT INTO caseload.district (district_id, name, state) VALUES (:'district', format('Sample district %s', :'district'), 'PA');
INSERT INTO caseload.site (district_id, site_id, name, level, state, time_zone)
SELECT :'district', site_id, name, level, state, zone FROM sample_site ORDER BY site;

-- Therapists: half SLP, a quarter OT, 15 % PT, 10 % PSY. Within a discipline the wanted load runs from 55 % to 130 % of capacity,
-- and the longer somebody is there, the likelier the load is small.

CREATE TEMP TABLE sample_therapist ON COMMIT DROP AS
SELECT *, (fte * 1500 * (0.55 + 0.65 * x + 0.10 * x * x))::numeric(12, 1) AS wanted
FROM (
  SELECT *, CASE WHEN count(*) OVER d = 1 THEN 0.5
    ELSE (row_number() OVER (d ORDER BY pg_temp.u('load ' || therapist, :s) * 0.7 - tenure / 7300.0 * 0.3, therapist) - 1.0)
      / (count(*) OVER d - 1) END AS x
  FROM (
    SELECT i AS therapist, 'T' || lpad(i::text, :therapist_wide, '0') AS therapist_id,
           CASE WHEN (i - 1) < 0.50 * :sample_therapists THEN 'SLP' WHEN (i - 1) < 0.75 * :sample_therapists THEN 'OT'
                WHEN (i - 1) < 0.90 * :sample_therapists THEN 'PT' ELSE 'PSY' END AS discipline,
           ('{1,1,1,1,0.9,0.8,0.8,0.75,0.6,0.5}'::numeric[])[1 + floor(pg_temp.u('fte ' || i, :s) * 10)::integer] AS fte,
           floor(pg_temp.u('tenure ' || i, :s) * pg_temp.u('tenure again ' || i, :s) * 7300)::integer AS tenure
    FROM generate_series(1, :sample_therapists) AS i
  ) AS drawn
  WINDOW d AS (PARTITION BY discipline)
) AS placed;
ANALYZE sample_therapist;

-- Up to which draw a service is of which discipline: in proportion to what the therapists of each can give.
SELECT coalesce(sum(wanted) FILTER (WHERE discipline = 'SLP'), 0) / sum(wanted) AS to_slp,
       coalesce(sum(wanted) FILTER (WHERE discipline IN ('SLP', 'OT')), 0) / sum(wanted) AS to_ot,
       coalesce(sum(wanted) FILTER (WHERE discipline IN ('SLP', 'OT', 'PT')), 0) / sum(wanted) AS to_pt,
       -- How many clients have a second line: as many as bring the loads to about what is wanted (22.9 minutes a line and week).
       least(0.75, greatest(0.05, sum(wanted) / (:clients * 0.89 * 22.9) - 1)) AS second_line
FROM sample_therapist \gset

INSERT INTO caseload.therapist (district_id, therapist_id, name, discipline, fte, employed, state, time_zone)
SELECT :'district', therapist_id, 'Therapist ' || substr(therapist_id, 2), discipline, fte,
       daterange(:start - 14 - tenure, CASE WHEN therapist % 23 = 11 THEN :today + 60 END), 'PA', 'America/New_York'
FROM sample_therapist ORDER BY therapist;

-- Clients, with what nobody writes down: how they miss, and when they drift away -------------------------------------------

CREATE TEMP TABLE sample_client ON COMMIT DROP AS
SELECT client, client_id, site, tele, zone, site_id, state, category, category IN ('Autistic Support', 'Multi-Disabilities Support') AS low,
       kind, misses, starts, ends, returns,
       -- a bad patch of 4/15 of the history, for those who have one
       :start + floor(pg_temp.u('patch ' || client, :s) * :days * 11 / 15)::integer AS patch,
       CASE WHEN pg_temp.u('drift ' || client, :s) < 0.045 AND (kind = 'steady' OR kind = 'midway' AND starts < :today - 75)
         THEN :today - 30 - floor(pg_temp.u('drift day ' || client, :s) * 31)::integer END AS drifts,
       pg_temp.u('ghost ' || client, :s) < 0.5 AS ghost
FROM (
  SELECT *, 'C' || lpad(client::text, :wide, '0') AS client_id,
    CASE kind WHEN 'steady' THEN :start - 30 - floor(u_start * 700)::integer
              WHEN 'midway' THEN :today - 14 - floor(u_start * greatest(:days - 28, 1))::integer
              WHEN 'closed' THEN least(:start, ends) - 60 - floor(u_start * 600)::integer
              ELSE ends - 150 - floor(u_start * 400)::integer END AS starts
  FROM (
    SELECT *, CASE kind WHEN 'closed' THEN :today - 7 - floor(u_end * greatest(:days - 35, 1))::integer
                        WHEN 'second' THEN returns - 21 - floor(u_pause * 36)::integer END AS ends
    FROM (
      SELECT client, pg_temp.u('start ' || client, :s) AS u_start, pg_temp.u('end ' || client, :s) AS u_end,
             pg_temp.u('pause ' || client, :s) AS u_pause, kind, category,
             CASE kind WHEN 'second' THEN :today - 14 - floor(pg_temp.u('return ' || client, :s) * :days * 3 / 5)::integer END AS returns,
             CASE WHEN u_miss < 0.60 THEN 1 WHEN u_miss < 0.80 THEN 2 WHEN u_miss < 0.94 THEN 3 ELSE 4 END AS misses,
             level, 1 + floor(pg_temp.u('site ' || client, :s) *
               CASE level WHEN 'elementary' THEN :n_elementary WHEN 'middle' THEN :n_middle WHEN 'high' THEN :n_high
                          WHEN 'preschool' THEN :n_preschool WHEN 'clinic' THEN :n_clinic ELSE 1 END)::integer AS i
      FROM (
        SELECT client, u_miss,
               CASE WHEN u_kind < 0.07 THEN 'closed' WHEN u_kind < 0.12 THEN 'second' WHEN u_kind < 0.30 THEN 'midway' ELSE 'steady' END AS kind,
               CASE WHEN u_level < 0.46 THEN 'elementary' WHEN u_level < 0.64 THEN 'middle' WHEN u_level < 0.78 THEN 'high'
                    WHEN u_level < 0.86 THEN 'preschool' WHEN u_level < 0.94 THEN 'clinic' ELSE 'tele' END AS level,
               CASE WHEN u_category < 0.34 THEN 'Speech or Language Impairment' WHEN u_category < 0.55 THEN 'Specific Learning Disability'
                    WHEN u_category < 0.67 THEN 'Other Health Impairment' WHEN u_category < 0.76 THEN 'Developmental Delay'
                    WHEN u_category < 0.82 THEN 'Intellectual Disability' WHEN u_category < 0.88 THEN 'Emotional Disturbance'
                    WHEN u_category < 0.96 THEN 'Autistic Support' ELSE 'Multi-Disabilities Support' END AS category
        FROM (
          SELECT client, pg_temp.u('kind ' || client, :s) AS u_kind, pg_temp.u('level ' || client, :s) AS u_level,
                 pg_temp.u('category ' || client, :s) AS u_category, pg_temp.u('miss ' || client, :s) AS u_miss
          FROM generate_series(1, :clients) AS client
        ) AS draws
      ) AS words
    ) AS places
  ) AS endings
) AS beginnings
JOIN sample_site USING (level, i);
CREATE UNIQUE INDEX ON sample_client (client);
ANALYZE sample_client;

INSERT INTO caseload.client (district_id, client_id, name, site_id, state, category, grade, low_incidence_class, service_percent, has_aide,
  federal_setting, need_points)
SELECT :'district', client_id, 'Client ' || substr(client_id, 2), site_id, state, category, grade, CASE WHEN low THEN category END, percent,
       pg_temp.u('aide ' || client, :s) < CASE WHEN low THEN 0.5 ELSE 0.06 END,
       CASE WHEN percent < 21 THEN 1 WHEN percent <= 60 THEN 2 WHEN pg_temp.u('setting ' || client, :s) < 0.85 THEN 3 ELSE 4 END,
       1 + floor(percent * 4 / 100) + floor(pg_temp.u('needs ' || client, :s) * 5) / 2
FROM (
  SELECT *, CASE level WHEN 'preschool' THEN -1 WHEN 'elementary' THEN floor(u_grade * 6) WHEN 'middle' THEN 6 + floor(u_grade * 3)
                       WHEN 'high' THEN 9 + floor(u_grade * 4) ELSE floor(u_grade * 14) - 1 END::integer AS grade,
         CASE WHEN low THEN 50 + 5 * floor(u_percent * 11) ELSE 5 + 5 * floor(u_percent * 8) END AS percent
  FROM (
    SELECT *, pg_temp.u('grade ' || client, :s) AS u_grade, pg_temp.u('percent ' || client, :s) AS u_percent FROM sample_client
  ) AS draws
  JOIN (SELECT site, level FROM sample_site) AS l USING (site)
) AS states
ORDER BY client;

CREATE TEMP TABLE sample_episode ON COMMIT DROP AS
SELECT client, 1 AS episode, CASE WHEN kind = 'steady' AND pg_temp.u('unknown ' || client, :s) < 0.01 THEN NULL ELSE starts END AS starts, ends,
       reason, outcome
FROM sample_client
LEFT JOIN (VALUES
  ('closed', 0.00, 0.38, 'goals met', 'met'), ('closed', 0.38, 0.58, 'goals partly met', 'partly_met'),
  ('closed', 0.58, 0.73, 'moved to another district', 'transferred'), ('closed', 0.73, 0.81, 'declined by the family', 'declined'),
  ('closed', 0.81, 0.94, 'no contact for 30 days', 'dropped'), ('closed', 0.94, 1.00, 'aged out', 'other'),
  ('second', 0.00, 0.50, 'paused by the family', 'other'), ('second', 0.50, 1.00, 'no contact for 30 days', 'dropped')
) AS closure (kind, lo, hi, reason, outcome)
  USING (kind)
WHERE closure.kind IS NULL OR pg_temp.u('outcome ' || client, :s) >= lo AND pg_temp.u('outcome ' || client, :s) < hi
UNION ALL
SELECT client, 2, returns, NULL, NULL, NULL FROM sample_client WHERE kind = 'second';

INSERT INTO caseload.episode (district_id, client_id, episode, period, closure_reason, outcome)
SELECT :'district', client_id, episode, daterange(e.starts, e.ends), reason, outcome
FROM sample_episode AS e JOIN sample_client USING (client) ORDER BY client, episode;

-- Services: one or two lines for the latest episode, one for an earlier one ------------------------------------------------

-- What there is to choose from: how much, in sessions of how many minutes, how often a week or every how many weeks, and the
-- draws that get it, for services that are given alone, in groups or classrooms, and as consultation.
CREATE TEMP TABLE sample_dosage ON COMMIT DROP AS
SELECT dosage::caseload.dosage, minutes, per_week, step, class,
       sum(weight) OVER (PARTITION BY class ORDER BY ord) - weight AS lo, sum(weight) OVER (PARTITION BY class ORDER BY ord) AS hi
FROM (VALUES
  (1, '2x30/week', 30, 2, 1, 0.34, 0.24, 0), (2, '1x30/week', 30, 1, 1, 0.18, 0.30, 0.06), (3, '30/week', 30, 1, 1, 0.05, 0.12, 0),
  (4, '3x30/week', 30, 3, 1, 0.14, 0.01, 0), (5, '60/week', 30, 2, 1, 0.08, 0.03, 0), (6, '1x45/week', 45, 1, 1, 0.10, 0.05, 0),
  (7, '2x20/week', 20, 2, 1, 0.05, 0.05, 0), (8, '4x20/month', 20, 1, 1, 0.02, 0.06, 0), (9, '1x45/2 weeks', 45, 1, 2, 0.04, 0.07, 0.20),
  (10, '1x30/2 weeks', 30, 1, 2, 0, 0.04, 0.22), (11, '1x30/month', 30, 1, 4, 0, 0.03, 0.26), (12, '60/quarter', 30, 1, 4, 0, 0, 0.16),
  (13, '90/year', 30, 1, 12, 0, 0, 0.10)) AS v (ord, dosage, minutes, per_week, step, alone, regular, consult),
LATERAL (VALUES ('alone', alone), ('regular', regular), ('consult', consult)) AS c (class, weight)
WHERE weight > 0;
ANALYZE sample_dosage;

-- session: the clients who are seen together; of groups, everybody of one discipline, site and delivery in turn.
CREATE TEMP TABLE sample_line ON COMMIT DROP AS
SELECT client, line, service_id, site, tele, discipline, delivery, starts, ends, current, waiting,
  CASE WHEN alone THEN service_id
    WHEN delivery = 'push_in'
      THEN format('%s %s %s %s %s', discipline, site, delivery, current, turn / 7 * 4 + ('{0,0,1,2,2,2,3}'::integer[])[turn % 7 + 1])
    ELSE format('%s %s %s %s %s', discipline, site, delivery, current,
      turn / 17 * 8 + ('{0,0,0,1,1,2,3,3,3,3,4,4,5,6,6,6,7}'::integer[])[turn % 17 + 1]) END AS session
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY alone, discipline, site, delivery, current ORDER BY pg_temp.u('turn ' || service_id, :s), client, line)::integer - 1 AS turn
  FROM (
    SELECT *, waiting OR again OR delivery IN ('individual_required', 'consult') AS alone
    FROM (
      SELECT *, CASE WHEN again THEN CASE WHEN u < 0.55 THEN 'consult' WHEN u < 0.70 THEN 'individual_required' ELSE 'small_group_ok' END
                     WHEN low THEN CASE WHEN u < 0.60 THEN 'individual_required' WHEN u < 0.75 THEN 'push_in' WHEN u < 0.95 THEN 'small_group_ok'
                                        ELSE 'consult' END
                     WHEN u < 0.05 THEN 'individual_required' WHEN u < 0.63 THEN 'small_group_ok' WHEN u < 0.89 THEN 'push_in'
                     ELSE 'consult' END AS delivery,
             current AND pg_temp.u('waiting ' || service_id, :s) < CASE kind WHEN 'midway' THEN 0.12 ELSE 0.025 END AS waiting
      FROM (
        SELECT *, line = 2 AND discipline = first_value(discipline) OVER (PARTITION BY client ORDER BY line) AS again,
               pg_temp.u('delivery ' || service_id, :s) AS u
        FROM (
          SELECT *, (ARRAY['SLP', 'OT', 'PT', 'PSY'])[1 + width_bucket(
            (row_number() OVER (PARTITION BY line ORDER BY pg_temp.u('discipline ' || service_id, :s), client) - 0.5)
              / count(*) OVER (PARTITION BY line),
            ARRAY[:to_slp, :to_ot, :to_pt]::numeric[])] AS discipline
          FROM (
            SELECT client, line, 'S-' || client_id || '-' || line AS service_id, site, tele, low, kind, l.starts, l.ends, current
            FROM sample_client AS c,
            LATERAL (
              SELECT line, CASE kind WHEN 'second' THEN returns ELSE c.starts END AS starts,
                     CASE WHEN kind = 'closed' THEN c.ends WHEN pg_temp.u('plan end ' || client, :s) < 0.4
                       THEN :today + 21 + floor(pg_temp.u('plan year ' || client, :s) * 340)::integer END AS ends, kind <> 'closed' AS current
              FROM generate_series(1, CASE WHEN pg_temp.u('second line ' || client, :s) < :second_line THEN 2 ELSE 1 END) AS line
              UNION ALL
              SELECT 3, c.starts, c.ends, false WHERE kind = 'second'
            ) AS l
          ) AS lines
        ) AS disciplines
      ) AS repeats
    ) AS deliveries
  ) AS grouped
) AS turns;
ANALYZE sample_line;

-- Each discipline draws from every row of the list of dosages as often as the list says.
CREATE TEMP TABLE sample_session ON COMMIT DROP AS
SELECT session, discipline, site, tele, waiting, clients, d.dosage, minutes, per_week, step,
       CASE WHEN current AND NOT waiting THEN caseload.minutes_per_week(d.dosage) ELSE 0 END::numeric(12, 1) AS load
FROM (
  SELECT *, (row_number() OVER (d ORDER BY pg_temp.u('dosage ' || session, :s), session COLLATE "C") - 0.5) / count(*) OVER d AS draw
  FROM (
    SELECT session, discipline, min(site) AS site, bool_or(tele) AS tele, bool_or(current) AS current, bool_or(waiting) AS waiting,
           count(*)::integer AS clients,
           CASE min(delivery) WHEN 'individual_required' THEN 'alone' WHEN 'consult' THEN 'consult' ELSE 'regular' END AS class
    FROM sample_line GROUP BY session, discipline
  ) AS sessions
  WINDOW d AS (PARTITION BY discipline, class, current AND NOT waiting)
) AS drawn
JOIN sample_dosage AS d ON d.class = drawn.class AND draw >= lo AND draw < hi;
CREATE UNIQUE INDEX ON sample_session (session);
ANALYZE sample_session;

-- Sessions are dealt out site by site: each therapist of a discipline takes as much of its load as is wanted of them.
CREATE TEMP TABLE sample_assignment ON COMMIT DROP AS
SELECT session, site, tele, minutes, per_week, step, t.therapist
FROM (
  SELECT *, greatest(1, count(*) FILTER (WHERE session IS NULL) OVER (PARTITION BY discipline ORDER BY at, session NULLS FIRST, ordinal)) AS x
  FROM (
    SELECT discipline, session, site, tele, minutes, per_week, step, 0 AS ordinal,
           sum(load) OVER (PARTITION BY discipline ORDER BY site, pg_temp.u('deal ' || session, :s), session COLLATE "C") - load / 2 AS at
    FROM sample_session WHERE NOT waiting
    UNION ALL
    -- where the part of each therapist begins
    SELECT discipline, NULL, NULL, NULL, NULL, NULL, NULL, ordinal,
           total * (upto - wanted) / sum(wanted) OVER (PARTITION BY discipline)
    FROM (
      SELECT discipline, wanted, row_number() OVER w AS ordinal, sum(wanted) OVER w AS upto
      FROM sample_therapist WINDOW w AS (PARTITION BY discipline ORDER BY pg_temp.u('place ' || therapist, :s), therapist)
    ) AS parts
    JOIN (SELECT discipline, sum(load) AS total FROM sample_session GROUP BY discipline) AS totals USING (discipline)
  ) AS marks
) AS dealt
JOIN (
  SELECT discipline, therapist, row_number() OVER (PARTITION BY discipline ORDER BY pg_temp.u('place ' || therapist, :s), therapist) AS x
  FROM sample_therapist
) AS t USING (discipline, x)
WHERE session IS NOT NULL;
CREATE UNIQUE INDEX ON sample_assignment (session);
ANALYZE sample_assignment;

-- Everybody has a licence of the district's state (some run out, one in 17 has) and most who see tele clients one of theirs.
INSERT INTO caseload.license (district_id, therapist_id, state, discipline, valid)
SELECT :'district', therapist_id, 'PA', discipline, daterange(upto - 730, upto)
FROM (
  SELECT *, :today + CASE WHEN therapist % 17 = 8 THEN -12 WHEN therapist % 13 = 5 THEN 24
    ELSE 60 + floor(pg_temp.u('licence ' || therapist, :s) * 660)::integer END AS upto
  FROM sample_therapist
) AS t
UNION ALL
SELECT :'district', therapist_id, 'IL', discipline, daterange(:start - 200, :today + 400 + n::integer)
FROM (
  SELECT therapist_id, discipline, row_number() OVER (ORDER BY therapist) AS n
  FROM sample_therapist WHERE therapist IN (SELECT therapist FROM sample_assignment WHERE tele)
) AS tele
WHERE n % 4 <> 0
ORDER BY 2, 3;

INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, group_size, therapist_id, period, reviewed_on)
SELECT :'district', service_id, client_id, l.discipline, CASE WHEN pg_temp.u('gap ' || service_id, :s) >= 0.008 THEN dosage END,
       delivery::caseload.delivery, s.clients, therapist_id, daterange(l.starts, l.ends),
       CASE WHEN reviewed > l.starts AND reviewed < coalesce(l.ends, :today) THEN reviewed END
FROM sample_line AS l
JOIN sample_client AS c USING (client)
JOIN sample_session AS s USING (session)
LEFT JOIN sample_assignment AS a USING (session)
LEFT JOIN sample_therapist AS t ON t.therapist = a.therapist
-- a plan is reviewed as a whole, within five months; one in 16 was forgotten
CROSS JOIN LATERAL (SELECT :today - CASE WHEN pg_temp.u('review forgotten ' || client, :s) < 1 / 16.0 THEN 185 ELSE 1 END
                           - floor(pg_temp.u('review ' || client, :s) * 150)::integer AS reviewed) AS r
ORDER BY client, line;

-- Of a client with a speech or language impairment the one who gives speech therapy manages the case.
UPDATE caseload.client AS c SET case_manager_id = v.therapist_id
FROM (
  SELECT DISTINCT ON (client_id) client_id, therapist_id FROM caseload.service
  WHERE district_id = :'district' AND discipline = 'SLP' AND therapist_id IS NOT NULL ORDER BY client_id, service_id
) AS v
WHERE c.district_id = :'district' AND c.client_id = v.client_id AND c.category = 'Speech or Language Impairment';

-- Duties: what schedules set aside, and work that no line of a plan says.
INSERT INTO caseload.duty (district_id, duty_id, therapist_id, activity_name, dosage, client_id, reserved)
SELECT :'district', 'D-' || therapist_id || '-' || n, therapist_id, activity, dosage::caseload.dosage, NULL, reserved
FROM sample_therapist,
LATERAL (VALUES
  (1, 'preparation', 5 * floor(fte * (36 + 16 * pg_temp.u('planning time ' || therapist, :s))) || '/week', true, 0.8),
  (2, 'meeting', 30 * (1 + floor(pg_temp.u('meeting time ' || therapist, :s) * 4)) || '/week', true, 0.5),
  (3, 'communication', 5 * floor(fte * 12) || '/week', false, 1),
  (4, 'training', '1x60/month', false, 1),
  (5, 'duty', '3x20/week', false, 0.4),
  (6, 'supervision', '2x30/week', false, CASE WHEN tenure > 2500 THEN 0.5 ELSE 0 END)
) AS duty (n, activity, dosage, reserved, share)
WHERE pg_temp.u('duty ' || n || ' ' || therapist, :s) < share
UNION ALL
SELECT :'district', 'D-' || service_id, therapist_id, 'equipment', '4x15/month', client_id, false
FROM sample_line JOIN sample_client USING (client) JOIN sample_assignment AS a USING (session) JOIN sample_therapist AS t ON t.therapist = a.therapist
WHERE line = 1 AND low AND current AND pg_temp.u('equipment ' || client, :s) < 0.3
ORDER BY 2;

-- The timetable of each therapist: sessions of every second, fourth or twelfth week share a slot by turns. The slots go round the
-- week (Monday, Wednesday, Friday, Tuesday, Thursday), one after the other from 8:00 with half an hour at noon, tele last.
CREATE TEMP TABLE sample_slot ON COMMIT DROP AS
WITH slot AS (
  SELECT therapist, session, site, tele, minutes, step, k, phase, CASE WHEN step = 1 THEN session ELSE step || ' ' || place END AS slot
  FROM (
    SELECT *, turn % step AS phase, turn / step AS place
    FROM (
      SELECT *, row_number() OVER (PARTITION BY therapist, tele, step ORDER BY site, session COLLATE "C")::integer - 1 AS turn FROM sample_assignment
    ) AS turns
  ) AS places, generate_series(1, per_week) AS k
), ranked AS (
  SELECT therapist, tele, slot, k, max(minutes) AS long,
         row_number() OVER (PARTITION BY therapist ORDER BY tele, min(site), slot COLLATE "C", k)::integer - 1 AS turn
  FROM slot GROUP BY therapist, tele, slot, k
), timed AS (
  SELECT *, turn * 2 % 5 AS weekday,
         480 + coalesce(sum(long) OVER (d ORDER BY turn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::integer
         -- tele begins at 9:00 or later, which is 8:00 there
           + CASE WHEN tele THEN greatest(0, 60 - coalesce(sum(long) FILTER (WHERE NOT tele) OVER d, 0))::integer ELSE 0 END AS minute
  FROM ranked
  WINDOW d AS (PARTITION BY therapist, turn % 5)
)
SELECT session, k, phase, step, minutes, therapist, weekday, make_interval(mins => minute + CASE WHEN minute >= 690 THEN 30 ELSE 0 END) AS clock
FROM slot JOIN timed USING (therapist, tele, slot, k)
WHERE minute + long <= 1050; -- what does not fit into the day is not given
ANALYZE sample_slot;

-- Days on which a site was closed or a therapist away.
CREATE TEMP TABLE sample_closed ON COMMIT DROP AS
SELECT site, :start + d AS day FROM sample_site, generate_series(0, :days) AS d
WHERE pg_temp.u('closed ' || site || ' ' || d, :s) < 0.01;
CREATE TEMP TABLE sample_away ON COMMIT DROP AS
SELECT therapist, :start + d AS day FROM sample_therapist, generate_series(0, :days) AS d
WHERE pg_temp.u('away ' || therapist || ' ' || d, :s) < 0.02;
ANALYZE sample_closed;
ANALYZE sample_away;
INSERT INTO caseload.closure (district_id, closure_id, site_id, days, reason)
SELECT :'district', format('X-%s-%s', site_id, to_char(day, 'YYYY-MM-DD')), site_id, daterange(day, day + 1), 'closed'
FROM sample_closed JOIN sample_site USING (site) WHERE extract(isodow FROM day) < 6 ORDER BY 2;

-- Appointments, in the order of life. A client who would have to be in two places goes to the first.
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, service_id, therapist_id, starts_at, minutes, status)
SELECT :'district', client_id, 'A-' || client_id || '-' || n, service_id, therapist_id, starts_at, minutes, status::caseload.appointment_status
FROM (
  SELECT o.*, t.therapist_id,
    CASE WHEN o.day >= :today THEN 'scheduled'
         WHEN closed.site IS NOT NULL THEN 'closure'
         WHEN away.therapist IS NOT NULL THEN 'provider_cancel'
         WHEN u_entry < CASE WHEN o.day >= :today - 10 THEN 0.03 ELSE 0.001 END THEN 'scheduled'
         WHEN u < late_cancel THEN 'late_cancel'
         WHEN u < late_cancel + 0.031 THEN 'client_cancel'
         WHEN u < late_cancel + 0.031 + no_show THEN 'no_show'
         WHEN u < late_cancel + 0.031 + no_show + late THEN 'late'
         ELSE 'attended' END AS status
  FROM (
    SELECT *, row_number() OVER (PARTITION BY client ORDER BY starts_at, line) AS n,
      pg_temp.u(format('status %s %s %s', client, line, day - date '2000-01-01'), :s) AS u,
      pg_temp.u(format('entry %s %s %s', client, line, day - date '2000-01-01'), :s) AS u_entry,
      CASE misses WHEN 1 THEN 0.004 WHEN 2 THEN 0.05 WHEN 3 THEN 0.09 ELSE 0.10 END AS late_cancel,
      CASE WHEN ghost AND day >= drifts - 21 THEN 0.70 WHEN misses = 1 THEN 0.004 WHEN misses = 2 THEN 0.06
           WHEN misses = 4 THEN 0.60 WHEN day >= patch AND day < patch + :days * 4 / 15 THEN 0.65 ELSE 0.08 END AS no_show,
      CASE WHEN client % 5 = 0 THEN 0.18 ELSE 0.02 END AS late
    FROM (
      SELECT *, lag(starts_at + make_interval(mins => minutes)) OVER (PARTITION BY client ORDER BY starts_at, line) AS until
      FROM (
        SELECT s.client, s.line, s.service_id, c.client_id, c.site, p.therapist, p.minutes, day,
               (day + p.clock) AT TIME ZONE 'America/New_York' AS starts_at, c.misses, c.ghost, c.drifts, c.patch
        FROM sample_line AS s
        JOIN sample_client AS c USING (client)
        JOIN sample_slot AS p USING (session),
        generate_series(p.phase, :weeks + 3, p.step) AS w,
        LATERAL (SELECT :monday + 7 * w + weekday AS day) AS d
        WHERE day >= greatest(s.starts, :start) AND day < least(s.ends, :today + 14, c.drifts)
      ) AS planned
    ) AS neighbours
    WHERE until IS NULL OR until <= starts_at
  ) AS o
  JOIN sample_therapist AS t USING (therapist)
  LEFT JOIN sample_closed AS closed ON closed.site = o.site AND closed.day = o.day
  LEFT JOIN sample_away AS away ON away.therapist = o.therapist AND away.day = o.day
) AS appointments
ORDER BY starts_at, client, n;

-- Contacts: now and then with everybody, often with those who are rarely seen, and after somebody drifted away.
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind)
SELECT :'district', client_id, 'K-' || client_id || '-' || row_number() OVER (PARTITION BY client ORDER BY at, kind), at, kind::caseload.contact_kind
FROM (
  SELECT client, client_id, kind,
         (day + make_interval(mins => 540 + 5 * floor(pg_temp.u('contact clock ' || key, :s) * 84)::integer)) AT TIME ZONE zone AS at
  FROM (
    SELECT client, client_id, zone, key, drifts, :today - 28 * i - 1 - floor(pg_temp.u('contact day ' || key, :s) * 28)::integer AS day,
           CASE WHEN pg_temp.u('contact kind ' || key, :s) < CASE WHEN rare THEN 0.1 ELSE 0.5 END THEN 'attempt' ELSE 'two_way' END AS kind
    FROM sample_client
    JOIN (
      SELECT client, min(step) >= 4 AND NOT bool_or(s.waiting) AS rare FROM sample_line JOIN sample_session AS s USING (session) GROUP BY client
    ) AS often USING (client),
    generate_series(0, (:days - 1) / 28) AS i,
    LATERAL (SELECT client || ' ' || i AS key) AS k
    WHERE pg_temp.u('contact ' || key, :s) < CASE WHEN rare THEN 0.85 WHEN misses = 4 THEN 0.35 ELSE 0.12 END
    UNION ALL
    SELECT client, client_id, zone, key, NULL, :today - 1 - floor(pg_temp.u('contact day ' || key, :s) * (:today - 1 - drifts))::integer,
           CASE WHEN i = 3 THEN 'two_way' ELSE 'attempt' END
    FROM sample_client, generate_series(1, 3) AS i,
    LATERAL (SELECT client || ' drift ' || i AS key) AS k
    WHERE drifts IS NOT NULL AND pg_temp.u('contact ' || key, :s) < CASE WHEN i = 3 THEN 0.35 ELSE 0.55 END
  ) AS days
  WHERE day >= :start AND (drifts IS NULL OR day < drifts)
    AND EXISTS (SELECT FROM sample_episode AS e WHERE e.client = days.client AND day >= coalesce(e.starts, day) AND (day < e.ends OR e.ends IS NULL))
) AS contacts
ORDER BY at, client, kind;

SELECT format('%s: %s therapists, %s sites, %s clients, %s episodes, %s services (%s waiting), %s appointments, %s contacts; %s weeks to %s, seed %s',
  :'district', :sample_therapists, (SELECT count(*) FROM sample_site), :clients, (SELECT count(*) FROM sample_episode),
  (SELECT count(*) FROM sample_line), (SELECT count(*) FROM sample_line WHERE waiting),
  (SELECT count(*) FROM caseload.appointment WHERE district_id = :'district'),
  (SELECT count(*) FROM caseload.contact WHERE district_id = :'district'), :weeks, to_char(:today, 'YYYY-MM-DD'), :seed) AS sample_summary \gset

COMMIT;

ANALYZE caseload.district, caseload.site, caseload.therapist, caseload.license, caseload.client, caseload.episode, caseload.service,
  caseload.appointment, caseload.contact, caseload.client_activity, caseload.duty, caseload.closure;

\echo :sample_summary
\set QUIET :sample_quiet
\set ON_ERROR_STOP :sample_stop
