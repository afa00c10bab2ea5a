-- plan.sql: a fair plan for one discipline, to be looked at in psql: loads before and after, the moves with their reasons, the curve, and who waits.
--
--   psql -f psql/plan.sql                                      the first district, its largest discipline, today, ten moves
--   psql -v district=NORTH -v discipline=OT -v as_of=2026-03-02 -v moves=5 -f psql/plan.sql
--
-- It writes nothing; the last lines say how to apply the plan. The tables are made for a terminal of 100 columns that knows UTF-8.

\ir page.psql
\if :{?discipline} \else
  SELECT w.discipline FROM caseload.workload(:'as_of') w WHERE w.district_id = :'district' GROUP BY w.discipline ORDER BY sum(w.fte) DESC NULLS LAST, w.discipline LIMIT 1 \gset
\endif
\if :{?moves} \else
  \set moves 10
\endif

SELECT caseload.rebalance(as_of => :'as_of', in_district => :'district', in_discipline => :'discipline', max_moves => :moves) AS plan \gset
SELECT format('Fair plan · %s · %s · %s', coalesce(d.name, d.district_id), :'discipline', to_char(:'as_of'::date, 'FMDD FMMonth YYYY')) AS heading,
       CASE WHEN p.move_count = 0 THEN format('No move makes it fairer: Jain''s index is %s, and nobody could reach more than %s.', round(p.jain_before, 3), round(p.jain_bound, 3))
            ELSE format('%s %s would lift equity (Jain''s index) from %s to %s; nobody could reach more than %s.', p.move_count,
                        CASE p.move_count WHEN 1 THEN 'move' ELSE 'moves' END, round(p.jain_before, 3), round(p.jain_after, 3), round(p.jain_bound, 3)) END AS summary,
       format('%s therapists, %s services (%s locked in groups, %s have to move, %s of them nowhere); %s wait.', p.therapists, p.clients, p.locked,
              p.forced + p.stranded, p.stranded, p.waiting) AS about
  FROM caseload.district d, (SELECT (:'plan'::caseload.plan).*) p WHERE d.district_id = :'district' \gset
\echo
\echo :heading
\echo :summary
\echo :about

\echo
\echo '1. Minutes a week per FTE, before and after (│ is fair, given who may take whom)'
SELECT l.therapist_id AS therapist, l.fte::numeric(4,2) AS fte, round(l.per_fte_before) AS before, round(l.per_fte_after) AS after, round(l.fair_per_fte) AS fair,
       rpad(caseload.bar(l.per_fte_before, s.top, 19, l.fair_per_fte), 20) AS "before ", rpad(caseload.bar(l.per_fte_after, s.top, 19, l.fair_per_fte), 20) AS "after "
  FROM unnest((:'plan'::caseload.plan).loads) l
 CROSS JOIN (SELECT max(greatest(m.per_fte_before, m.per_fte_after, m.fair_per_fte)) AS top FROM unnest((:'plan'::caseload.plan).loads) m) s
 ORDER BY l.per_fte_before DESC NULLS LAST, l.therapist_id;

\echo '2. The moves, in order: leave out what you like at the end (the same number: only together)'
SELECT m.bundle AS "no.", m.kind, m.client_id || coalesce(E'\n' || m.service_id, '') AS client, m.from_therapist || ' → ' || m.to_therapist AS "from → to",
       round(m.weight) AS min, round(m.equity_after, 3) AS equity, rtrim(regexp_replace(m.reason, '(.{1,42})(\s+|$)', E'\\1\n', 'g'), E'\n') AS why
  FROM unnest((:'plan'::caseload.plan).moves) m ORDER BY m.seq;

\echo '3. Equity against moves (the curve falls fast at first: look for where it is enough)'
SELECT max(c.moves) AS moves, max(c.cv) AS "CV today", min(c.cv) AS "CV after all", caseload.sparkline(c.cv, 0 ORDER BY c.moves) AS "CV, move by move",
       caseload.sparkline(c.cv_bound, 0 ORDER BY c.moves) AS "no plan has less"
  FROM caseload.pareto(as_of => :'as_of', in_district => :'district', in_discipline => :'discipline', points => 30) c;

SELECT count(*) > 0 AS captive FROM caseload.fair_share(as_of => :'as_of', in_district => :'district', in_discipline => :'discipline') r WHERE r.witness IS NOT NULL \gset
\if :captive
  \echo '4. Who stays above the mean, and why nobody can help'
  SELECT r.therapist_id AS therapist, round(r.percent_of_fair) AS "% of fair", rtrim(regexp_replace(r.witness, '(.{1,64})(\s+|$)', E'\\1\n', 'g'), E'\n') AS why
    FROM caseload.fair_share(as_of => :'as_of', in_district => :'district', in_discipline => :'discipline') r
   WHERE r.witness IS NOT NULL
   ORDER BY r.percent_of_fair DESC, r.therapist_id;
\endif
SELECT caseload.assign_waitlist(as_of => :'as_of', in_district => :'district', in_discipline => :'discipline') AS list \gset
SELECT (:'list'::caseload.assignment).waiting > 0 AS some_wait,
       format('Who waits, most urgent first: %s of %s could begin now (%s)', l.placed, l.waiting,
              CASE WHEN l.unplaced_priority = l.unplaced_bound THEN 'nobody could place more' ELSE 'the best that was found' END) AS wait_heading
  FROM (SELECT (:'list'::caseload.assignment).*) l \gset
\if :some_wait
  \echo :wait_heading
  SELECT p.client_id AS client, p.service_id AS service, p.priority, coalesce(p.therapist_id, '–') AS "with",
         rtrim(regexp_replace(p.reason, '(.{1,48})(\s+|$)', E'\\1\n', 'g'), E'\n') AS why
    FROM unnest((:'list'::caseload.assignment).places) p
   ORDER BY p.priority DESC, p.client_id, p.service_id LIMIT 20;
\endif
\echo 'To apply n bundles: SELECT caseload.apply_plan(caseload.rebalance(…), bundles => n, from_date => …)'
