-- The words that several tables share, and the check of a time zone's name.

CREATE TYPE caseload.contact_kind AS ENUM ('attempt', 'two_way');
COMMENT ON TYPE caseload.contact_kind IS 'A contact between sessions: somebody tried (attempt), or somebody answered (two_way).';
CREATE CAST (text AS caseload.contact_kind) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS caseload.contact_kind) IS 'Lets a parameter that a driver sends as text into a column.';
CREATE CAST (varchar AS caseload.contact_kind) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS caseload.contact_kind) IS 'Lets a parameter that a driver sends as varchar into a column.';

CREATE TYPE caseload.delivery AS ENUM ('individual_required', 'small_group_ok', 'push_in', 'consult');
COMMENT ON TYPE caseload.delivery IS 'How a service is given: alone by plan, in a small group if it fits, in the classroom, or as consultation.';
CREATE CAST (text AS caseload.delivery) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS caseload.delivery) IS 'Lets a parameter that a driver sends as text into a column.';
CREATE CAST (varchar AS caseload.delivery) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS caseload.delivery) IS 'Lets a parameter that a driver sends as varchar into a column.';

CREATE FUNCTION caseload.canonical_zone(time_zone text)
RETURNS text
AS 'MODULE_PATHNAME', 'canonical_zone'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION caseload.canonical_zone(text) IS 'A full time zone name as the server spells it; an unknown one is an error (22023) with a hint.';
