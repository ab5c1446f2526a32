//! A process that adds fruits to a catalogue until it is killed, and says what was acknowledged.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Lines},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

/// The example of that name, which `cargo test -p fruits` builds before it runs the tests.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let target = test.ancestors().nth(2).expect("target/debug/deps");
    let adder = target.join("examples/add_until_killed");
    assert!(adder.exists(), "{} is missing: run `cargo test -p fruits`, which builds it", adder.display());
    adder
}

/// The process.
pub(crate) struct Adder {
    pub(crate) child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Adder {
    /// Adds to the catalogue at this URL.
    pub(crate) fn start(url: &str) -> Self {
        let mut command = Command::new(program());
        command.arg(url);
        Self::spawn(command)
    }

    /// The same by this command.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a process that adds");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, lines }
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> String {
        self.lines.next().expect("one more line").expect("a readable line")
    }

    /// The lines up to the first that begins so, which is among them.
    pub(crate) fn lines_until(&mut self, start: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..100_000 {
            lines.push(self.line());
            if lines.last().is_some_and(|line| line.starts_with(start)) {
                return lines;
            }
        }
        panic!("no line begins with {start:?}");
    }

    /// SIGKILL; answers what it had still printed.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("a process to kill");
        self.lines.by_ref().map(|line| line.expect("a readable line")).collect()
    }
}

impl Drop for Adder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The ids and names in lines like `added 12 NAME`; the last line may have been cut off.
pub(crate) fn acknowledged(lines: &[String]) -> BTreeMap<i64, String> {
    let mut fruits = BTreeMap::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        if let ["added", id, name] = words[..] {
            let taken = fruits.insert(id.parse().expect("an id"), name.to_owned());
            assert_eq!(taken, None, "the id {id} was given twice");
        }
    }
    fruits
}
