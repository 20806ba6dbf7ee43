//! The lab of hebb: figures of papers made again, as pictures, files of numbers and pages.
//!
//! [`figures`] lists them. Each is made by a function of a [`Request`] on whichever runtime it brings, and is a [`Made`]:
//! a picture ([`plot`]), a [`table`] and a [`report`], which [`folder`] writes whole or not at all. Nothing here opens a
//! device or prints.

pub mod compare;
mod error;
pub mod figures;
pub mod filters;
pub mod folder;
pub mod html;
mod kept;
pub mod npy;
pub mod plot;
pub mod probe;
pub mod report;
pub mod request;
mod runs;
pub mod stats;
pub mod sweep;
pub mod table;
pub mod tensorboard;
pub mod trained;
pub mod watch;
pub mod words;

pub use error::{LabError, ProbeError};
pub use figures::{Figure, Made};
pub use request::{Request, Scale, Seeds};
