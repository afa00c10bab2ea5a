--| ordinary
-- The week: schedules in one format, what they leave idle, who could be seen together, what fits, and whom to call. See docs/week.md.

-- Schedules -------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload.import_schedule(
  therapist_id text, rows jsonb, valid daterange DEFAULT '(,)', district_id text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  district text := caseload._therapist_district(therapist_id, district_id);
  next     record;
  strange  text;
  done     integer := 0;
BEGIN
  IF rows IS NULL OR jsonb_typeof(rows) <> 'array' THEN
    RAISE EXCEPTION 'a schedule must be an array of rows'
      USING ERRCODE = 'invalid_parameter_value', HINT = '[{"client_id": "C1", "during": "Mon 9:00-9:30", "delivery": "small_group_ok"}]';
  END IF;
  FOR next IN SELECT r.value AS line, r.ordinality AS n FROM jsonb_array_elements(rows) WITH ORDINALITY r LOOP
    strange := (SELECT min(k.key) FROM jsonb_object_keys(CASE jsonb_typeof(next.line) WHEN 'object' THEN next.line ELSE '{"row": null}' END) AS k (key)
                 WHERE k.key NOT IN ('slot_id', 'client_id', 'during', 'delivery', 'low_incidence_class', 'site_id', 'service_id', 'time_zone'));
    IF strange IS NOT NULL THEN
      RAISE EXCEPTION 'unknown column "%" in row % of a schedule', strange, next.n
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Columns are slot_id, client_id, during, delivery, low_incidence_class, site_id, service_id, time_zone.';
    ELSIF coalesce(next.line ->> 'client_id', '') = '' THEN
      RAISE EXCEPTION 'row % of the schedule names no student', next.n
        USING ERRCODE = 'TS001', DETAIL = 'A chart of buildings and days does not say who is seen when, and whether alone.',
              HINT = 'Ask for client_id, during, delivery and low_incidence_class of every student.';
    ELSIF NOT EXISTS (SELECT FROM caseload.client c WHERE c.district_id = district AND c.client_id = next.line ->> 'client_id') THEN
      RAISE EXCEPTION 'client "%" does not exist', next.line ->> 'client_id'
        USING ERRCODE = 'foreign_key_violation', DETAIL = format('It is row %s of the schedule.', next.n), HINT = 'Add the client first.';
    ELSIF next.line ->> 'low_incidence_class' IS NOT NULL AND NOT EXISTS (
        SELECT FROM caseload.low_incidence_class l WHERE l.class_name = next.line ->> 'low_incidence_class') THEN
      RAISE EXCEPTION 'unknown low-incidence class "%"', next.line ->> 'low_incidence_class'
        USING ERRCODE = 'foreign_key_violation', DETAIL = format('It is row %s of the schedule.', next.n),
              HINT = 'SELECT class_name FROM caseload.low_incidence_class lists them; others may be added.';
    END IF;
    INSERT INTO caseload.schedule_slot (district_id, slot_id, therapist_id, client_id, during, delivery, low_incidence_class, site_id, service_id, time_zone, valid)
      VALUES (district, coalesce(next.line ->> 'slot_id', gen_random_uuid()::text), therapist_id, next.line ->> 'client_id',
              (next.line ->> 'during')::caseload.availability, (next.line ->> 'delivery')::caseload.delivery, next.line ->> 'low_incidence_class',
              next.line ->> 'site_id', next.line ->> 'service_id', next.line ->> 'time_zone', valid);
    done := done + 1;
  END LOOP;
  RETURN done;
END
$$;
COMMENT ON FUNCTION caseload.import_schedule(text, jsonb, daterange, text) IS 'Stores the schedule of a therapist, an array of rows with client_id, during, delivery, low_incidence_class (and site_id, service_id, time_zone, slot_id), all or none of it. A row that names no student is refused (TS001); what is missing otherwise shows in schedule_format_gaps.';

CREATE OR REPLACE VIEW caseload.schedule_format_gaps WITH (security_barrier = true, security_invoker = true) AS
  SELECT s.district_id, s.therapist_id, s.slot_id, s.client_id,
         concat_ws(', ', CASE WHEN s.during IS NULL THEN 'during' END, CASE WHEN s.delivery IS NULL THEN 'delivery' END) AS missing
    FROM caseload.schedule_slot s
   WHERE s.during IS NULL OR s.delivery IS NULL;
COMMENT ON VIEW caseload.schedule_format_gaps IS 'Rows of schedules that lack the treatment time, or whether the student is seen alone.';
COMMENT ON COLUMN caseload.schedule_format_gaps.district_id IS 'The district.';
COMMENT ON COLUMN caseload.schedule_format_gaps.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.schedule_format_gaps.slot_id IS 'The row.';
COMMENT ON COLUMN caseload.schedule_format_gaps.client_id IS 'The student.';
COMMENT ON COLUMN caseload.schedule_format_gaps.missing IS 'Columns that are missing: during, delivery.';

CREATE OR REPLACE FUNCTION caseload.schedule_completeness(as_of date DEFAULT CURRENT_DATE, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, therapist_id text, slots integer, gaps integer, completeness numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT s.district_id, s.therapist_id, count(*)::integer, (count(*) FILTER (WHERE s.during IS NULL OR s.delivery IS NULL))::integer,
         round(100.0 * count(*) FILTER (WHERE s.during IS NOT NULL AND s.delivery IS NOT NULL) / count(*), 1)
    FROM caseload.schedule_slot s
   WHERE s.valid @> as_of AND (in_district IS NULL OR s.district_id = in_district)
   GROUP BY s.district_id, s.therapist_id
   ORDER BY s.district_id, s.therapist_id;
END;
COMMENT ON FUNCTION caseload.schedule_completeness(date, text) IS 'Rows of each therapist''s schedule as of a date, how many lack the time or whether the student is seen alone, and the percentage that lacks nothing. No row: no schedule.';

CREATE OR REPLACE FUNCTION caseload.slot_conflicts(as_of date DEFAULT CURRENT_DATE, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, conflict text, slot_id text, other_slot_id text, therapist_id text, client_id text, during caseload.availability, zone text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  WITH slot AS MATERIALIZED (
    SELECT s.district_id, s.slot_id, s.therapist_id, s.client_id, s.during, s.delivery, z.zone,
           caseload.at_zone(s.during, z.zone, 'UTC', as_of) AS absolute
      FROM caseload.schedule_slot s
     CROSS JOIN LATERAL (SELECT caseload._slot_zone(s)) AS z (zone)
     WHERE s.during IS NOT NULL AND s.valid @> as_of AND (in_district IS NULL OR s.district_id = in_district)
  )
  SELECT a.district_id, x.conflict, a.slot_id, b.slot_id, a.therapist_id, a.client_id,
         caseload.at_zone(a.absolute * b.absolute, 'UTC', a.zone, as_of), a.zone
    FROM slot a
    JOIN slot b ON b.district_id = a.district_id AND b.slot_id > a.slot_id AND (b.therapist_id = a.therapist_id OR b.client_id = a.client_id)
   CROSS JOIN LATERAL (SELECT CASE WHEN b.therapist_id <> a.therapist_id OR b.client_id = a.client_id THEN 'client in two places'
                                   WHEN a.absolute <> b.absolute THEN 'therapist in two places'
                                   WHEN 'individual_required' IN (a.delivery, b.delivery) THEN 'group with somebody who must be seen alone' END) AS x (conflict)
   WHERE a.absolute && b.absolute AND x.conflict IS NOT NULL
  UNION ALL
  SELECT a.district_id, 'outside the hours for direct work', a.slot_id, NULL, a.therapist_id, a.client_id,
         caseload.at_zone(a.absolute - h.hours, 'UTC', a.zone, as_of), a.zone
    FROM slot a
    JOIN caseload.therapist t ON t.district_id = a.district_id AND t.therapist_id = a.therapist_id
   CROSS JOIN LATERAL (SELECT caseload.at_zone(caseload._availability_on(a.district_id, a.therapist_id, as_of), coalesce(t.time_zone, a.zone), 'UTC', as_of)) AS h (hours)
   WHERE NOT h.hours @> a.absolute
   ORDER BY 1, 3, 4;
END;
COMMENT ON FUNCTION caseload.slot_conflicts(date, text) IS 'What does not go together in schedules in the week of a date, in absolute time: a therapist or a client in two places, a group with somebody who must be seen alone, a session outside the confirmed hours. What the trigger of schedule_slot refuses can come about later: clocks, zones and hours change. during has the time in question.';

CREATE OR REPLACE FUNCTION caseload.idle_blocks(
  therapist_id text, min_minutes integer DEFAULT 60, within text DEFAULT 'always', as_of date DEFAULT CURRENT_DATE, district_id text DEFAULT NULL)
RETURNS TABLE (day integer, day_name text, begins time, ends time, minutes integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  district text := caseload._therapist_district(idle_blocks.therapist_id, idle_blocks.district_id);
BEGIN
  IF min_minutes IS NULL OR min_minutes NOT BETWEEN 1 AND 10080 THEN
    RAISE EXCEPTION 'min_minutes must be between 1 and 10080' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    SELECT i.day, i.day_name, i.begins, i.ends, i.minutes
      FROM (SELECT CASE WHEN d.direct IS NULL THEN d.other WHEN d.other IS NULL THEN d.direct ELSE caseload.availability_add(d.direct, d.other) END AS hours
              FROM (SELECT caseload._availability_on(district, idle_blocks.therapist_id, as_of) AS direct,
                           caseload._availability_on(district, idle_blocks.therapist_id, as_of, 'other') AS other) d) h
     CROSS JOIN LATERAL (
           SELECT coalesce(caseload.availability_union(caseload.at_zone(s.during, z.zone, coalesce(t.time_zone, z.zone), as_of)), 'never'::caseload.availability) AS taken
             FROM caseload.schedule_slot s
             JOIN caseload.therapist t ON t.district_id = s.district_id AND t.therapist_id = s.therapist_id
            CROSS JOIN LATERAL (SELECT caseload._slot_zone(s)) AS z (zone)
            WHERE s.district_id = district AND s.therapist_id = idle_blocks.therapist_id AND s.during IS NOT NULL AND s.valid @> as_of) k
     CROSS JOIN LATERAL caseload.intervals(caseload.availability_intersect(caseload.availability_subtract(h.hours, k.taken), within::caseload.availability)) i
     WHERE i.minutes >= min_minutes;
END
$$;
COMMENT ON FUNCTION caseload.idle_blocks(text, integer, text, date, text) IS 'Blocks of a therapist''s hours (for direct work and other) without any student, of so many minutes at least, within given times of the week, by the therapist''s clock. No row where no hours are recorded.';

-- Who could be seen together ----------------------------------------------------------------------------------------------------

-- One row for each service of a therapist: what a session of it is, and when the client can be seen, by the clock of the client's site.
CREATE OR REPLACE FUNCTION caseload._week_services(in_district text, in_therapist text, as_of date)
RETURNS TABLE (service_id text, client_id text, site_id text, zone text, discipline text, dosage caseload.dosage, delivery text, group_size integer,
               grade integer, low_incidence boolean, therapist_minutes numeric, sessions integer, minutes integer, hours caseload.availability)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
  SELECT f.service_id, f.client_id, f.site_id, s.time_zone, f.discipline, v.dosage, f.delivery, f.group_size, f.grade, f.low_incidence, f.therapist_minutes,
         greatest(ceil(coalesce(f.weekly_sessions, f.client_minutes / m.minutes)), 1)::integer, m.minutes, coalesce(c.availability, s.availability)
    FROM caseload.service_facts(as_of) f
    JOIN caseload.service v ON v.district_id = f.district_id AND v.service_id = f.service_id
    JOIN caseload.client c ON c.district_id = f.district_id AND c.client_id = f.client_id
    LEFT JOIN caseload.site s ON s.district_id = f.district_id AND s.site_id = f.site_id
   CROSS JOIN LATERAL (SELECT least(CASE WHEN caseload.sessions(v.dosage) IS NOT NULL THEN caseload.minutes(v.dosage)
                                         ELSE caseload.policy_value(f.district_id, 'session_minutes', coalesce(as_of, CURRENT_DATE), f.discipline)::integer END, 1440)) AS m (minutes)
   WHERE f.district_id = in_district AND f.therapist_id = in_therapist;
END;
COMMENT ON FUNCTION caseload._week_services(text, text, date) IS 'Internal: the services of a therapist as sessions of a week, each rounded up to whole sessions, with the hours of the client.';

CREATE OR REPLACE FUNCTION caseload.group_candidates(
  therapist_id text, as_of date DEFAULT NULL, group_size integer DEFAULT 4, grade_span integer DEFAULT 1, preparation_minutes numeric DEFAULT 0,
  district_id text DEFAULT NULL)
RETURNS TABLE (site_id text, discipline text, dosage caseload.dosage, group_number integer, clients text[], service_ids text[], grades integer[],
               minutes_now numeric, minutes_grouped numeric, minutes_freed numeric, in_common caseload.availability, sessions_now integer,
               sessions_grouped integer, sessions_least integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  district text := caseload._therapist_district(group_candidates.therapist_id, group_candidates.district_id);
BEGIN
  IF (preparation_minutes >= 0) IS NOT TRUE OR preparation_minutes = 'NaN' THEN
    RAISE EXCEPTION 'preparation_minutes must not be negative' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    WITH own AS (
      SELECT caseload._availability_on(district, group_candidates.therapist_id, coalesce(as_of, CURRENT_DATE)) AS hours, t.time_zone AS zone
        FROM caseload.therapist t WHERE t.district_id = district AND t.therapist_id = group_candidates.therapist_id
    ), line AS (
      SELECT w.*, CASE WHEN w.hours IS NULL THEN o.there WHEN o.there IS NULL THEN w.hours ELSE caseload.availability_intersect(w.hours, o.there) END AS hours_both
        FROM caseload._week_services(district, group_candidates.therapist_id, as_of) w
       CROSS JOIN own
       CROSS JOIN LATERAL (SELECT CASE WHEN own.zone IS NULL OR w.zone IS NULL THEN own.hours
                                       ELSE caseload.at_zone(own.hours, own.zone, w.zone, coalesce(as_of, CURRENT_DATE)) END AS there) o
       WHERE w.delivery = 'small_group_ok' AND w.group_size = 1 AND NOT w.low_incidence AND w.dosage IS NOT NULL
    ), cohort AS (
      SELECT l.site_id, l.discipline, l.dosage, min(l.therapist_minutes) AS minutes, max(l.sessions) AS sessions,
             array_agg(l.client_id ORDER BY l.grade NULLS LAST, l.client_id, l.service_id) AS clients,
             array_agg(l.service_id ORDER BY l.grade NULLS LAST, l.client_id, l.service_id) AS service_ids,
             array_agg(l.grade ORDER BY l.grade NULLS LAST, l.client_id, l.service_id) AS grades,
             array_agg(l.hours_both ORDER BY l.grade NULLS LAST, l.client_id, l.service_id) AS hours,
             max(l.minutes) AS session_minutes
        FROM line l
       GROUP BY l.site_id, l.discipline, l.dosage
    ), covered AS (
      SELECT c.*, g.groups, g.group_count, g.fewest
        FROM cohort c
       CROSS JOIN LATERAL caseload._group_cover(c.grades, c.hours, c.session_minutes, c.sessions, group_candidates.group_size, grade_span) g
    )
    SELECT c.site_id, c.discipline, c.dosage, m.n, array_agg(m.client_id ORDER BY m.place), array_agg(m.service_id ORDER BY m.place),
           array_agg(m.grade ORDER BY m.place), round(count(*) * c.minutes, 2),
           round(c.minutes + CASE WHEN count(*) > 1 THEN preparation_minutes ELSE 0 END, 2),
           round((count(*) - 1) * c.minutes - CASE WHEN count(*) > 1 THEN preparation_minutes ELSE 0 END, 2),
           caseload.availability_intersection(m.hours), cardinality(c.clients), c.group_count, c.fewest
      FROM covered c
     CROSS JOIN LATERAL unnest(c.groups, c.clients, c.service_ids, c.grades, c.hours) WITH ORDINALITY AS m (n, client_id, service_id, grade, hours, place)
     GROUP BY c.site_id, c.discipline, c.dosage, c.clients, c.minutes, c.group_count, c.fewest, m.n
     ORDER BY c.site_id, c.discipline, c.dosage, m.n;
END
$$;
COMMENT ON FUNCTION caseload.group_candidates(text, date, integer, integer, numeric, text) IS 'Who of a therapist''s clients is seen alone though the plan permits a small group, and in the fewest groups in which they could be seen: of one site, discipline and dosage, not in a low-incidence class, grades at most grade_span apart, with time in common for all sessions of a week. One row for each group (those of one stay alone), with minutes a week now, grouped, and freed (less preparation for each group of two or more). sessions_least is the fewest possible; it is reached for up to 20 clients of a cohort.';

CREATE OR REPLACE FUNCTION caseload.plan_options(as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_discipline text DEFAULT NULL)
RETURNS TABLE (option_id text, therapist_id text, kind text, service_ids text[], freed numeric, cost integer)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 200
BEGIN ATOMIC
  SELECT array_to_string(g.service_ids, ' + '), t.therapist_id, 'group', g.service_ids, g.minutes_freed, 1
    FROM caseload.plan_therapists(plan_options.as_of, plan_options.in_district, plan_options.in_discipline) t
   CROSS JOIN LATERAL caseload.group_candidates(t.therapist_id, plan_options.as_of, district_id => (SELECT caseload._plan_district(plan_options.in_district))) g
   WHERE t.fte > 0 AND g.minutes_freed > 0 AND (plan_options.in_discipline IS NULL OR g.discipline = plan_options.in_discipline);
END;
COMMENT ON FUNCTION caseload.plan_options(date, text, text) IS 'The groups that group_candidates() finds for each therapist of a plan over the tables, with the minutes a week that each would free, as options of rebalance(): options => ''SELECT * FROM caseload.plan_options($1, $2, $3)''. A group costs 1.';

CREATE OR REPLACE FUNCTION caseload.pack_week(
  therapist_id text, as_of date DEFAULT NULL, step integer DEFAULT 15, effort integer DEFAULT 200000, district_id text DEFAULT NULL)
RETURNS TABLE (session integer, clients text[], service_ids text[], minutes integer, placed boolean, day integer, day_name text, begins time, ends time,
               starts integer, verdict text, hall text, placed_minutes integer, bound_minutes integer, optimal boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 50
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  district text := caseload._therapist_district(pack_week.therapist_id, pack_week.district_id);
  on_day   date := coalesce(as_of, CURRENT_DATE);
  hours    caseload.availability := caseload._availability_on(district, pack_week.therapist_id, on_day);
BEGIN
  IF hours IS NULL THEN
    RAISE EXCEPTION 'the hours of therapist "%" are not recorded', pack_week.therapist_id
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Set therapist.availability, or enter and confirm a row of therapist_availability.';
  END IF;
  RETURN QUERY
    WITH line AS (
      -- who shares a session is not recorded: those of one site and dosage, in the order of their ids
      SELECT w.*, (row_number() OVER (PARTITION BY w.site_id, w.discipline, w.dosage, w.delivery, w.group_size ORDER BY w.client_id, w.service_id) - 1) / w.group_size AS part,
             CASE WHEN w.hours IS NULL THEN NULL WHEN w.zone IS NULL OR t.time_zone IS NULL THEN w.hours
                  ELSE caseload.at_zone(w.hours, w.zone, t.time_zone, on_day) END AS own_clock
        FROM caseload._week_services(district, pack_week.therapist_id, as_of) w
        JOIN caseload.therapist t ON t.district_id = district AND t.therapist_id = pack_week.therapist_id
       WHERE w.delivery <> 'consult' AND w.dosage IS NOT NULL
    ), together AS (
      SELECT array_agg(l.client_id ORDER BY l.client_id, l.service_id) AS clients, array_agg(l.service_id ORDER BY l.client_id, l.service_id) AS service_ids,
             max(l.minutes) AS minutes, max(l.sessions) AS sessions, caseload.availability_intersection(l.own_clock) AS hours,
             (row_number() OVER (ORDER BY min(l.client_id), min(l.service_id)))::integer AS n
        FROM line l
       GROUP BY l.site_id, l.discipline, l.dosage, l.delivery, l.group_size, l.part
    ), session AS (
      SELECT g.clients, g.service_ids, g.minutes, g.hours, CASE WHEN g.sessions <= 7 THEN g.n ELSE 0 END AS apart,
             (row_number() OVER (ORDER BY g.n, i.i))::integer AS session
        FROM together g CROSS JOIN LATERAL generate_series(1, g.sessions) AS i (i)
    ), input AS (
      SELECT coalesce(array_agg(s.hours ORDER BY s.session), '{}') AS windows, coalesce(array_agg(s.minutes ORDER BY s.session), '{}') AS minutes,
             coalesce(array_agg(s.apart ORDER BY s.session), '{}') AS apart
        FROM session s
    )
    SELECT s.session, s.clients, s.service_ids, s.minutes, p.placed, p.day, p.day_name, p.begins, p.ends, p.starts, p.verdict, p.hall,
           p.placed_minutes, p.bound_minutes, p.optimal
      FROM input i
     CROSS JOIN LATERAL caseload._pack_sessions(hours, i.windows, i.minutes, i.apart, pack_week.step, pack_week.effort) p
      JOIN session s ON s.session = p.session
     ORDER BY p.placed DESC, p.day, p.begins, s.session;
END
$$;
COMMENT ON FUNCTION caseload.pack_week(text, date, integer, integer, text) IS 'The sessions of a therapist''s week (each service rounded up to whole sessions, groups of one site and dosage together, those of one service on different days, consultation left out) put into the hours for direct work and those of the clients, by the therapist''s clock. What finds no place has a verdict: no_opening, short_of_time (hall says how much time the sessions share that need more) or fragmented. bound_minutes is the most that could be placed if sessions could be cut; optimal: nothing better exists. Minutes in fives. 55000 where the hours are not recorded.';

-- How many fit -------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload.students_that_fit(hours numeric, session_minutes integer DEFAULT 30, group_size integer DEFAULT 1)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN hours >= 0 AND hours <= 168 AND session_minutes > 0 AND group_size > 0
              THEN (floor(hours * 60 / session_minutes) * group_size)::integer END;
END;
COMMENT ON FUNCTION caseload.students_that_fit(numeric, integer, integer) IS 'Students who get one session a week in so many direct hours, alone or in groups: 20 hours and 30 minutes are 40, in pairs 80. NULL for what is no week.';

CREATE OR REPLACE FUNCTION caseload.students_that_fit(availability caseload.availability, session_minutes integer DEFAULT 30, group_size integer DEFAULT 1)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN session_minutes BETWEEN 1 AND 10080 AND group_size > 0 THEN caseload.opening_count(availability, session_minutes) * group_size END;
END;
COMMENT ON FUNCTION caseload.students_that_fit(caseload.availability, integer, integer) IS 'The same in given times of the week: only whole sessions within one of its intervals count.';

CREATE OR REPLACE FUNCTION caseload.show_probabilities(as_of date DEFAULT NULL, in_district text DEFAULT NULL, prior_weight numeric DEFAULT 10)
RETURNS TABLE (district_id text, client_id text, booked integer, shown integer, practice_rate numeric, show_probability numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
  SELECT f.district_id, f.client_id, f.appointments, f.appointments - f.strikes, round(p.rate, 6),
         round((f.appointments - f.strikes + prior_weight * p.rate) / nullif(f.appointments + prior_weight, 0), 6)
    FROM (SELECT f.district_id, f.client_id, f.appointments, f.strikes,
                 sum(f.appointments - f.strikes) OVER w / nullif(sum(f.appointments) OVER w, 0)::numeric AS rate
            FROM caseload.client_facts(as_of) f
           WHERE in_district IS NULL OR f.district_id = in_district
          WINDOW w AS (PARTITION BY f.district_id)) f
   CROSS JOIN LATERAL (SELECT f.rate) AS p (rate)
   WHERE prior_weight >= 0;
END;
COMMENT ON FUNCTION caseload.show_probabilities(date, text, numeric) IS 'How likely each client is to appear, as of a date (NULL: today): appointments without strikes among all, drawn towards the rate of the district as if prior_weight appointments had gone like that (beta-binomial), so that who is new is neither 0 nor 1. NULL where the district has no appointments.';

CREATE OR REPLACE FUNCTION caseload.backfill(
  therapist_id text, starts_at timestamptz, minutes integer DEFAULT 30, district_id text DEFAULT NULL, target_probability numeric DEFAULT 0.9)
RETURNS TABLE (place integer, client_id text, service_id text, waiting boolean, overdue_minutes numeric, days_unseen integer, show_probability numeric,
               p_filled numeric, enough boolean)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 20
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  district text := caseload._therapist_district(backfill.therapist_id, backfill.district_id);
  on_day   date;
BEGIN
  IF backfill.starts_at IS NULL OR NOT isfinite(backfill.starts_at) THEN
    RAISE EXCEPTION 'a slot needs a time' USING ERRCODE = 'invalid_parameter_value', HINT = 'backfill(therapist_id, starts_at, minutes)';
  ELSIF backfill.minutes IS NULL OR backfill.minutes NOT BETWEEN 1 AND 1440 THEN
    RAISE EXCEPTION 'minutes of a session must be between 1 and %', 1440 USING ERRCODE = 'invalid_parameter_value';
  END IF;
  on_day := (SELECT (backfill.starts_at AT TIME ZONE coalesce(t.time_zone, 'UTC'))::date FROM caseload.therapist t
              WHERE t.district_id = district AND t.therapist_id = backfill.therapist_id);
  RETURN QUERY
    WITH line AS (
      SELECT v.service_id, v.client_id, v.therapist_id IS NULL AS waiting, f.client_minutes, v.day - greatest(lower(v.period), lower(e.period)) AS days_due,
             coalesce(c.availability, s.availability) AS hours, coalesce(s.time_zone, 'UTC') AS zone
        FROM caseload.therapist t
        JOIN caseload._services_due(on_day, 0) v ON v.district_id = t.district_id AND v.discipline = t.discipline
                                                 AND (v.therapist_id IS NULL OR v.therapist_id = t.therapist_id)
        JOIN caseload.service_facts(on_day) f ON f.district_id = v.district_id AND f.service_id = v.service_id
        JOIN caseload.client c ON c.district_id = v.district_id AND c.client_id = v.client_id
        JOIN caseload.episode e ON e.district_id = v.district_id AND e.client_id = v.client_id AND e.period @> v.day
        LEFT JOIN caseload.site s ON s.district_id = v.district_id AND s.site_id = c.site_id
       WHERE t.district_id = district AND t.therapist_id = backfill.therapist_id
         AND (v.therapist_id IS NOT NULL OR EXISTS (
               SELECT FROM caseload._eligible_therapists(v.district_id, v.service_id, v.client_id, v.discipline, v.delivery, v.tier::integer, v.group_size,
                                                         v.dosage, v.therapist_id, lower(v.period), upper(v.period), v.day, false) p
                WHERE p.candidate_id = t.therapist_id AND p.permitted))
    ), fit AS (
      SELECT l.*,
             (SELECT coalesce(sum(a.minutes), 0) FROM caseload.appointment a
               WHERE a.district_id = district AND a.client_id = l.client_id AND a.status IN ('attended', 'late')
                 AND (a.service_id IS NULL OR a.service_id = l.service_id)
                 AND a.starts_at >= backfill.starts_at - interval '28 days' AND a.starts_at < backfill.starts_at) AS given
        FROM line l
       WHERE coalesce(caseload.is_available(l.hours, backfill.starts_at, l.zone, backfill.minutes), true)
         AND NOT EXISTS (SELECT FROM caseload.appointment a
                          WHERE a.district_id = district AND a.client_id = l.client_id AND a.status = 'scheduled'
                            AND tstzrange(a.starts_at, a.starts_at + make_interval(mins => coalesce(a.minutes, 30)))
                                && tstzrange(backfill.starts_at, backfill.starts_at + make_interval(mins => backfill.minutes)))
    ), ranked AS (
      SELECT f.client_id, f.service_id, f.waiting,
             -- of the last four weeks; who waits has got nothing since it is due
             CASE WHEN f.waiting THEN round(f.client_minutes * f.days_due / 7, 2)
                  ELSE greatest(round(f.client_minutes * least(f.days_due, 28) / 7 - f.given, 2), 0) END AS overdue,
             coalesce(k.days_unseen, f.days_due) AS unseen, p.show_probability
        FROM fit f
        LEFT JOIN caseload.client_facts(on_day) k ON k.district_id = district AND k.client_id = f.client_id
        LEFT JOIN caseload.show_probabilities(on_day, district) p ON p.client_id = f.client_id
    ), placed AS (
      SELECT r.*, (row_number() OVER (ORDER BY r.overdue DESC NULLS LAST, r.unseen DESC NULLS LAST, r.show_probability DESC NULLS LAST, r.client_id, r.service_id))::integer AS place
        FROM ranked r
       WHERE r.overdue > 0 OR r.waiting
    ), filled AS (
      SELECT p.*, CASE WHEN bool_or(p.show_probability >= 1) OVER w THEN 1
                       ELSE 1 - exp(sum(ln(1 - least(p.show_probability, 0.999999999999))) OVER w) END AS filled
        FROM placed p
      WINDOW w AS (ORDER BY p.place)
    )
    SELECT f.place, f.client_id, f.service_id, f.waiting, f.overdue, f.unseen, f.show_probability, round(f.filled, 4),
           f.filled >= target_probability
      FROM filled f
     ORDER BY f.place;
END
$$;
COMMENT ON FUNCTION caseload.backfill(text, timestamptz, integer, text, numeric) IS 'Whom to call for a freed slot of a therapist: clients of the therapist behind their plan, and services of the discipline that wait and that the therapist is permitted to give, whose hours cover the slot and who are not booked then; by minutes overdue (of the last four weeks; since it is due for who waits), days unseen, probability to appear, id. p_filled is the probability that one of those up to here comes; enough is true from the place on at which it reaches the target.';
