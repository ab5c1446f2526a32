//! `cargo xtask test`, with every program it starts replaced by one that tells what it was asked for.

use std::{fs, os::unix::fs::symlink, path::Path, process::Output};

use crate::sandbox::{Sandbox, printed, said};

const TOOLS: [&str; 6] = ["qpdf", "pdfimages", "chromium", "pg_ctlcluster", "node", "npm"];

/// Notes what it is asked for, and its surroundings, then prints what is in `result` and ends as that says.
const CARGO: &str = "#!/bin/sh
echo \"$*\" > SANDBOX/asked
echo \"${FRUITPRESS_PYTHON-none} ${FRUITPRESS_SCHEMATHESIS-none} ${IMAGE_CORPUS-none}\" > SANDBOX/surroundings
echo \"${FRUITPRESS_AZURITE-none} ${FRUITPRESS_SEAWEEDFS-none}\" > SANDBOX/stores
. SANDBOX/result
";
/// Makes an environment that has nothing but an interpreter that says yes.
const PYTHON: &str = "#!/bin/sh
case \"$*\" in
  '-c import venv, ensurepip') [ -e SANDBOX/venv ] ;;
  --version) echo Python 3.11 ;;
  '-m venv --clear '*) echo made >> SANDBOX/environments
    /bin/mkdir -p \"$4/bin\" && /bin/ln -sf /bin/true \"$4/bin/python\" ;;
esac
";
const NODE: &str = "#!/bin/sh
echo v20
";
/// Makes the folder of packages, below the one that is named last.
const NPM: &str = "#!/bin/sh
echo \"$1 $2\" >> SANDBOX/packages
for folder in \"$@\"; do :; done
/bin/mkdir -p \"$folder/node_modules\"
";
/// Installs what it is asked for.
const APT_GET: &str = "#!/bin/sh
echo \"$*\" >> SANDBOX/installed
case \"$2\" in install)
  for package in \"$@\"; do case \"$package\" in
    qpdf|chromium) : > SANDBOX/bin/$package ;;
    poppler-utils) : > SANDBOX/bin/pdfimages ;;
    python3-venv) : > SANDBOX/venv ;;
    postgresql) : > SANDBOX/bin/pg_ctlcluster ;;
    nodejs) /bin/cp SANDBOX/spare/node SANDBOX/bin/node ;;
    npm) /bin/cp SANDBOX/spare/npm SANDBOX/bin/npm ;;
  esac; done ;;
esac
";
const PASSED: &str = "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out";

/// A machine with these tools, for root or for someone else, and what `cargo test` prints and ends with.
fn machine(tools: &[&str], user: u32, result: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    let here = sandbox.path("");
    let here = here.to_str().expect("is UTF-8").trim_end_matches('/');
    for (name, script) in [("cargo", CARGO), ("python3", PYTHON), ("apt-get", APT_GET)] {
        sandbox.write_program(&format!("bin/{name}"), &script.replace("SANDBOX", here));
    }
    // Says that it may mount.
    sandbox.write_program("bin/unshare", "#!/bin/sh\n");
    sandbox.write_program("bin/id", &format!("#!/bin/sh\necho {user}\n"));
    for (name, script) in [("node", NODE), ("npm", NPM)] {
        let folder = if tools.contains(&name) { "bin" } else { "spare" };
        sandbox.write_program(&format!("{folder}/{name}"), &script.replace("SANDBOX", here));
    }
    for tool in tools.iter().chain(&["kill", "git", "curl"]).filter(|tool| !["node", "npm"].contains(tool)) {
        sandbox.write(&format!("bin/{tool}"), "");
    }
    sandbox.write("venv", "");
    sandbox.write("result", result);
    // Beside a program of its own, so that its tools are kept apart from the real ones.
    sandbox.write("target/CACHEDIR.TAG", "");
    sandbox.install_program(Path::new(env!("CARGO_BIN_EXE_xtask")), "target/debug/xtask");
    sandbox
}

fn run(sandbox: &Sandbox, args: &[&str]) -> Output {
    let mut command = sandbox.command("target/debug/xtask");
    command.arg("test").args(args).env("PATH", sandbox.path("bin")).output().expect("starts")
}

fn read(sandbox: &Sandbox, name: &str) -> String {
    fs::read_to_string(sandbox.path(name)).unwrap_or_default()
}

