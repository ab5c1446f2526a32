#!/bin/sh
# Prints what CHANGELOG.md says of a version: scripts/release-notes.sh VERSION
set -eu

if [ $# -ne 1 ]; then
  echo "usage: $0 VERSION" >&2
  exit 1
fi
cd "$(dirname "$0")/.."
notes=$(awk -v version="$1" '
  /^## / { is_wanted = $2 == version || $2 == "[" version "]"; next }
  is_wanted { print }
' CHANGELOG.md)
if [ -z "${notes}" ]; then
  echo "CHANGELOG.md says nothing of $1: give \"Unreleased\" that name, and a date" >&2
  exit 1
fi
printf '%s\n' "${notes}"
