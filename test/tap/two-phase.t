#!/bin/bash
# two-phase.t: every way of writing facts works inside a prepared transaction: nothing of it is seen before COMMIT PREPARED,
# nothing is left after ROLLBACK PREPARED, and in the end all is as if it had been written plainly.
#
# Needs a server where PG* point to, with max_prepared_transactions of 2 or more.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
# the server's user is called as the schema, which would be found by "$user"
export PGOPTIONS='-c client_min_messages=warning -c search_path=public -c lock_timeout=5s' PGTZ=UTC PGDATABASE=caseload_tap_prepared

finish() {
  # a prepared transaction that was left keeps its database from being dropped
  psql -XAtq -c "ROLLBACK PREPARED 'caseload_tap'" >/dev/null 2>&1
  dropdb --if-exists caseload_tap_prepared
}
trap finish EXIT

finish
createdb caseload_tap_prepared || { echo 'Bail out! no database'; exit 1; }
sql -o /dev/null -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()'
if [[ $(sql -c 'SHOW max_prepared_transactions') -lt 2 ]]; then
  echo '1..0 # SKIP max_prepared_transactions is too small'
  exit 0
fi

# Two districts that are the same: what is prepared in TWO is written plainly in ONE. A third is for whoever comes between.
for d in ONE TWO OTHER; do
  sql <<SQL
INSERT INTO caseload.district (district_id) VALUES ('$d');
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('$d', 'S', 'America/New_York');
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) VALUES ('$d', 'T1', 'SLP', 0.5), ('$d', 'T2', 'SLP', 0.5);
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT '$d', 'C' || i, 'S' FROM generate_series(1, 99) i;
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES
  ('$d', 'missed', 'no_shows >= 2', 'missed twice'), ('$d', 'fails', 'appointments / (attended - attended) > 1', 'fails');
SQL
done

