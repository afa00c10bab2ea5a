--| ordinary
-- Workload and equity, thin: direct and consult minutes against capacity.

CREATE OR REPLACE FUNCTION caseload.workload(as_of date DEFAULT NULL)
RETURNS TABLE (district_id text, therapist_id text, discipline text, fte numeric, clients integer, sites integer,
               direct_minutes numeric, consult_minutes numeric, weekly_minutes numeric,
               capacity_minutes numeric, utilization numeric, headroom_minutes numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT f.district_id, f.therapist_id, f.discipline, f.fte, f.clients, f.sites, f.direct_minutes, f.consult_minutes,
         f.weekly_minutes, f.capacity_minutes, f.utilization, f.headroom_minutes
    FROM caseload.therapist_facts(as_of) f;
END;
COMMENT ON FUNCTION caseload.workload(date) IS 'Weekly minutes of every employed therapist as of a date (NULL: today): direct and consult, group time once, against the capacity of the position.';

CREATE OR REPLACE FUNCTION caseload.equity_report(as_of date DEFAULT NULL, by text DEFAULT 'district')
RETURNS TABLE (district_id text, "group" text, therapists integer, left_out integer, mean_per_fte numeric, lowest_per_fte numeric,
               highest_per_fte numeric, gini numeric, jain numeric, cv numeric, hoover numeric, minutes_to_move numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF by IS NULL OR by NOT IN ('district', 'discipline') THEN
    RAISE EXCEPTION 'unknown grouping "%"', by
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Group by district or discipline.';
  END IF;
  -- Loads are compared per FTE and each counts as much as its FTE; nobody can be compared who has none.
  RETURN QUERY
    SELECT w.district_id, CASE by WHEN 'discipline' THEN w.discipline ELSE w.district_id END,
           (count(*) FILTER (WHERE w.fte > 0))::integer, (count(*) FILTER (WHERE w.fte > 0 IS NOT TRUE))::integer,
           round(sum(w.weekly_minutes) FILTER (WHERE w.fte > 0) / sum(w.fte) FILTER (WHERE w.fte > 0), 2),
           round(min(w.weekly_minutes / nullif(w.fte, 0)), 2), round(max(w.weekly_minutes / nullif(w.fte, 0)), 2),
           caseload.gini((w.weekly_minutes / nullif(w.fte, 0))::float8, w.fte::float8)::numeric(8,6),
           caseload.jain((w.weekly_minutes / nullif(w.fte, 0))::float8, w.fte::float8)::numeric(8,6),
           caseload.cv((w.weekly_minutes / nullif(w.fte, 0))::float8, w.fte::float8)::numeric(8,6),
           caseload.hoover((w.weekly_minutes / nullif(w.fte, 0))::float8, w.fte::float8)::numeric(8,6),
           round((caseload.hoover((w.weekly_minutes / nullif(w.fte, 0))::float8, w.fte::float8))::numeric
                 * sum(w.weekly_minutes) FILTER (WHERE w.fte > 0), 0)
      FROM caseload.workload(as_of) w
     GROUP BY 1, 2
     ORDER BY 1, 2;
END
$$;
COMMENT ON FUNCTION caseload.equity_report(date, text) IS 'How evenly weekly minutes per FTE are spread over the therapists of a district, or of each discipline in it, as of a date (NULL: today), and how many minutes would have to move. No client, no therapist: safe to show.';
