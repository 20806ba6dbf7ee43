//! `hebb sweep`: a grid of trainings, here or by others.

mod children;

use std::ffi::OsString;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::{process, thread};

use anyhow::{Context, Result, bail};
use clap::Parser;
use hebb::{Choice, Device};
use hebb_engine::settings::RunSettings;
use hebb_lab::sweep::{Call, Entry, Folder, Known, Script, State, Sweep, SweepFile};
use hebb_spec::settings::{Table, Value};
use serde::Serialize;

use crate::args::{Cli, Command, SweepArgs, SweepPrint};
use crate::asked::usage;
use crate::fields::{DEVICE, of_layered};
use crate::output::{self, Align, plain};

use super::train;
use super::train::stop::Stop;
use children::{Ended, Job};

/// Does the runs of a sweep that are not done, or prints how others can.
pub fn run(args: &SweepArgs) -> Result<()> {
    let file = read(&args.file)?;
    let mut over = Table::default();
    if let Some(device) = &args.device {
        over.set(DEVICE, Value::Text(device.to_string()));
    }
    let sweep = Sweep::new(&file, &over)?;
    let Some(out) = args.out.clone().or(file.out) else {
        return Err(usage("--out <DIR> is missing: neither the options nor the file name a folder"));
    };
    match (args.print, args.index) {
        (Some(SweepPrint::List), _) => list(&sweep, &Folder::at(&out), args.json),
        (Some(_), _) if args.json => bail!("--json: it is for lists: leave it out, or take --print list"),
        (Some(SweepPrint::Slurm), _) => script(Script::Slurm, args, &sweep, &out),
        (Some(SweepPrint::Parallel), _) => script(Script::Parallel, args, &sweep, &out),
        (Some(SweepPrint::Snakemake), _) => script(Script::Snakemake, args, &sweep, &out),
        (None, Some(index)) => one(&sweep, &out, sweep.entry(index as usize)?, args.threads),
        (None, None) => all(args, &sweep, &out),
    }
}

fn read(path: &Path) -> Result<SweepFile> {
    let settings = of_layered();
    let keys: Vec<&str> = settings.iter().map(|setting| setting.key).collect();
    let check = |key: &str, value: &Value| {
        settings.iter().find(|setting| setting.key == key).map_or(Ok(()), |setting| setting.check(value))
    };
    Ok(SweepFile::read(path, &Known { keys: &keys, check: &check })?)
}

/// The words of the training that does a run, or the rest of it.
fn words(folder: &Folder, entry: &Entry, threads: Option<u16>) -> Result<Vec<OsString>> {
    let config = folder.config(entry)?;
    let mut words: Vec<OsString> = ["train", "--config"].map(OsString::from).into();
    words.extend([config.into(), "--out".into(), folder.run(entry).into()]);
    if folder.has_begun(entry) {
        words.push("--resume".into());
    }
    if let Some(threads) = threads {
        words.extend(["--threads".into(), threads.to_string().into()]);
    }
    Ok(words)
}

/// One run, in this process: whoever asks it to stop asks the training.
fn one(sweep: &Sweep, out: &Path, entry: &Entry, threads: Option<u16>) -> Result<()> {
    let what = format!("run {} of {} ({})", entry.index, sweep.entries.len(), sweep.what(entry));
    let folder = Folder::claim(out, sweep)?;
    if let State::Done { epochs, steps } = folder.state(entry)? {
        output::note(&format!("{what} is done already: {}", done(epochs, steps)));
        return Ok(());
    }
    output::note(&format!("{what} in {}", folder.run(entry).display()));
    let line = std::iter::once("hebb".into()).chain(words(&folder, entry, threads)?);
    match Cli::try_parse_from(line)?.command {
        Command::Train(args) => train::run(&args).with_context(|| format!("run {}", entry.index)),
        _ => bail!("run {}: its line is no training", entry.index),
    }
}

