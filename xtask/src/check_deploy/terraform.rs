//! Terraform: how its files are written, whether a provider understands them, and what its tests say.
//!
//! The providers come from Terraform's registry, or by `TERRAFORM_TEST` from stand-ins that know the same arguments. Where
//! there is neither, nothing here counts as passed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::scanners::copy;
use crate::{
    checker::{must_find, plant},
    process::{command, is_installed, root, run, succeeds},
};

/// Each is a folder that is applied, or a module with tests of its own.
const STACKS: &[&str] = &["gcp/bootstrap", "gcp/edge", "gcp", "azure/bootstrap", "azure"];

const MISFORMATTED: &str = "locals {\na=1\n}\n";
const MISSPELT: &str = "terraform {
  required_providers {
    google = {
      source  = \"hashicorp/google\"
      version = \"~> 8.7\"
    }
  }
}

resource \"google_storage_bucket\" \"planted\" {
  name                       = \"planted\"
  location                   = \"US\"
  uniform_bucket_level_acces = true
}
";
const UNTRUE: &str = "run \"planted\" {
  command = plan
  assert {
    condition     = output.open == false
    error_message = \"the planted door is open\"
  }
}
";

/// Checks every stack; the answer is why that was skipped, if it was.
pub(super) fn check(stand_in: Option<&str>, folder: &Path) -> Result<Option<String>> {
    if !is_installed("terraform") {
        return Ok(Some("terraform is not installed".to_owned()));
    }
    let misformatted = plant(folder, "misformatted/main.tf", MISFORMATTED)?;
    must_find(command("terraform").args(["fmt", "-check"]).arg(misformatted), &["main.tf"])?;
    run(command("terraform").args(["fmt", "-check", "-recursive", "-diff", "deploy"]))?;

    let misspelt = plant(folder, "misspelt/main.tf", MISSPELT)?;
    let misspelt = misspelt.parent().unwrap_or(folder);
    plant(folder, "untrue/main.tf", "output \"open\" {\n  value = true\n}\n")?;
    let untrue = plant(folder, "untrue/main.tftest.hcl", UNTRUE)?;
    let untrue = untrue.parent().unwrap_or(folder);

    let runner = match stand_in {
        Some(program) => Runner::StandIn(program),
        None if init(misspelt, true) => Runner::Registry,
        None => return Ok(Some("its registry cannot be reached; set TERRAFORM_TEST".to_owned())),
    };
    must_find(
        &mut runner.command(misspelt, "validate")?,
        &["Unsupported argument", "uniform_bucket_level_acces"],
    )?;
    must_find(&mut runner.command(untrue, "test")?, &["the planted door is open"])?;

    let copied = folder.join("deploy");
    copy(&root().join("deploy"), &copied)?;
    for stack in STACKS {
        let stack = copied.join(stack);
        run(&mut runner.command(&stack, "validate")?)
            .and_then(|()| run(&mut runner.command(&stack, "test")?))?;
    }
    Ok(None)
}

/// Who brings the providers.
enum Runner<'a> {
    StandIn(&'a str),
    Registry,
}

impl Runner<'_> {
    fn command(&self, folder: &Path, verb: &str) -> Result<Command> {
        match self {
            Self::StandIn(program) => {
                let mut command = command(absolute(program)?);
                command.arg(folder).arg(verb).arg("-no-color");
                Ok(command)
            }
            Self::Registry => {
                anyhow::ensure!(init(folder, false), "terraform init failed in {}", folder.display());
                let mut command = in_folder(folder);
                command.args([verb, "-no-color"]);
                Ok(command)
            }
        }
    }
}

/// Fetches the providers, quietly where failing is an answer.
fn init(folder: &Path, is_quiet: bool) -> bool {
    let mut command = in_folder(folder);
    command.args(["init", "-backend=false", "-input=false", "-no-color"]);
    if is_quiet { succeeds(&mut command) } else { run(&mut command).is_ok() }
}

fn in_folder(folder: &Path) -> Command {
    let mut command = command("terraform");
    command
        .arg(format!("-chdir={}", folder.display()))
        .env("TF_IN_AUTOMATION", "1")
        .env("CHECKPOINT_DISABLE", "1");
    command
}

/// A program that is named by a path is seen from the workspace's root, whatever folder it runs in.
fn absolute(program: &str) -> Result<PathBuf> {
    if !program.contains('/') {
        return Ok(program.into());
    }
    fs::canonicalize(root().join(program)).with_context(|| format!("TERRAFORM_TEST: there is no {program}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is added beside the others is not forgotten.
    #[test]
    fn every_folder_with_tests_is_a_stack() {
        let mut folders = vec![root().join("deploy")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("can be listed") {
                let path = entry.expect("can be listed").path();
                if path.is_dir() && !path.ends_with(".terraform") {
                    folders.push(path.clone());
                }
                let is_terraform = path.extension().is_some_and(|extension| extension == "tf");
                let stack =
                    folder.strip_prefix(root().join("deploy")).expect("is below it").to_string_lossy();
                assert!(!is_terraform || STACKS.contains(&&*stack), "{stack} is checked by nothing");
            }
        }
    }

    /// What signs in to a cloud is an identity, never something that could be copied.
    #[test]
    fn nothing_makes_a_key_or_a_password() {
        for stack in STACKS {
            for entry in fs::read_dir(root().join("deploy").join(stack)).expect("can be listed") {
                let path = entry.expect("can be listed").path();
                if path.extension().is_none_or(|extension| extension != "tf") {
                    continue;
                }
                let text = fs::read_to_string(&path).expect("can be read");
                for forbidden in [
                    "google_service_account_key",
                    "google_storage_hmac_key",
                    "azuread_application_password",
                    "administrator_password",
                    "allUsers",
                    "allAuthenticatedUsers",
                    "roles/owner",
                    "roles/editor",
                    "\"Owner\"",
                ] {
                    assert!(!text.contains(forbidden), "{} has {forbidden}", path.display());
                }
            }
        }
    }
}
