#!/bin/bash
# bi.t: every query of docs/bi runs on the sample district as a role that may read and no more, has the columns that it says, and gives
# rows; nothing that a tool would have to fill in is left. So do the reports of psql/, which fit a page and say the same. The tools themselves are not here: whether Grafana takes the file is not tested.
#
# Needs CASELOAD_IN with docs/bi, psql and test/data, and a server where PG* point to. What a tool fills in is filled in as it says it does:
# Grafana's $__timeFilter(x) becomes x BETWEEN … AND …, ${district:singlequote} quoted values; Metabase's {{district}} a quoted value, and
# [[…]] is left out where there is none (as it is for Superset, which filters the rows itself).
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
export PGDATABASE=caseload_bi PGTZ=UTC PGOPTIONS='-c client_min_messages=warning -c search_path=public'
bi=$CASELOAD_IN/docs/bi
work=$(mktemp -d "$PWD/bi.XXXXXX")

finish() {
  psql -XAtq -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE" -c 'DROP ROLE IF EXISTS caseload_tap_bi' >/dev/null 2>&1
  rm -rf "$work"
}
trap finish EXIT
psql -XAtq -d postgres -c "DROP DATABASE IF EXISTS $PGDATABASE" -c 'DROP ROLE IF EXISTS caseload_tap_bi' -c "CREATE DATABASE $PGDATABASE" -c 'CREATE ROLE caseload_tap_bi LOGIN'
psql -XAtq -v ON_ERROR_STOP=1 -v clients=240 -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()' -c "SELECT caseload.grant_reader('caseload_tap_bi')" \
  -f "$CASELOAD_IN/test/data/sample.sql" >/dev/null || { echo 'Bail out! no sample'; exit 1; }

# good QUERY COLUMN…: runs, has these columns (in any order, others beside them), and gives rows; prints what is wrong
good() {
  local sql=$1 header column
  shift
  if grep -qE '\$__|\$\{|\{\{|\[\[' <<<"$sql"; then echo "left to be filled in: $(grep -oE '(\$__|\$\{|\{\{|\[\[)[A-Za-z]*' <<<"$sql" | head -n 1)"; return 1; fi
  PGUSER=caseload_tap_bi psql -Xq --csv -v ON_ERROR_STOP=1 -c "$sql" >"$work/rows" 2>"$work/error" || { head -n 3 "$work/error"; return 1; }
  header=",$(head -n 1 "$work/rows"),"
  for column; do [[ $header == *",$column,"* ]] || { echo "no column $column in $header"; return 1; }; done
  (($(wc -l <"$work/rows") > 1)) || { echo 'no rows'; return 1; }
}
check() { # name query column…
  local name=$1 said
  shift
  said=$(good "$@")
  ok $? "$name"
  [[ -z $said ]] || sed 's/^/# /' <<<"$said"
}
refuse() { # name query column…
  local name=$1
  shift
  ! good "$@" >/dev/null
  ok $? "noticed: $name"
}

grafana() { # SQL: what Grafana would send
  sed -E "s/\\\$__timeFilter\(([a-z_]+)\)/\1 BETWEEN CURRENT_DATE - 365 AND CURRENT_DATE/g; s/\\\$\{district:singlequote\}/'NORTH','it''s'/g" <<<"$1"
}
metabase() { # SQL VALUE|'': what Metabase would send, with the variable or without
  if [[ $2 ]]; then sed -E "s/\[\[(.*)\]\]/\1/; s/\{\{district\}\}/'$2'/g" <<<"$1"; else sed -E 's/\[\[[^]]*\]\]//' <<<"$1"; fi
}

