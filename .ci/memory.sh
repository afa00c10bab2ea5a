# shellcheck shell=bash disable=SC2034,SC2154 # status and pg_config are those of the callers
# memory.sh: what .ci/sanitize and .ci/valgrind share. They set "work" and "pg_config", and say what a report is:
# found prints the reports, keeps them in $work/found, forgets them otherwise, and succeeds where there are some.
status=0
ok() { # status name
  if [[ $1 == 0 ]]; then echo "ok - $2"; else echo "not ok - $2" && status=1; fi
}

# A place of its own that the server's user may read: the tree as it is now, without what git ignores, and a folder for reports.
copy_tree() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/caseload-memory.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/copy" "$work/reports"
  chmod 755 "$work" && chmod 1777 "$work/reports"
  # real appointments that lie beside the project do not lie beside the copy
  local real=$PWD/../shared/data/appointments.csv.gz
  if [[ ! ${CASELOAD_DATA:-} && -r $real ]]; then export CASELOAD_DATA=$real; fi
  export CASELOAD_TEST_RUN=${CASELOAD_TEST_RUN:-$work.run}
  git ls-files -z --cached --others --exclude-standard --deduplicate |
    while IFS= read -r -d '' file; do [[ ! -e $file ]] || printf '%s\0' "$file"; done |
    tar -c --null -T - | tar -x --no-same-owner -C "$work/copy"
  cd "$work/copy" || exit
}

build() { make -s -j "${CASELOAD_JOBS:-$(nproc)}" with_llvm=no MAKEFLAGS= PG_CONFIG="$pg_config" all; }

# run NAME PART: a part of scripts/test, and nothing is found
run() {
  local failed=0 began=$SECONDS
  # shellcheck disable=SC2065 # no comparison
  scripts/test "$2" >"$work/log" 2>&1 || failed=1
  sed 's/^/# /' "$work/log"
  ok "$failed" "$1: the tests pass ($((SECONDS - began)) s)"
  failed=0
  if found; then failed=1; fi
  ok "$failed" "$1: no report"
}

# planted FAULT...: each is found, by the same means
planted() {
  local fault failed tries
  cp test/memory/faults.c extension/src
  build
  export CASELOAD_RUN=$CASELOAD_TEST_RUN.planted
  scripts/cluster start
  trap 'scripts/cluster stop --wipe || true; rm -rf "$work"' EXIT
  found >/dev/null || true
  for fault; do
    # some end the server, which starts anew
    for ((tries = 0; tries < 100; tries++)); do
      if scripts/cluster psql -qc "LOAD '\$libdir/caseload'" 2>/dev/null; then break; fi
      sleep 0.2
    done
    scripts/cluster psql -qc "CREATE FUNCTION pg_temp.fault(integer) RETURNS integer LANGUAGE c AS '\$libdir/caseload', 'cl_fault_$fault'" \
      -c 'SELECT pg_temp.fault(1)' >"$work/log" 2>&1 || true
    failed=0
    if ! found >"$work/shown" || ! grep -q 'faults\.c' "$work/found"; then
      failed=1
      sed 's/^/# /' "$work/log" "$work/shown"
    fi
    ok "$failed" "a planted fault is found: $fault"
  done
}
