#!/usr/bin/env python3
"""Sends what the chart makes to a real kube-apiserver, as a server-side dry run.

Starts etcd and the kube-apiserver of scripts/kube-apiserver.sh on loopback,
registers the resources of the operators, and applies every object of every
value set in helm/pingone-gateway/ci with dryRun=All and strict validation, in
a namespace that enforces the restricted Pod Security Standard. Pods are sent
too, since nothing here makes them from a Deployment. A warning is a failure.
"""
import concurrent.futures
import json
import os
import pathlib
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".cache" / "tools"
CHART = ROOT / "helm" / "pingone-gateway"
MODULES = {
    "sigs.k8s.io/gateway-api": ("GATEWAY_API_VERSION", ["config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"]),
    "github.com/external-secrets/external-secrets": ("EXTERNAL_SECRETS_VERSION", ["config/crds/bases/external-secrets.io_externalsecrets.yaml"]),
    "github.com/prometheus-operator/prometheus-operator": (
        "PROMETHEUS_OPERATOR_VERSION",
        ["example/prometheus-operator-crd/monitoring.coreos.com_%s.yaml" % n for n in ("servicemonitors", "prometheusrules")],
    ),
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(name):
    for line in (ROOT / "scripts" / "versions.sh").read_text().splitlines():
        if line.startswith(name + "="):
            return line.split("=", 1)[1]
    raise KeyError(name)


def module_dir(module, version):
    env = dict(os.environ, GOFLAGS="")
    out = subprocess.run(["go", "mod", "download", "-json", f"{module}@{version}"], cwd=ROOT, env=env, check=True, capture_output=True)
    return pathlib.Path(json.loads(out.stdout)["Dir"])


class Cluster:
    """An API server without controllers or nodes."""

    def __init__(self, home):
        self.token, self.port = secrets.token_hex(16), free_port()
        self.home, self.processes, self.kinds = pathlib.Path(home), [], {}
        client, peer = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
        key = self.home / "sa.key"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        tokens = self.home / "tokens.csv"
        tokens.write_text(f"{self.token},check,1,system:masters\n")
        self.start("etcd", ["etcd", "--data-dir", self.home / "etcd", "--unsafe-no-fsync", "--listen-client-urls", client,
                            "--advertise-client-urls", client, "--listen-peer-urls", peer,
                            "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"])
        self.start("kube-apiserver", [
            TOOLS / "kube-apiserver", f"--etcd-servers={client}", "--bind-address=127.0.0.1", f"--secure-port={self.port}",
            f"--cert-dir={self.home}/certs", f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc", f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24"])
        self.tls = ssl.create_default_context()
        self.tls.check_hostname, self.tls.verify_mode = False, ssl.CERT_NONE  # its own certificate, on loopback
        for _ in range(240):
            if self.call("GET", "/readyz")[0] == 200:
                return
            time.sleep(0.5)
        self.stop()
        sys.exit("kube-apiserver did not get ready:\n" + (self.home / "kube-apiserver.log").read_text()[-3000:])

    def start(self, name, args):
        log = open(self.home / f"{name}.log", "w")
        self.processes.append(subprocess.Popen([str(a) for a in args], stdout=log, stderr=log))

    def stop(self):
        for p in reversed(self.processes):
            p.terminate()
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()

    def call(self, method, path, body=None, kind="application/yaml"):
        """Returns the status, the answer and its warnings."""
        r = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", method=method, data=body and body.encode(),
                                   headers={"Authorization": "Bearer " + self.token, "Content-Type": kind, "Accept": "application/json"})
        try:
            with urllib.request.urlopen(r, context=self.tls, timeout=30) as a:
                return a.status, a.read().decode(), a.headers.get_all("Warning") or []
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode(), e.headers.get_all("Warning") or []
        except OSError as e:
            return 0, str(e), []

    def path(self, o, namespace):
        """The address of an object: discovery tells resource and scope."""
        version = o["apiVersion"]
        root = "/api/" if "/" not in version else "/apis/"
        if version not in self.kinds:
            status, text, _ = self.call("GET", root + version)
            if status != 200:
                raise RuntimeError(f"{version}: {text}")
            self.kinds[version] = {r["kind"]: r for r in json.loads(text)["resources"] if "/" not in r["name"]}
        r = self.kinds[version][o["kind"]]
        where = f"/namespaces/{namespace}" if r["namespaced"] else ""
        return f"{root}{version}{where}/{r['name']}"

    def apply(self, o, namespace="", dry=True):
        """Applies an object; returns what is wrong with it, or None."""
        path = f"{self.path(o, namespace)}/{o['metadata']['name']}?fieldManager=check&fieldValidation=Strict&force=true"
        status, text, warnings = self.call("PATCH", path + ("&dryRun=All" if dry else ""), yaml.safe_dump(o), "application/apply-patch+yaml")
        if status not in (200, 201):
            try:
                return json.loads(text)["message"]
            except ValueError:
                return f"{status} {text}"
        return "; ".join(warnings) or None


