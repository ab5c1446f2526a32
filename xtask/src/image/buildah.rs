//! buildah, with a storage of its own under `target/image`: images built, looked at, started and pushed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::{Service, build::architecture, plain};
use crate::process::{command, read, root, run};

/// What an image is built with.
pub(super) struct Recipe<'a> {
    pub(super) service: Service,
    pub(super) version: &'a str,
    pub(super) revision: &'a str,
    /// The address of the repository that it is made from.
    pub(super) source: &'a str,
    /// In seconds since 1970: of each file in the image, and of the image.
    pub(super) timestamp: u64,
}

/// An image that was built.
#[derive(Debug)]
pub(super) struct Image {
    /// What buildah calls it.
    pub(super) name: String,
    /// What a registry calls it, of this one architecture.
    pub(super) digest: String,
    /// How many bytes of layers a registry sends.
    pub(super) compressed_bytes: u64,
}

/// buildah and its storage.
pub(super) struct Buildah {
    storage: PathBuf,
}

impl Buildah {
    /// An empty storage: what an earlier run left is not in the way.
    pub(super) fn new() -> Result<Self> {
        let storage = root().join("target/image/storage");
        if storage.exists() {
            fs::remove_dir_all(&storage).context("could not remove the last run's storage")?;
        }
        fs::create_dir_all(&storage).context("could not make the storage")?;
        Ok(Self { storage })
    }

    /// Builds the image of a prebuilt binary.
    pub(super) fn build(&self, recipe: &Recipe) -> Result<Image> {
        let service = recipe.service.name();
        let name = format!("localhost/fruitpress/{service}:{}", recipe.version);
        run(self
            .command("build")
            // The plain image format has no place for a health check.
            .args(["--format", "docker", "--isolation", "chroot", "--no-cache", "--identity-label=false"])
            .args(["--timestamp", &recipe.timestamp.to_string(), "--target", service, "--tag", &name])
            .args(["--build-arg", "BIN_SOURCE=prebuilt"])
            .args(["--build-arg", &format!("TARGETARCH={}", architecture()?)])
            .args(["--build-arg", &format!("VERSION={}", recipe.version)])
            .args(["--build-arg", &format!("REVISION={}", recipe.revision)])
            .args(["--build-arg", &format!("SOURCE={}", recipe.source)])
            .args(["--file", "Dockerfile", "."]))?;

        let built = self.lay_out(&name)?;
        plain::make(built.path())?;
        let id = read(self.command("pull").arg("--quiet").arg(format!("dir:{}", built.path().display())))?;
        read(self.command("tag").args([id.trim(), &name]))?;

        // What is measured is what a registry would be sent of it, and not what it was made of.
        let sent = self.lay_out(&name)?;
        let manifest = sent.path().join("manifest.json");
        let digest = format!("sha256:{}", plain::sha256(&manifest)?);
        let manifest: Value =
            serde_json::from_slice(&fs::read(manifest)?).context("the manifest is no JSON")?;
        let layers = manifest["layers"].as_array().context("the image has no layers")?;
        let sizes = layers.iter().map(|layer| layer["size"].as_u64().context("a layer has no size"));
        Ok(Image { name, digest, compressed_bytes: sizes.sum::<Result<_>>()? })
    }

    /// An image as a registry is sent it, in a folder that goes when it is dropped.
    fn lay_out(&self, image: &str) -> Result<TempDir> {
        let folder = tempfile::tempdir_in(&self.storage).context("no folder for the image")?;
        let path = format!("dir:{}", folder.path().display());
        run(self.command("push").args(["--quiet", "--format", "v2s2", image, &path]))?;
        Ok(folder)
    }

    /// What the image says about running it.
    pub(super) fn config(&self, image: &str) -> Result<Value> {
        let described = read(self.command("inspect").args(["--type", "image", image]))?;
        let described: Value = serde_json::from_str(&described).context("buildah inspect printed no JSON")?;
        Ok(described["Docker"]["config"].clone())
    }

