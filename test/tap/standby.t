#!/bin/bash
# standby.t: a streaming standby is equal to its primary, row by row and page by page, and answers as it does; what only reads, reads there,
# and what writes is refused; and when the primary is killed and the standby promoted, nothing that was acknowledged is lost.
#
# The primary logs every page as it is after each change (wal_consistency_checking = all), and the standby compares: rows that are
# written without the executor are thereby replayed as they were written.
#
# Needs CASELOAD_IN, the folder with test/data/sample.sql, and a server where PG* point to, whose settings for extensions are taken
# over, and BINDIR.
set -uo pipefail
# shellcheck source=test/tap/own-server.bash
source "$(dirname "$0")/own-server.bash"
anchor=2026-03-02

server primary "wal_consistency_checking = 'all'"
mkdir -m 700 "$work/standby"
on primary pg_basebackup -D "$work/standby" -R -X stream -c fast || { echo 'Bail out! no standby'; exit 1; }
# where the settings of the primary end, those of the standby begin
settings standby "hot_standby_feedback = on"
start standby || { cat "$work/standby.log"; echo 'Bail out! no standby'; exit 1; }

prepare_writers primary
on primary sql -d $db -o /dev/null -v anchor=$anchor -v clients=60 -v weeks=8 -f "$CASELOAD_IN/test/data/sample.sql" \
  -c "UPDATE caseload.therapist SET availability = 'Mon 08:00-16:00, Tue 08:00-16:00, Thu 08:00-16:00' WHERE district_id = 'NORTH'" -c "SELECT caseload.evaluate('$anchor')"
replayed primary standby

# A session on the standby that goes on through all that follows.
open_session standby $db
seen="SELECT count(*) FROM caseload.current_flags WHERE rule_name = 'R1';"

start_writers primary 42
wait_for_writers
is "$(errors)" '' 'six writers on the primary: no errors'
is "$(acknowledged | wc -l)" $((writers * 42)) 'all steps are acknowledged'
replayed primary standby

# --------------------------------------------------------------------------------------------------------------- reading ---

# A call of every function that reads, also of those to come: an argument of an unknown name makes the list fail.
cat >"$work/calls.sql" <<'SQL'
WITH argument (name, value) AS (VALUES
  ('as_of', '''2026-03-02'''), ('from_date', '''2026-02-02'''), ('to_date', '''2026-03-02'''), ('day', '''2026-03-02'''), ('last', '''2026-03-02'''), ('at', '''2026-03-02 12:00Z'''),
  ('district_id', '''NORTH'''), ('in_district', '''NORTH'''), ('in_therapist', 'NULL'), ('therapist_id', '(SELECT min(t.therapist_id) FROM caseload.therapist t WHERE t.district_id = ''NORTH'')'),
  ('site_id', '(SELECT min(s.site_id) FROM caseload.site s WHERE s.district_id = ''NORTH'')'), ('flag_id', '(SELECT min(f.flag_id COLLATE "C") FROM caseload.flag f WHERE f.district_id = ''NORTH'')'),
  ('key', '(SELECT min(c.client_id) FROM caseload.client c WHERE c.district_id = ''NORTH'')'), ('subject', '''client'''), ('expression', '''no_shows > 1'''), ('condition', '''no_shows > 1'''),
  ('a', '''no_shows > 1'''), ('b', '''no_shows > 2'''), ('weighting', '''minutes'''), ('policy_name', '''calendar'''), ('clients', '40'), ('flags_as_of', '''2026-03-02'''), ('dosage', '''30/week'''),
  ('client_id', '(SELECT min(c.client_id) FROM caseload.client c WHERE c.district_id = ''NORTH'')'), ('starts_at', '''2026-03-03 14:00Z'''),
  ('plan', '(SELECT caseload.rebalance(as_of => ''2026-03-02'', in_district => ''NORTH''))'),
  ('assignment', '(SELECT caseload.assign_waitlist(as_of => ''2026-03-02'', in_district => ''NORTH''))')),
