//! `scripts/deploy-press.sh` and `scripts/deploy-fruits.sh`: in which order a cloud is told what, and what happens when the
//! new image is not well. The clouds' own commands are stand-ins that write down what they are told.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use crate::sandbox::{Sandbox, printed, said};

/// Cloud Run: the file `serving` names the revision that has all traffic, `template` has the newest one's image. A command that
/// the file `refused` has a word of fails; one that `hanging` has a word of does not end.
const GCLOUD: &str = r#"#!/bin/sh
echo "gcloud $*" >> log
while read -r words; do
  case "$*" in *"${words}"*) exit 1 ;; esac
done < refused
while read -r words; do
  case "$*" in *"${words}"*) echo hangs >> log; exec tail -f /dev/null ;; esac
done < hanging
case "$*" in
  "run services describe"*)
    percent=100
    [ ! -e split ] || percent=50
    printf '{"status":{"traffic":[{"revisionName":"%s","percent":%s}' "$(cat serving)" "${percent}"
    [ ! -e candidate ] || printf ',{"revisionName":"new","tag":"candidate"}'
    echo ']}}'
    ;;
  "run revisions describe old "*) cat image-old ;;
  "run deploy"*) : > candidate ;;
  "run services update-traffic"*) revision=${6%=100}; echo "${revision}" > serving ;;
esac
"#;

/// Container Apps, in the same way, and a migration that ends as the file `migration` says.
const AZ: &str = r#"#!/bin/sh
echo "az $*" >> log
while read -r words; do
  case "$*" in *"${words}"*) exit 1 ;; esac
done < refused
while read -r words; do
  case "$*" in *"${words}"*) echo hangs >> log; exec tail -f /dev/null ;; esac
done < hanging
case "$*" in
  *"job start"*) echo run-1 ;;
  *"execution show"*) cat migration ;;
  *"revision list"*active*) cat active ;;
  *"revision list"*) [ -e split ] || cat serving ;;
  *"revision show"*"--revision old "*) cat image-old ;;
  *"--query properties.latestRevisionName"*) cat latest ;;
  *"traffic set"*)
    while [ "$1" != --revision-weight ]; do shift; done
    echo "${2%=100}" > serving
    ;;
esac
"#;

/// What is tried is well, unless a line of the file `ill` is among the words; or never ends, when one of `silent` is. How many
/// seconds it is given is in a file of its own.
const SMOKE: &str = r#"#!/bin/sh
seconds=$(echo "$*" | sed -n 's/.*--seconds \([0-9]*\).*/\1/p')
told=$(echo "$*" | sed 's/ --seconds [0-9]*//')
echo "smoke ${told}" >> log
echo "${seconds}" >> seconds
while read -r words; do
  case "${told}" in *"${words}"*) echo "$$" > hanging-id; echo hangs >> log; exec tail -f /dev/null ;; esac
done < silent
while read -r words; do
  case "${told}" in *"${words}"*) exit 1 ;; esac
done < ill
"#;

fn sandbox(script: &str, ill: &str) -> Sandbox {
    let sandbox = Sandbox::with_scripts(&[script, "traffic.sh"]);
    sandbox.write_program("bin/gcloud", GCLOUD);
    sandbox.write_program("bin/az", AZ);
    sandbox.write_program("bin/sleep", "#!/bin/sh\n:\n");
    sandbox.write_program("scripts/smoke.sh", SMOKE);
    sandbox.write("ill", ill);
    sandbox.write("migration", "Succeeded\n");
    sandbox.write("serving", "old\n");
    sandbox.write("latest", "new\n");
    sandbox.write("active", "older\nold\noldest\nnew\n");
    for empty in ["refused", "hanging", "silent"] {
        sandbox.write(empty, "");
    }
    sandbox
}

fn serving(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path("serving")).expect("something serves").trim().to_owned()
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
const FIND: &str = "az containerapp revision list --resource-group rg-fruits --name fruits --query \
     [?properties.trafficWeight==`100`].name | [0] --output tsv";
