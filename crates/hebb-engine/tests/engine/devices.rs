//! Devices that answer late, or not at all.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;

use hebb_engine::trainer::Ending;
use hebb_spec::backend::{Backend, Error, Kernel, Outcome, Rounding, Step};
use hebb_spec::plan::{List, Plan, TensorId};

use crate::fixture::{EPOCH_STEPS, Notes, Place, create, epochs, processor, resume, start, train};

/// The processor behind a queue: an outcome comes only when no more may be in flight.
struct Late {
    inner: Box<dyn Backend>,
    held: VecDeque<Outcome>,
    most_held: usize,
    /// Submissions until it fails.
    left: u32,
}

impl Late {
    fn new(inner: Box<dyn Backend>, left: u32) -> Self {
        Self { inner, held: VecDeque::new(), most_held: 0, left }
    }
}

impl Backend for Late {
    fn plan(&self) -> &Plan {
        self.inner.plan()
    }

    fn kernels(&self) -> Vec<Kernel> {
        self.inner.kernels()
    }

    fn rounding(&self, list: List, call: usize) -> Rounding {
        self.inner.rounding(list, call)
    }

    fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), Error> {
        self.inner.write(tensor, values)
    }

    fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, Error> {
        self.inner.read(tensor)
    }

    fn load(&mut self, step: &Step<'_>) -> Result<(), Error> {
        self.inner.load(step)
    }

    fn call(&mut self, list: List, call: usize) -> Result<(), Error> {
        self.inner.call(list, call)
    }

    fn submit(&mut self, list: List, step: &Step<'_>, repeats: u32) -> Result<(), Error> {
        let lost = || Error::Failed { device: "the late one".to_owned(), reason: "it was lost".to_owned() };
        self.left = self.left.checked_sub(1).ok_or_else(lost)?;
        self.inner.submit(list, step, repeats)?;
        self.held.extend(self.inner.collect(0)?);
        self.most_held = self.most_held.max(self.held.len());
        Ok(())
    }

    fn collect(&mut self, in_flight: usize) -> Result<Vec<Outcome>, Error> {
        let ready = self.held.len().saturating_sub(in_flight);
        Ok(self.held.drain(..ready).collect())
    }

    fn intact(&mut self) -> Result<(), Error> {
        self.inner.intact()
    }
}

#[test]
fn late_outcomes_are_waited_for_only_at_an_epochs_end() {
    let (prompt, late) = (Place::new(), Place::new());
    start(&prompt, &epochs(3)).unwrap();
    let model = epochs(3).model();
    let job = epochs(3).job(&model);
    let mut run = create(&late, &job);
    let mut backend = Late::new(processor(&model, 4), u32::MAX);
    let mut notes = Notes::default();
    train(&job, &mut run, &mut backend, &AtomicBool::new(false), &mut [&mut notes]).unwrap();
    assert_eq!(late.bytes(), prompt.bytes());
    assert_eq!(backend.most_held, 3, "two in flight beside the newest");
    assert!(notes.reports.iter().all(|report| report.sums.images > 0 && report.images_per_second > 0.0));
}

#[test]
fn a_device_that_fails_anywhere_costs_at_most_the_epoch() {
    let whole = Place::new();
    start(&whole, &epochs(2)).unwrap();
    let model = epochs(2).model();
    let job = epochs(2).job(&model);
    // An epoch submits its steps, two batches of validation and the statistics.
    for left in 0..2 * (EPOCH_STEPS + 3) {
        let place = Place::new();
        let mut run = create(&place, &job);
        let mut backend = Late::new(processor(&model, 4), left);
        let error = train(&job, &mut run, &mut backend, &AtomicBool::new(false), &mut []).unwrap_err();
        assert_eq!(error.to_string(), "the late one failed: it was lost");
        drop(run);
        assert_eq!(resume(&place, None).unwrap(), Ending::Finished);
        assert_eq!(place.bytes(), whole.bytes(), "after {left} submissions");
    }
}
