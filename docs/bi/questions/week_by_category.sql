-- title: A week by category
-- chart: stacked bar, discipline across
-- columns: discipline, category, minutes
SELECT w.discipline, c.category, sum(c.minutes) AS minutes
  FROM caseload.current_workload w
 CROSS JOIN LATERAL (VALUES ('direct', w.direct_minutes), ('consult', w.consult_minutes), ('documentation', w.documentation_minutes),
                             ('planning', w.planning_minutes), ('evaluation', w.evaluation_minutes), ('meeting', w.meeting_minutes), ('travel', w.travel_minutes),
                             ('makeup', w.makeup_minutes), ('supervision', w.supervision_minutes), ('other', w.other_minutes)) AS c (category, minutes)
 WHERE true [[AND w.district_id = {{district}}]]
 GROUP BY w.discipline, c.category
 ORDER BY w.discipline, c.category;
