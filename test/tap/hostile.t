#!/bin/bash
# hostile.t: an ordinary role that may CREATE plants schema, functions, operators, types, tables and temporary objects with names of ours and
# of the server's. The extension is installed and used right among them: installing refuses clearly, or nothing of theirs is ever run.
#
# Every planted function counts its calls in a sequence named after whom it runs as; sequences keep what a rollback takes back. The control
# is a function without a path: it must fall into the trap.
#
# Needs a server where PG* point to, as a superuser, and this project's test folder in CASELOAD_IN.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
export PGOPTIONS='-c client_min_messages=error -c search_path=public' PGDATABASE=caseload_tap_hostile PGTZ=UTC
work=$(mktemp -d)
finish() {
  dropdb --if-exists "$PGDATABASE" 2>/dev/null
  psql -XAtq -d postgres -c 'DROP ROLE IF EXISTS caseload_tap_mallory' >/dev/null 2>&1
  rm -rf "$work"
}
trap finish EXIT
sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@" 2>&1; }
mallory() { sql -c 'SET SESSION AUTHORIZATION caseload_tap_mallory' "$@"; }
fired() { sql -c 'SELECT last_value - 1 FROM mallory.by_owner' -c 'SELECT last_value - 1 FROM mallory.by_mallory' | xargs; }
reset() { sql -o /dev/null -c "SELECT pg_catalog.setval('mallory.by_owner', 1), pg_catalog.setval('mallory.by_mallory', 1)"; }
hostile='SET search_path = public, pg_temp, pg_catalog'

psql -XAtq -d postgres -c 'DROP ROLE IF EXISTS caseload_tap_mallory' -c 'CREATE ROLE caseload_tap_mallory' >/dev/null 2>&1
fresh() {
  dropdb --if-exists "$PGDATABASE" 2>/dev/null
  createdb "$PGDATABASE" && sql -c "GRANT CREATE, TEMP ON DATABASE $PGDATABASE TO caseload_tap_mallory" -c 'GRANT CREATE, USAGE ON SCHEMA public TO caseload_tap_mallory'
}

# names of ours, from an installation among friends
fresh || { echo 'Bail out! no database'; exit 1; }
sql -o /dev/null -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' || { echo 'Bail out! not installed'; exit 1; }
shape="SELECT p.oid::regprocedure, md5(p.prosrc), md5(pg_get_function_sqlbody(p.oid)), p.proacl, p.proconfig FROM pg_proc p WHERE p.pronamespace = 'caseload'::regnamespace
  UNION ALL SELECT NULL, c.relname, md5(pg_get_viewdef(c.oid)), NULL, NULL FROM pg_class c WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind = 'v' ORDER BY 1, 2"
sql -c 'SET search_path = pg_catalog' -c "$shape" >"$work/shape"
sql -c "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'caseload'::regnamespace" >"$work/functions"
sql -c "SELECT relname FROM pg_class WHERE relnamespace = 'caseload'::regnamespace AND relkind IN ('r', 'v')" >"$work/relations"
sql -c "SELECT typname FROM pg_type WHERE typnamespace = 'caseload'::regnamespace AND typtype IN ('b', 'e', 'c', 'd') AND typelem = 0 AND typname NOT IN (SELECT relname FROM pg_class)" >"$work/types"
[[ $(wc -l <"$work/functions") -gt 100 && $(wc -l <"$work/relations") -gt 25 ]]
ok $? "there are $(wc -l <"$work/functions") functions and $(wc -l <"$work/relations") relations to take the names of"

# a schema, or what we require, that is somebody else's
fresh
mallory -c 'CREATE SCHEMA caseload'
is "$(sql -v VERBOSITY=terse -c 'CREATE EXTENSION caseload CASCADE')" 'ERROR:  schema "caseload" already exists' 'a schema that was made before is refused'
is "$(sql -c "SELECT count(*) FROM pg_extension WHERE extname = 'caseload'")" 0 'and nothing is left'
fresh
mallory -c 'CREATE EXTENSION btree_gist'
ok $? 'the control: anybody who may CREATE can have btree_gist'
is "$(sql -c 'CREATE EXTENSION caseload' | sed -n 1p)" 'ERROR:  extension "btree_gist" belongs to a role that is no superuser' 'whoever could drop it, and us with it, is refused'
is "$(sql -c "SELECT count(*) FROM pg_extension WHERE extname = 'caseload'")" 0 'and nothing is left'

