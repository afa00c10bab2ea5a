-- monday.sql: a director's Monday report, in psql.
--
--   psql -f psql/monday.sql                                    the first district, today
--   psql -v district=NORTH -v as_of=2026-03-02 -v rows=30 -v border=2 -f psql/monday.sql
--
-- border is that of \pset border (1). The tables are made for a terminal of 100 columns, the bars for one that knows UTF-8.
-- It only reads, and everything in it is a function or a view that a dashboard can read, too.

\ir page.psql
\if :{?rows} \else
  \set rows 12
\endif

SELECT format('Monday report · %s · %s', coalesce(name, district_id), to_char(:'as_of'::date, 'FMDay, FMDD FMMonth YYYY')) AS heading,
       (SELECT count(*) FROM caseload.active_clients(:'as_of') a WHERE a.district_id = :'district') AS active,
       (SELECT count(*) FROM caseload.service_facts(:'as_of') s WHERE s.district_id = :'district' AND s.waiting) AS waiting,
       f.to_act, f.clients, f.others > 0 AS others, f.notes > 0 AS notes,
       (SELECT string_agg(format('%s %s', n.flags, n.rule_name), ', ' ORDER BY n.priority, n.rule_name)
          FROM (SELECT g.rule_name, g.priority, count(*) AS flags FROM caseload.flags(:'as_of', :'district') g
                 WHERE g.severity = 'info' GROUP BY g.rule_name, g.priority) n) AS noted
  FROM caseload.district d,
       (SELECT count(*) FILTER (WHERE g.severity <> 'info') AS to_act, count(*) FILTER (WHERE g.severity = 'info') AS notes,
               count(DISTINCT g.client_id) FILTER (WHERE g.severity <> 'info' AND g.subject = 'client') AS clients,
               count(*) FILTER (WHERE g.severity <> 'info' AND g.subject <> 'client' AND g.rule_name NOT LIKE 'plan\_review%') AS others
          FROM caseload.flags(:'as_of', :'district') g) f
 WHERE d.district_id = :'district' \gset
\echo
\echo :heading
\echo :active 'active clients,' :waiting 'services on the waiting list,' :to_act 'flags to act on'
SELECT format('Four weeks: %s + %s new + %s taken back - %s discharged - %s transferred or waiting again = %s active', b.opening, b.new_clients, b.transfer_in,
              b.discharged, b.transfer_out, b.closing) AS movement
  FROM caseload.caseload_bridge(:'as_of'::date - 27, :'as_of', 'district', :'district') b
UNION ALL SELECT 'Four weeks: nobody was active' LIMIT 1 \gset
SELECT coalesce((SELECT format('No-shows: %s %% of %s appointments, with late cancellations %s %%%s', n.no_show_percent, n.booked, n.missed_percent,
                               '; a year before ' || n.no_show_percent_last_year || ' % and ' || n.missed_percent_last_year || ' %')
                   FROM caseload.no_show_rates(:'as_of'::date - 28, :'as_of'::date - 1, 'district', :'district') n WHERE n.booked > 0),
                'No-shows: no appointments in four weeks') AS missed,
       coalesce((SELECT format('Active clients, month by month for a year: %s (%s to %s)', caseload.sparkline(c.clients ORDER BY c.as_of), min(c.clients), max(c.clients))
                   FROM caseload.caseload_drift((:'as_of'::date - interval '1 year')::date, :'as_of', '1 month', 'district', :'district') c),
                '') AS drift \gset
\echo :movement
\echo :missed
\echo :drift

\echo
\echo '1. Flags to act on'
SELECT f.rule_name AS rule, f.severity, count(*) AS flags, count(*) FILTER (WHERE f.due_on <= :'as_of') AS due,
       count(*) FILTER (WHERE f.state = 'acknowledged') AS "in hand",
       -- broken between words, so that a table is no wider than a page
       rtrim(regexp_replace(f.message, '(.{1,40})(\s+|$)', E'\\1\n', 'g'), E'\n') AS message
  FROM caseload.flags(:'as_of', :'district') f
 WHERE f.severity <> 'info'
 GROUP BY f.rule_name, f.severity, f.priority, f.action, f.message
 ORDER BY array_position('{act,warn}', f.severity), f.priority, f.rule_name;

\if :notes
  \echo 'For information:' :noted
  \echo
