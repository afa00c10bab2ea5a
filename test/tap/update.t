#!/bin/bash
# update.t: an updated database is the same as one that was installed anew, and keeps what is in it.
#
# Every version of which test/upgrade has the install script is updated on every path that there is. Whether a difference would be
# found is seen with a next version, made here: a good update script, and one for each thing that can be forgotten. install() runs
# again over a full database, piece by piece, and neither brings back nor takes away what the owner has changed.
# Needs CASELOAD_IN, the folder with test/, extension/ and scripts/, and a server where PG* point to.
set -uo pipefail
# shellcheck source=test/upgrade/life.bash
. "$CASELOAD_IN/test/upgrade/life.bash"
assemble=$CASELOAD_IN/scripts/assemble pieces=$CASELOAD_IN/extension/install

# Where this server looks for the extension's scripts.
share=$("$BINDIR/pg_config" --sharedir)
scripts=$(sql postgres -c "SELECT coalesce(nullif(current_setting('extension_destdir', true), '') || '$share',
  nullif(split_part(current_setting('extension_control_path', true), ':', 1), '\$system'), '$share') || '/extension'")
if [[ ! -w $scripts ]]; then
  echo "1..0 # SKIP the server's folder of extensions is closed to us"
  exit
fi
ours=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$CASELOAD_IN/caseload.control")
next=9999.0

planted=()
trap 'rm -f "${planted[@]}"; finish' EXIT
plant() { # file name: into the server's folder
  planted+=("$scripts/$2")
  cp "$1" "$scripts/$2"
}
shape() { objects "$1" && texts "$1"; }
# What tells an updated database from one that was installed anew; nothing when it is the same.
compare() { # database, wanted shape
  shape "$1" | diff "$2" - | grep '^[<>]'
}
installed() { sed 's/^caseload [^:]*: //'; } # what install() says, without the version

# A database with rows in it, from one version to another; the shape wanted is in a file.
update() { # from to shape
  local database=caseload_tap_updated before queries=$work/queries.sql
  fresh "$database" -T "caseload_tap_full_$1"
  row_queries "$database" | grep -v 'FROM caseload.installation)' >"$queries"
  before=$(sql "$database" -c 'SET DateStyle = ISO' -f "$queries")
  [[ $(wc -l <<<"$before") -gt 20 ]] || before='no rows were looked at'
  run "$1 to $2: the extension is updated" psql -Xq -v ON_ERROR_STOP=1 -d "$database" -c "ALTER EXTENSION caseload UPDATE TO '$2'"
  is "$(works "$database")" "$works_well" "$1 to $2: facts make flags before install()"
  run "$1 to $2: install()" psql -Xq -v ON_ERROR_STOP=1 -d "$database" -c 'SELECT caseload.install()'
  is "$(compare "$database" "$3")" '' "$1 to $2: the same as a fresh installation"
  is "$(sql "$database" -c 'SET DateStyle = ISO' -f "$queries")" "$before" "$1 to $2: every row is the same"
  is "$(verified "$database")" 0 "$1 to $2: what is derived is right"
  is "$(evaluated "$database")" "$evaluated_well" "$1 to $2: no flag is raised or resolved"
  is "$(works "$database")" "$works_well" "$1 to $2: facts make flags"
  is "$(sql "$database" -c 'SELECT caseload.install()' | installed)" "$(sql "$database" -c "SELECT '0 pieces installed, ' || count(*) || ' unchanged' FROM caseload._pieces()")" \
    "$1 to $2: nothing is left to install"
}
install_fresh() { # database version: installed anew, its shape in $work/shape.VERSION
  fresh "$1"
  run "a fresh installation of $2" psql -Xq -v ON_ERROR_STOP=1 -d "$1" -o /dev/null -c "CREATE EXTENSION caseload VERSION '$2' CASCADE" -c 'SELECT caseload.install()' \
    -f "$upgrade/own.sql" -f "$upgrade/attach.sql"
  shape "$1" >"$work/shape.$2"
}

# -------------------------------------------------------------------------------------------------------- older versions ---

