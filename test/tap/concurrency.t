#!/bin/bash
# concurrency.t: eight sessions write at random for some seconds, COPY and other bulk statements in random order of clients beside single rows,
# and nothing deadlocks, nothing fails, and in the end every value and flag is right.
#
# A transaction is one statement. Bulk updates and deletes have rows of their own session, since rows of the facts that two statements
# update in different orders are PostgreSQL's business; clients are shared by all. CASELOAD_SECONDS is the time for READ COMMITTED (10);
# REPEATABLE READ and SERIALIZABLE, where 40001 is tried again, have a third of it each.
#
# Needs a server where PG* point to, which can read files of this script.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
# the server's user is called as the schema, which would be found by "$user"
export PGOPTIONS='-c client_min_messages=warning -c search_path=public' PGTZ=UTC PGDATABASE=caseload_tap_concurrency
seconds=${CASELOAD_SECONDS:-10}
work=$(mktemp -d)
chmod 755 "$work"

finish() {
  rm -rf "$work"
  dropdb --if-exists caseload_tap_concurrency
}
trap finish EXIT

dropdb --if-exists caseload_tap_concurrency
createdb caseload_tap_concurrency || { echo 'Bail out! no database'; exit 1; }
sql -o /dev/null -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()'

# 300 clients, every third of them enrolled by the first event; each has an event for each session's bulk statements
sql <<SQL
INSERT INTO caseload.district (district_id) VALUES ('P');
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('P', 'S0', 'America/New_York'), ('P', 'S1', 'Asia/Kathmandu'), ('P', 'S2', NULL);
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'P', 'C' || i, 'S' || i % 3 FROM generate_series(1, 300) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'P', 'C' || i, 1, daterange(CURRENT_DATE - 90, NULL) FROM generate_series(1, 300) i WHERE i % 3 > 0;
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT 'P', 'C' || i, 'B' || b, CURRENT_DATE - 10 - b, CASE hashint4(i * 8 + b) & 3 WHEN 0 THEN 'no_show' ELSE 'attended' END::caseload.appointment_status
  FROM generate_series(1, 300) i, generate_series(0, 7) b WHERE i % 3 > 0;
SQL
# files for COPY: 150 clients in no order
for file in {1..12}; do
  sql -c "SELECT 'P,C' || i || ',' || CURRENT_DATE - 3 - $file || ' 15:00Z,attended'
            FROM generate_series(1, 300) i WHERE hashint4(i + $file) % 2 = 0 ORDER BY hashint4(i * $file + 7)" >"$work/$file.csv"
done

# script NAME WEIGHT, with the text on standard input
scripts=()
script() {
  cat >"$work/$1.sql"
  scripts+=(-f "$work/$1.sql@$2")
}
# so that about a quarter of the clients have fewer than three strikes
states="(ARRAY['scheduled', 'attended', 'late', 'no_show', 'client_cancel', 'late_cancel', 'provider_cancel']::caseload.appointment_status[])"
state="${states}[:s]"
# of each client another
state_of() { echo "${states}[1 + (hashtext($1 || '-:s') & 1023) % 7]"; }
script copy 4 <<SQL
\set f random(1, 12)
COPY caseload.appointment (district_id, client_id, starts_at, status) FROM '$work/:f.csv' (FORMAT csv);
SQL
script rows 4 <<SQL
\set s random(1, 1000000)
INSERT INTO caseload.appointment (district_id, client_id, starts_at, status)
  SELECT 'P', 'C' || i, CURRENT_DATE - 3 - i % 9, 'attended' FROM generate_series(1, 300) i WHERE hashint4(i + :s) % 3 = 0 ORDER BY hashint4(i * 3 + :s);
SQL
script bulk_update 4 <<SQL
\set s random(1, 1000)
UPDATE caseload.appointment SET status = $(state_of client_id) WHERE district_id = 'P' AND appointment_id = 'B:client_id';
SQL
script bulk_delete 2 <<SQL
DELETE FROM caseload.appointment WHERE district_id = 'P' AND appointment_id = 'B:client_id';
SQL
again="INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT 'P', 'C' || i, 'B:client_id', CURRENT_DATE - 5, $(state_of i) FROM generate_series(1, 300) i ORDER BY hashint4(i + :s)
  ON CONFLICT (district_id, client_id, appointment_id)"
script bulk_again 4 <<SQL
\set s random(1, 1000)
$again DO NOTHING;
SQL
script single 30 <<SQL
\set c random(1, 300)
INSERT INTO caseload.appointment (district_id, client_id, starts_at, status) VALUES ('P', 'C:c', CURRENT_DATE - 4, 'attended');
SQL
script put 30 <<SQL
\set c random(1, 300)
\set i random(1, 5)
\set s random(1, 7)
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) VALUES ('P', 'C:c', 'S:i', CURRENT_DATE - 2 - :i, $state)
  ON CONFLICT (district_id, client_id, appointment_id) DO UPDATE SET status = EXCLUDED.status, starts_at = EXCLUDED.starts_at;
