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
  value_type    text NOT NULL CHECK (value_type IN ('boolean', 'integer', 'numeric', 'capacity_mode', 'calendar')),
  default_value text NOT NULL,
  unit          text,
  description   text NOT NULL,
  source        text,
  PRIMARY KEY (policy_name)
);
COMMENT ON TABLE caseload.policy_kind IS 'Every switch and number that a district may set, with its default and where the default comes from.';
COMMENT ON COLUMN caseload.policy_kind.policy_name IS 'Name of the policy.';
COMMENT ON COLUMN caseload.policy_kind.value_type IS 'What a value must be: boolean, integer, numeric, capacity_mode (off, warn, error) or calendar (school, clinic).';
COMMENT ON COLUMN caseload.policy_kind.default_value IS 'What holds where a district says nothing.';
COMMENT ON COLUMN caseload.policy_kind.unit IS 'Unit of a number.';
COMMENT ON COLUMN caseload.policy_kind.description IS 'What the policy decides.';
COMMENT ON COLUMN caseload.policy_kind.source IS 'Where the default comes from.';

INSERT INTO caseload.policy_kind (policy_name, value_type, default_value, unit, description, source) VALUES
  ('auto_enroll', 'boolean', 'on', NULL,
   'The first event or service of a client without any episode opens one, of unknown beginning.', NULL),
  ('strike_window_days', 'integer', '90', 'days', 'Length of the window of strikes_in_window and misses_in_window.', NULL),
  ('calendar', 'calendar', 'school', NULL,
   'Service year that turns dosages into weekly minutes: school (36 weeks, 9 months) or clinic (52 weeks, 12 months).', NULL),
  ('weekly_minutes_per_fte', 'numeric', '1500', 'minutes per week',
   'Direct and consult minutes that one full-time therapist can give in a week.',
   'NC Workload Assessment, direct method: 1.5 hours of work for each direct hour, so 25 of 37.5 hours'),
  ('capacity', 'capacity_mode', 'error', NULL, 'What happens to an assignment beyond capacity: off, warn or error.', NULL),
  ('auto_close', 'boolean', 'off', NULL,
   'evaluate() closes the episode where a flag that proposes it is due and nobody has answered. Off: a person confirms.', NULL)
ON CONFLICT (policy_name) DO NOTHING;

CREATE TABLE IF NOT EXISTS caseload.policy (
  district_id text COLLATE "C" NOT NULL REFERENCES caseload.district ON DELETE CASCADE,
  policy_name text COLLATE "C" NOT NULL REFERENCES caseload.policy_kind,
  valid       daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid) AND isfinite(lower(valid)) IS NOT FALSE AND isfinite(upper(valid)) IS NOT FALSE),
  value       text NOT NULL,
  PRIMARY KEY (district_id, policy_name, valid),
  CONSTRAINT policy_no_overlap EXCLUDE USING gist (district_id WITH =, policy_name WITH =, valid WITH &&)
);
COMMENT ON TABLE caseload.policy IS 'What a district has decided, by date; where it says nothing, the default of policy_kind holds.';
COMMENT ON COLUMN caseload.policy.district_id IS 'The district.';
COMMENT ON COLUMN caseload.policy.policy_name IS 'Which policy.';
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

CREATE TABLE IF NOT EXISTS caseload.client (
  district_id text COLLATE "C" NOT NULL REFERENCES caseload.district,
  client_id   text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  name        text,
  site_id     text COLLATE "C",
  state       text,
  category    text,
  PRIMARY KEY (district_id, client_id),
  CONSTRAINT client_site_fkey FOREIGN KEY (district_id, site_id) REFERENCES caseload.site
);
CREATE INDEX IF NOT EXISTS client_site_idx ON caseload.client (district_id, site_id);
COMMENT ON TABLE caseload.client IS 'A student or patient.';
COMMENT ON COLUMN caseload.client.district_id IS 'The district.';
COMMENT ON COLUMN caseload.client.client_id IS 'Id of the client.';
COMMENT ON COLUMN caseload.client.name IS 'Name for people; never part of a message.';
COMMENT ON COLUMN caseload.client.site_id IS 'Where the client is seen; its time zone decides the client''s days.';
COMMENT ON COLUMN caseload.client.state IS 'State the client sits in.';
COMMENT ON COLUMN caseload.client.category IS 'Eligibility category or diagnosis group, in the district''s words.';

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
ALTER TABLE caseload.service ADD COLUMN IF NOT EXISTS reviewed_on date CHECK (isfinite(reviewed_on));
COMMENT ON COLUMN caseload.service.reviewed_on IS 'Last review of this line of the plan; NULL = none since its beginning.';

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
