//! An answer as it comes: when its first byte is there, how many there are, at the pace of its reader.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

/// How much is read at a time.
const PIECE_BYTES: usize = 64 << 10;

/// How an answer is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// As fast as it comes.
    Fast,
    /// With a rest after each piece, as over a slow line.
    Resting(Duration),
}

/// Reads the whole list and counts its fruits.
pub(super) fn count_fruits(address: SocketAddr, pace: Pace) -> Result<usize> {
    let mut stream = ask(address)?;
    let mut piece = vec![0; PIECE_BYTES];
    let (mut fruits, mut last) = (0, None);
    loop {
        let length = stream.read(&mut piece).context("the list broke off")?;
        let Some(end) = piece[..length].last() else { break };
        last = Some(*end);
        fruits += piece[..length].split(|byte| *byte == b'{').count() - 1;
        if let Pace::Resting(rest) = pace {
            thread::sleep(rest);
        }
    }
    ensure!(last == Some(b']'), "the list has no end");
    Ok(fruits)
}

/// The time from the request for the whole list to the first byte of its first fruit.
pub(super) fn first_byte(address: SocketAddr) -> Result<Duration> {
    let start = Instant::now();
    let mut stream = ask(address)?;
    let (mut answer, mut piece) = (Vec::new(), vec![0; PIECE_BYTES]);
    while !answer.windows(6).any(|end| end == b"\r\n\r\n[{") {
        let length = stream.read(&mut piece).context("the list broke off")?;
        ensure!(length > 0, "the list has no fruits");
        answer.extend_from_slice(&piece[..length]);
    }
    Ok(start.elapsed())
}

/// Asks for the whole list. HTTP/1.0, so that it comes as it is and ends with the connection.
fn ask(address: SocketAddr) -> Result<TcpStream> {
    let mut stream =
        TcpStream::connect(address).with_context(|| format!("could not connect to {address}"))?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    stream.write_all(format!("GET /fruits HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    Ok(stream)
}
