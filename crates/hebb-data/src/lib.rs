//! Images and labels for hebb: reads CIFAR-10, CIFAR-100, idx files and folders of images,
//! generates `shapes`, fetches the published sets, lays out contact sheets. Vectors, too: drawn from Gaussians, or patches
//! of images; and patterns that are drawn anew each epoch.
//!
//! A DATA text such as `cifar10:DIR` becomes a [`Source`], and that a [`Dataset`]. Whatever is wrong with a file is a
//! [`DataError`], one sentence that says what, where, and what to do. Nothing is printed.

mod cifar;
mod dataset;
mod digest;
pub mod disk;
mod error;
pub mod fetch;
mod files;
mod folder;
pub mod gaussian;
mod idx;
pub mod moments;
mod names;
pub mod patches;
pub mod patterns;
mod png;
mod preview;
mod set;
mod shapes;
mod single;
mod source;
mod vectors;

pub use dataset::{Dataset, Split, validation_split};
pub use digest::Digest;
pub use error::DataError;
pub use patches::{VectorOutline, VectorSpec};
pub use patterns::{PatternSpec, Patterns};
pub use preview::{contact_sheet, save_png};
pub use set::cache;
pub use single::{Single, read_image};
pub use source::{FORMS, Form, Outline, Source, load};
pub use vectors::{Pairs, Vectors};
