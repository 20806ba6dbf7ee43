//! `decay`: W ← W − (rate · s) W, s = 1, or the sum over images and places of the activity at one end of each weight.

use fearless_simd::{Level, dispatch};
use hebb_spec::backend::Error;
use hebb_spec::connection::Connection;
use hebb_spec::learning::{Decay as By, Rate};
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::share::each;
use super::statistics::{blocks, part};
use super::{All, Now, Operands};
use crate::line::LANES;
use crate::memory::{Group, Place, Tensors};

/// Units that one task sums.
const UNITS: usize = 16;

/// A call of it.
pub(crate) struct Decay {
    c: Connection,
    batch: usize,
    rate: Rate,
    end: Option<End>,
    w: TensorId,
}

/// The activity at one end of the weights.
struct End {
    by_post: bool,
    place: Place,
}

impl Decay {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, c: Connection, batch: u32, (by, rate): (By, Rate)) -> Result<Self, Error> {
        let end = match by {
            By::Even => None,
            By::ByPost => Some(End { by_post: true, place: operands.place(Slot::Y)? }),
            By::ByPre => Some(End { by_post: false, place: operands.place(Slot::X)? }),
        };
        Ok(Self { c, batch: batch as usize, rate, end, w: operands.id(Slot::W)? })
    }

    /// Σ over the images of each unit, the same order for any number of threads.
    fn sums(&self, (level, now): (Level, &Now), groups: &[Group], place: Place) -> Vec<f32> {
        let blocks = blocks(groups);
        let sum = |unit: usize| {
            let mut total = 0.0;
            for (number, block) in blocks.iter().enumerate() {
                let lanes = self.batch.saturating_sub(number * LANES).min(LANES);
                let line = part(&block.slots[place.slot][place.form.line(unit)], 0..lanes);
                total += dispatch!(level, simd => line.added(simd));
            }
            total
        };
        let mut sums = vec![0.0; place.form.units];
        each(now.alone, sums.chunks_mut(UNITS).enumerate(), |(at, sums)| {
            sums.iter_mut().zip(at * UNITS..).for_each(|(of_unit, unit)| *of_unit = sum(unit));
        });
        sums
    }

    /// s of one output channel of a filter: over the places that share it.
    fn of_output(&self, sums: &[f32], filter: usize, out: usize) -> f32 {
        let places = self.c.output.places() as usize;
        let of_channel = &sums[out * places..][..places];
        if self.c.untied { of_channel[filter] } else { of_channel.iter().sum() }
    }

    /// s of one tap of a filter: over what it reads at the places that share it.
    fn of_tap(&self, sums: &[f32], filter: usize, tap: usize) -> f32 {
        let c = &self.c;
        let (kh, kw) = (c.kernel_h as usize, c.kernel_w as usize);
        let (height, width) = (c.input.height as usize, c.input.width as usize);
        let (kx, ky, channel) = (tap % kw, tap / kw % kh, tap / kw / kh);
        let inside = |at: usize, tap: usize, pad: u32, size: usize| {
            (at + tap).checked_sub(pad as usize).filter(|&input| input < size)
        };
        let places = if c.untied { filter..filter + 1 } else { 0..height * width };
        let mut total = 0.0;
        for place in places {
            let row = inside(place / width, ky, c.pad_top(), height);
            let column = inside(place % width, kx, c.pad_left(), width);
            if let (Some(row), Some(column)) = (row, column) {
                total += sums[(channel * height + row) * width + column];
            }
        }
        total
    }
}

impl All for Decay {
    fn run(&mut self, level: Level, now: &Now, groups: &mut [Group], tensors: &mut Tensors) {
        let rate = now.rates[self.rate.0 as usize];
        let (taps, outputs) = (self.c.taps() as usize, self.c.output.channels as usize);
        let w = tensors.floats_mut(self.w);
        let Some(End { by_post, place }) = self.end else {
            w.iter_mut().for_each(|w| *w -= rate * *w);
            return;
        };
        let sums = self.sums((level, now), groups, place);
        let filters = w.chunks_mut((taps * outputs).max(1)).enumerate();
        each(now.alone, filters, |(filter, w)| {
            let rows = w.chunks_exact_mut(taps.max(1));
            if by_post {
                rows.enumerate().for_each(|(out, row)| {
                    let share = rate * self.of_output(&sums, filter, out);
                    row.iter_mut().for_each(|w| *w -= share * *w);
                });
            } else {
                let shares: Vec<f32> = (0..taps).map(|tap| rate * self.of_tap(&sums, filter, tap)).collect();
                rows.for_each(|row| row.iter_mut().zip(&shares).for_each(|(w, share)| *w -= share * *w));
            }
        });
    }
}
