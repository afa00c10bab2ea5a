-- title: Waiting list
-- chart: table
-- columns: district_id, discipline, place, client_id, site_id, waiting_since, days_waiting, client_minutes
SELECT district_id, discipline, place, client_id, site_id, waiting_since, days_waiting, client_minutes
  FROM caseload.waiting_list()
 WHERE true [[AND district_id = {{district}}]]
 ORDER BY district_id, discipline, place;
