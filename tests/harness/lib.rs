//! What the parity and network tests share: a device, one problem on it, and how a missing device shows.

pub mod device;
pub mod problem;

pub use device::{gpu, trial};
pub use problem::{Case, Values};
