#!/usr/bin/env bash
# Checks the container image without a container engine: builds the binary by
# the Dockerfile's own command, lays out the files of its base image from this
# system's, and runs the gateway there as the image's user, without
# capabilities, on a root file system that is read-only except for the folders
# that the image declares. GATEWAY_BINARY names a binary that was built so
# already. It needs root, for the mounts; elsewhere, a user namespace gives it.
set -euo pipefail
cd "$(dirname "$0")/.."
# Some 20 MB of it are the Parquet writer and the kernels of Arrow that it brings, 5 MB
# the documents on board, the editor of the console and the protocol of agents.
limit_mb=145

if [[ ${1:-} != inside ]]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	if [[ -n ${GATEWAY_BINARY:-} ]]; then
		cp "$GATEWAY_BINARY" "$work/gateway"
	else
		# The line of the Dockerfile, with its output put elsewhere, over what
		# .dockerignore leaves of the files.
		mkdir "$work/context"
		mapfile -t ignored < <(sed 's/#.*//; /^$/d; s#^\*\*/#*/#; s/^/--exclude=/' .dockerignore)
		git ls-files -z | grep -zvxFf <(git ls-files --deleted; echo .) |
			tar -c --anchored --wildcards-match-slash "${ignored[@]}" --null -T - | tar -x -C "$work/context"
		build=$(sed -n 's/^ *\(go build .*\) \\$/\1/p' Dockerfile)
		[[ $build == "go build -tags duckdb_arrow "* ]]
		(cd "$work/context" && VERSION=check CGO_ENABLED=1 GOFLAGS=-buildvcs=false bash -c "${build//\/out\/gateway/$work/gateway}")
	fi
	grep -q '^FROM gcr.io/distroless/cc-debian12:nonroot$' Dockerfile deploy/release.Dockerfile
	missing=$(ldd "$work/gateway" | grep -vE 'linux-vdso|ld-linux|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so' || true)
	[[ -z $missing ]] || { echo "the base image does not have: $missing" >&2; exit 1; }
	# The packages of cc-debian12, as installed.
	base_kb=0
	for package in base-files ca-certificates libc6 libssl3 libgcc-s1 libgomp1 libstdc++6 media-types netbase tzdata; do
		kb=$(dpkg-query -W -f '${Installed-Size}' "$package" 2>/dev/null || echo 0)
		base_kb=$((base_kb + kb))
	done
	((base_kb > 24000)) || base_kb=26000 # on systems with other packages: as measured on Debian 12
	size_mb=$((($(stat -c %s "$work/gateway") + base_kb * 1024 + 999999) / 1000000))
	echo "image: $size_mb MB, of them $((base_kb * 1024 / 1000000)) MB the base"
	((size_mb < limit_mb)) || { echo "the image has more than $limit_mb MB" >&2; exit 1; }
	namespaces=(--mount --fork --kill-child)
	((EUID == 0)) || namespaces+=(--map-root-user --user)
	if ! unshare "${namespaces[@]}" true 2>/dev/null; then
		echo "SKIPPED: the image was not tried, this system gives no mount namespaces" >&2
		[[ ${CI:-} != true ]] || exit 1
		exit 0
	fi
	unshare "${namespaces[@]}" "$0" inside "$work"
	exit
fi

# In the namespace. What is mounted here, nobody else sees.
work=$2 root="$2/root"
mkdir -p "$root"
mount -t tmpfs -o size=256m tmpfs "$root"
mkdir -p "$root"/{usr/local/bin,lib/x86_64-linux-gnu,lib64,etc/ssl/certs,proc,dev,tmp/gateway,var/lib/gateway,home/nonroot}
cp "$work/gateway" "$root/usr/local/bin/gateway"
ldd "$work/gateway" | grep -o '/[^ ]*' | while read -r library; do
	install -D "$library" "$root$library"
done
install -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
printf 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$root/etc/passwd"
printf 'nonroot:x:65532:\n' >"$root/etc/group"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
for device in null urandom; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mount --rbind /proc "$root/proc"
mount -o remount,ro,bind "$root" 2>/dev/null || mount -o remount,ro "$root"
# As the image's user; in a user namespace there is only one.
become=(setpriv --no-new-privs "$(command -v chroot)") own=mode=0700
if (($(awk 'NR == 1 {print $3}' /proc/self/uid_map) > 65532)); then
	become+=(--userspec=65532:65532 --groups=) own+=,uid=65532,gid=65532
