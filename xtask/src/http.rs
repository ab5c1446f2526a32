//! The few lines of an HTTP client that trying a service on loopback takes.
//!
//! It speaks HTTP/1.0, so that an answer is neither chunked nor followed by another.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, if the status is the expected one.
    pub(crate) fn json(&self, status: u16) -> Result<serde_json::Value> {
        let text = String::from_utf8_lossy(&self.body);
        ensure!(self.status == status, "answered {} instead of {status}: {text}", self.status);
        serde_json::from_str(&text).with_context(|| format!("answered no JSON: {text}"))
    }
}

/// Asks for a path.
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<Answer> {
    exchange(address, &format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n"))
}

/// Sends JSON to a path.
pub(crate) fn post(address: SocketAddr, path: &str, json: &serde_json::Value) -> Result<Answer> {
    let body = json.to_string();
    let length = body.len();
    exchange(
        address,
        &format!(
            "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// Waits until the service answers `/ping`; `is_running` tells whether that can still happen.
pub(crate) fn wait_for_ping(address: SocketAddr, mut is_running: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match get(address, "/ping").and_then(|answer| answer.json(200)) {
            Ok(answer) if answer["ping"] == "pong" => return Ok(()),
            Ok(answer) => bail!("/ping answered {answer}"),
            Err(error) if Instant::now() > deadline => return Err(error).context("no /ping for 30 seconds"),
            Err(_) => ensure!(is_running(), "the service ended before it answered /ping"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// A port on loopback that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on loopback")?;
    Ok(listener.local_addr()?.port())
}

fn exchange(address: SocketAddr, request: &str) -> Result<Answer> {
    // A service under measurement may have many to answer before this one.
    let patience = Duration::from_mins(5);
    let mut stream = TcpStream::connect_timeout(&address, patience)
        .with_context(|| format!("could not connect to {address}"))?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(request.as_bytes()).context("could not send the request")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).context("the answer broke off")?;
    parse(&answer).with_context(|| format!("{address} answered no HTTP"))
}

/// Takes the status and the body out of a whole answer.
fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: answer[end + 4..].to_vec() })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn takes_an_answer_apart() {
        let answer = parse(b"HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nbody\r\n\r\nmore").expect("is HTTP");
        assert_eq!((answer.status, answer.body.as_slice()), (404, b"body\r\n\r\nmore".as_slice()));
        for broken in
            ["", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 x y\r\n\r\n"]
        {
            assert!(parse(broken.as_bytes()).is_none(), "{broken:?}");
        }
    }
}
