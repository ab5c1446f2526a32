//! Files of fruits: what is read from them, what is written to them, and what is wrong with those that people have.

use std::io::{self, Cursor, Read};

use fruits::{
    domain::{Color, Fruit, FruitId, FruitName, NewFruit},
    settings::{Location, Migrate},
    store::{BulkAdd, Snapshot},
    transfer::{self, BadRows, Event, Format, ImportError, Imported, ROW_BYTES_MAX},
};
use http::StatusCode;
use proptest::prelude::*;

use crate::support::{Folder, ask, post, routes};

fn location(folder: &Folder) -> Location {
    Location::Sqlite(folder.database())
}

/// Imports a file, and answers what became of it and the rows that it named.
async fn import(
    folder: &Folder,
    format: Format,
    file: impl Read + Send + 'static,
    bad_rows: BadRows,
) -> (Result<Imported, ImportError>, Vec<String>) {
    let catalogue = BulkAdd::begin(&location(folder), Migrate::Auto).await.expect("a catalogue");
    let mut named = Vec::new();
    let tell = |event: Event<'_>| {
        if let Event::Bad(row) = event {
            named.push(row.to_string());
        }
    };
    let outcome = transfer::import(catalogue, file, format, bad_rows, tell).await;
    (outcome, named)
}

async fn export(folder: &Folder, format: Format) -> String {
    let catalogue = Snapshot::open(&location(folder)).await.expect("a catalogue");
    let mut file = Vec::new();
    transfer::export(catalogue, &mut file, format, |_| ()).await.expect("an export");
    String::from_utf8(file).expect("UTF-8")
}

/// Each fruit as `id fruit color`.
async fn fruits(folder: &Folder) -> Vec<String> {
    let lines = export(folder, Format::Ndjson).await;
    let fruit = |line: &str| {
        let fruit: serde_json::Value = serde_json::from_str(line).expect("JSON");
        format!("{} {} {}", fruit["id"], fruit["fruit"].as_str().unwrap(), fruit["color"].as_str().unwrap())
    };
    lines.lines().map(fruit).collect()
}

/// A file that is imported whole, and what the catalogue has then.
async fn check(format: Format, file: &str, expected: &[&str]) {
    let folder = Folder::new();
    let (outcome, named) = import(&folder, format, Cursor::new(file.to_owned()), BadRows::Refuse).await;
    let added = Imported { added: expected.len() as u64, skipped: 0 };
    assert_eq!(outcome.unwrap_or_else(|error| panic!("{file:?}: {error} {named:?}")), added, "{file:?}");
    assert_eq!(fruits(&folder).await, expected, "{file:?}");
}

/// A file of whose rows these are at fault: nothing of it is added, unless they are skipped.
async fn bad_rows(format: Format, file: &[u8], expected: &[&str], kept: &[&str]) {
    let shown = String::from_utf8_lossy(file).chars().take(200).collect::<String>();
    for policy in [BadRows::Refuse, BadRows::Skip] {
        let folder = Folder::new();
        let (outcome, named) = import(&folder, format, Cursor::new(file.to_owned()), policy).await;
        let alike = named.len() == expected.len()
            && named.iter().zip(expected).all(|(named, expected)| named.contains(expected));
        assert!(alike, "{shown}: {named:?}");
        if policy == BadRows::Refuse {
            let refused = matches!(outcome, Err(ImportError::BadRows(rows)) if rows == expected.len() as u64);
            assert!(refused, "{shown}: {outcome:?}");
            assert!(fruits(&folder).await.is_empty(), "{shown}");
        } else {
            let imported = Imported { added: kept.len() as u64, skipped: expected.len() as u64 };
            assert_eq!(outcome.expect("the others"), imported, "{shown}");
            assert_eq!(fruits(&folder).await, kept, "{shown}");
        }
    }
}

/// A file that is given up, whatever becomes of bad rows; the reason has this in it.
async fn unreadable(format: Format, file: &[u8], reason: &str) {
    let shown = String::from_utf8_lossy(file).chars().take(200).collect::<String>();
    for policy in [BadRows::Refuse, BadRows::Skip] {
        let folder = Folder::new();
        let (outcome, named) = import(&folder, format, Cursor::new(file.to_owned()), policy).await;
        let said = match outcome {
            Err(ImportError::Unreadable(error)) => error.to_string(),
            other => panic!("{shown}: {other:?} {named:?}"),
        };
        assert!(said.contains(reason), "{shown}: {said}");
        assert!(fruits(&folder).await.is_empty(), "{shown}");
    }
}

