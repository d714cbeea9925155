#!/usr/bin/env bash
# Installs the clients that test/clients runs against the demo: Debian's psqlODBC,
# pgjdbc, Java and Node, below .cache/python/clients those for Python, and below
# .cache/node Node's pg. Versions are pinned here and in test/clients.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-python.sh clients
wanted=pg@8.16.3
if [[ $(cat .cache/node/installed 2>/dev/null) != "$wanted" ]]; then
	mkdir -p .cache/node
	npm install --prefix .cache/node --no-package-lock --no-fund --no-audit --silent "$wanted"
	echo "$wanted" >.cache/node/installed
fi
