-- The rows that rules and reports read: one type for each subject, every column explained.

CREATE TYPE caseload.client_facts AS (
  district_id         text COLLATE "C",
  client_id           text COLLATE "C",
  episode             integer,
  site_id             text COLLATE "C",
  level               text,
  category            text,
  is_active           boolean,
  waiting             boolean,
  services            integer,
  days_enrolled       integer,
  weeks_enrolled      integer,
  appointments        integer,
  attended            integer,
  late                integer,
  no_shows            integer,
  late_cancels        integer,
  client_cancels      integer,
  strikes             integer,
  unresolved          integer,
  no_show_rate        double precision,
  strike_rate         double precision,
  misses_in_window    integer,
  strikes_in_window   integer,
  attended_in_window  integer,
  miss_run            integer,
  longest_miss_run    integer,
  cancel_run          integer,
  on_time_run         integer,
  late_run            integer,
  days_since_attended integer,
  days_since_contact  integer,
  days_unseen         integer,
  days_inactive       integer,
  has_upcoming        boolean,
  days_to_next        integer,
  days_past_warning   integer,
  documents_overdue   integer,
  days_overdue        integer,
  notes_missing       integer,
  notes_late          integer,
  has_consent         boolean,
  has_plan            boolean,
  plan_with_client    boolean,
  records             integer,
  last_attended       date,
  last_contact        date,
  next_appointment    date,
  grade               integer,
  low_incidence       boolean,
  class_weight        numeric(6,3),
  service_percent     numeric(5,2),
  has_aide            boolean,
  federal_setting     integer,
  need_points         numeric(8,2),
  weekly_minutes      numeric(12,2)
);
COMMENT ON TYPE caseload.client_facts IS 'What is known of a client in the current episode as of a date; the row that client rules are written over.';
COMMENT ON COLUMN caseload.client_facts.district_id IS 'The district.';
COMMENT ON COLUMN caseload.client_facts.client_id IS 'The client.';
COMMENT ON COLUMN caseload.client_facts.episode IS 'The episode that the date falls into; counters belong to it.';
COMMENT ON COLUMN caseload.client_facts.site_id IS 'Site of the client; NULL = not recorded.';
COMMENT ON COLUMN caseload.client_facts.level IS 'Level of that site; NULL = not recorded.';
COMMENT ON COLUMN caseload.client_facts.category IS 'Category of the client; NULL = not recorded.';
COMMENT ON COLUMN caseload.client_facts.is_active IS 'The client is enrolled and not merely waiting: the one definition of an active client.';
COMMENT ON COLUMN caseload.client_facts.waiting IS 'All services due on that date are on the waiting list.';
COMMENT ON COLUMN caseload.client_facts.services IS 'Services due on that date.';
COMMENT ON COLUMN caseload.client_facts.days_enrolled IS 'Days since the episode began (its first event where nobody recorded the beginning).';
COMMENT ON COLUMN caseload.client_facts.weeks_enrolled IS 'Full weeks of days_enrolled.';
COMMENT ON COLUMN caseload.client_facts.appointments IS 'Appointments so far, whatever became of them.';
COMMENT ON COLUMN caseload.client_facts.attended IS 'Sessions so far (attended or late).';
COMMENT ON COLUMN caseload.client_facts.late IS 'Sessions so far to which the client came late.';
COMMENT ON COLUMN caseload.client_facts.no_shows IS 'No-shows so far.';
COMMENT ON COLUMN caseload.client_facts.late_cancels IS 'Late cancellations so far.';
COMMENT ON COLUMN caseload.client_facts.client_cancels IS 'Cancellations by the client in good time so far.';
COMMENT ON COLUMN caseload.client_facts.strikes IS 'No-shows and late cancellations so far.';
COMMENT ON COLUMN caseload.client_facts.unresolved IS 'Past appointments still scheduled.';
COMMENT ON COLUMN caseload.client_facts.no_show_rate IS 'No-shows in percent of appointments; NULL = no appointment yet.';
COMMENT ON COLUMN caseload.client_facts.strike_rate IS 'Strikes in percent of appointments; NULL = no appointment yet.';
COMMENT ON COLUMN caseload.client_facts.misses_in_window IS 'No-shows in the last days (policy strike_window_days, 90).';
COMMENT ON COLUMN caseload.client_facts.strikes_in_window IS 'Strikes in the last days (policy strike_window_days, 90).';
COMMENT ON COLUMN caseload.client_facts.attended_in_window IS 'Sessions in the last days (policy strike_window_days, 90).';
COMMENT ON COLUMN caseload.client_facts.miss_run IS 'No-shows since the last session.';
COMMENT ON COLUMN caseload.client_facts.longest_miss_run IS 'Longest such run in the episode.';
COMMENT ON COLUMN caseload.client_facts.cancel_run IS 'Cancellations by the client since the last session or no-show.';
COMMENT ON COLUMN caseload.client_facts.on_time_run IS 'Sessions on time since the last late arrival, no-show or cancellation by the client.';
COMMENT ON COLUMN caseload.client_facts.late_run IS 'Late arrivals since the last session on time.';
COMMENT ON COLUMN caseload.client_facts.days_since_attended IS 'Days since the last session; NULL = never seen.';
COMMENT ON COLUMN caseload.client_facts.days_since_contact IS 'Days since the last session or two-way contact; NULL = never.';
COMMENT ON COLUMN caseload.client_facts.days_unseen IS 'Days since the last session, or since enrolment where there was none: never NULL.';
COMMENT ON COLUMN caseload.client_facts.days_inactive IS 'Days since the last session or two-way contact, or since enrolment where there was none: the one definition of inactivity.';
COMMENT ON COLUMN caseload.client_facts.has_upcoming IS 'An appointment stands on that date or later.';
COMMENT ON COLUMN caseload.client_facts.days_to_next IS 'Days to the next appointment; NULL = none.';
COMMENT ON COLUMN caseload.client_facts.days_past_warning IS 'Days since the due date of the warning that stands (flag of a rule whose action is warn, not dismissed), negative before it; NULL = no warning stands.';
COMMENT ON COLUMN caseload.client_facts.documents_overdue IS 'Documents of the episode due before that date and not done by it.';
COMMENT ON COLUMN caseload.client_facts.days_overdue IS 'How long the oldest of them is overdue; 0 = none.';
COMMENT ON COLUMN caseload.client_facts.notes_missing IS 'Sessions on earlier days less session notes done.';
COMMENT ON COLUMN caseload.client_facts.notes_late IS 'Session notes that were done on a later day than the session.';
COMMENT ON COLUMN caseload.client_facts.has_consent IS 'A consent is on record.';
COMMENT ON COLUMN caseload.client_facts.has_plan IS 'A plan is on record.';
COMMENT ON COLUMN caseload.client_facts.plan_with_client IS 'A plan made with the client is on record.';
COMMENT ON COLUMN caseload.client_facts.records IS 'How much of the record set is there, 0 to 4: consent, plan, a note for every session, closing note.';
COMMENT ON COLUMN caseload.client_facts.last_attended IS 'Day of the last session; NULL = never. Not for rules: days_since_attended is.';
COMMENT ON COLUMN caseload.client_facts.last_contact IS 'Day of the last session or two-way contact; NULL = never. Not for rules.';
COMMENT ON COLUMN caseload.client_facts.next_appointment IS 'Day of the next appointment; NULL = none. Not for rules.';
COMMENT ON COLUMN caseload.client_facts.grade IS 'Grade: -1 preschool, 0 kindergarten, 1 to 12, 13 beyond school; NULL = not recorded.';
COMMENT ON COLUMN caseload.client_facts.low_incidence IS 'The client is in a low-incidence class.';
COMMENT ON COLUMN caseload.client_facts.class_weight IS 'What such a client counts where others count 1: the weight of the low-incidence class; 1 = in none.';
COMMENT ON COLUMN caseload.client_facts.service_percent IS 'Share of the school day or week in special education, in percent; NULL = not recorded.';
COMMENT ON COLUMN caseload.client_facts.has_aide IS 'A paraprofessional is with the client; NULL = not recorded.';
COMMENT ON COLUMN caseload.client_facts.federal_setting IS 'Federal setting, 1 to 8; NULL = not recorded.';
COMMENT ON COLUMN caseload.client_facts.need_points IS 'Points by the district''s own matrix of needs; NULL = not rated.';
COMMENT ON COLUMN caseload.client_facts.weekly_minutes IS 'Minutes per week that the client is to get from all services due on that date, in the service year of the site; NULL where the dosage of one of them is not known.';

