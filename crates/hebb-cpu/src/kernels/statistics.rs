//! What `pair_statistics` and `saturation` share: the groups of the lane-4 form, each with sums of its own, that every
//! backend has alike.

use std::ops::Range;

use hebb_spec::lane4::{LANE, padded};
use hebb_spec::problem::Problem;

use crate::line::{LANES, Line};
use crate::memory::{Block, Group};

/// Numbers of a group.
pub(crate) const GROUP: usize = (Problem::STATISTICS_CHUNK * LANE) as usize;

/// A group of activity `[unit][image, padded to four]`.
pub(crate) struct Units {
    run: Range<usize>,
    batch: usize,
    row: usize,
    units: usize,
}

impl Units {
    /// Group number `group` of so many units and images.
    pub fn new(group: usize, units: usize, batch: u32) -> Self {
        Self { run: group * GROUP..(group + 1) * GROUP, batch: batch as usize, row: padded(batch), units }
    }

    /// Units of which some images belong to it.
    pub fn units(&self) -> Range<usize> {
        self.run.start / self.row..self.run.end.div_ceil(self.row).min(self.units)
    }

    /// The lanes of a block that belong to it, at one of its units.
    #[inline(always)]
    pub fn lanes(&self, unit: usize, block: usize) -> Range<usize> {
        let first = unit * self.row + block * LANES;
        let end = first + (self.batch - block * LANES).min(LANES);
        self.run.start.clamp(first, end) - first..self.run.end.clamp(first, end) - first
    }
}

/// Some lanes of a line, the others 0.
#[inline(always)]
pub(crate) fn part(line: &Line, lanes: Range<usize>) -> Line {
    if lanes.len() == LANES {
        return *line;
    }
    let mut some = Line::ZERO;
    some.0[lanes.clone()].copy_from_slice(&line.0[lanes]);
    some
}

/// All blocks in order.
pub(crate) fn blocks(groups: &[Group]) -> Vec<&Block> {
    groups.iter().flat_map(|group| &group.blocks).collect()
}