    /// A container of the image, not yet running, whose volume is left to the one who starts it.
    pub(super) fn container(&self, image: &str) -> Result<Container<'_>> {
        let name = read(self.command("from").args(["--pull-never", image]))?.trim().to_owned();
        // Otherwise buildah lays a volume of its own over the one that is mounted there.
        read(self.command("config").args(["--volume", "/data-", &name]))?;
        Ok(Container { buildah: self, name })
    }

    /// Sends the image to a registry, and fails unless it has the image's digest there.
    pub(super) fn push(&self, image: &Image, reference: &str) -> Result<()> {
        let said = self.storage.join("digest");
        let mut push = self.command("push");
        push.args(["--format", "v2s2", "--digestfile"]).arg(&said);
        run(push.arg(&image.name).arg(format!("docker://{reference}")))?;
        let digest = fs::read_to_string(&said).context("buildah did not say what it pushed")?;
        ensure!(digest.trim() == image.digest, "{reference} is {digest}, and {} was tried", image.digest);
        Ok(())
    }

    fn command(&self, subcommand: &str) -> Command {
        let mut buildah = command("buildah");
        // Works where a file system cannot be laid over another, as inside a container.
        buildah.args(["--storage-driver", "vfs"]);
        buildah.arg("--root").arg(self.storage.join("root"));
        buildah.arg("--runroot").arg(self.storage.join("run"));
        buildah.arg(subcommand);
        buildah
    }
}

/// A container; removed when dropped.
pub(super) struct Container<'a> {
    buildah: &'a Buildah,
    name: String,
}

impl Container<'_> {
    /// Where its root file system can be looked at.
    pub(super) fn root(&self) -> Result<PathBuf> {
        Ok(PathBuf::from(read(self.buildah.command("mount").arg(&self.name))?.trim()))
    }

    /// A command inside it, as the image's user, with a folder as its volume and these settings.
    pub(super) fn command(&self, volume: &Path, settings: &[(&str, String)], words: &[&str]) -> Command {
        let mut run = self.buildah.command("run");
        run.args(["--isolation", "chroot", "--network", "host"]);
        run.arg("--volume").arg(format!("{}:/data", volume.display()));
        for (name, value) in settings {
            run.arg("--env").arg(format!("{name}={value}"));
        }
        run.arg(&self.name).arg("--").args(words);
        run
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        // The storage is made anew each time: what stays behind is only space.
        let _ = read(self.buildah.command("rm").arg(&self.name));
    }
}

/// A program that is running; killed when dropped.
pub(super) struct Running(Child);

impl Running {
    /// Starts a program.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.stdout(Stdio::null()).spawn().context("could not start the container")?))
    }

    /// Whether it has not ended.
    pub(super) fn is_running(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_none())
    }

    /// The number of the program itself, at the end of what started it.
    pub(super) fn id(&self) -> Result<u32> {
        youngest_descendant(self.0.id())
    }

    /// Asks it to end, as a container's host does, and waits for that.
    pub(super) fn stop(mut self) -> Result<ExitStatus> {
        // To the program itself: buildah passes no signal on, and takes its programs with it when it ends.
        let id = self.id()?;
        // The shell's own: a small Debian has no program of this name.
        run(command("sh").args(["-c", &format!("kill -TERM {id}")]))?;
        let deadline = Instant::now() + Duration::from_secs(15);
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("still running 15 seconds after SIGTERM")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The process at the end of the chain that this one started, of which each has one child.
fn youngest_descendant(process: u32) -> Result<u32> {
    for entry in fs::read_dir("/proc").context("there is no /proc")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended since it was listed.
        let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else { continue };
        // `1 (name) S 0 …`: the name may hold anything, the state and the parent follow its last bracket.
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1));
        if parent.and_then(|parent| parent.parse().ok()) == Some(process) {
            return youngest_descendant(id);
        }
    }
    Ok(process)
}

/// Fails unless a value of the image's description is the expected one.
pub(super) fn expect(config: &Value, name: &str, expected: &Value) -> Result<()> {
    let found = &config[name];
    ensure!(found == expected, "the image's {name} is {found} instead of {expected}");
    Ok(())
}
