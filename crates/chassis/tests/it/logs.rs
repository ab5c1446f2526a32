//! The log as people read it on a terminal.

use std::io::{BufRead, BufReader};

use chassis::tokens;

use crate::support::process::{command, get};

#[test]
fn a_persons_line_begins_with_the_time_and_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    std::fs::write(&path, format!("importer {}\n", tokens::hash("1"))).unwrap();
    let variables = [("LOG_FORMAT", "pretty"), ("API_TOKENS_FILE", path.to_str().unwrap())];
    let mut child = command(&variables).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);

    let listening = lines.find(|line| line.contains(" listening ")).unwrap();
    let address = listening.rsplit_once("http://").unwrap().1.trim().parse().unwrap();
    assert!(get(address, "/closed", "x-request-id: my-id\r\nauthorization: Bearer 1\r\n").ends_with("open"));
    for message in ["opened", "request answered"] {
        let line = lines.find(|line| line.contains(message)).unwrap();
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        assert!(words[0].starts_with("20") && words[0].ends_with('Z'), "{line}");
        assert_eq!(words[1..4], ["my-id", "importer", "INFO"], "{line}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
