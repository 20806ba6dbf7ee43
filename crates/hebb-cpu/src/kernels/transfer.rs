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

/// A line as one vector.
#[inline(always)]
pub(crate) fn all<S: Simd>(simd: S, line: &Line) -> f32x16<S> {
    f32x16::from_slice(simd, &line.0)
}

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
        let (there, zero) = (first(simd, count), f32x16::splat(simd, 0.0));
        for unit in 0..self.x.form.units {
            let rate = phi(simd, self.transfer, all(simd, &x[self.x.form.line(unit)]));
            there.select(rate, zero).store_slice(&mut y[self.y.form.line(unit)].0);
        }
        let last = there.select(f32x16::splat(simd, 1.0), zero);
        last.store_slice(&mut y[self.y.form.line(self.x.form.units)].0);
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
        dispatch!(at.level, simd => rates(simd, self.transfer, at.images(), x, y));
    }
}

#[inline(always)]
fn rates<S: Simd>(simd: S, transfer: TransferFunction, count: usize, x: &[Line], y: &mut [Line]) {
    let (there, zero) = (first(simd, count), f32x16::splat(simd, 0.0));
    for (x, y) in x.iter().zip(y) {
        there.select(phi(simd, transfer, all(simd, x)), zero).store_slice(&mut y.0);
    }
}
