//! What the benchmarks measure the catalogue against: the same bytes over the same HTTP library, with no
//! catalogue behind them. Prints the address it listens on.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use axum::{
    Router,
    body::Bytes,
    response::{IntoResponse, Response},
    routing::get,
    serve::{Listener as _, ListenerExt as _},
};
use http::header;

/// The one that the binary is built with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The fruits in the list, as many as the benchmark puts into the catalogue.
const FRUITS: u32 = 1000;

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut fruits = String::from("[");
    for id in 1..=FRUITS {
        let comma = if id == 1 { "" } else { "," };
        let _ = write!(fruits, r#"{comma}{{"id":{id},"fruit":"fruit {id}","color":"red"}}"#);
    }
    fruits.push(']');
    let fruits = Bytes::from(fruits);
    let router = Router::new().route("/fruits", get(async || json(fruits))).route(
        "/fruits/{id}",
        get(async || json(Bytes::from_static(br#"{"id":1,"fruit":"fruit 1","color":"red"}"#))),
    );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    axum::serve(listener, router).await
}

fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
