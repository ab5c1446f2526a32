#!/bin/sh
# Builds, tries and publishes one image, as both pipelines do: scripts/publish.sh SERVICE REPOSITORY COMMIT [TAG]
#
# The image is published under its commit; a TAG of the form v1.2.3 adds that version, and `latest` when no
# release in the history is newer. Another TAG (a branch's name, or none) adds nothing.
set -eu

if [ $# -lt 3 ] || [ $# -gt 4 ]; then
  echo "usage: $0 fruits|press REPOSITORY COMMIT [TAG]" >&2
  exit 1
fi
service=$1 commit=$3 tag=${4:-}
# Registries take no capitals.
repository=$(printf '%s' "$2" | tr '[:upper:]' '[:lower:]')

# The tags of releases, in the order of their versions; v1.2.3-rc.1 is none.
releases() {
  git tag --list | grep -E '^v[0-9]+\.[0-9]+\.[0-9]+$' | sort --version-sort
}

version="0.0.0-${commit}"
set -- --push "${repository}:${commit}"
if printf '%s' "${tag}" | grep -qE '^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$'; then
  version=${tag#v}
  set -- "$@" --push "${repository}:${version}"
  if [ "${tag}" = "$(releases | tail -n 1)" ]; then
    set -- "$@" --push "${repository}:latest"
  fi
fi
exec cargo xtask image --service "${service}" --version "${version}" "$@"
