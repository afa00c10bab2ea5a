-- title: Clients and positions by month
-- chart: line, month across
-- columns: month, clients, fte, clients_per_fte
SELECT month, sum(clients)::integer AS clients, sum(fte) AS fte, round(sum(clients) / nullif(sum(fte), 0), 2) AS clients_per_fte
  FROM caseload.caseload_by_month
 WHERE true [[AND district_id = {{district}}]]
 GROUP BY month
 ORDER BY month;
