//! `scripts/smoke.sh` against what is no server at all: one that never answers, and one that cuts its answers off. What it says of
//! the real one is tested where that is built.

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::Output,
    thread,
    time::{Duration, Instant},
};

use crate::sandbox::{Sandbox, printed, said};

/// Takes every connection, and answers each with this; nothing to keep it open for ever. Gives its URL.
fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("has an address"));
    thread::spawn(move || {
        let mut kept = Vec::new();
        for connection in listener.incoming() {
            let mut connection = connection.expect("connects");
            if answer.is_empty() {
                kept.push(connection);
                continue;
            }
            let mut request = [0; 4096];
            let _ = connection.read(&mut request);
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    url
}

fn smoke(args: &[&str]) -> Output {
    let sandbox = Sandbox::with_script("smoke.sh");
    sandbox.script("smoke.sh", args).output().expect("the script starts")
}

#[test]
fn who_never_answers_is_given_up_when_the_time_is_over() {
    let url = server("");
    let started = Instant::now();
    let output = smoke(&["--service", "fruits", "--passes", "20", "--seconds", "2", &url]);
    let taken = started.elapsed();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let printed = printed(&output);
    assert!(printed.contains("FAILED  not all was tried within 2 s\n"), "{printed}");
    // Two seconds, and what a busy machine adds; without the bound it would be 15 for each of 280 requests.
    assert!(taken < Duration::from_secs(15), "{taken:?}");
}

#[test]
fn an_answer_that_is_cut_off_is_none() {
    let url = server("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"ping\":\"pong\",\"openapi\":1}");
    let output = smoke(&["--service", "fruits", &url]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let printed = printed(&output);
    assert!(printed.starts_with("FAILED  answers /ping: answered 000 instead of 200\n"), "{printed}");
    assert!(printed.contains("curl: (18)"), "{printed}");
}

/// Twenty passes against a server that is gone are one line of news.
#[test]
fn who_is_not_there_is_not_asked_again_and_again() {
    let output = smoke(&["--passes", "20", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(printed(&output).ends_with(
        "FAILED  answers at all: twice running it did not\nhttp://127.0.0.1:1: 0 of 3 are well\n"
    ));
}
