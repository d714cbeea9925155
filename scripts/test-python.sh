#!/usr/bin/env bash
# Tests clients/python against the gateway at bin/gateway, with SQLAlchemy 2 and
# 1.4, and checks its types and style.
set -euo pipefail
cd "$(dirname "$0")/.."
export PINGONE_GATEWAY_PROGRAM=$PWD/bin/gateway

scripts/install-python.sh
current=$PWD/.cache/python/current/bin old=$PWD/.cache/python/1.4/bin

cd clients/python
"$current/ruff" check .
"$current/ruff" format --check .
"$current/mypy"
"$current/python" -m pytest -q -p no:cacheprovider
"$old/python" -m pytest -q -p no:cacheprovider
