#!/bin/sh
# Makes one image of its parts, and prints its digest: scripts/join.sh "ARCH..." REPOSITORY COMMIT [TAG]
#
# The parts are COMMIT-ARCH in the registry, where scripts/publish.sh --part left them; the image gets the names that
# scripts/tags.sh gives.
set -eu

if [ $# -lt 3 ] || [ $# -gt 4 ]; then
  echo "usage: $0 \"ARCH...\" REPOSITORY COMMIT [TAG]" >&2
  exit 1
fi
architectures=$1 commit=$3 tag=${4:-}
repository=$(printf '%s' "$2" | tr '[:upper:]' '[:lower:]')

names=$("$(dirname "$0")/tags.sh" "${commit}" "${tag}")
set --
for name in ${names}; do
  set -- "$@" --tag "${repository}:${name}"
done
for architecture in ${architectures}; do
  set -- "$@" "${repository}:${commit}-${architecture}"
done
docker buildx imagetools create "$@" >&2
docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "${repository}:${commit}"
