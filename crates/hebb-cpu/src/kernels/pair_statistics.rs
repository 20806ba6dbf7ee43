//! `pair_statistics`: partial sums of a, b, a², b², a·b, from which correlation, angle and norms follow.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x16};
use hebb_spec::backend::Error;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::{LANE, Lane4};
use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;
use hebb_spec::problem::Problem;

use super::share::each;
use super::statistics::{GROUP, Units, blocks, part};
use super::{All, Now, Operands};
use crate::line::{LANES, Line};
use crate::memory::{Block, Group, Place, Tensors};

/// Groups of weights that one task sums: long enough runs of each output's taps.
const TASK: usize = 64;

/// A call of it.
pub(crate) struct PairStatistics {
    of: Layout,
    ids: [TensorId; 2],
    places: Option<[Place; 2]>,
    masks: Option<[TensorId; 2]>,
    sums: TensorId,
}

/// The five sums of a group, lane by lane.
type Five = [Line; 5];

/// Numbers and masks of both.
#[derive(Clone, Copy)]
struct Pairs<'a> {
    a: &'a [f32],
    b: &'a [f32],
    masks: Option<[&'a [u8]; 2]>,
}

impl PairStatistics {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, of: Layout, masked: bool) -> Result<Self, Error> {
        let is_activity = matches!(of, Layout::Activity { .. });
        let places = || Ok::<_, Error>([operands.place(Slot::A)?, operands.place(Slot::B)?]);
        let masks = || Ok::<_, Error>([operands.id(Slot::MaskA)?, operands.id(Slot::MaskB)?]);
        Ok(Self {
            of,
            ids: [operands.id(Slot::A)?, operands.id(Slot::B)?],
            places: is_activity.then(places).transpose()?,
            masks: masked.then(masks).transpose()?,
            sums: operands.id(Slot::Sums)?,
        })
    }
}

impl All for PairStatistics {
    fn run(&mut self, level: Level, now: &Now, groups: &mut [Group], tensors: &mut Tensors) {
        let mut sums = vec![0.0; tensors.floats(self.sums).len()];
        let pairs = Pairs {
            a: tensors.floats(self.ids[0]),
            b: tensors.floats(self.ids[1]),
            masks: self.masks.map(|masks| masks.map(|mask| tensors.bytes(mask))),
        };
        let blocks = blocks(groups);
        let tasks = sums.chunks_mut(TASK * Problem::STATISTICS_LEN).enumerate();
        each(now.alone, tasks, |(task, sums)| {
            let mut totals = [[Line::ZERO; 5]; TASK];
            let totals = &mut totals[..sums.len() / Problem::STATISTICS_LEN];
            let first = task * TASK;
            dispatch!(level, simd => {
                match (self.of, self.places) {
                    (Layout::Activity { batch, .. }, Some(places)) => activity(simd, totals, first, &blocks, places, batch),
                    (Layout::Weights(c), _) => weights(simd, totals, first, &pairs, &c),
                    _ => flat(simd, totals, first, &pairs),
                }
                for (sums, totals) in sums.chunks_mut(Problem::STATISTICS_LEN).zip(totals.iter()) {
                    for (sum, total) in sums.iter_mut().zip(totals) {
                        *sum = total.added(simd);
                    }
                }
            });
        });
        tensors.floats_mut(self.sums).copy_from_slice(&sums);
    }
}

/// Groups from number `first` on of activity.
#[inline(always)]
fn activity<S: Simd>(simd: S, totals: &mut [Five], first: usize, blocks: &[&Block], [a, b]: [Place; 2], batch: u32) {
    for (group, totals) in (first..).zip(totals) {
        let group = Units::new(group, a.form.units, batch);
        for (number, block) in blocks.iter().enumerate() {
            for unit in group.units() {
                let lanes = group.lanes(unit, number);
                let one = part(&block.slots[a.slot][a.form.line(unit)], lanes.clone());
                let other = part(&block.slots[b.slot][b.form.line(unit)], lanes);
                add(simd, totals, &one.0, &other.0);
            }
        }
    }
}

