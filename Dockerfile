# The program alone: it needs no library, no shell, no user.
#   docker build -t electrolint .
#   docker run --rm -v "$PWD:/src:ro" electrolint
FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY . .
# Statically linked; the target is named so that macros, which run here, are not.
RUN target="$(rustc -vV | sed -n 's/^host: //p')" \
    && RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked -p electrolint --target "$target" \
    && cp "target/$target/release/electrolint" /electrolint

FROM scratch
COPY --from=build /electrolint /electrolint
WORKDIR /src
USER 65534:65534
ENTRYPOINT ["/electrolint"]
