#!/bin/bash
# rules.t: rules that fail stop nobody, whatever their number; the compiled rules of a session are always those of the table; and
# neither judging nor changing rules costs memory that is not given back.
#
# Needs a server where PG* point to, as a superuser on the same machine. CASELOAD_SCALE makes it longer: 20 is a thousand failing
# rules over ten thousand facts, a million evaluations, and ten thousand changes of rules.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
export PGOPTIONS='-c client_min_messages=error -c search_path=public' PGDATABASE=caseload_tap_rules PGTZ=UTC
scale=${CASELOAD_SCALE:-1}
finish() {
  dropdb --if-exists "$PGDATABASE" 2>/dev/null
  psql -XAtq -d postgres -c 'DROP ROLE IF EXISTS caseload_tap_rules' >/dev/null 2>&1
}
trap finish EXIT
sql() { psql -XAtq -v VERBOSITY=terse "$@" 2>&1; }

finish
createdb "$PGDATABASE" || { echo 'Bail out! no database'; exit 1; }
sql -o /dev/null -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' || { echo 'Bail out! no extension'; exit 1; }

# ------------------------------------------------------------ failing rules
# Two districts with the same clients, facts and rules; BAD has failing ones, too. Every client has so many misses as his number says.
rules=$((50 * (scale > 20 ? 20 : scale))) clients=$((scale > 10 ? 1000 : 100 * scale)) rounds=10
sql -v ON_ERROR_STOP=1 <<SQL
INSERT INTO caseload.district (district_id) SELECT unnest('{GOOD,BAD}'::text[]);
INSERT INTO caseload.site (district_id, site_id, time_zone) SELECT d, 'S', 'UTC' FROM unnest('{GOOD,BAD}'::text[]) d;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT d, 'c' || i, 'S' FROM unnest('{GOOD,BAD}'::text[]) d, generate_series(1, $clients) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT d, 'c' || i, 1, '[2020-01-01,)' FROM unnest('{GOOD,BAD}'::text[]) d, generate_series(1, $clients) i;
INSERT INTO caseload.rule (district_id, rule_name, condition, message)
  SELECT d, 'good' || i, 'no_shows >= ' || i, 'm' FROM unnest('{GOOD,BAD}'::text[]) d, generate_series(1, 5) i;
-- always; for some; and one that no longer compiles, as after an upgrade
INSERT INTO caseload.rule (district_id, rule_name, condition, message)
  SELECT 'BAD', 'always' || i, i || ' / (appointments - appointments) > 1', 'm' FROM generate_series(1, $rules) i
  UNION ALL SELECT 'BAD', 'some', '1 / (no_shows - 2) >= 0', 'm'
  UNION ALL SELECT 'BAD', 'overflow', 'no_shows * 1000000000 > 0', 'm'
  UNION ALL SELECT 'BAD', 'stale', 'true', 'm';
ALTER TABLE caseload.rule DISABLE TRIGGER USER;
UPDATE caseload.rule SET condition = 'no_such_fact > 1' WHERE rule_name = 'stale';
ALTER TABLE caseload.rule ENABLE TRIGGER USER;
UPDATE caseload.rule SET message = 'n' WHERE rule_name = 'always1';
SQL
ok $? "$((rules + 3)) failing rules"
for ((i = 1; i <= rounds; i++)); do
  sql -v ON_ERROR_STOP=1 <<SQL || echo '# not stored'
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT d, 'c' || c, 'a$i', CURRENT_DATE - 40 + $i + time '12:00', (CASE WHEN $i <= c % 6 THEN 'no_show' ELSE 'attended' END)::caseload.appointment_status
    FROM unnest('{GOOD,BAD}'::text[]) d, generate_series(1, $clients) c;
SQL
done 2>&1 | head -n 5
is "$(sql -c "SELECT district_id, count(*) FROM caseload.appointment GROUP BY 1 ORDER BY 1")" "BAD|$((clients * rounds))
GOOD|$((clients * rounds))" "all facts are stored: $((clients * rounds)), each judged by $((rules + 3)) rules that fail"
# after round i a client has least(i, c % 6) misses
is "$(sql -c "SELECT CASE WHEN rule_name LIKE 'always%' THEN 'always' ELSE rule_name END, sum(occurrences), count(DISTINCT message) FROM caseload.rule_error WHERE rule_district = 'BAD' GROUP BY 1 ORDER BY 1")" \
  "$(sql -c "WITH h AS (SELECT least(i, c % 6) AS misses FROM generate_series(1, $rounds) i, generate_series(1, $clients) c)
    SELECT * FROM (SELECT 'always', count(*) * $rules, 1 FROM h UNION ALL SELECT 'overflow', count(*) FILTER (WHERE misses > 2), 1 FROM h
     UNION ALL SELECT 'some', count(*) FILTER (WHERE misses = 2), 1 FROM h UNION ALL SELECT 'stale', count(*), 1 FROM h) v ORDER BY 1")" 'errors are counted exactly'
