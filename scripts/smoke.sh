#!/bin/sh
# Tries a deployment from outside, as its callers see it: scripts/smoke.sh [OPTION]... URL
#
#   --service NAME   fruits, press, or both; both when not given
#   --header LINE    sent with every request, like "X-Release-Channel: candidate"
#   --source URL     an image that press fetches, also several times: one that is not to be had is passed over for the next. Those
#                    the variable SMOKE_SOURCES, or of GitHub and Wikimedia, when not given
#   --passes N       all of it N times, 1 to 20; once when not given
#   --seconds N      how long all of it may take, 1 to 3600; 300 when not given. What is not tried by then is a failure
#   --any-host       the deployment answers under every name: do not try that others are refused
#   --write          add a fruit and delete it again
#
# Where a token is needed to convert or to write, the variable SMOKE_TOKEN has it. It stands on no command line and in no log.
#
# Prints a line for each thing that is tried. Who does not answer twice running is not asked further. When no source is to be had,
# which says nothing about the deployment, that is printed as SKIPPED and is no failure.
#
# Exit status: 0 all is well, 1 something is not, 2 it was called wrongly. Needs curl alone; opens the PDF with qpdf where there
# is one.
set -eu

usage() {
  sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

service=both header='' passes=1 seconds=300 any_host='' write='' sources=''
while [ $# -gt 1 ]; do
  case "$1" in
    --service) service=$2; shift 2 ;;
    --header) header=$2; shift 2 ;;
    --source) sources="${sources} $2"; shift 2 ;;
    --passes) passes=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    --any-host) any_host=yes; shift ;;
    --write) write=yes; shift ;;
    *) usage ;;
  esac
done
[ $# -eq 1 ] || usage
case "${service}" in fruits | press | both) ;; *) usage ;; esac
case "${passes}" in [1-9] | 1[0-9] | 20) ;; *) usage ;; esac
case "${seconds}" in [1-9] | [1-9][0-9] | [1-9][0-9][0-9] | [12][0-9][0-9][0-9] | 3[0-5][0-9][0-9] | 3600) ;; *) usage ;; esac
case "$1" in http://?* | https://?*) base=${1%/} ;; *) usage ;; esac

folder=$(mktemp -d)
trap 'rm -rf "${folder}"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
tried=0 failed=0 skipped=0 unanswered=0 patience=15
deadline=$(($(date +%s) + seconds))
# As steady as others' images are: the first are served with every page of GitHub's, which also runs the pipelines.
: "${sources:=${SMOKE_SOURCES:-}}"
: "${sources:=https://github.githubassets.com/favicons/favicon.png
  https://raw.githubusercontent.com/github/explore/main/topics/rust/rust.png
  https://upload.wikimedia.org/wikipedia/commons/4/47/PNG_transparency_demonstration_1.png}"

# curl reads it from a file: everyone on the machine sees what programs are called with.
if [ -n "${SMOKE_TOKEN:-}" ]; then
  printf 'Authorization: Bearer %s\n' "${SMOKE_TOKEN}"
fi > "${folder}/token"
unset SMOKE_TOKEN

# Asks; leaves the body in ${folder}/body, the header in ${folder}/head, and the status in ${status}: 000 for no answer, or for one
# that was cut off.
ask() {
  : > "${folder}/body"
  : > "${folder}/head"
  left=$((deadline - $(date +%s)))
  [ "${left}" -gt 0 ] || give_up "not all was tried within ${seconds} s"
  [ "${left}" -lt "${patience}" ] || left=${patience}
  status=$(curl --silent --show-error --max-time "${left}" --connect-timeout 10 \
    --output "${folder}/body" --dump-header "${folder}/head" --write-out '%{http_code}' \
    ${header:+--header "${header}"} "$@" 2> "${folder}/complaint") || status=000
  case "${status}" in
    000) unanswered=$((unanswered + 1)) ;;
    *) unanswered=0 ;;
  esac
}

# What would be tried further says nothing that is not known.
give_up() {
  failed=$((failed + 1))
  tried=$((tried + 1))
  echo "FAILED  $1"
  finish
}

finish() {
  [ "${skipped}" -eq 0 ] || echo "SKIPPED ${skipped} of what there is to try: see above"
  echo "${base}: $((tried - failed)) of ${tried} are well"
  [ "${failed}" -eq 0 ]
  exit
}

