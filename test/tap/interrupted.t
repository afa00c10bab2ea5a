#!/bin/bash
# interrupted.t: install(), evaluate() and rebuild() that are cancelled, terminated or killed (kill -9) half way leave nothing of what they
# have done, no lock and no temporary file, and do all of it when they are called again.
#
# Half way is where somebody else holds a lock that they come to after they have done a part, so that each of them is seen to wait there. Needs a
# server where PG* point to, whose settings for extensions are taken over, and BINDIR.
set -uo pipefail
# shellcheck source=test/tap/own-server.bash
source "$(dirname "$0")/own-server.bash"
db=half

server one 'autovacuum = off'
on one createdb $db
on one sql -d $db -o /dev/null -c 'CREATE EXTENSION caseload CASCADE'

waits() { said one "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim' AND wait_event_type = 'Lock'" 1; }
# objects and rows; which rows there are is known once the tables are
state() {
  on one sql -d $db -c "SELECT count(*), md5(string_agg(c.oid::text, ',' ORDER BY c.oid)) FROM pg_class c WHERE c.relnamespace = 'caseload'::regnamespace" \
    -c "SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'caseload'::regnamespace" -c "SELECT count(*) FROM pg_trigger"
  rows one $db
}
# What is left of locks and files when nobody is there any more.
left() {
  on one sql -d $db -c "SELECT l.locktype, l.mode FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()"
  find "$work/one/base" -path '*pgsql_tmp*' -type f
}
# What has been done, which is seen from the transaction's number, is taken back, however it ends.
half_way() { # what statement lock
  local how before pid
  before=$(state)
  for how in cancelled terminated killed; do
    open_session one $db
    ask "BEGIN; $3;" >/dev/null
    on one env PGAPPNAME=victim psql -XAtq -d $db -v VERBOSITY=sqlstate -c "$2" >"$work/victim" 2>&1 8>&- 9<&- &
    if ! until_true 60 waits; then cat "$work/victim"; fi
    pid=$(on one sql -d postgres -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim'")
    is "$(on one sql -d postgres -c "SELECT backend_xid IS NOT NULL FROM pg_stat_activity WHERE pid = $pid")" t "$1, $how: it has begun to write"
    case $how in
      cancelled) on one sql -d postgres -o /dev/null -c "SELECT pg_cancel_backend($pid)" ;;
      terminated) on one sql -d postgres -o /dev/null -c "SELECT pg_terminate_backend($pid)" ;;
      killed) kill -9 "$pid" ;;
    esac
    wait $!
    close_session
    until_true 60 answers one
    is "$(grep -oE '57014|57P01|server closed|57P02' "$work/victim" | head -n 1)" "$(case $how in cancelled) echo 57014 ;; terminated) echo 57P01 ;; killed) echo 'server closed' ;; esac)" "$1, $how: it is"
    is "$(state)" "$before" "$1, $how: nothing of it is left"
    is "$(left)" '' "$1, $how: no lock and no file, either"
  done
}

half_way 'install()' 'SELECT caseload.install()' 'LOCK TABLE pg_catalog.pg_trigger IN SHARE MODE'
is "$(on one sql -d $db -c 'SELECT caseload.install()' | sed -E 's/.*: ([0-9]+) pieces installed, 0 unchanged/\1/')" "$(on one sql -d $db -c 'SELECT count(*) FROM caseload._pieces()')" 'install() makes all'
# what a half that is done twice would not
is "$(on one sql -d $db -c 'SELECT caseload.install()' | sed 's/, .*//')" 'caseload 0.1: 0 pieces installed' 'and nothing more'

on one sql -d $db <<'SQL'
INSERT INTO caseload.district (district_id) VALUES ('H');
INSERT INTO caseload.client (district_id, client_id) SELECT 'H', 'C' || i FROM generate_series(100, 199) i;
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT 'H', 'C' || i, 'A' || a, CURRENT_DATE - a, 'no_show' FROM generate_series(100, 199) i, generate_series(1, 3) a;
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('H', 'new', 'no_shows >= 2', 'missed');
SQL
half_way 'evaluate()' "SELECT caseload.evaluate(CURRENT_DATE, 'H')" "SELECT FROM caseload.client WHERE client_id = 'C150' FOR UPDATE"
is "$(on one sql -d $db -c "SELECT raised, resolved FROM caseload.evaluate(CURRENT_DATE, 'H')")" '100|0' 'evaluate() raises all flags'
is "$(on one sql -d $db -c "SELECT * FROM caseload.verify('H', CURRENT_DATE)")" '' 'and all is right'
# twin: had it been committed half way, the state would be another one
before=$(state)
isnt "$(on one sql -d $db -c "DELETE FROM caseload.flag WHERE client_id = 'C100' AND rule_name = 'new'" && state)" "$before" 'twin: one flag less is seen'
on one sql -d $db -o /dev/null -c "SELECT caseload.evaluate(CURRENT_DATE, 'H')"

on one sql -d $db -c 'SET session_replication_role = replica' -c "UPDATE caseload.client_activity SET attendance = '{}'"
half_way 'rebuild()' "SET maintenance_work_mem = '1MB'; SELECT caseload.rebuild('H')" "SELECT FROM caseload.client_activity WHERE client_id = 'C150' FOR UPDATE"
half_way 'rebuild() of one district by SQL' "SELECT caseload.rebuild('H', c.client_id) FROM caseload.client c ORDER BY c.client_id" "SELECT FROM caseload.client_activity WHERE client_id = 'C150' FOR UPDATE"
is "$(on one sql -d $db -c "SELECT caseload.rebuild('H')")" 100 'rebuild() makes all values'
is "$(on one sql -d $db -c "SELECT * FROM caseload.verify('H', CURRENT_DATE)")" '' 'and all is right'
is "$(trouble one)" '' 'the log knows of no trouble'
echo "1..$n"
