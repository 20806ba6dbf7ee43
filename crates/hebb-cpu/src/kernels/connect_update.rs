//! `connect_update` of a tied convolution: ⟨δ xᵀ⟩ over the images of a group, then W and R learn from all groups at once.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};
use hebb_spec::backend::Error;
use hebb_spec::connection::Connection;
use hebb_spec::learning::Learning;
use hebb_spec::operand::Slot;

use super::learner::Learner;
use super::winograd::Summed;
use super::{Add, At, Now, Operands};
use crate::line::{Line, vectors};
use crate::memory::{Place, Tensors};

/// Outputs of a part of the sums.
const PART: usize = 4;
/// Pixels, about, of which each tile of weights is summed before it goes to the next: their lines stay in the cache.
const STRIP: usize = 128;

/// A call of it.
pub(crate) struct ConnectUpdate {
    c: Connection,
    /// By Winograd, with memory for its finished sums, or by plain sums.
    winograd: Option<(Summed, Vec<f32>)>,
    learner: Learner,
    delta: Place,
    x: Place,
}

impl ConnectUpdate {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, c: Connection, learning: Learning) -> Result<Self, Error> {
        let (delta, x) = (operands.place(Slot::Delta)?, operands.place(Slot::X)?);
        let winograd = operands.form().map(|form| (Summed::new(form, c), vec![0.0; c.len()]));
        Ok(Self { c, winograd, learner: Learner::new(operands, learning)?, delta, x })
    }

    /// Pixels of a strip and strips of an image: how the sums of one block are cut.
    pub fn strips(c: &Connection) -> (u32, u32) {
        let rows = (STRIP as u32 / c.output.width.max(1)).clamp(1, c.output.height.max(1));
        (rows * c.output.width, c.output.height.div_ceil(rows))
    }
}

impl Add for ConnectUpdate {
    fn sums(&self) -> (usize, usize) {
        if let Some((winograd, _)) = &self.winograd {
            return winograd.parts();
        }
        let outputs = self.c.output.channels as usize;
        (outputs.div_ceil(PART), self.c.len() / outputs.max(1) * PART)
    }

    fn len(&self) -> usize {
        match self.winograd {
            Some(_) => self.sums().0 * self.sums().1,
            None => self.c.len(),
        }
    }

    fn run(&self, at: &At<'_>, parts: Range<usize>, sums: &mut [f32]) {
        let places = self.c.output.places() as usize;
        let delta = (at.lines(self.delta), self.delta.form.channel(places));
        let x = (at.lines(self.x), self.x.form.channel(places));
        if let Some((winograd, _)) = &self.winograd {
            return winograd.add(at.level, (delta, x), parts, sums);
        }
        let outputs = parts.start * PART..(parts.end * PART).min(self.c.output.channels as usize);
        let image = Image { c: &self.c, outputs, delta, x };
        dispatch!(at.level, simd => image.add(simd, sums));
    }

    fn finish(&mut self, on: (Level, &Now), tensors: &mut Tensors, groups: &[&[f32]]) {
        match &mut self.winograd {
            Some((winograd, sums)) => {
                winograd.finish(on.0, groups, sums);
                self.learner.learn(on, tensors, &[sums]);
            }
            None => self.learner.learn(on, tensors, groups),
        }
    }
}

