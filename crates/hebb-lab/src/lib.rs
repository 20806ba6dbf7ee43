//! The lab of hebb: figures of papers made again, as pictures, files of numbers and pages.

pub mod plot;
