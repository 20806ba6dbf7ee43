//! `target_delta`: the label as a δ: −1 at the label's class, 0 elsewhere.

use std::ops::Range;

use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::{At, Map, Operands};
use crate::line::{LANES, Line};
use crate::memory::Place;

/// A call of it.
pub(crate) struct TargetDelta {
    labels: TensorId,
    delta: Place,
}

impl TargetDelta {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>) -> Result<Self, Error> {
        Ok(Self { labels: operands.id(Slot::Labels)?, delta: operands.place(Slot::Delta)? })
    }
}

impl Map for TargetDelta {
    fn output(&self) -> (Place, usize, usize) {
        (self.delta, 1, self.delta.form.lines())
    }

    fn run(&self, at: &At<'_>, _parts: Range<usize>, delta: &mut [Line]) {
        delta.fill(Line::ZERO);
        let first = at.number * LANES;
        let there = at.now.images.saturating_sub(first).min(LANES);
        for (lane, &label) in at.tensors.classes(self.labels).iter().skip(first).take(there).enumerate() {
            delta[self.delta.form.line(usize::from(label))].0[lane] = -1.0;
        }
    }
}
