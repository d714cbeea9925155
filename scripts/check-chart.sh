#!/usr/bin/env bash
# Checks the chart: lint, rendering of every value set in ci/, each object
# against the API's own schemas, and the README. The schemas come from the
# modules of Kubernetes and of the operators, by the Go module proxy.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/versions.sh
tools="$PWD/.cache/tools" schemas="$PWD/.cache/schemas-$KUBERNETES_VERSION"
chart=helm/pingone-gateway
kube="${KUBERNETES_VERSION#v}"

module() { # module version: its folder
	GOFLAGS='' go mod download -json "$1@$2" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}

if [[ ! -e $schemas/.done ]]; then
	k8s=$(module k8s.io/kubernetes "$KUBERNETES_VERSION")
	gw=$(module sigs.k8s.io/gateway-api "$GATEWAY_API_VERSION")
	es=$(module github.com/external-secrets/external-secrets "$EXTERNAL_SECRETS_VERSION")
	po=$(module github.com/prometheus-operator/prometheus-operator "$PROMETHEUS_OPERATOR_VERSION")
	python3 scripts/kube-schemas.py "$schemas" "$k8s/api/openapi-spec/swagger.json" \
		"$gw/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml" \
		"$es/config/crds/bases/external-secrets.io_externalsecrets.yaml" \
		"$po/example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml" \
		"$po/example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml"
	touch "$schemas/.done"
fi

cmp deploy/prometheus/rules.yml $chart/files/rules.yml
cmp deploy/grafana/dashboards/pingone-gateway.json $chart/files/dashboard.json
python3 scripts/chart-readme.py --check

sets=($chart/ci/*-values.yaml)
mkdir -p .cache/rendered
for values in "${sets[@]}"; do
	name=$(basename "$values" -values.yaml)
	"$tools/helm" lint --strict --quiet --kube-version "$kube" -f "$values" $chart
	# Secrets come from outside; what the chart makes of the rest must be valid.
	"$tools/helm" template release $chart --namespace test --kube-version "$kube" -f "$values" >".cache/rendered/$name.yaml"
done
refused() { # what it says, flags
	local says=$1 said
	shift
	if said=$("$tools/helm" template release $chart --kube-version "$kube" "$@" 2>&1) || [[ $said != *"$says"* ]]; then
		echo "the chart should be refused with \"$says\", and was not: ${said:0:300}" >&2
		exit 1
	fi
}
refused "keys.existingSecret is missing"
refused "secret is missing" --set keys.existingSecret=gateway-keys
"$tools/kubeconform" -strict -summary \
	-schema-location "$schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json" .cache/rendered
RENDERED="$PWD/.cache/rendered" go test -count=1 ./test/deploy
echo "chart: ${#sets[@]} value sets"
