-- The trigger functions that keep client_activity, and rebuild().
--
-- These and all others that run queries from C set the planner to look keys up: their plans are made once for a session, perhaps
-- while the tables are still empty, and a plan that scans an empty table would still scan it when it is full.

CREATE FUNCTION caseload.activity_after_event()
RETURNS trigger
AS 'MODULE_PATHNAME', 'activity_after_event'
LANGUAGE C VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, caseload, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off;
COMMENT ON FUNCTION caseload.activity_after_event() IS 'Statement trigger of a table of events; arguments: the columns with time and status. Brings attendance and flags up to date.';

CREATE FUNCTION caseload.activity_after_frame()
RETURNS trigger
AS 'MODULE_PATHNAME', 'activity_after_frame'
LANGUAGE C VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, caseload, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off;
COMMENT ON FUNCTION caseload.activity_after_frame() IS 'Statement trigger of episode, service, client and site (its argument). Checks periods and makes attendance anew where days move.';

CREATE FUNCTION caseload.rebuild(district_id text DEFAULT NULL, client_id text DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'rebuild'
LANGUAGE C VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, caseload, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off;
COMMENT ON FUNCTION caseload.rebuild(text, text) IS 'Makes derived values anew from the facts, of one client, one district or all (NULL); returns how many differed.';
