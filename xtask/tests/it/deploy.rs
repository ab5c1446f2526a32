//! `scripts/deploy-press.sh` and `scripts/deploy-fruits.sh`: in which order a cloud is told what, and what happens when the
//! new image is not well. The clouds' own commands are stand-ins that write down what they are told.

use std::fs;

use crate::sandbox::{Sandbox, printed, said};

/// Cloud Run with a revision that serves, and a new one once something was deployed.
const GCLOUD: &str = r#"#!/bin/sh
echo "gcloud $*" >> log
case "$*" in
  *describe*) echo '{"status":{"traffic":[{"revisionName":"old","percent":100},{"revisionName":"new","tag":"candidate"}]}}' ;;
esac
"#;

/// Container Apps with a revision that serves, and a migration that ends as the file `migration` says.
const AZ: &str = r#"#!/bin/sh
echo "az $*" >> log
case "$*" in
  *"job start"*) echo run-1 ;;
  *"execution show"*) cat migration ;;
  *"revision list"*) echo old ;;
  *"--query properties.latestRevisionName"*) echo new ;;
esac
"#;

/// What is tried is well, unless a line of the file `ill` is among the words.
const SMOKE: &str = r#"#!/bin/sh
echo "smoke $*" >> log
while read -r words; do
  case "$*" in *"${words}"*) exit 1 ;; esac
done < ill
"#;

fn sandbox(script: &str, ill: &str) -> Sandbox {
    let sandbox = Sandbox::with_script(script);
    sandbox.write_program("bin/gcloud", GCLOUD);
    sandbox.write_program("bin/az", AZ);
    sandbox.write_program("bin/sleep", "#!/bin/sh\n:\n");
    sandbox.write_program("scripts/smoke.sh", SMOKE);
    sandbox.write("ill", ill);
    sandbox.write("migration", "Succeeded\n");
    sandbox
}

/// Runs the script; what it told others, with the same things after each other only once.
#[track_caller]
fn deploy(sandbox: &Sandbox, script: &str, args: &[&str], succeeds: bool) -> Vec<String> {
    let output =
        sandbox.script(script, args).current_dir(sandbox.path("")).output().expect("the script starts");
    assert_eq!(output.status.success(), succeeds, "{}{}", printed(&output), said(&output));
    let log = fs::read_to_string(sandbox.path("log")).unwrap_or_default();
    let mut told: Vec<_> = log.lines().map(ToOwned::to_owned).collect();
    told.dedup();
    told
}

const URL: &str = "https://press-203-0-113-7.nip.io";
const DESCRIBE: &str = "gcloud run services describe press --format json";
const CANDIDATE: &str = "gcloud run deploy press --image image@sha256:1 --no-traffic --tag candidate --quiet";
const TO_NEW: &str = "gcloud run services update-traffic press --to-revisions new=100 --quiet";
const TO_OLD: &str = "gcloud run services update-traffic press --to-revisions old=100 --quiet";
const TRY_CANDIDATE: &str =
    "smoke --service press --passes 2 --header X-Release-Channel: candidate https://press-203-0-113-7.nip.io";
const TRY_LIVE: &str = "smoke --service press --passes 2 https://press-203-0-113-7.nip.io";

#[track_caller]
fn press(ill: &str, args: &[&str], succeeds: bool, expected: &[&str]) {
    let sandbox = sandbox("deploy-press.sh", ill);
    assert_eq!(deploy(&sandbox, "deploy-press.sh", args, succeeds), expected);
}

#[test]
fn press_is_tried_before_it_has_traffic_and_after() {
    let steps = [DESCRIBE, CANDIDATE, DESCRIBE, TRY_CANDIDATE, TO_NEW, TRY_LIVE];
    press("no such words\n", &["image@sha256:1", URL], true, &steps);
}

#[test]
fn a_candidate_of_press_that_is_ill_gets_no_traffic() {
    let steps = [DESCRIBE, CANDIDATE, DESCRIBE, TRY_CANDIDATE];
    press("X-Release-Channel\n", &["image@sha256:1", URL], false, &steps);
}

#[test]
fn press_goes_back_when_it_is_ill_with_traffic() {
    let steps = [DESCRIBE, CANDIDATE, DESCRIBE, TRY_CANDIDATE, TO_NEW, TRY_LIVE, TO_OLD, TRY_LIVE];
    press("--passes 2 https\n", &["image@sha256:1", URL], false, &steps);
}

#[test]
fn press_goes_back_when_it_is_told_to() {
    press("no such words\n", &["--back", "old", URL], true, &[TO_OLD, TRY_LIVE]);
    press("--passes 2 https\n", &["--back", "old", URL], false, &[TO_OLD, TRY_LIVE]);
}