is "$(sql -c "SELECT client_id, rule_name, state, raised_on FROM caseload.flag WHERE district_id = 'BAD' AND rule_name LIKE 'good%' ORDER BY 1, 2")" \
  "$(sql -c "SELECT client_id, rule_name, state, raised_on FROM caseload.flag WHERE district_id = 'GOOD' AND rule_name LIKE 'good%' ORDER BY 1, 2")" 'flags of the other rules are those of a district without failing ones'
is "$(sql -c "SELECT count(*) FROM caseload.flag WHERE district_id = 'GOOD' AND rule_name LIKE 'good%' AND cleared_on IS NULL")" \
  "$(sql -c "SELECT sum(least(c % 6, 5)) FROM generate_series(1, $clients) c")" 'and they are right'
is "$(sql -c "SELECT rule_name, count(*) FROM caseload.findings(CURRENT_DATE, 'BAD') WHERE failed AND rule_name !~ 'always' GROUP BY 1 ORDER BY 1")" \
  "$(sql -c "SELECT * FROM (SELECT 'overflow', count(*) FROM generate_series(1, $clients) c WHERE c % 6 > 2 UNION ALL SELECT 'some', count(*) FROM generate_series(1, $clients) c WHERE c % 6 = 2
     UNION ALL SELECT 'stale', $clients) v ORDER BY 1")" 'findings says which failed'
is "$(sql -c "SELECT count(*) FROM caseload.verify('BAD', CURRENT_DATE)")" 0 'and all is as if computed anew'

# ------------------------------------------------------------ the cache
sql -v ON_ERROR_STOP=1 <<'SQL'
DELETE FROM caseload.rule;
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('GOOD', 'r', 'no_shows >= 5', 'm');
CREATE ROLE caseload_tap_rules SUPERUSER;
CREATE FUNCTION public.found() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(f.rule_name || CASE WHEN f.failed THEN ' failed ' ELSE ' ' END || f.n, ', ' ORDER BY f.rule_name, f.failed), 'nothing')
    FROM (SELECT rule_name, failed, count(*) AS n FROM caseload.findings(CURRENT_DATE, 'GOOD') GROUP BY 1, 2) f
$$;
SQL
five=$(sql -c "SELECT count(*) FROM generate_series(1, $clients) c WHERE c % 6 = 5")
all=$clients
is "$(sql <<SQL
SELECT found();
BEGIN;
UPDATE caseload.rule SET condition = 'no_shows >= 0';
SELECT found();
SELECT 1 / 0;
ROLLBACK;
SELECT found();
BEGIN;
SAVEPOINT a;
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('GOOD', 's', 'true', 'm');
SELECT found();
ROLLBACK TO a;
SELECT found();
UPDATE caseload.rule SET condition = 'true';
SAVEPOINT b;
SELECT found();
DELETE FROM caseload.rule;
RELEASE b;
SELECT found();
ROLLBACK;
SELECT found();
DO \$\$ BEGIN
  DELETE FROM caseload.rule;
  IF found() <> 'nothing' THEN RAISE 'stale'; END IF;
  PERFORM caseload._holds('1 / no_shows > 1', f) FROM caseload.client_facts() f;
EXCEPTION WHEN division_by_zero THEN NULL; END \$\$;
SELECT found();
SQL
)" "r $five
r $all
ERROR:  division by zero
r $five
r $five, s $all
r $five
r $all
nothing
r $five
r $five" 'changes of rules are seen at once, and no longer when they are taken back'
other() { echo "\\! psql -XAtq -c \"$1\""; }
is "$(sql <<SQL
SELECT found();
DISCARD ALL;
SELECT found();
$(other "UPDATE caseload.rule SET condition = 'no_shows >= 4'")
SELECT found();
DISCARD ALL;
$(other "UPDATE caseload.rule SET condition = 'no_shows >= 5'")
SELECT found();
SET ROLE caseload_tap_rules;
SELECT found();
UPDATE caseload.rule SET condition = 'true';
SELECT found();
RESET ROLE;
SELECT found();
SET SESSION AUTHORIZATION caseload_tap_rules;
UPDATE caseload.rule SET condition = 'no_shows >= 5';
SELECT found();
RESET SESSION AUTHORIZATION;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT found();
$(other "UPDATE caseload.rule SET valid = daterange('2030-01-01', NULL)")
SELECT 1;
COMMIT;
SELECT found();
$(other "UPDATE caseload.rule SET valid = '(,)'")
SELECT found();
$(other 'TRUNCATE caseload.rule')
SELECT found();
SQL
)" "r $five
r $five
r $(sql -c "SELECT count(*) FROM generate_series(1, $clients) c WHERE c % 6 >= 4")
r $five
r $five
r $all
r $all
r $five
r $five
1
nothing
r $five
nothing" 'after DISCARD ALL, under other roles, and when others change them'

