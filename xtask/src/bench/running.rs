//! Programs that run while something is measured, and end with it.

use std::{
    ffi::OsStr,
    fs,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crate::process::{command, succeeds};

/// How a program is told to end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signal {
    /// For programs that own no other ones.
    Kill,
    /// For those that end others first.
    Terminate,
    /// What PostgreSQL takes for: at once, keep nothing.
    Quit,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Terminate => "TERM",
            Self::Quit => "QUIT",
        }
    }
}

/// A program that is running; ended when dropped.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    end: Signal,
}

impl Running {
    /// Starts what [`tied`] made, or another command.
    pub(super) fn start(command: &mut Command, end: Signal) -> Result<Self> {
        let program = command.get_program().display().to_string();
        let child = command.spawn().with_context(|| format!("could not start {program}"))?;
        Ok(Self { child, end })
    }

    /// One of the sizes that the kernel keeps of it, as `VmRSS`, in MiB.
    pub(super) fn mebibytes(&self, name: &str) -> Result<f64> {
        mebibytes(self.child.id(), name)
    }

    /// The process, for its pipes.
    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Whether it has not ended by itself.
    pub(super) fn is_running(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_none())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The shell's own: a small Debian has no program of this name.
        let signal = format!("kill -{} {}", self.end.name(), self.child.id());
        if self.is_running() && succeeds(command("sh").args(["-c", &signal])) {
            let deadline = Instant::now() + Duration::from_secs(10);
            while self.is_running() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that gets the signal when this one dies, however it dies, and nothing of its environment.
pub(super) fn tied(program: impl AsRef<OsStr>, end: Signal) -> Command {
    tied_as(None, program, end)
}

/// The same as another user and group, which takes root.
pub(super) fn tied_as(account: Option<(u32, u32)>, program: impl AsRef<OsStr>, end: Signal) -> Command {
    let mut setpriv = command("setpriv");
    setpriv.env_clear().arg(format!("--pdeathsig={}", end.name()));
    if let Some((user, group)) = account {
        setpriv.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
    }
    setpriv.arg("--").arg(program);
    setpriv
}

fn mebibytes(process: u32, name: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("there is no /proc")?;
    Ok(kibibytes(&status, name).with_context(|| format!("the kernel tells no {name}"))? / 1024.0)
}

/// A line such as `VmRSS:      1234 kB`.
fn kibibytes(status: &str, name: &str) -> Option<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_size_that_the_kernel_tells() {
        let status = "Name:\tfruitpress\nVmHWM:\t   34816 kB\nVmRSS:\t   20480 kB\n";
        assert_eq!(kibibytes(status, "VmRSS"), Some(20_480.0));
        for name in ["VmRS", "Name", "VmSwap"] {
            assert_eq!(kibibytes(status, name), None, "{name}");
        }
        assert!(mebibytes(std::process::id(), "VmRSS").unwrap() > 0.5);
    }
}
