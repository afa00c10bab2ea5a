#!/bin/bash
# soak.t: 32 sessions do everything at once: appointments of all statuses, single and in bulk, contacts, documents, services given, moved and taken away,
# positions, policies, rules, sites, episodes closed, opened and deleted, flags answered, evaluate(), rebuild(), reports; and nobody
# gets more than capacity, nothing fails that need not, nothing deadlocks, and in the end all is right.
#
# 24 sessions are pgbench's, each transaction one statement that must not fail. Eight are psql's, whose statements may be refused (23514, 23P01), come too late
# (55000, P0002), or deadlock. CASELOAD_SECONDS is the time (10); from 60 on, memory is watched, too.
#
# Needs a server where PG* point to, which can read files of this script and whose log is server.log in the current folder.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
# the server's user is called as the schema, which would be found by "$user"
export PGOPTIONS='-c client_min_messages=error -c search_path=public' PGTZ=UTC PGDATABASE=caseload_tap_soak
seconds=${CASELOAD_SECONDS:-10}
clients=24 others=8
work=$(mktemp -d)
chmod 755 "$work"
log=$PWD/server.log

finish() {
  rm -rf "$work"
  dropdb --if-exists --force caseload_tap_soak
}
trap finish EXIT

dropdb --if-exists --force caseload_tap_soak
createdb caseload_tap_soak || { echo 'Bail out! no database'; exit 1; }
if [[ $(sql -c 'SHOW max_connections') -lt $((clients + others + 8)) || ! -r $log ]]; then
  echo '1..0 # SKIP max_connections is too small, or no log'
  exit 0
fi
sql -o /dev/null -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()'

# Therapists F0 to F3 keep their positions, and their clients, C1 to C100, stay enrolled: nothing but assignments can take them beyond capacity.
# C301 to C400 are those whose episodes end, so that events of theirs may be refused.
# Half a position gives 750 minutes: 25 services of 30. The others are for everything else.
sql <<SQL
INSERT INTO caseload.district (district_id) VALUES ('P'), ('Q');
INSERT INTO caseload.site (district_id, site_id, time_zone, level) SELECT 'P', 'S' || s, (ARRAY['America/New_York', 'Asia/Kathmandu', NULL, 'UTC'])[s + 1], 'high' FROM generate_series(0, 3) s;
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) SELECT 'P', 'F' || t, 'SLP', 0.5 FROM generate_series(0, 3) t;
INSERT INTO caseload.therapist (district_id, therapist_id, discipline, fte) SELECT 'P', 'M' || t, 'OT', 1 FROM generate_series(0, 7) t;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'P', 'C' || i, 'S' || i % 3 FROM generate_series(1, 400) i;
INSERT INTO caseload.episode (district_id, client_id, episode) SELECT 'P', 'C' || i, 1 FROM generate_series(1, 400) i WHERE i <= 100 OR i % 3 > 0;
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT 'P', 'C' || i, 'N' || a, CURRENT_DATE - 20 - a, 'no_show' FROM generate_series(301, 400) i, generate_series(1, 3) a;
INSERT INTO caseload.policy (district_id, policy_name, discipline, value) VALUES ('P', 'weekly_minutes_per_fte', 'OT', '1500'), ('P', 'headcount_cap', 'OT', '40');
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES ('P', 'strike_window_days', '90');
INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message) VALUES
  ('P', 'missed', 'client', 'misses_in_window >= 2', 'missed'), ('P', 'fails', 'client', 'appointments / (attended - attended) > 1', 'fails'),
  ('P', 'full', 'therapist', 'clients > 10', 'full');
SQL
for file in {1..6}; do
  sql -c "SELECT 'P,C' || i || ',' || CURRENT_DATE - 3 - $file || ' 15:00Z,attended' FROM generate_series(1, 300) i WHERE hashint4(i + $file) % 4 = 0 ORDER BY hashint4(i * $file + 7)" >"$work/$file.csv"
done

# ------------------------------------------------------------------------------------------------------ what cannot fail ---

