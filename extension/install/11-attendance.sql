-- attendance: one client's history as one value, see docs/attendance.md

CREATE TYPE caseload.appointment_status AS ENUM (
  'scheduled', 'attended', 'late', 'no_show', 'late_cancel', 'client_cancel', 'provider_cancel', 'closure'
);
COMMENT ON TYPE caseload.appointment_status IS 'What became of an appointment. A past one still scheduled is unresolved, never silently a no-show.';
CREATE CAST (text AS caseload.appointment_status) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS caseload.appointment_status) IS 'Lets a parameter that a driver sends as text into a column.';
CREATE CAST (varchar AS caseload.appointment_status) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS caseload.appointment_status) IS 'Lets a parameter that a driver sends as varchar into a column.';

CREATE TYPE caseload.attendance;
COMMENT ON TYPE caseload.attendance IS 'A client''s attendance history: a sorted multiset of events in one time zone, mergeable and invertible.';

CREATE FUNCTION caseload.attendance_in(cstring)
RETURNS caseload.attendance
AS 'MODULE_PATHNAME', 'attendance_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_in(cstring) IS 'Text input of attendance.';

CREATE FUNCTION caseload.attendance_out(caseload.attendance)
RETURNS cstring
AS 'MODULE_PATHNAME', 'attendance_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_out(caseload.attendance) IS 'Text output of attendance.';

CREATE FUNCTION caseload.attendance_recv(internal)
RETURNS caseload.attendance
AS 'MODULE_PATHNAME', 'attendance_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_recv(internal) IS 'Binary input of attendance.';

CREATE FUNCTION caseload.attendance_send(caseload.attendance)
RETURNS bytea
AS 'MODULE_PATHNAME', 'attendance_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_send(caseload.attendance) IS 'Binary output of attendance.';

CREATE TYPE caseload.attendance (
  INPUT = caseload.attendance_in,
  OUTPUT = caseload.attendance_out,
  RECEIVE = caseload.attendance_recv,
  SEND = caseload.attendance_send,
  STORAGE = extended,
  ALIGNMENT = int4
);
COMMENT ON TYPE caseload.attendance IS 'A client''s attendance history: a sorted multiset of events in one time zone, mergeable and invertible.';

CREATE FUNCTION caseload.attendance_eq(a caseload.attendance, b caseload.attendance)
RETURNS boolean
AS 'MODULE_PATHNAME', 'attendance_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_eq(caseload.attendance, caseload.attendance) IS 'Implementation of the operator =.';

CREATE FUNCTION caseload.attendance_ne(a caseload.attendance, b caseload.attendance)
RETURNS boolean
AS 'MODULE_PATHNAME', 'attendance_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_ne(caseload.attendance, caseload.attendance) IS 'Implementation of the operator <>.';

CREATE FUNCTION caseload.attendance_lt(a caseload.attendance, b caseload.attendance)
RETURNS boolean
AS 'MODULE_PATHNAME', 'attendance_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_lt(caseload.attendance, caseload.attendance) IS 'Implementation of the operator <.';

CREATE FUNCTION caseload.attendance_le(a caseload.attendance, b caseload.attendance)
RETURNS boolean
AS 'MODULE_PATHNAME', 'attendance_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_le(caseload.attendance, caseload.attendance) IS 'Implementation of the operator <=.';

CREATE FUNCTION caseload.attendance_gt(a caseload.attendance, b caseload.attendance)
RETURNS boolean
AS 'MODULE_PATHNAME', 'attendance_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_gt(caseload.attendance, caseload.attendance) IS 'Implementation of the operator >.';

CREATE FUNCTION caseload.attendance_ge(a caseload.attendance, b caseload.attendance)
RETURNS boolean
AS 'MODULE_PATHNAME', 'attendance_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_ge(caseload.attendance, caseload.attendance) IS 'Implementation of the operator >=.';

CREATE FUNCTION caseload.attendance_cmp(a caseload.attendance, b caseload.attendance)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_cmp(caseload.attendance, caseload.attendance) IS 'Order of two values: -1, 0 or 1.';

CREATE FUNCTION caseload.attendance_hash(a caseload.attendance)
RETURNS integer
AS 'MODULE_PATHNAME', 'attendance_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_hash(caseload.attendance) IS 'Hash, equal for equal values.';

CREATE FUNCTION caseload.attendance_hash_extended(a caseload.attendance, seed bigint)
RETURNS bigint
AS 'MODULE_PATHNAME', 'attendance_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_hash_extended(caseload.attendance, bigint) IS 'Seeded 64-bit hash, equal for equal values.';

