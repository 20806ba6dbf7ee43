//! Trains a run to its end, to a stop, or to an error.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use hebb_data::Dataset;
use hebb_spec::backend::{Backend, BackendError, Batch};
use hebb_spec::plan::{List, Plan};

use crate::Row;
use crate::evaluate::{self, EvaluateError, IN_FLIGHT};
use crate::job::Job;
use crate::metadata::{Best, Progress, Sums};
use crate::observe::{Observer, StepReport};
use crate::run::{Run, RunError};
use crate::statistics::{self, Statistic};
use crate::weights::{Fixed, Weights};

/// How a training ended without an error. Either way the run's folder holds all that it did.
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
    /// A loss that is no finite number.
    #[error(
        "the loss of step {step} (epoch {epoch}) is not finite: the weights ran away, \
         start again (--overwrite) with a --lr below {lr:?}"
    )]
    Loss {
        /// The step, counted from 1.
        step: u32,
        /// Its epoch, counted from 1.
        epoch: u32,
        /// The learning rate.
        lr: f32,
    },
    /// Weights that are no finite numbers.
    #[error(
        "{tensor} is not finite after step {step}: the weights ran away, start again (--overwrite) with a --lr below {lr:?}"
    )]
    Weights {
        /// The tensor.
        tensor: String,
        /// Steps done.
        step: u32,
        /// The learning rate.
        lr: f32,
    },
    /// The device failed in a training step.
    #[error("the device failed: {0}")]
    Device(BackendError),
    /// The validation failed.
    #[error(transparent)]
    Validation(#[from] EvaluateError),
    /// The run's folder failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// All that a training needs.
pub struct Trainer<'a> {
    /// What to do.
    pub job: &'a Job,
    /// The job's plan.
    pub plan: &'a Plan,
    /// The job's data.
    pub data: &'a Dataset,
    /// What computes it: made from the plan.
    pub backend: &'a mut dyn Backend,
    /// The run's folder.
    pub run: &'a mut Run,
    /// Set from anywhere to stop after the step at hand.
    pub stop: &'a AtomicBool,
    /// Who hears of it.
    pub observer: &'a mut dyn Observer,
}

/// An epoch's training, or the rest of one.
struct Stretch {
    seconds: f64,
    is_stopped: bool,
}

