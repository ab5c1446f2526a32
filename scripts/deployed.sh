#!/bin/sh
# Prints the commit of main whose pipeline did a job last: scripts/deployed.sh JOB
# Says whether that is a later one than this:               scripts/deployed.sh --later-than COMMIT JOB
#
# JOB is the job's name as GitHub shows it, like "press to Google Cloud / press". What is asked is which runs of ci.yml there were, and
# of which commit the newest is in which that job succeeded; nothing is printed when none of the last fifty did it. So what failed,
# was cancelled, or was replaced while it waited is not taken for done, and an operator's own deployment or rollback, which is another
# workflow, is not taken for a commit's.
#
# With --later-than it prints true or false: pipelines of different commits go on side by side, and the one that comes last into
# service must not be an earlier one. One that main was set back from is not later.
#
# Needs gh with a token that may read actions, and GITHUB_REPOSITORY.
set -eu

usage() {
  echo "usage: $0 [--later-than COMMIT] JOB" >&2
  exit 1
}

this=''
if [ "${1-}" = --later-than ] && [ $# -eq 3 ]; then
  this=$2
  shift 2
fi
[ $# -eq 1 ] || usage
case "$1" in -* | '') usage ;; esac
wanted=$1
main=origin/main
repository=repos/${GITHUB_REPOSITORY:?}
folder=$(mktemp -d)
trap 'rm -rf "${folder}"' EXIT

# Newest first.
find_last() {
  gh api "${repository}/actions/workflows/ci.yml/runs?branch=main&event=push&per_page=50" \
    --jq '.workflow_runs[] | "\(.id) \(.head_sha)"' > "${folder}/runs"
  while read -r run commit; do
    # Of every attempt: in one that starts the failed jobs again, the others are not done again.
    gh api "${repository}/actions/runs/${run}/jobs?filter=all&per_page=100" --paginate \
      --jq '.jobs[] | select(.conclusion == "success") | .name' < /dev/null > "${folder}/jobs"
    if grep -q -x -F -e "${wanted}" "${folder}/jobs"; then
      echo "${commit}"
      break
    fi
  done < "${folder}/runs"
}

follows() {
  git -C "$(dirname "$0")" merge-base --is-ancestor "$1" "$2"
}

# Whether main still has it; where main is not known, it has.
is_of_main() {
  ! git -C "$(dirname "$0")" rev-parse --quiet --verify "${main}^{commit}" > /dev/null || follows "$1" "${main}"
}

find_last > "${folder}/last"
last=$(cat "${folder}/last")
if [ -z "${this}" ]; then
  printf '%s' "${last:+"${last}
"}"
elif [ -n "${last}" ] && [ "${last}" != "${this}" ] && follows "${this}" "${last}" && is_of_main "${last}"; then
  echo true
else
  echo false
fi
