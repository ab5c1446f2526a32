#!/bin/sh
# Puts an image of fruits into service on Container Apps, or goes back: scripts/deploy-fruits.sh IMAGE URL
#                                                                      scripts/deploy-fruits.sh --back REVISION URL
#
# The schema is migrated first, which the revision that serves lives with. The new one gets no traffic until it was tried under
# the name that its label gives it; when it is not well with all traffic, the revision before it has all again. Needs az, signed
# in, and curl.
#
# Exit status: 0 the image serves, 1 it does not, and what served before does.
set -eu

usage() {
  echo "usage: $0 IMAGE URL" >&2
  echo "       $0 --back REVISION URL" >&2
  exit 2
}

scripts=$(dirname "$0")
group=rg-fruits app=fruits job=fruits-migrate

app() {
  command=$1
  shift
  # A command of az is one or more words.
  # shellcheck disable=SC2086
  az containerapp ${command} --resource-group "${group}" --name "${app}" "$@"
}

give_all_to() {
  app 'ingress traffic set' --revision-weight "$1=100" --output none
}

# A scaled-down revision takes a moment to start: five tries, a quarter of a minute apart.
is_well() {
  for wait in 15 15 15 15 0; do
    if "${scripts}/smoke.sh" --service fruits --passes 2 "$@"; then
      return 0
    fi
    sleep "${wait}"
  done
  return 1
}

# Runs the job with the new image, and waits ten minutes at most for its end.
migrate() {
  az containerapp job update --resource-group "${group}" --name "${job}" --image "$1" --output none
  run=$(az containerapp job start --resource-group "${group}" --name "${job}" --query name --output tsv)
  tries=60
  while [ "${tries}" -gt 0 ]; do
    status=$(az containerapp job execution show --resource-group "${group}" --name "${job}" \
      --job-execution-name "${run}" --query properties.status --output tsv)
    case "${status}" in
      Succeeded) return 0 ;;
      Failed | Degraded | Stopped) break ;;
    esac
    tries=$((tries - 1))
    sleep 10
  done
  echo "the migration ${run} ended with ${status}: nothing was deployed" >&2
  return 1
}

back() {
  echo "all traffic goes to $1" >&2
  # Also where a failure is not the end of the script: what did not get the traffic is not tried for having it.
  give_all_to "$1" && is_well "${url}"
}

deploy() {
  migrate "$1"
  # `[?…]` is az's way to ask; nothing of it is the shell's.
  # shellcheck disable=SC2016
  previous=$(app 'revision list' --query '[?properties.trafficWeight==`100`].name | [0]' --output tsv)
  if [ -z "${previous}" ]; then
    echo "no revision has all traffic: an earlier deployment was cut off; name one with --back" >&2
    return 1
  fi
  # Until it is named, whatever is newest has the traffic.
  give_all_to "${previous}"
  candidate=$(app update --image "$1" --query properties.latestRevisionName --output tsv)
  app 'revision label add' --label candidate --revision "${candidate}" --no-prompt --output none
  host=${url#https://}
  if ! is_well "https://${host%%.*}---candidate.${host#*.}"; then
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
