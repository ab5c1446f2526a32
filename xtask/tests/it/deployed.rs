//! `scripts/deployed.sh`: which commit the pipeline of main brought into service last. GitHub is a folder here: a list of runs, and for
//! each a list of its jobs, to which the script's own questions of jq are put.

use std::{fs, process::Output};

use crate::sandbox::{Sandbox, printed, said};

/// Answers `gh api PATH --jq FILTER` out of files, as the real one does.
const GH: &str = r#"#!/bin/sh
[ "$1" = api ] || exit 9
case "$2" in
  repos/owner/name/actions/workflows/ci.yml/runs\?branch=main\&event=push*) file=runs ;;
  repos/owner/name/actions/runs/*/jobs\?filter=all*) file=${2#*/runs/} file=jobs-${file%%/*} ;;
  *) echo "gh: no $2 (HTTP 404)" >&2; exit 1 ;;
esac
shift 2
while [ "$1" != --jq ]; do shift; done
exec jq --raw-output "$2" "${0%/bin/gh}/${file}"
"#;

const JOB: &str = "press to Google Cloud / press";

/// Runs, newest first: the commit of each by its distance from the newest, and what became of the job.
fn sandbox(runs: &[(usize, &[&str])]) -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::with_script("deployed.sh");
    sandbox.write_program("bin/gh", GH);
    sandbox.git(&["init", "--quiet", "--initial-branch=main"]);
    for _ in 0..4 {
        sandbox.git(&["commit", "--quiet", "--allow-empty", "--message", "a commit"]);
    }
    let commits: Vec<_> = (0..4).map(|distance| commit(&sandbox, distance)).collect();
    let listed: Vec<_> = runs
        .iter()
        .enumerate()
        .map(|(id, (distance, conclusions))| {
            let jobs: Vec<_> = conclusions
                .iter()
                .map(|conclusion| serde_json::json!({"name": JOB, "conclusion": conclusion}))
                .chain([serde_json::json!({"name": "tests and lints", "conclusion": "success"})])
                .collect();
            sandbox.write(&format!("jobs-{id}"), &serde_json::json!({"jobs": jobs}).to_string());
            serde_json::json!({"id": id, "head_sha": commits[*distance]})
        })
        .collect();
    sandbox.write("runs", &serde_json::json!({"workflow_runs": listed}).to_string());
    (sandbox, commits)
}

fn commit(sandbox: &Sandbox, distance: usize) -> String {
    sandbox.git(&["branch", "--force", "asked", &format!("HEAD~{distance}")]);
    fs::read_to_string(sandbox.path(".git/refs/heads/asked")).expect("the branch is there").trim().to_owned()
}

fn ask(sandbox: &Sandbox, args: &[&str]) -> Output {
    let mut script = sandbox.script("deployed.sh", args);
    script.env("GITHUB_REPOSITORY", "owner/name").output().expect("the script starts")
}

/// Which commit was deployed, by its distance from the newest.
#[track_caller]
fn check(runs: &[(usize, &[&str])], expected: Option<usize>) {
    let (sandbox, commits) = sandbox(runs);
    let output = ask(&sandbox, &[JOB]);
    assert!(output.status.success(), "{}", said(&output));
    let expected = expected.map(|distance| commits[distance].clone() + "\n");
    assert_eq!(printed(&output), expected.unwrap_or_default());
}

#[test]
fn what_failed_or_was_dropped_or_skipped_was_not_deployed() {
    check(&[(0, &["success"]), (1, &["success"])], Some(0));
    check(&[(0, &["failure"]), (1, &["cancelled"]), (2, &["success"])], Some(2));
    check(&[(0, &["skipped"]), (1, &[]), (2, &["success"])], Some(2));
    check(&[(0, &["failure"]), (1, &["skipped"])], None);
    check(&[], None);
}

#[test]
fn one_attempt_that_succeeded_is_enough() {
    check(&[(0, &["failure", "success"]), (1, &["success"])], Some(0));
    check(&[(0, &["success", "skipped"]), (1, &["success"])], Some(0));
}

#[test]
fn a_later_commit_is_told_from_an_earlier_one() {
    for (deployed, this, expected) in
        [(0, 1, "true"), (0, 3, "true"), (1, 1, "false"), (2, 1, "false"), (3, 0, "false")]
    {
        let (sandbox, commits) = sandbox(&[(deployed, &["success"])]);
        let output = ask(&sandbox, &["--later-than", &commits[this], JOB]);
        assert_eq!(printed(&output).trim(), expected, "{deployed} {this}: {}", said(&output));
    }
    let (sandbox, commits) = sandbox(&[]);
    assert_eq!(printed(&ask(&sandbox, &["--later-than", &commits[0], JOB])), "false\n");
}

/// Else what main was set back to would never be deployed, and be taken for what was.
#[test]
fn a_commit_that_main_was_set_back_from_is_not_later() {
    for (main, expected) in [(0, "true\n"), (1, "true\n"), (2, "false\n"), (3, "false\n")] {
        let (sandbox, commits) = sandbox(&[(1, &["success"])]);
        sandbox.git(&["update-ref", "refs/remotes/origin/main", &commits[main]]);
        assert_eq!(printed(&ask(&sandbox, &["--later-than", &commits[3], JOB])), expected, "{main}");
    }
}

/// Who takes it for an empty answer would take everything for changed: that is the caller's to decide.
#[test]
fn an_answer_that_does_not_come_is_an_error() {
    let (sandbox, _) = sandbox(&[(0, &["success"])]);
    fs::remove_file(sandbox.path("jobs-0")).expect("was written");
    assert!(!ask(&sandbox, &[JOB]).status.success());
    fs::remove_file(sandbox.path("runs")).expect("was written");
    assert!(!ask(&sandbox, &[JOB]).status.success());
    for args in [&[][..], &[""], &["--later-than", JOB], &["a", "b"]] {
        let output = ask(&sandbox, args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(said(&output).starts_with("usage: "), "{args:?}");
    }
}

/// Nothing would ever be found under another name than the workflows give their jobs.
#[test]
fn the_pipeline_asks_for_jobs_that_it_has() {
    let read = |name: &str| {
        fs::read_to_string(format!("{}/../.github/workflows/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let ci = read("ci.yml");
    for (calling, file, called) in [
        ("press to Google Cloud", "deploy-press.yml", "press"),
        ("fruits to Azure", "deploy-fruits.yml", "fruits"),
        ("what press runs on", "infrastructure.yml", "apply to Google Cloud"),
        ("what fruits runs on", "infrastructure.yml", "apply to Azure"),
    ] {
        let name = format!("\"{calling} / {called}\"");
        let asked = if file == "infrastructure.yml" { read(file) } else { ci.clone() + &read(file) };
        assert!(asked.contains(&name), "nobody asks for {name}");
        assert!(ci.contains(&format!("    name: {calling}\n")), "ci.yml has no {calling:?}");
        assert!(read(file).contains(&format!("    name: {called}\n")), "{file} has no {called:?}");
    }
}