state() { # district
  sql <<SQL
SET DateStyle = ISO;
SELECT 'episode', client_id, episode, e.period, e.closure_reason, a.period, a.attendance
  FROM caseload.episode e LEFT JOIN caseload.client_activity a USING (district_id, client_id, episode) WHERE district_id = '$1' ORDER BY 2, 3;
SELECT 'flag', subject, subject_key, client_id, episode, rule_name, rule_version, severity, action, raised_on, due_on, state, cleared_on, cleared_why, evidence, count(*)
  FROM caseload.flag WHERE district_id = '$1' GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 ORDER BY 2, 3, 4, 5, 6, 7, 12, 13, 14, 15;
SELECT 'step', f.client_id, f.rule_name, s.step, s.why, s.until, count(*) FROM caseload.flag_step s JOIN caseload.flag f USING (district_id, flag_id)
 WHERE s.district_id = '$1' GROUP BY 2, 3, 4, 5, 6 ORDER BY 2, 3, 4, 5, 6;
SELECT 'error', rule_name, message, sum(occurrences) FROM caseload.rule_error WHERE rule_district = '$1' GROUP BY 2, 3 ORDER BY 2, 3;
SELECT 'service', service_id, client_id, therapist_id, dosage FROM caseload.service WHERE district_id = '$1' ORDER BY 2;
SELECT 'load', therapist_id, load FROM caseload.therapist_load WHERE district_id = '$1' ORDER BY 2;
SELECT 'rule', rule_name, version, condition FROM caseload.rule WHERE district_id = '$1' ORDER BY 2;
SELECT 'policy', policy_name, discipline, value FROM caseload.policy WHERE district_id = '$1' ORDER BY 2, 3;
SELECT 'weighting', weighting_name, version, expression FROM caseload.weighting_version WHERE district_id = '$1' ORDER BY 2, 3;
SELECT 'therapist', therapist_id, fte FROM caseload.therapist WHERE district_id = '$1' ORDER BY 2;
SELECT 'fact', count(*) FROM caseload.appointment WHERE district_id = '$1';
SELECT 'fact', count(*) FROM caseload.contact WHERE district_id = '$1';
SQL
}
# The differences between what is derived and the facts. A rule that was changed is a matter of evaluate(), not of the facts.
differences() { sql -c 'SELECT count(*) FROM caseload.verify(NULL, CURRENT_DATE)'; }
# Prepare statements in district TWO; the session then goes on with another district, unless everything is locked.
goes_on="INSERT INTO caseload.appointment (district_id, client_id, starts_at, status) VALUES ('OTHER', 'C1', CURRENT_DATE - 3 + time '15:00', 'attended');
INSERT INTO caseload.service (district_id, client_id, discipline, dosage, therapist_id) VALUES ('OTHER', 'C1', 'SLP', '1/week', 'T1');"
prepare() { # statements
  sql <<<"BEGIN;
${1//@/TWO}
PREPARE TRANSACTION 'caseload_tap';
$goes_on"
}
# One way of writing; client, if given, is one whose facts it changes: nobody else can write them until it is decided.
way() { # name statements [client]
  local name=$1 statements=$2 before after
  before=$(state TWO)
  is "$(prepare "$statements")" '' "$name: prepared"
  is "$(state TWO)" "$before" "$name: nothing is seen yet"
  if [[ ${3:-} ]]; then
    is "$(sql -c "SET lock_timeout = '100ms'" -c "INSERT INTO caseload.contact (district_id, client_id, at, kind) VALUES ('TWO', '$3', CURRENT_DATE - 3, 'attempt')")" \
      'ERROR:  canceling statement due to lock timeout' "$name: others wait for the outcome"
  fi
  is "$(sql -c "ROLLBACK PREPARED 'caseload_tap'")$(state TWO)" "$before" "$name: nothing is left after ROLLBACK PREPARED"
  is "$(differences)" 0 "$name: and all is right"
  prepare "$statements" >/dev/null
  is "$(sql -c "COMMIT PREPARED 'caseload_tap'")" '' "$name: committed"
  sql <<<"BEGIN;
${statements//@/ONE}
COMMIT;"
  after=$(state TWO)
  is "$after" "$(state ONE)" "$name: as if written plainly"
  # not the same error twice, either
  [[ $after != "$before" && $after != *ERROR:* ]]
  ok $? "$name: and that is a change"
  is "$(differences)" 0 "$name: all is right after COMMIT PREPARED"
}

appointment='INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)'
way 'first event' "$appointment VALUES ('@', 'C1', 'A1', CURRENT_DATE - 9 + time '15:00', 'no_show');" C1
way 'single row, a flag' "$appointment VALUES ('@', 'C1', 'A2', CURRENT_DATE - 8 + time '15:00', 'no_show');" C1
way 'several rows' "$appointment SELECT '@', 'C' || i, 'A' || d, CURRENT_DATE - d + time '15:00', 'no_show' FROM generate_series(2, 12) i, generate_series(4, 6) d;" C12
kept=$goes_on goes_on=
way 'more clients than are locked one by one' "$appointment SELECT '@', 'C' || i, 'B', CURRENT_DATE - 7 + time '15:00', 'attended' FROM generate_series(1, 99) i;" C50
goes_on=$kept
day=$(sql -c 'SELECT CURRENT_DATE - 5')
way 'COPY' "COPY caseload.appointment (district_id, client_id, appointment_id, starts_at, status) FROM stdin;
@	C20	D1	$day 15:00Z	no_show
@	C21	D1	$day 15:00Z	late
@	C20	D2	$day 16:00Z	no_show
\\." C21
way 'UPDATE' "UPDATE caseload.appointment SET status = 'attended' WHERE district_id = '@' AND client_id IN ('C2', 'C3') AND status = 'no_show';" C2
way 'UPDATE of the client' "UPDATE caseload.appointment SET client_id = 'C5' WHERE district_id = '@' AND client_id = 'C4' AND status = 'no_show' AND appointment_id <> 'B' AND appointment_id NOT IN ('A4', 'A5', 'A6');
UPDATE caseload.appointment SET client_id = 'C30', appointment_id = 'moved' WHERE district_id = '@' AND client_id = 'C4' AND appointment_id = 'A4';" C30
way 'DELETE' "DELETE FROM caseload.appointment WHERE district_id = '@' AND client_id IN ('C6', 'C7') AND status = 'no_show';" C7
way 'ON CONFLICT' "$appointment VALUES ('@', 'C8', 'A4', CURRENT_DATE - 4 + time '15:00', 'late') ON CONFLICT (district_id, client_id, appointment_id) DO UPDATE SET status = EXCLUDED.status;" C8
way 'contact' "INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind) VALUES ('@', 'C9', 'K1', CURRENT_DATE - 2 + time '15:00', 'two_way');" C9
way 'episode closed, the next one opened' "UPDATE caseload.episode SET period = daterange(NULL, CURRENT_DATE - 1), closure_reason = 'moved' WHERE district_id = '@' AND client_id = 'C9';
DELETE FROM caseload.contact WHERE district_id = '@' AND client_id = 'C9' AND contact_id = 'none';
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('@', 'C9', 2, daterange(CURRENT_DATE - 1, NULL));" C9
way 'episode deleted' "DELETE FROM caseload.episode WHERE district_id = '@' AND client_id = 'C9' AND episode = 2;" C9
goes_on=
way 'site, which moves everybody' "UPDATE caseload.site SET time_zone = 'Asia/Kathmandu' WHERE district_id = '@';" C99
goes_on=$kept
way 'savepoints' "$appointment VALUES ('@', 'C40', 'E1', CURRENT_DATE - 9 + time '15:00', 'no_show');
SAVEPOINT s;
$appointment VALUES ('@', 'C40', 'E2', CURRENT_DATE - 8 + time '15:00', 'no_show');
ROLLBACK TO s;
$appointment VALUES ('@', 'C40', 'E3', CURRENT_DATE - 7 + time '15:00', 'late');" C40
service='INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id)'
way 'service that waits' "$service VALUES ('@', 'V1', 'C1', 'SLP', '30/week', NULL);" C1
way 'service within capacity' "$service VALUES ('@', 'V2', 'C2', 'SLP', '700/week', 'T1'), ('@', 'V3', 'C3', 'SLP', '720/week', 'T2');" C3
way 'services that change places' "UPDATE caseload.service SET therapist_id = 'T2' WHERE district_id = '@' AND service_id = 'V2';
UPDATE caseload.service SET therapist_id = 'T1' WHERE district_id = '@' AND service_id = 'V3';" C2
way 'answers to flags' "DO \$\$BEGIN
  PERFORM caseload.acknowledge_flag(flag_id, 'seen', '@') FROM caseload.flag WHERE district_id = '@' AND client_id = 'C1' AND cleared_on IS NULL;
  PERFORM caseload.dismiss_flag(flag_id, 'ill', '@') FROM caseload.flag WHERE district_id = '@' AND client_id = 'C2' AND cleared_on IS NULL;
  PERFORM caseload.dismiss_flag(flag_id, 'ill', '@') FROM caseload.flag WHERE district_id = '@' AND client_id = 'C10' AND cleared_on IS NULL;
END\$\$;"
way 'policy' "INSERT INTO caseload.policy (district_id, policy_name, discipline, value) VALUES ('@', 'headcount_cap', 'SLP', '40');
UPDATE caseload.policy SET value = '41' WHERE district_id = '@' AND policy_name = 'headcount_cap';"
way 'weighting' "INSERT INTO caseload.weighting (district_id, weighting_name, subject, expression, unit) VALUES ('@', 'own', 'service', '2', 'points');
UPDATE caseload.weighting SET expression = '3' WHERE district_id = '@' AND weighting_name = 'own';"
way 'position' "UPDATE caseload.therapist SET fte = 0.5 + 0.001 WHERE district_id = '@';
UPDATE caseload.therapist SET fte = 0.5 WHERE district_id = '@' AND therapist_id = 'T1';"
way 'a rule, and evaluate()' "INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('@', 'seen', 'attended > 0', 'seen');
DO \$\$BEGIN PERFORM caseload.evaluate(CURRENT_DATE, '@'); END\$\$;"

# Beyond capacity: refused when it is prepared, with nothing left of it; while one is undecided, the place is taken.
before=$(state TWO)
is "$(prepare "$service VALUES ('@', 'V4', 'C4', 'SLP', '60/week', 'T1');")" 'ERROR:  assignment exceeds the capacity of therapist "T1"' 'beyond capacity: PREPARE is refused'
is "$(sql -c 'SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()')$(state TWO)" "0$before" 'beyond capacity: nothing is left'
is "$(prepare "$service VALUES ('@', 'V4', 'C4', 'SLP', '30/week', 'T1');")" '' 'the last place: prepared'
is "$(sql -c "SET lock_timeout = '100ms'" -c "$service VALUES ('TWO', 'V5', 'C5', 'SLP', '30/week', 'T1')")" \
  'ERROR:  canceling statement due to lock timeout' 'the last place: others wait for the outcome'
is "$(sql -c "$service VALUES ('TWO', 'V6', 'C5', 'SLP', '30/week', 'T2')")" '' 'the last place: another therapist is free'
sql -c "COMMIT PREPARED 'caseload_tap'"
is "$(sql -c "$service VALUES ('TWO', 'V5', 'C6', 'SLP', '30/week', 'T1')")" 'ERROR:  assignment exceeds the capacity of therapist "T1"' 'the last place: it is taken'

# So is a changed policy, in a session that has read the one before.
is "$(sql -v ON_ERROR_STOP=0 <<SQL
$service VALUES ('TWO', 'V7', 'C7', 'SLP', '30/week', 'T1');
\! psql -XAtq -c BEGIN -c "INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('TWO', 'weekly_minutes_per_fte', '1560')" -c "PREPARE TRANSACTION 'caseload_tap'"
$service VALUES ('TWO', 'V7', 'C7', 'SLP', '30/week', 'T1');
\! psql -XAtq -c "COMMIT PREPARED 'caseload_tap'"
$service VALUES ('TWO', 'V7', 'C7', 'SLP', '30/week', 'T1');
$service VALUES ('TWO', 'V8', 'C8', 'SLP', '30/week', 'T1');
SQL
)" "$(for i in 1 2 3; do echo 'ERROR:  assignment exceeds the capacity of therapist "T1"'; done)" 'a policy that is prepared elsewhere: in force once it is committed'
is "$(sql -c "SELECT string_agg(service_id, ',') FROM caseload.service WHERE district_id = 'TWO' AND service_id IN ('V7', 'V8')")" V7 'a policy that is prepared elsewhere: and not sooner'

# A changed rule is in force from COMMIT PREPARED on, in sessions that have compiled the one before, and not sooner, not even
# in the session that prepared it. Client C70 is first seen before, C71 between, C72 after.
miss() { echo "$appointment VALUES ('TWO', '$1', 'F', CURRENT_DATE - 4 + time '15:00', 'no_show');"; }
flagged() { sql -c "SELECT string_agg(client_id || ' version ' || rule_version, ', ' ORDER BY client_id) FROM caseload.flag WHERE district_id = 'TWO' AND rule_name = 'missed' AND client_id LIKE 'C7_' AND cleared_on IS NULL"; }
is "$(sql <<SQL
$(miss C70)
\! psql -XAtq -c BEGIN -c "UPDATE caseload.rule SET condition = 'no_shows >= 1' WHERE district_id = 'TWO' AND rule_name = 'missed'" -c "PREPARE TRANSACTION 'caseload_tap'"
$(miss C71)
\! psql -XAtq -c "COMMIT PREPARED 'caseload_tap'"
$(miss C72)
SQL
)$(flagged)" 'C72 version 2' 'a rule that is prepared elsewhere: in force once it is committed'
is "$(sql <<SQL
BEGIN;
UPDATE caseload.rule SET condition = 'no_shows >= 99' WHERE district_id = 'TWO' AND rule_name = 'missed';
$(miss C73)
PREPARE TRANSACTION 'caseload_tap';
$(miss C74)
COMMIT PREPARED 'caseload_tap';
$(miss C75)
SQL
)$(flagged)" 'C72 version 2, C74 version 2' 'a rule that is prepared here: likewise'
sql -o /dev/null -c "SELECT caseload.evaluate(CURRENT_DATE, 'TWO')"
is "$(flagged)" '' 'evaluate() brings older flags in line with it'
is "$(differences)" 0 'all is right in the end'
is "$(sql -c "SELECT count(*) > 0 FROM caseload.rule_error WHERE rule_district = 'TWO' AND message = 'division by zero'")" t 'and a rule failed all the while'

echo "1..$n"
