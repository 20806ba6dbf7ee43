//! The machine that hebb computes on, apart from what learns on it and from where it is computed.
//!
//! A [`system::System`] gives a [`plan::Plan`]: tensors with a [`layout`], and named lists of calls, each a kernel
//! [`problem`] with its tensors. A [`backend::Runtime`] makes a plan ready on a device. Nothing here knows a network, a
//! rule or a file. Pure: no input or output, no GPU. Everything else in the workspace builds on it.

pub mod backend;
pub mod builder;
mod choice;
pub mod connection;
pub mod lane4;
pub mod layout;
pub mod learning;
mod memory;
pub mod operand;
pub mod param;
pub mod plan;
pub mod pool;
pub mod problem;
pub mod request;
pub mod rng;
pub mod room;
pub mod settings;
pub mod shape;
pub mod start;
pub mod step;
pub mod system;
pub mod tolerance;
pub mod transfer;

pub use layout::{Dtype, Layout};
pub use shape::Shape;
