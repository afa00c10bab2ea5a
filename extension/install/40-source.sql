-- What feeds facts from relations of others: triggers, comparing, and the check of a mapping.

CREATE FUNCTION caseload.attach(relation regclass, mapping jsonb, mode text DEFAULT 'trigger', source text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME', 'attach'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION caseload.attach(regclass, jsonb, text, text) IS 'Makes a table or view that somebody else keeps a source of appointments or contacts: mapping says what its columns mean; mode trigger follows every statement, scan waits for refresh(). For the owner of the relation who may write facts. Everything that is wrong is said at once. Returns the name of the source.';

CREATE FUNCTION caseload.detach(source_id text, keep boolean DEFAULT false)
RETURNS void
AS 'MODULE_PATHNAME', 'detach'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION caseload.detach(text, boolean) IS 'Takes attach() back: its triggers, its view and what was taken from the relation, or with keep all but the rows. Clients, therapists and sites that it brought stay. For the owner of the relation, or of our tables.';

CREATE FUNCTION caseload.source_after_write()
RETURNS trigger
AS 'MODULE_PATHNAME', 'source_after_write'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.source_after_write() IS 'Statement trigger of an attached table, its partitions, and tables that an attached view watches; arguments: the source, and for a watched table the columns that are keys of the view.';

CREATE FUNCTION caseload.refresh(source_id text)
RETURNS bigint
AS 'MODULE_PATHNAME', 'refresh'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION caseload.refresh(text) IS 'Compares all rows of a source with what was taken from it and writes the difference; returns how many of our rows that were. Whoever writes an attached table waits meanwhile. For the owner of the relation, or of our tables.';

CREATE FUNCTION caseload._source_differences(source_id text, in_district text DEFAULT NULL)
RETURNS TABLE (district_id text, client_id text, difference text)
AS 'MODULE_PATHNAME', '_source_differences'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION caseload._source_differences(text, text) IS 'Internal: the events of a source that were not taken as it has them. For whoever may read all rows of its relation.';

CREATE FUNCTION caseload._mapping_type(relation regclass, expression text)
RETURNS text
AS 'MODULE_PATHNAME', 'mapping_type'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION caseload._mapping_type(regclass, text) IS 'Internal: the type of an expression over the columns of a relation, if a mapping may say it; else an error that tells why not.';

CREATE FUNCTION caseload.source_after_ddl()
RETURNS event_trigger
AS 'MODULE_PATHNAME', 'source_after_ddl'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION caseload.source_after_ddl() IS 'Event trigger caseload_source: follows partitions and owners of attached tables, refuses what cannot be followed.';

CREATE FUNCTION caseload.may_see_client(district_id text, client_id text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'may_see_client'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10;
COMMENT ON FUNCTION caseload.may_see_client(text, text) IS 'Does no attached relation with row security keep a row of this client from you? What the policies of our tables ask; your rights are asked about once for a query.';
