-- title: Each therapist beside the peers
-- chart: bar, therapist_id across, with peers_mean as a line
-- columns: district_id, discipline, therapist_id, minutes_per_fte, peers_mean, z_score, place, peers
SELECT district_id, discipline, therapist_id, minutes_per_fte, peers_mean, z_score, place, peers
  FROM caseload.peers
 WHERE true [[AND district_id = {{district}}]]
 ORDER BY district_id, discipline, place;
