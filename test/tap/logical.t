#!/bin/bash
# logical.t: a subscriber with caseload of its own gets by logical replication what the publisher has, first as a copy and then as it
# happens, and counts nothing twice; sessions there see rules and policies change; and from the facts alone the rest can be made.
#
# Needs CASELOAD_IN, the folder with test/data/sample.sql, and a server where PG* point to, whose settings for extensions are taken
# over, and BINDIR.
set -uo pipefail
# shellcheck source=test/tap/own-server.bash
source "$(dirname "$0")/own-server.bash"

server publisher 'wal_level = logical'
server subscriber
prepare_writers publisher
on publisher sql -d $db -o /dev/null -v anchor=2026-03-02 -v clients=60 -v weeks=8 -f "$CASELOAD_IN/test/data/sample.sql" -c "SELECT caseload.evaluate('2026-03-02')"
start_writers publisher 28
wait_for_writers
# what install() has put into the subscriber's tables comes again
on subscriber createdb $db
on subscriber sql -d $db -o /dev/null -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' -c 'CREATE EXTENSION amcheck' \
  -c 'TRUNCATE caseload.installation, caseload.policy_kind, caseload.policy, caseload.rule, caseload.rule_version, caseload.weighting, caseload.weighting_version, caseload.low_incidence_class, caseload.activity CASCADE'

on publisher sql -d $db -c 'CREATE PUBLICATION all_of_it FOR TABLES IN SCHEMA caseload'
on subscriber sql -d $db -o /dev/null -c "CREATE SUBSCRIPTION all_of_it CONNECTION 'host=$work port=${port_of[publisher]} user=$PGUSER dbname=$db' PUBLICATION all_of_it"
copied="SELECT count(*) > 0 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel"
caught_up() {
  local lsn
  lsn=$(on publisher sql -c 'SELECT pg_current_wal_lsn()' postgres)
  until_true "${1:-60}" said publisher "SELECT count(*) > 0 AND bool_and(replay_lsn >= '$lsn') FROM pg_stat_replication WHERE application_name = '${2:-all_of_it}'" t
}
verified() { on subscriber sql -d "${1:-$db}" -c 'SELECT * FROM caseload.verify()'; }

until_true 60 said subscriber "$copied" t $db
is "$(on subscriber sql -d $db -c "$copied")" t 'the initial copy is complete'
caught_up
is "$(rows subscriber $db)" "$(rows publisher $db)" 'initial copy: every row is the same'
is "$(verified)" '' 'initial copy: what is derived is right'

# A session of the subscriber that has rules and policies ready, before they change; what it writes it takes back.
open_session subscriber $db
seen="SELECT count(*) FROM caseload.current_flags WHERE rule_name = 'R1';"
assign="BEGIN; INSERT INTO caseload.service (district_id, client_id, discipline, dosage, therapist_id) VALUES ('K', 'W1', 'SLP', '600/week', 'T1');
SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK;"
at_least "$(ask "$seen")" 1 'a session of the subscriber sees flags'
is "$(ask "$assign")" '' 'and assigns within capacity'

start_writers publisher 42
wait_for_writers
is "$(errors)" '' 'six writers on the publisher: no errors'
caught_up
is "$(rows subscriber $db)" "$(rows publisher $db)" 'streamed: every row is the same'
is "$(verified)" '' 'streamed: what is derived is right'
on publisher sql -d $db -c 'TRUNCATE caseload.contact' -c "DELETE FROM caseload.service WHERE district_id = 'K' AND service_id ~ '1-'" -c "SELECT caseload.evaluate(CURRENT_DATE, 'K')" -o /dev/null
caught_up
is "$(rows subscriber $db)$(verified)" "$(rows publisher $db)" 'TRUNCATE: likewise'
is "$(amcheck subscriber)" '' 'heaps and indexes are right'

