--| ordinary
-- The facts: ordinary tables, owned by whoever ran install(). Every key and foreign key begins with district_id; ids are given by the
-- caller or random, never counted; all are compared byte by byte (COLLATE "C").

-- Bounds of periods are days or open, never infinity, with which nothing can be reckoned.

CREATE TABLE IF NOT EXISTS caseload.district (
  district_id text COLLATE "C" NOT NULL CHECK (district_id NOT IN ('', '*')),
  name        text,
  state       text,
  PRIMARY KEY (district_id)
);
COMMENT ON TABLE caseload.district IS 'A district, cooperative, agency or private practice: the owner of all rows that carry its id.';
COMMENT ON COLUMN caseload.district.district_id IS 'Id of the district; "*" stands for every district and is not one.';
COMMENT ON COLUMN caseload.district.name IS 'Name for people.';
COMMENT ON COLUMN caseload.district.state IS 'State or province, as its licences name it.';

CREATE TABLE IF NOT EXISTS caseload.policy_kind (
  policy_name   text COLLATE "C" NOT NULL,
  value_type    text NOT NULL CHECK (value_type IN ('boolean', 'integer', 'numeric', 'cap', 'capacity_mode', 'calendar', 'name')),
  default_value text NOT NULL,
  scope         text NOT NULL DEFAULT 'district' CHECK (scope IN ('district', 'discipline', 'level')),
  unit          text,
  description   text NOT NULL,
  source        text,
  PRIMARY KEY (policy_name)
);
COMMENT ON TABLE caseload.policy_kind IS 'Every switch and number that a district may set, with its default and where the default comes from.';
COMMENT ON COLUMN caseload.policy_kind.policy_name IS 'Name of the policy.';
COMMENT ON COLUMN caseload.policy_kind.value_type IS 'What a value must be: boolean, integer, numeric, cap (a number or none), capacity_mode (off, warn, error), calendar (school, clinic, counted) or name.';
COMMENT ON COLUMN caseload.policy_kind.default_value IS 'What holds where a district says nothing.';
COMMENT ON COLUMN caseload.policy_kind.scope IS 'How fine it may be set: for the district only, also for a discipline, or also for a site level.';
COMMENT ON COLUMN caseload.policy_kind.unit IS 'Unit of a number.';
COMMENT ON COLUMN caseload.policy_kind.description IS 'What the policy decides.';
COMMENT ON COLUMN caseload.policy_kind.source IS 'Where the default comes from.';

