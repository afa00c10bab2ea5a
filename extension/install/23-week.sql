-- A week of sessions: packing, groups, and how many clients go with how many slots. See docs/week.md.

CREATE FUNCTION caseload.poisson_binomial_tail(probabilities double precision[], k integer)
RETURNS double precision
AS 'MODULE_PATHNAME', 'poisson_binomial_tail'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION caseload.poisson_binomial_tail(double precision[], integer) IS 'Probability that more than k come of those who come each with a probability of his own.';

CREATE FUNCTION caseload.accept_count(
  slots integer, probabilities double precision[], max_overflow_probability double precision DEFAULT 0.05, idle_share double precision DEFAULT NULL,
  OUT accept integer, OUT expected double precision, OUT p_overflow double precision, OUT p_idle double precision)
RETURNS record
AS 'MODULE_PATHNAME', 'accept_count'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION caseload.accept_count(integer, double precision[], double precision, double precision) IS 'How many of these clients, in their order, may be accepted for so many slots a week: the most so that more come than there are slots with at most this probability; or, with idle_share (the cost of an idle slot in the sum of that and of the cost of one client too many), as long as another one pays. How many come then in the mean, and the probabilities of one too many and of an idle slot.';

CREATE FUNCTION caseload.accept_mix(
  slots integer, show_rate double precision, max_overflow_probability double precision DEFAULT 0.05,
  shares double precision[] DEFAULT '{0.55,0.30,0.15}', frequencies double precision[] DEFAULT '{1,0.5,0.25}',
  OUT accept integer, OUT expected double precision, OUT p_overflow double precision)
RETURNS record
AS 'MODULE_PATHNAME', 'accept_mix'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION caseload.accept_mix(integer, double precision, double precision, double precision[], double precision[]) IS 'How many clients go with so many weekly slots when shares of them come weekly, every other week and so on (frequencies), each appears with show_rate, and more come than there are slots with at most this probability. 30 slots, 87 %, 55/30/15 %: 40 at 0.05, 44 at 0.2, 48 at 0.5.';

CREATE FUNCTION caseload._group_cover(
  grades integer[], windows caseload.availability[], minutes integer, sessions integer, group_size integer, grade_span integer,
  OUT groups integer[], OUT group_count integer, OUT fewest integer)
RETURNS record
AS 'MODULE_PATHNAME', 'group_cover'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION caseload._group_cover(integer[], caseload.availability[], integer, integer, integer, integer) IS 'Internal: the fewest groups of students whose grades and times go together; groups has the number of each student''s. Exact up to 20, beyond them fewest is a lower bound.';

CREATE FUNCTION caseload._pack_sessions(
  free caseload.availability, windows caseload.availability[], minutes integer[], apart integer[], step integer, effort integer)
RETURNS TABLE (session integer, placed boolean, day integer, day_name text, begins time, ends time, starts integer, verdict text,
               placed_minutes integer, bound_minutes integer, optimal boolean, hall text)
AS 'MODULE_PATHNAME', 'pack_sessions'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000 ROWS 50;
COMMENT ON FUNCTION caseload._pack_sessions(caseload.availability, caseload.availability[], integer[], integer[], integer, integer) IS 'Internal: sessions into a week, with a bound on what is possible and the set of Hall where it cannot be all.';
