//! `saturation`: how many units stand at ±1, where σ′ is 0.

use fearless_simd::Level;
use hebb_spec::backend::Error;
use hebb_spec::lane4::{LANE, padded};
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;
use hebb_spec::problem::Problem;

use super::{All, Now, Operands};
use crate::line::LANES;
use crate::memory::{Group, Place, Tensors};

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
}

impl All for Saturation {
    fn run(&mut self, _level: Level, _now: &Now, groups: &mut [Group], tensors: &mut Tensors) {
        let chunk = (Problem::STATISTICS_CHUNK * LANE) as usize;
        let counts = tensors.floats_mut(self.sums);
        counts.fill(0.0);
        for (block, lines) in groups.iter().flat_map(|group| &group.blocks).enumerate() {
            let lines = &lines.slots[self.x.slot];
            let there = (self.batch as usize - block * LANES).min(LANES);
            for unit in 0..self.units {
                // Groups are runs of [unit][image, padded to four], on every backend alike.
                let first = unit * padded(self.batch) + block * LANES;
                let images = &lines[self.x.form.line(unit)].0[..there];
                let (low, high) = images.split_at(there.min(chunk - first % chunk));
                counts[first / chunk] += count(low);
                if !high.is_empty() {
                    counts[first / chunk + 1] += count(high);
                }
            }
        }
    }
}

/// Units at ±1.
fn count(x: &[f32]) -> f32 {
    x.iter().map(|x| f32::from(u8::from(x.abs() >= 1.0))).sum()
}
