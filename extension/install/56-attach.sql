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
  s     record;
  t     record;
  moved boolean;
  problem text;
BEGIN
  IF about IS NULL THEN
    RETURN;
  END IF;
  FOR s IN
    SELECT x.source_id, caseload._source_relation(x.source_id) AS relation
      FROM caseload.source x
     WHERE x.mode = 'trigger'
       -- about one of its tables, or about what one of them is part of now
       AND EXISTS (SELECT FROM (SELECT r.relation::oid AS relid FROM caseload._source_tables(x.source_id) r
                                UNION SELECT g.tgrelid FROM caseload._source_trigger_list(x.source_id) g
                                UNION SELECT caseload._source_relation(x.source_id)::oid) k
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
    -- partitions that are none any more
    moved := false;
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
      IF problem LIKE '%inherits%' THEN
        RAISE EXCEPTION 'source "%": %', s.source_id, problem
          USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('SELECT caseload.detach(%L) first.', s.source_id);
      END IF;
      RAISE WARNING 'source "%": %', s.source_id, problem;
    END LOOP;
    -- rows have come or gone with them, and no trigger saw it
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
END
$$;
COMMENT ON FUNCTION caseload._sources_after_drop() IS 'Internal: refuses to drop what a source needs of tables that stay, and says which sources have lost their relation.';

-- An event trigger of the same name that calls something else is somebody's, and stops us.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_event_trigger e WHERE e.evtname = 'caseload_source' AND e.evtfoid = 'caseload.source_after_ddl'::regproc) THEN
    CREATE EVENT TRIGGER caseload_source ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
      EXECUTE FUNCTION caseload.source_after_ddl();
  END IF;
  IF NOT EXISTS (SELECT FROM pg_event_trigger e WHERE e.evtname = 'caseload_source_drop' AND e.evtfoid = 'caseload.source_after_ddl'::regproc) THEN
    CREATE EVENT TRIGGER caseload_source_drop ON sql_drop EXECUTE FUNCTION caseload.source_after_ddl();
  END IF;
END
$$;
COMMENT ON EVENT TRIGGER caseload_source IS 'Follows partitions and owners of attached tables.';
COMMENT ON EVENT TRIGGER caseload_source_drop IS 'Refuses to drop what a source needs while the table stays; says when a source has lost its relation.';
