-- What the catalog says about everything in the schema: paths, rights, labels, comments. Each question is a view that lists what is wrong;
-- it must be empty, and must list what is planted afterwards.
--
-- Labels are compared with what a function calls, as far as that can be seen: a parsed body (BEGIN ATOMIC) names every function by its
-- number, the server's own, too; of other bodies the calls of our functions are looked for by name. Views are looked through.

\ir begin.psql
SET LOCAL search_path = pg_catalog, public;
SET LOCAL jit = off;

SELECT plan(48);

CREATE TEMP VIEW ours AS
SELECT p.*, l.lanname, p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'caseload'::regnamespace;

------------------------------------------------------------------------------------------------------------------------------------
-- Paths: a function is C, parsed, or has its path pinned with the temporary schema last. _pieces() is a constant, sweep() commits and
-- can have no SET clause: a name or operator of it that is not qualified is looked for.
------------------------------------------------------------------------------------------------------------------------------------
CREATE TEMP VIEW bad_path AS
SELECT name FROM ours
WHERE lanname IN ('sql', 'plpgsql') AND prosqlbody IS NULL
  AND NOT coalesce(proconfig, '{}') && ARRAY['search_path=pg_catalog, caseload, pg_temp', 'search_path=pg_catalog, pg_temp']
  AND proname NOT IN ('_pieces', 'sweep')
UNION ALL
SELECT name || ' ' || c FROM ours, unnest(proconfig) c WHERE c ~ '^search_path=' AND c !~ '^search_path=pg_catalog, (caseload, )?pg_temp$'
UNION ALL
SELECT name || ' definer' FROM ours WHERE prosecdef
UNION ALL
SELECT name || ' leakproof' FROM ours WHERE proleakproof;

------------------------------------------------------------------------------------------------------------------------------------
-- Rights: nothing for PUBLIC but the use of types, which the server gives and which takes a schema that is closed
------------------------------------------------------------------------------------------------------------------------------------
CREATE TEMP VIEW bad_right AS
SELECT 'schema' AS name, privilege_type FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
WHERE nspname = 'caseload' AND grantee = 0
UNION ALL
SELECT name, privilege_type FROM ours, aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0
UNION ALL
SELECT oid::regclass::text, privilege_type FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'caseload'::regnamespace AND grantee = 0
UNION ALL
SELECT attrelid::regclass || '.' || attname, privilege_type FROM pg_attribute, aclexplode(attacl)
WHERE grantee = 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'caseload'::regnamespace)
UNION ALL
SELECT 'future objects', defaclobjtype::text FROM pg_default_acl WHERE defaclnamespace = 'caseload'::regnamespace;

------------------------------------------------------------------------------------------------------------------------------------
-- Who calls whom
------------------------------------------------------------------------------------------------------------------------------------
CREATE TEMP VIEW calls AS
WITH RECURSIVE trees AS (
  SELECT 'pg_proc'::regclass AS kind, oid, prosqlbody::text AS tree FROM ours WHERE prosqlbody IS NOT NULL
  UNION ALL
  SELECT 'pg_class'::regclass, ev_class, ev_action::text FROM pg_rewrite
  WHERE ev_class IN (SELECT oid FROM pg_class WHERE relnamespace = 'caseload'::regnamespace)
), named AS (
  SELECT kind, oid, 'pg_proc'::regclass AS to_kind, m[1]::oid AS to_oid
  FROM trees, regexp_matches(tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid|elemfuncid) (\d+)', 'g') m
  UNION
  -- not every operator of a tree has its function filled in
  SELECT t.kind, t.oid, 'pg_proc', o.oprcode FROM trees t, regexp_matches(tree, ':opno (\d+)', 'g') m JOIN pg_operator o ON o.oid = m[1]::oid
  UNION
  SELECT kind, oid, 'pg_class', m[1]::oid FROM trees, regexp_matches(tree, ':relid ([1-9]\d*)', 'g') m
  UNION
  -- CURRENT_DATE and its like are no functions; now() is as stable as they are
  SELECT kind, oid, 'pg_proc', 'now()'::regprocedure FROM trees WHERE tree ~ '\{SQLVALUEFUNCTION '
  UNION
  SELECT 'pg_proc', o.oid, 'pg_proc', callee.oid
  FROM ours o, regexp_matches(o.prosrc, '\mcaseload\.(\w+)\(', 'g') m JOIN ours callee ON callee.proname = m[1]
  WHERE o.lanname IN ('sql', 'plpgsql') AND o.prosqlbody IS NULL AND o.proname NOT IN ('_pieces', '_api_objects')
    -- one of several of its name: the strictest would be a guess
    AND (SELECT count(DISTINCT (x.provolatile, x.proparallel)) FROM ours x WHERE x.proname = m[1]) = 1
  UNION
  SELECT 'pg_proc', a.aggfnoid, 'pg_proc', f::oid
  FROM pg_aggregate a, unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]) f
  WHERE a.aggfnoid IN (SELECT oid FROM ours) AND f <> 0
), reached AS (
  SELECT kind, oid, to_kind, to_oid FROM named
  UNION
  SELECT r.kind, r.oid, n.to_kind, n.to_oid FROM reached r JOIN named n ON r.to_kind = 'pg_class'::regclass AND n.kind = r.to_kind AND n.oid = r.to_oid
)
SELECT oid AS caller, to_kind, to_oid AS callee FROM reached WHERE kind = 'pg_proc'::regclass AND NOT (to_kind = 'pg_proc'::regclass AND oid = to_oid);

