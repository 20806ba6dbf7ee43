//! `pool_forward`: the maximum of each window.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, dispatch};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::pool::Pool;

use super::window::window;
use super::{At, Map, Operands};
use crate::line::{Line, vectors};
use crate::memory::Place;

/// A call of it.
pub(crate) struct PoolForward {
    pool: Pool,
    x: Place,
    y: Place,
}

impl PoolForward {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, pool: Pool) -> Result<Self, Error> {
        Ok(Self { pool, x: operands.place(Slot::X)?, y: operands.place(Slot::Y)? })
    }

    #[inline(always)]
    fn channels<S: Simd>(&self, simd: S, channels: Range<usize>, x: &[Line], y: &mut [Line]) {
        let (input, output) = (self.pool.input, self.pool.output());
        let from = self.x.form.channel(input.places() as usize);
        let to = self.y.form.channel(output.places() as usize);
        for (channel, y) in channels.zip(y.chunks_mut(to)) {
            let x = &x[channel * from..];
            for row in 0..output.height as usize {
                let (rows, above) = window(&self.pool, row, input.height);
                for column in 0..output.width as usize {
                    let (columns, beside) = window(&self.pool, column, input.width);
                    let zeros = (above || beside) && self.pool.outside_counts();
                    let y = &mut y[row * output.width as usize + column];
                    for lane in vectors::<S>() {
                        let start = if zeros { 0.0 } else { f32::NEG_INFINITY };
                        let mut best = S::f32s::splat(simd, start);
                        for row in rows.clone() {
                            for x in &x[row * input.width as usize..][columns.clone()] {
                                let x = x.load(simd, lane);
                                best = x.simd_gt(best).select(x, best);
                            }
                        }
                        y.store(simd, best, lane);
                    }
                }
            }
        }
    }
}

impl Map for PoolForward {
    fn output(&self) -> (Place, usize, usize) {
        let output = self.pool.output();
        (self.y, output.channels as usize, self.y.form.channel(output.places() as usize))
    }

    fn run(&self, at: &At<'_>, channels: Range<usize>, y: &mut [Line]) {
        dispatch!(at.level, simd => self.channels(simd, channels, at.lines(self.x), y));
    }
}
