//! Trains a run to its end, to a stop, or to an error.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use hebb_spec::backend::{Backend, Error, Outcome, Step};
use hebb_spec::param::{Param, Weights};
use hebb_spec::plan::List;
use hebb_spec::system::{Amount, Readings, Sums};
use tracing::{debug_span, trace};

use crate::Row;
use crate::evaluate::{self, IN_FLIGHT};
use crate::job::Job;
use crate::metadata::{Best, Progress};
use crate::observe::{Observer, StepReport};
use crate::records::{Gathered, Records};
use crate::run_folder::RunError;
use crate::store::Store;
use crate::weights::{download, upload};

/// How a training ended without an error. Either way its store holds all that it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It did all its steps.
    Finished,
    /// It was asked to stop: a resume continues as if it had not been.
    Interrupted,
}

/// A training that failed. The run's folder keeps its last checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A sum that is no finite number, or past all reason.
    #[error("the {what} of step {step} (epoch {epoch}) is {}: {}", number(*mean), why(*step))]
    Sum {
        /// The amount.
        what: &'static str,
        /// What it is for an image.
        mean: f64,
        /// The step, counted from 1.
        step: u32,
        /// Its epoch, counted from 1.
        epoch: u32,
    },
    /// A weight that is no finite number, or past all reason.
    #[error("a number of {tensor} is {} after step {step}: the weights ran away", number((*value).into()))]
    Weights {
        /// The tensor.
        tensor: String,
        /// The number.
        value: f32,
        /// Steps done.
        step: u32,
    },
    /// The device failed, or a step does not fit its plan.
    #[error(transparent)]
    Device(#[from] Error),
    /// What keeps the run failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// What made a sum overflow: the first step's comes of weights that nothing has changed yet.
fn why(step: u32) -> &'static str {
    if step == 1 { "its numbers overflow f32 before anything is learnt" } else { "the weights ran away" }
}

/// The largest size of a weight or a sum that is taken for one: the square of a larger one is past f32, so that sums over
/// such weights, and all that is told of them, would be false.
const MOST: f32 = 1.844_674_3e19;

/// A number in the words of an error.
fn number(value: f64) -> String {
    if value.is_finite() { format!("{value:.1e}") } else { "not finite".to_owned() }
}

/// All that a training needs.
pub struct Trainer<'a> {
    /// What to do.
    pub job: &'a Job<'a>,
    /// What it learns from; the last of them are for validation.
    pub records: &'a dyn Records,
    /// What computes it: made from the job's plan.
    pub backend: &'a mut dyn Backend,
    /// What keeps it.
    pub store: &'a mut dyn Store,
    /// Set from elsewhere, it ends the training after the step at hand.
    pub stop: &'a AtomicBool,
    /// Who hears of it.
    pub observers: &'a mut [&'a mut dyn Observer],
}

/// An epoch's training, or the rest of one.
struct Stretch {
    seconds: f64,
    is_stopped: bool,
}

