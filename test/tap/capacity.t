#!/bin/bash
# capacity.t: 64 sessions give one therapist services, end them, move them to a second therapist and back, and take them away, at each
# isolation level; the therapist never has more than capacity, nothing that was acknowledged is lost, and the counters are what the services say.
#
# As a control, a trigger as people write it, which adds up and then decides, is exceeded by the same number of sessions.
# CASELOAD_SECONDS (10) times two is the number of transactions of each session, unless CASELOAD_TRIES says how many changes are to be tried
# in all: a transaction tries 1.3. Needs a server where PG* point to.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
# the server's user is called as the schema, which would be found by "$user"
export PGOPTIONS='-c client_min_messages=warning -c search_path=public -c synchronous_commit=off' PGTZ=UTC PGDATABASE=caseload_tap_capacity
sessions=64
transactions=$((${CASELOAD_SECONDS:-10} * 2))
[[ ! ${CASELOAD_TRIES:-} ]] || transactions=$((CASELOAD_TRIES * 10 / 13 / sessions / 3 + 1))
tries=0
work=$(mktemp -d)
chmod 755 "$work"

finish() {
  rm -rf "$work"
  dropdb --if-exists caseload_tap_capacity
}
trap finish EXIT

dropdb --if-exists caseload_tap_capacity
createdb caseload_tap_capacity || { echo 'Bail out! no database'; exit 1; }
if [[ $(sql -c 'SHOW max_connections') -lt $((sessions + 8)) ]]; then
  echo '1..0 # SKIP max_connections is too small'
  exit 0
fi
sql -o /dev/null -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()'

# Half a position gives 750 minutes a week: 25 services of 30 minutes. The second therapist has room for three quarters of all that is tried.
sql <<SQL
INSERT INTO caseload.district (district_id) VALUES ('C');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('C', 'one', 'SLP', 0.5), ('C', 'two', 'SLP', 1);
INSERT INTO caseload.client (district_id, client_id) SELECT 'C', 'C' || i FROM generate_series(1, $sessions) i;
INSERT INTO caseload.episode (district_id, client_id, episode) SELECT 'C', 'C' || i, 1 FROM generate_series(1, $sessions) i;
SQL

# What a session does: its own services, chosen by chance, each transaction one or two of them.
statements() { # session
  awk -v s="$1" -v n="$transactions" '
    function row() { return "district_id = '\''C'\'' AND service_id = '\''" s "-" 1 + int(rand() * 6) "'\''" }
    function one(kind) {
      if (kind < 5) return "INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('\''C'\'', '\''" s "-" 1 + int(rand() * 6) "'\'', '\''C" s "'\'', '\''SLP'\'', '\''30/week'\'', '\''one'\'', daterange(CURRENT_DATE - 10, NULL)) ON CONFLICT DO NOTHING"
      if (kind < 6) return "UPDATE caseload.service SET therapist_id = '\''two'\'' WHERE " row()
      if (kind < 8) return "UPDATE caseload.service SET therapist_id = '\''one'\'' WHERE " row()
      if (kind < 9) return "UPDATE caseload.service SET period = daterange(CURRENT_DATE - 10, CASE WHEN upper_inf(period) THEN CURRENT_DATE - 1 END) WHERE " row()
      return "DELETE FROM caseload.service WHERE " row()
    }
    BEGIN {
      srand(s)
      print "SELECT pg_sleep_until(:'\''begin'\'');"
      for (i = 0; i < n; i++) {
        if (rand() < 0.3) print "BEGIN; " one(rand() * 10) "; SELECT pg_sleep(0.002); " one(rand() * 10) "; COMMIT;"
        else print one(rand() * 10) ";"
      }
    }'
}

# The most that either therapist has on any day from today on, less the capacity; by the tables alone.
excess="SELECT coalesce(max(m.minutes - t.fte * 1500), 0)::integer
  FROM (SELECT s.therapist_id, 30 * count(*) AS minutes FROM caseload.service s WHERE s.period @> CURRENT_DATE GROUP BY 1) m
  JOIN caseload.therapist t ON t.therapist_id = m.therapist_id WHERE m.minutes > t.fte * 1500"

