//! An image run as strictly as a host can: nothing but its files, mounted read-only, its own user, and its volume.
//!
//! buildah's own way to run leaves the root file system writable, so this takes the kernel's parts of a container by hand.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::buildah::Container;
use crate::process::command;

/// In a mount namespace of its own: the root bound to itself, the devices and `/proc` that every host gives, the volume; then
/// the root becomes read-only, and the user runs the program. `$1` is the root, `$2` the volume, `$3` the user; the rest is the
/// command.
const SEAL: &str = r#"
set -eu
root=$1 volume=$2 user=$3
shift 3
mkdir -p "${root}/dev" "${root}/proc"
mount --bind "${root}" "${root}"
mount -t tmpfs -o mode=755 dev "${root}/dev"
for device in null zero full random urandom; do
  : > "${root}/dev/${device}"
  mount --bind "/dev/${device}" "${root}/dev/${device}"
done
mount -o remount,ro "${root}/dev"
mount --rbind /proc "${root}/proc"
mount --bind "${volume}" "${root}/data"
mount -o remount,bind,ro "${root}"
exec chroot --userspec="${user}" --groups= "${root}" "$@"
"#;

/// The image's own command, with the image's variables and these.
pub(super) fn command_of(
    container: &Container,
    config: &Value,
    volume: &Path,
    settings: &[(&str, String)],
) -> Result<Command> {
    let words = |name: &str| -> Result<Vec<String>> {
        serde_json::from_value(config[name].clone()).with_context(|| format!("the image's {name} is no list"))
    };
    let mut sealed = command("unshare");
    sealed.args(["--mount", "--propagation", "private", "sh", "-c", SEAL, "sh"]);
    sealed
        .arg(container.root()?)
        .arg(volume)
        .arg(config["User"].as_str().context("the image names no user")?);
    sealed.args(words("Entrypoint")?).args(words("Cmd")?);
    sealed.env_clear();
    for variable in words("Env")? {
        let (name, value) = variable.split_once('=').context("a variable of the image has no value")?;
        sealed.env(name, value);
    }
    sealed.envs(settings.iter().map(|(name, value)| (name, value)));
    Ok(sealed)
}

/// Fails unless the process has a root that is mounted read-only, the user, and no capability.
pub(super) fn check(process: u32, user: u32) -> Result<()> {
    let mounts = fs::read_to_string(format!("/proc/{process}/mountinfo")).context("it has ended")?;
    // The mount's number, its parent's, the device, the root of it, then where it is and how.
    let root = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).rfind(|mount| mount[4] == "/");
    let options = root.context("it has no root")?[5];
    ensure!(options.split(',').any(|option| option == "ro"), "its root is mounted {options}");

    let status = fs::read_to_string(format!("/proc/{process}/status")).context("it has ended")?;
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    ensure!(value("Uid:") == [user.to_string().as_str(); 4].join(" "), "its users are {}", value("Uid:"));
    ensure!(value("Groups:").is_empty(), "its groups are {}", value("Groups:"));
    ensure!(value("CapEff:").trim_matches('0').is_empty(), "its capabilities are {}", value("CapEff:"));
    Ok(())
}
