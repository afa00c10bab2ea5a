#!/usr/bin/env bash
# A city's appointments: loaded as the tutorial says, and every number of the tutorial asked of caseload and of plain SQL.
#
# Skipped unless CASELOAD_DATA names the file (appointments.csv.gz), which is not part of the project. From the environment: BINDIR, the
# server (PGHOST, PGPORT, PGUSER), and CASELOAD_IN, a folder with copies of test/ and psql/ that the server's user may read.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"

if [[ ! ${CASELOAD_DATA:-} || ! -r $CASELOAD_DATA ]]; then
  echo '1..0 # SKIP no data file'
  exit 0
fi
: "${BINDIR:?}" "${CASELOAD_IN:?}"
main=caseload_real_$$ small=caseload_real_small_$$
# a report that takes longer than this has a wrong plan: better an error than hours
export PGOPTIONS='-c client_min_messages=warning -c statement_timeout=180s' PGCLIENTENCODING=UTF8
scratch=$(mktemp -d)
psql() { "$BINDIR/psql" -X -v ON_ERROR_STOP=1 "$@"; }
# shellcheck disable=SC2317,SC2329  # called at exit
clean() {
  for database in "$main" "$small"; do psql -q -d postgres -c "DROP DATABASE IF EXISTS $database" >/dev/null 2>&1; done
  rm -rf "$scratch"
}
trap clean EXIT

note() { sed 's/^/# /'; }
ask() { psql -qAt -d "$main" -c "$1" 2>&1; }

fresh() { # DATABASE
  psql -q -d postgres -c "CREATE DATABASE $1" && psql -q -d "$1" -o /dev/null -c "CREATE EXTENSION caseload CASCADE" -c "SELECT caseload.install()"
}
if ! { fresh "$main" && fresh "$small"; }; then
  echo 'Bail out! no database with the extension'
  exit 1
fi

psql -q -d "$main" -v file="$CASELOAD_DATA" -f "$CASELOAD_IN/test/data/real.sql" >"$scratch/load" 2>&1
loaded=$?
ok $loaded 'the recipe loads the file'
[[ $loaded == 0 ]] || { note <"$scratch/load"; echo 'Bail out! nothing to ask'; exit 1; }

# What is published about the set, and the traps in it.
is "$(ask "SELECT count(*), count(DISTINCT patient_id), count(DISTINCT neighbourhood), count(DISTINCT appointment_day),
                  min(appointment_day), max(appointment_day), count(*) FILTER (WHERE no_show = 'Yes'),
                  round(100.0 * count(*) FILTER (WHERE no_show = 'Yes') / count(*), 2) FROM staging")" \
  '110527|62299|81|27|2016-04-29|2016-06-08|22319|20.19' 'published facts, in the lines'
is "$(ask "SELECT (SELECT count(*) FROM caseload.appointment), (SELECT count(*) FROM caseload.client), (SELECT count(*) FROM caseload.site),
                  (SELECT count(*) FROM caseload.therapist), (SELECT count(*) FROM caseload.episode),
                  (SELECT count(DISTINCT (starts_at AT TIME ZONE 'America/Sao_Paulo')::date) FROM caseload.appointment),
                  (SELECT count(*) FROM caseload.appointment WHERE status = 'no_show')")" \
  '110527|62299|81|81|62299|27|22319' 'the same in the tables of caseload'
is "$(ask "SELECT sum(appointments), sum(no_shows), sum(attended), sum(unresolved) FROM caseload.client_facts('2016-06-08')")" \
  '110527|22319|88208|0' 'the same in the facts'
is "$(ask "SELECT count(DISTINCT patient_id) FILTER (WHERE patient_id !~ '^[0-9]+$'), count(*) FILTER (WHERE (scheduled_at AT TIME ZONE 'UTC')::date > appointment_day),
                  count(*) FILTER (WHERE age < 0), count(DISTINCT neighbourhood) FILTER (WHERE neighbourhood ~ '[^ -~]') FROM staging")" \
  '5|5|1|29' 'traps: fractional patients, booked after the day, negative age, accents'
is "$(ask "SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM staging GROUP BY patient_id, appointment_day) d WHERE n > 1")" \
  '7481|10' 'traps: several appointments of a patient on a day'
is "$(ask "SELECT count(*) FROM (SELECT FROM caseload.appointment GROUP BY client_id, starts_at HAVING count(*) > 1) d")" 0 \
  'no two appointments of a client at one time'

