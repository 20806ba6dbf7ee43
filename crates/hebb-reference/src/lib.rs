//! The kernels' twins: what each kernel computes, in plain loops, beside its shader of the same name.
//!
//! A twin is generic over [`Real`]: in f32 it stands in for the device ([`Twins`]), in f64 it is the [`oracle`] that
//! every device is measured by. Twins are read, not tuned: speed lives elsewhere.

pub mod backend;
pub mod check;
pub mod compare;
pub mod compete;
pub mod connect_apply;
pub mod connect_feedback;
pub mod connect_forward;
pub mod connect_update;
pub mod data;
pub mod decay;
pub mod difference;
pub mod dropout;
pub mod gather_images;
mod geometry;
pub mod integrate;
pub mod loss;
pub mod nudge;
pub mod oracle;
mod oracle_decay;
mod oracle_exponentials;
mod oracle_loss;
mod oracle_transfer;
mod oracle_winograd;
pub mod pair_statistics;
mod polynomials;
pub mod pool_feedback;
pub mod pool_forward;
pub mod real;
pub mod record;
mod run;
pub mod sample;
pub mod saturation;
pub mod sign_feedback;
mod step;
pub mod store;
pub mod sum_feedback;
pub mod sum_forward;
pub mod target_delta;
pub mod transfer;
pub mod transfer_error;
pub mod transfer_feedback;
mod winograd;

pub use backend::{Reference, Twins};
pub use compare::{Comparison, compare};
pub use data::{Packed, Tensors};
pub use oracle::{Expected, expect};
pub use real::Real;
pub use run::{TwinError, outputs};
pub use step::TwinStep;
pub use store::TwinMemory;
