# For releases: takes the binary that goreleaser has built for the platform.
FROM busybox:stable AS state
RUN mkdir -p /state /scratch

FROM gcr.io/distroless/cc-debian12:nonroot
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/gateway /usr/local/bin/gateway
COPY --from=state --chown=65532:65532 /state /var/lib/gateway
COPY --from=state --chown=65532:65532 /scratch /tmp/gateway
ENV TMPDIR=/tmp/gateway
USER 65532:65532
EXPOSE 8080 5433 9090
ENTRYPOINT ["/usr/local/bin/gateway"]
CMD ["serve"]
