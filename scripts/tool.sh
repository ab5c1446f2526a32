#!/bin/sh
# Fetches a program that pipelines run with rights, and prints the folder that it is in: scripts/tool.sh helm|terraform
#
# From its maker, of one version, and only the bytes that were looked at when that was chosen: the checksum stands here, so that no one who
# can replace what the maker offers can replace what runs. For x86-64; needs curl, and unzip for Terraform.
set -eu

usage() {
  echo "usage: $0 helm|terraform" >&2
  exit 1
}

[ $# -eq 1 ] || usage
case "$1" in
  helm)
    url=https://get.helm.sh/helm-v4.2.3-linux-amd64.tar.gz
    checksum=e9b88b4ee95b18c706839c28d3a0220e5bc470e9cd9262410c90793c45ff8b7c
    ;;
  terraform)
    url=https://releases.hashicorp.com/terraform/1.11.4/terraform_1.11.4_linux_amd64.zip
    checksum=1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc
    ;;
  *) usage ;;
esac

folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/$1.XXXXXX")
curl --silent --show-error --fail --proto '=https' --retry 3 --max-time 300 --output "${folder}/archive" "${url}"
if ! printf '%s  %s\n' "${checksum}" "${folder}/archive" | sha256sum --check --status; then
  echo "$0: what ${url} gives is not what was looked at: its SHA-256 is not ${checksum}" >&2
  rm -rf "${folder}"
  exit 1
fi
case "$1" in
  helm) tar --extract --gzip --file "${folder}/archive" --directory "${folder}" --strip-components 1 linux-amd64/helm ;;
  terraform) unzip -q "${folder}/archive" terraform -d "${folder}" ;;
esac
rm "${folder}/archive"
echo "${folder}"
