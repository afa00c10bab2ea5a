#!/bin/bash
# pg_upgrade.t: after pg_upgrade, by copies and by links, every row, object and right is what it was, and facts go on making flags.
#
# Run by .ci/upgrade (CASELOAD_IN has the sources as built for the new server), as the user of both servers: PG* and BINDIR are those of the old one, which runs; NEW_BINDIR has the programs of
# the new one, CASELOAD_NEW is a run folder of scripts/cluster with its settings and its library. Stops and starts servers.
set -uo pipefail
# shellcheck source=test/upgrade/life.bash
. "$CASELOAD_IN/test/upgrade/life.bash"
old_data=$PGHOST/data sockets=$work
library=$(find "$CASELOAD_NEW/dest" -name caseload.so)
ctl=(-w -s -l "$work/server.log")

stop_all() {
  "$NEW_BINDIR/pg_ctl" stop -D "$work/new" -m fast -w -s 2>/dev/null
  "$BINDIR/pg_ctl" status -D "$old_data" >/dev/null || "$BINDIR/pg_ctl" start -D "$old_data" "${ctl[@]}" </dev/null
  export PGHOST=${old_data%/data}
}
trap 'stop_all; finish' EXIT
# the same on both sides; 18 sums up pages unless it is told not to
clusters() {
  rm -rf "$work/old" "$work/new"
  cp -a "$old_data" "$work/old" && rm -f "$work/old/postmaster.pid"
  local extra=()
  "$NEW_BINDIR/initdb" --help | grep -q -e --no-data-checksums && extra=(--no-data-checksums)
  "$NEW_BINDIR/initdb" -D "$work/new" -A trust -U caseload -E UTF8 --locale=C.UTF-8 -N "${extra[@]}" >"$work/initdb" && echo "include '$CASELOAD_NEW/server.conf'" >>"$work/new/postgresql.conf"
}
pg_upgrade() { # argument…
  (cd "$work" && "$NEW_BINDIR/pg_upgrade" -b "$BINDIR" -B "$NEW_BINDIR" -d "$work/old" -D "$work/new" -U caseload -s "$sockets" "$@")
}
start_new() { "$NEW_BINDIR/pg_ctl" start -D "$work/new" -o "-k '$sockets'" "${ctl[@]}" </dev/null; }
stop_new() { "$NEW_BINDIR/pg_ctl" stop -D "$work/new" -m fast -w -s; }

make_original caseload_tap_original
run 'triggers and rights that somebody changed' sql caseload_tap_original "${owners_changes[@]}"
before_rows=$(rows caseload_tap_original) before_objects=$(objects caseload_tap_original)
is "$(verified caseload_tap_original)" 0 'the original is right'
is "$(works caseload_tap_original)" "$works_well" 'facts make flags in the original'
is "$(grep -c '^[^|]*|0|' <<<"$before_rows")" 0 'no table is empty'
echo "# $(sql postgres -c 'SHOW server_version'), $(wc -l <<<"$before_rows") tables, $(wc -l <<<"$before_objects") lines about objects"
"$BINDIR/pg_ctl" stop -D "$old_data" -m fast -w -s

for mode in copy link; do
  clusters
  if ! pg_upgrade "--$mode" >"$work/out" 2>&1; then
    { tail -n 5 "$work/out"; find "$work/new/pg_upgrade_output.d" -name '*.log' -exec grep -hE -B 3 -A 3 'ERROR|FATAL|error:' {} + | head -n 40; } | sed 's/^/# /'
    ok 1 "$mode: pg_upgrade"
    break
  fi
  ok 0 "$mode: pg_upgrade"
  run "$mode: the new server starts" start_new
  export PGHOST=$sockets
  is "$(sql postgres -c 'SHOW server_version_num' | cut -c 1-2)" "$("$NEW_BINDIR/postgres" --version | sed 's/[^0-9]*\([0-9][0-9]\).*/\1/')" "$mode: it is the new one"
  is "$(rows caseload_tap_original)" "$before_rows" "$mode: every row is the same"
  is "$(objects caseload_tap_original)" "$before_objects" "$mode: every object, trigger and right is the same"
  is "$(verified caseload_tap_original)" 0 "$mode: what is derived is right"
  is "$(evaluated caseload_tap_original)" "$evaluated_well" "$mode: no flag is raised or resolved"
  is "$(works caseload_tap_original)" "$works_well" "$mode: facts go on making flags"
  is "$(sql caseload_tap_original -c 'SELECT caseload.install()' | sed 's/^caseload [^:]*: //; s/, .*//')" '0 pieces installed' "$mode: nothing is left to install"
  is "$(sql caseload_tap_original -c 'DROP EXTENSION caseload')" 'ERROR:  cannot drop extension caseload because other objects depend on it' "$mode: the extension stays while data uses its types"
  # what is made anew from the events is what was brought along
  sql caseload_tap_original -c 'UPDATE caseload.client_activity SET attendance = attendance OPERATOR(caseload.-) attendance'
  isnt "$(verified caseload_tap_original)" 0 "$mode: twin: verify() sees values that were lost"
  run "$mode: rebuild()" sql caseload_tap_original -c 'SELECT caseload.rebuild()'
  is "$(rows caseload_tap_original | grep client_activity)" "$(grep client_activity <<<"$before_rows")" "$mode: rebuild() makes the same values"
  stop_new
  touch "$work/$mode"
done
if [[ ! -f $work/new/PG_VERSION || ! -f $work/link ]]; then
  echo "1..$n"
  exit
fi

# Twins: on the upgraded cluster, what is not the same is seen.
start_new
isnt "$(rows caseload_tap_original -c BEGIN -c "UPDATE caseload.flag SET message = message || ' ' WHERE flag_id = (SELECT min(flag_id) FROM caseload.flag)")" "$before_rows" 'twin: one more blank in one flag is seen'
sql caseload_tap_original -c 'ALTER TABLE caseload.appointment DISABLE TRIGGER activity_after_insert'
isnt "$(objects caseload_tap_original)" "$before_objects" 'twin: a trigger that is switched off is seen'
isnt "$(works caseload_tap_original)" "$works_well" 'twin: and makes no flags'
stop_new
# a library of the new server that stores values in another form
mkdir "$work/twin"
cp -a "$CASELOAD_IN"/{extension,Makefile,caseload.control} "$work/twin"
header=$work/twin/extension/src/attendance.h
sed -i.old 's/^#define CL_ATTENDANCE_VERSION	1$/#define CL_ATTENDANCE_VERSION	2/' "$header" && ! cmp -s "$header"{,.old}
ok $? 'twin: a library with another form of values'
# only what knows of it is compiled anew
touch -r "$header.old" "$header"
grep -l CL_ATTENDANCE_VERSION "$work"/twin/extension/src/*/*.c | sed 's/c$/o/' | xargs rm -f
run 'twin: it is built' make -s -j 2 -C "$work/twin" with_llvm=no MAKEFLAGS= PG_CONFIG="$NEW_BINDIR/pg_config" caseload.so
cp "$library" "$work/library"
cp "$work/twin/caseload.so" "$library"
start_new
isnt "$(rows caseload_tap_original)" "$before_rows" 'twin: values that the new library does not know are seen'
stop_new
# no library at all
echo >"$library"
clusters
pg_upgrade --check >"$work/out" 2>&1
ok $((! $?)) 'twin: without a library pg_upgrade refuses'
grep -qi 'librar' "$work/out"
ok $? 'twin: and says so'
cp "$work/library" "$library"

echo "1..$n"
