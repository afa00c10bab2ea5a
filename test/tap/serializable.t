#!/bin/bash
# serializable.t: the isolation specs of two and three writers once more, at SERIALIZABLE.
#
# Which of the transactions that overlap the server fails with 40001 depends on the layout of pages and indexes, so there is no expected
# output. Instead, every order is looked at: what was committed is counted and flagged exactly (the column "right" of the
# result), and nothing has failed for another reason than 40001 or the contradiction that the spec is about. Snapshots are
# taken before all writes (early) or with each of them (late).
#
# Needs a server where PG* point to, and isolationtester, which comes with the server's headers; CASELOAD_IN: the tests.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
export PGOPTIONS='-c client_min_messages=warning -c search_path=public' PGTZ=UTC PGISOLATIONTIMEOUT=60 PGDATABASE=caseload_tap_serializable
here=${CASELOAD_IN:?}/test/isolation/specs

finish() { dropdb --if-exists caseload_tap_serializable; }
trap finish EXIT

tester=$(dirname "$("${BINDIR:?}/pg_config" --pgxs)")/../test/isolation/isolationtester
if [[ ! -x $tester ]]; then
  echo '1..0 # SKIP no isolationtester'
  exit 0
fi
finish
createdb caseload_tap_serializable || { echo 'Bail out! no database'; exit 1; }

for spec in writers-2 writers-3; do
  for snapshot in early late; do
    # the orders of READ COMMITTED, at another level
    also=
    # shellcheck disable=SC2016 # the dollars are SQL's
    [[ $snapshot == late ]] || also=' DO $$BEGIN PERFORM; END$$;'
    out=$(sed -e "s/BEGIN ISOLATION LEVEL READ COMMITTED;/BEGIN ISOLATION LEVEL SERIALIZABLE;$also/" -e '/^permutation.* rr1/d; /^permutation rr1/d' "$here/$spec.spec" |
      "$tester" 'dbname=caseload_tap_serializable' 2>&1)
    what="$spec, $snapshot snapshots"
    orders=$(grep -c '^starting permutation' <<<"$out")
    # the result is the line below the one that rules off the heading
    results=$(grep -A1 -E '^-+\+.*-$' <<<"$out" | grep -E '\|[tf] *$')
    at_least "$orders" 70 "$what: orders"
    is "$(grep -cE '\|t *$' <<<"$results") of $(wc -l <<<"$results")" "$orders of $orders" "$what: right"
    is "$(grep ERROR <<<"$out" | grep -vE 'could not serialize access|lies outside every episode' | sort | uniq -c)" '' "$what: nothing fails for another reason"
    is "$(grep -ciE 'timed out|deadlock|canceling' <<<"$out")" 0 "$what: nothing hangs"
    at_least "$(grep -E '^ +[0-9]+\|' <<<"$results" | sort | uniq -c | wc -l)" 3 "$what: in several ways"
  done
done
echo "1..$n"
