//! `transfer_feedback`: δ through φ′, which follows from the rate. A last unit that the layer below lacks is passed over.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Simd, dispatch, f32x16};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::transfer::TransferFunction;

use super::transfer::{all, first, slope};
use super::{At, Map, Operands};
use crate::line::Line;
use crate::memory::Place;

/// A call of it.
pub(crate) struct TransferFeedback {
    transfer: TransferFunction,
    delta: Place,
    gate: Place,
    below: Place,
}

impl TransferFeedback {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, transfer: TransferFunction) -> Result<Self, Error> {
        let [delta, gate, below] = [Slot::Delta, Slot::Gate, Slot::Below].map(|slot| operands.place(slot));
        Ok(Self { transfer, delta: delta?, gate: gate?, below: below? })
    }

    #[inline(always)]
    fn send<S: Simd>(&self, simd: S, count: usize, (delta, gate): (&[Line], &[Line]), below: &mut [Line]) {
        let (there, zero) = (first(simd, count), f32x16::splat(simd, 0.0));
        for unit in 0..self.below.form.units {
            let delta = all(simd, &delta[self.delta.form.line(unit)]);
            let sent = slope(simd, self.transfer, all(simd, &gate[self.gate.form.line(unit)])) * delta;
            there.select(sent, zero).store_slice(&mut below[self.below.form.line(unit)].0);
        }
    }
}

impl Map for TransferFeedback {
    fn output(&self) -> (Place, usize, usize) {
        (self.below, 1, self.below.form.lines())
    }

    fn run(&self, at: &At<'_>, _parts: Range<usize>, below: &mut [Line]) {
        let from = (at.lines(self.delta), at.lines(self.gate));
        dispatch!(at.level, simd => self.send(simd, at.images(), from, below));
    }
}