#[tokio::test]
async fn rows_are_read_as_people_and_programs_write_them() {
    use Format::{Csv, Json, Ndjson};
    check(Json, "[]", &[]).await;
    check(Json, "\u{feff} [\r\n ]\n", &[]).await;
    check(Json, r#"[{"fruit":"a","color":"b"}]"#, &["1 a b"]).await;
    check(
        Json,
        "[ {\"color\":\"b,]\\\"\\\\\",\"fruit\":\"{[\",\"id\":7}\t,\n{\"fruit\" : \" e\u{301} \",\"id\":null,\"color\":\"b\"}]",
        &["7 {[ b,]\"\\", "8 é b"],
    )
    .await;
    check(Ndjson, "", &[]).await;
    check(Ndjson, "\n \r\n\t", &[]).await;
    check(
        Ndjson,
        "\u{feff}{\"fruit\":\"a\",\"color\":\"b\",\"id\":5.0}\r\n\n  {\"fruit\":\"\\u0063\",\"color\":\"d\"}",
        &["5 a b", "6 c d"],
    )
    .await;
    check(Csv, "id,fruit,color", &[]).await;
    check(Csv, "fruit,color\r\na,b\r\n", &["1 a b"]).await;
    check(
        Csv,
        "\u{feff}color,\"id\",fruit\nred,3,apple\n\n\"dark \"\"red\"\"\",,\" a, b\r\n\"\r\n\r\nx,\"\",y",
        &["3 apple red", "4 a, b dark \"red\"", "5 y x"],
    )
    .await;
    // A spreadsheet would calculate these; here they are names.
    check(Csv, "fruit,color\n=1+1,@red\n-a,+b", &["1 =1+1 @red", "2 -a +b"]).await;
}

#[tokio::test]
async fn each_bad_row_is_named_with_what_is_wrong() {
    use Format::{Csv, Json, Ndjson};
    bad_rows(
        Json,
        br#"[{"fruit":"a","color":"b"},{"id":0,"fruit":"","colour":"b"},7,{"fruit":"c","color":"d","color":"e"},{"fruit":"c","color":"d"}]"#,
        &[
            "/1: id must be a whole number from 1 to 9007199254740991; fruit must not be empty",
            "/2: it must be a JSON object, not a number",
            "/3: color is given more than once",
        ],
        &["1 a b", "2 c d"],
    )
    .await;
    bad_rows(
        Ndjson,
        b"{\"fruit\":\"a\",\"color\":\"b\"}\n\n{\"fruit\":\"a\"\n[]\n{\"fruit\":\"\xff\",\"color\":\"b\"}\n{\"fruit\":\"c\",\"color\":\"d\",\"a\\u001b/b\":1}\n{\"fruit\":\"c\",\"color\":\"d\"} x\n{\"fruit\":\"c\",\"color\":\"d\"}",
        &[
            "line 3: it is not valid JSON: EOF while parsing an object, at column 12",
            "line 4: it must be a JSON object, not an array",
            "line 5: it is not UTF-8: see the byte at offset 10",
            "line 6: a\\u{1b}~1b is not a field that is known here",
            "line 7: it is not valid JSON: trailing characters",
        ],
        &["1 a b", "2 c d"],
    )
    .await;
    bad_rows(
        Csv,
        b"id,fruit,color\n01,a,b\n1.0,a,b\n,a\n,a,b,c\n\n,\"a\nb\",\n,a,\xff\n9007199254740992,a,b\n9007199254740991,c,d\n",
        &[
            "line 2: id must be a whole number from 1 to 9007199254740991, in plain digits",
            "line 3: id must be",
            "line 4: it has 2 columns, and the first line names 3",
            "line 5: it has 4 columns",
            "line 7: fruit must not contain control characters, such as tabs or line breaks; color must not be empty",
            "line 9: color is not UTF-8: see its byte at offset 0",
            "line 10: id must be",
        ],
        &["9007199254740991 c d"],
    )
    .await;
}

#[tokio::test]
async fn ids_that_are_taken_or_were_are_bad_rows() {
    bad_rows(
        Format::Csv,
        b"id,fruit,color\n5,a,b\n5,c,d\n,e,f\n6,g,h\n9007199254740991,i,j\n,k,l\n7,m,n\n",
        &[
            "line 3: id 5 is taken",
            "line 5: id 6 is taken",
            "line 7: id must be given: the largest has been, so that none follows",
        ],
        &["5 a b", "6 e f", "7 m n", "9007199254740991 i j"],
    )
    .await;
    let folder = Folder::new();
    folder.fill(3);
    folder.execute("DELETE FROM fruits WHERE id = 2");
    let file = Cursor::new("id,fruit,color\n2,a,b\n3,c,d\n4,e,f\n");
    let (outcome, named) = import(&folder, Format::Csv, file, BadRows::Skip).await;
    assert_eq!(outcome.unwrap(), Imported { added: 1, skipped: 2 });
    assert!(
        named[0].starts_with("line 2: id 2 is taken") && named[1].starts_with("line 3: id 3"),
        "{named:?}"
    );
    assert_eq!(fruits(&folder).await, ["1 fruit 1 red", "3 fruit 3 red", "4 e f"]);
}

#[tokio::test]
async fn files_that_are_not_of_their_format_are_given_up() {
    use Format::{Csv, Json, Ndjson};
    let ok = r#"{"fruit":"a","color":"b"}"#;
    for (file, reason) in [
        (String::new(), "line 1: the file is empty; a JSON array of fruits was expected"),
        (" \n ".to_owned(), "line 2: the file is empty"),
        (ok.to_owned(), "not an object; is the file NDJSON?"),
        ("fruit,color\n".to_owned(), "a JSON array of fruits was expected"),
        (
            "[".to_owned(),
            "line 1: the file ends before /0 does: it breaks off, or a quote or a bracket is missing",
        ),
        (format!("[{ok}"), "before /0 does"),
        (format!("[{ok},"), "before /1 does"),
        (format!("[{ok}\n,{{\"fruit\":\"a"), "line 2: the file ends before /1 does"),
        (format!("[{ok},]"), "/1 is not valid JSON"),
        (format!("[,{ok}]"), "/0 is not valid JSON"),
        (format!("[{ok} {ok}]"), "/0 is not valid JSON: trailing characters"),
        (format!("[\n{ok},\n{{\"fruit\":\n'a'}}]"), "line 4: /1 is not valid JSON: expected value"),
        (format!("[{{\"fruit\":\"a,\"color\":\"b\"}},\n{ok}]"), "line 1: the file ends before /0 does"),
        (format!("[{{fruit:\"a\",\"color\":\"b\"}},{ok}]"), "/0 is not valid JSON: key must be a string"),
        (format!("[{ok}]]"), "something follows the end of the array"),
        (format!("[{ok}]\n[]"), "line 2: something follows"),
        (format!("[{}]", "[".repeat(100_000)), "before /0 does"),
        (format!("[{}{}]", "[".repeat(200), "]".repeat(200)), "recursion limit"),
    ] {
        unreadable(Json, file.as_bytes(), reason).await;
    }
    for (file, reason) in [
        ("", "line 1: the file is empty; it must begin with columns named id, fruit and color"),
        ("\n\n", "the file is empty"),
        (
            "id;fruit;color\n",
            "the column \"id;fruit;color\" is not known; the file must begin with columns named",
        ),
        ("fruit,colour\n", "the column \"colour\" is not known"),
        ("Fruit,color\n", "the column \"Fruit\" is not known"),
        ("fruit,color,\n", "the column \"\" is not known"),
        ("fruit,color,fruit\n", "the column fruit stands there twice"),
        ("id,color\n", "the column fruit is missing"),
        ("id,fruit\na,b", "the column color is missing"),
        ("1,apple,red\n", "the column \"1\" is not known"),
        ("fruit,color\na,\"b", "line 2: the file breaks off within the quotes that begin here"),
        ("fruit,color\n\"a,b\nc,d\n", "line 2: the file breaks off within the quotes"),
        ("fruit,color\na,\"b\"c\n", "line 2: something stands behind a closing quote"),
        ("fruit,color\na,\"b\"\rc\n", "line 2: something stands behind a closing quote"),
        ("fruit,color\na,b\nc\"d,e\n", "line 3: a quote stands within a field that does not begin with one"),
        ("fruit,color\na, \"b\"\n", "line 2: a quote stands within a field"),
    ] {
        unreadable(Csv, file.as_bytes(), reason).await;
    }
    // What else is wrong with a row that breaks off does not matter; with its line end it is a bad row like others.
    for last in
        ["{", r#"{"fruit":"c","col"#, r#"{"fruit":"c","color":"d"#, r#"{"fruit":"\u00"#, "{fruit:", r#"["}"#]
    {
        let file = format!("{ok}\n{last}");
        unreadable(Ndjson, file.as_bytes(), "line 2: the file ends before this row does: it breaks off")
            .await;
        bad_rows(Ndjson, (file + "\n").as_bytes(), &["line 2: it is not valid JSON"], &["1 a b"]).await;
    }
    for last in [b"{\"fruit\":\"\xc3".as_slice(), b"{\"fruit\":\"\xff\",\"color\":"] {
        unreadable(Ndjson, last, "line 1: the file ends before this row does").await;
    }
    let (whole, reasons) = (format!("{ok}\nx\n{{\"fruit\":\"}}\"}}"), ["line 2: it is", "line 3: color"]);
    bad_rows(Ndjson, whole.as_bytes(), &reasons, &["1 a b"]).await;
    for format in Format::ALL {
        let utf16: Vec<u8> = "\u{feff}[]".encode_utf16().flat_map(u16::to_le_bytes).collect();
        unreadable(format, &utf16, "line 1: it is UTF-16; save it as UTF-8").await;
    }
    bad_rows(Ndjson, b"[\n]\n", &["line 1: it is not valid JSON", "line 2: it is not valid JSON"], &[]).await;
}

/// A row of exactly the longest length, and one that is a byte longer.
#[tokio::test]
async fn a_row_may_be_as_long_as_the_limit() {
    let json = |bytes: usize| {
        let row = r#"{"fruit":"a","color":"b"}"#;
        row.replace(":\"a", &format!(":{}\"a", " ".repeat(bytes - row.len())))
    };
    let csv = |bytes: usize| format!("a{},\"b\r\n\"", " ".repeat(bytes - 7));
    assert_eq!((json(100).len(), csv(100).len()), (100, 100));
    for (excess, named) in [(0, 0), (1, 1)] {
        let (json, csv) = (json(ROW_BYTES_MAX + excess), csv(ROW_BYTES_MAX + excess));
        for (format, file) in [
            (Format::Json, format!("[{json},{{\"fruit\":\"c\",\"color\":\"d\"}}]")),
            (Format::Ndjson, format!("{json}\n{{\"fruit\":\"c\",\"color\":\"d\"}}\n")),
            (Format::Csv, format!("fruit,color\n{csv}\nc,d\n")),
        ] {
            let folder = Folder::new();
            let (outcome, bad) = import(&folder, format, Cursor::new(file), BadRows::Skip).await;
            assert_eq!(outcome.unwrap(), Imported { added: 2 - named, skipped: named }, "{format:?}");
            assert!(bad.iter().all(|row| row.ends_with(": it is longer than 1048576 bytes")), "{bad:?}");
        }
    }
}

/// A program that pipes hands over what it has, byte by byte if it likes, and may fail in the middle.
struct Pipe {
    bytes: Vec<u8>,
    read: usize,
    broken: bool,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.bytes.len() {
            return if self.broken { Err(io::Error::other("the disk is gone")) } else { Ok(0) };
        }
        buffer[0] = self.bytes[self.read];
        self.read += 1;
        Ok(1)
    }
}

#[tokio::test]
async fn a_file_may_come_byte_by_byte_and_break() {
    let row = r#"{"fruit":"a","color":"b"}"#;
    for (format, file) in [
        (Format::Json, format!("\u{feff}[{row},{row}]")),
        (Format::Ndjson, format!("\u{feff}{row}\n{row}\n")),
        (Format::Csv, "\u{feff}fruit,color\na,b\na,b\n".to_owned()),
    ] {
        for broken in [false, true] {
            let folder = Folder::new();
            let pipe = Pipe { bytes: file.clone().into_bytes(), read: 0, broken };
            let (outcome, _) = import(&folder, format, pipe, BadRows::Skip).await;
            match outcome {
                Ok(imported) => assert!(!broken && imported.added == 2, "{format:?}"),
                Err(error) => {
                    assert!(broken, "{format:?}: {error}");
                    assert!(format!("{:#}", anyhow::Error::new(error)).contains("the disk is gone"));
                    assert!(fruits(&folder).await.is_empty());
                }
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_is_cut_off_adds_nothing_that_it_did_not_say() {
    let rows = ["3 a b", "4 c d, \"e\""];
    let folder = Folder::new();
    let file = "id,fruit,color\n3,a,b\n4,c,\"d, \"\"e\"\"\"\n";
    import(&folder, Format::Csv, Cursor::new(file), BadRows::Refuse).await.0.unwrap();
    assert_eq!(fruits(&folder).await, rows);
    for format in [Format::Json, Format::Ndjson] {
        let file = export(&folder, format).await.into_bytes();
        let ends = 0..file.trim_ascii_end().len();
        for (end, policy) in ends.flat_map(|end| [(end, BadRows::Refuse), (end, BadRows::Skip)]) {
            let folder = Folder::new();
            let cut = Cursor::new(file[..end].to_owned());
            let (outcome, _) = import(&folder, format, cut, policy).await;
            let kept = fruits(&folder).await;
            match outcome {
                Ok(imported) => {
                    assert_eq!(format, Format::Ndjson, "half an array passed for a whole one: {end}");
                    assert_eq!(imported.skipped, 0, "half a row passed for a bad one: {end}");
                    assert_eq!(kept, rows[..usize::try_from(imported.added).unwrap()]);
                }
                Err(_) => assert!(kept.is_empty()),
            }
        }
    }
}

/// An import judges a row as the API judges a body: the same rows are taken, and of others the same fields are wrong.
#[tokio::test]
async fn an_import_judges_as_the_api_does() {
    let long = format!(r#"{{"fruit":"{}","color":"b"}}"#, "a".repeat(101));
    for row in [
        r#"{"fruit":"a","color":"b"}"#,
        r#"{"fruit":" a ","color":"\u0065\u0301","id":null}"#,
        r#"{"fruit":"a","color":"b","id":9007199254740991}"#,
        r#"{"fruit":"a","color":"b","id":1e2}"#,
        r#"{"fruit":"a","color":"b","id":"1"}"#,
        r#"{"fruit":"a","color":"b","id":1.5}"#,
        r#"{"fruit":"a","color":"b","id":9007199254740992}"#,
        r#"{"fruit":"a","fruit":"b"}"#,
        r#"{"fruit":"\u200b","color":"a\tb","size":1}"#,
        r#"{"fruit":"a\u0000","color":["b"]}"#,
        r#"{"x/y~":1}"#,
        r#"{"fruit":"\ud800","color":"b"}"#,
        r#"{"fruit":null,"color":true}"#,
        "{}",
        "null",
        "\"a\"",
        "{",
        &long,
    ] {
        let folder = Folder::new();
        let (outcome, named) =
            import(&folder, Format::Ndjson, Cursor::new(row.to_owned()), BadRows::Refuse).await;
        let imported = fruits(&folder).await;
        let folder = Folder::new();
        let answer = ask(&routes(folder.open()), post(row.to_owned())).await;
        assert_eq!(outcome.is_ok(), answer.status == StatusCode::CREATED, "{row}: {named:?} {answer:?}");
        assert_eq!(imported, fruits(&folder).await, "{row}");
        for pointer in answer.json()["errors"].as_array().into_iter().flatten() {
            let field = pointer["pointer"].as_str().unwrap().trim_start_matches('/');
            let reason = pointer["detail"].as_str().unwrap();
            let said = if field.is_empty() { "it ".to_owned() } else { format!("{field} {reason}") };
            assert!(named[0].contains(&said), "{row}: {named:?} does not say {said:?}");
        }
    }
}

/// The state of the file that another program can see: its schema, and whether it is sound.
fn schema(folder: &Folder) -> Vec<String> {
    let connection = folder.connect();
    let read = |sql: &str| -> Vec<String> {
        let mut rows = connection.prepare(sql).unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let schema = "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1";
    [read(schema), read("PRAGMA integrity_check")].concat()
}

/// A long import leaves the indexes out for a while.
#[tokio::test]
async fn an_import_leaves_the_schema_as_it_was() {
    for before in [0, 10, 100_000] {
        let folder = Folder::new();
        folder.fill(before.max(1));
        if before == 0 {
            folder.execute("DELETE FROM fruits");
        }
        drop(folder.open());
        let schema_before = schema(&folder);
        assert_eq!(schema_before.last().unwrap(), "ok");
        let rows = "{\"fruit\":\"Fig\",\"color\":\"b\"}\n".repeat(5000);
        for (end, added) in [("", 5000), ("no JSON", 0)] {
            let file = Cursor::new(rows.clone() + end);
            let (outcome, _) = import(&folder, Format::Ndjson, file, BadRows::Refuse).await;
            assert_eq!(outcome.map_or(0, |imported| imported.added), added);
            assert_eq!(schema(&folder), schema_before, "{before}");
        }
        let named = fruits::domain::Selection {
            fruit: Some(fruits::domain::Folded::new("fig")),
            ..fruits::domain::Selection::default()
        };
        let page = folder.open().page(&named, None, 10.try_into().unwrap()).await.unwrap();
        assert_eq!(page.fruits.len(), 10);
    }
}

#[tokio::test]
async fn an_import_that_is_given_up_leaves_nothing() {
    /// Rows without end.
    struct Endless;

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let row = b"{\"fruit\":\"a\",\"color\":\"b\"}\n";
            let rows = buffer.len() / row.len();
            for place in buffer.chunks_exact_mut(row.len()) {
                place.copy_from_slice(row);
            }
            Ok(rows * row.len())
        }
    }

    let folder = Folder::new();
    folder.fill(1);
    let catalogue = BulkAdd::begin(&location(&folder), Migrate::Auto).await.unwrap();
    let (told, mut rows) = tokio::sync::mpsc::unbounded_channel();
    let tell = |event: Event<'_>| {
        if let Event::Progress(rows) = event {
            let _ = told.send(rows);
        }
    };
    tokio::select! {
        biased;
        outcome = transfer::import(catalogue, Endless, Format::Ndjson, BadRows::Refuse, tell) => {
            panic!("it ended: {outcome:?}")
        }
        Some(true) = async { rows.recv().await.map(|rows| rows > 0) } => {}
    }
    assert_eq!(fruits(&folder).await, ["1 fruit 1 red"]);
    assert!(!folder.path().join("fruits.db-wal").exists(), "its log was left");
    folder.open();
}

#[tokio::test]
async fn an_export_is_one_state_and_works_beside_a_server() {
    let folder = Folder::new();
    folder.fill(10_000);
    let store = folder.open();
    let mut catalogue = Snapshot::open(&location(&folder)).await.unwrap();
    let everything = fruits::domain::Selection::default();
    let first = catalogue.page(&everything, None, 10.try_into().unwrap()).await.unwrap();
    let delete = fruits::domain::Change::Delete {
        id: FruitId::new(5000).unwrap(),
        precondition: fruits::domain::Precondition::default(),
    };
    store.change(delete).await.unwrap();
    store.add(crate::support::new_fruit("late")).await.unwrap();
    assert_eq!(first.fruits.len(), 10);
    let mut file = Vec::new();
    let written = transfer::export(catalogue, &mut file, Format::Ndjson, |_| ()).await.unwrap();
    assert_eq!(written, 10_000);
    assert!(!String::from_utf8(file).unwrap().contains("late"));
    assert!(fruits(&folder).await.contains(&"10001 late red".to_owned()));
    store.ready().await.unwrap();
    drop(store);
    assert_eq!(fruits(&folder).await.len(), 10_000);
    assert!(!folder.path().join("fruits.db-wal").exists(), "its log was left");
}

#[tokio::test]
async fn what_is_no_catalogue_of_this_release_is_not_exported() {
    let said = async |folder: &Folder| {
        format!("{:#}", Snapshot::open(&location(folder)).await.expect_err("no catalogue"))
    };
    let folder = Folder::new();
    assert!(said(&folder).await.ends_with("fruits.db: there is none"), "{}", said(&folder).await);
    assert!(!folder.database().exists());
    std::fs::write(folder.database(), "").unwrap();
    assert!(said(&folder).await.contains("version 0"), "{}", said(&folder).await);
    std::fs::write(folder.database(), "something else, and long enough to be looked at").unwrap();
    assert!(said(&folder).await.contains("not a SQLite database"), "{}", said(&folder).await);
}

#[tokio::test]
async fn an_export_has_the_form_that_its_format_is_known_for() {
    let folder = Folder::new();
    folder.open();
    assert_eq!(export(&folder, Format::Json).await, "[]\n");
    assert_eq!(export(&folder, Format::Ndjson).await, "");
    assert_eq!(export(&folder, Format::Csv).await, "id,fruit,color\r\n");
    folder.execute("INSERT INTO fruits (id, fruit, color) VALUES (1, 'a', '=b'), (7, 'c, \"d\"', 'é')");
    assert_eq!(
        export(&folder, Format::Json).await,
        "[\n{\"id\":1,\"fruit\":\"a\",\"color\":\"=b\"},\n{\"id\":7,\"fruit\":\"c, \\\"d\\\"\",\"color\":\"é\"}\n]\n"
    );
    assert_eq!(
        export(&folder, Format::Ndjson).await,
        "{\"id\":1,\"fruit\":\"a\",\"color\":\"=b\"}\n{\"id\":7,\"fruit\":\"c, \\\"d\\\"\",\"color\":\"é\"}\n"
    );
    assert_eq!(export(&folder, Format::Csv).await, "id,fruit,color\r\n1,a,=b\r\n7,\"c, \"\"d\"\"\",é\r\n");
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,8}", r#"[",;=@+\\/'\[\]{}:. a-zé🍏-]{1,20}"#, "\\PC{1,100}",]
}

fn any_label() -> impl Strategy<Value = String> {
    any_text().prop_filter("no name", |text| FruitName::parse(text).is_ok())
}

fn any_fruits() -> impl Strategy<Value = Vec<NewFruit>> {
    let fruit = (proptest::option::of(1_i64..(1 << 53)), any_label(), any_label());
    let fruit = fruit.prop_map(|(id, fruit, color)| NewFruit {
        id: id.map(|id| FruitId::new(id).unwrap()),
        fruit: FruitName::parse(&fruit).unwrap(),
        color: Color::parse(&color).unwrap(),
    });
    proptest::collection::vec(fruit, 0..20)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_exported_is_imported_as_it_was(added in any_fruits()) {
        run(async {
            let folder = Folder::new();
            let mut catalogue = BulkAdd::begin(&location(&folder), Migrate::Auto).await.unwrap();
            // Ids that are drawn twice, or that none can follow, are left out.
            catalogue.add(&added).await.unwrap();
            catalogue.commit().await.unwrap();
            let before = fruits(&folder).await;
            for format in Format::ALL {
                let file = export(&folder, format).await;
                let other = Folder::new();
                let (outcome, named) =
                    import(&other, format, Cursor::new(file.clone()), BadRows::Refuse).await;
                assert!(outcome.is_ok(), "{named:?} {file}");
                assert_eq!(fruits(&other).await, before);
                assert_eq!(export(&other, format).await, file);
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The `csv` crate is another author's reading of RFC 4180.
    #[test]
    fn csv_means_what_others_mean_by_it(
        table in proptest::collection::vec((any_text(), "[ \"a,\r\nb]{0,6}"), 1..12),
        crlf in any::<bool>(),
    ) {
        run(async {
            let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().terminator(end).from_writer(Vec::new());
            writer.write_record(["fruit", "color"]).unwrap();
            let mut expected = Vec::new();
            for (fruit, color) in &table {
                writer.write_record([fruit, color]).unwrap();
                if let (Ok(fruit), Ok(color)) = (FruitName::parse(fruit), Color::parse(color)) {
                    let id = FruitId::new(i64::try_from(expected.len()).unwrap() + 1).unwrap();
                    expected.push(NewFruit { id: None, fruit, color }.with_id(id));
                }
            }
            let file = writer.into_inner().unwrap();
            let folder = Folder::new();
            let (outcome, _) = import(&folder, Format::Csv, Cursor::new(file), BadRows::Skip).await;
            let skipped = (table.len() - expected.len()) as u64;
            assert_eq!(outcome.unwrap(), Imported { added: expected.len() as u64, skipped });
            let file = export(&folder, Format::Csv).await;
            let read: Vec<(i64, String, String)> =
                csv::Reader::from_reader(file.as_bytes()).deserialize().collect::<Result<_, _>>().unwrap();
            let fruit = |fruit: &Fruit| {
                (fruit.id.get(), fruit.fruit.as_str().to_owned(), fruit.color.as_str().to_owned())
            };
            assert_eq!(read, expected.iter().map(fruit).collect::<Vec<_>>());
        });
    }
}
