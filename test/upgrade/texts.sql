-- Texts that each server version prints in its own words, and that come back from a dump in other words for the same: views and parsed bodies.
SET search_path = '';
SELECT 'view', c.oid::regclass, md5(pg_get_viewdef(c.oid)) FROM pg_class c WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind = 'v' ORDER BY c.relname;
SELECT 'body', p.oid::regprocedure, md5(pg_get_functiondef(p.oid)) FROM pg_proc p WHERE p.pronamespace = 'caseload'::regnamespace AND p.prosqlbody IS NOT NULL
 ORDER BY p.oid::regprocedure::text COLLATE "C";
-- what the extension gave, apart from what an owner gave: pg_dump writes the difference
SELECT 'given', i.type, i.identity, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(p.initprivs) a)
  FROM pg_init_privs p, pg_identify_object(p.classoid, p.objoid, p.objsubid) i WHERE p.privtype = 'e' AND i.identity ~ '\mcaseload\M' ORDER BY i.type, i.identity COLLATE "C";