# The four questions of the tutorial, and the rule about slots, as of 2016-06-08, client by client, each way.
ask "
CREATE TABLE answer (question text, way text, client_id text COLLATE \"C\");
INSERT INTO answer SELECT '3+ no-shows', 'caseload', client_id FROM caseload.client_facts('2016-06-08') WHERE no_shows >= 3;
INSERT INTO answer SELECT '3+ no-shows within 30 days', 'caseload', client_id FROM caseload.client_activity
                    WHERE caseload.most_misses_in(attendance, 30) >= 3;
INSERT INTO answer SELECT 'longest miss run of 3+', 'caseload', client_id FROM caseload.client_facts('2016-06-08') WHERE longest_miss_run >= 3;
INSERT INTO answer SELECT 'inactive for 30 days', 'caseload', client_id FROM caseload.client_facts('2016-06-08') WHERE days_inactive >= 30;
INSERT INTO answer SELECT 'last three or more on time', 'caseload', client_id FROM caseload.flags('2016-06-08') WHERE rule_name = 'recurring_earned';

INSERT INTO answer SELECT '3+ no-shows', 'plain', patient_id FROM staging WHERE no_show = 'Yes' GROUP BY patient_id HAVING count(*) >= 3;
INSERT INTO answer SELECT DISTINCT '3+ no-shows within 30 days', 'plain', patient_id
  FROM (SELECT patient_id, count(*) OVER (PARTITION BY patient_id ORDER BY appointment_day
                                          RANGE BETWEEN CURRENT ROW AND INTERVAL '29 days' FOLLOWING) AS misses
          FROM staging WHERE no_show = 'Yes') w WHERE misses >= 3;
INSERT INTO answer SELECT DISTINCT 'longest miss run of 3+', 'plain', patient_id
  FROM (SELECT patient_id, no_show, count(*) FILTER (WHERE no_show = 'No') OVER
                 (PARTITION BY patient_id ORDER BY appointment_day, appointment_id) AS island FROM staging) i
 WHERE no_show = 'Yes' GROUP BY patient_id, island HAVING count(*) >= 3;
INSERT INTO answer SELECT 'inactive for 30 days', 'plain', patient_id FROM staging GROUP BY patient_id
HAVING date '2016-06-08' - coalesce(max(appointment_day) FILTER (WHERE no_show = 'No'), min(appointment_day)) >= 30;
INSERT INTO answer SELECT 'last three or more on time', 'plain', patient_id
  FROM (SELECT patient_id, no_show, row_number() OVER (PARTITION BY patient_id ORDER BY appointment_day DESC, appointment_id DESC) AS back FROM staging) b
 WHERE back <= 3 GROUP BY patient_id HAVING count(*) FILTER (WHERE no_show = 'No') = 3;
" | note
while IFS='=' read -r question want; do
  is "$(ask "SELECT count(*) FROM answer WHERE question = '$question' AND way = 'caseload'")" "$want" "$question: caseload says $want"
  is "$(ask "SELECT count(*) FROM answer WHERE question = '$question' AND way = 'plain'")" "$want" "$question: plain SQL says $want"
  is "$(ask "SELECT count(*) FROM (SELECT client_id FROM answer WHERE question = '$question' GROUP BY client_id HAVING count(*) <> 2) d")" 0 \
    "$question: the same clients"
done <<'LIST'
3+ no-shows=808
3+ no-shows within 30 days=738
longest miss run of 3+=509
inactive for 30 days=12807
last three or more on time=5553
LIST

is "$(ask "SELECT * FROM caseload.verify()")" '' 'verify() finds no difference'

# The Monday report.
psql -d "$main" -v district=VITORIA -v as_of=2016-06-08 -v rows=5 -f "$CASELOAD_IN/psql/monday.sql" >"$scratch/report" 2>"$scratch/errors"
ok $? 'the Monday report runs'
note <"$scratch/errors"
is "$(sed -n '3p' "$scratch/report")" '62299 active clients, 0 services on the waiting list, 13615 flags to act on' 'its first line'
is "$(awk -F'│' '/^ (attendance|inactive)_/ { gsub(/ /, ""); print $1 "=" $3 }' "$scratch/report" | paste -sd ' ')" \
  'attendance_close=808 inactive_close=12807' 'its flags'
is "$(grep '^For information' "$scratch/report")" 'For information: 5553 recurring_earned' 'what is no work is summed up'
is "$(grep -E '^[0-9]+ of ' "$scratch/report" | cut -d ' ' -f 1-3)" '5 of 13407' 'clients with flags to act on'
grep -q '^8\. Data gaps' "$scratch/report"
ok $? 'it comes to its end'

# The same recipe, fed by standard input, with episodes made beforehand; only the first lines, that is enough.
gzip -dc <"$CASELOAD_DATA" 2>/dev/null | head -n 2001 |
  psql -q -d "$small" -v district=SMALL -v enroll=yes -f "$CASELOAD_IN/test/data/real.sql" >"$scratch/load" 2>&1
piped=("${PIPESTATUS[@]}")
ok "${piped[2]}" 'the recipe reads standard input'
note <"$scratch/load"
is "$(psql -qAt -d "$small" -c "SELECT count(*) FROM caseload.appointment WHERE district_id = 'SMALL'" \
  -c "SELECT count(*) FROM caseload.episode WHERE lower_inf(period)" -c "SELECT count(*) FROM caseload.verify()" | paste -sd '|')" '2000|0|0' \
  'episodes begin with the first appointment'

echo "1..$n"
