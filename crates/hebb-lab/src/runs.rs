//! The runs behind a figure: a system that the engine trains, kept in memory.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use hebb_engine::Row;
use hebb_engine::evaluate::evaluate;
use hebb_engine::job::Job;
use hebb_engine::observe::Observer;
use hebb_engine::records::Records;
use hebb_engine::settings::{Length, RunSettings};
use hebb_engine::store::Memory;
use hebb_engine::trainer::Trainer;
use hebb_engine::weights::upload;
use hebb_spec::backend::{Options, Runtime};
use hebb_spec::param::Weights;
use hebb_spec::system::{Sums, System};

use crate::error::LabError;

/// Epochs by which the time of one is taken.
const TIMED: u32 = 5;

/// A run to be done.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// What computes it.
    pub runtime: &'a dyn Runtime,
    /// What learns.
    pub system: &'a dyn System,
    /// From what, all of it.
    pub records: &'a dyn Records,
    /// What the records are called.
    pub data: &'static str,
    /// Records in a batch; all of them: an epoch is a step.
    pub batch: u32,
    /// How often it goes through the records.
    pub epochs: u32,
    /// Seed of the start and of the order.
    pub seed: u64,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// What its system's amounts were before the first step.
    pub first: Sums,
    /// A row an epoch.
    pub rows: Vec<Row>,
    /// The weights at its end.
    pub end: Weights,
}

/// Hears of each epoch.
struct Each<'a>(&'a mut dyn FnMut(u32, &Weights));

impl Observer for Each<'_> {
    fn epoch(&mut self, row: &Row, weights: &Weights) {
        (self.0)(row.epoch, weights);
    }
}

impl Run<'_> {
    /// The start that it draws by itself.
    pub fn start(&self) -> Weights {
        Weights::draw(&self.system.params(), self.seed)
    }

    /// Trains from `start`; `each` sees the weights after each epoch, counted from 1, and those of the start as of epoch 0.
    pub fn train(&self, start: Weights, each: &mut dyn FnMut(u32, &Weights)) -> Result<Ran, LabError> {
        let settings = RunSettings {
            data: self.data.to_owned(),
            validation: Some(0),
            length: Length::Epochs(self.epochs),
            batch: self.batch,
            seed: self.seed,
            ..RunSettings::default()
        };
        let count = self.records.count();
        let job = Job::new(self.system, self.system.describe(), settings, (self.data, count))?;
        let mut backend = self.runtime.prepare(self.system.plan(self.batch), &Options::default())?;
        let backend = &mut *backend;
        upload(&start, backend)?;
        let go_on = |_| std::ops::ControlFlow::Continue(());
        let first = evaluate(self.system, backend, self.records, 0..count, go_on, |_, _| {})?.unwrap_or_default();
        each(0, &start);
        let (mut store, stop, mut each) = (Memory::new(&job, start), AtomicBool::new(false), Each(each));
        let observers: &mut [&mut dyn Observer] = &mut [&mut each];
        Trainer { job: &job, records: self.records, backend, store: &mut store, stop: &stop, observers }.train()?;
        Ok(Ran { first, rows: store.rows, end: store.last })
    }

    /// Seconds that an epoch takes.
    pub fn seconds(&self) -> Result<f64, LabError> {
        let (begun, short) = (Instant::now(), Run { epochs: TIMED, ..*self });
        short.train(short.start(), &mut |_, _| {})?;
        Ok(begun.elapsed().as_secs_f64() / f64::from(TIMED))
    }
}
