#!/bin/bash
# walls.t: what keeps conditions from doing harm, each wall alone. Wall 1 is the list of what an expression may consist of; wall 2
# is that expressions are folded and run as a role that owns nothing, in parallel mode, where the server refuses to write.
#
# Twins of the library are built from the sources with the lines that are a wall taken out, and a database of each twin has all
# functions of the extension in it. Needs a server where PG* point to, a superuser, a compiler, and the sources in CASELOAD_IN.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
export PGOPTIONS='-c client_min_messages=error -c search_path=public' PGTZ=UTC CASELOAD_FUZZ=$CASELOAD_IN/test/fuzz
work=$(mktemp -d)
databases='caseload_wall_both caseload_wall_1 caseload_wall_2 caseload_wall_none'
finish() {
  for d in $databases; do dropdb --if-exists "$d" 2>/dev/null; done
  psql -XAtq -d postgres -c 'DROP ROLE IF EXISTS caseload_wall_author' >/dev/null 2>&1
  rm -rf "$work"
}
trap finish EXIT
sql() { psql -XAtq -v VERBOSITY=terse "$@" 2>&1; }

# twin NAME WALL…: the library without these walls
twin() {
  local source=$work/source.$1 log=$work/$1.log wall
  if [[ -d $work/source.both ]]; then
    cp -a "$work/source.both" "$source" # only what differs is compiled anew
  else
    mkdir "$source"
    cp -r "$CASELOAD_IN"/{extension,Makefile,caseload.control} "$source"
    find "$source" -name '*.o' -delete
  fi
  for wall in "${@:2}"; do
    case $wall in
      1) without "$source/extension/src/rule/expression.c" '	check_raw(&walk, target->val);' '	(void) check_analyzed(node, &walk);' '	cl_check_expression_cost(node);' ;;
      2) without "$source/extension/src/rule/program.c" '	EnterParallelMode();' '	ExitParallelMode();' \
        '	SetUserIdAndSecContext(ROLE_PG_STAT_SCAN_TABLES, before->sec_context |' '						   SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);' ;;
    esac || return
  done
  make -s -C "$source" with_llvm=no MAKEFLAGS= PG_CONFIG="$BINDIR/pg_config" caseload.so >"$log" 2>&1 || { sed 's/^/# /' "$log"; return 1; }
  cp "$source/caseload.so" "$work/$1.so" && chmod -R a+rX "$work"
}
# without FILE LINE…: take lines out; each must be there once, so that no wall stays up unnoticed
without() {
  local file=$1 line
  for line in "${@:2}"; do
    [[ $(grep -cFx -- "$line" "$file") == 1 ]] || { echo "# not there once: $line"; return 1; }
    grep -vFx -- "$line" "$file" >"$file.new" && mv "$file.new" "$file" || return
  done
}
# A database whose functions all are the twin's: sessions of it never load the library itself, whose symbols would stand first.
database() { # twin
  dropdb --if-exists "caseload_wall_$1" && createdb "caseload_wall_$1" && sql -d "caseload_wall_$1" -v ON_ERROR_STOP=1 \
    -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' -f "$CASELOAD_FUZZ/corpus.sql" -f "$CASELOAD_FUZZ/walls.sql" \
    -c "UPDATE pg_proc SET probin = '$work/$1.so' WHERE probin LIKE '%/caseload'" >"$work/$1.out" || { sed 's/^/# /' "$work/$1.out"; return 1; }
}
# What became of the attacks that can run at all, and what they left behind.
outcome() { # twin
  sql -d "caseload_wall_$1" -F ' ' <<'SQL'
SELECT FROM fuzz.facts f WHERE caseload._holds('true', f.client) IS NULL;
CREATE TEMP TABLE before (what text COLLATE "C", digest text COLLATE "C");
INSERT INTO before SELECT * FROM fuzz.state();
SELECT a.wants, a.n, fuzz.attempt(a.expression), a.expression FROM fuzz.attack a ORDER BY a.n;
SELECT 'changed', coalesce(a.what, b.what) FROM before b FULL JOIN fuzz.state() a USING (what, digest)
 WHERE a.what IS NULL OR b.what IS NULL GROUP BY 2 ORDER BY 2;
SQL
}
# Those of a kind that got what they wanted.
succeeded() { grep -E "^$1 [0-9]+ succeeded" "$work/outcome.$2" | sed -E 's/^[a-z]+ [0-9]+ succeeded //'; }

