//! Counts a network's errors on pictures.

use std::ops::{ControlFlow, Range};

use hebb_data::Split;
use hebb_spec::backend::{Backend, BackendError, Batch};
use hebb_spec::plan::{List, Plan, Role};

use crate::metadata::Sums;

/// Submissions left unfinished while the next is prepared.
pub(crate) const IN_FLIGHT: usize = 2;

/// An evaluation that failed.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(BackendError),
    /// The device answered with something that is no class.
    #[error("the device took a picture for class {prediction} of {classes}: run `hebb verify` on it")]
    Prediction {
        /// What it answered.
        prediction: f32,
        /// Number of classes.
        classes: usize,
    },
}

/// How often pictures of each class were taken for each class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<u64>,
}

impl Confusion {
    fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Each class's row: how often its pictures were taken for class 0, 1, ….
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks(self.classes.max(1))
    }

    fn add(&mut self, label: u16, prediction: f32) -> Result<(), EvaluateError> {
        let (classes, class) = (self.classes, prediction as usize);
        if class as f32 != prediction || class >= classes {
            return Err(EvaluateError::Prediction { prediction, classes });
        }
        self.counts[usize::from(label) * classes + class] += 1;
        Ok(())
    }
}

/// Evaluates the pictures at `range`, in batches of the plan's size, the last one smaller. `progress` hears how many
/// are submitted and may break off: then there is no result.
pub fn evaluate(
    backend: &mut dyn Backend,
    plan: &Plan,
    split: &Split,
    range: Range<usize>,
    mut progress: impl FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Sums>, EvaluateError> {
    let mut sums = Sums::default();
    for (done, step, batch) in batches(plan, split, range) {
        if progress(done).is_break() {
            backend.collect(0).map_err(EvaluateError::Device)?;
            return Ok(None);
        }
        submit(backend, split, step, batch, IN_FLIGHT, &mut sums)?;
    }
    collect(backend, 0, &mut sums)?;
    Ok(Some(sums))
}

/// Evaluates the pictures at `range` and notes what each was taken for. `progress` hears how many are done.
pub fn confusion(
    backend: &mut dyn Backend,
    plan: &Plan,
    split: &Split,
    range: Range<usize>,
    classes: u32,
    mut progress: impl FnMut(usize),
) -> Result<(Sums, Confusion), EvaluateError> {
    let (mut sums, mut confusion) = (Sums::default(), Confusion::new(classes as usize));
    let id = plan.find(Role::Predictions);
    for (done, step, batch) in batches(plan, split, range) {
        progress(done);
        submit(backend, split, step, batch.clone(), 0, &mut sums)?;
        let predictions = id.map_or(Ok(Vec::new()), |id| backend.read(id)).map_err(EvaluateError::Device)?;
        for (&label, &prediction) in split.labels()[batch].iter().zip(&predictions) {
            confusion.add(label, prediction)?;
        }
    }
    Ok((sums, confusion))
}

/// The batches of a range: pictures before each, its number, its records.
fn batches(plan: &Plan, split: &Split, range: Range<usize>) -> impl Iterator<Item = (usize, u32, Range<usize>)> {
    let (size, end) = (plan.batch as usize, range.end.min(split.len()));
    let first = range.start;
    (0..).zip((first..end).step_by(size)).map(move |(step, at)| (at - first, step, at..(at + size).min(end)))
}

fn submit(
    backend: &mut dyn Backend,
    split: &Split,
    step: u32,
    records: Range<usize>,
    in_flight: usize,
    sums: &mut Sums,
) -> Result<(), EvaluateError> {
    let record = split.images().len() / split.len();
    let images = &split.images()[records.start * record..records.end * record];
    // Nothing in an evaluation is random: the seed does not matter.
    let batch = Batch { images, labels: &split.labels()[records], step, seed: 0 };
    backend.submit(List::Evaluate, &batch).map_err(EvaluateError::Device)?;
    collect(backend, in_flight, sums)
}

fn collect(backend: &mut dyn Backend, in_flight: usize, sums: &mut Sums) -> Result<(), EvaluateError> {
    for outcome in backend.collect(in_flight).map_err(EvaluateError::Device)? {
        sums.add(&outcome);
    }
    Ok(())
}
