//! `connect_feedback` of full and untied layers: R δ, then σ′ of the layer below. Each weight is read once for all
//! blocks.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};
use hebb_spec::backend::Error;
use hebb_spec::connection::Connection;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::place::{blocks, parts, put, ranges, take};
use super::share::each;
use super::strip::{Lines, STRIP, Strip};
use super::tied::gated;
use super::{All, Now, Operands};
use crate::line::{LANES, Line, vectors};
use crate::memory::{Block, Group, Place, Tensors};

/// Channels of a tile.
const TILE: usize = 8;
/// Units of a full layer that one task writes: whole cache lines of R.
const TASK: usize = 128;

/// Blocks from which R is packed for them.
const PACKED_FROM: usize = 3;

/// A call of it.
pub(crate) struct PlaceFeedback {
    c: Connection,
    r: TensorId,
    delta: Place,
    skip: Option<Place>,
    gate: Option<(f32, Place)>,
    below: Place,
    batch: usize,
}

impl PlaceFeedback {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, c: Connection, gate: Option<f32>) -> Result<Self, Error> {
        Ok(Self {
            c,
            r: operands.id(Slot::R)?,
            delta: operands.place(Slot::Delta)?,
            skip: operands.call.tensor(Slot::Skip).map(|_| operands.place(Slot::Skip)).transpose()?,
            gate: gate.map(|slope| Ok::<_, Error>((slope, operands.place(Slot::Gate)?))).transpose()?,
            below: operands.place(Slot::Below)?,
            batch: operands.call.problem.batch() as usize,
        })
    }

    /// Channels of one task, of a full layer units.
    fn task(&self, alone: bool, blocks: usize) -> usize {
        let units = self.c.input.channels as usize;
        match (self.c.is_full(), self.by_strips(blocks)) {
            (true, false) => TASK,
            (_, true) => {
                // Alike for all threads, and no more than a strip holds.
                let threads = if alone { 1 } else { rayon::current_num_threads() };
                units.div_ceil(units.div_ceil(STRIP).next_multiple_of(threads)).next_multiple_of(LANES).min(STRIP)
            }
            (false, false) => TILE,
        }
    }

    /// Whether images are so few that rows of R are read as they lie; of an untied layer only single pixels can be.
    fn by_strips(&self, blocks: usize) -> bool {
        blocks < PACKED_FROM && (self.c.is_full() || self.c.kernel_h * self.c.kernel_w == 1)
    }

    /// Where the lines of a channel begin, of a full layer those of a unit.
    fn line(&self, channel: usize) -> usize {
        match self.c.is_full() {
            true => self.below.form.line(channel),
            false => channel * self.below.form.channel(self.c.input.places() as usize),
        }
    }
}

impl All for PlaceFeedback {
    fn run(&mut self, level: Level, now: &Now, groups: &mut [Group], tensors: &mut Tensors) {
        let mut taken = take(groups, self.below.slot);
        {
            let blocks: Vec<&Block> = blocks(groups).collect();
            let tasks = ranges(self.c.input.channels as usize, self.task(now.alone, blocks.len()));
            let ends = tasks.clone().map(|task| self.line(task.end).min(self.below.form.lines()));
            let parts = parts(&mut taken, ends);
            let r = tensors.floats(self.r);
            each(now.alone, tasks.zip(parts), |(channels, mut below)| {
                let task = Task { of: self, r, blocks: &blocks, channels };
                dispatch!(level, simd => task.run(simd, &mut below));
            });
        }
        put(groups, self.below.slot, taken);
    }
}

/// Some channels of all blocks.
struct Task<'a> {
    of: &'a PlaceFeedback,
    r: &'a [f32],
    blocks: &'a [&'a Block],
    channels: Range<usize>,
}

