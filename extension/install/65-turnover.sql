--| ordinary
-- Who comes, who goes, who waits, and who does not turn up: docs/reports.md has every formula with its name and source.

-- What can be wrong with a question is said by these three; the reports themselves are SQL that the planner sees through.

CREATE OR REPLACE FUNCTION caseload._choice(what text, choice text, choices text[])
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF choice = ANY (choices) THEN
    RETURN choice;
  END IF;
  RAISE EXCEPTION 'unknown % "%"', what, choice
    USING ERRCODE = 'invalid_parameter_value', HINT = format('Known are %s.', array_to_string(choices, ', '));
END
$$;
COMMENT ON FUNCTION caseload._choice(text, text, text[]) IS 'Internal: a word that is one of some, else an error (22023) that lists them.';

CREATE OR REPLACE FUNCTION caseload._days(from_date date, to_date date)
RETURNS daterange
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF from_date IS NULL OR to_date IS NULL OR NOT isfinite(from_date) OR NOT isfinite(to_date) THEN
    RAISE EXCEPTION 'a report on a period needs its first and its last day'
      USING ERRCODE = 'invalid_parameter_value';
  ELSIF from_date > to_date THEN
    RAISE EXCEPTION 'the period begins after its end'
      USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is to go from %s to %s.', from_date, to_date);
  END IF;
  RETURN daterange(from_date, to_date, '[]');
END
$$;
COMMENT ON FUNCTION caseload._days(date, date) IS 'Internal: the days of a period, both ends included; an error (22023) without two days in order.';

CREATE OR REPLACE FUNCTION caseload._steps(from_date date, to_date date, step interval)
RETURNS TABLE (day date, before date)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 12
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  PERFORM caseload._days(from_date, to_date);
  IF (step > interval '0') IS NOT TRUE OR (from_date + step)::date <= from_date THEN
    RAISE EXCEPTION 'a step must be a day at least'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- counted from the first day, so that the 31st does not become the 28th for good
  FOR i IN 0 .. to_date - from_date LOOP
    day := (from_date + i * step)::date;
    EXIT WHEN day > to_date;
    RETURN NEXT;
    before := day;
  END LOOP;
END
$$;
COMMENT ON FUNCTION caseload._steps(date, date, interval) IS 'Internal: the days from one to another in steps, each with the one before it.';

