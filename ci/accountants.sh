#!/bin/bash
# The programs by which tests check the exported ledger: hledger and beancount. Installs what is missing.
set -euo pipefail

missing=()
command -v hledger >/dev/null || missing+=(hledger)
command -v bean-check >/dev/null || missing+=(beancount)
[ ${#missing[@]} -gt 0 ] || exit 0

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
command -v apt-get >/dev/null || { echo "ci/accountants.sh: install ${missing[*]} by hand" >&2; exit 1; }
as_root apt-get -qq update >&2
DEBIAN_FRONTEND=noninteractive as_root apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
