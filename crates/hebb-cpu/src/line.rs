//! Sixteen images of one unit: the smallest piece of activity.

use fearless_simd::{Simd, SimdBase};

/// Images of a block.
pub(crate) const LANES: usize = 16;

/// One unit's activity for the sixteen images of a block: a cache line.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Line(pub [f32; LANES]);

impl Line {
    /// All 0.
    pub const ZERO: Self = Self([0.0; LANES]);

    /// The vector that begins at a lane.
    #[inline(always)]
    pub fn load<S: Simd>(&self, simd: S, lane: usize) -> S::f32s {
        S::f32s::from_slice(simd, &self.0[lane..][..S::f32s::LEN])
    }

    /// Writes the vector that begins at a lane.
    #[inline(always)]
    pub fn store<S: Simd>(&mut self, _simd: S, vector: S::f32s, lane: usize) {
        vector.store_slice(&mut self.0[lane..][..S::f32s::LEN]);
    }
}

/// The first lane of each vector of a line. A loop, not a closure: what is computed in a closure of its own may lose the
/// vector instructions.
#[inline(always)]
pub(crate) fn vectors<S: Simd>() -> impl Iterator<Item = usize> {
    (0..LANES).step_by(S::f32s::LEN)
}
