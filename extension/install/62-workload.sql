--| ordinary
-- Workload, thin: direct and consult minutes against capacity.

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
