//! A gate before a server: it lets requests through, shows them, and on demand answers in the server's place or cuts
//! the connection.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use super::source::read_head;

/// What happens to a request instead.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It is answered with this status, and never arrives.
    Status(u16),
    /// It is answered with 200 and a page that no store writes, and never arrives.
    Nonsense,
    /// It is answered with what is no HTTP, and never arrives.
    Garbage,
    /// It is never answered, and never arrives.
    Silent,
    /// It arrives after so long.
    Late(Duration),
    /// The connection is cut before an answer, and it never arrives.
    Cut,
    /// The same by a reset.
    Reset,
    /// It arrives and is answered, and the connection is cut before the answer is passed on.
    Unheard,
    /// The connection is cut before an answer, and it arrives after so long all the same.
    Stalled(Duration),
}

#[derive(Debug)]
struct Order {
    pattern: &'static str,
    faults: VecDeque<Fault>,
}

#[derive(Clone)]
pub struct Gate {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    orders: Arc<Mutex<Vec<Order>>>,
    accepting: Arc<Mutex<Option<AbortHandle>>>,
}

impl Gate {
    pub async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gate = Self {
            address: listener.local_addr().unwrap(),
            heads: Arc::default(),
            orders: Arc::default(),
            accepting: Arc::default(),
        };
        gate.accept(listener, server);
        gate
    }

    /// From here on nothing listens there.
    pub async fn close(&self) {
        self.accepting.lock().unwrap().take().unwrap().abort();
        while TcpStream::connect(self.address).await.is_ok() {}
    }

    /// From here on it listens there again.
    pub async fn open(&self, server: SocketAddr) {
        for _ in 0..500 {
            // A connection that someone makes may have been given the port meanwhile; it ends, and so does that.
            match TcpListener::bind(self.address).await {
                Ok(listener) => return self.accept(listener, server),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        panic!("{} is in use", self.address);
    }

    fn accept(&self, listener: TcpListener, server: SocketAddr) {
        let serving = self.clone();
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let serving = serving.clone();
                // Whoever hangs up has heard enough.
                tokio::spawn(async move { serving.pass(client, server).await.ok() });
            }
        });
        *self.accepting.lock().unwrap() = Some(accepting.abort_handle());
    }

    /// The next requests whose first line has each piece of this between asterisks in it go wrong.
    pub fn fail(&self, pattern: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.orders.lock().unwrap().push(Order { pattern, faults: faults.into_iter().collect() });
    }

    pub fn clear_faults(&self) {
        self.orders.lock().unwrap().clear();
    }

    /// The heads of all requests, in lower case but for their first lines.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    pub fn count(&self, in_the_line: &str) -> usize {
        self.heads().iter().filter(|head| head.lines().next().unwrap().contains(in_the_line)).count()
    }

    /// One request a connection, so that each is seen.
    async fn pass(&self, mut client: TcpStream, server: SocketAddr) -> std::io::Result<()> {
        let head = read_head(&mut client).await;
        let Some((line, fields)) = head.split_once("\r\n") else { return Ok(()) };
        self.heads.lock().unwrap().push(format!("{line}\r\n{}", fields.to_lowercase()));
        let fault = self.fault(line);
        match fault {
            Some(Fault::Status(status)) => {
                let answer =
                    format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                client.write_all(answer.as_bytes()).await?;
                return drain(client).await;
            }
            Some(Fault::Nonsense) => {
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<html";
                client.write_all(answer.as_bytes()).await?;
                return drain(client).await;
            }
            Some(Fault::Garbage) => {
                client.write_all(b"\0\xff\r\n\r\n").await?;
                return drain(client).await;
            }
            Some(Fault::Silent) => return client.read_to_end(&mut Vec::new()).await.map(drop),
            Some(Fault::Late(by)) => tokio::time::sleep(by).await,
            Some(Fault::Cut) => return Ok(()),
            Some(Fault::Reset) => return client.set_zero_linger(),
            Some(Fault::Stalled(by)) => {
                let mut body = vec![0; content_length(&fields.to_lowercase())];
                client.read_exact(&mut body).await?;
                client.set_zero_linger()?;
                drop(client);
                tokio::time::sleep(by).await;
                let mut server = TcpStream::connect(server).await?;
                let head = format!("{line}\r\nConnection: close\r\n{fields}");
                server.write_all(&[head.as_bytes(), &body].concat()).await?;
                return server.read_to_end(&mut Vec::new()).await.map(drop);
            }
            Some(Fault::Unheard) | None => {}
        }
        let mut server = TcpStream::connect(server).await?;
        server.write_all(format!("{line}\r\nConnection: close\r\n{fields}").as_bytes()).await?;
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let up = async { copy(&mut from_client, &mut to_server).await };
        let down = async {
            if matches!(fault, Some(Fault::Unheard)) {
                from_server.read_to_end(&mut Vec::new()).await.map(drop)
            } else {
                copy(&mut from_server, &mut to_client).await?;
                to_client.shutdown().await
            }
        };
        tokio::select! {
            // A client that hangs up before it is answered takes its request back.
            gone = up => gone.map(drop),
            done = down => done,
        }
    }

    fn fault(&self, line: &str) -> Option<Fault> {
        let mut orders = self.orders.lock().unwrap();
        let mut meant =
            orders.iter_mut().filter(|order| order.pattern.split('*').all(|piece| line.contains(piece)));
        meant.find_map(|order| order.faults.pop_front())
    }
}

fn content_length(fields: &str) -> usize {
    let field = fields.lines().find_map(|line| line.strip_prefix("content-length:"));
    field.map_or(0, |length| length.trim().parse().unwrap())
}

/// Reads what a client still sends: a connection that is closed before is reset, and its answer may not be heard.
async fn drain(mut client: TcpStream) -> std::io::Result<()> {
    client.shutdown().await?;
    client.read_to_end(&mut Vec::new()).await.map(drop)
}
