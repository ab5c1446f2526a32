//! `scripts/entrypoint.sh dev|prod`.

use std::{
    fs,
    process::{Child, Command, Output},
    thread,
    time::Duration,
};

use crate::sandbox::{Sandbox, printed, said};

/// A program that tells how it was started. The shell's own process id shows that nothing stands before it.
const TELLS: &str =
    "#!/bin/sh\necho \"$$ $* HOST=$HOST PORT=$PORT REQUIRE_SETTINGS=${REQUIRE_SETTINGS-unset}\"\n";

fn sandbox() -> Sandbox {
    Sandbox::with_script("entrypoint.sh")
}

fn run(sandbox: &Sandbox, args: &[&str], settings: &[(&str, &str)]) -> Output {
    sandbox.script("entrypoint.sh", args).envs(settings.iter().copied()).output().expect("starts")
}

#[test]
fn an_unknown_mode_is_an_error() {
    let sandbox = sandbox();
    for args in [&[][..], &["staging"], &[""], &["dev", "prod"], &["--help"], &["PROD"]] {
        let output = run(&sandbox, args, &[]);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(said(&output).starts_with("usage: "), "{args:?}: {}", said(&output));
        assert_eq!(printed(&output), "", "{args:?}");
    }
}

#[test]
fn prod_without_a_release_binary_says_how_to_build_it() {
    let output = run(&sandbox(), &["prod"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("cargo build --release"), "{}", said(&output));
}

#[test]
fn prod_becomes_the_release_binary() {
    let sandbox = sandbox();
    sandbox.write_program("target/release/fruitpress", TELLS);
    sandbox.write_program("elsewhere/release/fruitpress", TELLS);
    let required = "PROJECT_ID,PDF_BUCKET,SENTRY_DSN";
    let elsewhere = sandbox.path("elsewhere");
    let elsewhere = elsewhere.to_str().expect("is UTF-8");
    for (settings, expected) in [
        (&[][..], format!("HOST=0.0.0.0 PORT=3333 REQUIRE_SETTINGS={required}")),
        (&[("PORT", "80"), ("HOST", "::1")], format!("HOST=::1 PORT=80 REQUIRE_SETTINGS={required}")),
        (&[("PORT", ""), ("HOST", "")], format!("HOST=0.0.0.0 PORT=3333 REQUIRE_SETTINGS={required}")),
        (&[("REQUIRE_SETTINGS", "")], format!("HOST=0.0.0.0 PORT=3333 REQUIRE_SETTINGS={required}")),
        (&[("CARGO_TARGET_DIR", elsewhere)], format!("HOST=0.0.0.0 PORT=3333 REQUIRE_SETTINGS={required}")),
    ] {
        let mut command = sandbox.script("entrypoint.sh", &["prod"]);
        command.envs(settings.iter().copied()).stdout(std::process::Stdio::piped());
        let child = command.spawn().expect("starts");
        let id = child.id();
        let output = child.wait_with_output().expect("ends");
        assert_eq!(printed(&output), format!("{id} serve press {expected}\n"), "{settings:?}");
    }
}

#[test]
fn prod_ends_as_the_binary_does() {
    let sandbox = sandbox();
    sandbox.write_program("target/release/fruitpress", "#!/bin/sh\necho PDF_BUCKET is missing >&2\nexit 7\n");
    let output = run(&sandbox, &["prod"], &[]);
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(said(&output), "PDF_BUCKET is missing\n");
}

/// A cargo that notes what it is asked for, "builds" as long as there is no file `broken`, and serves until it
/// is told to stop.
const CARGO: &str = r#"#!/bin/sh
echo "$*" >> log
case "$1" in
  build) [ ! -e broken ] ;;
  run)
    echo "HOST=$HOST PORT=$PORT PUBLIC_URL=$PUBLIC_URL LOG_FORMAT=$LOG_FORMAT" >> log
    trap 'echo stopped >> log; exit 0' TERM
    while :; do sleep 0.05; done ;;
esac
"#;
const BUILD: &str = "build --package fruitpress";
const SERVE: &str = "run --quiet --package fruitpress -- serve press";

/// A running `dev`; ended when dropped, so that a failed test leaves no loop behind.
struct Dev(Child);

impl Dev {
    fn start(sandbox: &Sandbox) -> Self {
        sandbox.write("Cargo.toml", "");
        sandbox.write("Cargo.lock", "");
        sandbox.write("crates/a/src/lib.rs", "");
        sandbox.write_program("bin/cargo", CARGO);
        Self(sandbox.script("entrypoint.sh", &["dev"]).spawn().expect("starts"))
    }

    fn terminate(&self) {
        let line = format!("kill -TERM {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &line]).status().expect("sh starts").success());
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|status| status.is_none()) {
            self.terminate();
            let _ = self.0.wait();
        }
    }
}

/// File systems tell times apart by their clock's tick: a change must come after the last look.
fn a_moment_later() {
    thread::sleep(Duration::from_millis(50));
}

#[test]
fn dev_serves_again_after_each_change() {
    let sandbox = sandbox();
    let mut dev = Dev::start(&sandbox);
    sandbox.wait_for("log", SERVE, 1);
    let settings = "HOST=0.0.0.0 PORT=3333 PUBLIC_URL=http://localhost:3333 LOG_FORMAT=pretty";
    sandbox.wait_for("log", settings, 1);

    a_moment_later();
    sandbox.write("crates/a/src/lib.rs", "changed");
    sandbox.wait_for("log", SERVE, 2);
    sandbox.wait_for("log", "stopped", 1);

    a_moment_later();
    fs::remove_file(sandbox.path("crates/a/src/lib.rs")).expect("can be removed");
    sandbox.wait_for("log", SERVE, 3);
    sandbox.wait_for("log", settings, 3);

    dev.terminate();
    let status = dev.0.wait().expect("ends");
    assert_eq!(status.code(), Some(143));
    sandbox.wait_for("log", "stopped", 3);
}

#[test]
fn dev_goes_on_serving_what_last_built() {
    let sandbox = sandbox();
    let _dev = Dev::start(&sandbox);
    sandbox.wait_for("log", SERVE, 1);

    a_moment_later();
    sandbox.write("broken", "");
    sandbox.write("crates/a/src/lib.rs", "does not compile");
    sandbox.wait_for("log", BUILD, 2);
    thread::sleep(Duration::from_millis(200));
    sandbox.wait_for("log", SERVE, 1);
    let log = fs::read_to_string(sandbox.path("log")).expect("there is a log");
    assert!(!log.contains("stopped"), "{log}");

    a_moment_later();
    fs::remove_file(sandbox.path("broken")).expect("can be removed");
    sandbox.write("crates/a/src/lib.rs", "compiles");
    sandbox.wait_for("log", SERVE, 2);
}
