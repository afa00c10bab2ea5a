-- Who may do what: for nobody, a reader, an app and an administrator, every verb on every table, view and function of schema caseload
-- and of a facade is tried, as that role, and must go or be refused as is written down here. Objects come from the catalog: a new one that
-- nobody has thought of is tried, too. Then every reading function is called with arguments of the sample, and must give a reader what it
-- gives the owner. Each question has a twin: a right more, or less, must be found.

\set district NORTH
\set clients 40
\set anchor 2026-03-02
\ir sample.psql
SET search_path = pg_catalog;
\o /dev/null
SELECT caseload.create_api('facade') \g /dev/null
\o
\ir begin.psql
SET LOCAL search_path = pg_catalog, public;
SET LOCAL jit = off;

SELECT plan(35);

CREATE ROLE t_nobody;
CREATE ROLE t_reader;
CREATE ROLE "t App";
SELECT cmp_ok(caseload.grant_reader('t_reader', 'facade'), '>', 250, 'a reader has rights');
SELECT cmp_ok(caseload.grant_app('t App', 'facade'), '>', caseload.grant_reader('t_reader', 'facade'), 'an app has more');

------------------------------------------------------------------------------------------------------------------------------------
-- Every verb on every table and view. It is tried, in a subtransaction that is taken back.
------------------------------------------------------------------------------------------------------------------------------------

