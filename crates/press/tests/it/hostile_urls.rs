//! Sources that are meant to lead the service to where it must not go: every way of writing a forbidden address, names
//! that lead to one, names that change their mind, and redirects to all of them. One table: each is refused, and nothing
//! is dialled but what was public and allowed on the way there.

use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use press::fetch::{REDIRECTS_MAX, Tls};
use tokio::io::AsyncWriteExt;

use super::support::{
    network::Internet,
    press::Press,
    source::{Source, redirect},
};

/// Where everything public of these tests is.
const PUBLIC: &str = "93.184.215.14";
const NOT_PUBLIC: &str = "not a public address";
/// What a URL that is none is answered with, and a source that is one and may not be fetched.
const INVALID: &str = "invalid-fields";
const REFUSED: &str = "source-refused";

/// Blocks that are not the public internet: their first and last address, and the public ones around them.
const BLOCKS: &[(&str, &str, &[&str])] = &[
    ("0.0.0.0", "0.255.255.255", &["1.0.0.0"]),
    ("10.0.0.0", "10.255.255.255", &["9.255.255.255", "11.0.0.0"]),
    ("100.64.0.0", "100.127.255.255", &["100.63.255.255", "100.128.0.0"]),
    ("127.0.0.0", "127.255.255.255", &["126.255.255.255", "128.0.0.0"]),
    ("169.254.0.0", "169.254.255.255", &["169.253.255.255", "169.255.0.0"]),
    ("172.16.0.0", "172.31.255.255", &["172.15.255.255", "172.32.0.0"]),
    ("192.0.0.0", "192.0.0.255", &["191.255.255.255", "192.0.1.0"]),
    ("192.0.2.0", "192.0.2.255", &["192.0.1.255", "192.0.3.0"]),
    ("192.88.99.0", "192.88.99.255", &["192.88.98.255", "192.88.100.0"]),
    ("192.168.0.0", "192.168.255.255", &["192.167.255.255", "192.169.0.0"]),
    ("198.18.0.0", "198.19.255.255", &["198.17.255.255", "198.20.0.0"]),
    ("198.51.100.0", "198.51.100.255", &["198.51.99.255", "198.51.101.0"]),
    ("203.0.113.0", "203.0.113.255", &["203.0.112.255", "203.0.114.0"]),
    ("224.0.0.0", "239.255.255.255", &["223.255.255.255"]),
    ("240.0.0.0", "255.255.255.255", &[]),
    // Metadata services, inside of public space and of blocks above.
    ("168.63.129.16", "168.63.129.16", &["168.63.129.15", "168.63.129.17"]),
    ("169.254.169.254", "169.254.170.23", &[]),
    ("100.100.100.200", "192.0.0.192", &[]),
    ("fd00:ec2::23", "fd00:ec2::254", &[]),
    ("fd20:ce::254", "fd20:ce::254", &[]),
    // Unspecified, loopback, IPv4-compatible, IPv4-mapped, NAT64 and all else below global unicast.
    ("::", "::1", &[]),
    ("::2", "::ffff:ffff", &[]),
    ("::ffff:0:0", "::ffff:ffff:ffff", &[]),
    ("::ffff:0:0:0", "::ffff:0:ffff:ffff", &[]),
    ("64:ff9b::", "64:ff9b::ffff:ffff", &[]),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", &[]),
    ("100::", "100::ffff:ffff:ffff:ffff", &[]),
    ("200::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &["2000::"]),
    // Protocol assignments, Teredo first; documentation; 6to4; documentation.
    (
        "2001::",
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        &["2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"],
    ),
    (
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        &["2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"],
    ),
    (
        "2002::",
        "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        &["2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"],
    ),
    (
        "3fff::",
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        &["3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"],
    ),
    // Above global unicast: unassigned, segment routing, unique local, link-local, site-local, multicast.
    ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &["3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[]),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[]),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[]),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[]),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[]),
    // Addresses that carry one of IPv4: ISATAP with either bit, under a public prefix.
    (
        "2a00::5efe:0:0",
        "2a00::5efe:ffff:ffff",
        &["2a00::5efd:ffff:ffff", "2a00::5eff:0:0", "2a00::1:5efe:7f00:1"],
    ),
    ("2a00::200:5efe:0:0", "2a00::200:5efe:ffff:ffff", &["2a00::200:5efd:ffff:ffff", "2a00::200:5eff:0:0"]),
    ("2002:7f00:1::", "2002:a9fe:a9fe::1", &[]),
    ("2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", &[]),
    ("64:ff9b::7f00:1", "64:ff9b:1::a00:1", &[]),
    ("::127.0.0.1", "::ffff:8.8.8.8", &[]),
];

/// Hosts that are forbidden addresses in disguise. The URL Standard reads them all.
const SPELLINGS: &[&str] = &[
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "017700000001",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "127.1",
    "127.0.1",
    "127.0x1",
    "127.0.0.1.",
    "0",
    "0x",
    "0x0.",
    "10.1",
    "0xa.1",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.254.43518",
    "0300.0250.1.1",
    "192.11010305",
    "%31%32%37.0.0.1",
    "127%2e0%2E0%2e1",
    "%30x7f.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "①②⑦.⓪.⓪.①",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
    "¹²⁷.⁰.⁰.¹",
    "12\u{ad}7.0.0.1",
    "127.0.0.\u{200b}1",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::0.0.0.1]",
    "[::FFFF:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]",
];

/// Names and what they are answered with, one question after the other; the last answer stays. More of them stand in
/// [`internet`].
const NAMES: &[(&str, &[&[&str]])] = &[
    ("public.example", &[&[PUBLIC]]),
    ("localhost", &[&["127.0.0.1", "::1"]]),
    ("localhost.", &[&["127.0.0.1"]]),
    ("loopback.example", &[&["::1"]]),
    ("any.localhost", &[&["127.0.0.1"]]),
    ("metadata.google.internal", &[&["169.254.169.254"]]),
    ("intranet.example", &[&["10.1.2.3"]]),
    ("127.0.0.1.nip.example", &[&["127.0.0.1"]]),
    ("mapped.example", &[&["::ffff:10.1.2.3"]]),
    ("mapped-public.example", &[&["::ffff:93.184.215.14"]]),
    ("nat64.example", &[&["64:ff9b::10.1.2.3"]]),
    ("mixed.example", &[&[PUBLIC, "10.1.2.3"]]),
    ("mixed-first.example", &[&["127.0.0.1", PUBLIC]]),
    ("mixed-last.example", &[&["2606:2800:21f:cb07:6820:80da:af6b:8b2c", PUBLIC, "::1"]]),
    ("mixed-metadata.example", &[&[PUBLIC, "169.254.169.254"]]),
    ("mixed-unspecified.example", &[&[PUBLIC, "0.0.0.0"]]),
    ("xn--tst-bma.example", &[&["192.168.0.1"]]),
    ("rebinding.example", &[&[PUBLIC], &["127.0.0.1"]]),
    ("rebinding-v6.example", &[&[PUBLIC], &["fd00:ec2::254"]]),
    ("rebinding-mixed.example", &[&[PUBLIC], &[PUBLIC, "10.0.0.1"]]),
    ("rebinding-late.example", &[&[PUBLIC], &[PUBLIC], &[PUBLIC], &["169.254.169.254"]]),
];

/// Names in other spellings.
const NAMED: &[&str] = &[
    "LOCALHOST",
    "localhost.",
    "%6cocalhost",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "ｌｏｃａｌｈｏｓｔ",
    "loca\u{ad}lhost",
    "ＬＯＣＡＬhost",
    "metadata。google。internal",
    "METADATA.google.internal",
    "tést.example",
    "TÉST.example",
];

/// Texts that are no URL of a source.
const NO_SOURCES: &[(&str, &str)] = &[
    ("", "must not be empty"),
    ("/cat.png", "must be an absolute URL"),
    ("//127.0.0.1/", "must be an absolute URL"),
    ("localhost", "must be an absolute URL"),
    ("http:127.0.0.1", "must be an absolute URL"),
    ("http:/127.0.0.1", "must be an absolute URL"),
    ("file:///etc/passwd", "must be an absolute URL"),
    ("file://localhost/etc/passwd", "must be an absolute URL"),
    ("FILE:///etc/passwd", "must be an absolute URL"),
    ("ftp://public.example/", "must be an absolute URL"),
    ("gopher://127.0.0.1:6379/_INFO", "must be an absolute URL"),
    ("dict://127.0.0.1:11211/stats", "must be an absolute URL"),
    ("ldap://127.0.0.1/", "must be an absolute URL"),
    ("tftp://127.0.0.1/x", "must be an absolute URL"),
    ("ws://public.example/", "must be an absolute URL"),
    ("data:image/png;base64,iVBORw0KGgo=", "must be an absolute URL"),
    ("javascript:alert(1)", "must be an absolute URL"),
    ("s3://bucket/key", "must be an absolute URL"),
    ("gs://bucket/key", "must be an absolute URL"),
    ("local:///etc/passwd", "must be an absolute URL"),
    ("jar:http://public.example!/", "must be an absolute URL"),
    ("view-source:http://public.example/", "must be an absolute URL"),
    ("http+unix://%2fvar%2frun%2fdocker.sock/", "must be an absolute URL"),
    ("httpx://public.example/", "must be an absolute URL"),
    ("http://", "must name a host"),
    ("http:///etc/passwd", "must name a host"),
    ("http:////127.0.0.1/", "must name a host"),
    ("http://?127.0.0.1", "must name a host"),
    ("http://#@127.0.0.1/", "must name a host"),
    ("http://:80/", "must name a host"),
    ("http://@/", "must name a host"),
    ("http://user@public.example/", "must not carry a user name"),
    ("http://user:secret@127.0.0.1/", "must not carry a user name"),
    ("http://public.example@127.0.0.1/", "must not carry a user name"),
    ("http://public.example:80@127.0.0.1/", "must not carry a user name"),
    ("http://a@b@127.0.0.1/", "must not carry a user name"),
    ("http://public.example%40127.0.0.1/", "is not a valid URL"),
    ("http://public.example\\@127.0.0.1/", "backslashes"),
    ("http:\\\\127.0.0.1\\", "backslashes"),
    ("http://127.0.0.1\\.public.example/", "backslashes"),
    ("http://127.0\t.0.1/", "control characters"),
    ("http://127.0.\n0.1/", "control characters"),
    ("ht\ttp://127.0.0.1/", "control characters"),
    ("http://public.example/\r\nHost: 127.0.0.1", "control characters"),
    ("http://public.example/\0", "control characters"),
    ("\u{1}http://127.0.0.1/", "control characters"),
    (" http://127.0.0.1/", "white space"),
    ("http://127.0.0.1/\u{a0}", "white space"),
    ("http://127.0.0.1 /", "is not a valid URL"),
    ("http://public.example:65536/", "is not a valid URL"),
    ("http://public.example:-1/", "is not a valid URL"),
    ("http://public.example:80:80/", "is not a valid URL"),
    ("http://public.example:0x50/", "is not a valid URL"),
    ("http://256.256.256.256/", "is not a valid URL"),
    ("http://0x100000000/", "is not a valid URL"),
    ("http://127.0.0.1.1/", "is not a valid URL"),
    ("http://127.0.0.08/", "is not a valid URL"),
    ("http://[::1/", "is not a valid URL"),
    ("http://::1/", "must name a host"),
    ("http://[::1]x/", "is not a valid URL"),
    ("http://[127.0.0.1]/", "is not a valid URL"),
    ("http://[::ffff:127.0.0.256]/", "is not a valid URL"),
    ("http://[fe80::1%eth0]/", "is not a valid URL"),
    ("http://[fe80::1%25eth0]/", "is not a valid URL"),
    ("http://[v1.1]/", "is not a valid URL"),
    ("http://xn--a/", "is not a valid URL"),
    ("http://a%00b/", "is not a valid URL"),
    ("http://a<b/", "is not a valid URL"),
];

/// Ports that no public web server has by default.
const PORTS: &[u16] =
    &[0, 1, 21, 22, 23, 25, 53, 79, 81, 110, 442, 444, 2375, 3306, 5432, 6379, 8080, 9200, 11211, 65535];

/// Where redirects must not lead, beyond what is forbidden as the first URL.
const TARGETS: &[(&str, &str, &str)] = &[
    ("//127.0.0.1/", REFUSED, NOT_PUBLIC),
    ("//0x7f.1/", REFUSED, NOT_PUBLIC),
    ("http:127.0.0.1", REFUSED, NOT_FOUND_RELATIVE),
    ("///127.0.0.1/", REFUSED, "must name a host"),
    ("/\\127.0.0.1/", REFUSED, "backslashes"),
    ("file:/etc/passwd", REFUSED, "must be an absolute URL"),
    ("//public.example:22/", REFUSED, "port 22 "),
    ("//user:secret@public.example/", REFUSED, "must not carry a user name"),
    ("?\u{9}x", REFUSED, "control characters"),
];

/// `http:x` is relative to a URL of the same scheme, and so leads nowhere else.
const NOT_FOUND_RELATIVE: &str = "redirects more than";

struct Case {
    url: String,
    slug: &'static str,
    detail: String,
    /// How often the public server is asked on the way.
    hops: usize,
}

fn case(url: impl Into<String>, slug: &'static str, detail: impl Into<String>, hops: usize) -> Case {
    Case { url: url.into(), slug, detail: detail.into(), hops }
}

/// A URL of the public server that redirects there.
fn redirecting(status: u16, location: &str) -> String {
    format!("http://public.example/{status}/{}", utf8_percent_encode(location, NON_ALPHANUMERIC))
}

fn host(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

fn addresses() -> impl Iterator<Item = &'static str> {
    BLOCKS.iter().flat_map(|&(first, last, _)| [first, last])
}

/// The name that leads to an address of [`BLOCKS`].
fn name_of(address: &str) -> String {
    format!("x{}.example", address.replace(['.', ':'], "-"))
}

fn table() -> Vec<Case> {
    let mut table: Vec<Case> = NO_SOURCES.iter().map(|&(text, why)| case(text, INVALID, why, 0)).collect();
    for address in addresses() {
        table.push(case(format!("http://{}/", host(address)), REFUSED, NOT_PUBLIC, 0));
        table.push(case(format!("HTTPS://{}:443/", host(address)), REFUSED, NOT_PUBLIC, 0));
        table.push(case(format!("http://{}/", name_of(address)), REFUSED, NOT_PUBLIC, 0));
        table.push(case(redirecting(302, &format!("http://{}/", host(address))), REFUSED, NOT_PUBLIC, 1));
    }
    for host in SPELLINGS.iter().chain(NAMED) {
        table.push(case(format!("http://{host}/"), REFUSED, NOT_PUBLIC, 0));
        table.push(case(redirecting(301, &format!("https://{host}/")), REFUSED, NOT_PUBLIC, 1));
    }
    for (name, answers) in NAMES.iter().skip(1) {
        // A name that changes its mind is public at first, and redirects to itself until it is not.
        let hops = answers.len() - 1;
        table.push(case(format!("http://{name}/again"), REFUSED, NOT_PUBLIC, hops));
        if hops == 0 {
            table.push(case(redirecting(307, &format!("//{name}/")), REFUSED, NOT_PUBLIC, 1));
        }
    }
    table.push(case("http://many.example/", REFUSED, NOT_PUBLIC, 0));
    for port in PORTS {
        for host in ["public.example", PUBLIC, "127.0.0.1"] {
            table.push(case(format!("http://{host}:{port}/"), REFUSED, format!("port {port} "), 0));
        }
        let target = format!("https://public.example:{port}/");
        table.push(case(redirecting(308, &target), REFUSED, format!("port {port} "), 1));
    }
    for &(location, slug, why) in TARGETS {
        let hops = if why == NOT_FOUND_RELATIVE { REDIRECTS_MAX + 1 } else { 1 };
        table.push(case(redirecting(303, location), slug, why, hops));
    }
    for &(location, why) in NO_SOURCES {
        // Relative ones have been looked at, and line ends end a header.
        let is_absolute = location.split_once(':').is_some_and(|(scheme, _)| !scheme.contains(['/', '\t']));
        if is_absolute && !location.contains(['\r', '\n', '\0']) && !location.starts_with([' ', '\u{1}']) {
            let (why, hops) = match location {
                // Relative to a URL of the same scheme; and of several slashes two are meant, as in browsers.
                "http:127.0.0.1" | "http:/127.0.0.1" | "http:///etc/passwd" => continue,
                "http:////127.0.0.1/" => (NOT_PUBLIC, 1),
                _ => (why, 1),
            };
            table.push(case(redirecting(302, location), REFUSED, why, hops));
        }
    }
    // Chains: as long as may be, with the forbidden place at their end; and those that have no end.
    let mut chain = "http://127.0.0.1/".to_owned();
    for hops in 1..=REDIRECTS_MAX {
        chain = redirecting(302, &chain);
        table.push(case(chain.clone(), REFUSED, NOT_PUBLIC, hops));
    }
    for endless in ["http://public.example/again", "http://public.example/ping", &redirecting(302, "/again")]
    {
        table.push(case(endless, REFUSED, "redirects more than 5 times", REDIRECTS_MAX + 1));
    }
    table
}

fn internet(public: &Source) -> Internet {
    let mut internet = Internet::new();
    for (name, answers) in NAMES {
        for answer in *answers {
            internet = internet.name(name, answer);
        }
    }
    for address in addresses() {
        internet = internet.name(&name_of(address), &[address]);
    }
    let many: Vec<String> = (0..65).map(|number| format!("93.184.215.{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    internet
        .name("many.example", &many)
        .name("as-many-as-may-be.example", &many[..64])
        .server(&format!("{PUBLIC}:80"), public.address)
}

/// `/STATUS/LOCATION` redirects there, `/again` to itself, `/ping` and `/pong` to each other.
async fn redirector() -> Source {
    Source::start(|head, mut stream| async move {
        let target = head.split(' ').nth(1).unwrap();
        let answer = match target {
            "/again" => redirect(302, "/again"),
            "/ping" => redirect(307, "/pong"),
            "/pong" => redirect(302, "http://public.example/ping"),
            _ => match target[1..].split_once('/') {
                Some((status, location)) if status.parse::<u16>().is_ok() => {
                    let location = percent_decode_str(location).decode_utf8().unwrap();
                    redirect(status.parse().unwrap(), &location)
                }
                // What is relative to here and names nothing.
                _ => redirect(302, "/again"),
            },
        };
        let _ = stream.write_all(&answer).await;
    })
    .await
}

#[tokio::test]
async fn whatever_leads_to_where_it_must_not_is_refused_and_never_dialled() {
    let public = redirector().await;
    let table = table();
    assert!(table.len() >= 120, "{}", table.len());
    for Case { url, slug, detail, hops } in &table {
        let internet = Arc::new(internet(&public));
        let press = Press::on(internet.clone(), Tls::system(), |_| ());
        let answer = press.convert(url).await;
        let said = String::from_utf8(answer.body.to_vec()).unwrap();
        let shown = format!("{url:?} {:?}", percent_decode_str(url).decode_utf8_lossy());
        answer.assert_problem(&shown, 422, slug, detail);
        assert_eq!(internet.dialled(), vec![format!("{PUBLIC}:80"); *hops], "{shown}");
        assert!(press.stored().is_empty(), "{shown}");
        // Neither what a name leads to nor what only its sender should know.
        for secret in ["10.1.2.3", "169.254", "fd00:ec2", "secret"] {
            assert!(!said.contains(secret), "{shown}: {said}");
        }
    }
}

#[tokio::test]
async fn what_lies_beside_is_dialled() {
    let beside: Vec<&str> = BLOCKS.iter().flat_map(|(.., beside)| *beside).copied().collect();
    assert!(beside.len() >= 40, "{}", beside.len());
    for address in beside {
        let internet = Arc::new(Internet::new().name("beside.example", &[address]));
        let press = Press::on(internet.clone(), Tls::system(), |_| ());
        for url in [format!("http://{}/", host(address)), "http://beside.example/".to_owned()] {
            press.convert(&url).await.assert_problem(&url, 502, "source-unreachable", "no connection");
        }
        assert_eq!(internet.dialled(), vec![format!("{}:80", host(address)); 2]);
    }
}

#[tokio::test]
async fn as_many_answers_as_a_name_may_have() {
    let internet = Arc::new(internet(&redirector().await));
    let press = Press::on(internet.clone(), Tls::system(), |_| ());
    let url = "http://as-many-as-may-be.example/";
    press.convert(url).await.assert_problem(url, 502, "source-unreachable", "no connection");
    // They were judged, and the first of them tried.
    assert_eq!(internet.dialled().len(), 6);
}