/// All runs, each in a process of its own: one that fails or runs out of memory leaves the others alone.
fn all(args: &SweepArgs, sweep: &Sweep, out: &Path) -> Result<()> {
    sweep.check()?;
    let folder = Folder::claim(out, sweep)?;
    let mut left = Vec::new();
    for entry in &sweep.entries {
        if !matches!(folder.state(entry)?, State::Done { .. }) {
            left.push(entry);
        }
    }
    let count = sweep.entries.len();
    let jobs = usize::from(args.jobs.unwrap_or(1)).min(left.len());
    if left.len() < count {
        output::note(&format!("{} of {count} runs are done already", count - left.len()));
    }
    let mut failed = Vec::new();
    if !left.is_empty() {
        let threads = threads(args, sweep, jobs)?;
        let stop = Stop::listen()?;
        let ended = children::run(&left, jobs, &stop, &|entry: &Entry| {
            Ok(Job {
                words: words(&folder, entry, threads)?,
                is_at_work: folder.is_at_work(entry)?,
                what: sweep.what(entry),
            })
        })?;
        let is = |wanted: Ended| ended.iter().filter(move |(_, ended)| *ended == wanted).map(|(index, _)| *index);
        if stop.is_wished() {
            let all = count - left.len() + is(Ended::Done).count();
            output::note(&format!(
                "stopped, all saved, {all} of {count} runs done: the same command goes on from there"
            ));
            // The files are whole, and the runs' processes have ended.
            process::exit(stop.code());
        }
        failed = is(Ended::Failed).collect();
    }
    list(sweep, &folder, args.json)?;
    match failed.as_slice() {
        [] => Ok(()),
        failed => {
            let numbers = failed.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
            let (verb, are) = (if failed.len() == 1 { "run" } else { "runs" }, failed.len());
            bail!("{are} of {count} runs did not come to their end: {verb} {numbers}; the same command tries again")
        }
    }
}

/// Threads for each run: those asked for, or a share of the cores where several runs compute on the processor.
fn threads(args: &SweepArgs, sweep: &Sweep, jobs: usize) -> Result<Option<u16>> {
    if args.threads.is_some() || jobs < 2 {
        return Ok(args.threads);
    }
    // It is the same for all: runs do not differ by their device alone.
    let asked = sweep.entries.first().map(|entry| RunSettings::from_table(&entry.settings)).transpose()?;
    let choice: Choice = asked.unwrap_or_default().device.parse()?;
    if !matches!(Device::find(&choice, None)?, Device::Cpu(_)) {
        return Ok(None);
    }
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    Ok(Some((cores / jobs).clamp(1, 1024) as u16))
}

#[derive(Serialize)]
struct Row {
    run: usize,
    folder: PathBuf,
    settings: Table,
    state: &'static str,
    epochs: u32,
    steps: u32,
}

/// The runs and how far they are.
fn list(sweep: &Sweep, folder: &Folder, json: bool) -> Result<()> {
    let mut rows = Vec::new();
    for entry in &sweep.entries {
        let (state, epochs, steps) = match folder.state(entry)? {
            State::Absent => ("not begun", 0, 0),
            State::Begun { epochs, steps } => ("begun", epochs, steps),
            State::Done { epochs, steps } => ("done", epochs, steps),
        };
        let settings = entry.settings.0.iter().filter(|(key, _)| sweep.varied.contains(key)).cloned().collect();
        let folder = folder.run(entry);
        rows.push(Row { run: entry.index, folder, settings: Table(settings), state, epochs, steps });
    }
    if json {
        return output::json(&rows);
    }
    let mut titles = vec![("run", Align::Right), ("folder", Align::Left)];
    titles.extend(sweep.varied.iter().map(|key| (key.as_str(), Align::Left)));
    titles.extend([("state", Align::Left), ("epochs", Align::Right), ("steps", Align::Right)]);
    let cells = |(row, entry): (&Row, &Entry)| {
        let value = |key: &String| row.settings.get(key).map_or_else(|| "-".to_owned(), ToString::to_string);
        let mut cells = vec![row.run.to_string(), entry.name.clone()];
        cells.extend(sweep.varied.iter().map(value));
        cells.extend([row.state.to_owned(), row.epochs.to_string(), row.steps.to_string()]);
        cells
    };
    let cells: Vec<Vec<String>> = rows.iter().zip(&sweep.entries).map(cells).collect();
    output::line(&output::table(&titles, &cells))
}

fn done(epochs: u32, steps: u32) -> String {
    format!("{} epochs, {} steps", output::grouped(epochs.into()), output::grouped(steps.into()))
}

/// A script on stdout.
fn script(script: Script, args: &SweepArgs, sweep: &Sweep, out: &Path) -> Result<()> {
    let word = |path: &Path| match path.to_str() {
        Some(text) if plain(text) == text => Ok(text.to_owned()),
        _ => bail!("{} holds what no script can: rename it", plain(&path.display().to_string())),
    };
    let (file, folder) = (word(&args.file)?, word(out)?);
    let mut options = Vec::new();
    if let Some(out) = &args.out {
        options.extend(["--out".to_owned(), word(out)?]);
    }
    if let Some(device) = &args.device {
        options.extend(["--device".to_owned(), device.to_string()]);
    }
    let jobs = args.jobs.map(usize::from);
    let call = Call { file: &file, out: &folder, options: &options, jobs, threads: args.threads };
    // A line's end comes with it.
    output::line(script.text(sweep, &call).trim_end())
}
