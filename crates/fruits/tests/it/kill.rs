//! Processes that end without warning, and disks that stop taking data: what was acknowledged is kept.

use std::{collections::BTreeMap, path::Path, process::Command, thread, time::Duration};

use fruits::{
    domain::FruitId,
    store::sqlite::{Inspection, inspect, migrations},
};

use crate::support::{
    Folder,
    adder::{self, Adder, acknowledged},
    new_fruit,
};

const ROUNDS: u64 = 100;

/// Arrays of which a part is there.
const HALVES: &str = "SELECT count(*) FROM (
    SELECT fruit FROM fruits WHERE fruit LIKE '%-array-%' GROUP BY fruit HAVING count(*) <> 3) AS halves";

/// Kills a process that adds to this catalogue, again and again. Between two kills `look` sees what was acknowledged
/// since the last one; the answer is all that was.
fn kill_again_and_again(
    url: &str,
    mut look: impl FnMut(u64, &BTreeMap<i64, String>),
) -> BTreeMap<i64, String> {
    let mut expected = BTreeMap::new();
    for round in 0..ROUNDS {
        let mut adder = Adder::start(url);
        let mut lines = adder.lines_until("added");
        thread::sleep(Duration::from_millis(round * round * 7 % 61));
        lines.extend(adder.kill());
        let added = acknowledged(&lines);
        assert_arrays_are_whole(&added);
        assert!(added.keys().all(|id| !expected.contains_key(id)), "an id was given again after a kill");
        look(round, &added);
        expected.extend(added);
    }
    assert!(expected.len() > 500, "only {} acknowledged: the kills came before the work", expected.len());
    expected
}

fn assert_arrays_are_whole(acknowledged: &BTreeMap<i64, String>) {
    let arrays = acknowledged.values().filter(|name| name.contains("-array-")).count();
    assert_eq!(arrays % 3, 0, "an array was acknowledged in part");
}

fn assert_kept(folder: &Folder, expected: &BTreeMap<i64, String>) {
    assert_eq!(
        inspect(&folder.database()).expect("a sound file"),
        Inspection::Catalogue { schema: migrations::latest() }
    );
    let halves: i64 = folder.connect().query_row(HALVES, [], |row| row.get(0)).expect("a count");
    assert_eq!(halves, 0, "arrays were added in part");
    let store = folder.sqlite();
    for (id, name) in expected {
        let kept = store.get(FruitId::new(*id).unwrap()).unwrap();
        let kept = kept.unwrap_or_else(|| panic!("the acknowledged fruit {id} ({name}) is gone"));
        assert_eq!(kept.fruit.as_str(), name);
    }
}

#[test]
fn a_file_keeps_what_was_acknowledged_through_a_hundred_kills() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.database().display());
    let expected = kill_again_and_again(&url, |_, added| assert_kept(&folder, added));
    assert_kept(&folder, &expected);
}

mod postgres {
    use std::{cell::Cell, collections::BTreeMap};

    use super::{HALVES, ROUNDS, kill_again_and_again};
    use crate::support::{Database, cluster::Cluster};

    fn assert_kept(database: &Database<'_>, expected: &BTreeMap<i64, String>) {
        assert_eq!(database.rows(HALVES), ["0"], "arrays were added in part");
        let kept = database.rows("SELECT id || ' ' || fruit FROM fruits ORDER BY id");
        let kept: BTreeMap<i64, &str> = kept
            .iter()
            .map(|row| row.split_once(' ').expect("two columns"))
            .map(|(id, name)| (id.parse().expect("an id"), name))
            .collect();
        for (id, name) in expected {
            assert_eq!(kept.get(id), Some(&name.as_str()), "the acknowledged fruit {id} is gone");
        }
    }

    /// Each time the server of fruits is killed, and now and then the whole of PostgreSQL with it.
    #[test]
    fn a_database_keeps_what_was_acknowledged_through_a_hundred_kills() {
        let cluster = Cluster::start(&[]);
        let database = Database::on(&cluster);
        database.migrate();
        let crashes = Cell::new(0);
        let expected = kill_again_and_again(&database.url(), |round, added| {
            if round % 10 == 5 {
                cluster.crash();
                cluster.wait_until_it_answers();
                crashes.set(crashes.get() + 1);
            }
            assert_kept(&database, added);
        });
        assert_eq!(crashes.get(), ROUNDS / 10);
        assert_kept(&database, &expected);
    }
}

/// Runs the adder with files limited to this size; a write beyond fails as it does on a broken disk.
fn confined(database: &Path, file_bytes_max: u32) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"trap "" XFSZ; exec prlimit "--fsize=$1:unlimited" "$2" "$3""#, "sh"])
        .arg(file_bytes_max.to_string())
        .arg(adder::program())
        .arg(format!("sqlite:{}", database.display()));
    command
}

#[tokio::test]
async fn a_disk_that_fails_refuses_writes_and_loses_none() {
    let folder = Folder::new();
    let mut adder = Adder::spawn(confined(&folder.database(), 400_000));
    let mut lines = adder.lines_until("added");
    lines.extend(adder.lines_until("refused 500"));

    let limit = format!("--fsize=unlimited --pid={}", adder.child.id());
    let lifted = Command::new("prlimit").args(limit.split(' ')).status().expect("prlimit, from util-linux");
    assert!(lifted.success());
    lines.extend(adder.lines_until("added"));

    lines.extend(adder.kill());
    let expected = acknowledged(&lines);
    assert_arrays_are_whole(&expected);
    assert_kept(&folder, &expected);
    folder.open().add(new_fruit("one more")).await.unwrap();
}
