//! The tools the tests need, who needs them, and how they are installed.
//!
//! A C compiler is not on the list: without one, cargo could not have linked this program.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::{packages, process::is_installed, python};

/// Tests that need the same kind of tool stand in modules of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Module {
    /// Readers and decoders that aren't ours.
    Foreign,
    /// A real browser.
    Browser,
    /// A folder of images that isn't part of the source.
    Corpus,
    /// A server of PostgreSQL.
    Postgres,
    /// A program that asks for all that an API's description promises.
    Schemathesis,
    /// A server that speaks as Azure Blob Storage.
    Azurite,
    /// The store that compose.yaml names.
    Seaweedfs,
    /// A disk of the test's own, which it fills.
    Tmpfs,
}

impl Module {
    /// The name in a test's path.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Browser => "browser",
            Self::Corpus => "corpus",
            Self::Postgres => "postgres",
            Self::Schemathesis => "schemathesis",
            Self::Azurite => "azurite",
            Self::Seaweedfs => "seaweedfs",
            Self::Tmpfs => "tmpfs",
        }
    }
}

/// One tool: what it is called, where it comes from, and what for.
#[derive(Debug)]
pub(super) struct Need {
    /// The program, as the tests start it.
    pub(super) program: &'static str,
    /// The tests that need it; without a module, tests anywhere.
    pub(super) modules: &'static [Module],
    /// The Debian package it comes from.
    pub(super) package: &'static str,
    why: &'static str,
    is_there: fn(&str) -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        program: "kill",
        modules: &[],
        package: "procps",
        why: "tells a server to stop, as its host does",
        is_there: is_installed,
    },
    Need {
        program: "git",
        modules: &[],
        package: "git",
        why: "gives the scripts a history to read",
        is_there: is_installed,
    },
    Need {
        program: "curl",
        modules: &[],
        package: "curl",
        why: "asks the servers as the README and scripts/smoke.sh do",
        is_there: is_installed,
    },
    Need {
        program: "qpdf",
        modules: &[Module::Foreign],
        package: "qpdf",
        why: "checks the syntax of every PDF that a test makes",
        is_there: is_installed,
    },
    Need {
        program: "pdfimages",
        modules: &[Module::Foreign],
        package: "poppler-utils",
        why: "takes the images out of a PDF",
        is_there: is_installed,
    },
    Need {
        program: "python3",
        modules: &[Module::Foreign, Module::Schemathesis, Module::Seaweedfs],
        package: "python3",
        why: "runs the decoders that ours are compared with, and Schemathesis; its registry has SeaweedFS",
        is_there: is_installed,
    },
    Need {
        program: "python3 -m venv",
        modules: &[Module::Foreign, Module::Schemathesis, Module::Seaweedfs],
        package: "python3-venv",
        why: "keeps them apart from the system",
        is_there: |_| python::is_complete(),
    },
    Need {
        program: "chromium",
        modules: &[Module::Browser],
        package: "chromium",
        why: "opens the pages that the services serve",
        is_there: is_installed,
    },
    Need {
        program: "initdb",
        modules: &[Module::Postgres],
        package: "postgresql",
        why: "keeps the catalogue that several servers share",
        is_there: is_a_server_installed,
    },
    Need {
        program: "node",
        modules: &[Module::Azurite],
        package: "nodejs",
        why: "runs the server that stands in for Azure Blob Storage",
        is_there: is_installed,
    },
    Need {
        program: "npm",
        modules: &[Module::Azurite],
        package: "npm",
        why: "brings that server, of the version that its lock file names",
        is_there: is_installed,
    },
];

/// Debian keeps the server's programs off the path, and has one on it that starts them.
fn is_a_server_installed(program: &str) -> bool {
    is_installed(program) || is_installed("pg_ctlcluster")
}

/// Whether a process may mount a file system that it alone sees: not in every container, and not everywhere for every
/// user. No package changes that.
pub(super) fn can_mount() -> bool {
    Command::new("unshare")
        .args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The tools that are not there.
pub(super) fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !(need.is_there)(need.program)).collect()
}

/// Installs the packages of these tools as root on Debian and its kin; elsewhere says the one command to run.
pub(super) fn install(missing: &[&Need]) -> Result<()> {
    for need in missing {
        println!("missing: {} ({}), of the package {}", need.program, need.why, need.package);
    }
    packages::install(&missing.iter().map(|need| need.package).collect::<Vec<_>>())
        .context("`cargo xtask test --no-install` runs the tests that can run without them")
}
