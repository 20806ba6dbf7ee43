//! What hebb computes, apart from where it is computed.
//!
//! Pure: no input or output, no GPU. Everything else in the workspace builds on it.

pub mod rng;
pub mod shape;

pub use shape::Shape;