INSERT INTO caseload.policy_kind (policy_name, value_type, default_value, unit, scope, description, source) VALUES
  ('auto_enroll', 'boolean', 'on', NULL, 'district',
   'The first event or service of a client without any episode opens one, of unknown beginning.', NULL),
  ('strike_window_days', 'integer', '90', 'days', 'district', 'Length of the window of strikes_in_window and misses_in_window.', NULL),
  ('auto_close', 'boolean', 'off', NULL, 'district',
   'evaluate() closes the episode where a flag that proposes it is due and nobody has answered. Off: a person confirms.', NULL),
  ('calendar', 'calendar', 'school', NULL, 'level',
   'Service year that turns dosages into weekly minutes: school (school_weeks, school_months), clinic (52 weeks, 12 months), or counted (weeks with a day that is not closed).', NULL),
  ('school_weeks', 'integer', '36', 'weeks', 'level', 'Weeks of a school year.', 'usual school year of 180 days'),
  ('school_months', 'integer', '9', 'months', 'level', 'Months of a school year.', 'usual school year of 180 days'),
  ('capacity', 'capacity_mode', 'error', NULL, 'discipline', 'What happens to an assignment beyond capacity: off, warn or error.', NULL),
  ('weekly_minutes_per_fte', 'numeric', '1500', 'minutes per week', 'discipline',
   'Direct and consult minutes that one full-time therapist can give in a week.',
   'NC Workload Assessment, direct method: 1.5 hours of work for each direct hour, so 25 of 37.5 hours'),
  ('paid_minutes_per_fte', 'numeric', '2250', 'minutes per week', 'discipline', 'Working minutes of a full-time position in a week.', '37.5 hours'),
  ('headcount_cap', 'cap', 'none', 'clients', 'discipline', 'Most clients that one full-time therapist may have.', 'state caps: see the weightings'),
  ('weighting', 'name', 'minutes', NULL, 'discipline',
   'Weighting in force: its points and its limit are those of workload() and of the capacity check; minutes = none but minutes.', NULL),
  ('session_minutes', 'integer', '30', 'minutes', 'discipline', 'Length of a session where a dosage does not say.', 'usual session of schools'),
  ('note_minutes', 'numeric', '5', 'minutes', 'discipline', 'Documentation of a session, for each client.', 'clinic handbook: end at 53 minutes, spend about 5 on the note'),
  ('planning_minutes', 'numeric', '200', 'minutes per week', 'discipline', 'Planning of a full-time therapist.', 'Ohio OAC 3301-51-09: 200 minutes a week are protected'),
  ('reviews_per_client_year', 'numeric', '1', 'events per year', 'level', 'Reviews and re-evaluations of a client in a year.',
   'schedule audit: 55 students, about 1.5 a week, so one each in 36 weeks'),
  ('review_minutes', 'numeric', '162', 'minutes', 'level', 'Work of one review or re-evaluation.',
   'derived from ASHA 2022: 3.6 hours of diagnostics a week, 48 clients, one review each in 36 weeks'),
  ('referrals_per_week', 'numeric', '0', 'events per week', 'level', 'New referrals of a full caseload in a week.', 'schedule audit: about one in elementary schools'),
  ('evaluation_minutes', 'numeric', '162', 'minutes', 'level', 'Work of one initial evaluation.', 'taken to be that of a review; school psychologists: see the seeded row'),
  ('screenings_per_week', 'numeric', '0', 'events per week', 'level', 'Screenings of a full caseload in a week.', 'schedule audit: several in elementary schools'),
  ('screening_minutes', 'numeric', '15', 'minutes', 'level', 'Work of one screening.', 'one step of a time study (AOTA); to be set by the district'),
  ('meetings_per_client_year', 'numeric', '1', 'events per year', 'level', 'Plan meetings of a client in a year.', '34 CFR 300.324(b): the plan is reviewed at least annually'),
  ('meeting_minutes', 'numeric', '60', 'minutes', 'level', 'Length of a plan meeting.', 'schedule audit'),
  ('meeting_attendance', 'numeric', '100', 'percent', 'level', 'Share of the plan meetings that the therapist attends.', 'schedule audit: the policy on meetings must be scheduled in'),
  ('makeup_percent', 'numeric', '10', 'percent', 'level', 'Share of direct minutes kept free for making up missed sessions.', 'schedule audit: 40 sessions of 30 minutes, 10 % missed, 120 minutes'),
  ('hop_minutes', 'numeric', '20', 'minutes', 'discipline', 'Travel from one site to the next.', 'schedule audit: 3 sites, 2 hops of 20 minutes'),
  ('travel_days', 'numeric', '3', 'days per week', 'discipline', 'Days of a week on which a therapist goes round all sites.', 'schedule audit: on 3 days')
ON CONFLICT (policy_name) DO NOTHING;

-- No foreign key to district: "*" is none. A trigger looks after it.
CREATE TABLE IF NOT EXISTS caseload.policy (
  district_id text COLLATE "C" NOT NULL,
  policy_name text COLLATE "C" NOT NULL REFERENCES caseload.policy_kind,
  discipline  text COLLATE "C" NOT NULL DEFAULT '*',
  site_level  text COLLATE "C" NOT NULL DEFAULT '*',
  valid       daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid) AND isfinite(lower(valid)) IS NOT FALSE AND isfinite(upper(valid)) IS NOT FALSE),
  value       text NOT NULL,
  PRIMARY KEY (district_id, policy_name, discipline, site_level, valid),
  CONSTRAINT policy_no_overlap EXCLUDE USING gist (district_id WITH =, policy_name WITH =, discipline WITH =, site_level WITH =, valid WITH &&)
);
COMMENT ON TABLE caseload.policy IS 'What a district has decided, by date; where it says nothing, that of every district holds, else the default of policy_kind.';
COMMENT ON COLUMN caseload.policy.district_id IS 'The district; "*" is every district.';
COMMENT ON COLUMN caseload.policy.policy_name IS 'Which policy.';
COMMENT ON COLUMN caseload.policy.discipline IS 'Only for this discipline; "*" is all. What is said of a discipline goes before what is said of a level.';
COMMENT ON COLUMN caseload.policy.site_level IS 'Only for clients of sites of this level; "*" is all.';
COMMENT ON COLUMN caseload.policy.valid IS 'Days on which the value holds.';
COMMENT ON COLUMN caseload.policy.value IS 'The value, as text of the type that policy_kind names.';

