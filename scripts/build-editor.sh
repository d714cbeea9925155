#!/usr/bin/env bash
# Builds internal/console/assets/editor.js, the editor of the Query page, from
# CodeMirror as scripts/editor/package-lock.json pins it. Only who changes the editor
# needs it: the result is in the repository.
set -euo pipefail
cd "$(dirname "$0")/editor"
out=$PWD/../../internal/console/assets
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json package-lock.json editor.mjs "$work"
cd "$work"
npm ci --silent --ignore-scripts --no-audit --no-fund
node_modules/.bin/esbuild editor.mjs --bundle --minify --format=esm --target=es2021 --legal-comments=none \
	--banner:js='/* CodeMirror 6, (C) Marijn Haverbeke and others, MIT: editor.LICENSE. Built by scripts/build-editor.sh. */' --outfile="$out/editor.js"
{
	echo "editor.js is built by scripts/build-editor.sh from these packages:"
	echo
	for p in node_modules/@codemirror/* node_modules/@lezer/* node_modules/@marijn/* node_modules/crelt node_modules/style-mod node_modules/w3c-keyname; do
		node -p "const p = require('./$p/package.json'); '  ' + p.name + ' ' + p.version + ' (' + p.license + ')'"
	done
	echo
	cat node_modules/@codemirror/view/LICENSE
} >"$out/editor.LICENSE"
