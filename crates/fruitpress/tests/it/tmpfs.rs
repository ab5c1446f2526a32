//! A disk that is full: a small one that the process alone sees, and that these tests fill through it.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    stores::{images, source},
    support::{Answer, Server, folder, get, post},
};

const DISK_MIB: usize = 6;

/// The binary with its data on a disk of its own.
fn on_a_small_disk(data: &Path) -> Command {
    let mut command = Command::new("unshare");
    let script = format!("mount -t tmpfs -o size={DISK_MIB}m tmpfs \"$0\" && exec \"$@\"");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script]).arg(data);
    command.arg(env!("CARGO_BIN_EXE_fruitpress")).env_clear().stdin(Stdio::null());
    command
}

fn kept(pdfs: &Path) -> Vec<String> {
    let names = fs::read_dir(pdfs).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != ".lock").collect()
}

/// Writes until nothing fits any more.
fn fill(path: PathBuf) {
    let mut file = File::create(path).unwrap();
    for size in [1 << 16, 1 << 12, 1] {
        loop {
            match file.write_all(&vec![0; size]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "did not come true: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_does_not_fit_is_503_and_leaves_nothing_and_room_is_enough() {
    let data = folder();
    let variables = [("FETCH_ALLOW_PRIVATE", "true"), ("CONVERSIONS_MAX", "2")];
    let server = Server::start_as(on_a_small_disk(data.path()), data.path(), &["press"], &variables);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let served = |image: &[u8]| runtime.block_on(source::Source::body(image));
    let (small, large) = (served(&images::png()), served(&images::noise_png(1900)));
    // As the process sees it.
    let disk = PathBuf::from(format!("/proc/{}/root{}", server.pid(), data.path().display()));
    let pdfs = disk.join("pdfs");
    let convert = |source: &source::Source| -> Answer {
        let body = format!(r#"{{"source_url":"{}"}}"#, source.url("/"));
        post(&format!("{}/image_to_pdf", server.url), &body).unwrap()
    };
    let assert_refused = |case: &str, answer: &Answer| {
        let said = String::from_utf8_lossy(&answer.body);
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{case}: {said}");
        assert!(said.contains("#store-unavailable") && !said.contains("space"), "{case}: {said}");
    };
    let is_ready = || get(&format!("{}/readyz", server.url)).unwrap().status == 200;

    assert_eq!(convert(&small).status, 200);
    for _ in 0..3 {
        assert_refused("in parts", &convert(&large));
        eventually("nothing of it is left", || kept(&pdfs).len() == 1);
    }
    assert!(is_ready(), "others fit");

    fill(disk.join("filler"));
    for source in [&small, &large, &small] {
        assert_refused("full", &convert(source));
        eventually("nothing of it is left", || kept(&pdfs).len() == 1);
    }
    eventually("it is not ready", || !is_ready());
    assert_eq!(kept(&pdfs).len(), 1, "the probe neither");

    fs::remove_file(disk.join("filler")).unwrap();
    let answer = convert(&small);
    assert_eq!(answer.status, 200);
    let pdf = get(answer.json()["converted_url"].as_str().unwrap()).unwrap();
    assert!(pdf.body.ends_with(b"%%EOF\n"));
    eventually("it is ready again", is_ready);
    assert_eq!(kept(&pdfs).len(), 2);
}
