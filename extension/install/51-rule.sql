--| ordinary
-- Rules are rows. The seeded ones stand under district "*", which is every district.

CREATE TABLE IF NOT EXISTS caseload.rule (
  district_id text COLLATE "C" NOT NULL DEFAULT '*',
  rule_name   text COLLATE "C" NOT NULL,
  subject     text NOT NULL DEFAULT 'client' CHECK (subject = 'client'),
  condition   text NOT NULL,
  severity    text NOT NULL DEFAULT 'warn' CHECK (severity IN ('info', 'warn', 'act')),
  action      text NOT NULL DEFAULT 'review' CHECK (action IN ('review', 'inform', 'warn', 'close')),
  message     text NOT NULL,
  due_after   interval NOT NULL DEFAULT '7 days' CHECK (due_after BETWEEN '0 days' AND '10 years'),
  valid       daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid) AND isfinite(lower(valid)) IS NOT FALSE AND isfinite(upper(valid)) IS NOT FALSE),
  version     integer NOT NULL DEFAULT 1,
  source      text,
  PRIMARY KEY (district_id, rule_name)
);
COMMENT ON TABLE caseload.rule IS 'Rules: a flag is raised for every client for whom the condition holds.';
COMMENT ON COLUMN caseload.rule.district_id IS 'The district that the rule is for; "*" is every district.';
COMMENT ON COLUMN caseload.rule.rule_name IS 'Name of the rule.';
COMMENT ON COLUMN caseload.rule.subject IS 'What the rule is about: client.';
COMMENT ON COLUMN caseload.rule.condition IS 'One SQL expression over the facts of the subject (the columns of client_facts); the flag is raised where it is true.';
COMMENT ON COLUMN caseload.rule.severity IS 'info, warn or act.';
COMMENT ON COLUMN caseload.rule.action IS 'What the flag proposes: review, inform, warn or close. Nothing is done by itself.';
COMMENT ON COLUMN caseload.rule.message IS 'What the flag says.';
COMMENT ON COLUMN caseload.rule.due_after IS 'How long after being raised the flag is due.';
COMMENT ON COLUMN caseload.rule.valid IS 'Days on which the rule holds.';
COMMENT ON COLUMN caseload.rule.version IS 'Counts changes of the condition; flags remember it.';
COMMENT ON COLUMN caseload.rule.source IS 'Where the rule comes from.';

CREATE TABLE IF NOT EXISTS caseload.rule_error (
  rule_district text COLLATE "C" NOT NULL,
  rule_error_id text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  rule_name     text COLLATE "C" NOT NULL,
  rule_version  integer NOT NULL,
  occurred_at   timestamptz NOT NULL DEFAULT now(),
  occurrences   bigint NOT NULL,
  message       text NOT NULL,
  PRIMARY KEY (rule_district, rule_error_id)
);
COMMENT ON TABLE caseload.rule_error IS 'Rules that failed while they were evaluated. The facts were stored all the same.';
COMMENT ON COLUMN caseload.rule_error.rule_district IS 'District of the rule.';
COMMENT ON COLUMN caseload.rule_error.rule_error_id IS 'Id of the report.';
COMMENT ON COLUMN caseload.rule_error.rule_name IS 'Name of the rule.';
COMMENT ON COLUMN caseload.rule_error.rule_version IS 'Version of the rule.';
COMMENT ON COLUMN caseload.rule_error.occurred_at IS 'When.';
COMMENT ON COLUMN caseload.rule_error.occurrences IS 'For how many clients, in one statement.';
COMMENT ON COLUMN caseload.rule_error.message IS 'The last error.';

CREATE OR REPLACE TRIGGER rule_before_write BEFORE INSERT OR UPDATE ON caseload.rule
  FOR EACH ROW EXECUTE FUNCTION caseload.rule_before_write();
CREATE OR REPLACE TRIGGER rule_after_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON caseload.rule
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.rule_after_write();

INSERT INTO caseload.rule (district_id, rule_name, condition, severity, action, message, due_after, source) VALUES
  ('*', 'attendance_close', 'is_active AND strikes >= 3', 'act', 'close',
   'three or more no-shows or late cancellations: inform the family and close', '7 days', 'clinic handbook: 3 or more no-shows or late cancels'),
  ('*', 'inactive_close', 'is_active AND days_inactive >= 30', 'act', 'close',
   'not seen and no contact for 30 days or more: close', '7 days', 'clinic handbook: not seen and no contact for 30+ days'),
  ('*', 'inactive_warn', 'is_active AND days_unseen >= 30 AND days_inactive < 30', 'warn', 'warn',
   'in contact but not seen for 30 days or more: warn that the case will be closed on the due date unless scheduled', '14 days',
   'clinic handbook: 30+ days unseen but in contact')
ON CONFLICT (district_id, rule_name) DO NOTHING;

