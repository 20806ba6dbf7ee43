//! Winograd's convolutions: 3×3 filters by fewer products, on tiles of 2×2 or 4×4 outputs.
//!
//! All sixteen images of a line are transformed at once, so the transforms are as many vector additions, and the products
//! of a place of the transformed tile are those of a 1×1 convolution.

mod filtered;
mod filters;
mod forms;
mod rule;
mod summed;
mod tiling;

pub(crate) use filtered::Filtered;
pub(crate) use rule::{Outputs, variants};
pub use rule::{Winograd, WinogradError};
pub(crate) use summed::Summed;
