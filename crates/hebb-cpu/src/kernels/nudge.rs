//! `nudge`: a soma between its dendrite and what it is nudged towards, its rate, and how far that is from what the dendrite
//! foretells.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16};
use hebb_spec::backend::Error;
use hebb_spec::operand::Slot;
use hebb_spec::transfer::Nudge as Soma;

use super::share::each;
use super::transfer::{all, first, phi};
use super::{All, Now, Operands};
use crate::line::{LANES, Line};
use crate::memory::{Block, Group, Place, Tensors};

/// A call of it.
pub(crate) struct Nudge {
    soma: Soma,
    v: Place,
    target: Place,
    /// U, Y and δ.
    to: [Place; 3],
}

impl Nudge {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, soma: Soma) -> Result<Self, Error> {
        let (v, target) = (operands.place(Slot::V)?, operands.place(Slot::Target)?);
        let to = [operands.place(Slot::U)?, operands.place(Slot::Y)?, operands.place(Slot::Delta)?];
        Ok(Self { soma, v, target, to })
    }

    #[inline(always)]
    fn pull<S: Simd>(&self, simd: S, count: usize, (v, target): (&[Line], &[Line]), to: &mut [Vec<Line>; 3]) {
        let (there, zero) = (first(simd, count), f32x16::splat(simd, 0.0));
        let Soma { transfer, keep, pull, rest, scale } = self.soma;
        let [keep, pull, rest, scale] = [keep, pull, rest, scale].map(|number| f32x16::splat(simd, number));
        let [u, y, delta] = to;
        let to = u.iter_mut().zip(y).zip(delta);
        for ((v, target), ((u, y), delta)) in v.iter().zip(target).zip(to) {
            let v = all(simd, v);
            let potential = keep * v + pull * all(simd, target) + rest;
            let rate = phi(simd, transfer, potential);
            there.select(potential, zero).store_slice(&mut u.0);
            there.select(rate, zero).store_slice(&mut y.0);
            there.select(rate - phi(simd, transfer, scale * v), zero).store_slice(&mut delta.0);
        }
    }
}

impl All for Nudge {
    fn run(&mut self, level: Level, now: &Now, groups: &mut [Group], _tensors: &mut Tensors) {
        let blocks = groups.iter_mut().flat_map(|group| &mut group.blocks).enumerate();
        each(now.alone, blocks, |(number, block): (usize, &mut Block)| {
            let mut to = self.to.map(|place| std::mem::take(&mut block.slots[place.slot]));
            let count = now.images.saturating_sub(number * LANES).min(LANES);
            let lines = self.v.form.lines();
            let from = (&block.slots[self.v.slot][..lines], &block.slots[self.target.slot][..lines]);
            dispatch!(level, simd => self.pull(simd, count, from, &mut to));
            for (place, lines) in self.to.iter().zip(to) {
                block.slots[place.slot] = lines;
            }
        });
    }
}
