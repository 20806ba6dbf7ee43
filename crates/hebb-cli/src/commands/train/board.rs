//! What TensorBoard sees of a training.

use anyhow::Result;
use hebb::Device;
use hebb_data::Dataset;
use hebb_engine::job::Job;
use hebb_engine::run::Run;
use hebb_lab::tensorboard::{Board, Deltas};
use hebb_spec::backend::Options;
use hebb_spec::system::System;
use hebb_systems::layered::Model;

use crate::device;
use crate::output;

/// The images whose δ are shown: the first of those for validation; where none are, the first of all.
const IMAGES: usize = 100;

/// A network beside the training, whose δ are shown.
pub fn deltas<'a>(device: &Device, model: &Model, job: &Job<'_>, data: &'a Dataset) -> Result<Deltas<'a>> {
    let (first, count) = if job.validation > 0 { (job.records, job.validation) } else { (0, job.records) };
    let range = first..first + count.min(IMAGES);
    device::fits(device, &model.plan(range.len() as u32), &Options::default())?;
    Ok(Deltas::new(device, model, &data.train, range)?)
}

/// Goes on with what a run has for TensorBoard, or begins it.
pub fn resume<'a>(run: &Run, model: &Model, job: &Job<'_>, deltas: Deltas<'a>) -> Result<Board<'a>> {
    let (board, message) = Board::resume(run.path(), model, job.epoch_steps, deltas, run.rows())?;
    message.iter().for_each(|message| output::note(message));
    Ok(board)
}
