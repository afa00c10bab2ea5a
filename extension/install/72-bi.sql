--| ordinary
-- Views for dashboards: plain column types with a precision, the parts beside each ratio, a row for every month also when nothing
-- happened. A ratio's comment names its parts, "= part / whole": dashboards sum whatever is a number, and a sum of ratios means nothing.

CREATE OR REPLACE VIEW caseload.current_workload WITH (security_barrier = true, security_invoker = true) AS
  SELECT w.district_id, w.therapist_id, w.discipline, w.fte::numeric(4,3) AS fte, w.clients, w.sites,
         w.direct_minutes::numeric(12,2) AS direct_minutes, w.consult_minutes::numeric(12,2) AS consult_minutes,
         w.weekly_minutes::numeric(12,2) AS weekly_minutes, w.documentation_minutes::numeric(12,2) AS documentation_minutes,
         w.planning_minutes::numeric(12,2) AS planning_minutes, w.evaluation_minutes::numeric(12,2) AS evaluation_minutes,
         w.meeting_minutes::numeric(12,2) AS meeting_minutes, w.travel_minutes::numeric(12,2) AS travel_minutes,
         w.makeup_minutes::numeric(12,2) AS makeup_minutes, w.supervision_minutes::numeric(12,2) AS supervision_minutes,
         w.other_minutes::numeric(12,2) AS other_minutes, w.total_minutes::numeric(12,2) AS total_minutes,
         w.capacity_minutes::numeric(12,2) AS capacity_minutes, w.headroom_minutes::numeric(12,2) AS headroom_minutes,
         w.utilization::numeric(12,4) AS utilization, w.paid_minutes::numeric(12,2) AS paid_minutes,
         w.paid_utilization::numeric(12,4) AS paid_utilization, w.z_score::numeric(12,3) AS z_score,
         w.points::numeric(14,4) AS points, w.points_limit::numeric(14,4) AS points_limit, w.points_unit
    FROM caseload.workload() w;
COMMENT ON VIEW caseload.current_workload IS 'workload() as of today, for dashboards: a week of every employed therapist in minutes by category.';
COMMENT ON COLUMN caseload.current_workload.district_id IS 'The district.';
COMMENT ON COLUMN caseload.current_workload.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.current_workload.discipline IS 'The discipline.';
COMMENT ON COLUMN caseload.current_workload.fte IS 'Share of a full-time position; NULL = not recorded.';
COMMENT ON COLUMN caseload.current_workload.clients IS 'Clients on the caseload; one of two therapists counts at both.';
COMMENT ON COLUMN caseload.current_workload.sites IS 'Sites of their clients.';
COMMENT ON COLUMN caseload.current_workload.direct_minutes IS 'Direct service, group time once.';
COMMENT ON COLUMN caseload.current_workload.consult_minutes IS 'Consultation.';
COMMENT ON COLUMN caseload.current_workload.weekly_minutes IS 'Direct service and consultation.';
COMMENT ON COLUMN caseload.current_workload.documentation_minutes IS 'Notes, and duties of the category.';
COMMENT ON COLUMN caseload.current_workload.planning_minutes IS 'Planning; NULL without FTE.';
COMMENT ON COLUMN caseload.current_workload.evaluation_minutes IS 'Reviews, referrals and screenings; NULL without FTE.';
COMMENT ON COLUMN caseload.current_workload.meeting_minutes IS 'Plan meetings.';
COMMENT ON COLUMN caseload.current_workload.travel_minutes IS 'Travel between sites.';
COMMENT ON COLUMN caseload.current_workload.makeup_minutes IS 'Reserve for sessions to be made up.';
COMMENT ON COLUMN caseload.current_workload.supervision_minutes IS 'Supervision.';
COMMENT ON COLUMN caseload.current_workload.other_minutes IS 'Other duties.';
COMMENT ON COLUMN caseload.current_workload.total_minutes IS 'All categories; NULL without FTE.';
COMMENT ON COLUMN caseload.current_workload.capacity_minutes IS 'Direct and consult minutes that the position can give; NULL without FTE.';
COMMENT ON COLUMN caseload.current_workload.headroom_minutes IS 'capacity_minutes less weekly_minutes.';
COMMENT ON COLUMN caseload.current_workload.utilization IS '= weekly_minutes / capacity_minutes; not to be summed.';
COMMENT ON COLUMN caseload.current_workload.paid_minutes IS 'Minutes that are paid; NULL without FTE.';
COMMENT ON COLUMN caseload.current_workload.paid_utilization IS '= total_minutes / paid_minutes; not to be summed.';
COMMENT ON COLUMN caseload.current_workload.z_score IS 'Minutes per FTE less the mean of the discipline in the district, in standard deviations; not to be summed.';
COMMENT ON COLUMN caseload.current_workload.points IS 'Points of the weighting in force; NULL where none is, or a part of it is not known.';
COMMENT ON COLUMN caseload.current_workload.points_limit IS 'Its limit; NULL = none.';
COMMENT ON COLUMN caseload.current_workload.points_unit IS 'Its unit.';

