//! `gather_images`: images as bytes → activity, pixel / 255.

use std::ops::Range;

use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::{At, Map, Operands};
use crate::line::{LANES, Line};
use crate::memory::Place;

/// A call of it.
pub(crate) struct GatherImages {
    images: TensorId,
    y: Place,
    /// Activity of each byte.
    values: [f32; 256],
}

impl GatherImages {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>) -> Result<Self, Error> {
        let values = std::array::from_fn(|byte| byte as f32 * (1.0 / 255.0));
        Ok(Self { images: operands.id(Slot::Images)?, y: operands.place(Slot::Y)?, values })
    }
}

impl Map for GatherImages {
    fn output(&self) -> (Place, usize, usize) {
        (self.y, 1, self.y.form.lines())
    }

    fn run(&self, at: &At<'_>, _parts: Range<usize>, y: &mut [Line]) {
        let (bytes, units) = (at.tensors.bytes(self.images), self.y.form.units);
        let first = at.number * LANES;
        let there = at.now.images.saturating_sub(first).min(LANES);
        let images: Vec<&[u8]> = bytes.chunks_exact(units.max(1)).skip(first).take(there).collect();
        for (first, line, len) in self.y.form.runs() {
            for (unit, y) in (first..first + len).zip(&mut y[line..]) {
                *y = Line::ZERO;
                for (y, image) in y.0.iter_mut().zip(&images) {
                    *y = self.values[usize::from(image[unit])];
                }
            }
        }
    }
}
