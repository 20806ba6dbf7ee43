//! `hebb reproduce`: a paper's figure made again.

use std::process;
use std::sync::atomic::AtomicBool;

use anyhow::{Result, bail};
use clap::CommandFactory;
use clap::error::ErrorKind;
use hebb::{Choice, Device};
use hebb_lab::figures::{FIGURES, GROUPS, Group};
use hebb_lab::folder::Folder;
use hebb_lab::report::Claim;
use hebb_lab::{Figure, LabError, Request, Scale, Seeds};
use serde::Serialize;

use crate::args::{Cli, CpuArgs, ReproduceArgs};
use crate::device;
use crate::output::{self, Align, plain};

use super::train::stop::Stop;

#[derive(Serialize)]
struct Row {
    figure: &'static str,
    title: &'static str,
    seeds: &'static [u64],
}

/// Lists the figures, or makes one.
pub fn run(args: &ReproduceArgs) -> Result<()> {
    if args.what == "list" { list(args) } else { make(args) }
}

fn list(args: &ReproduceArgs) -> Result<()> {
    let out = args.out.as_ref().map(|_| "--out");
    if let Some(option) = out.into_iter().chain(args.names_data()).chain(args.running()).next() {
        bail!("{option}: list only names the figures: leave it out, or name a figure in place of list");
    }
    let figures = FIGURES.iter().map(|figure| Row { figure: figure.name, title: figure.title, seeds: figure.seeds });
    let groups = GROUPS.iter().map(|group| Row { figure: group.name, title: group.title, seeds: &[] });
    let rows: Vec<Row> = figures.chain(groups).collect();
    if args.json {
        return output::json(&rows);
    }
    let cells: Vec<_> = rows.iter().map(|row| vec![row.figure.to_owned(), row.title.to_owned()]).collect();
    output::line(&output::table(&[("figure", Align::Left), ("what it shows", Align::Left)], &cells))
}

fn make(args: &ReproduceArgs) -> Result<()> {
    let group = Group::find(&args.what);
    let figures = match group {
        Some(group) => group.figures(&args.data)?,
        None => vec![(Figure::find(&args.what)?, &args.data[..])],
    };
    if args.json {
        bail!("--json: it is for list: leave it out");
    }
    let Some(out) = &args.out else {
        return Err(Cli::command().error(ErrorKind::MissingRequiredArgument, "--out <DIR> is missing").into());
    };
    let computing = [("--device", args.device.is_some()), ("--threads", args.threads.is_some())];
    if let Some((option, _)) = computing.into_iter().find(|(_, is_given)| args.finished && *is_given) {
        bail!("{option}: --finished computes nothing: leave one of them out");
    }
    let folder = match (group, figures.first()) {
        (None, Some((figure, _))) => {
            figure.check(args.names_data(), &args.running())?;
            Folder::claim(out, figure)?
        }
        _ => Folder::claim_for_several(out)?,
    };
    let runs = figures.iter().any(|(figure, _)| !figure.seeds.is_empty()) && !args.finished;
    // What is only worked out, or only drawn, needs no device, but a request has one.
    let choice = if runs { args.device.clone().unwrap_or(Choice::Auto) } else { Choice::Reference };
    let device = if runs {
        device::find(&choice, CpuArgs { threads: args.threads, winograd: None })?
    } else {
        Device::reference()
    };
    // What keeps nothing has nothing to save before it ends.
    let stop = if figures.iter().any(|(figure, _)| figure.keeps) { Some(Stop::listen()?) } else { None };
    let maker = Maker { args, folder: &folder, device: &device, choice: &choice, stop: stop.as_ref() };
    for (figure, data) in figures {
        if group.is_some() && args.finished && !figure.keeps {
            output::note(&format!("{} keeps no runs: left out", figure.name));
        } else {
            maker.make(figure, data, group.is_some())?;
        }
    }
    Ok(())
}

/// What makes figures.
struct Maker<'a> {
    args: &'a ReproduceArgs,
    folder: &'a Folder,
    device: &'a Device,
    choice: &'a Choice,
    stop: Option<&'a Stop>,
}

impl Maker<'_> {
    /// Makes a figure of these data; one of several not where the same command has made it.
    fn make(&self, figure: &Figure, data: &[String], is_of_several: bool) -> Result<()> {
        let Self { args, folder, device, stop, .. } = *self;
        let never = AtomicBool::new(false);
        let kept = args.runs.clone().unwrap_or_else(|| folder.runs());
        let winograd = device::winograd(device);
        // Epochs are of runs that are kept.
        let scale = if figure.keeps { args.scale() } else { args.scale.unwrap_or(Scale::Full) };
        let request = Request {
            scale,
            seeds: args.seeds.clone().unwrap_or_else(|| Seeds(figure.seeds.to_vec())),
            data,
            runtime: device,
            tell: &|text| output::note(text),
            runs: figure.keeps.then_some(kept.as_path()),
            finished: args.finished,
            winograd: winograd.as_deref(),
            stop: stop.map_or(&never, Stop::flag),
        };
        let command = self.command(figure, &request);
        // What is drawn of runs at work is another picture each time.
        if is_of_several && folder.has(figure, &command)? && !args.finished {
            output::note(&format!("{} is there already", figure.name));
            return Ok(());
        }
        let made = match (figure.make(&request), stop) {
            (Err(LabError::Stopped), Some(stop)) => {
                let runs = plain(&kept.display().to_string());
                output::note(&format!("stopped, all saved in {runs}: the same command goes on from there"));
                // The files are whole, and the runs' locks end with the process.
                process::exit(stop.code());
            }
            (made, _) => made?,
        };
        let files = folder.write(figure, &made, &command)?;
        for Claim { says, holds, found } in &made.report.claims {
            output::line(&format!("{}: {says} ({found})", if *holds { "holds" } else { "DOES NOT HOLD" }))?;
        }
        for file in files {
            output::line(&format!("wrote {}", plain(&file.display().to_string())))?;
        }
        Ok(())
    }

    /// What makes the figure again, with no place on this machine.
    fn command(&self, figure: &Figure, request: &Request<'_>) -> String {
        let mut command = format!("hebb reproduce {}", figure.name);
        if !figure.seeds.is_empty() {
            command += &match request.scale {
                Scale::Epochs(epochs) => format!(" --epochs {epochs}"),
                scale => format!(" --scale {scale}"),
            };
            command += &format!(" --seeds {}", request.seeds);
            command += &match request.finished {
                true => " --finished".to_owned(),
                false => format!(" --device {}", self.choice),
            };
        }
        for data in request.data {
            command += &format!(" --data {}", placeless(data));
        }
        if self.args.runs.is_some() && figure.keeps {
            command += " --runs RUNS";
        }
        format!("{command} --out DIR")
    }
}

/// A DATA text whose place is another on each machine.
fn placeless(data: &str) -> String {
    match data.split_once(':') {
        Some((name, _)) if name != "shapes" => format!("{name}:DIR"),
        _ => data.to_owned(),
    }
}