CREATE TABLE IF NOT EXISTS caseload.site (
  district_id text COLLATE "C" NOT NULL REFERENCES caseload.district,
  site_id     text COLLATE "C" NOT NULL,
  name        text,
  level       text CHECK (level IN ('preschool', 'elementary', 'middle', 'high', 'clinic', 'tele')),
  state       text,
  time_zone   text CHECK (caseload.canonical_zone(time_zone) <> ''),
  PRIMARY KEY (district_id, site_id)
);
COMMENT ON TABLE caseload.site IS 'A school, a clinic, or tele.';
COMMENT ON COLUMN caseload.site.district_id IS 'The district.';
COMMENT ON COLUMN caseload.site.site_id IS 'Id of the site.';
COMMENT ON COLUMN caseload.site.name IS 'Name for people.';
COMMENT ON COLUMN caseload.site.level IS 'preschool, elementary, middle, high, clinic or tele.';
COMMENT ON COLUMN caseload.site.state IS 'State the site lies in; licences are looked up by it.';
COMMENT ON COLUMN caseload.site.time_zone IS 'IANA time zone that decides which day an event belongs to; NULL counts as UTC and shows in data_gaps.';

CREATE TABLE IF NOT EXISTS caseload.therapist (
  district_id  text COLLATE "C" NOT NULL REFERENCES caseload.district,
  therapist_id text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  name         text,
  discipline   text NOT NULL,
  fte          numeric(4,3) CHECK (fte >= 0 AND fte <= 2),
  employed     daterange NOT NULL DEFAULT '(,)'
               CHECK (NOT isempty(employed) AND isfinite(lower(employed)) IS NOT FALSE AND isfinite(upper(employed)) IS NOT FALSE),
  state        text,
  time_zone    text CHECK (caseload.canonical_zone(time_zone) <> ''),
  PRIMARY KEY (district_id, therapist_id)
);
COMMENT ON TABLE caseload.therapist IS 'A person who gives services.';
COMMENT ON COLUMN caseload.therapist.district_id IS 'The district.';
COMMENT ON COLUMN caseload.therapist.therapist_id IS 'Id of the therapist.';
COMMENT ON COLUMN caseload.therapist.name IS 'Name for people; never part of a message.';
COMMENT ON COLUMN caseload.therapist.discipline IS 'SLP, OT, PT, PSY, COUNS, or a word of the district''s own.';
COMMENT ON COLUMN caseload.therapist.fte IS 'Share of a full-time position, 0 to 2; NULL is unknown: the therapist has no limit and shows in data_gaps.';
COMMENT ON COLUMN caseload.therapist.employed IS 'Days of employment.';
COMMENT ON COLUMN caseload.therapist.state IS 'State the therapist works from.';
COMMENT ON COLUMN caseload.therapist.time_zone IS 'IANA time zone the therapist works in.';
ALTER TABLE caseload.therapist ADD COLUMN IF NOT EXISTS availability caseload.availability;
COMMENT ON COLUMN caseload.therapist.availability IS 'Local times in the week for direct and consult minutes; NULL = not recorded. Nobody is given more minutes than it has.';

CREATE TABLE IF NOT EXISTS caseload.license (
  district_id  text COLLATE "C" NOT NULL,
  therapist_id text COLLATE "C" NOT NULL,
  state        text NOT NULL,
  discipline   text NOT NULL,
  valid        daterange NOT NULL CHECK (NOT isempty(valid)),
  PRIMARY KEY (district_id, therapist_id, state, discipline, valid),
  CONSTRAINT license_therapist_fkey FOREIGN KEY (district_id, therapist_id) REFERENCES caseload.therapist ON DELETE CASCADE
);
COMMENT ON TABLE caseload.license IS 'A licence, or a compact privilege, to practise a discipline in a state.';
COMMENT ON COLUMN caseload.license.district_id IS 'The district.';
COMMENT ON COLUMN caseload.license.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.license.state IS 'State that grants it.';
COMMENT ON COLUMN caseload.license.discipline IS 'Discipline it covers.';
COMMENT ON COLUMN caseload.license.valid IS 'Days on which it is valid.';

