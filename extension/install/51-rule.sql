--| ordinary
-- Rules are rows. The seeded ones stand under district "*", which is every district.

CREATE TABLE IF NOT EXISTS caseload.subject (
  subject_name text COLLATE "C" NOT NULL CHECK (subject_name ~ '^[a-z][a-z0-9_]*$'),
  relation     text NOT NULL,
  key_columns  text[] NOT NULL CHECK (cardinality(key_columns) BETWEEN 1 AND 8),
  PRIMARY KEY (subject_name)
);
COMMENT ON TABLE caseload.subject IS 'Subjects of the owner''s own, made by register_subject(): relations over whose rows rules can be written.';
COMMENT ON COLUMN caseload.subject.subject_name IS 'Name, as rules give it.';
COMMENT ON COLUMN caseload.subject.relation IS 'The relation with the facts, schema-qualified.';
COMMENT ON COLUMN caseload.subject.key_columns IS 'Its columns that, with district_id, name a row.';

CREATE TABLE IF NOT EXISTS caseload.rule (
  district_id text COLLATE "C" NOT NULL DEFAULT '*',
  rule_name   text COLLATE "C" NOT NULL,
  subject     text COLLATE "C" NOT NULL DEFAULT 'client',
  condition   text NOT NULL,
  severity    text NOT NULL DEFAULT 'warn' CHECK (severity IN ('info', 'warn', 'act')),
  action      text NOT NULL DEFAULT 'review' CHECK (action IN ('review', 'inform', 'warn', 'close', 'offer', 'release')),
  message     text NOT NULL,
  due_after   interval NOT NULL DEFAULT '7 days' CHECK (due_after BETWEEN '0 days' AND '10 years'),
  valid       daterange NOT NULL DEFAULT '(,)' CHECK (NOT isempty(valid) AND isfinite(lower(valid)) IS NOT FALSE AND isfinite(upper(valid)) IS NOT FALSE),
  site_level  text,
  discipline  text,
  supersedes  text COLLATE "C",
  priority    integer NOT NULL DEFAULT 100,
  source      text,
  version     integer NOT NULL DEFAULT 1,
  facts       text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (district_id, rule_name),
  CONSTRAINT rule_close_client CHECK (action <> 'close' OR subject = 'client')
);
COMMENT ON TABLE caseload.rule IS 'Rules: a flag is raised for every subject for which the condition holds.';
COMMENT ON COLUMN caseload.rule.district_id IS 'The district that the rule is for; "*" is every district.';
COMMENT ON COLUMN caseload.rule.rule_name IS 'Name of the rule. A district''s rule replaces the one of every district that bears the same name, where it applies.';
COMMENT ON COLUMN caseload.rule.subject IS 'What the rule is about: client, service, therapist, site, or a registered subject.';
COMMENT ON COLUMN caseload.rule.condition IS 'One SQL expression over the facts of the subject (the columns of client_facts and its like); the flag is raised where it is true.';
COMMENT ON COLUMN caseload.rule.severity IS 'info, warn or act.';
COMMENT ON COLUMN caseload.rule.action IS 'What the flag proposes: review, inform, warn, close, offer (a recurring slot) or release (it). Nothing is done by itself.';
COMMENT ON COLUMN caseload.rule.message IS 'What the flag says.';
COMMENT ON COLUMN caseload.rule.due_after IS 'How long after being raised the flag is due.';
COMMENT ON COLUMN caseload.rule.valid IS 'Days on which the rule holds.';
COMMENT ON COLUMN caseload.rule.site_level IS 'Only where the site is of this level; NULL = everywhere.';
COMMENT ON COLUMN caseload.rule.discipline IS 'Only for services and therapists of this discipline, and clients who get it; NULL = all.';
COMMENT ON COLUMN caseload.rule.supersedes IS 'Name of a rule of the same or of every district that this one replaces, where it applies.';
COMMENT ON COLUMN caseload.rule.priority IS 'Which of several flags to look at first: lowest first.';
COMMENT ON COLUMN caseload.rule.source IS 'Where the rule comes from.';
COMMENT ON COLUMN caseload.rule.version IS 'Counts changes of the condition; flags remember it, and rule_version keeps them all.';
COMMENT ON COLUMN caseload.rule.facts IS 'Derived: the facts that the condition uses.';

