//! Runs hebb's plans on any GPU that wgpu reaches.
//!
//! [`Gpu`] opens a device, [`Session`] makes a plan's buffers, pipelines, bind groups and grids once and replays its
//! lists. Knows nothing of training runs or files.

mod device;
mod error;
mod grid;
mod kernels;
mod readback;
mod ready;
mod session;
mod variant;

pub use device::{AdapterSummary, Gpu, Pick, adapters};
pub use error::GpuError;
pub use session::{Options, Session};
