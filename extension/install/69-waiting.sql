--| ordinary
-- Steps on the waiting list, and what it looks like: docs/eligibility.md.

CREATE OR REPLACE FUNCTION caseload._waiting_service(service_id text, district_id text)
RETURNS caseload.service
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  line      caseload.service;
  districts text[] := ARRAY(SELECT s.district_id FROM caseload.service s
                             WHERE s.service_id = service_id AND (district_id IS NULL OR s.district_id = district_id));
BEGIN
  IF service_id IS NULL THEN
    RAISE EXCEPTION 'no service is named' USING ERRCODE = 'null_value_not_allowed', HINT = 'SELECT service_id FROM caseload.waiting_list() lists those that wait.';
  ELSIF cardinality(districts) = 0 THEN
    RAISE EXCEPTION 'service "%" does not exist', service_id
      USING ERRCODE = 'foreign_key_violation', HINT = 'SELECT service_id FROM caseload.waiting_list() lists those that wait.';
  ELSIF cardinality(districts) > 1 THEN
    RAISE EXCEPTION 'service "%" exists in several districts', service_id
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Say which, with the argument district_id.';
  END IF;
  -- one step at a time; keys are not touched, so foreign keys need not wait
  SELECT s.* INTO line FROM caseload.service s WHERE s.district_id = districts[1] AND s.service_id = service_id FOR NO KEY UPDATE;
  RETURN line;
END
$$;
COMMENT ON FUNCTION caseload._waiting_service(text, text) IS 'Internal: a service by its id, locked; else an error that names it.';

