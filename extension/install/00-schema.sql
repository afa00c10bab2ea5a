-- Who owns what we require could drop it, and us and its constraints with it. It is trusted: whoever may CREATE in the database can have it.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) e.extowner
              WHERE e.extname OPERATOR(pg_catalog.=) 'btree_gist' AND NOT r.rolsuper) THEN
    RAISE EXCEPTION 'extension "btree_gist" belongs to a role that is no superuser'
      USING ERRCODE = 'insufficient_privilege', DETAIL = 'That role could drop it, and with CASCADE all of caseload.',
            HINT = 'Drop it, or REASSIGN OWNED, so that it belongs to a superuser.';
  END IF;
END
$$;

-- A plain CREATE: if somebody has made a schema of this name before, the installation must stop, not move in.
CREATE SCHEMA caseload;
COMMENT ON SCHEMA caseload IS 'Therapy caseloads: attendance, flags, workload, equity, capacity. SELECT * FROM caseload.help() shows the way.';
REVOKE ALL ON SCHEMA caseload FROM PUBLIC;

