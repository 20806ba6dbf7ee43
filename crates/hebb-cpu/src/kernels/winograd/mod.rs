//! Winograd's convolutions: 3×3 filters by fewer products, on tiles of 2×2 or 4×4 outputs.
//!
//! All sixteen images of a line are transformed at once, so the transforms are as many vector additions, and the products
//! of a place of the transformed tile are those of a 1×1 convolution.

mod filters;
mod forms;
mod rule;
mod strip;
mod tiles;
mod update;

pub(crate) use rule::{Outputs, variants};
pub use rule::{Winograd, WinogradError};
pub(crate) use tiles::Filtered;
pub(crate) use update::Summed;
