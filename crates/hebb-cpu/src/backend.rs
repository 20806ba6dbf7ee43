//! A plan on the processor: its lists cut into stretches that run block by block, and calls that go over all blocks.

use std::ops::Range;
use std::sync::Arc;

use fearless_simd::Level;
use hebb_spec::backend::{Backend, Error, Kernel as Named, Numbers, Options, Outcome, Rounding, Step};
use hebb_spec::plan::{Call, List, Plan, TensorId};
use hebb_spec::request::{self, RequestError};
use rayon::ThreadPool;
use rayon::prelude::*;

use crate::kernels::{At, Forms, Kernel, Map, Now, Operands, Ready, SHARED_FROM, lower, rounding, variant, work};
use crate::memory::{Block, Group, Memory, Tensors};
use crate::needs::needs;

/// A plan made ready.
pub(crate) struct Native {
    plan: Plan,
    memory: Memory,
    lists: Vec<Vec<Ready>>,
    level: Level,
    pool: Arc<ThreadPool>,
    now: Now,
    outcomes: Vec<Outcome>,
    forms: Forms,
}

impl Native {
    /// Makes a plan ready, all its tensors 0. Of the options only the guards mean something here; `forms` has the variant.
    pub fn new(
        plan: Plan,
        options: &Options,
        (level, pool): (Level, Arc<ThreadPool>),
        forms: Forms,
        device: String,
    ) -> Result<Self, Error> {
        let mut memory = Memory::new(&plan, options.guarded, (&device, needs(&plan, &forms)))?;
        let mut lists = Vec::new();
        for (_, calls) in &plan.lists {
            let mut next = 0;
            let mut one = |call: &Call| {
                let operands = Operands { call, places: &memory.tensors.places, device: &device, forms: &forms };
                Ok(Ready { kernel: lower(&operands, &mut next)?, work: work(&call.problem) })
            };
            lists.push(calls.iter().map(&mut one).collect::<Result<Vec<Ready>, Error>>()?);
        }
        for group in &mut memory.groups {
            group.sums = sums(&lists).into_iter().map(|len| vec![0.0; len]).collect();
        }
        Ok(Self { plan, memory, lists, level, pool, now: Now::default(), outcomes: Vec::new(), forms })
    }

    /// Runs some calls of a list, so many times over. Calls of which none is shared out stay on the thread that asks.
    fn run(&mut self, list: usize, calls: Range<usize>, repeats: u32) {
        let Self { memory, lists, level, pool, now, .. } = self;
        let calls = &mut lists[list][calls];
        let all_alone = stretches(calls).all(|stretch| is_alone(stretch));
        let mut go = || {
            for repeat in 0..repeats {
                now.repeat = repeat;
                for stretch in stretches(calls) {
                    now.alone = is_alone(stretch);
                    match stretch {
                        [Ready { kernel: Kernel::All(all), .. }] => {
                            all.run(*level, now, &mut memory.groups, &mut memory.tensors);
                        }
                        _ => by_block(stretch, (*level, now), memory),
                    }
                }
            }
        };
        if all_alone { go() } else { pool.install(go) }
    }

    fn readouts(&self, list: List) -> Vec<(String, Vec<f32>)> {
        let read = |id: TensorId| (self.plan.tensor(id).name.clone(), self.memory.read(id));
        self.plan.readouts(list).into_iter().map(read).collect()
    }
}

/// Calls that go through the blocks together, and single ones that go over all blocks.
fn stretches(calls: &mut [Ready]) -> impl Iterator<Item = &mut [Ready]> {
    calls.chunk_by_mut(|one, other| one.kernel.is_by_block() && other.kernel.is_by_block())
}

/// Whether a stretch is too little to be shared out.
fn is_alone(stretch: &[Ready]) -> bool {
    stretch.iter().fold(0, |work: u64, call| work.saturating_add(call.work)) < SHARED_FROM
}

/// Numbers of each of a group's sums: the lists never run at once and share them.
fn sums(lists: &[Vec<Ready>]) -> Vec<usize> {
    let mut lens = Vec::new();
    for (at, len) in lists.iter().flatten().filter_map(|call| call.kernel.sums()) {
        lens.resize(lens.len().max(at + 1), 0);
        lens[at] = lens[at].max(len);
    }
    lens
}

/// Runs calls block by block: as many groups at once as there are threads, each through all calls; those that are left
/// over go together, each call shared out.
fn by_block(calls: &mut [Ready], (level, now): (Level, &Now), memory: &mut Memory) {
    for call in calls.iter_mut() {
        if let Kernel::Map(map) = &mut call.kernel {
            map.pack(level, &memory.tensors);
        }
    }
    let (tensors, count) = (&memory.tensors, memory.blocks().count().max(1) as u64);
    let go = |group: &mut Group, shared: bool| {
        for (at, len) in calls.iter().filter_map(|call| call.kernel.sums()) {
            group.sums[at][..len].fill(0.0);
        }
        let Group { first, blocks, sums } = group;
        for (number, block) in (*first..).zip(blocks) {
            for call in calls.iter() {
                let shared = shared && call.work / count >= SHARED_FROM / 4;
                one(&call.kernel, (level, now), (number, block), sums, (tensors, shared));
            }
        }
    };
    if now.alone {
        memory.groups.iter_mut().for_each(|group| go(group, false));
    } else {
        let threads = rayon::current_num_threads();
        let whole = memory.groups.len() / threads * threads;
        let (even, rest) = memory.groups.split_at_mut(whole);
        even.par_iter_mut().with_max_len(1).for_each(|group| go(group, false));
        rest.par_iter_mut().with_max_len(1).for_each(|group| go(group, true));
    }
    for call in calls.iter_mut().map(|call| &mut call.kernel) {
        let groups = |at: usize, len: usize| -> Vec<&[f32]> {
            memory.groups.iter().map(|group| &group.sums[at][..len]).collect()
        };
        match (call.sums(), call) {
            (Some((at, len)), Kernel::Add(_, add)) => add.finish((level, now), &mut memory.tensors, &groups(at, len)),
            (Some((at, len)), Kernel::Loss(_, loss)) => loss.finish(&mut memory.tensors, &groups(at, len)),
            _ => {}
        }
    }
}

