#!/usr/bin/env bash
# Installs the pinned tools into .cache/tools, compiled from the Go module
# proxy: the linter takes about 90 s of one core the first time, helm 110 s,
# kubeconform 5 s. docs/dependencies-tools.md says why this way.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/versions.sh
tools="$PWD/.cache/tools"
mkdir -p "$tools"

install() { # name version package
	local stamp="$tools/.$1-$2"
	if [[ -x $tools/$1 && -e $stamp ]]; then return; fi
	echo "installing $1 $2"
	GOFLAGS=-buildvcs=false GOBIN="$tools" go install "$3@$2"
	rm -f "$tools/.$1-"*
	touch "$stamp"
}

install golangci-lint "$GOLANGCI_VERSION" github.com/golangci/golangci-lint/v2/cmd/golangci-lint
install kubeconform "$KUBECONFORM_VERSION" github.com/yannh/kubeconform/cmd/kubeconform
install helm "$HELM_VERSION" helm.sh/helm/v3/cmd/helm
