-- availability: a week of local times that repeats, see docs/availability.md

CREATE TYPE caseload.availability;
COMMENT ON TYPE caseload.availability IS 'When somebody can work, a week that repeats, in local times: Mon 08:00-12:00, Wed 13:00-15:30.';

CREATE FUNCTION caseload.availability_in(cstring)
RETURNS caseload.availability
AS 'MODULE_PATHNAME', 'availability_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_in(cstring) IS 'Text input of availability.';

CREATE FUNCTION caseload.availability_out(caseload.availability)
RETURNS cstring
AS 'MODULE_PATHNAME', 'availability_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_out(caseload.availability) IS 'Text output of availability.';

CREATE FUNCTION caseload.availability_recv(internal)
RETURNS caseload.availability
AS 'MODULE_PATHNAME', 'availability_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_recv(internal) IS 'Binary input of availability.';

CREATE FUNCTION caseload.availability_send(caseload.availability)
RETURNS bytea
AS 'MODULE_PATHNAME', 'availability_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_send(caseload.availability) IS 'Binary output of availability.';

CREATE TYPE caseload.availability (
  INPUT = caseload.availability_in,
  OUTPUT = caseload.availability_out,
  RECEIVE = caseload.availability_recv,
  SEND = caseload.availability_send,
  STORAGE = extended,
  ALIGNMENT = int4
);
COMMENT ON TYPE caseload.availability IS 'When somebody can work, a week that repeats, in local times: Mon 08:00-12:00, Wed 13:00-15:30.';

CREATE FUNCTION caseload.availability_eq(a caseload.availability, b caseload.availability)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_eq(caseload.availability, caseload.availability) IS 'Implementation of the operator =.';

CREATE FUNCTION caseload.availability_ne(a caseload.availability, b caseload.availability)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_ne(caseload.availability, caseload.availability) IS 'Implementation of the operator <>.';

CREATE FUNCTION caseload.availability_lt(a caseload.availability, b caseload.availability)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_lt(caseload.availability, caseload.availability) IS 'Implementation of the operator <.';

CREATE FUNCTION caseload.availability_le(a caseload.availability, b caseload.availability)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_le(caseload.availability, caseload.availability) IS 'Implementation of the operator <=.';

CREATE FUNCTION caseload.availability_gt(a caseload.availability, b caseload.availability)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_gt(caseload.availability, caseload.availability) IS 'Implementation of the operator >.';

CREATE FUNCTION caseload.availability_ge(a caseload.availability, b caseload.availability)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_ge(caseload.availability, caseload.availability) IS 'Implementation of the operator >=.';

CREATE FUNCTION caseload.availability_cmp(a caseload.availability, b caseload.availability)
RETURNS integer
AS 'MODULE_PATHNAME', 'availability_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_cmp(caseload.availability, caseload.availability) IS 'Order of two values: -1, 0 or 1.';

CREATE FUNCTION caseload.availability_hash(a caseload.availability)
RETURNS integer
AS 'MODULE_PATHNAME', 'availability_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_hash(caseload.availability) IS 'Hash, equal for equal values.';

CREATE FUNCTION caseload.availability_hash_extended(a caseload.availability, seed bigint)
RETURNS bigint
AS 'MODULE_PATHNAME', 'availability_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_hash_extended(caseload.availability, bigint) IS 'Seeded 64-bit hash, equal for equal values.';

