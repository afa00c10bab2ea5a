-- dosage: sessions x minutes / period, see docs/dosage.md

CREATE TYPE caseload.dosage;
COMMENT ON TYPE caseload.dosage IS 'How much of a service a plan promises: 2x30/week, 1x45/2 weeks, 4x20/month, 90/year.';

CREATE FUNCTION caseload.dosage_in(cstring)
RETURNS caseload.dosage
AS 'MODULE_PATHNAME', 'dosage_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_in(cstring) IS 'Text input of dosage.';

CREATE FUNCTION caseload.dosage_out(caseload.dosage)
RETURNS cstring
AS 'MODULE_PATHNAME', 'dosage_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_out(caseload.dosage) IS 'Text output of dosage.';

CREATE FUNCTION caseload.dosage_recv(internal)
RETURNS caseload.dosage
AS 'MODULE_PATHNAME', 'dosage_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_recv(internal) IS 'Binary input of dosage.';

CREATE FUNCTION caseload.dosage_send(caseload.dosage)
RETURNS bytea
AS 'MODULE_PATHNAME', 'dosage_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_send(caseload.dosage) IS 'Binary output of dosage.';

CREATE TYPE caseload.dosage (
  INPUT = caseload.dosage_in,
  OUTPUT = caseload.dosage_out,
  RECEIVE = caseload.dosage_recv,
  SEND = caseload.dosage_send,
  LIKE = pg_catalog.int8
);
COMMENT ON TYPE caseload.dosage IS 'How much of a service a plan promises: 2x30/week, 1x45/2 weeks, 4x20/month, 90/year.';

