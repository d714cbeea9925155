#!/usr/bin/env bash
# Installs the OData servers that `make bench-odata` compares the package odata with,
# below .cache/peers: SAP's CAP with its own Node (npm), and github.com/nlstn/go-odata
# (Go). Only the benchmark runs them. CAP is of the SAP Developer License, which allows
# tests; it is no dependency of the gateway.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=$PWD/.cache/peers
mkdir -p "$cache"

from=bench/odata/cap
if ! cmp -s "$from/package-lock.json" "$cache/cap/installed"; then
	rm -rf "$cache/cap"
	mkdir -p "$cache/cap"
	cp "$from/package.json" "$from/package-lock.json" "$cache/cap/"
	(cd "$cache/cap" && npm ci --silent --no-audit --no-fund)
	cp "$from/package-lock.json" "$cache/cap/installed"
fi
cp -R "$from/srv" "$cache/cap/"

GOFLAGS=-buildvcs=false go build -C bench/odata/go-odata -trimpath -o "$cache/go-odata" .
