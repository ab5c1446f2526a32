//! The file: how it comes to be, what else may stand in its place, who holds it, and what `check` says of it.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use fruits::{
    Settings, Store,
    domain::FruitId,
    settings::Location,
    store::sqlite::{Inspection, Sqlite, inspect, migrations},
};

use crate::support::{Folder, at_once, new_fruit};

fn open(path: &Path) -> anyhow::Result<Store> {
    Store::open(&Location::Sqlite(path.to_owned()))
}

/// What opening the file is refused with; and it is left as it was.
fn refusal(path: &Path) -> String {
    let before = fs::read(path).ok();
    let error = open(path).expect_err("must be refused");
    assert_eq!(fs::read(path).ok(), before, "it was changed");
    format!("{error:#}")
}

/// `check` agrees with what opening it says.
fn check(path: &Path) -> Result<String, String> {
    let url = format!("sqlite:{}", path.display());
    let settings = Settings { database_url: url.parse().ok(), ..Settings::default() };
    let before = files(path.parent().expect("a folder"));
    let finding = at_once(fruits::check(&settings, Path::new("/nowhere"))).pop().expect("one finding");
    assert_eq!(files(path.parent().expect("a folder")), before, "check made or changed a file");
    assert_eq!(finding.dependency, format!("catalogue {url}"));
    finding.outcome.map_err(|error| format!("{error:#}"))
}

fn files(folder: &Path) -> BTreeMap<String, u64> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            (entry.file_name().to_string_lossy().into_owned(), entry.metadata().expect("metadata").len())
        })
        .collect()
}

#[tokio::test]
async fn the_file_and_its_folders_are_made_when_missing() {
    let folder = Folder::new();
    let path = folder.path().join("a/b/c.db");
    let outcome = check(&path).unwrap();
    assert!(outcome.contains("will be created") && outcome.contains("writable"), "{outcome}");
    assert!(!folder.path().join("a").exists());
    open(&path).unwrap().add(new_fruit("apple")).await.unwrap();
    assert!(check(&path).unwrap().contains("sound"));
    assert!(open(&path).unwrap().get(FruitId::MIN).await.unwrap().is_some());
}

#[test]
fn check_names_what_keeps_the_file_from_being_made() {
    let folder = Folder::new();
    fs::write(folder.path().join("file"), "not a folder").unwrap();
    let path = folder.path().join("file/fruits.db");
    assert!(check(&path).unwrap_err().contains("reached"), "{:?}", check(&path));
    assert!(open(&path).is_err());
}

#[test]
fn an_empty_file_becomes_a_catalogue() {
    let folder = Folder::new();
    fs::write(folder.database(), "").unwrap();
    assert!(check(&folder.database()).unwrap().contains("will be migrated"));
    folder.open();
    assert_eq!(inspect(&folder.database()).unwrap(), Inspection::Catalogue { schema: migrations::latest() });
}

#[test]
fn what_is_no_database_is_left_alone() {
    let folder = Folder::new();
    let path = folder.database();
    for content in [&b"precious notes of someone"[..], &[0; 4096], &[0xff; 10_000], b"SQLite format 3\0"] {
        fs::write(&path, content).unwrap();
        assert!(refusal(&path).contains("it is not a SQLite database"), "{}", refusal(&path));
        assert!(check(&path).unwrap_err().contains("it is not a SQLite database"));
    }
}

#[test]
fn another_programs_database_is_left_alone() {
    let folder = Folder::new();
    folder.execute("CREATE TABLE fruits (id INTEGER PRIMARY KEY, fruit TEXT, color TEXT)");
    assert!(refusal(&folder.database()).contains("another program's"));
    assert!(check(&folder.database()).unwrap_err().contains("another program's"));
    folder.execute("DROP TABLE fruits; PRAGMA application_id = 7");
    assert!(refusal(&folder.database()).contains("another program's"));
}

