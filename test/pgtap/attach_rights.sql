-- Attached tables of others: nothing of an owner's runs with our rights, nobody gets more than he has, and nobody learns through us what
-- row security keeps from him.

\ir begin.psql
SET LOCAL jit = off;

SELECT plan(74);

CREATE ROLE caseload_pgtap_owner;
CREATE ROLE caseload_pgtap_ann;
CREATE ROLE caseload_pgtap_bob;
CREATE ROLE caseload_pgtap_bi;
CREATE SCHEMA apps AUTHORIZATION caseload_pgtap_owner;
GRANT USAGE ON SCHEMA apps, public TO caseload_pgtap_owner, caseload_pgtap_ann, caseload_pgtap_bob;

------------------------------------------------------------------------------------------------------------------------------------
-- A hostile owner: functions that note as whom they run, wherever an owner can put one
------------------------------------------------------------------------------------------------------------------------------------

SET LOCAL ROLE caseload_pgtap_owner;
CREATE TABLE apps.ran (who name, what text);
GRANT INSERT, SELECT ON apps.ran TO PUBLIC;
CREATE FUNCTION apps.note(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO apps.ran VALUES (current_user, what); RETURN true; END $$;
GRANT EXECUTE ON FUNCTION apps.note TO PUBLIC;
CREATE FUNCTION apps.grab() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN SET ROLE postgres; RETURN true; EXCEPTION WHEN OTHERS THEN
  INSERT INTO apps.ran VALUES (current_user, SQLSTATE); RETURN true; END $$;
CREATE FUNCTION apps.steal() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM caseload.source; INSERT INTO apps.ran VALUES (current_user, 'read our tables'); RETURN true;
  EXCEPTION WHEN insufficient_privilege THEN INSERT INTO apps.ran VALUES (current_user, '42501'); RETURN true; END $$;
CREATE TABLE apps.base (id int PRIMARY KEY, client text, at timestamptz, status text);
CREATE INDEX base_note ON apps.base ((id + 1));
CREATE VIEW apps.trap AS SELECT * FROM apps.base WHERE apps.note('view') AND apps.grab() AND apps.steal();
CREATE FUNCTION apps.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN apps.note('operator'); END $$;
CREATE OPERATOR apps.= (LEFTARG = text, RIGHTARG = text, FUNCTION = apps.eq);
CREATE FUNCTION apps.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM apps.note('function'); RETURN $1; END $$;
INSERT INTO apps.base SELECT i, 'c' || i % 3, now() - i * interval '1 day', 'attended' FROM generate_series(1, 9) i;
RESET ROLE;
-- under a path on which the owner's come first
CREATE FUNCTION pg_temp.trying(expression text) RETURNS text LANGUAGE plpgsql SET search_path = apps, pg_temp, pg_catalog AS $$ BEGIN
  PERFORM caseload.attach('apps.base', pg_catalog.jsonb_build_object('district', '{"constant": "H"}'::pg_catalog.jsonb, 'client', 'client'::pg_catalog.text, 'at', 'at'::pg_catalog.text,
    'status', pg_catalog.jsonb_build_object('expression', expression)));
  RETURN NULL;
  EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
CREATE FUNCTION pg_temp.called() RETURNS void LANGUAGE plpgsql SET search_path = apps, pg_temp, pg_catalog AS $$ BEGIN
  INSERT INTO apps.base VALUES (10, 'c1', now(), 'late'); PERFORM caseload.refresh('trap'); END $$;

-- what a mapping may not say is refused before anything of it is run
SELECT is(pg_temp.trying(e), '22023', 'refused: ' || e)
FROM unnest(ARRAY['apps.note(status)', 'lower(status) || apps.grab()', '(SELECT status)', 'status OPERATOR(apps.=) ''x''', 'pg_read_file(status)', 'current_user::text', 'nextval(''x'')', 'status; DROP TABLE apps.base',
  'status) FROM apps.base WHERE (true', '$1', 'xmin::text', 'base', 'count(*)', 'now()', 'random()::text', 'status::regclass', 'date ''today''', 'status::date', '''now''::timestamptz', 'status LIKE ALL (''{a}'')',
  'set_config(''a'', status, false)', 'query_to_xml(status, true, true, '''')']) e;
SELECT is((SELECT count(*) FROM source), 0::bigint, 'nothing is attached');
SELECT is((SELECT count(*) FROM apps.ran), 0::bigint, 'nothing was run');

SELECT is(attach('apps.trap', '{"district": {"constant": "H"}, "client": "client", "at": "at", "status": "status", "key": "id", "watch": {"apps.base": {"id": "id"}}}'), 'trap', 'a view that calls functions of its owner');
SELECT pg_temp.called() \g /dev/null
SELECT is((SELECT count(*) FROM verify('H')), 0::bigint, 'read, written, compared');
SELECT is((SELECT array_agg(DISTINCT who) FROM apps.ran), '{caseload_pgtap_owner}', 'they run as their owner only');
SELECT is((SELECT array_agg(DISTINCT what) FROM apps.ran WHERE what <> 'view'), '{42501}', 'who can take no other role, nor read our tables');
SELECT cmp_ok((SELECT count(*) FROM apps.ran WHERE what = 'view'), '>', 0::bigint, 'the trap did run');
-- what the mapping says is not hers to change
SET LOCAL ROLE caseload_pgtap_owner;
SELECT throws_ok($$CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO caseload.source_trap DO INSTEAD SELECT id AS key_1, 'other'::text AS district_id FROM apps.base$$, '42501', NULL, 'an owner cannot make the view say something else');
SELECT throws_ok('DROP VIEW caseload.source_trap', '42501', NULL, 'nor drop it');
RESET ROLE;
SELECT detach('trap') \g /dev/null
-- the twin: read by anybody else it runs as him
SELECT count(*) FROM apps.trap \g /dev/null
SELECT is((SELECT count(DISTINCT who) FROM apps.ran), 2::bigint, 'read without us it runs as whoever reads it');
-- who may attach: the owner of the relation who may also write our tables
SET LOCAL ROLE caseload_pgtap_owner;
SELECT throws_ok($$SELECT caseload.attach('apps.base', '{}')$$, '42501', NULL, 'an owner who is nobody to us may not attach by himself');
RESET ROLE;
SELECT grant_reader('caseload_pgtap_owner') \g /dev/null
GRANT EXECUTE ON FUNCTION caseload.attach, caseload.detach, caseload.refresh TO caseload_pgtap_owner;
SET LOCAL ROLE caseload_pgtap_owner;
SELECT throws_ok($$SELECT caseload.attach('apps.base', '{"district": {"constant": "H"}, "client": "client", "at": "at", "status": "status"}')$$, '42501', 'permission denied for table caseload.appointment',
  'nor one who may only read ours, whatever he may call');
RESET ROLE;
SELECT revoke_reader('caseload_pgtap_owner') \g /dev/null
GRANT USAGE ON SCHEMA caseload TO caseload_pgtap_bi;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA caseload TO caseload_pgtap_bi;
SET LOCAL ROLE caseload_pgtap_bi;
SELECT throws_ok($$SELECT caseload.attach('apps.base', '{}')$$, '42501', NULL, 'nor may somebody else, whatever he may call');
RESET ROLE;

------------------------------------------------------------------------------------------------------------------------------------
-- An owner who has the rights of an app attaches what is his, and nothing else
------------------------------------------------------------------------------------------------------------------------------------

CREATE ROLE caseload_pgtap_apps;
SELECT grant_app('caseload_pgtap_apps') \g /dev/null
GRANT caseload_pgtap_apps TO caseload_pgtap_owner;
CREATE TABLE public.not_hers (id int PRIMARY KEY, client text, at timestamptz, status text);
GRANT ALL ON public.not_hers TO caseload_pgtap_owner;
REVOKE TRIGGER ON public.not_hers FROM caseload_pgtap_owner;
CREATE TABLE public.mine () INHERITS (public.not_hers);
DROP TABLE public.mine;
\set map '{"district": {"constant": "H"}, "client": "client", "at": "at", "status": "status"}'
SET LOCAL ROLE caseload_pgtap_owner;
CREATE VIEW apps.watching AS SELECT b.* FROM apps.base b JOIN public.not_hers n USING (id);
SELECT is(caseload.attach('apps.base', :'map'), 'base', 'she attaches her table');
SELECT is((SELECT attached_by FROM caseload.sources WHERE source_id = 'base'), 'caseload_pgtap_owner', 'in her name');
SELECT is((SELECT c.relowner::regrole::text FROM pg_class c WHERE c.oid = 'caseload.source_base'::regclass), (SELECT c.relowner::regrole::text FROM pg_class c WHERE c.oid = 'caseload.source'::regclass),
  'what the mapping says belongs to us');
INSERT INTO apps.base VALUES (11, 'c1', now(), 'no_show');
SELECT is((SELECT count(*) FROM caseload.appointment WHERE source_id = 'base'), (SELECT count(*) FROM apps.base), 'it is followed');
SELECT is(caseload.refresh('base'), 0::bigint, 'she may have it compared');
SELECT throws_ok(format('SELECT caseload.attach(%L, %L)', 'public.not_hers', :'map'), '42501', 'must be owner of relation public.not_hers', 'what she may only write is not hers to attach');
SELECT throws_ok(format('SELECT caseload.attach(%L, %L)', 'apps.watching', :'map'::jsonb || '{"key": "id", "watch": {"apps.base": {"id": "id"}, "public.not_hers": {}}}'), '42501', 'permission denied for table public.not_hers',
  'nor to have triggers on, by way of a view');
SELECT throws_ok('SELECT caseload._attach(''public.not_hers'', ''{}'', ''scan'', NULL)', '42501', NULL, 'the function behind is nobody''s to call');
SELECT throws_ok('CREATE VIEW caseload.hers AS SELECT 1', '42501', NULL, 'she still makes nothing among ours');
SELECT throws_ok($$UPDATE caseload.source SET mode = 'scan'$$, '42501', NULL, 'nor writes what a source is');
RESET ROLE;
-- what is somebody else's is not hers to end or to compare
SELECT attach('public.not_hers', :'map') \g /dev/null
SET LOCAL ROLE caseload_pgtap_owner;
SELECT throws_ok($$SELECT caseload.detach('not_hers')$$, '42501', 'must be owner of source "not_hers"', 'she cannot detach another''s');
SELECT throws_ok($$SELECT caseload.refresh('not_hers')$$, '42501', 'must be owner of source "not_hers"', 'nor refresh it');
SELECT lives_ok($$SELECT caseload.detach('base')$$, 'but her own');
RESET ROLE;
SELECT detach('not_hers') \g /dev/null
-- an owner's row security is not got around by writing as us
SAVEPOINT walls;
ALTER TABLE caseload.appointment ENABLE ROW LEVEL SECURITY;
CREATE POLICY district ON caseload.appointment USING (district_id = 'X');
SET LOCAL ROLE caseload_pgtap_owner;
SELECT throws_ok(format('SELECT caseload.attach(%L, %L)', 'apps.base', :'map'), '42501', 'relation apps.base cannot be attached by caseload_pgtap_owner', 'a source would not be held by row security of our tables');
ROLLBACK TO walls;
SET LOCAL ROLE caseload_pgtap_owner;
SELECT lives_ok(format('SELECT caseload.attach(%L, %L)', 'apps.base', :'map'), 'the twin: without a policy it goes');
SELECT caseload.detach('base') \g /dev/null
RESET ROLE;
REVOKE caseload_pgtap_apps FROM caseload_pgtap_owner;

------------------------------------------------------------------------------------------------------------------------------------
-- Row security: two therapists who see their own students only, and an analyst who sees none
------------------------------------------------------------------------------------------------------------------------------------

SET LOCAL ROLE caseload_pgtap_owner;
CREATE TABLE apps.log (id int PRIMARY KEY, owner name, student text, name text, at timestamptz, status text);
ALTER TABLE apps.log ENABLE ROW LEVEL SECURITY;
ALTER TABLE apps.log FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON apps.log USING (owner = current_user);
GRANT SELECT, INSERT, UPDATE, DELETE ON apps.log TO caseload_pgtap_ann, caseload_pgtap_bob;
RESET ROLE;
-- students 1 and 2 are Ann's, 3 and 4 Bob's; both see 5
INSERT INTO apps.log SELECT i, CASE WHEN i % 5 < 2 OR i % 10 = 4 THEN 'caseload_pgtap_ann' ELSE 'caseload_pgtap_bob' END, 's' || 1 + i % 5, 'canary ' || 1 + i % 5, now() - i * interval '1 day', 'no_show' FROM generate_series(1, 40) i;
INSERT INTO district (district_id) VALUES ('L');
INSERT INTO client (district_id, client_id, name) VALUES ('L', 'own', 'not from there');
GRANT USAGE ON SCHEMA caseload TO caseload_pgtap_ann, caseload_pgtap_bob;
GRANT SELECT ON ALL TABLES IN SCHEMA caseload TO caseload_pgtap_ann, caseload_pgtap_bob, caseload_pgtap_bi;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA caseload TO caseload_pgtap_ann, caseload_pgtap_bob, caseload_pgtap_bi;
REVOKE EXECUTE ON FUNCTION caseload.may_see_client, caseload._source_is_secured, caseload._source_behind, caseload._source_relation FROM caseload_pgtap_ann, caseload_pgtap_bob, caseload_pgtap_bi;
-- every way to a client, as text
CREATE FUNCTION pg_temp.seen() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(DISTINCT m[1], ' ' ORDER BY m[1])
    FROM (SELECT t::text AS line FROM caseload.client t WHERE district_id = 'L' UNION ALL SELECT t::text FROM caseload.appointment t WHERE district_id = 'L' UNION ALL SELECT t::text FROM caseload.episode t WHERE district_id = 'L'
          UNION ALL SELECT district_id || client_id FROM caseload.client_activity WHERE district_id = 'L' UNION ALL SELECT t::text FROM caseload.flag t WHERE district_id = 'L'
          UNION ALL SELECT district_id || client_id FROM caseload.client_facts() WHERE district_id = 'L' UNION ALL SELECT t::text FROM caseload.current_flags t WHERE district_id = 'L'
          UNION ALL SELECT t::text FROM caseload.backtest('client', 'no_shows >= 2', CURRENT_DATE - 40, CURRENT_DATE) t UNION ALL SELECT t::text FROM caseload.findings() t
          UNION ALL SELECT t::text FROM caseload.data_gaps t UNION ALL SELECT t::text FROM caseload.sources t UNION ALL SELECT t::text FROM caseload.source_fault t
          UNION ALL SELECT t::text FROM caseload.client_need t WHERE district_id = 'L' UNION ALL SELECT t::text FROM caseload.waiting t WHERE district_id = 'L'
          UNION ALL SELECT t::text FROM caseload.waiting_step t WHERE district_id = 'L' UNION ALL SELECT t::text FROM caseload.schedule_slot t WHERE district_id = 'L'
          UNION ALL SELECT t::text FROM caseload.reminders_due(now() - interval '9 days') t) l, regexp_matches(l.line, '(s[1-5]|not from there|secret)', 'g') m $$;

SELECT is(attach('apps.log', '{"district": {"constant": "L"}, "client": "student", "client_name": "name", "at": "at", "status": "status", "unknown": "skip"}'), 'log', 'attached');
INSERT INTO apps.log VALUES (50, 'caseload_pgtap_bob', 's3', 'canary 3', now(), 'secret');
-- what is said of clients elsewhere, too
INSERT INTO therapist (district_id, therapist_id, discipline) VALUES ('L', 't', 'SLP');
INSERT INTO client_need SELECT 'L', 's' || i, 'language', 'Spanish' FROM generate_series(1, 5) i;
INSERT INTO service (district_id, service_id, client_id, discipline, dosage) SELECT 'L', 'v' || i, 's' || i, 'SLP', '1x30/week' FROM generate_series(1, 5) i;
SELECT prioritize_waiting('v' || i, i, 'waits') FROM generate_series(1, 5) i \g /dev/null
INSERT INTO schedule_slot (district_id, therapist_id, client_id) SELECT 'L', 't', 's' || i FROM generate_series(1, 5) i;
SELECT is(pg_temp.seen(), 'not from there s1 s2 s3 s4 s5 secret', 'the owner of our tables sees all');
-- every table that is about clients or their flags has the policy: also one that comes later
CREATE TEMP VIEW open_table AS
SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('client_id', 'flag_id') AND NOT a.attisdropped
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind IN ('r', 'p')
   AND NOT (c.relrowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'caseload_source' AND NOT p.polpermissive));
