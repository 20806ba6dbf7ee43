//! Devices that answer late, or not at all.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;

use hebb_engine::run::Run;
use hebb_engine::trainer::Ending;
use hebb_reference::Reference;
use hebb_spec::backend::{Backend, BackendError, Batch, Outcome};
use hebb_spec::plan::{List, TensorId};

use crate::fixture::{EPOCH_STEPS, Notes, Place, epochs, job, record, resume, start, train};

/// The twins behind a queue: an outcome comes only when no more may be in flight.
struct Late {
    inner: Reference,
    held: VecDeque<Outcome>,
    most_held: usize,
    /// Submissions until it fails.
    left: u32,
}

impl Late {
    fn new(inner: Reference, left: u32) -> Self {
        Self { inner, held: VecDeque::new(), most_held: 0, left }
    }
}

impl Backend for Late {
    fn name(&self) -> String {
        "late".to_owned()
    }

    fn update_lanes(&self, list: List, call: usize) -> u32 {
        self.inner.update_lanes(list, call)
    }

    fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), BackendError> {
        self.inner.write(tensor, values)
    }

    fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, BackendError> {
        self.inner.read(tensor)
    }

    fn load(&mut self, batch: &Batch<'_>) -> Result<(), BackendError> {
        self.inner.load(batch)
    }

    fn call(&mut self, list: List, call: usize) -> Result<(), BackendError> {
        self.inner.call(list, call)
    }

    fn submit(&mut self, list: List, batch: &Batch<'_>) -> Result<(), BackendError> {
        self.left = self.left.checked_sub(1).ok_or("the device was lost")?;
        self.inner.submit(list, batch)?;
        self.held.extend(self.inner.collect(0)?);
        self.most_held = self.most_held.max(self.held.len());
        Ok(())
    }

    fn collect(&mut self, in_flight: usize) -> Result<Vec<Outcome>, BackendError> {
        let ready = self.held.len().saturating_sub(in_flight);
        Ok(self.held.drain(..ready).collect())
    }
}

#[test]
fn late_outcomes_are_waited_for_only_at_an_epochs_end() {
    let (prompt, late) = (Place::new(), Place::new());
    start(&prompt, epochs(3)).unwrap();
    let job = job(epochs(3));
    let mut run = Run::create(&late.path, false, &job, &record(), job.start().unwrap().weights).unwrap();
    let mut backend = Late::new(Reference::new(job.plan()), u32::MAX);
    let mut notes = Notes::default();
    train(&mut run, &job, &mut backend, &AtomicBool::new(false), &mut notes).unwrap();
    assert_eq!(late.bytes(), prompt.bytes());
    assert_eq!(backend.most_held, 3, "two in flight beside the newest");
    assert!(notes.reports.iter().all(|report| report.sums.images > 0 && report.images_per_second > 0.0));
}

#[test]
fn a_device_that_fails_anywhere_costs_at_most_the_epoch() {
    let whole = Place::new();
    start(&whole, epochs(2)).unwrap();
    // An epoch submits its steps, two batches of validation and the statistics.
    for left in 0..2 * (EPOCH_STEPS + 3) {
        let place = Place::new();
        let job = job(epochs(2));
        let mut run = Run::create(&place.path, false, &job, &record(), job.start().unwrap().weights).unwrap();
        let mut backend = Late::new(Reference::new(job.plan()), left);
        let error = train(&mut run, &job, &mut backend, &AtomicBool::new(false), &mut ()).unwrap_err();
        assert_eq!(error.to_string(), "the device failed: the device was lost");
        drop(run);
        assert_eq!(resume(&place, None).unwrap(), Ending::Finished);
        assert_eq!(place.bytes(), whole.bytes(), "after {left} submissions");
    }
}