const PREPARE: [&str; 5] = [
    "az containerapp ingress traffic set --resource-group rg-fruits --name fruits --revision-weight old=100 --output none",
    "az containerapp update --resource-group rg-fruits --name fruits --image image@sha256:1 --query \
     properties.latestRevisionName --output tsv",
    "az containerapp revision activate --resource-group rg-fruits --name fruits --revision new --output none",
    "az containerapp revision label add --resource-group rg-fruits --name fruits --label candidate --revision new \
     --no-prompt --output none",
    "smoke --service fruits --passes 2 https://fruits---candidate.calm-sea-1.westeurope.azurecontainerapps.io",
];
const SWITCH: [&str; 2] = [
    "az containerapp ingress traffic set --resource-group rg-fruits --name fruits --revision-weight new=100 --output none",
    "smoke --service fruits --passes 2 https://fruits.calm-sea-1.westeurope.azurecontainerapps.io",
];
const BACK: [&str; 2] = [PREPARE[0], SWITCH[1]];
const ACTIVATE: &str =
    "az containerapp revision activate --resource-group rg-fruits --name fruits --revision old --output none";
const RETIRE_ILL: &str = "az containerapp revision deactivate --resource-group rg-fruits --name fruits --revision new --output none";
/// All that are active but the one that serves and the one before it.
const RETIRE: [&str; 3] = [
    "az containerapp revision list --resource-group rg-fruits --name fruits --query [?properties.active].name --output tsv",
    "az containerapp revision deactivate --resource-group rg-fruits --name fruits --revision older --output none",
    "az containerapp revision deactivate --resource-group rg-fruits --name fruits --revision oldest --output none",
];

#[track_caller]
fn fruits(ill: &str, migration: &str, args: &[&str], succeeds: bool, expected: &[&[&str]]) {
    let sandbox = sandbox("deploy-fruits.sh", ill);
    sandbox.write("migration", migration);
    assert_eq!(deploy(&sandbox, "deploy-fruits.sh", args, succeeds), expected.concat());
}

#[test]
fn fruits_is_migrated_and_tried_before_it_has_traffic_and_after() {
    let steps: [&[&str]; 5] = [&[FIND], &MIGRATE, &PREPARE, &SWITCH, &RETIRE];
    fruits("no such words\n", "Succeeded\n", &["image@sha256:1", FRUITS], true, &steps);
}

#[test]
fn nothing_is_deployed_on_a_schema_that_did_not_come() {
    fruits("no such words\n", "Failed\n", &["image@sha256:1", FRUITS], false, &[&[FIND], &MIGRATE]);
    // One that never ends is waited for ten minutes.
    fruits("no such words\n", "Running\n", &["image@sha256:1", FRUITS], false, &[&[FIND], &MIGRATE]);
}

#[test]
fn a_candidate_of_fruits_that_is_ill_gets_no_traffic() {
    let steps: [&[&str]; 4] = [&[FIND], &MIGRATE, &PREPARE, &[RETIRE_ILL]];
    fruits("---candidate\n", "Succeeded\n", &["image@sha256:1", FRUITS], false, &steps);
}

#[test]
fn fruits_goes_back_when_it_is_ill_with_traffic() {
    let steps: [&[&str]; 6] = [&[FIND], &MIGRATE, &PREPARE, &SWITCH, &BACK, &[RETIRE_ILL]];
    fruits("https://fruits.\n", "Succeeded\n", &["image@sha256:1", FRUITS], false, &steps);
}

#[test]
fn fruits_goes_back_when_it_is_told_to() {
    fruits("no such words\n", "", &["--back", "old", FRUITS], true, &[&[ACTIVATE], &BACK]);
    // One that is gone, or does not start, gets no traffic.
    let sandbox = sandbox("deploy-fruits.sh", "");
    sandbox.write("refused", "revision activate\n");
    assert_eq!(deploy(&sandbox, "deploy-fruits.sh", &["--back", "old", FRUITS], false), [ACTIVATE]);
}

/// Azure makes no revision where nothing would be new of it: then what serves stays as it is, well or not.
#[test]
fn what_serves_already_is_tried_and_left_alone() {
    for (ill, succeeds) in [("no such words\n", true), ("https://fruits.\n", false)] {
        let sandbox = sandbox("deploy-fruits.sh", ill);
        sandbox.write("latest", "old\n");
        let told = deploy(&sandbox, "deploy-fruits.sh", &["image@sha256:1", FRUITS], succeeds);
        assert_eq!(told, [&[FIND][..], &MIGRATE, &PREPARE[..2], &SWITCH[1..]].concat());
        assert_eq!(serving(&sandbox), "old");
    }
}