impl Task<'_> {
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, below: &mut [&mut [Line]]) {
        match (self.of.c.is_full(), self.of.by_strips(self.blocks.len())) {
            (true, false) => self.full(simd, below),
            (_, true) => {
                self.strips(simd, below);
            }
            (false, false) => self.untied(simd, below),
        }
        let first = self.of.line(self.channels.start);
        for (block, below) in self.blocks.iter().zip(below) {
            for (line, below) in (first..).zip(below.iter_mut()) {
                for lane in vectors::<S>() {
                    let mut sum = below.load(simd, lane);
                    if let Some(skip) = self.of.skip {
                        sum += block.slots[skip.slot][line].load(simd, lane);
                    }
                    if let Some((slope, gate)) = self.of.gate {
                        sum = gated(simd, slope, block.slots[gate.slot][line].load(simd, lane), sum);
                    }
                    below.store(simd, sum, lane);
                }
            }
        }
    }

    /// Place by place, so that the rows of its filter are at hand for all blocks.
    #[inline(always)]
    fn strips<S: Simd>(&self, simd: S, below: &mut [&mut [Line]]) {
        let (c, to, from) = (&self.of.c, self.of.below.form, self.of.delta.form);
        let (inputs, places) = (c.input.channels as usize, c.input.places() as usize);
        let mut sums = Vec::new();
        let of_place = (inputs * c.output.channels as usize).max(1);
        for (place, r) in self.r.chunks_exact(of_place).enumerate() {
            let (from, to) = match c.is_full() {
                true => (Lines::Full(from), Lines::Full(to)),
                false => (Lines::Place(place, from.channel(places)), Lines::Place(place, to.channel(places))),
            };
            for (number, (block, below)) in self.blocks.iter().zip(&mut *below).enumerate() {
                let images = (self.of.batch - number * LANES).min(LANES);
                let delta = (&block.slots[self.of.delta.slot][..], from);
                Strip { r, inputs, units: self.channels.clone(), images }.run(simd, delta, (to, below), &mut sums);
            }
        }
    }

    /// R's columns are packed first: they stand a row apart, where a cache can hold but few of them.
    #[inline(always)]
    fn full<S: Simd>(&self, simd: S, below: &mut [&mut [Line]]) {
        let (inputs, outputs) = (self.of.c.input.channels as usize, self.of.c.output.channels as usize);
        let lines: Vec<usize> = (0..outputs).map(|output| self.of.delta.form.line(output)).collect();
        let mut columns = vec![[0.0; TILE]; self.channels.len().div_ceil(TILE) * outputs];
        for (output, row) in self.r.chunks_exact(inputs.max(1)).enumerate() {
            let (tiles, rest) = row[self.channels.clone()].as_chunks::<TILE>();
            for (tile, weights) in tiles.iter().enumerate() {
                columns[tile * outputs + output] = *weights;
            }
            for (at, &weight) in rest.iter().enumerate() {
                columns[tiles.len() * outputs + output][at] = weight;
            }
        }
        for (tile, columns) in columns.chunks_exact(outputs.max(1)).enumerate() {
            let unit = self.channels.start + tile * TILE;
            let mut block = 0;
            while block < self.blocks.len() {
                block += match (S::f32s::LEN >= 16, self.blocks.len() - block) {
                    (true, 3..) => self.units::<S, 8, 3>(simd, (unit, block), (columns, &lines), below),
                    (true, _) => self.units::<S, 8, 1>(simd, (unit, block), (columns, &lines), below),
                    (false, 3..) => self.units::<S, 4, 3>(simd, (unit, block), (columns, &lines), below),
                    (false, _) => self.units::<S, 4, 1>(simd, (unit, block), (columns, &lines), below),
                };
            }
        }
    }

    /// Eight units from `unit` on, `O` at a time, of `P` blocks.
    #[inline(always)]
    fn units<S: Simd, const O: usize, const P: usize>(
        &self,
        simd: S,
        (unit, block): (usize, usize),
        (columns, lines): (&[[f32; TILE]], &[usize]),
        below: &mut [&mut [Line]],
    ) -> usize {
        let first = self.of.line(self.channels.start);
        let deltas = self.deltas::<P>(block);
        for skip in (0..TILE).step_by(O) {
            for lane in vectors::<S>() {
                let lines = columns.iter().zip(lines).map(|(weights, &line)| (weights, line));
                let sums = sums::<S, O, P>(simd, lines, &deltas, skip, lane);
                // Indices that the compiler knows keep the sums in registers.
                for o in 0..O {
                    let unit = unit + skip + o;
                    if unit < self.channels.end {
                        for p in 0..P {
                            below[block + p][self.of.line(unit) - first].store(simd, sums[o][p], lane);
                        }
                    }
                }
            }
        }
        P
    }

    /// δ of some blocks.
    #[inline(always)]
    fn deltas<const P: usize>(&self, block: usize) -> [&[Line]; P] {
        let mut deltas: [&[Line]; P] = [&[]; P];
        for (p, deltas) in deltas.iter_mut().enumerate() {
            *deltas = &self.blocks[block + p].slots[self.of.delta.slot];
        }
        deltas
    }

    /// Each place sends through its own filter to the pixels that it read.
    #[inline(always)]
    fn untied<S: Simd>(&self, simd: S, below: &mut [&mut [Line]]) {
        below.iter_mut().for_each(|below| below.fill(Line::ZERO));
        let c = &self.of.c;
        let (inputs, outputs) = (c.input.channels as usize, c.output.channels as usize);
        let (kw, size) = (c.kernel_w as usize, (c.kernel_h * c.kernel_w) as usize);
        let (height, width) = (c.input.height as usize, c.input.width as usize);
        let pixel = |at: usize, tap: usize, pad: u32, size: usize| {
            (at + tap).checked_sub(pad as usize).filter(|&pixel| pixel < size)
        };
        // The place's filter, turned: [tap][output][channel of this tile].
        let mut turned = vec![[0.0; TILE]; size * outputs];
        for place in 0..c.output.places() as usize {
            let (row, column) = (place / width, place % width);
            for output in 0..outputs {
                let filter = &self.r[((place * outputs + output) * inputs + self.channels.start) * size..];
                for (at, filter) in filter.chunks_exact(size).take(self.channels.len()).enumerate() {
                    for (tap, &weight) in filter.iter().enumerate() {
                        turned[tap * outputs + output][at] = weight;
                    }
                }
            }
            for tap in 0..size {
                let target =
                    pixel(row, tap / kw, c.pad_top(), height).zip(pixel(column, tap % kw, c.pad_left(), width));
                let Some((row, column)) = target else { continue };
                let weights = &turned[tap * outputs..][..outputs];
                let lines = (place, row * width + column);
                let mut block = 0;
                while block < self.blocks.len() {
                    block += match (S::f32s::LEN >= 16, self.blocks.len() - block) {
                        (true, 3..) => self.send::<S, 8, 3>(simd, weights, lines, block, below),
                        (true, _) => self.send::<S, 8, 1>(simd, weights, lines, block, below),
                        (false, 3..) => self.send::<S, 4, 3>(simd, weights, lines, block, below),
                        (false, _) => self.send::<S, 4, 1>(simd, weights, lines, block, below),
                    };
                }
            }
        }
    }

    /// Adds one tap of a place to its pixel.
    #[inline(always)]
    fn send<S: Simd, const O: usize, const P: usize>(
        &self,
        simd: S,
        weights: &[[f32; TILE]],
        (place, pixel): (usize, usize),
        block: usize,
        below: &mut [&mut [Line]],
    ) -> usize {
        let places = self.of.c.input.places() as usize;
        let (from, to) = (self.of.delta.form.channel(places), self.of.below.form.channel(places));
        let deltas = self.deltas::<P>(block);
        for skip in (0..TILE).step_by(O) {
            for lane in vectors::<S>() {
                let lines = weights.iter().zip((place..).step_by(from));
                let sums = sums::<S, O, P>(simd, lines, &deltas, skip, lane);
                for o in 0..O {
                    if skip + o < self.channels.len() {
                        for p in 0..P {
                            let below = &mut below[block + p][(skip + o) * to + pixel];
                            below.store(simd, below.load(simd, lane) + sums[o][p], lane);
                        }
                    }
                }
            }
        }
        P
    }
}

/// Σ weight · δ over some lines: `O` sums of each tile's weights from `skip` on, for `P` blocks.
#[inline(always)]
fn sums<'a, S: Simd, const O: usize, const P: usize>(
    simd: S,
    lines: impl Iterator<Item = (&'a [f32; TILE], usize)>,
    deltas: &[&[Line]; P],
    skip: usize,
    lane: usize,
) -> [[S::f32s; P]; O] {
    let mut sums = [[S::f32s::splat(simd, 0.0); P]; O];
    let mut held = sums;
    for (weights, line) in lines {
        let mut delta = [S::f32s::splat(simd, 0.0); P];
        for p in 0..P {
            delta[p] = deltas[p][line].load(simd, lane);
        }
        for o in 0..O {
            let weight = S::f32s::splat(simd, weights[skip + o]);
            for p in 0..P {
                held[o][p] = delta[p].mul_add(weight, held[o][p]);
            }
        }
    }
    for o in 0..O {
        for p in 0..P {
            sums[o][p] = held[o][p];
        }
    }
    sums
}