impl Trainer<'_> {
    /// Trains from where the run stands.
    ///
    /// A step's number, which addresses its dropout masks, is the number of steps done before it, from 0; an epoch's,
    /// which addresses its order, the number of epochs done before it.
    pub fn train(mut self) -> Result<Ending, TrainError> {
        for message in std::mem::take(&mut self.run.messages) {
            self.observer.message(&message);
        }
        let weights = std::mem::replace(&mut self.run.weights, Weights { layers: Vec::new() });
        weights.upload(&self.job.model, self.plan, self.backend).map_err(TrainError::Device)?;
        let fixed = weights.fixed();
        drop(weights);
        let mut progress = self.run.progress();
        // Steps that end within an epoch have a row too, which a resume takes back and may have to give again.
        while progress.step < self.job.total_steps || progress.epoch_step > 0 {
            let stretch = self.steps(&mut progress)?;
            let validation = if stretch.is_stopped { None } else { self.validate()? };
            // These come first: they leave R as the next step will use it, and so as a checkpoint must hold it.
            let statistics = self.observe(progress, &fixed)?;
            let weights = self.download(progress, &fixed)?;
            let Some(validation) = validation else {
                self.run.save(self.job, &weights, progress)?;
                return Ok(Ending::Interrupted);
            };
            progress = self.close(progress, stretch.seconds, validation, statistics, &weights)?;
            if progress.step >= self.job.total_steps {
                break;
            }
        }
        Ok(Ending::Finished)
    }

    /// Trains to the epoch's or the run's end, or to a stop.
    fn steps(&mut self, progress: &mut Progress) -> Result<Stretch, TrainError> {
        let job = self.job;
        let (train, batch) = (&self.data.train, job.settings.batch as usize);
        let order = job.order(progress.epoch);
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        let (started, before) = (Instant::now(), progress.sums.images);
        let mut is_stopped = false;
        while progress.epoch_step < job.epoch_steps && progress.step < job.total_steps {
            if self.stop.load(Ordering::Relaxed) {
                is_stopped = true;
                break;
            }
            let records = &order[progress.epoch_step as usize * batch..][..batch];
            train.copy_records(records, &mut images);
            labels.clear();
            labels.extend(records.iter().map(|&record| train.labels()[record as usize]));
            let batch = Batch { images: &images, labels: &labels, step: progress.step, seed: job.settings.seed };
            self.backend.submit(List::Train, &batch).map_err(TrainError::Device)?;
            progress.step += 1;
            progress.epoch_step += 1;
            self.collect(IN_FLIGHT, progress)?;
            if progress.sums.images > 0 {
                self.observer.step(&StepReport {
                    epoch: progress.epoch + 1,
                    epoch_step: progress.epoch_step,
                    epoch_steps: job.epoch_steps,
                    step: progress.step,
                    total_steps: job.total_steps,
                    sums: progress.sums,
                    images_per_second: (progress.sums.images - before) as f64 / started.elapsed().as_secs_f64(),
                });
            }
        }
        self.collect(0, progress)?;
        Ok(Stretch { seconds: started.elapsed().as_secs_f64(), is_stopped })
    }

    fn collect(&mut self, in_flight: usize, progress: &mut Progress) -> Result<(), TrainError> {
        for outcome in self.backend.collect(in_flight).map_err(TrainError::Device)? {
            if !outcome.loss.is_finite() {
                let (step, epoch, lr) = (outcome.step + 1, progress.epoch + 1, self.job.settings.lr);
                return Err(TrainError::Loss { step, epoch, lr });
            }
            progress.sums.add(&outcome);
        }
        Ok(())
    }

    /// Sums over the validation records, of which there may be none; `None` at a stop.
    fn validate(&mut self) -> Result<Option<Sums>, TrainError> {
        let (range, stop) = (self.job.validation(), self.stop);
        let (count, observer) = (range.len(), &mut *self.observer);
        let sums = evaluate::evaluate(self.backend, self.plan, &self.data.train, range, |done| {
            observer.validating(done, count);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(sums)
    }

    fn observe(&mut self, progress: Progress, fixed: &[Arc<Fixed>]) -> Result<Vec<Statistic>, TrainError> {
        let (job, train, records) = (self.job, &self.data.train, self.job.observed());
        let picture = train.images().len() / train.len();
        let images = &train.images()[records.start * picture..records.end * picture];
        let (step, seed) = (progress.step, job.settings.seed);
        let batch = Batch { images, labels: &train.labels()[records], step, seed };
        statistics::observe(&job.model, self.plan, self.backend, &batch, fixed).map_err(TrainError::Device)
    }

    fn download(&mut self, progress: Progress, fixed: &[Arc<Fixed>]) -> Result<Weights, TrainError> {
        let model = &self.job.model;
        let weights = Weights::download(model, self.plan, self.backend, fixed).map_err(TrainError::Device)?;
        match weights.not_finite() {
            Some(tensor) => Err(TrainError::Weights { tensor, step: progress.step, lr: self.job.settings.lr }),
            None => Ok(weights),
        }
    }

    /// Adds the row of an epoch, or of the part of one with which the run ends, and saves.
    fn close(
        &mut self,
        done: Progress,
        seconds: f64,
        validation: Sums,
        statistics: Vec<Statistic>,
        weights: &Weights,
    ) -> Result<Progress, TrainError> {
        let job = self.job;
        let is_validated = validation.images > 0;
        let row = Row {
            epoch: done.epoch + 1,
            seconds,
            train_loss: done.sums.mean_loss(),
            train_error: done.sums.error(),
            validation: is_validated.then(|| (validation.mean_loss(), validation.error())),
            statistics,
        };
        let is_best = is_validated && done.best.is_none_or(|best| validation.wrong < best.wrong);
        let mut progress = done;
        if done.epoch_step == job.epoch_steps {
            let epoch = done.epoch + 1;
            let best = if is_best { Some(Best { epoch, wrong: validation.wrong }) } else { done.best };
            progress = Progress { epoch, step: done.step, epoch_step: 0, sums: Sums::default(), best };
        }
        self.run.save_row(job, weights, progress, &row, is_best)?;
        self.observer.row(&row);
        Ok(progress)
    }
}
