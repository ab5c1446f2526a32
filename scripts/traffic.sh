# shellcheck shell=sh
# What scripts/deploy-press.sh and scripts/deploy-fruits.sh have in common, read by both: everything they do has an end, and traffic
# that was moved and not confirmed is put back, however the script ends.
#
# Who reads it defines `give_all_to REVISION` and `service`. Where DEPLOY_STATE names a file, it holds the name of the revision that has to
# have the traffic, as long as that is in doubt: `settle` puts it there when the script itself was killed.

: "${scripts:?}" "${service:?}"
folder=$(mktemp -d)
# What runs now, and what has to have the traffic again unless the new revision is confirmed.
job='' doubted=''

finish() {
  ended=$?
  trap - EXIT
  # Who cancels sends a second signal soon after the first.
  trap '' INT TERM
  if [ -n "${job}" ]; then
    kill -TERM "${job}" 2> /dev/null || :
    wait "${job}" || :
  fi
  if [ -n "${doubted}" ]; then
    echo "cut off with traffic that nobody confirmed" >&2
    put_back || :
  fi
  rm -rf "${folder}"
  exit "${ended}"
}

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command, so many seconds at most. In the background: a signal waits for a program in front.
within() {
  timeout --kill-after=10 "$@" &
  job=$!
  code=0
  wait "${job}" || code=$?
  job=''
  if [ "${code}" -eq 124 ] || [ "${code}" -eq 137 ]; then
    echo "not done within $1 s: $2 $3 $4" >&2
  fi
  return "${code}"
}

# Whether what the options of smoke.sh say is well: five tries, a quarter of a minute apart, in so many seconds altogether. A new
# revision takes a moment to start, and until everyone knows of it.
is_well() {
  end=$(($(date +%s) + $1))
  shift
  for wait in 15 15 15 15 0; do
    left=$((end - $(date +%s)))
    if [ "${left}" -le 0 ]; then
      break
    fi
    # One that answers slowly has a second try.
    [ "${left}" -lt 120 ] || left=120
    if within "$((left + 10))" "${scripts}/smoke.sh" --service "${service}" --passes 2 --seconds "${left}" "$@"; then
      return 0
    fi
    within "$((wait + 10))" sleep "${wait}"
  done
  return 1
}

# From here on, this revision has all traffic when the script ends, unless `confirm` is called.
doubt() {
  doubted=$1
  if [ -n "${DEPLOY_STATE:-}" ]; then
    printf '%s\n' "$1" > "${DEPLOY_STATE}"
  fi
}

confirm() {
  doubted=''
  if [ -n "${DEPLOY_STATE:-}" ]; then
    rm -f "${DEPLOY_STATE}"
  fi
}

# Three tries: nothing else is left to do.
put_back() {
  for try in 1 2 3; do
    echo "all traffic goes back to ${doubted} (try ${try})" >&2
    if give_all_to "${doubted}"; then
      confirm
      return 0
    fi
  done
  echo "${doubted} did not get the traffic back: give it by hand, with --back ${doubted}" >&2
  return 1
}

# All traffic to the second, which the first had: kept when it is well with it. Traffic in doubt afterwards did not go back.
switch() {
  doubt "$1"
  if ! give_all_to "$2"; then
    echo "$2 did not get the traffic, or not all" >&2
  elif is_well 300 "${url:?}"; then
    confirm
    echo "$2 serves"
    return 0
  else
    echo "$2 is not well with traffic" >&2
  fi
  if put_back && ! is_well 120 "${url}"; then
    echo "$1 is not well either" >&2
  fi
  return 1
}

# All traffic to a revision because someone says so.
back() {
  echo "all traffic goes to $1" >&2
  # Also where a failure is not the end of the script: what did not get the traffic is not tried for having it.
  give_all_to "$1" && is_well 300 "${url:?}"
}

# What a script that was killed left in doubt.
settle() {
  if [ ! -s "${DEPLOY_STATE:?names no file}" ]; then
    echo "no traffic is in doubt"
    return 0
  fi
  read -r doubted < "${DEPLOY_STATE}"
  put_back
}
