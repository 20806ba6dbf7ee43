//! `connect_feedback` of a full layer to few images: rows of R are read as they lie, a vector of units at a time, and each
//! is multiplied by the δ of one image after another. So there is nothing to pack, and images that are none cost nothing.
//! Each sum is added in the order of the outputs, as everywhere: the bytes are the same.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, f32x16};

use crate::form::Form;
use crate::line::{LANES, Line, transposed, vectors};

/// Units of a strip at most: its sums stay in the nearest cache.
pub(crate) const STRIP: usize = 256;
/// Images whose δ the registers hold, for four rows of R.
const IMAGES: usize = 5;

/// Where the line of a unit stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lines {
    /// Of a full layer.
    Full(Form),
    /// Of a place: that of its first unit, and lines from one unit to the next.
    Place(usize, usize),
}

impl Lines {
    #[inline(always)]
    fn line(&self, unit: usize) -> usize {
        match self {
            Self::Full(form) => form.line(unit),
            Self::Place(first, step) => first + unit * step,
        }
    }
}

/// Some units of a layer below and the images of a block.
pub(crate) struct Strip<'a> {
    /// R.
    pub r: &'a [f32],
    /// Units of the whole layer.
    pub inputs: usize,
    /// Those that are summed.
    pub units: Range<usize>,
    /// Images.
    pub images: usize,
}

impl Strip<'_> {
    /// R δ of the strip's units, into lines whose first is where the first unit's would stand at the first place. `sums`
    /// is memory: a row of units an image, in whole cache lines.
    #[inline(always)]
    pub fn run<S: Simd>(
        &self,
        simd: S,
        delta: (&[Line], Lines),
        (form, below): (Lines, &mut [Line]),
        sums: &mut Vec<Line>,
    ) {
        sums.clear();
        sums.resize(self.images * self.panels(), Line::ZERO);
        let outputs = self.r.len() / self.inputs.max(1);
        // Passes over the images that are as even as can be: 10 are 5 and 5, 16 are four times 4.
        let each = self.images.div_ceil(self.images.div_ceil(IMAGES).max(1));
        let group = if each <= 2 { 8 } else { 4 };
        let mut output = 0;
        while output < outputs {
            let rows = if output + group <= outputs { group } else { 1 };
            let mut first = 0;
            while first < self.images {
                let at = (output, first);
                first += match (rows, each.min(self.images - first)) {
                    (8, 2) => self.rows::<S, 8, 2>(simd, at, delta, sums),
                    (8, _) => self.rows::<S, 8, 1>(simd, at, delta, sums),
                    (4, 5) => self.rows::<S, 4, 5>(simd, at, delta, sums),
                    (4, 4) => self.rows::<S, 4, 4>(simd, at, delta, sums),
                    (4, 3) => self.rows::<S, 4, 3>(simd, at, delta, sums),
                    (_, 5) => self.rows::<S, 1, 5>(simd, at, delta, sums),
                    (_, 4) => self.rows::<S, 1, 4>(simd, at, delta, sums),
                    (_, 3) => self.rows::<S, 1, 3>(simd, at, delta, sums),
                    (_, 2) => self.rows::<S, 1, 2>(simd, at, delta, sums),
                    _ => self.rows::<S, 1, 1>(simd, at, delta, sums),
                };
            }
            output += rows;
        }
        self.turn(simd, sums, form, below);
    }

    /// Cache lines of an image's sums.
    fn panels(&self) -> usize {
        self.units.len().div_ceil(LANES).max(1)
    }

    /// Adds `O` rows of R, each times the δ of its output, to the sums of `I` images.
    #[inline(always)]
    fn rows<S: Simd, const O: usize, const I: usize>(
        &self,
        simd: S,
        (output, first): (usize, usize),
        (delta, form): (&[Line], Lines),
        sums: &mut [Line],
    ) -> usize {
        let width = self.units.len().min(STRIP);
        let whole = width / LANES;
        let mut factors = [[S::f32s::splat(simd, 0.0); I]; O];
        let mut rows: [&[[f32; LANES]]; O] = [&[]; O];
        let mut rests = [Line::ZERO; O];
        for o in 0..O {
            let line = &delta[form.line(output + o)].0[first..][..I];
            for i in 0..I {
                factors[o][i] = S::f32s::splat(simd, line[i]);
            }
            let row = &self.r[(output + o) * self.inputs + self.units.start..][..width];
            let (lines, rest) = row.as_chunks::<LANES>();
            rows[o] = &lines[..whole];
            if !rest.is_empty() {
                rests[o].0[..rest.len()].copy_from_slice(rest);
            }
        }
        let mut images = sums.chunks_exact_mut(self.panels()).skip(first);
        let mut sums: [&mut [Line]; I] = std::array::from_fn(|_| images.next().unwrap_or_default());
        for i in 0..I {
            let all = std::mem::take(&mut sums[i]);
            sums[i] = &mut all[..width.div_ceil(LANES)];
        }
        for at in 0..whole {
            for lane in vectors::<S>() {
                let mut weights = [S::f32s::splat(simd, 0.0); O];
                for o in 0..O {
                    weights[o] = S::f32s::from_slice(simd, &rows[o][at][lane..][..S::f32s::LEN]);
                }
                for i in 0..I {
                    let mut sum = sums[i][at].load(simd, lane);
                    for o in 0..O {
                        sum = weights[o].mul_add(factors[o][i], sum);
                    }
                    sums[i][at].store(simd, sum, lane);
                }
            }
        }
        if whole * LANES < width {
            for lane in vectors::<S>() {
                for i in 0..I {
                    let mut sum = sums[i][whole].load(simd, lane);
                    for o in 0..O {
                        sum = rests[o].load(simd, lane).mul_add(factors[o][i], sum);
                    }
                    sums[i][whole].store(simd, sum, lane);
                }
            }
        }
        I
    }

    /// From a row an image to a line a unit.
    #[inline(always)]
    fn turn<S: Simd>(&self, simd: S, sums: &[Line], form: Lines, below: &mut [Line]) {
        let start = match form {
            Lines::Full(form) => form.line(self.units.start),
            Lines::Place(_, step) => self.units.start * step,
        };
        for at in 0..self.units.len().div_ceil(LANES) {
            let mut rows = [f32x16::splat(simd, 0.0); LANES];
            for (row, sums) in rows.iter_mut().zip(sums.chunks_exact(self.panels())) {
                *row = f32x16::from_slice(simd, &sums[at].0);
            }
            for (unit, line) in (self.units.start + at * LANES..self.units.end).zip(&transposed(rows)) {
                line.store_slice(&mut below[form.line(unit) - start].0);
            }
        }
    }
}
