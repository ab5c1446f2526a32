//! `cargo xtask image`: both container images, built, measured, tried and only then pushed.

mod again;
mod build;
mod buildah;
mod parts;
mod plain;
mod sealed;
mod smoke;

use anyhow::{Context, Result, ensure};

use self::{
    again::Again,
    buildah::{Buildah, Image, Recipe},
};
use crate::{
    packages,
    process::{command, is_installed, read},
};

/// Which images, and what to do with them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image to build; both when not given.
    #[arg(long)]
    service: Option<Service>,
    /// Build without link-time optimisation: minutes faster, larger; for trying, never for publishing.
    #[arg(long, conflicts_with = "push")]
    quick: bool,
    /// Compile the binary twice as well, the second time from a clone, in other folders and with nothing that was
    /// downloaded before: both have to be the same, byte for byte.
    #[arg(long)]
    twice_from_source: bool,
    /// The version that the image's label tells.
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    version: String,
    /// The repository of GitHub that the image is made from, which its label tells: registries show the image there.
    #[arg(long, env = "GITHUB_REPOSITORY", value_name = "OWNER/NAME")]
    github_repository: Option<String>,
    /// The address of that repository where it is elsewhere.
    #[arg(long, env = "CI_PROJECT_URL", default_value = env!("CARGO_PKG_REPOSITORY"), value_name = "URL")]
    source: String,
    /// Where to push the image once it has been tried, like ghcr.io/owner/name/press:1.2.3; may be repeated.
    /// Log in with `buildah login` first.
    #[arg(long, value_name = "REFERENCE", requires = "service")]
    push: Vec<String>,
}

impl Args {
    /// The address of the repository; a variable that is set and empty says nothing.
    fn source(&self) -> String {
        match self.github_repository.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => format!("https://github.com/{name}"),
            None => self.source.clone(),
        }
    }
}

/// A service that has an image of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Service {
    /// The catalogue.
    Fruits,
    /// The converter.
    Press,
}

impl Service {
    /// The name of the feature, of the Dockerfile's target and of the image.
    fn name(self) -> &'static str {
        match self {
            Self::Fruits => "fruits",
            Self::Press => "press",
        }
    }
}

/// An image that is slow to pull is slow to start; both stay well under this, compressed.
const COMPRESSED_BYTES_MAX: u64 = 20 * 1000 * 1000;

/// Builds, measures and tries each image, and pushes it where it was told to.
pub(crate) fn run(args: &Args) -> Result<()> {
    let missing: Vec<_> = ["buildah", "curl"].into_iter().filter(|program| !is_installed(program)).collect();
    if !missing.is_empty() {
        println!("missing: {}, which container images are built and tried with", missing.join(", "));
        packages::install(&missing)?;
    }
    ensure!(
        packages::is_root(),
        "the images are tried as the user they name, with a volume that belongs to that user: run this as root"
    );
    let services = args.service.map_or(vec![Service::Fruits, Service::Press], |service| vec![service]);
    let again = args.twice_from_source.then(Again::prepare).transpose()?;
    for service in services {
        let name = service.name();
        run_one(args, service, again.as_ref()).with_context(|| format!("the image of {name}"))?;
    }
    Ok(())
}

fn run_one(args: &Args, service: Service, again: Option<&Again>) -> Result<()> {
    build::lay_out(service, args.quick)?;
    let commit = Commit::read();
    let buildah = Buildah::new()?;
    let source = args.source();
    let recipe = Recipe {
        service,
        version: &args.version,
        revision: &commit.id,
        source: &source,
        timestamp: commit.seconds,
    };
    let image = build_twice(&buildah, &recipe, || match again {
        Some(again) => again.compile(service, args.quick),
        // Files that were written at another time are the same files.
        None => build::touch(service),
    })?;
    let (name, bytes) = (&image.name, image.compressed_bytes);
    println!("{name}: built twice, {} each time", image.digest);
    println!("{name}: {bytes} bytes compressed, of at most {COMPRESSED_BYTES_MAX}");
    // Without link-time optimisation the size says nothing about what is published.
    ensure!(args.quick || bytes <= COMPRESSED_BYTES_MAX, "the image is too large");

    let (list, parts) = parts::write(service, &args.version)?;
    println!("{name}: made of {parts} crates, listed in {}", list.display());

    smoke::run(&buildah, name, &recipe)?;
    println!("{name}: tried, as its own user, on one volume, read-only and not");
    for reference in &args.push {
        buildah.push(&image, reference)?;
    }
    build::note_digest(service, &image.digest)
}

/// The same image from nothing each time, whenever it is built; and another one where anything is different.
fn build_twice(buildah: &Buildah, recipe: &Recipe, between: impl FnOnce() -> Result<()>) -> Result<Image> {
    let other = buildah.build(&Recipe { timestamp: recipe.timestamp + 1, ..*recipe })?;
    let first = buildah.build(recipe)?;
    between()?;
    let second = buildah.build(recipe)?;
    ensure!(first.digest == second.digest, "built twice, it is {} and {}", first.digest, second.digest);
    ensure!(first.digest != other.digest, "the digest does not tell two images apart: {}", other.digest);
    Ok(second)
}

/// What the image was made from. A copy of the source without its history is as good: it tells less.
struct Commit {
    id: String,
    /// Since 1970.
    seconds: u64,
}

impl Commit {
    fn read() -> Self {
        let ask = |format: &str| {
            read(command("git").args(["log", "-1", &format!("--format={format}")]))
                .map(|answer| answer.trim().to_owned())
        };
        Self {
            id: ask("%H").unwrap_or_else(|_| "unknown".to_owned()),
            // The same source gives the same image, whenever it is built.
            seconds: ask("%ct").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(0),
        }
    }
}
