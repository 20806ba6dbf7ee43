//! Any system trained in memory.

use std::sync::atomic::AtomicBool;

use hebb_engine::job::Job;
use hebb_engine::observe::Observer;
use hebb_engine::records::Records;
use hebb_engine::settings::RunSettings;
use hebb_engine::store::Memory;
use hebb_engine::trainer::Trainer;
use hebb_spec::backend::{Options, Runtime};
use hebb_spec::system::System;

use crate::{Device, Result};

/// Trains any system on its records on a device: the weights and states at the end by name, and a row an epoch. The
/// settings' data and device are names alone here.
///
/// ```
/// use hebb::data::gaussian::gaussian;
/// use hebb::engine::settings::{Length, RunSettings};
/// use hebb::systems::hebbian::{Hebbian, Rule};
///
/// # fn main() -> hebb::Result<()> {
/// let sample = gaussian(&[4.0, 1.0, 0.5], 200, 1);
/// let oja = Hebbian::new(3, 1, Rule::OJA, 0.1);
/// let settings = RunSettings { batch: 20, validation: Some(0), length: Length::Epochs(10), ..RunSettings::default() };
/// let run = hebb::train(&oja, &sample, &hebb::Device::reference(), settings, &mut ())?;
/// let size: f32 = run.last.get("W1").unwrap_or_default().iter().map(|w| w * w).sum();
/// assert!((size - 1.0).abs() < 0.1);
/// assert_eq!(run.rows.len(), 10);
/// # Ok(())
/// # }
/// ```
pub fn train(
    system: &dyn System,
    records: &dyn Records,
    device: &Device,
    settings: RunSettings,
    observer: &mut impl Observer,
) -> Result<Memory> {
    let name = settings.data.clone();
    let job = Job::new(system, system.describe(), settings, (&name, records.count()))?;
    let mut backend = device.prepare(system.plan(job.settings.batch), &Options::default())?;
    let mut run = Memory::new(&job, job.start()?.weights);
    let stop = AtomicBool::new(false);
    let (backend, store, observers) = (&mut *backend, &mut run, &mut [observer as &mut dyn Observer]);
    Trainer { job: &job, records, backend, store, stop: &stop, observers }.train()?;
    Ok(run)
}