# a subject of the owner's own, whose table changes under the rules
is "$(sql <<'SQL'
CREATE TABLE public.room (gone text, district_id text, room_id text, seats integer, doors integer, note text);
INSERT INTO public.room VALUES ('x', 'GOOD', 'a', 2, 9, 'n'), ('x', 'GOOD', 'b', 5, 1, 'n');
INSERT INTO caseload.subject (subject_name, relation, key_columns) VALUES ('room', 'public.room', '{room_id}');
INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message) VALUES ('GOOD', 'big', 'room', 'seats > 3', 'm');
CREATE FUNCTION public.rooms() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(subject_key || CASE WHEN failed THEN ' failed' ELSE '' END, ', ' ORDER BY subject_key), 'nothing')
    FROM caseload.findings(CURRENT_DATE, 'GOOD') WHERE subject = 'room'
$$;
SELECT 'first', rooms();
ALTER TABLE public.room DROP COLUMN gone;
SELECT 'a column before it gone', rooms();
ALTER TABLE public.room ADD COLUMN more integer DEFAULT 7;
SELECT 'one more column', rooms();
ALTER TABLE public.room ALTER COLUMN seats TYPE bigint;
SELECT 'bigint', rooms();
ALTER TABLE public.room ALTER COLUMN seats TYPE numeric(10, 2) USING seats * 2;
SELECT 'numeric, doubled', rooms();
BEGIN;
ALTER TABLE public.room ALTER COLUMN seats TYPE text;
SELECT 'text', rooms();
ROLLBACK;
SELECT 'numeric again', rooms();
ALTER TABLE public.room RENAME COLUMN seats TO chairs;
SELECT 'renamed', rooms();
ALTER TABLE public.room RENAME COLUMN doors TO seats;
SELECT 'another of the name', rooms();
ALTER TABLE public.room ALTER COLUMN seats TYPE date USING '2026-01-01';
SELECT 'date', rooms();
ALTER TABLE public.room DROP COLUMN seats;
SELECT 'dropped', rooms();
ALTER TABLE public.room RENAME COLUMN chairs TO seats;
SELECT 'back', rooms();
CREATE TABLE public.hall (district_id text, room_id text, seats integer);
INSERT INTO public.hall VALUES ('GOOD', 'h', 100);
UPDATE caseload.subject SET relation = 'public.hall';
SELECT 'another table', rooms();
DELETE FROM caseload.rule WHERE subject = 'room';
SELECT 'no rule', rooms();
SQL
)" 'first|b
a column before it gone|b
one more column|b
bigint|b
numeric, doubled|a, b
text|a failed, b failed
numeric again|a, b
renamed|a failed, b failed
another of the name|a
date|a failed, b failed
dropped|a failed, b failed
back|a, b
another table|h
no rule|nothing' 'rules over a table of the owner are compiled anew when it changes'

# in one session: all gone, and made anew
is "$(sql <<'SQL'
SELECT count(*) > 0 FROM caseload.findings(CURRENT_DATE, 'GOOD') WHERE false;
DROP EXTENSION caseload CASCADE;
DROP SCHEMA IF EXISTS caseload CASCADE;
SELECT caseload.findings();
CREATE EXTENSION caseload CASCADE;
SELECT caseload.check_expression('client', 'strikes > 1');
SELECT length(caseload.install()) > 0;
INSERT INTO caseload.district (district_id) VALUES ('GOOD');
INSERT INTO caseload.site (district_id, site_id, time_zone) VALUES ('GOOD', 'S', 'UTC');
INSERT INTO caseload.client (district_id, client_id, site_id) VALUES ('GOOD', 'c', 'S');
INSERT INTO caseload.episode (district_id, client_id, episode, period) VALUES ('GOOD', 'c', 1, '[2020-01-01,)');
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('GOOD', 'r', 'is_active AND no_shows >= 1', 'm');
INSERT INTO caseload.appointment (district_id, client_id, starts_at, status) VALUES ('GOOD', 'c', CURRENT_DATE - 3 + time '12:00', 'no_show');
SELECT rule_name FROM caseload.flag WHERE rule_name = 'r';
SELECT rule_name FROM caseload.findings(CURRENT_DATE, 'GOOD') WHERE rule_name = 'r';
SQL
)" 'f
ERROR:  schema "caseload" does not exist at character 8
(t,,,,)
t
r
r' 'DROP EXTENSION and CREATE EXTENSION in one session'

