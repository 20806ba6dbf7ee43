//! Layered networks in the paper's notation, by nine learning rules (Amit 2019, and its neighbours).
//!
//! A [`notation`] becomes a [`Network`] with shapes; a [`ModelSpec`] says all that sets what it computes and builds the
//! [`Model`], which is a [`System`](hebb_spec::system::System).

mod confusion;
mod describe;
mod fields;
mod model;
pub mod network;
pub mod notation;
mod planner;
mod preset;
mod rule;
mod spec;
pub mod statistics;
mod system;

pub use confusion::{Confusion, ConfusionError};
pub use describe::DescriptionError;
pub use fields::FIELDS;
pub use model::{Activation, Model, RStart, UntiedStart};
pub use network::{NAMED, Network, Stage, Untied};
pub use preset::Preset;
pub use rule::{Feedback, Magnitude, Rule};
pub use spec::{Detail, ModelSpec, SpecError};