call AS (
  SELECT p.oid, p.proname,
         (SELECT string_agg(quote_ident(n.name) || ' => ' || coalesce(CASE WHEN p.proname = 'compare_weightings' AND n.name IN ('a', 'b') THEN '''minutes''' ELSE v.value END,
                                                                       'unknown_argument'), ', ' ORDER BY n.place)
            FROM unnest(p.proargnames[1:p.pronargs]) WITH ORDINALITY n (name, place) LEFT JOIN argument v ON v.name = n.name
           -- what may be left out is, but for a day, which would be another one past midnight
           WHERE n.place <= p.pronargs - p.pronargdefaults OR n.name IN ('as_of', 'from_date', 'at', 'flags_as_of') OR p.proname || n.name = 'check_capacitydosage'
              -- a plan is about one district
              OR n.name = 'in_district' AND (p.proname ~ '^plan_|_plan$' OR p.proname IN ('fair_share', 'lp_text', 'pareto', 'rebalance', 'assign_waitlist', 'check_assignment'))) AS arguments
    FROM pg_proc p
   WHERE p.pronamespace = 'caseload'::regnamespace AND p.prokind = 'f' AND p.provolatile = 's' AND p.prorettype <> 'trigger'::regtype AND p.proname NOT LIKE '\_%'
)
SELECT format('SELECT %L, count(*), md5(coalesce(string_agg(x::text, E''\n'' ORDER BY x::text COLLATE "C"), '''')) FROM %s x', c.oid::regprocedure,
              'caseload.' || quote_ident(c.proname) || '(' || coalesce(c.arguments, '') || ')')
  FROM call c
UNION ALL
SELECT format('SELECT %L, count(*), md5(coalesce(string_agg(x::text, E''\n'' ORDER BY x::text COLLATE "C"), '''')) FROM %s x', v.oid::regclass, v.oid::regclass)
  FROM pg_class v WHERE v.relnamespace = 'caseload'::regnamespace AND v.relkind = 'v'
UNION ALL
-- internal, and labelled volatile, since it may use a temporary file
SELECT $$SELECT '_activity_differences', count(*), '' FROM caseload._activity_differences()$$
 ORDER BY 1 \gexec
SQL
answers_of() { on "$1" sql -d $db -v ON_ERROR_STOP=0 -c 'SET DateStyle = ISO' -f "$work/calls.sql"; }
answers=$(answers_of primary)
at_least "$(grep -vcE 'ERROR|\|0\|' <<<"$answers")" 50 'functions and views that read, and have something to say'
is "$(grep ERROR <<<"$answers")" '' 'all can be called'
is "$(answers_of standby)" "$answers" 'the standby says the same'
echo "# $(wc -l <<<"$answers") of them"
is "$(rows standby $db)" "$(rows primary $db)" 'every row is the same'
is "$(on standby sql -d $db -c 'SELECT * FROM caseload.verify()')" '' 'verify() on the standby'

for call in "SELECT caseload.evaluate('$anchor')" 'SELECT caseload.rebuild()' 'SELECT caseload.install()' 'CALL caseload.sweep()' \
  'SELECT caseload.acknowledge_flag(flag_id, NULL, district_id) FROM caseload.flag WHERE cleared_on IS NULL LIMIT 1' \
  "SELECT caseload.register_subject('x', 'caseload.client', '{client_id}')"; do
  is "$(ask "$call;")" 'ERROR:  25006' "refused: ${call:0:40}"
done
# what is kept in a session is thrown away by what comes from the primary
before=$(ask "$seen")
at_least "$before" 1 'an open session sees flags'
on primary sql -d $db -c "UPDATE caseload.rule SET condition = 'no_shows >= 1000' WHERE district_id = 'K' AND rule_name = 'R1'"
replayed primary standby
is "$(ask "$seen")" 0 'and a changed rule, at once'
on primary sql -d $db -c "UPDATE caseload.rule SET condition = 'no_shows >= 4' WHERE district_id = 'K' AND rule_name = 'R1'"

# ------------------------------------------------------------------------------------------- the proof must be able to fail ---

