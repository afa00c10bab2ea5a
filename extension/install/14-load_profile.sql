-- load_profile: what a therapist has promised, over all days, see docs/models.md

CREATE TYPE caseload.load_profile;
COMMENT ON TYPE caseload.load_profile IS 'How many services of which rate (discipline, site, dosage, group size) a therapist gives on each day, without any minutes.';

CREATE FUNCTION caseload.load_profile_in(cstring)
RETURNS caseload.load_profile
AS 'MODULE_PATHNAME', 'load_profile_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_in(cstring) IS 'Text input of load_profile.';

CREATE FUNCTION caseload.load_profile_out(caseload.load_profile)
RETURNS cstring
AS 'MODULE_PATHNAME', 'load_profile_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_out(caseload.load_profile) IS 'Text output of load_profile.';

CREATE FUNCTION caseload.load_profile_recv(internal)
RETURNS caseload.load_profile
AS 'MODULE_PATHNAME', 'load_profile_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_recv(internal) IS 'Binary input of load_profile.';

CREATE FUNCTION caseload.load_profile_send(caseload.load_profile)
RETURNS bytea
AS 'MODULE_PATHNAME', 'load_profile_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_send(caseload.load_profile) IS 'Binary output of load_profile.';

CREATE TYPE caseload.load_profile (
  INPUT = caseload.load_profile_in,
  OUTPUT = caseload.load_profile_out,
  RECEIVE = caseload.load_profile_recv,
  SEND = caseload.load_profile_send,
  STORAGE = extended,
  ALIGNMENT = int4
);
COMMENT ON TYPE caseload.load_profile IS 'How many services of which rate (discipline, site, dosage, group size) a therapist gives on each day, without any minutes.';

CREATE FUNCTION caseload.load_profile_eq(a caseload.load_profile, b caseload.load_profile)
RETURNS boolean
AS 'MODULE_PATHNAME', 'load_profile_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_eq(caseload.load_profile, caseload.load_profile) IS 'Implementation of the operator =.';

CREATE FUNCTION caseload.load_profile_ne(a caseload.load_profile, b caseload.load_profile)
RETURNS boolean
AS 'MODULE_PATHNAME', 'load_profile_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_ne(caseload.load_profile, caseload.load_profile) IS 'Implementation of the operator <>.';

CREATE FUNCTION caseload.load_profile_lt(a caseload.load_profile, b caseload.load_profile)
RETURNS boolean
AS 'MODULE_PATHNAME', 'load_profile_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_lt(caseload.load_profile, caseload.load_profile) IS 'Implementation of the operator <.';

CREATE FUNCTION caseload.load_profile_le(a caseload.load_profile, b caseload.load_profile)
RETURNS boolean
AS 'MODULE_PATHNAME', 'load_profile_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_le(caseload.load_profile, caseload.load_profile) IS 'Implementation of the operator <=.';

CREATE FUNCTION caseload.load_profile_gt(a caseload.load_profile, b caseload.load_profile)
RETURNS boolean
AS 'MODULE_PATHNAME', 'load_profile_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_gt(caseload.load_profile, caseload.load_profile) IS 'Implementation of the operator >.';

CREATE FUNCTION caseload.load_profile_ge(a caseload.load_profile, b caseload.load_profile)
RETURNS boolean
AS 'MODULE_PATHNAME', 'load_profile_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_ge(caseload.load_profile, caseload.load_profile) IS 'Implementation of the operator >=.';

CREATE FUNCTION caseload.load_profile_cmp(a caseload.load_profile, b caseload.load_profile)
RETURNS integer
AS 'MODULE_PATHNAME', 'load_profile_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_cmp(caseload.load_profile, caseload.load_profile) IS 'Order of two values: -1, 0 or 1.';

CREATE FUNCTION caseload.load_profile_hash(a caseload.load_profile)
RETURNS integer
AS 'MODULE_PATHNAME', 'load_profile_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_hash(caseload.load_profile) IS 'Hash, equal for equal values.';

CREATE FUNCTION caseload.load_profile_hash_extended(a caseload.load_profile, seed bigint)
RETURNS bigint
AS 'MODULE_PATHNAME', 'load_profile_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_hash_extended(caseload.load_profile, bigint) IS 'Seeded 64-bit hash, equal for equal values.';

