-- The facade: plain types only, in columns, arguments and results; reading functions stable, writing ones volatile; nothing for PUBLIC;
-- nothing of it belongs to the extension; made twice it is the same; and it is made only where nobody else's things can be taken over.

\ir begin.psql
SET LOCAL search_path = pg_catalog, public;
SET LOCAL jit = off;

SELECT plan(28);

SELECT matches(caseload.create_api('facade'), '^\d+ views and functions in schema facade$', 'a facade is made');

-- Everything about it, but the moment at which it was made
CREATE TEMP VIEW face AS
SELECT 'relation' AS kind, c.relname::text AS name, concat_ws(' ', c.relkind, c.reloptions, c.relacl, c.relowner, obj_description(c.oid, 'pg_class'), pg_get_viewdef(c.oid)) AS what
  FROM pg_class c WHERE c.relnamespace = to_regnamespace('facade')
UNION ALL
SELECT 'column', c.relname || '.' || a.attname, concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum))
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = to_regnamespace('facade')
UNION ALL
SELECT 'function', p.proname || '(' || pg_get_function_arguments(p.oid) || ')', concat_ws(' ', pg_get_functiondef(p.oid), p.proacl, obj_description(p.oid, 'pg_proc'))
  FROM pg_proc p WHERE p.pronamespace = to_regnamespace('facade');
CREATE TEMP TABLE before AS SELECT * FROM face;
SELECT caseload.create_api('facade') \g /dev/null
SELECT cmp_ok((SELECT count(*) FROM before), '>', 250::bigint, 'there is much of it');
SELECT is_empty('(TABLE before EXCEPT TABLE face) UNION ALL (TABLE face EXCEPT TABLE before)', 'made twice it is the same');

-- What an app needs
SELECT is_empty($$SELECT unnest('{districts,sites,therapists,clients,services,appointments,flags,workload,client_facts,therapist_facts,equity}'::text[]) EXCEPT SELECT name FROM face WHERE kind = 'relation'$$, 'views of what an app reads');
SELECT is_empty($$SELECT unnest('{save_site,save_therapist,save_client,save_service,record_appointment,cancel_appointment,confirm_flag,dismiss_flag,snooze_flag,check_capacity,workload_as_of,equity_as_of}'::name[])
                  EXCEPT SELECT proname FROM pg_proc WHERE pronamespace = 'facade'::regnamespace$$, 'functions for what it does and asks');

CREATE TEMP VIEW bad AS
-- every type in a signature or a column: plain ones, and rows of the facade's own views
SELECT p.oid::regprocedure::text AS name, 'type ' || t.oid::regtype AS wrong
  FROM pg_proc p, unnest(p.proargtypes::oid[] || p.prorettype || coalesce(p.proallargtypes, '{}')) u (oid) JOIN pg_type t ON t.oid = u.oid
 WHERE p.pronamespace = 'facade'::regnamespace AND t.typnamespace <> 'facade'::regnamespace
   AND t.oid::regtype::text NOT IN ('text', 'integer', 'numeric', 'date', 'timestamp with time zone', 'boolean', 'jsonb', 'record')
UNION ALL
SELECT p.oid::regprocedure::text, 'an argument without a name' FROM pg_proc p
 WHERE p.pronamespace = 'facade'::regnamespace AND p.pronargs > 0 AND ('' = ANY (p.proargnames[1:p.pronargs]) OR p.proargnames IS NULL)
UNION ALL
SELECT p.oid::regprocedure::text, 'an argument with a prefix' FROM pg_proc p, unnest(p.proargnames) a WHERE p.pronamespace = 'facade'::regnamespace AND a ~ '^(p_|in_|_)'
UNION ALL
SELECT p.oid::regprocedure::text, 'writes and is not volatile, or reads and is' FROM pg_proc p
 WHERE p.pronamespace = 'facade'::regnamespace
   AND (p.prosrc ~ '\m(INSERT|UPDATE|DELETE)\M|(acknowledge|confirm|dismiss|snooze)_flag\(') <> (p.provolatile = 'v')
UNION ALL
SELECT p.oid::regprocedure::text, 'definer, or without a path' FROM pg_proc p
 WHERE p.pronamespace = 'facade'::regnamespace AND (p.prosecdef OR p.proconfig IS NULL OR NOT 'search_path=pg_catalog, pg_temp' = ANY (p.proconfig))
UNION ALL
SELECT p.oid::regprocedure::text, 'for everybody' FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x WHERE p.pronamespace = 'facade'::regnamespace AND x.grantee = 0
UNION ALL
SELECT c.oid::regclass::text, 'for everybody' FROM pg_class c, aclexplode(c.relacl) x WHERE c.relnamespace = 'facade'::regnamespace AND x.grantee = 0
UNION ALL
SELECT c.oid::regclass::text, 'with the rights of its owner' FROM pg_class c WHERE c.relnamespace = 'facade'::regnamespace AND c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)
UNION ALL
SELECT p.oid::regprocedure::text, 'without a comment' FROM pg_proc p WHERE p.pronamespace = 'facade'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
UNION ALL
SELECT pg_describe_object(d.classid, d.objid, 0), 'belongs to the extension' FROM pg_depend d
 WHERE d.deptype = 'e' AND (d.objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'facade'::regnamespace) OR d.objid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'facade'::regnamespace));
