//! `difference`: y = x − the second x.

use std::ops::Range;

use fearless_simd::{Simd, dispatch};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;

use super::{At, Map, Operands, lines};
use crate::line::{Line, vectors};
use crate::memory::Place;

/// A call of it.
pub(crate) struct Difference {
    x: Place,
    other: Place,
    y: Place,
}

impl Difference {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>) -> Result<Self, Error> {
        Ok(Self { x: operands.place(Slot::X)?, other: operands.place(Slot::X2)?, y: operands.place(Slot::Y)? })
    }
}

impl Map for Difference {
    fn output(&self) -> (Place, usize, usize) {
        lines(self.y)
    }

    fn run(&self, at: &At<'_>, parts: Range<usize>, y: &mut [Line]) {
        #[inline(always)]
        fn each<S: Simd>(simd: S, (x, other): (&[Line], &[Line]), y: &mut [Line]) {
            for ((x, other), y) in x.iter().zip(other).zip(y) {
                for lane in vectors::<S>() {
                    y.store(simd, x.load(simd, lane) - other.load(simd, lane), lane);
                }
            }
        }
        let first = parts.start * lines(self.y).2;
        let (x, other) = (&at.lines(self.x)[first..], &at.lines(self.other)[first..]);
        dispatch!(at.level, simd => each(simd, (x, other), y));
    }
}