-- Columns that are never NULL first, as wide as they are: the server reads those without looking at the others.
CREATE FUNCTION caseload._attendance_facts(
  attendance caseload.attendance, as_of date, begins_on date, strike_window integer,
  OUT days_enrolled integer, OUT weeks_enrolled integer, OUT appointments integer, OUT attended integer, OUT late integer,
  OUT no_shows integer, OUT late_cancels integer, OUT client_cancels integer, OUT strikes integer, OUT unresolved integer,
  OUT misses_in_window integer, OUT strikes_in_window integer, OUT attended_in_window integer, OUT miss_run integer,
  OUT longest_miss_run integer, OUT cancel_run integer, OUT on_time_run integer, OUT late_run integer, OUT days_unseen integer,
  OUT days_inactive integer, OUT has_upcoming boolean, OUT no_show_rate double precision, OUT strike_rate double precision,
  OUT days_since_attended integer, OUT days_since_contact integer, OUT days_to_next integer,
  OUT last_attended date, OUT last_contact date, OUT next_appointment date)
AS 'MODULE_PATHNAME', 'attendance_facts'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload._attendance_facts(caseload.attendance, date, date, integer) IS 'Internal: what client_facts() says of the attendance of an episode that begins on a day (NULL: nobody recorded it) as of a date, with this window for strikes.';

