//! A plan's tensors: activity in blocks of sixteen images, each with memory of its own, and all else whole.

use hebb_spec::backend::{Error, Numbers};
use hebb_spec::layout::Layout;
use hebb_spec::plan::{Plan, Role, Tensor, TensorId};

use crate::form::{Form, forms};
use crate::line::{LANES, Line};

/// Blocks of which each adds to sums of its own, at most: a larger batch gives several to one group.
const MOST_GROUPS: usize = 32;
/// What stands behind each tensor of a guarded memory.
const SENTINEL: f32 = 12_345.678;

/// Activity of sixteen images: the lines of each lifetime class.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Lines by class.
    pub slots: Vec<Vec<Line>>,
}

/// Blocks that add to the same sums, one after another.
#[derive(Debug)]
pub(crate) struct Group {
    /// Number of its first block.
    pub first: usize,
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// Sums of each call that adds over images.
    pub sums: Vec<Vec<f32>>,
}

/// A tensor that is no activity.
#[derive(Debug, Default)]
pub(crate) enum Whole {
    /// Activity, which lies in the blocks.
    #[default]
    Blocks,
    /// Weights and sums.
    Floats(Vec<f32>),
    /// Images and masks.
    Bytes(Vec<u8>),
    /// Labels.
    Classes(Vec<u16>),
}

/// Where a tensor lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Class of its lines in each block.
    pub slot: usize,
    /// How they lie.
    pub form: Form,
}

/// All but the blocks: what a call may read while blocks are written.
#[derive(Debug)]
pub(crate) struct Tensors {
    /// Where activity lies, by tensor.
    pub places: Vec<Option<Place>>,
    /// The other tensors, by tensor.
    pub whole: Vec<Whole>,
    layouts: Vec<Layout>,
}

/// A plan's tensors.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Blocks.
    pub groups: Vec<Group>,
    /// All else.
    pub tensors: Tensors,
    batch: usize,
    guarded: bool,
}

impl Tensors {
    /// The numbers of a tensor of weights or sums.
    pub fn floats(&self, id: TensorId) -> &[f32] {
        match &self.whole[id.0] {
            Whole::Floats(floats) => &floats[..self.layouts[id.0].len()],
            _ => &[],
        }
    }

    /// The same, to change.
    pub fn floats_mut(&mut self, id: TensorId) -> &mut [f32] {
        match &mut self.whole[id.0] {
            Whole::Floats(floats) => &mut floats[..self.layouts[id.0].len()],
            _ => &mut [],
        }
    }

