//! What one client may ask: conversions are counted, everything else is free.

use http::{Request, header};

use super::support::{images, press::Press, source::Source};

fn press() -> Press {
    Press::with_both(|_, chassis| {
        chassis.hosts.trusted_proxy_hops = 1;
        chassis.rate.client_requests_per_minute_max = Some(6);
        chassis.rate.client_requests_burst_max = 2;
    })
}

async fn ask(press: &Press, client: &str, source_url: &str) -> super::support::press::Answer {
    let request = Request::post("/image_to_pdf")
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-forwarded-for", format!("6.6.6.6, {client}"));
    let body = serde_json::json!({ "source_url": source_url }).to_string();
    press.call(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn conversions_are_counted_whatever_becomes_of_them() {
    let press = press();
    let source = Source::body(&images::png()).await;
    let converted = ask(&press, "198.51.100.1", &source.url("/")).await.converted_url();
    ask(&press, "198.51.100.1", "no URL").await.assert_problem("bad", 422, "invalid-fields", "");
    let refused = ask(&press, "198.51.100.1", &source.url("/")).await;
    refused.assert_problem("third", 429, "too-many-requests", "6 times a minute");
    let told: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&told), "{told}");
    assert_eq!(source.connections(), 1);
    assert_eq!(press.stored().len(), 1);

    ask(&press, "198.51.100.2", &source.url("/")).await.converted_url();
    let path = converted.strip_prefix("http://localhost:8080").unwrap();
    for _ in 0..20 {
        for path in [path, "/ping", "/livez", "/readyz", "/openapi.json"] {
            assert_eq!(press.get(path, &[("x-forwarded-for", "198.51.100.1")]).await.status, 200, "{path}");
        }
    }
}
