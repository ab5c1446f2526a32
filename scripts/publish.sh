#!/bin/sh
# Builds, tries and publishes one image: scripts/publish.sh [--part ARCH] SERVICE REPOSITORY COMMIT [TAG]
#
# It is published under the names that scripts/tags.sh gives. The version that it tells is that of Cargo.toml with the commit, whatever
# the tag: of one commit there is one image, byte for byte. With --part it is one architecture's part of an image, and is
# published as COMMIT-ARCH alone, for scripts/join.sh to put together.
set -eu

usage() {
  echo "usage: $0 [--part ARCH] fruits|press REPOSITORY COMMIT [TAG]" >&2
  exit 1
}

part=''
if [ "${1-}" = --part ] && [ $# -gt 1 ]; then
  part=$2
  shift 2
fi
[ $# -ge 3 ] && [ $# -le 4 ] || usage
service=$1 commit=$3
# Registries take no capitals.
repository=$(printf '%s' "$2" | tr '[:upper:]' '[:lower:]')

names=$("$(dirname "$0")/tags.sh" "${commit}" "${4:-}")
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$(dirname "$0")/../Cargo.toml")
set -- --service "${service}" --version "${version:?Cargo.toml tells no version}+${commit}"
if [ -n "${part}" ]; then
  set -- "$@" --push "${repository}:${commit}-${part}"
else
  for name in ${names}; do
    set -- "$@" --push "${repository}:${name}"
  done
fi
exec cargo xtask image "$@"
