//! Sixteen images of one unit: the smallest piece of activity.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, f32x16};

/// Images of a block.
pub(crate) const LANES: usize = 16;

/// One unit's activity for the sixteen images of a block: a cache line.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
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

    /// The sum of its lanes, on every processor in the same order.
    #[inline(always)]
    pub fn added<S: Simd>(&self, simd: S) -> f32 {
        let (low, high) = f32x16::from_slice(simd, &self.0).split();
        let (low, high) = (low + high).split();
        let sums = low + high;
        let sums = sums.as_slice();
        (sums[0] + sums[2]) + (sums[1] + sums[3])
    }
}

/// The first lane of each vector of a line. A loop, not a closure: what is computed in a closure of its own may lose the
/// vector instructions.
#[inline(always)]
pub(crate) fn vectors<S: Simd>() -> impl Iterator<Item = usize> {
    (0..LANES).step_by(S::f32s::LEN)
}

/// The numbers of some lines.
pub(crate) fn flat(lines: &[Line]) -> &[f32] {
    bytemuck::cast_slice(lines)
}

/// Rows to columns: four times the halves of all rows are interleaved.
#[inline(always)]
pub(crate) fn transposed<S: Simd>(rows: [f32x16<S>; LANES]) -> [f32x16<S>; LANES] {
    let mut rows = rows;
    for _ in 0..4 {
        let mut next = rows;
        for at in 0..LANES / 2 {
            next[2 * at] = rows[at].zip_low(rows[at + LANES / 2]);
            next[2 * at + 1] = rows[at].zip_high(rows[at + LANES / 2]);
        }
        rows = next;
    }
    rows
}
