#!/bin/sh
# Starts press the way its operators do: scripts/entrypoint.sh dev|prod
#
#   dev   builds, serves, and builds and serves again whenever the source changes; readable logs
#   prod  serves with the release binary, once PROJECT_ID, PDF_BUCKET and SENTRY_DSN are set
#
# Listens on 0.0.0.0:3333 unless HOST or PORT say otherwise.
set -eu

usage() {
  echo "usage: $0 dev|prod" >&2
  exit 1
}

# Builds what changed and serves it; a build that fails leaves the last one serving.
dev() {
  export LOG_FORMAT="${LOG_FORMAT:-pretty}"
  # Links cannot point at 0.0.0.0.
  export PUBLIC_URL="${PUBLIC_URL:-http://localhost:${PORT}}"
  marker=$(mktemp)
  server=
  job=
  trap 'stop_job; stop_server; rm -f "${marker}"' EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  while :; do
    # What changes while it is built is built next.
    touch "${marker}"
    if in_background cargo build --package fruitpress; then
      stop_server
      cargo run --quiet --package fruitpress -- serve press &
      server=$!
    fi
    until changed; do in_background sleep 1; done
  done
}

# A signal waits for a program in front, but not for one in the background.
in_background() {
  "$@" &
  job=$!
  wait "${job}"
}

stop_job() {
  if [ -n "${job}" ]; then
    kill -TERM "${job}" 2>/dev/null || :
  fi
}

changed() {
  [ -n "$(find Cargo.toml Cargo.lock crates -newer "${marker}" -print 2>/dev/null | head -n 1)" ]
}

stop_server() {
  if [ -n "${server}" ]; then
    kill -TERM "${server}" 2>/dev/null || :
    wait "${server}" || :
    server=
  fi
}

# Without its bucket, press would keep PDFs on a disk that vanishes: the binary names each variable that is missing.
prod() {
  binary="${CARGO_TARGET_DIR:-target}/release/fruitpress"
  if [ ! -x "${binary}" ]; then
    echo "${binary} is missing: build it with \`cargo build --release\`" >&2
    exit 1
  fi
  export REQUIRE_SETTINGS=PROJECT_ID,PDF_BUCKET,SENTRY_DSN
  exec "${binary}" serve press
}

[ $# -eq 1 ] || usage
# The script itself may be a link.
cd "$(dirname "$(readlink -f "$0")")/.."
export HOST="${HOST:-0.0.0.0}" PORT="${PORT:-3333}"
case "$1" in
  dev) dev ;;
  prod) prod ;;
  *) usage ;;
esac
