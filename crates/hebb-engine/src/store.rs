//! Where a run keeps what it did: its folder, or memory.

use hebb_spec::param::Weights;

use crate::Row;
use crate::job::Job;
use crate::metadata::Progress;
use crate::run_folder::RunError;

/// Keeps a run: its weights and progress, and a row an epoch.
pub trait Store {
    /// How far the run is.
    fn progress(&self) -> &Progress;

    /// The weights with which a training begins, or goes on where one ended. Takes back what steps that ended within an
    /// epoch left: more of them give it again.
    fn begin(&mut self) -> Result<Weights, RunError>;

    /// What is worth saying about it. Given once.
    fn take_messages(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Keeps the state of a run that stops within an epoch.
    fn save(&mut self, job: &Job<'_>, weights: &Weights, progress: Progress) -> Result<(), RunError>;

    /// Keeps a row and the state at its end; `is_best`: no epoch before had a lower score.
    fn save_row(
        &mut self,
        job: &Job<'_>,
        weights: &Weights,
        progress: Progress,
        row: &Row,
        is_best: bool,
    ) -> Result<(), RunError>;
}

/// A run that leaves no file.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    /// How far it is.
    pub progress: Progress,
    /// The newest weights.
    pub last: Weights,
    /// The best weights; none without validation.
    pub best: Option<Weights>,
    /// A row an epoch.
    pub rows: Vec<Row>,
    /// The best weights of whole epochs.
    best_of_epochs: Option<Weights>,
}

impl Memory {
    /// A run at its start.
    pub fn new(job: &Job<'_>, start: Weights) -> Self {
        Self { progress: Progress::start(job.system), last: start, best: None, rows: Vec::new(), best_of_epochs: None }
    }
}

impl Store for Memory {
    fn progress(&self) -> &Progress {
        &self.progress
    }

    fn begin(&mut self) -> Result<Weights, RunError> {
        self.rows.truncate(self.progress.epoch as usize);
        self.best.clone_from(&self.best_of_epochs);
        Ok(self.last.clone())
    }

    fn save(&mut self, _job: &Job<'_>, weights: &Weights, progress: Progress) -> Result<(), RunError> {
        (self.last, self.progress) = (weights.clone(), progress);
        Ok(())
    }

    fn save_row(
        &mut self,
        job: &Job<'_>,
        weights: &Weights,
        progress: Progress,
        row: &Row,
        is_best: bool,
    ) -> Result<(), RunError> {
        if is_best {
            self.best = Some(weights.clone());
        }
        if progress.epoch_step == 0 {
            self.best_of_epochs.clone_from(&self.best);
        }
        self.rows.push(row.clone());
        self.save(job, weights, progress)
    }
}