scripts=()
script() { # name weight, the text on standard input
  cat >"$work/$1.sql"
  scripts+=(-f "$work/$1.sql@$2")
}
state="(ARRAY['scheduled', 'attended', 'late', 'no_show', 'client_cancel', 'late_cancel', 'provider_cancel']::caseload.appointment_status[])[:s]"
event="INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)"
again="ON CONFLICT (district_id, client_id, appointment_id) DO UPDATE SET status = EXCLUDED.status, starts_at = EXCLUDED.starts_at"
# ids repeat, so that after a while there are as many rows as there are ids
script put 40 <<SQL
\set c random(1, 300)
\set i random(1, 20)
\set s random(1, 7)
$event VALUES ('P', 'C:c', 'S:i', CURRENT_DATE - 2 - :i, $state) $again;
SQL
script update 30 <<SQL
\set c random(1, 300)
\set i random(1, 20)
\set s random(1, 7)
UPDATE caseload.appointment SET status = $state, minutes = 30 WHERE district_id = 'P' AND client_id = 'C:c' AND appointment_id = 'S:i';
SQL
script delete 15 <<SQL
\set c random(1, 300)
\set i random(1, 20)
DELETE FROM caseload.appointment WHERE district_id = 'P' AND client_id = 'C:c' AND appointment_id = 'S:i';
SQL
script bulk 5 <<SQL
\set s random(1, 7)
\set k random(1, 30)
$event SELECT 'P', 'C' || i, 'B:client_id', CURRENT_DATE - 1 - :k, $state FROM generate_series(:k, 300, 7) i ORDER BY hashint4(i + :s) ON CONFLICT DO NOTHING;
SQL
script bulk_update 4 <<SQL
\set s random(1, 7)
UPDATE caseload.appointment SET status = $state WHERE district_id = 'P' AND appointment_id = 'B:client_id';
SQL
script bulk_delete 2 <<SQL
DELETE FROM caseload.appointment WHERE district_id = 'P' AND appointment_id = 'B:client_id';
SQL
script copy 1 <<SQL
\set f random(1, 6)
COPY caseload.appointment (district_id, client_id, starts_at, status) FROM '$work/:f.csv' (FORMAT csv);
SQL
script copied 1 <<SQL
\set c random(1, 300)
DELETE FROM caseload.appointment WHERE district_id = 'P' AND client_id = 'C:c' AND length(appointment_id) > 30;
SQL
script contact 8 <<SQL
\set c random(1, 300)
\set i random(1, 9)
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind) VALUES ('P', 'C:c', 'K:i', CURRENT_DATE - 6, 'two_way') ON CONFLICT DO NOTHING;
SQL
script document 8 <<SQL
\set c random(1, 300)
\set i random(1, 9)
INSERT INTO caseload.document (district_id, client_id, document_id, kind, due_on, done_at) VALUES ('P', 'C:c', 'D:i', 'session_note', CURRENT_DATE - :i, CURRENT_DATE - 1)
  ON CONFLICT (district_id, client_id, document_id) DO UPDATE SET done_at = CASE WHEN document.done_at IS NULL THEN CURRENT_DATE END;
SQL
script client 5 <<SQL
\set c random(1, 300)
\set s random(0, 3)
UPDATE caseload.client SET site_id = 'S:s' WHERE district_id = 'P' AND client_id = 'C:c';
SQL
script site 1 <<SQL
\set s random(0, 3)
\set z random(1, 3)
UPDATE caseload.site SET time_zone = (ARRAY['America/New_York', 'Asia/Kathmandu', NULL])[:z] WHERE district_id = 'P' AND site_id = 'S:s';
SQL
script position 3 <<SQL
\set t random(0, 7)
\set f random(1, 20)
UPDATE caseload.therapist SET fte = :f / 20.0 WHERE district_id = 'P' AND therapist_id = 'M:t';
SQL
script policy 1 <<SQL
\set m random(500, 3000)
UPDATE caseload.policy SET value = CASE policy_name WHEN 'strike_window_days' THEN :m / 30 ELSE :m END WHERE district_id = 'P' AND policy_name IN ('weekly_minutes_per_fte', 'strike_window_days');
SQL
script rule 1 <<SQL
\set m random(1, 5)
UPDATE caseload.rule SET condition = 'misses_in_window >= :m' WHERE district_id = 'P' AND rule_name = 'missed';
SQL
script closing 5 <<SQL
\set c random(101, 300)
UPDATE caseload.episode SET period = daterange(lower(period), CASE WHEN upper_inf(period) THEN CURRENT_DATE + 1 END), closure_reason = 'moved' WHERE district_id = 'P' AND client_id = 'C:c' AND episode = 1;
SQL
script evaluate 1 <<SQL
SELECT caseload.evaluate(NULL, 'P');
SQL
script rebuild 4 <<SQL
\set c random(1, 300)
SELECT caseload.rebuild('P', 'C:c');
SQL
script reports 4 <<SQL
\set c random(1, 300)
\set r random(1, 6)
SELECT CASE :r WHEN 1 THEN (SELECT count(*) FROM caseload.current_flags) WHEN 2 THEN (SELECT count(*) FROM caseload.workload()) WHEN 3 THEN (SELECT count(*) FROM caseload.client_facts() WHERE client_id = 'C:c')
  WHEN 4 THEN (SELECT count(*) FROM caseload.check_capacity('F0', dosage => '30/week', discipline => 'SLP', district_id => 'P')) WHEN 5 THEN (SELECT count(*) FROM caseload.data_gaps)
  WHEN 6 THEN (SELECT count(*) FROM caseload.flags(CURRENT_DATE, 'P')) END;
