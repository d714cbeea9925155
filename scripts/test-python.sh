#!/usr/bin/env bash
# Tests clients/python against the gateway at bin/gateway, with SQLAlchemy 2 and
# 1.4, and checks its types and style. Python packages are installed below .cache.
set -euo pipefail
cd "$(dirname "$0")/.."
export PINGONE_GATEWAY_PROGRAM=$PWD/bin/gateway

environment() { # name, file of requirements
	local at=$PWD/.cache/python/$1 wanted=clients/python/tests/$2
	if ! cmp -s "$wanted" "$at/installed"; then
		rm -rf "$at"
		python3 -m venv "$at"
		"$at/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
		"$at/bin/pip" install --quiet --disable-pip-version-check --no-deps --editable clients/python
		cp "$wanted" "$at/installed"
	fi
	echo "$at/bin"
}

current=$(environment current requirements.txt)
cd clients/python
"$current/ruff" check .
"$current/ruff" format --check .
"$current/mypy"
"$current/python" -m pytest -q -p no:cacheprovider
cd ../..
old=$(environment 1.4 requirements-14.txt)
cd clients/python
"$old/python" -m pytest -q -p no:cacheprovider
