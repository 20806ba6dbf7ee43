//! Long runs. Each has a folder of its own where the request has room for them, so that what is done is not done again and
//! what was stopped goes on to the same bytes.

mod beside;

use std::path::PathBuf;
use std::time::Instant;

use hebb_engine::Row;
use hebb_engine::evaluate::evaluate;
use hebb_engine::job::Job;
use hebb_engine::records::{Gathered, Records};
use hebb_engine::run::{Existing, Run, RunError, check_new};
use hebb_engine::settings::{FREE, Length, Record, RunSettings};
use hebb_engine::store::{Memory, Store};
use hebb_engine::trainer::{Ending, Trainer};
use hebb_engine::weights::upload;
use hebb_spec::Shape;
use hebb_spec::backend::{Backend, Choice, Options, Step};
use hebb_spec::param::Weights;
use hebb_spec::plan::List;
use hebb_spec::settings::Table;
use hebb_spec::system::{Readings, Sums, System};

use crate::error::LabError;
use crate::request::{Request, Scale};
use beside::Kept;

/// Seconds and steps, at most, by which the time of a step is taken.
const TIMED: (f64, u32) = (1.0, 200);

/// Measures something of the weights, which the backend holds.
pub type Measure<'a> = dyn FnMut(&mut dyn Backend, &Weights) -> Result<Vec<f64>, LabError> + 'a;

/// What a figure measures by itself at the start and after each epoch, beside the run's own row. It may use the run's
/// backend, which holds the weights.
pub struct Beside<'a> {
    /// What the numbers are.
    pub columns: &'a [&'static str],
    /// Measures them.
    pub of: &'a mut Measure<'a>,
}

/// A run that may take hours.
pub struct Long<'a> {
    /// The name of its folder.
    pub name: String,
    /// What it is, for people.
    pub what: String,
    /// What learns.
    pub system: &'a dyn System,
    /// From what; the last of them are for validation.
    pub records: &'a dyn Records,
    /// What the records are called, without a place.
    pub data: &'a str,
    /// The same as run.toml has it: with their place, where they have one.
    pub source: &'a str,
    /// Their digest.
    pub digest: String,
    /// All settings but the run's own, as run.toml has them.
    pub spec: Table,
    /// Shape of a record, and the number of classes; 0 where there are none.
    pub kind: (Shape, u32),
    /// How many of the records are for validation.
    pub validation: usize,
    /// Records in a batch.
    pub batch: u32,
    /// Epochs of the whole run.
    pub epochs: u32,
    /// Seed of the start, the order and all that is drawn.
    pub seed: u64,
    /// The column that is told after each epoch.
    pub tells: &'static str,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// A row of the start, as epoch 0, and one an epoch.
    pub rows: Vec<Row>,
    /// What was measured beside them, by epoch from 0; nothing where it was lost.
    pub beside: Vec<Option<Vec<f64>>>,
    /// The weights that it started with.
    pub start: Weights,
    /// The weights and states at its end.
    pub end: Weights,
}

impl Done {
    /// A column by epoch, from 0; not a number where there is none.
    pub fn column(&self, name: &str) -> Vec<f64> {
        self.rows.iter().map(|row| row.get(name).unwrap_or(f64::NAN)).collect()
    }

    /// A number that was measured beside the rows, by epoch from 0.
    pub fn beside(&self, at: usize) -> Vec<f64> {
        let of = |numbers: &Option<Vec<f64>>| numbers.as_ref().and_then(|n| n.get(at).copied()).unwrap_or(f64::NAN);
        self.beside.iter().map(of).collect()
    }

