#!/usr/bin/env bash
# Installs the Python clients of the tests into .cache/python-clients.
set -euo pipefail
cd "$(dirname "$0")/.."
to="$PWD/.cache/python-clients"
if cmp -s test/clients/requirements.txt "$to/requirements.txt"; then exit; fi
rm -rf "$to"
python3 -m venv "$to"
"$to/bin/pip" install --quiet --disable-pip-version-check --requirement test/clients/requirements.txt
cp test/clients/requirements.txt "$to/"
