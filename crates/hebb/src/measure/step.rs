//! Whole training steps, the host's part included.

use std::time::Instant;

use hebb_data::Split;
use hebb_engine::records::{Gathered, Records};
use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::{Options, Runtime, Step};
use hebb_spec::plan::List;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::system::System;
use serde::Serialize;

use super::{MeasureError, seconds};
use crate::Device;

/// Images of the data set that batches are drawn from, at most.
const IMAGES: u32 = 5000;
/// And their bytes, about.
const BYTES: u32 = 1 << 26;
/// Submissions left unfinished while the next is prepared, as in a training.
const IN_FLIGHT: usize = 2;

/// A system's step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepTime {
    /// Records in a batch.
    pub batch: u32,
    /// Milliseconds.
    pub ms: f64,
    /// Records a second.
    pub images_per_second: f64,
    /// Thousand million operations a second.
    pub gflops: f64,
}

/// Random images to time steps on.
pub fn random_images(shape: Shape, classes: u32) -> Result<Split, MeasureError> {
    let count = (BYTES / shape.units().max(1)).clamp(1, IMAGES);
    let (pixels, labels) = batch_of(shape, classes, count, 1);
    Ok(Split::new(shape, pixels, labels)?)
}

/// Times the steps of a system on its records, from weights that are 0. Where they take longer than some `patience` in
/// seconds, they are measured less often.
pub fn step(
    device: &Device,
    options: &Options,
    (system, records): (&dyn System, &dyn Records),
    batch: u32,
    patience: f64,
) -> Result<StepTime, MeasureError> {
    let (plan, repeats) = (system.plan(batch), system.repeats(List::TRAIN));
    let flops = plan.list(List::TRAIN).iter().fold(0, |sum: u64, call| sum.saturating_add(call.problem.flops()));
    let flops = flops.saturating_mul(repeats.into());
    let mut backend = device.prepare(plan, options)?;
    let order = Stream::new(1, Purpose::Shuffle, 0, 0).permutation(records.count() as u32);
    let mut order = order.into_iter().cycle();
    let (mut gathered, mut number) = (Gathered::default(), 0);
    let seconds = seconds(patience, |times| {
        let start = Instant::now();
        for _ in 0..times {
            let indices: Vec<u32> = order.by_ref().take(batch as usize).collect();
            records.gather(0, &indices, &mut gathered);
            let (inputs, rates) = (gathered.inputs(), system.rates(number, batch));
            let step = Step { seed: 1, step: number, images: batch, rates: &rates, inputs: &inputs };
            backend.submit(List::TRAIN, &step, repeats)?;
            backend.collect(IN_FLIGHT)?;
            number += 1;
        }
        backend.collect(0)?;
        Ok::<f64, MeasureError>(start.elapsed().as_secs_f64())
    })?;
    Ok(StepTime {
        batch,
        ms: seconds * 1e3,
        images_per_second: f64::from(batch) / seconds,
        gflops: flops as f64 / seconds / 1e9,
    })
}