on standby sql -d postgres -o /dev/null -c 'SELECT pg_wal_replay_pause()'
until_true 10 said standby 'SELECT pg_get_wal_replay_pause_state()' paused
on primary sql -d $db -c "UPDATE caseload.client SET name = 'x' WHERE client_id = 'C1'"
isnt "$(rows standby $db)" "$(rows primary $db)" 'twin: one row that is not replayed is seen'
on standby sql -d postgres -o /dev/null -c 'SELECT pg_wal_replay_resume()'
replayed primary standby
is "$(rows standby $db)" "$(rows primary $db)" 'and is the same afterwards'

# A byte on a page of the standby; where whole pages are not replaced anyway, the next change of that page tells.
is "$(trouble standby)" '' 'no page was inconsistent'
on primary sql -d $db -c 'ALTER SYSTEM SET full_page_writes = off' -c 'SELECT pg_reload_conf()' -o /dev/null
until_true 10 said primary 'SHOW full_page_writes' off
file=$(on primary sql -d $db -c "SELECT pg_relation_filepath('caseload.client')")
on primary sql -d $db -c 'VACUUM caseload.client' -c CHECKPOINT
replayed primary standby
on standby sql -d postgres -c CHECKPOINT
close_session
stop standby
cp "$work/standby/$file" "$work/page"
LC_ALL=C sed -i '0,/C1\([0-9]\)/s//Z1\1/' "$work/standby/$file"
start standby
on primary sql -d $db -c "UPDATE caseload.client SET name = 'y' WHERE client_id ~ '^C1'"
gone() { trouble standby >/dev/null; }
until_true 60 gone
# where pages have checksums, as they do by default from 18 on, these are the first to tell
at_least "$(trouble standby | grep -cE 'inconsistent page found|invalid page in block')" 1 'twin: a changed byte is an inconsistent page'
until_true 60 eval '! answers standby'
cp "$work/page" "$work/standby/$file"
: >"$work/standby.log"
start standby
replayed primary standby
is "$(rows standby $db)$(trouble standby)" "$(rows primary $db)" 'with the byte put right the standby goes on'
on primary sql -d $db -c 'ALTER SYSTEM RESET full_page_writes' -c 'SELECT pg_reload_conf()' -o /dev/null

# ------------------------------------------------------------------------------------------------------------- promotion ---

open_session standby $db
ask "$seen" >/dev/null
on primary sql -d $db -c "ALTER SYSTEM SET synchronous_standby_names = '*'" -c 'SELECT pg_reload_conf()' -o /dev/null
until_true 10 said primary "SELECT sync_state FROM pg_stat_replication" sync
before=$(acknowledged | wc -l)
start_writers primary 300
until_true 60 acknowledged_at_least $((before + 120))
kill -9 "$(postmaster primary)"
"$BINDIR/pg_ctl" promote -D "$work/standby" -w -s
wait_for_writers
roll_back_prepared standby
is "$(errors)" '' 'until the primary was killed: no errors'
is "$(lost standby)" '' 'promoted: nothing is lost that was acknowledged'
is "$(surplus standby)" '' 'promoted: of each writer there is at most one step more'
is "$(differences standby)" '' 'promoted: all rows are there, and no others'
is "$(on standby sql -d $db -c 'SELECT * FROM caseload.verify()')" '' 'promoted: what is derived is right'
# the session from before, with the rules that it compiled on the standby
flagged="SELECT count(*) FROM caseload.flag WHERE client_id = 'W1' AND rule_name = 'attendance_close' AND cleared_on IS NULL"
is "$(ask "INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status) SELECT 'K', 'W1', 's' || i, CURRENT_DATE - i, 'no_show' FROM generate_series(2, 6) i;
$flagged; DELETE FROM caseload.appointment WHERE client_id = 'W1'; $flagged;")" $'1\n0' 'a session from before writes'
start_writers standby 14
wait_for_writers
is "$(errors)" '' 'the writers go on'
is "$(lost standby)$(differences standby)$(on standby sql -d $db -c 'SELECT * FROM caseload.verify()')" '' 'and all is right'
is "$(amcheck standby)" '' 'heaps and indexes are right'
is "$(trouble standby)$(trouble primary)" '' 'the logs know of nothing else'
echo "1..$n"