SQL
script update 30 <<SQL
\set c random(1, 300)
\set i random(1, 5)
\set s random(1, 7)
UPDATE caseload.appointment SET status = $state, starts_at = starts_at - interval '1 day' * (:s % 2)
 WHERE district_id = 'P' AND client_id = 'C:c' AND appointment_id = 'S:i' AND starts_at > CURRENT_DATE - 60;
SQL
script delete 15 <<SQL
\set c random(1, 300)
\set i random(1, 5)
DELETE FROM caseload.appointment WHERE district_id = 'P' AND client_id = 'C:c' AND appointment_id = 'S:i';
SQL
script contact 10 <<SQL
\set c random(1, 300)
INSERT INTO caseload.contact (district_id, client_id, at, kind) VALUES ('P', 'C:c', CURRENT_DATE - 6, 'two_way');
SQL
script episode 5 <<SQL
\set c random(1, 300)
\set d random(1, 100)
UPDATE caseload.episode SET period = daterange(lower(period), CURRENT_DATE + 5 + :d) WHERE district_id = 'P' AND client_id = 'C:c';
SQL
script client 5 <<SQL
\set c random(1, 300)
\set s random(0, 2)
UPDATE caseload.client SET site_id = 'S:s' WHERE district_id = 'P' AND client_id = 'C:c';
SQL
script site 1 <<SQL
\set s random(0, 2)
\set z random(1, 4)
UPDATE caseload.site SET time_zone = (ARRAY['America/New_York', 'Asia/Kathmandu', 'America/Anchorage', NULL])[:z] WHERE district_id = 'P' AND site_id = 'S:s';
SQL
script evaluate 1 <<SQL
SELECT caseload.evaluate(CURRENT_DATE, 'P');
SQL

deadlocks() { sql -c "SELECT deadlocks FROM pg_stat_database WHERE datname = 'caseload_tap_concurrency'"; }
# The flags of the strikes, by the tables alone: all events are in the past, all episodes are open.
strikes() {
  sql <<SQL
SELECT client_id FROM caseload.appointment WHERE district_id = 'P' AND status IN ('no_show', 'late_cancel') GROUP BY client_id HAVING count(*) >= 3 ORDER BY client_id;
SQL
}
standing() {
  sql <<SQL
SELECT client_id FROM caseload.flag WHERE district_id = 'P' AND rule_name = 'attendance_close' AND cleared_on IS NULL ORDER BY client_id;
SQL
}

run() { # level seconds [what of deadlocks]
  local level=$1 out
  out=$(PGOPTIONS="$PGOPTIONS -c default_transaction_isolation=${level// /\\ }" pgbench -n -c 8 -j 2 -T "$2" --max-tries=0 --failures-detailed \
    --random-seed=42 "${scripts[@]}" 2>&1)
  is "$?" 0 "$level: no session is stopped by an error"
  is "$(grep -E 'aborted|ERROR' <<<"$out" | head -n 5)" '' "$level: no error"
  is "$(sed -n 's/^number of deadlock failures: \([0-9]*\).*/\1/p; s/^number of failed transactions: \([0-9]*\).*/\1 failed/p' <<<"$out" | sort -u | tr '\n' ' ')" '0 0 failed ' "$level: no failures"
  at_least "$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' <<<"$out")" $((10 * $2)) "$level: statements"
  sed -n 's/^number of transactions actually processed/# &/p; s/^total number of retries/# &/p' <<<"$out"
  before=${before:-0}
  is "$(($(deadlocks) - before))" 0 "$level: no deadlocks${3:-}"
  before=$(deadlocks)
  is "$(sql -c "SELECT * FROM caseload.verify()")" '' "$level: all values are right"
  is "$(standing)" "$(strikes)" "$level: all flags of strikes are right"
}

run 'read committed' "$seconds"
run 'repeatable read' $(((seconds + 2) / 3))
run 'serializable' $(((seconds + 2) / 3))

# Some rows are inserted and some updated, which are two triggers, and each locks its clients.
script bulk_upsert 4 <<SQL
\set s random(1, 1000)
DELETE FROM caseload.appointment WHERE district_id = 'P' AND appointment_id = 'B:client_id' AND hashtext(client_id || :s) % 2 = 0;
$again DO UPDATE SET status = EXCLUDED.status;
SQL
run 'read committed' $(((seconds + 2) / 3)) ', also with INSERT ... ON CONFLICT DO UPDATE of many rows'

flags=$(strikes | wc -l)
at_least "$flags" 10 'some clients are flagged'
at_least "$((300 - flags))" 10 'and some are not'
echo "# $flags of 300"
sql -o /dev/null -c "SELECT caseload.evaluate(CURRENT_DATE, 'P')"
is "$(sql -c "SELECT * FROM caseload.verify('P', CURRENT_DATE)")" '' 'all flags are right after evaluate()'
is "$(sql -c "SELECT caseload.rebuild('P')")" 0 'rebuild() finds nothing to do'
echo "1..$n"
