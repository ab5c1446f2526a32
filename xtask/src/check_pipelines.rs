//! `cargo xtask check-pipelines`: the files that no compiler reads, each by a checker that knows its kind.

use anyhow::{Context, Result, ensure};

use crate::{checker::Checker, python};

const WORKFLOWS: &[&str] = &[
    ".github/workflows/ci.yml",
    ".github/workflows/deploy-fruits.yml",
    ".github/workflows/deploy-press.yml",
    ".github/workflows/fuzz.yml",
    ".github/workflows/infrastructure.yml",
    ".github/workflows/publish.yml",
    ".github/workflows/release.yml",
    ".github/workflows/rollback.yml",
];

const CHECKERS: &[Checker] = &[
    Checker {
        program: "actionlint",
        options: &["-no-color"],
        files: WORKFLOWS,
        planted_path: ".github/workflows/planted.yml",
        planted: "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ steps.b.outputs.c }}\n",
        finds: "property \"b\" is not defined",
    },
    Checker {
        program: "zizmor",
        options: &["--offline", "--no-progress", "--quiet", "--persona", "pedantic"],
        files: &[".github"],
        planted_path: ".github/workflows/planted.yml",
        planted: "on: issues\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo '${{ github.event.issue.title }}'\n",
        finds: "template-injection",
    },
    Checker {
        program: "check-jsonschema",
        options: &["--builtin-schema", "vendor.github-workflows"],
        files: WORKFLOWS,
        planted_path: "planted.yml",
        planted: "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    timeout-minutes: soon\n    steps: []\n",
        finds: "timeout-minutes",
    },
    Checker {
        program: "check-jsonschema",
        options: &["--builtin-schema", "vendor.dependabot"],
        files: &[".github/dependabot.yml"],
        planted_path: "planted.yml",
        planted: "version: 2\nupdates:\n  - package-ecosystem: cargo\n    directory: /\n",
        finds: "schedule",
    },
    Checker {
        program: "check-jsonschema",
        options: &["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
        files: &[".gitlab-ci.yml"],
        planted_path: "planted.yml",
        planted: "test:\n  scripts: [cargo xtask test]\n  script: 7\n",
        finds: "scripts",
    },
    Checker {
        program: "check-jsonschema",
        options: &["--builtin-schema", "vendor.compose-spec"],
        files: &["compose.yaml"],
        planted_path: "planted.yaml",
        planted: "services:\n  a:\n    read_only_root: true\n",
        finds: "read_only_root",
    },
    Checker {
        program: "hadolint",
        options: &["--no-color"],
        files: &["Dockerfile"],
        planted_path: "Dockerfile",
        planted: "FROM debian:latest\nRUN cd /tmp && apt-get install qpdf\n",
        finds: "DL3007",
    },
    Checker {
        program: "shellcheck",
        options: &[
            "--norc",
            "--enable",
            "check-unassigned-uppercase,quote-safe-variables,require-variable-braces",
        ],
        files: &[
            ".ci/run",
            "deploy/azure/database/prepare.sh",
            "scripts/build.sh",
            "scripts/changed.sh",
            "scripts/deploy-fruits.sh",
            "scripts/deploy-press.sh",
            "scripts/deployed.sh",
            "scripts/entrypoint.sh",
            "scripts/join.sh",
            "scripts/publish.sh",
            "scripts/release-notes.sh",
            "scripts/retag.sh",
            "scripts/smoke.sh",
            "scripts/tags.sh",
            "scripts/tool.sh",
            "scripts/traffic.sh",
        ],
        planted_path: "planted.sh",
        planted: "#!/bin/sh\nrm -r $1/*\n",
        finds: "SC2086",
    },
];

/// Runs every checker, and says all that any of them finds.
pub(crate) fn run() -> Result<()> {
    let bin = python::environment("checkers", "check-requirements.txt")?;
    let planted = tempfile::tempdir().context("no folder for the planted mistakes")?;
    let mut failed = Vec::new();
    for (index, checker) in CHECKERS.iter().enumerate() {
        checker.must_find(&bin, &planted.path().join(index.to_string()))?;
        if let Err(error) = checker.check(&bin) {
            failed.push(error.to_string());
        }
    }
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    println!("{} checkers found their planted mistake and nothing else", CHECKERS.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::process::root;

    /// A file that is added beside the others is not forgotten.
    #[test]
    fn every_workflow_and_script_is_checked() {
        for (folder, prefix) in [(".github/workflows", ".github/workflows/"), ("scripts", "scripts/")] {
            for entry in fs::read_dir(root().join(folder)).expect("the folder is there") {
                let name = entry.expect("can be listed").file_name();
                let path = format!("{prefix}{}", name.to_string_lossy());
                let is_checked = CHECKERS.iter().any(|checker| checker.files.contains(&path.as_str()));
                assert!(is_checked, "{path} is checked by nothing");
            }
        }
    }
}