/// It costs money, and is no reason to go back.
#[test]
fn a_revision_that_stays_active_is_no_failure() {
    for refused in ["revision deactivate\n", "properties.active\n"] {
        let sandbox = sandbox("deploy-fruits.sh", "");
        sandbox.write("refused", refused);
        deploy(&sandbox, "deploy-fruits.sh", &["image@sha256:1", FRUITS], true);
        assert_eq!(serving(&sandbox), "new", "{refused}");
    }
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

const SCRIPTS: [(&str, &str); 2] = [("deploy-press.sh", URL), ("deploy-fruits.sh", FRUITS)];

/// Starts the script, and waits until it hangs with the traffic given to the new revision.
fn hanging_with_traffic(sandbox: &Sandbox, script: &str, url: &str) -> Child {
    sandbox.write("silent", &format!("--passes 2 {url}\n"));
    let child = sandbox
        .script(script, &["image@sha256:1", url])
        .current_dir(sandbox.path(""))
        .env("DEPLOY_STATE", sandbox.path("state"))
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the script starts");
    sandbox.wait_for("log", "hangs", 1);
    assert_eq!(serving(sandbox), "new", "{script}");
    child
}

/// By the shell: a small system has no program for it.
fn send(signal: &str, id: u32) {
    let status = Command::new("sh").args(["-c", &format!("kill {signal} {id}")]).status();
    assert!(status.expect("the shell starts").success());
}

#[test]
fn traffic_that_nobody_confirmed_goes_back_when_the_script_is_cut_off() {
    for (script, url) in SCRIPTS {
        for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
            let sandbox = sandbox(script, "");
            let mut child = hanging_with_traffic(&sandbox, script, url);
            send(signal, child.id());
            let status = child.wait().expect("it ends");
            assert_eq!((status.code(), serving(&sandbox).as_str()), (Some(code), "old"), "{script} {signal}");
            assert!(!sandbox.path("state").exists(), "{script}: nothing is in doubt any more");
        }
    }
}

/// Nobody knows then whether it was given.
#[test]
fn traffic_goes_back_when_the_script_is_cut_off_while_it_gives_it() {
    for (script, url) in SCRIPTS {
        let sandbox = sandbox(script, "");
        sandbox.write("hanging", "new=100\n");
        let mut child = sandbox
            .script(script, &["image@sha256:1", url])
            .current_dir(sandbox.path(""))
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the script starts");
        sandbox.wait_for("log", "hangs", 1);
        send("-INT", child.id());
        assert_eq!(child.wait().expect("it ends").code(), Some(130), "{script}");
        let log = fs::read_to_string(sandbox.path("log")).expect("there is a log");
        assert!(log.lines().last().is_some_and(|line| line.contains("old=100")), "{script}: {log}");
    }
}

#[test]
fn what_a_killed_script_left_in_doubt_is_settled() {
    for (script, url) in SCRIPTS {
        let sandbox = sandbox(script, "");
        let mut child = hanging_with_traffic(&sandbox, script, url);
        send("-KILL", child.id());
        child.wait().expect("it ends");
        let hanging = fs::read_to_string(sandbox.path("hanging-id")).expect("it hung");
        send("-TERM", hanging.trim().parse().expect("a number"));
        assert_eq!(serving(&sandbox), "new", "{script}: it could do nothing");

        // Until it worked, it is in doubt.
        let settle = || {
            let mut settle = sandbox.script(script, &["--settle"]);
            settle.current_dir(sandbox.path("")).env("DEPLOY_STATE", sandbox.path("state"));
            settle.output().expect("the script starts")
        };
        sandbox.write("refused", "old=100\n");
        assert_eq!(settle().status.code(), Some(1), "{script}");
        sandbox.write("refused", "");
        assert!(settle().status.success(), "{script}");
        assert_eq!(serving(&sandbox), "old", "{script}");
        let output = settle();
        assert!(output.status.success(), "{script}");
        assert_eq!(printed(&output), "no traffic is in doubt\n", "{script}");
    }
}

