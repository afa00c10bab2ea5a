#!/bin/bash
# crash.t: backends and the postmaster are killed (kill -9) while six writers write, and after every restart all that was acknowledged is
# there, nothing of what was not committed is, all that is derived is right, and so are heaps and indexes.
#
# The writers (writers.sql) mix single rows, COPY, updates, deletes, upserts, services, episodes, rules, evaluate(), savepoints, aborted and
# prepared transactions. CASELOAD_CRASHES is the number of crashes (6), of which every third is that of a backend; then the proof is
# shown to fail: without waiting for the disk, with a row taken away after it was acknowledged, with a changed byte in a heap.
#
# Needs a server where PG* point to, whose settings for extensions are taken over, and BINDIR.
set -uo pipefail
# shellcheck source=test/tap/own-server.bash
source "$(dirname "$0")/own-server.bash"
crashes=${CASELOAD_CRASHES:-6}

server one
prepare_writers one

# Until at least that many more steps are acknowledged, and a little longer.
write_until() { # name steps
  local before
  before=$(acknowledged | wc -l)
  start_writers "$1" $(($2 * 2)) || return 1
  until_true 120 acknowledged_at_least $((before + $2)) || return 1
  sleep "0.0$((RANDOM % 100))"
}
kill_backend() {
  local pid
  # one that is at work, if one is seen to be
  pid=$(on one sql -d $db -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'writer' ORDER BY state = 'active' DESC, random() LIMIT 1")
  kill -9 "$pid"
}
down() { ! answers one; }

slowest=0
for ((crash = 1; crash <= crashes; crash++)); do
  write_until one 80 || { echo "not ok - crash $crash: the writers do not write" && errors | head -n 5 | sed 's/^/# /'; break; }
  began=$EPOCHREALTIME
  if ((crash % 3 == 1)); then
    what="crash $crash, of a backend"
    kill_backend
    wait_for_writers
    until_true 60 answers one
  else
    what="crash $crash, of the postmaster"
    kill -9 "$(postmaster one)"
    wait_for_writers
    until_true 60 start_again one
  fi
  took=$(seconds "$began")
  slowest=$(printf '%s\n' "$slowest" "$took" | sort -g | tail -n 1)
  roll_back_prepared one
  is "$(errors)" '' "$what: until then no errors"
  is "$(lost one)" '' "$what: nothing is lost that was acknowledged"
  is "$(surplus one)" '' "$what: of each writer there is at most the one step that was not acknowledged"
  settle one
  is "$(differences one)" '' "$what: all rows of what is there are there, and no others"
  is "$(on one sql -d $db -c 'SELECT * FROM caseload.verify()')" '' "$what: what is derived is right"
  is "$(amcheck one)" '' "$what: heaps and indexes are right"
  is "$(trouble one)" '' "$what: the log knows of nothing else"
done
echo "# $(acknowledged | wc -l) steps acknowledged, $(on one sql -d $db -c "SELECT count(*) FILTER (WHERE what = 'appointment') FROM proof.applied a, proof.effects(a.writer, a.step)") rows; back in $slowest s at the latest"
at_least "$(acknowledged | wc -l)" $((crashes * 80)) 'steps were acknowledged'
is "$(acknowledged | awk '{ print $3 % 14 }' | sort -u | wc -l)" 14 'of every kind'
is "$(on one sql -d $db -c "SELECT count(*) FROM caseload.evaluate(CURRENT_DATE, 'K')" -c "SELECT * FROM caseload.verify('K', CURRENT_DATE)")" 1 'after evaluate() all flags are right'
at_least "$(on one sql -d $db -c "SELECT count(*) FROM caseload.flag WHERE cleared_on IS NULL")" 10 'and some stand'
at_least "$(on one sql -d $db -c "SELECT sum(occurrences) FROM caseload.rule_error")" 10 'and a rule failed all the while'

# ------------------------------------------------------------------------------------------- the proof must be able to fail ---

before=$(acknowledged | wc -l)
# Nobody waits for the disk, and nobody else writes. What is prepared is waited for nevertheless, so it must not be the last.
on one sql -d postgres -c 'ALTER SYSTEM SET synchronous_commit = off' -c 'SELECT pg_reload_conf()' -o /dev/null
until_true 10 said one 'SHOW synchronous_commit' off
mapfile -t writing < <(on one sql -d postgres -c "SELECT pid FROM pg_stat_activity WHERE backend_type IN ('walwriter', 'background writer', 'checkpointer', 'autovacuum launcher')")
kill -STOP "${writing[@]}"
scripts one "(SELECT 3 + (proof.kind(max(a.step) + 3) = 'prepared')::integer FROM proof.applied a WHERE a.writer = writer_)"
for ((w = 1; w <= writers; w++)); do
  on one psql -XAtq -d $db -v ON_ERROR_STOP=1 -f "$work/w$w.sql" >>"$work/w$w.out" 2>>"$work/w$w.err"
done
mapfile -t all < <(ps -o pid= --ppid "$(postmaster one)")
kill -9 "$(postmaster one)" "${all[@]}" 2>/dev/null
until_true 60 start_again one
roll_back_prepared one
isnt "$(lost one)" '' 'twin: without waiting for the disk, what was acknowledged is seen to be lost'
is "$(differences one)$(on one sql -d $db -c 'SELECT * FROM caseload.verify()')" '' 'and the rest is right even then'
echo "# $(lost one | wc -l) of $(($(acknowledged | wc -l) - before))"

is "$(on one sql -d $db -c "DELETE FROM proof.applied WHERE (writer, step) = (1, 5)" -c 'SELECT count(*) > 0 FROM proof.differences()')" t 'twin: a step that is missing is seen'
on one sql -d $db -c "INSERT INTO proof.applied VALUES (1, 5)"
on one sql -d $db -c 'SET session_replication_role = replica' -c "DELETE FROM caseload.appointment WHERE appointment_id = '1-1-0'; DELETE FROM caseload.appointment WHERE appointment_id = '1-1-1'"
isnt "$(differences one)" '' 'twin: a row that is missing is seen'
isnt "$(on one sql -d $db -c 'SELECT * FROM caseload.verify()')" '' 'twin: and so is what is derived from it'

# a byte of a key, in the heap
file=$(on one sql -d $db -c 'VACUUM FULL caseload.client' -c "SELECT pg_relation_filepath('caseload.client')")
is "$(amcheck one)" '' 'amcheck finds nothing'
stop one
LC_ALL=C sed -i '0,/C1\([0-9]\)/s//Z1\1/' "$work/one/$file"
start one
isnt "$(amcheck one)" '' 'twin: amcheck finds the changed byte'
echo "1..$n"
