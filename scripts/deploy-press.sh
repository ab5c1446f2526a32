#!/bin/sh
# Puts an image of press into service on Cloud Run, or goes back: scripts/deploy-press.sh IMAGE URL
#                                                                scripts/deploy-press.sh --back REVISION URL
#
# The new revision gets no traffic at first: it is tried through the load balancer, by the header that leads to it. When it is
# well it gets all, and is tried again; when it is not, the revision before it has all again. Needs gcloud, signed in with a
# project and run/region set, jq, and curl.
#
# Exit status: 0 the image serves, 1 it does not, and what served before does.
set -eu

usage() {
  echo "usage: $0 IMAGE URL" >&2
  echo "       $0 --back REVISION URL" >&2
  exit 2
}

scripts=$(dirname "$0")
service=press

# The revision that a filter of jq picks out of those that are reached.
revision() {
  gcloud run services describe "${service}" --format json |
    jq --exit-status --raw-output "first(.status.traffic[] | select($1) | .revisionName)"
}

give_all_to() {
  gcloud run services update-traffic "${service}" --to-revisions "$1=100" --quiet
}

# A new revision takes a moment until every place of the load balancer knows of it: five tries, a quarter of a minute apart.
is_well() {
  for wait in 15 15 15 15 0; do
    if "${scripts}/smoke.sh" --service press --passes 2 "$@"; then
      return 0
    fi
    sleep "${wait}"
  done
  return 1
}

back() {
  echo "all traffic goes to $1" >&2
  # Also where a failure is not the end of the script: what did not get the traffic is not tried for having it.
  give_all_to "$1" && is_well "${url}"
}

deploy() {
  previous=$(revision '.percent == 100')
  gcloud run deploy "${service}" --image "$1" --no-traffic --tag candidate --quiet
  candidate=$(revision '.tag == "candidate"')
  if ! is_well --header 'X-Release-Channel: candidate' "${url}"; then
    echo "${candidate} is not well: ${previous} goes on serving" >&2
    return 1
  fi
  give_all_to "${candidate}"
  if ! is_well "${url}"; then
    echo "${candidate} is not well with traffic" >&2
    back "${previous}" || echo "${previous} is not well either" >&2
    return 1
  fi
  echo "${candidate} serves"
}

case "${1-}" in
  --back) [ $# -eq 3 ] || usage ;;
  -* | '') usage ;;
  *) [ $# -eq 2 ] || usage ;;
esac
if [ "$1" = --back ]; then
  url=$3
  back "$2"
else
  url=$2
  deploy "$1"
fi
