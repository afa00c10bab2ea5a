-- The trigger functions that keep client_activity, and rebuild().

CREATE FUNCTION caseload.activity_after_event()
RETURNS trigger
AS 'MODULE_PATHNAME', 'activity_after_event'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.activity_after_event() IS 'Statement trigger of a table of events; arguments: the columns with time and status. Brings attendance and flags up to date.';

CREATE FUNCTION caseload.activity_after_frame()
RETURNS trigger
AS 'MODULE_PATHNAME', 'activity_after_frame'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.activity_after_frame() IS 'Statement trigger of episode, service, document, client and site (its argument). Checks periods and makes attendance anew where days move.';

CREATE FUNCTION caseload.rebuild(district_id text DEFAULT NULL, client_id text DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'rebuild'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.rebuild(text, text) IS 'Makes derived values anew from the facts, of one client, one district or all (NULL); returns how many differed.';

CREATE FUNCTION caseload._activity_differences(in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, client_id text, episode integer, period daterange, attendance caseload.attendance)
AS 'MODULE_PATHNAME', '_activity_differences'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1000;
COMMENT ON FUNCTION caseload._activity_differences(text) IS 'Internal: what client_activity must say where it does not, of one district or all (NULL), made from all events in one pass; writes nothing.';

CREATE FUNCTION caseload.therapist_before_write()
RETURNS trigger
AS 'MODULE_PATHNAME', 'therapist_before_write'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.therapist_before_write() IS 'Row trigger of service (argument: the foreign key that it speaks for): refuses an unknown therapist with a hint.';

CREATE FUNCTION caseload.event_before_write()
RETURNS trigger
AS 'MODULE_PATHNAME', 'event_before_write'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.event_before_write() IS 'Row trigger of appointment, contact and episode: notes whom the statement is about, so that they are locked in order; refuses an unknown therapist with a hint.';

CREATE FUNCTION caseload.lock_before_cascade()
RETURNS trigger
AS 'MODULE_PATHNAME', 'lock_before_cascade'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.lock_before_cascade() IS 'Row trigger of episode: locks whom the statement is about before foreign keys delete or renumber what belongs to the episodes.';

CREATE FUNCTION caseload.policy_after_write()
RETURNS trigger
AS 'MODULE_PATHNAME', 'policy_after_write'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.policy_after_write() IS 'Trigger of policy and policy_kind, by statement, or by row where they come by replication: tells all backends that what they have read is stale.';
