//! What goes into an image, laid out under `target/image` where the Dockerfile's `prebuilt` stages take it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context, Result, ensure};

use super::Service;
use crate::process::{calling_cargo, root, run, target};

/// The certificates that public servers are checked against.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Compiles the static binary and lays it out with the certificates and the volume's folder.
pub(super) fn lay_out(service: Service, quick: bool) -> Result<()> {
    run(&mut compilation(root(), service, quick))?;

    // The Dockerfile reads it inside the build context, which is the workspace's root.
    let folder = folder(service)?;
    if folder.exists() {
        fs::remove_dir_all(&folder).context("could not remove the last image's files")?;
    }
    copy(&compiled(&target()), &binary(service)?)?;
    copy(Path::new(CERTIFICATES), &folder.join("image").join(CERTIFICATES.trim_start_matches('/')))
        .context("Debian's package ca-certificates has them")?;
    // Apart from the rest, because it belongs to the image's user.
    fs::create_dir_all(folder.join("volume/data")).context("could not make the volume's folder")
}

/// The command that compiles a service's binary from a folder with the source.
pub(super) fn compilation(source: &Path, service: Service, quick: bool) -> Command {
    let mut build = calling_cargo(source.join("scripts/build.sh"));
    build.args(["--no-default-features", "--features", service.name()]);
    if quick {
        build.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    }
    build
}

/// Where that command leaves it, in the folder that cargo builds into.
pub(super) fn compiled(target: &Path) -> PathBuf {
    target.join(triple()).join("release/fruitpress")
}

/// What it is compiled for, which is this machine.
pub(super) fn triple() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

/// The binary as it is laid out for the image.
pub(super) fn binary(service: Service) -> Result<PathBuf> {
    Ok(folder(service)?.join("image/fruitpress"))
}

/// Gives the binary the time of now, as if it had just been built again.
pub(super) fn touch(service: Service) -> Result<()> {
    let file = File::options().append(true).open(binary(service)?);
    file.and_then(|file| file.set_modified(SystemTime::now())).context("could not touch the binary")
}

/// Writes the image's digest beside its files, for whoever joins it with that of another architecture.
pub(super) fn note_digest(service: Service, digest: &str) -> Result<()> {
    fs::write(folder(service)?.with_extension("digest"), format!("{digest}\n"))
        .context("could not note the digest")
}

/// The architecture, as container images call it.
pub(super) fn architecture() -> Result<&'static str> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        _ => "",
    };
    ensure!(!architecture.is_empty(), "images are built on x86_64 and aarch64 only");
    Ok(architecture)
}

fn folder(service: Service) -> Result<PathBuf> {
    Ok(root().join("target/image").join(architecture()?).join(service.name()))
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    let copied = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::copy(from, to));
    copied.with_context(|| format!("could not copy {} to {}", from.display(), to.display()))?;
    Ok(())
}
