#!/usr/bin/env bash
# Installs the OData clients that test/odataclients runs, below .cache/clients: UI5 (npm),
# Olingo (Maven) and python-odata (pip). Chromium, npm, Maven and Java come by
# scripts/install-test-deps.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=$PWD/.cache/clients

current() { # folder, file that says what belongs there
	cmp -s "$2" "$cache/$1/installed"
}

ui5() {
	local lock=test/odataclients/ui5/package-lock.json
	current ui5 "$lock" && return
	rm -rf "$cache/ui5"
	mkdir -p "$cache/ui5"
	cp test/odataclients/ui5/package.json "$lock" "$cache/ui5/"
	(cd "$cache/ui5" && npm ci --silent --ignore-scripts --no-audit --no-fund)
	cp "$lock" "$cache/ui5/installed"
}

olingo() {
	local wanted=test/odataclients/olingo/pom.xml
	current olingo "$wanted" && return
	rm -rf "$cache/olingo"
	mkdir -p "$cache/olingo"
	mvn -q -B -f "$wanted" dependency:copy-dependencies -DoutputDirectory="$cache/olingo/lib"
	cp "$wanted" "$cache/olingo/installed"
}

python() {
	local wanted=test/odataclients/python/requirements.txt
	current python "$wanted" && return
	rm -rf "$cache/python"
	python3 -m venv "$cache/python"
	"$cache/python/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
	cp "$wanted" "$cache/python/installed"
}

ui5
olingo
python
