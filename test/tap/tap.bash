# tap.bash: what tests say, in TAP, and how they ask; to be sourced. They end with echo "1..$n".
#
# shellcheck shell=bash
n=0

ok() { # status name
  n=$((n + 1))
  if [[ $1 == 0 ]]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
is() { # got wanted name
  [[ $1 == "$2" ]]
  ok $? "$3"
  [[ $1 == "$2" ]] || diff <(echo "$2") <(echo "$1") | head -n 20 | cut -c 1-400 | sed 's/^/# /'
}
isnt() { # got unwanted name
  [[ $1 != "$2" ]]
  ok $? "$3"
}
at_least() { # got least name
  (($1 >= $2))
  ok $? "$3"
  (($1 >= $2)) || echo "# got $1, expected $2 or more"
}
sql() { psql -XAtq -v VERBOSITY=terse -v ON_ERROR_STOP=1 "$@" 2>&1; }
