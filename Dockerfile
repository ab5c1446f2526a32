# Two images of one source: `docker build --target fruits .` and `docker build --target press .`
#
# BIN_SOURCE=build compiles here; BIN_SOURCE=prebuilt takes what `cargo xtask image` has laid out under
# target/image, so that the image holds the very binary that was tested, and needs no base image at all.
ARG BIN_SOURCE=build

# The tag tells the reader, the digest binds: the same compiler and C library each time.
FROM docker.io/library/rust:1.95.0-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082 AS source
WORKDIR /source
COPY . .

FROM source AS build-fruits
RUN scripts/build.sh --no-default-features --features fruits \
 && install -D --mode=755 "target/$(uname -m)-unknown-linux-gnu/release/fruitpress" /image/fruitpress \
 && install -D --mode=644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
 && mkdir -p /volume/data

FROM source AS build-press
RUN scripts/build.sh --no-default-features --features press \
 && install -D --mode=755 "target/$(uname -m)-unknown-linux-gnu/release/fruitpress" /image/fruitpress \
 && install -D --mode=644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
 && mkdir -p /volume/data

FROM scratch AS prebuilt-fruits
ARG TARGETARCH
COPY target/image/${TARGETARCH}/fruits /

FROM scratch AS prebuilt-press
ARG TARGETARCH
COPY target/image/${TARGETARCH}/press /

FROM ${BIN_SOURCE}-fruits AS files-fruits
FROM ${BIN_SOURCE}-press AS files-press

# What both images share: a static binary as a user that owns nothing but its volume.
FROM scratch AS service
ARG VERSION=0.0.0
ARG REVISION=unknown
# Registries show an image beside the repository that this names, and give that one's people rights on it.
ARG SOURCE=https://github.com/fruitpress/fruitpress
LABEL org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV HOST=0.0.0.0 \
    DATA_DIR=/data
EXPOSE 8080 9464
ENTRYPOINT ["/fruitpress"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/fruitpress", "healthcheck"]

FROM service AS fruits
LABEL org.opencontainers.image.title="fruits" \
      org.opencontainers.image.description="A catalogue of fruits"
COPY --from=files-fruits /image /
COPY --from=files-fruits --chown=65532:65532 /volume /
COPY LICENSE THIRD-PARTY.md /licenses/
COPY crates/chassis/assets/redoc/LICENSE crates/chassis/assets/redoc/redoc.standalone.js.LICENSE.txt /licenses/redoc/
USER 65532:65532
VOLUME /data
CMD ["serve", "fruits"]

FROM service AS press
LABEL org.opencontainers.image.title="press" \
      org.opencontainers.image.description="Images to PDF without losing a pixel"
COPY --from=files-press /image /
COPY --from=files-press --chown=65532:65532 /volume /
COPY LICENSE THIRD-PARTY.md /licenses/
COPY crates/chassis/assets/redoc/LICENSE crates/chassis/assets/redoc/redoc.standalone.js.LICENSE.txt /licenses/redoc/
# PDFs belong into a bucket: without one the container refuses to start, naming what is missing.
# `--env REQUIRE_SETTINGS=` keeps them under /data instead, for those who mount a volume there.
ENV REQUIRE_SETTINGS=PROJECT_ID,PDF_BUCKET,SENTRY_DSN
USER 65532:65532
VOLUME /data
CMD ["serve", "press"]
