//! Files that a server must not touch, and what it leaves beside them: nothing.

use std::{collections::BTreeSet, fs, os::unix::fs::symlink, path::Path, process::Command};

use fruits::{Settings, Store, settings::Location};

use crate::support::{Folder, at_once};

fn open(path: &Path) -> anyhow::Result<Store> {
    Store::open(&Location::Sqlite(path.to_owned()))
}

/// What `check` says.
fn check(path: &Path) -> Result<String, String> {
    let url = format!("sqlite:{}", path.display());
    let settings = Settings { database_url: url.parse().ok(), ..Settings::default() };
    let finding = at_once(fruits::check(&settings, Path::new("/nowhere"))).pop().expect("one finding");
    finding.outcome.map_err(|error| format!("{error:#}"))
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// Opening it is refused with these words, `check` agrees, and no file comes or goes.
fn assert_refused(folder: &Folder, path: &Path, words: &str) {
    let before = names(folder.path());
    let said = format!("{:#}", open(path).expect_err("must be refused"));
    assert!(said.contains(words), "{said}");
    let said = check(path).expect_err("must be refused");
    assert!(said.contains(words) && said.lines().count() == 1, "{said}");
    assert_eq!(names(folder.path()), before, "a file came or went");
}

#[test]
fn devices_and_pipes_are_refused_before_anything_is_made_beside_them() {
    let folder = Folder::new();
    let pipe = folder.path().join("pipe.db");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo, from coreutils").success());
    assert_refused(&folder, &pipe, "not a regular file");
    for device in ["/dev/null", "/dev/full"] {
        let link = folder.path().join("link.db");
        symlink(device, &link).unwrap();
        assert_refused(&folder, &link, "not a regular file");
        fs::remove_file(link).unwrap();
        assert_refused(&folder, Path::new(device), "not a regular file");
        for trace in [".lock", "-journal", "-wal"] {
            assert!(!Path::new(&format!("{device}{trace}")).exists(), "{device}{trace}");
        }
    }
}

#[test]
fn nothing_is_left_beside_a_foreign_file() {
    let folder = Folder::new();
    fs::write(folder.database(), "precious notes of someone").unwrap();
    assert_refused(&folder, &folder.database(), "it is not a SQLite database");
    fs::remove_file(folder.database()).unwrap();
    folder.execute("CREATE TABLE recipes (id INTEGER PRIMARY KEY)");
    assert_refused(&folder, &folder.database(), "another program's database");
    assert_eq!(names(folder.path()), BTreeSet::from(["fruits.db".to_owned()]));
}

#[test]
fn a_lock_that_was_there_before_stays() {
    let folder = Folder::new();
    fs::write(folder.database(), "precious notes of someone").unwrap();
    fs::write(folder.path().join("fruits.db.lock"), "").unwrap();
    assert_refused(&folder, &folder.database(), "it is not a SQLite database");
}

#[test]
fn a_file_with_two_names_is_refused_at_both() {
    let folder = Folder::new();
    folder.fill(1);
    let other = Folder::new();
    fs::hard_link(folder.database(), other.path().join("hard.db")).unwrap();
    assert_refused(&folder, &folder.database(), "2 names");
    assert_refused(&other, &other.path().join("hard.db"), "2 names");
    fs::remove_file(folder.database()).unwrap();
    open(&other.path().join("hard.db")).expect("it has one name again");
}

#[test]
fn a_name_that_is_given_to_an_open_file_lets_no_second_server_in() {
    let folder = Folder::new();
    let other = Folder::new();
    let _open = folder.open();
    fs::hard_link(folder.database(), other.database()).unwrap();
    assert_refused(&other, &other.database(), "2 names");
}

#[test]
fn a_link_to_nothing_leaves_no_lock() {
    let folder = Folder::new();
    symlink("/nowhere/at/all.db", folder.database()).unwrap();
    open(&folder.database()).expect_err("must be refused");
    assert_eq!(names(folder.path()), BTreeSet::from(["fruits.db".to_owned()]));
}

#[test]
fn a_catalogue_that_lost_a_table_or_a_column_is_refused() {
    for (statements, words) in [
        ("DROP TABLE fruits", "table fruits is missing"),
        ("ALTER TABLE fruits RENAME TO gone", "table fruits is missing"),
        ("ALTER TABLE fruits RENAME COLUMN fruit TO name", "column fruit of its table fruits is missing"),
    ] {
        let folder = Folder::new();
        folder.fill(1);
        folder.execute(statements);
        assert_refused(&folder, &folder.database(), words);
    }
}

#[test]
fn damage_is_one_line_that_says_each_thing_once() {
    let folder = Folder::new();
    folder.fill(2_000);
    let whole = fs::read(folder.database()).unwrap();
    for zeroed in [4096..whole.len(), 8192..12_288, whole.len() / 2..whole.len()] {
        let mut damaged = whole.clone();
        damaged[zeroed.clone()].fill(0xff);
        fs::write(folder.database(), damaged).unwrap();
        let said = check(&folder.database()).expect_err("must be found damaged");
        assert!(said.contains("damaged") && said.contains("restore a backup"), "{said}");
        assert!(!said.contains("Error code") && said.lines().count() == 1, "{zeroed:?}: {said}");
    }
}

#[test]
fn check_says_who_serves_the_file() {
    let folder = Folder::new();
    let store = folder.open();
    let said = check(&folder.database()).expect("is sound");
    assert!(said.contains(&format!("used by process {}", std::process::id())), "{said}");
    drop(store);
    let said = check(&folder.database()).expect("is sound");
    assert!(!said.contains("served"), "{said}");
}

#[test]
fn a_check_keeps_no_server_from_starting() {
    let folder = Folder::new();
    drop(folder.open());
    let database = folder.database();
    let checks = std::thread::spawn(move || (0..200).all(|_| check(&database).is_ok()));
    while !checks.is_finished() {
        drop(folder.open());
    }
    assert!(checks.join().expect("checks that end"));
}