SELECT is_empty('TABLE open_table', 'every table that is about clients has the policy');
SAVEPOINT later;
CREATE TABLE caseload.planted (district_id text NOT NULL, client_id text NOT NULL);
SELECT is((SELECT string_agg(relname, ' ') FROM open_table), 'planted', 'the twin: one that has none is found');
CREATE TABLE public.any_ddl ();
SELECT _source_row_security() \g /dev/null
SELECT is_empty('TABLE open_table', 'it gets it with the next source, or update');
ROLLBACK TO later;
SET LOCAL ROLE caseload_pgtap_ann;
SELECT is(pg_temp.seen(), 'not from there s1 s2', 'Ann sees her students, and who is from elsewhere; of whom she sees a part only she sees nothing');
SELECT is((SELECT count(*) FROM caseload.flag), (SELECT count(*) FROM caseload.flag WHERE client_id IN ('s1', 's2')), 'and their flags');
SELECT cmp_ok((SELECT count(*) FROM caseload.flag), '>=', 2::bigint, 'of which there are some');
SELECT throws_ok('SELECT * FROM caseload.verify()', '42501', 'permission denied to compare source "log"', 'verify() tells her nothing');
-- what she writes is followed with the rights of the owner, and she still sees her own only
INSERT INTO apps.log VALUES (51, 'caseload_pgtap_ann', 's1', 'canary 1', now(), 'attended');
SELECT is((SELECT count(*) FROM caseload.appointment WHERE appointment_id = 'log:51'), 1::bigint, 'what she writes is there at once');
UPDATE apps.log SET status = 'late';
SELECT is((SELECT count(DISTINCT client_id) FROM caseload.appointment WHERE status = 'late'), 2::bigint, 'she changes what she sees');
RESET ROLE;
SET LOCAL ROLE caseload_pgtap_bob;
SELECT is(pg_temp.seen(), 'not from there s3 s4', 'Bob his');
RESET ROLE;
SET LOCAL ROLE caseload_pgtap_bi;
SELECT is(pg_temp.seen(), 'not from there', 'who may not read the table sees none');
RESET ROLE;
SELECT is((SELECT count(*) FROM verify('L')), 0::bigint, 'all is right, also under FORCE ROW LEVEL SECURITY');
-- the twin: without the policies she sees everybody
SAVEPOINT twin;
ALTER TABLE caseload.client DISABLE ROW LEVEL SECURITY;
SET LOCAL ROLE caseload_pgtap_ann;
SELECT is((SELECT count(*) FROM caseload.client WHERE district_id = 'L'), 6::bigint, 'without our policy she would see all');
ROLLBACK TO twin;
RESET ROLE;
-- row security that comes later
SET CONSTRAINTS ALL IMMEDIATE;
SELECT detach('log') \g /dev/null
SELECT is((SELECT count(*) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'caseload'::regnamespace), 0::bigint, 'the policies go with the last source that needs them');
ALTER TABLE apps.log DISABLE ROW LEVEL SECURITY;
SELECT attach('apps.log', '{"district": {"constant": "L"}, "client": "student", "at": "at", "status": "status", "unknown": "skip"}') \g /dev/null
SET LOCAL ROLE caseload_pgtap_bob;
SELECT is((SELECT count(*) FROM caseload.client WHERE district_id = 'L'), 6::bigint, 'a table without row security keeps nothing from anybody');
RESET ROLE;
ALTER TABLE apps.log ENABLE ROW LEVEL SECURITY;
SET LOCAL ROLE caseload_pgtap_bob;
SELECT is((SELECT count(*) FROM caseload.client WHERE district_id = 'L'), 3::bigint, 'until it gets it');
RESET ROLE;

