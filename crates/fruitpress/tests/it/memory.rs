//! What a server needs in memory for a list that is longer than it may have.

use std::{
    fmt::Write as _,
    fs,
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use crate::support::{Server, folder, fruitpress, peak_kib, run, stderr};

const FRUITS: usize = 1_000_000;
const PEAK_KIB_MAX: u64 = 64 << 10;

/// Asks for the whole list, pauses between two reads for so long, and answers how many bytes came.
fn read_list(port: u16, pause: Duration, pauses: u32) -> usize {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(connection, "GET /fruits HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let (mut read, mut buffer) = (0, vec![0; 1 << 20]);
    for turn in 0.. {
        match connection.read(&mut buffer).unwrap() {
            0 => break,
            bytes => read += bytes,
        }
        if turn < pauses {
            thread::sleep(pause);
        }
    }
    read
}

/// An answer of 57 MB, which would not fit into what is allowed beside the server itself.
#[test]
fn a_million_fruits_are_not_held_in_memory() {
    let folder = folder();
    let rows = (0..FRUITS).fold(String::new(), |mut rows, number| {
        writeln!(rows, r#"{{"fruit":"a fruit {number:09}","color":"red {}"}}"#, number % 1000).unwrap();
        rows
    });
    let file = folder.path().join("rows.ndjson");
    fs::write(&file, &rows).unwrap();
    let imported = run(fruitpress().arg("import").arg(&file).env("DATA_DIR", folder.path()));
    assert!(imported.status.success(), "{}", stderr(&imported));
    let server = Server::start(folder.path(), &["fruits"], &[]);
    for (pause, pauses) in [(Duration::ZERO, 0), (Duration::from_millis(100), 20)] {
        let read = read_list(server.port, pause, pauses);
        assert!(read > rows.len(), "{read} bytes are not the list");
    }
    let peak = peak_kib(server.pid());
    assert!(peak < PEAK_KIB_MAX, "{peak} KiB for a list of {} KiB", rows.len() >> 10);
}