CREATE TABLE IF NOT EXISTS caseload.rule_version (
  district_id text COLLATE "C" NOT NULL,
  rule_name   text COLLATE "C" NOT NULL,
  version     integer NOT NULL,
  subject     text COLLATE "C" NOT NULL,
  condition   text NOT NULL,
  facts       text[] NOT NULL,
  changed_at  timestamptz NOT NULL DEFAULT now(),
  changed_by  text NOT NULL DEFAULT caseload.actor(),
  PRIMARY KEY (district_id, rule_name, version)
);
COMMENT ON TABLE caseload.rule_version IS 'Every condition that a rule has had: what a flag of last year was raised by.';
COMMENT ON COLUMN caseload.rule_version.district_id IS 'District of the rule.';
COMMENT ON COLUMN caseload.rule_version.rule_name IS 'The rule.';
COMMENT ON COLUMN caseload.rule_version.version IS 'Its version.';
COMMENT ON COLUMN caseload.rule_version.subject IS 'What it was about.';
COMMENT ON COLUMN caseload.rule_version.condition IS 'The condition.';
COMMENT ON COLUMN caseload.rule_version.facts IS 'The facts that it uses.';
COMMENT ON COLUMN caseload.rule_version.changed_at IS 'Since when.';
COMMENT ON COLUMN caseload.rule_version.changed_by IS 'Who wrote it.';

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

CREATE OR REPLACE FUNCTION caseload.rule_version_before_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.condition = OLD.condition AND NEW.subject = OLD.subject
     AND NEW.district_id = OLD.district_id AND NEW.rule_name = OLD.rule_name THEN
    NEW.version := OLD.version;
  ELSE
    -- goes on counting where a rule of this name was deleted: flags may remember its versions
    NEW.version := 1 + coalesce((SELECT max(v.version) FROM caseload.rule_version v
                                  WHERE v.district_id = NEW.district_id AND v.rule_name = NEW.rule_name), 0);
  END IF;
  IF NEW.supersedes = NEW.rule_name AND NEW.district_id = '*' THEN
    RAISE EXCEPTION 'rule "%" cannot supersede itself', NEW.rule_name USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION caseload.rule_version_before_write() IS 'Row trigger of rule: counts the versions of a condition.';

CREATE OR REPLACE FUNCTION caseload.rule_version_after_write()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  INSERT INTO caseload.rule_version (district_id, rule_name, version, subject, condition, facts)
    VALUES (NEW.district_id, NEW.rule_name, NEW.version, NEW.subject, NEW.condition, NEW.facts)
    ON CONFLICT (district_id, rule_name, version) DO NOTHING;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION caseload.rule_version_after_write() IS 'Row trigger of rule: keeps every version of a condition.';

CREATE OR REPLACE TRIGGER rule_before_write BEFORE INSERT OR UPDATE ON caseload.rule
  FOR EACH ROW EXECUTE FUNCTION caseload.rule_before_write();
CREATE OR REPLACE TRIGGER rule_version_before_write BEFORE INSERT OR UPDATE ON caseload.rule
  FOR EACH ROW EXECUTE FUNCTION caseload.rule_version_before_write();
CREATE OR REPLACE TRIGGER rule_version_after_write AFTER INSERT OR UPDATE ON caseload.rule
  FOR EACH ROW EXECUTE FUNCTION caseload.rule_version_after_write();
CREATE OR REPLACE TRIGGER rule_after_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON caseload.rule
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.rule_after_write();
CREATE OR REPLACE TRIGGER rule_after_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON caseload.subject
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.rule_after_write();
-- rules for a level are kept ready only where there are sites of that level
CREATE OR REPLACE TRIGGER rule_after_write AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON caseload.site
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.rule_after_write();

-- As for policies: what comes by replication.
CREATE OR REPLACE TRIGGER rule_replica_write AFTER INSERT OR UPDATE OR DELETE ON caseload.rule
  FOR EACH ROW EXECUTE FUNCTION caseload.rule_after_write();