SELECT is_empty('TABLE bad', 'plain types, named arguments, labels, rights, comments');
CREATE FUNCTION pg_temp.finds(planted text, what text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE found bigint;
BEGIN
  BEGIN
    EXECUTE planted;
    SELECT count(*) INTO found FROM bad;
    RAISE EXCEPTION USING ERRCODE = 'P9999';
  EXCEPTION WHEN SQLSTATE 'P9999' THEN NULL;
  END;
  RETURN ok(found > 0, 'found: ' || what);
END
$$;
SELECT pg_temp.finds(v.planted, v.what) FROM (VALUES
  ('CREATE FUNCTION facade.x(d caseload.dosage) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS ''SELECT NULL''; COMMENT ON FUNCTION facade.x IS ''x''; REVOKE ALL ON FUNCTION facade.x FROM PUBLIC', 'a type of ours'),
  ('CREATE FUNCTION facade.x(d text) RETURNS daterange LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS ''SELECT NULL::daterange''; COMMENT ON FUNCTION facade.x IS ''x''; REVOKE ALL ON FUNCTION facade.x FROM PUBLIC', 'a range'),
  ('ALTER FUNCTION facade.flag_history(text, text) VOLATILE', 'a query that is a mutation'),
  ('ALTER FUNCTION facade.save_district(text, text, text) STABLE', 'a mutation that is a query'),
  ('GRANT EXECUTE ON FUNCTION facade.flag_history(text, text) TO PUBLIC', 'something for everybody'),
  ('ALTER VIEW facade.flags SET (security_invoker = false)', 'a view with the rights of its owner'),
  ('ALTER EXTENSION caseload ADD VIEW facade.flags', 'a view that tools do not show')) AS v (planted, what);

-- Keys as smart comments: their columns are there, and so is what they point to
CREATE TEMP VIEW tag AS
SELECT c.relname, m[1] AS columns, m[2] AS target, m[3] AS target_columns
  FROM pg_class c, regexp_matches(obj_description(c.oid, 'pg_class'), '@foreignKey \(([^)]*)\) references (\S+) \(([^)]*)\)', 'g') m WHERE c.relnamespace = 'facade'::regnamespace
UNION ALL
SELECT c.relname, m[1], NULL, NULL FROM pg_class c, regexp_matches(obj_description(c.oid, 'pg_class'), '@primaryKey ([^\n]*)', 'g') m WHERE c.relnamespace = 'facade'::regnamespace;
SELECT cmp_ok((SELECT count(*) FROM tag), '>', 25::bigint, 'there are keys in the comments');
SELECT is_empty($$SELECT * FROM tag, regexp_split_to_table(columns, ', *') k WHERE NOT EXISTS (SELECT FROM face f WHERE f.kind = 'column' AND f.name = tag.relname || '.' || k)$$, 'of columns that there are');
SELECT is_empty($$SELECT * FROM tag, regexp_split_to_table(target_columns, ', *') k WHERE target IS NOT NULL AND NOT EXISTS (SELECT FROM face f WHERE f.kind = 'column' AND f.name = replace(target, 'facade.', '') || '.' || k)$$, 'and that point to columns that there are');
SELECT is_empty($$SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'facade'::regnamespace AND obj_description(c.oid, 'pg_class') !~ '@omit create,update,delete'$$, 'no view is offered for writing');

-- After an update that changed a column, it is made anew; where something of the user's depends on it, that is said
DROP VIEW facade.data_gaps;
CREATE VIEW facade.data_gaps AS SELECT 1 AS district_id;
DROP FUNCTION facade.confirm_flag(text, text, text);
CREATE FUNCTION facade.confirm_flag(district_id text, flag_id text, reason text) RETURNS integer LANGUAGE sql AS 'SELECT 1';
SELECT lives_ok($$SELECT caseload.create_api('facade')$$, 'other columns and results of an older version are replaced');
SELECT is_empty('(TABLE before EXCEPT TABLE face) UNION ALL (TABLE face EXCEPT TABLE before)', 'and all is as it was');
DROP VIEW facade.data_gaps;
CREATE VIEW facade.data_gaps AS SELECT 1 AS district_id;
CREATE VIEW public.mine AS SELECT * FROM facade.data_gaps;
SELECT throws_ok($$SELECT caseload.create_api('facade')$$, '2BP01', 'view facade.data_gaps has other columns now, and objects of yours depend on it', 'nothing of the user''s is dropped');

-- Where it is made
SELECT throws_ok(format('SELECT caseload.create_api(%L)', n), '22023', NULL, 'not in ' || n) FROM unnest('{public,caseload,pg_mine}'::text[]) n;
SELECT throws_ok($$SELECT caseload.create_api('')$$, '22023', NULL, 'nor in a schema without a name');
CREATE SCHEMA taken;
CREATE VIEW taken.clients AS SELECT 1 AS id;
SELECT throws_ok($$SELECT caseload.create_api('taken')$$, '55000', 'schema "taken" is not empty', 'nor where somebody''s view would be replaced');
CREATE SCHEMA "Empty One";
SELECT lives_ok($$SELECT caseload.create_api('Empty One')$$, 'an empty schema will do, whatever its name');
CREATE ROLE t_own;
SELECT caseload.grant_reader('t_own') \g /dev/null
GRANT EXECUTE ON FUNCTION caseload.create_api(text) TO t_own;
CREATE SCHEMA of_t_own AUTHORIZATION t_own;
SET LOCAL ROLE t_own;
SELECT throws_ok($$SELECT caseload.create_api('facade')$$, '42501', 'permission denied for schema facade', 'nor in somebody else''s');
SELECT lives_ok($$SELECT caseload.create_api('of_t_own')$$, 'an ordinary role can have one of its own');

RESET ROLE;
SELECT finish();
ROLLBACK;
