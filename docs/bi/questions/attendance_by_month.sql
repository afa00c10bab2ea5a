-- title: Sessions by month
-- chart: line, month across; no_show_percent on an axis of its own
-- columns: month, appointments, attended, no_shows, late_cancels, no_show_percent
SELECT month, sum(appointments)::integer AS appointments, sum(attended)::integer AS attended, sum(no_shows)::integer AS no_shows,
       sum(late_cancels)::integer AS late_cancels, round(100.0 * sum(no_shows) / nullif(sum(held), 0), 2) AS no_show_percent
  FROM caseload.attendance_by_month
 WHERE true [[AND district_id = {{district}}]]
 GROUP BY month
 ORDER BY month;
