#!/bin/bash
# recompute.t: on a sample district, as its triggers have left it, the one pass over all events finds no difference, in memory and
# spilled, and gives what the definition gives; before that, a first load finds statistics. Needs CASELOAD_IN, the folder with test/data/sample.sql, and a server where PG* point to.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
export PGOPTIONS='-c client_min_messages=warning -c search_path=public' PGTZ=UTC
db=caseload_tap_recompute
work=$(mktemp -d "$PWD/recompute.XXXXXX")

finish() {
  dropdb --if-exists "$db"
  rm -rf "$work"
}
trap finish EXIT
sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$db" "$@" 2>&1 | tail -n 1; }

dropdb --if-exists "$db" && createdb "$db"
psql -Xq -v ON_ERROR_STOP=1 -d "$db" -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' >/dev/null 2>&1
# without statistics, the first load would take time that grows with its square
sql -c "INSERT INTO caseload.district (district_id) VALUES ('FIRST')" -c "INSERT INTO caseload.client (district_id, client_id) SELECT 'FIRST', 'C' || i FROM generate_series(1, 200) i" \
  -c "INSERT INTO caseload.episode (district_id, client_id, episode) SELECT 'FIRST', 'C' || i, 1 FROM generate_series(1, 200) i" >/dev/null
is "$(sql -c "SELECT reltuples FROM pg_class WHERE oid = 'caseload.client'::regclass")" 200 'a first load makes statistics for itself'
psql -Xq -v ON_ERROR_STOP=1 -d "$db" \
  -v anchor=2026-03-02 -v clients=1500 -v weeks=8 -f "$CASELOAD_IN/test/data/sample.sql" >"$work/out" 2>&1
is $? 0 'a sample of 1500 clients'

compare="WITH r AS (SELECT r.* FROM (SELECT array_agg(district_id) AS d, array_agg(client_id) AS c FROM caseload.client) k, caseload._activity_recompute(k.d, k.c) r)
  SELECT count(*) FROM ((TABLE r EXCEPT ALL TABLE caseload.client_activity) UNION ALL (TABLE caseload.client_activity EXCEPT ALL TABLE r)) x"
for memory in 1MB 1GB; do
  is "$(sql -c "SET maintenance_work_mem = '$memory'" -c 'SELECT count(*) FROM caseload._activity_differences()')" 0 "nothing differs, $memory"
  is "$(sql -c "SET maintenance_work_mem = '$memory'" -c 'SELECT caseload.rebuild()')" 0 "rebuild() finds nothing, $memory"
done
# whoever disables the triggers makes differences; as many values are written as there are
values=$(sql -c 'SELECT count(*) FROM caseload.client_activity')
is "$(sql -c 'SET session_replication_role = replica' -c 'DELETE FROM caseload.client_activity' -c 'RESET session_replication_role' -c 'SELECT caseload.rebuild()')" "$values" 'rebuild() makes all values'
is "$(sql -c "$compare")" 0 'as the definition has them'
is "$(sql -c 'SELECT count(*) FROM caseload.verify()')" 0 'verify() says so, too'

echo "1..$n"
