-- title: Load of therapists
-- chart: bar, therapist_id across, both minutes beside each other
-- columns: district_id, therapist_id, discipline, fte, clients, weekly_minutes, capacity_minutes, headroom_minutes
SELECT district_id, therapist_id, discipline, fte, clients, weekly_minutes, capacity_minutes, headroom_minutes
  FROM caseload.current_workload
 WHERE true [[AND district_id = {{district}}]]
 ORDER BY utilization DESC NULLS LAST, district_id, therapist_id;
