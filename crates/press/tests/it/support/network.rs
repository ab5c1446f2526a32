//! An internet of the test's own: names answer what the test says, public addresses lead to local sources, and
//! every question and dial is recorded.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::Mutex,
};

use futures_util::future::BoxFuture;
use press::fetch::Network;
use tokio::net::TcpStream;

#[derive(Debug, Default)]
pub struct Internet {
    /// Each question takes the next answer; the last one stays.
    names: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    /// `None` never answers.
    servers: Mutex<HashMap<SocketAddr, Option<SocketAddr>>>,
    silent_names: Mutex<Vec<String>>,
    asked: Mutex<Vec<String>>,
    dialled: Mutex<Vec<SocketAddr>>,
}

impl Internet {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn name(self, name: &str, addresses: &[&str]) -> Self {
        let answer = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.names.lock().unwrap().entry(name.to_owned()).or_default().push(answer);
        self
    }

    /// What is dialled at `address` is connected to `server`.
    #[must_use]
    pub fn server(self, address: &str, server: SocketAddr) -> Self {
        self.servers.lock().unwrap().insert(address.parse().unwrap(), Some(server));
        self
    }

    /// A dial of `address` neither succeeds nor fails.
    #[must_use]
    pub fn black_hole(self, address: &str) -> Self {
        self.servers.lock().unwrap().insert(address.parse().unwrap(), None);
        self
    }

    /// A question for `name` is never answered.
    #[must_use]
    pub fn silent_name(self, name: &str) -> Self {
        self.silent_names.lock().unwrap().push(name.to_owned());
        self
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub fn dialled(&self) -> Vec<String> {
        self.dialled.lock().unwrap().iter().map(SocketAddr::to_string).collect()
    }
}

impl Network for Internet {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(name.to_owned());
            if self.silent_names.lock().unwrap().iter().any(|silent| silent == name) {
                return std::future::pending().await;
            }
            let mut names = self.names.lock().unwrap();
            let answers = names.get_mut(name).ok_or_else(|| io::Error::other("no such name"))?;
            Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
        })
    }

    fn dial(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<TcpStream>> {
        Box::pin(async move {
            self.dialled.lock().unwrap().push(address);
            let server = self.servers.lock().unwrap().get(&address).copied();
            match server {
                Some(Some(server)) => TcpStream::connect(server).await,
                Some(None) => std::future::pending().await,
                None => Err(io::ErrorKind::ConnectionRefused.into()),
            }
        })
    }
}
