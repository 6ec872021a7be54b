# SPDX-License-Identifier: Apache-2.0

# dbsync_exporter and dbsyncctl in an image that holds nothing else but the certificate
# authorities: no shell, no package manager, no root.
#
#   docker build -t dbsync_exporter .
#
# The build uses the toolchain that go.mod names, fetched if the builder's is older.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
ENV GOTOOLCHAIN=auto CGO_ENABLED=0
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
ARG VERSION=unknown REVISION=unknown
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -o /out/ \
    -ldflags "-s -w -X github.com/prometheus/common/version.Version=$VERSION -X github.com/prometheus/common/version.Revision=$REVISION" \
    ./cmd/dbsync_exporter ./cmd/dbsyncctl
RUN mkdir -p /out/state /out/rendered/prometheus /out/rendered/alertmanager

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/dbsync_exporter /out/dbsyncctl /
# Written to only for runs reported by programs: mount a volume to keep those, and the rest
# of the file system may be read-only.
COPY --from=build --chown=65532:65532 /out/state /var/lib/dbsync
# Where `dbsyncctl render` writes to in Docker Compose, as what Prometheus and Alertmanager run as.
COPY --from=build --chown=65534:65534 /out/rendered /rendered
USER 65532:65532
EXPOSE 19104
HEALTHCHECK --interval=10s --timeout=5s --retries=3 CMD ["/dbsync_exporter", "--healthcheck"]
ENTRYPOINT ["/dbsync_exporter"]
