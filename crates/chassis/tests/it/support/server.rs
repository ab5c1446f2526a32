//! The service on real sockets.

use std::{net::SocketAddr, time::Duration};

use chassis::{Listeners, Service, Settings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::Instant,
};

use super::service;

/// Longer than anything that the tests expect to happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server, stopped and awaited by [`Server::stop`].
pub(crate) struct Server {
    pub(crate) public: SocketAddr,
    pub(crate) ops: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    pub(crate) async fn start(settings: Settings) -> Self {
        Self::start_with(settings, service()).await
    }

    pub(crate) async fn start_with(settings: Settings, service: Service) -> Self {
        let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ops = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (public_address, ops_address) = (public.local_addr().unwrap(), ops.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let listeners = Listeners { public, ops: Some(ops) };
        let served = tokio::spawn(chassis::run_on(listeners, settings, vec![service], shutdown));
        Self { public: public_address, ops: ops_address, stop, served }
    }

    /// Asks it to stop; the handle tells when it has.
    pub(crate) fn stop(self) -> JoinHandle<anyhow::Result<()>> {
        self.stop.send(()).unwrap();
        self.served
    }
}

/// A client's connection, byte by byte.
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")).await;
    }

    /// One answer with a known length; what follows stays unread.
    pub(crate) async fn answer(&mut self) -> String {
        let mut text = Vec::new();
        let head = loop {
            if let Some(end) = text.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.more(&mut text).await;
        };
        let header = String::from_utf8(text[..head].to_vec()).unwrap().to_ascii_lowercase();
        let length = header.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while text.len() < head + length {
            self.more(&mut text).await;
        }
        String::from_utf8(text).unwrap()
    }

    async fn more(&mut self, text: &mut Vec<u8>) {
        let read = tokio::time::timeout(PATIENCE, self.0.read_buf(text)).await;
        let read = read.expect("an answer in time").expect("a readable connection");
        assert_ne!(read, 0, "closed after {:?}", String::from_utf8_lossy(text));
    }

    /// Everything until the server closes, and how long that took.
    pub(crate) async fn until_closed(&mut self) -> (String, Duration) {
        let started = Instant::now();
        let mut text = Vec::new();
        loop {
            match tokio::time::timeout(PATIENCE, self.0.read_buf(&mut text)).await.expect("a close in time") {
                // A reset is a close too.
                Ok(0) | Err(_) => return (String::from_utf8_lossy(&text).into_owned(), started.elapsed()),
                Ok(_) => {}
            }
        }
    }

    /// Whether the server leaves the connection open and silent for this long.
    pub(crate) async fn stays_open(&mut self, time: Duration) -> bool {
        let mut byte = [0];
        tokio::time::timeout(time, self.0.read(&mut byte)).await.is_err()
    }

    /// Bytes of an answer that are read and thrown away.
    pub(crate) async fn read_some(&mut self) -> usize {
        let mut buffer = vec![0; 64 * 1024];
        tokio::time::timeout(PATIENCE, self.0.read(&mut buffer)).await.expect("bytes in time").unwrap_or(0)
    }
}
