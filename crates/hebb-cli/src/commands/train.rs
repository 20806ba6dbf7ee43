//! `hebb train`: a new run, or the rest of one.

mod asked;
mod board;
mod changed;
mod heartbeat;
mod left_out;
mod page;
mod report;
pub mod stop;
pub mod viewer;

use std::process;

use anyhow::{Context, Error, Result, ensure};
use hebb::{Choice, Device};
use hebb_data::{Dataset, Outline, Source};
use hebb_engine::job::{self, Job};
use hebb_engine::observe::Observer;
use hebb_engine::run::{self, Existing, Run};
use hebb_engine::settings::{Record, RunSettings};
use hebb_engine::store::Store;
use hebb_engine::tensor_file;
use hebb_engine::trainer::{Ending, Trainer};
use hebb_lab::tensorboard::Board;
use hebb_spec::backend::{Backend, Options, Runtime};
use hebb_spec::settings::Table;
use hebb_spec::system::System;
use hebb_systems::layered::{Model, ModelSpec};

use crate::args::TrainArgs;
use crate::asked::Asked;
use crate::config::{SettingsFile, check_system};
use crate::connected;
use crate::device;
use crate::fields::of_layered;
use crate::images;
use crate::memory;
use crate::merge::over;
use crate::origin::Origin;
use crate::output;
use crate::remedy::sentence;
use crate::tuned::{self, Tuned};
use page::Page;
use stop::Stop;
use viewer::Viewer;

/// Trains a network into a folder. After a Ctrl-C the run is saved and the program ends with 130, after a SIGTERM with
/// 143.
pub fn run(args: &TrainArgs) -> Result<()> {
    let asked = asked::read(args)?;
    if asked.resume { resume(&asked) } else { begin(&asked) }
}

/// A new run. What can be told without reading the data is told first.
fn begin(asked: &Asked) -> Result<()> {
    let origin = &asked.origin;
    let (spec, settings) = (origin.spec()?, origin.run()?);
    let choice: Choice = settings.device.parse()?;
    run::check_new(&asked.out, asked.overwrite)?;
    let outline = settings.data.parse::<Source>()?.outline()?;
    let model = origin.build(&spec, outline.shape, outline.classes)?;
    job::check(&model, &settings).map_err(|error| origin.blame(error))?;
    if let Some(file) = &settings.init {
        tensor_file::check_there(file.as_ref())?;
    }
    let job = job(origin, &spec, &model, settings, &outline)?;
    let device = device::find(&choice, asked.cpu)?;
    let plan = job.system.plan(job.settings.batch);
    // Before weights are drawn, which may be many.
    let options = Tuned::of(&device).options(&plan);
    device::fits(&device, &plan, &options)?;
    memory::ask_for_weights(&model.params())?;
    let start = job.start()?;
    connected::check(&start.weights)?;
    let data = load(outline, &job)?;
    let backend = device::prepare(&device, plan, &options)?;
    let record = record(&data, &device, &*backend, &options);
    let deltas = asked.tensorboard.then(|| board::deltas(&device, &model, &job, &data)).transpose()?;
    let page = asked.report.then(|| Page::new(&asked.out, &job, (&model, &data), &device)).transpose()?;
    // Its numbers are shared, not copied.
    let first = start.weights.clone();
    let run = Run::create(&asked.out, asked.overwrite, &job, &record, start.weights)?;
    start.messages.iter().for_each(|message| output::note(message));
    let board = deltas.map(|deltas| Board::begin(run.path(), &model, job.epoch_steps, deltas, &first)).transpose()?;
    finish(asked, &job, &data, backend, run, (board, page))
}