/// δ and x of a block, each with the lines from one channel to the next, and the outputs whose weights are summed.
struct Image<'a> {
    c: &'a Connection,
    outputs: Range<usize>,
    delta: (&'a [Line], usize),
    x: (&'a [Line], usize),
}

/// A tile of weights: its first output and input, the filter's row and first column, and the rows of δ.
#[derive(Clone)]
struct Tile {
    output: usize,
    input: usize,
    ky: usize,
    kx: usize,
    rows: Range<usize>,
}

impl Image<'_> {
    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, sums: &mut [f32]) {
        let rows = (ConnectUpdate::strips(self.c).0 / self.c.output.width.max(1)) as usize;
        let (height, width) = (self.c.output.height as usize, self.c.kernel_w as usize);
        for first in (0..height).step_by(rows.max(1)) {
            let rows = first..(first + rows).min(height);
            let mut kx = 0;
            while kx < width {
                // Accumulators fill the register file: 24 of 32 with long vectors, 12 of 16 with others.
                kx += match (S::f32s::LEN >= 16, width - kx) {
                    (true, 5..) => self.tiles::<S, 4, 1, 5>(simd, &rows, kx, sums),
                    (true, 3..) => self.tiles::<S, 4, 2, 3>(simd, &rows, kx, sums),
                    (true, _) => self.tiles::<S, 4, 6, 1>(simd, &rows, kx, sums),
                    (false, 5..) => self.tiles::<S, 2, 1, 5>(simd, &rows, kx, sums),
                    (false, 3..) => self.tiles::<S, 4, 1, 3>(simd, &rows, kx, sums),
                    (false, _) => self.tiles::<S, 4, 3, 1>(simd, &rows, kx, sums),
                };
            }
        }
    }

    /// `O` outputs × `C` inputs × `K` columns of the filter at a time, and what is left one by one; returns `K`.
    #[inline(always)]
    fn tiles<S: Simd, const O: usize, const C: usize, const K: usize>(
        &self,
        simd: S,
        rows: &Range<usize>,
        kx: usize,
        sums: &mut [f32],
    ) -> usize {
        let inputs = self.c.input.channels as usize;
        let mut output = self.outputs.start;
        while output < self.outputs.end {
            let all = output + O <= self.outputs.end;
            let mut input = 0;
            while input < inputs {
                let both = input + C <= inputs;
                for ky in 0..self.c.kernel_h as usize {
                    let tile = Tile { output, input, ky, kx, rows: rows.clone() };
                    match (all, both) {
                        (true, true) => self.tile::<S, O, C, K>(simd, tile, sums),
                        (true, false) => self.tile::<S, O, 1, K>(simd, tile, sums),
                        (false, true) => self.tile::<S, 1, C, K>(simd, tile, sums),
                        (false, false) => self.tile::<S, 1, 1, K>(simd, tile, sums),
                    }
                }
                input += if both { C } else { 1 };
            }
            output += if all { O } else { 1 };
        }
        K
    }

    #[inline(always)]
    fn tile<S: Simd, const O: usize, const C: usize, const K: usize>(&self, simd: S, tile: Tile, sums: &mut [f32]) {
        let (height, width) = (self.c.output.height as usize, self.c.output.width as usize);
        let (top, left) = (self.c.pad_top() as usize, self.c.pad_left() as usize);
        // Columns at which all K taps lie within the image.
        let inner = left.saturating_sub(tile.kx)..(width + left + 1).saturating_sub(tile.kx + K).min(width);
        let mut totals = [[[Line::ZERO; K]; C]; O];
        for lane in vectors::<S>() {
            let mut held = [[[S::f32s::splat(simd, 0.0); K]; C]; O];
            for row in tile.rows.clone() {
                let Some(from) = (row + tile.ky).checked_sub(top).filter(|&from| from < height) else { continue };
                let mut delta: [&[Line]; O] = [&[]; O];
                for (o, delta) in delta.iter_mut().enumerate() {
                    *delta = &self.delta.0[(tile.output + o) * self.delta.1 + row * width..][..width];
                }
                let mut x: [&[Line]; C] = [&[]; C];
                for (c, x) in x.iter_mut().enumerate() {
                    *x = &self.x.0[(tile.input + c) * self.x.1 + from * width..][..width];
                }
                let mut column = 0;
                while column < width {
                    if inner.contains(&column) {
                        let mut d = [S::f32s::splat(simd, 0.0); O];
                        for o in 0..O {
                            d[o] = delta[o][column].load(simd, lane);
                        }
                        for c in 0..C {
                            let taps = &x[c][column + tile.kx - left..][..K];
                            for k in 0..K {
                                let tap = taps[k].load(simd, lane);
                                for o in 0..O {
                                    held[o][c][k] = d[o].mul_add(tap, held[o][c][k]);
                                }
                            }
                        }
                    } else {
                        for k in 0..K {
                            let at = (column + tile.kx + k).checked_sub(left).filter(|&at| at < width);
                            if let Some(at) = at {
                                for c in 0..C {
                                    let tap = x[c][at].load(simd, lane);
                                    for o in 0..O {
                                        held[o][c][k] = delta[o][column].load(simd, lane).mul_add(tap, held[o][c][k]);
                                    }
                                }
                            }
                        }
                    }
                    column += 1;
                }
            }
            for o in 0..O {
                for c in 0..C {
                    for k in 0..K {
                        totals[o][c][k].store(simd, held[o][c][k], lane);
                    }
                }
            }
        }
        let (inputs, size) = (self.c.input.channels as usize, (self.c.kernel_h * self.c.kernel_w) as usize);
        for (o, totals) in totals.iter().enumerate() {
            for (c, totals) in totals.iter().enumerate() {
                let filter = ((tile.output - self.outputs.start + o) * inputs + tile.input + c) * size;
                let first = filter + tile.ky * self.c.kernel_w as usize + tile.kx;
                for (sum, total) in sums[first..].iter_mut().zip(totals) {
                    *sum += total.added(simd);
                }
            }
        }
    }
}
