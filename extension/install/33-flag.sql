--| ordinary
-- Flags: what the rules say, with its whole life. Rules raise and resolve them (51-, src/decide); people answer them (63-). The facts
-- know of them, too: a warning that stands is a fact about its client.

CREATE TABLE IF NOT EXISTS caseload.flag (
  district_id   text COLLATE "C" NOT NULL,
  flag_id       text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  subject       text COLLATE "C" NOT NULL,
  subject_key   text COLLATE "C" NOT NULL,
  client_id     text COLLATE "C",
  episode       integer NOT NULL DEFAULT 0,
  rule_district text COLLATE "C" NOT NULL,
  rule_name     text COLLATE "C" NOT NULL,
  rule_version  integer NOT NULL,
  severity      text NOT NULL,
  action        text NOT NULL,
  priority      integer NOT NULL DEFAULT 100,
  message       text NOT NULL,
  raised_on     date NOT NULL,
  due_on        date NOT NULL,
  state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'resolved', 'dismissed', 'closed')),
  snoozed_until date,
  cleared_on    date CHECK (cleared_on >= raised_on),
  cleared_why   text,
  evidence      text[] NOT NULL DEFAULT '{}',
  raised_at     timestamptz NOT NULL DEFAULT now(),
  raised_by     text NOT NULL DEFAULT caseload.actor(),
  cleared_at    timestamptz,
  cleared_by    text,
  PRIMARY KEY (district_id, flag_id),
  -- of the client, not of the episode: foreign keys look with the snapshot of the transaction, which may be older than an episode
  CONSTRAINT flag_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE,
  CONSTRAINT flag_cleared CHECK ((cleared_on IS NULL) = (cleared_why IS NULL)),
  CONSTRAINT flag_resolved CHECK (state <> 'resolved' OR cleared_on IS NOT NULL)
);
CREATE UNIQUE INDEX IF NOT EXISTS flag_standing_idx
  ON caseload.flag (district_id, subject_key, subject, episode, rule_district, rule_name) WHERE cleared_on IS NULL;
CREATE INDEX IF NOT EXISTS flag_client_idx ON caseload.flag (district_id, client_id);
COMMENT ON TABLE caseload.flag IS 'Flags: what a rule says of a subject, from the day it began to hold to the day it ceased. Proposals, never deeds.';
COMMENT ON COLUMN caseload.flag.district_id IS 'The district.';
COMMENT ON COLUMN caseload.flag.flag_id IS 'Id of the flag.';
COMMENT ON COLUMN caseload.flag.subject IS 'What the rule is about: client, service, therapist, site, or a registered subject.';
COMMENT ON COLUMN caseload.flag.subject_key IS 'Id of the client, service, therapist or site.';
COMMENT ON COLUMN caseload.flag.client_id IS 'The client whom it concerns; NULL for subjects that are no client''s.';
COMMENT ON COLUMN caseload.flag.episode IS 'The episode; 0 for subjects without.';
COMMENT ON COLUMN caseload.flag.rule_district IS 'District of the rule, "*" for a seeded one.';
COMMENT ON COLUMN caseload.flag.rule_name IS 'The rule.';
COMMENT ON COLUMN caseload.flag.rule_version IS 'Version of the rule that raised it; its condition is in rule_version.';
COMMENT ON COLUMN caseload.flag.severity IS 'info, warn or act, as the rule said then.';
COMMENT ON COLUMN caseload.flag.action IS 'What is proposed: review, inform, warn, close, offer or release.';
COMMENT ON COLUMN caseload.flag.priority IS 'Which of several flags to look at first, lowest first, as the rule said then.';
COMMENT ON COLUMN caseload.flag.message IS 'What the rule said then.';
COMMENT ON COLUMN caseload.flag.raised_on IS 'Day as of which the condition was first found to hold.';
COMMENT ON COLUMN caseload.flag.due_on IS 'Day by which somebody should have acted.';
COMMENT ON COLUMN caseload.flag.state IS 'open, acknowledged (somebody is at it), resolved (the condition ceased), or a person''s answer: dismissed, closed (done).';
COMMENT ON COLUMN caseload.flag.snoozed_until IS 'Not to be shown before this day; new evidence ends it.';
COMMENT ON COLUMN caseload.flag.cleared_on IS 'Day as of which the condition was found to hold no more; NULL = it still holds, whatever was answered.';
COMMENT ON COLUMN caseload.flag.cleared_why IS 'Why it was cleared: condition, episode, rule or evidence (raised anew on new evidence).';
COMMENT ON COLUMN caseload.flag.evidence IS 'Ids of the appointments and contacts that the condition counted when the flag was raised, or when somebody answered it. What they say is read from the tables.';
COMMENT ON COLUMN caseload.flag.raised_at IS 'When it was written.';
COMMENT ON COLUMN caseload.flag.raised_by IS 'Whose statement brought it up.';
COMMENT ON COLUMN caseload.flag.cleared_at IS 'When that was found.';
COMMENT ON COLUMN caseload.flag.cleared_by IS 'Whose statement brought it about.';

CREATE TABLE IF NOT EXISTS caseload.flag_step (
  district_id  text COLLATE "C" NOT NULL,
  flag_step_id text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  flag_id      text COLLATE "C" NOT NULL,
  at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  by           text NOT NULL DEFAULT caseload.actor(),
  step         text NOT NULL CHECK (step IN ('acknowledged', 'dismissed', 'closed', 'snoozed', 'woken')),
  why          text,
  until        date,
  PRIMARY KEY (district_id, flag_step_id),
  CONSTRAINT flag_step_flag_fkey FOREIGN KEY (district_id, flag_id) REFERENCES caseload.flag ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS flag_step_flag_idx ON caseload.flag_step (district_id, flag_id);
COMMENT ON TABLE caseload.flag_step IS 'What people have answered to flags; flag_history() tells it together with what the rules did.';
COMMENT ON COLUMN caseload.flag_step.district_id IS 'The district.';
COMMENT ON COLUMN caseload.flag_step.flag_step_id IS 'Id of the step.';
COMMENT ON COLUMN caseload.flag_step.flag_id IS 'The flag.';
COMMENT ON COLUMN caseload.flag_step.at IS 'When.';
COMMENT ON COLUMN caseload.flag_step.by IS 'Who: the role that logged in, or set its role for the session.';
COMMENT ON COLUMN caseload.flag_step.step IS 'acknowledged, dismissed, closed, snoozed, or woken (by new evidence).';
COMMENT ON COLUMN caseload.flag_step.why IS 'The reason given.';
COMMENT ON COLUMN caseload.flag_step.until IS 'End of a snooze.';
