--| ordinary
-- Eligibility of every service with every therapist, and the candidates for one client: docs/eligibility.md.

CREATE OR REPLACE FUNCTION caseload._known_client(client_id text, in_district text)
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM caseload.client c
                  WHERE c.client_id = _known_client.client_id AND (in_district IS NULL OR c.district_id = in_district)) THEN
    RAISE EXCEPTION 'client "%" does not exist', client_id
      USING ERRCODE = 'foreign_key_violation', HINT = 'SELECT client_id FROM caseload.client lists them.';
  END IF;
  RETURN true;
END
$$;
COMMENT ON FUNCTION caseload._known_client(text, text) IS 'Internal: true for a client that there is, else an error (23503) that names it.';

-- No SET clause: the planner sees through it, so that columns nobody asks for are not made, and a condition on the key looks it up.
CREATE OR REPLACE FUNCTION caseload.eligible(
  as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_client text DEFAULT NULL, explain boolean DEFAULT true)
RETURNS TABLE (district_id text, service_id text, client_id text, discipline text, therapist_id text, gives boolean, eligible boolean,
               permitted boolean, failing text[], minutes_in_common integer, sessions_that_fit integer, sessions_needed integer,
               unmet_wishes integer, reasons caseload.eligibility_reason[])
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 10000
BEGIN ATOMIC
  SELECT v.district_id, v.service_id, v.client_id, v.discipline, e.candidate_id, e.gives, e.eligible, e.permitted, e.failing,
         e.minutes_in_common, e.sessions_that_fit, e.sessions_needed, e.unmet_wishes, e.reasons
    FROM caseload._services_due(as_of, 0) v
   CROSS JOIN LATERAL caseload._eligible_therapists(v.district_id, v.service_id, v.client_id, v.discipline, v.delivery, v.tier::integer,
           v.group_size, v.dosage, v.therapist_id, lower(v.period), upper(v.period), v.day, explain) e
   WHERE (in_district IS NULL OR v.district_id = in_district)
     AND (in_client IS NULL OR v.client_id = in_client)
     AND (in_client IS NULL OR caseload._known_client(in_client, in_district));
END;
COMMENT ON FUNCTION caseload.eligible(date, text, text, boolean) IS 'Every service due as of a date (NULL: today at the client''s site) with every therapist of its discipline who is employed then or later, and with who gives it: eligible when no rule stands against it, permitted when none but those of load do, failing has the names of the rules, reasons (with explain) limits and words. minutes_in_common are those of a week, by the hours of both.';

