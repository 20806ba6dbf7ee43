//! `connect_feedback` of a full layer to few images: rows of R are read as they lie, a vector of units at a time, and each
//! is multiplied by the δ of one image after another. So there is nothing to pack, and images that are none cost nothing.
//! Each sum is added in the order of the outputs, as everywhere: the bytes are the same.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, f32x16};

use crate::form::Form;
use crate::line::{LANES, Line, transposed};

/// Units of a strip at most: its sums stay in the nearest cache.
pub(crate) const STRIP: usize = 256;
/// Images whose δ the registers hold, for four rows of R.
const IMAGES: usize = 5;

/// Sums of a strip: a row of units an image.
type Sums = [[f32; STRIP]; LANES];

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
    /// R δ of the strip's units, into lines whose first is that of the first unit.
    #[inline(always)]
    pub fn run<S: Simd>(&self, simd: S, delta: (&[Line], Form), form: Form, below: &mut [Line]) {
        let mut sums: Sums = [[0.0; STRIP]; LANES];
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
                    (8, 2) => self.rows::<S, 8, 2>(simd, at, delta, &mut sums),
                    (8, _) => self.rows::<S, 8, 1>(simd, at, delta, &mut sums),
                    (4, 5) => self.rows::<S, 4, 5>(simd, at, delta, &mut sums),
                    (4, 4) => self.rows::<S, 4, 4>(simd, at, delta, &mut sums),
                    (4, 3) => self.rows::<S, 4, 3>(simd, at, delta, &mut sums),
                    (_, 5) => self.rows::<S, 1, 5>(simd, at, delta, &mut sums),
                    (_, 4) => self.rows::<S, 1, 4>(simd, at, delta, &mut sums),
                    (_, 3) => self.rows::<S, 1, 3>(simd, at, delta, &mut sums),
                    (_, 2) => self.rows::<S, 1, 2>(simd, at, delta, &mut sums),
                    _ => self.rows::<S, 1, 1>(simd, at, delta, &mut sums),
                };
            }
            output += rows;
        }
        self.turn(simd, &sums, form, below);
    }

    /// Adds `O` rows of R, each times the δ of its output, to the sums of `I` images.
    #[inline(always)]
    fn rows<S: Simd, const O: usize, const I: usize>(
        &self,
        simd: S,
        (output, first): (usize, usize),
        (delta, form): (&[Line], Form),
        sums: &mut Sums,
    ) -> usize {
        let width = self.units.len().min(STRIP);
        let whole = width / S::f32s::LEN * S::f32s::LEN;
        let mut factors = [[S::f32s::splat(simd, 0.0); I]; O];
        let mut rows: [&[f32]; O] = [&[]; O];
        let mut rests = [[0.0; LANES]; O];
        for o in 0..O {
            let line = &delta[form.line(output + o)].0[first..][..I];
            for i in 0..I {
                factors[o][i] = S::f32s::splat(simd, line[i]);
            }
            let row = &self.r[(output + o) * self.inputs + self.units.start..][..width];
            rows[o] = &row[..whole];
            if whole < width {
                rests[o][..width - whole].copy_from_slice(&row[whole..]);
            }
        }
        let Some(sums) = sums[first..].first_chunk_mut::<I>() else { return I };
        let mut at = 0;
        while at + S::f32s::LEN <= whole {
            let mut weights = [S::f32s::splat(simd, 0.0); O];
            for o in 0..O {
                weights[o] = S::f32s::from_slice(simd, &rows[o][at..][..S::f32s::LEN]);
            }
            for i in 0..I {
                let to = &mut sums[i][at..][..S::f32s::LEN];
                let mut sum = S::f32s::from_slice(simd, to);
                for o in 0..O {
                    sum = weights[o].mul_add(factors[o][i], sum);
                }
                sum.store_slice(to);
            }
            at += S::f32s::LEN;
        }
        if whole < width {
            for i in 0..I {
                let to = &mut sums[i][whole..][..S::f32s::LEN];
                let mut sum = S::f32s::from_slice(simd, to);
                for o in 0..O {
                    sum = S::f32s::from_slice(simd, &rests[o][..S::f32s::LEN]).mul_add(factors[o][i], sum);
                }
                sum.store_slice(to);
            }
        }
        I
    }

    /// From a row an image to a line a unit.
    #[inline(always)]
    fn turn<S: Simd>(&self, simd: S, sums: &Sums, form: Form, below: &mut [Line]) {
        let start = form.line(self.units.start);
        for first in (0..self.units.len()).step_by(LANES) {
            let mut rows = [f32x16::splat(simd, 0.0); LANES];
            for (row, sums) in rows.iter_mut().zip(sums) {
                *row = f32x16::from_slice(simd, &sums[first..][..LANES]);
            }
            for (unit, line) in (self.units.start + first..self.units.end).zip(&transposed(rows)) {
                line.store_slice(&mut below[form.line(unit) - start].0);
            }
        }
    }
}
