-- One line for each thing that is not a row, the same on every server: what belongs to the extension, types, operators, functions and
-- their labels, tables, columns, constraints, indexes, triggers and whether they fire, rights, owners, comments.
SET search_path = '';
SELECT 'extension', e.extname, e.extversion, e.extnamespace::regnamespace, e.extrelocatable, e.extconfig, e.extcondition FROM pg_extension e ORDER BY e.extname;
SELECT 'member', i.type, i.identity
  FROM pg_depend d, pg_identify_object(d.classid, d.objid, d.objsubid) i
 WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'caseload') AND d.deptype = 'e'
   -- pg_upgrade makes the array of a type a member, too
   AND i.identity NOT LIKE '%[]'
 ORDER BY i.type, i.identity COLLATE "C";
-- that everybody may use a type is what the server gives, with or without a list of rights; MAINTAIN came with 17
WITH o AS (
  SELECT 'schema' AS kind, n.oid::regnamespace::text AS name, n.nspowner AS owner, coalesce(n.nspacl, acldefault('n', n.nspowner)) AS rights
    FROM pg_namespace n WHERE n.nspname = 'caseload'
  UNION ALL
  SELECT 'function', p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)) FROM pg_proc p WHERE p.pronamespace = 'caseload'::regnamespace
  UNION ALL
  SELECT 'relation', c.oid::regclass::text, c.relowner, coalesce(c.relacl, acldefault('r', c.relowner)) FROM pg_class c WHERE c.relnamespace = 'caseload'::regnamespace
  UNION ALL
  SELECT 'column', c.oid::regclass || '.' || a.attname, c.relowner, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'caseload'::regnamespace AND a.attacl IS NOT NULL
  UNION ALL
  SELECT 'type', t.oid::regtype::text, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner)) FROM pg_type t
   WHERE t.typnamespace = 'caseload'::regnamespace AND t.typelem = 0
  UNION ALL
  SELECT 'default', d.defaclobjtype::text, d.defaclrole, d.defaclacl FROM pg_default_acl d WHERE d.defaclnamespace = 'caseload'::regnamespace)
SELECT 'rights', o.kind, o.name, o.owner::regrole,
       (SELECT string_agg(format('%s %s%s', CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE r.grantee::regrole::text END, r.privilege_type, CASE WHEN r.is_grantable THEN '*' END), ', '
                          ORDER BY r.grantee::regrole::text, r.privilege_type) FROM aclexplode(o.rights) r WHERE r.privilege_type <> 'MAINTAIN')
  FROM o ORDER BY o.kind, o.name COLLATE "C";
SELECT 'comment', i.type, i.identity, d.description
  FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
 WHERE (i.schema = 'caseload' OR i.identity ~ '\mcaseload\M') ORDER BY i.type, i.identity COLLATE "C";
SELECT 'label', l.provider, i.type, i.identity, l.label FROM pg_seclabel l, pg_identify_object(l.classoid, l.objoid, l.objsubid) i WHERE i.identity ~ '\mcaseload\M'
 ORDER BY i.type, i.identity;

