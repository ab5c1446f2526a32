#!/bin/sh
# Says whether a service is another one after some commits: scripts/changed.sh fruits|press|gcp|azure BEFORE AFTER
#
# BEFORE is the commit that was deployed last (scripts/deployed.sh), not the one that was pushed last: what did not go live with its
# own push goes with the next. gcp and azure are what a service runs on.
#
# Prints true or false. What is not known (nothing was deployed, a commit that is gone) counts as changed: to deploy once too often
# does no harm.
set -eu

usage() {
  echo "usage: $0 fruits|press|gcp|azure BEFORE AFTER" >&2
  exit 1
}

[ $# -eq 3 ] || usage
case "$1" in
  # On Kubernetes the chart is deployed with the image.
  fruits) crates='chassis fruits fruitpress' chart=deploy/helm ;;
  press) crates='av1 chassis pdf-engine press fruitpress' chart='' ;;
  gcp | azure) crates='' chart='' ;;
  *) usage ;;
esac
service=$1 before=$2 after=$3
cd "$(dirname "$0")/.."

if ! git rev-parse --quiet --verify "${before}^{commit}" > /dev/null; then
  echo true
  exit
fi
if [ -z "${crates}" ]; then
  set -- "deploy/${service}"
else
  set -- Cargo.toml Cargo.lock .cargo Dockerfile LICENSE THIRD-PARTY.md xtask/src/image xtask/src/image.rs .github/workflows/publish.yml \
    scripts/build.sh scripts/traffic.sh "scripts/deploy-${service}.sh" \
    ${chart:+"${chart}"}
fi
for crate in ${crates}; do
  set -- "$@" "crates/${crate}"
done
if git diff --quiet "${before}" "${after}" -- "$@" ':(exclude,glob)crates/*/tests/**'; then
  echo false
else
  echo true
fi
