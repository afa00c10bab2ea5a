--| ordinary
-- Sources: relations that somebody else keeps, whose rows are events of ours, too (attach() in 55-).

CREATE TABLE IF NOT EXISTS caseload.source (
  source_id   text COLLATE "C" NOT NULL CHECK (source_id ~ '^[a-z][a-z0-9_]{0,39}$'),
  kind        text NOT NULL CHECK (kind IN ('appointment', 'contact')),
  mode        text NOT NULL CHECK (mode IN ('trigger', 'scan')),
  unknown     text NOT NULL CHECK (unknown IN ('refuse', 'skip')),
  mapping     jsonb NOT NULL,
  attached_at timestamptz NOT NULL DEFAULT now(),
  attached_by text NOT NULL DEFAULT caseload.actor(),
  PRIMARY KEY (source_id)
);
COMMENT ON TABLE caseload.source IS 'Attached relations, made by attach(). What each of them is read by is the view source_… of its name.';
COMMENT ON COLUMN caseload.source.source_id IS 'Name of the source; its events have ids that begin with it.';
COMMENT ON COLUMN caseload.source.kind IS 'What its rows are: appointment or contact.';
COMMENT ON COLUMN caseload.source.mode IS 'trigger: followed with every statement; scan: read by refresh() only.';
COMMENT ON COLUMN caseload.source.unknown IS 'What happens to a row that cannot be understood: refuse (the statement fails) or skip (it is counted in source_fault).';
COMMENT ON COLUMN caseload.source.mapping IS 'The mapping as it was given to attach().';
COMMENT ON COLUMN caseload.source.attached_at IS 'When it was attached.';
COMMENT ON COLUMN caseload.source.attached_by IS 'Who attached it.';

CREATE TABLE IF NOT EXISTS caseload.source_fault (
  source_id   text COLLATE "C" NOT NULL REFERENCES caseload.source ON DELETE CASCADE,
  fault       text COLLATE "C" NOT NULL,
  value       text COLLATE "C" NOT NULL,
  occurrences bigint NOT NULL,
  last_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source_id, fault, value)
);
COMMENT ON TABLE caseload.source_fault IS 'What was skipped, where the mapping says so: rows whose code, time, minutes, district or key cannot be understood. refresh() counts anew.';
COMMENT ON COLUMN caseload.source_fault.source_id IS 'The source.';
COMMENT ON COLUMN caseload.source_fault.fault IS 'What cannot be understood: code, start, minutes, district or key.';
COMMENT ON COLUMN caseload.source_fault.value IS 'What the row says there; its first hundred characters.';
COMMENT ON COLUMN caseload.source_fault.occurrences IS 'How often it was met since the last refresh(), which included.';
COMMENT ON COLUMN caseload.source_fault.last_at IS 'When it was met last.';

-- Where a row comes from. Partial indexes: a table without sources pays nothing for them.
ALTER TABLE caseload.appointment ADD COLUMN IF NOT EXISTS source_id text COLLATE "C";
COMMENT ON COLUMN caseload.appointment.source_id IS 'The source that it was taken from; NULL = written here.';
CREATE UNIQUE INDEX IF NOT EXISTS appointment_source_idx ON caseload.appointment (source_id, appointment_id) WHERE source_id IS NOT NULL;
ALTER TABLE caseload.contact ADD COLUMN IF NOT EXISTS source_id text COLLATE "C";
COMMENT ON COLUMN caseload.contact.source_id IS 'The source that it was taken from; NULL = written here.';
CREATE UNIQUE INDEX IF NOT EXISTS contact_source_idx ON caseload.contact (source_id, contact_id) WHERE source_id IS NOT NULL;

-- Small queries about catalogs, in which compiling would take seconds: jit is off, and they are not made part of others.

CREATE OR REPLACE FUNCTION caseload._source_relation(source_id text)
RETURNS regclass
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
  -- the one relation that the view of a source is over
  SELECT d.refobjid::regclass
    FROM pg_rewrite w
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
   WHERE w.ev_class = to_regclass(format('caseload.%I', 'source_' || source_id)) AND d.refobjid <> w.ev_class
   LIMIT 1;
