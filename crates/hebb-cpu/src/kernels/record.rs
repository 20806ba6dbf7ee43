//! `record`: activity of some repeats, kept row by row.

use fearless_simd::Level;
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::{All, Now, Operands};
use crate::line::LANES;
use crate::memory::{Group, Place, Tensors};

/// A call of it.
pub(crate) struct Record {
    batch: usize,
    every: u32,
    rows: u32,
    x: Place,
    ring: TensorId,
}

impl Record {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, (every, rows): (u32, u32)) -> Result<Self, Error> {
        let batch = operands.call.problem.batch() as usize;
        Ok(Self { batch, every, rows, x: operands.place(Slot::X)?, ring: operands.id(Slot::Ring)? })
    }
}

impl All for Record {
    fn run(&mut self, _level: Level, now: &Now, groups: &mut [Group], tensors: &mut Tensors) {
        if !now.repeat.is_multiple_of(self.every) {
            return;
        }
        let (row, units) = ((now.repeat / self.every % self.rows) as usize, self.x.form.units);
        let ring = &mut tensors.floats_mut(self.ring)[row * self.batch * units..][..self.batch * units];
        let blocks = groups.iter().flat_map(|group| &group.blocks);
        for (block, images) in blocks.zip(ring.chunks_mut((LANES * units).max(1))) {
            let lines = &block.slots[self.x.slot];
            for (lane, image) in images.chunks_mut(units.max(1)).enumerate() {
                for (first, line, len) in self.x.form.runs() {
                    for (to, line) in image[first..][..len].iter_mut().zip(&lines[line..]) {
                        *to = line.0[lane];
                    }
                }
            }
        }
    }
}
