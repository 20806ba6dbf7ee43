//! hebb's plans on the processor: native vectors, every core, no driver.
//!
//! [`Cpu`] is a [`Runtime`](hebb_spec::backend::Runtime). Activity lies in blocks of sixteen images, and a block goes
//! through as much of a list as it can before the next one begins, so that what it computes stays in the cache. Which
//! sums there are, and in which order they are added, is fixed by the plan: the number of threads changes no byte.

// Indices that the compiler knows keep a tile's sums in registers; an iterator's do not always.
#![allow(clippy::needless_range_loop)]

mod backend;
mod form;
mod kernels;
mod level;
mod line;
mod memory;
mod needs;
mod probe;
mod runtime;

pub use kernels::{Winograd, WinogradError};
pub use level::{VARIABLE, Vectors, VectorsError};
pub use runtime::{Cpu, CpuError};
