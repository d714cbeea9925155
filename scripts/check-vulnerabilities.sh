#!/usr/bin/env bash
# Looks up known vulnerabilities of what the gateway calls (govulncheck). The
# database is fetched from vuln.go.dev, or from the mirror in GOVULNDB; without
# either nothing can be said, which is said loudly and counts as not made.
# REQUIRE_VULN_CHECK=true, as a release sets it, makes that a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/versions.sh
database=${GOVULNDB:-https://vuln.go.dev}
if [[ $database == http* ]] && ! curl -fsS --max-time 20 -o /dev/null "$database/index/db.json"; then
	{
		echo "********************************************************************"
		echo "* VULNERABILITIES WERE NOT CHECKED: $database can't be reached."
		echo "* Run this where it can be, or set GOVULNDB to a mirror."
		echo "********************************************************************"
	} >&2
	if [[ ${REQUIRE_VULN_CHECK:-} == true || -n ${GOVULNDB:-} ]]; then exit 1; fi
	exit 0
fi
tools="$PWD/.cache/tools"
mkdir -p "$tools"
if [[ ! -x $tools/govulncheck || ! -e $tools/.govulncheck-$GOVULNCHECK_VERSION ]]; then
	echo "installing govulncheck $GOVULNCHECK_VERSION"
	GOFLAGS=-buildvcs=false GOBIN="$tools" go install "golang.org/x/vuln/cmd/govulncheck@$GOVULNCHECK_VERSION"
	rm -f "$tools/.govulncheck-"*
	touch "$tools/.govulncheck-$GOVULNCHECK_VERSION"
fi
exec "$tools/govulncheck" -db "$database" -tags duckdb_arrow ./...