CREATE TYPE caseload.service_facts AS (
  district_id         text COLLATE "C",
  service_id          text COLLATE "C",
  client_id           text COLLATE "C",
  site_id             text COLLATE "C",
  discipline          text,
  delivery            text,
  group_size          integer,
  therapist_id        text COLLATE "C",
  is_consult          boolean,
  waiting             boolean,
  days_in_force       integer,
  client_minutes      numeric(14,6),
  therapist_minutes   numeric(14,6),
  level               text,
  category            text,
  has_therapist       boolean,
  same_discipline     boolean,
  licensed            boolean,
  is_group            boolean,
  weekly_sessions     numeric(14,6),
  days_since_review   integer,
  months_since_review integer,
  days_to_end         integer,
  tier                integer,
  grade               integer,
  low_incidence       boolean,
  class_weight        numeric(6,3),
  service_percent     numeric(5,2),
  has_aide            boolean,
  weeks_per_year      integer
);
COMMENT ON TYPE caseload.service_facts IS 'A line of a plan that is due as of a date, in weekly minutes.';
COMMENT ON COLUMN caseload.service_facts.district_id IS 'The district.';
COMMENT ON COLUMN caseload.service_facts.service_id IS 'The service.';
COMMENT ON COLUMN caseload.service_facts.client_id IS 'The client.';
COMMENT ON COLUMN caseload.service_facts.site_id IS 'Site of the client; NULL = not recorded.';
COMMENT ON COLUMN caseload.service_facts.discipline IS 'Discipline.';
COMMENT ON COLUMN caseload.service_facts.delivery IS 'individual_required, small_group_ok, push_in or consult.';
COMMENT ON COLUMN caseload.service_facts.group_size IS 'Clients in the session.';
COMMENT ON COLUMN caseload.service_facts.therapist_id IS 'Who gives it; NULL = waiting.';
COMMENT ON COLUMN caseload.service_facts.is_consult IS 'Consultation, not direct service.';
COMMENT ON COLUMN caseload.service_facts.waiting IS 'Nobody gives it yet.';
COMMENT ON COLUMN caseload.service_facts.days_in_force IS 'Days since the service began; NULL where nobody recorded the beginning.';
COMMENT ON COLUMN caseload.service_facts.client_minutes IS 'Minutes per week that the client is to get; NULL where the dosage is not known.';
COMMENT ON COLUMN caseload.service_facts.therapist_minutes IS 'Minutes per week that it costs the therapist: those of a group are spent once, so each member counts its share.';
COMMENT ON COLUMN caseload.service_facts.level IS 'Level of the client''s site; NULL = not recorded.';
COMMENT ON COLUMN caseload.service_facts.category IS 'Category of the client; NULL = not recorded.';
COMMENT ON COLUMN caseload.service_facts.has_therapist IS 'A therapist gives it who is employed on that date; not waiting and false = its therapist is not, or no longer, there.';
COMMENT ON COLUMN caseload.service_facts.same_discipline IS 'Its therapist is of its discipline; NULL = waiting.';
COMMENT ON COLUMN caseload.service_facts.licensed IS 'Its therapist holds a licence for its discipline, valid on that date, in the client''s state (that of the client, else of the site) and, where recorded, in the state the therapist works from; NULL = waiting, or the client''s state is not recorded.';
COMMENT ON COLUMN caseload.service_facts.is_group IS 'Given in a group.';
COMMENT ON COLUMN caseload.service_facts.weekly_sessions IS 'Sessions per week that the client is to get, in the service year of the district; NULL where the dosage does not say them.';
COMMENT ON COLUMN caseload.service_facts.days_since_review IS 'Days since the line of the plan was last reviewed, or since it began where it was not; NULL where neither is recorded.';
COMMENT ON COLUMN caseload.service_facts.months_since_review IS 'The same in full months: 2025-01-15 is 3 months ago on 2025-04-15 and 6 on 2025-07-15 (see review_window).';
COMMENT ON COLUMN caseload.service_facts.days_to_end IS 'Days to the last day of the service, 0 on it; NULL = open.';
COMMENT ON COLUMN caseload.service_facts.tier IS '3 is special education; support of tier 1 or 2 counts in minutes, but its clients are not on the caseload.';
COMMENT ON COLUMN caseload.service_facts.grade IS 'Grade of the client: -1 preschool, 0 kindergarten, 1 to 12, 13 beyond school; NULL = not recorded.';
COMMENT ON COLUMN caseload.service_facts.low_incidence IS 'The client is in a low-incidence class.';
COMMENT ON COLUMN caseload.service_facts.class_weight IS 'Weight of that class (low_incidence_class); 1 where the client is in none.';
COMMENT ON COLUMN caseload.service_facts.service_percent IS 'Share of the school day or week that the client is in special education, in percent; NULL = not recorded.';
COMMENT ON COLUMN caseload.service_facts.has_aide IS 'A paraprofessional is with the client; NULL = not recorded.';
COMMENT ON COLUMN caseload.service_facts.weeks_per_year IS 'Weeks of the service year of its discipline and site, over which the minutes are counted (policy calendar).';