#[test]
fn a_damaged_catalogue_is_refused_or_found_damaged() {
    let folder = Folder::new();
    folder.fill(2000);
    let whole = fs::read(folder.database()).unwrap();
    fs::write(folder.database(), &whole[..whole.len() / 2]).unwrap();
    let said = check(&folder.database()).unwrap_err();
    assert!(said.contains("damaged") || said.contains("malformed"), "{said}");
    for kept in [1, 50, 99, 100, 511, 4095] {
        fs::write(folder.database(), &whole[..kept]).unwrap();
        let said = refusal(&folder.database());
        assert!(said.contains("SQLite database"), "{kept}: {said}");
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let folder = Folder::new();
    folder.fill(1);
    folder.execute("INSERT INTO migrations (version, name, checksum) SELECT max(version) + 1, 'taste', 0 FROM migrations");
    for said in [refusal(&folder.database()), check(&folder.database()).unwrap_err()] {
        assert!(said.contains("newer than this program") && said.contains("taste"), "{said}");
    }
}

#[test]
fn a_schema_built_by_other_steps_is_refused() {
    let folder = Folder::new();
    folder.fill(1);
    folder.execute("UPDATE migrations SET checksum = checksum + 1");
    for said in [refusal(&folder.database()), check(&folder.database()).unwrap_err()] {
        assert!(said.contains("another build"), "{said}");
    }
    folder.execute(
        "DELETE FROM migrations; INSERT INTO migrations (version, name, checksum) VALUES (2, 'x', 0)",
    );
    assert!(refusal(&folder.database()).contains("migration 1 is missing"));
}

#[test]
fn migrate_says_from_where_to_where() {
    let folder = Folder::new();
    let settings = Settings::default();
    let latest = migrations::latest();
    let migrate =
        || at_once(fruits::migrate(&settings, folder.path())).map(|migrated| (migrated.from, migrated.to));
    assert_eq!(migrate().unwrap(), (0, latest));
    assert_eq!(migrate().unwrap(), (latest, latest));
    let held = folder.open();
    assert!(format!("{:#}", migrate().unwrap_err()).contains("another process"));
    drop(held);
    assert_eq!(migrate().unwrap(), (latest, latest));
}

#[tokio::test]
async fn a_second_server_is_refused_by_whichever_path() {
    let folder = Folder::new();
    let store = folder.open();
    let link = folder.path().join("link.db");
    symlink(folder.database(), &link).unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    for path in [folder.database(), link, folder.path().join("sub/../fruits.db")] {
        let error = format!("{:#}", open(&path).expect_err("is held"));
        let id = std::process::id().to_string();
        assert!(error.contains("another process") && error.contains(&id), "{error}");
        // Looking at it is no second server.
        assert!(check(&path).unwrap().contains("sound"));
    }
    store.add(new_fruit("apple")).await.unwrap();
    drop(store);
    folder.open();
}

#[test]
fn what_cannot_be_a_file_is_refused() {
    let folder = Folder::new();
    // Within a folder of the test's own, whose entries no other test changes.
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    assert!(format!("{:#}", open(&inner).unwrap_err()).contains("a folder"));
    assert!(check(&inner).unwrap_err().contains("a folder"));
    assert!(open(Path::new("/proc/fruits/fruits.db")).is_err());
    let long = folder.path().join("x".repeat(300));
    assert!(open(&long).is_err() && check(&long).is_err());
}

#[test]
fn it_is_closed_without_a_trace_and_made_by_the_umask() {
    let folder = Folder::new();
    drop(folder.open());
    let names: Vec<String> = files(folder.path()).into_keys().collect();
    assert_eq!(names, ["fruits.db", "fruits.db.lock"]);
    let mode = fs::metadata(folder.database()).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0, "{mode:o}");
    assert_eq!(mode & 0o600, 0o600, "{mode:o}");
}

#[test]
fn it_keeps_what_it_commits() {
    let folder = Folder::new();
    let _held: Sqlite = folder.sqlite();
    let journal: String =
        folder.connect().pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(journal, "wal");
}

#[test]
fn check_finds_a_setting_that_cannot_be_used() {
    let settings =
        Settings { database_url: "postgres://user:secret@db/".parse().ok(), ..Settings::default() };
    let finding = at_once(fruits::check(&settings, Path::new("data"))).remove(0);
    let said = format!("{:#}", finding.outcome.unwrap_err());
    assert!(said.contains("names no database") && !said.contains("secret"), "{said}");
    assert!(at_once(fruits::migrate(&settings, Path::new("data"))).is_err());
}
