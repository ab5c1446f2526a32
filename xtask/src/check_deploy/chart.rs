//! The chart: linted and rendered with each of the files of values that stand beside it, and each object that comes out
//! held against Kubernetes' own schemas.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{
    checker::{in_environment, must_find, plant},
    process::{root, run},
};

const CHART: &str = "deploy/helm/fruitpress";
/// Kinds that Kubernetes' own schemas know nothing of; the chart's own tests look at them.
const FOREIGN: &[&str] = &["certificate", "httproute", "issuer", "prometheusrule", "servicemonitor"];

/// Renders into `manifests`, a folder for each file of values; `folder` is for the planted mistakes.
pub(super) fn check(bin: &Path, folder: &Path, manifests: &Path) -> Result<()> {
    for (mistake, finds) in MISTAKES {
        let mistake = plant(folder, "values.yaml", mistake)?;
        let mut helm = in_environment(bin, "python");
        helm.arg("xtask/python/chart.py").arg(CHART).arg(folder.join("rendered")).arg(mistake);
        must_find(&mut helm, &[finds])?;
    }

    let values = files(&root().join(CHART).join("ci"))?;
    ensure!(values.len() >= 6, "the chart is tried in fewer than six ways");
    let mut helm = in_environment(bin, "python");
    helm.arg("xtask/python/chart.py").arg(CHART).arg(manifests).args(&values);
    run(&mut helm)?;

    let validate = || {
        let mut command = in_environment(bin, "kubernetes-validate");
        command.args(["--strict", "--quiet"]);
        command
    };
    let mistake = plant(folder, "pod.yaml", MISSPELT_POD)?;
    must_find(validate().arg(mistake), &["imagePullPolcy"])?;
    let mut objects = Vec::new();
    for rendered in files(manifests)? {
        objects.extend(files(&rendered)?.into_iter().filter(|object| !is_foreign(object)));
    }
    run(validate().args(objects))
}

/// Values that the chart refuses, and what it says of each.
const MISTAKES: &[(&str, &str)] = &[
    ("fruits: {replicaCuont: 3}\n", "replicaCuont"),
    ("fruits: {settings: {MIGRATE: auto}}\n", "MIGRATE"),
    ("fruits: {database: {url: \"postgres://fruits:password@host/fruits\"}}\n", "does not match pattern"),
    ("fruits: {replicas: 2}\n", "several copies need fruits.database.url"),
    ("press: {enabled: true, autoscaling: {enabled: true}}\n", "several copies need press.bucket"),
    ("press: {enabled: true, resources: {limits: {memory: 512Mi}}}\n", "512 MiB are 80 too few"),
    ("press: {enabled: true, resources: {limits: {memory: 1G}}}\n", "write it in Mi or Gi"),
    (
        "press: {enabled: true, bucket: \"gs://pdfs\", links: {ttl: 43201s}}\n",
        "43201s is longer than the 12 hours",
    ),
    ("press: {enabled: true, bucket: pdfs, links: {ttl: 1d}}\n", "1d is longer than the 12 hours"),
    ("press: {enabled: true, bucket: \"s3://pdfs\", links: {ttl: 8d}}\n", "8d is longer than the 168 hours"),
    ("press: {enabled: true, bucket: \"az://pdfs\", links: {ttl: 59s}}\n", "59s is shorter than a minute"),
    ("press: {settings: {CONVERSIONS_BYTES_MAX: 1}}\n", "CONVERSIONS_BYTES_MAX"),
    ("fruits: {openToChanges: true, ingress: {enabled: true}}\n", "there has to be one"),
    ("fruits: {ingress: {enabled: true, host: example.com}}\n", "could change the catalogue"),
    (
        "fruits: {httpRoute: {enabled: true, hostnames: [example.com], parentRefs: [{name: public}]}}\n",
        "could change the catalogue",
    ),
    ("press: {enabled: true, bucket: pdfs, autoscaling: {min: 7}}\n", "min is 7, and max only 6"),
    ("telemetry: {endpoint: \"http://collector:4318\"}\n", "say in telemetry.namespaceLabels"),
    ("nameOverride: Fruit_Press\n", "nameOverride"),
    ("networkPolicy: {clusterIpv6Cidrs: [\"10.0.0.0/8\"]}\n", "clusterIpv6Cidrs"),
    ("fruits: {httpRoute: {enabled: true, hostnames: [example.com]}}\n", "parentRefs': minItems"),
];

const MISSPELT_POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: planted
spec:
  containers:
    - name: planted
      image: planted
      imagePullPolcy: Always
";

/// What is in a folder, in the order of the names.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    Ok(files)
}

fn is_foreign(object: &Path) -> bool {
    let name = object.file_name().unwrap_or_default().to_string_lossy();
    FOREIGN.iter().any(|kind| name.split_once('-').is_some_and(|(found, _)| found == *kind))
}