CREATE TABLE IF NOT EXISTS caseload.flag (
  district_id   text COLLATE "C" NOT NULL,
  flag_id       text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
  client_id     text COLLATE "C" NOT NULL,
  episode       integer NOT NULL,
  subject       text NOT NULL DEFAULT 'client',
  rule_district text COLLATE "C" NOT NULL,
  rule_name     text COLLATE "C" NOT NULL,
  rule_version  integer NOT NULL,
  severity      text NOT NULL,
  action        text NOT NULL,
  message       text NOT NULL,
  raised_on     date NOT NULL,
  due_on        date NOT NULL,
  state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'resolved', 'dismissed', 'closed')),
  cleared_on    date CHECK (cleared_on >= raised_on),
  PRIMARY KEY (district_id, flag_id),
  -- of the client, not of the episode: foreign keys look with the snapshot of the transaction, which may be older than an episode
  CONSTRAINT flag_client_fkey FOREIGN KEY (district_id, client_id) REFERENCES caseload.client ON DELETE CASCADE
);
CREATE UNIQUE INDEX IF NOT EXISTS flag_standing_idx
  ON caseload.flag (district_id, client_id, episode, rule_district, rule_name) WHERE cleared_on IS NULL;
COMMENT ON TABLE caseload.flag IS 'Flags: what a rule says of a client, from the day it began to hold to the day it ceased. Proposals, never deeds.';
COMMENT ON COLUMN caseload.flag.district_id IS 'The district.';
COMMENT ON COLUMN caseload.flag.flag_id IS 'Id of the flag.';
COMMENT ON COLUMN caseload.flag.client_id IS 'The client.';
COMMENT ON COLUMN caseload.flag.episode IS 'The episode.';
COMMENT ON COLUMN caseload.flag.subject IS 'What the rule is about.';
COMMENT ON COLUMN caseload.flag.rule_district IS 'District of the rule, "*" for a seeded one.';
COMMENT ON COLUMN caseload.flag.rule_name IS 'The rule.';
COMMENT ON COLUMN caseload.flag.rule_version IS 'Version of the rule that raised it.';
COMMENT ON COLUMN caseload.flag.severity IS 'info, warn or act, as the rule said then.';
COMMENT ON COLUMN caseload.flag.action IS 'What is proposed.';
COMMENT ON COLUMN caseload.flag.message IS 'What the rule said then.';
COMMENT ON COLUMN caseload.flag.raised_on IS 'Day as of which the condition was first found to hold.';
COMMENT ON COLUMN caseload.flag.due_on IS 'Day by which somebody should have acted.';
COMMENT ON COLUMN caseload.flag.state IS 'open, acknowledged, resolved (the condition ceased), dismissed or closed (by a person).';
COMMENT ON COLUMN caseload.flag.cleared_on IS 'Day as of which the condition was found to hold no more; NULL = it still holds.';

CREATE OR REPLACE FUNCTION caseload.flags(as_of date DEFAULT CURRENT_DATE, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, client_id text, episode integer, rule_name text, severity text, action text, message text,
               raised_on date, due_on date, state text, flag_id text)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100
BEGIN ATOMIC
  SELECT n.district_id, n.client_id, n.episode, n.rule_name, r.severity, r.action, r.message,
         CASE WHEN f.raised_on <= as_of THEN f.raised_on ELSE as_of END,
         CASE WHEN f.raised_on <= as_of THEN f.due_on ELSE (as_of + r.due_after)::date END,
         coalesce(f.state, 'open'), f.flag_id
    FROM caseload.findings(as_of, in_district) n
   -- LIMIT 1: the planner must not think that joining the key of rule leaves one row of many
   CROSS JOIN LATERAL (SELECT r.* FROM caseload.rule r
                        WHERE r.district_id = n.rule_district AND r.rule_name = n.rule_name LIMIT 1) r
    LEFT JOIN caseload.flag f ON f.district_id = n.district_id AND f.client_id = n.client_id AND f.episode = n.episode
         AND f.rule_district = n.rule_district AND f.rule_name = n.rule_name AND f.cleared_on IS NULL
   WHERE NOT n.failed AND coalesce(f.state, 'open') <> 'dismissed';
END;
COMMENT ON FUNCTION caseload.flags(date, text) IS 'Flags as the rules say as of a date, computed now; raised_on, due_on and state come from the table of flags where the flag stands there.';

CREATE OR REPLACE VIEW caseload.current_flags WITH (security_barrier = true, security_invoker = true) AS
  SELECT f.district_id, f.client_id, f.episode, f.rule_name, f.severity, f.action, f.message, f.raised_on, f.due_on, f.state, f.flag_id
    FROM caseload.flags(CURRENT_DATE) f;
COMMENT ON VIEW caseload.current_flags IS 'Flags as the rules say today, computed when read and so always current.';
COMMENT ON COLUMN caseload.current_flags.district_id IS 'The district.';
COMMENT ON COLUMN caseload.current_flags.client_id IS 'The client.';
COMMENT ON COLUMN caseload.current_flags.episode IS 'The episode.';
COMMENT ON COLUMN caseload.current_flags.rule_name IS 'The rule that holds.';
COMMENT ON COLUMN caseload.current_flags.severity IS 'info, warn or act.';
COMMENT ON COLUMN caseload.current_flags.action IS 'What is proposed: review, inform, warn or close.';
COMMENT ON COLUMN caseload.current_flags.message IS 'What the rule says.';
COMMENT ON COLUMN caseload.current_flags.raised_on IS 'Day as of which the flag was raised; today where it has not been written yet.';
COMMENT ON COLUMN caseload.current_flags.due_on IS 'Day by which somebody should have acted.';
COMMENT ON COLUMN caseload.current_flags.state IS 'open or acknowledged.';
COMMENT ON COLUMN caseload.current_flags.flag_id IS 'The row of caseload.flag; NULL where it has not been written yet.';
