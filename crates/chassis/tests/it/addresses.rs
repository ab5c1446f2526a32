//! Forged and honest forwarded headers.

use chassis::Settings;

use crate::support::{
    get_with, router,
    server::{Client, Server},
};

async fn whoami(hops: u8, headers: &[(&str, &str)]) -> (String, String) {
    let mut settings = Settings::default();
    settings.hosts.trusted_proxy_hops = hops;
    let json = get_with(&router(&settings), "/whoami", headers).await.json();
    let scheme = json["link"].as_str().unwrap().split(':').next().unwrap().to_owned();
    (json["client"].as_str().unwrap().to_owned(), scheme)
}

#[tokio::test]
async fn only_as_many_entries_are_believed_as_there_are_proxies() {
    let forwarded = "x-forwarded-for";
    let proto = "x-forwarded-proto";
    for (hops, headers, client, scheme) in [
        // Without a proxy everything is forged.
        (0, &[][..], "127.0.0.1", "http"),
        (0, &[(forwarded, "198.51.100.1"), (proto, "https")], "127.0.0.1", "http"),
        (0, &[("forwarded", "for=198.51.100.1;proto=https")], "127.0.0.1", "http"),
        // Behind one, the last entry is the proxy's own, and what stands before it is the client's.
        (1, &[(forwarded, "198.51.100.1"), (proto, "https")], "198.51.100.1", "https"),
        (1, &[(forwarded, "6.6.6.6, 198.51.100.1"), (proto, "https, http")], "198.51.100.1", "http"),
        (1, &[(forwarded, "6.6.6.6"), (forwarded, "198.51.100.1")], "198.51.100.1", "http"),
        (1, &[("forwarded", "for=198.51.100.1;proto=https")], "127.0.0.1", "http"),
        (1, &[], "127.0.0.1", "http"),
        // Behind two, the last but one.
        (2, &[(forwarded, "6.6.6.6, 198.51.100.1, 10.0.0.1")], "198.51.100.1", "http"),
        (2, &[(forwarded, "6.6.6.6"), (forwarded, "198.51.100.1, 10.0.0.1")], "198.51.100.1", "http"),
        (2, &[(proto, "https")], "127.0.0.1", "https"),
        (2, &[(proto, "http, https, http")], "127.0.0.1", "https"),
        // It came past the proxies: fewer entries than there are of them.
        (2, &[(forwarded, "198.51.100.1")], "127.0.0.1", "http"),
        // What is no address is nobody's.
        (1, &[(forwarded, "unknown")], "127.0.0.1", "http"),
        (1, &[(forwarded, "")], "127.0.0.1", "http"),
        (1, &[(forwarded, "198.51.100.1,")], "127.0.0.1", "http"),
        (1, &[(proto, "javascript")], "127.0.0.1", "http"),
        // Forms that balancers use.
        (1, &[(forwarded, "198.51.100.1:4711")], "198.51.100.1", "http"),
        (1, &[(forwarded, "2001:db8::1")], "2001:db8::1", "http"),
        (1, &[(forwarded, "[2001:db8::1]")], "2001:db8::1", "http"),
        (1, &[(forwarded, "[2001:db8::1]:4711")], "2001:db8::1", "http"),
        (1, &[(forwarded, "::ffff:198.51.100.1")], "198.51.100.1", "http"),
        (1, &[(proto, "HTTPS")], "127.0.0.1", "https"),
    ] {
        assert_eq!(whoami(hops, headers).await, (client.to_owned(), scheme.to_owned()), "{hops} {headers:?}");
    }
}

#[tokio::test]
async fn the_peer_of_a_socket_is_the_client() {
    let server = Server::start(Settings::default()).await;
    let mut client = Client::connect(server.public).await;
    client.send("GET /whoami HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 198.51.100.1\r\n\r\n").await;
    let answer = client.answer().await;
    assert!(answer.contains("\"client\":\"127.0.0.1\""), "{answer}");
    server.stop().await.unwrap().unwrap();
}

#[tokio::test]
async fn https_is_remembered_only_where_it_was_used() {
    for (hops, expected) in [(0, None), (1, Some("max-age=31536000"))] {
        let mut settings = Settings::default();
        settings.hosts.trusted_proxy_hops = hops;
        let reply = get_with(&router(&settings), "/ping", &[("x-forwarded-proto", "https")]).await;
        assert_eq!(reply.header("strict-transport-security"), expected);
    }
}
