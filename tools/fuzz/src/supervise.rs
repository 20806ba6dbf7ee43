//! Runs each target in processes of its own, and tells what came of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::record::Record;

/// After so many failures a target is given up.
pub const MOST_FAILURES: u64 = 20;

/// What is asked for.
pub struct Asked {
    /// The targets.
    pub targets: Vec<&'static str>,
    /// The seed of all inputs.
    pub seed: u64,
    /// The first input.
    pub from: u64,
    /// The input after the last.
    pub inputs: u64,
    /// Whether inputs are shown.
    pub show: bool,
    /// Where a process that runs the inputs keeps its record.
    pub worker: Option<PathBuf>,
}

/// Runs all targets; whether nothing failed.
pub fn supervise(asked: &Asked) -> Result<bool, String> {
    let mut is_well = true;
    for target in &asked.targets {
        let begun = Instant::now();
        let record = run(asked, target)?;
        is_well &= record.failures == 0;
        println!(
            "{target}: {} inputs of seed {}, {} failures; {} taken; {:.1} s; at most {:.1} MB, {} requests for more \
             refused; slowest {:.3} s (input {})",
            record.number - asked.from,
            asked.seed,
            record.failures,
            record.taken,
            begun.elapsed().as_secs_f64(),
            record.peak as f64 / f64::from(1 << 20),
            record.refused,
            record.slowest as f64 / 1e6,
            record.slowest_number,
        );
    }
    Ok(is_well)
}

/// A temporary folder, in memory where the system has a place for that.
fn folder() -> std::io::Result<tempfile::TempDir> {
    let shared = Path::new("/dev/shm");
    if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() }
}

/// Runs a target's inputs: where one ends the process, the next process goes on behind it.
fn run(asked: &Asked, target: &str) -> Result<Record, String> {
    let program = std::env::current_exe().map_err(|cause| format!("cannot find this program: {cause}"))?;
    let folder = folder().map_err(|cause| format!("no temporary folder: {cause}"))?;
    let path = folder.path().join("record");
    let (mut sum, mut from) = (Record::default(), asked.from);
    loop {
        let mut command = Command::new(&program);
        command.args([target, "--seed", &asked.seed.to_string()]);
        if asked.show {
            command.args(["--only", &from.to_string()]);
        } else {
            command.args(["--inputs", &asked.inputs.to_string(), "--from", &from.to_string()]);
        }
        let fail = |cause| format!("{}: {cause}", program.display());
        let status = command.arg("--worker").arg(&path).status().map_err(fail)?;
        let record = Record::read(&path).map_err(fail)?.ok_or_else(|| format!("{target} does not begin: {status}"))?;
        sum.add(&record);
        if status.success() {
            sum.number = record.number;
            return Ok(sum);
        }
        eprintln!("{target}: input {} of seed {} ended the program: {status}", record.number, asked.seed);
        sum.failures += 1;
        from = record.number + 1;
        sum.number = from;
        if sum.failures >= MOST_FAILURES || from >= asked.inputs {
            return Ok(sum);
        }
    }
}
