--| ordinary
-- Workload: the week of every therapist.

-- One pass: the z-score is made by a window over the rows that are there anyway.
CREATE OR REPLACE FUNCTION caseload.workload(as_of date DEFAULT NULL, weighting text DEFAULT NULL)
RETURNS TABLE (district_id text, therapist_id text, discipline text, fte numeric, clients integer, sites integer,
               direct_minutes numeric, consult_minutes numeric, weekly_minutes numeric, documentation_minutes numeric,
               planning_minutes numeric, evaluation_minutes numeric, meeting_minutes numeric, travel_minutes numeric,
               makeup_minutes numeric, supervision_minutes numeric, other_minutes numeric, total_minutes numeric,
               capacity_minutes numeric, utilization numeric, headroom_minutes numeric, paid_minutes numeric,
               paid_utilization numeric, fte_clients numeric, z_score double precision,
               points numeric, points_limit numeric, points_unit text)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100
BEGIN ATOMIC
  SELECT w.district_id, w.therapist_id, w.discipline, w.fte, (w.x).clients, (w.x).sites,
         (w.x).direct_minutes, (w.x).consult_minutes, (w.x).weekly_minutes, (w.x).documentation_minutes,
         (w.x).planning_minutes, (w.x).evaluation_minutes, (w.x).meeting_minutes, (w.x).travel_minutes,
         (w.x).makeup_minutes, (w.x).supervision_minutes, (w.x).other_minutes, (w.x).total_minutes,
         (w.x).capacity_minutes, (w.x).utilization, (w.x).headroom_minutes, (w.x).paid_minutes,
         (w.x).paid_utilization, (w.x).fte_clients,
         (((w.x).weekly_minutes / nullif(w.fte, 0) - w.mean) / nullif(w.deviation, 0))::double precision,
         p.points, p.points_limit, p.unit
    FROM (SELECT t.district_id, t.therapist_id, t.discipline, t.fte, d.day, l.x,
                 avg((l.x).weekly_minutes / nullif(t.fte, 0)) OVER team AS mean,
                 stddev_pop((l.x).weekly_minutes / nullif(t.fte, 0)) OVER team AS deviation
            FROM caseload.therapist t
           CROSS JOIN LATERAL (SELECT caseload._day(as_of, t.time_zone)) AS d (day)
           CROSS JOIN LATERAL (SELECT caseload._workload(t.district_id, t.therapist_id, t.discipline, t.fte, d.day, as_of, 0) AS x OFFSET 0) l
           WHERE t.employed @> d.day
          WINDOW team AS (PARTITION BY t.district_id, t.discipline)) w
    LEFT JOIN caseload._weightings_in_force(as_of, weighting) f
      ON f.district_id = w.district_id AND f.discipline = w.discipline AND f.day = w.day
    LEFT JOIN caseload._weighting_points(as_of, weighting) p
      ON p.weighting_name = f.weighting_name AND p.district_id = w.district_id AND p.therapist_id = w.therapist_id;
END;
COMMENT ON FUNCTION caseload.workload(date, text) IS 'A week of every employed therapist as of a date (NULL: today) in minutes by category, group time once, against the capacity of the position and the time it is paid for; with the z-score among the therapists of the discipline, and the points of the weighting in force, or of the one that is named.';
