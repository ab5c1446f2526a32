//! The example `minimal` as a process of its own, with its log.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);

/// A running example; killed when dropped.
pub(crate) struct Process {
    child: Child,
    log: Receiver<String>,
    pub(crate) public: SocketAddr,
}

/// The example with these variables and no others, both listeners on free ports.
pub(crate) fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(example());
    command.env_clear().envs([("PORT", "0"), ("METRICS_PORT", "0"), ("LOG_FORMAT", "json")]);
    command.envs(variables.iter().copied()).stderr(Stdio::piped()).stdin(Stdio::null());
    command
}

fn example() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples/minimal");
    assert!(path.exists(), "the example is not built: run `cargo test -p chassis`, without --test");
    path
}

/// One request with these header lines, on a connection of its own; the whole answer.
pub(crate) fn get(address: SocketAddr, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

impl Process {
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        Self::run(&mut command(variables))
    }

    /// As [`Process::start`], allowed only so many open files.
    pub(crate) fn start_with_open_files(files_max: u32) -> Self {
        let plain = command(&[]);
        let mut limited = Command::new("sh");
        limited
            .args(["-c", &format!("ulimit -n {files_max} && exec \"$0\"")])
            .arg(plain.get_program())
            .env_clear();
        limited.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self::run(limited.stderr(Stdio::piped()).stdin(Stdio::null()))
    }

    fn run(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (lines, log) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut process = Self { child, log, public: unknown };
        let listening = process.line(|line| line["message"] == "listening");
        process.public = listening["url"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
        process
    }

    /// The next line of the log that fits; each must be a JSON object.
    pub(crate) fn line(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.log.recv_timeout(left).expect("such a line in the log");
            let line: Value =
                serde_json::from_str(&line).unwrap_or_else(|_| panic!("not a JSON line: {line}"));
            if fits(&line) {
                return line;
            }
        }
    }

    /// As [`get`].
    pub(crate) fn get(&self, path: &str, headers: &str) -> String {
        get(self.public, path, headers)
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// It ends, and with status 0.
    pub(crate) fn ends_well(&mut self) {
        let status = self.wait();
        assert!(status.success(), "{status}: {:#?}", self.log.try_iter().collect::<Vec<_>>());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