\endif
SELECT min(f.due_on) AS due, f.client_id AS client, c.site_id AS site,
       (SELECT string_agg(DISTINCT s.therapist_id, E'\n') FROM caseload.service_facts(:'as_of') s
         WHERE s.district_id = f.district_id AND s.client_id = f.client_id) AS "with",
       string_agg(f.rule_name, E'\n' ORDER BY array_position('{act,warn}', f.severity), f.priority, f.rule_name) AS rules,
       c.strikes, c.last_attended AS "last seen", c.next_appointment AS next
  FROM caseload.flags(:'as_of', :'district') f
 -- OFFSET 0: one look for each flag, however many the planner expects
 CROSS JOIN LATERAL (SELECT b.* FROM caseload.client_facts(:'as_of') b
                      WHERE b.district_id = f.district_id AND b.client_id = f.client_id AND b.episode = f.episode OFFSET 0) c
 WHERE f.subject = 'client' AND f.severity <> 'info'
 GROUP BY f.district_id, f.client_id, c.site_id, c.strikes, c.last_attended, c.last_contact, c.next_appointment, c.days_inactive
 ORDER BY min(array_position('{act,warn}', f.severity)), min(f.priority), count(*) DESC, min(f.due_on), c.days_inactive DESC, c.strikes DESC, f.client_id
 LIMIT :rows;

SELECT least(:rows, :clients) AS shown \gset
\echo :shown 'of' :clients 'clients with flags to act on (psql -v rows=1000 shows more)'
\if :others
  \echo
  SELECT f.due_on AS due, f.subject, f.subject_key AS id, f.rule_name AS rule, f.message
    FROM caseload.flags(:'as_of', :'district') f
   WHERE f.subject <> 'client' AND f.severity <> 'info' AND f.rule_name NOT LIKE 'plan\_review%'
   ORDER BY array_position('{act,warn}', f.severity), f.priority, f.due_on, f.subject, f.subject_key, f.rule_name
   LIMIT :rows;
\else
  \echo
\endif
\echo '2. Letters drafted (for a person to read, change and send: SELECT * FROM caseload.drafted_letters())'
SELECT count(*) AS letters, l.due_on AS "answer by", l.rule_name AS rule, min(l.client_id) AS "for example",
       left(l.letter, 40) || '…' AS "letter begins"
  FROM caseload.drafted_letters(:'district') l
  JOIN caseload.flag f USING (district_id, flag_id)
 WHERE f.raised_on <= :'as_of'
 GROUP BY l.due_on, l.rule_name, f.priority, left(l.letter, 40)
 ORDER BY l.due_on, f.priority, l.rule_name
 LIMIT :rows;

\echo '3. Plan reviews (lines of plans by full months since their last review; due every 3 to 6 months)'
SELECT s.discipline AS disc, count(*) AS lines, count(*) FILTER (WHERE s.months_since_review < 3) AS "under 3",
       count(*) FILTER (WHERE s.months_since_review BETWEEN 3 AND 5) AS "3 to 5", count(*) FILTER (WHERE s.months_since_review >= 6) AS overdue,
       max(s.months_since_review) AS longest,
       (SELECT string_agg(o.text, ', ' ORDER BY o.overdue DESC, o.text)
          FROM (SELECT format('%s %s', coalesce(t.therapist_id, 'waiting'), count(*)) AS text, count(*) AS overdue
                  FROM caseload.service_facts(:'as_of') t
                 WHERE t.district_id = :'district' AND t.discipline = s.discipline AND t.months_since_review >= 6
                 GROUP BY t.therapist_id ORDER BY count(*) DESC, t.therapist_id LIMIT 5) o) AS "overdue with"
  FROM caseload.service_facts(:'as_of') s
 WHERE s.district_id = :'district'
 GROUP BY s.discipline
 ORDER BY s.discipline;

\echo '4. Load per therapist, weekly minutes of n clients (the bar ends at 150 % of capacity, │ is 100 %;'
\echo '   all %: documentation, meetings, travel and all other work, too, of the time that is paid)'
SELECT w.therapist_id AS therapist, w.discipline AS disc, w.fte::numeric(4,2) AS fte, w.clients AS n, w.sites,
       round(w.direct_minutes) AS direct, round(w.consult_minutes) AS consult, round(w.capacity_minutes) AS full,
       round(100 * w.utilization) AS "%", round(100 * w.paid_utilization) AS "all %", rpad(caseload.bar(w.utilization, 1.5, 18, 1), 19) AS load
  FROM caseload.workload(:'as_of') w
 WHERE w.district_id = :'district'
 ORDER BY w.utilization DESC NULLS LAST, w.discipline, w.therapist_id
 LIMIT 200;

