#!/bin/sh
# Puts an image of fruits into service on Container Apps, or goes back: scripts/deploy-fruits.sh IMAGE URL
#                                                                      scripts/deploy-fruits.sh --settings URL
#                                                                      scripts/deploy-fruits.sh --back REVISION URL
#                                                                      scripts/deploy-fruits.sh --settle
#
# The schema is migrated first, which the revision that serves lives with. The new one gets no traffic until it was tried under
# the name that its label gives it; when it is not well with all traffic, or the script is cut off, the revision before it has all
# again. --settings brings changed settings into service, with the image that serves. --settle gives the traffic back that a killed
# script left where nobody confirmed it, as the file says that DEPLOY_STATE names. Needs az, signed in, and curl.
#
# Fifty minutes at most. Exit status: 0 the image serves, 1 and above it does not, and what served before does.
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
service=fruits
group=rg-fruits app=fruits job_name=fruits-migrate
# shellcheck source=scripts/traffic.sh
. "${scripts}/traffic.sh"

# A command of az is one or more words, after the seconds that it may take.
app() {
  seconds=$1 command=$2
  shift 2
  # shellcheck disable=SC2086
  within "${seconds}" az containerapp ${command} --resource-group "${group}" --name "${app}" "$@"
}

give_all_to() {
  app 120 'ingress traffic set' --revision-weight "$1=100" --output none
}

activate() {
  app 120 'revision activate' --revision "$1" --output none
}

# A revision that is active keeps its replicas running, with traffic or without. One that stays so costs money and is no failure.
retire() {
  app 60 'revision deactivate' --revision "$1" --output none || echo "$1 stays active" >&2
}

# All but these two: what serves, and what to go back to at once.
retire_all_but() {
  app 60 'revision list' --query '[?properties.active].name' --output tsv > "${folder}/active" || return 0
  while read -r revision; do
    case "${revision}" in
      "$1" | "$2") ;;
      *) retire "${revision}" ;;
    esac
  done < "${folder}/active"
}

# Runs the job with the new image, and waits ten minutes at most for its end.
migrate() {
  within 120 az containerapp job update --resource-group "${group}" --name "${job_name}" --image "$1" --output none
  within 120 az containerapp job start --resource-group "${group}" --name "${job_name}" --query name --output tsv > "${folder}/run"
  run=$(cat "${folder}/run")
  migrated_by=$(($(date +%s) + 600))
  tries=60
  while [ "${tries}" -gt 0 ] && [ "$(date +%s)" -lt "${migrated_by}" ]; do
    within 60 az containerapp job execution show --resource-group "${group}" --name "${job_name}" \
      --job-execution-name "${run}" --query properties.status --output tsv > "${folder}/status"
    status=$(cat "${folder}/status")
    case "${status}" in
      Succeeded) return 0 ;;
      Failed | Degraded | Stopped) break ;;
    esac
    tries=$((tries - 1))
    within 20 sleep 10
  done
  echo "the migration ${run} ended with ${status}: nothing was deployed" >&2
  return 1
}

# What has all traffic, in ${previous}.
find_previous() {
  # `[?…]` is az's way to ask; nothing of it is the shell's.
  # shellcheck disable=SC2016
  app 60 'revision list' --query '[?properties.trafficWeight==`100`].name | [0]' --output tsv > "${folder}/previous"
  previous=$(cat "${folder}/previous")
  if [ -z "${previous}" ]; then
    echo "no revision has all traffic: it is split by hand; name the one that is to have it with --back" >&2
    return 1
  fi
}

# Not the newest template's, which may be one that was gone back from or that was never well.
deploy_settings() {
  find_previous
  app 60 'revision show' --revision "${previous}" --query 'properties.template.containers[0].image' --output tsv > "${folder}/image"
  image=$(cat "${folder}/image")
  case "${image}" in
    ghcr.io/*/fruits@sha256:*) deploy "${image}" ;;
    *) echo "${previous} runs ${image:-nothing}, which was not deployed: the first push of fruits brings the settings" ;;
  esac
}

deploy() {
  find_previous
  migrate "$1"
  # Until it is named, whatever is newest has the traffic.
  give_all_to "${previous}"
  app 600 update --image "$1" --query properties.latestRevisionName --output tsv > "${folder}/candidate"
  candidate=$(cat "${folder}/candidate")
  # Azure makes no new revision where nothing of it would be new.
  if [ "${candidate}" = "${previous}" ]; then
    echo "${previous} serves this already"
    if ! is_well 300 "${url}"; then
      echo "${previous} is not well, and nothing was changed: go back with --back, or deploy another image" >&2
      return 1
    fi
    return
  fi
  # It may be one that was tried before, and taken out of service.
  activate "${candidate}"
  app 120 'revision label add' --label candidate --revision "${candidate}" --no-prompt --output none
  host=${url#https://}
  if ! is_well 300 "https://${host%%.*}---candidate.${host#*.}"; then
    echo "${candidate} is not well: ${previous} goes on serving" >&2
    retire "${candidate}"
    return 1
  fi
  if ! switch "${previous}" "${candidate}"; then
    [ -n "${doubted}" ] || retire "${candidate}"
    return 1
  fi
  retire_all_but "${previous}" "${candidate}"
}

case "$1" in
  --back) url=$3 && activate "$2" && back "$2" ;;
  --settings) url=$2 && deploy_settings ;;
  --settle) settle ;;
  *) url=$2 && deploy "$1" ;;
esac
