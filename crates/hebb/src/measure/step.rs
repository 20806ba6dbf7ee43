//! Whole training steps, the host's part included.

use std::time::Instant;

use hebb_reference::sample::batch_of;
use hebb_spec::backend::{Numbers, Options, Runtime, Step};
use hebb_spec::plan::List;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::system::System;
use hebb_systems::layered::Model;
use serde::Serialize;

use super::{MeasureError, seconds};
use crate::Device;

/// Images of the data set that batches are drawn from, at most.
const IMAGES: u32 = 5000;
/// And their bytes, about.
const BYTES: u32 = 1 << 26;
/// Submissions left unfinished while the next is prepared, as in a training.
const IN_FLIGHT: usize = 2;

/// A model's step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepTime {
    /// Images in a batch.
    pub batch: u32,
    /// Milliseconds.
    pub ms: f64,
    /// Images a second.
    pub images_per_second: f64,
    /// Thousand million operations a second.
    pub gflops: f64,
}

/// Times the steps of a model on random images, from weights that are 0. Where they take longer than some `patience` in
/// seconds, they are measured less often.
pub fn step(
    device: &Device,
    options: &Options,
    model: &Model,
    batch: u32,
    patience: f64,
) -> Result<StepTime, MeasureError> {
    let plan = model.plan(batch);
    let flops = plan.list(List::TRAIN).iter().fold(0, |sum: u64, call| sum.saturating_add(call.problem.flops()));
    let mut backend = device.prepare(plan, options)?;
    let (input, classes) = (model.network.input, model.network.classes);
    let images = (BYTES / input.units().max(1)).clamp(1, IMAGES);
    let (set, labels_of) = batch_of(input, classes, images, 1);
    let order = Stream::new(1, Purpose::Shuffle, 0, 0).permutation(images);
    let mut order = order.into_iter().cycle().map(|at| at as usize);
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    let (units, mut number) = (input.units() as usize, 0);
    let seconds = seconds(patience, |times| {
        let start = Instant::now();
        for _ in 0..times {
            pixels.clear();
            labels.clear();
            for at in order.by_ref().take(batch as usize) {
                pixels.extend_from_slice(&set[at * units..][..units]);
                labels.push(labels_of[at]);
            }
            let inputs = [("images", Numbers::Bytes(&pixels)), ("labels", Numbers::Classes(&labels))];
            let rates = model.rates(number, batch);
            let step = Step { seed: 1, step: number, images: batch, rates: &rates, inputs: &inputs };
            backend.submit(List::TRAIN, &step, 1)?;
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
