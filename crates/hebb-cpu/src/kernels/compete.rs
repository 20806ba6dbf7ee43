//! `compete`: which units win, or how much of each image every unit has.

use std::ops::Range;

use hebb_spec::backend::Error;
use hebb_spec::learning::Competition;
use hebb_spec::operand::Slot;

use super::{At, Map, Operands};
use crate::line::{LANES, Line};
use crate::memory::Place;

/// A call of it.
pub(crate) struct Compete {
    competition: Competition,
    x: Place,
    y: Place,
}

impl Compete {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, competition: Competition) -> Result<Self, Error> {
        Ok(Self { competition, x: operands.place(Slot::X)?, y: operands.place(Slot::Y)? })
    }
}

impl Map for Compete {
    fn output(&self) -> (Place, usize, usize) {
        (self.y, 1, self.y.form.lines())
    }

    fn run(&self, at: &At<'_>, _parts: Range<usize>, y: &mut [Line]) {
        y.fill(Line::ZERO);
        let x = at.lines(self.x);
        let there = at.now.images.saturating_sub(at.number * LANES).min(LANES);
        let mut own = vec![0.0; self.x.form.units];
        for lane in 0..there {
            own.iter_mut().enumerate().for_each(|(unit, own)| *own = x[self.x.form.line(unit)].0[lane]);
            let mut set = |unit: usize, value: f32| y[self.y.form.line(unit)].0[lane] = value;
            let first = first_maximum(&own);
            match self.competition {
                Competition::Winner => set(first, 1.0),
                Competition::Softmax { sharpness } => {
                    let most = own[first];
                    own.iter_mut().for_each(|x| *x = (sharpness * (*x - most)).exp());
                    let sum: f32 = own.iter().sum();
                    own.iter().enumerate().for_each(|(unit, power)| set(unit, power / sum));
                }
            }
        }
    }
}

/// The first of the largest numbers; NaN never wins over a number before it.
pub(super) fn first_maximum(numbers: &[f32]) -> usize {
    let better = |best: usize, at: usize| if numbers[at] > numbers[best] { at } else { best };
    (0..numbers.len()).fold(0, better)
}
