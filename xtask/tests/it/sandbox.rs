//! A folder that a script takes for the workspace, with programs of our own in front of the real ones.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The folder; removed when dropped.
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    /// A folder with a copy of `scripts/NAME`.
    pub(crate) fn with_script(name: &str) -> Self {
        let sandbox = Self(tempfile::tempdir().expect("a folder can be made"));
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts");
        let script = fs::read_to_string(scripts.join(name)).expect("the script is there");
        sandbox.write_program(&format!("scripts/{name}"), &script);
        sandbox
    }

    /// The path of something inside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with its folder.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("has a folder")).expect("the folder can be made");
        fs::write(path, content).expect("can be written");
    }

    /// Writes a shell script that can be started; those in `bin` stand in front of the system's.
    pub(crate) fn write_program(&self, name: &str, script: &str) {
        self.write(name, script);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755))
            .expect("can be made runnable");
    }

    /// A script of the sandbox, started from elsewhere, with nothing but `PATH` in its environment.
    pub(crate) fn script(&self, name: &str, args: &[&str]) -> Command {
        let mut path = self.path("bin").into_os_string();
        path.push(":/usr/local/bin:/usr/bin:/bin");
        let mut command = Command::new(self.path("scripts").join(name));
        command.args(args).current_dir("/").env_clear().env("PATH", path).stdin(Stdio::null());
        command
    }

    /// Runs git inside; the caller's own settings of git have no say.
    pub(crate) fn git(&self, args: &[&str]) {
        let settings =
            ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"];
        let output = Command::new("git")
            .current_dir(self.0.path())
            .args(settings.into_iter().chain(args.iter().copied()).map(OsString::from))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .expect("git starts");
        assert!(output.status.success(), "git {args:?}: {}", said(&output));
    }

    /// Waits until a file inside holds this line so often.
    #[track_caller]
    pub(crate) fn wait_for(&self, name: &str, line: &str, times: usize) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let content = fs::read_to_string(self.path(name)).unwrap_or_default();
            let found = content.lines().filter(|found| *found == line).count();
            if found >= times {
                assert_eq!(found, times, "{line:?} in\n{content}");
                return;
            }
            assert!(Instant::now() < deadline, "no {times} lines {line:?} in\n{content}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What a program wrote on its standard error.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a program wrote on its standard output.
pub(crate) fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
