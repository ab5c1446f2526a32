//! Sources over TLS.

use std::{net::SocketAddr, sync::Arc};

use press::fetch::Tls;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::TlsAcceptor;

use super::support::{
    images,
    network::Internet,
    press::Press,
    source::{Source, ok, read_head, redirect},
};

struct Secure {
    address: SocketAddr,
    certificate: CertificateDer<'static>,
}

/// A TLS server for `secure.example` that answers every request the same.
async fn secure(answer: Vec<u8>) -> Secure {
    let made = rcgen::generate_simple_self_signed(vec!["secure.example".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            read_head(&mut stream).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    });
    Secure { address, certificate }
}

fn trusting(certificate: &CertificateDer<'static>) -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Tls::with(config)
}

const PUBLIC: &str = "93.184.215.14";

fn internet(server: &Secure) -> Internet {
    Internet::new()
        .name("secure.example", &[PUBLIC])
        .name("other.example", &[PUBLIC])
        .server("93.184.215.14:443", server.address)
}

#[tokio::test]
async fn a_certificate_for_the_name_is_believed_and_no_other() {
    let server = secure(ok(&images::png())).await;
    let press = Press::on(Arc::new(internet(&server)), trusting(&server.certificate), |_| ());
    press.pdf("https://secure.example/cat.png").await;
    let answer = press.convert("https://other.example/cat.png").await;
    answer.assert_problem("another name", 502, "source-unreachable", "no TLS connection");
    let answer = press.convert(&format!("https://{PUBLIC}/cat.png")).await;
    answer.assert_problem("an address", 502, "source-unreachable", "no TLS connection");

    let stranger = secure(Vec::new()).await;
    let press = Press::on(Arc::new(internet(&server)), trusting(&stranger.certificate), |_| ());
    let answer = press.convert("https://secure.example/cat.png").await;
    answer.assert_problem("an authority that is not trusted", 502, "source-unreachable", "no TLS connection");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let internet = Internet::new().name("secure.example", &[PUBLIC]).server("93.184.215.14:443", plain);
    let press = Press::on(Arc::new(internet), trusting(&secure(Vec::new()).await.certificate), |_| ());
    let answer = press.convert("https://secure.example/").await;
    answer.assert_problem("plain text", 502, "source-unreachable", "no TLS connection");
}

#[tokio::test]
async fn from_https_to_http_is_no_way() {
    for location in ["http://secure.example/", "http://93.184.215.14/", "HTTP://secure.example:443/"] {
        let server = secure(redirect(302, location)).await;
        let internet = Arc::new(internet(&server));
        let press = Press::on(internet.clone(), trusting(&server.certificate), |_| ());
        let answer = press.convert("https://secure.example/").await;
        answer.assert_problem(location, 422, "source-refused", "from https to http");
        assert_eq!(internet.dialled(), ["93.184.215.14:443"]);
    }
}

#[tokio::test]
async fn from_http_to_https_is() {
    let server = secure(ok(&images::png())).await;
    let start = Source::raw(redirect(301, "https://secure.example/cat.png")).await;
    let internet = internet(&server).server("93.184.215.14:80", start.address);
    let press = Press::on(Arc::new(internet), trusting(&server.certificate), |_| ());
    press.pdf("http://secure.example/cat.png").await;
}
