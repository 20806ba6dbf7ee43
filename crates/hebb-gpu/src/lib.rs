//! Runs hebb's plans on any GPU that wgpu reaches.
//!
//! [`Gpu`] opens a device and is a [`Runtime`](hebb_spec::backend::Runtime). A [`Session`] makes a plan's buffers,
//! pipelines, bind groups and grids once and replays its lists. Knows nothing of training runs or files.

mod device;
mod error;
mod grid;
mod kernels;
mod limits;
mod lowering;
mod memory;
mod pace;
mod probe;
mod readback;
mod runtime;
mod session;
mod step;
mod variant;

pub use device::{AdapterSummary, Gpu, Pick, adapters};
pub use error::GpuError;
pub use session::Session;