CREATE OR REPLACE VIEW caseload.workload_by_discipline WITH (security_barrier = true, security_invoker = true) AS
  SELECT e.district_id, e."group" AS discipline, e.therapists, e.left_out, e.fte::numeric(12,3) AS fte, w.weekly_minutes::numeric(14,2) AS weekly_minutes,
         e.mean_per_fte::numeric(12,2) AS minutes_per_fte, w.capacity_minutes::numeric(14,2) AS capacity_minutes,
         (w.weekly_minutes / nullif(w.capacity_minutes, 0))::numeric(12,4) AS utilization,
         e.lowest_per_fte::numeric(12,2) AS lowest, e.highest_per_fte::numeric(12,2) AS highest, e.gini::numeric(8,6) AS gini,
         e.minutes_to_move::numeric(12,0) AS minutes_to_move
    FROM caseload.equity_report(NULL, 'discipline') e
    JOIN (SELECT w.district_id, w.discipline, sum(w.weekly_minutes) AS weekly_minutes, sum(w.capacity_minutes) AS capacity_minutes
            FROM caseload.workload() w WHERE w.fte > 0 GROUP BY w.district_id, w.discipline) w
      ON w.district_id = e.district_id AND w.discipline = e."group";
COMMENT ON VIEW caseload.workload_by_discipline IS 'equity_report() of the disciplines of each district as of today, for dashboards: how much, and how evenly it is spread. Therapists with an FTE above 0.';
COMMENT ON COLUMN caseload.workload_by_discipline.district_id IS 'The district.';
COMMENT ON COLUMN caseload.workload_by_discipline.discipline IS 'The discipline.';
COMMENT ON COLUMN caseload.workload_by_discipline.therapists IS 'Therapists with an FTE above 0.';
COMMENT ON COLUMN caseload.workload_by_discipline.left_out IS 'Therapists without.';
COMMENT ON COLUMN caseload.workload_by_discipline.fte IS 'Full-time positions.';
COMMENT ON COLUMN caseload.workload_by_discipline.weekly_minutes IS 'Direct and consult minutes per week.';
COMMENT ON COLUMN caseload.workload_by_discipline.minutes_per_fte IS '= weekly_minutes / fte; not to be summed.';
COMMENT ON COLUMN caseload.workload_by_discipline.capacity_minutes IS 'What the positions can give.';
COMMENT ON COLUMN caseload.workload_by_discipline.utilization IS '= weekly_minutes / capacity_minutes; not to be summed.';
COMMENT ON COLUMN caseload.workload_by_discipline.lowest IS 'Minutes per FTE of the therapist who has least.';
COMMENT ON COLUMN caseload.workload_by_discipline.highest IS 'Minutes per FTE of the therapist who has most.';
COMMENT ON COLUMN caseload.workload_by_discipline.gini IS 'Gini coefficient of minutes per FTE, 0 is even; not to be summed.';
COMMENT ON COLUMN caseload.workload_by_discipline.minutes_to_move IS 'Minutes that would have to change hands for all to have the same per FTE.';