CREATE TABLE IF NOT EXISTS caseload.therapist_scope (
  district_id     text COLLATE "C" NOT NULL,
  therapist_id    text COLLATE "C" NOT NULL,
  valid           daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid)),
  evaluation_only boolean NOT NULL DEFAULT false,
  lowest_grade    smallint CHECK (lowest_grade BETWEEN -1 AND 13),
  highest_grade   smallint CHECK (highest_grade BETWEEN -1 AND 13),
  PRIMARY KEY (district_id, therapist_id, valid),
  CONSTRAINT therapist_scope_no_overlap EXCLUDE USING gist (district_id WITH =, therapist_id WITH =, valid WITH &&),
  CONSTRAINT therapist_scope_therapist_fkey FOREIGN KEY (district_id, therapist_id) REFERENCES caseload.therapist ON DELETE CASCADE,
  CONSTRAINT therapist_scope_grades CHECK (lowest_grade <= highest_grade)
);
COMMENT ON TABLE caseload.therapist_scope IS 'The narrow focus of a helper: what a therapist may be given, by date. No row: anything of the discipline.';
COMMENT ON COLUMN caseload.therapist_scope.district_id IS 'The district.';
COMMENT ON COLUMN caseload.therapist_scope.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.therapist_scope.valid IS 'Days on which the focus holds.';
COMMENT ON COLUMN caseload.therapist_scope.evaluation_only IS 'Evaluates only: takes no services.';
COMMENT ON COLUMN caseload.therapist_scope.lowest_grade IS 'Takes clients from this grade on (-1 preschool, 0 kindergarten); NULL = no limit.';
COMMENT ON COLUMN caseload.therapist_scope.highest_grade IS 'Takes clients up to this grade; NULL = no limit.';

CREATE TABLE IF NOT EXISTS caseload.low_incidence_class (
  class_name  text COLLATE "C" NOT NULL,
  weight      numeric(6,3) NOT NULL CHECK (weight > 0),
  description text,
  source      text,
  PRIMARY KEY (class_name)
);
COMMENT ON TABLE caseload.low_incidence_class IS 'Classes whose students cost a therapist more than others of the same minutes; to be extended.';
COMMENT ON COLUMN caseload.low_incidence_class.class_name IS 'Name of the class.';
COMMENT ON COLUMN caseload.low_incidence_class.weight IS 'What such a student counts, where others count 1.';
COMMENT ON COLUMN caseload.low_incidence_class.description IS 'What it is.';
COMMENT ON COLUMN caseload.low_incidence_class.source IS 'Where the class or the weight comes from.';
INSERT INTO caseload.low_incidence_class (class_name, weight, description, source) VALUES
  ('Autistic Support', 2.0, 'Class for students with autism', 'schedule audit: low-incidence students cost more than weekly ones; the weight is an example'),
  ('Multi-Disabilities Support', 2.0, 'Class for students with multiple disabilities', 'schedule audit: low-incidence students cost more than weekly ones; the weight is an example')
ON CONFLICT (class_name) DO NOTHING;

CREATE TABLE IF NOT EXISTS caseload.client (
  district_id         text COLLATE "C" NOT NULL REFERENCES caseload.district,
  client_id           text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  name                text,
  site_id             text COLLATE "C",
  state               text,
  category            text,
  grade               smallint CHECK (grade BETWEEN -1 AND 13),
  low_incidence_class text COLLATE "C" REFERENCES caseload.low_incidence_class,
  service_percent     numeric(5,2) CHECK (service_percent BETWEEN 0 AND 100),
  has_aide            boolean,
  federal_setting     smallint CHECK (federal_setting BETWEEN 1 AND 8),
  need_points         numeric(8,2) CHECK (need_points >= 0),
  case_manager_id     text COLLATE "C",
  PRIMARY KEY (district_id, client_id),
  CONSTRAINT client_site_fkey FOREIGN KEY (district_id, site_id) REFERENCES caseload.site,
  CONSTRAINT client_case_manager_fkey FOREIGN KEY (district_id, case_manager_id) REFERENCES caseload.therapist
);
CREATE INDEX IF NOT EXISTS client_site_idx ON caseload.client (district_id, site_id);
CREATE INDEX IF NOT EXISTS client_case_manager_idx ON caseload.client (district_id, case_manager_id) WHERE case_manager_id IS NOT NULL;
COMMENT ON TABLE caseload.client IS 'A student or patient.';
COMMENT ON COLUMN caseload.client.district_id IS 'The district.';
COMMENT ON COLUMN caseload.client.client_id IS 'Id of the client.';
COMMENT ON COLUMN caseload.client.name IS 'Name for people; never part of a message.';
COMMENT ON COLUMN caseload.client.site_id IS 'Where the client is seen; its time zone decides the client''s days.';
COMMENT ON COLUMN caseload.client.state IS 'State the client sits in.';
COMMENT ON COLUMN caseload.client.category IS 'Eligibility category or diagnosis group, in the district''s words.';
COMMENT ON COLUMN caseload.client.grade IS 'Grade: -1 preschool, 0 kindergarten, 1 to 12, 13 beyond school; NULL = not recorded.';
COMMENT ON COLUMN caseload.client.low_incidence_class IS 'Low-incidence class that the client is in; NULL = none.';
COMMENT ON COLUMN caseload.client.service_percent IS 'Share of the school day or week in special education, in percent, which states count levels of service by; NULL = not recorded.';
COMMENT ON COLUMN caseload.client.has_aide IS 'A paraprofessional is with the client; NULL = not recorded.';
COMMENT ON COLUMN caseload.client.federal_setting IS 'Federal setting, 1 to 8; NULL = not recorded.';
COMMENT ON COLUMN caseload.client.need_points IS 'Points by the district''s own matrix of needs; NULL = not rated.';
COMMENT ON COLUMN caseload.client.case_manager_id IS 'Therapist who manages the case; NULL = somebody else.';

