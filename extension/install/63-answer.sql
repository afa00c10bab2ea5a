--| ordinary
-- What people do about flags: answer them, read their history, draft letters; and what runs by the clock.

-- Services, therapists and sites are judged when a statement touches them.
CREATE OR REPLACE TRIGGER flags_after_insert AFTER INSERT ON caseload.service
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.flags_after_change('service', 'service_id', 'therapist', 'therapist_id');
CREATE OR REPLACE TRIGGER flags_after_update AFTER UPDATE ON caseload.service
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.flags_after_change('service', 'service_id', 'therapist', 'therapist_id');
CREATE OR REPLACE TRIGGER flags_after_delete AFTER DELETE ON caseload.service
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.flags_after_change('service', 'service_id', 'therapist', 'therapist_id');
CREATE OR REPLACE TRIGGER flags_after_insert AFTER INSERT ON caseload.therapist
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.flags_after_change('therapist', 'therapist_id');
CREATE OR REPLACE TRIGGER flags_after_update AFTER UPDATE ON caseload.therapist
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.flags_after_change('therapist', 'therapist_id');
CREATE OR REPLACE TRIGGER flags_after_delete AFTER DELETE ON caseload.therapist
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION caseload.flags_after_change('therapist', 'therapist_id');
CREATE OR REPLACE TRIGGER flags_after_insert AFTER INSERT ON caseload.license
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.flags_after_change('therapist', 'therapist_id');
CREATE OR REPLACE TRIGGER flags_after_update AFTER UPDATE ON caseload.license
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION caseload.flags_after_change('therapist', 'therapist_id');
CREATE OR REPLACE TRIGGER flags_after_delete AFTER DELETE ON caseload.license
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION caseload.flags_after_change('therapist', 'therapist_id');
CREATE OR REPLACE TRIGGER flags_after_insert AFTER INSERT ON caseload.site
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.flags_after_change('site', 'site_id');
CREATE OR REPLACE TRIGGER flags_after_update AFTER UPDATE ON caseload.site
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caseload.flags_after_change('site', 'site_id');
CREATE OR REPLACE TRIGGER flags_after_delete AFTER DELETE ON caseload.site
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION caseload.flags_after_change('site', 'site_id');

-- Answers --------------------------------------------------------------------------------------------------------------------

DROP FUNCTION IF EXISTS caseload._answer(caseload.flag, text, text, text, date);
DROP FUNCTION IF EXISTS caseload._standing_flag(text, text);

CREATE OR REPLACE FUNCTION caseload._client_day(district_id text, client_id text)
RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT caseload._day(NULL, s.time_zone)
    FROM caseload.client c
    LEFT JOIN caseload.site s ON s.district_id = c.district_id AND s.site_id = c.site_id
   WHERE c.district_id = _client_day.district_id AND c.client_id = _client_day.client_id;
END;
COMMENT ON FUNCTION caseload._client_day(text, text) IS 'Internal: today where a client is; NULL for nobody.';

-- Run as the owner, by _answer_flag(): whatever an answer must be is checked here.
CREATE OR REPLACE FUNCTION caseload._answer(flag_id text, district_id text, step text, why text, until date)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  answered caseload.flag;
BEGIN
  SELECT f.* INTO answered FROM caseload.flag f WHERE f.flag_id = flag_id AND f.district_id = district_id FOR UPDATE;
  IF answered.cleared_on IS NOT NULL THEN
    RAISE EXCEPTION 'flag is cleared'
      USING ERRCODE = 'object_not_in_prerequisite_state',
            DETAIL = format('It was cleared as of %s (%s).', answered.cleared_on, answered.cleared_why);
  END IF;
  IF answered.state = 'closed' THEN
    RAISE EXCEPTION 'flag is closed' USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'What it proposed has been done.';
  END IF;
  IF step = 'dismissed' AND coalesce(btrim(why), '') = '' THEN
    RAISE EXCEPTION 'a flag cannot be dismissed without a reason'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Say why the proposal is not followed; the history keeps it.';
  END IF;
  IF step = 'snoozed' AND (until IS NULL OR NOT isfinite(until)
                           OR until <= coalesce(caseload._client_day(answered.district_id, answered.client_id), CURRENT_DATE)) THEN
    RAISE EXCEPTION 'a flag can only be snoozed until a later day' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- the evidence that the answer knows: only what comes later raises the flag anew
  UPDATE caseload.flag f
     SET state = CASE caseload._choice('answer', step, '{acknowledged,dismissed,closed,snoozed}') WHEN 'snoozed' THEN f.state ELSE step END,
         snoozed_until = CASE step WHEN 'snoozed' THEN until END,
         evidence = coalesce((SELECT array_agg(DISTINCT e.id ORDER BY e.id)
                       FROM caseload.rule r
                      CROSS JOIN LATERAL (SELECT coalesce(caseload._client_day(f.district_id, f.client_id), CURRENT_DATE)) AS d (day)
                      CROSS JOIN LATERAL caseload._evidence(f.subject, f.district_id, f.client_id, f.episode, d.day, r.facts) v
                      CROSS JOIN LATERAL unnest(f.evidence || v.evidence) AS e (id)
                      WHERE r.district_id = f.rule_district AND r.rule_name = f.rule_name), f.evidence)
   WHERE f.district_id = answered.district_id AND f.flag_id = answered.flag_id;
  INSERT INTO caseload.flag_step (district_id, flag_id, step, why, until)
    VALUES (answered.district_id, answered.flag_id, step, why, CASE step WHEN 'snoozed' THEN until END);
