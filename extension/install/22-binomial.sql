-- How many will come of those who are asked: docs/models.md.

CREATE FUNCTION caseload.binomial_tail(n integer, k integer, p double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'binomial_tail'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION caseload.binomial_tail(integer, integer, double precision) IS 'Probability that of n attempts, each with probability p, more than k succeed.';

CREATE FUNCTION caseload.overbook(wanted integer, no_show_rate double precision, max_overflow_probability double precision,
                                  OUT ask integer, OUT expected double precision, OUT p_overflow double precision)
RETURNS record
AS 'MODULE_PATHNAME', 'overbook'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION caseload.overbook(integer, double precision, double precision) IS 'The most that may be asked so that more than wanted come with at most this probability, never fewer than wanted; how many then come in the mean, and the probability that it is too many. NULL where no number would be too many.';

CREATE FUNCTION caseload.overbook_table(wanted integer, no_show_rate double precision, up_to integer)
RETURNS TABLE (ask integer, expected double precision, p_overflow double precision, p_all_come double precision)
AS 'MODULE_PATHNAME', 'overbook_table'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION caseload.overbook_table(integer, double precision, integer) IS 'For each number that may be asked, from wanted to up_to: how many come in the mean, the probability that more than wanted come, and that all do.';
