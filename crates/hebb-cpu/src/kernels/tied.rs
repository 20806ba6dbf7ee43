//! A tied convolution as sums over taps: what forward and feedback share. Feedback is the forward pass of the filter
//! turned round, with input and output channels exchanged.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};
use hebb_spec::Shape;

use super::taps::{PACK, Taps};
use crate::line::{Line, vectors};

/// What is done to a finished sum.
#[derive(Clone, Copy)]
pub(crate) enum Finish<'a> {
    /// Nothing.
    Plain,
    /// σ = clip(slope · h, −1, 1).
    Sigma(f32),
    /// A second δ is added, then σ′ from the activity right after σ: lines of the second δ, slope and activity.
    Delta(Option<&'a [Line]>, Option<(f32, &'a [Line])>),
}

impl Finish<'_> {
    /// Finishes the sum of a line.
    #[inline(always)]
    pub fn apply<S: Simd>(self, simd: S, sum: S::f32s, line: usize, lane: usize) -> S::f32s {
        match self {
            Finish::Plain => sum,
            Finish::Sigma(slope) => sigma(simd, slope, sum),
            Finish::Delta(skip, gate) => {
                let mut sum = sum;
                if let Some(skip) = skip {
                    sum += skip[line].load(simd, lane);
                }
                if let Some((slope, x)) = gate {
                    sum = gated(simd, slope, x[line].load(simd, lane), sum);
                }
                sum
            }
        }
    }
}

/// A convolution's geometry, seen from what it writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tied {
    /// Channels, rows and columns of what is read.
    pub input: Shape,
    /// Channels of what is written.
    pub channels: usize,
    /// Rows of a filter.
    pub kernel_h: usize,
    /// Columns of a filter.
    pub kernel_w: usize,
    /// Taps above an output's row.
    pub top: usize,
    /// Taps left of its column.
    pub left: usize,
    /// Lines from one channel to the next of what is read.
    pub from: usize,
    /// Lines from one channel to the next of what is written.
    pub to: usize,
}

impl Tied {
    fn height(&self) -> usize {
        self.input.height as usize
    }

    fn width(&self) -> usize {
        self.input.width as usize
    }

    /// Taps of one output, in the order in which they are added: row, column, channel.
    pub fn taps(&self) -> usize {
        self.kernel_h * self.kernel_w * self.input.channels as usize
    }

    /// Where each tap lies, counted from the line of the filter's first tap.
    pub fn offsets(&self) -> Vec<u32> {
        let of = |tap: usize| {
            let (at, channel) = (tap / self.input.channels as usize, tap % self.input.channels as usize);
            (channel * self.from + at / self.kernel_w * self.width() + at % self.kernel_w) as u32
        };
        (0..self.taps()).map(of).collect()
    }

    /// Tiles of outputs.
    pub fn tiles(&self) -> usize {
        self.channels.div_ceil(PACK)
    }

    /// The taps of the filter that lie within the image, for an output's row or column.
    fn within(at: usize, kernel: usize, before: usize, size: usize) -> Range<usize> {
        before.saturating_sub(at)..kernel.min(size + before - at)
    }

    /// Writes some tiles of outputs.
    pub fn run(
        &self,
        level: Level,
        taps: &Taps<'_>,
        tiles: Range<usize>,
        (x, y): (&[Line], &mut [Line]),
        finish: Finish<'_>,
    ) {
        dispatch!(level, simd => self.rows(simd, taps, tiles, (x, y), finish));
    }

    #[inline(always)]
    fn rows<S: Simd>(
        &self,
        simd: S,
        taps: &Taps<'_>,
        tiles: Range<usize>,
        (x, y): (&[Line], &mut [Line]),
        finish: Finish<'_>,
    ) {
        for row in 0..self.height() {
            for tile in tiles.clone() {
                let outputs = PACK.min(self.channels - tile * PACK);
                let one = Row { of: self, weights: taps.tile(tile), offsets: taps.offsets, row, x, finish, simd };
                let first = tile * PACK;
                let y = &mut y[(tile - tiles.start) * PACK * self.to..];
                // A tile of the register file: with long vectors all eight outputs by three columns.
                match (S::f32s::LEN >= 16, outputs) {
                    (true, 5..) => one.columns::<8, 3>(first, 0, y),
                    (true, 3..) => one.columns::<4, 6>(first, 0, y),
                    (true, _) => one.columns::<2, 8>(first, 0, y),
                    (false, 5..) => {
                        one.columns::<4, 3>(first, 0, y);
                        one.columns::<4, 3>(first, 4, y);
                    }
                    (false, 3..) => one.columns::<4, 3>(first, 0, y),
                    (false, _) => one.columns::<2, 4>(first, 0, y),
                }
            }
        }
    }
}

