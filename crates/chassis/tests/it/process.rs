//! The whole of it as a process: log lines, signals, ports that are taken.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use crate::support::process::{Process, command, get};

#[test]
fn each_request_gets_one_line() {
    let process = Process::start(&[]);
    assert!(process.get("/hello?token=secret", "x-request-id: my-id\r\n").ends_with("hello"));
    let line = process.line(|line| line["target"] == "chassis::access");
    assert_eq!(line["level"], "info");
    assert_eq!(line["message"], "request answered");
    assert_eq!(line["http.request.method"], "GET");
    assert_eq!(line["http.route"], "/hello");
    assert_eq!(line["http.response.status_code"], 200);
    assert_eq!(line["client.address"], "127.0.0.1");
    assert_eq!(line["request.id"], "my-id");
    assert!(line["duration_ms"].as_f64().is_some_and(|duration| duration > 0.0));
    assert!(line["timestamp"].as_str().is_some_and(|time| time.starts_with("20") && time.ends_with('Z')));
    assert!(!line.to_string().contains("secret"));

    // A probe is no news; the next line is that of the next request.
    process.get("/readyz", "");
    process.get("/nothing/here", "");
    let line = process.line(|line| line["target"] == "chassis::access");
    assert_eq!((line["http.response.status_code"].as_u64(), line.get("http.route")), (Some(404), None));
}

#[test]
fn what_is_no_request_is_logged_with_the_id_it_got() {
    let process = Process::start(&[]);
    let answer = get(process.public, "/ no-version", "");
    let line = process.line(|line| line["target"] == "chassis::access");
    assert_eq!(line["http.response.status_code"], 400);
    assert_eq!(line["client.address"], "127.0.0.1");
    let id = line["request.id"].as_str().unwrap();
    assert!(answer.contains(&format!("x-request-id: {id}\r\n")), "{answer}");
}

#[test]
fn a_failure_is_logged_once_with_all_its_causes() {
    let process = Process::start(&[]);
    process.get("/fail", "x-request-id: failing\r\n");
    process.get("/panic", "x-request-id: panicking\r\n");
    let line = process.line(|line| line["level"] == "error");
    assert_eq!(line["error"], "cannot keep the thing: the disk is full");
    assert_eq!((&line["level"], &line["request.id"]), (&"error".into(), &"failing".into()));
    // The panic's own line has its place, and the request's has its id too.
    let line = process.line(|line| line["level"] == "error");
    assert_eq!(line["message"], "panicked: the sky falls");
    assert!(line["location"].as_str().unwrap().contains("minimal.rs"), "{line}");
    assert_eq!(line["request.id"], "panicking");
    let line = process.line(|line| line["level"] == "error");
    assert_eq!((&line["target"], &line["request.id"]), (&"chassis::access".into(), &"panicking".into()));
}

#[test]
fn in_a_cloud_project_lines_have_googles_fields() {
    let process = Process::start(&[("PROJECT_ID", "my-project")]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    process.get("/hello", &format!("traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n"));
    let line = process.line(|line| line["target"] == "chassis::access");
    assert_eq!(line["severity"], "INFO");
    assert_eq!(line["logging.googleapis.com/trace"], format!("projects/my-project/traces/{trace}"));
    process.get("/hello", &format!("x-cloud-trace-context: {trace}/1;o=1\r\n"));
    let line = process.line(|line| line["target"] == "chassis::access");
    assert_eq!(line["logging.googleapis.com/trace"], format!("projects/my-project/traces/{trace}"));
    process.get("/hello", "");
    let line = process.line(|line| line["target"] == "chassis::access");
    assert_eq!(line.get("logging.googleapis.com/trace"), None);
}

#[test]
fn sigterm_and_sigint_drain() {
    for signal in ["TERM", "INT"] {
        let mut process = Process::start(&[]);
        std::thread::scope(|scope| {
            let address = process.public;
            let answer = scope.spawn(move || get(address, "/slow/700", ""));
            std::thread::sleep(Duration::from_millis(200));
            process.signal(signal);
            assert!(answer.join().unwrap().ends_with("done"), "{signal}");
        });
        process.line(|line| line["message"] == "stopped");
        process.ends_well();
    }
}

#[test]
fn a_second_sigint_ends_at_once() {
    let mut process = Process::start(&[("DRAIN_DELAY_MS", "60000")]);
    process.signal("INT");
    process.line(|line| line["message"] == "asked to stop");
    process.signal("INT");
    assert_eq!(process.wait().code(), Some(130));
}

#[test]
fn a_request_that_is_cut_is_not_blamed_on_its_client() {
    let mut process = Process::start(&[("SHUTDOWN_GRACE_MS", "100")]);
    let mut client = TcpStream::connect(process.public).unwrap();
    client.write_all(b"GET /slow/60000 HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    process.signal("TERM");
    let line = process.line(|line| line["target"] == "chassis::access");
    assert_eq!(line["error"], "the grace time is over", "{line}");
    assert_eq!(line["http.response.status_code"], 503);
    process.ends_well();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");

    // One who does go away is told from it.
    let process = Process::start(&[]);
    let mut client = TcpStream::connect(process.public).unwrap();
    client.write_all(b"GET /slow/60000 HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    drop(client);
    let line = process.line(|line| line["target"] == "chassis::access");
    assert_eq!(line["message"], "client went away before its answer");
}

#[test]
fn a_second_sigterm_changes_nothing() {
    let mut process = Process::start(&[]);
    let address = process.public;
    let answer = std::thread::spawn(move || get(address, "/slow/900", ""));
    std::thread::sleep(Duration::from_millis(200));
    for _ in 0..2 {
        process.signal("TERM");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(answer.join().unwrap().ends_with("done"));
    process.ends_well();
}

#[test]
fn running_out_of_open_files_is_survived() {
    let process = Process::start_with_open_files(32);
    let crowd: Vec<_> = (0..64).map(|_| TcpStream::connect(process.public).unwrap()).collect();
    process.line(|line| line["message"] == "cannot accept connections; trying again");
    drop(crowd);
    assert!(process.get("/hello", "").ends_with("hello"));
}

#[test]
fn a_port_that_is_taken_is_named_with_its_settings() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for variable in ["PORT", "METRICS_PORT"] {
        let mut child = command(&[(variable, &address.port().to_string())]).spawn().unwrap();
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1));
        assert!(text.contains(&format!("cannot listen on {address}")) && text.contains(variable), "{text}");
    }
}