CREATE OR REPLACE FUNCTION caseload._percent(part numeric, whole numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT round(100 * part / nullif(whole, 0), 2);
END;
COMMENT ON FUNCTION caseload._percent(numeric, numeric) IS 'Internal: percent with two decimals, half away from zero; NULL of nothing.';

-- Stays ----------------------------------------------------------------------------------------------------------------------

-- On one day a stay is what active_clients() and the services say of that day; here all days are had at once, as sets of days.
-- A need is an unbroken time in which the client is due a service, given or waited for: handing over is what happens within one.
CREATE OR REPLACE FUNCTION caseload._stays(from_date date, to_date date, by text, in_district text)
RETURNS TABLE (district_id text, "group" text, client_id text, episode integer, stay daterange,
               first_of_need boolean, still_needed boolean, closes boolean, outcome text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  WITH e AS NOT MATERIALIZED (
    SELECT e.district_id, e.client_id, e.episode, e.period, e.outcome, c.site_id
      FROM caseload.episode e
      JOIN caseload.client c ON c.district_id = e.district_id AND c.client_id = e.client_id
     WHERE e.period && daterange(from_date - 1, to_date, '[]') AND (in_district IS NULL OR e.district_id = in_district)
  ), n AS (
    -- of a district or a site: enrolled, and not merely waiting
    SELECT e.district_id, CASE _stays.by WHEN 'site' THEN e.site_id ELSE e.district_id END AS "group", e.client_id, e.episode, e.period, e.outcome,
           datemultirange(e.period) - (coalesce(v.waiting, '{}') - coalesce(v.given, '{}')) AS stays,
           datemultirange(e.period) AS needs, datemultirange(e.period) - (coalesce(v.waiting, '{}') - coalesce(v.given, '{}')) AS given
      FROM e
      LEFT JOIN LATERAL (SELECT range_agg(v.period) FILTER (WHERE v.therapist_id IS NULL) AS waiting,
                                range_agg(v.period) FILTER (WHERE v.therapist_id IS NOT NULL) AS given
                           FROM caseload.service v
                          WHERE v.district_id = e.district_id AND v.client_id = e.client_id) v ON true
     WHERE caseload._choice('grouping', _stays.by, '{district,site,discipline,therapist}') IN ('district', 'site')
    UNION ALL
    -- of a discipline or a therapist: enrolled, with a service of theirs; support of tier 1 or 2 is not a caseload
    SELECT e.district_id, g."group", e.client_id, e.episode, e.period, e.outcome,
           g.stays * datemultirange(e.period), d.needs * datemultirange(e.period), d.given * datemultirange(e.period)
      FROM e
     CROSS JOIN LATERAL (SELECT CASE _stays.by WHEN 'discipline' THEN v.discipline ELSE v.therapist_id END AS "group",
                                range_agg(v.period) AS stays, array_agg(DISTINCT v.discipline) AS disciplines
                           FROM caseload.service v
                          WHERE v.district_id = e.district_id AND v.client_id = e.client_id AND v.tier = 3
                            AND v.therapist_id IS NOT NULL AND v.period && e.period
                          GROUP BY 1) g
     CROSS JOIN LATERAL (SELECT range_agg(v.period) AS needs, range_agg(v.period) FILTER (WHERE v.therapist_id IS NOT NULL) AS given
                           FROM caseload.service v
                          WHERE v.district_id = e.district_id AND v.client_id = e.client_id AND v.tier = 3
                            AND v.discipline = ANY (g.disciplines)) d
     WHERE _stays.by IN ('discipline', 'therapist')
  )
  SELECT n.district_id, n."group", n.client_id, n.episode, s.stay,
         NOT coalesce(n.given && daterange(lower(b.need), lower(s.stay)), false), n.needs @> upper(s.stay),
         NOT upper_inf(s.stay) AND upper(s.stay) = upper(n.period), n.outcome
    FROM n
   CROSS JOIN LATERAL unnest(n.stays) AS s (stay)
    LEFT JOIN LATERAL (SELECT b.need FROM unnest(n.needs) AS b (need) WHERE b.need @> lower(s.stay)) b ON true
   WHERE s.stay && daterange(from_date - 1, to_date, '[]');
END;
COMMENT ON FUNCTION caseload._stays(date, date, text, text) IS 'Internal: the unbroken times that clients were on the caseload of a district, site, discipline or therapist, as far as they touch a period or the day before it: whether somebody else of the need had the client before, whether the need goes on afterwards, and whether the stay ended with its episode.';

CREATE OR REPLACE FUNCTION caseload._movements(from_date date, to_date date, by text, in_district text, premature text[])
RETURNS TABLE (district_id text, "group" text, at_start integer, began integer, taken_over integer, discharged integer, transferred integer,
               handed_over integer, at_end integer, lost_of_start integer, closures integer, met integer, partly_met integer,
               dropped integer, dropped_of_start integer, unrecorded integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT s.district_id, s."group",
         (count(*) FILTER (WHERE s.stay @> p.first - 1))::integer,
         (count(*) FILTER (WHERE s.came AND s.first_of_need))::integer,
         (count(*) FILTER (WHERE s.came AND NOT s.first_of_need))::integer,
         (count(*) FILTER (WHERE s.went AND NOT s.still_needed AND NOT s.transferred))::integer,
         (count(*) FILTER (WHERE s.went AND NOT s.still_needed AND s.transferred))::integer,
         (count(*) FILTER (WHERE s.went AND s.still_needed))::integer,
         (count(*) FILTER (WHERE s.stay @> p.last))::integer,
         (count(*) FILTER (WHERE s.went AND NOT s.still_needed AND s.stay @> p.first - 1))::integer,
         (count(*) FILTER (WHERE s.went AND s.closes))::integer,
         (count(*) FILTER (WHERE s.went AND s.closes AND s.outcome = 'met'))::integer,
         (count(*) FILTER (WHERE s.went AND s.closes AND s.outcome = 'partly_met'))::integer,
         (count(*) FILTER (WHERE s.went AND s.closes AND s.outcome = ANY (premature)))::integer,
         (count(*) FILTER (WHERE s.went AND s.closes AND s.outcome = ANY (premature) AND s.stay @> p.first - 1))::integer,
         (count(*) FILTER (WHERE s.went AND s.closes AND s.outcome IS NULL))::integer
    -- OFFSET 0, here and below: found out once, not for every row
    FROM (SELECT lower(w.days), upper(w.days) - 1 FROM (SELECT caseload._days(from_date, to_date)) AS w (days) OFFSET 0) AS p (first, last)
   CROSS JOIN LATERAL (
         SELECT s.*, coalesce(lower(s.stay) BETWEEN p.first AND p.last, false) AS came, coalesce(upper(s.stay) BETWEEN p.first AND p.last, false) AS went,
                s.closes AND coalesce(s.outcome = 'transferred', false) AS transferred
           FROM caseload._stays(p.first, p.last, _movements.by, in_district) s) s
   GROUP BY s.district_id, s."group";
END;
COMMENT ON FUNCTION caseload._movements(date, date, text, text, text[]) IS 'Internal: stays of a period, counted in every way that the rates need.';

CREATE OR REPLACE FUNCTION caseload.caseload_as_of(as_of date DEFAULT NULL, by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, "group" text, clients integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT s.district_id, s."group", count(*)::integer
    FROM (SELECT coalesce(as_of, CURRENT_DATE)) AS d (day)
   CROSS JOIN LATERAL caseload._stays(d.day, d.day, caseload_as_of.by, in_district) s
   WHERE s.stay @> d.day
   GROUP BY s.district_id, s."group"
   ORDER BY s.district_id, s."group";
END;
COMMENT ON FUNCTION caseload.caseload_as_of(date, text, text) IS 'Clients on the caseload as of a date (NULL: today), by district, site (active clients), discipline or therapist (clients with a service of tier 3 that somebody gives).';

CREATE OR REPLACE FUNCTION caseload.caseload_drift(
  from_date date, to_date date, step interval DEFAULT '1 month', by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (as_of date, district_id text, "group" text, clients integer, came integer, went integer, drift integer, drift_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  WITH d AS MATERIALIZED (
    SELECT t.day, t.before FROM caseload._steps(from_date, to_date, step) t
  ), s AS MATERIALIZED (
    SELECT s.district_id, s."group", s.stay FROM caseload._stays(from_date, to_date, caseload_drift.by, in_district) s
  ), n AS (
    SELECT d.day, d.before, s.district_id, s."group", count(*) FILTER (WHERE s.stay @> d.day) AS clients,
           count(*) FILTER (WHERE lower(s.stay) > d.before AND lower(s.stay) <= d.day) AS came,
           count(*) FILTER (WHERE upper(s.stay) > d.before AND upper(s.stay) <= d.day) AS went
      FROM d CROSS JOIN s
     GROUP BY d.day, d.before, s.district_id, s."group"
  )
  SELECT n.day, n.district_id, n."group", n.clients::integer, CASE WHEN n.before IS NOT NULL THEN n.came::integer END,
         CASE WHEN n.before IS NOT NULL THEN n.went::integer END, (n.clients - f.clients)::integer, caseload._percent(n.clients - f.clients, f.clients)
    FROM n
    JOIN n f ON f.day = from_date AND f.district_id = n.district_id AND (f."group" = n."group" OR f."group" IS NULL AND n."group" IS NULL)
   ORDER BY n.district_id, n."group", n.day;
END;
COMMENT ON FUNCTION caseload.caseload_drift(date, date, interval, text, text) IS 'How caseloads drift: clients as of every step, who came and went since the step before, and the difference to the first day.';

CREATE OR REPLACE FUNCTION caseload.caseload_bridge(from_date date, to_date date, by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, "group" text, opening integer, new_clients integer, transfer_in integer, discharged integer, transfer_out integer,
               closing integer, residual integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  -- opening and closing are counted another way than what lies between them, so that the residual says something
  WITH counted AS (
    SELECT x.opening, CASE caseload_bridge.by WHEN 'site' THEN c.site_id ELSE a.district_id END AS "group", a.district_id
      FROM (VALUES (from_date - 1, true), (to_date, false)) AS x (day, opening)
     CROSS JOIN LATERAL caseload.active_clients(x.day) a
      JOIN caseload.client c ON c.district_id = a.district_id AND c.client_id = a.client_id
     WHERE caseload_bridge.by IN ('district', 'site') AND (in_district IS NULL OR a.district_id = in_district)
    UNION ALL
    SELECT g.opening, g."group", g.district_id
      FROM (SELECT DISTINCT x.opening, CASE caseload_bridge.by WHEN 'discipline' THEN v.discipline ELSE v.therapist_id END AS "group", e.district_id, e.client_id
              FROM (VALUES (from_date - 1, true), (to_date, false)) AS x (day, opening)
              JOIN caseload.service v ON v.period @> x.day AND v.therapist_id IS NOT NULL AND v.tier = 3
              JOIN caseload.episode e ON e.district_id = v.district_id AND e.client_id = v.client_id AND e.period @> x.day
             WHERE caseload_bridge.by IN ('discipline', 'therapist') AND (in_district IS NULL OR e.district_id = in_district)) g
  ), ends AS (
    SELECT c.district_id, c."group", (count(*) FILTER (WHERE c.opening))::integer AS opening, (count(*) FILTER (WHERE NOT c.opening))::integer AS closing
      FROM counted c GROUP BY c.district_id, c."group"
  )
  SELECT m.district_id, m."group", coalesce(e.opening, 0), m.began, m.taken_over, m.discharged, m.transferred + m.handed_over, coalesce(e.closing, 0),
         coalesce(e.closing, 0) - (coalesce(e.opening, 0) + m.began + m.taken_over - m.discharged - m.transferred - m.handed_over)
    FROM caseload._movements(from_date, to_date, caseload_bridge.by, in_district, '{}') m
    LEFT JOIN ends e ON e.district_id = m.district_id AND (e."group" = m."group" OR e."group" IS NULL AND m."group" IS NULL)
   ORDER BY m.district_id, m."group";
END;
COMMENT ON FUNCTION caseload.caseload_bridge(date, date, text, text) IS 'From the caseload on the evening before a period to that on its last day: opening + new + transfer in - discharged - transfer out = closing; the residual must be 0.';

-- Rates ----------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload.turnover_rate(
  from_date date, to_date date, method text DEFAULT 'mean', by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, "group" text, method text, at_start integer, came integer, lost integer, handed_over integer, at_end integer,
               base numeric, percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT m.district_id, m."group", f.method, m.at_start, m.began + m.taken_over, m.discharged + m.transferred, m.handed_over, m.at_end,
         f.base, caseload._percent(m.discharged + m.transferred, f.base)
    FROM caseload._movements(from_date, to_date, turnover_rate.by, in_district, '{}') m
   CROSS JOIN LATERAL (SELECT caseload._choice('method of turnover', turnover_rate.method, '{mean,start}'),
                              CASE turnover_rate.method WHEN 'mean' THEN round((m.at_start + m.at_end) / 2.0, 1) ELSE m.at_start END) AS f (method, base)
   ORDER BY m.district_id, m."group";
END;
COMMENT ON FUNCTION caseload.turnover_rate(date, date, text, text, text) IS 'Clients who discontinued in a period, in percent of the mean of the caseload before it and at its end (method mean), or of that before it (start), with the counts behind it. Who goes on with another therapist, or waits for one, has not discontinued.';

CREATE OR REPLACE FUNCTION caseload.attrition_rate(
  from_date date, to_date date, method text DEFAULT 'start', by text DEFAULT 'district', in_district text DEFAULT NULL,
  premature text[] DEFAULT '{dropped,declined}')
RETURNS TABLE (district_id text, "group" text, method text, at_start integer, closures integer, premature integer, unrecorded integer,
               base numeric, percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT m.district_id, m."group", f.method, m.at_start, m.closures, f.premature, m.unrecorded, f.base, caseload._percent(f.premature, f.base)
    FROM caseload._movements(from_date, to_date, attrition_rate.by, in_district, attrition_rate.premature) m
   CROSS JOIN LATERAL (SELECT caseload._choice('method of attrition', attrition_rate.method, '{start,closures}'),
                              CASE attrition_rate.method WHEN 'start' THEN m.dropped_of_start ELSE m.dropped END,
                              CASE attrition_rate.method WHEN 'start' THEN m.at_start ELSE m.closures END::numeric) AS f (method, premature, base)
   ORDER BY m.district_id, m."group";
END;
COMMENT ON FUNCTION caseload.attrition_rate(date, date, text, text, text, text[]) IS 'Clients whose episode was closed prematurely in a period (by its outcome), in percent of those there before it (method start: only they count), or of all episodes closed in it (closures), with the counts behind it and the closures whose outcome nobody recorded.';

CREATE OR REPLACE FUNCTION caseload.retention_rate(
  from_date date, to_date date, method text DEFAULT 'start', by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, "group" text, method text, at_start integer, came integer, lost integer, lost_of_start integer, at_end integer,
               closures integer, met integer, partly_met integer, kept integer, base integer, percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT m.district_id, m."group", f.method, m.at_start, m.began + m.taken_over, m.discharged + m.transferred, m.lost_of_start, m.at_end,
         m.closures, m.met, m.partly_met, f.kept, f.base, caseload._percent(f.kept, f.base)
    FROM caseload._movements(from_date, to_date, retention_rate.by, in_district, '{}') m
   CROSS JOIN LATERAL (SELECT caseload._choice('method of retention', retention_rate.method, '{start,end_less_new,growth_ratio,goals}'),
                              CASE retention_rate.method WHEN 'start' THEN m.at_start - m.lost_of_start
                                                         WHEN 'end_less_new' THEN m.at_end - m.began - m.taken_over
                                                         WHEN 'growth_ratio' THEN m.at_start + m.began + m.taken_over - m.discharged - m.transferred
                                                         ELSE m.met + m.partly_met END,
                              CASE retention_rate.method WHEN 'goals' THEN m.closures ELSE m.at_start END) AS f (method, kept, base)
   ORDER BY m.district_id, m."group";
END;
COMMENT ON FUNCTION caseload.retention_rate(date, date, text, text, text) IS 'Retention of a period by a named method, with the counts behind it: start = (start - lost of these) / start; end_less_new = (end - new) / start; growth_ratio = (start + new - lost) / start, which is no retention, but sold as such; goals = closures that met their goals wholly or partly / all closures.';

CREATE OR REPLACE FUNCTION caseload.attrition_by_cohort(
  from_date date, to_date date, cohort text DEFAULT 'category', minimum integer DEFAULT 5, in_district text DEFAULT NULL,
  premature text[] DEFAULT '{dropped,declined}')
RETURNS TABLE (district_id text, cohort text, suppressed boolean, at_start integer, premature integer, percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  WITH n AS (
    SELECT s.district_id, CASE p.cohort
                            WHEN 'category' THEN c.category WHEN 'level' THEN t.level WHEN 'grade' THEN c.grade::text ELSE c.low_incidence_class END AS cohort,
           count(*) AS clients, count(*) FILTER (WHERE p.days @> upper(s.stay) AND s.closes AND s.outcome = ANY (attrition_by_cohort.premature)) AS dropped
      FROM (SELECT caseload._days(from_date, to_date), caseload._choice('cohort', attrition_by_cohort.cohort, '{category,level,grade,low_incidence_class}')
            OFFSET 0) AS p (days, cohort)
     CROSS JOIN LATERAL caseload._stays(lower(p.days), upper(p.days) - 1, 'district', in_district) s
      JOIN caseload.client c ON c.district_id = s.district_id AND c.client_id = s.client_id
      LEFT JOIN caseload.site t ON t.district_id = c.district_id AND t.site_id = c.site_id
     WHERE s.stay @> lower(p.days) - 1
     GROUP BY s.district_id, 2
  ), o AS (
    -- what a small cohort has could be had from the district's total and the others: then the next one is not shown, either
    SELECT n.*, coalesce(sum(n.clients) OVER (PARTITION BY n.district_id ORDER BY n.clients, n.cohort ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS smaller
      FROM n
  )
  SELECT o.district_id, o.cohort, x.suppressed, CASE WHEN NOT x.suppressed THEN o.clients::integer END,
         CASE WHEN NOT x.suppressed THEN o.dropped::integer END, CASE WHEN NOT x.suppressed THEN caseload._percent(o.dropped, o.clients) END
    FROM o
   CROSS JOIN LATERAL (SELECT o.clients < greatest(minimum, 1) OR o.smaller > 0 AND o.smaller < minimum) AS x (suppressed)
   ORDER BY o.district_id, o.cohort;
END;
COMMENT ON FUNCTION caseload.attrition_by_cohort(date, date, text, integer, text, text[]) IS 'Attrition (method start) by category, level of the site, grade, or low-incidence class. Cohorts below a minimum of clients are not shown, nor is the next smallest where the others would tell them.';

CREATE OR REPLACE FUNCTION caseload.no_show_rates(from_date date, to_date date, by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, "group" text, booked integer, attended integer, no_shows integer, late_cancels integer, client_cancels integer,
               provider_cancels integer, closures integer, unresolved integer, no_show_percent numeric, missed_percent numeric,
               no_show_percent_of_held numeric, booked_last_year integer, no_show_percent_last_year numeric, missed_percent_last_year numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT n.district_id, n."group", n.booked, n.attended, n.no_shows, n.late_cancels, n.client_cancels, n.provider_cancels, n.closures, n.unresolved,
         caseload._percent(n.no_shows, n.booked), caseload._percent(n.no_shows + n.late_cancels, n.booked), caseload._percent(n.no_shows, n.attended + n.no_shows),
         n.booked_then, caseload._percent(n.no_shows_then, n.booked_then), caseload._percent(n.strikes_then, n.booked_then)
    FROM (SELECT a.district_id,
                 CASE p.by
                   WHEN 'district' THEN a.district_id WHEN 'site' THEN c.site_id WHEN 'discipline' THEN coalesce(v.discipline, t.discipline)
                   WHEN 'therapist' THEN a.therapist_id ELSE to_char(d.day + make_interval(years => p.back), 'YYYY-MM') END AS "group",
                 (count(*) FILTER (WHERE p.back = 0))::integer AS booked,
                 (count(*) FILTER (WHERE p.back = 0 AND a.status IN ('attended', 'late')))::integer AS attended,
                 (count(*) FILTER (WHERE p.back = 0 AND a.status = 'no_show'))::integer AS no_shows,
                 (count(*) FILTER (WHERE p.back = 0 AND a.status = 'late_cancel'))::integer AS late_cancels,
                 (count(*) FILTER (WHERE p.back = 0 AND a.status = 'client_cancel'))::integer AS client_cancels,
                 (count(*) FILTER (WHERE p.back = 0 AND a.status = 'provider_cancel'))::integer AS provider_cancels,
                 (count(*) FILTER (WHERE p.back = 0 AND a.status = 'closure'))::integer AS closures,
                 (count(*) FILTER (WHERE p.back = 0 AND a.status = 'scheduled'))::integer AS unresolved,
                 (count(*) FILTER (WHERE p.back = 1))::integer AS booked_then,
                 (count(*) FILTER (WHERE p.back = 1 AND a.status = 'no_show'))::integer AS no_shows_then,
                 (count(*) FILTER (WHERE p.back = 1 AND a.status IN ('no_show', 'late_cancel')))::integer AS strikes_then
            FROM (SELECT w.by, b.back, d.days, (lower(d.days) - 1)::timestamp AT TIME ZONE 'UTC', (upper(d.days) + 1)::timestamp AT TIME ZONE 'UTC'
                    FROM (SELECT caseload._choice('grouping', no_show_rates.by, '{district,site,discipline,therapist,month}'), caseload._days(from_date, to_date)
                          OFFSET 0) AS w (by, days)
                   CROSS JOIN (VALUES (0), (1)) AS b (back)
                   CROSS JOIN LATERAL (SELECT daterange((lower(w.days) - make_interval(years => b.back))::date,
                                                        (upper(w.days) - 1 - make_interval(years => b.back))::date, '[]')) AS d (days)
                  OFFSET 0) AS p (by, back, days, after, before)
            -- a day more at each end, for zones; then exactly
            JOIN caseload.appointment a ON a.starts_at >= p.after AND a.starts_at < p.before
            JOIN caseload.client c ON c.district_id = a.district_id AND c.client_id = a.client_id
            LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
            LEFT JOIN caseload.therapist t ON t.district_id = a.district_id AND t.therapist_id = a.therapist_id
            LEFT JOIN caseload.service v ON v.district_id = a.district_id AND v.service_id = a.service_id
           CROSS JOIN LATERAL (SELECT (a.starts_at AT TIME ZONE coalesce(s.time_zone, 'UTC'))::date) AS d (day)
           -- what is still to come was booked, but nothing has become of it
           WHERE p.days @> d.day AND (a.status <> 'scheduled' OR d.day < caseload._day(NULL, s.time_zone))
             AND (in_district IS NULL OR a.district_id = in_district)
           GROUP BY a.district_id, 2) n
   -- also where there is no appointment to ask about
   WHERE caseload._days(from_date, to_date) IS NOT NULL
   ORDER BY n.district_id, n."group";
END;
COMMENT ON FUNCTION caseload.no_show_rates(date, date, text, text) IS 'Appointments of a period by what became of them. No-shows (no_show_percent), and no-shows with late cancellations (missed_percent), in percent of all that were booked, whatever became of them, as in client_facts; no-shows in percent of those that took place or should have (of_held); and the same of the days a year before. By district, site, discipline, therapist or month; days of the client''s site.';

CREATE OR REPLACE FUNCTION caseload.year_over_year(as_of date DEFAULT NULL, by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, "group" text, as_of date, clients integer, clients_last_year integer, clients_percent numeric,
               sessions integer, sessions_last_year integer, sessions_percent numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  WITH d AS MATERIALIZED (
    SELECT y.day, (y.day - interval '1 year')::date AS then FROM (SELECT coalesce(year_over_year.as_of, CURRENT_DATE)) AS y (day)
  ), n AS (
    SELECT s.district_id, s."group", 1 AS now, 0 AS then, 0 AS sessions, 0 AS sessions_then
      FROM d CROSS JOIN LATERAL caseload._stays(d.day, d.day, year_over_year.by, in_district) s WHERE s.stay @> d.day
    UNION ALL
    SELECT s.district_id, s."group", 0, 1, 0, 0
      FROM d CROSS JOIN LATERAL caseload._stays(d.then, d.then, year_over_year.by, in_district) s WHERE s.stay @> d.then
    UNION ALL
    SELECT r.district_id, r."group", 0, 0, r.attended, 0
      FROM d CROSS JOIN LATERAL caseload.no_show_rates(date_trunc('month', d.day)::date, d.day, year_over_year.by, in_district) r
    UNION ALL
    SELECT r.district_id, r."group", 0, 0, 0, r.attended
      FROM d CROSS JOIN LATERAL caseload.no_show_rates(date_trunc('month', d.then)::date, d.then, year_over_year.by, in_district) r
  )
  SELECT n.district_id, n."group", d.day, sum(n.now)::integer, sum(n.then)::integer, caseload._percent(sum(n.now) - sum(n.then), sum(n.then)),
         sum(n.sessions)::integer, sum(n.sessions_then)::integer, caseload._percent(sum(n.sessions) - sum(n.sessions_then), sum(n.sessions_then))
    FROM n CROSS JOIN d
   GROUP BY n.district_id, n."group", d.day
   ORDER BY n.district_id, n."group";
END;
COMMENT ON FUNCTION caseload.year_over_year(date, text, text) IS 'Clients as of a date (NULL: today) and sessions of its month so far, beside those of a year before, with the change in percent: seasons, weather and holidays are compared with themselves. By district, site, discipline or therapist.';

CREATE OR REPLACE FUNCTION caseload.forecast_caseload(
  as_of date DEFAULT NULL, step interval DEFAULT '1 year', points integer DEFAULT 3, by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, "group" text, forecast_for date, history integer[], slope numeric, forecast numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  WITH d AS MATERIALIZED (
    SELECT i.i, (y.day - (p.points - i.i) * step)::date AS day
      FROM (SELECT coalesce(forecast_caseload.as_of, CURRENT_DATE)) AS y (day)
     CROSS JOIN (SELECT least(greatest(forecast_caseload.points, 2), 100)) AS p (points)
     -- for its errors about days and steps
     CROSS JOIN LATERAL caseload._steps(y.day, y.day, step) t
     CROSS JOIN LATERAL generate_series(1, p.points) AS i (i)
  ), s AS MATERIALIZED (
    SELECT s.district_id, s."group", s.stay
      FROM (SELECT min(d.day), max(d.day) FROM d) AS w (first, last)
     CROSS JOIN LATERAL caseload._stays(w.first, w.last, forecast_caseload.by, in_district) s
  ), n AS (
    SELECT s.district_id, s."group", d.i, count(*) FILTER (WHERE s.stay @> d.day) AS clients
      FROM d CROSS JOIN s GROUP BY s.district_id, s."group", d.i
  ), r AS (
    -- least squares, exactly
    SELECT n.district_id, n."group", array_agg(n.clients::integer ORDER BY n.i) AS history, avg(n.clients) AS mean, avg(n.i) AS middle, max(n.i) + 1 AS next,
           (count(*) * sum(n.i * n.clients) - sum(n.i) * sum(n.clients)) / nullif(count(*) * sum(n.i * n.i) - sum(n.i) * sum(n.i), 0)::numeric AS slope
      FROM n GROUP BY n.district_id, n."group"
  )
  SELECT r.district_id, r."group", (coalesce(forecast_caseload.as_of, CURRENT_DATE) + step)::date, r.history, round(r.slope, 2),
         greatest(round(r.mean + (r.next - r.middle) * r.slope, 1), 0)
    FROM r
   ORDER BY r.district_id, r."group";
END;
COMMENT ON FUNCTION caseload.forecast_caseload(date, interval, integer, text, text) IS 'Clients one step after a date (NULL: today) by the straight line (least squares) through the caseloads as of the date and the steps before it (2 to 100 points), 0 at least. A line and no more: it knows nothing of policies and budgets.';

-- Ratio, waiting, closing ----------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload.client_therapist_ratio(as_of date DEFAULT NULL, by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, "group" text, clients integer, therapists integer, fte numeric, fte_unknown integer, ratio numeric, ratio_per_fte numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  WITH t AS (
    SELECT t.district_id, t.therapist_id, t.discipline, t.fte
      FROM caseload.therapist t
     WHERE t.employed @> caseload._day(as_of, t.time_zone) AND (in_district IS NULL OR t.district_id = in_district)
  ), c AS (
    SELECT a.district_id, CASE client_therapist_ratio.by WHEN 'site' THEN c.site_id ELSE a.district_id END AS "group", count(*) AS clients
      FROM caseload.active_clients(as_of) a
      JOIN caseload.client c ON c.district_id = a.district_id AND c.client_id = a.client_id
     WHERE caseload._choice('grouping', client_therapist_ratio.by, '{district,site,discipline}') IN ('district', 'site')
       AND (in_district IS NULL OR a.district_id = in_district)
     GROUP BY a.district_id, 2
    UNION ALL
    SELECT a.district_id, a."group", a.clients FROM caseload.caseload_as_of(as_of, client_therapist_ratio.by, in_district) a
     WHERE client_therapist_ratio.by = 'discipline'
  ), p AS (
    SELECT t.district_id, g."group", count(*) AS therapists, sum(t.fte) AS fte, count(*) FILTER (WHERE t.fte IS NULL) AS fte_unknown
      FROM t
      JOIN LATERAL (SELECT CASE client_therapist_ratio.by WHEN 'discipline' THEN t.discipline ELSE t.district_id END AS "group"
                     WHERE client_therapist_ratio.by <> 'site'
                    UNION ALL
                    SELECT DISTINCT f.site_id FROM caseload.service_facts(as_of) f
                     WHERE client_therapist_ratio.by = 'site' AND f.district_id = t.district_id AND f.therapist_id = t.therapist_id) g ON true
     GROUP BY t.district_id, g."group"
  )
  SELECT k.district_id, k."group", coalesce(c.clients, 0)::integer, coalesce(p.therapists, 0)::integer, p.fte, coalesce(p.fte_unknown, 0)::integer,
         round(coalesce(c.clients, 0)::numeric / nullif(p.therapists, 0), 2), round(coalesce(c.clients, 0) / nullif(p.fte, 0), 2)
    FROM (SELECT c.district_id, c."group" FROM c UNION SELECT p.district_id, p."group" FROM p) k
    LEFT JOIN c ON c.district_id = k.district_id AND (c."group" = k."group" OR c."group" IS NULL AND k."group" IS NULL)
    LEFT JOIN p ON p.district_id = k.district_id AND (p."group" = k."group" OR p."group" IS NULL AND k."group" IS NULL)
   ORDER BY k.district_id, k."group";
END;
COMMENT ON FUNCTION caseload.client_therapist_ratio(date, text, text) IS 'Active clients for each therapist and for each FTE as of a date (NULL: today), by district, site (therapists who serve it, wherever else they work) or discipline (clients with a service that somebody gives). A therapist whose FTE is not recorded counts as one therapist and no FTE, and is counted in fte_unknown.';

CREATE OR REPLACE FUNCTION caseload.waiting_list(as_of date DEFAULT NULL, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, discipline text, place integer, client_id text, service_id text, site_id text, level text, waiting_since date,
               days_waiting integer, client_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT f.district_id, f.discipline,
         (row_number() OVER (PARTITION BY f.district_id, f.discipline
                             ORDER BY coalesce(p.priority, 0) DESC, w.since NULLS LAST, f.client_id, f.service_id))::integer,
         f.client_id, f.service_id, f.site_id, f.level, w.since, d.day - w.since, f.client_minutes
    FROM caseload.service_facts(as_of) f
    JOIN caseload.service v ON v.district_id = f.district_id AND v.service_id = f.service_id
    LEFT JOIN caseload.site s ON s.district_id = f.district_id AND s.site_id = f.site_id
   CROSS JOIN LATERAL (SELECT caseload._day(as_of, s.time_zone)) AS d (day)
    JOIN caseload.episode e ON e.district_id = f.district_id AND e.client_id = f.client_id AND e.period @> d.day
   CROSS JOIN LATERAL (SELECT greatest(lower(v.period), lower(e.period))) AS w (since)
    LEFT JOIN caseload.waiting p ON p.district_id = f.district_id AND p.service_id = f.service_id
   WHERE f.waiting AND (in_district IS NULL OR f.district_id = in_district)
   ORDER BY f.district_id, f.discipline, 3;
END;
COMMENT ON FUNCTION caseload.waiting_list(date, text) IS 'Services that nobody gives yet as of a date (NULL: today at the client''s site), by priority (table waiting), then the longest wait of a discipline first. A service waits since it is due without a therapist, and since its client is enrolled; not known since when (NULL): last.';

CREATE OR REPLACE FUNCTION caseload.wait_percentiles(as_of date DEFAULT NULL, by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, "group" text, waiting integer, unknown integer, median numeric, p75 numeric, p90 numeric, longest integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT w.district_id, g."group", count(*)::integer, (count(*) FILTER (WHERE w.days_waiting IS NULL))::integer,
         round((percentile_cont(0.5) WITHIN GROUP (ORDER BY w.days_waiting))::numeric, 1),
         round((percentile_cont(0.75) WITHIN GROUP (ORDER BY w.days_waiting))::numeric, 1),
         round((percentile_cont(0.9) WITHIN GROUP (ORDER BY w.days_waiting))::numeric, 1), max(w.days_waiting)
    FROM caseload.waiting_list(as_of, in_district) w
   CROSS JOIN LATERAL (SELECT CASE caseload._choice('grouping', wait_percentiles.by, '{district,site,discipline}')
                                WHEN 'site' THEN w.site_id WHEN 'discipline' THEN w.discipline ELSE w.district_id END) AS g ("group")
   GROUP BY w.district_id, g."group"
   ORDER BY w.district_id, g."group";
END;
COMMENT ON FUNCTION caseload.wait_percentiles(date, text, text) IS 'Days that services have waited as of a date (NULL: today): median, 75th and 90th percentile (interpolated), longest; by district, site or discipline. unknown: not known since when, and left out.';

CREATE OR REPLACE FUNCTION caseload.closure_lag(from_date date, to_date date, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, client_id text, episode integer, rule_name text, met_on date, closed_on date, closure_lag_days integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT DISTINCT ON (e.district_id, e.client_id, e.episode) e.district_id, e.client_id, e.episode, f.rule_name, f.raised_on, c.closed_on,
         coalesce(c.closed_on, upper(p.days) - 1) - f.raised_on
    FROM (SELECT caseload._days(from_date, to_date) OFFSET 0) AS p (days)
    JOIN caseload.episode e ON e.period && p.days OR p.days @> upper(e.period)
   CROSS JOIN LATERAL (SELECT CASE WHEN p.days @> upper(e.period) THEN upper(e.period) END) AS c (closed_on)
    -- the flag stood when the episode was closed, or stands on the last day
    JOIN caseload.flag f ON f.district_id = e.district_id AND f.client_id = e.client_id AND f.episode = e.episode AND f.subject = 'client'
     AND f.action = 'close' AND f.state <> 'dismissed' AND f.raised_on <= coalesce(c.closed_on, upper(p.days) - 1)
     AND (f.cleared_on IS NULL OR f.cleared_on >= coalesce(c.closed_on, upper(p.days)))
   WHERE (in_district IS NULL OR e.district_id = in_district) AND (c.closed_on IS NOT NULL OR upper(e.period) > upper(p.days) - 1 OR upper_inf(e.period))
   ORDER BY e.district_id, e.client_id, e.episode, f.raised_on, f.rule_name;
END;
COMMENT ON FUNCTION caseload.closure_lag(date, date, text) IS 'Episodes that were closed in a period after a rule had proposed it, and those that a flag proposes to close on its last day (closed_on NULL), with the days since the first such flag was raised. Without dismissed flags.';

CREATE OR REPLACE FUNCTION caseload.retention_screen(
  as_of date DEFAULT NULL, in_therapist text DEFAULT NULL, in_district text DEFAULT NULL,
  low_utilization numeric DEFAULT 0.7, frequent_percent numeric DEFAULT 20, many_removals_30d integer DEFAULT 3)
RETURNS TABLE (district_id text, therapist_id text, low_caseload boolean, frequent_no_shows boolean, many_removals boolean, hard_to_fill boolean, yes integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT f.district_id, f.therapist_id, q.low_caseload, q.frequent_no_shows, q.many_removals, q.hard_to_fill,
         coalesce(q.low_caseload, false)::integer + coalesce(q.frequent_no_shows, false)::integer + coalesce(q.many_removals, false)::integer
         + coalesce(q.hard_to_fill, false)::integer
    FROM caseload.therapist_facts(as_of) f
    LEFT JOIN (SELECT w.district_id, w.discipline, count(*) AS waiting FROM caseload.service_facts(as_of) w
                WHERE w.waiting GROUP BY w.district_id, w.discipline) w ON w.district_id = f.district_id AND w.discipline = f.discipline
   CROSS JOIN LATERAL (SELECT f.utilization <= low_utilization, f.no_show_rate >= frequent_percent::double precision, f.closed_30d >= many_removals_30d,
                              f.headroom_minutes > 0 AND w.waiting IS NULL) AS q (low_caseload, frequent_no_shows, many_removals, hard_to_fill)
   WHERE (in_therapist IS NULL OR f.therapist_id = in_therapist) AND (in_district IS NULL OR f.district_id = in_district)
   ORDER BY f.district_id, f.therapist_id;
END;
COMMENT ON FUNCTION caseload.retention_screen(date, text, text, numeric, numeric, integer) IS 'The four questions about retention for each therapist as of a date (NULL: today), and how many are to be answered with yes: a low caseload (at most 70 % of capacity), frequent no-shows (20 % or more), many removals (3 or more episodes ended in 30 days), and room that is hard to fill (nobody of the discipline waits). NULL = not known. Any yes: retention may suffer.';

CREATE OR REPLACE FUNCTION caseload.service_efficiency(service_hours numeric, billed_hours numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT round(service_hours / nullif(billed_hours, 0), 2);
END;
COMMENT ON FUNCTION caseload.service_efficiency(numeric, numeric) IS 'Hours of service that students got for each hour billed: 40 from 25 are 1.60. (PTS; elsewhere efficiency is the share of hours that is billed.) NULL where nothing was billed.';

CREATE OR REPLACE FUNCTION caseload.new_clients_needed(
  target_utilization numeric DEFAULT 1, as_of date DEFAULT NULL, in_district text DEFAULT NULL,
  target_slots numeric DEFAULT NULL, target_clients integer DEFAULT NULL, max_overflow_probability double precision DEFAULT 0.1)
RETURNS TABLE (district_id text, therapist_id text, discipline text, unit text, has numeric, closing numeric, closing_clients integer, target numeric,
               headroom numeric, per_client numeric, wanted integer, no_show_percent numeric, ask integer, expected numeric, p_overflow numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100
BEGIN ATOMIC
  WITH u AS (
    -- a target that is no number is none
    SELECT CASE WHEN target_clients IS NOT NULL THEN 'clients' WHEN target_slots IS NOT NULL THEN 'slots' ELSE 'minutes' END AS unit,
           CASE WHEN target_utilization NOT IN ('NaN', 'Infinity', '-Infinity') THEN target_utilization END AS target_utilization,
           CASE WHEN target_slots NOT IN ('NaN', 'Infinity', '-Infinity') THEN target_slots END AS target_slots
  ), z AS MATERIALIZED (
    -- who is proposed to be closed; each once, whatever the number of rules
    SELECT DISTINCT f.district_id, f.client_id FROM caseload.flags(as_of, in_district) f
     WHERE f.subject = 'client' AND f.action = 'close' AND f.state <> 'dismissed'
  ), c AS (
    SELECT v.district_id, v.therapist_id, sum(v.therapist_minutes) AS minutes, sum(v.weekly_sessions / v.group_size) AS slots,
           count(DISTINCT v.client_id) AS clients
      FROM caseload.service_facts(as_of) v
      JOIN z ON z.district_id = v.district_id AND z.client_id = v.client_id
     WHERE v.therapist_id IS NOT NULL
     GROUP BY v.district_id, v.therapist_id
  ), t AS (
    SELECT f.district_id, f.therapist_id, f.discipline, u.unit, f.fte, f.clients, f.no_show_rate,
           CASE u.unit WHEN 'minutes' THEN f.weekly_minutes WHEN 'slots' THEN f.weekly_slots ELSE f.clients END AS has,
           coalesce(CASE u.unit WHEN 'minutes' THEN c.minutes WHEN 'slots' THEN c.slots ELSE c.clients END, 0) AS closing, coalesce(c.clients, 0) AS closing_clients,
           CASE u.unit WHEN 'minutes' THEN f.capacity_minutes * u.target_utilization WHEN 'slots' THEN f.fte * u.target_slots ELSE f.fte * target_clients END AS target
      FROM u
     CROSS JOIN caseload.therapist_facts(as_of) f
      LEFT JOIN c ON c.district_id = f.district_id AND c.therapist_id = f.therapist_id
     WHERE in_district IS NULL OR f.district_id = in_district
  ), m AS (
    -- who has no clients is expected to get such as the colleagues have
    SELECT t.*, t.target - (t.has - t.closing) AS headroom,
           CASE t.unit WHEN 'clients' THEN 1
                ELSE coalesce(t.has / nullif(t.clients, 0), sum(t.has) OVER d / nullif(sum(t.clients) OVER d, 0)) END AS per_client
      FROM t WINDOW d AS (PARTITION BY t.district_id, t.discipline)
  ), w AS (
    -- whoever has no FTE has no target
    SELECT m.*, CASE WHEN m.headroom IS NOT NULL AND m.per_client > 0 THEN least(greatest(floor(m.headroom / m.per_client), 0), 10000)::integer END AS wanted FROM m
  )
  SELECT w.district_id, w.therapist_id, w.discipline, w.unit, round(w.has, 2), round(w.closing, 2), w.closing_clients::integer, round(w.target, 2), round(w.headroom, 2),
         round(w.per_client, 2), w.wanted, round(w.no_show_rate::numeric, 2), coalesce(o.ask, CASE WHEN w.wanted = 0 THEN 0 END), round(o.expected::numeric, 2),
         round(o.p_overflow::numeric, 4)
    FROM w
    LEFT JOIN LATERAL caseload.overbook(nullif(w.wanted, 0), coalesce(w.no_show_rate, 0) / 100, max_overflow_probability) o ON true
   ORDER BY w.district_id, w.discipline, w.therapist_id;
END;
COMMENT ON FUNCTION caseload.new_clients_needed(numeric, date, text, numeric, integer, double precision) IS 'How many new clients bring each therapist to a target as of a date (NULL: today): a utilization, or weekly slots or clients of a full-time position. Headroom is the target less what stays when clients whom a flag proposes to close are gone; wanted is how many clients of the usual size fit into it, ask how many to ask with the therapist''s own no-show rate, so that more come than wanted with at most this probability (overbook).';