CREATE OPERATOR caseload.= (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_eq,
  COMMUTATOR = OPERATOR(caseload.=), NEGATOR = OPERATOR(caseload.<>),
  RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR caseload.= (caseload.availability, caseload.availability) IS 'Equal.';

CREATE OPERATOR caseload.<> (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_ne,
  COMMUTATOR = OPERATOR(caseload.<>), NEGATOR = OPERATOR(caseload.=),
  RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR caseload.<> (caseload.availability, caseload.availability) IS 'Not equal.';

CREATE OPERATOR caseload.< (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_lt,
  COMMUTATOR = OPERATOR(caseload.>), NEGATOR = OPERATOR(caseload.>=),
  RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR caseload.< (caseload.availability, caseload.availability) IS 'Less than.';

CREATE OPERATOR caseload.<= (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_le,
  COMMUTATOR = OPERATOR(caseload.>=), NEGATOR = OPERATOR(caseload.>),
  RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR caseload.<= (caseload.availability, caseload.availability) IS 'Less than or equal.';

CREATE OPERATOR caseload.> (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_gt,
  COMMUTATOR = OPERATOR(caseload.<), NEGATOR = OPERATOR(caseload.<=),
  RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR caseload.> (caseload.availability, caseload.availability) IS 'Greater than.';

CREATE OPERATOR caseload.>= (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_ge,
  COMMUTATOR = OPERATOR(caseload.<=), NEGATOR = OPERATOR(caseload.<),
  RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR caseload.>= (caseload.availability, caseload.availability) IS 'Greater than or equal.';

CREATE OPERATOR CLASS caseload.availability_ops DEFAULT FOR TYPE caseload.availability USING btree AS
  OPERATOR 1 caseload.<, OPERATOR 2 caseload.<=, OPERATOR 3 caseload.=, OPERATOR 4 caseload.>=, OPERATOR 5 caseload.>,
  FUNCTION 1 caseload.availability_cmp(caseload.availability, caseload.availability);
COMMENT ON OPERATOR CLASS caseload.availability_ops USING btree IS 'Order of availability values.';

CREATE OPERATOR CLASS caseload.availability_ops DEFAULT FOR TYPE caseload.availability USING hash AS
  OPERATOR 1 caseload.=,
  FUNCTION 1 caseload.availability_hash(caseload.availability),
  FUNCTION 2 caseload.availability_hash_extended(caseload.availability, bigint);
COMMENT ON OPERATOR CLASS caseload.availability_ops USING hash IS 'Hash of availability values.';

-- By assignment only: a typed text or varchar parameter may go into a column, but no comparison changes its meaning.
CREATE CAST (text AS caseload.availability) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS caseload.availability) IS 'Reads the text form of availability.';
CREATE CAST (varchar AS caseload.availability) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS caseload.availability) IS 'Reads the text form of availability.';

CREATE FUNCTION caseload.availability(day integer, begins time, ends time)
RETURNS caseload.availability
AS 'MODULE_PATHNAME', 'availability_of_day'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability(integer, time, time) IS 'One interval; day 1 is Monday, as isodow. An end before the beginning is on the next day.';

CREATE FUNCTION caseload.availability(day text, begins time, ends time)
RETURNS caseload.availability
AS 'MODULE_PATHNAME', 'availability_of_day_name'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability(text, time, time) IS 'One interval; the day is Mon or Monday, and so on. An end before the beginning is on the next day.';

CREATE FUNCTION caseload.availability_add(a caseload.availability, b caseload.availability)
RETURNS caseload.availability
AS 'MODULE_PATHNAME', 'availability_add'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_add(caseload.availability, caseload.availability) IS 'The time of either.';

CREATE OPERATOR caseload.+ (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_add,
  COMMUTATOR = OPERATOR(caseload.+)
);
COMMENT ON OPERATOR caseload.+ (caseload.availability, caseload.availability) IS 'The time of either.';

CREATE FUNCTION caseload.availability_subtract(a caseload.availability, b caseload.availability)
RETURNS caseload.availability
AS 'MODULE_PATHNAME', 'availability_subtract'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_subtract(caseload.availability, caseload.availability) IS 'The time of the first that is not in the second.';

CREATE OPERATOR caseload.- (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_subtract
);
COMMENT ON OPERATOR caseload.- (caseload.availability, caseload.availability) IS 'The time of the first that is not in the second.';

CREATE FUNCTION caseload.availability_intersect(a caseload.availability, b caseload.availability)
RETURNS caseload.availability
AS 'MODULE_PATHNAME', 'availability_intersect'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_intersect(caseload.availability, caseload.availability) IS 'The time in common.';

CREATE OPERATOR caseload.* (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_intersect,
  COMMUTATOR = OPERATOR(caseload.*)
);
COMMENT ON OPERATOR caseload.* (caseload.availability, caseload.availability) IS 'The time in common.';

CREATE FUNCTION caseload.availability_contains(a caseload.availability, b caseload.availability)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_contains'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_contains(caseload.availability, caseload.availability) IS 'All time of the second is in the first.';

CREATE OPERATOR caseload.@> (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_contains,
  COMMUTATOR = OPERATOR(caseload.<@),
  RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR caseload.@> (caseload.availability, caseload.availability) IS 'All time of the second is in the first.';

CREATE FUNCTION caseload.availability_contained(a caseload.availability, b caseload.availability)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_contained'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_contained(caseload.availability, caseload.availability) IS 'All time of the first is in the second.';

CREATE OPERATOR caseload.<@ (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_contained,
  COMMUTATOR = OPERATOR(caseload.@>),
  RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR caseload.<@ (caseload.availability, caseload.availability) IS 'All time of the first is in the second.';

CREATE FUNCTION caseload.availability_overlaps(a caseload.availability, b caseload.availability)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_overlaps'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.availability_overlaps(caseload.availability, caseload.availability) IS 'There is time in common.';

CREATE OPERATOR caseload.&& (
  LEFTARG = caseload.availability, RIGHTARG = caseload.availability, FUNCTION = caseload.availability_overlaps,
  COMMUTATOR = OPERATOR(caseload.&&),
  RESTRICT = areasel, JOIN = areajoinsel
);
COMMENT ON OPERATOR caseload.&& (caseload.availability, caseload.availability) IS 'There is time in common.';

CREATE FUNCTION caseload.minutes(availability caseload.availability)
RETURNS integer
AS 'MODULE_PATHNAME', 'availability_minutes'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.minutes(caseload.availability) IS 'Minutes in a week.';

-- Explicit only: a week of minutes is not any number, or any interval.
CREATE FUNCTION caseload.availability_to_bigint(availability caseload.availability)
RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT caseload.minutes(availability)::bigint;
END;
COMMENT ON FUNCTION caseload.availability_to_bigint(caseload.availability) IS 'Implementation of the cast to bigint.';
CREATE CAST (caseload.availability AS bigint) WITH FUNCTION caseload.availability_to_bigint(caseload.availability);
COMMENT ON CAST (caseload.availability AS bigint) IS 'Minutes in a week.';
CREATE FUNCTION caseload.availability_to_interval(availability caseload.availability)
RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT pg_catalog.make_interval(mins => caseload.minutes(availability));
END;
COMMENT ON FUNCTION caseload.availability_to_interval(caseload.availability) IS 'Implementation of the cast to interval.';
CREATE CAST (caseload.availability AS interval) WITH FUNCTION caseload.availability_to_interval(caseload.availability);
COMMENT ON CAST (caseload.availability AS interval) IS 'Time in a week, in hours and minutes.';

CREATE FUNCTION caseload.shift(availability caseload.availability, minutes integer)
RETURNS caseload.availability
AS 'MODULE_PATHNAME', 'availability_shift'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.shift(caseload.availability, integer) IS 'Everything that much later, or earlier where negative; what leaves the week on one side comes back on the other.';

CREATE FUNCTION caseload.is_available(availability caseload.availability, at timestamp, minutes integer DEFAULT 0)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_at_local'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.is_available(caseload.availability, timestamp, integer) IS 'Is all of the time from a local time on, that many minutes long, available? 0 minutes: that instant.';

CREATE FUNCTION caseload.is_available(availability caseload.availability, at timestamptz, zone text, minutes integer DEFAULT 0)
RETURNS boolean
AS 'MODULE_PATHNAME', 'availability_at_instant'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION caseload.is_available(caseload.availability, timestamptz, text, integer) IS 'Is all of the time from an instant on available, where the availability is in local times of the zone? Minutes are real time, across changes of the clock, too.';

CREATE FUNCTION caseload.at_zone(availability caseload.availability, from_zone text, to_zone text, on_date date)
RETURNS caseload.availability
AS 'MODULE_PATHNAME', 'availability_at_zone'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION caseload.at_zone(caseload.availability, text, text, date) IS 'The same time in the local times of another zone, with the offsets of the week, Monday to Sunday, that has the date. A time that the clock skips in that week is left out, one that it shows twice counts twice.';

CREATE FUNCTION caseload.intervals(availability caseload.availability, OUT day integer, OUT day_name text, OUT begins time, OUT ends time, OUT minutes integer)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'availability_intervals'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION caseload.intervals(caseload.availability) IS 'The intervals in order, day by day; day 1 is Monday, as isodow.';

CREATE FUNCTION caseload.openings(availability caseload.availability, minutes integer, step integer DEFAULT NULL,
  OUT day integer, OUT day_name text, OUT begins time, OUT ends time)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'availability_openings'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 40;
COMMENT ON FUNCTION caseload.openings(caseload.availability, integer, integer) IS 'The times of that many minutes, the first where each interval begins, the next one step later; without a step they follow each other. One that crosses midnight ends on the next day.';

CREATE FUNCTION caseload.opening_count(availability caseload.availability, minutes integer, step integer DEFAULT NULL)
RETURNS integer
AS 'MODULE_PATHNAME', 'availability_opening_count'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION caseload.opening_count(caseload.availability, integer, integer) IS 'How many rows openings() has.';

CREATE AGGREGATE caseload.availability_union(caseload.availability) (
  SFUNC = caseload.availability_add, STYPE = caseload.availability, COMBINEFUNC = caseload.availability_add, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.availability_union(caseload.availability) IS 'The time of any; NULL are skipped. NULL over no rows.';

CREATE AGGREGATE caseload.availability_intersection(caseload.availability) (
  SFUNC = caseload.availability_intersect, STYPE = caseload.availability, COMBINEFUNC = caseload.availability_intersect, PARALLEL = SAFE
);
COMMENT ON AGGREGATE caseload.availability_intersection(caseload.availability) IS 'The time that all have in common; NULL are skipped. NULL over no rows.';