CREATE OR REPLACE TRIGGER rule_replica_truncate AFTER TRUNCATE ON caseload.rule
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.rule_after_write();
ALTER TABLE caseload.rule ENABLE REPLICA TRIGGER rule_replica_write, ENABLE REPLICA TRIGGER rule_replica_truncate;
CREATE OR REPLACE TRIGGER rule_replica_write AFTER INSERT OR UPDATE OR DELETE ON caseload.subject
  FOR EACH ROW EXECUTE FUNCTION caseload.rule_after_write();
CREATE OR REPLACE TRIGGER rule_replica_truncate AFTER TRUNCATE ON caseload.subject
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.rule_after_write();
ALTER TABLE caseload.subject ENABLE REPLICA TRIGGER rule_replica_write, ENABLE REPLICA TRIGGER rule_replica_truncate;
CREATE OR REPLACE TRIGGER rule_replica_write AFTER INSERT OR UPDATE OR DELETE ON caseload.site
  FOR EACH ROW EXECUTE FUNCTION caseload.rule_after_write();
CREATE OR REPLACE TRIGGER rule_replica_truncate AFTER TRUNCATE ON caseload.site
  FOR EACH STATEMENT EXECUTE FUNCTION caseload.rule_after_write();
ALTER TABLE caseload.site ENABLE REPLICA TRIGGER rule_replica_write, ENABLE REPLICA TRIGGER rule_replica_truncate;

-- A rule that the owner has deleted or renamed has versions all the same, and stays away when this piece runs again.
INSERT INTO caseload.rule (district_id, rule_name, subject, condition, severity, action, message, due_after, site_level, priority, source)
SELECT s.district_id, s.rule_name, s.subject, s.condition, s.severity, s.action, s.message, s.due_after::interval, s.site_level, s.priority, s.source
  FROM (VALUES
  ('*', 'attendance_close', 'client', 'is_active AND strikes >= 3', 'act', 'close',
   'three or more no-shows or late cancellations: inform the family and close', '7 days', NULL, 10, 'clinic handbook: 3 or more no-shows or late cancels'),
  ('*', 'inactive_close', 'client', 'is_active AND days_inactive >= 30', 'act', 'close',
   'not seen and no contact for 30 days or more: close', '7 days', NULL, 20, 'clinic handbook: not seen and no contact for 30+ days'),
  ('*', 'inactive_warned_close', 'client', 'is_active AND days_unseen >= 30 AND days_inactive < 30 AND days_past_warning >= 0 AND NOT has_upcoming', 'act', 'close',
   'warned, and nothing is booked by the date of the warning: close', '7 days', NULL, 30, 'clinic handbook: if unscheduled by the date given, close'),
  ('*', 'inactive_warn', 'client', 'is_active AND days_unseen >= 30 AND days_inactive < 30', 'warn', 'warn',
   'in contact but not seen for 30 days or more: warn that the case will be closed on the due date unless scheduled', '14 days', NULL, 40,
   'clinic handbook: 30+ days unseen but in contact'),
  ('*', 'recurring_lost', 'client', 'is_active AND (cancel_run >= 2 OR late_run >= 2)', 'warn', 'release',
   'two cancellations in a row, or late again and again: the recurring slot is lost', '7 days', 'clinic', 50,
   'clinic handbook: lost after two cancels in a row or continuous lateness'),
  ('*', 'recurring_earned', 'client', 'is_active AND on_time_run >= 3', 'info', 'offer',
   'three sessions on time in a row: a recurring slot may be offered', '30 days', 'clinic', 90,
   'clinic handbook: earned after 3 or 5+ on-time attendances; 3 here'),
  ('*', 'plan_review_overdue', 'service', 'months_since_review >= 6', 'act', 'review',
   'the plan has not been reviewed for six months: review it, and the no-show policy with it', '7 days', NULL, 60,
   'clinic handbook: review the no-show policy at 3-6 month plan reviews'),
  ('*', 'plan_review', 'service', 'months_since_review >= 3 AND months_since_review < 6', 'info', 'review',
   'three months since the last review of the plan: review it within three more, and the no-show policy with it', '3 months', NULL, 80,
   'clinic handbook: review the no-show policy at 3-6 month plan reviews'))
    AS s (district_id, rule_name, subject, condition, severity, action, message, due_after, site_level, priority, source)
 WHERE NOT EXISTS (SELECT FROM caseload.rule_version v WHERE v.district_id = s.district_id AND v.rule_name = s.rule_name)