CREATE TEMP VIEW bad_label AS
-- i, s, v: each may call itself and what is before it
SELECT o.name || ' is ' || o.provolatile::text || ' and calls ' || f.oid::regprocedure || ', which is ' || f.provolatile::text AS wrong
FROM calls c JOIN ours o ON o.oid = c.caller JOIN pg_proc f ON c.to_kind = 'pg_proc'::regclass AND f.oid = c.callee
WHERE strpos('isv', f.provolatile::text) > strpos('isv', o.provolatile::text)
UNION ALL
SELECT o.name || ' is ' || o.proparallel::text || ' and calls ' || f.oid::regprocedure || ', which is ' || f.proparallel::text
FROM calls c JOIN ours o ON o.oid = c.caller JOIN pg_proc f ON c.to_kind = 'pg_proc'::regclass AND f.oid = c.callee
WHERE strpos('sru', f.proparallel::text) > strpos('sru', o.proparallel::text)
UNION ALL
SELECT o.name || ' is immutable and reads ' || c.callee::regclass
FROM calls c JOIN ours o ON o.oid = c.caller WHERE c.to_kind = 'pg_class'::regclass AND o.provolatile = 'i'
UNION ALL
-- what indexes, sorts and hashes are made of, and what brings values in and out
SELECT o.name || ' belongs to a type and is ' || o.provolatile::text || o.proparallel::text
FROM ours o
WHERE o.oid IN (
  SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout]::oid[]) FROM pg_type WHERE typnamespace = 'caseload'::regnamespace
  UNION SELECT oprcode FROM pg_operator WHERE oprnamespace = 'caseload'::regnamespace
  UNION SELECT castfunc FROM pg_cast
  UNION SELECT amproc FROM pg_amproc)
  AND (o.provolatile = 'v' OR o.proparallel <> 's' OR (o.provolatile::text <> 'i' AND o.oid IN (SELECT amproc FROM pg_amproc UNION SELECT oprcode FROM pg_operator)))
UNION ALL
SELECT o.name || ' is not volatile, but not parallel safe' FROM ours o WHERE o.provolatile::text = 'i' AND o.proparallel::text = 'u'
UNION ALL
SELECT o.name || ' is volatile and parallel safe' FROM ours o WHERE o.provolatile = 'v' AND o.proparallel::text = 's';

------------------------------------------------------------------------------------------------------------------------------------
-- Comments
------------------------------------------------------------------------------------------------------------------------------------
CREATE TEMP VIEW undocumented AS
SELECT pg_describe_object(o.classid, o.objid, o.objsubid) AS wrong FROM (
  SELECT 'pg_proc'::regclass AS classid, oid AS objid, 0 AS objsubid FROM ours
  UNION ALL SELECT 'pg_class', c.oid, a.attnum FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL SELECT 'pg_class', oid, 0 FROM pg_class WHERE relnamespace = 'caseload'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL SELECT 'pg_type', t.oid, 0 FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
            WHERE t.typnamespace = 'caseload'::regnamespace AND t.typtype IN ('b', 'e', 'd', 'r', 'c') AND t.typelem = 0 AND coalesce(c.relkind, 'c') = 'c'
  UNION ALL SELECT 'pg_operator', oid, 0 FROM pg_operator WHERE oprnamespace = 'caseload'::regnamespace
  UNION ALL SELECT 'pg_opclass', oid, 0 FROM pg_opclass WHERE opcnamespace = 'caseload'::regnamespace
  UNION ALL SELECT 'pg_cast', oid, 0 FROM pg_cast
            WHERE castsource IN (SELECT oid FROM pg_type WHERE typnamespace = 'caseload'::regnamespace)
               OR casttarget IN (SELECT oid FROM pg_type WHERE typnamespace = 'caseload'::regnamespace)
  -- the comment of its function says what a trigger does
  UNION ALL SELECT 'pg_trigger', t.oid, 0 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE c.relnamespace = 'caseload'::regnamespace AND NOT t.tgisinternal AND t.tgfoid NOT IN (SELECT oid FROM ours)
  UNION ALL SELECT 'pg_namespace', 'caseload'::regnamespace, 0) o
