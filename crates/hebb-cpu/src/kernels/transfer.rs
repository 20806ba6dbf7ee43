//! `transfer`: rates from potentials, y = φ(x). And φ itself, which the other kernels of neurons with dendrites share.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, dispatch, f32x16, mask32x16};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::transfer::TransferFunction;

use super::polynomials::{logistic, power, softplus};
use super::{At, Map, Operands, lines};
use crate::line::{LANES, Line};
use crate::memory::Place;

/// φ(u).
#[inline(always)]
pub(crate) fn phi<S: Simd>(simd: S, transfer: TransferFunction, u: f32x16<S>) -> f32x16<S> {
    match transfer {
        TransferFunction::Identity => u,
        TransferFunction::Logistic => logistic(simd, u),
        TransferFunction::Softplus { gamma, beta, theta } => {
            let t = f32x16::splat(simd, beta) * (u - f32x16::splat(simd, theta));
            f32x16::splat(simd, gamma) * softplus(simd, t)
        }
    }
}

/// φ′(u) from the rate g = φ(u).
#[inline(always)]
pub(crate) fn slope<S: Simd>(simd: S, transfer: TransferFunction, g: f32x16<S>) -> f32x16<S> {
    let one = f32x16::splat(simd, 1.0);
    match transfer {
        TransferFunction::Identity => one,
        TransferFunction::Logistic => g * (one - g),
        TransferFunction::Softplus { gamma, beta, .. } => {
            let gamma = f32x16::splat(simd, gamma);
            gamma * f32x16::splat(simd, beta) * (one - power(simd, -(g / gamma)))
        }
    }
}

/// Which of a line's images are true, where the first so many are.
#[inline(always)]
pub(crate) fn first<S: Simd>(simd: S, count: usize) -> mask32x16<S> {
    let lanes: [f32; LANES] = std::array::from_fn(|lane| lane as f32);
    f32x16::from_slice(simd, &lanes).simd_lt(f32x16::splat(simd, count as f32))
}

/// What is computed number by number from `N` tensors.
pub(crate) trait Numbers<const N: usize> {
    /// Of sixteen numbers.
    fn of<S: Simd>(&self, simd: S, from: [f32x16<S>; N]) -> f32x16<S>;
}

/// Goes over lines of which the first `count` images are true; all others become 0. Where few are, a vector holds sixteen
/// units of one image.
#[inline(always)]
pub(crate) fn each_number<S: Simd, const N: usize>(
    simd: S,
    count: usize,
    from: [&[Line]; N],
    to: &mut [Line],
    numbers: &impl Numbers<N>,
) {
    let (there, zero) = (first(simd, count), f32x16::splat(simd, 0.0));
    if count > FEW {
        for (at, to) in to.iter_mut().enumerate() {
            let mut x = [zero; N];
            for n in 0..N {
                x[n] = all(simd, &from[n][at]);
            }
            there.select(numbers.of(simd, x), zero).store_slice(&mut to.0);
        }
        return;
    }
    for (at, to) in to.chunks_mut(LANES).enumerate() {
        let mut rows = [[0.0; LANES]; FEW];
        for lane in 0..count {
            let mut x = [zero; N];
            for n in 0..N {
                let mut units = [0.0; LANES];
                for (unit, line) in units.iter_mut().zip(&from[n][at * LANES..]) {
                    *unit = line.0[lane];
                }
                x[n] = f32x16::from_slice(simd, &units);
            }
            numbers.of(simd, x).store_slice(&mut rows[lane]);
        }
        for (unit, line) in to.iter_mut().enumerate() {
            *line = Line::ZERO;
            for lane in 0..count {
                line.0[lane] = rows[lane][unit];
            }
        }
    }
}

/// A line as one vector.
#[inline(always)]
pub(crate) fn all<S: Simd>(simd: S, line: &Line) -> f32x16<S> {
    f32x16::from_slice(simd, &line.0)
}

/// Images up to which a vector holds sixteen units: of sixteen images few would be true.
pub(crate) const FEW: usize = 4;

/// A call of it.
pub(crate) struct Transfer {
    transfer: TransferFunction,
    /// Whether Y has a last unit of 1.
    one: bool,
    x: Place,
    y: Place,
}

impl Transfer {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, transfer: TransferFunction, one: bool) -> Result<Self, Error> {
        Ok(Self { transfer, one, x: operands.place(Slot::X)?, y: operands.place(Slot::Y)? })
    }

    #[inline(always)]
    fn with_one<S: Simd>(&self, simd: S, count: usize, x: &[Line], y: &mut [Line]) {
        // Neither is padded, so that one line more can follow.
        let units = self.x.form.units;
        each_number(simd, count, [x], &mut y[..units], self);
        let (there, zero) = (first(simd, count), f32x16::splat(simd, 0.0));
        let last = there.select(f32x16::splat(simd, 1.0), zero);
        last.store_slice(&mut y[units].0);
    }
}

impl Map for Transfer {
    fn output(&self) -> (Place, usize, usize) {
        if self.one { (self.y, 1, self.y.form.lines()) } else { lines(self.y) }
    }

    fn run(&self, at: &At<'_>, parts: Range<usize>, y: &mut [Line]) {
        let x = at.lines(self.x);
        if self.one {
            return dispatch!(at.level, simd => self.with_one(simd, at.images(), x, y));
        }
        let x = &x[parts.start * self.output().2..];
        dispatch!(at.level, simd => each_number(simd, at.images(), [x], y, self));
    }
}

impl Numbers<1> for Transfer {
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, [x]: [f32x16<S>; 1]) -> f32x16<S> {
        phi(simd, self.transfer, x)
    }
}