for s in $(seq $sessions); do statements "$s" >"$work/$s.sql"; done
for level in 'read committed' 'repeatable read' 'serializable'; do
  sql -c "SET caseload.capacity = off" -c "DELETE FROM caseload.service" -o /dev/null
  begin=$(sql -c "SELECT now() + interval '3 seconds'")
  for s in $(seq $sessions); do
    PGOPTIONS="$PGOPTIONS -c default_transaction_isolation=${level// /\\ }" psql -XAt -v VERBOSITY=sqlstate -v begin="$begin" -f "$work/$s.sql" >"$work/$s.out" 2>&1 &
  done
  seen=0
  while [[ $(jobs -rp | wc -l) -gt 0 ]]; do
    now=$(sql -c "$excess")
    ((now > seen)) && seen=$now
    sleep 0.05
  done
  wait
  is "$seen" 0 "$level: nobody was ever seen with more than capacity"
  is "$(sql -c "$excess")" 0 "$level: nobody has more than capacity"
  is "$(sql -c 'SELECT * FROM caseload.verify()')" '' "$level: the counters are what the services say"
  # 53200: so many writers at once can use up the server's pool of conflicts between serializable transactions
  allowed='23514|40001|40P01|25P02'
  [[ $level == serializable ]] && allowed+='|53200'
  is "$(cat "$work"/*.out | grep ERROR | grep -vE "$allowed" | sort | uniq -c)" '' "$level: no other errors"
  # in a transaction of several statements that is refused nothing was acknowledged: these are left out
  at_least "$(cat "$work"/*.out | grep -c 23514)" 20 "$level: some are refused"
  at_least "$(sql -c "SELECT count(*) FROM caseload.service WHERE therapist_id = 'one' AND period @> CURRENT_DATE")" 20 "$level: and the therapist is nearly full"
  cat "$work"/*.out | grep -oE '23514|40001|40P01|53200' | sort | uniq -c | sed 's/^/# /'
  # what a broken transaction did not run was not tried
  tries=$((tries + $(cat "$work"/*.out | grep -E '^(INSERT|UPDATE|DELETE)|ERROR' | grep -vc 25P02)))
done

at_least "$tries" $((transactions * sessions * 3)) 'changes were tried'
echo "# $tries"

# What was acknowledged is there: single statements only, each session adds rows of its own until it is refused.
sql -c "SET caseload.capacity = off" -c "DELETE FROM caseload.service" -o /dev/null
begin=$(sql -c "SELECT now() + interval '2 seconds'")
for s in $(seq $sessions); do
  { echo "SELECT pg_sleep_until(:'begin');"
    for i in 1 2 3; do
      echo "INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id) VALUES ('C', 'a$s-$i', 'C$s', 'SLP', '30/week', 'one');"
    done; } >"$work/$s.sql"
  psql -XAt -v VERBOSITY=sqlstate -v begin="$begin" -f "$work/$s.sql" >"$work/$s.out" 2>&1 &
done
wait
is "$(sql -c "SELECT count(*) FROM caseload.service")" 25 'all places are given, and no more'
is "$(cat "$work"/*.out | grep -c '^INSERT 0 1')" 25 'and as many were told that they have one'
is "$(sql -c "SELECT services FROM caseload.therapist_load, caseload.services_on(load, CURRENT_DATE) WHERE therapist_id = 'one'")" 25 'which the counter knows'

# The control: add up, then decide.
sql <<SQL
CREATE TABLE naive (service_id text PRIMARY KEY, therapist_id text, minutes integer);
CREATE FUNCTION naive_capacity() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
  IF (SELECT coalesce(sum(n.minutes), 0) FROM naive n WHERE n.therapist_id = NEW.therapist_id) + NEW.minutes > 750 THEN
    RAISE EXCEPTION 'full' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END \$\$;
CREATE TRIGGER naive_capacity BEFORE INSERT ON naive FOR EACH ROW EXECUTE FUNCTION naive_capacity();
SQL
echo "BEGIN; INSERT INTO naive VALUES ('n:client_id', 'one', 30); SELECT pg_sleep(1); COMMIT;" >"$work/naive.sql"
pgbench -n -c $sessions -j 2 -t 1 -f "$work/naive.sql" >/dev/null 2>&1
at_least "$(sql -c "SELECT count(*) FROM naive")" 26 'the control is exceeded'
echo "1..$n"
