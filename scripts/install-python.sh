#!/usr/bin/env bash
# Installs the Python packages that tests and the snippets of the pages use, below
# .cache/python: "current", and "1.4" with that version of SQLAlchemy; or, by the
# argument "clients" or "spark", those that test/clients runs.
set -euo pipefail
cd "$(dirname "$0")/.."

environment() { # name, file of requirements
	local at=$PWD/.cache/python/$1 wanted=$2
	cmp -s "$wanted" "$at/installed" && return
	rm -rf "$at"
	python3 -m venv "$at"
	"$at/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
	[[ $1 == clients || $1 == spark ]] || "$at/bin/pip" install --quiet --disable-pip-version-check --no-deps --editable clients/python
	cp "$wanted" "$at/installed"
}

if [[ ${1:-} == clients ]]; then
	environment clients test/clients/requirements.txt
elif [[ ${1:-} == spark ]]; then
	environment spark test/clients/requirements-spark.txt
else
	environment current clients/python/tests/requirements.txt
	environment 1.4 clients/python/tests/requirements-14.txt
fi
