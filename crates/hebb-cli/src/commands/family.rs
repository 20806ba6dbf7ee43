//! `hebb hebbian`, `hebb linear` and `hebb microcircuit`: a new run of a system beside layered networks, or the rest of one.

mod asked;
mod hebbian;
mod linear;
mod microcircuit;
mod report;

use std::process;

use anyhow::{Error, Result, bail, ensure};
use hebb::{Choice, Device};
use hebb_engine::job::{self, Job};
use hebb_engine::records::Records;
use hebb_engine::run::{self, Existing, Run};
use hebb_engine::settings::{Record, RunSettings};
use hebb_engine::store::Store;
use hebb_engine::tensor_file;
use hebb_engine::trainer::{Ending, Trainer};
use hebb_spec::Shape;
use hebb_spec::backend::{Backend, Options, Runtime};
use hebb_spec::settings::{SettingError, Table, Value};
use hebb_spec::system::System;

use crate::args::{FamilyArgs, Takes};
use crate::asked::Asked;
use crate::config::{SYSTEM, SettingsFile, check_system};
use crate::device;
use crate::memory;
use crate::merge::over;
use crate::origin::Origin;
use crate::output;
use crate::tuned::{self, Tuned};

use super::train::stop::Stop;
use super::train::viewer::Viewer;

/// A system that the command line trains.
pub trait Family: Takes {
    /// Its command.
    const NAME: &'static str;

    /// What a run goes by where nothing is said, given all that is.
    fn defaults(given: &Table) -> Result<Table, SettingError>;

    /// Its own settings in a table, each as it is read, without those of the run.
    fn own(table: &Table) -> Result<Table, SettingError>;

    /// What learns, and from what: nothing has been drawn or read.
    fn learner(origin: &Origin, settings: &RunSettings) -> Result<Learner>;
}

/// What learns, and what is known of its records before they are there.
pub struct Learner {
    /// What learns.
    pub system: Box<dyn System>,
    /// Shape of a record.
    pub shape: Shape,
    /// What the data are called.
    pub data: &'static str,
    /// How many records.
    pub records: usize,
    /// Bytes of memory that they take.
    pub bytes: u64,
    /// Draws or reads them.
    pub load: Box<dyn FnOnce() -> Result<Loaded>>,
}

/// Records, and their digest.
pub struct Loaded {
    /// The records.
    pub records: Box<dyn Records>,
    /// The digest.
    pub digest: String,
}

impl Learner {
    /// Its records, where the memory holds them.
    pub fn load(load: Box<dyn FnOnce() -> Result<Loaded>>, bytes: u64) -> Result<Loaded> {
        memory::ask("to hold the records", bytes, "take fewer with --records, or shorter ones")?;
        load()
    }
}

/// How a run goes: what is said, over what the family has where nothing is.
pub fn settings<F: Family>(origin: &Origin) -> Result<RunSettings> {
    let given = origin.table();
    let defaults = F::defaults(&given).map_err(|error| origin.blame(error))?;
    RunSettings::from_table(&over(&given, &defaults)).map_err(|error| origin.blame(error))
}

/// Trains into a folder. After a Ctrl-C the run is saved and the program ends with 130, after a SIGTERM with 143.
pub fn run<F: Family>(args: &FamilyArgs<F>) -> Result<()> {
    let asked = asked::read(args, F::NAME)?;
    if asked.resume { resume::<F>(&asked) } else { begin::<F>(&asked) }
}

/// A new run. What can be told without reading the data is told first.
fn begin<F: Family>(asked: &Asked) -> Result<()> {
    let origin = &asked.origin;
    let settings = settings::<F>(origin)?;
    let choice: Choice = settings.device.parse()?;
    run::check_new(&asked.out, asked.overwrite)?;
    let Learner { system, shape, data, records, bytes, load } = F::learner(origin, &settings)?;
    job::check(&*system, &settings).map_err(|error| origin.blame(error))?;
    if let Some(file) = &settings.init {
        tensor_file::check_there(file.as_ref())?;
    }
    let job = Job::new(&*system, kept::<F>(origin)?, settings, (data, records)).map_err(|error| origin.blame(error))?;
    let device = device::find(&choice, asked.cpu)?;
    let plan = job.system.plan(job.settings.batch);
    // Before weights are drawn, which may be many.
    let options = Tuned::of(&device).options(&plan);
    device::fits(&device, &plan, &options)?;
    memory::ask_for_weights(&system.params())?;
    let start = job.start()?;
    let loaded = Learner::load(load, bytes)?;
    let backend = device::prepare(&device, plan, &options)?;
    let record = record((shape, loaded.digest), &device, &*backend, &options);
    let run = Run::create(&asked.out, asked.overwrite, &job, &record, start.weights)?;
    start.messages.iter().for_each(|message| output::note(message));
    finish::<F>(asked, &job, &*loaded.records, backend, run)
}

