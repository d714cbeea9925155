#!/usr/bin/env python3
"""Makes the JSON Schemas that the chart's objects are checked with.

    kube-schemas.py OUT SWAGGER CRD...

SWAGGER is Kubernetes' own OpenAPI document; each CRD a file with
CustomResourceDefinitions. OUT gets one file for each kind, closed to members
that the API does not have, as kubeconform reads them.
"""

import json
import pathlib
import sys

import yaml


def close(schema):
    """Forbids unknown members wherever members are declared."""
    if isinstance(schema, list):
        return [close(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = {k: close(v) for k, v in schema.items()}
    if isinstance(out.get("properties"), dict) and "additionalProperties" not in out and not out.get("x-kubernetes-preserve-unknown-fields"):
        out["additionalProperties"] = False
    if out.get("x-kubernetes-int-or-string"):
        out.pop("type", None)
        out["oneOf"] = [{"type": "string"}, {"type": "integer"}]
    return out


def inline(schema, definitions):
    """Replaces references by what they refer to; OpenAPI's own odd types too."""
    if isinstance(schema, list):
        return [inline(s, definitions) for s in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return inline(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if schema.get("format") == "int-or-string":
        return {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    if str(schema.get("description", "")).startswith("Quantity is a fixed-point"):
        return {"oneOf": [{"type": "string"}, {"type": "number"}]}
    return {k: inline(v, definitions) for k, v in schema.items()}


WANTED = {
    "ConfigMap", "Deployment", "HorizontalPodAutoscaler", "Ingress", "NetworkPolicy",
    "Pod", "PodDisruptionBudget", "Secret", "Service", "ServiceAccount",
}


def write(out, kind, group, version, schema):
    name = f"{kind}-{group.split('.')[0]}-{version}.json" if group else f"{kind}-{version}.json"
    schema.setdefault("properties", {}).update({"apiVersion": {"type": "string"}, "kind": {"type": "string"}})
    (out / name.lower()).write_text(json.dumps(schema))


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    definitions = json.loads(pathlib.Path(sys.argv[2]).read_text())["definitions"]
    for schema in definitions.values():
        for gvk in schema.get("x-kubernetes-group-version-kind", []):
            if gvk["kind"] in WANTED and len(schema.get("x-kubernetes-group-version-kind")) == 1:
                write(out, gvk["kind"], gvk["group"], gvk["version"], close(inline(schema, definitions)))
    metadata = close(inline(definitions["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"], definitions))
    for path in sys.argv[3:]:
        for crd in yaml.safe_load_all(pathlib.Path(path).read_text()):
            if not crd or crd.get("kind") != "CustomResourceDefinition":
                continue
            for version in crd["spec"]["versions"]:
                schema = close(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = metadata
                write(out, crd["spec"]["names"]["kind"], crd["spec"]["group"], version["name"], schema)


main()