CREATE TYPE caseload.therapist_facts AS (
  district_id           text COLLATE "C",
  therapist_id          text COLLATE "C",
  discipline            text,
  fte                   numeric(4,3),
  days_employed         integer,
  clients               integer,
  services              integer,
  sites                 integer,
  direct_minutes        numeric(12,2),
  consult_minutes       numeric(12,2),
  weekly_minutes        numeric(12,2),
  capacity_minutes      numeric(12,2),
  headroom_minutes      numeric(12,2),
  utilization           numeric(12,4),
  weekly_slots          numeric(12,4),
  group_share           double precision,
  individual_possible   integer,
  unlicensed_services   integer,
  mean_minutes_per_fte  numeric(12,2),
  z_score               double precision,
  utilization_low_3w    numeric(12,4),
  appointments          integer,
  no_shows              integer,
  strikes               integer,
  no_show_rate          double precision,
  strike_rate           double precision,
  unresolved            integer,
  documents_overdue     integer,
  note_minutes          double precision,
  new_clients_30d       integer,
  closed_30d            integer,
  documentation_minutes numeric(12,2),
  planning_minutes      numeric(12,2),
  evaluation_minutes    numeric(12,2),
  meeting_minutes       numeric(12,2),
  travel_minutes        numeric(12,2),
  makeup_minutes        numeric(12,2),
  supervision_minutes   numeric(12,2),
  other_minutes         numeric(12,2),
  total_minutes         numeric(12,2),
  paid_minutes          numeric(12,2),
  paid_utilization      numeric(12,4),
  fte_clients           numeric(12,4),
  cases_managed         integer,
  federal_settings      integer,
  new_clients_13w       integer
);
COMMENT ON TYPE caseload.therapist_facts IS 'What is known of an employed therapist as of a date.';
COMMENT ON COLUMN caseload.therapist_facts.district_id IS 'The district.';
COMMENT ON COLUMN caseload.therapist_facts.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.therapist_facts.discipline IS 'Discipline.';
COMMENT ON COLUMN caseload.therapist_facts.fte IS 'Share of a full-time position; NULL = not recorded.';
COMMENT ON COLUMN caseload.therapist_facts.days_employed IS 'Days since employment began; NULL where nobody recorded it.';
COMMENT ON COLUMN caseload.therapist_facts.clients IS 'Clients on the caseload: with a service of this therapist that is special education (tier 3).';
COMMENT ON COLUMN caseload.therapist_facts.services IS 'Services of this therapist.';
COMMENT ON COLUMN caseload.therapist_facts.sites IS 'Sites of the clients of these services, of all tiers.';
COMMENT ON COLUMN caseload.therapist_facts.direct_minutes IS 'Direct service, minutes per week, group time once, with the duties of that category.';
COMMENT ON COLUMN caseload.therapist_facts.consult_minutes IS 'Consultation, minutes per week, with the duties of that category.';
COMMENT ON COLUMN caseload.therapist_facts.weekly_minutes IS 'Direct service and consultation, minutes per week.';
COMMENT ON COLUMN caseload.therapist_facts.capacity_minutes IS 'What the position can give: fte times policy weekly_minutes_per_fte; NULL where the FTE is not recorded.';
COMMENT ON COLUMN caseload.therapist_facts.headroom_minutes IS 'capacity_minutes less weekly_minutes; negative when over.';
COMMENT ON COLUMN caseload.therapist_facts.utilization IS 'weekly_minutes / capacity_minutes, 1 = full; NULL without capacity. Not to be summed.';
COMMENT ON COLUMN caseload.therapist_facts.weekly_slots IS 'Sessions per week, those of a group once; services whose dosage does not say sessions are left out. Clinic: 30 to 35 slots go with 45 to 60 clients.';
COMMENT ON COLUMN caseload.therapist_facts.group_share IS 'Share of the direct services that is given in groups, 0 to 1; NULL without direct services.';
COMMENT ON COLUMN caseload.therapist_facts.individual_possible IS 'Services that may be given in a small group and are given alone.';
COMMENT ON COLUMN caseload.therapist_facts.unlicensed_services IS 'Services for which no valid licence is recorded (licensed is false; where states are not recorded nothing is counted).';
COMMENT ON COLUMN caseload.therapist_facts.mean_minutes_per_fte IS 'Mean of the weekly minutes per FTE of the therapists of the discipline in the district who have an FTE above 0, each counted once.';
COMMENT ON COLUMN caseload.therapist_facts.z_score IS 'Weekly minutes per FTE less that mean, in standard deviations of these therapists (population); NULL for fewer than two, for equal loads, and without an FTE above 0.';
COMMENT ON COLUMN caseload.therapist_facts.utilization_low_3w IS 'Lowest of the utilizations on that date, 7 and 14 days before: above 1.1 is over 110 % for three weeks running. Services and FTE as they are recorded now, by their periods.';
COMMENT ON COLUMN caseload.therapist_facts.appointments IS 'Appointments of its clients in their current episodes so far, with whomever.';
COMMENT ON COLUMN caseload.therapist_facts.no_shows IS 'No-shows among them.';
COMMENT ON COLUMN caseload.therapist_facts.strikes IS 'No-shows and late cancellations among them.';
COMMENT ON COLUMN caseload.therapist_facts.no_show_rate IS 'No-shows in percent of these appointments; NULL = no appointment yet.';
COMMENT ON COLUMN caseload.therapist_facts.strike_rate IS 'Strikes in percent of these appointments; NULL = no appointment yet.';
COMMENT ON COLUMN caseload.therapist_facts.unresolved IS 'Past appointments of its clients still scheduled.';
COMMENT ON COLUMN caseload.therapist_facts.documents_overdue IS 'Documents of its clients due before that date and not done by it (see documentation_due).';
COMMENT ON COLUMN caseload.therapist_facts.note_minutes IS 'Mean minutes spent on the session notes of its clients that were done in the last 30 days; NULL = none recorded. A session of 53 minutes leaves about 5.';
COMMENT ON COLUMN caseload.therapist_facts.new_clients_30d IS 'Its clients whose episode began in the last 30 days.';
COMMENT ON COLUMN caseload.therapist_facts.closed_30d IS 'Its clients whose episode ended in the last 30 days.';
COMMENT ON COLUMN caseload.therapist_facts.documentation_minutes IS 'Notes of direct sessions, one for each client, and the duties of that category, minutes per week.';
COMMENT ON COLUMN caseload.therapist_facts.planning_minutes IS 'Planning, by FTE, and the duties of that category, minutes per week; NULL where the FTE is not recorded.';
COMMENT ON COLUMN caseload.therapist_facts.evaluation_minutes IS 'Reviews, referrals and screenings, and the duties of that category, minutes per week; NULL where the FTE is not recorded.';
COMMENT ON COLUMN caseload.therapist_facts.meeting_minutes IS 'Plan meetings, and the duties of that category, minutes per week.';
COMMENT ON COLUMN caseload.therapist_facts.travel_minutes IS 'Between sites, and the duties of that category, minutes per week.';
COMMENT ON COLUMN caseload.therapist_facts.makeup_minutes IS 'Kept free for sessions to be made up, and the duties of that category, minutes per week.';
COMMENT ON COLUMN caseload.therapist_facts.supervision_minutes IS 'Duties of supervision, minutes per week.';
COMMENT ON COLUMN caseload.therapist_facts.other_minutes IS 'Other duties, minutes per week.';
COMMENT ON COLUMN caseload.therapist_facts.total_minutes IS 'All categories together, minutes per week; NULL where the FTE is not recorded.';
COMMENT ON COLUMN caseload.therapist_facts.paid_minutes IS 'What the position is paid for: fte times policy paid_minutes_per_fte; NULL where the FTE is not recorded.';
COMMENT ON COLUMN caseload.therapist_facts.paid_utilization IS 'total_minutes / paid_minutes, 1 = the whole paid time; NULL without paid time. Not to be summed.';
COMMENT ON COLUMN caseload.therapist_facts.fte_clients IS 'Minutes of the clients on the caseload, those of a group for each of them, in full-time loads (policy weekly_minutes_per_fte).';
COMMENT ON COLUMN caseload.therapist_facts.cases_managed IS 'Enrolled clients whose case the therapist manages (client.case_manager_id).';
COMMENT ON COLUMN caseload.therapist_facts.federal_settings IS 'Sum of the federal settings of the clients on the caseload; one not recorded counts as 0.';
COMMENT ON COLUMN caseload.therapist_facts.new_clients_13w IS 'Its clients whose episode began in the last 13 weeks (91 days).';