#[test]
fn a_candidate_has_five_tries() {
    let sandbox = sandbox("deploy-press.sh", "X-Release-Channel\n");
    deploy(&sandbox, "deploy-press.sh", &["image@sha256:1", URL], false);
    let log = fs::read_to_string(sandbox.path("log")).expect("there is a log");
    assert_eq!(log.matches(TRY_CANDIDATE).count(), 5, "{log}");
}

const FRUITS: &str = "https://fruits.calm-sea-1.westeurope.azurecontainerapps.io";
const MIGRATE: [&str; 3] = [
    "az containerapp job update --resource-group rg-fruits --name fruits-migrate --image image@sha256:1 --output none",
    "az containerapp job start --resource-group rg-fruits --name fruits-migrate --query name --output tsv",
    "az containerapp job execution show --resource-group rg-fruits --name fruits-migrate --job-execution-name run-1 \
     --query properties.status --output tsv",
];
const PREPARE: [&str; 5] = [
    "az containerapp revision list --resource-group rg-fruits --name fruits --query \
     [?properties.trafficWeight==`100`].name | [0] --output tsv",
    "az containerapp ingress traffic set --resource-group rg-fruits --name fruits --revision-weight old=100 --output none",
    "az containerapp update --resource-group rg-fruits --name fruits --image image@sha256:1 --query \
     properties.latestRevisionName --output tsv",
    "az containerapp revision label add --resource-group rg-fruits --name fruits --label candidate --revision new \
     --no-prompt --output none",
    "smoke --service fruits --passes 2 https://fruits---candidate.calm-sea-1.westeurope.azurecontainerapps.io",
];
const SWITCH: [&str; 2] = [
    "az containerapp ingress traffic set --resource-group rg-fruits --name fruits --revision-weight new=100 --output none",
    "smoke --service fruits --passes 2 https://fruits.calm-sea-1.westeurope.azurecontainerapps.io",
];
const BACK: [&str; 2] = [PREPARE[1], SWITCH[1]];

#[track_caller]
fn fruits(ill: &str, migration: &str, args: &[&str], succeeds: bool, expected: &[&[&str]]) {
    let sandbox = sandbox("deploy-fruits.sh", ill);
    sandbox.write("migration", migration);
    assert_eq!(deploy(&sandbox, "deploy-fruits.sh", args, succeeds), expected.concat());
}

#[test]
fn fruits_is_migrated_and_tried_before_it_has_traffic_and_after() {
    let steps: [&[&str]; 3] = [&MIGRATE, &PREPARE, &SWITCH];
    fruits("no such words\n", "Succeeded\n", &["image@sha256:1", FRUITS], true, &steps);
}

#[test]
fn nothing_is_deployed_on_a_schema_that_did_not_come() {
    fruits("no such words\n", "Failed\n", &["image@sha256:1", FRUITS], false, &[&MIGRATE]);
    // One that never ends is waited for ten minutes.
    fruits("no such words\n", "Running\n", &["image@sha256:1", FRUITS], false, &[&MIGRATE]);
}

#[test]
fn a_candidate_of_fruits_that_is_ill_gets_no_traffic() {
    let steps: [&[&str]; 2] = [&MIGRATE, &PREPARE];
    fruits("---candidate\n", "Succeeded\n", &["image@sha256:1", FRUITS], false, &steps);
}

#[test]
fn fruits_goes_back_when_it_is_ill_with_traffic() {
    let steps: [&[&str]; 4] = [&MIGRATE, &PREPARE, &SWITCH, &BACK];
    fruits("https://fruits.\n", "Succeeded\n", &["image@sha256:1", FRUITS], false, &steps);
}

#[test]
fn fruits_goes_back_when_it_is_told_to() {
    fruits("no such words\n", "", &["--back", "old", FRUITS], true, &[&BACK]);
}

#[test]
fn what_is_called_wrongly_tells_nobody_anything() {
    for script in ["deploy-press.sh", "deploy-fruits.sh"] {
        for args in [
            &[][..],
            &[""],
            &["image"],
            &["image", URL, "more"],
            &["--back"],
            &["--back", "old"],
            &["--forth", URL],
        ] {
            let sandbox = sandbox(script, "");
            let output = sandbox.script(script, args).output().expect("the script starts");
            assert_eq!(output.status.code(), Some(2), "{script} {args:?}");
            assert!(said(&output).starts_with("usage: "), "{script} {args:?}");
            assert!(!sandbox.path("log").exists(), "{script} {args:?}");
        }
    }
}
