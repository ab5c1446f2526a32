//! A folder that a script takes for the workspace, with programs of our own in front of the real ones.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The folder; removed when dropped.
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    /// A folder with a copy of `scripts/NAME`.
    pub(crate) fn with_script(name: &str) -> Self {
        Self::with_scripts(&[name])
    }

    /// A folder with copies of scripts that call each other.
    pub(crate) fn with_scripts(names: &[&str]) -> Self {
        let sandbox = Self::empty();
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts");
        for name in names {
            let script = fs::read_to_string(scripts.join(name)).expect("the script is there");
            sandbox.write_program(&format!("scripts/{name}"), &script);
        }
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
        self.write("program.sh", script);
        self.install_program(&self.path("program.sh"), name);
        fs::remove_file(self.path("program.sh")).expect("was written");
    }

    /// Copies a program, by another process: while this one holds it open for writing, a program that another
    /// test starts meanwhile would hold it too, and then no one can start it ("text file busy").
    pub(crate) fn install_program(&self, program: &Path, name: &str) {
        let status =
            Command::new("install").args(["-D", "-m", "755"]).arg(program).arg(self.path(name)).status();
        assert!(status.expect("install starts").success(), "{name} cannot be installed");
    }

    /// A program of the sandbox, started there with an empty environment.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new("/usr/bin/env");
        // A shell cannot trap what whoever runs the tests ignores.
        command.arg("--default-signal=HUP,INT,QUIT").arg(self.path(name));
        command.current_dir(self.0.path()).env_clear().stdin(Stdio::null());
        command
    }

    /// A script of the sandbox, started from elsewhere, with nothing but `PATH` in its environment.
    pub(crate) fn script(&self, name: &str, args: &[&str]) -> Command {
        let mut path = self.path("bin").into_os_string();
        path.push(":/usr/local/bin:/usr/bin:/bin");
        let mut command = self.command(&format!("scripts/{name}"));
        command.args(args).current_dir("/").env("PATH", path);
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
