//! A program that checks files, and the mistake that it has to find before anything that it says is believed.
//!
//! A checker that finds nothing in anything would be worse than none.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::process::{self, command};

/// A checker, what it checks, and a mistake that it has to find.
pub(crate) struct Checker {
    pub(crate) program: &'static str,
    pub(crate) options: &'static [&'static str],
    pub(crate) files: &'static [&'static str],
    /// Where the mistake is planted: some checkers go by the file's place.
    pub(crate) planted_path: &'static str,
    pub(crate) planted: &'static str,
    /// What it says about the mistake: a checker that fails for another reason has found nothing.
    pub(crate) finds: &'static str,
}

impl Checker {
    /// Fails unless the checker refuses the mistake, which is planted in `folder`.
    pub(crate) fn must_find(&self, bin: &Path, folder: &Path) -> Result<()> {
        let file = plant(folder, self.planted_path, self.planted)?;
        must_find(in_environment(bin, self.program).args(self.options).arg(file), &[self.finds])
    }

    /// Checks the files.
    pub(crate) fn check(&self, bin: &Path) -> Result<()> {
        process::run(in_environment(bin, self.program).args(self.options).args(self.files))
    }
}

/// Writes a mistake to a path inside a folder; gives the whole path.
pub(crate) fn plant(folder: &Path, path: &str, mistake: &str) -> Result<PathBuf> {
    let file = folder.join(path);
    fs::create_dir_all(file.parent().unwrap_or(folder)).context("no folder for a planted mistake")?;
    fs::write(&file, mistake).context("could not plant a mistake")?;
    Ok(file)
}

/// Fails unless the command refuses the planted mistakes, and says what each is.
pub(crate) fn must_find(command: &mut Command, mistakes: &[&str]) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("{program} does not run"))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    ensure!(!output.status.success(), "{program} lets planted mistakes pass\n{said}");
    for mistake in mistakes {
        ensure!(said.contains(mistake), "{program} does not find {mistake:?}\n{said}");
    }
    Ok(())
}

/// A program of a Python environment, which finds the environment's other programs by the path: actionlint asks
/// shellcheck about the commands of a workflow.
pub(crate) fn in_environment(bin: &Path, program: &str) -> Command {
    let mut command = command(bin.join(program));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(bin.to_path_buf()).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(path).unwrap_or_default());
    command
}

#[cfg(test)]
mod tests {
    use super::must_find;
    use crate::process::command;

    #[test]
    fn a_checker_that_finds_nothing_or_something_else_is_an_error() {
        for (script, finds, is_good) in [
            ("echo DL3007; exit 1", &["DL3007"][..], true),
            ("echo DL3007 >&2; exit 2", &["DL3007"], true),
            ("echo DL3007", &["DL3007"], false),
            ("echo no such file; exit 1", &["DL3007"], false),
            ("echo DL3007; exit 1", &["DL3007", "DL3008"], false),
        ] {
            let found = must_find(command("sh").args(["-c", script]), finds);
            assert_eq!(found.is_ok(), is_good, "{script}: {found:?}");
        }
        assert!(must_find(&mut command("no-such-checker"), &[]).is_err());
    }
}