#[track_caller]
fn last_line(output: &Output) -> String {
    printed(output).lines().last().expect("it prints something").to_owned()
}

#[test]
fn a_machine_with_everything_runs_everything_but_the_corpus() {
    let sandbox = machine(&TOOLS, 1000, &format!("echo '{PASSED}'"));
    let output = run(&sandbox, &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(last_line(&output), "5 passed, 0 failed, 3 skipped");
    assert!(printed(&output).contains("`corpus`: IMAGE_CORPUS=DIR cargo xtask test runs them"));
    assert_eq!(read(&sandbox, "asked"), "test --workspace --locked --no-fail-fast -- --skip corpus::\n");
    let python = sandbox.path("target/tools/python/bin/python");
    let schemathesis = sandbox.path("target/tools/schemathesis/bin/schemathesis");
    let surroundings = format!("{} {} none\n", python.display(), schemathesis.display());
    assert_eq!(read(&sandbox, "surroundings"), surroundings);
    let azurite = sandbox.path("target/tools/azurite/node_modules/azurite/dist/src/blob/main.js");
    let seaweedfs = sandbox.path("target/tools/seaweedfs/bin/weed");
    assert_eq!(read(&sandbox, "stores"), format!("{} {}\n", azurite.display(), seaweedfs.display()));
    assert_eq!(read(&sandbox, "installed"), "");
}

#[test]
fn each_environment_is_made_once() {
    let sandbox = machine(&TOOLS, 1000, &format!("echo '{PASSED}'"));
    for _ in 0..2 {
        assert!(run(&sandbox, &[]).status.success());
    }
    assert_eq!(read(&sandbox, "environments"), "made\nmade\nmade\n");
    assert_eq!(read(&sandbox, "packages"), "ci --ignore-scripts\n");
    sandbox.write("target/tools/python/complete", "another list");
    sandbox.write("target/tools/azurite/complete", "another list");
    assert!(run(&sandbox, &[]).status.success());
    assert_eq!(read(&sandbox, "environments"), "made\nmade\nmade\nmade\n");
    assert_eq!(read(&sandbox, "packages"), "ci --ignore-scripts\nci --ignore-scripts\n");
}

#[test]
fn root_on_debian_gets_what_is_missing_and_is_told() {
    let sandbox = machine(&["qpdf"], 0, &format!("echo '{PASSED}'"));
    fs::remove_file(sandbox.path("venv")).expect("is there");
    let output = run(&sandbox, &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(
        read(&sandbox, "installed"),
        "--quiet update\n\
         --quiet install --yes --no-install-recommends poppler-utils python3-venv chromium postgresql nodejs \
         npm\n"
    );
    let printed = printed(&output);
    assert!(
        printed.contains("missing: pdfimages (takes the images out of a PDF), of the package poppler-utils")
    );
    assert!(!printed.contains("missing: qpdf"), "{printed}");
}

#[test]
fn anyone_else_is_told_the_one_command() {
    let sandbox = machine(&["qpdf"], 1000, &format!("echo '{PASSED}'"));
    let output = run(&sandbox, &[]);
    assert_eq!(output.status.code(), Some(1));
    let command =
        "sudo apt-get update && sudo apt-get install --yes poppler-utils chromium postgresql nodejs npm";
    assert!(said(&output).contains(command), "{}", said(&output));
    assert_eq!((read(&sandbox, "asked"), read(&sandbox, "installed")), (String::new(), String::new()));
}

#[test]
fn a_system_without_apt_is_told_the_names() {
    let sandbox = machine(&["pdfimages", "chromium"], 0, &format!("echo '{PASSED}'"));
    fs::remove_file(sandbox.path("bin/apt-get")).expect("is there");
    let output = run(&sandbox, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("install what Debian calls qpdf"), "{}", said(&output));
    assert_eq!(read(&sandbox, "asked"), "");
}

#[test]
fn what_cannot_run_is_skipped_by_name_and_never_passed() {
    let sandbox = machine(&["pdfimages"], 0, &format!("echo '{PASSED}'"));
    let output = run(&sandbox, &["--no-install"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(printed(&output).contains("skipped: tests in modules named `foreign`: missing: qpdf\n"));
    assert!(printed(&output).contains("skipped: tests in modules named `browser`: missing: chromium\n"));
    assert!(printed(&output).contains("skipped: tests in modules named `postgres`: missing: initdb\n"));
    assert!(printed(&output).contains("skipped: tests in modules named `azurite`: missing: node, npm\n"));
    assert_eq!(
        read(&sandbox, "asked"),
        "test --workspace --locked --no-fail-fast -- --skip foreign:: --skip browser:: --skip postgres:: \
         --skip azurite:: --skip corpus::\n"
    );
    assert_eq!(
        (read(&sandbox, "installed"), read(&sandbox, "environments")),
        (String::new(), "made\nmade\n".to_owned())
    );
}

#[test]
fn what_one_tool_is_for_is_skipped_for_all_who_need_it() {
    let sandbox = machine(&TOOLS, 0, &format!("echo '{PASSED}'"));
    fs::remove_file(sandbox.path("venv")).expect("is there");
    let output = run(&sandbox, &["--no-install"]);
    assert!(output.status.success(), "{}", said(&output));
    for module in ["foreign", "schemathesis", "seaweedfs"] {
        assert!(printed(&output).contains(&format!("`{module}`: missing: python3 -m venv\n")), "{module}");
    }
    assert_eq!(read(&sandbox, "surroundings"), "none none none\n");
}

#[test]
fn tests_that_mount_are_skipped_where_nothing_may_be_mounted() {
    let sandbox = machine(&TOOLS, 0, &format!("echo '{PASSED}'"));
    sandbox.write_program("bin/unshare", "#!/bin/sh\nexit 1\n");
    let output = run(&sandbox, &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(printed(&output).contains("skipped: tests in modules named `tmpfs`"), "{}", printed(&output));
    assert!(read(&sandbox, "asked").contains("--skip tmpfs::"));
}

#[test]
fn what_tests_anywhere_need_is_never_skipped() {
    let sandbox = machine(&TOOLS, 0, &format!("echo '{PASSED}'"));
    fs::remove_file(sandbox.path("bin/kill")).expect("is there");
    let output = run(&sandbox, &["--no-install"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("need kill, of the package procps"), "{}", said(&output));
    assert_eq!(read(&sandbox, "asked"), "");
}

#[test]
fn the_corpus_is_found_from_where_the_command_was_typed() {
    let sandbox = machine(&TOOLS, 0, &format!("echo '{PASSED}'"));
    sandbox.write("images/a.png", "");
    symlink(sandbox.path("images"), sandbox.path("linked")).expect("can be linked");
    let images = sandbox.path("images").canonicalize().expect("is there");
    for relative in ["images", "./linked", "images/../images"] {
        let output = run(&sandbox, &["--image-corpus", relative]);
        assert!(output.status.success(), "{}", said(&output));
        assert!(read(&sandbox, "surroundings").ends_with(&format!(" {}\n", images.display())), "{relative}");
        assert!(!read(&sandbox, "asked").contains("--skip"));
    }
    assert!(run(&sandbox, &["--image-corpus", ""]).status.success());
    assert!(read(&sandbox, "asked").contains("--skip corpus::"));
    let output = run(&sandbox, &["--image-corpus", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("IMAGE_CORPUS: cannot open nowhere"), "{}", said(&output));
}

#[test]
fn a_filter_leaves_out_without_skipping() {
    let sandbox = machine(&TOOLS, 0, &format!("echo '{PASSED}'"));
    let output = run(&sandbox, &["--", "address::", "--nocapture"]);
    assert!(read(&sandbox, "asked").ends_with("-- --skip corpus:: address:: --nocapture\n"));
    assert_eq!(last_line(&output), "5 passed, 0 failed, 1 skipped");
}

#[test]
fn a_failure_of_any_kind_fails() {
    let failed = "test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out";
    for (result, counted) in [
        (format!("echo '{failed}'; exit 101"), "4 passed, 1 failed, 0 skipped"),
        (format!("echo '{PASSED}'; exit 101"), "5 passed, 0 failed, 3 skipped"),
        ("echo 'error: could not compile' >&2; exit 101".to_owned(), "0 passed, 0 failed, 0 skipped"),
        ("kill -KILL $$".to_owned(), "0 passed, 0 failed, 0 skipped"),
        (":".to_owned(), "0 passed, 0 failed, 0 skipped"),
    ] {
        let sandbox = machine(&TOOLS, 0, &result);
        let output = run(&sandbox, &[]);
        assert_eq!(output.status.code(), Some(1), "{result}");
        assert_eq!(last_line(&output), counted, "{result}");
    }
}
