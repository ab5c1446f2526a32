#!/bin/sh
# Says whether a service is another one after some commits: scripts/changed.sh fruits|press BEFORE AFTER
#
# Prints true or false. What is not known (a new branch, a commit that is gone) counts as changed: to deploy once too often
# does no harm.
set -eu

usage() {
  echo "usage: $0 fruits|press BEFORE AFTER" >&2
  exit 1
}

[ $# -eq 3 ] || usage
case "$1" in
  # On Kubernetes the chart is deployed with the image.
  fruits) crates='chassis fruits fruitpress' chart=deploy/helm ;;
  press) crates='av1 chassis pdf-engine press fruitpress' chart='' ;;
  *) usage ;;
esac
service=$1 before=$2 after=$3
cd "$(dirname "$0")/.."

if ! git rev-parse --quiet --verify "${before}^{commit}" > /dev/null; then
  echo true
  exit
fi
set -- Cargo.toml Cargo.lock .cargo Dockerfile xtask/src/image scripts/build.sh "scripts/deploy-${service}.sh" ${chart:+"${chart}"}
for crate in ${crates}; do
  set -- "$@" "crates/${crate}"
done
if git diff --quiet "${before}" "${after}" -- "$@" ':(exclude,glob)crates/*/tests/**'; then
  echo false
else
  echo true
fi