SQL

# ---------------------------------------------------------------------------------------------- what may be refused, or late ---

statements() { # session
  awk -v s="$1" '
    function service() { return "district_id = '\''P'\'' AND service_id = '\''" s "-" 1 + int(rand() * 30) "'\''" }
    function flag() { return "(SELECT f.flag_id FROM caseload.flag f WHERE f.cleared_on IS NULL AND f.district_id = '\''P'\'' ORDER BY random() LIMIT 1)" }
    function someone(first, last) { return "'\''C" first + int(rand() * (last - first + 1)) "'\''" }
    BEGIN {
      srand(s + systime())
      for (i = 0; i < 150; i++) {
        kind = int(rand() * 23)
        if (kind < 2) print "INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES ('\''P'\'', " someone(301, 400) ", '\''E" int(rand() * 9) "'\'', CURRENT_DATE - 5 - " int(rand() * 9) ", '\''no_show'\'') ON CONFLICT (district_id, client_id, appointment_id) DO UPDATE SET starts_at = EXCLUDED.starts_at;"
        else if (kind < 3) print "UPDATE caseload.episode SET period = daterange(lower(period), CASE WHEN upper_inf(period) THEN CURRENT_DATE + 1 END) WHERE district_id = '\''P'\'' AND client_id = " someone(301, 400) " AND episode = 1;"
        else if (kind < 7) print "INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('\''P'\'', '\''" s "-" 1 + int(rand() * 30) "'\'', " someone(1, 100) ", '\''SLP'\'', '\''30/week'\'', '\''F" int(rand() * 4) "'\'', daterange(CURRENT_DATE - 10, NULL)) ON CONFLICT DO NOTHING;"
        else if (kind < 9) print "INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, therapist_id, period) VALUES ('\''P'\'', '\''o" s "-" 1 + int(rand() * 30) "'\'', " someone(101, 300) ", '\''OT'\'', '\''45/week'\'', '\''M" int(rand() * 8) "'\'', daterange(CURRENT_DATE - 10, NULL)) ON CONFLICT DO NOTHING;"
        else if (kind < 12) print "UPDATE caseload.service SET therapist_id = '\''F" int(rand() * 4) "'\'' WHERE " service() ";"
        else if (kind < 13) print "UPDATE caseload.service SET therapist_id = '\''F" int(rand() * 4) "'\'' WHERE district_id = '\''P'\'' AND service_id LIKE '\''" s "-1%'\'';"
        else if (kind < 14) print "UPDATE caseload.service SET period = daterange(CURRENT_DATE - 10, CASE WHEN upper_inf(period) THEN CURRENT_DATE - 1 END) WHERE " service() ";"
        else if (kind < 16) print "DELETE FROM caseload.service WHERE " service() ";"
        else if (kind < 17) print "SELECT caseload.acknowledge_flag(" flag() ", '\''seen'\'');"
        else if (kind < 18) print "SELECT caseload.dismiss_flag(" flag() ", '\''ill'\'');"
        else if (kind < 19) print "SELECT caseload.snooze_flag(" flag() ", CURRENT_DATE + 9, '\''later'\'');"
        else if (kind < 20) print "SELECT caseload.confirm_flag((SELECT f.flag_id FROM caseload.flag f WHERE f.district_id = '\''P'\'' AND f.client_id ~ '\''^C[34][0-9][0-9]$'\'' AND f.client_id > '\''C300'\'' AND f.cleared_on IS NULL AND f.action = '\''close'\'' ORDER BY random() LIMIT 1));"
        else if (kind < 21) print "INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('\''P'\'', " someone(301, 400) ", 2, daterange(CURRENT_DATE + 1, NULL)) ON CONFLICT DO NOTHING;"
        else if (kind < 22) print "DELETE FROM caseload.episode WHERE district_id = '\''P'\'' AND client_id = " someone(301, 400) " AND episode = 2;"
        else { c = someone(1, 400); print "BEGIN; INSERT INTO caseload.contact (district_id, client_id, at, kind) VALUES ('\''P'\'', " c ", CURRENT_DATE - 2, '\''attempt'\''); DELETE FROM caseload.contact WHERE district_id = '\''P'\'' AND client_id = " c " AND kind = '\''attempt'\''; COMMIT;" }
      }
    }'
}
keep_on() { # session
  while ((SECONDS < until)); do
    statements "$1" >"$work/o$1.sql"
    psql -XAt -v VERBOSITY=sqlstate -f "$work/o$1.sql" 2>&1 | grep -vE '^$' >>"$work/o$1.out"
  done
}