-- The place to put another measure of what is fair: everything that compares a load with its fair share asks here.
CREATE OR REPLACE FUNCTION caseload._fair_loads(as_of date DEFAULT NULL, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, discipline text, therapist_id text, fte numeric, load numeric, per_fte numeric, fair_share numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100
BEGIN ATOMIC
  SELECT w.district_id, w.discipline, w.therapist_id, w.fte, w.weekly_minutes, w.weekly_minutes / nullif(w.fte, 0),
         sum(w.weekly_minutes) FILTER (WHERE w.fte > 0) OVER team / nullif(sum(w.fte) FILTER (WHERE w.fte > 0) OVER team, 0)
    FROM caseload.workload(as_of) w
   WHERE in_district IS NULL OR w.district_id = in_district
  WINDOW team AS (PARTITION BY w.district_id, w.discipline);
END;
COMMENT ON FUNCTION caseload._fair_loads(date, text) IS 'Internal: weekly minutes of every therapist, per FTE, and the fair share per FTE: the mean of the discipline in the district, weighted by FTE.';

CREATE OR REPLACE FUNCTION caseload.candidates(
  client_id text, in_discipline text DEFAULT NULL, as_of date DEFAULT NULL, district_id text DEFAULT NULL, in_service text DEFAULT NULL)
RETURNS TABLE (service_id text, discipline text, place integer, therapist_id text, gives boolean, eligible boolean, permitted boolean,
               load_before numeric, load_after numeric, fair_share numeric, percent_before numeric, percent_after numeric,
               equity_before numeric, equity_after numeric, equity_change numeric, headroom_minutes numeric,
               minutes_in_common integer, sessions_that_fit integer, sessions_needed integer, new_site boolean, unmet_wishes integer,
               licensed_until date, failing text[], why text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 50
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  districts text[] := ARRAY(SELECT c.district_id FROM caseload.client c
                             WHERE c.client_id = candidates.client_id AND (candidates.district_id IS NULL OR c.district_id = candidates.district_id));
BEGIN
  IF candidates.client_id IS NULL THEN
    RAISE EXCEPTION 'no client to find candidates for' USING ERRCODE = 'null_value_not_allowed', HINT = 'candidates(''client id'')';
  ELSIF cardinality(districts) = 0 THEN
    RAISE EXCEPTION 'client "%" does not exist', candidates.client_id
      USING ERRCODE = 'foreign_key_violation', HINT = 'SELECT client_id FROM caseload.client lists them.';
  ELSIF cardinality(districts) > 1 THEN
    RAISE EXCEPTION 'client "%" exists in several districts', candidates.client_id
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Say which, with the argument district_id.';
  ELSIF candidates.in_service IS NOT NULL AND NOT EXISTS (
      SELECT FROM caseload.service s WHERE s.district_id = districts[1] AND s.service_id = candidates.in_service AND s.client_id = candidates.client_id) THEN
    RAISE EXCEPTION 'service "%" of client "%" does not exist', candidates.in_service, candidates.client_id
      USING ERRCODE = 'foreign_key_violation', HINT = 'Leave in_service out to ask for all that is due.';
  END IF;
  RETURN QUERY
    WITH line AS MATERIALIZED (
      SELECT f.service_id, f.discipline, f.therapist_id, f.site_id, f.therapist_minutes AS minutes, v.day, v.state
        FROM caseload._services_due(candidates.as_of, 0) v
        JOIN caseload.service_facts(candidates.as_of) f ON f.district_id = v.district_id AND f.service_id = v.service_id
       WHERE v.district_id = districts[1] AND v.client_id = candidates.client_id
         AND (candidates.in_discipline IS NULL OR v.discipline = candidates.in_discipline)
         AND (candidates.in_service IS NULL OR v.service_id = candidates.in_service)
    ), load AS MATERIALIZED (
      SELECT l.* FROM caseload._fair_loads(candidates.as_of, districts[1]) l WHERE EXISTS (SELECT FROM line WHERE line.discipline = l.discipline)
    ), team AS (
      -- jain = (sum of loads)^2 / (FTE * sum of load^2 / FTE); these three are all it needs
      SELECT l.discipline, sum(l.load) AS loads, sum(l.fte) AS fte, sum(l.load * l.load / l.fte) AS squares
        FROM load l WHERE l.fte > 0 GROUP BY l.discipline
    ), base AS (
      -- without the service, whoever gives it now
      SELECT t.service_id, m.discipline, m.fte, m.loads - CASE WHEN g.fte > 0 THEN t.minutes ELSE 0 END AS loads,
             m.squares - CASE WHEN g.fte > 0 THEN (2 * g.load - t.minutes) * t.minutes / g.fte ELSE 0 END AS squares,
             m.loads AS loads_now, m.squares AS squares_now
        FROM line t
        JOIN team m ON m.discipline = t.discipline
        LEFT JOIN load g ON g.therapist_id = t.therapist_id AND g.discipline = t.discipline
    ), pair AS (
      SELECT e.*, t.minutes, t.site_id, t.day, t.state, l.fte, l.load, l.per_fte, l.fair_share,
             l.load - CASE WHEN e.gives THEN t.minutes ELSE 0 END AS without, b.loads, b.squares, b.loads_now, b.squares_now, b.fte AS team_fte
        FROM line t
        JOIN caseload.eligible(candidates.as_of, districts[1], candidates.client_id) e ON e.service_id = t.service_id
        LEFT JOIN load l ON l.therapist_id = e.therapist_id
        LEFT JOIN base b ON b.service_id = t.service_id
    ), judged AS (
      SELECT p.*,
             CASE WHEN p.fte > 0 THEN (p.without + p.minutes) / p.fte END AS after,
             round(p.loads_now * p.loads_now / nullif(p.team_fte * p.squares_now, 0), 6) AS jain_before,
             CASE WHEN p.fte > 0 THEN
               round((p.loads + p.minutes) * (p.loads + p.minutes)
                     / nullif(p.team_fte * (p.squares + (2 * p.without + p.minutes) * p.minutes / p.fte), 0), 6) END AS jain_after,
             -- what moves the sum of squares, which decides the order
             CASE WHEN p.fte > 0 THEN (2 * p.without + p.minutes) * p.minutes / p.fte END AS cost,
             NOT EXISTS (SELECT FROM caseload.service_facts(candidates.as_of) f
                          WHERE f.district_id = districts[1] AND f.therapist_id = p.therapist_id AND f.site_id = p.site_id
                            AND f.service_id <> p.service_id) AS new_site,
             w.headroom_minutes
        FROM pair p
        LEFT JOIN caseload.workload(candidates.as_of) w ON w.district_id = districts[1] AND w.therapist_id = p.therapist_id
    )
    SELECT j.service_id, j.discipline,
           (row_number() OVER (PARTITION BY j.service_id
                               ORDER BY j.eligible DESC, j.permitted DESC, j.cost NULLS LAST, j.unmet_wishes, j.new_site, j.therapist_id))::integer,
           j.therapist_id, j.gives, j.eligible, j.permitted, round(j.per_fte, 2), round(j.after, 2), round(j.fair_share, 2),
           round(100 * j.per_fte / nullif(j.fair_share, 0), 1), round(100 * j.after / nullif(j.fair_share, 0), 1),
           j.jain_before, j.jain_after, j.jain_after - j.jain_before, j.headroom_minutes,
           j.minutes_in_common, j.sessions_that_fit, j.sessions_needed,
           -- by tele there is no way to go
           CASE WHEN j.site_id IS NULL THEN NULL ELSE j.new_site AND t.presence IS DISTINCT FROM 'tele' END, j.unmet_wishes,
           (SELECT min(u.until) FROM (VALUES (j.state), (t.state)) AS p (state)
             CROSS JOIN LATERAL (SELECT max(upper(l.valid) - 1) AS until FROM caseload.license l
                                  WHERE l.district_id = districts[1] AND l.therapist_id = j.therapist_id AND l.discipline = j.discipline
                                    AND l.state = p.state AND l.valid @> j.day) u),
           j.failing,
           CASE WHEN j.eligible THEN
             concat_ws('; ', CASE WHEN j.gives THEN 'gives it now' END,
                       round(100 * j.per_fte / nullif(j.fair_share, 0)) || ' % of the fair share, '
                       || round(100 * j.after / nullif(j.fair_share, 0)) || ' % with it',
                       j.minutes_in_common || ' minutes in common', CASE WHEN j.site_id IS NULL THEN NULL WHEN j.new_site THEN 'a new site' ELSE 'at the site already' END)
           ELSE (SELECT string_agg(r.message || coalesce(' (' || r.would_be || ' of ' || r.limit_value || ' ' || r.unit || ')', ''), '; ' ORDER BY r.place)
                   FROM unnest(j.reasons) WITH ORDINALITY AS r (rule_name, limit_value, would_be, unit, message, place)) END
      FROM judged j
      JOIN caseload.therapist t ON t.district_id = districts[1] AND t.therapist_id = j.therapist_id
     ORDER BY j.discipline, j.service_id, 3;
END
$$;
COMMENT ON FUNCTION caseload.candidates(text, text, date, text, text) IS 'Who could give a client what is due as of a date (NULL: today), one row for each service and therapist of its discipline, eligible first, then by what it does to the sum of squared loads per FTE, unmet wishes, and whether the site is new: load per FTE before and after in minutes a week and in percent of the fair share, equity (Jain, by FTE) of the discipline before and after, time in common, licence dates, and why or why not.';
