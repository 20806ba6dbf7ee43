//! `hebb reproduce`: a paper's figure made again.

use std::process;
use std::sync::atomic::AtomicBool;

use anyhow::{Result, bail};
use clap::CommandFactory;
use clap::error::ErrorKind;
use hebb::{Choice, Device};
use hebb_lab::figures::FIGURES;
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
    let rows = FIGURES.map(|figure| Row { figure: figure.name, title: figure.title, seeds: figure.seeds });
    if args.json {
        return output::json(&rows);
    }
    let cells = rows.map(|row| vec![row.figure.to_owned(), row.title.to_owned()]);
    output::line(&output::table(&[("figure", Align::Left), ("what it shows", Align::Left)], &cells))
}

fn make(args: &ReproduceArgs) -> Result<()> {
    let figure = Figure::find(&args.what)?;
    if args.json {
        bail!("--json: it is for list: leave it out");
    }
    let Some(out) = &args.out else {
        return Err(Cli::command().error(ErrorKind::MissingRequiredArgument, "--out <DIR> is missing").into());
    };
    figure.check(args.names_data(), &args.running())?;
    let folder = Folder::claim(out, figure)?;
    let runs = !figure.seeds.is_empty();
    // What is only worked out needs no device, but a request has one.
    let choice = if runs { args.device.clone().unwrap_or(Choice::Auto) } else { Choice::Reference };
    let device = if runs {
        device::find(&choice, CpuArgs { threads: args.threads, winograd: None })?
    } else {
        Device::reference()
    };
    // What keeps nothing has nothing to save before it ends.
    let stop = if figure.keeps { Some(Stop::listen()?) } else { None };
    let never = AtomicBool::new(false);
    let kept = args.runs.clone().unwrap_or_else(|| folder.runs());
    let winograd = device::winograd(&device);
    let request = Request {
        scale: args.scale(),
        seeds: args.seeds.clone().unwrap_or_else(|| Seeds(figure.seeds.to_vec())),
        data: &args.data,
        runtime: &device,
        tell: &|text| output::note(text),
        runs: figure.keeps.then_some(kept.as_path()),
        finished: args.finished,
        winograd: winograd.as_deref(),
        stop: stop.as_ref().map_or(&never, Stop::flag),
    };
    let made = match (figure.make(&request), &stop) {
        (Err(LabError::Stopped), Some(stop)) => {
            let runs = plain(&kept.display().to_string());
            output::note(&format!("stopped, all saved in {runs}: the same command goes on from there"));
            // The files are whole, and the runs' locks end with the process.
            process::exit(stop.code());
        }
        (made, _) => made?,
    };
    let mut command = format!("hebb reproduce {}", figure.name);
    if runs {
        command += &match request.scale {
            Scale::Epochs(epochs) => format!(" --epochs {epochs}"),
            scale => format!(" --scale {scale}"),
        };
        command += &format!(" --seeds {}", request.seeds);
        // What computes nothing needs none to be made again.
        command += &if args.finished { " --finished".to_owned() } else { format!(" --device {choice}") };
    }
    for data in &args.data {
        command += &format!(" --data {}", placeless(data));
    }
    let files = folder.write(figure, &made, &format!("{command} --out DIR"))?;
    for Claim { says, holds, found } in &made.report.claims {
        output::line(&format!("{}: {says} ({found})", if *holds { "holds" } else { "DOES NOT HOLD" }))?;
    }
    for file in files {
        output::line(&format!("wrote {}", plain(&file.display().to_string())))?;
    }
    Ok(())
}

/// A DATA text whose place is another on each machine.
fn placeless(data: &str) -> String {
    match data.split_once(':') {
        Some((name, _)) if name != "shapes" => format!("{name}:DIR"),
        _ => data.to_owned(),
    }
}
