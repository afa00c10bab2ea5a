-- title: What is missing
-- chart: table
-- columns: gap, records, consequence
SELECT gap, count(*)::integer AS records, min(consequence) AS consequence
  FROM caseload.data_gaps
 WHERE true [[AND district_id = {{district}}]]
 GROUP BY gap
 ORDER BY records DESC, gap;