# plant SCHEMA: everything with a name that code of ours might say without its schema
cat >"$work/plant.sql" <<'SQL'
CREATE FUNCTION mallory.plant(into_schema text, our_functions text[], our_relations text[], our_types text[]) RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog AS $plant$
DECLARE r record; planted integer := 0; made text := '';
BEGIN
  FOR r IN
    SELECT proname::text AS name, pg_get_function_identity_arguments(oid) AS args, (SELECT string_agg(t::regtype::text, ', ') FROM unnest(proargtypes) t) AS types,
           prorettype::regtype::text AS result
      FROM pg_proc
     WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND NOT proretset AND pronargs <= 3 AND provariadic = 0 AND proargmodes IS NULL
       AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = ANY (proargtypes::oid[] || prorettype) AND t.typtype = 'p')
    UNION ALL
    SELECT f, a, a, 'integer' FROM unnest(our_functions) f, unnest(ARRAY['', 'text', 'date', 'date, text', 'text, text', 'text, date', 'date, text, text', 'integer, numeric, numeric']) a
  LOOP
    BEGIN
      EXECUTE format('CREATE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql AS $$ BEGIN PERFORM mallory.fire(); RETURN NULL; END $$', into_schema, r.name, r.types, r.result);
      planted := planted + 1;
    EXCEPTION WHEN duplicate_function THEN NULL;
    END;
  END LOOP;
  FOR r IN
    SELECT o.oprname AS name, o.oprleft::regtype::text AS l, o.oprright::regtype::text AS r, p.proname AS f
      FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode
     WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprleft <> 0
       AND EXISTS (SELECT FROM pg_proc x WHERE x.pronamespace = into_schema::regnamespace AND x.proname = p.proname AND x.proargtypes = p.proargtypes)
  LOOP
    EXECUTE format('CREATE OPERATOR %I.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %I.%I)', into_schema, r.name, r.l, r.r, into_schema, r.f);
    planted := planted + 1;
  END LOOP;
  FOREACH made IN ARRAY our_relations LOOP
    EXECUTE format('CREATE TABLE %I.%I (district_id text DEFAULT mallory.fire()::text, client_id text)', into_schema, made);
    planted := planted + 1;
  END LOOP;
  FOREACH made IN ARRAY our_types || '{text,int4,integer,date,daterange,timestamptz,numeric,bool,boolean,name,regclass}'::text[] LOOP
    EXECUTE format('CREATE DOMAIN %I.%I AS pg_catalog.text CHECK (mallory.fire())', into_schema, made);
    planted := planted + 1;
  END LOOP;
  RETURN planted;
END $plant$;
SQL
array() { printf "'{%s}'" "$(paste -sd, "$1")"; }
plant_into() { echo "SELECT mallory.plant('$1', $(array "$work/functions"), $(array "$work/relations"), $(array "$work/types"))"; }
fresh
sql -c 'CREATE SCHEMA mallory AUTHORIZATION caseload_tap_mallory' -c 'GRANT USAGE ON SCHEMA mallory TO PUBLIC'
mallory -c 'CREATE SEQUENCE mallory.by_owner' -c 'CREATE SEQUENCE mallory.by_mallory' -c 'GRANT ALL ON ALL SEQUENCES IN SCHEMA mallory TO PUBLIC' -c "
  CREATE FUNCTION mallory.fire() RETURNS boolean LANGUAGE plpgsql AS \$\$ BEGIN
    IF current_user OPERATOR(pg_catalog.=) 'caseload_tap_mallory'::pg_catalog.name THEN PERFORM pg_catalog.nextval('mallory.by_mallory'::pg_catalog.regclass);
    ELSE PERFORM pg_catalog.nextval('mallory.by_owner'::pg_catalog.regclass); END IF;
    RETURN true; END \$\$" -f "$work/plant.sql" -o /dev/null
planted=$(mallory -c "$(plant_into public)")
[[ $planted =~ ^[0-9]+$ && $planted -gt 1000 ]]
ok $? "planted into public: $planted"
reset
sql -o /dev/null -c "CREATE FUNCTION public.careless(a pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql AS 'BEGIN RETURN lower(a); END'" -c "$hostile" -c "SELECT public.careless('A'::pg_catalog.text)"
[[ $(fired) == '0 0' ]]
ok $((1 - $?)) 'the control: a function without a path falls into the trap, with the rights of its caller'
reset
sql -o /dev/null -c "ALTER FUNCTION public.careless SET search_path = pg_catalog, pg_temp" -c "$hostile" -c "SELECT public.careless('A'::pg_catalog.text)"
is "$(fired)" '0 0' 'with one it does not'

# installing among them
reset
is "$(sql -c "$hostile" -c 'CREATE EXTENSION caseload CASCADE')" '' 'the extension can be installed'
is "$(sql -c "$hostile" -c 'SELECT FROM caseload.install()')" '' 'and its tables'
is "$(fired)" '0 0' 'nothing planted was run'
is "$(sql -c 'SET search_path = pg_catalog' -c "$shape" | diff "$work/shape" -)" '' 'every function and view is what it is among friends'
is "$(sql -c 'SET search_path = pg_catalog' -c "SELECT DISTINCT pg_describe_object(d.refclassid, d.refobjid, 0) FROM pg_depend d, LATERAL pg_identify_object(d.classid, d.objid, 0) o, LATERAL pg_identify_object(d.refclassid, d.refobjid, 0) r
  WHERE o.schema = 'caseload' AND r.schema IN ('public', 'mallory') AND r.name IS DISTINCT FROM 'gist_text_ops' AND r.identity !~ 'gist_|gbt_'")" '' 'nothing of ours depends on anything of theirs'