CREATE FUNCTION caseload.dosage_eq(a caseload.dosage, b caseload.dosage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'dosage_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_eq(caseload.dosage, caseload.dosage) IS 'Implementation of the operator =.';

CREATE FUNCTION caseload.dosage_ne(a caseload.dosage, b caseload.dosage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'dosage_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_ne(caseload.dosage, caseload.dosage) IS 'Implementation of the operator <>.';

CREATE FUNCTION caseload.dosage_lt(a caseload.dosage, b caseload.dosage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'dosage_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_lt(caseload.dosage, caseload.dosage) IS 'Implementation of the operator <.';

CREATE FUNCTION caseload.dosage_le(a caseload.dosage, b caseload.dosage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'dosage_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_le(caseload.dosage, caseload.dosage) IS 'Implementation of the operator <=.';

CREATE FUNCTION caseload.dosage_gt(a caseload.dosage, b caseload.dosage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'dosage_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_gt(caseload.dosage, caseload.dosage) IS 'Implementation of the operator >.';

CREATE FUNCTION caseload.dosage_ge(a caseload.dosage, b caseload.dosage)
RETURNS boolean
AS 'MODULE_PATHNAME', 'dosage_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_ge(caseload.dosage, caseload.dosage) IS 'Implementation of the operator >=.';

CREATE FUNCTION caseload.dosage_cmp(a caseload.dosage, b caseload.dosage)
RETURNS integer
AS 'MODULE_PATHNAME', 'dosage_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_cmp(caseload.dosage, caseload.dosage) IS 'Order of two values: -1, 0 or 1.';

CREATE FUNCTION caseload.dosage_hash(a caseload.dosage)
RETURNS integer
AS 'MODULE_PATHNAME', 'dosage_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_hash(caseload.dosage) IS 'Hash, equal for equal values.';

CREATE FUNCTION caseload.dosage_hash_extended(a caseload.dosage, seed bigint)
RETURNS bigint
AS 'MODULE_PATHNAME', 'dosage_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_hash_extended(caseload.dosage, bigint) IS 'Seeded 64-bit hash, equal for equal values.';

CREATE OPERATOR caseload.= (
  LEFTARG = caseload.dosage, RIGHTARG = caseload.dosage, FUNCTION = caseload.dosage_eq,
  COMMUTATOR = OPERATOR(caseload.=), NEGATOR = OPERATOR(caseload.<>),
  RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR caseload.= (caseload.dosage, caseload.dosage) IS 'Equal.';

CREATE OPERATOR caseload.<> (
  LEFTARG = caseload.dosage, RIGHTARG = caseload.dosage, FUNCTION = caseload.dosage_ne,
  COMMUTATOR = OPERATOR(caseload.<>), NEGATOR = OPERATOR(caseload.=),
  RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR caseload.<> (caseload.dosage, caseload.dosage) IS 'Not equal.';

CREATE OPERATOR caseload.< (
  LEFTARG = caseload.dosage, RIGHTARG = caseload.dosage, FUNCTION = caseload.dosage_lt,
  COMMUTATOR = OPERATOR(caseload.>), NEGATOR = OPERATOR(caseload.>=),
  RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR caseload.< (caseload.dosage, caseload.dosage) IS 'Less than.';

CREATE OPERATOR caseload.<= (
  LEFTARG = caseload.dosage, RIGHTARG = caseload.dosage, FUNCTION = caseload.dosage_le,
  COMMUTATOR = OPERATOR(caseload.>=), NEGATOR = OPERATOR(caseload.>),
  RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR caseload.<= (caseload.dosage, caseload.dosage) IS 'Less than or equal.';

CREATE OPERATOR caseload.> (
  LEFTARG = caseload.dosage, RIGHTARG = caseload.dosage, FUNCTION = caseload.dosage_gt,
  COMMUTATOR = OPERATOR(caseload.<), NEGATOR = OPERATOR(caseload.<=),
  RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR caseload.> (caseload.dosage, caseload.dosage) IS 'Greater than.';

CREATE OPERATOR caseload.>= (
  LEFTARG = caseload.dosage, RIGHTARG = caseload.dosage, FUNCTION = caseload.dosage_ge,
  COMMUTATOR = OPERATOR(caseload.<=), NEGATOR = OPERATOR(caseload.<),
  RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR caseload.>= (caseload.dosage, caseload.dosage) IS 'Greater than or equal.';

CREATE OPERATOR CLASS caseload.dosage_ops DEFAULT FOR TYPE caseload.dosage USING btree AS
  OPERATOR 1 caseload.<, OPERATOR 2 caseload.<=, OPERATOR 3 caseload.=, OPERATOR 4 caseload.>=, OPERATOR 5 caseload.>,
  FUNCTION 1 caseload.dosage_cmp(caseload.dosage, caseload.dosage);
COMMENT ON OPERATOR CLASS caseload.dosage_ops USING btree IS 'Order of dosage values.';

CREATE OPERATOR CLASS caseload.dosage_ops DEFAULT FOR TYPE caseload.dosage USING hash AS
  OPERATOR 1 caseload.=,
  FUNCTION 1 caseload.dosage_hash(caseload.dosage),
  FUNCTION 2 caseload.dosage_hash_extended(caseload.dosage, bigint);
COMMENT ON OPERATOR CLASS caseload.dosage_ops USING hash IS 'Hash of dosage values.';

-- By assignment only: a typed text or varchar parameter may go into a column, but no comparison changes its meaning.
CREATE CAST (text AS caseload.dosage) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS caseload.dosage) IS 'Reads the text form of dosage.';
CREATE CAST (varchar AS caseload.dosage) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS caseload.dosage) IS 'Reads the text form of dosage.';

CREATE FUNCTION caseload.sessions(dosage caseload.dosage)
RETURNS integer
AS 'MODULE_PATHNAME', 'dosage_sessions'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.sessions(caseload.dosage) IS 'Sessions in a period; NULL where the dosage does not say them.';

CREATE FUNCTION caseload.minutes(dosage caseload.dosage)
RETURNS integer
AS 'MODULE_PATHNAME', 'dosage_minutes'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.minutes(caseload.dosage) IS 'Minutes of a session, or of the period where no sessions are said.';

CREATE FUNCTION caseload.every(dosage caseload.dosage)
RETURNS integer
AS 'MODULE_PATHNAME', 'dosage_every'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.every(caseload.dosage) IS 'The period is this many units.';

CREATE FUNCTION caseload.unit(dosage caseload.dosage)
RETURNS text
AS 'MODULE_PATHNAME', 'dosage_unit'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.unit(caseload.dosage) IS 'Unit of the period: week, month, quarter or year.';

CREATE FUNCTION caseload.minutes_per_week(dosage caseload.dosage, weeks_per_year integer DEFAULT 36, months_per_year integer DEFAULT 9)
RETURNS numeric
AS 'MODULE_PATHNAME', 'dosage_minutes_per_week'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.minutes_per_week(caseload.dosage, integer, integer) IS 'Weekly minutes over a service year: a school has 36 weeks and 9 months (the default), a clinic 52 and 12; quarters count 4 times a year.';

CREATE FUNCTION caseload.sessions_per_week(dosage caseload.dosage, weeks_per_year integer DEFAULT 36, months_per_year integer DEFAULT 9)
RETURNS numeric
AS 'MODULE_PATHNAME', 'dosage_sessions_per_week'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.sessions_per_week(caseload.dosage, integer, integer) IS 'Weekly sessions over a service year; NULL where the dosage does not say sessions.';

CREATE FUNCTION caseload.dosage_smaller(a caseload.dosage, b caseload.dosage)
RETURNS caseload.dosage
AS 'MODULE_PATHNAME', 'dosage_smaller'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_smaller(caseload.dosage, caseload.dosage) IS 'The smaller of two dosages.';

CREATE AGGREGATE caseload.min(caseload.dosage) (
  SFUNC = caseload.dosage_smaller, STYPE = caseload.dosage, COMBINEFUNC = caseload.dosage_smaller,
  SORTOP = OPERATOR(caseload.<), PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.min(caseload.dosage) IS 'The smallest dosage by weekly minutes.';

CREATE FUNCTION caseload.dosage_larger(a caseload.dosage, b caseload.dosage)
RETURNS caseload.dosage
AS 'MODULE_PATHNAME', 'dosage_larger'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.dosage_larger(caseload.dosage, caseload.dosage) IS 'The larger of two dosages.';

CREATE AGGREGATE caseload.max(caseload.dosage) (
  SFUNC = caseload.dosage_larger, STYPE = caseload.dosage, COMBINEFUNC = caseload.dosage_larger,
  SORTOP = OPERATOR(caseload.>), PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.max(caseload.dosage) IS 'The largest dosage by weekly minutes.';
