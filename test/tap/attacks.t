#!/bin/bash
# attacks.t: every attack of test/fuzz/attacks.txt is refused, with a message and a place, and every condition of good.txt is taken,
# whoever asks and whatever the session is set to; nothing is read, called, written or left. Then 20,000 mutations of both.
#
# Needs a server where PG* point to, as a superuser, and this project's test folder in CASELOAD_IN.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
export PGOPTIONS='-c client_min_messages=error -c search_path=public -c track_functions=all' PGDATABASE=caseload_tap_attacks PGTZ=UTC CASELOAD_FUZZ=$CASELOAD_IN/test/fuzz
work=$(mktemp -d)
finish() {
  dropdb --if-exists "$PGDATABASE" 2>/dev/null
  psql -XAtq -d postgres -c 'DROP ROLE IF EXISTS caseload_tap_author' >/dev/null 2>&1
  rm -rf "$work"
}
trap finish EXIT
sql() { psql -XAtq -v VERBOSITY=verbose -v ON_ERROR_STOP=1 "$@" 2>&1; }

dropdb --if-exists "$PGDATABASE" 2>/dev/null
createdb "$PGDATABASE" || { echo 'Bail out! no database'; exit 1; }
sql -o /dev/null -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' -f "$CASELOAD_FUZZ/corpus.sql" || { echo 'Bail out! no corpus'; exit 1; }
[[ $(sql -c 'SELECT count(*) FROM fuzz.line WHERE NOT good') -ge 1000 && $(sql -c 'SELECT count(*) FROM fuzz.line WHERE good') -ge 100 ]]
ok $? "there are $(sql -c 'SELECT count(*) FROM fuzz.line WHERE NOT good') attacks and $(sql -c 'SELECT count(*) FROM fuzz.line WHERE good') good conditions"

# no operator in it: a hostile path would bring its own
verdicts='SELECT l.n, c.ok, c.message, c."position" FROM fuzz.line l CROSS JOIN LATERAL caseload.check_expression(l.subject, l.expression) c ORDER BY l.n;'
sql -c "$verdicts" >"$work/plain"
ok $? 'the corpus is judged without an internal error'
cat >"$work/judge.sql" <<'SQL'
CREATE TEMP TABLE v AS SELECT l.*, c.ok, c.message, c.detail, c."position" FROM fuzz.line l CROSS JOIN LATERAL caseload.check_expression(l.subject, l.expression) c;
SQL
is "$(sql -f "$work/judge.sql" -c 'SELECT n, expression FROM v WHERE ok AND NOT good')" '' 'no attack is accepted'
is "$(sql -f "$work/judge.sql" -c 'SELECT n, expression, message FROM v WHERE good AND NOT ok')" '' 'every good condition is accepted'
is "$(sql -f "$work/judge.sql" -c "SELECT n, expression FROM v WHERE NOT ok AND (message = '') IS NOT FALSE")" '' 'every refusal says why'
# what concerns the whole text, its numbers, its bytes, or is found by calculating, has no place
is "$(sql -f "$work/judge.sql" -c "SELECT n, left(expression, 80), message FROM v WHERE NOT ok AND \"position\" IS NULL
  AND message !~ 'longer than|division by zero|out of range|byte sequence' AND detail IS DISTINCT FROM 'Its numbers can grow to too many digits.'")" '' 'and where'
is "$(sql -f "$work/judge.sql" -c "SELECT n, expression FROM v WHERE NOT ok AND \"position\" NOT BETWEEN 1 AND length(expression) + 1")" '' 'the place is in the text'
is "$(sql -c "SELECT l.n, l.expression FROM fuzz.line l CROSS JOIN LATERAL caseload.check_expression('client', l.expression, 'numeric') c WHERE c.ok AND NOT l.good
  AND NOT (caseload.check_expression('client', '(' || l.expression || ') IS NULL')).ok")" '' 'no attack is accepted as a weight'

# the same, wherever it is asked
as_plain() { # name script
  is "$(sql <<<"$2
$verdicts")" "$(cat "$work/plain")" "the same verdicts $1"
}
shadows='DO $$ BEGIN PERFORM fuzz.temporary_objects(); END $$;'
hostile='SET search_path = evil, pg_temp, public, pg_catalog;'
is "$(sql <<<"$shadows $hostile SELECT 1 = 1, abs(1), 1 < 2; SELECT is_called FROM evil.used;")" "$(printf 't|1|t\nt')" 'the control: shadows of = and abs() do stand first'
sql -o /dev/null -c 'CREATE ROLE caseload_tap_author' -c 'GRANT USAGE ON SCHEMA caseload, fuzz TO caseload_tap_author' -c 'GRANT SELECT ON fuzz.line TO caseload_tap_author' \
  -c 'GRANT EXECUTE ON FUNCTION caseload.check_expression(text, text, text) TO caseload_tap_author'
as_plain 'with shadows of operators, functions and types first in the path' "$shadows $hostile"
as_plain 'with an empty search_path' "SET search_path = '';"
as_plain 'for an ordinary role' 'SET ROLE caseload_tap_author;'
as_plain 'for an ordinary role with a hostile path' "$shadows SET ROLE caseload_tap_author; $hostile"
as_plain 'in a read-only transaction' 'BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;'
as_plain 'after DISCARD ALL' "$shadows SELECT FROM fuzz.facts f WHERE caseload._holds('true', f.client) IS NULL; DISCARD ALL;"
as_plain 'in a subtransaction, after one that was rolled back' "BEGIN; SAVEPOINT a; SET LOCAL search_path = evil;
\\o /dev/null
$verdicts
\\o
ROLLBACK TO a; SAVEPOINT b;"
as_plain 'after errors' "DO \$\$ DECLARE e text; BEGIN
  FOREACH e IN ARRAY ARRAY['1 / strikes > 1', 'pg_sleep(1) IS NULL', 'strikes >', '(strikes'] LOOP
    BEGIN PERFORM caseload._holds(e, f.client) FROM fuzz.facts f; EXCEPTION WHEN OTHERS THEN NULL; END;
  END LOOP;