CREATE TABLE IF NOT EXISTS caseload.episode (
  district_id    text COLLATE "C" NOT NULL,
  client_id      text COLLATE "C" NOT NULL,
  episode        integer NOT NULL CHECK (episode > 0),
  period         daterange NOT NULL DEFAULT '(,)'
                 CHECK (NOT isempty(period) AND isfinite(lower(period)) IS NOT FALSE AND isfinite(upper(period)) IS NOT FALSE),
  closure_reason text,
  outcome        text CHECK (outcome IN ('met', 'partly_met', 'dropped', 'transferred', 'declined', 'other')),
  PRIMARY KEY (district_id, client_id, episode),
  -- That episodes of a client share no day is kept by the statement trigger, under the client's lock: a GiST exclusion
  -- constraint took 110 µs a row, and the planner used its index, ten times slower than the key, for every look-up.
  CONSTRAINT episode_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE
);
COMMENT ON TABLE caseload.episode IS 'One enrolment of a client. Counters of strikes and inactivity belong to an episode and start anew with the next.';
COMMENT ON COLUMN caseload.episode.district_id IS 'The district.';
COMMENT ON COLUMN caseload.episode.client_id IS 'The client.';
COMMENT ON COLUMN caseload.episode.episode IS '1 for the first enrolment, then 2, 3 …';
COMMENT ON COLUMN caseload.episode.period IS 'Days of enrolment; an open end is today''s caseload, an open beginning is one nobody recorded (see data_gaps).';
COMMENT ON COLUMN caseload.episode.closure_reason IS 'Why it was closed, in the words of the district.';
COMMENT ON COLUMN caseload.episode.outcome IS 'met, partly_met, dropped, transferred, declined or other.';

CREATE TABLE IF NOT EXISTS caseload.service (
  district_id  text COLLATE "C" NOT NULL,
  service_id   text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  client_id    text COLLATE "C" NOT NULL,
  discipline   text NOT NULL,
  dosage       caseload.dosage,
  delivery     caseload.delivery NOT NULL DEFAULT 'small_group_ok',
  group_size   integer NOT NULL DEFAULT 1 CHECK (group_size BETWEEN 1 AND 30),
  therapist_id text COLLATE "C",
  period       daterange NOT NULL DEFAULT daterange(CURRENT_DATE, NULL)
               CHECK (NOT isempty(period) AND isfinite(lower(period)) IS NOT FALSE AND isfinite(upper(period)) IS NOT FALSE),
  tier         smallint NOT NULL DEFAULT 3 CHECK (tier BETWEEN 1 AND 3),
  PRIMARY KEY (district_id, service_id),
  CONSTRAINT service_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client,
  CONSTRAINT service_therapist_fkey FOREIGN KEY (district_id, therapist_id) REFERENCES caseload.therapist,
  CONSTRAINT service_individual_alone CHECK (delivery <> 'individual_required' OR group_size = 1)
);
CREATE INDEX IF NOT EXISTS service_client_idx ON caseload.service (district_id, client_id);
CREATE INDEX IF NOT EXISTS service_therapist_idx ON caseload.service (district_id, therapist_id);
COMMENT ON TABLE caseload.service IS 'One line of a plan (IEP, 504, treatment plan): what a client is to get, and from whom.';
COMMENT ON COLUMN caseload.service.district_id IS 'The district.';
COMMENT ON COLUMN caseload.service.service_id IS 'Id of the service.';
COMMENT ON COLUMN caseload.service.client_id IS 'The client.';
COMMENT ON COLUMN caseload.service.discipline IS 'SLP, OT, PT, PSY, COUNS, or a word of the district''s own.';
COMMENT ON COLUMN caseload.service.dosage IS 'How much: 2x30/week, 1x45/2 weeks, 90/year; NULL is unknown and shows in data_gaps.';
COMMENT ON COLUMN caseload.service.delivery IS 'individual_required, small_group_ok, push_in or consult.';
COMMENT ON COLUMN caseload.service.group_size IS 'Clients in the session: the therapist spends its minutes once for all of them.';
COMMENT ON COLUMN caseload.service.therapist_id IS 'Who gives it; NULL is the waiting list.';
COMMENT ON COLUMN caseload.service.period IS 'Days on which the service is due.';
COMMENT ON COLUMN caseload.service.tier IS '3 is special education; support of tier 1 or 2 counts as workload, but its clients are not on the caseload.';
ALTER TABLE caseload.service ADD COLUMN IF NOT EXISTS reviewed_on date CHECK (isfinite(reviewed_on));
COMMENT ON COLUMN caseload.service.reviewed_on IS 'Last review of this line of the plan; NULL = none since its beginning.';

