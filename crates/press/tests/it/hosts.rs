//! Lists of hosts: judged on each hop, before anybody is asked what a name leads to.

use std::sync::Arc;

use press::fetch::Tls;

use super::support::{
    images,
    network::Internet,
    press::Press,
    source::{Source, redirect},
};

const PUBLIC: &str = "93.184.215.14";
const DENIED: &str = "one that sources are not fetched from";
const NOT_ALLOWED: &str = "none of those that sources are fetched from";

fn press(internet: &Arc<Internet>, allow: &[&str], deny: &[&str]) -> Press {
    let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let network: Arc<Internet> = Arc::clone(internet);
    Press::on(network, Tls::system(), |settings| {
        settings.fetch.fetch_hosts_allow = parse(allow);
        settings.fetch.fetch_hosts_deny = parse(deny);
    })
}

#[tokio::test]
async fn hosts_that_a_list_closes_are_not_even_asked_for() {
    let allow = &["images.example.com", "*.cdn.example.com", "bücher.example"][..];
    let deny = &["secret.cdn.example.com", "*.evil.example", "evil.example"][..];
    for (allow, deny, host, detail) in [
        (&[][..], deny, "evil.example", DENIED),
        (&[], deny, "EVIL.example.", DENIED),
        (&[], deny, "a.b.evil.example", DENIED),
        (&[], deny, "ｅvil.example", DENIED),
        (&[], deny, "e%76il.example", DENIED),
        (allow, deny, "secret.cdn.example.com", DENIED),
        (allow, &[], "example.com", NOT_ALLOWED),
        (allow, &[], "cdn.example.com", NOT_ALLOWED),
        (allow, &[], "a.images.example.com", NOT_ALLOWED),
        (allow, &[], "images.example.com.evil.example", NOT_ALLOWED),
        (allow, &[], "evilcdn.example.com", NOT_ALLOWED),
        // Cyrillic in place of Latin letters, and a letter without its dots.
        (allow, &[], "imаges.example.com", NOT_ALLOWED),
        (allow, &[], "bucher.example", NOT_ALLOWED),
        (allow, &[], PUBLIC, NOT_ALLOWED),
        (allow, &[], "[2606:4700::1111]", NOT_ALLOWED),
        (allow, &[], "localhost", NOT_ALLOWED),
    ] {
        let internet = Arc::new(Internet::new());
        let url = format!("http://{host}/cat.png?token=hidden");
        let answer = press(&internet, allow, deny).convert(&url).await;
        answer.assert_problem(&url, 422, "source-refused", detail);
        assert!(internet.asked().is_empty() && internet.dialled().is_empty(), "{url}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("hidden"), "{url}");
    }
}

#[tokio::test]
async fn redirects_are_held_to_the_lists() {
    for (allow, deny, location, detail) in [
        (&["first.example"][..], &[][..], "http://second.example/", NOT_ALLOWED),
        (&["first.example"], &[], "//93.184.215.14/", NOT_ALLOWED),
        (&[], &["*.example"], "http://second.example/", DENIED),
        (&["*.example"], &["second.example"], "http://SECOND.example./", DENIED),
    ] {
        let first = Source::raw(redirect(302, location)).await;
        let internet = Internet::new()
            .name("first.example", &[PUBLIC])
            .name("first.test", &[PUBLIC])
            .name("second.example", &[PUBLIC])
            .server("93.184.215.14:80", first.address);
        let internet = Arc::new(internet);
        let start = if deny == ["*.example"] { "first.test" } else { "first.example" };
        let answer = press(&internet, allow, deny).convert(&format!("http://{start}/")).await;
        answer.assert_problem(location, 422, "source-refused", detail);
        assert_eq!((internet.asked(), internet.dialled().len()), (vec![start.to_owned()], 1), "{location}");
    }
}

#[tokio::test]
async fn what_the_lists_leave_open_is_fetched_and_its_address_judged_all_the_same() {
    let source = Source::body(&images::png()).await;
    let internet = Internet::new()
        .name("a.example.com", &[PUBLIC])
        .name("xn--bcher-kva.example", &[PUBLIC])
        .name("inside.example.com", &["10.0.0.1"])
        .server("93.184.215.14:80", source.address);
    let internet = Arc::new(internet);
    let press = press(&internet, &["*.example.com", "bücher.example"], &["b.example.com"]);
    press.pdf("http://A.example.com/cat.png").await;
    press.pdf("http://BÜCHER.example/cat.png").await;
    let answer = press.convert("http://inside.example.com/").await;
    answer.assert_problem("inside", 422, "source-refused", "not a public address");
}