# using it among them, with temporary objects of the same names, too
sql -o /dev/null -c 'SET search_path = pg_catalog' -v clients=40 -v therapists=3 -v weeks=8 -v anchor=2026-03-02 -f "$CASELOAD_IN/test/data/sample.sql" >"$work/sample"
ok $? 'a sample is loaded'
sql -c 'SET search_path = pg_catalog' -c "SELECT format('SELECT * FROM caseload.%I;', relname) FROM pg_class WHERE relnamespace = 'caseload'::regnamespace AND relkind IN ('r', 'v')
  UNION ALL
  SELECT format('SELECT * FROM caseload.%I(%s);', proname, (SELECT string_agg(CASE t::regtype::text WHEN 'date' THEN '''2026-03-02''' WHEN 'text' THEN '''NORTH''' WHEN 'boolean' THEN 'true' WHEN 'integer' THEN '7' WHEN 'numeric' THEN '2' ELSE 'NULL' END
         || (SELECT format('::%I.%I', typnamespace::regnamespace, typname) FROM pg_type WHERE oid = t), ', ' ORDER BY i) FROM unnest(proargtypes) WITH ORDINALITY a(t, i)))
    FROM pg_proc WHERE pronamespace = 'caseload'::regnamespace AND prokind = 'f' AND proname <> 'install'
     AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = ANY (proargtypes::oid[] || prorettype) AND t.typname IN ('internal', 'trigger', 'cstring', 'event_trigger'))
  UNION ALL
  SELECT format('SELECT * FROM caseload.%I();', proname) FROM pg_proc WHERE pronamespace = 'caseload'::regnamespace AND prokind = 'f' AND pronargs = pronargdefaults AND pronargs > 0 AND proname <> 'install'" >"$work/reads.sql"
cat >"$work/writes.sql" <<'SQL'
BEGIN;
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT district_id, client_id, 'planted', '2026-03-01 12:00+00', 'no_show' FROM caseload.client_activity WHERE pg_catalog.upper_inf(period);
UPDATE caseload.appointment SET status = 'attended';
UPDATE caseload.client SET grade = NULL;
SELECT FROM caseload.evaluate('2026-03-02'::pg_catalog.date);
SELECT FROM caseload.rebuild();
DELETE FROM caseload.appointment;
DELETE FROM caseload.service;
ROLLBACK;
SQL
shadows="SET client_min_messages = error; CREATE TEMP TABLE client (district_id pg_catalog.text); CREATE TEMP TABLE policy (LIKE caseload.policy); CREATE TEMP TABLE flag (LIKE caseload.flag); CREATE TEMP TABLE client_activity (LIKE caseload.client_activity);
  CREATE FUNCTION pg_temp.lower(pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql AS 'BEGIN PERFORM mallory.fire(); RETURN NULL; END';"
reset
psql -XAtq -o /dev/null -c "$shadows" -c "$hostile" -f "$work/reads.sql" >"$work/reads.out" 2>&1
grep -c ERROR "$work/reads.out" >"$work/errors"
[[ $(wc -l <"$work/reads.sql") -gt 200 ]]
ok $? "$(wc -l <"$work/reads.sql") tables, views and functions are read ($(<"$work/errors") of the calls are refused)"
is "$(fired)" '0 0' 'nothing planted was run with the rights of who reads'
is "$(sql -o /dev/null -c "$shadows" -c "$hostile" -f "$work/writes.sql")" '' 'rows are written, flags judged, values made anew'
is "$(fired)" '0 0' 'nothing planted was run with the rights of who writes'

# Mallory may write appointments: the triggers act as the owner
sql -c 'GRANT USAGE ON SCHEMA caseload TO caseload_tap_mallory' -c 'GRANT SELECT, INSERT, UPDATE, DELETE ON caseload.appointment, caseload.client, caseload.service TO caseload_tap_mallory' \
  -c 'GRANT SELECT ON ALL TABLES IN SCHEMA caseload TO caseload_tap_mallory'
reset
is "$(mallory -o /dev/null -c "$shadows" -c "$hostile" -c "INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT district_id, client_id, 'planted', '2026-03-01 12:00+00', 'no_show' FROM caseload.client_activity WHERE pg_catalog.upper_inf(period)" -c 'DELETE FROM caseload.appointment')" '' 'Mallory writes appointments'
is "$(fired | cut -d ' ' -f 1)" 0 'and nothing of hers was run with the rights of the owner'
is "$(mallory -c 'SELECT caseload.install()' | sed 's/:.*//')" 'ERROR' 'install() is not for her'
mallory -c 'DROP SCHEMA caseload CASCADE' >/dev/null || mallory -c 'DROP EXTENSION caseload CASCADE' >/dev/null || mallory -c 'DROP EXTENSION btree_gist CASCADE' >/dev/null
ok $((1 - ($? != 0))) 'nor can she drop anything of it'
echo "1..$n"
