--| ordinary
-- The waiting list as a plan reads it, and what checks the places that it finds: docs/plans.md.

CREATE OR REPLACE FUNCTION caseload.plan_waiting(as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL)
RETURNS TABLE (service_id text, client_id text, weight numeric, therapist_id text, priority bigint)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 1000
BEGIN ATOMIC
  WITH l AS (
    SELECT l.service_id, l.days_waiting, dense_rank() OVER (ORDER BY coalesce(w.priority, 0)) AS level,
           CASE WHEN w.state = 'offered' AND coalesce(w.offered_until >= coalesce(plan_waiting.as_of, caseload._client_day(l.district_id, l.client_id)), true)
                THEN w.therapist_id END AS offered
      FROM caseload.waiting_list(plan_waiting.as_of, (SELECT caseload._plan_district(plan_waiting.in_district))) l
      LEFT JOIN caseload.waiting w ON w.district_id = l.district_id AND w.service_id = l.service_id
     WHERE plan_waiting.in_discipline IS NULL OR l.discipline = plan_waiting.in_discipline
  )
  SELECT c.service_id, c.client_id, c.weight, coalesce(c.therapist_id, t.therapist_id),
         ((1000 + least(greatest(coalesce(l.days_waiting, 0), 0), 999)) * 10 ^ least(l.level - 1, 5))::bigint
    FROM caseload.plan_clients(plan_waiting.as_of, plan_waiting.in_district, plan_waiting.in_discipline) c
    LEFT JOIN l ON l.service_id = c.service_id
    -- what is offered takes room already
    LEFT JOIN caseload.plan_therapists(plan_waiting.as_of, plan_waiting.in_district, plan_waiting.in_discipline) t ON t.therapist_id = l.offered;
END;
COMMENT ON FUNCTION caseload.plan_waiting(date, text, text) IS 'The rows of plan_clients() for assign_waitlist(): who waits has a priority of 1000 and a point for each day, up to 999, times ten for each level of waiting.priority below the own one that occurs, five at most. What is offered, and the offer still stands, is with the therapist it is offered to.';

DROP FUNCTION IF EXISTS caseload.check_assignment(caseload.assignment, text, text, text, date, text);
CREATE OR REPLACE FUNCTION caseload.check_assignment(
  assignment caseload.assignment, therapists text DEFAULT NULL, clients text DEFAULT NULL, eligible text DEFAULT NULL, as_of date DEFAULT NULL,
  in_district text DEFAULT NULL, in_discipline text DEFAULT NULL)
