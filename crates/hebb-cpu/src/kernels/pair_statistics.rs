//! `pair_statistics`: partial sums of a, b, a², b², a·b, from which correlation, angle and norms follow.

use fearless_simd::Level;
use hebb_spec::backend::Error;
use hebb_spec::lane4::{LANE, Lane4, padded};
use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;
use hebb_spec::problem::Problem;

use super::{All, Now, Operands};
use crate::line::LANES;
use crate::memory::{Group, Place, Tensors};

/// A call of it.
pub(crate) struct PairStatistics {
    of: Layout,
    ids: [TensorId; 2],
    places: Option<[Place; 2]>,
    masks: Option<[TensorId; 2]>,
    sums: TensorId,
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

    /// Adds the pair that stands at `at` in the lane-4 form, whose runs are the groups on every backend alike.
    fn add(sums: &mut [f32], at: usize, a: f32, b: f32) {
        let group = at / (Problem::STATISTICS_CHUNK * LANE) as usize;
        let sums = &mut sums[group * Problem::STATISTICS_LEN..];
        for (sum, term) in sums.iter_mut().zip([a, b, a * a, b * b, a * b]) {
            *sum += term;
        }
    }

    fn of_activity(&self, groups: &[Group], [a, b]: [Place; 2], batch: u32, sums: &mut [f32]) {
        for (number, block) in groups.iter().flat_map(|group| &group.blocks).enumerate() {
            let there = (batch as usize - number * LANES).min(LANES);
            for unit in 0..a.form.units {
                let (one, other) = (&block.slots[a.slot][a.form.line(unit)], &block.slots[b.slot][b.form.line(unit)]);
                for (lane, (&one, &other)) in one.0.iter().zip(&other.0).enumerate().take(there) {
                    Self::add(sums, unit * padded(batch) + number * LANES + lane, one, other);
                }
            }
        }
    }
}

impl All for PairStatistics {
    fn run(&mut self, _level: Level, _now: &Now, groups: &mut [Group], tensors: &mut Tensors) {
        let mut sums = vec![0.0; tensors.floats(self.sums).len()];
        match (self.of, self.places) {
            (Layout::Activity { batch, .. }, Some(places)) => self.of_activity(groups, places, batch, &mut sums),
            (Layout::Weights(c), _) => {
                let (a, b) = (tensors.floats(self.ids[0]), tensors.floats(self.ids[1]));
                let masks = self.masks.map(|[a, b]| (tensors.bytes(a), tensors.bytes(b)));
                let (taps, outputs) = (c.taps() as usize, c.output.channels as usize);
                let row = (c.out_vectors() * LANE) as usize;
                for (index, (&a, &b)) in a.iter().zip(b).enumerate() {
                    if masks.is_none_or(|(a, b)| a[index] != 0 && b[index] != 0) {
                        let (filter, output, tap) = (index / taps / outputs, index / taps % outputs, index % taps);
                        Self::add(&mut sums, (filter * taps + tap) * row + output, a, b);
                    }
                }
            }
            _ => {
                let (a, b) = (tensors.floats(self.ids[0]), tensors.floats(self.ids[1]));
                a.iter().zip(b).enumerate().for_each(|(at, (&a, &b))| Self::add(&mut sums, at, a, b));
            }
        }
        tensors.floats_mut(self.sums).copy_from_slice(&sums);
    }
}