CREATE OR REPLACE VIEW caseload.attendance_by_month WITH (security_barrier = true, security_invoker = true) AS
  WITH event AS (
    -- a month more than the days ask for: it is that of the client's site
    SELECT a.district_id, date_trunc('month', a.starts_at AT TIME ZONE coalesce(s.time_zone, 'UTC'))::date AS month, a.status
      FROM caseload.appointment a
      JOIN caseload.client c ON c.district_id = a.district_id AND c.client_id = a.client_id
      LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
     WHERE a.starts_at >= date_trunc('month', now()) - interval '61 months' AND a.starts_at < date_trunc('month', now()) + interval '2 months'
  ), frame AS (
    SELECT e.district_id, greatest(min(e.month), (date_trunc('month', now()) - interval '59 months')::date) AS first_month FROM event e GROUP BY e.district_id
  )
  SELECT f.district_id, m.month, count(e.status)::integer AS appointments,
         (count(*) FILTER (WHERE e.status IN ('attended', 'late')))::integer AS attended,
         (count(*) FILTER (WHERE e.status = 'no_show'))::integer AS no_shows,
         (count(*) FILTER (WHERE e.status = 'late_cancel'))::integer AS late_cancels,
         (count(*) FILTER (WHERE e.status = 'client_cancel'))::integer AS client_cancels,
         (count(*) FILTER (WHERE e.status = 'provider_cancel'))::integer AS provider_cancels,
         (count(*) FILTER (WHERE e.status = 'closure'))::integer AS closures,
         (count(*) FILTER (WHERE e.status = 'scheduled'))::integer AS scheduled,
         (count(*) FILTER (WHERE e.status IN ('attended', 'late', 'no_show')))::integer AS held,
         (100.0 * count(*) FILTER (WHERE e.status = 'no_show')
          / nullif(count(*) FILTER (WHERE e.status IN ('attended', 'late', 'no_show')), 0))::numeric(5,2) AS no_show_percent
    FROM frame f
   -- so many numbers, and not dates: of these the planner knows how many
   CROSS JOIN generate_series(-59, 0) AS g (n)
   CROSS JOIN LATERAL (SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') + g.n * interval '1 month')::date) AS m (month)
    LEFT JOIN event e ON e.district_id = f.district_id AND e.month = m.month
   WHERE m.month >= f.first_month
   GROUP BY f.district_id, m.month;
COMMENT ON VIEW caseload.attendance_by_month IS 'What became of the appointments of each month, for dashboards: from the first month with one, at most 60 months back, to this month, months without any included. Days are those of the client''s site.';
COMMENT ON COLUMN caseload.attendance_by_month.district_id IS 'The district.';
COMMENT ON COLUMN caseload.attendance_by_month.month IS 'First day of the month.';
COMMENT ON COLUMN caseload.attendance_by_month.appointments IS 'All appointments.';
COMMENT ON COLUMN caseload.attendance_by_month.attended IS 'Attended, late ones included.';
COMMENT ON COLUMN caseload.attendance_by_month.no_shows IS 'No-shows.';
COMMENT ON COLUMN caseload.attendance_by_month.late_cancels IS 'Cancelled late by the client.';
COMMENT ON COLUMN caseload.attendance_by_month.client_cancels IS 'Cancelled in time by the client.';
COMMENT ON COLUMN caseload.attendance_by_month.provider_cancels IS 'Cancelled by the provider.';
COMMENT ON COLUMN caseload.attendance_by_month.closures IS 'Fallen on a closed day.';
COMMENT ON COLUMN caseload.attendance_by_month.scheduled IS 'Still scheduled: to come, or unresolved.';
COMMENT ON COLUMN caseload.attendance_by_month.held IS 'attended and no_shows: sessions that were not cancelled.';
COMMENT ON COLUMN caseload.attendance_by_month.no_show_percent IS '= no_shows / held in percent; NULL where none was held; not to be summed.';

CREATE OR REPLACE VIEW caseload.caseload_by_month WITH (security_barrier = true, security_invoker = true) AS
  WITH m AS MATERIALIZED (
    -- this month as of today, the others as of their last day; so many numbers, and not dates, since of these the planner knows how many
    SELECT f.month, least((f.month + interval '1 month')::date - 1, t.today) AS day
      FROM (SELECT (now() AT TIME ZONE 'UTC')::date) AS t (today)
     CROSS JOIN generate_series(-23, 0) AS g (n)
     CROSS JOIN LATERAL (SELECT (date_trunc('month', t.today::timestamp) + g.n * interval '1 month')::date) AS f (month)
  ), c AS (
    SELECT s.district_id, m.month, count(*) AS clients
      FROM caseload._stays((date_trunc('month', now() AT TIME ZONE 'UTC') - interval '23 months')::date, (now() AT TIME ZONE 'UTC')::date, 'district', NULL) s
      JOIN m ON s.stay @> m.day
     GROUP BY s.district_id, m.month
  ), p AS (
    SELECT t.district_id, m.month, count(*) AS therapists, sum(t.fte) AS fte
      FROM caseload.therapist t
      JOIN m ON t.employed @> m.day
     GROUP BY t.district_id, m.month
  )
  SELECT d.district_id, m.month, coalesce(c.clients, 0)::integer AS clients, coalesce(p.therapists, 0)::integer AS therapists,
         coalesce(p.fte, 0)::numeric(12,3) AS fte, (coalesce(c.clients, 0) / nullif(p.fte, 0))::numeric(12,2) AS clients_per_fte
    FROM caseload.district d
   CROSS JOIN m
    LEFT JOIN c ON c.district_id = d.district_id AND c.month = m.month
    LEFT JOIN p ON p.district_id = d.district_id AND p.month = m.month;
COMMENT ON VIEW caseload.caseload_by_month IS 'Clients and positions at the end of each of the last 24 months (this month: today), for dashboards; months without any included.';
COMMENT ON COLUMN caseload.caseload_by_month.district_id IS 'The district.';
COMMENT ON COLUMN caseload.caseload_by_month.month IS 'First day of the month.';
COMMENT ON COLUMN caseload.caseload_by_month.clients IS 'Clients on a caseload on its last day, each once. Not to be summed over months.';
COMMENT ON COLUMN caseload.caseload_by_month.therapists IS 'Employed therapists on that day.';
COMMENT ON COLUMN caseload.caseload_by_month.fte IS 'Their full-time positions.';
COMMENT ON COLUMN caseload.caseload_by_month.clients_per_fte IS '= clients / fte; not to be summed.';