RETURNS TABLE (check_name text, ok boolean, said text, found text)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 12
-- nothing is known of the rows that a query will bring
SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
  WITH a AS MATERIALIZED (
    SELECT a.waiting, a.placed, a.unplaced_priority, a.unplaced_bound, a.cost, a.cost_bound, a.ssq_before, a.ssq_after, a.ssq_bound, a.load_unit, a.fte_exact, a.places
      FROM (SELECT (check_assignment.assignment).waiting, (check_assignment.assignment).placed, (check_assignment.assignment).unplaced_priority,
                   (check_assignment.assignment).unplaced_bound, (check_assignment.assignment).cost, (check_assignment.assignment).cost_bound,
                   (check_assignment.assignment).ssq_before, (check_assignment.assignment).ssq_after, (check_assignment.assignment).ssq_bound,
                   (check_assignment.assignment).load_unit, (check_assignment.assignment).fte_exact, (check_assignment.assignment).places) a
  ), r AS MATERIALIZED (
    SELECT r.kind, r.client_id, r.therapist_id, r.fte, r.load, r.capacity, r.priority, r.cost
      FROM caseload.plan_rows(check_assignment.therapists,
             coalesce(check_assignment.clients, 'SELECT * FROM caseload.plan_waiting($1, $2, $3)'),
             check_assignment.eligible, check_assignment.as_of, check_assignment.in_district, check_assignment.in_discipline) r
  ), p AS MATERIALIZED (
    SELECT coalesce(p.service_id, p.client_id) AS key, p.therapist_id, p.verdict, p.priority, p.weight, p.cost, p.per_fte_before, p.per_fte_after,
           p.witness, p.witness_load, p.witness_room
      FROM a, unnest(a.places) p
  ), c AS MATERIALIZED (
    SELECT r.client_id AS key, r.therapist_id, r.load AS weight, r.priority FROM r WHERE r.kind = 'client'
  ), t AS MATERIALIZED (
    SELECT r.therapist_id, r.fte, coalesce(r.load, 0) + coalesce(b.load, 0) AS before, coalesce(r.load, 0) + coalesce(b.load, 0) + coalesce(n.load, 0) AS after,
           -- loads are multiples of the unit
           floor(r.capacity / a.load_unit) * a.load_unit AS capacity
      FROM a, r
      LEFT JOIN (SELECT c.therapist_id, sum(c.weight) AS load FROM c GROUP BY c.therapist_id) b ON b.therapist_id = r.therapist_id
      LEFT JOIN (SELECT p.therapist_id, sum(p.weight) AS load FROM p GROUP BY p.therapist_id) n ON n.therapist_id = r.therapist_id
     WHERE r.kind = 'therapist'
  ), e AS MATERIALIZED (
    -- of pairs that are there twice the cheaper, then the lighter
    SELECT DISTINCT ON (c.key, t.therapist_id) c.key, t.therapist_id, r.cost, coalesce(r.load, c.weight) AS weight,
           coalesce(t.before + coalesce(r.load, c.weight) <= t.capacity, true) AS fits
      FROM r JOIN c ON c.key = r.client_id JOIN t ON t.therapist_id = r.therapist_id
     WHERE r.kind = 'pair' AND c.therapist_id IS NULL AND t.fte > 0
     ORDER BY c.key, t.therapist_id, r.cost, coalesce(r.load, c.weight)
  ), s AS (
    SELECT sum(t.before ^ 2 / t.fte) AS before, sum(t.after ^ 2 / t.fte) AS after FROM t WHERE t.fte > 0
  ), w AS (
    -- what only a witness may take: at least what each weighs with them
    SELECT p.key, p.witness_load, p.witness_room, p.verdict,
           (SELECT coalesce(sum(x.least), 0) FROM (SELECT min(e.weight) AS least FROM e WHERE e.fits GROUP BY e.key HAVING bool_and(e.therapist_id = ANY (p.witness))) x) AS captive,
           (SELECT coalesce(sum(greatest(t.capacity - t.before, 0)), 0) FROM t WHERE t.therapist_id = ANY (p.witness)) AS room,
           (SELECT count(t.capacity) = count(*) FROM t WHERE t.therapist_id = ANY (p.witness)) AS limited
      FROM p WHERE p.witness IS NOT NULL
  )
  SELECT k.check_name, k.ok, k.said, k.found
    FROM a CROSS JOIN s CROSS JOIN LATERAL (VALUES
      (1, 'everybody who waits is there once', NOT EXISTS (SELECT FROM (SELECT c.key FROM c WHERE c.therapist_id IS NULL) c FULL JOIN p ON p.key = c.key WHERE p.key IS NULL OR c.key IS NULL)
         AND (SELECT count(*) = count(DISTINCT p.key) AND count(*) = a.waiting FROM p), a.waiting::text, (SELECT count(*)::text FROM c WHERE c.therapist_id IS NULL)),
      (2, 'nobody goes where they may not; weights and costs are those of the pairs',
       NOT EXISTS (SELECT FROM p LEFT JOIN e ON e.key = p.key AND e.therapist_id = p.therapist_id
                    WHERE p.therapist_id IS NOT NULL AND (e.key IS NULL OR (e.weight, e.cost) IS DISTINCT FROM (p.weight, p.cost))), NULL, NULL),
      (3, 'nobody is brought above the capacity', NOT EXISTS (SELECT FROM t JOIN p ON p.therapist_id = t.therapist_id WHERE t.after > t.capacity), NULL, NULL),
      (4, 'loads per FTE', NOT EXISTS (SELECT FROM p JOIN t ON t.therapist_id = p.therapist_id
                                        WHERE (round(t.before / t.fte, 4), round(t.after / t.fte, 4)) IS DISTINCT FROM (p.per_fte_before, p.per_fte_after)), NULL, NULL),
      (5, 'sum of squares today', abs(coalesce(s.before, 0) - a.ssq_before) <= 0.000001 + CASE WHEN a.fte_exact THEN 0 ELSE s.before / 1000 END,
       a.ssq_before::text, round(coalesce(s.before, 0), 6)::text),
      (6, 'sum of squares after', abs(coalesce(s.after, 0) - a.ssq_after) <= 0.000001 + CASE WHEN a.fte_exact THEN 0 ELSE s.after / 1000 END,
       a.ssq_after::text, round(coalesce(s.after, 0), 6)::text),
      (7, 'placed', (SELECT count(*) = a.placed FROM p WHERE p.therapist_id IS NOT NULL) AND (SELECT coalesce(bool_and((p.verdict = 'placed') = (p.therapist_id IS NOT NULL)), true) FROM p),
       a.placed::text, (SELECT count(*)::text FROM p WHERE p.therapist_id IS NOT NULL)),
      (8, 'priority that goes on waiting', (SELECT coalesce(sum(c.priority), 0) = a.unplaced_priority FROM p JOIN c ON c.key = p.key WHERE p.therapist_id IS NULL)
         AND NOT EXISTS (SELECT FROM p JOIN c ON c.key = p.key WHERE p.priority <> c.priority),
       a.unplaced_priority::text, (SELECT coalesce(sum(c.priority), 0)::text FROM p JOIN c ON c.key = p.key WHERE p.therapist_id IS NULL)),
      (9, 'cost', (SELECT coalesce(sum(p.cost), 0) = a.cost FROM p), a.cost::text, (SELECT coalesce(sum(p.cost), 0)::text FROM p)),
      (10, 'no bound is beyond the plan', a.unplaced_bound <= a.unplaced_priority AND a.cost_bound <= a.cost AND coalesce(a.ssq_bound <= a.ssq_after, true), NULL, NULL),
      (11, 'what only a witness may take, and its room', NOT EXISTS (
         SELECT FROM w WHERE w.captive <> w.witness_load OR (w.limited AND w.room <> w.witness_room)
                          OR (w.verdict = 'full') <> (w.limited AND w.captive > w.room)), NULL, NULL),
      (12, 'who goes on waiting fits nowhere', NOT EXISTS (
         SELECT FROM p JOIN e ON e.key = p.key JOIN t ON t.therapist_id = e.therapist_id
          WHERE p.therapist_id IS NULL AND coalesce(t.after + e.weight <= t.capacity, true))
         AND NOT EXISTS (SELECT FROM p LEFT JOIN (SELECT e.key, bool_or(e.fits) AS fits FROM e GROUP BY e.key) e ON e.key = p.key
                          WHERE (p.verdict = 'nobody_eligible') <> (e.key IS NULL) OR (p.verdict = 'no_room') <> (e.fits IS FALSE)), NULL, NULL)
    ) AS k (place, check_name, ok, said, found)
   ORDER BY k.place;
END;
COMMENT ON FUNCTION caseload.check_assignment(caseload.assignment, text, text, text, date, text, text) IS 'Recomputes in SQL what an assignment says, from the same queries (or tables): who waits, eligibility, capacity, loads, squares, priority, cost, bounds, witnesses, and that nobody waits who would fit. Where it is right, ok is true in every row.';