CREATE OPERATOR caseload.= (
  LEFTARG = caseload.attendance, RIGHTARG = caseload.attendance, FUNCTION = caseload.attendance_eq,
  COMMUTATOR = OPERATOR(caseload.=), NEGATOR = OPERATOR(caseload.<>),
  RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR caseload.= (caseload.attendance, caseload.attendance) IS 'Equal.';

CREATE OPERATOR caseload.<> (
  LEFTARG = caseload.attendance, RIGHTARG = caseload.attendance, FUNCTION = caseload.attendance_ne,
  COMMUTATOR = OPERATOR(caseload.<>), NEGATOR = OPERATOR(caseload.=),
  RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR caseload.<> (caseload.attendance, caseload.attendance) IS 'Not equal.';

CREATE OPERATOR caseload.< (
  LEFTARG = caseload.attendance, RIGHTARG = caseload.attendance, FUNCTION = caseload.attendance_lt,
  COMMUTATOR = OPERATOR(caseload.>), NEGATOR = OPERATOR(caseload.>=),
  RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR caseload.< (caseload.attendance, caseload.attendance) IS 'Less than.';

CREATE OPERATOR caseload.<= (
  LEFTARG = caseload.attendance, RIGHTARG = caseload.attendance, FUNCTION = caseload.attendance_le,
  COMMUTATOR = OPERATOR(caseload.>=), NEGATOR = OPERATOR(caseload.>),
  RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR caseload.<= (caseload.attendance, caseload.attendance) IS 'Less than or equal.';

CREATE OPERATOR caseload.> (
  LEFTARG = caseload.attendance, RIGHTARG = caseload.attendance, FUNCTION = caseload.attendance_gt,
  COMMUTATOR = OPERATOR(caseload.<), NEGATOR = OPERATOR(caseload.<=),
  RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR caseload.> (caseload.attendance, caseload.attendance) IS 'Greater than.';

CREATE OPERATOR caseload.>= (
  LEFTARG = caseload.attendance, RIGHTARG = caseload.attendance, FUNCTION = caseload.attendance_ge,
  COMMUTATOR = OPERATOR(caseload.<=), NEGATOR = OPERATOR(caseload.<),
  RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR caseload.>= (caseload.attendance, caseload.attendance) IS 'Greater than or equal.';

CREATE OPERATOR CLASS caseload.attendance_ops DEFAULT FOR TYPE caseload.attendance USING btree AS
  OPERATOR 1 caseload.<, OPERATOR 2 caseload.<=, OPERATOR 3 caseload.=, OPERATOR 4 caseload.>=, OPERATOR 5 caseload.>,
  FUNCTION 1 caseload.attendance_cmp(caseload.attendance, caseload.attendance);
COMMENT ON OPERATOR CLASS caseload.attendance_ops USING btree IS 'Order of attendance values.';

CREATE OPERATOR CLASS caseload.attendance_ops DEFAULT FOR TYPE caseload.attendance USING hash AS
  OPERATOR 1 caseload.=,
  FUNCTION 1 caseload.attendance_hash(caseload.attendance),
  FUNCTION 2 caseload.attendance_hash_extended(caseload.attendance, bigint);
COMMENT ON OPERATOR CLASS caseload.attendance_ops USING hash IS 'Hash of attendance values.';

-- By assignment only: a typed text or varchar parameter may go into a column, but no comparison changes its meaning.
CREATE CAST (text AS caseload.attendance) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS caseload.attendance) IS 'Reads the text form of attendance.';
CREATE CAST (varchar AS caseload.attendance) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS caseload.attendance) IS 'Reads the text form of attendance.';

CREATE FUNCTION caseload.attendance_add(a caseload.attendance, b caseload.attendance)
RETURNS caseload.attendance
AS 'MODULE_PATHNAME', 'attendance_add'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_add(caseload.attendance, caseload.attendance) IS 'The events of both values, which must be in one time zone.';

CREATE OPERATOR caseload.+ (
  LEFTARG = caseload.attendance, RIGHTARG = caseload.attendance, FUNCTION = caseload.attendance_add, COMMUTATOR = OPERATOR(caseload.+)
);
COMMENT ON OPERATOR caseload.+ (caseload.attendance, caseload.attendance) IS 'The events of both values, which must be in one time zone.';

CREATE FUNCTION caseload.attendance_subtract(a caseload.attendance, b caseload.attendance)
RETURNS caseload.attendance
AS 'MODULE_PATHNAME', 'attendance_subtract'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.attendance_subtract(caseload.attendance, caseload.attendance) IS 'The first value without the events of the second; one that is not there is an error.';

CREATE OPERATOR caseload.- (
  LEFTARG = caseload.attendance, RIGHTARG = caseload.attendance, FUNCTION = caseload.attendance_subtract
);
COMMENT ON OPERATOR caseload.- (caseload.attendance, caseload.attendance) IS 'The first value without the events of the second; one that is not there is an error.';
