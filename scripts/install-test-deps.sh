#!/usr/bin/env bash
# Installs what the tests need on Debian: a Redis server, psql, wrk, xmllint,
# PostgreSQL 15 and clients of it, Prometheus with promtool, Chromium, npm and
# Maven, the pinned tools, and OData clients. Where it may not install packages, it
# says which are missing: in CI that is a failure, elsewhere the tests that
# need them say so themselves.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A package=([redis-server]=redis-server [wrk]=wrk [xmllint]=libxml2-utils [promtool]=prometheus [python3]=python3 [psql]=postgresql-client
	[/usr/lib/postgresql/15/bin/postgres]=postgresql-15 [java]=default-jdk-headless
	[node]=nodejs [npm]=npm [mvn]=maven [chromium-headless-shell]=chromium-headless-shell)
missing=()
for command in "${!package[@]}"; do
	command -v "$command" >/dev/null || missing+=("${package[$command]}")
done
compgen -G '/usr/lib/*/odbc/psqlodbcw.so' >/dev/null || missing+=(odbc-postgresql)
# pyodbc loads the driver manager, which the driver's package doesn't bring.
compgen -G '/usr/lib/*/libodbc.so.2' >/dev/null || missing+=(libodbc2)
[[ -e /usr/share/java/postgresql.jar ]] || missing+=(libpostgresql-jdbc-java)
command -v python3 >/dev/null && python3 -c 'import yaml' 2>/dev/null || missing+=(python3-yaml)
command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

if ((${#missing[@]})); then
	as_root=()
	if ((EUID != 0)); then as_root=(sudo -n); fi
	if command -v apt-get >/dev/null && { ((EUID == 0)) || sudo -n true 2>/dev/null; }; then
		"${as_root[@]}" apt-get update -qq
		# The packages would start services of their own; the tests start theirs.
		policy=/usr/sbin/policy-rc.d
		if [[ ! -e $policy ]]; then
			printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
			own_policy=yes
			trap '"${as_root[@]}" rm -f "$policy"' EXIT # also if the installation fails
			"${as_root[@]}" chmod +x "$policy"
		fi
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
		trap - EXIT
		[[ -z ${own_policy:-} ]] || "${as_root[@]}" rm -f "$policy"
	else
		echo "not installed: ${missing[*]}" >&2
		[[ ${CI:-} != true ]] || exit 1
	fi
fi
for command in gcc go; do
	command -v "$command" >/dev/null || { echo "$command is needed to build the gateway" >&2; exit 1; }
done
scripts/install-tools.sh
scripts/install-python.sh || [[ ${CI:-} != true ]]
scripts/install-clients.sh || [[ ${CI:-} != true ]]
scripts/install-odata-clients.sh || [[ ${CI:-} != true ]]
