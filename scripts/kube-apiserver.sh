#!/usr/bin/env bash
# Builds kube-apiserver from the Go module proxy into .cache/tools. Its module
# refers to its parts by paths of its own repository; here they are replaced by
# the modules of the same release.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/versions.sh
tools="$PWD/.cache/tools" stamp="$PWD/.cache/tools/.kube-apiserver-$KUBERNETES_VERSION"
if [[ -x $tools/kube-apiserver && -e $stamp ]]; then exit 0; fi
mkdir -p "$tools"

source=$(GOFLAGS='' go mod download -json "k8s.io/kubernetes@$KUBERNETES_VERSION" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
(cd "$source" && cp -r go.mod go.sum cmd pkg plugin third_party api "$work")
chmod -R u+w "$work"
cd "$work"
sed -i "s#=> \./staging/src/\(k8s.io/[a-z-]*\)#=> \1 v0.${KUBERNETES_VERSION#v1.}#" go.mod
echo "building kube-apiserver $KUBERNETES_VERSION; this takes some minutes"
GOFLAGS='-mod=mod -buildvcs=false' GOWORK=off CGO_ENABLED=0 \
	go build -trimpath -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$KUBERNETES_VERSION -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$KUBERNETES_VERSION")" \
	-o "$tools/kube-apiserver" ./cmd/kube-apiserver
touch "$stamp"
