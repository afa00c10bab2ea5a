-- Expressions over facts: the check, and the triggers of the table of rules.

CREATE FUNCTION caseload.check_expression(
  subject text, expression text, result_type text DEFAULT 'boolean',
  OUT ok boolean, OUT message text, OUT detail text, OUT hint text, OUT "position" integer)
RETURNS record
AS 'MODULE_PATHNAME', 'check_expression'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.check_expression(text, text, text) IS 'Would this expression over the facts of a subject (client, service, therapist, site, or a registered one) be taken as a boolean condition or a numeric weight? With message, hint and the place of the fault, in characters from 1.';

CREATE FUNCTION caseload.rule_before_write()
RETURNS trigger
AS 'MODULE_PATHNAME', 'rule_before_write'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.rule_before_write() IS 'Row trigger of rule: refuses a condition that does not compile and notes the facts that it uses.';

CREATE FUNCTION caseload.rule_after_write()
RETURNS trigger
AS 'MODULE_PATHNAME', 'rule_after_write'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.rule_after_write() IS 'Trigger of rule, weighting, subject and site, by statement, or by row where they come by replication: tells all backends that compiled rules are stale.';

CREATE FUNCTION caseload.actor()
RETURNS text
AS 'MODULE_PATHNAME', 'actor'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION caseload.actor() IS 'Who acts: the role of the session, whatever functions of others it goes through.';

CREATE FUNCTION caseload.flags_after_change()
RETURNS trigger
AS 'MODULE_PATHNAME', 'flags_after_change'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.flags_after_change() IS 'Statement trigger; arguments: pairs of a subject and the column with its key. Judges the subjects that a statement touched.';

CREATE FUNCTION caseload.evaluate(
  as_of date DEFAULT NULL, district_id text DEFAULT NULL,
  OUT raised bigint, OUT resolved bigint, OUT unchanged bigint, OUT errors bigint)
RETURNS record
AS 'MODULE_PATHNAME', 'evaluate'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.evaluate(date, text) IS 'Makes all flags of a district (NULL: of all) say what the rules say as of a date (NULL: today, where the client is). Idempotent; to be run daily, since time alone changes flags. Writers do not wait.';

CREATE FUNCTION caseload.findings(
  as_of date DEFAULT NULL, in_district text DEFAULT NULL,
  OUT district_id text, OUT subject text, OUT subject_key text, OUT client_id text, OUT episode integer,
  OUT rule_district text, OUT rule_name text, OUT rule_version integer, OUT day date, OUT failed boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'findings'
LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000
SET search_path = pg_catalog, caseload, pg_temp SET jit = off;
COMMENT ON FUNCTION caseload.findings(date, text) IS 'Which rules hold for what as of a date (NULL: today, where it is), computed now and written nowhere; failed: the rule could not be evaluated.';

CREATE FUNCTION caseload.rule_counts(
  subject text, as_of date DEFAULT NULL, in_district text DEFAULT NULL,
  OUT rule_district text, OUT rule_name text, OUT holds bigint, OUT silent bigint, OUT failed bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'rule_counts'
LANGUAGE C STABLE PARALLEL UNSAFE ROWS 20
SET search_path = pg_catalog, caseload, pg_temp SET jit = off;
COMMENT ON FUNCTION caseload.rule_counts(text, date, text) IS 'For how many of a subject each rule holds, is silent (false, unknown, or not meant for it) or fails: all rules in one pass, written nowhere.';

CREATE FUNCTION caseload._explain(
  condition text, facts record,
  OUT step integer, OUT depth integer, OUT says text, OUT value text, OUT outcome text, OUT clears text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'explain_condition'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION caseload._explain(text, record) IS 'Takes a condition apart over one row of facts of a named type: one row for each part in reading order, with the facts in it, its outcome (true, false, unknown, error) and, where the condition holds, what would make the part cease to help it.';

CREATE FUNCTION caseload._holds(condition text, facts record)
RETURNS boolean
AS 'MODULE_PATHNAME', 'condition_holds'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION caseload._holds(text, record) IS 'Does a condition hold for one row of facts of a named type? NULL = unknown; what fails is an error.';

CREATE FUNCTION caseload.backtest(
  subject text, condition text, from_date date, to_date date, in_district text DEFAULT NULL,
  OUT day date, OUT district_id text, OUT key text, OUT change text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'backtest'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 1000
SET search_path = pg_catalog, caseload, pg_temp SET jit = off;
COMMENT ON FUNCTION caseload.backtest(text, text, date, date, text) IS 'Replays a condition over past days, both ends included, as if it had been judged at the end of each: the days on which it began (raised) and ceased (cleared) to hold, by day and key. From the facts as they are recorded now, with your rights; writes nothing.';

CREATE FUNCTION caseload._backtest(
  subject text, condition text, from_date date, to_date date, in_district text, site_level text, discipline text,
  OUT day date, OUT district_id text, OUT key text, OUT change text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'backtest'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 1000
SET search_path = pg_catalog, caseload, pg_temp SET jit = off;
COMMENT ON FUNCTION caseload._backtest(text, text, date, date, text, text, text) IS 'Internal: backtest() for those whom a rule of a site level or discipline (NULL: any) is meant for.';

CREATE FUNCTION caseload._answer_flag(flag_id text, district_id text, step text, why text, until date)
RETURNS text
AS 'MODULE_PATHNAME', 'flag_answer'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload._answer_flag(text, text, text, text, date) IS 'Internal: a person''s answer to a flag that the caller can read, written as the owner of the flags: who answers needs no right to write the table. Returns the district.';
