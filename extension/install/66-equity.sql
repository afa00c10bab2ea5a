--| ordinary
-- How evenly the load is spread over a team, and what to make of it: docs/reports.md.

CREATE OR REPLACE FUNCTION caseload.equity_report(as_of date DEFAULT NULL, by text DEFAULT 'district')
RETURNS TABLE (district_id text, "group" text, therapists integer, left_out integer, mean_per_fte numeric, lowest_per_fte numeric,
               highest_per_fte numeric, gini numeric, jain numeric, cv numeric, hoover numeric, minutes_to_move numeric,
               fte numeric, range_per_fte numeric, percent_of_capacity numeric, lowest_percent numeric, highest_percent numeric,
               lowest_z numeric, highest_z numeric, max_min_ratio numeric, gini_corrected numeric, cv_sample numeric, theil numeric,
               mean_log_deviation numeric, atkinson_05 numeric, palma numeric, top20_bottom20 numeric, max_share numeric,
               tenure_therapists integer, tenure_r numeric, percent_of_paid numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 10
BEGIN ATOMIC
  -- one look at the workload, whatever is made of it
  WITH w AS MATERIALIZED (
    SELECT w.district_id, w.therapist_id, w.discipline, w.fte, w.weekly_minutes, w.capacity_minutes, w.total_minutes, w.paid_minutes, w.weekly_minutes / nullif(w.fte, 0) AS per_fte,
           caseload._day(equity_report.as_of, t.time_zone) - lower(t.employed) AS days_employed
      FROM caseload.workload(equity_report.as_of) w
      JOIN caseload.therapist t ON t.district_id = w.district_id AND t.therapist_id = w.therapist_id
  ), s AS (
    -- a therapist's position is spread over the sites as the minutes of the services are
    SELECT f.district_id, f.therapist_id, f.site_id, sum(f.therapist_minutes) AS minutes,
           sum(f.therapist_minutes) / nullif(sum(sum(f.therapist_minutes)) OVER (PARTITION BY f.district_id, f.therapist_id), 0) AS share
      FROM caseload.service_facts(equity_report.as_of) f
     WHERE equity_report.by = 'site' AND f.therapist_id IS NOT NULL
     GROUP BY f.district_id, f.therapist_id, f.site_id
  ), p AS (
    SELECT w.district_id, CASE equity_report.by WHEN 'discipline' THEN w.discipline ELSE w.district_id END AS "group", w.fte, w.weekly_minutes AS minutes,
           w.capacity_minutes AS capacity, w.total_minutes AS total, w.paid_minutes AS paid, w.per_fte, w.days_employed, w.fte > 0 IS TRUE AS counts
      FROM w
     WHERE caseload._choice('grouping', equity_report.by, '{district,site,discipline}') IN ('district', 'discipline')
    UNION ALL
    SELECT w.district_id, s.site_id, w.fte * s.share, s.minutes, w.capacity_minutes * s.share, w.total_minutes * s.share, w.paid_minutes * s.share, w.per_fte, w.days_employed, w.fte * s.share > 0 IS TRUE
      FROM w
      JOIN s ON s.district_id = w.district_id AND s.therapist_id = w.therapist_id
  ), g AS (
    -- Loads are compared per FTE and each counts as much as its FTE; nobody can be compared who has none.
    SELECT p.district_id, p."group", count(*) FILTER (WHERE p.counts) AS therapists, count(*) FILTER (WHERE NOT p.counts) AS left_out,
           sum(p.fte) FILTER (WHERE p.counts) AS fte, sum(p.minutes) FILTER (WHERE p.counts) AS minutes,
           sum(p.minutes) FILTER (WHERE p.capacity > 0) / nullif(sum(p.capacity) FILTER (WHERE p.capacity > 0), 0) AS utilization,
           sum(p.total) FILTER (WHERE p.paid > 0) / nullif(sum(p.paid) FILTER (WHERE p.paid > 0), 0) AS paid_utilization,
           min(p.minutes / nullif(p.capacity, 0)) FILTER (WHERE p.counts) AS lowest_utilization,
           max(p.minutes / nullif(p.capacity, 0)) FILTER (WHERE p.counts) AS highest_utilization,
           min(p.per_fte) FILTER (WHERE p.counts) AS lowest, max(p.per_fte) FILTER (WHERE p.counts) AS highest,
           avg(p.per_fte) FILTER (WHERE p.counts) AS middle, nullif(stddev_pop(p.per_fte) FILTER (WHERE p.counts), 0) AS deviation,
           caseload.equity(p.per_fte::double precision, p.fte::double precision) FILTER (WHERE p.counts) AS e,
           count(p.days_employed) FILTER (WHERE p.counts) AS tenure_therapists,
           corr(p.days_employed, p.per_fte::double precision) FILTER (WHERE p.counts) AS tenure_r
      FROM p
     GROUP BY p.district_id, p."group"
  )
  SELECT g.district_id, g."group", g.therapists::integer, g.left_out::integer, round(g.minutes / g.fte, 2), round(g.lowest, 2), round(g.highest, 2),
         round((g.e).gini::numeric, 6), round((g.e).jain::numeric, 6), round((g.e).cv::numeric, 6), round((g.e).hoover::numeric, 6),
         round((g.e).hoover::numeric * g.minutes, 0), round(g.fte, 3), round(g.highest - g.lowest, 2), round(100 * g.utilization, 2),
         round(100 * g.lowest_utilization, 2), round(100 * g.highest_utilization, 2), round((g.lowest - g.middle) / g.deviation, 3),
         round((g.highest - g.middle) / g.deviation, 3), round((g.e).max_min_ratio::numeric, 4), round((g.e).gini_corrected::numeric, 6),
         round((g.e).cv_sample::numeric, 6), round((g.e).theil::numeric, 6), round((g.e).mean_log_deviation::numeric, 6),
         round((g.e).atkinson_05::numeric, 6), round((g.e).palma::numeric, 4), round((g.e).top20_bottom20::numeric, 4),
         round((g.e).max_share::numeric, 6), g.tenure_therapists::integer, CASE WHEN g.tenure_therapists >= 3 THEN round(g.tenure_r::numeric, 4) END,
         round(100 * g.paid_utilization, 2)
    FROM g
   ORDER BY g.district_id, g."group";
END;
COMMENT ON FUNCTION caseload.equity_report(date, text) IS 'How evenly weekly minutes per FTE are spread over the therapists of a district, of each discipline or of each site in it, as of a date (NULL: today): range, percent of capacity and of paid time, z, all equity measures, how many minutes would have to move, and whether load goes with tenure. Each counts as much as its FTE (at a site: the share of it that the minutes there are). It names no client and no therapist.';

CREATE OR REPLACE FUNCTION caseload.equity_trend(
  from_date date, to_date date, step interval DEFAULT '1 month', by text DEFAULT 'district', in_district text DEFAULT NULL)
RETURNS TABLE (as_of date, district_id text, "group" text, therapists integer, left_out integer, fte numeric, mean_per_fte numeric, range_per_fte numeric,
               percent_of_capacity numeric, highest_percent numeric, gini numeric, jain numeric, cv numeric, hoover numeric, theil numeric,
               max_min_ratio numeric, minutes_to_move numeric, tenure_r numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100
BEGIN ATOMIC
  SELECT d.day, e.district_id, e."group", e.therapists, e.left_out, e.fte, e.mean_per_fte, e.range_per_fte, e.percent_of_capacity, e.highest_percent,
         e.gini, e.jain, e.cv, e.hoover, e.theil, e.max_min_ratio, e.minutes_to_move, e.tenure_r
    FROM caseload._steps(from_date, to_date, step) d
   CROSS JOIN LATERAL caseload.equity_report(d.day, equity_trend.by) e
   WHERE in_district IS NULL OR e.district_id = in_district
   ORDER BY e.district_id, e."group", d.day;
END;
COMMENT ON FUNCTION caseload.equity_trend(date, date, interval, text, text) IS 'equity_report() as of one date after the other: SELECT sparkline(gini ORDER BY as_of) shows where it goes.';

CREATE OR REPLACE FUNCTION caseload.peer_comparison(as_of date DEFAULT NULL, in_district text DEFAULT NULL, minimum integer DEFAULT 5)
RETURNS TABLE (district_id text, discipline text, therapist_id text, fte numeric, clients integer, weekly_minutes numeric, minutes_per_fte numeric,
               percent_of_capacity numeric, z_score numeric, z_sample numeric, place integer, peers integer, peers_mean numeric, peers_median numeric,
               peers_lowest numeric, peers_highest numeric, percent_of_paid numeric)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100
BEGIN ATOMIC
  WITH w AS MATERIALIZED (
    SELECT w.district_id, w.discipline, w.therapist_id, w.fte, w.clients, w.weekly_minutes, w.utilization, w.paid_utilization,
           w.weekly_minutes / nullif(w.fte, 0) AS per_fte
      FROM caseload.workload(peer_comparison.as_of) w
     WHERE in_district IS NULL OR w.district_id = in_district
  ), g AS (
    SELECT w.district_id, w.discipline, count(w.per_fte) AS peers, avg(w.per_fte) AS mean, nullif(stddev_pop(w.per_fte), 0) AS deviation,
           nullif(stddev_samp(w.per_fte), 0) AS deviation_sample, percentile_cont(0.5) WITHIN GROUP (ORDER BY w.per_fte) AS median,
           min(w.per_fte) AS lowest, max(w.per_fte) AS highest
      FROM w GROUP BY w.district_id, w.discipline
  )
  SELECT w.district_id, w.discipline, w.therapist_id, w.fte, CASE WHEN w.clients >= minimum THEN w.clients END, round(w.weekly_minutes, 2), round(w.per_fte, 2),
         round(100 * w.utilization, 2), round((w.per_fte - g.mean) / g.deviation, 3), round((w.per_fte - g.mean) / g.deviation_sample, 3),
         CASE WHEN w.per_fte IS NOT NULL THEN (rank() OVER (PARTITION BY w.district_id, w.discipline ORDER BY w.per_fte DESC NULLS LAST))::integer END,
         g.peers::integer, round(g.mean, 2), round(g.median::numeric, 2), round(g.lowest, 2), round(g.highest, 2),
         round(100 * w.paid_utilization, 2)
    FROM w
    JOIN g ON g.district_id = w.district_id AND g.discipline = w.discipline
   ORDER BY w.district_id, w.discipline, w.per_fte DESC NULLS LAST, w.therapist_id;
END;
COMMENT ON FUNCTION caseload.peer_comparison(date, text, integer) IS 'Each therapist beside the peers of the discipline in the district as of a date (NULL: today): minutes per FTE, percent of capacity and of paid time, z by population and by sample standard deviation, place (1 has most), and the mean, median and ends of all peers with an FTE above 0. No client in it, and no number of clients below a minimum: for the whole team to see.';

-- Columns of a view cannot change their type in place.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass('caseload.peers') AND attname = 'fte' AND atttypmod = -1) THEN
    DROP VIEW caseload.peers;
  END IF;
END
$$;
CREATE OR REPLACE VIEW caseload.peers WITH (security_barrier = true, security_invoker = true) AS
  SELECT p.district_id, p.discipline, p.therapist_id, p.fte::numeric(4,3) AS fte, p.clients, p.weekly_minutes::numeric(12,2) AS weekly_minutes,
         p.minutes_per_fte::numeric(12,2) AS minutes_per_fte, p.percent_of_capacity::numeric(12,2) AS percent_of_capacity,
         p.z_score::numeric(12,3) AS z_score, p.z_sample::numeric(12,3) AS z_sample, p.place, p.peers, p.peers_mean::numeric(12,2) AS peers_mean,
         p.peers_median::numeric(12,2) AS peers_median, p.peers_lowest::numeric(12,2) AS peers_lowest, p.peers_highest::numeric(12,2) AS peers_highest,
         p.percent_of_paid::numeric(12,2) AS percent_of_paid, w.capacity_minutes::numeric(12,2) AS capacity_minutes,
         w.total_minutes::numeric(12,2) AS total_minutes, w.paid_minutes::numeric(12,2) AS paid_minutes
    FROM caseload.peer_comparison() p
    JOIN caseload.workload() w ON w.district_id = p.district_id AND w.therapist_id = p.therapist_id;
COMMENT ON VIEW caseload.peers IS 'peer_comparison() as of today: each therapist beside the peers, without any client.';
COMMENT ON COLUMN caseload.peers.district_id IS 'The district.';
COMMENT ON COLUMN caseload.peers.discipline IS 'The discipline.';
COMMENT ON COLUMN caseload.peers.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.peers.fte IS 'Share of a full-time position; NULL = not recorded.';
COMMENT ON COLUMN caseload.peers.clients IS 'Clients on the caseload; NULL = fewer than 5.';
COMMENT ON COLUMN caseload.peers.weekly_minutes IS 'Direct and consult minutes per week.';
COMMENT ON COLUMN caseload.peers.minutes_per_fte IS '= weekly_minutes / fte; NULL without an FTE above 0; not to be summed.';
COMMENT ON COLUMN caseload.peers.percent_of_capacity IS '= weekly_minutes / capacity_minutes in percent; not to be summed.';
COMMENT ON COLUMN caseload.peers.z_score IS 'minutes_per_fte less the mean of the peers, in standard deviations (population); of fewer than four peers it says little; not to be summed.';
COMMENT ON COLUMN caseload.peers.z_sample IS 'The same by the standard deviation of a sample; not to be summed.';
COMMENT ON COLUMN caseload.peers.place IS 'Place by minutes_per_fte, 1 has most.';
COMMENT ON COLUMN caseload.peers.peers IS 'Therapists of the discipline with an FTE above 0, this one included.';
COMMENT ON COLUMN caseload.peers.peers_mean IS 'Mean of their minutes_per_fte, each counted once.';
COMMENT ON COLUMN caseload.peers.peers_median IS 'Median of it.';
COMMENT ON COLUMN caseload.peers.peers_lowest IS 'Lowest of it.';
COMMENT ON COLUMN caseload.peers.peers_highest IS 'Highest of it.';
COMMENT ON COLUMN caseload.peers.percent_of_paid IS '= total_minutes / paid_minutes in percent; not to be summed.';
COMMENT ON COLUMN caseload.peers.capacity_minutes IS 'Direct and consult minutes that the position can give.';
COMMENT ON COLUMN caseload.peers.total_minutes IS 'All work of a week, documentation, meetings and travel included.';
COMMENT ON COLUMN caseload.peers.paid_minutes IS 'Minutes that are paid.';

CREATE OR REPLACE FUNCTION caseload.load_advice(as_of date DEFAULT NULL, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, discipline text, therapist_id text, advice text, z_score numeric, percent_of_capacity numeric, why text)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 10
BEGIN ATOMIC
  SELECT p.district_id, p.discipline, p.therapist_id, a.advice, p.z_score, p.percent_of_capacity, a.why
    FROM caseload.peer_comparison(load_advice.as_of, in_district) p
   -- bounds as those of the rules in docs/rules.md: 0.5 and 100 % do not count, 1.4 does
   CROSS JOIN LATERAL (VALUES
     ('increase_group_or_push_in', abs(p.z_score) < 0.5 AND p.percent_of_capacity > 100, 'like the peers, yet beyond capacity: more groups or push-in, not fewer clients'),
     ('move_load_away', p.z_score >= 1.4 AND p.percent_of_capacity > 100, 'far above the peers and beyond capacity: peers can take over')) AS a (advice, holds, why)
   WHERE a.holds
   ORDER BY p.district_id, p.discipline, p.therapist_id;
END;
COMMENT ON FUNCTION caseload.load_advice(date, text) IS 'What the comparison with the peers suggests as of a date (NULL: today): increase_group_or_push_in (|z| below 0.5 and above 100 % of capacity), move_load_away (z of 1.4 or more and above 100 %).';
