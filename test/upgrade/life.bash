# life.bash: what the tests of a database's life (dump.t, update.t, pg_upgrade.t) have in common; to be sourced.
#
# shellcheck disable=SC2034,SC2016 # used by those who source it; SQL's quotes
#
# TAP in plain shell, two districts (the sample, and a hostile one), and what is compared: digests of all rows, a line for each object.
# Needs CASELOAD_IN, the folder with test/, and PG* of a server. Leaves $work, $upgrade, $anchor.
# the server's user is called as the schema, which would be found by "$user"
# shellcheck source=test/tap/tap.bash
. "$CASELOAD_IN/test/tap/tap.bash"
export PGOPTIONS='-c client_min_messages=warning -c search_path=public' PGTZ=UTC
anchor=2026-03-02
upgrade=$CASELOAD_IN/test/upgrade
work=$(mktemp -d "$PWD/${0##*/}.XXXXXX")
databases=()

finish() {
  for db in "${databases[@]}"; do dropdb --if-exists "$db"; done
  rm -rf "$work"
}
trap finish EXIT
run() { # name command…
  local name=$1
  shift
  "$@" >"$work/out" 2>&1
  local status=$?
  ok $status "$name"
  [[ $status == 0 ]] || head -n 20 "$work/out" | sed 's/^/# /'
}
sql() { psql -XAtq -v ON_ERROR_STOP=1 -v VERBOSITY=terse -d "$1" "${@:2}" 2>&1; }
# Under the same name wherever it was made, so that nothing that is printed depends on it.
fresh() { # database createdb's arguments…
  databases+=("$1")
  dropdb --if-exists "$1" && createdb "$@"
}

# A digest of every table; with the columns and tables of an earlier database, where its queries are given. psql arguments may go before.
rows() { # database [argument…]
  sql "$1" "${@:2}" -c 'SET DateStyle = ISO' -f <(cat "$upgrade/rows.sql"; echo '\gexec')
}
row_queries() { sql "$1" -f "$upgrade/rows.sql" | sed 's/$/;/'; }
objects() { sql "$1" -f "$upgrade/objects.sql"; }
texts() { sql "$1" -f "$upgrade/texts.sql"; }
works() { sql "$1" -f "$upgrade/works.sql"; }
works_well=$'\n3\nattendance_close\n0\n\n9|1\n0'
verified() { sql "$1" -c "SELECT count(*) FROM caseload.verify(NULL, '$anchor')"; }
# what evaluate() would raise and resolve, and whether the rule that fails does so; taken back
evaluated() { sql "$1" -c BEGIN -c "SELECT raised, resolved, errors > 0 FROM caseload.evaluate('$anchor')"; }
evaluated_well='0|0|t'

# A database with both districts, and flags in every state. sample clients weeks: the size of the sample.
make_original() { # database [clients weeks [version]]
  fresh "$1"
  run 'a database with both districts' psql -Xq -v ON_ERROR_STOP=1 -d "$1" -o /dev/null \
    -c "CREATE EXTENSION caseload ${4:+VERSION '$4'} CASCADE" -c 'SELECT caseload.install()' \
    -v anchor="$anchor" -v clients="${2:-120}" -v weeks="${3:-12}" -f "$CASELOAD_IN/test/data/sample.sql" -f "$upgrade/own.sql" -f "$upgrade/hostile.sql" -f "$upgrade/attach.sql" \
    -c "UPDATE caseload.source SET attached_by = (SELECT name FROM caseload.client WHERE name LIKE '%<201>%')" \
    -c 'SELECT caseload.evaluate()' -c "SELECT caseload.evaluate('$anchor')"
  run 'flags in several states' psql -Xq -v ON_ERROR_STOP=1 -d "$1" -o /dev/null \
    -f "$upgrade/answers.sql" -c "SELECT caseload.evaluate('$anchor')"
}
# What an owner may have changed: triggers that do not fire, or always, and rights.
owners_changes=(-c 'ALTER TABLE caseload.policy DISABLE TRIGGER policy_before_write'
  -c 'ALTER TABLE caseload.contact ENABLE ALWAYS TRIGGER activity_after_truncate'
  -c 'GRANT SELECT ON caseload.current_flags TO PUBLIC' -c 'GRANT EXECUTE ON FUNCTION caseload.client_facts(date) TO PUBLIC')
