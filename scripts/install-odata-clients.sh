#!/usr/bin/env bash
# Installs the clients that test/odataclients and test/console run, below .cache/clients:
# UI5 and odata2ts (npm), Olingo (Maven) and python-odata (pip); and puppeteer, which drives Chromium
# over the console's pages, with the accessibility rules of axe (npm). Chromium, npm, Maven and Java come by
# scripts/install-test-deps.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=$PWD/.cache/clients

current() { # folder, file that says what belongs there
	cmp -s "$2" "$cache/$1/installed"
}

node() { # folder, folder with package.json and its lock
	local lock=$2/package-lock.json
	current "$1" "$lock" && return
	rm -rf "${cache:?}/$1"
	mkdir -p "$cache/$1"
	cp "$2/package.json" "$lock" "$cache/$1/"
	(cd "$cache/$1" && npm ci --silent --ignore-scripts --no-audit --no-fund)
	cp "$lock" "$cache/$1/installed"
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

node ui5 test/odataclients/ui5
node odata2ts test/odataclients/odata2ts
node browser test/console/browser
olingo
python