# ------------------------------------------------------------ memory
# What the backend has, in kB: its contexts, and what the kernel says where there is /proc.
sql -v ON_ERROR_STOP=1 <<'SQL'
CREATE FUNCTION public.memory(OUT contexts bigint, OUT resident bigint) LANGUAGE sql AS $$
  SELECT (SELECT sum(total_bytes) FROM pg_backend_memory_contexts)::bigint / 1024,
         (SELECT (regexp_match(pg_read_file('/proc/self/status', 0, 4096, true), 'RssAnon:\s+(\d+)'))[1]::bigint)
$$;
INSERT INTO caseload.client (district_id, client_id, site_id) SELECT 'GOOD', 'm' || i, 'S' FROM generate_series(1, 200) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period) SELECT 'GOOD', 'm' || i, 1, '[2020-01-01,)' FROM generate_series(1, 200) i;
INSERT INTO caseload.rule (district_id, rule_name, condition, message) VALUES ('GOOD', 'fails', '1 / (appointments - appointments) > 1', 'm'),
  ('GOOD', 'text', 'category IS DISTINCT FROM level AND coalesce(category, ''x'') <> ''y''', 'm'), ('GOOD', 'number', 'no_shows::numeric / (appointments + 1) * 1.5 > 7', 'm');
SQL
# flat NAME TIMES STATEMENT: a tenth of it to warm up, then all of it
flat() {
  local grown
  grown=$(sql <<SQL
\\o /dev/null
SELECT * FROM memory();
DO \$\$ BEGIN FOR i IN 1..$(($2 / 10)) LOOP $3; END LOOP; END \$\$;
SELECT contexts AS c0, resident AS r0 FROM memory() \\gset
DO \$\$ BEGIN FOR i IN 1..$2 LOOP $3; END LOOP; END \$\$;
\\o
SELECT contexts - :c0, coalesce(resident - :r0, 0) FROM memory();
SQL
  )
  [[ $grown == *'|'* && $grown != *ERROR* ]] && ((${grown%%|*} < 1024 && ${grown##*|} < 2048))
  ok $? "$1: memory stays as it is"
  echo "# grown by ${grown/|/ kB of contexts, } kB resident"
}
times=$((50000 * scale))
flat "$times conditions over a row" $((times / 1000)) "PERFORM count(caseload._holds(CASE g % 3 WHEN 0 THEN 'strikes > 3' WHEN 1 THEN 'category = ''x'' OR no_show_rate::numeric * 2 > 1' ELSE 'round(1.5 * strikes) IN (1, 2, strikes)' END, f))
  FROM generate_series(1, 1000) g, (SELECT jsonb_populate_record(NULL::caseload.client_facts, '{\"strikes\": 3, \"category\": \"ASD\"}') AS f OFFSET 0) x"
flat "$times checks, most of them refused" $((times / 1000)) "PERFORM count(caseload.check_expression('client', CASE g % 4 WHEN 0 THEN 'strikes > 3' WHEN 1 THEN 'pg_sleep(1) IS NULL' WHEN 2 THEN '1 / 0 > 1' ELSE 'strikes >' END)) FROM generate_series(1, 1000) g"
flat "$((201 * 4 * 25 * scale)) evaluations by findings, one of four failing" $((25 * scale)) "PERFORM count(*) FROM caseload.findings(CURRENT_DATE, 'GOOD')"
flat "$((201 * 4 * 10 * scale)) evaluations by evaluate()" $((10 * scale)) "PERFORM caseload.evaluate(CURRENT_DATE, 'GOOD'); COMMIT"
flat "$((500 * scale)) changes of rules" $((500 * scale)) "UPDATE caseload.rule SET condition = 'no_shows > ' || i WHERE rule_name = 'r'; PERFORM caseload.findings('2026-01-01', 'none'); COMMIT"
flat "$((100 * scale)) changes of rules that are taken back" $((100 * scale)) "UPDATE caseload.rule SET condition = 'no_shows > ' || i WHERE rule_name = 'r'; PERFORM caseload.findings('2026-01-01', 'none'); ROLLBACK"
flat "$((20 * scale)) changes of facts" $((20 * scale)) "INSERT INTO caseload.appointment (district_id, client_id, starts_at, status) SELECT 'GOOD', 'm' || g, CURRENT_DATE - 20 + time '00:00' + (i || ' minutes')::interval, 'attended' FROM generate_series(1, 20) g; COMMIT"
echo "1..$n"