impl Trainer<'_> {
    /// Trains from where the run stands.
    ///
    /// A step's number, which addresses all that is drawn anew each step, is the number of steps done before it, from 0;
    /// an epoch's, which addresses its order, the number of epochs done before it.
    pub fn train(mut self) -> Result<Ending, TrainError> {
        let mut weights = self.store.begin()?;
        for message in self.store.take_messages() {
            self.observers.iter_mut().for_each(|observer| observer.message(&message));
        }
        let params = self.job.system.params();
        upload(&weights, self.backend)?;
        let mut progress = self.store.progress().clone();
        // Steps that end within an epoch have a row too, which a resume takes back and may have to give again.
        while progress.step < self.job.total_steps || progress.epoch_step > 0 {
            let _span = debug_span!("epoch", number = progress.epoch + 1).entered();
            let stretch = self.steps(&mut progress)?;
            let validation = if stretch.is_stopped { None } else { self.validate()? };
            // These come first: they leave R as the next step will use it, and so as a checkpoint must hold it.
            let observed = self.observe(&progress)?;
            weights = self.read(&params, &weights, &progress)?;
            let Some(validation) = validation else {
                self.store.save(self.job, &weights, progress)?;
                return Ok(Ending::Interrupted);
            };
            progress = self.close(progress, stretch.seconds, &validation, observed.as_ref(), &weights)?;
            if progress.step >= self.job.total_steps {
                break;
            }
        }
        Ok(Ending::Finished)
    }

    /// Trains to the epoch's or the run's end, or to a stop.
    fn steps(&mut self, progress: &mut Progress) -> Result<Stretch, TrainError> {
        let job = self.job;
        let batch = job.settings.batch;
        let order = job.order(progress.epoch);
        let mut gathered = Gathered::default();
        let (started, before) = (Instant::now(), progress.sums.images);
        let mut is_stopped = false;
        while progress.epoch_step < job.epoch_steps && progress.step < job.total_steps {
            if self.stop.load(Ordering::Relaxed) {
                is_stopped = true;
                break;
            }
            let records = &order[progress.epoch_step as usize * batch as usize..][..batch as usize];
            self.records.gather(progress.epoch, records, &mut gathered);
            let rates = job.system.rates(progress.step, batch);
            let (inputs, seed) = (gathered.inputs(), job.settings.seed);
            let step = Step { seed, step: progress.step, images: batch, rates: &rates, inputs: &inputs };
            self.backend.submit(List::TRAIN, &step, job.system.repeats(List::TRAIN))?;
            trace!(step = progress.step, "submitted");
            progress.step += 1;
            progress.epoch_step += 1;
            self.collect(IN_FLIGHT, progress)?;
            if progress.sums.images > 0 {
                let seconds = started.elapsed().as_secs_f64();
                let report = StepReport {
                    epoch: progress.epoch + 1,
                    epoch_step: progress.epoch_step,
                    epoch_steps: job.epoch_steps,
                    step: progress.step,
                    total_steps: job.total_steps,
                    sums: progress.sums.clone(),
                    images_per_second: (progress.sums.images - before) as f64 / seconds,
                };
                self.observers.iter_mut().for_each(|observer| observer.step(&report));
            }
        }
        self.collect(0, progress)?;
        Ok(Stretch { seconds: started.elapsed().as_secs_f64(), is_stopped })
    }

    fn collect(&mut self, in_flight: usize, progress: &mut Progress) -> Result<(), TrainError> {
        for outcome in self.backend.collect(in_flight)? {
            let amounts = self.job.system.tally(&outcome);
            let is_one = |amount: Amount| amount.value().abs() <= f64::from(MOST);
            if let Some(&(what, amount)) = amounts.iter().find(|(_, amount)| !is_one(*amount)) {
                let mean = amount.value() / f64::from(outcome.images);
                return Err(TrainError::Sum { what, mean, step: outcome.step + 1, epoch: progress.epoch + 1 });
            }
            progress.sums.add(outcome.images, &amounts);
        }
        Ok(())
    }

    /// Sums over the validation records, of which there may be none; `None` at a stop.
    fn validate(&mut self) -> Result<Option<Sums>, TrainError> {
        let (range, stop, observers) = (self.job.validation(), self.stop, &mut *self.observers);
        let count = range.len();
        let progress = |done| {
            observers.iter_mut().for_each(|observer| observer.validating(done, count));
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        Ok(evaluate::evaluate(self.job.system, self.backend, self.records, range, progress, |_, _| {})?)
    }

    /// What the statistics find, where the system has any.
    fn observe(&mut self, progress: &Progress) -> Result<Option<Outcome>, TrainError> {
        let job = self.job;
        if self.backend.plan().position(List::STATISTICS).is_none() {
            return Ok(None);
        }
        let records: Vec<u32> = job.observed().map(|record| record as u32).collect();
        let mut gathered = Gathered::default();
        self.records.gather(progress.epoch, &records, &mut gathered);
        let rates = job.system.rates(progress.step, job.settings.batch);
        let (inputs, seed) = (gathered.inputs(), job.settings.seed);
        let images = records.len() as u32;
        let step = Step { seed, step: progress.step, images, rates: &rates, inputs: &inputs };
        self.backend.submit(List::STATISTICS, &step, job.system.repeats(List::STATISTICS))?;
        Ok(self.backend.collect(0)?.pop())
    }

    fn read(&mut self, params: &[Param], uploaded: &Weights, progress: &Progress) -> Result<Weights, TrainError> {
        let weights = download(params, uploaded, self.backend)?;
        for weight in &weights.0 {
            if let Some(&value) = weight.values.iter().find(|value| !(value.abs() <= MOST)) {
                return Err(TrainError::Weights { tensor: weight.name.clone(), value, step: progress.step });
            }
        }
        Ok(weights)
    }

    /// Adds the row of an epoch, or of the part of one with which the run ends, and saves.
    fn close(
        &mut self,
        done: Progress,
        seconds: f64,
        validation: &Sums,
        observed: Option<&Outcome>,
        weights: &Weights,
    ) -> Result<Progress, TrainError> {
        let job = self.job;
        let validation = Some(validation).filter(|sums| sums.images > 0);
        let readings = Readings { train: &done.sums, validation, observed, weights };
        let values = job.system.columns().into_iter().zip(job.system.row(&readings));
        let row = Row::new(done.epoch + 1, seconds, values, Some(done.step));
        let score = job.system.score().zip(validation).map(|(name, sums)| sums.get(name) as u64);
        let is_best = score.is_some_and(|score| done.best.is_none_or(|best| score < best.score));
        let mut progress = done;
        if progress.epoch_step == job.epoch_steps {
            let epoch = progress.epoch + 1;
            let best = score.filter(|_| is_best).map(|score| Best { epoch, score }).or(progress.best);
            progress = Progress { epoch, step: progress.step, best, ..Progress::start(job.system) };
        }
        self.store.save_row(job, weights, progress.clone(), &row, is_best)?;
        self.observers.iter_mut().for_each(|observer| observer.epoch(&row, weights));
        Ok(progress)
    }
}
