//! The smallest service on the chassis, with a path for each way to go wrong. The tests run it as a process.
//!
//! `cargo run -p chassis --example minimal`, then `curl http://127.0.0.1:8080/hello`.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    body::{Body, Bytes},
    routing::get,
};
use chassis::{
    Problem, Service, Settings, Streamed,
    extract::{Caller, Path},
    tokens::Scope,
};
use clap::Parser;
use futures_util::stream;
use utoipa::openapi::{InfoBuilder, OpenApiBuilder};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

fn main() -> anyhow::Result<()> {
    let settings = Arguments::parse().settings;
    let telemetry = chassis::init_telemetry(&settings)?;
    let service = Service {
        name: "minimal",
        router: Router::new()
            .route("/hello", get(|| async { "hello" }))
            .route("/slow/{milliseconds}", get(slow))
            .route("/closed", get(closed))
            .route("/fail", get(fail))
            .route("/break", get(break_off))
            .route("/panic", get(panic)),
        openapi: OpenApiBuilder::new().info(InfoBuilder::new().title("minimal").version("1").build()).build(),
        ready: Arc::new(|| Box::pin(async { Ok(()) })),
        body_limit: None,
        finish: None,
        gauges: Vec::new(),
    };
    let served = tokio::runtime::Runtime::new()?.block_on(chassis::run(
        settings,
        vec![service],
        chassis::shutdown_signal(),
    ));
    drop(telemetry);
    served
}

async fn slow(Path(milliseconds): Path<u64>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    "done"
}

async fn closed(caller: Caller) -> Result<&'static str, Problem> {
    caller.require(Scope::new("minimal:read"))?;
    tracing::info!("opened");
    Ok("open")
}

async fn fail() -> Result<(), Problem> {
    let disk = Err(std::io::Error::other("the disk is full"));
    disk.context("cannot keep the thing").map_err(Problem::internal)
}

async fn break_off(streamed: Streamed) -> Body {
    let pieces =
        [Ok(Bytes::from_static(b"half")), Err(Problem::internal(std::io::Error::other("the disk is gone")))];
    streamed.body(stream::iter(pieces))
}

async fn panic() -> &'static str {
    panic!("the sky falls")
}