/// The family's settings as run.toml keeps them, under its name.
fn kept<F: Family>(origin: &Origin) -> Result<Table> {
    let own = F::own(&origin.table()).map_err(|error| origin.blame(error))?;
    let mut kept = Table::default();
    kept.set(SYSTEM, Value::Text(F::NAME.to_owned()));
    kept.0.extend(own.0);
    Ok(kept)
}

/// The rest of a run.
fn resume<F: Family>(asked: &Asked) -> Result<()> {
    let existing = Existing::open(&asked.out)?;
    check_system(existing.settings(), F::NAME, &asked.out)?;
    let origin = Origin::of(&Table::default(), Some(SettingsFile::of(&existing, &F::settings())?), &F::settings());
    let given = asked.origin.table();
    unchanged::<F>(&asked.origin, existing.settings())?;
    existing.check_settings()?;
    let free = Table(given.0.into_iter().filter(|(key, _)| run_may_change(key)).collect());
    let all = over(&free, existing.settings());
    let settings = RunSettings::from_table(&all).map_err(|error| asked.origin.blame(error))?;
    let Learner { system, shape, data, records, bytes, load } = F::learner(&origin, &settings)?;
    let trained = existing.record();
    ensure!(
        trained.input == shape.to_string(),
        "{} has records of {shape}, but the run in {} was trained on records of {}: name the place of its data with --data",
        settings.data,
        asked.out.display(),
        trained.input
    );
    // `auto` might find another device today.
    let choice = match free.get("device") {
        Some(device) => device.to_string().parse()?,
        None => device::recorded(&trained.device)?,
    };
    let job = Job::new(&*system, kept::<F>(&origin)?, settings, (data, records))
        .map_err(|error| asked.origin.blame(error))?;
    memory::ask_for_weights(&system.params())?;
    let before = trained.device.clone();
    let forms = device::recorded_winograd(trained, &asked.out)?;
    let rows = tuned::recorded(trained, &asked.out)?;
    let loaded = Learner::load(load, bytes)?;
    let device = device::find(&choice, asked.cpu)?;
    let device = match (asked.cpu.winograd, forms) {
        (None, Some(forms)) => device.with_winograd(forms),
        _ => device,
    };
    let (now, plan) = (device.name(), job.system.plan(job.settings.batch));
    // The table may be another today; another device has another one.
    let options = if before == now { tuned::by(rows) } else { Tuned::of(&device).options(&plan) };
    let backend = device::prepare(&device, plan, &options)?;
    let record = record((shape, loaded.digest), &device, &*backend, &options);
    let run = existing.resume(&job, &record)?;
    if before != now {
        output::note(&format!("the run was on {before}: on {now} its numbers go on, but not to the same bits"));
    }
    finish::<F>(asked, &job, &*loaded.records, backend, run)
}

/// Whether a resume may change a setting.
fn run_may_change(key: &str) -> bool {
    hebb_engine::settings::FREE.contains(&key)
}

/// Refuses the first given setting that says something else than the run's own, by values.
fn unchanged<F: Family>(asked: &Origin, stored: &Table) -> Result<()> {
    let read = |table: &Table| -> Result<(Table, RunSettings), SettingError> {
        Ok((F::own(table)?, RunSettings::from_table(table)?))
    };
    let own = read(stored)?;
    for (key, value) in asked.table().0.iter().filter(|(key, _)| !run_may_change(key)) {
        let is_setting = F::settings().iter().any(|setting| setting.key == key);
        let mut other = stored.clone();
        other.set(key, value.clone());
        if is_setting && read(&other).ok().as_ref() != Some(&own) {
            bail!(
                "{} differs from the run's own: with --resume only its length, --device and the place of its data may change",
                asked.place(key)
            );
        }
    }
    Ok(())
}

fn record((shape, digest): (Shape, String), device: &Device, backend: &dyn Backend, options: &Options) -> Record {
    let record = Record::new(shape, 0, device.name(), device::variants(backend));
    let (choices, winograd) = (tuned::taken(device, backend.plan(), options), device::winograd(device));
    Record { choices, winograd, data_sha256: Some(digest), ..record }
}

/// Trains to the end, or to a Ctrl-C.
fn finish<F: Family>(
    asked: &Asked,
    job: &Job<'_>,
    records: &dyn Records,
    mut backend: Box<dyn Backend>,
    mut run: Run,
) -> Result<()> {
    let mut viewer = Viewer::new(job, run.progress().step);
    let (stop, backend) = (Stop::listen()?, &mut *backend);
    let ending =
        Trainer { job, records, backend, store: &mut run, stop: stop.flag(), observers: &mut [&mut viewer] }.train();
    let row = viewer.finish();
    match ending.map_err(Error::from)? {
        Ending::Finished => report::print(&run, row.as_ref(), asked.json),
        Ending::Interrupted => {
            let (done, path) = (run.progress().step, run.path().display());
            output::note(&format!(
                "stopped after step {done} of {}, all saved: continue with 'hebb {} --resume --out {path}'",
                job.total_steps,
                F::NAME
            ));
            // The files are whole, and the lock ends with the process.
            process::exit(stop.code());
        }
    }
}
