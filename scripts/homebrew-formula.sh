#!/usr/bin/env bash
# Writes the Homebrew formula of a release to standard output:
#     scripts/homebrew-formula.sh 1.2.3 checksums.txt > pingone-gateway.rb
# The checksums are those of the archives, as sha256sum writes them.
set -euo pipefail
version=${1:?version, such as 1.2.3} checksums=${2:?file of checksums}
releases=https://github.com/pingone-gateway/gateway/releases/download/v$version

archive() { # system and processor
	local name=pingone-gateway_${version}_$1.tar.gz sum
	sum=$(awk -v name="$name" '$2 == name || $2 == "*" name {print $1}' "$checksums")
	[[ $sum =~ ^[0-9a-f]{64}$ ]] || { echo "no checksum of $name in $checksums" >&2; exit 1; }
	printf '      url "%s/%s"\n      sha256 "%s"' "$releases" "$name" "$sum"
}
mac=$(archive darwin_arm64)
amd64=$(archive linux_amd64)
arm64=$(archive linux_arm64)

cat <<FORMULA
class PingoneGateway < Formula
  desc "PingOne as OData feeds and SQL"
  homepage "https://github.com/pingone-gateway/gateway"
  version "$version"
  license "Apache-2.0"

  on_macos do
    on_arm do
$mac
    end
  end
  on_linux do
    on_intel do
$amd64
    end
    on_arm do
$arm64
    end
  end

  def install
    bin.install "gateway"
    doc.install "README.md", "CHANGELOG.md", "docs/gateway.example.yaml"
    pkgshare.install "docs/gateway.schema.json"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/gateway version")
  end
end
FORMULA