\echo '5. Equity of the team, per FTE (gini, hoover: 0 = equal; jain: 1 = equal; tenure: r of load, days)'
SELECT e."group" AS team, e.therapists AS n, round(e.lowest_per_fte) AS lowest, round(e.mean_per_fte) AS mean, round(e.highest_per_fte) AS highest,
       round(e.gini, 3) AS gini, round(e.jain, 3) AS jain, round(e.hoover, 3) AS hoover, e.minutes_to_move AS "to move", round(e.tenure_r, 2) AS tenure,
       t.gini AS "gini, 6 months"
  FROM (VALUES (1, 'district'), (2, 'discipline')) AS p (part, by)
 CROSS JOIN LATERAL caseload.equity_report(:'as_of', p.by) e
  LEFT JOIN LATERAL (
       SELECT t."group", coalesce(round((array_agg(t.gini ORDER BY t.as_of))[1], 3)::text, '') || ' ' || caseload.sparkline(t.gini, 0 ORDER BY t.as_of) AS gini
         FROM caseload.equity_trend((:'as_of'::date - interval '6 months')::date, :'as_of', '1 month', p.by, :'district') t
        GROUP BY t."group") t ON t."group" = e."group"
 WHERE e.district_id = :'district'
 ORDER BY p.part, e."group";

\echo '6. Three moves of each discipline that would even out its load (equity: Jain''s index; forced: who'
\echo '   gives it may not, by licence, scope or employment; psql/plan.sql shows all of a plan)'
SELECT d.discipline AS disc,
       CASE WHEN p.move_count = 0 THEN format('no move makes it fairer than %s', round(p.jain_before, 3))
            ELSE format('%s %s%s would lift equity from %s to %s', p.move_count, CASE p.move_count WHEN 1 THEN 'move' ELSE 'moves' END,
                        CASE WHEN p.forced > 0 THEN format(' (%s forced)', p.forced) END, round(p.jain_before, 3), round(p.jain_after, 3)) END AS plan,
       round(p.jain_bound, 3) AS "at best",
       (SELECT string_agg(format('%s %s → %s', m.client_id, m.from_therapist, m.to_therapist), E'\n' ORDER BY m.seq) FILTER (WHERE m.seq <= 3)
               || CASE WHEN p.move_count > 3 THEN E'\n' || format('and %s more', p.move_count - 3) ELSE '' END
          FROM unnest(p.moves) m) AS moves
  FROM (SELECT DISTINCT w.discipline FROM caseload.workload(:'as_of') w WHERE w.district_id = :'district' AND w.fte > 0) d
 CROSS JOIN LATERAL caseload.rebalance(as_of => :'as_of', in_district => :'district', in_discipline => d.discipline, max_moves => 3) p
 ORDER BY d.discipline;

\echo '7. Who has room, and who waits'
SELECT w.discipline AS disc,
       coalesce(string_agg(format('%s %s min', w.therapist_id, round(w.headroom_minutes)), ', ' ORDER BY w.headroom_minutes DESC, w.therapist_id)
                  FILTER (WHERE w.place <= 5 AND w.headroom_minutes > 0), 'nobody') AS therapists,
       coalesce(min(q.waiting), 0) AS waiting, round(min(q.median)) AS "median days", min(q.longest) AS longest
  FROM (SELECT w.*, row_number() OVER (PARTITION BY w.discipline ORDER BY w.headroom_minutes DESC NULLS LAST, w.therapist_id) AS place
          FROM caseload.workload(:'as_of') w WHERE w.district_id = :'district') w
  LEFT JOIN caseload.wait_percentiles(:'as_of', 'discipline', :'district') q ON q."group" = w.discipline
 GROUP BY w.discipline
 ORDER BY w.discipline;

\echo '8. Data gaps'
SELECT g.gap, count(*) AS rows, min(g.key) AS "for example", g.consequence
  FROM caseload.data_gaps_as_of(:'as_of') g
 WHERE g.district_id = :'district'
 GROUP BY g.gap, g.consequence
 ORDER BY count(*) DESC, g.gap;