while read -r name walls; do
  # the name says which wall is left
  # shellcheck disable=SC2086 # a list of numbers
  twin "$name" $walls && database "$name"
  ok $? "a twin is built and loaded: $name"
  outcome "$name" >"$work/outcome.$name"
done <<<$'both\n1 2\n2 1\nnone 1 2'

# the control: without walls the attacks work, so it is the walls that stop them
for wants in read write set; do
  count=$(succeeded $wants none | wc -l)
  ((count > 0 && count >= $(grep -c "^$wants " "$work/outcome.none") * 2 / 3))
  ok $? "with no wall, attacks that $wants succeed"
done
[[ $(grep -c '^changed' "$work/outcome.none") -gt 3 ]]
ok $? 'with no wall, the database and the session are changed'

# wall 1 alone, and both: nothing is as much as run
for name in both 1; do
  is "$(grep -c ' refused ' "$work/outcome.$name")" "$(grep -cE '^[a-z]+ [0-9]+ ' "$work/outcome.none")" "$name: all attacks are refused"
  is "$(grep '^changed' "$work/outcome.$name")" '' "$name: nothing changes"
  is "$(sql -d "caseload_wall_$name" -c "SELECT l.n, l.expression FROM fuzz.line l CROSS JOIN LATERAL caseload.check_expression(l.subject, l.expression) c WHERE c.ok <> l.good")" '' \
    "$name: the whole corpus is judged rightly"
done

# wall 2 alone: attacks run, and get nothing
for wants in read write set; do
  is "$(succeeded $wants 2)" '' "wall 2 alone: no attack can $wants"
done
is "$(grep '^changed' "$work/outcome.2")" 'changed locks' 'wall 2 alone: nothing changes, but for advisory locks'
is "$(grep -cE '^(cost|lend|signal) [0-9]+ succeeded' "$work/outcome.2")" "$(grep -cE '^(cost|lend|signal) ' "$work/outcome.2")" \
  'wall 2 alone does not stop what costs time, what others lend to everybody, and messages'
is "$(sql -d caseload_wall_2 <<'SQL'
BEGIN;
INSERT INTO public.open_table VALUES ('a transaction id is there');
SELECT caseload._holds('lo_create(0) > 0', f.client) FROM fuzz.facts f WHERE f.n = 1;
ROLLBACK;
BEGIN;
INSERT INTO public.open_table VALUES ('a transaction id is there');
SELECT caseload._holds('public.writer()', f.client) FROM fuzz.facts f WHERE f.n = 1;
ROLLBACK;
SELECT current_user = session_user, current_setting('is_superuser');
SQL
)" "ERROR:  cannot start commands during a parallel operation
ERROR:  cannot execute INSERT during a parallel operation
t|on" 'wall 2 alone: also not in a transaction that has written, and the session is itself again after the error'

# the way of real rules: stored, judged when facts come in, by evaluate() and by findings()
rules() { # twin
  sql -d "caseload_wall_$1" <<'SQL'
DELETE FROM caseload.rule;
INSERT INTO caseload.district (district_id) VALUES ('W');
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('W', 'S', 'UTC');
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('W', 'C', 'S');
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('W', 'C', 1, '[2020-01-01,)');
INSERT INTO caseload.rule (district_id, rule_name, condition, message)
  SELECT 'W', 'r' || a.n, replace(a.expression, ' > 0', ' > 0 * strikes'), 'm' FROM fuzz.attack a WHERE a.wants = 'read' AND a.expression LIKE '%_to_xml%';
INSERT INTO caseload.appointment (district_id, client_id, starts_at, status) VALUES ('W', 'C', now() - interval '3 days', 'attended');
SELECT 'errors', errors > 0 FROM caseload.evaluate();
SELECT 'flag', rule_name FROM caseload.flag ORDER BY 2;
SELECT 'finding', rule_name FROM caseload.findings() WHERE NOT failed ORDER BY 2;
SELECT 'facts', count(*) FROM caseload.appointment;
SQL
}
is "$(rules 2)" "$(printf 'errors|t\nfacts|1')" 'wall 2 alone: stored rules that read fail one by one, and the facts are stored'
[[ $(rules none | grep -cE '^(flag|finding)') -gt 4 ]]
ok $? 'with no wall, stored rules read what they want'
echo "1..$n"