# Asks as someone who may.
ask_with_token() {
  ask --header "@${folder}/token" "$@"
}

# Sends a body as JSON, in the same way.
send() {
  json=$1
  shift
  ask_with_token --header 'Content-Type: application/json' --data-binary "${json}" "$@"
}

# Says what was tried and whether the answer was one of the expected statuses, with a body that matches.
expect() {
  what=$1 statuses=$2 pattern=${3:-}
  tried=$((tried + 1))
  case " ${statuses} " in
    *" ${status} "*)
      if [ -z "${pattern}" ] || grep -q -e "${pattern}" "${folder}/body"; then
        echo "ok      ${what}"
        return 0
      fi
      reason="answered ${status} without ${pattern}"
      ;;
    *) reason="answered ${status} instead of ${statuses}" ;;
  esac
  failed=$((failed + 1))
  echo "FAILED  ${what}: ${reason}"
  # What it answered is the first thing that whoever reads this asks.
  { head -c 400 "${folder}/body" | tr '\n' ' '; echo; cat "${folder}/complaint"; } | sed -n 's/^\(.*[^ ].*\)/        \1/p'
  [ "${unanswered}" -lt 2 ] || give_up "answers at all: twice running it did not"
  return 1
}

# What each refusal looks like: a problem with its status, from the service itself.
refused() {
  expect "$1" "$2" '^{"type":".*"status":'"${status}"'.*"detail":"' || :
}

expect_header() {
  tried=$((tried + 1))
  if grep -i -q -e "^$2" "${folder}/head"; then
    echo "ok      $1"
  else
    failed=$((failed + 1))
    echo "FAILED  $1: no header $2"
  fi
}

try_both() {
  ask "${base}/ping"
  expect "answers /ping" 200 '"ping":"pong"' || :
  ask "${base}/openapi.json"
  expect "describes itself" 200 '"openapi"' || :
  ask "${base}/docs"
  expect "shows its documentation" 200 '<html' || :
  ask "${base}/no/such/path"
  refused "knows no such path" 404
  ask --request DELETE "${base}/ping"
  refused "takes no such method" 405
  expect_header "says which methods it takes" 'allow: '
  try_hosts
  try_schemes
}

# Nobody but who knows the name gets an answer; /ping is for probes, which do not, so another path is asked.
try_hosts() {
  [ -z "${any_host}" ] || return 0
  ask --header 'Host: wrong.example' "${base}/openapi.json"
  expect "refuses another host" "400 403 404 421" || :
}

# Behind https, http is served or sent there; a POST stays one.
try_schemes() {
  case "${base}" in http://*) return 0 ;; esac
  ask "http://${base#https://}/ping"
  expect "answers http, or sends it to https" "200 301 302 307 308" || return 0
  case "${status}" in 30?) expect_header "sends http to https" 'location: https://' ;; esac
}

try_fruits() {
  ask "${base}/fruits?limit=5"
  expect "lists fruits" 200 '^\[' || :
  ask "${base}/fruits/9007199254740991"
  refused "knows no such fruit" 404
  ask "${base}/fruits/0"
  refused "takes no such id" 400
  ask "${base}/fruits?limit=nothing"
  refused "takes no such limit" "400 422"
  # Where a token is wanted and there is none, that comes first.
  send '{"fruit":' "${base}/fruits"
  refused "takes no broken JSON" "400 401"
  send '{"fruit":"","color":"red"}' "${base}/fruits"
  refused "takes no fruit without a name" "422 401"
  ask --request DELETE --header 'Authorization: Bearer nobody-has-this' "${base}/fruits/9007199254740991"
  refused "lets nobody delete what is not there" "401 404"
  [ -z "${write}" ] || try_writing
}

try_writing() {
  send '{"fruit":"smoke test","color":"gray"}' "${base}/fruits"
  expect "adds a fruit" 201 '"fruit":"smoke test"' || return 0
  expect_header "says where it is" 'location: '
  id=$(sed -n 's/.*"id":\([0-9][0-9]*\).*/\1/p' "${folder}/body")
  ask "${base}/fruits/${id}"
  expect "gives it back" 200 '"color":"gray"' || :
  ask_with_token --request DELETE "${base}/fruits/${id}"
  expect "deletes it" 204 || :
  ask "${base}/fruits/${id}"
  refused "has forgotten it" 404
}

