//! `cargo xtask fuzz`: each fuzz target for a while, from seeds that the tests' makers of images write.
//!
//! What is kept between runs lies under `target/fuzz`: a corpus a target, which grows, and the inputs that found something.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};

use crate::{
    deny,
    process::{self, cargo, command, root, target},
    python,
};

/// What to fuzz, and how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which targets; all when none is named.
    targets: Vec<String>,
    /// Seconds each target runs. The default is enough to see that the targets themselves work.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Write the seeds to target/fuzz/seeds, and run nothing.
    #[arg(long)]
    seeds: bool,
    /// What the programs are built to watch beside panics: `address` finds faults in the unsafe code of decoders that are not
    /// ours, several times slower. The engine itself has none.
    #[arg(long, default_value = "none")]
    sanitizer: String,
}

/// Pixels of the seeds: few, and not alike across and down.
const SEED_PIXELS: [&str; 2] = ["23", "17"];
/// Longer inputs are slow to change, and show nothing that these do not.
const INPUT_BYTES_MAX: u32 = 16_384;
/// An input that takes longer is a finding.
const INPUT_SECONDS_MAX: u32 = 10;
/// So is one that takes more memory than this, which is far above the limits that the targets set.
const MEMORY_MIB_MAX: u32 = 2048;

/// Runs the targets one after the other, a line each; fails when any found something.
pub(crate) fn run(args: &Args) -> Result<()> {
    let known = targets()?;
    for name in &args.targets {
        ensure!(known.contains(name), "there is no target {name}; there are {}", known.join(", "));
    }
    write_seeds()?;
    if args.seeds {
        return Ok(());
    }
    // Its coverage needs flags of the compiler that are not stable, and which the stable one takes when it is told so.
    let cargo_fuzz = deny::install("cargo-fuzz", "0.13.2", &[])?;
    process::run(
        command(cargo_fuzz)
            .env("RUSTC_BOOTSTRAP", "1")
            .args(["fuzz", "build", "--fuzz-dir", "fuzz", "--sanitizer", &args.sanitizer, "--target-dir"])
            .arg(folder("build")),
    )?;

    let wanted = if args.targets.is_empty() { &known } else { &args.targets };
    let mut found = Vec::new();
    for name in wanted {
        let run = fuzz_one(name, args.seconds)?;
        println!("{name}: {run}");
        found.extend(run.finding);
    }
    ensure!(found.is_empty(), "{} of {} targets found something", found.len(), wanted.len());
    Ok(())
}

/// What one run of a target came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Run {
    executions: u64,
    coverage: u64,
    seconds: u64,
    /// Where the input lies, and where what was printed about it.
    finding: Option<String>,
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { executions, coverage, seconds, finding } = self;
        write!(f, "{executions} executions in {seconds} s, coverage {coverage}, ")?;
        f.write_str(finding.as_deref().unwrap_or("no finding"))
    }
}

impl Run {
    /// Takes what a line of libFuzzer's tells.
    fn add_line(&mut self, line: &str) {
        let number_behind = |label: &str| {
            let digits = line.split_once(label)?.1.trim_start();
            digits.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
        };
        if let Some(covered) = number_behind(" cov: ") {
            self.coverage = covered;
        }
        let counted =
            line.strip_prefix('#').and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok());
        if let Some(executions) = counted.or_else(|| number_behind("stat::number_of_executed_units:")) {
            self.executions = executions;
        }
    }
}

