//! `pool_feedback`: δ to the maxima of each window, gathered by each pixel from the windows that hold it.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, dispatch};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::pool::{Pool, PoolTies};

use super::tied::gated;
use super::window::windows_holding;
use super::{At, Map, Operands};
use crate::line::{Line, vectors};
use crate::memory::Place;

/// A call of it.
pub(crate) struct PoolFeedback {
    pool: Pool,
    x: Place,
    y: Place,
    delta: Place,
    gate: Option<(f32, Place)>,
    below: Place,
}

/// The lines of one channel.
#[derive(Clone, Copy)]
struct Channel<'a> {
    x: &'a [Line],
    y: &'a [Line],
    delta: &'a [Line],
    gate: Option<(f32, &'a [Line])>,
}

impl PoolFeedback {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, pool: Pool, gate: Option<f32>) -> Result<Self, Error> {
        Ok(Self {
            pool,
            x: operands.place(Slot::X)?,
            y: operands.place(Slot::Y)?,
            delta: operands.place(Slot::Delta)?,
            gate: gate.map(|slope| Ok::<_, Error>((slope, operands.place(Slot::Gate)?))).transpose()?,
            below: operands.place(Slot::Below)?,
        })
    }

    #[inline(always)]
    fn channel<S: Simd>(&self, simd: S, of: Channel<'_>, below: &mut [Line]) {
        let (input, output) = (self.pool.input, self.pool.output());
        for row in 0..input.height as usize {
            let rows = windows_holding(&self.pool, row, output.height);
            for column in 0..input.width as usize {
                let columns = windows_holding(&self.pool, column, output.width);
                let at = row * input.width as usize + column;
                for lane in vectors::<S>() {
                    let x = of.x[at].load(simd, lane);
                    let zero = S::f32s::splat(simd, 0.0);
                    let mut sum = zero;
                    for out_row in rows.clone() {
                        for out_column in columns.clone() {
                            let window = out_row * output.width as usize + out_column;
                            let mut delta = of.y[window]
                                .load(simd, lane)
                                .simd_eq(x)
                                .select(of.delta[window].load(simd, lane), zero);
                            if self.pool.ties == PoolTies::First {
                                delta = self.first(simd, of.x, (out_row, out_column), (row, column), (x, delta), lane);
                            }
                            sum += delta;
                        }
                    }
                    if let Some((slope, gate)) = of.gate {
                        sum = gated(simd, slope, gate[at].load(simd, lane), sum);
                    }
                    below[at].store(simd, sum, lane);
                }
            }
        }
    }

    /// δ where no place of the window before `pixel`, in row-major order, has the maximum too; else 0.
    #[inline(always)]
    fn first<S: Simd>(
        &self,
        simd: S,
        x: &[Line],
        output: (usize, usize),
        pixel: (usize, usize),
        (value, delta): (S::f32s, S::f32s),
        lane: usize,
    ) -> S::f32s {
        let (pool, zero) = (&self.pool, S::f32s::splat(simd, 0.0));
        let (stride, before) = (pool.stride as usize, pool.before() as usize);
        let place = |output: usize, within: usize, size: u32| {
            (output * stride + within).checked_sub(before).filter(|&at| at < size as usize)
        };
        let mut delta = delta;
        for wy in 0..pool.size as usize {
            for wx in 0..pool.size as usize {
                let row = place(output.0, wy, pool.input.height);
                let other = match row.zip(place(output.1, wx, pool.input.width)) {
                    Some(here) if here == pixel => return delta,
                    Some((row, column)) => x[row * pool.input.width as usize + column].load(simd, lane),
                    None if pool.outside_counts() => zero,
                    None => continue,
                };
                delta = other.simd_eq(value).select(zero, delta);
            }
        }
        delta
    }

    #[inline(always)]
    fn channels<S: Simd>(&self, simd: S, at: &At<'_>, channels: Range<usize>, below: &mut [Line]) {
        let (inputs, outputs) = (self.pool.input.places() as usize, self.pool.output().places() as usize);
        let of = |place: Place, places: usize, channel: usize| {
            &at.lines(place)[channel * place.form.channel(places)..][..places]
        };
        for (channel, below) in channels.zip(below.chunks_mut(self.below.form.channel(inputs))) {
            let lines = Channel {
                x: of(self.x, inputs, channel),
                y: of(self.y, outputs, channel),
                delta: of(self.delta, outputs, channel),
                gate: self.gate.map(|(slope, place)| (slope, of(place, inputs, channel))),
            };
            self.channel(simd, lines, below);
        }
    }
}

impl Map for PoolFeedback {
    fn output(&self) -> (Place, usize, usize) {
        let input = self.pool.input;
        (self.below, input.channels as usize, self.below.form.channel(input.places() as usize))
    }

    fn run(&self, at: &At<'_>, channels: Range<usize>, below: &mut [Line]) {
        dispatch!(at.level, simd => self.channels(simd, at, channels, below));
    }
}
