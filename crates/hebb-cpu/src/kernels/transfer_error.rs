//! `transfer_error`: how far a rate is from what a dendrite foretells, δ = y − φ(scale · v).

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, dispatch, f32x16};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::transfer::TransferFunction;

use super::transfer::{all, first, phi};
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

    #[inline(always)]
    fn errors<S: Simd>(&self, simd: S, count: usize, (y, v): (&[Line], &[Line]), delta: &mut [Line]) {
        let (there, zero) = (first(simd, count), f32x16::splat(simd, 0.0));
        let scale = f32x16::splat(simd, self.scale);
        for ((y, v), delta) in y.iter().zip(v).zip(delta) {
            let error = all(simd, y) - phi(simd, self.transfer, scale * all(simd, v));
            there.select(error, zero).store_slice(&mut delta.0);
        }
    }
}

impl Map for TransferError {
    fn output(&self) -> (Place, usize, usize) {
        lines(self.delta)
    }

    fn run(&self, at: &At<'_>, parts: Range<usize>, delta: &mut [Line]) {
        let from = parts.start * self.output().2;
        let (y, v) = (&at.lines(self.y)[from..], &at.lines(self.v)[from..]);
        dispatch!(at.level, simd => self.errors(simd, at.images(), (y, v), delta));
    }
}
