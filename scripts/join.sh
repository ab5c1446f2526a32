#!/bin/sh
# Makes one image of its parts, and prints its digest: scripts/join.sh "DIGEST..." REPOSITORY COMMIT [TAG]
#
# The parts are in the registry, where scripts/publish.sh --part left them; they are named by their digests, so that what was
# tried is what is joined. The image gets the names that scripts/tags.sh gives. The digest is read by the commit's name, which another
# run may move at the same time: unless what it leads to is made of these parts, it is an error.
set -eu

if [ $# -lt 3 ] || [ $# -gt 4 ]; then
  echo "usage: $0 \"DIGEST...\" REPOSITORY COMMIT [TAG]" >&2
  exit 1
fi
digests=$1 commit=$3 tag=${4:-}
repository=$(printf '%s' "$2" | tr '[:upper:]' '[:lower:]')

sorted() {
  tr -s '[:space:]' '\n' | sort | tr '\n' ' '
}

names=$("$(dirname "$0")/tags.sh" "${commit}" "${tag}")
set --
for name in ${names}; do
  set -- "$@" --tag "${repository}:${name}"
done
for digest in ${digests}; do
  set -- "$@" "${repository}@${digest}"
done
docker buildx imagetools create "$@" >&2
image=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "${repository}:${commit}")
parts=$(docker buildx imagetools inspect --raw "${repository}@${image}" | jq --raw-output '.manifests[].digest')
if [ "$(printf '%s\n' "${parts}" | sorted)" != "$(printf '%s\n' "${digests}" | sorted)" ]; then
  echo "$0: ${repository}:${commit} is not made of what was tried: another run has moved it; try again" >&2
  exit 1
fi
echo "${image}"
