#!/bin/sh
# Signs in as the identity that administers the server, and prepares the database with the script in PREPARE_SQL.
#
# Runs in the image of PostgreSQL itself, inside the network: the job `fruits-prepare` of jobs.tf.
set -eu
: "${AZURE_CLIENT_ID:?}" "${IDENTITY_ENDPOINT:?}" "${IDENTITY_HEADER:?}"
: "${DATABASE:?}" "${MIGRATE_ROLE:?}" "${PREPARE_SQL:?}" "${SERVICE_ROLE:?}"

answer=$(wget --quiet --output-document=- --header "X-IDENTITY-HEADER: ${IDENTITY_HEADER}" \
  "${IDENTITY_ENDPOINT}?api-version=2019-08-01&client_id=${AZURE_CLIENT_ID}&resource=https://ossrdbms-aad.database.windows.net")
PGPASSWORD=$(printf '%s' "${answer}" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')
if [ -z "${PGPASSWORD}" ]; then
  echo "the identity got no token" >&2
  exit 1
fi
export PGPASSWORD PGSSLMODE=verify-full PGSSLROOTCERT=system
printf '%s' "${PREPARE_SQL}" | psql --no-psqlrc --set=service="${SERVICE_ROLE}" --set=migrate="${MIGRATE_ROLE}" \
  --set=database="${DATABASE}" --file=- postgres
