-- What an attendance value is made from and what it says: docs/attendance.md has the exact meaning of every number.

CREATE FUNCTION caseload.attendance_trans(state bytea, at timestamptz, status text)
RETURNS bytea
AS 'MODULE_PATHNAME', 'attendance_trans'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_trans(bytea, timestamptz, text) IS 'Internal: takes one event into the state of the aggregate attendance().';

CREATE FUNCTION caseload.attendance_trans(state bytea, at timestamptz, status text, zone text)
RETURNS bytea
AS 'MODULE_PATHNAME', 'attendance_trans'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_trans(bytea, timestamptz, text, text) IS 'Internal: takes one event into the state of the aggregate attendance().';

CREATE FUNCTION caseload.attendance_merge_trans(state bytea, value caseload.attendance)
RETURNS bytea
AS 'MODULE_PATHNAME', 'attendance_merge_trans'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_merge_trans(bytea, caseload.attendance) IS 'Internal: takes one value into the state of the aggregate attendance_merge().';

CREATE FUNCTION caseload.attendance_combine(state bytea, other bytea)
RETURNS bytea
AS 'MODULE_PATHNAME', 'attendance_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_combine(bytea, bytea) IS 'Internal: joins two states of the attendance aggregates.';

CREATE FUNCTION caseload.attendance_final(state bytea)
RETURNS caseload.attendance
AS 'MODULE_PATHNAME', 'attendance_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_final(bytea) IS 'Internal: the value of a state of the attendance aggregates.';

CREATE AGGREGATE caseload.attendance(at timestamptz, status text) (
  SFUNC = caseload.attendance_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.attendance_final, COMBINEFUNC = caseload.attendance_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.attendance(timestamptz, text) IS 'The history of these events, days in UTC. Rows with a NULL time or status are skipped; NULL over no rows.';

CREATE AGGREGATE caseload.attendance(at timestamptz, status text, zone text) (
  SFUNC = caseload.attendance_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.attendance_final, COMBINEFUNC = caseload.attendance_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.attendance(timestamptz, text, text) IS 'The history of these events, days in this time zone (one in a group). Rows with a NULL time or status are skipped; NULL over no rows.';

CREATE AGGREGATE caseload.attendance_merge(value caseload.attendance) (
  SFUNC = caseload.attendance_merge_trans, STYPE = bytea, SSPACE = 512,
  FINALFUNC = caseload.attendance_final, COMBINEFUNC = caseload.attendance_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.attendance_merge(caseload.attendance) IS 'The sum of values of one time zone; NULL over no rows.';

CREATE FUNCTION caseload.appointments(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_appointments'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.appointments(caseload.attendance, date) IS 'Appointments up to as_of, whatever became of them.';

CREATE FUNCTION caseload.attended(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_attended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.attended(caseload.attendance, date) IS 'Sessions (attended or late) up to as_of.';

CREATE FUNCTION caseload.no_shows(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_no_shows'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.no_shows(caseload.attendance, date) IS 'No-shows up to as_of.';

CREATE FUNCTION caseload.late_cancels(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_late_cancels'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.late_cancels(caseload.attendance, date) IS 'Late cancellations up to as_of.';

CREATE FUNCTION caseload.strikes(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_strikes'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.strikes(caseload.attendance, date) IS 'Strikes (no-shows and late cancellations) up to as_of.';

CREATE FUNCTION caseload.unresolved(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_unresolved'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.unresolved(caseload.attendance, date) IS 'Appointments before as_of that are still scheduled.';

CREATE FUNCTION caseload.miss_run(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_miss_run'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.miss_run(caseload.attendance, date) IS 'No-shows since the last session, up to as_of; cancellations neither break nor lengthen the run.';

CREATE FUNCTION caseload.cancel_run(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_cancel_run'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.cancel_run(caseload.attendance, date) IS 'Cancellations by the client since the last session or no-show, up to as_of.';

CREATE FUNCTION caseload.on_time_run(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_on_time_run'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.on_time_run(caseload.attendance, date) IS 'Sessions attended on time since the last late arrival, no-show or cancellation by the client, up to as_of.';

CREATE FUNCTION caseload.late_run(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_late_run'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.late_run(caseload.attendance, date) IS 'Late arrivals since the last session on time, up to as_of; nothing else breaks or lengthens the run.';

CREATE FUNCTION caseload.misses_in(value caseload.attendance, days integer, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_misses_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.misses_in(caseload.attendance, integer, date) IS 'No-shows in the days local days that end with as_of.';

CREATE FUNCTION caseload.strikes_in(value caseload.attendance, days integer, as_of date DEFAULT CURRENT_DATE)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_strikes_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.strikes_in(caseload.attendance, integer, date) IS 'Strikes in the days local days that end with as_of.';

CREATE FUNCTION caseload.most_misses_in(value caseload.attendance, days integer)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_most_misses_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 30;
COMMENT ON FUNCTION caseload.most_misses_in(caseload.attendance, integer) IS 'The most no-shows in any days consecutive local days of the history.';

CREATE FUNCTION caseload.longest_miss_run(value caseload.attendance)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_longest_miss_run'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.longest_miss_run(caseload.attendance) IS 'The longest run of no-shows without a session in between, in the whole history.';

CREATE FUNCTION caseload.last_attended(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS date
AS 'MODULE_PATHNAME', 'attendance_last_attended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.last_attended(caseload.attendance, date) IS 'Local day of the last session up to as_of; NULL = never.';

CREATE FUNCTION caseload.last_contact(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS date
AS 'MODULE_PATHNAME', 'attendance_last_contact'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.last_contact(caseload.attendance, date) IS 'Local day of the last session or two-way contact up to as_of; NULL = never.';

CREATE FUNCTION caseload.next_appointment(value caseload.attendance, as_of date DEFAULT CURRENT_DATE)
RETURNS date
AS 'MODULE_PATHNAME', 'attendance_next_appointment'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.next_appointment(caseload.attendance, date) IS 'First local day from as_of with an appointment still standing; NULL = none.';

CREATE FUNCTION caseload.span(value caseload.attendance)
RETURNS daterange
AS 'MODULE_PATHNAME', 'attendance_span'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.span(caseload.attendance) IS 'First to last local day with an event; NULL for an empty history.';

CREATE FUNCTION caseload.zone(value caseload.attendance)
RETURNS text
AS 'MODULE_PATHNAME', 'attendance_zone'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.zone(caseload.attendance) IS 'The time zone that decides which day an event belongs to.';

CREATE FUNCTION caseload.event_count(value caseload.attendance)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_event_count'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.event_count(caseload.attendance) IS 'How many events the history has, contacts included.';

CREATE FUNCTION caseload.events(value caseload.attendance, OUT at timestamptz, OUT status text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'attendance_events'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION caseload.events(caseload.attendance) IS 'The events of a history in order.';

CREATE FUNCTION caseload.evidence(value caseload.attendance, as_of date, window_days integer, facts text[])
RETURNS caseload.attendance
AS 'MODULE_PATHNAME', 'attendance_evidence'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION caseload.evidence(caseload.attendance, date, integer, text[]) IS 'The events that these facts of client_facts count as of a date: the strikes behind strikes, the last session behind days_unseen. Facts that count no events add none.';

CREATE FUNCTION caseload.has_event(value caseload.attendance, at timestamptz, status text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'attendance_has_event'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION caseload.has_event(caseload.attendance, timestamptz, text) IS 'Does a history have an event of this status at this second?';
