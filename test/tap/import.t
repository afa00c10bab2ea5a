#!/bin/bash
# import.t: the recipes of docs/import.md and the examples of docs/attach.md do what they say. Every block of SQL is taken from the page and run;
# lines that are indented behind a block are what it prints.
#
# Needs CASELOAD_IN, the folder with docs and test/data, and a server where PG* point to.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
export PGOPTIONS='-c client_min_messages=warning -c search_path=public' PGTZ=UTC PGDATABASE=caseload_tap_import
cd "$CASELOAD_IN" || exit
work=$(mktemp -d)
trap 'dropdb --if-exists "$PGDATABASE" 2>/dev/null; rm -rf "$work"' EXIT
# One script of a page: each block, and a mark at its end. What is expected after each goes into files of their own.
extract() { # page
  rm -f "$work"/want.* "$work/script.sql"
  awk -v work="$work" '
    /^```sql$/ { inside = 1; block++; next }
    /^```$/ && inside { inside = 0; printf "\\echo %%%% %d\n", block >> (work "/script.sql"); after = 1; next }
    inside { print >> (work "/script.sql"); next }
    after && /^    / { print substr($0, 5) > (work "/want." block); next }
    after && /^$/ { next }
    { after = 0 }' "$1"
}
# what block N printed
printed() { awk -v block="$1" '/^%% / { at = $2; if (at == block) exit; text = ""; next } { text = text $0 "\n" } END { printf "%s", text }' "$work/out"; }
page() { # page least-blocks
  local blocks block got
  dropdb --if-exists "$PGDATABASE" && createdb "$PGDATABASE" && psql -Xq -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT FROM caseload.install()' >/dev/null
  extract "$1"
  psql -XAtq -v ON_ERROR_STOP=1 -f "$work/script.sql" >"$work/out" 2>"$work/err"
  ok $? "$1: every block runs"
  sed 's/^/# /' "$work/err" | head -n 10
  blocks=$(grep -c '^%%' "$work/out")
  [[ $blocks -ge $2 ]]
  ok $? "$1: $blocks blocks"
  for want in "$work"/want.*; do
    block=${want##*.}
    got=$(printed "$block")
    [[ $got == "$(<"$want")" ]]
    ok $? "$1: block $block prints what the page says"
    [[ $got == "$(<"$want")" ]] || diff "$want" <(echo "$got") | sed 's/^/# /'
  done
  [[ $(psql -XAtqc 'SELECT count(*) FROM caseload.verify()') == 0 ]]
  ok $? "$1: nothing is wrong afterwards"
}
page docs/import.md 7
# the twin: a page that says something else is found out
sed 's/^    70115|/    70116|/' docs/import.md >"$work/other.md"
extract "$work/other.md"
[[ $(printed 3) == 70115* && $(printed 3) != "$(<"$work/want.3")" ]]
ok $? 'what a page does not print is noticed'
page docs/attach.md 4
echo "1..$n"