/// The same of weights, which lie `[filter][output][tap]` and whose groups are runs of `[filter][tap][output, padded]`.
#[inline(always)]
fn weights<S: Simd>(simd: S, totals: &mut [Five], first: usize, pairs: &Pairs<'_>, c: &Connection) {
    let (taps, outputs, row) = (c.taps() as usize, c.output.channels as usize, (c.out_vectors() * LANE) as usize);
    let all = pairs.a.len() / outputs.max(1);
    // Where each group ends: whole rows, and outputs of the next one.
    let mut ends = [(0, 0); TASK];
    for (end, group) in ends.iter_mut().zip(first + 1..) {
        *end = (group * GROUP / row, group * GROUP % row);
    }
    let begin = (first * GROUP / row, first * GROUP % row);
    for output in 0..outputs {
        // Taps of all filters, one after another, as far as this output's numbers belong to these groups.
        let up_to = |(rows, rest): (usize, usize)| (rows + usize::from(output < rest)).min(all);
        let mut tap = up_to(begin);
        let (mut filter, mut of_filter) = (tap / taps.max(1), tap % taps.max(1));
        for (totals, &end) in totals.iter_mut().zip(&ends) {
            let end = up_to(end);
            while tap < end {
                let len = (end - tap).min(taps - of_filter);
                let from = (filter * outputs + output) * taps + of_filter;
                run(simd, totals, pairs, from..from + len);
                (tap, of_filter) = (tap + len, of_filter + len);
                if of_filter == taps {
                    (filter, of_filter) = (filter + 1, 0);
                }
            }
        }
    }
}

/// The same of numbers that lie as they count.
#[inline(always)]
fn flat<S: Simd>(simd: S, totals: &mut [Five], first: usize, pairs: &Pairs<'_>) {
    for (group, totals) in (first..).zip(totals) {
        run(simd, totals, pairs, group * GROUP..((group + 1) * GROUP).min(pairs.a.len()));
    }
}

/// Adds a run of pairs to a group's sums.
#[inline(always)]
fn run<S: Simd>(simd: S, totals: &mut Five, pairs: &Pairs<'_>, of: Range<usize>) {
    let (a, b) = (&pairs.a[of.clone()], &pairs.b[of.clone()]);
    if pairs.masks.is_none() {
        let (mut whole_a, mut whole_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
        for (a, b) in whole_a.by_ref().zip(whole_b.by_ref()) {
            add(simd, totals, a, b);
        }
        for (lane, (a, b)) in whole_a.remainder().iter().zip(whole_b.remainder()).enumerate() {
            for (total, term) in totals.iter_mut().zip([*a, *b, a * a, b * b, a * b]) {
                total.0[lane] += term;
            }
        }
        return;
    }
    for (at, (a, b)) in (of.start..).step_by(LANES).zip(a.chunks(LANES).zip(b.chunks(LANES))) {
        let (mut one, mut other) = (Line::ZERO, Line::ZERO);
        for (lane, (&a, &b)) in a.iter().zip(b).enumerate() {
            if pairs.masks.is_none_or(|masks| masks.iter().all(|mask| mask[at + lane] != 0)) {
                (one.0[lane], other.0[lane]) = (a, b);
            }
        }
        add(simd, totals, &one.0, &other.0);
    }
}

/// Adds sixteen pairs, lane by lane.
#[inline(always)]
fn add<S: Simd>(simd: S, totals: &mut Five, a: &[f32], b: &[f32]) {
    let (a, b) = (f32x16::from_slice(simd, a), f32x16::from_slice(simd, b));
    let [of_a, of_b, of_aa, of_bb, of_ab] = totals;
    let of = |line: &Line| f32x16::from_slice(simd, &line.0);
    (of(of_a) + a).store_slice(&mut of_a.0);
    (of(of_b) + b).store_slice(&mut of_b.0);
    a.mul_add(a, of(of_aa)).store_slice(&mut of_aa.0);
    b.mul_add(b, of(of_bb)).store_slice(&mut of_bb.0);
    a.mul_add(b, of(of_ab)).store_slice(&mut of_ab.0);
}
