//! Adds fruits to the catalogue whose URL is its argument until it is killed, and prints each one that was
//! acknowledged: `added ID NAME` on a 201, `refused STATUS` on anything else. One of its clients adds arrays,
//! whose fruits have one name.
//!
//! The tests kill it, and starve it of room on its disk, to see whether what it printed is kept.

use std::{
    io::{self, Write as _},
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use axum::{Router, body::Body};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

/// Enough that groups form.
const CLIENTS: u32 = 8;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let url = std::env::args().nth(1).context("usage: add_until_killed DATABASE_URL")?;
    let settings = fruits::Settings { database_url: Some(url.parse()?), ..fruits::Settings::default() };
    let store = fruits::Store::open(&settings.location(Path::new(""))?)?;
    let router = chassis::app(&chassis::Settings::default(), vec![fruits::serve(store)])?.public;
    let clients: Vec<_> =
        (0..CLIENTS).map(|client| tokio::spawn(add_for_ever(router.clone(), client))).collect();
    for client in clients {
        client.await??;
    }
    Ok(())
}

async fn add_for_ever(router: Router, client: u32) -> anyhow::Result<()> {
    for round in 0_u64.. {
        let several = client == 0;
        let kind = if several { "array" } else { "single" };
        let name = format!("{}-{kind}-{client}-{round}", std::process::id());
        let fruit = format!(r#"{{"fruit":"{name}","color":"red"}}"#);
        let body = if several { format!("[{fruit},{fruit},{fruit}]") } else { fruit };
        let request = Request::post("/fruits")
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))?;
        let response = router.clone().oneshot(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        // One write an answer: a kill may cut off the last line, but never mixes two.
        let line = if status == StatusCode::CREATED {
            match serde_json::from_slice(&body)? {
                Value::Array(fruits) => fruits
                    .iter()
                    .map(|fruit| format!("added {} {name}\n", fruit["id"]))
                    .collect::<Vec<_>>()
                    .concat(),
                fruit => format!("added {} {name}\n", fruit["id"]),
            }
        } else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            format!("refused {}\n", status.as_u16())
        };
        io::stdout().lock().write_all(line.as_bytes())?;
    }
    Ok(())
}
