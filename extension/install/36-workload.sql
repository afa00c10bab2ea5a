--| ordinary
-- Workload beside the facts: the calendar, what a caseload may be expected to bring, and what a schedule makes of it.

CREATE OR REPLACE FUNCTION caseload.is_open(district_id text, site_id text, day date)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT extract(isodow FROM day) < 6
         AND NOT EXISTS (SELECT FROM caseload.closure c
                          WHERE c.district_id = is_open.district_id AND (c.site_id IS NULL OR c.site_id = is_open.site_id)
                            AND c.days @> is_open.day);
END;
COMMENT ON FUNCTION caseload.is_open(text, text, date) IS 'Whether clients are seen at a site (NULL: in a district) on a day: Monday to Friday, and not closed (table closure).';

CREATE OR REPLACE FUNCTION caseload.service_days(district_id text, site_id text, from_date date, to_date date)
RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT (count(*))::integer
    FROM generate_series(0, to_date - from_date) AS d (n)
   WHERE caseload.is_open(service_days.district_id, service_days.site_id, from_date + d.n);
END;
COMMENT ON FUNCTION caseload.service_days(text, text, date, date) IS 'Open days of a site (NULL: of a district) from one day to another, both included.';

-- What a caseload may be expected to bring ----------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload.expected_reviews_per_week(
  clients integer, level text DEFAULT NULL, discipline text DEFAULT NULL, district_id text DEFAULT '*', as_of date DEFAULT CURRENT_DATE,
  weeks integer DEFAULT NULL)
RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT round(clients * (caseload.policy_value(district_id, 'reviews_per_client_year', as_of, discipline, level))::numeric
               / coalesce(weeks, (caseload._service_minutes(NULL, 1, district_id, discipline, level, NULL, as_of)).weeks_per_year), 4);
END;
COMMENT ON FUNCTION caseload.expected_reviews_per_week(integer, text, text, text, date, integer) IS 'Reviews and re-evaluations that so many clients bring in a week: clients x policy reviews_per_client_year / weeks of the service year (or so many weeks).';

CREATE OR REPLACE FUNCTION caseload.expected_diagnostics(
  clients integer, level text DEFAULT NULL, discipline text DEFAULT NULL, district_id text DEFAULT '*', as_of date DEFAULT CURRENT_DATE,
  weeks integer DEFAULT NULL)
RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT caseload.expected_reviews_per_week(clients, level, discipline, district_id, as_of, weeks)
         + (caseload.policy_value(district_id, 'referrals_per_week', as_of, discipline, level))::numeric
         + (caseload.policy_value(district_id, 'screenings_per_week', as_of, discipline, level))::numeric;
END;
COMMENT ON FUNCTION caseload.expected_diagnostics(integer, text, text, text, date, integer) IS 'Reviews, referrals and screenings that a full caseload of so many clients brings in a week, in number.';

