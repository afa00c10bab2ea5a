--| ordinary
-- Plans over the tables: what moves, who may take it, and what checks and applies a plan: docs/plans.md.

CREATE OR REPLACE FUNCTION caseload._plan_district(in_district text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  IF in_district IS NOT NULL THEN
    IF NOT EXISTS (SELECT FROM caseload.district d WHERE d.district_id = in_district) THEN
      RAISE EXCEPTION 'district "%" does not exist', in_district
        USING ERRCODE = 'foreign_key_violation', HINT = 'SELECT district_id FROM caseload.district lists them.';
    END IF;
    RETURN in_district;
  END IF;
  IF (SELECT count(*) > 1 FROM caseload.district) THEN
    RAISE EXCEPTION 'a plan is about one district, and there are several'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Say which, with the argument in_district.';
  END IF;
  RETURN (SELECT d.district_id FROM caseload.district d);
END
$$;
COMMENT ON FUNCTION caseload._plan_district(text) IS 'Internal: the district of a plan: the one that is named, else the only one.';

CREATE OR REPLACE FUNCTION caseload.plan_therapists(as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL)
RETURNS TABLE (therapist_id text, fte numeric, capacity numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100
BEGIN ATOMIC
  SELECT w.therapist_id, w.fte, CASE WHEN w.capacity_minutes >= 0 THEN round(w.capacity_minutes, 2) END
    FROM caseload.workload(plan_therapists.as_of) w
   WHERE w.district_id = (SELECT caseload._plan_district(plan_therapists.in_district)) AND w.fte IS NOT NULL
     AND (plan_therapists.in_discipline IS NULL OR w.discipline = plan_therapists.in_discipline)
  UNION ALL
  -- who is not there any more (or, of one discipline, has another), and still has services: they must go to others
  SELECT f.therapist_id, 0, NULL
    FROM caseload.service_facts(plan_therapists.as_of) f
    LEFT JOIN caseload.therapist t ON t.district_id = f.district_id AND t.therapist_id = f.therapist_id
   WHERE f.district_id = (SELECT caseload._plan_district(plan_therapists.in_district)) AND NOT f.waiting
     AND (plan_therapists.in_discipline IS NULL OR f.discipline = plan_therapists.in_discipline)
     AND (NOT f.has_therapist OR plan_therapists.in_discipline <> t.discipline AND t.fte IS NOT NULL)
   GROUP BY f.therapist_id;
END;
COMMENT ON FUNCTION caseload.plan_therapists(date, text, text) IS 'Therapists of a plan over the tables as of a date (NULL: today), of a discipline (NULL: all): those employed with a recorded FTE, with the weekly minutes of their position as capacity; and, with FTE 0, who is not employed (or has another discipline) and still has services.';

CREATE OR REPLACE FUNCTION caseload.plan_clients(as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL)
RETURNS TABLE (service_id text, client_id text, weight numeric, therapist_id text, locked boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.service_id, f.client_id, round(coalesce(f.therapist_minutes, 0), 2), f.therapist_id, f.is_group
    FROM caseload.service_facts(plan_clients.as_of) f
    LEFT JOIN caseload.therapist t ON t.district_id = f.district_id AND t.therapist_id = f.therapist_id
   WHERE f.district_id = (SELECT caseload._plan_district(plan_clients.in_district))
     AND (plan_clients.in_discipline IS NULL OR f.discipline = plan_clients.in_discipline)
     -- whose FTE is not recorded cannot be compared
     AND (f.waiting OR NOT f.has_therapist OR t.fte IS NOT NULL);
END;
COMMENT ON FUNCTION caseload.plan_clients(date, text, text) IS 'What moves in a plan over the tables as of a date (NULL: today), of a discipline (NULL: all): services that are due, weighted by the minutes a week that they cost the therapist. Services in groups are locked: who leaves a group takes no minutes away.';

CREATE OR REPLACE FUNCTION caseload.plan_eligible(as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL)
RETURNS TABLE (service_id text, therapist_id text)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 10000
BEGIN ATOMIC
  -- as eligible(), with nothing joined to its pairs that can be joined to services
  SELECT v.service_id, e.candidate_id
    FROM caseload._services_due(plan_eligible.as_of, 0) v
    LEFT JOIN caseload.therapist o ON o.district_id = v.district_id AND o.therapist_id = v.therapist_id
   CROSS JOIN LATERAL caseload._eligible_therapists(v.district_id, v.service_id, v.client_id, v.discipline, v.delivery, v.tier::integer,
           v.group_size, v.dosage, v.therapist_id, lower(v.period), upper(v.period), v.day, false) e
   WHERE v.district_id = (SELECT caseload._plan_district(plan_eligible.in_district))
     AND (plan_eligible.in_discipline IS NULL OR v.discipline = plan_eligible.in_discipline)
     AND e.candidate_id NOT IN (SELECT t.therapist_id FROM caseload.therapist t
                                 WHERE t.district_id = (SELECT caseload._plan_district(plan_eligible.in_district)) AND t.fte IS NULL)
     -- the services of plan_clients()
     AND (v.therapist_id IS NULL OR o.fte IS NOT NULL OR NOT o.employed @> v.day)
     -- advice stands against a new therapist, and takes nothing away from the one who gives it
     AND (e.permitted OR e.gives AND e.failing <@ ARRAY['availability', 'reach', 'language', 'specialty', 'weekly_minutes', 'headcount', 'weighting']);
END;
COMMENT ON FUNCTION caseload.plan_eligible(date, text, text) IS 'Who may take which service in a plan over the tables as of a date (NULL: today), of a discipline (NULL: all): the pairs of eligible() that are permitted, and today''s therapist where no more than advice or load stands against it.';

DROP FUNCTION IF EXISTS caseload.check_plan(caseload.plan, text, text, text, date, text), caseload.check_plan(caseload.plan, text, text, text, date, text, text);
CREATE OR REPLACE FUNCTION caseload.check_plan(
  plan caseload.plan, therapists text DEFAULT NULL, clients text DEFAULT NULL, eligible text DEFAULT NULL, as_of date DEFAULT NULL,
  in_district text DEFAULT NULL, in_discipline text DEFAULT NULL, options text DEFAULT NULL)
RETURNS TABLE (check_name text, ok boolean, said text, found text)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 13
-- nothing is known of the rows that a query will bring
SET enable_nestloop = off SET jit = off
BEGIN ATOMIC
  -- the plan is large and taken apart once
  WITH w AS MATERIALIZED (
    SELECT w.ssq_before, w.ssq_after, w.jain_after, w.max_after, w.move_cost, w.ssq_bound, w.cost_bound, w.max_bound, w.witness, w.witness_load, w.witness_fte,
           w.fte_exact, w.out_of_band, w.loads, w.moves
      FROM (SELECT (check_plan.plan).ssq_before, (check_plan.plan).ssq_after, (check_plan.plan).jain_after, (check_plan.plan).max_after, (check_plan.plan).move_cost,
                   (check_plan.plan).ssq_bound, (check_plan.plan).cost_bound, (check_plan.plan).max_bound, (check_plan.plan).witness, (check_plan.plan).witness_load,
                   (check_plan.plan).witness_fte, (check_plan.plan).fte_exact, (check_plan.plan).out_of_band, (check_plan.plan).loads, (check_plan.plan).moves) w
  ), v AS MATERIALIZED (
    SELECT w.witness FROM w
  ), r AS MATERIALIZED (
    SELECT r.kind, r.client_id, r.therapist_id, r.fte, r.load, r.capacity, r.move_cost, r.locked
      FROM caseload.plan_rows(check_plan.therapists, check_plan.clients, check_plan.eligible, check_plan.as_of, check_plan.in_district, check_plan.in_discipline, options => check_plan.options) r
  ), m AS MATERIALIZED (
    SELECT m.seq, m.bundle, m.kind, coalesce(m.service_id, m.client_id) AS key, m.option_id, m.from_therapist, m.to_therapist, m.weight, m.move_cost, m.gain, m.band_gain
      FROM w, unnest(w.moves) m
  ), f AS MATERIALIZED (
    -- options that are taken, as they were read
    SELECT m.seq, m.bundle, r.therapist_id, r.load AS freed, r.move_cost, m.from_therapist = r.therapist_id AND m.weight = r.load AND NOT r.locked AS allowed
      FROM m LEFT JOIN r ON r.kind = 'option' AND r.client_id = m.option_id
     WHERE m.kind IN ('group', 'push_in')
  ), t AS (
    SELECT r.therapist_id, r.fte, coalesce(r.load, 0) AS base, r.capacity FROM r WHERE r.kind = 'therapist'
  ), q AS (
    -- of each client, in one pass over the pairs: may anybody else take it, and anybody outside of the witness?
    SELECT r.client_id AS key, bool_or(r.therapist_id <> ALL (v.witness)) AS outside, array_agg(r.therapist_id) AS may
      FROM v, r JOIN t USING (therapist_id)
     WHERE r.kind = 'pair' AND t.fte > 0
     GROUP BY r.client_id
  ), c AS MATERIALIZED (
    SELECT r.client_id AS key, r.therapist_id AS home, coalesce(m.to_therapist, r.therapist_id) AS now, r.load AS weight, r.locked, r.move_cost,
           -- who ought to leave and stays could go nowhere
           r.locked OR q.key IS NULL OR (m.key IS NULL AND r.therapist_id <> ALL (q.may)) AS stays, q.outside,
           coalesce(m.to_therapist = ANY (q.may), m.key IS NULL) AS allowed
      FROM r
      LEFT JOIN m ON m.key = r.client_id
      LEFT JOIN q ON q.key = r.client_id
     WHERE r.kind = 'client' AND r.therapist_id IS NOT NULL
  ), p AS MATERIALIZED (
    SELECT p.therapist_id, p.fte, p.load_before, p.load_after, p.band_low, p.band_high FROM w, unnest(w.loads) p
  ), l AS MATERIALIZED (
    SELECT t.therapist_id, t.fte, t.capacity, t.base + coalesce(b.load, 0) AS before, t.base + coalesce(a.load, 0) - coalesce(o.freed, 0) AS after
      FROM t
      LEFT JOIN (SELECT c.home, sum(c.weight) AS load FROM c GROUP BY c.home) b ON b.home = t.therapist_id
      LEFT JOIN (SELECT c.now, sum(c.weight) AS load FROM c GROUP BY c.now) a ON a.now = t.therapist_id
      LEFT JOIN (SELECT f.therapist_id, sum(f.freed) AS freed FROM f GROUP BY f.therapist_id) o ON o.therapist_id = t.therapist_id
  ), e AS (
    SELECT sum(l.before ^ 2 / l.fte) AS ssq_before, sum(l.after ^ 2 / l.fte) AS ssq_after, max(l.after / l.fte) AS highest,
           sum(l.after) ^ 2 / nullif(sum(l.fte) * sum(l.after ^ 2 / l.fte), 0) AS jain
      FROM l WHERE l.fte > 0
  ), x AS (
    SELECT (SELECT coalesce(sum(t.base), 0) FROM v, t WHERE t.therapist_id = ANY (v.witness))
           + (SELECT coalesce(sum(c.weight), 0) FROM v, c
               WHERE CASE WHEN c.stays THEN c.home = ANY (v.witness) ELSE NOT c.outside END) - (SELECT coalesce(sum(r.load), 0) FROM v, r WHERE r.kind = 'option' AND r.therapist_id = ANY (v.witness)) AS captive,
           (SELECT sum(t.fte) FROM v, t WHERE t.therapist_id = ANY (v.witness)) AS fte
  ), s AS (
    -- the load of each therapist before each bundle that changes it, and by how much
    SELECT b.bundle, b.therapist_id, l.before + sum(b.by) OVER (PARTITION BY b.therapist_id ORDER BY b.bundle) - b.by AS load, b.by
      FROM (SELECT m.bundle, v.therapist_id, sum(v.by) AS by
              FROM (SELECT m.bundle, m.from_therapist, m.to_therapist, c.weight FROM m JOIN c USING (key)
                    UNION ALL SELECT f.bundle, f.therapist_id, NULL, f.freed FROM f) m,
                   LATERAL (VALUES (m.from_therapist, -m.weight), (m.to_therapist, m.weight)) v (therapist_id, by)
             WHERE v.therapist_id IS NOT NULL
             GROUP BY m.bundle, v.therapist_id) b
      JOIN l USING (therapist_id)
  ), g AS MATERIALIZED (
    SELECT s.bundle, sum(((s.load) ^ 2 - (s.load + s.by) ^ 2) / l.fte) AS gain,
           sum(greatest(s.load - p.band_high, p.band_low - s.load, 0) - greatest(s.load + s.by - p.band_high, p.band_low - s.load - s.by, 0)) AS inside
      FROM s JOIN l USING (therapist_id) JOIN p USING (therapist_id)
     WHERE l.fte > 0
     GROUP BY s.bundle
  ), u AS (
    SELECT (SELECT coalesce(sum(c.move_cost), 0) FROM m JOIN c USING (key)) + (SELECT coalesce(sum(f.move_cost), 0) FROM f) AS cost
  ), o AS (
    SELECT sum(greatest(l.after - p.band_high, p.band_low - l.after, 0)) AS outside FROM l JOIN p USING (therapist_id) WHERE l.fte > 0 AND p.band_high IS NOT NULL
  )
  SELECT k.check_name, k.ok, k.said, k.found
    FROM w CROSS JOIN e CROSS JOIN x CROSS JOIN o CROSS JOIN u CROSS JOIN LATERAL (VALUES
      (1, 'everybody moves once, from where they are',
       NOT EXISTS (SELECT FROM m LEFT JOIN c USING (key) WHERE m.kind NOT IN ('group', 'push_in') AND c.home IS DISTINCT FROM m.from_therapist)
         AND NOT EXISTS (SELECT FROM f WHERE f.allowed IS NOT TRUE)
         AND (SELECT count(*) = count(DISTINCT m.key) + count(DISTINCT m.option_id) FROM m), (SELECT count(*)::text FROM m),
       ((SELECT count(*) FROM m JOIN c USING (key) WHERE c.home = m.from_therapist AND c.weight = m.weight) + (SELECT count(*) FROM f WHERE f.allowed))::text),
      (2, 'nobody goes where they may not, nor who is locked', (SELECT coalesce(bool_and(c.allowed AND (c.now = c.home OR NOT c.locked)), true) FROM c), NULL, NULL),
      (3, 'nobody is brought above the capacity', NOT EXISTS (SELECT FROM l WHERE l.after > l.before AND l.after > l.capacity), NULL, NULL),
      (4, 'loads', NOT EXISTS (
         SELECT FROM p FULL JOIN l ON l.therapist_id = p.therapist_id
          WHERE (p.load_before, p.load_after, p.fte) IS DISTINCT FROM (l.before, l.after, l.fte)), NULL, NULL),
      (5, 'sum of squares today', abs(coalesce(e.ssq_before, 0) - w.ssq_before) <= 0.000001 + CASE WHEN w.fte_exact THEN 0 ELSE e.ssq_before / 1000 END,
       w.ssq_before::text, round(coalesce(e.ssq_before, 0), 6)::text),
      (6, 'sum of squares after', abs(coalesce(e.ssq_after, 0) - w.ssq_after) <= 0.000001 + CASE WHEN w.fte_exact THEN 0 ELSE e.ssq_after / 1000 END,
       w.ssq_after::text, round(coalesce(e.ssq_after, 0), 6)::text),
      (7, 'Jain''s index after', abs(coalesce(e.jain, 1) - w.jain_after) <= CASE WHEN w.fte_exact THEN 0.000001 ELSE 0.001 END,
       w.jain_after::text, round(coalesce(e.jain, 1), 6)::text),
      (8, 'highest load per FTE', abs(e.highest - w.max_after) <= 0.0001 OR e.highest IS NULL AND w.max_after IS NULL,
       w.max_after::text, round(e.highest, 4)::text),
      (9, 'cost of the moves', u.cost = w.move_cost, w.move_cost::text, u.cost::text),
      (10, 'no bound is beyond the plan', w.ssq_bound <= w.ssq_after
         AND coalesce(w.cost_bound <= w.move_cost, true)
         AND coalesce(w.max_bound <= w.max_after, true), NULL, NULL),
      (11, 'what only the witness may take', coalesce(x.captive = w.witness_load AND x.fte = w.witness_fte, w.witness IS NULL),
       format('%s on %s', w.witness_load, w.witness_fte), format('%s on %s', x.captive, x.fte)),
      (12, 'load out of the band', coalesce(o.outside, 0) = coalesce(w.out_of_band, 0), w.out_of_band::text, o.outside::text),
      -- what is out of the band first, and then the squares
      (13, 'every bundle gains what it says, and all but forced moves more than nothing', NOT EXISTS (
         SELECT FROM m LEFT JOIN g USING (bundle),
                LATERAL (SELECT 0.000001 + CASE WHEN w.fte_exact THEN 0 ELSE e.ssq_before / 1000 END AS tolerance) r
          WHERE abs(m.gain - coalesce(g.gain, 0)) > r.tolerance
             OR w.out_of_band IS NOT NULL AND m.band_gain IS DISTINCT FROM coalesce(g.inside, 0)
             OR m.bundle NOT IN (SELECT n.bundle FROM m n WHERE n.kind = 'forced') AND (coalesce(g.inside, 0), coalesce(g.gain, 0)) <= (0, CASE WHEN w.fte_exact THEN 0 ELSE -r.tolerance END)),
       NULL, NULL)
    ) AS k (place, check_name, ok, said, found)
   ORDER BY k.place;
END;
COMMENT ON FUNCTION caseload.check_plan(caseload.plan, text, text, text, date, text, text, text) IS 'Recomputes in SQL what a plan says, from the same queries (or tables): moves, eligibility, capacity, loads, measures, cost, bounds and witness. Where a plan is right, ok is true in every row. A bundle gains when less is out of the band (or above the maximum), or the same and the squares fall.';

DROP FUNCTION IF EXISTS caseload.apply_plan(caseload.plan, text, integer);
CREATE OR REPLACE FUNCTION caseload.apply_plan(
  plan caseload.plan, in_district text DEFAULT NULL, bundles integer DEFAULT NULL, from_date date DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, caseload, pg_temp
-- days become parts of ids
SET datestyle = 'ISO, YMD'
AS $$
DECLARE
  district text := caseload._plan_district(in_district);
  wrong record;
  n integer;
BEGIN
  IF EXISTS (SELECT FROM unnest((plan).moves) m WHERE m.option_id IS NOT NULL AND (bundles IS NULL OR m.bundle <= bundles)) THEN
    RAISE EXCEPTION 'groups and push-in sessions are not formed by applying a plan'
      USING ERRCODE = 'feature_not_supported', HINT = 'Apply the bundles before the first of them, or form it and make the plan anew.';
  END IF;
  IF EXISTS (SELECT FROM unnest((plan).moves) m WHERE m.service_id IS NULL AND m.option_id IS NULL) THEN
    RAISE EXCEPTION 'only a plan that moves services can be applied'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Let the query for clients have the column service_id.';
  ELSIF NOT isfinite(from_date) THEN
    RAISE EXCEPTION 'the day from which a plan is applied must be finite' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- in key order, as all who write services do
  PERFORM FROM caseload.service v
    JOIN unnest((plan).moves) m ON m.service_id = v.service_id
   WHERE v.district_id = district AND (bundles IS NULL OR m.bundle <= bundles)
   ORDER BY v.service_id
     FOR NO KEY UPDATE OF v;
  SELECT m.service_id, m.from_therapist, v.period IS NOT NULL AND upper(v.period) <= from_date AS over INTO wrong
    FROM unnest((plan).moves) m
    LEFT JOIN caseload.service v ON v.district_id = district AND v.service_id = m.service_id
   WHERE (bundles IS NULL OR m.bundle <= bundles)
     AND (v.therapist_id IS NULL OR v.therapist_id <> m.from_therapist OR upper(v.period) <= from_date)
   ORDER BY m.seq LIMIT 1;
  IF wrong.over THEN
    RAISE EXCEPTION 'service "%" has ended before %', wrong.service_id, from_date
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Make the plan as of that day.';
  ELSIF FOUND THEN
    RAISE EXCEPTION 'service "%" is not with therapist "%" any more', wrong.service_id, wrong.from_therapist
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Make the plan anew.';
  END IF;
  -- What has been given stays with who gave it: the service ends with the day before and goes on as another, with all that is known of it.
  WITH m AS (
    SELECT m.service_id, m.to_therapist FROM unnest((plan).moves) m WHERE bundles IS NULL OR m.bundle <= bundles
  ), ended AS (
    UPDATE caseload.service v SET period = daterange(lower(v.period), from_date)
      FROM m
     WHERE v.district_id = district AND v.service_id = m.service_id AND from_date IS NOT NULL AND (lower_inf(v.period) OR lower(v.period) < from_date)
    RETURNING v.service_id
  ), goes_on AS (
    INSERT INTO caseload.service
    SELECT (jsonb_populate_record(v, jsonb_build_object('service_id', format('%s from %s', v.service_id, from_date), 'therapist_id', m.to_therapist,
                                                        'period', daterange(from_date, upper(v.period))))).*
      FROM caseload.service v
      JOIN m ON m.service_id = v.service_id
     WHERE v.district_id = district AND from_date IS NOT NULL AND (lower_inf(v.period) OR lower(v.period) < from_date)
    RETURNING service_id
  ), rewritten AS (
    UPDATE caseload.service v SET therapist_id = m.to_therapist
      FROM m
     WHERE v.district_id = district AND v.service_id = m.service_id
       AND (from_date IS NULL OR NOT lower_inf(v.period) AND lower(v.period) >= from_date)
    RETURNING v.service_id
  )
  SELECT (SELECT count(*) FROM goes_on) + (SELECT count(*) FROM rewritten) INTO n;
  -- what is booked from then on is for the service that goes on
  UPDATE caseload.appointment a SET service_id = format('%s from %s', a.service_id, from_date)
    FROM unnest((plan).moves) m, caseload.client c
    LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
   WHERE a.district_id = district AND a.service_id = m.service_id AND (bundles IS NULL OR m.bundle <= bundles)
     AND c.district_id = a.district_id AND c.client_id = a.client_id
     AND (a.starts_at AT TIME ZONE coalesce(s.time_zone, 'UTC'))::date >= from_date
     AND EXISTS (SELECT FROM caseload.service v WHERE v.district_id = district AND v.service_id = format('%s from %s', a.service_id, from_date));
  RETURN n;
END
$$;
COMMENT ON FUNCTION caseload.apply_plan(caseload.plan, text, integer, date) IS 'Gives services to the therapists that a plan names, all of it or its first bundles, and says how many. From a day on: a service that began before it ends, and goes on as another ("S1 from 2026-03-02"), so that what was given stays with who gave it. NULL: the services are rewritten as if they had always been theirs. Refused when a service is not with the therapist any more from whom the plan takes it, and when there are groups or push-in sessions among them, which somebody has to form. Capacity is checked at the end of the transaction, as always.';