CREATE TABLE IF NOT EXISTS caseload.activity (
  activity_name text COLLATE "C" NOT NULL,
  category      text NOT NULL CHECK (category IN ('direct', 'consult', 'documentation', 'planning', 'evaluation', 'meeting', 'travel', 'makeup', 'supervision', 'other')),
  cluster       text NOT NULL CHECK (cluster IN ('direct services', 'support of the program', 'support of access', 'compliance')),
  description   text NOT NULL,
  source        text,
  PRIMARY KEY (activity_name)
);
COMMENT ON TABLE caseload.activity IS 'What therapists do besides the lines of plans, each in a category of workload and a cluster of ASHA''s.';
COMMENT ON COLUMN caseload.activity.activity_name IS 'Name of the activity.';
COMMENT ON COLUMN caseload.activity.category IS 'Category of workload: direct, consult, documentation, planning, evaluation, meeting, travel, makeup, supervision or other.';
COMMENT ON COLUMN caseload.activity.cluster IS 'Cluster of the ASHA workload analysis: direct services, support of the program, support of access (least restrictive setting, general curriculum) or compliance.';
COMMENT ON COLUMN caseload.activity.description IS 'What it is.';
COMMENT ON COLUMN caseload.activity.source IS 'Who names it.';
INSERT INTO caseload.activity (activity_name, category, cluster, description, source) VALUES
  ('classroom support', 'direct', 'direct services', 'Tier 1 and 2: work with a whole class before any referral', 'pre-referral support by tiers'),
  ('collaboration', 'consult', 'support of the program', 'Working out goals and methods with teachers and families', 'ASHA 2002; teletherapy duties'),
  ('plan writing', 'documentation', 'compliance', 'Making and updating plans (IEP, 504)', 'teletherapy duties'),
  ('billing', 'documentation', 'compliance', 'Medicaid logs and bills', 'NC DPI guidance'),
  ('preparation', 'planning', 'support of the program', 'Planning sessions', 'ASHA 2002'),
  ('equipment', 'planning', 'support of access', 'Choosing, fitting and keeping equipment', 'schedule audit: low-incidence students'),
  ('alternative communication', 'planning', 'support of access', 'Setting up alternative communication', 'schedule audit: low-incidence students'),
  ('carryover', 'consult', 'support of access', 'Bringing what was learned into the classroom', 'schedule audit: low-incidence students'),
  ('evaluation', 'evaluation', 'direct services', 'Initial evaluations and those every three years', 'ASHA 2002; teletherapy duties'),
  ('screening', 'evaluation', 'direct services', 'Screenings', 'schedule audit'),
  ('meeting', 'meeting', 'compliance', 'Plan meetings and others', 'ASHA 2002; teletherapy duties'),
  ('travel', 'travel', 'compliance', 'Between sites', 'NC DPI guidance'),
  ('makeup', 'makeup', 'direct services', 'Sessions given later', 'schedule audit'),
  ('training aides', 'supervision', 'support of access', 'Training paraprofessionals', 'schedule audit: low-incidence students'),
  ('supervision', 'supervision', 'support of the program', 'Supervising assistants and students', 'ASHA 2002; NC DPI guidance'),
  ('communication', 'other', 'support of the program', 'E-mail and calls', 'teletherapy duties'),
  ('training', 'other', 'compliance', 'Professional development', 'NC DPI guidance'),
  ('duty', 'other', 'compliance', 'Duties of all staff: bus, lunch', 'ASHA 2002')
ON CONFLICT (activity_name) DO NOTHING;