# The most that a therapist who keeps his position has today or later, less the capacity; by the tables alone.
excess="SELECT coalesce(max(m.minutes - t.fte * 1500), 0)::integer
  FROM (SELECT s.therapist_id, 30 * count(*) AS minutes FROM caseload.service s WHERE s.period @> CURRENT_DATE GROUP BY 1) m
  JOIN caseload.therapist t ON t.therapist_id = m.therapist_id WHERE t.therapist_id ~ '^F' AND m.minutes > t.fte * 1500"
# Kilobytes that pgbench's sessions have for themselves, on average.
memory() {
  local pid all=0 count=0 kilobytes
  for pid in $(sql -c "SELECT pid FROM pg_stat_activity WHERE datname = 'caseload_tap_soak' AND application_name = '${1:-pgbench}'"); do
    kilobytes=$(sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2>/dev/null)
    if [[ $kilobytes ]]; then all=$((all + kilobytes)) count=$((count + 1)); fi
  done
  echo $((count > 0 ? all / count : 0))
}
# Of each deadlock since the line of the log that the argument names, the statements that took part, in one line.
deadlocks() {
  tail -n "+$1" "$log" | awk '/ERROR:  deadlock detected/ { on = 1; line = "" } on && /^\tProcess [0-9]+: / { sub(/^\tProcess [0-9]+: /, ""); line = line " | " $0 } on && /HINT:|STATEMENT:/ { if (line != "") print line; on = 0 }'
}
# docs/design.md: who opens an episode may deadlock with others.
undocumented() { deadlocks "$1" | grep -v 'INSERT INTO caseload\.episode'; }

from=$(($(wc -l <"$log") + 1))
until=$((SECONDS + seconds))
for ((s = 1; s <= others; s++)); do keep_on "$s" & done
pgbench -n -c $clients -j 2 -T "$seconds" --max-tries=0 --failures-detailed --random-seed="${CASELOAD_SEED:-7}" -r "${scripts[@]}" >"$work/pgbench.out" 2>&1 &
bench=$!
seen=0 first=0 last=0 half=$((SECONDS + seconds / 3))
while kill -0 $bench 2>/dev/null; do
  now=$(sql -c "$excess")
  ((now > seen)) && seen=$now
  if ((SECONDS >= half && first == 0)); then first=$(memory); fi
  if ((SECONDS < until - 1)); then last=$(memory); fi
  sleep 0.5
done
wait $bench
status=$?
wait

# -------------------------------------------------------------------------------------------------------------- results ---

