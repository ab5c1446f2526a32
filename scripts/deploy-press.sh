#!/bin/sh
# Puts an image of press into service on Cloud Run, or goes back: scripts/deploy-press.sh IMAGE URL
#                                                                scripts/deploy-press.sh --settings URL
#                                                                scripts/deploy-press.sh --back REVISION URL
#                                                                scripts/deploy-press.sh --settle
#
# The new revision gets no traffic at first: it is tried through the load balancer, by the header that leads to it. When it is
# well it gets all, and is tried again; when it is not, or the script is cut off, the revision before it has all again. --settings
# brings changed settings into service, with the image that serves. --settle gives the traffic back that a killed script left
# where nobody confirmed it, as the file says that DEPLOY_STATE names. Needs gcloud, signed in with a project and run/region set, jq,
# and curl.
#
# Half an hour at most. Exit status: 0 the image serves, 1 and above it does not, and what served before does.
set -eu

usage() {
  echo "usage: $0 IMAGE URL" >&2
  echo "       $0 --settings URL" >&2
  echo "       $0 --back REVISION URL" >&2
  echo "       $0 --settle" >&2
  exit 2
}

case "${1-}" in
  --back) [ $# -eq 3 ] || usage ;;
  --settings) [ $# -eq 2 ] || usage ;;
  --settle) [ $# -eq 1 ] || usage ;;
  -* | '') usage ;;
  *) [ $# -eq 2 ] || usage ;;
esac

scripts=$(dirname "$0")
service=press
# shellcheck source=scripts/traffic.sh
. "${scripts}/traffic.sh"

# The revision that a filter of jq picks out of those that are reached; nothing when there is none.
revision() {
  within 60 gcloud run services describe "${service}" --format json > "${folder}/service"
  jq --raw-output "first(.status.traffic[] | select($1) | .revisionName) // empty" "${folder}/service"
}

give_all_to() {
  within 120 gcloud run services update-traffic "${service}" --to-revisions "$1=100" --quiet
}

# What has all traffic, in ${previous}.
find_previous() {
  revision '.percent == 100' > "${folder}/previous"
  previous=$(cat "${folder}/previous")
  if [ -z "${previous}" ]; then
    echo "no revision has all traffic: it is split by hand; name the one that is to have it with --back" >&2
    return 1
  fi
}

# Not the newest template's, which may be one that was gone back from or that was never well.
deploy_settings() {
  find_previous
  within 60 gcloud run revisions describe "${previous}" --format 'value(spec.containers[0].image)' > "${folder}/image"
  image=$(cat "${folder}/image")
  case "${image}" in
    */images/press@*) deploy "${image}" ;;
    *) echo "${previous} runs ${image:-nothing}, which was not deployed: the first push of press brings the settings" ;;
  esac
}

deploy() {
  find_previous
  within 600 gcloud run deploy "${service}" --image "$1" --no-traffic --tag candidate --quiet
  revision '.tag == "candidate"' > "${folder}/candidate"
  candidate=$(cat "${folder}/candidate")
  if [ -z "${candidate}" ]; then
    echo "Cloud Run names no candidate: ${previous} goes on serving" >&2
    return 1
  fi
  if ! is_well 300 --header 'X-Release-Channel: candidate' "${url}"; then
    echo "${candidate} is not well: ${previous} goes on serving" >&2
    return 1
  fi
  switch "${previous}" "${candidate}"
}

case "$1" in
  --back) url=$3 && back "$2" ;;
  --settings) url=$2 && deploy_settings ;;
  --settle) settle ;;
  *) url=$2 && deploy "$1" ;;
esac