/// A command that moves traffic may have moved it although it failed.
#[test]
fn traffic_goes_back_when_giving_it_fails() {
    for (script, url) in SCRIPTS {
        let sandbox = sandbox(script, "");
        sandbox.write("refused", "new=100\n");
        let told = deploy(&sandbox, script, &["image@sha256:1", url], false);
        let given = told.iter().position(|step| step.contains("new=100")).expect("it was tried");
        assert!(told[given + 1].contains("old=100"), "{told:?}");
        assert_eq!(serving(&sandbox), "old");
    }
}

#[test]
fn traffic_that_is_split_is_said() {
    for (script, url) in SCRIPTS {
        let sandbox = sandbox(script, "");
        sandbox.write("split", "");
        for args in [["image@sha256:1", url], ["--settings", url]] {
            let output =
                sandbox.script(script, &args).current_dir(sandbox.path("")).output().expect("starts");
            assert_eq!(output.status.code(), Some(1), "{script}: {}", said(&output));
            assert!(said(&output).contains("no revision has all traffic"), "{script}: {}", said(&output));
        }
        assert_eq!(serving(&sandbox), "old", "{script}");
    }
}

/// Not the newest template's image: a rollback would be undone, or what failed as a candidate be picked up.
#[test]
fn settings_go_live_with_the_image_that_serves() {
    for (script, url, image) in [
        ("deploy-press.sh", URL, "us-central1-docker.pkg.dev/p/images/press@sha256:0"),
        ("deploy-fruits.sh", FRUITS, "ghcr.io/owner/name/fruits@sha256:0"),
    ] {
        let sandbox = sandbox(script, "");
        sandbox.write("image-old", &format!("{image}\n"));
        let told = deploy(&sandbox, script, &["--settings", url], true);
        assert!(told.iter().any(|line| line.contains(&format!("--image {image}"))), "{told:?}");
        assert_eq!(serving(&sandbox), "new", "{script}");
    }
}

#[test]
fn settings_of_what_was_never_deployed_wait() {
    for (script, url) in SCRIPTS {
        let sandbox = sandbox(script, "");
        sandbox.write("image-old", "us-docker.pkg.dev/cloudrun/container/hello\n");
        let told = deploy(&sandbox, script, &["--settings", url], true);
        assert!(!told.iter().any(|line| line.contains("--image")), "{told:?}");
        assert_eq!(serving(&sandbox), "old", "{script}");
    }
}

/// Counts what everything may take as taken, instead of the time.
const TIMEOUT: &str = r#"#!/bin/sh
shift
echo $(($(cat clock) + $1)) > clock
shift
exec "$@"
"#;

/// When nothing ends before it has to, there is time to go back: GitHub cuts a step off, and then there is none.
#[test]
fn going_back_fits_into_the_time_that_the_workflow_gives() {
    for (script, url, workflow) in
        [("deploy-press.sh", URL, "deploy-press.yml"), ("deploy-fruits.sh", FRUITS, "deploy-fruits.yml")]
    {
        let sandbox = sandbox(script, &format!("--passes 2 {url}\n"));
        sandbox.write_program("bin/timeout", TIMEOUT);
        sandbox.write_program("bin/date", "#!/bin/sh\ncat clock\n");
        sandbox.write("clock", "0\n");
        let told = deploy(&sandbox, script, &["image@sha256:1", url], false);
        assert_eq!(serving(&sandbox), "old", "{told:?}");
        let taken: u64 = fs::read_to_string(sandbox.path("clock")).unwrap().trim().parse().unwrap();
        // The candidate had one try here, and a migration one look.
        let more = 335 - 130 + if script == "deploy-fruits.sh" { 660 - 60 } else { 0 };
        let path = format!("{}/../.github/workflows/{workflow}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).expect("the workflow is there");
        let minutes: Vec<u64> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("timeout-minutes: "))
            .map(|minutes| minutes.parse().expect("a number"))
            .collect();
        let [job, step, settle] = minutes[..] else { panic!("{workflow} has {minutes:?}") };
        assert!(taken + more <= step * 60, "{script} takes {taken} + {more} s of {step} minutes");
        assert!(step + settle + 5 <= job, "{workflow}: {step} and {settle} of {job} minutes");
        let seconds = fs::read_to_string(sandbox.path("seconds")).expect("something was tried");
        assert!(seconds.lines().all(|line| line.parse::<u64>().unwrap() <= 120), "{seconds}");
    }
}
