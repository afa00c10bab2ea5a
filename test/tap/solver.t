#!/bin/bash
# solver.t: lp_text() as a solver reads it. CBC solves the models of made teams, each for two seconds at most: no plan of rebalance() is better than what CBC says
# nothing is better than, and no bound is above what CBC has found: for the least cost of a band, and the least highest load per FTE, with groups in every
# third team.
#
# Skipped without cbc (Debian's coinor-cbc). CASELOAD_TEAMS is the number of teams (8). Needs a server where PG* point to.
set -uo pipefail
# shellcheck source=test/tap/tap.bash
. "$(dirname "$0")/tap.bash"
# the server's user is called as the schema, which would be found by "$user"
export PGOPTIONS='-c client_min_messages=warning -c search_path=public' PGTZ=UTC PGDATABASE=caseload_tap_solver
teams=${CASELOAD_TEAMS:-8}
work=$(mktemp -d)

finish() {
  rm -rf "$work"
  dropdb --if-exists caseload_tap_solver
}
trap finish EXIT

command -v cbc >/dev/null || { echo '1..0 # SKIP no cbc (coinor-cbc)'; exit 0; }
dropdb --if-exists caseload_tap_solver
createdb caseload_tap_solver || { echo 'Bail out! no database'; exit 1; }
sql -o /dev/null -c 'CREATE EXTENSION caseload CASCADE' -c 'SELECT caseload.install()'