install_fresh caseload_tap_fresh "$ours"
make_original "caseload_tap_full_$ours" 60 10
olds=()
for script in "$upgrade"/caseload--*.sql; do
  [[ -e $script ]] || continue
  old=${script##*/caseload--} old=${old%.sql}
  olds+=("$old")
  plant "$script" "caseload--$old.sql"
  make_original "caseload_tap_full_$old" 60 10 "$old"
  # every way from there, and each step by itself
  while IFS=' ' read -r to; do
    [[ $to == "$ours" ]] || install_fresh caseload_tap_step "$to"
    update "$old" "$to" "$work/shape.$to"
  done < <(sql postgres -c "SELECT target FROM pg_extension_update_paths('caseload') WHERE source = '$old' AND path IS NOT NULL")
done
# an update script whose beginning cannot be made is one that nobody can test
sources=$(sql postgres -c "SELECT DISTINCT source FROM pg_extension_update_paths('caseload') WHERE path IS NOT NULL ORDER BY 1")
is "$sources" "$(printf '%s\n' "${olds[@]}" | sort)" "every version that can be updated is updated here (before $ours: ${#olds[@]})"

# ------------------------------------------------------------------------------------------------------- a next version ---

# What a next version may bring: members that are new, other, gone; an ordinary piece that is another one, and one that is new.
mkdir "$work/next"
cp "$pieces"/*.sql "$work/next"
edit() { # piece, sed's expression: must change something
  sed -i.old "$2" "$work/next/$1" && ! cmp -s "$work/next/$1" "$work/next/$1.old" && rm "$work/next/$1.old"
  ok $? "the next version has another $1"
}
edit 90-install.sql "s/^COMMENT ON FUNCTION caseload.version() IS '.*/COMMENT ON FUNCTION caseload.version() IS 'Another one.';/"
edit 90-install.sql '/^CREATE FUNCTION caseload.install()/,/^AS/ s/^LANGUAGE plpgsql VOLATILE.*/& COST 777/'
edit 10-dosage.sql '$ a REVOKE USAGE ON TYPE caseload.dosage FROM PUBLIC;'
edit 30-tables.sql "\$ a ALTER TABLE caseload.license ADD COLUMN IF NOT EXISTS next_note text DEFAULT '-';\\nCOMMENT ON COLUMN caseload.license.next_note IS 'A note.';"
edit 35-triggers.sql '$ a CREATE OR REPLACE TRIGGER next_contact BEFORE INSERT ON caseload.contact FOR EACH ROW EXECUTE FUNCTION caseload.event_before_write();'
cat >"$work/next/91-next.sql" <<'SQL'
CREATE FUNCTION caseload.next_step(n integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'SELECT n + 1';
COMMENT ON FUNCTION caseload.next_step(integer) IS 'One more.';
ALTER FUNCTION caseload.version() SET extra_float_digits = 1;
COMMENT ON OPERATOR caseload.= (caseload.dosage, caseload.dosage) IS 'The same.';
SQL
cat >"$work/next/71-next.sql" <<'SQL'
--| ordinary
CREATE TABLE IF NOT EXISTS caseload.next_table (district_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES caseload.district, n integer CHECK (n > 0));
COMMENT ON TABLE caseload.next_table IS 'A table.';
CREATE OR REPLACE VIEW caseload.next_view AS SELECT district_id, caseload.next_step(n) AS n FROM caseload.next_table;
COMMENT ON VIEW caseload.next_view IS 'A view.';
CREATE OR REPLACE FUNCTION caseload.next_count() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM caseload.next_table; END;
COMMENT ON FUNCTION caseload.next_count() IS 'How many.';
SQL
"$assemble" "$next" "$work"/next/*.sql >"$work/fresh.sql"
plant "$work/fresh.sql" "caseload--$next.sql"
install_fresh caseload_tap_next "$next"

# Its update script: one line for each change, so that each can be left out.
cat >"$work/changes" <<'SQL'
CREATE FUNCTION caseload.next_step(n integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'SELECT n + 1';
COMMENT ON FUNCTION caseload.next_step(integer) IS 'One more.';
ALTER FUNCTION caseload.version() SET extra_float_digits = 1;
COMMENT ON OPERATOR caseload.= (caseload.dosage, caseload.dosage) IS 'The same.';
COMMENT ON FUNCTION caseload.version() IS 'Another one.';
ALTER FUNCTION caseload.install() COST 777;
REVOKE USAGE ON TYPE caseload.dosage FROM PUBLIC;
SQL
script() { # name: the update script as the build would make it, from what is said on standard input
  mkdir -p "$work/updates"
  cat >"$work/updates/caseload--$ours--$next.sql"
  "$assemble" -u "$work/updates/caseload--$ours--$next.sql" "$next" "$work"/next/*.sql >"$work/update.sql"
  plant "$work/update.sql" "caseload--$ours--$next.sql"
}
script <"$work/changes"
is "$(sql postgres -c "SELECT path FROM pg_extension_update_paths('caseload') WHERE source = '$ours' AND target = '$next'")" "$ours--$next" 'there is a way to the next version'
update "$ours" "$next" "$work/shape.$next"

# Twins: each lacks something, and the difference must name it.
twin() { # what is wrong, what the difference must name [, psql's arguments after the update]
  fresh caseload_tap_twin -T caseload_tap_fresh
  if ! sql caseload_tap_twin -c "ALTER EXTENSION caseload UPDATE TO '$next'" "${@:3}" >"$work/out"; then
    sed 's/^/# /' "$work/out"
    ok 1 "twin: $1 (it could not be made)"
    return
  fi
  compare caseload_tap_twin "$work/shape.$next" >"$work/difference"
  grep -qE "$2" "$work/difference"
  ok $? "twin: $1 is found ($(wc -l <"$work/difference") lines)"
}
then_install=(-c 'SELECT caseload.install()')
lines=$(wc -l <"$work/changes")
names=('member|function|caseload.next_step' 'comment|function|caseload.next_step' 'function|caseload.version.*extra_float_digits' 'comment|operator' 'comment|function|caseload.version' 'function|caseload.install.*777'
  'rights|type|caseload.dosage')
is "$lines" "${#names[@]}" 'each change has a name'
for ((i = 2; i <= lines; i++)); do
  sed "${i}d" "$work/changes" | script
  line=$(sed -n "${i}p" "$work/changes")
  twin "without \"${line:0:60}\"" "^< ${names[i - 1]//|/\\|}" "${then_install[@]}"
done
# without the function nothing that uses it can be installed
sed '1,2d' "$work/changes" | script
twin 'a forgotten function' '^< function\|caseload.next_step'
{ cat "$work/changes" && echo "CREATE FUNCTION caseload.left_over() RETURNS integer LANGUAGE sql AS 'SELECT 1';"; } | script
twin 'a function too many' '^> function\|caseload.left_over' "${then_install[@]}"
sed 's/SELECT n + 1/SELECT n + 2/' "$work/changes" | script
twin 'another body' '^> function\|caseload.next_step' "${then_install[@]}"
sed 's/ SET search_path = pg_catalog, pg_temp//' "$work/changes" | script
twin 'a path that is not pinned' '^> function\|caseload.next_step' "${then_install[@]}"
sed 's/PARALLEL SAFE//' "$work/changes" | script
twin 'another label' '^> function\|caseload.next_step' "${then_install[@]}"
{ cat "$work/changes" && echo 'ALTER EXTENSION caseload DROP FUNCTION caseload.next_step(integer);'; } | script
twin 'a function that is no member' '^< member\|function\|caseload.next_step' "${then_install[@]}"
{ cat "$work/changes" && echo 'GRANT EXECUTE ON FUNCTION caseload.flags(date, text) TO PUBLIC;'; } | script
twin 'a right too many' '^> rights\|function\|caseload.flags' "${then_install[@]}" -c 'GRANT EXECUTE ON FUNCTION caseload.flags(date, text) TO PUBLIC'
# the server takes rights on anything in an update script for given by the extension; a dump then leaves them out
{ cat "$work/changes" && echo 'REVOKE ALL ON ALL ROUTINES IN SCHEMA caseload FROM PUBLIC;'; } | script
twin 'a right of an ordinary function that is taken for the extension'"'"'s' '^> given\|function\|caseload.flags' "${then_install[@]}"
script <"$work/changes"
twin 'install() that was not called' '^< column\|caseload.license\|[0-9]+\|next_note'
twin 'a trigger that is switched off' '^> trigger\|caseload.contact\|next_contact\|D' "${then_install[@]}" -c 'ALTER TABLE caseload.contact DISABLE TRIGGER next_contact'
twin 'a column in another place' '^> column\|caseload.next_table\|1\|n\|' "${then_install[@]}" -c 'ALTER TABLE caseload.next_table ADD m integer' -c 'ALTER TABLE caseload.next_table DROP n CASCADE' \
  -c 'ALTER TABLE caseload.next_table RENAME m TO n' -c 'ALTER TABLE caseload.next_table RENAME district_id TO d' -c 'ALTER TABLE caseload.next_table ADD district_id text' -c 'ALTER TABLE caseload.next_table DROP d'
# the commonest mistake: CREATE TABLE IF NOT EXISTS does nothing where there is one
sed -i '/^ALTER TABLE caseload.license ADD COLUMN/d; /license.next_note/d' "$work/next/30-tables.sql"
sed -i "s/^CREATE TABLE IF NOT EXISTS caseload.license (/&\\n  next_note text DEFAULT '-',/" "$work/next/30-tables.sql"
script <"$work/changes"
twin 'a column in CREATE TABLE IF NOT EXISTS alone' '^< column\|caseload.license\|[0-9]+\|next_note' "${then_install[@]}"

# --------------------------------------------------------------------------------------------- install() over what is there ---

full=caseload_tap_full_$ours
# what owners do: take away, change, add, build upon
sql "$full" -o /dev/null -c "DELETE FROM caseload.rule WHERE rule_name = 'plan_review'" -c "UPDATE caseload.rule SET rule_name = 'lost' WHERE rule_name = 'recurring_lost'" \
  -c "UPDATE caseload.rule SET condition = 'is_active AND days_inactive >= 40', severity = 'info' WHERE rule_name = 'inactive_close'" \
  -c "DELETE FROM caseload.weighting WHERE weighting_name = 'nc_direct'" -c "DELETE FROM caseload.policy WHERE district_id = '*' AND policy_name = 'calendar'" \
  -c "UPDATE caseload.policy SET value = '2' WHERE district_id = '*' AND policy_name = 'referrals_per_week'" \
  -c "UPDATE caseload.policy_kind SET default_value = '91' WHERE policy_name = 'strike_window_days'" \
  -c 'ALTER TABLE caseload.client ADD COLUMN nickname text' -c 'CREATE VIEW public.dashboard AS SELECT f.district_id, count(*) FROM caseload.current_flags f GROUP BY 1' \
  -c 'GRANT SELECT ON caseload.current_flags TO pg_monitor' -c 'GRANT EXECUTE ON FUNCTION caseload.flags(date, text) TO pg_monitor' -c "SELECT caseload.evaluate('$anchor')"
before_rows=$(rows "$full") before_shape=$(shape "$full")
others() { grep -v '^caseload.installation|'; }
again() { # what, condition on the pieces: they run once more, and nothing is another
  local database=caseload_tap_again said
  fresh "$database" -T "$full"
  said=$(sql "$database" -c "UPDATE caseload.installation SET digest = '' WHERE $2" -c 'SELECT caseload.install()' | installed)
  is "${said%% *}" "$(sql "$database" -c "SELECT count(*) FROM caseload.installation WHERE $2")" "$1: runs again"
  is "$(rows "$database" | others)" "$(others <<<"$before_rows")" "$1: every row is the same, and no other comes back"
  is "$(shape "$database")" "$before_shape" "$1: every object is the same"
}
again 'every piece' true
is "$(verified caseload_tap_again)" 0 'what is derived is right'
is "$(evaluated caseload_tap_again)" "$evaluated_well" 'no flag is raised or resolved'
is "$(works caseload_tap_again)" "$works_well" 'facts make flags'
# each by itself: what later pieces build upon must bear it, too; in one transaction each, taken back
while read -r piece; do
  is "$(sql "$full" -c BEGIN -c "UPDATE caseload.installation SET digest = '' WHERE piece = '$piece'" -c 'SELECT caseload.install()' | installed | sed 's/,.*//')" '1 pieces installed' "$piece alone: runs again"
done < <(sql "$full" -c 'SELECT piece FROM caseload.installation ORDER BY 1')
# twins: what is put in without asking comes back, and what is dropped is missed
fresh caseload_tap_again -T "$full"
sql caseload_tap_again -c "INSERT INTO caseload.rule (district_id, rule_name, subject, condition, severity, action, message) VALUES ('*', 'plan_review', 'service', 'months_since_review >= 3', 'info', 'review', 'x') ON CONFLICT DO NOTHING"
isnt "$(rows caseload_tap_again | others)" "$(others <<<"$before_rows")" 'twin: a deleted rule that comes back is found'
grep -q '^0|' <<<"$(evaluated caseload_tap_again)"
ok $((! $?)) 'twin: and would have raised flags'
sql caseload_tap_again -c 'DROP VIEW caseload.current_flags' >"$work/out"
ok $((! $?)) 'twin: a piece that drops what others build upon would have failed'

echo "1..$n"
