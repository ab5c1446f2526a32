//! Processes that end without warning, and disks that stop taking data: what was acknowledged is kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use fruits::{
    domain::FruitId,
    store::sqlite::{Inspection, inspect, migrations},
};

use crate::support::{Folder, new_fruit};

/// The example of that name, which `cargo test -p fruits` builds before it runs the tests.
fn adder() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let target = test.ancestors().nth(2).expect("target/debug/deps");
    let adder = target.join("examples/add_until_killed");
    assert!(adder.exists(), "{} is missing: run `cargo test -p fruits`, which builds it", adder.display());
    adder
}

/// A process that adds fruits and prints what was acknowledged.
struct Adder {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Adder {
    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a process that adds");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("one more line").expect("a readable line")
    }

    /// SIGKILL; answers what it had still printed.
    fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("a process to kill");
        self.lines.by_ref().map(|line| line.expect("a readable line")).collect()
    }
}

impl Drop for Adder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The ids and names in lines like `added 12 NAME`; the last line may have been cut off.
fn acknowledged(lines: &[String]) -> BTreeMap<i64, String> {
    let mut fruits = BTreeMap::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        if let ["added", id, name] = words[..] {
            let taken = fruits.insert(id.parse().expect("an id"), name.to_owned());
            assert_eq!(taken, None, "the id {id} was given twice");
        }
    }
    fruits
}

fn assert_kept(folder: &Folder, expected: &BTreeMap<i64, String>) {
    assert_eq!(
        inspect(&folder.database()).expect("a sound file"),
        Inspection::Catalogue { schema: migrations::latest() }
    );
    let halves = "SELECT count(*) FROM (
        SELECT fruit FROM fruits WHERE fruit LIKE '%-array-%' GROUP BY fruit HAVING count(*) <> 3)";
    let halves: i64 = folder.connect().query_row(halves, [], |row| row.get(0)).expect("a count");
    assert_eq!(halves, 0, "arrays were added in part");
    let arrays = expected.values().filter(|name| name.contains("-array-")).count();
    assert_eq!(arrays % 3, 0, "an array was acknowledged in part");
    let store = folder.sqlite();
    for (id, name) in expected {
        let kept = store.get(FruitId::new(*id).unwrap()).unwrap();
        let kept = kept.unwrap_or_else(|| panic!("the acknowledged fruit {id} ({name}) is gone"));
        assert_eq!(kept.fruit.as_str(), name);
    }
}

#[test]
fn what_was_acknowledged_survives_twenty_kills() {
    let folder = Folder::new();
    let mut expected = BTreeMap::new();
    for round in 0_u64..20 {
        let mut command = Command::new(adder());
        command.arg(folder.database());
        let mut adder = Adder::spawn(command);
        let mut lines = vec![adder.line()];
        thread::sleep(Duration::from_millis(round * round * 7 % 61));
        lines.extend(adder.kill());
        let added = acknowledged(&lines);
        assert!(!added.is_empty(), "nothing was acknowledged in round {round}");
        let ids: BTreeSet<_> = expected.keys().collect();
        assert!(added.keys().all(|id| !ids.contains(id)), "an id was given again after a kill");
        expected.extend(added);
        assert_kept(&folder, &expected);
    }
    assert!(expected.len() > 100, "only {} acknowledged: the kills came before the work", expected.len());
}

/// Runs the adder with files limited to this size; a write beyond fails as it does on a broken disk.
fn confined(database: &Path, file_bytes_max: u32) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"trap "" XFSZ; exec prlimit "--fsize=$1:unlimited" "$2" "$3""#, "sh"])
        .arg(file_bytes_max.to_string())
        .args([adder().as_os_str(), database.as_os_str()]);
    command
}

#[tokio::test]
async fn a_disk_that_fails_refuses_writes_and_loses_none() {
    let folder = Folder::new();
    let mut adder = Adder::spawn(confined(&folder.database(), 400_000));
    let mut lines = Vec::new();
    let read_until = |adder: &mut Adder, lines: &mut Vec<String>, start: &str| {
        for _ in 0..100_000 {
            let line = adder.line();
            let found = line.starts_with(start);
            lines.push(line);
            if found {
                return;
            }
        }
        panic!("no line begins with {start:?}");
    };
    read_until(&mut adder, &mut lines, "added");
    read_until(&mut adder, &mut lines, "refused 500");

    let limit = format!("--fsize=unlimited --pid={}", adder.child.id());
    let lifted = Command::new("prlimit").args(limit.split(' ')).status().expect("prlimit, from util-linux");
    assert!(lifted.success());
    read_until(&mut adder, &mut lines, "added");

    lines.extend(adder.kill());
    let expected = acknowledged(&lines);
    assert_kept(&folder, &expected);
    folder.open().add(new_fruit("one more")).await.unwrap();
}
