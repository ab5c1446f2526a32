//! A local server of images: what the press fetches from when it is tried or measured.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

/// Serves each body at `/0`, `/1`, … on a free port of loopback until this program ends.
pub(crate) fn serve(bodies: Vec<Vec<u8>>) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on loopback")?;
    let address = listener.local_addr()?;
    let bodies: Arc<[Vec<u8>]> = bodies.into();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let bodies = Arc::clone(&bodies);
            // A client that goes away while it is answered is no concern of the server.
            thread::spawn(move || answer(&stream, &bodies).ok());
        }
    });
    Ok(address)
}

/// Serves one body to one client on a free port of loopback, evenly over this time, as over a slow line; tells when its last
/// byte was sent.
pub(crate) fn serve_slowly(body: Vec<u8>, time: Duration) -> Result<(SocketAddr, mpsc::Receiver<Instant>)> {
    const PIECES: u32 = 50;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on loopback")?;
    let address = listener.local_addr()?;
    let (ended, end) = mpsc::channel();
    thread::spawn(move || -> Result<()> {
        let (mut stream, _) = listener.accept()?;
        read_head(&stream)?;
        stream.write_all(head(body.len()).as_bytes())?;
        for piece in body.chunks(body.len().div_ceil(PIECES as usize).max(1)) {
            thread::sleep(time / PIECES);
            stream.write_all(piece)?;
        }
        Ok(ended.send(Instant::now())?)
    });
    Ok((address, end))
}

fn answer(mut stream: &TcpStream, bodies: &[Vec<u8>]) -> Result<()> {
    let line = read_head(stream)?;
    let body = line
        .strip_prefix("GET /")
        .and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok())
        .and_then(|index| bodies.get(index));
    let Some(body) = body else {
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        return Ok(());
    };
    stream.write_all(head(body.len()).as_bytes())?;
    stream.write_all(body)?;
    Ok(())
}

/// Reads a request's head; gives its first line.
fn read_head(stream: &TcpStream) -> Result<String> {
    let mut request = BufReader::new(stream);
    let mut line = String::new();
    request.read_line(&mut line)?;
    let mut header = String::new();
    while request.read_line(&mut header)? > 2 {
        header.clear();
    }
    Ok(line)
}

fn head(length: usize) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{serve, serve_slowly};
    use crate::http::get;

    #[test]
    fn serves_each_body_at_its_number() {
        let address = serve(vec![b"zero".to_vec(), b"one".to_vec()]).expect("a port is free");
        assert_eq!(get(address, "/1").expect("answers").body, b"one");
        assert_eq!(get(address, "/2").expect("answers").status, 404);
        assert_eq!(get(address, "/x").expect("answers").status, 404);
    }

    #[test]
    fn tells_when_a_slow_body_has_ended() {
        let (started, time) = (Instant::now(), Duration::from_millis(200));
        let (address, end) = serve_slowly(vec![7; 1234], time).expect("a port is free");
        assert_eq!(get(address, "/").expect("answers").body, vec![7; 1234]);
        assert!(end.recv().expect("has ended").duration_since(started) >= time / 2);
    }
}