/// Runs one call on one block, by one thread or shared out.
fn one(
    call: &Kernel,
    (level, now): (Level, &Now),
    (number, block): (usize, &mut Block),
    sums: &mut [Vec<f32>],
    (tensors, shared): (&Tensors, bool),
) {
    match call {
        Kernel::Map(map) => map_block(map.as_ref(), (level, now), (number, block), (tensors, shared)),
        Kernel::Add(at, add) => {
            let at_block = At { level, now, number, block, tensors };
            let (parts, len) = add.sums();
            let sums = &mut sums[*at][..];
            if shared {
                let pieces = sums.par_chunks_mut(len.max(1)).enumerate().take(parts);
                pieces.for_each(|(part, sums)| add.run(&at_block, part..part + 1, sums));
            } else {
                add.run(&at_block, 0..parts, sums);
            }
        }
        Kernel::Loss(at, loss) => {
            let (delta_slot, prediction_slot) = (loss.delta.slot, loss.predictions.slot);
            let mut delta = std::mem::take(&mut block.slots[delta_slot]);
            let mut predictions = std::mem::take(&mut block.slots[prediction_slot]);
            let at_block = At { level, now, number, block, tensors };
            loss.run(&at_block, (&mut delta, &mut predictions), &mut sums[*at]);
            block.slots[delta_slot] = delta;
            block.slots[prediction_slot] = predictions;
        }
        Kernel::All(_) => unreachable!("a stretch by block holds none"),
    }
}

fn map_block(
    map: &dyn Map,
    (level, now): (Level, &Now),
    (number, block): (usize, &mut Block),
    (tensors, shared): (&Tensors, bool),
) {
    let (place, parts, len) = map.output();
    let mut taken = std::mem::take(&mut block.slots[place.slot]);
    let at = At { level, now, number, block, tensors };
    let lines = &mut taken[..place.form.lines()];
    if shared {
        lines.par_chunks_mut(len.max(1)).enumerate().for_each(|(part, y)| map.run(&at, part..part + 1, y));
    } else {
        map.run(&at, 0..parts, lines);
    }
    block.slots[place.slot] = taken;
}

impl Backend for Native {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn kernels(&self) -> Vec<Named> {
        let named = |call: &Call| Named {
            stem: call.problem.stem(),
            form: String::new(),
            variant: variant(&call.problem, &self.forms).to_owned(),
        };
        let mut kernels: Vec<Named> = self.plan.calls().map(named).collect();
        kernels.sort_unstable();
        kernels.dedup();
        kernels
    }

    fn rounding(&self, list: List, call: usize) -> Rounding {
        let groups = &self.memory.groups;
        self.plan.list(list).get(call).map_or(Rounding::STRAIGHT, |call| rounding(&call.problem, &self.forms, groups))
    }

    fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), Error> {
        request::tensor(&self.plan, tensor, values.len())?;
        self.memory.write(tensor, &Numbers::Floats(values));
        Ok(())
    }

    fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, Error> {
        if tensor.0 >= self.plan.tensors.len() {
            return Err(RequestError::NoTensor(tensor.0).into());
        }
        Ok(self.memory.read(tensor))
    }

    fn load(&mut self, step: &Step<'_>) -> Result<(), Error> {
        request::step(&self.plan, step)?;
        self.memory.load(&self.plan, step.inputs);
        self.now = Now::from(step);
        Ok(())
    }

    fn call(&mut self, list: List, call: usize) -> Result<(), Error> {
        request::call(&self.plan, list, call)?;
        self.run(request::list(&self.plan, list)?, call..call + 1, 1);
        Ok(())
    }

    fn submit(&mut self, list: List, step: &Step<'_>, repeats: u32) -> Result<(), Error> {
        let at = request::list(&self.plan, list)?;
        self.load(step)?;
        self.run(at, 0..self.lists[at].len(), repeats);
        let readouts = self.readouts(list);
        if repeats > 0 && !readouts.is_empty() {
            self.outcomes.push(Outcome { step: step.step, images: step.images, readouts });
        }
        Ok(())
    }

    fn collect(&mut self, _in_flight: usize) -> Result<Vec<Outcome>, Error> {
        Ok(std::mem::take(&mut self.outcomes))
    }

    fn intact(&mut self) -> Result<(), Error> {
        self.memory.intact(&self.plan)
    }
}
