#!/bin/sh
# Builds the static command as it is published: scripts/build.sh [OPTION]...
#
# The options are those of `cargo build`, like `--no-default-features --features press`. It lies in
# TARGET/ARCH-unknown-linux-gnu/release/fruitpress.
#
# The same source, compiler and C library make the same file, byte for byte, wherever its folders lie and whenever it is
# made: what would say where and when is given a name that never changes.
set -eu

cd "$(dirname "$0")/.."
source=$(pwd -P)
cargo_home=${CARGO_HOME:-${HOME:?}/.cargo}
cargo_home=${cargo_home%/}
target=$(cargo metadata --format-version 1 --no-deps --offline | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
standard_library=$(rustc --print sysroot)/lib/rustlib/src/rust
: "${target:?cargo does not say where it builds}"
case "${source}${cargo_home}${target}${standard_library}" in
  *[[:space:]]*)
    echo "$0: compilers take no path with a space in it: build in another folder" >&2
    exit 1
    ;;
esac

# Of two that fit, the last one counts: the target's folder mostly lies inside the source's.
rust='' c=''
for pair in "${source}=/source" "${target}=/target" "${cargo_home}=/cargo" "${standard_library}=/rust"; do
  rust="${rust} --remap-path-prefix=${pair}"
  c="${c} -ffile-prefix-map=${pair}"
done
# The target is named so that no flag reaches the procedural macros, which cannot be static.
export RUSTFLAGS="-C target-feature=+crt-static${rust}"
export CFLAGS="${CFLAGS:-}${c}" CXXFLAGS="${CXXFLAGS:-}${c}"
# What a C compiler takes for today.
export SOURCE_DATE_EPOCH=0
exec cargo build --release --locked --package fruitpress --target "$(uname -m)-unknown-linux-gnu" "$@"
