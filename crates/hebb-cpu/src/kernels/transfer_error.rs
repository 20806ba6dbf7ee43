//! `transfer_error`: how far a rate is from what a dendrite foretells, δ = y − φ(scale · v).

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, dispatch, f32x16};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::transfer::TransferFunction;

use super::transfer::{Numbers, each_number, phi};
use super::{At, Map, Operands, lines};
use crate::line::Line;
use crate::memory::Place;

/// A call of it.
pub(crate) struct TransferError {
    transfer: TransferFunction,
    scale: f32,
    y: Place,
    v: Place,
    delta: Place,
}

impl TransferError {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, transfer: TransferFunction, scale: f32) -> Result<Self, Error> {
        let [y, v, delta] = [Slot::Y, Slot::V, Slot::Delta].map(|slot| operands.place(slot));
        Ok(Self { transfer, scale, y: y?, v: v?, delta: delta? })
    }
}

impl Numbers<2> for TransferError {
    #[inline(always)]
    fn of<S: Simd>(&self, simd: S, [y, v]: [f32x16<S>; 2]) -> f32x16<S> {
        y - phi(simd, self.transfer, f32x16::splat(simd, self.scale) * v)
    }
}

impl Map for TransferError {
    fn output(&self) -> (Place, usize, usize) {
        lines(self.delta)
    }

    fn run(&self, at: &At<'_>, parts: Range<usize>, delta: &mut [Line]) {
        let from = parts.start * self.output().2;
        let (y, v) = (&at.lines(self.y)[from..], &at.lines(self.v)[from..]);
        dispatch!(at.level, simd => each_number(simd, at.images(), [y, v], delta, self));
    }
}