CREATE TYPE caseload.site_facts AS (
  district_id       text COLLATE "C",
  site_id           text COLLATE "C",
  level             text,
  state             text,
  clients           integer,
  active_clients    integer,
  inactive_clients  integer,
  new_clients_30d   integer,
  closed_30d        integer,
  services          integer,
  waiting_services  integer,
  weekly_minutes    numeric(12,2),
  therapists        integer,
  therapist_fte     numeric(12,3),
  appointments      integer,
  attended          integer,
  no_shows          integer,
  strikes           integer,
  no_show_rate      double precision,
  strike_rate       double precision,
  unresolved        integer,
  documents_overdue integer
);
COMMENT ON TYPE caseload.site_facts IS 'What is known of a site and its clients as of a date.';
COMMENT ON COLUMN caseload.site_facts.district_id IS 'The district.';
COMMENT ON COLUMN caseload.site_facts.site_id IS 'The site.';
COMMENT ON COLUMN caseload.site_facts.level IS 'Level of the site; NULL = not recorded.';
COMMENT ON COLUMN caseload.site_facts.state IS 'State it lies in; NULL = not recorded.';
COMMENT ON COLUMN caseload.site_facts.clients IS 'Clients enrolled.';
COMMENT ON COLUMN caseload.site_facts.active_clients IS 'Clients enrolled and not merely waiting.';
COMMENT ON COLUMN caseload.site_facts.inactive_clients IS 'Active clients whom nobody has seen or reached for 30 days or more.';
COMMENT ON COLUMN caseload.site_facts.new_clients_30d IS 'Clients whose episode began in the last 30 days.';
COMMENT ON COLUMN caseload.site_facts.closed_30d IS 'Clients whose episode ended in the last 30 days.';
COMMENT ON COLUMN caseload.site_facts.services IS 'Services due, waiting ones included.';
COMMENT ON COLUMN caseload.site_facts.waiting_services IS 'Services due that nobody gives yet.';
COMMENT ON COLUMN caseload.site_facts.weekly_minutes IS 'Minutes per week that therapists give to its clients, those of a group once.';
COMMENT ON COLUMN caseload.site_facts.therapists IS 'Therapists who give services to its clients.';
COMMENT ON COLUMN caseload.site_facts.therapist_fte IS 'FTE of these therapists, wherever else they work; one not recorded counts as 0.';
COMMENT ON COLUMN caseload.site_facts.appointments IS 'Appointments of its clients in their current episodes so far.';
COMMENT ON COLUMN caseload.site_facts.attended IS 'Sessions among them.';
COMMENT ON COLUMN caseload.site_facts.no_shows IS 'No-shows among them.';
COMMENT ON COLUMN caseload.site_facts.strikes IS 'No-shows and late cancellations among them.';
COMMENT ON COLUMN caseload.site_facts.no_show_rate IS 'No-shows in percent of these appointments; NULL = no appointment yet.';
COMMENT ON COLUMN caseload.site_facts.strike_rate IS 'Strikes in percent of these appointments; NULL = no appointment yet.';
COMMENT ON COLUMN caseload.site_facts.unresolved IS 'Past appointments still scheduled.';
COMMENT ON COLUMN caseload.site_facts.documents_overdue IS 'Documents of its clients due before that date and not done by it (see documentation_due).';
