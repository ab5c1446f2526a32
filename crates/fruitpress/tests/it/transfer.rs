//! `fruitpress import` and `fruitpress export` on files, pipes and terminals, alone and beside a server.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

use crate::support::{
    Server, folder, fruitpress, fruitpress_with_files_of, get, peak_kib, post, run, stderr, stdout,
    wait_until,
};

/// A folder with a file of this name and content, to run the binary in.
fn folder_with(name: &str, content: impl AsRef<[u8]>) -> TempDir {
    let folder = folder();
    fs::write(folder.path().join(name), content).unwrap();
    folder
}

fn fruitpress_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = fruitpress();
    command.current_dir(folder).args(arguments);
    command
}

fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    run(&mut fruitpress_in(folder, arguments))
}

/// The catalogue as a JSON array.
fn exported(folder: &Path) -> String {
    let output = run_in(folder, &["export", "--format", "ndjson"]);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

/// So many fruits, a line each.
fn ndjson(fruits: u32) -> String {
    (1..=fruits).fold(String::new(), |mut lines, number| {
        writeln!(lines, r#"{{"id":{number},"fruit":"fruit {number}","color":"=red, \"dark\""}}"#).unwrap();
        lines
    })
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let first = folder_with("a.ndjson", ndjson(3000));
    let output = run_in(first.path(), &["import", "a.ndjson"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("added 3000 fruits in "), "{}", stdout(&output));
    assert_eq!(stderr(&output), "", "nothing is said of progress where there is no terminal");
    assert_eq!(exported(first.path()), ndjson(3000));
    for name in ["b.json", "b.NDJSON", "b.jsonl", "b.csv"] {
        let output = run_in(first.path(), &["export", name]);
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        assert!(stdout(&output).starts_with("exported 3000 fruits in "), "{}", stdout(&output));
        let second = folder_with(name, fs::read(first.path().join(name)).unwrap());
        let output = run_in(second.path(), &["import", name]);
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        assert_eq!(exported(second.path()), ndjson(3000), "{name}");
    }
}

#[test]
fn pipes_are_read_and_written() {
    let first = folder_with("a.ndjson", ndjson(10));
    assert!(run_in(first.path(), &["import", "a.ndjson"]).status.success());
    let second = folder();
    let mut export = fruitpress_in(first.path(), &["export"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut import = fruitpress_in(second.path(), &["import", "-", "--format", "json"]);
    let output = run(import.stdin(export.stdout.take().unwrap()));
    assert!(export.wait().unwrap().success() && output.status.success(), "{}", stderr(&output));
    assert_eq!(exported(second.path()), ndjson(10));
    // `| head`
    let many = folder_with("a.ndjson", ndjson(50_000));
    assert!(run_in(many.path(), &["import", "a.ndjson"]).status.success());
    let mut export = fruitpress_in(many.path(), &["export", "-", "--format=csv"]);
    let mut export = export.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut start = [0; 14];
    export.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = export.wait_with_output().unwrap();
    assert_eq!(&start, b"id,fruit,color");
    assert_eq!(output.status.code(), Some(1), "half a catalogue passed for a whole one");
    let said = stderr(&output);
    assert!(said.starts_with("fruitpress: standard output: it cannot be written: Broken pipe"), "{said}");
    // Of a text nobody needs the rest.
    let mut help = fruitpress().arg("completions").arg("bash").stdout(Stdio::piped()).spawn().unwrap();
    drop(help.stdout.take());
    assert!(help.wait().unwrap().success());
}

#[test]
fn bad_rows_are_named_and_refused_or_skipped() {
    let mut file = "id,fruit,color\n1,apple,red\n".to_owned();
    file.push_str(&",,red\n".repeat(25));
    file.push_str("1,pear,green\n2,fig,blue\n");
    let folder = folder_with("bad.csv", file);
    let said = |output: &Output| {
        let said = stderr(output);
        let lines: Vec<_> = said.lines().map(str::to_owned).collect();
        assert_eq!(
            lines[0],
            "fruitpress: bad.csv: line 3: fruit must not be empty: 1 to 100 characters, not counting spaces around them"
        );
        assert!(lines[19].starts_with("fruitpress: bad.csv: line 22: "), "{said}");
        assert_eq!(lines[20], "fruitpress: bad.csv: and 6 more rows that cannot be added");
        lines[21..].to_vec()
    };
    let output = run_in(folder.path(), &["import", "bad.csv"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
    assert_eq!(said(&output), ["fruitpress: nothing was added: bad.csv: 26 of its rows cannot be added"]);
    assert_eq!(exported(folder.path()), "");
    let output = run_in(folder.path(), &["import", "--continue", "bad.csv"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).is_empty());
    assert!(stdout(&output).starts_with("skipped 26 rows, added 2 fruits in "), "{}", stdout(&output));
    assert_eq!(exported(folder.path()).lines().count(), 2);
    // All of it is there already.
    let output = run_in(folder.path(), &["import", "--continue", "bad.csv"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).starts_with("skipped 28 rows, added 0 fruits in "), "{}", stdout(&output));
}

/// Runs an import or an export that fails, and looks that it says so in one line.
#[track_caller]
fn check(folder: &Path, arguments: &[&str], words: &[&str]) {
    let output = run_in(folder, arguments);
    let said = stderr(&output);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""), "{arguments:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?} does not say {word:?}: {said}");
    }
}

#[test]
fn what_cannot_be_done_is_said_and_touches_nothing() {
    let folder = folder_with("rows.txt", "[]");
    let path = folder.path();
    fs::write(path.join("short.json"), r#"[{"fruit":"a","color":"b"},"#).unwrap();
    check(path, &["import", "missing.json"], &["missing.json: No such file"]);
    check(path, &["import", "rows.txt"], &["rows.txt: which format is it?", "--format json, ndjson or csv"]);
    check(path, &["import", "-"], &["which format is it?"]);
    check(path, &["export", "rows.txt"], &["rows.txt: which format is it?"]);
    check(path, &["export", "x.json"], &["cannot read the catalogue data/fruits.db: there is none"]);
    check(
        path,
        &["import", "short.json", "--data-dir", "rows.txt"],
        &["cannot add to the catalogue rows.txt/"],
    );
    assert!(!path.join("data").exists(), "nothing was made by what failed before it was needed");
    check(
        path,
        &["import", "short.json"],
        &["nothing was added: short.json: line 1: the file ends before /1 does"],
    );
    check(path, &["import", "short.json", "--continue"], &["nothing was added: short.json: line 1: "]);
    fs::write(path.join("short.ndjson"), "{\"fruit\":\"a\",\"color\":\"b\"}\n{\"fruit\":\"c\",\"col")
        .unwrap();
    check(
        path,
        &["import", "short.ndjson", "--continue"],
        &["nothing was added: short.ndjson: line 2: the file ends before this row does: it breaks off"],
    );
    check(
        path,
        &["import", "data", "--format", "csv"],
        &["nothing was added: data: it cannot be read: Is a directory"],
    );
    assert_eq!(exported(path), "");
    for name in ["fruits.db", "fruits.db.lock"] {
        let file = format!("data/{name}");
        let before = fs::read(path.join(&file)).unwrap();
        check(
            path,
            &["export", &file, "--format", "csv"],
            &["is a file of the catalogue: it would be overwritten"],
        );
        assert_eq!(fs::read(path.join(&file)).unwrap(), before);
    }
    check(path, &["export", "no/such/folder/x.csv"], &["no/such/folder/x.csv cannot be written"]);
    check(path, &["export", "."], &["which format is it?"]);
    let output =
        run_in(path, &["export", "x.csv", "--database-url", "postgres://user:secret@nowhere.invalid/x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!stderr(&output).contains("secret"), "{}", stderr(&output));
    assert_eq!(run_in(path, &["import"]).status.code(), Some(2));
}

#[test]
fn an_export_that_fails_leaves_what_was_there() {
    let folder = folder_with("a.ndjson", ndjson(20_000));
    let path = folder.path();
    assert!(run_in(path, &["import", "a.ndjson"]).status.success());
    fs::write(path.join("out.csv"), "what was there").unwrap();
    let before = fs::read_dir(path).unwrap().count();
    let script = format!("ulimit -f 64; exec {} export out.csv", env!("CARGO_BIN_EXE_fruitpress"));
    let output = run(Command::new("bash").args(["-c", &script]).current_dir(path).env_clear());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("out.csv: it cannot be written: "), "{}", stderr(&output));
    assert_eq!(fs::read(path.join("out.csv")).unwrap(), b"what was there");
    assert_eq!(fs::read_dir(path).unwrap().count(), before, "an unfinished file was left");
    let output = run_in(path, &["export", "/dev/full", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("No space left"), "{}", stderr(&output));
    assert!(run_in(path, &["export", "out.csv"]).status.success());
    assert_eq!(fs::read_to_string(path.join("out.csv")).unwrap().lines().count(), 20_001);
}

#[test]
fn a_limit_on_files_ends_no_server_and_loses_nothing() {
    let folder = folder_with("a.ndjson", ndjson(5));
    let path = folder.path();
    assert!(run_in(path, &["import", "a.ndjson"]).status.success());
    let data = path.join("data");
    let server = Server::start_as(fruitpress_with_files_of(1024), &data, &["fruits"], &[]);
    let url = format!("{}/fruits", server.url);
    let fruit = format!(r#"{{"fruit":"{}","color":"red"}}"#, "a".repeat(100));
    let fruits = format!("[{}]", vec![fruit; 500].join(","));
    let mut added = 5;
    let refused = loop {
        let answer = post(&url, &fruits).unwrap();
        if answer.status != 201 {
            break answer;
        }
        added += 500;
        assert!(added < 100_000, "the limit was never met");
    };
    assert!(refused.status >= 500 && refused.json()["title"].is_string(), "{refused:?}");
    assert_eq!(get(&format!("{url}/5")).unwrap().status, 200);
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
    assert_eq!(exported(path).lines().count(), added);
}

#[test]
fn an_import_that_meets_a_limit_on_files_says_so_and_adds_nothing() {
    let folder = folder_with("a.ndjson", ndjson(5));
    let path = folder.path();
    assert!(run_in(path, &["import", "a.ndjson"]).status.success());
    fs::write(path.join("many.csv"), "fruit,color\n".to_owned() + &"fig,green\n".repeat(100_000)).unwrap();
    let mut import = fruitpress_with_files_of(1024);
    let output = run(import.current_dir(path).args(["import", "many.csv"]));
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
    assert!(stderr(&output).starts_with("fruitpress: nothing was added: "), "{}", stderr(&output));
    assert_eq!(exported(path), ndjson(5));
}

#[test]
fn an_import_migrates_only_where_it_may() {
    let folder = folder_with("a.ndjson", ndjson(5));
    let path = folder.path();
    for value in ["off", "auto"] {
        let output = run(fruitpress_in(path, &["import", "a.ndjson"]).env("MIGRATE", value));
        assert_eq!(output.status.success(), value == "auto", "{}", stderr(&output));
        assert_eq!(path.join("data").exists(), value == "auto");
        assert_eq!(
            stderr(&output).contains("run `fruitpress migrate`"),
            value == "off",
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn help_lists_what_concerns_the_command() {
    for (command, lists_migrate) in [("import", true), ("export", false), ("migrate", false)] {
        let help = stdout(&run(fruitpress().args([command, "--help"])));
        assert!(help.contains("--database-url") && help.contains("--data-dir"), "{help}");
        assert!(!help.contains("--allow-anonymous-add"), "{help}");
        assert_eq!(help.contains("--migrate"), lists_migrate, "{help}");
    }
}

#[test]
fn a_server_has_its_file_to_itself_and_may_be_exported_from() {
    let folder = folder_with("a.ndjson", ndjson(5));
    let path = folder.path();
    assert!(run_in(path, &["import", "a.ndjson"]).status.success());
    let server = Server::start(&path.join("data"), &["fruits"], &[]);
    check(
        path,
        &["import", "a.ndjson"],
        &["cannot add to the catalogue", "another process", "or imports into it", &server.pid().to_string()],
    );
    assert_eq!(exported(path), ndjson(5));
    assert_eq!(get(&format!("{}/fruits", server.url)).unwrap().json().as_array().unwrap().len(), 5);
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
    assert_eq!(exported(path), ndjson(5));
}

/// An import that waits for more of its standard input, of which it has added some already.
fn import_under_way(folder: &Path) -> (Child, std::process::ChildStdin) {
    let mut child = fruitpress_in(folder, &["import", "-", "--format=ndjson"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(ndjson(100_000).as_bytes()).unwrap();
    // More than is kept in memory is in the log: rows of which nothing may be left.
    let log = folder.join("data/fruits.db-wal");
    wait_until("it did not begin", || log.exists());
    (child, stdin)
}

#[test]
fn an_import_that_a_signal_ends_adds_nothing() {
    for (signal, status) in [("INT", Some(130)), ("TERM", Some(143)), ("HUP", Some(129)), ("KILL", None)] {
        let folder = folder();
        // Held open: the end of the file would end the import.
        let (child, _stdin) = import_under_way(folder.path());
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), status, "{signal}");
        if status.is_some() {
            assert_eq!(stderr(&output), "fruitpress: interrupted: nothing was added\n");
            assert!(!folder.path().join("data/fruits.db-wal").exists(), "its log was left");
        }
        assert_eq!(exported(folder.path()), "", "{signal}");
        fs::write(folder.path().join("a.ndjson"), ndjson(1)).unwrap();
        assert!(run_in(folder.path(), &["import", "a.ndjson"]).status.success(), "{signal}");
    }
}

#[test]
fn a_row_without_end_needs_no_memory() {
    let folder = folder();
    let mut child = fruitpress_in(folder.path(), &["import", "-", "--format=ndjson"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let megabyte = vec![b'a'; 1 << 20];
    for _ in 0..200 {
        stdin.write_all(&megabyte).unwrap();
    }
    let peak = peak_kib(child.id());
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(peak < 64 << 10, "{peak} KiB for a row of 200 MiB");
}

/// A terminal, and what is written to it.
fn terminal() -> (File, File) {
    let here = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&here).unwrap();
    unlockpt(&here).unwrap();
    let there = ptsname(&here, Vec::new()).unwrap();
    let there = File::options().read(true).write(true).open(there.to_str().unwrap()).unwrap();
    (here.into(), there)
}

#[test]
fn progress_is_told_on_a_terminal() {
    let folder = folder();
    let (mut here, there) = terminal();
    let mut child = fruitpress_in(folder.path(), &["import", "-", "--format=ndjson"])
        .stdin(Stdio::piped())
        .stderr(Stdio::from(there))
        .spawn()
        .unwrap();
    let reader = thread::spawn(move || {
        let mut shown = Vec::new();
        let mut buffer = [0; 4096];
        // The end of a terminal is an error.
        while let Ok(read @ 1..) = here.read(&mut buffer) {
            shown.extend_from_slice(&buffer[..read]);
        }
        String::from_utf8(shown).unwrap()
    });
    let mut stdin = child.stdin.take().unwrap();
    let rows = "{\"fruit\":\"a\",\"color\":\"b\"}\n".repeat(3000);
    stdin.write_all(rows.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(500));
    stdin.write_all(format!("{rows}no JSON\n{rows}").as_bytes()).unwrap();
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let shown = reader.join().unwrap();
    assert!(shown.contains(" rows, ") && shown.contains(" rows/s"), "{shown:?}");
    assert!(
        shown.contains("\r\u{1b}[2Kfruitpress: standard input: line 6001: it is not valid JSON"),
        "{shown:?}"
    );
    assert!(shown.ends_with("1 of its rows cannot be added\r\n"), "{shown:?}");
}