try_press() {
  # A conversion waits half a minute for its source.
  patience=45
  try_source
  try_image
  send '{"source_url":' "${base}/image_to_pdf"
  refused "takes no broken JSON" 400
  ask_with_token --header 'Content-Type: text/plain' --data 'http://example.com/' "${base}/image_to_pdf"
  refused "takes no text" 415
  ask_with_token --header 'Content-Type: image/png' --data-binary 'no image' "${base}/image_to_pdf"
  refused "takes no image that is none" 422
  send '{}' "${base}/image_to_pdf"
  refused "wants a source" 422
  send '{"source_url":"ftp://example.com/a.png"}' "${base}/image_to_pdf"
  refused "fetches by http and https alone" 422
  send '{"source_url":"http://169.254.169.254/computeMetadata/v1/"}' "${base}/image_to_pdf"
  refused "does not ask its cloud who it is" 422
  patience=15
}

# An image that press fetches, of the first source that is to be had.
try_source() {
  for source_url in ${sources}; do
    send "{\"source_url\":\"${source_url}\"}" "${base}/image_to_pdf"
    if is_to_be_had; then
      if expect "converts an image" 200 '"converted_url":"http'; then
        try_link
      fi
      return 0
    fi
    echo "        ${source_url} is not to be had: $(head -c 400 "${folder}/body" | tr '\n' ' ')"
  done
  skipped=$((skipped + 1))
  echo "SKIPPED converts an image: no source of it is to be had"
}

# Whether the answer is about press and not about the source. It is about the source when that turns callers away or is ill itself, and
# when it can be fetched no more from here; a source that only press does not reach is a failure of press.
is_to_be_had() {
  case "${status}" in 502 | 504) ;; *) return 0 ;; esac
  if grep -q -e '"detail":"[^"]*answered \(429\|5[0-9][0-9]\)' "${folder}/body"; then
    return 1
  fi
  curl --silent --fail --location --max-time 20 --connect-timeout 10 --output "${folder}/source" "${source_url}"
}

# The image itself instead of where it is, and the PDF itself instead of where that is.
try_image() {
  # A chessboard: eight by eight pixels of one bit.
  printf '\211PNG\015\012\032\012\000\000\000\015IHDR\000\000\000\010\000\000\000\010\001\000\000\000\000\354\164\203\046' > "${folder}/image"
  printf '\000\000\000\016IDAT\170\332\143\010\145\130\305\200\204\001\036\234\003\375\160\025\311\220' >> "${folder}/image"
  printf '\000\000\000\000IEND\256\102\140\202' >> "${folder}/image"
  set -- --header 'Content-Type: image/png' --data-binary "@${folder}/image" "${base}/image_to_pdf"
  ask_with_token "$@"
  if expect "converts an image that it is sent" 200 '"converted_url":"http'; then
    try_link
  fi
  ask_with_token --header 'Accept: application/pdf' "$@"
  if expect "answers the PDF itself" 200 '^%PDF-1'; then
    try_pdf
  fi
}

# The link has to work for anyone: no header goes with it.
try_link() {
  converted_url=$(sed -n 's/.*"converted_url":"\([^"]*\)".*/\1/p' "${folder}/body")
  kept_header=${header} header=''
  ask "${converted_url}"
  header=${kept_header}
  if expect "the PDF can be downloaded" 200 '^%PDF-1'; then
    try_pdf
  fi
}

# What was answered last.
try_pdf() {
  tried=$((tried + 1))
  if ! tail -c 16 "${folder}/body" | grep -q '%%EOF'; then
    failed=$((failed + 1))
    echo "FAILED  the PDF is whole"
  elif command -v qpdf > /dev/null && ! qpdf --check "${folder}/body" > "${folder}/complaint" 2>&1; then
    failed=$((failed + 1))
    echo "FAILED  the PDF opens"
    cat "${folder}/complaint"
  else
    echo "ok      the PDF is whole, and opens"
  fi
}

pass=0
while [ "${pass}" -lt "${passes}" ]; do
  pass=$((pass + 1))
  try_both
  case "${service}" in fruits | both) try_fruits ;; esac
  case "${service}" in press | both) try_press ;; esac
done
finish