END;
COMMENT ON FUNCTION caseload._source_relation(text) IS 'Internal: the relation that a source was attached to; NULL when it is gone.';

CREATE OR REPLACE FUNCTION caseload._mapping_keys(mapping jsonb)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE jsonb_typeof(mapping -> 'key')
           WHEN 'string' THEN ARRAY[mapping ->> 'key']
           WHEN 'array' THEN (SELECT array_agg(k.name ORDER BY k.place) FROM jsonb_array_elements_text(mapping -> 'key') WITH ORDINALITY AS k (name, place)) END;
END;
COMMENT ON FUNCTION caseload._mapping_keys(jsonb) IS 'Internal: the columns that a mapping names as key; NULL = it names none.';

CREATE OR REPLACE FUNCTION caseload._source_tables(source_id text)
RETURNS TABLE (relation regclass, columns text[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
  -- a table and its partitions, or what the mapping of a view says is to be watched, with theirs
  WITH RECURSIVE tree AS (
    SELECT caseload._source_relation(s.source_id) AS relation, '{}'::text[] AS columns
      FROM caseload.source s
     WHERE s.source_id = _source_tables.source_id AND s.mode = 'trigger' AND NOT s.mapping ? 'watch'
    UNION ALL
    SELECT w.relation, w.columns
      FROM (SELECT to_regclass(w.key) AS relation, coalesce((SELECT array_agg(k.column_name ORDER BY k.place)
                                                                FROM (SELECT c.key AS column_name, array_position(caseload._mapping_keys(s.mapping), c.value) AS place
                                                                        FROM jsonb_each_text(w.value) c) k
                                                               WHERE k.place IS NOT NULL), '{}') AS columns
              FROM caseload.source s CROSS JOIN LATERAL jsonb_each(s.mapping -> 'watch') w
             WHERE s.source_id = _source_tables.source_id AND s.mode = 'trigger') w
  ), whole AS (
    SELECT t.relation, t.columns FROM tree t WHERE t.relation IS NOT NULL
    UNION
    SELECT i.inhrelid::regclass, h.columns
      FROM whole h
      JOIN pg_inherits i ON i.inhparent = h.relation
      JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
  )
  SELECT h.relation, h.columns FROM whole h;
END;
COMMENT ON FUNCTION caseload._source_tables(text) IS 'Internal: the tables that must have triggers of a source, and the columns of a watched one that are keys.';

CREATE OR REPLACE FUNCTION caseload._source_trigger_list(source_id text)
RETURNS SETOF pg_trigger
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
  -- tgargs is one argument behind the other, each with a zero byte at its end
  SELECT g.* FROM pg_trigger g
   WHERE g.tgfoid = to_regproc('caseload.source_after_write')
     AND split_part(encode(g.tgargs, 'escape'), '\000', 1) = source_id;
END;
COMMENT ON FUNCTION caseload._source_trigger_list(text) IS 'Internal: the triggers of a source, wherever they are.';

CREATE OR REPLACE FUNCTION caseload._source_behind(source_id text)
RETURNS SETOF oid
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
  WITH RECURSIVE behind AS (
    SELECT (caseload._source_relation(source_id))::oid AS relid
    UNION
    SELECT d.refobjid
      FROM behind b
      JOIN pg_rewrite w ON w.ev_class = b.relid
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
  )
  SELECT b.relid FROM behind b WHERE b.relid IS NOT NULL;
END;
COMMENT ON FUNCTION caseload._source_behind(text) IS 'Internal: the relation of a source, and what it is a view of.';

CREATE OR REPLACE FUNCTION caseload._source_is_secured(source_id text)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
  -- the relation, or a table that it is a view of, has row security
  SELECT EXISTS (SELECT FROM caseload._source_behind(source_id) b (relid) JOIN pg_class c ON c.oid = b.relid WHERE c.relrowsecurity);
END;
COMMENT ON FUNCTION caseload._source_is_secured(text) IS 'Internal: does row security keep rows of a source from somebody?';