SELECT detach('log') \g /dev/null

-- behind a view: nobody is told by comparing what the table behind keeps from him
GRANT CREATE ON SCHEMA apps TO caseload_pgtap_ann;
SET LOCAL ROLE caseload_pgtap_owner;
CREATE TABLE apps.kept (id int PRIMARY KEY, student text, who text, at timestamptz, status text);
ALTER TABLE apps.kept ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON apps.kept USING (who = current_user);
CREATE VIEW apps.asked WITH (security_invoker = true) AS TABLE apps.kept;
CREATE VIEW apps.told AS TABLE apps.kept;
GRANT SELECT ON apps.kept, apps.asked, apps.told TO caseload_pgtap_ann, caseload_pgtap_bob;
RESET ROLE;
ALTER VIEW apps.told OWNER TO caseload_pgtap_ann;
INSERT INTO apps.kept VALUES (1, 's1', 'caseload_pgtap_bob', now(), 'attended'), (2, 'secret', 'caseload_pgtap_owner', now(), 'attended');
SELECT attach(('apps.' || name)::regclass, '{"district": {"constant": "V"}, "client": "student", "at": "at", "status": "status", "key": "id", "watch": {"apps.kept": {"id": "id"}}}')
  FROM unnest('{asked,told}'::text[]) AS name \g /dev/null
