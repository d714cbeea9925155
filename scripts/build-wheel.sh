#!/usr/bin/env bash
# Builds dist/sqlalchemy_pingone-….whl for this system, which carries the program at
# bin/gateway, and tries it in an environment of its own: scripts/build-wheel.sh [folder]
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p "${1:-dist}"
out=$(cd "${1:-dist}" && pwd) work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r clients/python "$work/package"
carried=$work/package/src/sqlalchemy_pingone/bin
mkdir -p "$carried"
cp bin/gateway "$carried"
if [[ $(uname) == Linux ]] && command -v strip >/dev/null; then strip "$carried/gateway"; fi

python3 -m venv "$work/tools"
"$work/tools/bin/pip" install --quiet --disable-pip-version-check wheel==0.45.1
"$work/tools/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$work/plain" "$work/package"
# The program needs no more than the C and C++ libraries: the C library is the platform.
platform=$("$work/tools/bin/python" -c '
import os, sysconfig
system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
kind, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ") if hasattr(os, "confstr") else ("", "", "")
print(system.replace("linux", "manylinux_" + version.replace(".", "_"), 1) if kind == "glibc" else system)')
rm -f "$out"/sqlalchemy_pingone-*.whl
"$work/tools/bin/wheel" tags --remove --platform-tag "$platform" "$work"/plain/*.whl >/dev/null
mv "$work"/plain/*.whl "$out"

python3 -m venv "$work/tried"
"$work/tried/bin/pip" install --quiet --disable-pip-version-check "$out"/sqlalchemy_pingone-*.whl
(cd "$work" && env PATH=/usr/bin:/bin tried/bin/pingone-gateway version)
du -h "$out"/sqlalchemy_pingone-*.whl
