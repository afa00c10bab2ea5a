--| ordinary
-- Sources when tables are altered: called by the event trigger caseload_source with the rights of the owner.

CREATE OR REPLACE FUNCTION caseload._sources_after_ddl(tag text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  -- not our own tables, which this alters itself
  about oid[] := (SELECT array_agg(c.objid) FROM pg_event_trigger_ddl_commands() c
                   WHERE c.classid = 'pg_class'::regclass AND c.schema_name IS DISTINCT FROM 'caseload');
  -- whose values may be called otherwise now
  types oid[] := (SELECT array_agg(c.objid) FROM pg_event_trigger_ddl_commands() c WHERE c.classid = 'pg_type'::regclass);
  s     record;
  t     record;
  moved boolean;
  problem text;
BEGIN
  -- a schema may hold what is watched
  IF about IS NULL AND types IS NULL AND tag <> 'ALTER SCHEMA' THEN
    RETURN;
  END IF;
  FOR s IN
    SELECT x.source_id, x.mode, caseload._source_relation(x.source_id) AS relation
      FROM caseload.source x
           -- about one of its tables, or what it is a view of, or what one of them is part of now
     WHERE tag = 'ALTER SCHEMA' AND x.mapping ? 'watch'
        OR types IS NOT NULL AND EXISTS (SELECT FROM caseload._source_behind(x.source_id) b (relid) JOIN pg_attribute a ON a.attrelid = b.relid JOIN pg_type y ON y.oid = a.atttypid
                    WHERE types && ARRAY[y.oid, y.typbasetype])
        OR EXISTS (SELECT FROM (SELECT r.relation::oid AS relid FROM caseload._source_tables(x.source_id) r
                                UNION SELECT g.tgrelid FROM caseload._source_trigger_list(x.source_id) g
                                UNION SELECT b.relid FROM caseload._source_behind(x.source_id) b (relid)) k
                    WHERE k.relid = ANY (about)
                       OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = k.relid AND i.inhparent = ANY (about)
                                                               OR i.inhparent = k.relid AND i.inhrelid = ANY (about)))
  LOOP
    -- writers are told what is wrong; so was whoever dropped it
    CONTINUE WHEN s.relation IS NULL;
    -- its rows are read with the rights of whom it belongs to
    IF NOT has_table_privilege((SELECT c.relowner FROM pg_class c WHERE c.oid = s.relation), format('caseload.%I', 'source_' || s.source_id), 'SELECT')
       OR NOT has_schema_privilege((SELECT c.relowner FROM pg_class c WHERE c.oid = s.relation), 'caseload', 'USAGE') THEN
      PERFORM caseload._source_give(s.source_id, s.relation);
    END IF;
    -- whoever reads it by refresh() is told by that of all the rest
    CONTINUE WHEN s.mode = 'scan';
    -- watched tables and their columns are known by their names
    SELECT coalesce(w.name || '.' || w.missing, w.name) INTO problem
      FROM (SELECT w.key AS name, (SELECT k FROM jsonb_object_keys(w.value) k
                                    WHERE to_regclass(w.key) IS NOT NULL
                                      AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = to_regclass(w.key) AND a.attname = k AND NOT a.attisdropped) LIMIT 1) AS missing
              FROM caseload.source x CROSS JOIN LATERAL jsonb_each(x.mapping -> 'watch') w WHERE x.source_id = s.source_id) w
     WHERE w.missing IS NOT NULL
           -- one that was dropped has left no trigger anywhere
        OR to_regclass(w.name) IS NULL AND EXISTS (SELECT FROM caseload._source_trigger_list(s.source_id) g
                                                    WHERE g.tgrelid NOT IN (SELECT r.relation FROM caseload._source_tables(s.source_id) r))
     LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'source "%" watches %, which would be lost', s.source_id, problem
        USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = 'What is watched is known by its name.',
              HINT = format('SELECT caseload.detach(%L) first.', s.source_id);
    END IF;
    -- a view that was made anew may say something else of the same rows, and so may values that have got other names
    moved := tag IN ('CREATE VIEW', 'ALTER VIEW', 'ALTER TYPE');
    -- partitions that are none any more
    FOR t IN SELECT g.tgname, g.tgrelid FROM caseload._source_trigger_list(s.source_id) g
              WHERE g.tgrelid NOT IN (SELECT r.relation FROM caseload._source_tables(s.source_id) r) LOOP
      EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass);
      moved := true;
    END LOOP;
    -- new ones
    IF EXISTS (SELECT FROM caseload._source_tables(s.source_id) r
                WHERE NOT EXISTS (SELECT FROM caseload._source_trigger_list(s.source_id) g WHERE g.tgrelid = r.relation)) THEN
      PERFORM caseload._source_triggers(s.source_id);
      moved := moved OR tag = 'ALTER TABLE';
    END IF;
    FOR problem IN SELECT p.problem FROM caseload._source_problems(s.source_id) p ORDER BY 1 LOOP
      -- the end of it: a table may be called anything
      IF problem LIKE '%, or inherits: attach what it is part of' OR problem LIKE '% is unlogged, so it is empty after a crash that nobody is told of' THEN
        RAISE EXCEPTION 'source "%": %', s.source_id, problem
          USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('SELECT caseload.detach(%L) first.', s.source_id);
      END IF;
      RAISE WARNING 'source "%": %', s.source_id, problem;
    END LOOP;
    -- rows have come or gone, and no trigger saw it
    IF moved THEN
      PERFORM caseload.refresh(s.source_id);
    END IF;
  END LOOP;
  PERFORM caseload._source_row_security();