SELECT 'type', t.oid::regtype, t.typtype, t.typlen, t.typbyval, t.typcategory, t.typispreferred, t.typdelim, t.typinput, t.typoutput, t.typreceive, t.typsend,
       t.typmodin, t.typmodout, t.typanalyze, t.typsubscript, t.typalign, t.typstorage, t.typnotnull, t.typbasetype::regtype, t.typtypmod, t.typcollation::regcollation, t.typdefault,
       (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels
  FROM pg_type t WHERE t.typnamespace = 'caseload'::regnamespace AND t.typelem = 0 ORDER BY t.oid::regtype::text;
SELECT 'operator', o.oid::regoperator, o.oprcode, o.oprresult::regtype, o.oprcom::regoperator, o.oprnegate::regoperator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash
  FROM pg_operator o WHERE o.oprnamespace = 'caseload'::regnamespace ORDER BY o.oid::regoperator::text;
SELECT 'operator class', c.opcname, m.amname, c.opcintype::regtype, c.opcdefault, c.opckeytype::regtype, f.opfname
  FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod JOIN pg_opfamily f ON f.oid = c.opcfamily WHERE c.opcnamespace = 'caseload'::regnamespace ORDER BY c.opcname, m.amname;
SELECT 'family operator', f.opfname, m.amname, o.amopstrategy, o.amoppurpose, o.amopopr::regoperator
  FROM pg_amop o JOIN pg_opfamily f ON f.oid = o.amopfamily JOIN pg_am m ON m.oid = f.opfmethod WHERE f.opfnamespace = 'caseload'::regnamespace
 ORDER BY f.opfname, m.amname, o.amopstrategy, o.amopopr::regoperator::text;
SELECT 'family function', f.opfname, m.amname, p.amprocnum, p.amproc
  FROM pg_amproc p JOIN pg_opfamily f ON f.oid = p.amprocfamily JOIN pg_am m ON m.oid = f.opfmethod WHERE f.opfnamespace = 'caseload'::regnamespace
 ORDER BY f.opfname, m.amname, p.amprocnum, p.amproc::text;
SELECT 'cast', c.castsource::regtype, c.casttarget::regtype, c.castfunc::regprocedure, c.castcontext, c.castmethod
  FROM pg_cast c WHERE c.castsource::regtype::text ~ '^caseload\.' OR c.casttarget::regtype::text ~ '^caseload\.' ORDER BY 2, 3;
-- a body that is kept parsed comes back in other words for the same: texts.sql
SELECT 'function', p.oid::regprocedure, p.prokind, l.lanname, CASE WHEN p.prosqlbody IS NULL THEN md5(p.prosrc) END, p.probin, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
       p.provolatile, p.proparallel, p.proisstrict, p.proleakproof, p.prosecdef, p.procost, p.prorows, p.prosupport, p.proconfig, p.protrftypes
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'caseload'::regnamespace ORDER BY p.oid::regprocedure::text COLLATE "C";
SELECT 'aggregate', a.aggfnoid::regprocedure, a.aggkind, a.aggnumdirectargs, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn,
       a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify, a.aggmfinalmodify, a.aggsortop::regoperator, a.aggtranstype::regtype, a.aggtransspace, a.aggmtranstype::regtype, a.aggmtransspace, a.agginitval, a.aggminitval
  FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid WHERE p.pronamespace = 'caseload'::regnamespace ORDER BY a.aggfnoid::regprocedure::text COLLATE "C";

SELECT 'relation', c.oid::regclass, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, c.relispartition FROM pg_class c
 WHERE c.relnamespace = 'caseload'::regnamespace ORDER BY c.relname;
SELECT 'column', a.attrelid::regclass, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS place, a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, a.attnotnull,
       a.attidentity, a.attgenerated, a.attstorage, nullif(a.attstattarget, -1), pg_get_expr(d.adbin, d.adrelid)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind IN ('r', 'v', 'c') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum;
-- NOT NULL is a constraint of its own from 18 on, and told by the column
SELECT 'constraint', c.conrelid::regclass, c.contypid::regtype, c.conname, c.condeferrable, c.condeferred, c.convalidated, md5(pg_get_constraintdef(c.oid)) FROM pg_constraint c
 WHERE c.connamespace = 'caseload'::regnamespace AND c.contype <> 'n' AND c.contype <> 't' ORDER BY c.conrelid::regclass::text, c.contypid::regtype::text, c.conname;
SELECT 'index', i.indexrelid::regclass, i.indisvalid, i.indisclustered, i.indisreplident, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
 WHERE c.relnamespace = 'caseload'::regnamespace ORDER BY i.indexrelid::regclass::text;
SELECT 'trigger', t.tgrelid::regclass, t.tgname, t.tgenabled, t.tgdeferrable, t.tginitdeferred, md5(pg_get_triggerdef(t.oid)) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE NOT t.tgisinternal AND c.relnamespace = 'caseload'::regnamespace ORDER BY t.tgrelid::regclass::text, t.tgname;
SELECT 'internal triggers', t.tgrelid::regclass, t.tgenabled, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE t.tgisinternal AND c.relnamespace = 'caseload'::regnamespace GROUP BY t.tgrelid, t.tgenabled ORDER BY t.tgrelid::regclass::text, t.tgenabled;
SELECT 'policy', p.polrelid::regclass, p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid) FROM pg_policy p
  JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'caseload'::regnamespace ORDER BY p.polrelid::regclass::text, p.polname;
SELECT 'rule', r.ev_class::regclass, r.rulename, r.ev_type, r.ev_enabled, r.is_instead FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
 WHERE c.relnamespace = 'caseload'::regnamespace ORDER BY r.ev_class::regclass::text, r.rulename;
SELECT 'statistics', s.stxname, pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s WHERE s.stxnamespace = 'caseload'::regnamespace ORDER BY s.stxname;