    /// Seconds that an epoch's steps took, the median.
    pub fn seconds(&self) -> f64 {
        let mut seconds: Vec<f64> = self.rows.iter().skip(1).map(|row| row.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// What keeps a run.
enum Keeper {
    Memory(Box<Memory>),
    Folder(Box<Run>),
}

impl Keeper {
    fn store(&mut self) -> &mut dyn Store {
        match self {
            Keeper::Memory(memory) => &mut **memory,
            Keeper::Folder(run) => &mut **run,
        }
    }

    fn rows(&self) -> &[Row] {
        match self {
            Keeper::Memory(memory) => &memory.rows,
            Keeper::Folder(run) => run.rows(),
        }
    }
}

impl Long<'_> {
    /// The start that it draws by itself.
    pub fn start(&self) -> Weights {
        Weights::draw(&self.system.params(), self.seed)
    }

    /// As many of its epochs as the request's scale has room for, where the figure has so many runs alike. A number of
    /// minutes is measured once: what is kept goes on as it began.
    pub fn scaled(&self, request: &Request<'_>, runs: usize) -> Result<u32, LabError> {
        let mut seconds = 0.0;
        if let Scale::Minutes(_) = request.scale {
            if let Some(epochs) = self.kept_epochs(request)? {
                return Ok(epochs);
            }
            seconds = self.seconds(request)? * runs as f64;
        }
        Ok(request.scale.steps(self.epochs, || seconds))
    }

    fn path(&self, request: &Request<'_>) -> Option<PathBuf> {
        request.runs.map(|runs| runs.join(&self.name))
    }

    /// The epochs of the run that is kept, if there is one.
    pub fn kept_epochs(&self, request: &Request<'_>) -> Result<Option<u32>, LabError> {
        let Some(path) = self.path(request) else { return Ok(None) };
        match Existing::open(&path) {
            Ok(existing) => match RunSettings::from_table(existing.settings())?.length {
                Length::Epochs(epochs) => Ok(Some(epochs)),
                Length::Steps(_) => Ok(None),
            },
            Err(RunError::Absent { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn job(&self, epochs: u32) -> Result<Job<'_>, LabError> {
        let settings = RunSettings {
            data: self.source.to_owned(),
            validation: Some(self.validation),
            length: Length::Epochs(epochs),
            batch: self.batch,
            seed: self.seed,
            ..RunSettings::default()
        };
        Ok(Job::new(self.system, self.spec.clone(), settings, (self.data, self.records.count()))?)
    }

    /// Trains it from `start` to its end, or from where it was stopped.
    pub fn train(&self, request: &Request<'_>, start: Weights, beside: Beside<'_>) -> Result<Done, LabError> {
        let job = self.job(self.epochs)?;
        let existing = self.existing(request, &job)?;
        let options = options(existing.as_ref(), &request.runtime.name())?;
        let mut backend = request.runtime.prepare(self.system.plan(self.batch), &options)?;
        let backend = &mut *backend;
        let mut keeper = self.keeper(request, &job, (backend, &options), (&start, existing))?;
        let mut kept = Kept::read(self.path(request), beside.columns);
        upload(&start, backend)?;
        let first = self.first(&job, backend, &start)?;
        self.tell(request, &first);
        kept.push(0, || (beside.of)(backend, &start))?;
        let mut end = keeper.store().begin()?;
        for message in keeper.store().take_messages() {
            (request.tell)(&message);
        }
        // Killed between an epoch's row and what is measured beside it.
        let done = keeper.store().progress().clone();
        if done.epoch_step == 0 && done.epoch > 0 {
            upload(&end, backend)?;
            kept.push(done.epoch, || (beside.of)(backend, &end))?;
        }
        for epoch in done.epoch + 1..=self.epochs {
            let job = self.job(epoch)?;
            let trainer = Trainer {
                job: &job,
                records: self.records,
                backend,
                store: keeper.store(),
                stop: request.stop,
                observers: &mut [],
            };
            if trainer.train()? == Ending::Interrupted {
                return Err(LabError::Stopped);
            }
            end = keeper.store().begin()?;
            kept.push(epoch, || (beside.of)(backend, &end))?;
            keeper.rows().last().into_iter().for_each(|row| self.tell(request, row));
        }
        let rows = [first].into_iter().chain(keeper.rows().iter().cloned()).collect();
        Ok(Done { rows, beside: kept.upto(self.epochs), start, end })
    }

    fn tell(&self, request: &Request<'_>, row: &Row) {
        let told = row.get(self.tells).map_or_else(String::new, |value| format!(", {} {value:.4}", self.tells));
        (request.tell)(&format!("{}: epoch {} of {}{told}", self.what, row.epoch, self.epochs));
    }

    /// The run that is kept, where there is one, if it is this one.
    fn existing(&self, request: &Request<'_>, job: &Job<'_>) -> Result<Option<Existing>, LabError> {
        let Some(path) = self.path(request) else { return Ok(None) };
        let existing = match check_new(&path, false) {
            Ok(()) => return Ok(None),
            Err(RunError::Exists { .. }) => Existing::open(&path)?,
            Err(error) => return Err(error.into()),
        };
        unchanged(&path, existing.settings(), &job.table())?;
        match existing.record().data_sha256.as_ref() == Some(&self.digest) {
            true => Ok(Some(existing)),
            false => Err(LabError::OtherRun { path }),
        }
    }

    /// Its folder, or memory.
    fn keeper(
        &self,
        request: &Request<'_>,
        job: &Job<'_>,
        (backend, options): (&dyn Backend, &Options),
        (start, existing): (&Weights, Option<Existing>),
    ) -> Result<Keeper, LabError> {
        let Some(path) = self.path(request) else {
            return Ok(Keeper::Memory(Box::new(Memory::new(job, start.clone()))));
        };
        let kernels = backend.kernels().into_iter().map(|kernel| format!("{} {}", kernel.stem, kernel.variant));
        let mut variants: Vec<String> = kernels.collect();
        variants.sort_unstable();
        variants.dedup();
        let record = Record {
            choices: options.choices.iter().map(ToString::to_string).collect(),
            winograd: request.winograd.map(str::to_owned),
            data_sha256: Some(self.digest.clone()),
            ..Record::new(self.kind.0, self.kind.1, request.runtime.name(), variants)
        };
        let Some(existing) = existing else {
            return Ok(Keeper::Folder(Box::new(Run::create(&path, false, job, &record, start.clone())?)));
        };
        let (before, what) = (existing.record(), &self.what);
        let other = |was: &str, is: &str| {
            (request.tell)(&format!("{what}: begun {was}, {is} it goes on, but not to the same bits"));
        };
        if before.device != record.device {
            other(&format!("on {}", before.device), &format!("on {}", record.device));
        } else if before.winograd != record.winograd {
            let word = |record: &Record| format!("with --winograd {}", record.winograd.as_deref().unwrap_or("off"));
            other(&word(before), &word(&record));
        }
        Ok(Keeper::Folder(Box::new(existing.resume(job, &record)?)))
    }

    /// The row of the start, as if an epoch without steps had ended.
    fn first(&self, job: &Job<'_>, backend: &mut dyn Backend, start: &Weights) -> Result<Row, LabError> {
        let go_on = |_| std::ops::ControlFlow::Continue(());
        let found = evaluate(self.system, backend, self.records, job.validation(), go_on, |_, _| {})?;
        let (train, validation) = (Sums::zero(&self.system.amounts()), found.filter(|sums| sums.images > 0));
        let readings = Readings { train: &train, validation: validation.as_ref(), observed: None, weights: start };
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        let values = self.system.columns().into_iter().zip(self.system.row(&readings).into_iter().map(finite));
        Ok(Row { epoch: 0, seconds: 0.0, values: values.collect(), step: Some(0) })
    }

    /// Seconds that an epoch takes.
    pub fn seconds(&self, request: &Request<'_>) -> Result<f64, LabError> {
        let job = self.job(self.epochs)?;
        let mut backend = request.runtime.prepare(self.system.plan(self.batch), &Options::default())?;
        upload(&self.start(), &mut *backend)?;
        let (mut gathered, indices) = (Gathered::default(), (0..self.batch).collect::<Vec<u32>>());
        self.records.gather(0, &indices, &mut gathered);
        let (rates, inputs) = (self.system.rates(0, self.batch), gathered.inputs());
        let (begun, mut steps) = (Instant::now(), 0);
        while steps == 0 || (steps < TIMED.1 && begun.elapsed().as_secs_f64() < TIMED.0) {
            let step = Step { seed: self.seed, step: steps, images: self.batch, rates: &rates, inputs: &inputs };
            backend.submit(List::TRAIN, &step, self.system.repeats(List::TRAIN))?;
            backend.collect(0)?;
            steps += 1;
        }
        let validated = (self.validation as f64 / f64::from(self.batch)).ceil();
        Ok(begun.elapsed().as_secs_f64() / f64::from(steps) * (f64::from(job.epoch_steps) + validated))
    }
}

/// How a run that is kept was made ready, where it goes on on its device: by the rows of a tuning table that its record has.
fn options(existing: Option<&Existing>, device: &str) -> Result<Options, LabError> {
    let Some(existing) = existing.filter(|existing| existing.record().device == device) else {
        return Ok(Options::default());
    };
    let choice = |text: &String| {
        let wrong =
            |_| RunError::Settings { path: existing.settings_path(), cause: format!("[record] choices has '{text}'") };
        text.parse::<Choice>().map_err(wrong)
    };
    let choices = existing.record().choices.iter().map(choice).collect::<Result<_, _>>()?;
    Ok(Options { choices, ..Options::default() })
}

/// Refuses a kept run whose settings are not the figure's.
pub fn unchanged(path: &std::path::Path, found: &Table, wanted: &Table) -> Result<(), LabError> {
    let text = |table: &Table, key: &str| table.get(key).map_or_else(String::new, ToString::to_string);
    let keys = wanted.0.iter().chain(&found.0).map(|(key, _)| key.as_str()).filter(|key| !FREE.contains(key));
    for key in keys {
        let (found, wanted) = (text(found, key), text(wanted, key));
        if found != wanted {
            return Err(LabError::Changed { path: path.to_owned(), key: key.to_owned(), found, wanted });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