    /// Bytes of images or of a mask.
    pub fn bytes(&self, id: TensorId) -> &[u8] {
        match &self.whole[id.0] {
            Whole::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// Labels.
    pub fn classes(&self, id: TensorId) -> &[u16] {
        match &self.whole[id.0] {
            Whole::Classes(classes) => classes,
            _ => &[],
        }
    }
}

impl Memory {
    /// All tensors of a plan, filled with 0. Where guarded, no two share memory and each has a sentinel behind it. `needs`:
    /// what errors tell of the memory that the plan takes.
    pub fn new(plan: &Plan, guarded: bool, (device, needs): (&str, u64)) -> Result<Self, Error> {
        let (slots, places) = share(plan, guarded);
        let layouts: Vec<Layout> = plan.tensors.iter().map(|tensor| tensor.layout).collect();
        let blocks = blocks(plan);
        let short = |_| Error::OutOfMemory {
            device: device.to_owned(),
            needs: needs.div_ceil(1 << 20),
            reason: "the system does not give it".to_owned(),
        };
        let each = blocks.div_ceil(MOST_GROUPS).max(1);
        let mut groups = Vec::new();
        for first in (0..blocks).step_by(each) {
            let mut group = Group { first, blocks: Vec::new(), sums: Vec::new() };
            for _ in first..(first + each).min(blocks) {
                let lines = slots.iter().map(|&lines| filled(Line::ZERO, lines)).collect::<Result<_, _>>();
                group.blocks.push(Block { slots: lines.map_err(short)? });
            }
            groups.push(group);
        }
        let whole = layouts.iter().map(|layout| whole(layout, guarded)).collect::<Result<_, _>>().map_err(short)?;
        let batch = plan.batch as usize;
        let mut memory = Self { groups, tensors: Tensors { places, whole, layouts }, batch, guarded };
        memory.guard();
        Ok(memory)
    }

    fn guard(&mut self) {
        if !self.guarded {
            return;
        }
        for place in self.tensors.places.iter().flatten() {
            for block in self.groups.iter_mut().flat_map(|group| &mut group.blocks) {
                block.slots[place.slot][place.form.lines()] = Line([SENTINEL; LANES]);
            }
        }
        for (whole, layout) in self.tensors.whole.iter_mut().zip(&self.tensors.layouts) {
            if let Whole::Floats(floats) = whole {
                floats[layout.len()] = SENTINEL;
            }
        }
    }

    /// Whether all sentinels are as they were.
    pub fn intact(&self, plan: &Plan) -> Result<(), Error> {
        if !self.guarded {
            return Ok(());
        }
        for (at, tensor) in plan.tensors.iter().enumerate() {
            let is_whole = match (&self.tensors.places[at], &self.tensors.whole[at]) {
                (Some(place), _) => self.blocks().all(|block| {
                    block.slots[place.slot][place.form.lines()].0.iter().all(|&number| number == SENTINEL)
                }),
                (None, Whole::Floats(floats)) => floats.last() == Some(&SENTINEL),
                _ => true,
            };
            if !is_whole {
                let what = "something was written behind its end";
                return Err(Error::Spoilt { tensor: tensor.name.clone(), what });
            }
        }
        Ok(())
    }

    /// All blocks in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.groups.iter().flat_map(|group| &group.blocks)
    }

    /// A tensor in its logical order.
    pub fn read(&self, id: TensorId) -> Vec<f32> {
        let Some(place) = self.tensors.places[id.0] else {
            return match &self.tensors.whole[id.0] {
                Whole::Bytes(bytes) => bytes.iter().map(|&byte| f32::from(byte)).collect(),
                Whole::Classes(classes) => classes.iter().map(|&class| f32::from(class)).collect(),
                _ => self.tensors.floats(id).to_vec(),
            };
        };
        let units = place.form.units;
        let mut values = vec![0.0; units * self.batch];
        for (block, values) in self.blocks().zip(values.chunks_mut((units * LANES).max(1))) {
            let lines = &block.slots[place.slot];
            for (lane, image) in values.chunks_mut(units.max(1)).enumerate() {
                for (first, line, len) in place.form.runs() {
                    for (value, line) in image[first..][..len].iter_mut().zip(&lines[line..]) {
                        *value = line.0[lane];
                    }
                }
            }
        }
        values
    }

    /// Fills a tensor from its logical order. `values` may be those of the first images only: the rest is 0.
    pub fn write(&mut self, id: TensorId, numbers: &Numbers<'_>) {
        if self.tensors.places[id.0].is_some() {
            return match numbers {
                Numbers::Floats(values) => self.write_activity(id, values),
                _ => unreachable!("activity is floats"),
            };
        }
        fn copy<T: Copy + Default>(to: &mut [T], from: &[T]) {
            to[..from.len()].copy_from_slice(from);
            to[from.len()..].fill(T::default());
        }
        match (&mut self.tensors.whole[id.0], numbers) {
            (Whole::Bytes(to), Numbers::Bytes(from)) => copy(to, from),
            (Whole::Bytes(to), Numbers::Floats(from)) => {
                to.iter_mut().zip(*from).for_each(|(to, &byte)| *to = byte as u8);
            }
            (Whole::Classes(to), Numbers::Classes(from)) => copy(to, from),
            (Whole::Classes(to), Numbers::Floats(from)) => {
                to.iter_mut().zip(*from).for_each(|(to, &class)| *to = class as u16);
            }
            (Whole::Floats(to), Numbers::Floats(from)) => to[..from.len()].copy_from_slice(from),
            _ => unreachable!("a request is checked before it comes here"),
        }
    }

    fn write_activity(&mut self, id: TensorId, values: &[f32]) {
        let Some(Place { slot, form }) = self.tensors.places[id.0] else { return };
        let units = form.units;
        let blocks = self.groups.iter_mut().flat_map(|group| &mut group.blocks);
        for (at, block) in blocks.enumerate() {
            let lines = &mut block.slots[slot][..form.lines()];
            lines.fill(Line::ZERO);
            let first = (at * LANES * units).min(values.len());
            let images = values[first..].chunks_exact(units.max(1)).take(LANES);
            for (lane, image) in images.enumerate() {
                for (first, line, len) in form.runs() {
                    for (&value, line) in image[first..][..len].iter().zip(&mut lines[line..]) {
                        line.0[lane] = value;
                    }
                }
            }
        }
    }

    /// The input tensors that a step fills, each with its numbers.
    pub fn load(&mut self, plan: &Plan, inputs: &[(&str, Numbers<'_>)]) {
        for id in plan.of_role(Role::Input) {
            let name = &plan.tensor(id).name;
            if let Some((_, numbers)) = inputs.iter().find(|(other, _)| other == name) {
                self.write(id, numbers);
            }
        }
    }
}

/// Blocks of a plan's batch.
fn blocks(plan: &Plan) -> usize {
    (plan.batch as usize).div_ceil(LANES)
}

/// Lines of each class of a block, and where each tensor lies. Where guarded, no two share memory, and each has a line
/// more.
fn share(plan: &Plan, guarded: bool) -> (Vec<usize>, Vec<Option<Place>>) {
    let mut slots: Vec<usize> = Vec::new();
    let mut class = vec![None; plan.slots];
    let place = |(tensor, form): (&Tensor, Option<Form>)| {
        let form = form?;
        let known = class[tensor.slot].filter(|_| !guarded);
        let slot = known.unwrap_or_else(|| {
            slots.push(0);
            slots.len() - 1
        });
        class[tensor.slot] = Some(slot);
        slots[slot] = slots[slot].max(form.lines() + usize::from(guarded));
        Some(Place { slot, form })
    };
    let places = plan.tensors.iter().zip(forms(plan)).map(place).collect();
    (slots, places)
}

/// Bytes of a plan's tensors.
pub(crate) fn bytes(plan: &Plan) -> u64 {
    let activity = share(plan, false).0.iter().sum::<usize>() as u64 * (blocks(plan) * size_of::<Line>()) as u64;
    let is_whole = |layout: &&Layout| !matches!(layout, Layout::Activity { .. });
    let whole: u64 = plan.tensors.iter().map(|tensor| &tensor.layout).filter(is_whole).map(Layout::bytes).sum();
    activity + whole
}

/// Groups of a plan's blocks.
pub(crate) fn groups(plan: &Plan) -> usize {
    blocks(plan).div_ceil(blocks(plan).div_ceil(MOST_GROUPS).max(1))
}

/// So many of one value, or what says that there is no memory for them.
fn filled<T: Clone>(value: T, len: usize) -> Result<Vec<T>, std::collections::TryReserveError> {
    let mut all = Vec::new();
    all.try_reserve_exact(len)?;
    all.resize(len, value);
    Ok(all)
}

fn whole(layout: &Layout, guarded: bool) -> Result<Whole, std::collections::TryReserveError> {
    let len = layout.len();
    Ok(match layout {
        Layout::Activity { .. } => Whole::Blocks,
        Layout::Weights(_) | Layout::Flat(_) => Whole::Floats(filled(0.0, len + usize::from(guarded))?),
        Layout::Mask(_) | Layout::Images { .. } => Whole::Bytes(filled(0, len)?),
        Layout::Labels { .. } => Whole::Classes(filled(0, len)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::builder::Builder;

    /// A plan of one tensor of 34 units: 35 images make three blocks, the last with three images.
    fn memory(role: Role) -> (Plan, Memory, TensorId) {
        let mut builder = Builder::new(35);
        let id = builder.shared(role, "x", Layout::Activity { units: 34, batch: 35 });
        let plan = builder.finish();
        let memory = Memory::new(&plan, true, ("a test", 0)).expect("there is memory");
        (plan, memory, id)
    }

    #[test]
    fn activity_reads_back_as_it_was_written() {
        let (plan, mut memory, id) = memory(Role::State);
        let values: Vec<f32> = (1..=34 * 35).map(|at| at as f32).collect();
        memory.write(id, &Numbers::Floats(&values));
        assert_eq!(memory.read(id), values);
        assert_eq!(memory.intact(&plan), Ok(()));
        let last = memory.groups[2].blocks[0].slots[0][33];
        assert_eq!(last.0[..4], [values[34 * 33 - 1], values[34 * 34 - 1], values[34 * 35 - 1], 0.0]);
        memory.write(id, &Numbers::Floats(&values[..34]));
        assert_eq!((memory.read(id)[33], memory.read(id)[34]), (34.0, 0.0), "what is not given is 0");
    }

    #[test]
    fn a_write_behind_the_end_is_found() {
        let (plan, mut memory, id) = memory(Role::State);
        let behind = memory.tensors.places[id.0].expect("it is activity").form.lines();
        memory.groups[1].blocks[0].slots[0][behind].0[7] = 0.0;
        assert!(memory.intact(&plan).unwrap_err().to_string().contains("behind its end"));
    }
}