/// Runs a target; all that it prints goes to a file.
fn fuzz_one(name: &str, seconds: u32) -> Result<Run> {
    let artifacts = folder("artifacts").join(name);
    let corpus = folder("corpus").join(name);
    for folder in [&artifacts, &corpus] {
        fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    }
    let before = files(&artifacts)?;
    let log_path = folder(&format!("{name}.log"));
    let mut log = fs::File::create(&log_path).context("could not keep what a target prints")?;

    let mut fuzz = command(program(name)?);
    // As cargo-fuzz itself sets it.
    fuzz.env("ASAN_OPTIONS", "detect_odr_violation=0").arg(corpus).arg(folder("seeds").join(name));
    fuzz.arg(format!("-artifact_prefix={}/", artifacts.display()));
    fuzz.args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={INPUT_BYTES_MAX}"),
        format!("-timeout={INPUT_SECONDS_MAX}"),
        format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
        "-print_final_stats=1".to_owned(),
    ]);
    let dictionary = root().join("fuzz/dictionaries").join(name).with_extension("dict");
    if dictionary.exists() {
        fuzz.arg(format!("-dict={}", dictionary.display()));
    }
    let started = std::time::Instant::now();
    let mut child = fuzz.stderr(Stdio::piped()).spawn().with_context(|| format!("could not start {name}"))?;
    let output = child.stderr.take().with_context(|| format!("{name} has no standard error"))?;
    let mut run = Run::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("could not read what a target prints")?;
        log.write_all(&line)
            .and_then(|()| log.write_all(b"\n"))
            .context("could not keep what a target prints")?;
        run.add_line(&String::from_utf8_lossy(&line));
    }
    let status = child.wait().with_context(|| format!("could not wait for {name}"))?;
    run.seconds = started.elapsed().as_secs();
    if !status.success() {
        let new = files(&artifacts)?.into_iter().find(|file| !before.contains(file));
        let input = new.map_or_else(|| "no input was kept".to_owned(), |file| file.display().to_string());
        run.finding = Some(format!("FOUND: {input}; what was printed is in {}", log_path.display()));
    }
    Ok(run)
}

/// Where cargo-fuzz built a target: below a folder named after the machine's kind.
fn program(name: &str) -> Result<PathBuf> {
    let kinds = files(&folder("build"))?;
    let mut programs = kinds.iter().map(|kind| kind.join("release").join(name));
    programs.find(|program| program.is_file()).with_context(|| format!("{name} was not built"))
}

/// Writes a folder of seeds for each target, from nothing.
fn write_seeds() -> Result<()> {
    let python = python::environment("python", "requirements.txt")?.join("python");
    let made = tempfile::tempdir().context("no folder for images")?;
    process::run(
        command(python).arg("crates/pdf-engine/tests/oracle/make.py").arg(made.path()).args(SEED_PIXELS),
    )?;
    let seeds = folder("seeds");
    if seeds.exists() {
        fs::remove_dir_all(&seeds).context("could not remove the seeds of before")?;
    }
    process::run(
        cargo()
            .args(["run", "--quiet", "--locked", "--package", "pdf-engine", "--example", "seeds", "--"])
            .args([&seeds, made.path()]),
    )
}

/// The targets, as their files are named.
fn targets() -> Result<Vec<String>> {
    let mut names: Vec<_> = files(&root().join("fuzz/fuzz_targets"))?
        .iter()
        .filter_map(|path| path.file_stem())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))?;
    entries.map(|entry| Ok(entry.context("could not list a folder")?.path())).collect()
}

fn folder(name: &str) -> PathBuf {
    target().join("fuzz").join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libfuzzer_prints_is_read() {
        let mut run = Run::default();
        for (line, executions, coverage) in [
            ("INFO: Seed: 3918206239", 0, 0),
            ("#2048\tpulse  cov: 1204 ft: 3300 corp: 90/11Kb exec/s: 512 rss: 60Mb", 2048, 1204),
            ("foreign panic: panicked at cov:", 2048, 1204),
            ("#4096\tNEW    cov: 1310 ft: 3412 corp: 99/12Kb lim: 4096 exec/s: 0", 4096, 1310),
            ("stat::number_of_executed_units: 5000", 5000, 1310),
            ("stat::average_exec_per_sec:     81", 5000, 1310),
        ] {
            run.add_line(line);
            assert_eq!((run.executions, run.coverage), (executions, coverage), "{line}");
        }
    }

    /// A target that is a file alone would be built by nothing, and run by nobody.
    #[test]
    fn every_target_is_built_run_and_logged() {
        let read = |path: &str| fs::read_to_string(root().join(path)).expect("the file is there");
        let (manifest, readme) = (read("fuzz/Cargo.toml"), read("fuzz/README.md"));
        let workflow = read(".github/workflows/fuzz.yml");
        let targets = targets().expect("there are targets");
        assert!(workflow.contains(&format!("target: [{}]", targets.join(", "))), "the workflow runs others");
        for name in targets {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not built");
            assert!(readme.contains(&format!("| {name} |")), "{name} is not in the log");
        }
    }
}
