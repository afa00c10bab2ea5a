#!/bin/bash
# dump.t: whatever way a database is dumped and restored, every row, trigger and right comes back as it was, no flag is
# invented or lost, and the facts go on making flags.
#
# Two districts: the sample, and one whose names and ids are as hostile as text can be. Needs CASELOAD_IN, the folder with test/, and a
# server where PG* point to.
set -uo pipefail
# shellcheck source=test/upgrade/life.bash
. "$CASELOAD_IN/test/upgrade/life.bash"

make_original caseload_tap_original
run 'triggers and rights that somebody changed' sql caseload_tap_original "${owners_changes[@]}"

# Free text that no row of the hostile district puts to the test; the others are fixed words, checked by the tables.
unhostile=$(sql caseload_tap_original <<'SQL'
SELECT format($$SELECT %L WHERE NOT EXISTS (SELECT FROM caseload.%I t WHERE t.%I::text LIKE '%%$piece$%%')$$, c.relname || '.' || a.attname, c.relname, a.attname)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'caseload'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('text'::regtype, 'text[]'::regtype)
   AND c.relname <> 'installation'
   AND (c.relname || '.' || a.attname) <> ALL ('{policy_kind.value_type,policy_kind.default_value,policy.value,site.level,site.time_zone,therapist.time_zone,
        episode.outcome,document.kind,subject.subject_name,rule.subject,rule.severity,rule.action,rule.facts,rule_version.subject,rule_version.facts,
        weighting.subject,weighting.facts,weighting_version.subject,activity.category,activity.cluster,policy.discipline,policy.site_level,policy_kind.scope,
        flag.subject,flag.severity,flag.action,flag.state,flag_step.step}'::text[])
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
is "$(verified caseload_tap_original)" 0 'the original is right'
echo "# $(tr '\n' ' ' <<<"$original_rows" | sed -E 's/(caseload\.)?([a-z_]+)\|([0-9]+)\|[0-9a-f]+/\2 \3/g')"

# A digest that cannot fail proves nothing.
change=$(rows caseload_tap_original -c BEGIN -c "UPDATE caseload.therapist SET name = name || ' ' WHERE therapist_id = (SELECT min(therapist_id) FROM caseload.therapist)")
isnt "$change" "$original_rows" 'the digest sees one more blank in one name'
is "$(diff <(echo "$original_rows") <(echo "$change") | grep -c '^>')" 1 'in one table only'
change=$(sql caseload_tap_original -c BEGIN -c 'ALTER TABLE caseload.client DISABLE TRIGGER ALL' -f "$upgrade/objects.sql")
isnt "$change" "$original_objects" 'the list of objects sees triggers that are switched off'

is "$(works caseload_tap_original)" "$works_well" 'facts make flags in the original'

same() { # database way
  is "$(rows "$1")" "$original_rows" "$2: every row is the same"
  is "$(objects "$1")" "$original_objects" "$2: every object, trigger and right is the same"
  is "$(verified "$1")" 0 "$2: what is derived is right"
  is "$(sql "$1" -c 'SELECT caseload.install()' | sed 's/^caseload [^:]*: //; s/, .*//')" '0 pieces installed' "$2: nothing is left to install"
  is "$(rows "$1")" "$original_rows" "$2: and install() changed nothing"
  is "$(works "$1")" "$works_well" "$2: facts go on making flags"
  is "$(evaluated "$1")" "$evaluated_well" "$2: evaluate() finds nothing to do"
  is "$(sql "$1" -c 'DROP EXTENSION caseload')" "$undroppable" "$2: the extension stays while data uses its types"
}
undroppable='ERROR:  cannot drop extension caseload because other objects depend on it'

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
room='TRUNCATE caseload.installation, caseload.policy_kind, caseload.policy, caseload.rule, caseload.rule_version, caseload.weighting,
  caseload.weighting_version, caseload.low_incidence_class, caseload.activity CASCADE'
run 'pg_dump --data-only --disable-triggers' pg_dump --data-only --disable-triggers -f "$work/data.sql" caseload_tap_original
fresh caseload_tap_data
run 'prepare for data only' psql -Xq -v ON_ERROR_STOP=1 -d caseload_tap_data -o /dev/null \
  -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' -f "$upgrade/own.sql" \
  -c "$room" \
  "${owners_changes[@]}"
run 'restore data only' psql -Xq -v ON_ERROR_STOP=1 -d caseload_tap_data -o /dev/null -f "$work/data.sql"
# the dump switches all triggers off and on again, and ON is not what some of them were: what pg_dump does to any table
sql caseload_tap_data "${owners_changes[@]}" -f - <<'SQL'
SELECT format('ALTER TABLE %s ENABLE REPLICA TRIGGER %I', t.tgrelid::regclass, t.tgname) FROM pg_trigger t
 WHERE NOT t.tgisinternal AND t.tgname LIKE '%\_replica\_%' \gexec
SQL
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

# ------------------------------------------------------------------------------------------- twins: other ways lose or invent ---

# tables that belong to the extension, as most extensions have it
fresh caseload_tap_twin -T caseload_tap_plain
sql caseload_tap_twin -c 'ALTER EXTENSION caseload ADD TABLE caseload.flag_step' -c 'ALTER EXTENSION caseload ADD TABLE caseload.duty'
run 'pg_dump of tables that are members' pg_dump -f "$work/twin.sql" caseload_tap_twin
fresh caseload_tap_twin
psql -Xq -d caseload_tap_twin -o /dev/null -f "$work/twin.sql" >"$work/out" 2>&1
is "$(rows caseload_tap_twin | diff <(echo "$original_rows") - | grep '^[<>]' | sed 's/|.*//' | tr '\n' ' ')" '< caseload.duty < caseload.flag_step ' 'twin: rows of members are lost, and missed'
isnt "$(objects caseload_tap_twin)" "$original_objects" 'twin: and the tables, too'
# triggers that fire while rows are restored, as those of members would
run 'pg_dump --data-only' pg_dump --data-only -f "$work/fire.sql" caseload_tap_original
fresh caseload_tap_twin
run 'prepare for the twin' psql -Xq -v ON_ERROR_STOP=1 -d caseload_tap_twin -o /dev/null \
  -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' -f "$upgrade/own.sql" -c "$room"
psql -Xq -d caseload_tap_twin -o /dev/null -f "$work/fire.sql" >"$work/out" 2>&1
different=$(rows caseload_tap_twin | diff <(echo "$original_rows") - | sed -n 's/^> \([^|]*\)|.*/\1/p' | tr '\n' ' ')
[[ $different == *caseload.appointment* && $different == *caseload.client_activity* ]]
ok $? 'twin: triggers that fire while rows come back refuse some and change others, and that is seen'
echo "# other rows in $different"

echo "1..$n"
