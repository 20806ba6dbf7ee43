//! Trains and evaluates a plan on any [`hebb_spec::backend::Backend`].
//!
//! [`settings`] say what a run is, [`job`] checks them against its data, [`init`] gives it a start, [`run`] keeps its
//! folder, [`trainer`] trains it and [`evaluate`](mod@evaluate) counts its errors. A run that was stopped or killed at
//! any moment resumes to the same bytes. Nothing here prints: an [`observe::Observer`] hears of progress.

mod atomic;
pub mod checkpoint;
pub mod evaluate;
mod folder;
pub mod init;
pub mod job;
pub mod metadata;
mod metrics;
pub mod observe;
pub mod run;
pub mod settings;
pub mod statistics;
mod text;
pub mod trainer;
pub mod weights;

pub use atomic::WriteError;
pub use metrics::Row;