is "$status" 0 'no session of pgbench is stopped by an error'
is "$(grep -E 'aborted|ERROR' "$work/pgbench.out" | head -n 5)" '' 'none of its statements has failed'
at_least "$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$work/pgbench.out")" $((5 * seconds)) 'statements'
is "$(cat "$work"/o*.out | grep ERROR | grep -vE '23514|23P01|55000|P0002|40P01|25P02' | sort | uniq -c)" '' 'of the others none has failed without reason'
echo "# $(sed -n 's/^number of transactions actually processed: //p' "$work/pgbench.out") statements of pgbench, $(cat "$work"/o*.out | grep -cE '^(INSERT|UPDATE|DELETE|COMMIT|\([0-9]+ row)') of the others; refused:$(cat "$work"/o*.out | grep -oE '23514|23P01|55000|P0002|40P01' | sort | uniq -c | tr -s ' \n' ' ')"
at_least "$(cat "$work"/o*.out | grep -c 23514)" $((seconds / 3)) 'some were refused, for capacity or because they are outside every episode'
is "$seen" 0 'nobody was ever seen with more than capacity'
is "$(sql -c "$excess")" 0 'nobody has more than capacity'
at_least "$(sql -c "SELECT max(c) FROM (SELECT count(*) AS c FROM caseload.service WHERE therapist_id ~ '^F' AND period @> CURRENT_DATE GROUP BY therapist_id) x")" 20 'and therapists are nearly full'
is "$(undocumented "$from")" '' 'no deadlocks'
deadlocks "$from" | sed -E "s/'[^']*'/…/g; s/^ \\| //" | cut -c 1-300 | sort | uniq -c | sed 's/^ */# deadlocks: /'
is "$(tail -n "+$from" "$log" | grep -E 'XX[0-9A-Z]{3}|PANIC|concurrently|terminated by signal' | head -n 5)" '' 'the log knows of no internal error'
is "$(sql -c 'SELECT * FROM caseload.verify()')" '' 'what is derived is right'
is "$(sql -c 'SELECT count(*) FROM caseload.evaluate(CURRENT_DATE)' -c 'SELECT * FROM caseload.verify(NULL, CURRENT_DATE)')" 1 'after evaluate() all flags are right'
is "$(sql -c 'SELECT caseload.rebuild()')" 0 'rebuild() finds nothing to do'
is "$(sql -c "SELECT state FROM caseload.flag GROUP BY state ORDER BY state" | tr '\n' ' ')" 'acknowledged closed dismissed open resolved ' 'flags are in every state'
echo "# memory of a session: $first kB after a third of the time, $last kB at the end"
if ((seconds >= 60)); then at_least $((first + 2048)) "$last" 'sessions keep no memory'; fi

# ------------------------------------------------------------------------------------------- the proof must be able to fail ---

is "$(sql -c 'SET caseload.capacity = off' -c BEGIN -c "INSERT INTO caseload.service (district_id, client_id, discipline, dosage, therapist_id) SELECT 'P', 'C1', 'SLP', '30/week', 'F0' FROM generate_series(1, 26)" -c "SELECT ($excess) > 0" -c ROLLBACK)" t \
  'twin: an assignment that nobody has checked is seen'
from=$(($(wc -l <"$log") + 1))
for order in '1 2' '2 1'; do
  for c in $order; do echo "INSERT INTO caseload.appointment (district_id, client_id, starts_at, status) VALUES ('P', 'C$c', CURRENT_DATE - 1, 'attended'); SELECT pg_sleep(0.5);"; done | psql -Xq1 >/dev/null 2>&1 &
done
wait
is "$(undocumented "$from" | wc -l)" 1 'twin: a deadlock is seen'
if ((seconds >= 60)); then
  mkfifo "$work/session"
  PGAPPNAME=leak psql -XAtq <"$work/session" >"$work/leak.out" 2>&1 &
  exec 7>"$work/session"
  echo 'SELECT 1;' >&7
  sleep 1
  first=$(memory leak)
  echo "DO \$\$BEGIN FOR i IN 1..3000 LOOP EXECUTE 'PREPARE p' || i || ' AS SELECT 1'; END LOOP; END\$\$; SELECT 2;" >&7
  until grep -q 2 "$work/leak.out"; do sleep 0.1; done
  at_least "$(memory leak)" $((first + 2049)) 'twin: a session that keeps memory is seen'
  exec 7>&-
fi
echo "1..$n"
