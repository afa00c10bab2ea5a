--| ordinary
-- create_api(): the same things once more for tools that cannot take our types, ranges and enumerations, or do not show what an extension
-- has made: views and functions of text, numbers, dates, moments, booleans and jsonb only, in a schema that is the caller's.

-- What a facade consists of, in order. In definitions %1$I is its schema, in comments %1$s. Rows with a base take the comments of columns
-- from there; the others bring them. Functions are kept as text, so that nothing in caseload depends on them; views are asked
-- with the rights of who reads them. Tags before the comment of a view are for tools that read keys from there.
CREATE OR REPLACE FUNCTION caseload._api_objects(api_schema text)
RETURNS TABLE (kind text, name text, identity text, base text, definition text, tags text, comment text, columns jsonb)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 40
SET search_path = pg_catalog, pg_temp
AS $objects$
WITH view (name, base, definition, tags, comment, columns) AS (VALUES
  ('districts', 'district', 'SELECT d.district_id, d.name, d.state FROM caseload.district d',
   '@primaryKey district_id',
   'Districts, cooperatives, agencies and practices.', NULL),
  ('sites', 'site', 'SELECT s.district_id, s.site_id, s.name, s.level, s.state, s.time_zone FROM caseload.site s',
   '@primaryKey district_id,site_id
@foreignKey (district_id) references %1$s.districts (district_id)|@fieldName district|@foreignFieldName sites',
   'Schools, clinics, and tele.', NULL),
  ('therapists', 'therapist',
   'SELECT t.district_id, t.therapist_id, t.name, t.discipline, t.fte, lower(t.employed) AS employed_from, upper(t.employed) - 1 AS employed_until,
           t.state, t.time_zone, t.availability::text AS availability, caseload.minutes(t.availability) AS available_minutes
      FROM caseload.therapist t',
   '@primaryKey district_id,therapist_id
@foreignKey (district_id) references %1$s.districts (district_id)|@fieldName district|@foreignFieldName therapists',
   'People who give services.',
   '{"employed_from": "First day of employment; NULL = open.", "employed_until": "Last day of employment; NULL = open.",
     "available_minutes": "Minutes of the availability in a week; NULL = not recorded."}'),
  ('clients', 'client',
   'SELECT c.district_id, c.client_id, c.name, c.site_id, c.state, c.category, c.grade::integer AS grade, c.low_incidence_class, c.service_percent,
           c.has_aide, c.federal_setting::integer AS federal_setting, c.need_points, c.case_manager_id
      FROM caseload.client c',
   '@primaryKey district_id,client_id
@foreignKey (district_id, site_id) references %1$s.sites (district_id, site_id)|@fieldName site|@foreignFieldName clients',
   'Students and patients.', NULL),
  ('episodes', 'episode',
   'SELECT e.district_id, e.client_id, e.episode, lower(e.period) AS starts_on, upper(e.period) - 1 AS ends_on, e.closure_reason, e.outcome
      FROM caseload.episode e',
   '@primaryKey district_id,client_id,episode
@foreignKey (district_id, client_id) references %1$s.clients (district_id, client_id)|@fieldName client|@foreignFieldName episodes',
   'Enrolments of clients.',
   '{"starts_on": "First day; NULL = nobody recorded it.", "ends_on": "Last day; NULL = still enrolled."}'),
  ('services', 'service',
   'SELECT s.district_id, s.service_id, s.client_id, s.discipline, s.dosage::text AS dosage, s.delivery::text AS delivery, s.group_size, s.therapist_id,
           lower(s.period) AS starts_on, upper(s.period) - 1 AS ends_on, s.tier::integer AS tier, s.reviewed_on
      FROM caseload.service s',
   '@primaryKey district_id,service_id
@foreignKey (district_id, client_id) references %1$s.clients (district_id, client_id)|@fieldName client|@foreignFieldName services
@foreignKey (district_id, therapist_id) references %1$s.therapists (district_id, therapist_id)|@fieldName therapist|@foreignFieldName services',
   'Lines of plans.',
   '{"starts_on": "First day on which it is due; NULL = open.", "ends_on": "Last day on which it is due; NULL = open."}'),
  ('appointments', 'appointment',
   'SELECT a.district_id, a.client_id, a.appointment_id, a.service_id, a.therapist_id, a.starts_at, a.minutes, a.status::text AS status
      FROM caseload.appointment a',
   '@primaryKey district_id,client_id,appointment_id
@foreignKey (district_id, client_id) references %1$s.clients (district_id, client_id)|@fieldName client|@foreignFieldName appointments
@foreignKey (district_id, therapist_id) references %1$s.therapists (district_id, therapist_id)|@fieldName therapist|@foreignFieldName appointments',
   'Appointments and what became of them.', NULL),
  ('contacts', 'contact', 'SELECT c.district_id, c.client_id, c.contact_id, c.at, c.kind::text AS kind FROM caseload.contact c',
   '@primaryKey district_id,client_id,contact_id
@foreignKey (district_id, client_id) references %1$s.clients (district_id, client_id)|@fieldName client|@foreignFieldName contacts',
   'Touches between sessions.', NULL),
  ('flags', 'current_flags',
   'SELECT f.district_id, f.flag_id, f.client_id, f.episode, f.subject, f.subject_key, f.rule_name, f.severity, f.action, f.message, f.raised_on, f.due_on,
           f.state, f.priority
      FROM caseload.current_flags f',
   '@foreignKey (district_id, client_id) references %1$s.clients (district_id, client_id)|@fieldName client|@foreignFieldName flags',
   'Flags of today that somebody should look at.', NULL),
  ('workload', 'current_workload', 'SELECT w.* FROM caseload.current_workload w',
   '@primaryKey district_id,therapist_id
@foreignKey (district_id, therapist_id) references %1$s.therapists (district_id, therapist_id)|@fieldName therapist|@foreignSingleFieldName workload|@foreignFieldName workloads',
   'A week of every employed therapist in minutes by category, as of today.', NULL),
  ('equity', 'workload_by_discipline', 'SELECT e.* FROM caseload.workload_by_discipline e',
   '@primaryKey district_id,discipline
@foreignKey (district_id) references %1$s.districts (district_id)|@fieldName district|@foreignFieldName equity',
   'How much the therapists of each discipline have, and how evenly it is spread, as of today.', NULL),
  ('attendance_by_month', 'attendance_by_month', 'SELECT m.* FROM caseload.attendance_by_month m',
   '@primaryKey district_id,month
@foreignKey (district_id) references %1$s.districts (district_id)|@fieldName district|@foreignFieldName attendanceByMonth',
   'What became of the appointments of each month; months without any included.', NULL),
  ('caseload_by_month', 'caseload_by_month', 'SELECT m.* FROM caseload.caseload_by_month m',
   '@primaryKey district_id,month
@foreignKey (district_id) references %1$s.districts (district_id)|@fieldName district|@foreignFieldName caseloadByMonth',
   'Clients and positions at the end of each month.', NULL),
  ('data_gaps', 'data_gaps', 'SELECT g.district_id, g.gap, g.key, g.consequence FROM caseload.data_gaps g', '',
   'What is missing today, and what follows from it.', NULL),
  ('waiting_list', NULL,
   'SELECT w.district_id, w.discipline, w.place, w.client_id, w.service_id, w.site_id, w.level, w.waiting_since, w.days_waiting,
           w.client_minutes::numeric(12,2) AS client_minutes
      FROM caseload.waiting_list() w',
   '@primaryKey district_id,service_id
@foreignKey (district_id, client_id) references %1$s.clients (district_id, client_id)|@fieldName client|@foreignFieldName waits',
   'Services that nobody gives yet, as of today.',
   '{"district_id": "The district.", "discipline": "The discipline.", "place": "Place in the line of the discipline, 1 waits longest.",
     "client_id": "The client.", "service_id": "The service.", "site_id": "Site of the client.", "level": "Level of the site.",
     "waiting_since": "Since when; NULL = not known.", "days_waiting": "Days since then.", "client_minutes": "Minutes that the client is to get in a week."}'),
  ('client_facts', 'client_facts', '', '@foreignKey (district_id, client_id) references %1$s.clients (district_id, client_id)|@fieldName client|@foreignFieldName facts',
   'What rules know of each client of today''s caseload.', NULL),
  ('therapist_facts', 'therapist_facts', '', '@foreignKey (district_id, therapist_id) references %1$s.therapists (district_id, therapist_id)|@fieldName therapist|@foreignFieldName facts',
   'What rules know of each therapist as of today.', NULL),
  ('service_facts', 'service_facts', '', '@foreignKey (district_id, service_id) references %1$s.services (district_id, service_id)|@fieldName service|@foreignFieldName facts',
   'What rules know of each service as of today.', NULL),
  ('site_facts', 'site_facts', '', '@foreignKey (district_id, site_id) references %1$s.sites (district_id, site_id)|@fieldName site|@foreignFieldName facts',
   'What rules know of each site as of today.', NULL)
), routine (name, arguments, returns, volatility, language, body, comment) AS (VALUES
  -- reading
  ('client_facts_as_of', 'as_of date, district_id text', 'SETOF %1$I.client_facts', 'STABLE', 'sql',
   '{facts}', 'What rules know of each client of a district as of a date.'),
  ('flags_as_of', 'as_of date, district_id text', 'SETOF %1$I.flags', 'STABLE', 'sql',
   'SELECT f.district_id, f.flag_id, f.client_id, f.episode, f.subject, f.subject_key, f.rule_name, f.severity, f.action, f.message, f.raised_on, f.due_on,
           f.state, f.priority
      FROM caseload.flags(flags_as_of.as_of, flags_as_of.district_id) f', 'Flags of a district as the rules say as of a date.'),
  ('workload_as_of', 'as_of date, district_id text',
   'TABLE (therapist_id text, discipline text, fte numeric, clients integer, weekly_minutes numeric, total_minutes numeric, capacity_minutes numeric, headroom_minutes numeric, paid_minutes numeric)',
   'STABLE', 'sql',
   'SELECT w.therapist_id, w.discipline, w.fte, w.clients, w.weekly_minutes, w.total_minutes, w.capacity_minutes, w.headroom_minutes, w.paid_minutes
      FROM caseload.workload(workload_as_of.as_of) w WHERE w.district_id = workload_as_of.district_id', 'A week of every therapist of a district as of a date.'),
  ('equity_as_of', 'as_of date, per text',
   'TABLE (district_id text, team text, therapists integer, fte numeric, mean_per_fte numeric, lowest_per_fte numeric, highest_per_fte numeric, gini numeric, jain numeric, cv numeric, minutes_to_move numeric)',
   'STABLE', 'sql',
   'SELECT e.district_id, e."group", e.therapists, e.fte, e.mean_per_fte, e.lowest_per_fte, e.highest_per_fte, e.gini, e.jain, e.cv, e.minutes_to_move
      FROM caseload.equity_report(equity_as_of.as_of, equity_as_of.per) e', 'How evenly minutes per FTE are spread as of a date, by (per) district, site or discipline.'),
  ('check_capacity', 'district_id text, therapist_id text, dosage text DEFAULT NULL, service_id text DEFAULT NULL, discipline text DEFAULT NULL, group_size integer DEFAULT 1, from_date date DEFAULT CURRENT_DATE, client_id text DEFAULT NULL, delivery text DEFAULT NULL',
   'TABLE (rule_name text, limit_value numeric, would_be numeric, unit text, verdict text, message text)', 'STABLE', 'sql',
   'SELECT c.rule_name, c.limit_value, c.would_be, c.unit, c.verdict, c.message
      FROM caseload.check_capacity(check_capacity.therapist_id, check_capacity.service_id, check_capacity.dosage, check_capacity.discipline,
                                   check_capacity.group_size, check_capacity.from_date, check_capacity.district_id, check_capacity.client_id,
                                   check_capacity.delivery) c', 'Whether a therapist can take a service, or a dosage: one row for each limit; verdict ok, warn or block. Nothing is written.'),
  ('flag_history', 'district_id text, flag_id text', 'TABLE (at timestamptz, by text, step text, why text, until date)', 'STABLE', 'sql',
   'SELECT h.at, h.by, h.step, h.why, h.until FROM caseload.flag_history(flag_history.flag_id, flag_history.district_id) h', 'Everything that happened to a flag: who, when, and why.'),
  ('explain_flag', 'district_id text, flag_id text', 'TABLE (step integer, depth integer, part text, says text, value text, outcome text, clears text)', 'STABLE', 'sql',
   'SELECT e.step, e.depth, e.part, e.says, e.value, e.outcome, e.clears FROM caseload.explain_flag(explain_flag.flag_id, explain_flag.district_id) e',
   'A flag part by part: what its condition says, the facts it saw, and what would clear it.'),
  -- writing: what is left out (NULL) stays as it is
  ('save_district', 'district_id text, name text DEFAULT NULL, state text DEFAULT NULL', 'text', 'VOLATILE', 'sql',
   'INSERT INTO caseload.district AS d (district_id, name, state) VALUES (save_district.district_id, save_district.name, save_district.state)
    ON CONFLICT ON CONSTRAINT district_pkey DO UPDATE SET name = coalesce(EXCLUDED.name, d.name), state = coalesce(EXCLUDED.state, d.state)
    RETURNING d.district_id', 'Adds a district, or changes what is given. Returns its id.'),
  ('save_site', 'district_id text, site_id text, name text DEFAULT NULL, level text DEFAULT NULL, state text DEFAULT NULL, time_zone text DEFAULT NULL', 'text', 'VOLATILE', 'sql',
   'INSERT INTO caseload.site AS s (district_id, site_id, name, level, state, time_zone)
    VALUES (save_site.district_id, save_site.site_id, save_site.name, save_site.level, save_site.state, save_site.time_zone)
    ON CONFLICT ON CONSTRAINT site_pkey DO UPDATE SET name = coalesce(EXCLUDED.name, s.name), level = coalesce(EXCLUDED.level, s.level),
      state = coalesce(EXCLUDED.state, s.state), time_zone = coalesce(EXCLUDED.time_zone, s.time_zone)
    RETURNING s.site_id', 'Adds a site, or changes what is given. Returns its id.'),
  ('save_therapist', 'district_id text, therapist_id text, discipline text, name text DEFAULT NULL, fte numeric DEFAULT NULL, employed_from date DEFAULT NULL, employed_until date DEFAULT NULL, state text DEFAULT NULL, time_zone text DEFAULT NULL, availability text DEFAULT NULL', 'text', 'VOLATILE', 'sql',
   'INSERT INTO caseload.therapist AS t (district_id, therapist_id, name, discipline, fte, employed, state, time_zone, availability)
    VALUES (save_therapist.district_id, coalesce(save_therapist.therapist_id, gen_random_uuid()::text), save_therapist.name, save_therapist.discipline, save_therapist.fte,
            daterange(save_therapist.employed_from, save_therapist.employed_until, ''[]''), save_therapist.state, save_therapist.time_zone, save_therapist.availability)
    ON CONFLICT ON CONSTRAINT therapist_pkey DO UPDATE SET name = coalesce(EXCLUDED.name, t.name), discipline = EXCLUDED.discipline, fte = coalesce(EXCLUDED.fte, t.fte),
      employed = daterange(coalesce(save_therapist.employed_from, lower(t.employed)), coalesce(save_therapist.employed_until, upper(t.employed) - 1), ''[]''),
      state = coalesce(EXCLUDED.state, t.state), time_zone = coalesce(EXCLUDED.time_zone, t.time_zone), availability = coalesce(EXCLUDED.availability, t.availability)
    RETURNING t.therapist_id', 'Adds a therapist (with a random id if none is given), or changes what is given. Availability as text: Mon 08:00-12:00, Wed 13:00-15:30. Returns the id.'),
  ('save_client', 'district_id text, client_id text, name text DEFAULT NULL, site_id text DEFAULT NULL, state text DEFAULT NULL, category text DEFAULT NULL, grade integer DEFAULT NULL, case_manager_id text DEFAULT NULL', 'text', 'VOLATILE', 'sql',
   'INSERT INTO caseload.client AS c (district_id, client_id, name, site_id, state, category, grade, case_manager_id)
    VALUES (save_client.district_id, coalesce(save_client.client_id, gen_random_uuid()::text), save_client.name, save_client.site_id, save_client.state, save_client.category,
            save_client.grade, save_client.case_manager_id)
    ON CONFLICT ON CONSTRAINT client_pkey DO UPDATE SET name = coalesce(EXCLUDED.name, c.name), site_id = coalesce(EXCLUDED.site_id, c.site_id),
      state = coalesce(EXCLUDED.state, c.state), category = coalesce(EXCLUDED.category, c.category), grade = coalesce(EXCLUDED.grade, c.grade),
      case_manager_id = coalesce(EXCLUDED.case_manager_id, c.case_manager_id)
    RETURNING c.client_id', 'Adds a client (with a random id if none is given), or changes what is given. Returns the id.'),
  ('open_episode', 'district_id text, client_id text, starts_on date DEFAULT NULL', 'integer', 'VOLATILE', 'sql',
   'INSERT INTO caseload.episode AS n (district_id, client_id, episode, period)
      SELECT open_episode.district_id, open_episode.client_id, coalesce(max(e.episode), 0) + 1, daterange(open_episode.starts_on, NULL)
        FROM caseload.episode e WHERE e.district_id = open_episode.district_id AND e.client_id = open_episode.client_id
    RETURNING n.episode', 'Enrols a client from a day on. Returns the number of the episode.'),
  ('close_episode', 'district_id text, client_id text, ends_on date, closure_reason text DEFAULT NULL, outcome text DEFAULT NULL', 'integer', 'VOLATILE', 'plpgsql',
   '#variable_conflict use_variable
DECLARE
  closed integer;
BEGIN
  IF ends_on IS NULL THEN
    RAISE EXCEPTION ''an episode ends on a day'' USING ERRCODE = ''null_value_not_allowed'';
  END IF;
  UPDATE caseload.episode e
     SET period = daterange(lower(e.period), ends_on, ''[]''), closure_reason = coalesce(closure_reason, e.closure_reason), outcome = coalesce(outcome, e.outcome)
   WHERE e.district_id = district_id AND e.client_id = client_id AND e.period @> ends_on AND upper_inf(e.period)
  RETURNING e.episode INTO closed;
  IF closed IS NULL THEN
    RAISE EXCEPTION ''client "%" is not enrolled on %'', client_id, ends_on USING ERRCODE = ''no_data_found'', HINT = ''The view episodes says when.'';
  END IF;
  RETURN closed;
END', 'Ends the open episode of a client with its last day. Outcome: met, partly_met, dropped, transferred, declined or other. Returns the number of the episode.'),
  ('save_service', 'district_id text, service_id text, client_id text, discipline text, dosage text DEFAULT NULL, therapist_id text DEFAULT NULL, delivery text DEFAULT NULL, group_size integer DEFAULT NULL, starts_on date DEFAULT NULL, ends_on date DEFAULT NULL', 'text', 'VOLATILE', 'sql',
   'INSERT INTO caseload.service AS s (district_id, service_id, client_id, discipline, dosage, therapist_id, delivery, group_size, period)
    VALUES (save_service.district_id, coalesce(save_service.service_id, gen_random_uuid()::text), save_service.client_id, save_service.discipline,
            save_service.dosage::caseload.dosage, save_service.therapist_id, coalesce(save_service.delivery, ''small_group_ok'')::caseload.delivery,
            coalesce(save_service.group_size, 1), daterange(coalesce(save_service.starts_on, CURRENT_DATE), save_service.ends_on, ''[]''))
    ON CONFLICT ON CONSTRAINT service_pkey DO UPDATE SET client_id = EXCLUDED.client_id, discipline = EXCLUDED.discipline, dosage = coalesce(EXCLUDED.dosage, s.dosage),
      therapist_id = coalesce(EXCLUDED.therapist_id, s.therapist_id), delivery = coalesce(save_service.delivery::caseload.delivery, s.delivery),
      group_size = coalesce(save_service.group_size, s.group_size),
      period = daterange(coalesce(save_service.starts_on, lower(s.period)), coalesce(save_service.ends_on, upper(s.period) - 1), ''[]'')
    RETURNING s.service_id', 'Adds a line of a plan (from today on, if no day is given), or changes what is given. Dosage as text: 2x30/week. Beyond capacity it is refused (23514). Returns the id.'),
  ('assign_service', 'district_id text, service_id text, therapist_id text', 'text', 'VOLATILE', 'plpgsql',
   '#variable_conflict use_variable
DECLARE
  changed text;
BEGIN
  UPDATE caseload.service s SET therapist_id = therapist_id WHERE s.district_id = district_id AND s.service_id = service_id RETURNING s.service_id INTO changed;
  IF changed IS NULL THEN
    RAISE EXCEPTION ''service "%" does not exist'', service_id USING ERRCODE = ''no_data_found'', HINT = ''The view services lists them.'';
  END IF;
  RETURN changed;
END', 'Gives a service to a therapist, or puts it on the waiting list (NULL). Beyond capacity it is refused (23514). Returns the id of the service.'),
  ('record_appointment', 'district_id text, client_id text, starts_at timestamptz, status text DEFAULT NULL, minutes integer DEFAULT NULL, therapist_id text DEFAULT NULL, service_id text DEFAULT NULL, appointment_id text DEFAULT NULL', 'text', 'VOLATILE', 'sql',
   'INSERT INTO caseload.appointment AS a (district_id, client_id, appointment_id, starts_at, status, minutes, therapist_id, service_id)
    VALUES (record_appointment.district_id, record_appointment.client_id, coalesce(record_appointment.appointment_id, gen_random_uuid()::text), record_appointment.starts_at,
            coalesce(record_appointment.status, ''scheduled'')::caseload.appointment_status, record_appointment.minutes, record_appointment.therapist_id, record_appointment.service_id)
    ON CONFLICT ON CONSTRAINT appointment_pkey DO UPDATE SET starts_at = EXCLUDED.starts_at, status = coalesce(record_appointment.status::caseload.appointment_status, a.status),
      minutes = coalesce(EXCLUDED.minutes, a.minutes), therapist_id = coalesce(EXCLUDED.therapist_id, a.therapist_id), service_id = coalesce(EXCLUDED.service_id, a.service_id)
    RETURNING a.appointment_id', 'Books an appointment, or says what became of it: scheduled, attended, late, no_show, late_cancel, client_cancel, provider_cancel or closure. With an id of the app''s own, sending it twice is harmless. Returns the id.'),
  ('cancel_appointment', 'district_id text, client_id text, appointment_id text, status text DEFAULT ''client_cancel''', 'text', 'VOLATILE', 'plpgsql',
   '#variable_conflict use_variable
DECLARE
  changed text;
BEGIN
  IF status IS NULL OR status NOT IN (''late_cancel'', ''client_cancel'', ''provider_cancel'', ''closure'') THEN
    RAISE EXCEPTION ''"%" is no cancellation'', status USING ERRCODE = ''invalid_parameter_value'', HINT = ''late_cancel, client_cancel, provider_cancel or closure'';
  END IF;
  UPDATE caseload.appointment a SET status = status::caseload.appointment_status
   WHERE a.district_id = district_id AND a.client_id = client_id AND a.appointment_id = appointment_id RETURNING a.status::text INTO changed;
  IF changed IS NULL THEN
    RAISE EXCEPTION ''appointment "%" does not exist'', appointment_id USING ERRCODE = ''no_data_found'', HINT = ''The view appointments lists them.'';
  END IF;
  RETURN changed;
END', 'Cancels an appointment: late_cancel, client_cancel, provider_cancel or closure. Returns the status.'),
  ('record_contact', 'district_id text, client_id text, at timestamptz, kind text, contact_id text DEFAULT NULL', 'text', 'VOLATILE', 'sql',
   'INSERT INTO caseload.contact AS c (district_id, client_id, contact_id, at, kind)
    VALUES (record_contact.district_id, record_contact.client_id, coalesce(record_contact.contact_id, gen_random_uuid()::text), record_contact.at, record_contact.kind::caseload.contact_kind)
    ON CONFLICT ON CONSTRAINT contact_pkey DO UPDATE SET at = EXCLUDED.at, kind = EXCLUDED.kind
    RETURNING c.contact_id', 'Records a contact between sessions: attempt or two_way. Returns the id.'),
  ('acknowledge_flag', 'district_id text, flag_id text, note text DEFAULT NULL', 'text', 'VOLATILE', 'sql',
   'SELECT caseload.acknowledge_flag(acknowledge_flag.flag_id, acknowledge_flag.note, acknowledge_flag.district_id);
    SELECT f.state FROM caseload.flag f WHERE f.district_id = acknowledge_flag.district_id AND f.flag_id = acknowledge_flag.flag_id', 'Somebody is at it: the flag goes on being shown. Returns its state.'),
  ('confirm_flag', 'district_id text, flag_id text, reason text DEFAULT NULL', 'text', 'VOLATILE', 'sql',
   'SELECT caseload.confirm_flag(confirm_flag.flag_id, confirm_flag.reason, confirm_flag.district_id)', 'The proposal of a flag is followed; of one that proposes to close, the episode is closed. Returns what was done.'),
  ('dismiss_flag', 'district_id text, flag_id text, reason text', 'text', 'VOLATILE', 'sql',
   'SELECT caseload.dismiss_flag(dismiss_flag.flag_id, dismiss_flag.reason, dismiss_flag.district_id);
    SELECT f.state FROM caseload.flag f WHERE f.district_id = dismiss_flag.district_id AND f.flag_id = dismiss_flag.flag_id', 'The proposal of a flag is not followed, for a reason; it is raised anew on new evidence only. Returns its state.'),
  ('snooze_flag', 'district_id text, flag_id text, until date, reason text DEFAULT NULL', 'text', 'VOLATILE', 'sql',
   'SELECT caseload.snooze_flag(snooze_flag.flag_id, snooze_flag.until, snooze_flag.reason, snooze_flag.district_id);
    SELECT f.state FROM caseload.flag f WHERE f.district_id = snooze_flag.district_id AND f.flag_id = snooze_flag.flag_id', 'A flag is not shown before a day; new evidence ends the snooze. Returns its state.')
), facts (name, list) AS (
  -- facts as they are documented, in types that everybody knows
  SELECT t.typname::text, string_agg(CASE a.atttypid WHEN 'float8'::regtype THEN format('f.%1$I::numeric(14,4) AS %1$I', a.attname)
                                                WHEN 'int2'::regtype THEN format('f.%1$I::integer AS %1$I', a.attname)
                                                ELSE format('f.%I', a.attname) END, ', ' ORDER BY a.attnum)
    FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE t.typnamespace = 'caseload'::regnamespace AND t.typname IN ('client_facts', 'therapist_facts', 'service_facts', 'site_facts')
   GROUP BY t.typname
)
SELECT 'view', v.name, format('%I.%I', api_schema, v.name), v.base,
       format('CREATE OR REPLACE VIEW %1$I.%2$I WITH (security_barrier = true, security_invoker = true) AS ', api_schema, v.name)
       || CASE WHEN f.name IS NULL THEN v.definition ELSE format('SELECT %s FROM caseload.%I() f', f.list, f.name) END,
       format(replace(v.tags, '%1$s', '%1$I'), api_schema) || CASE WHEN v.tags <> '' THEN E'\n' ELSE '' END || E'@omit create,update,delete\n@behavior -insert -update -delete\n',
       v.comment, v.columns::jsonb
  FROM view v LEFT JOIN facts f ON f.name = v.name
UNION ALL
SELECT 'function', r.name,
       -- the names of the arguments are no part of it
       format('%I.%I(%s)', api_schema, r.name, (SELECT string_agg(split_part(btrim(a.argument), ' ', 2), ', ' ORDER BY a.place)
                                                  FROM unnest(string_to_array(r.arguments, ',')) WITH ORDINALITY AS a (argument, place))),
       NULL,
       format('CREATE OR REPLACE FUNCTION %1$I.%2$I(%3$s) RETURNS ' || r.returns || ' LANGUAGE %4$s %5$s SET search_path = pg_catalog, pg_temp AS %6$L',
              api_schema, r.name, r.arguments, r.language, r.volatility,
              CASE r.body WHEN '{facts}' THEN (SELECT format('SELECT %s FROM caseload.client_facts(client_facts_as_of.as_of) f WHERE f.district_id = client_facts_as_of.district_id', f.list)
                                                 FROM facts f WHERE f.name = 'client_facts')
                          ELSE r.body END),
       '', r.comment, NULL
  FROM routine r
$objects$;
COMMENT ON FUNCTION caseload._api_objects(text) IS 'Internal: the views and functions that create_api() makes in a schema; none without one.';

CREATE OR REPLACE FUNCTION caseload.create_api(api_schema text DEFAULT 'caseload_api')
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
  mark   constant text := 'Facade of caseload, made by create_api()';
  next   record;
  field  record;
  made   integer := 0;
  owner  oid;
BEGIN
  IF coalesce(api_schema, '') = '' OR api_schema IN ('caseload', 'public', 'information_schema') OR api_schema ~ '^pg_' THEN
    RAISE EXCEPTION 'schema "%" cannot hold the facade', api_schema
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Name a schema of its own: create_api(''caseload_api'').';
  END IF;
  SELECT n.nspowner INTO owner FROM pg_namespace n WHERE n.nspname = api_schema;
  IF NOT FOUND THEN
    EXECUTE format('CREATE SCHEMA %I', api_schema);
  ELSIF NOT pg_has_role(owner, 'USAGE') THEN
    RAISE EXCEPTION 'permission denied for schema %', api_schema
      USING ERRCODE = 'insufficient_privilege', HINT = 'The facade is made in a schema of your own.';
  -- OR REPLACE would take over views of others
  ELSIF coalesce(obj_description(to_regnamespace(quote_ident(api_schema)), 'pg_namespace'), '') NOT LIKE mark || '%'
        AND (EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident(api_schema)))
             OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = to_regnamespace(quote_ident(api_schema)))) THEN
    RAISE EXCEPTION 'schema "%" is not empty', api_schema
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'The facade is made in a schema of its own: name one that is empty or does not exist.';
  END IF;
  EXECUTE format('COMMENT ON SCHEMA %I IS %L', api_schema, mark || ' version ' || caseload.version() || '.');
  FOR next IN SELECT a.* FROM caseload._api_objects(api_schema) a LOOP
    BEGIN
      EXECUTE next.definition;
    EXCEPTION WHEN invalid_table_definition OR invalid_function_definition THEN
      -- made by another version with other columns
      BEGIN
        EXECUTE format('DROP %s %s', next.kind, next.identity);
      EXCEPTION WHEN dependent_objects_still_exist THEN
        RAISE EXCEPTION '% % has other columns now, and objects of yours depend on it', next.kind, next.identity
          USING ERRCODE = 'dependent_objects_still_exist', DETAIL = SQLERRM, HINT = 'Drop them, call create_api() again, and make them anew.';
      END;
      EXECUTE next.definition;
    END;
    EXECUTE format('COMMENT ON %s %s IS %L', next.kind, next.identity, next.tags || next.comment);
    IF next.kind = 'function' THEN
      EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', next.identity);
    ELSE
      FOR field IN
        SELECT a.attname, coalesce(next.columns ->> a.attname, col_description(b.attrelid, b.attnum)) AS comment
          FROM pg_attribute a
          LEFT JOIN pg_attribute b ON b.attrelid = to_regclass('caseload.' || quote_ident(next.base)) AND b.attname = a.attname
         WHERE a.attrelid = next.identity::regclass AND a.attnum > 0
      LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', next.identity, field.attname, field.comment);
      END LOOP;
    END IF;
    made := made + 1;
  END LOOP;
  RETURN format('%s views and functions in schema %s', made, api_schema);
END
$$;
COMMENT ON FUNCTION caseload.create_api(text) IS 'Makes, or brings up to date, a facade in a schema of the caller''s own: ordinary views and functions of text, numbers, dates, moments and booleans only, with keys as smart comments, for tools that cannot take our types or hide what an extension has made. Rights: grant_reader(role, schema), grant_app(role, schema).';
