//! How activity lies in a block: a line a unit, in the logical order of the units.
//!
//! Channels of an even number of places are one line longer, so that the same pixel of all channels does not fall into
//! the same set of a cache. A tensor that two calls take for images of different sizes is not padded: then its lines
//! stand in one order for all.

use std::collections::HashMap;

use hebb_spec::Shape;
use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{Call, Plan, TensorId};
use hebb_spec::problem::Problem;

/// Places from which channels are padded.
const PADDED_FROM: usize = 16;

/// Where the lines of an activity tensor stand in each block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    /// Units of one image.
    pub units: usize,
    places: usize,
    stride: usize,
}

impl Form {
    fn new(units: usize, places: Option<usize>) -> Self {
        let places = places.unwrap_or(units).max(1);
        let is_padded = places < units && places >= PADDED_FROM && places.is_multiple_of(2);
        Self { units, places, stride: places + usize::from(is_padded) }
    }

    /// Lines of one block.
    pub fn lines(&self) -> usize {
        self.units.div_ceil(self.places) * self.stride
    }

    /// The line of a unit, or behind the last one.
    #[inline]
    pub fn line(&self, unit: usize) -> usize {
        if self.stride == self.places {
            return unit;
        }
        unit / self.places * self.stride + unit % self.places
    }

    /// Lines from one channel to the next, where channels have so many places.
    pub fn channel(&self, places: usize) -> usize {
        if places == self.places { self.stride } else { places }
    }

    /// Runs of units whose lines stand side by side: first unit, first line and length, in order.
    pub fn runs(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let run = if self.stride == self.places { self.units.max(1) } else { self.places };
        (0..self.units).step_by(run).map(move |unit| (unit, self.line(unit), run.min(self.units - unit)))
    }
}

/// The form of each activity tensor of a plan; `None` for all others.
pub(crate) fn forms(plan: &Plan) -> Vec<Option<Form>> {
    let mut same = Same((0..plan.tensors.len()).collect());
    let mut seen = Vec::new();
    for call in plan.calls() {
        let is_activity = |id: &TensorId| matches!(plan.tensor(*id).layout, Layout::Activity { .. });
        let activity = || call.tensors.iter().copied().filter(is_activity);
        // What is read and written line by line lies alike.
        let alike: Vec<TensorId> = match call.problem {
            Problem::SumForward { .. }
            | Problem::Difference { .. }
            | Problem::SumFeedback { .. }
            | Problem::Dropout { .. }
            | Problem::Transfer { one: false, .. }
            | Problem::TransferError { .. }
            | Problem::Nudge { .. }
            | Problem::Integrate { .. } => activity().collect(),
            _ => [Slot::Below, Slot::Skip, Slot::Gate].into_iter().filter_map(|slot| call.tensor(slot)).collect(),
        };
        alike.windows(2).for_each(|pair| same.join(pair[0].0, pair[1].0));
        // One unit more: such a layer's channels are not padded.
        if let Problem::Transfer { one: true, .. } | Problem::TransferFeedback { one: true, .. } = call.problem {
            seen.extend(activity().map(|id| (id.0, units(plan, id))));
        }
        for shape in shapes(call) {
            let of_shape = activity().filter(|&id| units(plan, id) == shape.units() as usize);
            seen.extend(of_shape.map(|id| (id.0, shape.places() as usize)));
        }
    }
    let mut places: HashMap<usize, Option<usize>> = HashMap::new();
    for (at, size) in seen {
        // Seen as more than one size of image: not padded.
        places
            .entry(same.root(at))
            .and_modify(|known| *known = known.filter(|&known| known == size))
            .or_insert(Some(size));
    }
    let mut form = |at: usize| match plan.tensors[at].layout {
        Layout::Activity { units, .. } => {
            Some(Form::new(units as usize, places.get(&same.root(at)).copied().flatten()))
        }
        _ => None,
    };
    (0..plan.tensors.len()).map(&mut form).collect()
}

fn units(plan: &Plan, id: TensorId) -> usize {
    plan.tensor(id).layout.per_image().unwrap_or(0)
}

/// The images that a call takes its tensors for.
fn shapes(call: &Call) -> Vec<Shape> {
    match call.problem {
        Problem::ConnectForward { connection: c, .. }
        | Problem::ConnectFeedback { connection: c, .. }
        | Problem::ConnectUpdate { connection: c, .. }
            if !c.is_full() =>
        {
            vec![c.input, c.output]
        }
        Problem::PoolForward { pool, .. } | Problem::PoolFeedback { pool, .. } => vec![pool.input, pool.output()],
        Problem::GatherImages { shape, .. } => vec![shape],
        _ => Vec::new(),
    }
}

/// Which tensors must lie alike.
struct Same(Vec<usize>);

impl Same {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one] = other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_of_even_places_are_a_line_longer() {
        let form = Form::new(3 * 16, Some(16));
        assert_eq!((form.lines(), form.line(15), form.line(16), form.line(47)), (51, 15, 17, 49));
        assert_eq!((form.channel(16), form.channel(4)), (17, 4));
        assert_eq!(form.runs().collect::<Vec<_>>(), [(0, 0, 16), (16, 17, 16), (32, 34, 16)]);
    }

    #[test]
    fn small_odd_and_flat_ones_are_not() {
        for (units, places) in [(3 * 25, Some(25)), (3 * 4, Some(4)), (500, None), (16, Some(16))] {
            let form = Form::new(units, places);
            assert_eq!((form.lines(), form.line(units - 1)), (units, units - 1));
            assert_eq!(form.runs().collect::<Vec<_>>(), [(0, 0, units)]);
        }
        assert_eq!(Form::new(0, None).lines(), 0);
    }
}
