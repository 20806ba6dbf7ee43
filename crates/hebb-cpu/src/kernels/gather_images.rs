//! `gather_images`: images as bytes → activity, pixel / 255.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, dispatch, f32x16};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::{At, Map, Operands};
use crate::line::{LANES, Line, transposed};
use crate::memory::Place;

/// A call of it.
pub(crate) struct GatherImages {
    images: TensorId,
    y: Place,
}

impl GatherImages {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>) -> Result<Self, Error> {
        Ok(Self { images: operands.id(Slot::Images)?, y: operands.place(Slot::Y)? })
    }

    /// Sixteen units of sixteen images at a time: from a row an image to a line a unit.
    #[inline(always)]
    fn gather<S: Simd>(&self, simd: S, images: &[&[u8]], y: &mut [Line]) {
        for (first, line, len) in self.y.form.runs() {
            for at in (0..len).step_by(LANES) {
                let count = LANES.min(len - at);
                let mut rows = [f32x16::splat(simd, 0.0); LANES];
                for (row, image) in rows.iter_mut().zip(images) {
                    let mut values = [0.0; LANES];
                    for (value, &byte) in values.iter_mut().zip(&image[first + at..][..count]) {
                        *value = f32::from(byte) * (1.0 / 255.0);
                    }
                    *row = f32x16::from_slice(simd, &values);
                }
                for (row, y) in transposed(rows).iter().zip(&mut y[line + at..][..count]) {
                    row.store_slice(&mut y.0);
                }
            }
        }
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
        dispatch!(at.level, simd => self.gather(simd, &images, y));
    }
}
