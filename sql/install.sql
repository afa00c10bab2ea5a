-- Installing: code belongs to the extension, data does not; a second install() changes nothing; nothing for PUBLIC.
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE EXTENSION caseload CASCADE;
SELECT caseload.install() ~ '^caseload \d+\.\d+: \d+ pieces installed, 0 unchanged$' AS installed;
CREATE TEMP TABLE before AS
  SELECT 'pg_class' AS catalog, oid, xmin::text AS x FROM pg_class WHERE relnamespace = 'caseload'::regnamespace
  UNION ALL SELECT 'pg_proc', oid, xmin::text AS x FROM pg_proc WHERE pronamespace = 'caseload'::regnamespace
  UNION ALL SELECT 'pg_trigger', oid, xmin::text AS x FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'caseload.%';
SELECT caseload.install() ~ ': 0 pieces installed' AS unchanged;
SELECT count(*) AS changed FROM (
  (SELECT 'pg_class' AS catalog, oid, xmin::text AS x FROM pg_class WHERE relnamespace = 'caseload'::regnamespace
   UNION ALL SELECT 'pg_proc', oid, xmin::text AS x FROM pg_proc WHERE pronamespace = 'caseload'::regnamespace
   UNION ALL SELECT 'pg_trigger', oid, xmin::text AS x FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'caseload.%')
  EXCEPT TABLE before) d;

-- tables, views, triggers and what reads them are ordinary objects
SELECT c.relkind, count(*) > 0 AS some, count(d.objid) AS members
  FROM pg_class c
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind IN ('r', 'v', 'i', 'S')
 GROUP BY c.relkind ORDER BY c.relkind;

-- nothing is granted to PUBLIC, nothing is leakproof, every function pins its path, is C, or is made of parsed SQL
SELECT count(*) AS public_functions FROM pg_proc p
 WHERE p.pronamespace = 'caseload'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE');
SELECT has_schema_privilege('public', 'caseload', 'USAGE') AS public_schema;
SELECT count(*) AS public_tables FROM pg_class c
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE');
SELECT p.oid::regprocedure AS unpinned FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
 WHERE p.pronamespace = 'caseload'::regnamespace AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL
   AND NOT coalesce(p.proconfig, '{}') @> '{"search_path=pg_catalog, caseload, pg_temp"}'
   AND NOT coalesce(p.proconfig, '{}') @> '{"search_path=pg_catalog, pg_temp"}'
   AND p.proname <> '_pieces'
   -- commits, and so can have no SET clause: it uses no name that is not qualified
   AND p.proname <> 'sweep';
SELECT count(*) AS leakproof, count(*) FILTER (WHERE p.prosecdef) AS definer FROM pg_proc p
 WHERE p.pronamespace = 'caseload'::regnamespace AND (p.proleakproof OR p.prosecdef);

-- the keys of all tenant tables begin with the district, and no key is counted
SELECT c.conrelid::regclass, c.conname FROM pg_constraint c
  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
 WHERE c.connamespace = 'caseload'::regnamespace AND c.contype IN ('p', 'u', 'x', 'f')
   AND a.attname NOT IN ('district_id', 'rule_district')
   AND c.conrelid NOT IN ('caseload.policy_kind'::regclass, 'caseload.installation'::regclass, 'caseload.subject'::regclass,
                          'caseload.low_incidence_class'::regclass, 'caseload.activity'::regclass,
                          -- a source may be of several districts
                          'caseload.source'::regclass, 'caseload.source_fault'::regclass)
   AND c.confrelid NOT IN ('caseload.policy_kind'::regclass, 'caseload.low_incidence_class'::regclass, 'caseload.activity'::regclass);
SELECT count(*) AS sequences FROM pg_class WHERE relnamespace = 'caseload'::regnamespace AND relkind = 'S';

-- everything explains itself
SELECT pg_describe_object(o.classid, o.objid, o.objsubid) AS undocumented FROM (
  SELECT 'pg_proc'::regclass AS classid, oid AS objid, 0 AS objsubid FROM pg_proc WHERE pronamespace = 'caseload'::regnamespace
  UNION ALL SELECT 'pg_class'::regclass, c.oid, a.attnum FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind IN ('r', 'v', 'c') AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL SELECT 'pg_class'::regclass, oid, 0 FROM pg_class WHERE relnamespace = 'caseload'::regnamespace AND relkind IN ('r', 'v')
  UNION ALL SELECT 'pg_type'::regclass, oid, 0 FROM pg_type
             WHERE typnamespace = 'caseload'::regnamespace AND typelem = 0 AND typtype IN ('b', 'e', 'c')
               AND (typrelid = 0 OR (SELECT relkind FROM pg_class WHERE oid = typrelid) = 'c')
  UNION ALL SELECT 'pg_operator'::regclass, oid, 0 FROM pg_operator WHERE oprnamespace = 'caseload'::regnamespace
  UNION ALL SELECT 'pg_opclass'::regclass, oid, 0 FROM pg_opclass WHERE opcnamespace = 'caseload'::regnamespace) o
 WHERE CASE WHEN o.objsubid > 0 THEN col_description(o.objid, o.objsubid)
            ELSE obj_description(o.objid, o.classid::regclass::name) END IS NULL
 ORDER BY 1;

-- an ordinary role gets nowhere, and install() is not for it
CREATE ROLE regress_caseload_nobody;
SET ROLE regress_caseload_nobody;
SELECT caseload.version();
RESET ROLE;
GRANT USAGE ON SCHEMA caseload TO regress_caseload_nobody;
GRANT EXECUTE ON FUNCTION caseload.install() TO regress_caseload_nobody;
SET ROLE regress_caseload_nobody;
SELECT caseload.install();
SELECT count(*) FROM caseload.client;
RESET ROLE;
DROP OWNED BY regress_caseload_nobody;
DROP ROLE regress_caseload_nobody;

-- while data uses it, the extension stays
\set VERBOSITY terse
DROP EXTENSION caseload;
\set VERBOSITY default
SELECT caseload.version() = extversion AS version FROM pg_extension WHERE extname = 'caseload';
