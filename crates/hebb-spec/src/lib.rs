//! What hebb computes, apart from where it is computed.
//!
//! A network in the paper's [`notation`] becomes a [`network::Network`] with shapes; with a [`rule::Rule`] and a batch
//! it becomes a [`plan::Plan`]: tensors and flat lists of kernel [`problem`]s, which any backend runs.
//! Pure: no input or output, no GPU. Everything else in the workspace builds on it.

pub mod backend;
pub mod connection;
pub mod init;
mod learning;
pub mod network;
pub mod notation;
pub mod plan;
mod planner;
pub mod pool;
pub mod problem;
pub mod rng;
pub mod rule;
pub mod shape;

pub use shape::Shape;