ON CONFLICT DO NOTHING;

CREATE OR REPLACE FUNCTION caseload._evidence(in_subject text, in_district text, in_client text, in_episode integer, as_of date, facts text[])
RETURNS TABLE (evidence text[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
  -- the value says which events, the tables which rows those are
  SELECT coalesce((SELECT array_agg(v.id ORDER BY v.at, v.id)
                     FROM (SELECT a.appointment_id AS id, a.starts_at AS at FROM caseload.appointment a
                            WHERE a.district_id = in_district AND a.client_id = in_client
                              AND caseload.has_event(e.events, a.starts_at, a.status::text)
                           UNION ALL
                           SELECT t.contact_id, t.at FROM caseload.contact t
                            WHERE t.district_id = in_district AND t.client_id = in_client
                              AND caseload.has_event(e.events, t.at, t.kind::text)) v), '{}')
    FROM (SELECT (SELECT caseload.evidence(a.attendance, as_of, coalesce(
                           (SELECT p.value FROM caseload.policy p
                             WHERE p.district_id = in_district AND p.policy_name = 'strike_window_days' AND p.valid @> as_of),
                           (SELECT k.default_value FROM caseload.policy_kind k WHERE k.policy_name = 'strike_window_days'))::integer, facts)
                    FROM caseload.client_activity a
                   WHERE a.district_id = in_district AND a.client_id = in_client AND a.episode = in_episode AND in_subject = 'client')
          OFFSET 0) AS e (events);
END;
COMMENT ON FUNCTION caseload._evidence(text, text, text, integer, date, text[]) IS 'Internal: ids of the appointments and contacts that these facts of a client count as of a date.';

CREATE OR REPLACE FUNCTION caseload._renew_flags(districts text[], flag_ids text[], days date[])
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, caseload, pg_temp
AS $$
DECLARE
  old     record;
  renewed bigint := 0;
BEGIN
  FOR old IN
    SELECT f.district_id, f.flag_id, f.state, k.day, v.evidence
      FROM unnest(districts, flag_ids, days) AS k (district_id, flag_id, day)
      JOIN caseload.flag f ON f.district_id = k.district_id AND f.flag_id = k.flag_id AND f.cleared_on IS NULL
      JOIN caseload.rule r ON r.district_id = f.rule_district AND r.rule_name = f.rule_name
     CROSS JOIN LATERAL caseload._evidence(f.subject, f.district_id, f.client_id, f.episode, k.day, r.facts) v
     WHERE NOT v.evidence <@ f.evidence
  LOOP
    IF old.state IN ('dismissed', 'closed') THEN
      UPDATE caseload.flag f
         SET cleared_on = greatest(old.day, f.raised_on), cleared_why = 'evidence', cleared_at = now(), cleared_by = caseload.actor()
       WHERE f.district_id = old.district_id AND f.flag_id = old.flag_id;
      INSERT INTO caseload.flag (district_id, subject, subject_key, client_id, episode, rule_district, rule_name,
                                 rule_version, severity, action, priority, message, raised_on, due_on, evidence)
        SELECT f.district_id, f.subject, f.subject_key, f.client_id, f.episode, r.district_id, r.rule_name,
               r.version, r.severity, r.action, r.priority, r.message, old.day, (old.day + r.due_after)::date, old.evidence
          FROM caseload.flag f
          JOIN caseload.rule r ON r.district_id = f.rule_district AND r.rule_name = f.rule_name
         WHERE f.district_id = old.district_id AND f.flag_id = old.flag_id;
      renewed := renewed + 1;
    ELSE
      -- a snooze ends with the peace
      UPDATE caseload.flag f SET snoozed_until = NULL WHERE f.district_id = old.district_id AND f.flag_id = old.flag_id;
      INSERT INTO caseload.flag_step (district_id, flag_id, step, why) VALUES (old.district_id, old.flag_id, 'woken', 'new evidence');
    END IF;
  END LOOP;
  RETURN renewed;
END
$$;
COMMENT ON FUNCTION caseload._renew_flags(text[], text[], date[]) IS 'Internal: raises anew those of these answered flags that have evidence which the answer did not know; returns how many.';

CREATE OR REPLACE FUNCTION caseload.flags(as_of date DEFAULT NULL, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, client_id text, episode integer, subject text, subject_key text, rule_name text,
               severity text, action text, message text, raised_on date, due_on date, state text, flag_id text, priority integer)
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 100
BEGIN ATOMIC
  SELECT n.district_id, n.client_id, n.episode, n.subject, n.subject_key, n.rule_name, r.severity, r.action, r.message,
         CASE WHEN f.raised_on <= n.day THEN f.raised_on ELSE n.day END,
         CASE WHEN f.raised_on <= n.day THEN f.due_on ELSE (n.day + r.due_after)::date END,
         coalesce(f.state, 'open'), f.flag_id, r.priority
    FROM caseload.findings(as_of, in_district) n
   -- LIMIT 1: the planner must not think that joining the key of rule leaves one row of many
   CROSS JOIN LATERAL (SELECT r.* FROM caseload.rule r
                        WHERE r.district_id = n.rule_district AND r.rule_name = n.rule_name LIMIT 1) r
    LEFT JOIN caseload.flag f ON f.district_id = n.district_id AND f.subject_key = n.subject_key AND f.subject = n.subject
         AND f.episode = n.episode AND f.rule_district = n.rule_district AND f.rule_name = n.rule_name AND f.cleared_on IS NULL
   WHERE NOT n.failed AND coalesce(f.state, 'open') NOT IN ('dismissed', 'closed')
     AND (f.snoozed_until IS NULL OR f.snoozed_until <= n.day);
END;
COMMENT ON FUNCTION caseload.flags(date, text) IS 'Flags as the rules say as of a date (NULL: today, where the client is), computed now; raised_on, due_on and state come from the table of flags where the flag stands there. Without those that somebody has answered or snoozed.';

CREATE OR REPLACE VIEW caseload.current_flags WITH (security_barrier = true, security_invoker = true) AS
  SELECT f.district_id, f.client_id, f.episode, f.subject, f.subject_key, f.rule_name, f.severity, f.action, f.message,
         f.raised_on, f.due_on, f.state, f.flag_id, f.priority
    FROM caseload.flags() f;
COMMENT ON VIEW caseload.current_flags IS 'Flags as the rules say today, computed when read and so always current.';
COMMENT ON COLUMN caseload.current_flags.district_id IS 'The district.';
COMMENT ON COLUMN caseload.current_flags.client_id IS 'The client whom it concerns; NULL for subjects that are no client''s.';
COMMENT ON COLUMN caseload.current_flags.episode IS 'The episode; 0 for subjects without.';
COMMENT ON COLUMN caseload.current_flags.subject IS 'What the rule is about.';
COMMENT ON COLUMN caseload.current_flags.subject_key IS 'Its id.';
COMMENT ON COLUMN caseload.current_flags.rule_name IS 'The rule that holds.';
COMMENT ON COLUMN caseload.current_flags.severity IS 'info, warn or act.';
COMMENT ON COLUMN caseload.current_flags.action IS 'What is proposed: review, inform, warn, close, offer or release.';
COMMENT ON COLUMN caseload.current_flags.message IS 'What the rule says.';
COMMENT ON COLUMN caseload.current_flags.raised_on IS 'Day as of which the flag was raised; today where it has not been written yet.';
COMMENT ON COLUMN caseload.current_flags.due_on IS 'Day by which somebody should have acted.';
COMMENT ON COLUMN caseload.current_flags.state IS 'open or acknowledged.';
COMMENT ON COLUMN caseload.current_flags.flag_id IS 'The row of caseload.flag; NULL where it has not been written yet.';
COMMENT ON COLUMN caseload.current_flags.priority IS 'Which of several to look at first, lowest first.';
