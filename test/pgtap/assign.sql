-- Places for waiting lists against the truth: in thousands of small teams every assignment there is, what an assignment says in plain SQL, and what must not
-- change it: order, units, strangers, pairs that are there twice. CASELOAD_HISTORIES is the number of teams, 1000.
\ir begin.psql
\ir laws.psql
SELECT no_plan();
SET LOCAL jit = off;

\getenv teams CASELOAD_HISTORIES
\if :{?teams}
\else
  \set teams 1000
\endif

CREATE FUNCTION pg_temp.u(team bigint, i bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
  SELECT (hashint8extended(team * 1000 + i, salt) & 1073741823)::float8 / 1073741824
$$;

-- Teams of one to four, some without a capacity or an FTE, some beyond it already; up to eight who wait, some with a priority, a cost or a weight of their own with
-- each therapist, and one or two who are there.
CREATE TABLE public.assign_therapist AS
  SELECT team, chr(96 + i) AS therapist_id, i, CASE WHEN u < 0.05 THEN 0 WHEN u < 0.5 THEN 1 WHEN u < 0.7 THEN 0.5 WHEN u < 0.85 THEN 0.8 ELSE 0.667 END AS fte,
         CASE WHEN pg_temp.u(team, i, 2) < 0.4 THEN 0.5 * floor(pg_temp.u(team, i, 3) * 6)::numeric END AS base_load,
         CASE WHEN pg_temp.u(team, i, 4) > 0.12 THEN 0.5 * floor(2 + pg_temp.u(team, i, 5) * (6 + team % 13))::numeric END AS capacity
    FROM generate_series(1, :teams) team, LATERAL generate_series(1, 1 + (team % 4)) i, LATERAL (SELECT pg_temp.u(team, i, 1) AS u) r;
CREATE TABLE public.assign_client AS
  SELECT team, 'c' || j AS client_id, j, CASE WHEN pg_temp.u(team, j, 11) < 0.05 THEN 0 ELSE 0.5 + 0.5 * floor(pg_temp.u(team, j, 12) * 7)::numeric END AS weight,
         NULL::text AS therapist_id, CASE WHEN team % 3 = 0 THEN 1 + floor(pg_temp.u(team, j, 13) * 5)::integer WHEN team % 3 = 1 AND pg_temp.u(team, j, 14) < 0.2 THEN 40 END AS priority
    FROM generate_series(1, :teams) team, LATERAL generate_series(1, (team / 4) % 9) j
  UNION ALL
  SELECT team, 'h' || j, 100 + j, 0.5 + floor(pg_temp.u(team, j, 15) * 3)::numeric, chr(96 + 1 + floor(pg_temp.u(team, j, 16) * (1 + team % 4))::integer), NULL
    FROM generate_series(1, :teams) team, LATERAL generate_series(1, team % 3) j;
CREATE TABLE public.assign_pair AS
  SELECT c.team, c.client_id, t.therapist_id, CASE WHEN c.team % 7 > 2 THEN floor(pg_temp.u(c.team, c.j * 10 + t.i, 22) * 12)::integer END AS cost,
         CASE WHEN c.team % 5 = 0 AND pg_temp.u(c.team, c.j * 10 + t.i, 23) < 0.5 THEN 0.5 * floor(pg_temp.u(c.team, c.j * 10 + t.i, 24) * 8)::numeric END AS weight
    FROM public.assign_client c JOIN public.assign_therapist t USING (team)
   WHERE pg_temp.u(c.team, c.j * 10 + t.i, 21) < 0.3 + 0.6 * pg_temp.u(c.team, t.i, 25);
ANALYZE public.assign_therapist, public.assign_client, public.assign_pair;

CREATE FUNCTION pg_temp.t(team bigint) RETURNS text LANGUAGE sql AS $$ SELECT format('SELECT therapist_id, fte, base_load, capacity FROM public.assign_therapist WHERE team = %s', team) $$;
CREATE FUNCTION pg_temp.c(team bigint) RETURNS text LANGUAGE sql AS $$ SELECT format('SELECT client_id, weight, therapist_id, priority FROM public.assign_client WHERE team = %s', team) $$;
CREATE FUNCTION pg_temp.e(team bigint) RETURNS text LANGUAGE sql AS $$ SELECT format('SELECT client_id, therapist_id, cost, weight FROM public.assign_pair WHERE team = %s', team) $$;

CREATE TEMP TABLE assigned AS
  SELECT team, caseload.assign_waitlist(pg_temp.t(team), pg_temp.c(team), pg_temp.e(team), iterations => 200000) AS p FROM generate_series(1, :teams) team;
SELECT pg_temp.holds('every assignment passes check_assignment()', 'k.ok',
  $$ assigned, LATERAL caseload.check_assignment(p, pg_temp.t(team), pg_temp.c(team), pg_temp.e(team)) k $$, :teams * 12);
-- twins: one that puts somebody back on the list, one that claims to be cheaper, one with another witness
SELECT pg_temp.holds('check_assignment() finds somebody who was put back', 'wrong >= 2',
  $$ (SELECT team, count(*) FILTER (WHERE NOT k.ok) AS wrong
        FROM (SELECT team, p, (SELECT x.ordinality::integer - 1 FROM unnest((p).places) WITH ORDINALITY x WHERE x.therapist_id IS NOT NULL AND x.weight > 0 LIMIT 1) AS n FROM assigned) x,
             LATERAL (SELECT jsonb_populate_record(p, jsonb_set(to_jsonb(p), ARRAY['places', n::text, 'therapist_id'], 'null')) AS q) y,
             LATERAL caseload.check_assignment(q, pg_temp.t(team), pg_temp.c(team), pg_temp.e(team)) k
       WHERE n IS NOT NULL GROUP BY team) z $$, :teams / 3);
SELECT pg_temp.holds('and a bound that is beyond', 'wrong = 1',
  $$ (SELECT team, count(*) FILTER (WHERE NOT k.ok) AS wrong
        FROM assigned, LATERAL caseload.check_assignment(jsonb_populate_record(p, jsonb_build_object('cost_bound', (p).cost + 1)), pg_temp.t(team), pg_temp.c(team), pg_temp.e(team)) k
       WHERE team % 10 = 0 GROUP BY team) z $$, :teams / 10);
SELECT pg_temp.holds('and a witness that lacks somebody', 'wrong = 1',
  $$ (SELECT team, count(*) FILTER (WHERE NOT k.ok) AS wrong
        FROM (SELECT team, p, (SELECT x.ordinality::integer - 1 FROM unnest((p).places) WITH ORDINALITY x WHERE x.verdict = 'full' LIMIT 1) AS n FROM assigned) x,
             LATERAL caseload.check_assignment(jsonb_populate_record(p, jsonb_set(to_jsonb(p), ARRAY['places', n::text, 'witness', '0'], '"nobody"')),
                                               pg_temp.t(team), pg_temp.c(team), pg_temp.e(team)) k
       WHERE n IS NOT NULL GROUP BY team) z $$, :teams / 10);

-- Every assignment there is: loads that can be had after one client more, each with the least that waits, and for that the least cost.
CREATE TEMP TABLE start AS
  SELECT t.team, t.i, t.therapist_id, t.fte, t.capacity, coalesce(t.base_load, 0) + coalesce(sum(c.weight), 0) AS load
    FROM public.assign_therapist t LEFT JOIN public.assign_client c USING (team, therapist_id) GROUP BY t.team, t.i, t.therapist_id, t.fte, t.capacity, t.base_load;
CREATE TEMP TABLE choice AS
  SELECT c.team, c.j, s.i, coalesce(p.weight, c.weight) AS weight, coalesce(p.cost, 0) AS value, s.capacity - s.load AS room
    FROM public.assign_client c JOIN public.assign_pair p USING (team, client_id) JOIN start s ON s.team = c.team AND s.therapist_id = p.therapist_id
   WHERE c.therapist_id IS NULL AND s.fte > 0 AND coalesce(s.load + coalesce(p.weight, c.weight) <= s.capacity, true)
  UNION ALL
  -- a place on the list
  SELECT c.team, c.j, 0, 0, coalesce(c.priority, 1) * 1000000::bigint, NULL FROM public.assign_client c WHERE c.therapist_id IS NULL;
CREATE TEMP TABLE world AS SELECT team, 0 AS j, 0::numeric AS a, 0::numeric AS b, 0::numeric AS c, 0::numeric AS d, 0::bigint AS value FROM generate_series(1, :teams) team;
DO $$
BEGIN
  FOR step IN 1 .. 8 LOOP
    CREATE TEMP TABLE grown AS
      SELECT w.team, step AS j, w.a + CASE h.i WHEN 1 THEN h.weight ELSE 0 END AS a, w.b + CASE h.i WHEN 2 THEN h.weight ELSE 0 END AS b,
             w.c + CASE h.i WHEN 3 THEN h.weight ELSE 0 END AS c, w.d + CASE h.i WHEN 4 THEN h.weight ELSE 0 END AS d, min(w.value + coalesce(h.value, 0)) AS value
        FROM world w LEFT JOIN choice h ON h.team = w.team AND h.j = step
       WHERE coalesce(h.weight + CASE h.i WHEN 1 THEN w.a WHEN 2 THEN w.b WHEN 3 THEN w.c WHEN 4 THEN w.d END <= h.room, true)
       GROUP BY 1, 2, 3, 4, 5, 6;
    DROP TABLE world;
    ALTER TABLE grown RENAME TO world;
  END LOOP;
END $$;
CREATE TEMP TABLE truth AS
  SELECT w.team, w.value / 1000000 AS waits, w.value % 1000000 AS cost, coalesce(sum(l.load ^ 2 / s.fte) FILTER (WHERE s.fte > 0), 0) AS ssq
    FROM (SELECT row_number() OVER () AS n, * FROM world) w
    JOIN start s ON s.team = w.team
   CROSS JOIN LATERAL (SELECT s.load + (ARRAY[w.a, w.b, w.c, w.d])[s.i] AS load) l
   GROUP BY w.n, w.team, w.value;
CREATE TEMP TABLE best AS
  SELECT DISTINCT ON (team) team, waits, cost, ssq, count(*) OVER (PARTITION BY team) AS worlds, min(ssq) FILTER (WHERE true) OVER (PARTITION BY team, waits) AS least_ssq
    FROM truth ORDER BY team, waits, cost, ssq;
ANALYZE best;
CREATE TEMP TABLE seen AS
  SELECT team, b.waits, b.cost, b.ssq, b.least_ssq, b.worlds, p, CASE WHEN (p).fte_exact THEN 0.000001 ELSE 0.000001 + b.ssq / 1000 END AS tolerance FROM best b JOIN assigned USING (team);
SELECT diag(format('%s teams, %s different ends, %s of them at most; somebody goes on waiting in %s; best priority in %s %%, and cost in %s %%, and squares in %s %%; proven: priority %s %%, cost too %s %%, all %s %%',
            count(*), sum(worlds), max(worlds), count(*) FILTER (WHERE waits > 0), round(100.0 * count(*) FILTER (WHERE (p).unplaced_priority = waits) / count(*), 2),
            round(100.0 * count(*) FILTER (WHERE (p).unplaced_priority = waits AND (p).cost = cost) / count(*), 2),
            round(100.0 * count(*) FILTER (WHERE (p).unplaced_priority = waits AND (p).cost = cost AND (p).ssq_after <= ssq + tolerance) / count(*), 2),
            round(100.0 * count(*) FILTER (WHERE (p).unplaced_priority = (p).unplaced_bound) / count(*), 2),
            round(100.0 * count(*) FILTER (WHERE (p).status IN ('optimal', 'least_cost')) / count(*), 2), round(100.0 * count(*) FILTER (WHERE (p).status = 'optimal') / count(*), 2))) FROM seen;
SELECT pg_temp.holds('nothing is better than the best', $$ ((p).unplaced_priority, (p).cost, (p).ssq_after) >= (waits, cost, ssq - tolerance) $$, 'seen', :teams);
SELECT pg_temp.holds('the bound of priority is not above the best', '(p).unplaced_bound <= waits', 'seen', :teams);
SELECT pg_temp.holds('nor that of cost', $$ (p).cost_bound <= cost $$, 'seen WHERE (p).unplaced_priority = waits', :teams / 2);
SELECT pg_temp.holds('nor that of the squares, whatever the cost', $$ (p).ssq_bound <= least_ssq + tolerance $$, 'seen WHERE (p).ssq_bound IS NOT NULL', :teams / 4);
SELECT pg_temp.holds('least_cost is least', $$ ((p).unplaced_priority, (p).cost) = (waits, cost) $$, $$ seen WHERE (p).status IN ('least_cost', 'optimal') $$, :teams / 2);
SELECT pg_temp.holds('optimal is optimal', $$ ((p).unplaced_priority, (p).cost) = (waits, cost) AND (p).ssq_after <= ssq + tolerance $$, $$ seen WHERE (p).status = 'optimal' $$, :teams / 10);
SELECT pg_temp.holds('where somebody who could be placed goes on waiting, the bound says nothing of the squares', $$ (p).ssq_bound IS NULL = EXISTS (SELECT FROM unnest((p).places) x WHERE x.verdict IN ('full', 'fragmented')) $$,
  $$ seen WHERE team % 5 <> 0 $$, :teams / 2);
SELECT pg_temp.holds('who is said to be one too many is one too many', 'waits > 0', $$ seen WHERE EXISTS (SELECT FROM unnest((p).places) x WHERE x.verdict = 'full') $$, :teams / 10);
-- twins: bounds that are one higher are found out, and so is a search that misses the best more often
SELECT pg_temp.holds('a bound of priority raised by one is found out', 'n > 0', '(SELECT count(*) FILTER (WHERE (p).unplaced_bound + 1 > waits) AS n FROM seen) t', 1);
SELECT pg_temp.holds('one of cost, too', 'n > 0', '(SELECT count(*) FILTER (WHERE (p).cost_bound + 1 > cost AND (p).unplaced_priority = waits) AS n FROM seen) t', 1);
SELECT pg_temp.holds('one of the squares, by one in a hundred, too', 'n > 0', '(SELECT count(*) FILTER (WHERE (p).ssq_bound * 1.01 > least_ssq + tolerance) AS n FROM seen) t', 1);
SELECT pg_temp.holds('the best is found for 98 teams of a hundred', 'found > 0.98 * n',
  '(SELECT count(*) AS n, count(*) FILTER (WHERE ((p).unplaced_priority, (p).cost) = (waits, cost)) AS found FROM seen) t', 1);

-- What must not change an assignment.
CREATE TEMP TABLE few AS SELECT team, p FROM assigned WHERE team % 5 IN (0, 1);
CREATE FUNCTION pg_temp.places(p caseload.assignment) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(concat_ws(' ', x.client_id, x.therapist_id, x.verdict), ', ' ORDER BY x.client_id) FROM unnest(p.places) x WHERE x.client_id NOT LIKE 'z%'
$$;
CREATE FUNCTION pg_temp.same(p caseload.assignment, q caseload.assignment) RETURNS boolean LANGUAGE sql AS $$
  SELECT pg_temp.places(p) IS NOT DISTINCT FROM pg_temp.places(q) AND (p.unplaced_bound, p.cost, p.cost_bound, p.status) IS NOT DISTINCT FROM (q.unplaced_bound, q.cost, q.cost_bound, q.status)
$$;
SELECT pg_temp.holds('the order of rows does not', $$ pg_temp.same(p, q) $$,
  $$ (SELECT team, p, caseload.assign_waitlist(pg_temp.t(team) || ' ORDER BY hashtext(therapist_id)', pg_temp.c(team) || ' ORDER BY hashtext(client_id)',
                                   pg_temp.e(team) || ' ORDER BY hashtext(client_id || therapist_id)', iterations => 200000) AS q FROM few) t $$, :teams / 3);
SELECT pg_temp.holds('nor do pairs that are there twice, the dearer one of no account', $$ pg_temp.same(p, q) $$,
  $$ (SELECT team, p, caseload.assign_waitlist(pg_temp.t(team), pg_temp.c(team), pg_temp.e(team) || format(' UNION ALL SELECT client_id, therapist_id, coalesce(cost, 0) + 3, weight FROM public.assign_pair WHERE team = %s', team),
                                   iterations => 200000) AS q FROM few) t $$, :teams / 3);
SELECT pg_temp.holds('nor the unit', $$ pg_temp.same(p, q) AND abs((p).ssq_after * 49 - (q).ssq_after) < 0.0001 $$,
  $$ (SELECT team, p, caseload.assign_waitlist(replace(replace(pg_temp.t(team), 'base_load', 'base_load * 7 AS base_load'), 'capacity', 'capacity * 7 AS capacity'),
        replace(pg_temp.c(team), 'weight', 'weight * 7 AS weight'), replace(pg_temp.e(team), 'weight', 'weight * 7 AS weight'), iterations => 200000) AS q FROM few) t WHERE (p).fte_exact $$, :teams / 5);
SELECT pg_temp.holds('nor people who have nothing to do with it', $$ pg_temp.places(p) IS NOT DISTINCT FROM pg_temp.places(q) $$,
  $$ (SELECT team, p, caseload.assign_waitlist(pg_temp.t(team) || format(' UNION ALL SELECT ''z'' || therapist_id, fte, base_load * 0.33, capacity FROM public.assign_therapist WHERE team = %s', team + 1),
        pg_temp.c(team) || format(' UNION ALL SELECT ''z'' || client_id, weight * 0.33, ''z'' || therapist_id, priority FROM public.assign_client WHERE team = %s', team + 1),
        pg_temp.e(team) || format(' UNION ALL SELECT ''z'' || client_id, ''z'' || therapist_id, cost, weight * 0.33 FROM public.assign_pair WHERE team = %s', team + 1), iterations => 200000) AS q
       FROM few WHERE (p).fte_exact) t WHERE (q).fte_exact $$, :teams / 10);
-- its twin: strangers who share a client do
SELECT pg_temp.holds('but people who have', 'n > 0',
  $$ (SELECT count(*) FILTER (WHERE pg_temp.places(p) IS DISTINCT FROM pg_temp.places(q)) AS n FROM
       (SELECT p, caseload.assign_waitlist(pg_temp.t(team) || ' UNION ALL SELECT ''z'', 1, 0, 1', pg_temp.c(team),
        pg_temp.e(team) || format(' UNION ALL SELECT client_id, ''z'', 0, NULL FROM public.assign_client WHERE team = %s AND therapist_id IS NULL', team), iterations => 200000) AS q FROM few) t) t $$, 1);

-- Nothing is left in memory; while places are found, there is something.
SELECT is((SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'caseload plan%' OR name LIKE 'caseload assignment%'), 0::bigint, 'nothing is left in memory');
SELECT cmp_ok((SELECT x.weight FROM caseload.assign_waitlist('SELECT ''a'' AS therapist_id, 1 AS fte',
  'SELECT ''1'' AS client_id, count(*) AS weight, NULL AS therapist_id FROM pg_backend_memory_contexts WHERE name LIKE ''caseload plan%''', 'SELECT ''1'' AS client_id, ''a'' AS therapist_id') p,
  unnest(p.places) x), '>', 0::numeric, 'while places are found, something is');

SELECT * FROM finish();
ROLLBACK;