END
$$;
COMMENT ON FUNCTION caseload._answer(text, text, text, text, date) IS 'Internal: checks and writes an answer to a flag, and who gave it; for those who may write flags.';

CREATE OR REPLACE FUNCTION caseload.acknowledge_flag(flag_id text, note text DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  PERFORM caseload._answer_flag(flag_id, district_id, 'acknowledged', note, NULL);
END
$$;
COMMENT ON FUNCTION caseload.acknowledge_flag(text, text, text) IS 'Somebody is at it: the flag goes on being shown, as acknowledged.';

CREATE OR REPLACE FUNCTION caseload.dismiss_flag(flag_id text, reason text, district_id text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  PERFORM caseload._answer_flag(flag_id, district_id, 'dismissed', reason, NULL);
END
$$;
COMMENT ON FUNCTION caseload.dismiss_flag(text, text, text) IS 'The proposal is not followed, for a reason. The flag is raised anew on new evidence only, or when its condition has ceased and holds again.';

CREATE OR REPLACE FUNCTION caseload.snooze_flag(flag_id text, until date, reason text DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  PERFORM caseload._answer_flag(flag_id, district_id, 'snoozed', reason, until);
END
$$;
COMMENT ON FUNCTION caseload.snooze_flag(text, date, text, text) IS 'Not to be shown before a day; new evidence ends the snooze.';

CREATE OR REPLACE FUNCTION caseload.confirm_flag(flag_id text, reason text DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  flag     caseload.flag;
  today    date;
  last_day date;
BEGIN
  -- the client before the flag, in the order of all who write about the client: an episode that is written as it is locks whose it is
  UPDATE caseload.episode e SET period = e.period
    FROM caseload.flag f
   WHERE f.flag_id = flag_id AND (district_id IS NULL OR f.district_id = district_id) AND f.action = 'close' AND f.cleared_on IS NULL
     AND e.district_id = f.district_id AND e.client_id = f.client_id AND e.episode = f.episode;
  district_id := caseload._answer_flag(flag_id, district_id, 'closed', reason, NULL);
  SELECT f.* INTO flag FROM caseload.flag f WHERE f.district_id = district_id AND f.flag_id = flag_id;
  today := caseload._client_day(flag.district_id, flag.client_id);
  IF flag.action <> 'close' THEN
    RETURN format('%s: done', flag.action);
  END IF;
  -- the last day is today where something happened today, else yesterday
  SELECT greatest(today - 1, upper(caseload.span(a.attendance)) - 1) INTO last_day
    FROM caseload.client_activity a
   WHERE a.district_id = flag.district_id AND a.client_id = flag.client_id AND a.episode = flag.episode;
  IF last_day > today THEN
    RAISE EXCEPTION 'the episode cannot be closed: an appointment is booked after today'
      USING ERRCODE = 'object_not_in_prerequisite_state',
            DETAIL = format('The last one is on %s.', last_day),
            HINT = 'Delete the appointments to come, or dismiss the flag.';
  END IF;
  UPDATE caseload.episode e
     SET period = daterange(lower(e.period), greatest(last_day + 1, lower(e.period) + 1)),
         closure_reason = coalesce(reason, flag.message)
   WHERE e.district_id = flag.district_id AND e.client_id = flag.client_id AND e.episode = flag.episode;
  RETURN format('episode %s closed', flag.episode);
END
$$;
COMMENT ON FUNCTION caseload.confirm_flag(text, text, text) IS 'The proposal is followed. Of a flag that proposes to close, the episode is closed (its last day is today where something happened today, else yesterday), which resolves its other flags; of all others the flag is closed: what it proposed has been done.';

CREATE OR REPLACE FUNCTION caseload._auto_close(in_district text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
DECLARE
  due       record;
  districts text[];
  closed    bigint := 0;
BEGIN
  SELECT array_agg(p.district_id) INTO districts
    FROM caseload.policies(CURRENT_DATE) p WHERE p.auto_close AND (in_district IS NULL OR p.district_id = in_district);
  IF districts IS NULL THEN
    RETURN 0;
  END IF;
  FOR due IN
    SELECT f.district_id, f.flag_id, f.client_id, f.rule_district, f.rule_name, f.rule_version
      FROM caseload.flag f
     WHERE f.district_id = ANY (districts) AND f.cleared_on IS NULL AND f.action = 'close' AND f.state IN ('open', 'acknowledged')
       AND f.due_on <= caseload._client_day(f.district_id, f.client_id)
       AND (f.snoozed_until IS NULL OR f.snoozed_until <= caseload._client_day(f.district_id, f.client_id))
     ORDER BY f.district_id, f.client_id, f.priority
  LOOP
    -- another flag of the client may have closed the episode already
    CONTINUE WHEN NOT EXISTS (SELECT FROM caseload.flag f
                               WHERE f.district_id = due.district_id AND f.flag_id = due.flag_id AND f.cleared_on IS NULL);
    BEGIN
      PERFORM caseload.confirm_flag(due.flag_id, 'policy auto_close', due.district_id);
      closed := closed + 1;
    EXCEPTION WHEN object_not_in_prerequisite_state OR integrity_constraint_violation THEN
      INSERT INTO caseload.rule_error (rule_district, rule_name, rule_version, occurrences, message)
        VALUES (due.rule_district, due.rule_name, due.rule_version, 1, 'auto_close: ' || SQLERRM);
    END;
  END LOOP;
  RETURN closed;
END
$$;
COMMENT ON FUNCTION caseload._auto_close(text) IS 'Internal: closes the episodes whose flags propose it and are due, in districts whose policy auto_close is on; returns how many.';

-- Reading --------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload.flag_history(flag_id text, district_id text DEFAULT NULL)
RETURNS TABLE (at timestamptz, by text, step text, why text, until date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5
SET search_path = pg_catalog, caseload, pg_temp
BEGIN ATOMIC
  SELECT h.at, h.by, h.step, h.why, h.until
    FROM (SELECT 0 AS n, f.raised_at AS at, f.raised_by AS by, 'raised' AS step,
                 format('rule "%s" version %s as of %s', f.rule_name, f.rule_version, f.raised_on) AS why, f.due_on AS until
            FROM caseload.flag f
           WHERE f.flag_id = flag_history.flag_id AND (flag_history.district_id IS NULL OR f.district_id = flag_history.district_id)
          UNION ALL
          SELECT 1, s.at, s.by, s.step, s.why, s.until
            FROM caseload.flag_step s
           WHERE s.flag_id = flag_history.flag_id AND (flag_history.district_id IS NULL OR s.district_id = flag_history.district_id)
          UNION ALL
          SELECT 2, f.cleared_at, f.cleared_by, 'cleared',
                 CASE f.cleared_why WHEN 'condition' THEN 'the condition ceased' WHEN 'episode' THEN 'the episode is closed'
                      WHEN 'rule' THEN 'the rule is no longer meant for it' ELSE 'raised anew on new evidence' END
                 || format(' as of %s', f.cleared_on), NULL
            FROM caseload.flag f
           WHERE f.flag_id = flag_history.flag_id AND (flag_history.district_id IS NULL OR f.district_id = flag_history.district_id)
             AND f.cleared_on IS NOT NULL) h
   ORDER BY h.n, h.at;
END;
COMMENT ON FUNCTION caseload.flag_history(text, text) IS 'Everything that happened to a flag: who, when, and why.';

CREATE OR REPLACE FUNCTION caseload.drafted_letters(in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, client_id text, flag_id text, rule_name text, due_on date, letter text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
SET search_path = pg_catalog, caseload, pg_temp
BEGIN ATOMIC
  -- one for each client: that of the most pressing flag; nothing about what the client comes for
  SELECT DISTINCT ON (f.district_id, f.client_id) f.district_id, f.client_id, f.flag_id, f.rule_name, f.due_on,
         CASE f.action
           WHEN 'warn' THEN format('We have not seen you for some time. Please book an appointment by %s; otherwise we will close your case on that day. You can come back at any time.',
                                   to_char(f.due_on, 'FMMonth FMDD, YYYY'))
           ELSE format('We have missed you. Would you like to go on? Please let us know by %s; if we do not hear from you, we will close your case. You can come back at any time.',
                       to_char(f.due_on, 'FMMonth FMDD, YYYY'))
         END
    FROM caseload.flag f
   WHERE f.cleared_on IS NULL AND f.state IN ('open', 'acknowledged') AND f.action IN ('warn', 'close') AND f.client_id IS NOT NULL
     AND (f.snoozed_until IS NULL OR f.snoozed_until <= caseload._client_day(f.district_id, f.client_id))
     AND (in_district IS NULL OR f.district_id = in_district)
   ORDER BY f.district_id, f.client_id, f.priority, f.rule_name;
END;
COMMENT ON FUNCTION caseload.drafted_letters(text) IS 'A letter for each client with a flag that warns or proposes to close, to be read, changed and sent by a person. Nothing is sent by the database.';

-- By the clock ---------------------------------------------------------------------------------------------------------------

-- No SET clause, which would forbid COMMIT.
CREATE OR REPLACE PROCEDURE caseload.sweep(as_of date DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
  next text;
BEGIN
  -- district by district, each kept as it is done: a sweep that was broken off goes on where it stopped when it is run again
  FOR next IN SELECT d.district_id FROM caseload.district d ORDER BY d.district_id LOOP
    PERFORM caseload.evaluate(sweep.as_of, next);
    COMMIT;
  END LOOP;
END
$$;
COMMENT ON PROCEDURE caseload.sweep(date) IS 'evaluate() for one district after the other, each in a transaction of its own; for the daily run.';

CREATE OR REPLACE FUNCTION caseload.schedule_sweep(schedule text DEFAULT '15 5 * * *')
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  job bigint;
BEGIN
  IF to_regprocedure('cron.schedule(text, text, text)') IS NULL THEN
    RAISE EXCEPTION 'pg_cron is not installed in this database'
      USING ERRCODE = 'undefined_function',
            HINT = 'CREATE EXTENSION pg_cron, or let any scheduler run: CALL caseload.sweep().';
  END IF;
  EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job USING 'caseload sweep', schedule, 'CALL caseload.sweep()';
  RETURN job;
END
$$;
COMMENT ON FUNCTION caseload.schedule_sweep(text) IS 'Lets pg_cron, where it is installed, run sweep() by a schedule (daily at 5:15 in the time zone of pg_cron); returns the id of the job. A second call changes the schedule.';

-- Subjects of the owner's own ------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION caseload.register_subject(name text, relation regclass, key_columns text[])
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
DECLARE
  missing text;
  class   pg_catalog.pg_class;
BEGIN
  IF name IN ('client', 'service', 'therapist', 'site') THEN
    RAISE EXCEPTION 'subject "%" is built in', name USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT c.* INTO class FROM pg_catalog.pg_class c WHERE c.oid = relation;
  IF class.relkind NOT IN ('r', 'p', 'v', 'm', 'f') THEN
    RAISE EXCEPTION 'facts must come from a table or a view' USING ERRCODE = 'wrong_object_type';
  END IF;
  -- functions in a view run with the rights of whoever reads it, and the triggers read as the owner
  IF class.relowner <> (SELECT c.relowner FROM pg_catalog.pg_class c WHERE c.oid = 'caseload.client_activity'::regclass) THEN
    RAISE EXCEPTION 'relation % is not owned by the owner of caseload.client_activity', relation
      USING ERRCODE = 'insufficient_privilege', HINT = 'Only what the owner has made himself is read with his rights.';
  END IF;
  SELECT string_agg(quote_ident(k), ', ') INTO missing
    FROM unnest(key_columns || 'district_id'::text) k
   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = relation AND a.attname = k AND a.attnum > 0 AND NOT a.attisdropped
                        AND (k <> 'district_id' OR a.atttypid = 'text'::regtype));
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'relation % has no column %', relation, missing
      USING ERRCODE = 'undefined_column', HINT = 'It needs district_id (text) and the columns that, with it, name a row.';
  END IF;
  INSERT INTO caseload.subject AS s (subject_name, relation, key_columns)
    SELECT name, format('%I.%I', n.nspname, class.relname), key_columns
      FROM pg_catalog.pg_namespace n WHERE n.oid = class.relnamespace
    ON CONFLICT (subject_name) DO UPDATE SET relation = EXCLUDED.relation, key_columns = EXCLUDED.key_columns;
END
$$;
COMMENT ON FUNCTION caseload.register_subject(text, regclass, text[]) IS 'Lets rules be written over the rows of a relation of the owner''s own: one row for each thing, named by district_id and these columns. evaluate() judges them as they are today.';

CREATE OR REPLACE FUNCTION caseload.unregister_subject(name text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM caseload.rule r WHERE r.subject = name) THEN
    RAISE EXCEPTION 'there are rules about subject "%"', name
      USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Delete them first.';
  END IF;
  UPDATE caseload.flag f
     SET cleared_on = greatest(CURRENT_DATE, f.raised_on), cleared_why = 'rule', cleared_at = now(), cleared_by = caseload.actor(),
         state = CASE WHEN f.state IN ('dismissed', 'closed') THEN f.state ELSE 'resolved' END
   WHERE f.subject = name AND f.cleared_on IS NULL;
  DELETE FROM caseload.subject s WHERE s.subject_name = name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown subject "%"', name USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;
COMMENT ON FUNCTION caseload.unregister_subject(text) IS 'Takes register_subject() back; its rules must be gone.';
