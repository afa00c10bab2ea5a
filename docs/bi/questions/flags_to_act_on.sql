-- title: Flags to act on
-- chart: table
-- columns: district_id, client_id, rule_name, action, message, raised_on, due_on, days_overdue
SELECT district_id, client_id, rule_name, action, message, raised_on, due_on, greatest(CURRENT_DATE - due_on, 0) AS days_overdue
  FROM caseload.current_flags
 WHERE severity = 'act' [[AND district_id = {{district}}]]
 ORDER BY priority, due_on, district_id, client_id;
