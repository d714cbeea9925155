#!/usr/bin/env bash
# Installs the Python packages that tests and the snippets of the pages use, below
# .cache/python: "current", and "1.4" with that version of SQLAlchemy.
set -euo pipefail
cd "$(dirname "$0")/.."

environment() { # name, file of requirements
	local at=$PWD/.cache/python/$1 wanted=clients/python/tests/$2
	cmp -s "$wanted" "$at/installed" && return
	rm -rf "$at"
	python3 -m venv "$at"
	"$at/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
	"$at/bin/pip" install --quiet --disable-pip-version-check --no-deps --editable clients/python
	cp "$wanted" "$at/installed"
}

environment current requirements.txt
environment 1.4 requirements-14.txt
