//! `cargo xtask lint`: formatting, clippy on each set of features that is published, and the docs' links.

use anyhow::Result;

use crate::process::{self, cargo, target};

/// Runs every lint; the first that finds something ends it.
pub(crate) fn run() -> Result<()> {
    process::run(cargo().args(["fmt", "--all", "--check"]))?;
    process::run(cargo().args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))?;
    clippy(&["--workspace", "--all-targets"])?;
    // Code that only compiles with its neighbour's feature on would break the image built without it.
    for service in ["fruits", "press"] {
        clippy(&["--package", "fruitpress", "--no-default-features", "--features", service])?;
    }
    // A workspace of its own, which no other command looks at.
    let fuzz = target().join("fuzz/lint");
    process::run(
        cargo()
            .args([
                "clippy",
                "--locked",
                "--manifest-path",
                "fuzz/Cargo.toml",
                "--no-default-features",
                "--target-dir",
            ])
            .arg(fuzz)
            .args(["--", "-D", "warnings"]),
    )?;
    process::run(
        cargo()
            .args(["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn clippy(selection: &[&str]) -> Result<()> {
    process::run(cargo().args(["clippy", "--locked"]).args(selection).args(["--", "-D", "warnings"]))
}
