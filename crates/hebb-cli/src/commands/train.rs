//! `hebb train`: a new run, or the rest of one.

mod asked;
mod changed;
mod heartbeat;
mod report;
mod stop;
mod viewer;

use std::process;

use anyhow::Result;
use hebb::Choice;
use hebb_data::{Outline, Source, Split};
use hebb_engine::job::{self, Job};
use hebb_engine::run::{self, Existing, Run};
use hebb_engine::settings::{Record, RunSettings};
use hebb_engine::store::Store;
use hebb_engine::trainer::{Ending, Trainer};
use hebb_spec::backend::{Backend, Runtime};
use hebb_spec::settings::Table;
use hebb_systems::layered::{Model, ModelSpec};

use crate::args::TrainArgs;
use crate::config::SettingsFile;
use crate::connected;
use crate::device;
use crate::merge::over;
use crate::origin::Origin;
use crate::output;
use asked::Asked;
use stop::Stop;
use viewer::Viewer;

/// Trains a network into a folder. After a Ctrl-C the run is saved and the program ends with 130, after a SIGTERM with
/// 143.
pub fn run(args: &TrainArgs) -> Result<()> {
    let asked = Asked::read(args)?;
    if asked.resume { resume(&asked) } else { begin(&asked) }
}

/// A new run.
fn begin(asked: &Asked) -> Result<()> {
    let origin = &asked.origin;
    let (spec, settings) = (origin.spec()?, origin.run()?);
    let choice: Choice = settings.device.parse()?;
    run::check_new(&asked.out, asked.overwrite)?;
    let outline = settings.data.parse::<Source>()?.outline()?;
    let model = origin.build(&spec, outline.shape, outline.classes)?;
    job::check(&model, &settings).map_err(|error| origin.blame(error))?;
    let start = job::start(&model, &settings)?;
    connected::check(&start.weights)?;
    let (train, job) = job(origin, &spec, &model, settings, outline)?;
    let device = device::find(&choice, asked.cpu)?;
    let backend = device::prepare(&device, job.system.plan(job.settings.batch))?;
    let record = record(&model, device.name(), &*backend);
    let run = Run::create(&asked.out, asked.overwrite, &job, &record, start.weights)?;
    start.messages.iter().for_each(|message| output::note(message));
    finish(asked, &job, &train, backend, run)
}

/// The rest of a run.
fn resume(asked: &Asked) -> Result<()> {
    let existing = Existing::open(&asked.out)?;
    let origin = Origin::new(&Table::default(), Some(SettingsFile::of(&existing)?));
    let (spec, stored) = (origin.spec()?, origin.run()?);
    let outline = stored.data.parse::<Source>()?.outline()?;
    let model = origin.build(&spec, outline.shape, outline.classes)?;
    let given = asked.origin.table();
    changed::check(&asked.origin, existing.settings(), &model)?;
    let settings = RunSettings::from_table(&over(&changed::free(&given), existing.settings()))?;
    // `auto` might find another device today.
    let choice = match given.get("device") {
        Some(device) => device.to_string().parse()?,
        None => device::recorded(&existing.record().device)?,
    };
    let (train, job) = job(&origin, &spec, &model, settings, outline)?;
    let device = device::find(&choice, asked.cpu)?;
    let backend = device::prepare(&device, job.system.plan(job.settings.batch))?;
    let (before, now) = (existing.record().device.clone(), device.name());
    let run = existing.resume(&job, &record(&model, now.clone(), &*backend))?;
    if before != now {
        output::note(&format!("the run was on {before}: on {now} its numbers go on, but not to the same bits"));
    }
    finish(asked, &job, &train, backend, run)
}

/// The training records, read, and what is done with them.
fn job<'a>(
    origin: &Origin,
    spec: &ModelSpec,
    model: &'a Model,
    settings: RunSettings,
    outline: Outline,
) -> Result<(Split, Job<'a>)> {
    let kept = spec.resolved(outline.classes)?.table();
    let data = outline.load()?;
    let job = Job::new(model, kept, settings, (&data.name, data.train.len())).map_err(|error| origin.blame(error))?;
    Ok((data.train, job))
}

fn record(model: &Model, device: String, backend: &dyn Backend) -> Record {
    Record::new(model.network.input, model.network.classes, device, device::variants(backend))
}

/// Trains to the end, or to a Ctrl-C.
fn finish(asked: &Asked, job: &Job<'_>, records: &Split, mut backend: Box<dyn Backend>, mut run: Run) -> Result<()> {
    let mut viewer = Viewer::new(job, run.progress().step);
    let (stop, backend) = (Stop::listen()?, &mut *backend);
    let ending =
        Trainer { job, records, backend, store: &mut run, stop: stop.flag(), observers: &mut [&mut viewer] }.train();
    let row = viewer.finish();
    match ending? {
        Ending::Finished => report::print(&run, job, row.as_ref(), asked.json),
        Ending::Interrupted => {
            output::note(&how_to_resume(&run, job));
            // The files are whole, and the lock ends with the process.
            process::exit(stop.code());
        }
    }
}

fn how_to_resume(run: &Run, job: &Job<'_>) -> String {
    let (done, path) = (run.progress().step, run.path().display());
    format!(
        "stopped after step {done} of {}, all saved: continue with 'hebb train --resume --out {path}'",
        job.total_steps
    )
}