/// The rest of a run.
fn resume(asked: &Asked) -> Result<()> {
    let existing = Existing::open(&asked.out)?;
    check_system(existing.settings(), "", &asked.out)?;
    let origin = Origin::new(&Table::default(), Some(SettingsFile::of(&existing, &of_layered())?));
    let (spec, stored) = (origin.spec()?, origin.run()?);
    let given = asked.origin.table();
    let place = given.get("data").map_or_else(|| stored.data.clone(), ToString::to_string);
    // Whoever named no data must hear whose these are.
    let about = |error: Error| match given.get("data") {
        Some(_) => error,
        None => error.context(format!("the run {}", images::trained_on(&place))),
    };
    let outline = place.parse::<Source>()?.outline().map_err(|error| about(error.into()))?;
    ensure!(
        existing.record().data_sha256.is_some() || !outline.is_reordered(),
        "the run in {} is of version 0.1, which trained it on other images of {place}, none of some class: start it again with \
         --overwrite",
        asked.out.display()
    );
    let (trained, shape) = (existing.record(), outline.shape.to_string());
    ensure!(
        (&trained.input, trained.classes) == (&shape, outline.classes),
        "{place} has {shape} images of {} classes, but the run in {} was trained on {} images of {} classes: name the place of \
         its data with --data",
        outline.classes,
        asked.out.display(),
        trained.input,
        trained.classes
    );
    let model = origin.build(&spec, outline.shape, outline.classes)?;
    changed::check(&asked.origin, existing.settings(), &model)?;
    existing.check_settings()?;
    let settings = RunSettings::from_table(&over(&changed::free(&given), existing.settings()))?;
    // `auto` might find another device today.
    let choice = match given.get("device") {
        Some(device) => device.to_string().parse()?,
        None => device::recorded(&existing.record().device)?,
    };
    let job = job(&origin, &spec, &model, settings, &outline).map_err(about)?;
    memory::ask_for_weights(&model.params())?;
    let before = existing.record().device.clone();
    let forms = device::recorded_winograd(existing.record(), &asked.out)?;
    let rows = tuned::recorded(existing.record(), &asked.out)?;
    let data = load(outline, &job).map_err(about)?;
    let device = device::find(&choice, asked.cpu)?;
    let device = match (asked.cpu.winograd, forms) {
        (None, Some(forms)) => device.with_winograd(forms),
        _ => device,
    };
    let (now, plan) = (device.name(), job.system.plan(job.settings.batch));
    // The table may be another today; another device has another one.
    let options = if before == now { tuned::by(rows) } else { Tuned::of(&device).options(&plan) };
    let backend = device::prepare(&device, plan, &options)?;
    let shows = asked.tensorboard || Board::path(&asked.out).exists();
    let deltas = shows.then(|| board::deltas(&device, &model, &job, &data)).transpose()?;
    let page = (asked.report || Page::is_there(&asked.out))
        .then(|| Page::new(&asked.out, &job, (&model, &data), &device))
        .transpose()?;
    let run = existing.resume(&job, &record(&data, &device, &*backend, &options))?;
    let board = deltas.map(|deltas| board::resume(&run, &model, &job, deltas)).transpose()?;
    if before != now {
        output::note(&format!("the run was on {before}: on {now} its numbers go on, but not to the same bits"));
    } else if let (Some(before), Some(now)) = (forms, asked.cpu.winograd)
        && before != now
    {
        output::note(&format!(
            "the run was with --winograd {before}: with {now} its numbers go on, but not to the same bits"
        ));
    }
    finish(asked, &job, &data, backend, run, (board, page))
}

/// What is done with the data.
fn job<'a>(
    origin: &Origin,
    spec: &ModelSpec,
    model: &'a Model,
    settings: RunSettings,
    outline: &Outline,
) -> Result<Job<'a>> {
    let (kept, records) = (spec.resolved(outline.classes)?.table(), outline.records()?);
    Job::new(model, kept, settings, (outline.name(), records)).map_err(|error| origin.blame(error))
}

/// The data, read.
fn load(outline: Outline, job: &Job<'_>) -> Result<Dataset> {
    let data = images::load(outline, &job.settings.data)?;
    ensure!(
        data.train.len() == job.records + job.validation,
        "{} changed while it was read: start again",
        job.settings.data
    );
    Ok(data)
}

fn record(data: &Dataset, device: &Device, backend: &dyn Backend, options: &Options) -> Record {
    let record = Record::new(data.shape, data.classes(), device.name(), device::variants(backend));
    let (choices, winograd) = (tuned::taken(device, backend.plan(), options), device::winograd(device));
    Record { choices, winograd, data_sha256: Some(data.digest()), ..record }
}

/// Trains to the end, or to a Ctrl-C.
fn finish(
    asked: &Asked,
    job: &Job<'_>,
    data: &Dataset,
    mut backend: Box<dyn Backend>,
    mut run: Run,
    (mut board, mut page): (Option<Board<'_>>, Option<Page<'_>>),
) -> Result<()> {
    left_out::tell(job, data);
    let records = &data.train;
    let mut viewer = Viewer::new(job, run.progress().step);
    let (stop, backend) = (Stop::listen()?, &mut *backend);
    let mut observers: Vec<&mut dyn Observer> = vec![&mut viewer];
    observers.extend(board.as_mut().map(|board| board as &mut dyn Observer));
    observers.extend(page.as_mut().map(|page| page as &mut dyn Observer));
    let ending =
        Trainer { job, records, backend, store: &mut run, stop: stop.flag(), observers: &mut observers }.train();
    let row = viewer.finish();
    let shown =
        board.map_or(Ok(()), |board| board.finish().context("the run is saved, but TensorBoard lacks some of it"));
    match ending? {
        Ending::Finished => report::print(&run, job, row.as_ref(), asked.json).and(shown),
        Ending::Interrupted => {
            shown.inspect_err(|error| output::note(&sentence(error))).ok();
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
