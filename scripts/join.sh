#!/bin/sh
# Makes one image of its parts, and prints its digest: scripts/join.sh "DIGEST..." REPOSITORY COMMIT [TAG]
#
# The parts are in the registry, where scripts/publish.sh --part left them; they are named by their digests, so that what was
# tried is what is joined. The image gets the names that scripts/tags.sh gives.
set -eu

if [ $# -lt 3 ] || [ $# -gt 4 ]; then
  echo "usage: $0 \"DIGEST...\" REPOSITORY COMMIT [TAG]" >&2
  exit 1
fi
digests=$1 commit=$3 tag=${4:-}
repository=$(printf '%s' "$2" | tr '[:upper:]' '[:lower:]')

names=$("$(dirname "$0")/tags.sh" "${commit}" "${tag}")
set --
for name in ${names}; do
  set -- "$@" --tag "${repository}:${name}"
done
for digest in ${digests}; do
  set -- "$@" "${repository}@${digest}"
done
docker buildx imagetools create "$@" >&2
docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "${repository}:${commit}"