CREATE TABLE IF NOT EXISTS caseload.duty (
  district_id   text COLLATE "C" NOT NULL,
  duty_id       text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  therapist_id  text COLLATE "C" NOT NULL,
  activity_name text COLLATE "C" NOT NULL REFERENCES caseload.activity,
  dosage        caseload.dosage NOT NULL,
  client_id     text COLLATE "C",
  site_id       text COLLATE "C",
  reserved      boolean NOT NULL DEFAULT false,
  valid         daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid) AND isfinite(lower(valid)) IS NOT FALSE AND isfinite(upper(valid)) IS NOT FALSE),
  PRIMARY KEY (district_id, duty_id),
  CONSTRAINT duty_therapist_fkey FOREIGN KEY (district_id, therapist_id) REFERENCES caseload.therapist ON DELETE CASCADE,
  CONSTRAINT duty_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE,
  CONSTRAINT duty_site_fkey FOREIGN KEY (district_id, site_id) REFERENCES caseload.site
);
CREATE INDEX IF NOT EXISTS duty_therapist_idx ON caseload.duty (district_id, therapist_id);
COMMENT ON TABLE caseload.duty IS 'What a therapist does regularly besides the lines of plans, and time that a schedule sets aside.';
COMMENT ON COLUMN caseload.duty.district_id IS 'The district.';
COMMENT ON COLUMN caseload.duty.duty_id IS 'Id of the duty.';
COMMENT ON COLUMN caseload.duty.therapist_id IS 'The therapist.';
COMMENT ON COLUMN caseload.duty.activity_name IS 'Which activity; it says the category.';
COMMENT ON COLUMN caseload.duty.dosage IS 'How much: 15/week, 4x60/month.';
COMMENT ON COLUMN caseload.duty.client_id IS 'For which client; NULL = for none in particular.';
COMMENT ON COLUMN caseload.duty.site_id IS 'Where; NULL = anywhere.';
COMMENT ON COLUMN caseload.duty.reserved IS 'True: time set aside for what the policies count already, compared by reserve_check(); false: work on top of it.';
COMMENT ON COLUMN caseload.duty.valid IS 'Days on which it is done.';

CREATE TABLE IF NOT EXISTS caseload.closure (
  district_id text COLLATE "C" NOT NULL REFERENCES caseload.district,
  closure_id  text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  site_id     text COLLATE "C",
  days        daterange NOT NULL CHECK (NOT isempty(days) AND isfinite(lower(days)) AND isfinite(upper(days))),
  reason      text,
  PRIMARY KEY (district_id, closure_id),
  CONSTRAINT closure_site_fkey FOREIGN KEY (district_id, site_id) REFERENCES caseload.site
);
COMMENT ON TABLE caseload.closure IS 'Days on which nobody is seen: holidays, vacations, snow. Saturdays and Sundays need no row.';
COMMENT ON COLUMN caseload.closure.district_id IS 'The district.';
COMMENT ON COLUMN caseload.closure.closure_id IS 'Id of the closure.';
COMMENT ON COLUMN caseload.closure.site_id IS 'The site; NULL = all sites of the district.';
COMMENT ON COLUMN caseload.closure.days IS 'First day to last day.';
COMMENT ON COLUMN caseload.closure.reason IS 'Why, for people.';

CREATE TABLE IF NOT EXISTS caseload.appointment (
  district_id    text COLLATE "C" NOT NULL,
  client_id      text COLLATE "C" NOT NULL,
  appointment_id text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  service_id     text COLLATE "C",
  therapist_id   text COLLATE "C",
  starts_at      timestamptz NOT NULL CHECK (isfinite(starts_at)),
  minutes        integer CHECK (minutes BETWEEN 1 AND 1440),
  status         caseload.appointment_status NOT NULL DEFAULT 'scheduled',
  -- with the time, so that the evidence of a flag is found without a look at every row of the client
  PRIMARY KEY (district_id, client_id, appointment_id) INCLUDE (starts_at),
  CONSTRAINT appointment_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client,
  CONSTRAINT appointment_service_fkey FOREIGN KEY (district_id, service_id) REFERENCES caseload.service,
  CONSTRAINT appointment_therapist_fkey FOREIGN KEY (district_id, therapist_id) REFERENCES caseload.therapist
);
COMMENT ON TABLE caseload.appointment IS 'An appointment and what became of it. A past one still scheduled is unresolved, never silently a no-show.';
COMMENT ON COLUMN caseload.appointment.district_id IS 'The district.';
COMMENT ON COLUMN caseload.appointment.client_id IS 'The client.';
COMMENT ON COLUMN caseload.appointment.appointment_id IS 'Id of the appointment; given by the app, it makes repeated loading harmless.';
COMMENT ON COLUMN caseload.appointment.service_id IS 'The line of the plan that it serves, where known.';
COMMENT ON COLUMN caseload.appointment.therapist_id IS 'Who was to see the client, where known.';
COMMENT ON COLUMN caseload.appointment.starts_at IS 'When it begins.';
COMMENT ON COLUMN caseload.appointment.minutes IS 'How long it is.';
COMMENT ON COLUMN caseload.appointment.status IS 'What became of it.';

