#!/bin/sh
# Gives the image that main published of a commit a release's names, and prints its digest:
# scripts/retag.sh "DIGEST..." REPOSITORY COMMIT TAG
#
# A release is what ran before under its commit's name, not another build of the same source. The digests are those of the parts that
# were built for the tag: others than the image has are said, as a build that is not reproducible. Only an image that main's publishing
# workflow signed is taken; SIGNER is that workflow, as cosign names it.
#
# Exit status: 0 it has the names, 3 main has published none of this commit, 1 anything else.
set -eu

if [ $# -ne 4 ]; then
  echo "usage: $0 \"DIGEST...\" REPOSITORY COMMIT TAG" >&2
  exit 1
fi
digests=$1 commit=$3
repository=$(printf '%s' "$2" | tr '[:upper:]' '[:lower:]')
names=$("$(dirname "$0")/tags.sh" "${commit}" "$4")
# The first is the commit, whose image has it.
names=$(printf '%s\n' "${names}" | sed 1d)
folder=$(mktemp -d)
trap 'rm -rf "${folder}"' EXIT

if ! docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "${repository}:${commit}" \
  > "${folder}/digest" 2> "${folder}/complaint"; then
  cat "${folder}/complaint" >&2
  # What the registry says when there is none, and not when it is not well.
  grep -q -i -e 'not found' -e 'manifest unknown' "${folder}/complaint" || exit 1
  exit 3
fi
image=$(cat "${folder}/digest")
cosign verify "${repository}@${image}" --certificate-oidc-issuer https://token.actions.githubusercontent.com \
  --certificate-identity "${SIGNER:?}" > /dev/null || {
  echo "$0: ${repository}:${commit} is not signed by ${SIGNER}: the commit's own pipeline has to end first" >&2
  exit 1
}

docker buildx imagetools inspect --raw "${repository}@${image}" | jq --raw-output '.manifests[].digest' | sort > "${folder}/published"
# One word for each digest.
# shellcheck disable=SC2086
printf '%s\n' ${digests} | sort > "${folder}/built"
if ! cmp -s "${folder}/published" "${folder}/built"; then
  echo "::warning::built again, ${repository}:${commit} is not the same bytes; what main published is released" >&2
fi

set --
for name in ${names}; do
  set -- "$@" --tag "${repository}:${name}"
done
# Of one list of images, a copy.
[ $# -eq 0 ] || docker buildx imagetools create "$@" "${repository}@${image}" >&2
echo "${image}"