# One line for each query of the dashboard: type, title, columns that it must have, query; the last two in base 64.
# A time series has a column time; what is given another look must be there.
psql -XAtq -F ' ' -v ON_ERROR_STOP=1 >"$work/panels" <<SQL
\set board \`cat $bi/grafana.json\`
WITH panel AS (SELECT p FROM jsonb_path_query(:'board'::jsonb, '\$.panels[*]') p)
SELECT replace(encode(convert_to(p ->> 'title', 'UTF8'), 'base64'), E'\n', ''),
       replace(encode(convert_to(concat_ws(' ', CASE p ->> 'type' WHEN 'timeseries' THEN 'time' END,
         (SELECT string_agg(o #>> '{}', ' ') FROM jsonb_path_query(p, '\$.fieldConfig.overrides[*].matcher.options') o)),
         'UTF8'), 'base64'), E'\n', '') || '.',
       replace(encode(convert_to(t ->> 'rawSql', 'UTF8'), 'base64'), E'\n', '')
  FROM panel, jsonb_path_query(p, '\$.targets[*]') t
UNION ALL
SELECT encode('variable', 'base64'), encode('__value __text', 'base64') || '.', replace(encode(convert_to(v ->> 'query', 'UTF8'), 'base64'), E'\n', '')
  FROM jsonb_path_query(:'board'::jsonb, '\$.templating.list[*]') v;
SQL
ok $? 'the dashboard is JSON'
[[ $(wc -l <"$work/panels") -ge 13 ]]
ok $? 'with its queries'
# every query there is has been found: none hides under another key
[[ $(grep -cE '"(rawSql|query)": "(SELECT|WITH)' "$bi/grafana.json") == $(wc -l <"$work/panels") ]]
ok $? 'all of them'
while read -r title columns sql; do
  title=$(base64 -d <<<"$title") columns=$(base64 -d <<<"${columns%.}") sql=$(base64 -d <<<"$sql")
  # shellcheck disable=SC2086 # a list of words
  check "Grafana: $title" "$(grafana "$sql")" $columns
done <"$work/panels"
psql -XAtq >"$work/inputs" <<SQL
\set board \`cat $bi/grafana.json\`
SELECT bool_and(d = '\${DS_CASELOAD}') AND count(*) > 20 FROM jsonb_path_query(:'board'::jsonb, '\$.**.datasource.uid') u (v), LATERAL (SELECT v #>> '{}') x (d);
SELECT jsonb_path_exists(:'board'::jsonb, '\$.__inputs[*] ? (@.name == "DS_CASELOAD" && @.pluginId == "postgres")');
SQL
[[ $(<"$work/inputs") == $'t\nt' ]]
ok $? 'its data source is an input, in every panel'

for file in "$bi"/questions/*.sql; do
  sql=$(sed '/^--/d' "$file" | tr '\n' ' ') columns=$(sed -n 's/^-- columns: //p' "$file" | tr -d ,)
  [[ $columns && $(grep -c '^-- title: ' "$file") == 1 && $sql == *'[['*'{{district}}'*']]'* ]]
  ok $? "${file##*/}: title, columns, and the district as a variable that may be left out"
  # shellcheck disable=SC2086
  check "${file##*/}: of a district" "$(metabase "$sql" NORTH)" $columns
  # shellcheck disable=SC2086
  check "${file##*/}: of all" "$(metabase "$sql" '')" $columns
done

# What is wrong is noticed.
refuse 'a column that is not there' 'SELECT nowhere FROM caseload.district'
refuse 'a column that the query does not say' 'SELECT district_id FROM caseload.district' name
refuse 'a macro that nobody fills in' "$(grafana 'SELECT $__interval, district_id FROM caseload.district')"
refuse 'a variable that nobody fills in' "$(metabase 'SELECT district_id FROM caseload.district WHERE name = {{name}}' NORTH)"
refuse 'a query without rows' "SELECT district_id FROM caseload.district WHERE false"
refuse 'a query that writes' "UPDATE caseload.district SET name = name RETURNING district_id"

# The reports, as a reader who has nothing but psql.
report() { PGUSER=caseload_tap_bi psql -X "$@" >"$work/report" 2>"$work/error" || return 1; [[ ! -s $work/error ]]; }
fits() { (($(LC_ALL=C.UTF-8 wc -L <"$work/report") <= $1)); }
for name in monday plan; do
  report -v as_of="$(date -u +%F)" -f "$CASELOAD_IN/psql/$name.sql"
  ok $? "$name.sql runs"
  head -n 3 "$work/error" | sed 's/^/# /'
  fits 100
  ok $? "$name.sql fits into 100 columns ($(LC_ALL=C.UTF-8 wc -L <"$work/report"))"
  ! fits 60
  ok $? "noticed: $name.sql does not fit into 60"
done
report -v as_of="$(date -u +%F)" -f "$CASELOAD_IN/psql/monday.sql"
monday=$(grep '│ [0-9]* moves* ' "$work/report" | awk '$1 == "SLP"' | grep -oE '[0-9]+ moves?.* to [0-9.]+')
report -v as_of="$(date -u +%F)" -v moves=3 -f "$CASELOAD_IN/psql/plan.sql"
is "$(sed -n '3s/(Jain.s index) //;3s/;.*//p' "$work/report")" "$monday" 'both say what three moves would do'
# and what they would do is what the next report says once they are done
is "$(sql -c BEGIN -c "SELECT 'lift equity from ' || round(jain, 3) FROM caseload.equity_report(CURRENT_DATE, 'discipline') WHERE \"group\" = 'SLP'" \
  -c "SET LOCAL caseload.capacity = off" \
  -c "SELECT caseload.apply_plan(caseload.rebalance('SELECT * FROM caseload.plan_therapists(CURRENT_DATE, \$\$NORTH\$\$, \$\$SLP\$\$)',
        'SELECT * FROM caseload.plan_clients(CURRENT_DATE, \$\$NORTH\$\$, \$\$SLP\$\$)', 'SELECT * FROM caseload.plan_eligible(CURRENT_DATE, \$\$NORTH\$\$, \$\$SLP\$\$)', max_moves => 3)) > 0" \
  -c "SELECT 'to ' || round(jain, 3) FROM caseload.equity_report(CURRENT_DATE, 'discipline') WHERE \"group\" = 'SLP'" -c ROLLBACK | grep -v '^t$' | paste -sd ' ')" \
  "$(grep -oE 'lift .*' <<<"$monday")" 'and that is what it does'
echo "1..$n"