CREATE TABLE IF NOT EXISTS caseload.contact (
  district_id text COLLATE "C" NOT NULL,
  client_id   text COLLATE "C" NOT NULL,
  contact_id  text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  at          timestamptz NOT NULL CHECK (isfinite(at)),
  kind        caseload.contact_kind NOT NULL,
  PRIMARY KEY (district_id, client_id, contact_id) INCLUDE (at),
  CONSTRAINT contact_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client
);
COMMENT ON TABLE caseload.contact IS 'A touch between sessions. A two-way contact ends inactivity, but not the time unseen.';
COMMENT ON COLUMN caseload.contact.district_id IS 'The district.';
COMMENT ON COLUMN caseload.contact.client_id IS 'The client.';
COMMENT ON COLUMN caseload.contact.contact_id IS 'Id of the contact.';
COMMENT ON COLUMN caseload.contact.at IS 'When it was.';
COMMENT ON COLUMN caseload.contact.kind IS 'attempt or two_way.';

CREATE TABLE IF NOT EXISTS caseload.document (
  district_id text COLLATE "C" NOT NULL,
  client_id   text COLLATE "C" NOT NULL,
  document_id text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  kind        text NOT NULL CHECK (kind IN ('consent', 'plan', 'plan_review', 'session_note', 'contact_note', 'closing_note', 'other')),
  about       date CHECK (isfinite(about)),
  due_on      date CHECK (isfinite(due_on)),
  done_at     timestamptz CHECK (isfinite(done_at)),
  minutes     integer CHECK (minutes BETWEEN 0 AND 1440),
  with_client boolean,
  PRIMARY KEY (district_id, client_id, document_id),
  CONSTRAINT document_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE
);
COMMENT ON TABLE caseload.document IS 'What must be in a client''s record, due or done: the fact that it is there, not its text.';
COMMENT ON COLUMN caseload.document.district_id IS 'The district.';
COMMENT ON COLUMN caseload.document.client_id IS 'The client.';
COMMENT ON COLUMN caseload.document.document_id IS 'Id of the document.';
COMMENT ON COLUMN caseload.document.kind IS 'consent, plan, plan_review, session_note, contact_note, closing_note or other.';
COMMENT ON COLUMN caseload.document.about IS 'Day that it is about: that of the session, the contact or the review.';
COMMENT ON COLUMN caseload.document.due_on IS 'Last day on which it is in time; NULL = no limit.';
COMMENT ON COLUMN caseload.document.done_at IS 'When it was finished; NULL = not yet.';
COMMENT ON COLUMN caseload.document.minutes IS 'Minutes spent on it.';
COMMENT ON COLUMN caseload.document.with_client IS 'The plan was made with the client (and the family); NULL = not recorded.';

-- One row for each episode, kept by triggers. Fill factor: the row grows with every event and should stay on its page.
CREATE TABLE IF NOT EXISTS caseload.client_activity (
  district_id text COLLATE "C" NOT NULL,
  client_id   text COLLATE "C" NOT NULL,
  episode     integer NOT NULL,
  period      daterange NOT NULL,
  attendance  caseload.attendance NOT NULL,
  PRIMARY KEY (district_id, client_id, episode),
  CONSTRAINT client_activity_episode_fkey FOREIGN KEY (district_id, client_id, episode)
    REFERENCES caseload.episode ON DELETE CASCADE ON UPDATE CASCADE
) WITH (fillfactor = 70);
COMMENT ON TABLE caseload.client_activity IS 'Derived: the attendance of every episode, kept by triggers, always equal to a recompute (see verify).';
COMMENT ON COLUMN caseload.client_activity.district_id IS 'The district.';
COMMENT ON COLUMN caseload.client_activity.client_id IS 'The client.';
COMMENT ON COLUMN caseload.client_activity.episode IS 'The episode.';
COMMENT ON COLUMN caseload.client_activity.period IS 'Its days, so that an event finds its episode with one look.';
COMMENT ON COLUMN caseload.client_activity.attendance IS 'All appointments and contacts of the episode.';

CREATE STATISTICS IF NOT EXISTS caseload.service_therapist_stat (ndistinct, dependencies)
  ON district_id, therapist_id FROM caseload.service;
CREATE STATISTICS IF NOT EXISTS caseload.service_client_stat (ndistinct, dependencies)
  ON district_id, client_id FROM caseload.service;
CREATE STATISTICS IF NOT EXISTS caseload.appointment_client_stat (ndistinct, dependencies)
  ON district_id, client_id FROM caseload.appointment;