# Five therapists, the first with half a position; 40 clients, each with one of those who may take them.
sql <<'SQL'
CREATE FUNCTION u(team int, i int, salt int) RETURNS int LANGUAGE sql IMMUTABLE RETURN hashint4(hashint4(team * 1009 + i) # salt) & 65535;
CREATE TABLE therapist AS SELECT k AS team, 't' || i AS therapist_id, CASE i WHEN 1 THEN 0.5 ELSE 1 END AS fte, (u(k, i, 3) % 8)::numeric / 4 AS base_load
  FROM generate_series(1, 200) k, generate_series(1, 5) i;
CREATE TABLE pair AS SELECT k AS team, 'c' || j AS client_id, 't' || i AS therapist_id
  FROM generate_series(1, 200) k, generate_series(1, 40) j, generate_series(1, 5) i WHERE u(k, j * 8 + i, 5) % 6 < 3 OR (i + j) % 5 = 0;
CREATE TABLE client AS SELECT k AS team, 'c' || j AS client_id, 0.5 + (u(k, j, 7) % 15)::numeric / 4 AS weight, 1 + (u(k, j, 9) % 4) / 3 AS move_cost,
       (SELECT p.therapist_id FROM pair p WHERE p.team = k AND p.client_id = 'c' || j ORDER BY u(k, j, 11) % 3 = 0, p.therapist_id LIMIT 1) AS therapist_id
  FROM generate_series(1, 200) k, generate_series(1, 40) j;
CREATE TABLE option AS SELECT c.team, 'g ' || c.therapist_id AS option_id, c.therapist_id, 'group' AS kind, array_agg(c.client_id) AS client_ids, min(c.weight) AS freed, 1 AS cost
  FROM (SELECT *, row_number() OVER (PARTITION BY team, therapist_id ORDER BY client_id) AS n FROM client) c WHERE c.team % 3 = 0 AND c.n <= 2
 GROUP BY c.team, c.therapist_id HAVING count(*) = 2;
CREATE VIEW query AS SELECT k AS team, format('SELECT therapist_id, fte, base_load FROM therapist WHERE team = %s', k) AS t,
       format('SELECT client_id, weight, therapist_id, move_cost FROM client WHERE team = %s', k) AS c, format('SELECT client_id, therapist_id FROM pair WHERE team = %s', k) AS e,
       CASE WHEN k % 3 = 0 THEN format('SELECT option_id, therapist_id, kind, client_ids, freed, cost FROM option WHERE team = %s', k) END AS o
  FROM generate_series(1, 200) k;
CREATE TABLE best (team int, model text, value numeric, least numeric);
SQL

# The best that CBC has found for a model (NULL: nothing, or there is nothing), and below what no value is (infinity: there is none).
solve() { # team band|max
  local arguments=''
  [[ $2 == band ]] && arguments=", equity => 'band', target => 0.05"
  sql -c "SELECT caseload.lp_text(t, c, e, options => o$arguments) FROM query WHERE team = $1" >"$work/model.lp"
  cbc "$work/model.lp" seconds 2 solve >"$work/out" 2>&1
  awk -v team="$1" -v model="$2" '/^Result - /{ result = $0 } /^Objective value:/ { value = $3 } /^Lower bound:/ { least = $3 }
    END { if (result ~ /infeasible/) { value = "\\N"; least = "infinity" } else if (result ~ /Optimal solution found/) least = value
          print team "\t" model "\t" (value == "" ? "\\N" : value) "\t" (least == "" ? "\\N" : least) }' "$work/out"
}
for ((team = 1; team <= teams; team++)); do
  solve "$team" band
  solve "$team" max
done >"$work/best"
sql -c "\\copy best FROM '$work/best'"
is "$(sql -c "SELECT count(*) FROM best WHERE least IS NULL")" 0 'CBC reads every model'
sql -c "CREATE TABLE ours AS SELECT q.team, caseload.rebalance(q.t, q.c, q.e, options => q.o, equity => 'band', target => 0.05) AS band, caseload.rebalance(q.t, q.c, q.e, options => q.o) AS most
          FROM query q WHERE q.team <= $teams"
band="FROM ours JOIN best USING (team) WHERE model = 'band'"
is "$(sql -c "SELECT count(*) $band AND (band).out_of_band = 0 AND (band).move_cost < least - 0.001")" 0 'no plan for a band costs less than can be, or is in one that there is not'
is "$(sql -c "SELECT count(*) $band AND (band).cost_bound > value + 0.001")" 0 'no bound of the cost is above what CBC has found'
at_least "$(sql -c "SELECT count(*) $band AND (band).out_of_band = 0 AND (band).move_cost <= 1.04 * least")" $((teams * 2 / 3)) 'and most plans cost at most 1.04 times the least that can be'
echo "# $(sql -c "SELECT format('%s bands, met: %s of %s; proven by CBC: %s, by us: %s; all costs over the bounds of CBC: %s, those over ours: %s', count(*), count(*) FILTER (WHERE (band).out_of_band = 0), count(*) FILTER (WHERE value IS NOT NULL),
  count(*) FILTER (WHERE value = least), count(*) FILTER (WHERE (band).status = 'optimal'), round(sum((band).move_cost) FILTER (WHERE (band).out_of_band = 0) / sum(ceil(least - 0.001)) FILTER (WHERE (band).out_of_band = 0), 4),
  round(sum(ceil(least - 0.001)) FILTER (WHERE (band).out_of_band = 0) / sum((band).cost_bound) FILTER (WHERE (band).out_of_band = 0), 4)) $band")"
# a level is load per part, in units: halves of an FTE, quarters
most="FROM (SELECT team, most, value * (most).load_unit * 2 AS highest, least * (most).load_unit * 2 AS lowest FROM ours JOIN best USING (team) WHERE model = 'max') x"
is "$(sql -c "SELECT count(*) $most WHERE (most).max_after < lowest - 0.001")" 0 'no plan has a highest load below what can be'
is "$(sql -c "SELECT count(*) $most WHERE (most).max_bound > highest + 0.001")" 0 'no bound of the highest load is above what CBC has found'
echo "# $(sql -c "SELECT format('highest load over that of CBC: %s on average; proven by our bound: %s of %s', round(avg((most).max_after / highest), 4), count(*) FILTER (WHERE (most).max_bound = (most).max_after), count(*)) $most")"

at_least "$(sql -c "SELECT count(*) $band AND (band).cost_bound + 3 > value")" 1 'twin: bounds that are three higher are above what CBC has found'
at_least "$(sql -c "SELECT count(*) $most WHERE (most).max_bound + 0.5 > highest + 0.001")" 1 'twin: and those of the highest load, by half a point'
echo "1..$n"