CREATE OR REPLACE FUNCTION caseload._waiting_step(line caseload.service, state text, why text, therapist_id text DEFAULT NULL, until date DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
  INSERT INTO caseload.waiting AS w (district_id, service_id, client_id, state, therapist_id, offered_until, why)
    VALUES (line.district_id, line.service_id, line.client_id, state, therapist_id, until, why)
    ON CONFLICT (district_id, service_id) DO UPDATE
      SET state = EXCLUDED.state, therapist_id = EXCLUDED.therapist_id, offered_until = EXCLUDED.offered_until, why = EXCLUDED.why;
END
$$;
COMMENT ON FUNCTION caseload._waiting_step(caseload.service, text, text, text, date) IS 'Internal: takes a step on the waiting list; the triggers of the table judge it.';

CREATE OR REPLACE FUNCTION caseload.prioritize_waiting(service_id text, priority integer, why text, district_id text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  line caseload.service := caseload._waiting_service(service_id, district_id);
BEGIN
  IF priority IS NULL OR priority NOT BETWEEN -1000 AND 1000 THEN
    RAISE EXCEPTION 'priority must be between -1000 and 1000' USING ERRCODE = 'invalid_parameter_value';
  ELSIF coalesce(btrim(why), '') = '' THEN
    RAISE EXCEPTION 'a priority needs a reason' USING ERRCODE = 'invalid_parameter_value', HINT = 'Others wait, too; the history keeps why.';
  END IF;
  INSERT INTO caseload.waiting AS w (district_id, service_id, client_id, priority, why)
    VALUES (line.district_id, line.service_id, line.client_id, priority, why)
    ON CONFLICT ON CONSTRAINT waiting_pkey DO UPDATE SET priority = EXCLUDED.priority, why = EXCLUDED.why;
END
$$;
COMMENT ON FUNCTION caseload.prioritize_waiting(text, integer, text, text) IS 'Gives a service on the waiting list a priority (0 is the usual one; higher ones come first), for a reason.';

CREATE OR REPLACE FUNCTION caseload.offer_waiting(
  service_id text, therapist_id text, until date DEFAULT NULL, why text DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  line caseload.service := caseload._waiting_service(service_id, district_id);
BEGIN
  PERFORM caseload._therapist_district(therapist_id, line.district_id);
  IF until < caseload._client_day(line.district_id, line.client_id) OR NOT isfinite(until) THEN
    RAISE EXCEPTION 'an offer must stand until today at least'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL = until it is answered.';
  END IF;
  PERFORM caseload._waiting_step(line, 'offered', why, therapist_id, until);
END
$$;
COMMENT ON FUNCTION caseload.offer_waiting(text, text, date, text, text) IS 'A therapist''s opening is offered to a client who waits, until a day (NULL: until it is answered).';

CREATE OR REPLACE FUNCTION caseload.decline_waiting(service_id text, why text DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
DECLARE
  line caseload.service := caseload._waiting_service(service_id, district_id);
BEGIN
  IF NOT EXISTS (SELECT FROM caseload.waiting w WHERE w.district_id = line.district_id AND w.service_id = line.service_id AND w.state = 'offered') THEN
    RAISE EXCEPTION 'nothing is offered to decline'
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It is service "%s" of client "%s".', line.service_id, line.client_id),
            HINT = 'SELECT * FROM caseload.waiting_states() shows where every service is.';
  END IF;
  PERFORM caseload._waiting_step(line, 'waiting', why);
END
$$;
COMMENT ON FUNCTION caseload.decline_waiting(text, text, text) IS 'The client does not take what was offered, and waits on, in the same place.';

CREATE OR REPLACE FUNCTION caseload.book_waiting(
  service_id text, therapist_id text DEFAULT NULL, why text DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  line   caseload.service := caseload._waiting_service(service_id, district_id);
  chosen text := coalesce(therapist_id, (SELECT w.therapist_id FROM caseload.waiting w
                                          WHERE w.district_id = line.district_id AND w.service_id = service_id AND w.state = 'offered'));
BEGIN
  IF line.therapist_id IS NOT NULL THEN
    RAISE EXCEPTION 'the service does not wait'
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Therapist "%s" gives it.', line.therapist_id),
            HINT = 'Write another therapist into service.therapist_id.';
  ELSIF chosen IS NULL THEN
    RAISE EXCEPTION 'no therapist to book with'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Nothing is offered: say who, book_waiting(service_id, therapist_id); candidates() lists who could.';
  END IF;
  -- the therapist's trigger has a hint for an unknown one, the capacity trigger decides at commit, that of the list takes the step
  UPDATE caseload.service s SET therapist_id = chosen WHERE s.district_id = line.district_id AND s.service_id = line.service_id;
  IF why IS NOT NULL THEN
    UPDATE caseload.waiting w SET why = book_waiting.why WHERE w.district_id = line.district_id AND w.service_id = line.service_id;
  END IF;
END
$$;
COMMENT ON FUNCTION caseload.book_waiting(text, text, text, text) IS 'Writes the therapist, else the one whose opening is offered, into a service that waits; capacity is checked when the transaction commits.';

CREATE OR REPLACE FUNCTION caseload._leave_waiting(line caseload.service, state text, why text, as_of date)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  day date := coalesce(as_of, caseload._client_day(line.district_id, line.client_id));
BEGIN
  IF line.therapist_id IS NOT NULL THEN
    RAISE EXCEPTION 'the service does not wait'
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Therapist "%s" gives it.', line.therapist_id),
            HINT = 'A service that is given ends with its period.';
  ELSIF NOT isfinite(day) THEN
    RAISE EXCEPTION 'the day on which a service leaves the waiting list must be finite' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM caseload._waiting_step(line, state, why);
  -- the plan ends with it, so that every report that counts what waits says the same
  IF lower(line.period) >= day THEN
    DELETE FROM caseload.service s WHERE s.district_id = line.district_id AND s.service_id = line.service_id;
  ELSIF upper_inf(line.period) OR upper(line.period) > day THEN
    UPDATE caseload.service s SET period = daterange(lower(s.period), day) WHERE s.district_id = line.district_id AND s.service_id = line.service_id;
  END IF;
END
$$;
COMMENT ON FUNCTION caseload._leave_waiting(caseload.service, text, text, date) IS 'Internal: a service leaves the waiting list: it is due until before a day (NULL: today at the client''s site); one that would begin on it or later is deleted, its steps stay.';

CREATE OR REPLACE FUNCTION caseload.cancel_waiting(service_id text, why text, as_of date DEFAULT NULL, district_id text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, caseload, pg_temp
AS $$
BEGIN
  IF coalesce(btrim(why), '') = '' THEN
    RAISE EXCEPTION 'a service cannot be cancelled without a reason' USING ERRCODE = 'invalid_parameter_value', HINT = 'The history keeps why.';
  END IF;
  PERFORM caseload._leave_waiting(caseload._waiting_service(service_id, district_id), 'cancelled', why, as_of);
END
$$;
COMMENT ON FUNCTION caseload.cancel_waiting(text, text, date, text) IS 'A client who waits wants the service no more, for a reason: it ends on the day before (and is deleted where it was never due).';

CREATE OR REPLACE FUNCTION caseload.expire_waiting(
  as_of date DEFAULT NULL, in_district text DEFAULT NULL, to_state text DEFAULT 'waiting', days_waiting integer DEFAULT NULL)
RETURNS TABLE (district_id text, service_id text, state text)
LANGUAGE plpgsql VOLATILE ROWS 10
SET search_path = pg_catalog, caseload, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  late record;
BEGIN
  PERFORM caseload._choice('state after an offer', to_state, '{waiting,expired}');
  FOR late IN
    SELECT w.district_id, w.service_id, format('offer until %s not answered', w.offered_until) AS why, expire_waiting.to_state AS state
      FROM caseload.waiting w
     WHERE w.state = 'offered' AND w.offered_until < coalesce(expire_waiting.as_of, caseload._client_day(w.district_id, w.client_id)) AND (in_district IS NULL OR w.district_id = in_district)
    UNION ALL
    SELECT l.district_id, l.service_id, format('waited for %s days', l.days_waiting), 'expired'
      FROM caseload.waiting_list(expire_waiting.as_of, in_district) l
      LEFT JOIN caseload.waiting w ON w.district_id = l.district_id AND w.service_id = l.service_id
     WHERE l.days_waiting > expire_waiting.days_waiting AND w.state IS DISTINCT FROM 'offered'
     ORDER BY 1, 2
  LOOP
    IF late.state = 'waiting' THEN
      PERFORM caseload._waiting_step(caseload._waiting_service(late.service_id, late.district_id), 'waiting', late.why);
    ELSE
      PERFORM caseload._leave_waiting(caseload._waiting_service(late.service_id, late.district_id), 'expired', late.why, as_of);
    END IF;
    district_id := late.district_id;
    service_id := late.service_id;
    state := late.state;
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION caseload.expire_waiting(date, text, text, integer) IS 'Ends offers that stood until before a date (NULL: today at the client''s site): the client waits on (to_state waiting), or leaves the list (expired); with days_waiting, services that have waited longer leave it, too. Made for the daily run; lists what it did.';

CREATE OR REPLACE FUNCTION caseload.waiting_states(as_of date DEFAULT NULL, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, discipline text, place integer, service_id text, client_id text, site_id text, state text, priority integer,
               waiting_since date, days_waiting integer, therapist_id text, offered_until date, why text, changed_at timestamptz, changed_by text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
  SELECT l.district_id, l.discipline, l.place, l.service_id, l.client_id, l.site_id, coalesce(w.state, 'waiting'), coalesce(w.priority, 0),
         l.waiting_since, l.days_waiting, w.therapist_id, w.offered_until, w.why, t.at, t.by
    FROM caseload.waiting_list(as_of, in_district) l
    LEFT JOIN caseload.waiting w ON w.district_id = l.district_id AND w.service_id = l.service_id
    LEFT JOIN LATERAL (SELECT s.at, s.by FROM caseload.waiting_step s
                        WHERE s.district_id = l.district_id AND s.service_id = l.service_id ORDER BY s.at DESC, s.waiting_step_id LIMIT 1) t ON true
   ORDER BY l.district_id, l.discipline, l.place;
END;
COMMENT ON FUNCTION caseload.waiting_states(date, text) IS 'The waiting list as of a date (NULL: today at the client''s site) with the state and priority of today: waiting or offered, to whom and until when, and the last step with who took it and why.';

CREATE OR REPLACE FUNCTION caseload.waiting_history(client_id text, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, service_id text, at timestamptz, by text, from_state text, to_state text, priority integer, therapist_id text,
               offered_until date, why text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT s.district_id, s.service_id, s.at, s.by, s.from_state, s.to_state, s.priority, s.therapist_id, s.offered_until, s.why
    FROM caseload.waiting_step s
   WHERE s.client_id = waiting_history.client_id AND (in_district IS NULL OR s.district_id = in_district)
     AND caseload._known_client(waiting_history.client_id, in_district)
   ORDER BY s.district_id, s.at, s.waiting_step_id;
END;
COMMENT ON FUNCTION caseload.waiting_history(text, text) IS 'Every step of a client on the waiting list, in order: who, when, from which state to which, and why.';
