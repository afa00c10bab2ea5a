-- Minutes of a week: of a line of a plan, and of a therapist by category.

CREATE TYPE caseload.service_minutes AS (
  client_minutes    numeric(14,6),
  therapist_minutes numeric(14,6),
  weekly_sessions   numeric(14,6),
  weeks_per_year    integer
);
COMMENT ON TYPE caseload.service_minutes IS 'A line of a plan a week.';
COMMENT ON COLUMN caseload.service_minutes.client_minutes IS 'Minutes that the client is to get; NULL where the dosage is not known.';
COMMENT ON COLUMN caseload.service_minutes.therapist_minutes IS 'Its share of the minutes of the group.';
COMMENT ON COLUMN caseload.service_minutes.weekly_sessions IS 'Sessions; NULL where the dosage does not say them.';
COMMENT ON COLUMN caseload.service_minutes.weeks_per_year IS 'Weeks of the service year.';

CREATE FUNCTION caseload._service_minutes(
  dosage caseload.dosage, group_size integer, district_id text, discipline text, level text, site_id text, day date)
RETURNS caseload.service_minutes
AS 'MODULE_PATHNAME', 'service_minutes'
LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION caseload._service_minutes(caseload.dosage, integer, text, text, text, text, date) IS 'Internal: the one definition of what a line of a plan comes to in a week, in the service year of its discipline and site.';

CREATE FUNCTION caseload.service_weeks(district_id text, site_id text DEFAULT NULL, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'service_weeks'
LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION caseload.service_weeks(text, text, date) IS 'Weeks, Monday to Friday, with at least one day that is not closed (table closure) in the service year, 1 July to 30 June, around a date; without a site only closures of the whole district count.';

CREATE TYPE caseload.therapist_workload AS (
  clients               integer,
  services              integer,
  sites                 integer,
  federal_settings      integer,
  direct_minutes        numeric(12,2),
  consult_minutes       numeric(12,2),
  documentation_minutes numeric(12,2),
  planning_minutes      numeric(12,2),
  evaluation_minutes    numeric(12,2),
  meeting_minutes       numeric(12,2),
  travel_minutes        numeric(12,2),
  makeup_minutes        numeric(12,2),
  supervision_minutes   numeric(12,2),
  other_minutes         numeric(12,2),
  weekly_minutes        numeric(12,2),
  total_minutes         numeric(12,2),
  capacity_minutes      numeric(12,2),
  headroom_minutes      numeric(12,2),
  utilization           numeric(12,4),
  paid_minutes          numeric(12,2),
  paid_utilization      numeric(12,4),
  fte_clients           numeric(12,4)
);
COMMENT ON TYPE caseload.therapist_workload IS 'A therapist''s week in minutes.';
COMMENT ON COLUMN caseload.therapist_workload.clients IS 'Clients on the caseload (a service of tier 3).';
COMMENT ON COLUMN caseload.therapist_workload.services IS 'Lines of plans, of all tiers.';
COMMENT ON COLUMN caseload.therapist_workload.sites IS 'Sites of their clients.';
COMMENT ON COLUMN caseload.therapist_workload.federal_settings IS 'Sum of the federal settings of the clients on the caseload.';
COMMENT ON COLUMN caseload.therapist_workload.direct_minutes IS 'Direct service: lines of plans, group time once, and duties.';
COMMENT ON COLUMN caseload.therapist_workload.consult_minutes IS 'Consultation: lines of plans, and duties.';
COMMENT ON COLUMN caseload.therapist_workload.documentation_minutes IS 'Notes, one for each client of a direct session, and duties.';
COMMENT ON COLUMN caseload.therapist_workload.planning_minutes IS 'Planning, and duties; NULL without FTE.';
COMMENT ON COLUMN caseload.therapist_workload.evaluation_minutes IS 'Reviews, referrals and screenings, and duties; NULL without FTE.';
COMMENT ON COLUMN caseload.therapist_workload.meeting_minutes IS 'Plan meetings, and duties.';
COMMENT ON COLUMN caseload.therapist_workload.travel_minutes IS 'Hops between sites, and duties.';
COMMENT ON COLUMN caseload.therapist_workload.makeup_minutes IS 'Reserve for sessions to be made up, and duties.';
COMMENT ON COLUMN caseload.therapist_workload.supervision_minutes IS 'Duties of supervision.';
COMMENT ON COLUMN caseload.therapist_workload.other_minutes IS 'Other duties.';
COMMENT ON COLUMN caseload.therapist_workload.weekly_minutes IS 'Direct service and consultation.';
COMMENT ON COLUMN caseload.therapist_workload.total_minutes IS 'All categories; NULL without FTE.';
COMMENT ON COLUMN caseload.therapist_workload.capacity_minutes IS 'fte times policy weekly_minutes_per_fte; NULL without FTE.';
COMMENT ON COLUMN caseload.therapist_workload.headroom_minutes IS 'capacity_minutes less weekly_minutes.';
COMMENT ON COLUMN caseload.therapist_workload.utilization IS 'weekly_minutes / capacity_minutes.';
COMMENT ON COLUMN caseload.therapist_workload.paid_minutes IS 'fte times policy paid_minutes_per_fte; NULL without FTE.';
COMMENT ON COLUMN caseload.therapist_workload.paid_utilization IS 'total_minutes / paid_minutes.';
COMMENT ON COLUMN caseload.therapist_workload.fte_clients IS 'Minutes of the clients on the caseload in full-time loads.';

CREATE FUNCTION caseload._workload(
  district_id text, therapist_id text, discipline text, fte numeric, own_day date, as_of date, days_back integer)
RETURNS caseload.therapist_workload
AS 'MODULE_PATHNAME', 'workload'
LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION caseload._workload(text, text, text, numeric, date, date, integer) IS 'Internal: the one definition of a therapist''s minutes by category, so many days before a date (NULL: before today at the site of each client); own_day is the therapist''s own day.';
