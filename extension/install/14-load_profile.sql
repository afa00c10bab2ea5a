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

CREATE OPERATOR caseload.= (
  FUNCTION = caseload.load_profile_eq, LEFTARG = caseload.load_profile, RIGHTARG = caseload.load_profile,
  COMMUTATOR = OPERATOR(caseload.=), NEGATOR = OPERATOR(caseload.<>), RESTRICT = eqsel, JOIN = eqjoinsel
);
COMMENT ON OPERATOR caseload.= (caseload.load_profile, caseload.load_profile) IS 'The same services on all days.';
CREATE OPERATOR caseload.<> (
  FUNCTION = caseload.load_profile_ne, LEFTARG = caseload.load_profile, RIGHTARG = caseload.load_profile,
  COMMUTATOR = OPERATOR(caseload.<>), NEGATOR = OPERATOR(caseload.=), RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR caseload.<> (caseload.load_profile, caseload.load_profile) IS 'Not the same services on all days.';

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