def register(cluster):
    """Registers the operators' resources and waits until they are served."""
    names = []
    for module, (version, files) in MODULES.items():
        folder = module_dir(module, pinned(version))
        for f in files:
            crd = yaml.safe_load((folder / f).read_text())
            problem = cluster.apply(crd, dry=False)
            if problem and "unrecognized format" not in problem:
                sys.exit(f"{f}: {problem}")
            names += [f"/apis/{crd['spec']['group']}/{v['name']}/{crd['spec']['names']['plural']}" for v in crd["spec"]["versions"] if v["served"]]
    for path in names:
        for _ in range(120):
            if cluster.call("GET", path)[0] == 200:
                break
            time.sleep(0.25)
        else:
            sys.exit(f"{path} is not served")


def pods(o):
    """The pods that controllers would make of an object."""
    template = o.get("spec", {}).get("template")
    if o["kind"] not in ("Deployment", "StatefulSet", "Job") or not template:
        return
    yield {"apiVersion": "v1", "kind": "Pod", "metadata": dict(template.get("metadata", {}), name=o["metadata"]["name"]), "spec": template["spec"]}


def named(pod):
    """What a pod names and the value sets take to be there already."""
    if "serviceAccountName" in pod:
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": pod["serviceAccountName"]}}
    if "priorityClassName" in pod:
        yield {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": pod["priorityClassName"]}, "value": 1000}


def check(cluster, values):
    """Returns the number of objects of a value set and the problems."""
    name = values.name.removesuffix("-values.yaml")
    kube = pinned("KUBERNETES_VERSION").removeprefix("v")
    out = subprocess.run([TOOLS / "helm", "template", "release", CHART, "--namespace", name, "--kube-version", kube, "-f", values],
                         check=True, capture_output=True, text=True).stdout
    level = {"pod-security.kubernetes.io/" + mode: "restricted" for mode in ("enforce", "warn")}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": level}}
    default = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    objects = [o for o in yaml.safe_load_all(out) if o]
    before = [namespace, default] + [o for o in objects if o["kind"] == "ServiceAccount"]
    before += [o for top in objects for pod in pods(top) for o in named(pod["spec"])]
    for o in before:
        problem = cluster.apply(o, name, dry=False)
        if problem:
            return 0, [f"{name}: {o['kind']}: {problem}"]
    sent = [o for top in objects for o in [top, *pods(top)]]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda o: cluster.apply(o, name), sent))
    return len(sent), [f"{name}: {o['kind']} {o['metadata']['name']}: {a}" for o, a in zip(sent, answers) if a]


def refuses(cluster):
    """The check must be able to fail: what breaks the rules is refused."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": {"containers": [{"name": "a", "image": "a", "securityContext": {"privileged": True}}]}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad"}, "spec": {"portz": [], "ports": [{"port": 1}]}}
    for o in (pod, service):
        if not cluster.apply(o, "minimal"):
            sys.exit(f"a wrong {o['kind']} was taken")


def main():
    if not shutil.which("etcd"):
        sys.exit("etcd is missing; on Debian: apt-get install etcd-server")
    subprocess.run([ROOT / "scripts" / "install-tools.sh"], check=True)
    subprocess.run([ROOT / "scripts" / "kube-apiserver.sh"], check=True)
    with tempfile.TemporaryDirectory() as home:
        cluster = Cluster(home)
        try:
            register(cluster)
            count, problems, sets = 0, [], sorted((CHART / "ci").glob("*-values.yaml"))
            for values in sets:
                n, found = check(cluster, values)
                count, problems = count + n, problems + found
            refuses(cluster)
        finally:
            cluster.stop()
    for p in problems:
        print(p, file=sys.stderr)
    print(f"kube-apiserver {pinned('KUBERNETES_VERSION')}: {count} objects of {len(sets)} value sets, {len(problems)} refused")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