-- attempt(role, statement): the SQLSTATE, 00000 if it goes
CREATE FUNCTION pg_temp.attempt(role name, statement text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE state text := '00000';
BEGIN
  BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'P9999';
  EXCEPTION
    WHEN SQLSTATE 'P9999' THEN NULL;
    WHEN OTHERS THEN state := SQLSTATE;
  END;
  RETURN state;
END
$$;

CREATE TEMP VIEW relation AS
SELECT c.oid, c.oid::regclass::text AS name, n.nspname, c.relname, c.relkind,
       (SELECT quote_ident(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LIMIT 1) AS field
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('caseload', 'facade') AND c.relkind IN ('r', 'v', 'p', 'm');
CREATE TEMP VIEW verb AS
SELECT * FROM (VALUES
  ('SELECT', 'SELECT FROM %1$s LIMIT 0'), ('INSERT', 'INSERT INTO %1$s SELECT * FROM %1$s WHERE false'),
  ('UPDATE', 'UPDATE %1$s SET %2$s = %2$s WHERE false'), ('DELETE', 'DELETE FROM %1$s WHERE false'),
  ('TRUNCATE', 'TRUNCATE %1$s CASCADE'), ('REFERENCES', NULL), ('TRIGGER', NULL)) AS v (verb, statement);

-- What is meant to go. Nobody: nothing.
CREATE TEMP VIEW meant AS
WITH writable (relname) AS (
  SELECT unnest('{site,therapist,license,therapist_scope,client,episode,service,duty,closure,appointment,contact,document}'::name[])
)
SELECT w.role, r.oid, r.name, v.verb, v.statement, r.field,
       CASE WHEN w.role = 't_nobody' THEN false
            WHEN v.verb = 'SELECT' THEN r.relname <> 'installation'
            WHEN w.role = 't App' AND r.nspname = 'caseload' AND r.relkind = 'r' AND v.verb IN ('INSERT', 'UPDATE', 'DELETE')
              THEN EXISTS (SELECT FROM writable x WHERE x.relname = r.relname) OR r.relname = 'district' AND v.verb <> 'DELETE'
            ELSE false END AS goes
  FROM unnest('{t_nobody,t_reader,t App}'::name[]) AS w (role) CROSS JOIN relation r CROSS JOIN verb v;
-- What goes must go when it is tried. What does not may be refused for another reason (a view that cannot be written), so the right is
-- looked up, too, on the table and on each of its columns.
CREATE FUNCTION pg_temp.wrong(pattern text) RETURNS TABLE (role name, name text, verb text, goes boolean, state text) LANGUAGE sql AS
$$
  SELECT m.role, m.name, m.verb, m.goes, t.state
    FROM meant m CROSS JOIN LATERAL (SELECT CASE WHEN m.statement IS NOT NULL THEN pg_temp.attempt(m.role, format(m.statement, m.name, m.field)) END) AS t (state)
   WHERE m.name ~ pattern
     AND CASE WHEN m.goes THEN t.state <> '00000'
              ELSE coalesce(t.state = '00000', false)
                   OR has_table_privilege(m.role, m.oid, m.verb)
                   OR CASE WHEN m.verb IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') THEN has_any_column_privilege(m.role, m.oid, m.verb) END END
$$;

SELECT cmp_ok((SELECT count(*) FROM meant), '>', 900::bigint, 'role by table by verb');
SELECT cmp_ok((SELECT count(*) FROM meant WHERE goes), '>', 130::bigint, 'some of it goes');
SELECT is_empty($$SELECT * FROM pg_temp.wrong('')$$, 'every verb on every table goes, or is refused, as it is meant');

-- found(planted, question, what): the question has more rows with what is planted than without
CREATE FUNCTION pg_temp.found(planted text, question text, what text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE rows bigint;
BEGIN
  BEGIN
    EXECUTE planted;
    EXECUTE 'SELECT count(*) FROM (' || question || ') q' INTO rows;
    RAISE EXCEPTION USING ERRCODE = 'P9998';
  EXCEPTION WHEN SQLSTATE 'P9998' THEN NULL;
  END;
  RETURN ok(rows > 0, 'found: ' || what);
END
$$;
SELECT pg_temp.found(v.planted, format('SELECT * FROM pg_temp.wrong(%L)', v.name), v.what) FROM (VALUES
  ('GRANT UPDATE (state) ON caseload.flag TO "t App"', 'flag', 'an app that may write a column of flags'),
  ('GRANT INSERT ON caseload.appointment TO t_reader', 'appointment', 'a reader that may write'),
  ('GRANT SELECT ON caseload.client TO PUBLIC', 'client', 'a table for everybody'),
  ('REVOKE SELECT ON caseload.therapist_load FROM t_reader', 'therapist_load', 'a reader that may not read'),
  ('CREATE TABLE caseload.planted (a int)', 'planted', 'a table that was forgotten')) AS v (planted, name, what);

------------------------------------------------------------------------------------------------------------------------------------
-- Every function
------------------------------------------------------------------------------------------------------------------------------------

CREATE TEMP VIEW routine AS
SELECT p.oid, p.oid::regprocedure::text AS name, n.nspname, p.proname, p.provolatile
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('caseload', 'facade');
CREATE TEMP VIEW meant_to_run AS
SELECT w.role, r.name, has_function_privilege(w.role, r.oid, 'EXECUTE') AS may,
       CASE WHEN w.role = 't_nobody' OR p.prorettype = 'trigger'::regtype OR r.name = 'caseload._pieces()' THEN false
            WHEN r.provolatile <> 'v' THEN true
            ELSE w.role = 't App' AND (r.nspname = 'facade' OR r.proname IN ('acknowledge_flag', 'confirm_flag', 'dismiss_flag', 'snooze_flag', '_answer_flag')) END AS goes
  FROM unnest('{t_nobody,t_reader,t App}'::name[]) AS w (role) CROSS JOIN routine r JOIN pg_proc p ON p.oid = r.oid;
SELECT cmp_ok((SELECT count(*) FROM meant_to_run WHERE goes), '>', 500::bigint, 'role by function');
SELECT is_empty('SELECT * FROM meant_to_run WHERE may <> goes', 'every function runs for those for whom it is meant');
SELECT is_empty($$SELECT name FROM meant_to_run WHERE role = 't_reader' AND may AND name ~ 'caseload\.(install|rebuild|evaluate|sweep|grant_|revoke_|create_api|register_|unregister_|_answer|_set_rights)'$$,
  'a reader runs nothing that writes');
SELECT pg_temp.found(v.planted, 'SELECT * FROM meant_to_run WHERE may <> goes', v.what) FROM (VALUES
  ('GRANT EXECUTE ON FUNCTION caseload.evaluate(date, text) TO "t App"', 'an app that may judge everything'),
  ('REVOKE EXECUTE ON FUNCTION caseload._day(date, text) FROM t_reader', 'a function that a reader needs'),
  ('CREATE FUNCTION facade.planted() RETURNS int LANGUAGE sql AS ''SELECT 1''', 'a function for everybody')) AS v (planted, what);

-- Called with arguments of the sample, a reading function gives a reader and an app what it gives the owner.
CREATE FUNCTION pg_temp.argument(name text, type oid) RETURNS text LANGUAGE sql STABLE AS
$$
  SELECT CASE WHEN type::regtype::text = 'caseload.client_facts' THEN 'NULL'
              WHEN name IN ('district_id', 'in_district') THEN '''NORTH'''
              WHEN name IN ('therapist_id', 'in_therapist') THEN '(SELECT min(therapist_id) FROM caseload.therapist WHERE district_id = ''NORTH'')'
              WHEN name = 'client_id' THEN '(SELECT min(client_id) FROM caseload.client WHERE district_id = ''NORTH'')'
              WHEN name = 'service_id' THEN 'NULL'
              WHEN name = 'flag_id' THEN '(SELECT min(flag_id) FROM caseload.flag WHERE district_id = ''NORTH'' AND cleared_on IS NULL)'
              WHEN name = 'key' THEN '(SELECT min(client_id) FROM caseload.client WHERE district_id = ''NORTH'')'
              WHEN name IN ('as_of', 'to_date', 'day', 'last') THEN '''2026-03-02'''
              WHEN name = 'from_date' THEN '''2026-02-16'''
              WHEN name IN ('by', 'per', 'grouping') THEN '''district'''
              WHEN name = 'subject' THEN '''client'''
              WHEN name IN ('rule_or_condition', 'condition', 'expression', 'a', 'b') AND type = 'text'::regtype THEN '''strikes >= 2'''
              WHEN name = 'result_type' THEN '''boolean'''
              WHEN name IN ('weighting', 'weighting_name', 'weighting_a', 'weighting_b') THEN '(SELECT min(weighting_name) FROM caseload.weighting)'
              WHEN name = 'dosage' AND type = 'text'::regtype THEN '''2x30/week'''
              WHEN name = 'policy_name' THEN '''calendar'''
              WHEN name = 'step' AND type = 'interval'::regtype THEN '''7 days'''
              WHEN name = 'group_size' THEN '2'
              ELSE 'NULL' END || '::' || type::regtype
$$;
CREATE FUNCTION pg_temp.outcome(role name, call text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE said text;
BEGIN
  BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE 'SELECT count(*) || '' '' || md5(coalesce(string_agg(q::text, ''|'' ORDER BY q::text COLLATE "C"), '''')) FROM ' || call || ' AS q' INTO said;
    RAISE EXCEPTION USING ERRCODE = 'P9999';
  EXCEPTION
    WHEN SQLSTATE 'P9999' THEN NULL;
    WHEN OTHERS THEN said := SQLSTATE || ' ' || SQLERRM;
  END;
  RETURN said;
END
$$;
CREATE TEMP VIEW call AS
SELECT r.name, format('%s.%I(%s)', r.nspname, r.proname, (
         SELECT string_agg(pg_temp.argument(a.name, a.type), ', ' ORDER BY a.place)
           FROM unnest(p.proargtypes::oid[], p.proargnames[1:p.pronargs]) WITH ORDINALITY AS a (type, name, place))) AS call
  FROM routine r JOIN pg_proc p ON p.oid = r.oid
 WHERE p.provolatile <> 'v' AND p.prokind = 'f' AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype, 'cstring'::regtype)
   AND p.proname <> '_pieces' AND NOT 'internal'::regtype = ANY (p.proargtypes) AND NOT 'cstring'::regtype = ANY (p.proargtypes)
   -- who it is that asks
   AND p.proname <> 'actor'
   -- rows of any kind
   AND NOT 'record'::regtype = ANY (p.proargtypes)
   -- those whose result is a record are called with the columns that they have
   AND (p.prorettype <> 'record'::regtype OR p.proallargtypes IS NOT NULL);
CREATE TEMP TABLE outcome AS
SELECT c.name, c.call, pg_temp.outcome(current_user, c.call) AS owner, pg_temp.outcome('t_reader', c.call) AS reader, pg_temp.outcome('t App', c.call) AS app FROM call c;
SELECT cmp_ok((SELECT count(*) FROM outcome), '>', 150::bigint, 'reading functions are called');
SELECT cmp_ok((SELECT count(*) FROM outcome WHERE owner ~ '^[1-9]\d* '), '>', 120::bigint, 'and give rows');
SELECT is_empty('SELECT name, call, owner, reader FROM outcome WHERE reader <> owner', 'a reader gets from every reading function what the owner gets');
SELECT is_empty('SELECT name, call, owner, app FROM outcome WHERE app <> owner', 'and so does an app');
SELECT pg_temp.found(v.planted, $$SELECT * FROM call c WHERE c.name ~ 'caseload.(client_facts|waiting_list)\(' AND pg_temp.outcome('t_reader', c.call) <> pg_temp.outcome(current_user, c.call)$$, v.what) FROM (VALUES
  ('REVOKE SELECT ON caseload.client_activity FROM t_reader', 'a table that a report reads'),
  ('REVOKE EXECUTE ON FUNCTION caseload._day(date, text) FROM t_reader', 'a function that a report calls')) AS v (planted, what);

------------------------------------------------------------------------------------------------------------------------------------
-- An app at work: facts through its tables, answers through functions
------------------------------------------------------------------------------------------------------------------------------------

SET LOCAL ROLE "t App";
INSERT INTO caseload.district (district_id) VALUES ('GRANT');
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('GRANT', 'S', 'America/New_York');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte, time_zone) VALUES ('GRANT', 'T', 'SLP', 1, 'UTC');
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('GRANT', 'C', 'S');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id) VALUES ('GRANT', 'V', 'C', 'SLP', '2x30/week', 'T');
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) SELECT 'GRANT', 'C', i, now() - i * interval '3 days', 'no_show' FROM generate_series(1, 3) i;
SELECT is((SELECT string_agg(rule_name || ' ' || state, ', ') FROM caseload.current_flags WHERE district_id = 'GRANT'), 'attendance_close open', 'an app that writes facts gets its flag');
SELECT lives_ok($$SELECT caseload.dismiss_flag(flag_id, 'was ill') FROM caseload.current_flags WHERE district_id = 'GRANT'$$, 'and answers it');
SELECT ok((SELECT bool_and(s.step = 'dismissed' AND s.why = 'was ill' AND s.by = 't App') FROM caseload.flag_step s WHERE s.district_id = 'GRANT'), 'in the name of who answered, not of the owner who wrote it');
SELECT throws_ok($$SELECT caseload._answer(flag_id, 'GRANT', 'closed', NULL, NULL) FROM caseload.flag$$, '42501', NULL, 'but does not get past the function that checks the answer');
SET LOCAL ROLE t_reader;
SELECT throws_ok($$SELECT caseload.acknowledge_flag(flag_id) FROM caseload.flag WHERE district_id = 'GRANT'$$, '42501', NULL, 'a reader answers nothing');
RESET ROLE;
-- who cannot see a flag cannot answer it, although the answer is written by the owner
SET LOCAL client_min_messages = error;
CREATE POLICY mine ON caseload.flag TO "t App" USING (district_id <> 'GRANT');
ALTER TABLE caseload.flag ENABLE ROW LEVEL SECURITY;
SET LOCAL ROLE "t App";
SELECT throws_ok($$SELECT caseload.acknowledge_flag((SELECT 'x'))$$, 'P0002', 'flag does not exist', 'a flag that is not there cannot be answered');
RESET ROLE;
SELECT set_config('test.flag', (SELECT flag_id FROM caseload.flag WHERE district_id = 'GRANT'), true) \g /dev/null
SET LOCAL ROLE "t App";
SELECT throws_ok($$SELECT caseload.acknowledge_flag(current_setting('test.flag'))$$, 'P0002', 'flag does not exist', 'nor one that row security hides');
RESET ROLE;
ALTER TABLE caseload.flag DISABLE ROW LEVEL SECURITY;
SET LOCAL ROLE "t App";
SELECT lives_ok($$SELECT caseload.acknowledge_flag(current_setting('test.flag'))$$, 'the same flag, not hidden, can');
RESET ROLE;

------------------------------------------------------------------------------------------------------------------------------------
-- Unknown roles, and taking back
------------------------------------------------------------------------------------------------------------------------------------

SELECT throws_ok($$SELECT caseload.grant_reader('nobody at all')$$, '42704', 'role "nobody at all" does not exist', 'an unknown role is refused');
SELECT throws_ok($$SELECT caseload.grant_app('public')$$, '42704', 'role "public" does not exist', 'and so is everybody');
SELECT throws_ok($$SELECT caseload.grant_app('t App', 'no such schema')$$, '3F000', 'schema "no such schema" does not exist', 'an unknown facade is refused');
GRANT EXECUTE ON FUNCTION caseload.grant_app(text, text), caseload._set_rights(text, boolean, text, boolean) TO "t App";
SET LOCAL ROLE "t App";
SELECT throws_ok($$SELECT caseload.grant_app('t_nobody')$$, '42501', 'permission denied to set rights in schema caseload', 'who does not own them cannot give rights');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION caseload.grant_app(text, text), caseload._set_rights(text, boolean, text, boolean) FROM "t App";
SELECT caseload.revoke_app('t App', 'facade') \g /dev/null
SELECT caseload.revoke_reader('t_reader', 'facade') \g /dev/null
SELECT is((SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname IN ('t App', 't_reader')
            AND d.deptype = 'a' AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())), 0::bigint, 'nothing is left of what was taken back');

SELECT finish();
ROLLBACK;