CREATE OPERATOR caseload.= (
  LEFTARG = caseload.load_profile, RIGHTARG = caseload.load_profile, FUNCTION = caseload.load_profile_eq,
  COMMUTATOR = OPERATOR(caseload.=), NEGATOR = OPERATOR(caseload.<>),
  RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR caseload.= (caseload.load_profile, caseload.load_profile) IS 'The same services on all days.';

CREATE OPERATOR caseload.<> (
  LEFTARG = caseload.load_profile, RIGHTARG = caseload.load_profile, FUNCTION = caseload.load_profile_ne,
  COMMUTATOR = OPERATOR(caseload.<>), NEGATOR = OPERATOR(caseload.=),
  RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR caseload.<> (caseload.load_profile, caseload.load_profile) IS 'Not the same services on all days.';

CREATE OPERATOR caseload.< (
  LEFTARG = caseload.load_profile, RIGHTARG = caseload.load_profile, FUNCTION = caseload.load_profile_lt,
  COMMUTATOR = OPERATOR(caseload.>), NEGATOR = OPERATOR(caseload.>=),
  RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR caseload.< (caseload.load_profile, caseload.load_profile) IS 'Less than, byte by byte: an order for sorting, not of load.';

CREATE OPERATOR caseload.<= (
  LEFTARG = caseload.load_profile, RIGHTARG = caseload.load_profile, FUNCTION = caseload.load_profile_le,
  COMMUTATOR = OPERATOR(caseload.>=), NEGATOR = OPERATOR(caseload.>),
  RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR caseload.<= (caseload.load_profile, caseload.load_profile) IS 'Less than or equal, byte by byte: an order for sorting, not of load.';

CREATE OPERATOR caseload.> (
  LEFTARG = caseload.load_profile, RIGHTARG = caseload.load_profile, FUNCTION = caseload.load_profile_gt,
  COMMUTATOR = OPERATOR(caseload.<), NEGATOR = OPERATOR(caseload.<=),
  RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR caseload.> (caseload.load_profile, caseload.load_profile) IS 'Greater than, byte by byte: an order for sorting, not of load.';

CREATE OPERATOR caseload.>= (
  LEFTARG = caseload.load_profile, RIGHTARG = caseload.load_profile, FUNCTION = caseload.load_profile_ge,
  COMMUTATOR = OPERATOR(caseload.<=), NEGATOR = OPERATOR(caseload.<),
  RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR caseload.>= (caseload.load_profile, caseload.load_profile) IS 'Greater than or equal, byte by byte: an order for sorting, not of load.';

CREATE OPERATOR CLASS caseload.load_profile_ops DEFAULT FOR TYPE caseload.load_profile USING btree AS
  OPERATOR 1 caseload.<, OPERATOR 2 caseload.<=, OPERATOR 3 caseload.=, OPERATOR 4 caseload.>=, OPERATOR 5 caseload.>,
  FUNCTION 1 caseload.load_profile_cmp(caseload.load_profile, caseload.load_profile);
COMMENT ON OPERATOR CLASS caseload.load_profile_ops USING btree IS 'Order of load_profile values.';

CREATE OPERATOR CLASS caseload.load_profile_ops DEFAULT FOR TYPE caseload.load_profile USING hash AS
  OPERATOR 1 caseload.=,
  FUNCTION 1 caseload.load_profile_hash(caseload.load_profile),
  FUNCTION 2 caseload.load_profile_hash_extended(caseload.load_profile, bigint);
COMMENT ON OPERATOR CLASS caseload.load_profile_ops USING hash IS 'Hash of load_profile values.';

-- By assignment only: a typed text or varchar parameter may go into a column, but no comparison changes its meaning.
CREATE CAST (text AS caseload.load_profile) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS caseload.load_profile) IS 'Reads the text form of load_profile.';
CREATE CAST (varchar AS caseload.load_profile) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS caseload.load_profile) IS 'Reads the text form of load_profile.';

CREATE FUNCTION caseload.load_profile_trans(state internal, discipline text, site_id text, group_size integer, dosage caseload.dosage,
                                            from_date date, until_date date)
RETURNS internal
AS 'MODULE_PATHNAME', 'load_profile_trans'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_trans(internal, text, text, integer, caseload.dosage, date, date) IS 'Internal: takes one service into the state of the aggregate load_profile().';

CREATE FUNCTION caseload.load_profile_final(state internal)
RETURNS caseload.load_profile
AS 'MODULE_PATHNAME', 'load_profile_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.load_profile_final(internal) IS 'Internal: the value of a state of the aggregate load_profile().';

CREATE AGGREGATE caseload.load_profile(discipline text, site_id text, group_size integer, dosage caseload.dosage, from_date date, until_date date) (
  SFUNC = caseload.load_profile_trans, STYPE = internal, SSPACE = 1024, FINALFUNC = caseload.load_profile_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.load_profile(text, text, integer, caseload.dosage, date, date) IS 'The profile of these services, due from the first date until before the second (NULL: open); rows without discipline or group size are skipped; empty over no rows.';

CREATE FUNCTION caseload.services_on(load caseload.load_profile, day date,
                                     OUT discipline text, OUT site_id text, OUT group_size integer, OUT dosage caseload.dosage, OUT services bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'services_on'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION caseload.services_on(caseload.load_profile, date) IS 'The services of a profile that are due on a day, by rate: discipline, site of the client, group size, dosage, and how many.';
