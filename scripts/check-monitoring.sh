#!/usr/bin/env bash
# Checks the alert rules with promtool, their unit tests among it. The names in
# rules and dashboard are compared with the code in test/deploy.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v promtool >/dev/null; then
	echo "promtool is missing; scripts/install-test-deps.sh installs it" >&2
	[[ ${CI:-} == true ]] && exit 1
	exit 0
fi
promtool check config --syntax-only deploy/prometheus/prometheus.yml
promtool check rules deploy/prometheus/rules.yml
promtool test rules deploy/prometheus/rules_test.yml
