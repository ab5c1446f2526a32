//! Starting the binary and asking it.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Long enough for a busy machine; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// The binary with an empty environment, so that no variable of the machine changes a test.
pub(crate) fn fruitpress() -> Command {
    let mut command = Command::new("/usr/bin/env");
    // Whoever runs the tests may ignore signals, as a shell does for what it starts in the background.
    command.args(["--default-signal=HUP,INT,QUIT", env!("CARGO_BIN_EXE_fruitpress")]);
    command.env_clear().stdin(Stdio::null());
    command
}

/// The same where no file may grow beyond this size.
pub(crate) fn fruitpress_with_files_of(kib_max: u32) -> Command {
    let mut command = Command::new("bash");
    let script = format!("ulimit -f {kib_max}; exec {} \"$@\"", env!("CARGO_BIN_EXE_fruitpress"));
    command.args(["-c", &script, "bash"]).env_clear().stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the binary starts")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A port that nothing listens on, and that nobody is given by chance before whom it is for: those that the system
/// gives are from 32,768 on.
pub(crate) fn free_port() -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    loop {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + (std::process::id().wrapping_mul(101).wrapping_add(asked)) % 20_000;
        let port = port.try_into().unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A server of the binary, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) port: u16,
    log: mpsc::Receiver<String>,
}

impl Server {
    /// `fruitpress serve` with these arguments and variables, on a port of its own, with its data in `data`.
    pub(crate) fn start(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_as(fruitpress(), data, arguments, variables)
    }

    /// The same of a binary that is run in another way.
    pub(crate) fn start_as(
        mut command: Command,
        data: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let port = free_port();
        command.arg("serve").args(arguments).env("PORT", port.to_string()).env("METRICS_PORT", "off");
        command.env("DATA_DIR", data).envs(variables.iter().copied());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let (said, log) = mpsc::channel();
        for stream in [
            Box::new(child.stdout.take().unwrap()) as Box<dyn Read + Send>,
            Box::new(child.stderr.take().unwrap()),
        ] {
            let said = said.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = said.send(line);
                }
            });
        }
        let mut server = Self { child, url: format!("http://127.0.0.1:{port}"), port, log };
        server.wait_until_it_answers();
        server
    }

    fn wait_until_it_answers(&mut self) {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if get(&format!("{}/readyz", self.url)).is_ok_and(|answer| answer.status == 200) {
                return;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status}: {:#?}", self.log.iter().collect::<Vec<_>>());
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("the server did not become ready: {:#?}", self.log.try_iter().collect::<Vec<_>>());
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end; the exit code is `None` when a signal ended it.
    pub(crate) fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn ask(build: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let response = build(&client).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
    })
}

pub(crate) fn get(url: &str) -> reqwest::Result<Answer> {
    ask(|client| client.get(url))
}

pub(crate) fn post(url: &str, json: &str) -> reqwest::Result<Answer> {
    let (url, json) = (url.to_owned(), json.to_owned());
    ask(|client| client.post(url).header("content-type", "application/json").body(json))
}

/// The same with a bearer token.
pub(crate) fn post_as(token: &str, url: &str, json: &str) -> reqwest::Result<Answer> {
    let (url, json) = (url.to_owned(), json.to_owned());
    ask(|client| client.post(url).bearer_auth(token).header("content-type", "application/json").body(json))
}

/// The most memory that a process has had, in KiB.
pub(crate) fn peak_kib(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("Linux tells the peak");
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Asks again and again; `otherwise` says what is wrong when it never comes true.
pub(crate) fn wait_until(otherwise: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "{otherwise}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A folder that goes with the test.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A PNG of one gradient with transparency, so that a test sees whether it was kept.
pub(crate) fn write_png(path: &Path, width: u32, height: u32) {
    let mut encoder = png::Encoder::new(File::create(path).unwrap(), width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let samples: Vec<u8> = (0..height)
        .flat_map(|y| {
            (0..width).flat_map(move |x| [x, y, x ^ y, x + y].map(|sample| sample.to_le_bytes()[0]))
        })
        .collect();
    encoder.write_header().unwrap().write_image_data(&samples).unwrap();
}
