-- title: How evenly load is spread
-- chart: table
-- columns: district_id, discipline, therapists, fte, weekly_minutes, minutes_per_fte, lowest, highest, gini, minutes_to_move
SELECT district_id, discipline, therapists, fte, weekly_minutes, minutes_per_fte, lowest, highest, gini, minutes_to_move
  FROM caseload.workload_by_discipline
 WHERE true [[AND district_id = {{district}}]]
 ORDER BY district_id, discipline;
