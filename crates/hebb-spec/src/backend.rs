//! The seam between the engine and whatever computes: a device, the twins, or another backend to come.

use std::error::Error;

use crate::plan::{List, TensorId};

/// One batch as the host has it.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Pictures, one after another: channel, row, column. At most the plan's batch; none for a list without pictures.
    pub images: &'a [u8],
    /// Their labels.
    pub labels: &'a [u16],
    /// Where in the run the batch stands: addresses the dropout masks.
    pub step: u32,
    /// The run's seed.
    pub seed: u64,
}

/// What the loss kernel found for one batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The batch's step.
    pub step: u32,
    /// Pictures in the batch.
    pub images: u32,
    /// Sum of their losses.
    pub loss: f32,
    /// Pictures taken for another class.
    pub errors: u32,
}

/// Any failure of a backend: its own error type, as text for people.
pub type BackendError = Box<dyn Error + Send + Sync>;

/// Something that holds a plan's tensors and runs its calls.
pub trait Backend {
    /// Name of the device, for run records.
    fn name(&self) -> String;

    /// Lanes that share one sum in `connect_update`, for the error bound; 1 where a sum runs straight through.
    fn update_lanes(&self, list: List, call: usize) -> u32;

    /// Writes a whole tensor of floats.
    fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), BackendError>;

    /// Reads a whole tensor of floats, after all that was submitted.
    fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, BackendError>;

    /// Makes a batch the input of the calls that follow.
    fn load(&mut self, batch: &Batch<'_>) -> Result<(), BackendError>;

    /// Runs one call of a list on the loaded batch.
    fn call(&mut self, list: List, call: usize) -> Result<(), BackendError>;

    /// Runs a whole list on a batch, without waiting. Training and evaluation add one outcome, statistics none.
    fn submit(&mut self, list: List, batch: &Batch<'_>) -> Result<(), BackendError>;

    /// Waits until at most `in_flight` submissions are unfinished; the outcomes since the last call, in order.
    fn collect(&mut self, in_flight: usize) -> Result<Vec<Outcome>, BackendError>;
}