CREATE OR REPLACE FUNCTION caseload.psychotherapy_code(minutes integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN minutes >= 53 THEN '90837' WHEN minutes >= 38 THEN '90834' WHEN minutes >= 16 THEN '90832' END;
END;
COMMENT ON FUNCTION caseload.psychotherapy_code(integer) IS 'CPT code of a psychotherapy session of so many minutes: 90832 from 16, 90834 from 38, 90837 from 53; NULL for a shorter one.';

CREATE OR REPLACE FUNCTION caseload.slot_demand(dosages text[], weeks_per_year integer DEFAULT 52, months_per_year integer DEFAULT 12)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT coalesce(round(sum(caseload.sessions_per_week(d.dosage::caseload.dosage, weeks_per_year, months_per_year)), 2), 0)
    FROM unnest(dosages) AS d (dosage);
END;
COMMENT ON FUNCTION caseload.slot_demand(text[], integer, integer) IS 'Weekly slots that clients of these dosages take, each alone; one that does not say sessions takes none. Of a therapist''s services: therapist_facts.weekly_slots.';

CREATE OR REPLACE FUNCTION caseload.caseload_band(slots numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN slots BETWEEN 30 AND 35 THEN round(45 + (slots - 30) * 3, 2) END;
END;
COMMENT ON FUNCTION caseload.caseload_band(numeric) IS 'Clients that go with so many weekly slots: 45 with 30, 60 with 35 (clinic handbook), in proportion between; NULL outside, of which the source says nothing.';

CREATE OR REPLACE FUNCTION caseload.fte_clients(hours numeric, fte_hours numeric DEFAULT 25)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT round(hours / nullif(fte_hours, 0), 4);
END;
COMMENT ON FUNCTION caseload.fte_clients(numeric, numeric) IS 'Weekly hours of clients in full-time loads: 12 of 1 hour and 10 of half an hour are 17 hours, 0.68 of 25.';

-- What a schedule makes of it ------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload.makeup_reserve(therapist_id text, as_of date DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  district text := caseload._therapist_district(therapist_id, district_id);
BEGIN
  RETURN (SELECT f.makeup_minutes FROM caseload.therapist_facts(as_of) f
           WHERE f.district_id = district AND f.therapist_id = makeup_reserve.therapist_id);
END
$$;
COMMENT ON FUNCTION caseload.makeup_reserve(text, date, text) IS 'Minutes of a week that a therapist should keep free for making up missed sessions: direct minutes x policy makeup_percent.';

CREATE OR REPLACE FUNCTION caseload.reserve_check(as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_therapist text DEFAULT NULL)
RETURNS TABLE (district_id text, therapist_id text, category text, reserved_minutes numeric, expected_minutes numeric,
               difference numeric, verdict text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  -- what the duties add to a category is work beside what policies expect
  SELECT f.district_id, f.therapist_id, c.category, round(u.reserved, 2), c.minutes - round(u.added, 2),
         round(u.reserved, 2) - (c.minutes - round(u.added, 2)),
         CASE sign(round(u.reserved, 2) - (c.minutes - round(u.added, 2)))
           WHEN 1 THEN 'over_reserved' WHEN -1 THEN 'under_reserved' WHEN 0 THEN 'as_expected' END
    FROM caseload.therapist_facts(as_of) f
   CROSS JOIN LATERAL (VALUES
         ('direct', f.direct_minutes), ('consult', f.consult_minutes), ('documentation', f.documentation_minutes),
         ('planning', f.planning_minutes), ('evaluation', f.evaluation_minutes), ('meeting', f.meeting_minutes),
         ('travel', f.travel_minutes), ('makeup', f.makeup_minutes), ('supervision', f.supervision_minutes),
         ('other', f.other_minutes)) AS c (category, minutes)
   CROSS JOIN LATERAL (
         SELECT sum(d.weekly_minutes) FILTER (WHERE d.reserved) AS reserved,
                coalesce(sum(d.weekly_minutes) FILTER (WHERE NOT d.reserved), 0) AS added
           FROM caseload._duties_due(as_of, 0) d
          WHERE d.district_id = f.district_id AND d.therapist_id = f.therapist_id AND d.category = c.category) u
   WHERE u.reserved IS NOT NULL
     AND (in_district IS NULL OR f.district_id = in_district) AND (in_therapist IS NULL OR f.therapist_id = in_therapist);
END;
COMMENT ON FUNCTION caseload.reserve_check(date, text, text) IS 'Time that schedules set aside (duty.reserved) beside what the policies expect of the category, in minutes of a week; one row for each category for which time is set aside. Verdict: over_reserved, under_reserved or as_expected; NULL where the FTE is not recorded.';

CREATE OR REPLACE FUNCTION caseload.grouping_opportunity(
  therapist_id text, group_size integer DEFAULT 2, as_of date DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS TABLE (services integer, may_be_grouped integer, minutes_now numeric, minutes_grouped numeric, minutes_saved numeric, percent_saved numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  district text := caseload._therapist_district(grouping_opportunity.therapist_id, grouping_opportunity.district_id);
BEGIN
  IF group_size IS NULL OR group_size < 2 OR group_size > 30 THEN
    RAISE EXCEPTION 'group_size must be between 2 and 30' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    -- who may be grouped with whom: the same site, discipline and dosage
    WITH line AS (
      SELECT f.client_id, f.site_id, f.discipline, v.dosage, coalesce(f.therapist_minutes, 0) AS minutes,
             f.delivery = 'small_group_ok' AND NOT f.is_group AND NOT f.low_incidence AS may
        FROM caseload.service_facts(grouping_opportunity.as_of) f
        JOIN caseload.service v ON v.district_id = f.district_id AND v.service_id = f.service_id
       WHERE f.district_id = district AND f.therapist_id = grouping_opportunity.therapist_id AND NOT f.is_consult
    ), kind AS (
      SELECT sum(l.minutes) AS now, count(*) AS lines,
             CASE WHEN l.may THEN max(l.minutes) * ceil(count(*)::numeric / grouping_opportunity.group_size) ELSE sum(l.minutes) END AS grouped,
             CASE WHEN l.may THEN count(*) ELSE 0 END AS may
        FROM line l
       GROUP BY l.may, CASE WHEN l.may THEN l.site_id END, CASE WHEN l.may THEN l.discipline END, CASE WHEN l.may THEN l.dosage END
    )
    SELECT coalesce(sum(k.lines), 0)::integer, coalesce(sum(k.may), 0)::integer, coalesce(round(sum(k.now), 2), 0),
           coalesce(round(sum(k.grouped), 2), 0), coalesce(round(sum(k.now - k.grouped), 2), 0),
           round(100 * sum(k.now - k.grouped) / nullif(sum(k.now), 0), 1)
      FROM kind k;
END
$$;
COMMENT ON FUNCTION caseload.grouping_opportunity(text, integer, date, text) IS 'What a therapist would save by giving in groups of this size what plans allow to be given in small groups and is given alone, to clients of one site with the same dosage; clients of low-incidence classes stay alone. Minutes of direct service a week.';

CREATE OR REPLACE FUNCTION caseload.weekly_service(as_of date DEFAULT NULL, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, therapist_id text, direct_minutes numeric, consult_minutes numeric, clients integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT f.district_id, f.therapist_id,
         coalesce(round(sum(f.therapist_minutes) FILTER (WHERE NOT f.is_consult), 2), 0),
         coalesce(round(sum(f.therapist_minutes) FILTER (WHERE f.is_consult), 2), 0),
         (count(DISTINCT f.client_id) FILTER (WHERE f.tier = 3))::integer
    FROM caseload.service_facts(as_of) f
   WHERE in_district IS NULL OR f.district_id = in_district
   GROUP BY f.district_id, f.therapist_id;
END;
COMMENT ON FUNCTION caseload.weekly_service(date, text) IS 'How much direct service and consultation each therapist is to give in a week by the plans, and to how many clients; therapist_id NULL is what waits.';

CREATE OR REPLACE FUNCTION caseload.program_totals(as_of date DEFAULT NULL, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, clients integer, therapists integer, direct_minutes numeric, consult_minutes numeric,
               minutes_by_therapist numeric, minutes_by_client numeric, difference numeric, waiting_services integer, waiting_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  WITH line AS (
    SELECT f.district_id, f.client_id, f.therapist_id, f.waiting, f.is_consult, f.tier, coalesce(f.therapist_minutes, 0) AS minutes
      FROM caseload.service_facts(as_of) f
     WHERE in_district IS NULL OR f.district_id = in_district
  ), therapist AS (
    SELECT t.district_id, sum(t.minutes) AS minutes, (count(*))::integer AS therapists
      FROM (SELECT l.district_id, l.therapist_id, sum(l.minutes) AS minutes FROM line l WHERE NOT l.waiting GROUP BY l.district_id, l.therapist_id) t
     GROUP BY t.district_id
  ), client AS (
    SELECT c.district_id, sum(c.minutes) AS minutes
      FROM (SELECT l.district_id, l.client_id, sum(l.minutes) FILTER (WHERE NOT l.waiting) AS minutes FROM line l GROUP BY l.district_id, l.client_id) c
     GROUP BY c.district_id
  )
  SELECT l.district_id, (count(DISTINCT l.client_id) FILTER (WHERE NOT l.waiting AND l.tier = 3))::integer, coalesce(max(t.therapists), 0),
         coalesce(round(sum(l.minutes) FILTER (WHERE NOT l.waiting AND NOT l.is_consult), 2), 0),
         coalesce(round(sum(l.minutes) FILTER (WHERE NOT l.waiting AND l.is_consult), 2), 0),
         coalesce(round(max(t.minutes), 2), 0), coalesce(round(max(c.minutes), 2), 0), coalesce(max(t.minutes), 0) - coalesce(max(c.minutes), 0),
         (count(*) FILTER (WHERE l.waiting))::integer, coalesce(round(sum(l.minutes) FILTER (WHERE l.waiting), 2), 0)
    FROM line l
    LEFT JOIN therapist t ON t.district_id = l.district_id
    LEFT JOIN client c ON c.district_id = l.district_id
   GROUP BY l.district_id;
END;
COMMENT ON FUNCTION caseload.program_totals(date, text) IS 'Totals of a district by the plans: clients on caseloads, direct and consultative minutes of therapists a week, added up by therapist and by client (difference: 0), and apart from them what waits.';

CREATE OR REPLACE FUNCTION caseload.delivered_minutes(from_date date, to_date date, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, therapist_id text, sessions integer, therapist_minutes numeric, client_minutes numeric, without_minutes integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT a.district_id, a.therapist_id, (count(*))::integer,
         coalesce((SELECT sum(extract(epoch FROM upper(r.spell) - lower(r.spell)) / 60)
                     FROM unnest(range_agg(tstzrange(a.starts_at, a.starts_at + make_interval(mins => a.minutes)))
                                 FILTER (WHERE a.minutes IS NOT NULL)) AS r (spell)), 0)::numeric(14,2),
         coalesce(sum(a.minutes), 0)::numeric(14,2), (count(*) FILTER (WHERE a.minutes IS NULL))::integer
    FROM caseload.appointment a
    JOIN caseload.client c ON c.district_id = a.district_id AND c.client_id = a.client_id
    LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
   WHERE a.status IN ('attended', 'late') AND a.therapist_id IS NOT NULL
     -- a day more on each side, so that an index on the time can be used; then by the day at the client's site
     AND a.starts_at >= from_date::timestamp AT TIME ZONE 'UTC' - interval '1 day'
     AND a.starts_at < to_date::timestamp AT TIME ZONE 'UTC' + interval '2 days'
     AND (a.starts_at AT TIME ZONE coalesce(s.time_zone, 'UTC'))::date BETWEEN from_date AND to_date
     AND (in_district IS NULL OR a.district_id = in_district)
   GROUP BY a.district_id, a.therapist_id;
END;
COMMENT ON FUNCTION caseload.delivered_minutes(date, date, text) IS 'Sessions that were given from one day to another, both included: minutes of each therapist, those of overlapping sessions once, and minutes of the clients in full; without_minutes are sessions whose length is not recorded and which count as none.';
