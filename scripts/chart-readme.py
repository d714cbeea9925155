#!/usr/bin/env python3
"""Writes README.md and values.schema.json of the chart from values.yaml.

--check compares instead. What stands under `config` has the schema of the
gateway's own configuration file.
"""

import json
import pathlib
import sys

import yaml

CHART = pathlib.Path(__file__).parent.parent / "helm" / "pingone-gateway"
HEAD = """# pingone-gateway

A Helm chart for PingOne Gateway: PingOne directories as OData feeds and as SQL.

<!-- Generated from values.yaml by scripts/chart-readme.py. Don't edit. -->

```
kubectl create secret generic pingone \\
  --from-literal=GATEWAY_CONNECTIONS_PINGONE_OAUTH_CLIENT_SECRET=…
gateway keys create reports --file keys.json
kubectl create secret generic gateway-keys --from-file=keys.json
helm install gateway ./helm/pingone-gateway -f values.yaml
helm test gateway
```

with

```yaml
config:
  connections:
    pingone:
      region: EU
      worker_app_environment_id: 7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11
      oauth_client_id: 2d6c9e61-3b1e-4a35-9a36-5bb3fb1f0c53
secret:
  existingSecret: pingone
keys:
  existingSecret: gateway-keys
```

`config` is the gateway's own configuration file; its keys are in docs/configuration.md. Pods run as user 65532 with a read-only root, without capabilities and without a token of the cluster's API, as the restricted Pod Security Standard asks. `ci/` has value sets for production, Gateway API, own TLS and more.

## Values

| key | default | meaning |
| --- | --- | --- |
"""


def walk(node, prefix, rows):
    """Collects (key, default, comment) of every leaf, in order."""
    lines = TEXT
    for key_node, value_node in node.value:
        path = prefix + key_node.value
        line = key_node.start_mark.line
        comment = []
        while line > 0 and lines[line - 1].strip().startswith("#"):
            line -= 1
            comment.insert(0, lines[line].strip().lstrip("# "))
        text = " ".join(comment)
        if "scripts/chart-readme.py" in text:
            text = ""
        is_section = isinstance(value_node, yaml.MappingNode) and value_node.value and not value_node.flow_style
        if is_section and path != "config":
            if text:
                rows.append((path, None, text))
            walk(value_node, path + ".", rows)
        else:
            default = yaml.safe_load(yaml.serialize(value_node))
            rows.append((path, default, text))


def render():
    rows = []
    walk(yaml.compose((CHART / "values.yaml").read_text()), "", rows)
    out = HEAD
    for path, default, text in rows:
        shown = "" if default is None else f"`{yaml.safe_dump(default, default_flow_style=True, width=10**6).strip().removesuffix('...').strip()}`"
        out += f"| `{path}` | {shown} | {text} |\n"
    return out


FREE = {"token", "annotations", "labels", "podAnnotations", "podLabels", "nodeSelector", "affinity", "values", "data", "requests", "limits"}
KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def schema_of(value, key=""):
    if key == "config":
        inner = json.loads((CHART.parent.parent / "docs" / "gateway.schema.json").read_text())
        inner.pop("$schema")
        return inner
    if isinstance(value, dict) and key not in FREE:
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {k: schema_of(v, k) for k, v in value.items()},
        }
    if key in ("maxUnavailable", "tag"):
        return {"type": ["string", "integer"]}
    return {"type": KINDS[type(value)]}


def schema():
    out = schema_of(yaml.safe_load((CHART / "values.yaml").read_text()))
    out["properties"]["global"] = {"type": "object"}
    out["properties"]["service"]["properties"]["type"] = {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]}
    for image in (out, out["properties"]["redis"]):
        image["properties"]["image"]["properties"]["digest"] = {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"}
    out["properties"]["replicaCount"] = {"type": "integer", "minimum": 0}
    return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **out}, indent=2) + "\n"


TEXT = (CHART / "values.yaml").read_text().splitlines()
generated = {"README.md": render(), "values.schema.json": schema()}
for name, text in generated.items():
    path = CHART / name
    if "--check" not in sys.argv:
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        sys.exit(f"helm/pingone-gateway/{name} is not current: run scripts/chart-readme.py")