WHERE coalesce(CASE WHEN o.objsubid > 0 THEN col_description(o.objid, o.objsubid)
                    ELSE obj_description(o.objid, o.classid::regclass::name) END, '') = '';

------------------------------------------------------------------------------------------------------------------------------------
-- Views, for dashboards, in caseload and in a facade: column types that every tool knows, numbers with a precision; a ratio says of which
-- columns of the view it is one, and that it is not to be summed; a series by month has every month of every district.
------------------------------------------------------------------------------------------------------------------------------------
SELECT set_config('test.facade', caseload.create_api('catalog_facade'), true) \g /dev/null
CREATE TEMP VIEW view_column AS
SELECT c.oid, c.oid::regclass::text AS view, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type, col_description(c.oid, a.attnum) AS comment
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relkind IN ('v', 'm') AND c.relnamespace IN ('caseload'::regnamespace, 'catalog_facade'::regnamespace);
CREATE TEMP VIEW bad_column AS
SELECT view || '.' || name || ' is ' || type AS wrong FROM view_column WHERE type !~ '^(text|integer|date|boolean|jsonb|timestamp with time zone|numeric\(\d+,\d+\))$'
UNION ALL
SELECT view || '.' || name || ' has no comment' FROM view_column WHERE coalesce(comment, '') = ''
UNION ALL
SELECT v.oid::regclass || ' has no comment' FROM pg_class v
 WHERE v.relkind IN ('v', 'm') AND v.relnamespace IN ('caseload'::regnamespace, 'catalog_facade'::regnamespace) AND coalesce(obj_description(v.oid, 'pg_class'), '') = '';
-- facts are what rules compare, not what dashboards add up: of them only the types are looked at; service_percent is recorded, not made of columns
CREATE TEMP VIEW bad_ratio AS
SELECT r.view || '.' || r.name AS wrong
  FROM view_column r
  LEFT JOIN LATERAL regexp_match(r.comment, '= (\w+) / (\w+)') AS p (parts) ON true
 WHERE r.type ~ '^numeric' AND r.view !~ '_facts$' AND r.name <> 'service_percent'
   AND (r.name ~ '(percent|ratio|utilization|(^|_)rate|share|_per_)' AND
        NOT (coalesce(r.comment ~ 'not to be summed', false)
             AND EXISTS (SELECT FROM view_column x WHERE x.oid = r.oid AND x.name = p.parts[1])
             AND EXISTS (SELECT FROM view_column x WHERE x.oid = r.oid AND x.name = p.parts[2]))
        OR r.name ~ '^(z_|gini)' AND coalesce(r.comment, '') !~ 'not to be summed');

-- three districts: one with two appointments far apart, one without any, one without anything
INSERT INTO caseload.district (district_id) VALUES ('GAPS'), ('EMPTY');
INSERT INTO caseload.client (district_id, client_id) VALUES ('GAPS', 'C');
INSERT INTO caseload.appointment (district_id, client_id, starts_at, status) VALUES
  ('GAPS', 'C', now() - interval '400 days', 'attended'), ('GAPS', 'C', now() - interval '200 days', 'no_show');
