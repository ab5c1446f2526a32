//! Serving: both services on one port, durability, signals, the health check.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use crate::support::{Server, folder, free_port, fruitpress, get, post, post_as, run, stderr, write_png};

#[test]
fn both_services_answer_on_one_port() {
    let data = folder();
    let server = Server::start(data.path(), &[], &[]);
    let added = post(&format!("{}/fruits", server.url), r#"{"fruit":"apple","color":"red"}"#).unwrap();
    assert_eq!((added.status, added.header("location")), (201, "/fruits/1"));
    let list = get(&format!("{}/fruits", server.url)).unwrap();
    assert_eq!(list.body, br#"[{"id":1,"fruit":"apple","color":"red"}]"#);
    let refused =
        post(&format!("{}/image_to_pdf", server.url), r#"{"source_url":"http://127.0.0.1/"}"#).unwrap();
    assert_eq!(refused.status, 422, "private addresses are closed by default");
    for path in ["/docs", "/redoc", "/openapi.json", "/", "/livez", "/readyz", "/ping"] {
        assert_eq!(get(&format!("{}{path}", server.url)).unwrap().status, 200, "{path}");
    }
    let unknown = get(&format!("{}/vegetables", server.url)).unwrap();
    assert_eq!((unknown.status, unknown.header("content-type")), (404, "application/problem+json"));
}

#[test]
fn a_file_of_tokens_closes_what_changes_something_and_nothing_else() {
    let data = folder();
    let (writer, converter) = (chassis::tokens::generate().unwrap(), chassis::tokens::generate().unwrap());
    let file = data.path().join("tokens");
    let lines = format!(
        "# who may change what\nshop {} fruits:write\nscanner {} press:convert\n",
        chassis::tokens::hash(&writer),
        chassis::tokens::hash(&converter)
    );
    fs::write(&file, lines).unwrap();
    let server = Server::start(data.path(), &[], &[("API_TOKENS_FILE", file.to_str().unwrap())]);
    let (fruits, pdfs) = (format!("{}/fruits", server.url), format!("{}/image_to_pdf", server.url));
    let (fruit, image) = (r#"{"fruit":"apple","color":"red"}"#, r#"{"source_url":"http://127.0.0.1/"}"#);

    let stranger = post(&fruits, fruit).unwrap();
    assert_eq!((stranger.status, stranger.header("content-type")), (401, "application/problem+json"));
    assert!(stranger.header("www-authenticate").starts_with("Bearer"), "{:?}", stranger.headers);
    assert_eq!(post(&pdfs, image).unwrap().status, 401);
    assert_eq!(post_as("wrong", &fruits, fruit).unwrap().status, 401);
    assert_eq!(post_as(&converter, &fruits, fruit).unwrap().status, 403);
    assert_eq!(post_as(&writer, &pdfs, image).unwrap().status, 403);
    assert_eq!(get(&fruits).unwrap().body, b"[]", "reading is open, and nothing was added");
    assert_eq!(post_as(&writer, &fruits, fruit).unwrap().status, 201);
    assert_eq!(
        post_as(&converter, &pdfs, image).unwrap().status,
        422,
        "the token may convert, but not from there"
    );
}

#[test]
fn a_service_that_is_not_named_is_not_there() {
    let data = folder();
    let server = Server::start(data.path(), &["fruits"], &[]);
    assert_eq!(get(&format!("{}/fruits", server.url)).unwrap().status, 200);
    assert_eq!(post(&format!("{}/image_to_pdf", server.url), "{}").unwrap().status, 404);
    assert!(!data.path().join("pdfs").exists());
}

#[test]
fn an_image_becomes_a_pdf_that_can_be_downloaded() {
    let (data, pictures) = (folder(), folder());
    write_png(&pictures.path().join("picture.png"), 120, 80);
    let source = serve_files(pictures.path().to_owned());
    let server = Server::start(data.path(), &["press"], &[("FETCH_ALLOW_PRIVATE", "true")]);
    let asked = format!(r#"{{"source_url":"{source}/picture.png"}}"#);
    let answer = post(&format!("{}/image_to_pdf", server.url), &asked).unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.json()["source_url"], format!("{source}/picture.png"));
    let converted = answer.json()["converted_url"].as_str().unwrap().to_owned();
    assert!(converted.starts_with(&format!("{}/pdfs/", server.url)), "{converted}");
    let pdf = get(&converted).unwrap();
    assert_eq!((pdf.status, pdf.header("content-type")), (200, "application/pdf"));
    assert!(pdf.body.starts_with(b"%PDF-1.7") && contains(&pdf.body, b"/SMask"), "transparency is kept");

    let missing =
        post(&format!("{}/image_to_pdf", server.url), &asked.replace("picture.png", "none.png")).unwrap();
    assert_eq!(missing.status, 502);
    let stored = fs::read_dir(data.path().join("pdfs")).unwrap().map(|entry| entry.unwrap().file_name());
    let stored: Vec<_> = stored.filter(|name| name.to_string_lossy().contains(".pdf")).collect();
    assert_eq!(stored.len(), 1, "a failure leaves nothing behind: {stored:?}");
}

#[test]
fn what_was_answered_with_201_survives_kill_9() {
    let data = folder();
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        let server = Server::start(data.path(), &["fruits"], &[]);
        for number in 0..=round {
            let body = format!(r#"{{"fruit":"plum {round}.{number}","color":"blue"}}"#);
            let added = post(&format!("{}/fruits", server.url), &body).unwrap();
            assert_eq!(added.status, 201);
            acknowledged.push(added.json());
        }
        server.signal("KILL");
        assert_eq!(server.wait(), None);
    }
    let server = Server::start(data.path(), &["fruits"], &[]);
    assert_eq!(
        get(&format!("{}/fruits", server.url)).unwrap().json(),
        serde_json::Value::Array(acknowledged)
    );
}

#[test]
fn a_signal_ends_it_cleanly_and_idle_connections_do_not_hold_it() {
    for signal in ["TERM", "INT"] {
        let data = folder();
        let server = Server::start(data.path(), &["fruits"], &[]);
        let mut idle = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        idle.write_all(b"GET /ping HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let _ = idle.read(&mut [0; 1024]).unwrap();
        let asked = Instant::now();
        server.signal(signal);
        assert_eq!(server.wait(), Some(0), "{signal}");
        assert!(asked.elapsed() < Duration::from_secs(8), "{signal} took {:?}", asked.elapsed());
    }
}

#[test]
fn a_second_server_on_the_same_file_is_refused() {
    let data = folder();
    let _first = Server::start(data.path(), &["fruits"], &[]);
    let second = run(fruitpress()
        .args(["serve", "fruits"])
        .env("DATA_DIR", data.path())
        .env("PORT", free_port().to_string())
        .env("METRICS_PORT", "off"));
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("fruits.db"), "{}", stderr(&second));
}

#[test]
fn a_port_that_is_taken_is_a_clear_error() {
    let data = folder();
    let first = Server::start(data.path(), &["fruits"], &[]);
    let other = folder();
    let second = run(fruitpress()
        .args(["serve", "fruits"])
        .env("DATA_DIR", other.path())
        .env("PORT", first.port.to_string())
        .env("METRICS_PORT", "off"));
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains(&first.port.to_string()), "{}", stderr(&second));
}

#[test]
fn the_health_check_tells_a_server_from_none() {
    let data = folder();
    let server =
        Server::start(data.path(), &["fruits"], &[("HOST", "0.0.0.0"), ("ALLOWED_HOSTS", "fruits.example")]);
    let ask = |port: u16, path: &str| {
        run(fruitpress()
            .args(["healthcheck", "--path", path])
            .env("PORT", port.to_string())
            .env("HOST", "0.0.0.0"))
    };
    assert!(ask(server.port, "/readyz").status.success());
    assert!(ask(server.port, "/livez").status.success());
    let nobody = ask(free_port(), "/readyz");
    assert_eq!(nobody.status.code(), Some(1));
    assert!(stderr(&nobody).contains("did not answer"), "{}", stderr(&nobody));
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Serves the files of a folder over HTTP until the test ends.
pub(crate) fn serve_files(folder: std::path::PathBuf) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let _ = answer_with_file(stream, &folder);
        }
    });
    url
}

fn answer_with_file(mut stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let length = stream.read(&mut request)?;
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    let path = request.split([' ', '?']).nth(1).unwrap_or("/").trim_start_matches('/').to_owned();
    match fs::read(folder.join(path)) {
        Ok(body) => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len())?;
            stream.write_all(&body)
        }
        Err(_) => write!(stream, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    }
}
