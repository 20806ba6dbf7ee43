//! `sum_feedback`: δ of a SUM through the σ′ of its second layer.

use std::ops::Range;

use fearless_simd::{Simd, dispatch};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;

use super::tied::gated;
use super::{At, Map, Operands, lines};
use crate::line::{Line, vectors};
use crate::memory::Place;

/// A call of it.
pub(crate) struct SumFeedback {
    slope: f32,
    delta: Place,
    gate: Place,
    below: Place,
}

impl SumFeedback {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, slope: f32) -> Result<Self, Error> {
        let (delta, gate) = (operands.place(Slot::Delta)?, operands.place(Slot::Gate)?);
        Ok(Self { slope, delta, gate, below: operands.place(Slot::Below)? })
    }
}

impl Map for SumFeedback {
    fn output(&self) -> (Place, usize, usize) {
        lines(self.below)
    }

    fn run(&self, at: &At<'_>, parts: Range<usize>, below: &mut [Line]) {
        #[inline(always)]
        fn each<S: Simd>(simd: S, slope: f32, (delta, x): (&[Line], &[Line]), below: &mut [Line]) {
            for ((delta, x), below) in delta.iter().zip(x).zip(below) {
                for lane in vectors::<S>() {
                    below.store(simd, gated(simd, slope, x.load(simd, lane), delta.load(simd, lane)), lane);
                }
            }
        }
        let first = parts.start * lines(self.below).2;
        let (delta, gate) = (&at.lines(self.delta)[first..], &at.lines(self.gate)[first..]);
        dispatch!(at.level, simd => each(simd, self.slope, (delta, gate), below));
    }
}
