#!/bin/sh
# Prints the names that an image is published under, one a line: scripts/tags.sh COMMIT [TAG]
#
# The commit first. A TAG of the form v1.2.3 adds that version, and `latest` when no release in the history is newer.
# Another TAG (a branch's name, or none) adds nothing.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: $0 COMMIT [TAG]" >&2
  exit 1
fi
tag=${2:-}

# The tags of releases, in the order of their versions; v1.2.3-rc.1 is none.
releases() {
  git tag --list | grep -E '^v[0-9]+\.[0-9]+\.[0-9]+$' | sort --version-sort
}

echo "$1"
if printf '%s' "${tag}" | grep -qE '^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$'; then
  echo "${tag#v}"
  if [ "${tag}" = "$(releases | tail -n 1)" ]; then
    echo latest
  fi
fi