rule_to() { on "$1" sql -d $db -c "${3:-SET application_name = x}" -c "UPDATE caseload.rule SET condition = 'no_shows >= $2' WHERE district_id = 'K' AND rule_name = 'R1'"; }
policy_to() { on "$1" sql -d $db -c "${3:-SET application_name = x}" -c "UPDATE caseload.policy SET value = '$2' WHERE district_id = 'K' AND policy_name = 'weekly_minutes_per_fte'"; }
rule_to publisher 1000
policy_to publisher 10
caught_up
is "$(ask "$seen")" 0 'the open session sees a changed rule'
is "$(ask "$assign")" 'ERROR:  23514' 'and a changed policy'
# on the publisher's side, whoever fires no triggers is in the same case
close_session
open_session publisher $db
ask "$seen$assign" >/dev/null
rule_to publisher 1 'SET session_replication_role = replica'
policy_to publisher 100000 'SET session_replication_role = replica'
at_least "$(ask "$seen")" 1 'session_replication_role = replica: others see a changed rule'
is "$(ask "$assign")" '' 'and a changed policy'
close_session

# --------------------------------------------------------------------------------------------------- the facts alone ---

on subscriber createdb facts
on publisher pg_dump --schema-only --no-publications $db | grep -vE '^\\(un)?restrict ' | on subscriber sql -d facts -o /dev/null
on publisher sql -d $db <<'SQL'
SELECT 'CREATE PUBLICATION facts FOR TABLE ' || string_agg(c.oid::regclass::text, ', ') FROM pg_class c
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind = 'r' AND c.relname <> ALL ('{client_activity,flag,flag_step,rule_error,therapist_load}') \gexec
SQL
on subscriber sql -d facts -o /dev/null -c "CREATE SUBSCRIPTION facts CONNECTION 'host=$work port=${port_of[publisher]} user=$PGUSER dbname=$db' PUBLICATION facts"
until_true 60 said subscriber "$copied" t facts
caught_up 60 facts
isnt "$(verified facts)" '' 'facts alone: verify() says that the rest is missing'
at_least "$(on subscriber sql -d facts -c 'SELECT caseload.rebuild()')" 50 'facts alone: rebuild() makes it'
is "$(verified facts)" '' 'facts alone: then it is right'
values='SELECT * FROM caseload.client_activity ORDER BY district_id, client_id, episode; SELECT * FROM caseload._load_recompute() ORDER BY 1, 2;'
is "$(on subscriber sql -d facts -c "$values")" "$(on publisher sql -d $db -c "$values")" 'facts alone: and the same'
on subscriber sql -d facts -o /dev/null -c 'DROP SUBSCRIPTION facts'

# ------------------------------------------------------------------------------------------- the proof must be able to fail ---

# Triggers that tell only when others fire leave the session with what it had.
on subscriber sql -d $db -c 'ALTER TABLE caseload.rule ENABLE TRIGGER rule_replica_write' -c 'ALTER TABLE caseload.policy ENABLE TRIGGER policy_replica_write'
open_session subscriber $db
before=$(ask "$seen")
ask "$assign" >/dev/null
rule_to publisher 1000
policy_to publisher 10
caught_up
is "$(ask "$seen")" "$before" 'twin: a session is not told of the rule'
is "$(ask "$assign")" '' 'twin: nor of the policy'
close_session
policy_to publisher 100000
# Triggers that derive, fired for what was derived already.
caught_up
on subscriber sql -d $db -c 'ALTER TABLE caseload.service ENABLE ALWAYS TRIGGER load_note'
on publisher sql -d $db -c "INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id) SELECT 'K', 'd' || i, 'C1', 'SLP', '7/week', 'T1' FROM generate_series(1, 3) i"
caught_up 10
isnt "$(rows subscriber $db)$(verified)" "$(rows publisher $db)" 'twin: a trigger that fires for what comes counts twice, or stops'
verified | head -n 3 | sed 's/^/# /'
is "$(trouble publisher)" '' 'the publisher knows of no trouble'
echo "1..$n"
