#!/bin/bash
# dump.t: whatever way a database is dumped and restored, every row, trigger and right comes back as it was, no flag is
# invented or lost, and the facts go on making flags.
#
# Two districts: the sample, and one whose names and ids are as hostile as text can be. Needs CASELOAD_IN, the folder with
# test/data/sample.sql, and a server where PG* point to.
set -uo pipefail
# the server's user is called as the schema, which would be found by "$user"
export PGOPTIONS='-c client_min_messages=warning -c search_path=public' PGTZ=UTC
anchor=2026-03-02
work=$(mktemp -d "$PWD/dump.XXXXXX")
databases=()
n=0

finish() {
  for db in "${databases[@]}"; do dropdb --if-exists "$db"; done
  rm -rf "$work"
}
trap finish EXIT
ok() { # status name
  n=$((n + 1))
  if [[ $1 == 0 ]]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
is() { # got wanted name
  [[ $1 == "$2" ]]
  ok $? "$3"
  [[ $1 == "$2" ]] || diff <(echo "$2") <(echo "$1") | head -n 20 | sed 's/^/# /'
}
isnt() { # got unwanted name
  [[ $1 != "$2" ]]
  ok $? "$3"
}
run() { # name command…
  local name=$1
  shift
  "$@" >"$work/out" 2>&1
  local status=$?
  ok $status "$name"
  [[ $status == 0 ]] || head -n 20 "$work/out" | sed 's/^/# /'
}
sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$1" "${@:2}" 2>&1; }
# Under the same name wherever it was made, so that nothing that is printed depends on it.
fresh() {
  databases+=("$1")
  dropdb --if-exists "$1" && createdb "$1"
}

# One line for each table: rows and digest of all rows as text. Kept in files: they need no object in the database.
cat >"$work/rows.sql" <<'SQL'
SET DateStyle = ISO;
SELECT format('SELECT %L, count(*), md5(coalesce(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C"), '''')) FROM %s t', c.oid::regclass, c.oid::regclass)
  FROM pg_class c
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind = 'r'
 ORDER BY c.relname \gexec
SQL
# One line for each thing that is not a row: triggers and whether they fire, constraints, indexes, functions, rights, comments.
cat >"$work/objects.sql" <<'SQL'
SET search_path = '';
SELECT 'trigger', t.tgrelid::regclass, t.tgname, t.tgenabled, md5(pg_get_triggerdef(t.oid)) FROM pg_trigger t
 WHERE NOT t.tgisinternal ORDER BY t.tgrelid::regclass::text, t.tgname;
SELECT 'internal triggers', t.tgrelid::regclass, t.tgenabled, count(*) FROM pg_trigger t
 WHERE t.tgisinternal GROUP BY t.tgrelid, t.tgenabled ORDER BY t.tgrelid::regclass::text, t.tgenabled;
SELECT 'constraint', c.conrelid::regclass, c.conname, c.convalidated, md5(pg_get_constraintdef(c.oid)) FROM pg_constraint c
 WHERE c.connamespace = 'caseload'::regnamespace AND c.conrelid <> 0 ORDER BY c.conrelid::regclass::text, c.conname;
SELECT 'relation', c.oid::regclass, c.relkind, c.reloptions, c.relacl, c.relowner::regrole, obj_description(c.oid, 'pg_class') FROM pg_class c
 WHERE c.relnamespace = 'caseload'::regnamespace ORDER BY c.relname;
SELECT 'index', i.indexrelid::regclass, i.indisvalid, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
 WHERE c.relnamespace = 'caseload'::regnamespace ORDER BY i.indexrelid::regclass::text;
SELECT 'column', a.attrelid::regclass, a.attname, a.attnotnull, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind IN ('r', 'v', 'c') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attname;
-- a body that is kept parsed comes back in other words for the same; that the next dump has the same words is seen below
SELECT 'function', p.oid::regprocedure, CASE WHEN p.prosqlbody IS NULL THEN md5(pg_get_functiondef(p.oid)) END,
       pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile, p.proparallel, p.prosecdef, p.prorows, p.proconfig,
       (SELECT array_agg(a ORDER BY a::text) FROM unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a),
       p.proowner::regrole, obj_description(p.oid, 'pg_proc'), EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') AS member
  FROM pg_proc p WHERE p.pronamespace = 'caseload'::regnamespace AND p.prokind <> 'a' ORDER BY p.oid::regprocedure::text;
SELECT 'statistics', s.stxname, pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext s WHERE s.stxnamespace = 'caseload'::regnamespace ORDER BY s.stxname;
SELECT 'extension', e.extname, e.extversion FROM pg_extension e ORDER BY e.extname;
SQL
rows() { sql "$1" -f "$work/rows.sql"; }
objects() { sql "$1" -f "$work/objects.sql"; }

# ---------------------------------------------------------------------------------------------------- what is dumped ---

# A table of the owner's own, over which rules are written; the longest name that there may be.
cat >"$work/own.sql" <<'SQL'
CREATE TABLE public." O'Neil ""x"" \ \. \! $piece$ $$ :v %s {}" (district_id text, "key ""'\ $piece$ $$ :v {,}" text, "k,2" date, miles integer);
COMMENT ON TABLE public." O'Neil ""x"" \ \. \! $piece$ $$ :v %s {}" IS 'Vans, say.';
SQL
cat >"$work/hostile.sql" <<'SQL'
-- Everything that quoting, COPY, psql, shells and sorting stumble over; n makes it another one.
CREATE FUNCTION pg_temp.h(n integer) RETURNS text LANGUAGE sql AS $f$
  SELECT E'  O\'Neil "x" \\ \\\\ \\! \\. \\n \\N \\restrict \\connect x\n\\.\n\\! touch pwned\r\n\tq;--/*$piece$ $$ $1 :v :''v'' %s {}*/ \u00e9\u6f22\U0001F600\u202e\u200b <'
         || n || E'>  \t '
$f$;
BEGIN;
INSERT INTO caseload.policy_kind (policy_name, value_type, default_value, unit, description, source)
  VALUES (pg_temp.h(1), 'boolean', 'on', pg_temp.h(2), pg_temp.h(3), pg_temp.h(4));
INSERT INTO caseload.district (district_id, name, state) VALUES (pg_temp.h(10), pg_temp.h(11), pg_temp.h(12));
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES (pg_temp.h(10), pg_temp.h(1), 'off');
INSERT INTO caseload.site (district_id, site_id, name, level, state, time_zone)
  VALUES (pg_temp.h(10), pg_temp.h(20), pg_temp.h(21), 'clinic', pg_temp.h(22), 'Pacific/Chatham');
INSERT INTO caseload.therapist (district_id, therapist_id, name, discipline, fte, state, time_zone)
  SELECT pg_temp.h(10), pg_temp.h(30 + i), pg_temp.h(40 + i), pg_temp.h(50), 1, pg_temp.h(51), 'Asia/Kathmandu' FROM generate_series(1, 2) i;
INSERT INTO caseload.weighting (district_id, weighting_name, expression, capacity, unit, discipline, jurisdiction, source, description)
  VALUES (pg_temp.h(10), pg_temp.h(52), format('CASE category WHEN %L THEN 2 ELSE 1 END', pg_temp.h(62)), format('CASE discipline WHEN %L THEN 20 ELSE 30 END', pg_temp.h(50)),
          pg_temp.h(53), pg_temp.h(50), pg_temp.h(12), pg_temp.h(54), pg_temp.h(55));
UPDATE caseload.weighting_version SET changed_by = pg_temp.h(94) WHERE district_id = pg_temp.h(10);
INSERT INTO caseload.policy (district_id, policy_name, value) VALUES (pg_temp.h(10), 'weighting', pg_temp.h(52));
INSERT INTO caseload.license (district_id, therapist_id, state, discipline, valid)
  SELECT pg_temp.h(10), pg_temp.h(31), state, pg_temp.h(50), '[2025-01-01,2127-01-01)' FROM unnest(ARRAY[pg_temp.h(51), pg_temp.h(60), pg_temp.h(61)]) AS state;
INSERT INTO caseload.low_incidence_class (class_name, weight, description, source) VALUES (pg_temp.h(56), 1.5, pg_temp.h(57), pg_temp.h(58));
INSERT INTO caseload.client (district_id, client_id, name, site_id, state, category, grade, low_incidence_class, service_percent, has_aide, federal_setting, need_points, case_manager_id)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), pg_temp.h(200 + i), CASE WHEN i % 2 = 0 THEN pg_temp.h(20) END, pg_temp.h(61), pg_temp.h(62), i, pg_temp.h(56), i * 10.25, i > 4, i, i / 8.0, pg_temp.h(31)
    FROM generate_series(1, 8) i;
INSERT INTO caseload.therapist_scope (district_id, therapist_id, valid, lowest_grade) VALUES (pg_temp.h(10), pg_temp.h(32), '[2020-01-01,2021-01-01)', 1);
INSERT INTO caseload.activity (activity_name, category, cluster, description, source) VALUES (pg_temp.h(64), 'other', 'compliance', pg_temp.h(65), pg_temp.h(66));
INSERT INTO caseload.duty (district_id, duty_id, therapist_id, activity_name, dosage, client_id, site_id)
  VALUES (pg_temp.h(10), pg_temp.h(67), pg_temp.h(31), pg_temp.h(64), '30/week', pg_temp.h(101), pg_temp.h(20));
INSERT INTO caseload.closure (district_id, closure_id, site_id, days, reason) VALUES (pg_temp.h(10), pg_temp.h(68), pg_temp.h(20), '[2020-01-01,2020-01-02)', pg_temp.h(69));
INSERT INTO caseload.episode (district_id, client_id, episode, period, closure_reason, outcome)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), 1, '[2025-09-01,2026-01-01)', pg_temp.h(63), 'met' FROM generate_series(1, 4) i;
INSERT INTO caseload.episode (district_id, client_id, episode, period)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), 2, '[2026-01-01,)' FROM generate_series(1, 4) i;
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery, group_size, therapist_id, period)
  SELECT pg_temp.h(10), pg_temp.h(300 + i), pg_temp.h(100 + i), pg_temp.h(50), '2x30/week', 'small_group_ok', 3, pg_temp.h(31 + i % 2), '[2026-01-01,)' FROM generate_series(1, 6) i;
UPDATE caseload.service SET reviewed_on = date '2025-07-01' + 30 * substring(service_id, '<30(.)>')::integer
 WHERE district_id = pg_temp.h(10);
INSERT INTO caseload.document (district_id, client_id, document_id, kind, about, due_on, done_at, minutes, with_client)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), pg_temp.h(600 + i), (ARRAY['consent', 'plan', 'session_note'])[1 + i % 3], '2026-02-01', '2026-02-20',
         CASE WHEN i > 2 THEN timestamptz '2026-02-11 23:59:59.999999+13' END, i, i % 2 = 0 FROM generate_series(1, 6) i;
-- who could see whom, a schedule, and somebody who waits
INSERT INTO caseload.therapist_availability (district_id, therapist_id, availability, status, entered_by, confirmed_by)
  VALUES (pg_temp.h(10), pg_temp.h(32), 'always', 'confirmed', pg_temp.h(800), pg_temp.h(801));
INSERT INTO caseload.therapist_site (district_id, therapist_id, site_id) VALUES (pg_temp.h(10), pg_temp.h(32), pg_temp.h(20));
INSERT INTO caseload.therapist_skill (district_id, therapist_id, kind, word) VALUES (pg_temp.h(10), pg_temp.h(32), 'language', pg_temp.h(802));
INSERT INTO caseload.client_need (district_id, client_id, kind, word) VALUES (pg_temp.h(10), pg_temp.h(102), 'language', pg_temp.h(802));
INSERT INTO caseload.schedule_slot (district_id, slot_id, therapist_id, client_id, during, delivery, low_incidence_class, site_id, service_id, time_zone)
  VALUES (pg_temp.h(10), pg_temp.h(803), pg_temp.h(32), pg_temp.h(102), 'Mon 9:00-10:00', 'small_group_ok', pg_temp.h(56), pg_temp.h(20), pg_temp.h(302), 'Asia/Kathmandu');
INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, period)
  VALUES (pg_temp.h(10), pg_temp.h(320), pg_temp.h(102), pg_temp.h(50), '2x30/week', '[2026-01-01,)');
SELECT caseload.offer_waiting(pg_temp.h(320), pg_temp.h(31), NULL, pg_temp.h(804), pg_temp.h(10));
UPDATE caseload.waiting_step SET waiting_step_id = pg_temp.h(805), by = pg_temp.h(806) WHERE district_id = pg_temp.h(10);
-- a condition with the same text in it, and one that fails
INSERT INTO caseload.rule (district_id, rule_name, condition, severity, action, message, source) VALUES
  (pg_temp.h(10), pg_temp.h(70), format('category = %L AND no_shows >= 1', pg_temp.h(62)), 'info', 'inform', pg_temp.h(71), pg_temp.h(72)),
  (pg_temp.h(10), pg_temp.h(73), 'appointments / (strikes - strikes) > 1', 'warn', 'review', pg_temp.h(74), NULL);
-- rules about everything that rules can be about; one replaces another where it applies, one is for a level that there is not
INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message, discipline, site_level, supersedes, valid, priority) VALUES
  (pg_temp.h(10), pg_temp.h(80), 'client', 'late >= 1', pg_temp.h(81), pg_temp.h(50), NULL, pg_temp.h(70), '[2025-01-01,2030-01-01)', -1),
  (pg_temp.h(10), pg_temp.h(82), 'service', 'NOT waiting', pg_temp.h(83), pg_temp.h(50), NULL, NULL, '(,)', 1),
  (pg_temp.h(10), pg_temp.h(84), 'therapist', 'services > 2', pg_temp.h(85), NULL, NULL, 'no such rule', '(,)', 2),
  (pg_temp.h(10), pg_temp.h(86), 'site', 'clients > 2', pg_temp.h(87), NULL, NULL, NULL, '(,)', 3),
  (pg_temp.h(10), pg_temp.h(88), 'client', 'true', pg_temp.h(89), NULL, pg_temp.h(90), NULL, '(,)', 4);
INSERT INTO public." O'Neil ""x"" \ \. \! $piece$ $$ :v %s {}" SELECT pg_temp.h(10), pg_temp.h(91), '2026-02-02', i FROM generate_series(7, 7) i;
SELECT caseload.register_subject('van', $r$public." O'Neil ""x"" \ \. \! $piece$ $$ :v %s {}"$r$, ARRAY[$k$key "'\ $piece$ $$ :v {,}$k$, 'k,2']);
INSERT INTO caseload.rule (district_id, rule_name, subject, condition, message) VALUES (pg_temp.h(10), pg_temp.h(92), 'van', 'miles > 6', pg_temp.h(93));
-- a condition that was another one, written by somebody with such a name
UPDATE caseload.rule SET condition = 'miles >= 7' WHERE district_id = pg_temp.h(10) AND subject = 'van';
UPDATE caseload.rule_version SET changed_by = pg_temp.h(94) WHERE district_id = pg_temp.h(10);
INSERT INTO caseload.rule_error (rule_district, rule_error_id, rule_name, rule_version, occurrences, message)
  VALUES (pg_temp.h(10), pg_temp.h(75), pg_temp.h(73), 1, 1, pg_temp.h(76));
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, service_id, therapist_id, starts_at, minutes, status)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), pg_temp.h(400 + d), CASE WHEN i < 7 AND d > 60 THEN pg_temp.h(300 + i) END, pg_temp.h(31), date '2025-11-01' + d * 2 + time '11:55Z', 30,
         (ARRAY['attended', 'no_show', 'late', 'late_cancel', 'client_cancel', 'provider_cancel', 'closure', 'scheduled'])[1 + (d * i) % 8]::caseload.appointment_status
    FROM generate_series(1, 7) i, generate_series(0, 62) d
   WHERE i <= d % 9;
INSERT INTO caseload.contact (district_id, client_id, contact_id, at, kind)
  SELECT pg_temp.h(10), pg_temp.h(100 + i), pg_temp.h(500), '2026-02-25 23:59+13', 'two_way' FROM generate_series(1, 7) i;
-- a flag of long ago
INSERT INTO caseload.flag (district_id, flag_id, subject, subject_key, client_id, episode, rule_district, rule_name, rule_version, severity, action, message,
                           raised_on, due_on, state, cleared_on, cleared_why, evidence, raised_at, raised_by, cleared_at, cleared_by)
  VALUES (pg_temp.h(10), pg_temp.h(700), 'client', pg_temp.h(101), pg_temp.h(101), 1, pg_temp.h(10), pg_temp.h(701), 1, 'act', 'close', pg_temp.h(702),
          '2025-10-01', '2025-10-08', 'resolved', '2025-10-02', pg_temp.h(703), ARRAY[pg_temp.h(400), pg_temp.h(401), ''],
          '2025-10-01 11:59:59.999999Z', pg_temp.h(704), '2025-10-02 00:00Z', pg_temp.h(705));
INSERT INTO caseload.flag_step (district_id, flag_step_id, flag_id, at, by, step, why, until)
  VALUES (pg_temp.h(10), pg_temp.h(710), pg_temp.h(700), '2025-10-01 12:00:00.000001Z', pg_temp.h(711), 'snoozed', pg_temp.h(712), '9999-12-31');
COMMIT;
SQL

fresh caseload_tap_original
run 'a database with both districts' psql -Xq -v ON_ERROR_STOP=1 -d caseload_tap_original -o /dev/null \
  -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' \
  -v anchor=$anchor -v clients=120 -v weeks=12 -f "$CASELOAD_IN/test/data/sample.sql" -f "$work/own.sql" -f "$work/hostile.sql" \
  -c 'SELECT caseload.evaluate()' -c "SELECT caseload.evaluate('$anchor')"
# flags in every state, answered by people with their reasons, and a trigger that somebody switched off or to ALWAYS
cat >"$work/answers.sql" <<'SQL'
CREATE TEMP TABLE answer AS
  SELECT flag_id, district_id, action, message, row_number() OVER (ORDER BY district_id, subject, subject_key, episode, rule_name) % 5 AS turn
    FROM caseload.flag WHERE cleared_on IS NULL;
SELECT caseload.acknowledge_flag(flag_id, NULL, district_id) FROM answer WHERE turn IN (1, 2);
SELECT caseload.snooze_flag(flag_id, '9999-12-31', E'\\.\n' || message, district_id) FROM answer WHERE turn = 2;
SELECT caseload.dismiss_flag(flag_id, message, district_id) FROM answer WHERE turn = 3;
SELECT caseload.confirm_flag(flag_id, message, district_id) FROM answer WHERE turn = 4 AND action <> 'close';
SQL
run 'flags in several states, triggers that somebody changed' psql -Xq -v ON_ERROR_STOP=1 -d caseload_tap_original -o /dev/null \
  -f "$work/answers.sql" -c "SELECT caseload.evaluate('$anchor')" \
  -c 'ALTER TABLE caseload.policy DISABLE TRIGGER policy_before_write' \
  -c 'ALTER TABLE caseload.contact ENABLE ALWAYS TRIGGER activity_after_truncate' \
  -c 'GRANT SELECT ON caseload.current_flags TO PUBLIC' -c 'GRANT EXECUTE ON FUNCTION caseload.client_facts(date) TO PUBLIC'

# Free text that no row of the hostile district puts to the test; the others are fixed words, checked by the tables.
unhostile=$(sql caseload_tap_original <<'SQL'
SELECT format($$SELECT %L WHERE NOT EXISTS (SELECT FROM caseload.%I t WHERE t.%I::text LIKE '%%$piece$%%')$$, c.relname || '.' || a.attname, c.relname, a.attname)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('text'::regtype, 'text[]'::regtype)
   AND c.relname <> 'installation'
   AND (c.relname || '.' || a.attname) <> ALL ('{policy_kind.value_type,policy_kind.default_value,policy.value,site.level,site.time_zone,therapist.time_zone,
        episode.outcome,document.kind,subject.subject_name,rule.subject,rule.severity,rule.action,rule.facts,rule_version.subject,rule_version.facts,
        weighting.subject,weighting.facts,weighting_version.subject,activity.category,activity.cluster,policy.discipline,policy.site_level,policy_kind.scope,
        flag.subject,flag.severity,flag.action,flag.state,flag_step.step,therapist.presence,therapist_availability.kind,therapist_availability.status,
        therapist_skill.kind,client_need.kind,schedule_slot.time_zone,waiting.state,waiting_step.from_state,waiting_step.to_state}'::text[])
 ORDER BY 1 \gexec
SQL
)
is "$unhostile" '' 'every column of free text holds hostile text'
is "$(sql caseload_tap_original -c "SELECT string_agg(DISTINCT subject, ',' ORDER BY subject) FROM caseload.flag WHERE district_id <> 'NORTH' AND cleared_on IS NULL")" \
  client,service,site,therapist,van 'every subject has flags'
is "$(sql caseload_tap_original -c "SELECT string_agg(DISTINCT state, ',' ORDER BY state) FROM caseload.flag WHERE district_id <> 'NORTH'")" \
  acknowledged,closed,dismissed,open,resolved 'flags are in every state'

original_rows=$(rows caseload_tap_original)
original_objects=$(objects caseload_tap_original)
is "$(grep -c '^[^|]*|0|' <<<"$original_rows")" 0 'no table is empty'
is "$(sql caseload_tap_original -c "SELECT count(*) FROM caseload.verify(NULL, '$anchor')")" 0 'the original is right'
echo "# $(tr '\n' ' ' <<<"$original_rows" | sed -E 's/(caseload\.)?([a-z_]+)\|([0-9]+)\|[0-9a-f]+/\2 \3/g')"

# A digest that cannot fail proves nothing.
change=$(sql caseload_tap_original -c BEGIN -c "UPDATE caseload.therapist SET name = name || ' ' WHERE therapist_id = (SELECT min(therapist_id) FROM caseload.therapist)" -f "$work/rows.sql")
isnt "$change" "$original_rows" 'the digest sees one more blank in one name'
is "$(diff <(echo "$original_rows") <(echo "$change") | grep -c '^>')" 1 'in one table only'
change=$(sql caseload_tap_original -c BEGIN -c 'ALTER TABLE caseload.client DISABLE TRIGGER ALL' -f "$work/objects.sql")
isnt "$change" "$original_objects" 'the list of objects sees triggers that are switched off'

# Three misses of a client with hostile names who had no flag, and the end of one; the work is taken back.
cat >"$work/works.sql" <<'SQL'
BEGIN;
SELECT district_id, client_id FROM caseload.client WHERE name LIKE '%<208>%' \gset
\set flags 'SELECT string_agg(rule_name, chr(44) ORDER BY rule_name) FROM caseload.flag WHERE district_id = :''district_id'' AND client_id = :''client_id'' AND rule_district = ''*'' AND cleared_on IS NULL;'
:flags
INSERT INTO caseload.appointment (district_id, client_id, appointment_id, starts_at, status)
  SELECT :'district_id', :'client_id', 'new ' || i, CURRENT_TIMESTAMP - interval '1 day' * i, 'no_show' FROM generate_series(2, 4) i;
SELECT caseload.no_shows(attendance, CURRENT_DATE) FROM caseload.client_activity WHERE district_id = :'district_id' AND client_id = :'client_id';
:flags
SELECT count(*) FROM caseload.verify();
DELETE FROM caseload.appointment WHERE district_id = :'district_id' AND client_id = :'client_id' AND appointment_id = 'new 2';
:flags
SELECT count(*) FROM caseload.verify();
ROLLBACK;
SQL
works() { sql "$1" -f "$work/works.sql"; }
is "$(works caseload_tap_original)" $'\n3\nattendance_close\n0\n\n0' 'facts make flags in the original'

same() { # database way
  is "$(rows "$1")" "$original_rows" "$2: every row is the same"
  is "$(objects "$1")" "$original_objects" "$2: every object, trigger and right is the same"
  is "$(sql "$1" -c "SELECT count(*) FROM caseload.verify(NULL, '$anchor')")" 0 "$2: what is derived is right"
  is "$(sql "$1" -c 'SELECT caseload.install()' | sed 's/, .*//')" 'caseload 0.1: 0 pieces installed' "$2: nothing is left to install"
  is "$(rows "$1")" "$original_rows" "$2: and install() changed nothing"
  is "$(works "$1")" $'\n3\nattendance_close\n0\n\n0' "$2: facts go on making flags"
  is "$(sql "$1" -c BEGIN -c "SELECT raised, resolved, errors > 0 FROM caseload.evaluate('$anchor')")" '0|0|t' "$2: evaluate() finds nothing to do"
}

# ------------------------------------------------------------------------------------------------------------- the ways ---

run 'pg_dump plain' pg_dump -f "$work/plain.sql" caseload_tap_original
fresh caseload_tap_plain
run 'restore plain' psql -Xq -v ON_ERROR_STOP=1 -d caseload_tap_plain -o /dev/null -f "$work/plain.sql"
same caseload_tap_plain plain

run 'pg_dump custom' pg_dump -Fc -f "$work/custom.dump" caseload_tap_original
fresh caseload_tap_custom
run 'restore custom' pg_restore --exit-on-error -d caseload_tap_custom "$work/custom.dump"
same caseload_tap_custom custom

run 'pg_dump directory -j2' pg_dump -Fd -j2 -f "$work/directory" caseload_tap_original
fresh caseload_tap_directory
run 'restore directory -j2' pg_restore -j2 --exit-on-error -d caseload_tap_directory "$work/directory"
same caseload_tap_directory directory

# Into tables that install() has made; what it has put into them comes with the dump as well, and makes room.
run 'pg_dump --data-only --disable-triggers' pg_dump --data-only --disable-triggers -f "$work/data.sql" caseload_tap_original
fresh caseload_tap_data
run 'prepare for data only' psql -Xq -v ON_ERROR_STOP=1 -d caseload_tap_data -o /dev/null \
  -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' -f "$work/own.sql" \
  -c 'TRUNCATE caseload.installation, caseload.policy_kind, caseload.policy, caseload.rule, caseload.rule_version, caseload.weighting, caseload.weighting_version, caseload.low_incidence_class, caseload.activity CASCADE' \
  -c 'ALTER TABLE caseload.policy DISABLE TRIGGER policy_before_write' \
  -c 'ALTER TABLE caseload.contact ENABLE ALWAYS TRIGGER activity_after_truncate' \
  -c 'GRANT SELECT ON caseload.current_flags TO PUBLIC' -c 'GRANT EXECUTE ON FUNCTION caseload.client_facts(date) TO PUBLIC'
run 'restore data only' psql -Xq -v ON_ERROR_STOP=1 -d caseload_tap_data -o /dev/null -f "$work/data.sql"
# the dump switches all triggers off and on again, and ON is not what two of them were: what pg_dump does to any table
sql caseload_tap_data -c 'ALTER TABLE caseload.policy DISABLE TRIGGER policy_before_write' \
  -c 'ALTER TABLE caseload.contact ENABLE ALWAYS TRIGGER activity_after_truncate'
same caseload_tap_data 'data only'

# ---------------------------------------------------------------------------------------------------------------- again ---

plain_text() { pg_dump "$1" | grep -vE '^\\(un)?restrict '; }
run 'pg_dump of the restored' pg_dump -f "$work/again.sql" caseload_tap_plain
fresh caseload_tap_again
run 'restore again' psql -Xq -v ON_ERROR_STOP=1 -d caseload_tap_again -o /dev/null -f "$work/again.sql"
plain_text caseload_tap_plain >"$work/first"
plain_text caseload_tap_again >"$work/second"
run 'twice removed: the dumps are the same, byte for byte' cmp "$work/first" "$work/second"
same caseload_tap_again 'twice removed'
is "$(find "$PWD" "$work" -maxdepth 1 -name 'pwned*')" '' 'no text was run'

echo "1..$n"
