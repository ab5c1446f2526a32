//! press, and the store that the file names: SeaweedFS itself, started with the file's command and variables.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use super::{Environment, compose};
use crate::{
    smoke::{is_well, smoke, source},
    support::{Server, folder, get, stdout, wait_until},
};

/// The program; killed when dropped.
struct Store {
    process: Child,
    /// Where it serves S3, without a slash at the end.
    url: String,
}

impl Store {
    fn start(data: &Path) -> Self {
        let environment = Environment::of("store");
        // An address of its own on this machine, on which every port of it is free.
        let [_, .., a, b] = std::process::id().to_be_bytes();
        let address = format!("127.83.{a}.{b}");
        let mut process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(program())
            .args(command(data))
            .args([format!("-ip={address}"), format!("-ip.bind={address}")])
            .env_clear()
            .env("HOME", data)
            .envs(environment.with(&[]))
            .stdout(Stdio::piped())
            .spawn()
            .expect("setpriv, from util-linux");
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let line = output.by_ref().lines().map(Result::unwrap).find(|line| line.contains("S3 Endpoint:"));
        let line = line.expect("it serves S3");
        // It has more to say, and ends where nobody listens.
        thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        let url = line.split_whitespace().last().unwrap().to_owned();
        assert!(url.starts_with(&format!("http://{address}:")), "{line}");
        Self { process, url }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> String {
    #[expect(clippy::disallowed_methods, reason = "the test command tells the tests where it is")]
    let program = std::env::var("FRUITPRESS_SEAWEEDFS")
        .unwrap_or_else(|_| panic!("FRUITPRESS_SEAWEEDFS is not set: run `cargo xtask test`, which sets it"));
    program
}

/// What the container's program is told, with another folder.
fn command(data: &Path) -> Vec<String> {
    let compose = compose();
    let words = compose["services"]["store"]["command"].as_vec().unwrap().iter();
    let words: Vec<_> = words.map(|word| word.as_str().unwrap()).collect();
    assert!(words.contains(&"-dir=/data"), "{words:?}");
    let here = format!("-dir={}", data.display());
    words.into_iter().map(|word| if word == "-dir=/data" { here.clone() } else { word.to_owned() }).collect()
}

#[test]
fn press_keeps_its_pdfs_in_the_store_that_the_file_names() {
    let (data, images, objects) = (folder(), folder(), folder());
    let store = Store::start(objects.path());
    let address = store.url.strip_prefix("http://").unwrap();
    // What the container's health check asks, more than once as it does.
    let compose = compose();
    let check = compose["services"]["store"]["healthcheck"]["test"].as_vec().unwrap();
    let asked = check.last().unwrap().as_str().unwrap().replace("127.0.0.1:8333", address);
    wait_until(&asked, || get(&asked).is_ok_and(|answer| answer.status == 200));

    let mut press = Environment::of("press");
    press.lead("PDF_ENDPOINT", "store.localhost:8333", address);
    // The source is a file of this test; the deployment's own sources are public.
    let variables = press.with(&[("FETCH_ALLOW_PRIVATE", "true")]);
    let server = Server::start(data.path(), &["press"], &variables);
    let source = source(images.path());
    is_well(&smoke(&["--service", "press", "--source", &source, &server.url], ""));

    // Whoever has no link is not let in.
    let bucket = press.get("PDF_BUCKET").strip_prefix("s3://").expect("a bucket of S3");
    assert_eq!(get(&format!("{}/{bucket}/", store.url)).unwrap().status, 403);
}

/// What is tried here is what is pulled there, as far as a version says.
#[test]
fn it_is_of_the_version_that_the_file_names() {
    let compose = compose();
    let image = compose["services"]["store"]["image"].as_str().unwrap();
    let version = image.split_once(':').and_then(|(_, rest)| rest.split('@').next()).unwrap();
    let output = Command::new(program()).arg("version").output().unwrap();
    let said = stdout(&output);
    assert!(said.split_whitespace().any(|word| word == version), "{image} is not: {said}");
}
