-- monday.sql: a director's Monday report, in psql.
--
--   psql -f psql/monday.sql                                    the first district, today
--   psql -v district=NORTH -v as_of=2026-03-02 -v rows=30 -f psql/monday.sql
--
-- It only reads, and everything in it is a function or a view that a dashboard can read, too.

\set QUIET 1
\set ON_ERROR_STOP 1
\if :{?district} \else
  SELECT min(district_id) AS district FROM caseload.district \gset
\endif
\if :{?as_of} \else
  SELECT CURRENT_DATE AS as_of \gset
\endif
\if :{?rows} \else
  \set rows 12
\endif
\pset footer off
\pset linestyle unicode
\pset border 1
\pset null '–'
\pset title

SELECT format('Monday report · %s · %s', coalesce(name, district_id), to_char(:'as_of'::date, 'FMDay, FMDD FMMonth YYYY')) AS heading,
       (SELECT count(*) FROM caseload.flags(:'as_of', :'district')) AS flags,
       (SELECT count(*) FROM caseload.active_clients(:'as_of') a WHERE a.district_id = :'district') AS active,
       (SELECT count(*) FROM caseload.service_facts(:'as_of') s WHERE s.district_id = :'district' AND s.waiting) AS waiting
  FROM caseload.district WHERE district_id = :'district' \gset
\echo
\echo :heading
\echo :active 'active clients,' :waiting 'services on the waiting list,' :flags 'flags'

\echo
\echo '1. Flags to act on'
SELECT f.rule_name AS rule, f.severity, count(*) AS flags, count(*) FILTER (WHERE f.due_on <= :'as_of') AS due, f.message
  FROM caseload.flags(:'as_of', :'district') f
 GROUP BY f.rule_name, f.severity, f.message
 ORDER BY f.severity, f.rule_name;

SELECT min(f.due_on) AS due, f.client_id AS client, c.site_id AS site,
       (SELECT string_agg(DISTINCT s.therapist_id, ' ') FROM caseload.service_facts(:'as_of') s
         WHERE s.district_id = f.district_id AND s.client_id = f.client_id) AS therapist,
       string_agg(DISTINCT f.action, ', ') AS propose,
       concat_ws('; ',
         CASE WHEN bool_or(f.rule_name LIKE 'attendance%')
              THEN format('strikes %s = no-shows %s + late cancels %s', c.strikes, c.no_shows, c.late_cancels) END,
         CASE WHEN bool_or(f.rule_name LIKE 'inactive%')
              THEN format('last seen %s, last contact %s', coalesce(c.last_attended::text, 'never'), coalesce(c.last_contact::text, 'never')) END,
         coalesce('next ' || c.next_appointment, 'nothing booked')) AS reason
  FROM caseload.flags(:'as_of', :'district') f
  JOIN caseload.client_facts(:'as_of') c USING (district_id, client_id, episode)
 GROUP BY f.district_id, f.client_id, c.site_id, c.strikes, c.no_shows, c.late_cancels, c.last_attended, c.last_contact,
          c.next_appointment, c.days_inactive
 ORDER BY count(*) DESC, min(f.severity), min(f.due_on), c.days_inactive DESC, c.strikes DESC, f.client_id
 LIMIT :rows;

SELECT count(DISTINCT f.client_id) AS flagged FROM caseload.flags(:'as_of', :'district') f \gset
\echo :rows 'of' :flagged 'clients with flags (psql -v rows=1000 shows more)'
\echo
\echo '2. Load per therapist (weekly minutes against capacity; the bar ends at 150 %)'
SELECT w.therapist_id AS therapist, w.discipline AS disc, w.fte::numeric(4,2) AS fte, w.clients, w.sites,
       round(w.direct_minutes) AS direct, round(w.consult_minutes) AS consult, round(w.capacity_minutes) AS capacity,
       round(100 * w.utilization) AS "%",
       rpad(caseload.bar(w.utilization, 1.5, 30), 30) || CASE WHEN w.utilization > 1 THEN ' over' ELSE '' END AS load
  FROM caseload.workload(:'as_of') w
 WHERE w.district_id = :'district'
 ORDER BY w.discipline, w.utilization DESC NULLS LAST, w.therapist_id

 LIMIT 200;

\echo '3. Equity of the team (per FTE; 0 = equal for gini, cv and hoover, 1 = equal for jain)'
SELECT e."group" AS team, e.therapists AS n, round(e.lowest_per_fte) AS lowest, round(e.mean_per_fte) AS mean, round(e.highest_per_fte) AS highest,
       round(e.gini, 3) AS gini, round(e.jain, 3) AS jain, round(e.cv, 3) AS cv, round(e.hoover, 3) AS hoover, e.minutes_to_move AS "to move"
  FROM (SELECT 1 AS part, * FROM caseload.equity_report(:'as_of', 'district')
        UNION ALL SELECT 2, * FROM caseload.equity_report(:'as_of', 'discipline')) e
 WHERE e.district_id = :'district'
 ORDER BY e.part, e."group";

\echo '4. Who has room'
SELECT w.discipline AS disc,
       coalesce(string_agg(format('%s %s min', w.therapist_id, round(w.headroom_minutes)), ', ' ORDER BY w.headroom_minutes DESC, w.therapist_id)
                  FILTER (WHERE w.place <= 5 AND w.headroom_minutes > 0), 'nobody') AS therapists,
       (SELECT count(*) FROM caseload.service_facts(:'as_of') s
         WHERE s.district_id = :'district' AND s.waiting AND s.discipline = w.discipline) AS waiting
  FROM (SELECT w.*, row_number() OVER (PARTITION BY w.discipline ORDER BY w.headroom_minutes DESC NULLS LAST, w.therapist_id) AS place
          FROM caseload.workload(:'as_of') w WHERE w.district_id = :'district') w
 GROUP BY w.discipline
 ORDER BY w.discipline;

\echo '5. Data gaps'
SELECT g.gap, count(*) AS rows, min(g.key) AS "for example", g.consequence
  FROM caseload.data_gaps_as_of(:'as_of') g
 WHERE g.district_id = :'district'
 GROUP BY g.gap, g.consequence
 ORDER BY count(*) DESC, g.gap;