SELECT is((SELECT count(*) FROM _source_differences('asked')), 0::bigint, 'who sees all may compare');
SET LOCAL ROLE caseload_pgtap_bob;
SELECT throws_ok($$SELECT * FROM caseload._source_differences('asked')$$, '42501', 'permission denied to compare source "asked"', 'who sees a part only of what a view asks with his rights may not');
SELECT throws_ok($$SELECT * FROM caseload._source_differences('told')$$, '42501', 'permission denied to compare source "told"', 'nor where the view belongs to somebody else than the table');
RESET ROLE;
ALTER TABLE apps.kept DISABLE ROW LEVEL SECURITY;
SET LOCAL ROLE caseload_pgtap_bob;
SELECT lives_ok($$SELECT * FROM caseload._source_differences('asked')$$, 'the twin: without row security he may');
RESET ROLE;
SELECT detach(name) FROM unnest('{asked,told}'::text[]) AS name \g /dev/null

-- rights of a group that go take no source along
SELECT grant_app('caseload_pgtap_apps') \g /dev/null
GRANT caseload_pgtap_apps TO caseload_pgtap_owner;
REVOKE ALL ON SCHEMA caseload FROM caseload_pgtap_owner;
SET LOCAL ROLE caseload_pgtap_owner;
SELECT caseload.attach('apps.base', :'map') \g /dev/null
RESET ROLE;
SELECT revoke_app('caseload_pgtap_apps') \g /dev/null
SELECT ok(NOT has_schema_privilege('caseload_pgtap_owner', 'caseload', 'USAGE'), 'with her group she has lost the schema');
SET LOCAL ROLE caseload_pgtap_owner;
INSERT INTO apps.base VALUES (12, 'c1', now(), 'no_show');
RESET ROLE;
SELECT is((SELECT count(*) FROM appointment WHERE appointment_id = 'base:12'), 1::bigint, 'and her table is followed');

SELECT * FROM finish();
ROLLBACK;