END \$\$;"
as_plain 'whatever the session is set to' "SET transform_null_equals = on; SET standard_conforming_strings = off; SET backslash_quote = off; SET escape_string_warning = on;
SET datestyle = 'German'; SET intervalstyle = 'iso_8601'; SET extra_float_digits = -15; SET bytea_output = 'escape'; SET array_nulls = off; SET xmloption = 'document';
SET jit = on; SET jit_above_cost = 0; SET timezone = 'Asia/Kathmandu';"
as_plain 'in a function that is security definer and has a path of its own' "CREATE FUNCTION pg_temp.f(s text, e text) RETURNS record LANGUAGE sql SECURITY DEFINER
  SET search_path = evil, public AS 'SELECT caseload.check_expression(s, e)';
\\o /dev/null
SELECT pg_temp.f(l.subject, l.expression) FROM fuzz.line l;
\\o"

# what a condition says is the same, too
says() { # settings
  sql <<SQL
$1
SELECT v.n, caseload._holds(v.e, jsonb_populate_record(f.client, jsonb_build_object('category', v.category))) FROM fuzz.facts f,
  (VALUES (1, \$\$strikes = NULL\$\$, 'x'), (2, \$\$category = 'a\\b'\$\$, \$\$a\\b\$\$), (3, \$\$category = E'a\\'b'\$\$, \$\$a'b\$\$)) v (n, e, category) WHERE f.n = 1 ORDER BY v.n;
SQL
}
is "$(says 'SET transform_null_equals = on; SET standard_conforming_strings = off; SET backslash_quote = off;')" "$(printf '1|\n2|t\n3|t')" \
  'what a condition says does not depend on how the session reads NULL and strings'

# nothing is left: compared before and after, and counted by the server
quiet() { # name script role
  is "$(sql <<SQL
SELECT FROM fuzz.facts f WHERE caseload._holds('true', f.client) IS NULL;
CREATE TEMP TABLE before (what text COLLATE "C", digest text COLLATE "C");
CREATE TEMP TABLE use (what text COLLATE "C", times bigint);
$shadows
INSERT INTO before SELECT * FROM fuzz.state();
BEGIN;
INSERT INTO use SELECT * FROM fuzz.used();
SAVEPOINT a;
$2
\\o /dev/null
$verdicts
\\o
SET LOCAL search_path = pg_catalog, pg_temp;
RESET ROLE;
SELECT 'used', a.what FROM fuzz.used() a LEFT JOIN use b USING (what) WHERE a.times <> coalesce(b.times, 0);
$3;
SET search_path = public;
SELECT 'changed', coalesce(a.what, b.what) FROM before b FULL JOIN fuzz.state() a USING (what, digest) WHERE a.what IS NULL OR b.what IS NULL;
SQL
)" '' "nothing is read, called, changed or left $1"
}
quiet 'with a hostile path' "SET LOCAL search_path = evil, pg_temp, public, pg_catalog;" COMMIT
quiet 'by an ordinary role' "SET LOCAL ROLE caseload_tap_author; SET LOCAL search_path = evil, pg_temp, public, pg_catalog;" COMMIT
quiet 'in a transaction that is rolled back' "SET LOCAL search_path = evil, pg_temp, public, pg_catalog;" ROLLBACK
is "$(sql <<SQL
BEGIN;
\\o /dev/null
$verdicts
SELECT caseload._holds('strikes > 1', f.client) FROM fuzz.facts f;
\\o
SELECT pg_current_xact_id_if_assigned() IS NULL;
SQL
)" t 'no transaction id is used'
# cost: what analysis would copy, what is folded, what runs
is "$(sql <<'SQL'
SET statement_timeout = '20s';
CREATE FUNCTION pg_temp.ms(s text, e text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE began timestamptz; best float8 := 'Infinity';
BEGIN
  FOR try IN 1..5 LOOP
    began := clock_timestamp();
    PERFORM caseload.check_expression(s, e);
    best := least(best, extract(epoch FROM clock_timestamp() - began) * 1000);
    EXIT WHEN best < 5;
  END LOOP;
  RETURN best;
END $$;
SELECT l.n, left(l.expression, 200), round(m.ms) FROM fuzz.line l CROSS JOIN LATERAL pg_temp.ms(l.subject, l.expression) AS m (ms) WHERE m.ms > 20;
SQL
)" '' 'no attack takes long to refuse'

"$CASELOAD_FUZZ/expression" "${CASELOAD_FUZZ_COUNT:-20000}" "${CASELOAD_FUZZ_SEED:-1}" >"$work/fuzz"
while read -r line; do
  case $line in
    'ok '*) ok 0 "${line#ok * - }" ;;
    'not ok '*) ok 1 "${line#not ok * - }" ;;
    '#'*) echo "$line" ;;
  esac
done <"$work/fuzz"
grep -q '^1\.\.4$' "$work/fuzz"
ok $? 'the mutations were run to the end'
echo "1..$n"
