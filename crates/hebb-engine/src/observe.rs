//! Who hears of a run's progress.

use hebb_spec::param::Weights;
use hebb_spec::system::Sums;

use crate::Row;

/// Hears of a run's progress; the default is not to listen.
pub trait Observer {
    /// A training step was submitted; its outcome may come some steps later.
    fn step(&mut self, _report: &StepReport) {}

    /// So many of the validation records are submitted.
    fn validating(&mut self, _done: usize, _of: usize) {}

    /// An epoch, or the part of one with which a run ends, was kept: its row, and the weights at its end.
    fn epoch(&mut self, _row: &Row, _weights: &Weights) {}

    /// Something worth knowing that is no error: one sentence.
    fn message(&mut self, _text: &str) {}
}

/// Listens to nothing.
impl Observer for () {}

/// Where a training is after a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// The epoch in progress, counted from 1.
    pub epoch: u32,
    /// Steps done of it.
    pub epoch_step: u32,
    /// Steps in an epoch.
    pub epoch_steps: u32,
    /// Steps done since the run's start.
    pub step: u32,
    /// Steps of the whole run.
    pub total_steps: u32,
    /// What the epoch's steps found so far.
    pub sums: Sums,
    /// Speed in this epoch, in images a second.
    pub images_per_second: f64,
}