fi
mount -t tmpfs -o "$own,size=64m" tmpfs "$root/tmp/gateway"
mount -t tmpfs -o "$own,size=1m" tmpfs "$root/var/lib/gateway"
run() { env -i "${vars[@]}" "${become[@]}" "$root" /usr/local/bin/gateway "$@"; }
# For the background: the gateway takes the subshell's place, so that $! is it
# and signals reach it.
launch() { exec env -i "${vars[@]}" "${become[@]}" "$root" /usr/local/bin/gateway "$@"; }
vars=("$(sed -n "s/^ENV \(TMPDIR=.*\)/\1/p" Dockerfile)")

said() { # file pattern: waits until a program has said it, and prints the match
	local i
	for ((i = 0; i < 150; i++)); do
		grep -oE -m1 "$2" "$1" && return
		sleep 0.1
	done
	echo "not said: $2" >&2
	tail -n 20 "$work"/*.log "$1" >&2
	return 1
}

run version
launch demo --users 500 --postgres off --listen 127.0.0.1:0 --admin 127.0.0.1:0 --simulator 127.0.0.1:0 >"$work/demo" 2>"$work/demo.log" &
demo=$!
address=$(said "$work/demo" 'http://127\.0\.0\.1:[0-9]+/sql')
simulated=$(said "$work/demo" 'http://127\.0\.0\.1:[0-9]+/v1/environments/[0-9a-f-]+')
rows=$(curl -fsS "$address" -d '{"query":"SELECT p.Name, count(*) AS n FROM Users u JOIN Populations p ON p.Id = u.PopulationId GROUP BY 1 ORDER BY 2"}')
[[ $rows == *'"rows"'* ]] || { echo "demo: $rows" >&2; exit 1; }
echo "demo: answers"

# serve, as in docker-compose.yml: keys in the folder for state.
environment=${simulated##*/} host=${simulated%/v1/*}
worker=$(sed -n 's/^ *\(OAuthClientId=.*\);$/\1/p' docker-compose.yml) secret=$(sed -n 's/^ *\(OAuthClientSecret=.*\)$/\1/p' docker-compose.yml)
vars+=(
	GATEWAY_AUTH_MODE=keys GATEWAY_AUTH_KEYS_FILE=/var/lib/gateway/keys.json
	GATEWAY_LISTEN_ADDRESS=127.0.0.1:0 GATEWAY_ADMIN_ADDRESS=127.0.0.1:0 GATEWAY_LISTEN_DRAIN_DELAY=0s
	GATEWAY_TOKENS_STORE=file:///var/lib/gateway/tokens "GATEWAY_TOKENS_ENCRYPTION_KEYS=$(run keys seal 2>/dev/null)"
	"GATEWAY_CONNECTION=AuthScheme=OAuthClient;ApiUrl=$host/v1;AuthorizationServerURL=$host/$environment/as;WorkerAppEnvironmentId=$environment;$worker;$secret"
)
key=$(run keys create check --file /var/lib/gateway/keys.json 2>/dev/null)
launch serve >"$work/serve.log" 2>&1 &
serve=$!
public=$(said "$work/serve.log" 'public 127\.0\.0\.1:[1-9][0-9]*')
said "$work/serve.log" '"msg":"ready"' >/dev/null
feed=$(curl -fsS -u "check:$key" "http://${public#public }/odata/pingone/Administrators/Users?\$top=2")
[[ $feed == *'"value":['* ]] || { echo "serve: $feed" >&2; exit 1; }
written=$(find "$root" -xdev -newer "$work/demo" -type f | head)
[[ -z $written ]] || { echo "written outside of the volumes: $written" >&2; exit 1; }
touch "$root/usr/written" 2>/dev/null && { echo "the root is not read-only" >&2; exit 1; }
owner=$(stat -c %u "$root/var/lib/gateway/keys.json")
echo "serve: answers, as user $owner, state in $(cd "$root/var/lib/gateway" && echo *)"
kill -TERM "$serve" "$demo"
wait "$demo" || true
wait "$serve"
