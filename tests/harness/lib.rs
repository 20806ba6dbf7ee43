//! What the parity and network tests share: the runtimes, one problem on any of them, and how a missing device shows.

pub mod problem;
pub mod runtimes;

pub use problem::{Case, Values};
pub use runtimes::{CPU, FORMS, Forced, GPU, LEVELS, REFERENCE, RUNTIMES, Tested, announce, devices};