CREATE FUNCTION pg_temp.months(view regclass) RETURNS TABLE (district_id text, months bigint, span integer) LANGUAGE plpgsql AS
$$
BEGIN
  RETURN QUERY EXECUTE format('SELECT v.district_id, count(DISTINCT v.month), (12 * extract(year FROM age(max(v.month), min(v.month))) + extract(month FROM age(max(v.month), min(v.month))))::integer + 1
                                 FROM %s v GROUP BY v.district_id', view);
END
$$;
CREATE TEMP VIEW series AS SELECT DISTINCT oid::regclass AS view FROM view_column WHERE name = 'month';
CREATE TEMP VIEW gap AS
SELECT s.view, m.* FROM series s CROSS JOIN LATERAL pg_temp.months(s.view) m WHERE m.months <> m.span OR m.span < 12;

------------------------------------------------------------------------------------------------------------------------------------
-- Nothing is wrong
------------------------------------------------------------------------------------------------------------------------------------
SELECT cmp_ok((SELECT count(*) FROM ours), '>', 200::bigint, 'there are functions to look at');
SELECT cmp_ok((SELECT count(*) FROM calls), '>', 500::bigint, 'and calls');
SELECT is_empty('TABLE bad_path', 'every path is pinned, nothing is definer or leakproof');
SELECT is_empty('TABLE bad_right', 'nothing is granted to PUBLIC');
SELECT is_empty('SELECT DISTINCT * FROM bad_label', 'labels are not milder than those of what is called');
SELECT is_empty('TABLE undocumented', 'everything explains itself');
SELECT cmp_ok((SELECT count(*) FROM view_column), '>', 300::bigint, 'there are columns of views');
SELECT is_empty('TABLE bad_column', 'which have types that every tool knows, and comments');
SELECT cmp_ok((SELECT count(*) FROM view_column WHERE comment ~ '= \w+ / \w+'), '>', 10::bigint, 'there are ratios');
SELECT is_empty('TABLE bad_ratio', 'which have their parts beside them');
SELECT is((SELECT count(*) FROM series), 4::bigint, 'there are series by month');
SELECT cmp_ok((SELECT count(*) FROM series s CROSS JOIN LATERAL pg_temp.months(s.view)), '>=', 6::bigint, 'of several districts');
SELECT is_empty('TABLE gap', 'without a gap');
SELECT is_empty($$SELECT name FROM ours WHERE proname = 'sweep' AND regexp_replace(prosrc, '--[^\n]*|''[^'']*''', '', 'g') ~* '\m(from|join|perform|call)\s+(?!caseload\.|pg_catalog\.|\()[a-z_]+'$$,
  'sweep() calls nothing that is not qualified');

------------------------------------------------------------------------------------------------------------------------------------
-- And what is planted is found
------------------------------------------------------------------------------------------------------------------------------------
CREATE FUNCTION pg_temp.finds(view text, planted text, what text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE found bigint; leftover bigint;
BEGIN
  BEGIN
    EXECUTE planted;
    EXECUTE format('SELECT count(*) FROM %I', view) INTO found;
    RAISE EXCEPTION USING ERRCODE = 'P9999';
  EXCEPTION WHEN SQLSTATE 'P9999' THEN NULL;
  END;
  EXECUTE format('SELECT count(*) FROM %I', view) INTO leftover;
  RETURN ok(found > leftover, 'found: ' || what);
END
$$;

SELECT pg_temp.finds('bad_path', v.planted, v.what) FROM (VALUES
  ('CREATE FUNCTION caseload.planted() RETURNS int LANGUAGE sql AS ''SELECT 1''', 'a function without a path'),
  ('CREATE FUNCTION caseload.planted() RETURNS int LANGUAGE plpgsql AS ''BEGIN RETURN 1; END''', 'the same in plpgsql'),
  ('CREATE FUNCTION caseload.planted() RETURNS int LANGUAGE sql SET search_path = pg_catalog AS ''SELECT 1''', 'a path in which temporary objects come first'),
  ('CREATE FUNCTION caseload.planted() RETURNS int LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS ''SELECT 1''', 'a path through public'),
  ('CREATE FUNCTION caseload.planted() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ''SELECT 1''', 'a definer'),
  ('CREATE FUNCTION caseload.planted() RETURNS int LANGUAGE sql LEAKPROOF SET search_path = pg_catalog, pg_temp AS ''SELECT 1''', 'a leakproof function')) v(planted, what);
SELECT pg_temp.finds('bad_right', v.planted, v.what) FROM (VALUES
  ('CREATE FUNCTION caseload.planted() RETURNS int LANGUAGE sql AS ''SELECT 1''', 'a function as CREATE FUNCTION leaves it'),
  ('GRANT USAGE ON SCHEMA caseload TO PUBLIC', 'the schema'),
  ('GRANT SELECT ON caseload.client TO PUBLIC', 'a table'),
  ('GRANT SELECT (client_id) ON caseload.client TO PUBLIC', 'a column'),
  ('ALTER DEFAULT PRIVILEGES IN SCHEMA caseload GRANT SELECT ON TABLES TO PUBLIC', 'tables to come')) v(planted, what);
SELECT pg_temp.finds('bad_label', v.planted, v.what) FROM (VALUES
  ('CREATE FUNCTION caseload.planted() RETURNS float8 LANGUAGE sql STABLE BEGIN ATOMIC SELECT random(); END', 'stable that calls what is volatile'),
  ('CREATE FUNCTION caseload.planted() RETURNS date LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT CURRENT_DATE; END', 'immutable that asks for the day'),
  ('CREATE FUNCTION caseload.planted() RETURNS bigint LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT count(*) FROM caseload.client; END', 'immutable that reads a table'),
  ('CREATE FUNCTION caseload.planted() RETURNS text LANGUAGE sql PARALLEL SAFE BEGIN ATOMIC SELECT caseload.install(); END', 'safe that calls what is unsafe'),
  ('CREATE FUNCTION caseload.planted() RETURNS text LANGUAGE plpgsql STABLE AS ''BEGIN RETURN caseload.install(); END''', 'the same, by name'),
  ('CREATE VIEW caseload.planted_view AS SELECT random() AS r;
    CREATE FUNCTION caseload.planted() RETURNS float8 LANGUAGE sql STABLE BEGIN ATOMIC SELECT r FROM caseload.planted_view; END', 'and through a view'),
  ('ALTER FUNCTION caseload.dosage_cmp(caseload.dosage, caseload.dosage) PARALLEL UNSAFE', 'an operator class that is not parallel safe'),
  ('ALTER FUNCTION caseload.dosage_in(cstring) VOLATILE', 'input that is volatile')) v(planted, what);
SELECT pg_temp.finds('undocumented', v.planted, v.what) FROM (VALUES
  ('CREATE TABLE caseload.planted (a int)', 'a table'),
  ('ALTER TABLE caseload.client ADD planted int', 'a column'),
  ('COMMENT ON FUNCTION caseload.install() IS NULL', 'a function'),
  ('CREATE TYPE caseload.planted AS ENUM (''a'')', 'a type'),
  ('CREATE TRIGGER planted BEFORE INSERT ON caseload.client FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()', 'a trigger')) v(planted, what);

SELECT pg_temp.finds('bad_column', v.planted, v.what) FROM (VALUES
  ('CREATE VIEW caseload.planted AS SELECT d.dosage FROM caseload.service d; COMMENT ON VIEW caseload.planted IS ''x''; COMMENT ON COLUMN caseload.planted.dosage IS ''x''', 'a view with a type of ours'),
  ('CREATE VIEW caseload.planted AS SELECT 1::numeric AS a; COMMENT ON VIEW caseload.planted IS ''x''; COMMENT ON COLUMN caseload.planted.a IS ''x''', 'a number without a precision'),
  ('CREATE VIEW caseload.planted AS SELECT 1::float8 AS a; COMMENT ON VIEW caseload.planted IS ''x''; COMMENT ON COLUMN caseload.planted.a IS ''x''', 'a float'),
  ('COMMENT ON COLUMN catalog_facade.flags.state IS NULL', 'a column of a facade without a comment'),
  ('COMMENT ON VIEW catalog_facade.flags IS NULL', 'a view of a facade without a comment')) v(planted, what);
SELECT pg_temp.finds('bad_ratio', v.planted, v.what) FROM (VALUES
  ('CREATE VIEW caseload.planted AS SELECT 1::numeric(5,2) AS no_show_percent', 'a ratio without parts'),
  ('CREATE VIEW caseload.planted AS SELECT 1::numeric(5,2) AS no_show_percent, 1 AS a, 2 AS b; COMMENT ON COLUMN caseload.planted.no_show_percent IS ''= a / b''', 'a ratio that may be summed'),
  ('CREATE VIEW caseload.planted AS SELECT 1::numeric(5,2) AS no_show_percent, 1 AS a; COMMENT ON COLUMN caseload.planted.no_show_percent IS ''= a / b; not to be summed''', 'a ratio with half of its parts')) v(planted, what);
SELECT pg_temp.finds('gap', v.planted, v.what) FROM (VALUES
  ('CREATE VIEW caseload.planted AS SELECT m.* FROM caseload.attendance_by_month m WHERE m.appointments > 0', 'a series that leaves months out'),
  ('CREATE VIEW caseload.planted AS SELECT m.* FROM caseload.caseload_by_month m WHERE extract(month FROM m.month) <> 7', 'a series without summers')) v(planted, what);

SELECT finish();
ROLLBACK;
