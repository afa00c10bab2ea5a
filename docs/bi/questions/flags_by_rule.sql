-- title: Flags by rule
-- chart: bar, rule_name across
-- columns: rule_name, severity, flags, overdue
SELECT rule_name, severity, count(*)::integer AS flags, (count(*) FILTER (WHERE due_on < CURRENT_DATE))::integer AS overdue
  FROM caseload.current_flags
 WHERE true [[AND district_id = {{district}}]]
 GROUP BY rule_name, severity
 ORDER BY flags DESC, rule_name;