/// One row of a tile of outputs.
struct Row<'a, S> {
    of: &'a Tied,
    weights: &'a [[f32; PACK]],
    offsets: &'a [u32],
    row: usize,
    x: &'a [Line],
    finish: Finish<'a>,
    simd: S,
}

impl<S: Simd> Row<'_, S> {
    /// `O` outputs from `skip` on, `P` columns at a time where all taps lie within the image. `y` begins at the tile's
    /// first channel, which is number `first`.
    #[inline(always)]
    fn columns<const O: usize, const P: usize>(&self, first: usize, skip: usize, y: &mut [Line]) {
        let (width, left) = (self.of.width(), self.of.left);
        let inner = left..(width + left + 1).saturating_sub(self.of.kernel_w).max(left);
        let mut column = 0;
        while column < width {
            if inner.contains(&column) && column + P <= inner.end {
                self.tile::<O, P>(column, first, skip, y);
                column += P;
            } else {
                self.tile::<O, 1>(column, first, skip, y);
                column += 1;
            }
        }
    }

    #[inline(always)]
    fn tile<const O: usize, const P: usize>(&self, column: usize, first: usize, skip: usize, y: &mut [Line]) {
        let of = self.of;
        let channels = of.input.channels as usize;
        let rows = Tied::within(self.row, of.kernel_h, of.top, of.height());
        let columns = Tied::within(column, of.kernel_w, of.left, of.width());
        // The line of the filter's first tap; it may lie before the image, and then is no tap within.
        let base = (self.row * of.width() + column).wrapping_sub(of.top * of.width() + of.left);
        for lane in vectors::<S>() {
            let mut sums = [[S::f32s::splat(self.simd, 0.0); P]; O];
            if columns.len() == of.kernel_w {
                let taps = rows.start * of.kernel_w * channels..rows.end * of.kernel_w * channels;
                self.add::<O, P>(&mut sums, taps, base, skip, lane);
            } else {
                for row in rows.clone() {
                    let at = row * of.kernel_w;
                    let taps = (at + columns.start) * channels..(at + columns.end) * channels;
                    self.add::<O, P>(&mut sums, taps, base, skip, lane);
                }
            }
            let outputs = O.min((of.channels - first).saturating_sub(skip));
            let at = self.row * of.width() + column;
            for (o, sums) in sums.iter().enumerate().take(outputs) {
                let line = (skip + o) * of.to + at;
                let read = (first + skip + o) * of.to + at;
                for (p, y) in y[line..][..P].iter_mut().enumerate() {
                    y.store(self.simd, self.finish.apply(self.simd, sums[p], read + p, lane), lane);
                }
            }
        }
    }

    /// sums += weights · x over a run of taps.
    #[inline(always)]
    fn add<const O: usize, const P: usize>(
        &self,
        sums: &mut [[S::f32s; P]; O],
        taps: Range<usize>,
        base: usize,
        skip: usize,
        lane: usize,
    ) {
        let mut held = *sums;
        for (weights, &offset) in self.weights[taps.clone()].iter().zip(&self.offsets[taps]) {
            let lines = &self.x[base.wrapping_add(offset as usize)..][..P];
            let mut x = [S::f32s::splat(self.simd, 0.0); P];
            for p in 0..P {
                x[p] = lines[p].load(self.simd, lane);
            }
            for o in 0..O {
                let weight = S::f32s::splat(self.simd, weights[skip + o]);
                for p in 0..P {
                    held[o][p] = x[p].mul_add(weight, held[o][p]);
                }
            }
        }
        *sums = held;
    }
}

/// clip(slope · h, −1, 1); NaN stays NaN.
#[inline(always)]
pub(crate) fn sigma<S: Simd>(simd: S, slope: f32, h: S::f32s) -> S::f32s {
    let (low, high) = (S::f32s::splat(simd, -1.0), S::f32s::splat(simd, 1.0));
    let h = h * S::f32s::splat(simd, slope);
    let h = h.simd_lt(low).select(low, h);
    h.simd_gt(high).select(high, h)
}

/// σ′ from the activity right after σ: 0 exactly where |x| ≥ 1, else the slope times `sum`.
#[inline(always)]
pub(crate) fn gated<S: Simd>(simd: S, slope: f32, x: S::f32s, sum: S::f32s) -> S::f32s {
    let (low, high) = (S::f32s::splat(simd, -1.0), S::f32s::splat(simd, 1.0));
    let zero = S::f32s::splat(simd, 0.0);
    let open = sum * S::f32s::splat(simd, slope);
    let open = x.simd_le(low).select(zero, open);
    x.simd_ge(high).select(zero, open)
}
