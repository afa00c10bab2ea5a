-- Weightings: caseloads counted by expressions over facts.

CREATE FUNCTION caseload.weighting_before_write()
RETURNS trigger
AS 'MODULE_PATHNAME', 'weighting_before_write'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.weighting_before_write() IS 'Row trigger of weighting: refuses an expression or a capacity that is not a number over its facts, and notes the facts that the expression uses.';

CREATE FUNCTION caseload.weighting_loads(
  weighting text, as_of date DEFAULT NULL, in_district text DEFAULT NULL, in_therapist text DEFAULT NULL,
  OUT district_id text, OUT therapist_id text, OUT points numeric, OUT points_limit numeric,
  OUT counted bigint, OUT unknown bigint, OUT failed bigint, OUT fault text,
  OUT weighting_district text, OUT weighting_version integer)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'weighting_loads'
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 100
SET search_path = pg_catalog, caseload, pg_temp SET jit = off;
COMMENT ON FUNCTION caseload.weighting_loads(text, date, text, text) IS 'What every therapist carries by a weighting as of a date (NULL: today), and the limit; one row for each employed therapist for whom it is meant. Of the rows counted, unknown have no weight (facts not recorded) and add nothing; where some failed (fault says why) or all are unknown, points are NULL. The limit is NULL where there is none or it is not known.';
