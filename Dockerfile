# syntax=docker/dockerfile:1
# scripts/check-image.sh runs the build and what it gives without an engine.
# Builds for the platform that is asked for: the engine is C++ and is linked
# natively, so use `docker buildx build --platform linux/amd64,linux/arm64`.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY . .
ARG VERSION=dev
ENV GOFLAGS=-buildvcs=false CGO_ENABLED=1
# The linker's flags leave out what the engine's archives hold and nobody calls.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -tags duckdb_arrow -trimpath -ldflags "-s -w -X main.version=${VERSION} -extldflags '-Wl,--gc-sections -Wl,--exclude-libs,ALL'" -o /out/gateway ./cmd/gateway \
 && mkdir -p /out/state /out/tmp

# glibc, libstdc++, CA certificates and time zones; no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=dev
LABEL org.opencontainers.image.title="PingOne Gateway" \
      org.opencontainers.image.description="PingOne directories as OData feeds and as SQL" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /out/gateway /usr/local/bin/gateway
# What may be written, each to be a volume where the root is read-only: keys
# and tokens, and the engine's temporary files.
COPY --from=build --chown=65532:65532 /out/state /var/lib/gateway
COPY --from=build --chown=65532:65532 /out/tmp /tmp/gateway
ENV TMPDIR=/tmp/gateway
USER 65532:65532
EXPOSE 8080 5433 9090
ENTRYPOINT ["/usr/local/bin/gateway"]
CMD ["serve"]
