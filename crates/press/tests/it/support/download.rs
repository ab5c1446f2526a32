//! A plain GET of an absolute http URL, as whoever is given a link makes it.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::{Position, Url};

use super::press::Answer;

pub async fn download(url: &str) -> Answer {
    let url = Url::parse(url).unwrap();
    let address = format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap());
    download_from(&address, &url).await
}

/// The same from wherever this host's name leads.
pub async fn download_from(address: &str, url: &Url) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut requests, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(&url[Position::BeforePath..Position::AfterQuery])
        .header(header::HOST, &url[Position::BeforeHost..Position::AfterPort])
        .body(Empty::<Bytes>::new())
        .unwrap();
    let (head, body) = requests.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: head.status, headers: head.headers, body }
}
