# own-server.bash: what tests share that kill, copy or replicate servers, which must be servers of their own; to be sourced.
#
# They load the extension as the server does that PG* point to, and live in $work, which is removed at the end. Each has a name, which
# is that of its folder, and a port; on NAME COMMAND… runs something against it.
#
# shellcheck shell=bash
export PGOPTIONS='-c client_min_messages=warning -c search_path=public' PGTZ=UTC
work=$(mktemp -d "$PWD/$(basename "$0" .t).XXXXXX")
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=test/tap/tap.bash
. "$here/tap.bash"
declare -A port_of=()
declare -a pids=()

finish() {
  local name
  close_session
  for name in "${!port_of[@]}"; do
    [[ ! -f $work/$name/postmaster.pid ]] || "$BINDIR/pg_ctl" stop -D "$work/$name" -m immediate -s >/dev/null 2>&1
  done
  # writers of a server that is gone end by themselves
  wait "${pids[@]}" 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT

seconds() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }
until_true() { # seconds command…
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

# ----------------------------------------------------------------------------------------------------------- servers ---

loading=$(psql -XAtqc "SELECT format('%s = %L', name, setting) FROM pg_settings
  WHERE name IN ('extension_destdir', 'extension_control_path', 'dynamic_library_path') AND source = 'configuration file'" postgres)

on() { # name command…
  local name=$1
  shift
  PGHOST=$work PGPORT=${port_of[$name]} "$@"
}
settings() { # name setting…
  local name=$1
  shift
  port_of[$name]=$((5500 + ${#port_of[@]}))
  # fsync and the like are left as they are: what is tried is what people have
  printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$work'" "port = ${port_of[$name]}" "timezone = 'UTC'" \
    "log_line_prefix = '%e %b: '" "recovery_init_sync_method = syncfs" "max_prepared_transactions = 20" "$loading" "$@" >>"$work/$name/postgresql.conf"
}
server() { # name setting…: a new one, started
  "$BINDIR/initdb" -D "$work/$1" -A trust -U "$PGUSER" -E UTF8 --locale=C.UTF-8 -N >"$work/out" 2>&1 || { cat "$work/out"; echo 'Bail out! no server'; exit 1; }
  settings "$@"
  start "$1" || { cat "$work/$1.log"; echo 'Bail out! no server'; exit 1; }
}
start() { "$BINDIR/pg_ctl" start ${CASELOAD_SERVER:+-p "$CASELOAD_SERVER"} -D "$work/$1" -l "$work/$1.log" -w -t 120 -s >"$work/out" 2>&1 8>&- 9<&-; }
stop() { "$BINDIR/pg_ctl" stop -D "$work/$1" -m "${2:-fast}" -w -s; }
answers() { on "$1" psql -XAtqc 'SELECT 1' postgres >/dev/null 2>&1; }
# A killed server is up again when nobody uses its memory any more.
start_again() { start "$1" || { sleep 0.2 && false; }; }
postmaster() { head -n 1 "$work/$1/postmaster.pid"; }
# What no server may ever say: internal errors, broken data, a crash of its own.
trouble() { grep -E '^(XX|58)|PANIC|TRAP|terminated by signal (6|7|8|11)|inconsistent page' "$work/$1.log"; }
# Everything that the other server has said until now is replayed.
replayed() { # primary standby
  local lsn
  lsn=$(on "$1" sql -c 'SELECT pg_current_wal_lsn()' postgres)
  until_true 120 said "$2" "SELECT pg_last_wal_replay_lsn() >= '$lsn'" t
}
said() { [[ $(on "$1" sql -c "$2" "${4:-postgres}") == "$3" ]]; }

# One line for each table: rows, and a digest of all rows as text.
rows() { # name database
  on "$1" sql -d "$2" -c 'SET DateStyle = ISO' -f "$work/rows.sql"
}
cat >"$work/rows.sql" <<'SQL'
SELECT format('SELECT %L, count(*), md5(coalesce(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C"), '''')) FROM %s t', c.oid::regclass, c.oid::regclass)
  FROM pg_class c
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind = 'r'
 ORDER BY c.relname \gexec
SQL

# A session that goes on while other things happen; what it answers is what comes before the mark.
open_session() { # name database
  rm -f "$work/asked" "$work/answered"
  mkfifo "$work/asked" "$work/answered"
  on "$1" psql -XAtq -d "$2" -v VERBOSITY=sqlstate <"$work/asked" >"$work/answered" 2>&1 &
  exec 8>"$work/asked" 9<"$work/answered"
}
close_session() { exec 8>&- 9<&-; }
ask() { # statement
  local line answer=''
  printf '%s\n\\echo answered\n' "$1" >&8
  while IFS= read -r -t 60 line <&9 && [[ $line != answered ]]; do answer+=$line$'\n'; done
  printf '%s' "${answer%$'\n'}"
}

# ----------------------------------------------------------------------------------------------------------- writers ---

writers=6
db=caseload

prepare_writers() { # name
  on "$1" createdb $db
  on "$1" sql -d $db -o /dev/null -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' -v writers=$writers -f "$here/writers.sql"
}
scripts() { # name steps
  for ((w = 1; w <= writers; w++)); do printf '%s\n' "\\o $work/w$w.sql" "SELECT script FROM proof.scripts($w, ${2//writer_/$w});"; done | on "$1" sql -d $db
}
# Start the writers where their last committed step left them; each echoes its step when it knows that it is committed.
start_writers() { # name steps
  local w
  pids=()
  scripts "$@"
  for ((w = 1; w <= writers; w++)); do
    on "$1" env PGAPPNAME=writer stdbuf -oL psql -XAtq -d $db -v VERBOSITY=verbose -v ON_ERROR_STOP=1 -f "$work/w$w.sql" >>"$work/w$w.out" 2>>"$work/w$w.err" 8>&- 9<&- &
    pids+=($!)
  done
}
wait_for_writers() { wait "${pids[@]}" 2>/dev/null; }
acknowledged() { cat "$work"/w*.out 2>/dev/null | grep '^ACK' | sort; }
acknowledged_at_least() { (($(acknowledged | wc -l) >= $1)); }
# What a writer may never meet: an error that is not the end of the server.
errors() { cat "$work"/w*.err | grep -E 'ERROR|FATAL|PANIC' | grep -vE '57P0[1-3]|connection to server|server closed'; }
# Acknowledged steps that are not there; steps that are there without having been acknowledged, of which each writer may have one after
# a crash, and which from then on are known to be; and the differences between the rows and what the steps that are there leave.
known() { cat "$work"/w*.out "$work/settled" 2>/dev/null | grep '^ACK' | sort -u; }
applied() { on "$1" sql -d $db -c "SELECT 'ACK ' || writer || ' ' || step FROM proof.applied" | sort; }
lost() { comm -23 <(known) <(applied "$1"); }
surplus() { comm -13 <(known) <(applied "$1") | cut -d ' ' -f 2 | uniq -d; }
settle() { applied "$1" >"$work/settled"; }
differences() { on "$1" sql -d $db -c 'SELECT * FROM proof.differences() LIMIT 10'; }
# Nobody knows what becomes of what was prepared: it was not acknowledged.
roll_back_prepared() {
  on "$1" sql -d $db <<<"SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts WHERE database = current_database() \\gexec"
}
amcheck() { on "$1" "$BINDIR/pg_amcheck" -d $db --schema=caseload --heapallindexed --parent-check --no-dependent-toast 2>&1; }
