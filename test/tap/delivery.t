#!/bin/bash
# delivery.t: events that are delivered again and again, in any order, by many at once, count once; and a load that fails at any of its rows leaves
# nothing, not even a flag.
#
# Each event has an id of its own and comes once to five times, alone and in batches, from eight sessions. CASELOAD_EVENTS is their number
# (1500). Needs a server where PG* point to.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
# the server's user is called as the schema, which would be found by "$user"
export PGOPTIONS='-c client_min_messages=warning -c search_path=public' PGTZ=UTC PGDATABASE=caseload_tap_delivery
events=${CASELOAD_EVENTS:-1500}
work=$(mktemp -d)
chmod 755 "$work"

finish() {
  rm -rf "$work"
  dropdb --if-exists caseload_tap_delivery
}
trap finish EXIT

dropdb --if-exists caseload_tap_delivery
createdb caseload_tap_delivery || { echo 'Bail out! no database'; exit 1; }
sql -o /dev/null -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()'

# Client and day of an event, and whether it is a miss, follow from its number; so does how often it comes, when, and from whom.
sql <<SQL
CREATE TABLE event AS SELECT e, 'E' || e AS id, 'C' || (hashint4(e) & 63) AS client_id, CURRENT_DATE - 2 - (hashint4(e * 3) & 63) AS day,
       CASE WHEN hashint4(e * 5) & 7 = 0 THEN 'no_show' ELSE 'attended' END::caseload.appointment_status AS status FROM generate_series(1, $events) e;
CREATE TABLE delivery AS SELECT e.*, hashint4(e * 7 + again) AS turn, hashint4(e * 11 + again) & 7 AS session FROM event e, generate_series(0, (hashint4(e * 13) & 1023) % 5) again;
SQL
for d in ONCE OFTEN TWIN; do
  sql -c "INSERT INTO caseload.district (district_id) VALUES ('$d')" -c "INSERT INTO caseload.client (district_id, client_id) SELECT '$d', 'C' || i FROM generate_series(0, 63) i"
done
sql -c "INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) SELECT 'ONCE', client_id, id, day, status FROM event"

deliver() { # district id, an expression
  local s
  for s in {0..7}; do
    # one in eight comes again with those that follow it
    sql -o "$work/$s.sql" <<SQL
SELECT format('INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) SELECT %L, client_id, %s, day, status FROM delivery WHERE session = %s AND e BETWEEN %s AND %s
                 ORDER BY turn ON CONFLICT (district_id, client_id, appointment_id) DO NOTHING;', '$1', '$2', session, e, e + CASE WHEN turn & 7 = 0 THEN 19 ELSE 0 END)
  FROM delivery WHERE session = $s ORDER BY turn;
SQL
    psql -Xq -f "$work/$s.sql" >"$work/$s.out" 2>&1 &
  done
  wait
}
values() { sql -c "SELECT client_id, attendance FROM caseload.client_activity WHERE district_id = '$1' ORDER BY 1" -c "SELECT client_id, rule_name FROM caseload.flag WHERE district_id = '$1' AND cleared_on IS NULL ORDER BY 1, 2"; }

deliver OFTEN id
is "$(cat "$work"/*.out)" '' 'no delivery failed'
at_least "$(sql -c 'SELECT count(*) FROM delivery')" $((events * 2)) 'events came again and again'
is "$(sql -c "SELECT count(*) FROM caseload.appointment WHERE district_id = 'OFTEN'")" "$events" 'each is there once'
is "$(values OFTEN)" "$(values ONCE)" 'values and flags are those of events that came once'
at_least "$(values ONCE | wc -l)" 70 'and there are flags'
is "$(sql -c 'SELECT * FROM caseload.verify(NULL, CURRENT_DATE)')" '' 'all is right'
deliver TWIN 'gen_random_uuid()::text'
at_least "$(sql -c "SELECT count(*) FROM caseload.appointment WHERE district_id = 'TWIN'")" $((events * 2)) 'twin: without ids of their own they count again'

# --------------------------------------------------------------------------------------------------------------- failing ---

sql -o "$work/good.csv" -c "SELECT 'OFTEN,' || client_id || ',again ' || id || ',' || day || ',no_show' FROM event"
state() { values OFTEN; sql -c "SELECT count(*) FROM caseload.appointment" -c "SELECT count(*) FROM caseload.flag" -c 'SELECT count(*) FROM caseload.rule_error'; }
before=$(state)
failed=0 left=0
for ((position = 1; position <= events; position += events / 10)); do
  # of all kinds: a status that there is not, a client who is not there, an id that is there already
  for bad in 'OFTEN,C1,x,2026-01-01,unheard' 'OFTEN,nobody,x,2026-01-01,attended' "$(sed -n 1p "$work/good.csv" | sed 's/again //')"; do
    sed "${position}i $bad" "$work/good.csv" >"$work/bad.csv"
    sql -c "\\copy caseload.appointment (district_id, client_id, appointment_id, starts_at, status) FROM '$work/bad.csv' (FORMAT csv)" >/dev/null || failed=$((failed + 1))
    [[ $(state) == "$before" ]] || left=$((left + 1))
  done
done
is "$failed" 30 'a load with one bad row fails, wherever it is'
is "$left" 0 'and leaves nothing'
is "$(sql -c 'SELECT * FROM caseload.verify(NULL, CURRENT_DATE)')" '' 'all is right'
sql -c "\\copy caseload.appointment (district_id, client_id, appointment_id, starts_at, status) FROM '$work/good.csv' (FORMAT csv)"
at_least "$(diff <(echo "$before") <(state) | grep -c '^>')" 64 'twin: one without it leaves all of it'
echo "1..$n"
