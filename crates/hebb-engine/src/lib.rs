//! Trains and evaluates any [`System`](hebb_spec::system::System) on any [`Backend`](hebb_spec::backend::Backend).
//!
//! [`settings`] say how a run goes, [`job`] checks them against its [`records`], [`from_file`] gives it a start,
//! [`trainer`] trains it, [`evaluate`](mod@evaluate) sums over records without learning, and a [`store`] keeps what it
//! did: a [`run`]'s folder, or memory; a [`view`] reads such a folder while it is at work. A run that was stopped or killed at any moment resumes to the same bytes. Nothing
//! here prints, and nothing here knows a system: an [`observe::Observer`] hears of progress.

mod atomic;
pub mod checkpoint;
pub mod evaluate;
pub mod from_file;
pub mod job;
pub mod metadata;
mod metrics;
pub mod observe;
pub mod records;
pub mod run;
mod run_folder;
pub mod settings;
pub mod store;
pub mod tensor_file;
pub mod trainer;
pub mod view;
pub mod weights;

pub use atomic::{WriteError, write as write_whole};
pub use metrics::Row;
