//! Fruits to measure with. `fruit 1` is the first, and all are red.

use std::{
    io::{BufWriter, IntoInnerError, Write as _},
    net::SocketAddr,
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::servers::{Store, binary, configure};
use crate::{
    bench::running::{Running, Signal, tied},
    http::post,
};

/// How many fruits the list has that is measured; the bare handler's as well.
pub(super) const LISTED: u32 = 1000;

/// Makes a catalogue of so many fruits that nobody serves yet: a file that is imported.
pub(super) fn import(store: Store<'_>, fruits: u32) -> Result<()> {
    if let Store::Postgres(_) = store {
        // A file's schema is made when it is opened.
        run(store, &["migrate"], None)?;
    }
    run(store, &["import", "--format", "csv", "-"], Some(fruits))
        .with_context(|| format!("could not import {fruits} fruits"))
}

/// Runs the catalogue's program, with so many fruits on its standard input.
fn run(store: Store<'_>, words: &[&str], fruits: Option<u32>) -> Result<()> {
    let mut command = tied(binary(), Signal::Kill);
    configure(&mut command, store)?.args(words);
    let mut running = Running::start(command.stdin(Stdio::piped()), Signal::Kill)?;
    let mut rows = BufWriter::new(running.child().stdin.take().context("its input is piped")?);
    if let Some(fruits) = fruits {
        writeln!(rows, "fruit,color")?;
        for number in 1..=fruits {
            writeln!(rows, "fruit {number},red")?;
        }
    }
    rows.into_inner().map_err(IntoInnerError::into_error)?;
    let status = running.child().wait()?;
    ensure!(status.success(), "fruitpress {} ended with {status}", words.join(" "));
    Ok(())
}

/// Adds so many fruits by requests, one after the other.
pub(super) fn add(address: SocketAddr, fruits: u32) -> Result<()> {
    for number in 1..=fruits {
        post(address, "/fruits", &fruit(number))?.json(201)?;
    }
    Ok(())
}

/// The id that a fruit gets that is added now.
pub(super) fn next_id(address: SocketAddr) -> Result<u64> {
    let added = post(address, "/fruits", &fruit(0))?.json(201)?;
    added["id"].as_u64().context("a fruit has no id")
}

fn fruit(number: u32) -> Value {
    json!({"fruit": format!("fruit {number}"), "color": "red"})
}
