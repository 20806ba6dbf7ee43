//! `saturation`: how many units stand at ±1, where σ′ is 0.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::share::each;
use super::statistics::{Units, blocks, part};
use super::{All, Now, Operands};
use crate::line::Line;
use crate::memory::{Block, Group, Place, Tensors};

/// A call of it.
pub(crate) struct Saturation {
    units: usize,
    batch: u32,
    x: Place,
    sums: TensorId,
}

impl Saturation {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, units: u32, batch: u32) -> Result<Self, Error> {
        Ok(Self { units: units as usize, batch, x: operands.place(Slot::X)?, sums: operands.id(Slot::Sums)? })
    }

    /// Units of a group at ±1.
    #[inline(always)]
    fn count<S: Simd>(&self, simd: S, blocks: &[&Block], group: &Units) -> f32 {
        let (zero, one) = (f32x16::splat(simd, 0.0), f32x16::splat(simd, 1.0));
        let mut counts = zero;
        for (number, block) in blocks.iter().enumerate() {
            let lines = &block.slots[self.x.slot];
            for unit in group.units() {
                let x = part(&lines[self.x.form.line(unit)], group.lanes(unit, number));
                counts += f32x16::from_slice(simd, &x.0).abs().simd_ge(one).select(one, zero);
            }
        }
        Line(counts.to_array()).added(simd)
    }
}

impl All for Saturation {
    fn run(&mut self, level: Level, now: &Now, groups: &mut [Group], tensors: &mut Tensors) {
        let blocks = blocks(groups);
        each(now.alone, tensors.floats_mut(self.sums).iter_mut().enumerate(), |(group, count)| {
            let group = Units::new(group, self.units, self.batch);
            *count = dispatch!(level, simd => self.count(simd, &blocks, &group));
        });
    }
}
