//! Any system on any records: trained in memory, resumed in folders, each call beside its twin.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use hebb_engine::job::Job;
use hebb_engine::records::{Gathered, Records};
use hebb_engine::run::{Existing, Run};
use hebb_engine::settings::{Length, Record, RunSettings};
use hebb_engine::store::{Memory, Store};
use hebb_engine::trainer::Trainer;
use hebb_reference::check::{CallReport, CheckError, check_list};
use hebb_spec::Shape;
use hebb_spec::backend::{Options, Runtime, Step};
use hebb_spec::param::Weights;
use hebb_spec::plan::List;
use hebb_spec::settings::Table;
use hebb_spec::system::System;

/// Any error as a text.
pub fn text(error: impl ToString) -> String {
    error.to_string()
}

/// A system, its records, and how a run goes.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// What learns.
    pub system: &'a dyn System,
    /// From what.
    pub records: &'a dyn Records,
    /// Records in a batch.
    pub batch: u32,
    /// Records kept for validation.
    pub validation: usize,
}

impl Setup<'_> {
    fn job(&self, length: Length) -> Result<Job<'_>, String> {
        let (batch, validation) = (self.batch, Some(self.validation));
        let settings = RunSettings { data: "vectors".to_owned(), validation, length, batch, ..RunSettings::default() };
        Job::new(self.system, Table::default(), settings, ("vectors", self.records.count())).map_err(text)
    }

    fn train(&self, runtime: &dyn Runtime, job: &Job<'_>, store: &mut dyn Store) -> Result<(), String> {
        let mut backend = runtime.prepare(self.system.plan(self.batch), &Options::default()).map_err(text)?;
        let (records, stop) = (self.records, AtomicBool::new(false));
        let trainer = Trainer { job, records, backend: &mut *backend, store, stop: &stop, observers: &mut [] };
        trainer.train().map(|_| ()).map_err(text)
    }

    /// Trained in memory from a start.
    pub fn from(&self, runtime: &dyn Runtime, length: Length, start: Weights) -> Result<Memory, String> {
        let job = self.job(length)?;
        let mut run = Memory::new(&job, start);
        self.train(runtime, &job, &mut run)?;
        Ok(run)
    }

    /// Trained in memory from a random start.
    pub fn trained(&self, runtime: &dyn Runtime, length: Length, seed: u64) -> Result<Memory, String> {
        self.from(runtime, length, Weights::draw(&self.system.params(), seed))
    }

    /// Whether a run that ended after `first` steps goes on to `all` of them as one that did not end, to the byte.
    pub fn resumes(&self, runtime: &dyn Runtime, first: u32, all: u32) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(text)?;
        let record = Record::new(Shape::flat(1), 0, runtime.name(), Vec::new());
        let create = |path: &Path, job: &Job<'_>| {
            Run::create(path, false, job, &record, Weights::draw(&self.system.params(), 1)).map_err(text)
        };
        let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
        let (long, short) = (self.job(Length::Steps(all))?, self.job(Length::Steps(first))?);
        self.train(runtime, &long, &mut create(&whole, &long)?)?;
        self.train(runtime, &short, &mut create(&parts, &short)?)?;
        let mut run = Existing::open(&parts).map_err(text)?.resume(&long, &record).map_err(text)?;
        self.train(runtime, &long, &mut run)?;
        drop(run);
        let read = |path: &Path, name| std::fs::read(path.join(name)).map_err(text);
        if read(&whole, "last.safetensors")? != read(&parts, "last.safetensors")? {
            return Err("the checkpoints differ".to_owned());
        }
        let rows = |path: &Path| -> Result<Vec<String>, String> {
            let file = String::from_utf8(read(path, "metrics.csv")?).map_err(text)?;
            // The second column is the time it took.
            let without_time = |line: &str| -> String {
                line.split(',').enumerate().filter(|(at, _)| *at != 1).map(|(_, field)| format!("{field},")).collect()
            };
            Ok(file.lines().map(without_time).collect())
        };
        let (one, other) = (rows(&whole)?, rows(&parts)?);
        if one != other || one.len() < 2 {
            return Err(format!("the rows differ: {one:?} {other:?}"));
        }
        // A control: a run of other steps is another.
        let other = folder.path().join("other");
        self.train(runtime, &short, &mut create(&other, &short)?)?;
        match read(&other, "last.safetensors")? == read(&whole, "last.safetensors")? {
            true => Err("steps leave no trace".to_owned()),
            false => Ok(()),
        }
    }

    /// Each call of each list beside its twin, on a batch that is not full.
    pub fn each_call(&self, runtime: &dyn Runtime) -> Result<(), String> {
        let plan = self.system.plan(self.batch);
        let mut backend = runtime.prepare(plan.clone(), &Options::default()).map_err(text)?;
        let weights = Weights::draw(&self.system.params(), 1);
        hebb_engine::weights::upload(&weights, &mut *backend).map_err(text)?;
        let images = (self.batch - 1).max(1);
        let (indices, mut gathered) = ((0..images).collect::<Vec<u32>>(), Gathered::default());
        self.records.gather(0, &indices, &mut gathered);
        let (rates, inputs) = (self.system.rates(0, self.batch), gathered.inputs());
        let mut failed = Vec::new();
        // Weights that start as 0 have learned something by the second step.
        for (list, step) in [(List::TRAIN, 0), (List::TRAIN, 1), (List::EVALUATE, 2), (List::STATISTICS, 3)] {
            if plan.position(list).is_none() {
                continue;
            }
            let step = Step { seed: 1, step, images, rates: &rates, inputs: &inputs };
            check_list(&mut *backend, &plan, list, &step, |report: CallReport| -> Result<(), CheckError> {
                if !report.ok {
                    failed.push(format!("{report:?}"));
                }
                Ok(())
            })
            .map_err(text)?;
        }
        if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
    }
}