END
$$;
COMMENT ON FUNCTION caseload._sources_after_ddl(text) IS 'Internal: brings triggers, rows and rights of sources along with what a command has made of their tables.';

CREATE OR REPLACE FUNCTION caseload._sources_after_drop()
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s        text;
  standing text;
BEGIN
  FOR s IN SELECT x.source_id FROM caseload.source x JOIN pg_event_trigger_dropped_objects() d
             ON d.object_type = 'view' AND d.schema_name = 'caseload' AND d.object_name = 'source_' || x.source_id ORDER BY 1 LOOP
    -- tables that stay would go on without us, or refuse whatever is written to them
    SELECT string_agg(DISTINCT g.tgrelid::regclass::text, ', ') INTO standing FROM caseload._source_trigger_list(s) g;
    IF standing IS NOT NULL THEN
      RAISE EXCEPTION 'cannot drop what source "%" needs while it is attached', s
        USING ERRCODE = 'dependent_objects_still_exist', DETAIL = format('It follows %s, by what would be dropped.', standing),
              HINT = format('SELECT caseload.detach(%L) first, and attach again what is left.', s);
    END IF;
    RAISE WARNING 'source "%" has lost its relation', s
      USING DETAIL = 'What was taken from it stays as it was.', HINT = format('SELECT caseload.detach(%L) takes it away.', s);
  END LOOP;
  -- partitions go with their rows, and no trigger sees that
  FOR s IN SELECT DISTINCT x.source_id FROM caseload.source x JOIN pg_event_trigger_dropped_objects() d
             ON d.object_type = 'trigger' AND d.address_names[3] IN ('caseload_' || x.source_id || '_insert', 'caseload_' || x.source_id || '_delete')
            WHERE x.mode = 'trigger' AND caseload._source_relation(x.source_id) IS NOT NULL
              AND EXISTS (SELECT FROM pg_event_trigger_dropped_objects() t WHERE t.object_type = 'table' AND t.address_names = d.address_names[1:2])
            ORDER BY 1 LOOP
    PERFORM caseload.refresh(s);
  END LOOP;
END
$$;
COMMENT ON FUNCTION caseload._sources_after_drop() IS 'Internal: refuses to drop what a source needs of tables that stay, says which sources have lost their relation, and takes away what went with partitions.';

-- An event trigger of the same name that calls something else is somebody's, and stops us.
DO $$
BEGIN
  -- which commands it is for cannot be altered
  IF EXISTS (SELECT FROM pg_event_trigger e WHERE e.evtname = 'caseload_source' AND e.evtfoid = 'caseload.source_after_ddl'::regproc AND cardinality(e.evttags) < 10) THEN
    DROP EVENT TRIGGER caseload_source;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_event_trigger e WHERE e.evtname = 'caseload_source' AND e.evtfoid = 'caseload.source_after_ddl'::regproc) THEN
    CREATE EVENT TRIGGER caseload_source ON ddl_command_end
      WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE VIEW', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW', 'ALTER FOREIGN TABLE', 'CREATE FOREIGN TABLE', 'CREATE SCHEMA', 'ALTER SCHEMA', 'ALTER TYPE')
      EXECUTE FUNCTION caseload.source_after_ddl();
  END IF;
  IF NOT EXISTS (SELECT FROM pg_event_trigger e WHERE e.evtname = 'caseload_source_drop' AND e.evtfoid = 'caseload.source_after_ddl'::regproc) THEN
    CREATE EVENT TRIGGER caseload_source_drop ON sql_drop EXECUTE FUNCTION caseload.source_after_ddl();
  END IF;
END
$$;
COMMENT ON EVENT TRIGGER caseload_source IS 'Follows partitions, owners and definitions of attached relations.';
COMMENT ON EVENT TRIGGER caseload_source_drop IS 'Refuses to drop what a source needs while the table stays; says when a source has lost its relation.';
