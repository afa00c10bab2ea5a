--| ordinary
-- Rights for those who read and for those who write facts. Nothing is for everybody: who is to have them is named, role by role.

-- One definition of who needs what, which granting, taking back and the test ask. Functions run with the rights of their callers, so
-- who calls one needs what it reads; triggers act as the owner, so who writes facts needs nothing of what is derived from them.
CREATE OR REPLACE FUNCTION caseload._rights(for_app boolean, api_schema text)
RETURNS TABLE (kind text, object text, privilege text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 300
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'SCHEMA', quote_ident(n.nspname), 'USAGE'
    FROM pg_namespace n WHERE n.nspname IN ('caseload', api_schema)
  UNION ALL
  -- all tables but the record of what install() did: whatever is read, some reading function reads it
  SELECT 'TABLE', c.oid::regclass::text, 'SELECT'
    FROM pg_class c
   WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> 'installation'
  UNION ALL
  SELECT 'TABLE', c.oid::regclass::text, 'SELECT'
    FROM pg_class c JOIN caseload._api_objects(api_schema) a ON a.kind = 'view' AND c.oid = to_regclass(a.identity)
  UNION ALL
  -- what is not volatile only reads, with the functions of types and operators; triggers are called by nobody
  SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::regprocedure::text, 'EXECUTE'
    FROM pg_proc p
   WHERE p.pronamespace = 'caseload'::regnamespace AND p.prorettype <> 'trigger'::regtype
     AND (p.provolatile <> 'v' AND p.proname <> '_pieces'
          OR for_app AND p.proname IN (
               'acknowledge_flag', 'confirm_flag', 'dismiss_flag', 'snooze_flag', '_answer_flag',
               'offer_waiting', 'decline_waiting', 'book_waiting', 'cancel_waiting', 'prioritize_waiting', 'expire_waiting',
               '_waiting_service', '_waiting_step', '_leave_waiting', 'import_schedule', 'apply_plan',
               -- of relations that are its own
               'attach', 'detach', 'refresh'))
  UNION ALL
  SELECT 'FUNCTION', p.oid::regprocedure::text, 'EXECUTE'
    FROM pg_proc p JOIN caseload._api_objects(api_schema) a ON a.kind = 'function' AND p.oid = to_regprocedure(a.identity)
   WHERE for_app OR p.provolatile <> 'v'
  UNION ALL
  -- The facts. A district's rows go with it, and its policies are not an app's: it is not deleted. Hours are versions that stay, and what
  -- became of who waited does, too. Rules, weightings, policies and classes are an administrator's; the rest is kept by triggers.
  SELECT 'TABLE', format('caseload.%I', t.name), v.privilege
    FROM unnest('{site,therapist,license,therapist_scope,therapist_site,therapist_skill,client,client_need,episode,service,duty,closure,appointment,contact,document,
                  schedule_slot,district,therapist_availability,waiting}'::text[]) AS t (name)
   CROSS JOIN unnest('{INSERT,UPDATE,DELETE}'::text[]) AS v (privilege)
   WHERE for_app AND (v.privilege <> 'DELETE' OR t.name NOT IN ('district', 'therapist_availability', 'waiting'))
$$;
COMMENT ON FUNCTION caseload._rights(boolean, text) IS 'Internal: the rights of a reader, or of an app, in schema caseload and in a facade (NULL: none).';

CREATE OR REPLACE FUNCTION caseload._set_rights(role text, for_app boolean, api_schema text, given boolean)
RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  next   record;
  who    oid;
  number integer := 0;
BEGIN
  SELECT r.oid INTO who FROM pg_roles r WHERE r.rolname = role;
  IF who IS NULL THEN
    RAISE EXCEPTION 'role "%" does not exist', role
      USING ERRCODE = 'undefined_object',
            HINT = CASE WHEN lower(role) = 'public' THEN 'Nothing is granted to everybody. Name a role.' ELSE 'CREATE ROLE it first; its name is given as it is stored, without quotes.' END;
  END IF;
  IF api_schema IS NOT NULL AND NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = api_schema) THEN
    RAISE EXCEPTION 'schema "%" does not exist', api_schema
      USING ERRCODE = 'invalid_schema_name', HINT = 'SELECT caseload.create_api(schema) makes it.';
  END IF;
  -- GRANT by somebody who may not is a warning only
  IF EXISTS (SELECT FROM pg_namespace n WHERE n.nspname IN ('caseload', api_schema) AND NOT pg_has_role(n.nspowner, 'USAGE'))
     OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'caseload'::regnamespace AND NOT pg_has_role(c.relowner, 'USAGE'))
     OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'caseload'::regnamespace AND NOT pg_has_role(p.proowner, 'USAGE')) THEN
    RAISE EXCEPTION 'permission denied to set rights in schema %', coalesce(api_schema, 'caseload')
      USING ERRCODE = 'insufficient_privilege', HINT = 'The owner of caseload, and of the facade, can.';
  END IF;
  FOR next IN SELECT r.* FROM caseload._rights(for_app, api_schema) r LOOP
    EXECUTE format(CASE WHEN given THEN 'GRANT %s ON %s %s TO %I' ELSE 'REVOKE %s ON %s %s FROM %I' END, next.privilege, next.kind, next.object, role);
    number := number + 1;
  END LOOP;
  RETURN number;
END
$$;
COMMENT ON FUNCTION caseload._set_rights(text, boolean, text, boolean) IS 'Internal: gives the rights of a reader or an app to a role, or takes them back; returns how many.';

CREATE OR REPLACE FUNCTION caseload.grant_reader(role text, api_schema text DEFAULT NULL)
RETURNS integer
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$SELECT caseload._set_rights(grant_reader.role, false, grant_reader.api_schema, true)$$;
COMMENT ON FUNCTION caseload.grant_reader(text, text) IS 'Lets a role read all tables, views and reports, and those of a facade (see create_api), and nothing else; run it again after an update. Returns the number of rights. An unknown role is an error (42704).';

CREATE OR REPLACE FUNCTION caseload.grant_app(role text, api_schema text DEFAULT NULL)
RETURNS integer
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$SELECT caseload._set_rights(grant_app.role, true, grant_app.api_schema, true)$$;
COMMENT ON FUNCTION caseload.grant_app(text, text) IS 'Lets a role do what grant_reader() does, write facts, and answer flags through functions; not write flags, what is derived, rules, weightings or policies, nor delete a district. Run it again after an update. Returns the number of rights.';

CREATE OR REPLACE FUNCTION caseload.revoke_reader(role text, api_schema text DEFAULT NULL)
RETURNS integer
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$SELECT caseload._set_rights(revoke_reader.role, false, revoke_reader.api_schema, false)$$;
COMMENT ON FUNCTION caseload.revoke_reader(text, text) IS 'Takes back what grant_reader() gives. Of a role with grant_app(): see revoke_app().';

CREATE OR REPLACE FUNCTION caseload.revoke_app(role text, api_schema text DEFAULT NULL)
RETURNS integer
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$SELECT caseload._set_rights(revoke_app.role, true, revoke_app.api_schema, false)$$;
COMMENT ON FUNCTION caseload.revoke_app(text, text) IS 'Takes back what grant_app() gives, reading included.';
