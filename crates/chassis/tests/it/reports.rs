//! What leaves the process when something fails: error reports and traces, caught on local ports.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{
    collector::{Collector, Received},
    process::{Process, get},
};

fn dsn(collector: &Collector) -> String {
    format!("http://publickey@{}/42", collector.address)
}

/// The event of an envelope: a header line, an item's header line, the item.
fn event(received: &Received) -> Value {
    assert_eq!(received.path, "/api/42/envelope/");
    let text = std::str::from_utf8(&received.body).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(lines.next().unwrap()["event_id"].is_string());
    assert_eq!(lines.next().unwrap()["type"], "event");
    lines.next().unwrap()
}

#[test]
fn a_failed_request_is_reported_before_its_answer_ends() {
    let sentry = Collector::start(Duration::from_millis(300));
    let process = Process::start(&[("SENTRY_DSN", &dsn(&sentry))]);
    let answer = process.get("/fail?token=secret", "x-request-id: failing\r\ncookie: secret\r\n");
    // Nothing is waited for here: the report has left by now.
    let received = sentry.received();
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert_eq!(received.len(), 1);

    let event = event(&received[0]);
    // The default, which is left out, is an error's.
    assert_eq!(event.get("level"), None);
    assert_eq!(event["transaction"], "GET /fail");
    assert_eq!(event["tags"]["request_id"], "failing");
    assert_eq!(event["tags"]["http.response.status_code"], "500");
    let values = event["exception"]["values"].as_array().unwrap();
    let values: Vec<_> = values.iter().map(|value| value["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["the disk is full", "cannot keep the thing"]);
    let text = event.to_string();
    assert!(!text.contains("secret") && !text.contains("127.0.0.1"), "{text}");
}

#[test]
fn an_answer_that_breaks_off_is_logged_and_reported_with_its_request() {
    let sentry = Collector::start(Duration::from_millis(300));
    let process = Process::start(&[("SENTRY_DSN", &dsn(&sentry))]);
    let answer = process.get("/break", "x-request-id: breaking\r\n");
    let received = sentry.received();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("half"), "{answer}");
    assert!(!answer.ends_with("0\r\n\r\n"), "it looks whole: {answer}");
    let line = process.line(|line| line["message"] == "answer broke off");
    assert_eq!((&line["level"], &line["request.id"]), (&"error".into(), &"breaking".into()), "{line}");
    assert_eq!((&line["http.route"], &line["error"]), (&"/break".into(), &"the disk is gone".into()));

    assert_eq!(received.len(), 1, "{received:?}");
    let event = event(&received[0]);
    assert_eq!(event["transaction"], "GET /break");
    assert_eq!(event["tags"]["request_id"], "breaking");
    assert_eq!(event["exception"]["values"][0]["value"], "the disk is gone");
}

#[test]
fn a_panic_is_reported_once_before_its_answer_ends() {
    let sentry = Collector::start(Duration::from_millis(300));
    let process = Process::start(&[("SENTRY_DSN", &dsn(&sentry))]);
    let answer = process.get("/panic", "x-request-id: panicking\r\n");
    let received = sentry.received();
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert_eq!(received.len(), 1);
    let event = event(&received[0]);
    assert_eq!(event["level"], "fatal");
    assert_eq!(event["tags"]["request_id"], "panicking");
    let exception = &event["exception"]["values"][0];
    assert_eq!((&exception["type"], &exception["value"]), (&"panic".into(), &"the sky falls".into()));
    let frames = exception["stacktrace"]["frames"].to_string();
    assert!(frames.contains("minimal"), "no frame of the handler: {frames}");
}

#[test]
fn what_is_no_failure_is_not_reported() {
    let sentry = Collector::start(Duration::ZERO);
    let mut process = Process::start(&[("SENTRY_DSN", &dsn(&sentry))]);
    for path in ["/hello", "/nothing", "/slow/x", "/readyz"] {
        process.get(path, "");
    }
    process.signal("TERM");
    process.ends_well();
    assert!(sentry.received().is_empty(), "{:?}", sentry.received());
}

#[test]
fn a_reporter_that_hangs_holds_an_answer_only_so_long() {
    let sentry = Collector::start(Duration::from_mins(1));
    let process = Process::start(&[("SENTRY_DSN", &dsn(&sentry))]);
    let started = Instant::now();
    assert!(process.get("/fail", "").starts_with("HTTP/1.1 500"));
    let time = started.elapsed();
    assert!(time >= Duration::from_millis(1900) && time < Duration::from_secs(4), "{time:?}");
    // Others are not held up by it.
    let started = Instant::now();
    assert!(process.get("/hello", "").ends_with("hello"));
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_reporter_that_is_gone_changes_no_answer() {
    let process = Process::start(&[("SENTRY_DSN", "http://key@127.0.0.1:9/1")]);
    for path in ["/fail", "/panic"] {
        assert!(process.get(path, "").starts_with("HTTP/1.1 500"), "{path}");
    }
    assert!(process.get("/hello", "").ends_with("hello"));
}

#[test]
fn traces_continue_the_callers_and_leave_before_the_end() {
    let collector = Collector::start(Duration::ZERO);
    let endpoint = format!("http://{}", collector.address);
    let mut process =
        Process::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), ("OTEL_SERVICE_NAME", "orchard")]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    process.get("/hello?token=secret", &format!("traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n"));
    process.get("/fail", "");
    process.signal("TERM");
    process.ends_well();

    let received = collector.wait();
    assert!(received.iter().all(|request| request.path == "/v1/traces"), "{received:?}");
    let body: Vec<u8> = received.into_iter().flat_map(|request| request.body).collect();
    let holds = |bytes: &[u8]| body.windows(bytes.len()).any(|window| window == bytes);
    let trace_id: Vec<u8> =
        (0..32).step_by(2).map(|at| u8::from_str_radix(&trace[at..at + 2], 16).unwrap()).collect();
    assert!(holds(&trace_id), "the caller's trace is not continued");
    for text in [
        "GET /hello",
        "GET /fail",
        "http.route",
        "url.scheme",
        "http.response.status_code",
        "error.type",
        "orchard",
    ] {
        assert!(holds(text.as_bytes()), "no {text} in the spans");
    }
    assert!(!holds(b"secret"));
}

/// Cloud Run kills the process 10 seconds after the signal, of which the drain may have taken 9.
#[test]
fn telemetry_that_hangs_does_not_hold_the_end() {
    // The system accepts; nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let dsn = format!("http://publickey@{address}/42");
    let endpoint = format!("http://{address}");
    for variables in [
        vec![("SENTRY_DSN", dsn.as_str())],
        vec![("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())],
        vec![("SENTRY_DSN", dsn.as_str()), ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())],
    ] {
        let mut process = Process::start(&variables);
        let public = process.public;
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(move || assert!(get(public, "/fail", "").starts_with("HTTP/1.1 500")));
            }
        });
        let started = Instant::now();
        process.signal("TERM");
        process.ends_well();
        let time = started.elapsed();
        assert!(time >= Duration::from_millis(700) && time < Duration::from_millis(1500), "{time:?}");
    }
}
