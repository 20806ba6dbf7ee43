//! A network on a runtime of its own, beside a training: what it makes of images. It never learns.

use std::ops::Range;

use hebb_data::Split;
use hebb_engine::records::{Gathered, Records as _};
use hebb_engine::weights::upload;
use hebb_spec::Shape;
use hebb_spec::backend::{Backend, Options, Outcome, Runtime, Step};
use hebb_spec::operand::{Access, Slot};
use hebb_spec::param::Weights;
use hebb_spec::plan::{Call, List, Plan, Role, TensorId};
use hebb_spec::problem::Problem;
use hebb_spec::room;
use hebb_spec::system::{Sums, System as _};
use hebb_systems::layered::{Confusion, Model, Stage};

use crate::error::{LabError, ProbeError};

/// An image, what it shows and what it was taken for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Its number among the records.
    pub record: u32,
    /// Its class.
    pub label: u16,
    /// The class that it was taken for: that of the largest output, the first of equals.
    pub taken: u16,
    /// The output of its own class.
    pub own: f32,
    /// The output of the class that it was taken for.
    pub highest: f32,
}

impl Verdict {
    /// Whether it was taken for another class.
    pub fn is_wrong(&self) -> bool {
        self.label != self.taken
    }

    /// How far the output of the class that it was taken for lies above that of its own.
    pub fn margin(&self) -> f32 {
        self.highest - self.own
    }
}

/// What a network made of some records.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Loss and errors, summed.
    pub sums: Sums,
    /// How often the images of each class were taken for each class.
    pub confusion: Confusion,
    /// Each image, in the records' order.
    pub images: Vec<Verdict>,
}

impl Judged {
    /// The images that were taken for another class with the widest margins, at most so many, the widest first.
    pub fn worst(&self, most: usize) -> Vec<Verdict> {
        let mut wrong: Vec<Verdict> = self.images.iter().copied().filter(Verdict::is_wrong).collect();
        // The sort is stable: of equals the first record stays the first.
        wrong.sort_by(|a, b| b.margin().total_cmp(&a.margin()));
        wrong.truncate(most);
        wrong
    }
}

/// The activity or δ of a layer for some images: `values` runs image by image, in one of them channel, row, column.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// What it is, such as `x1`, `x2 pooled` or `delta2`.
    pub name: String,
    /// The weighted layer, counted from 1, that it comes from or was last; 0 for the images themselves.
    pub layer: u32,
    /// Its shape in one image.
    pub shape: Shape,
    /// The numbers.
    pub values: Vec<f32>,
}

/// A tensor of a list that is read after one of its calls.
struct Seen {
    call: usize,
    tensor: TensorId,
    name: String,
    layer: u32,
    shape: Shape,
}

impl Seen {
    fn nothing_yet(&self) -> Activity {
        Activity { name: self.name.clone(), layer: self.layer, shape: self.shape, values: Vec::new() }
    }
}

/// A network on a runtime.
pub struct Probe {
    model: Model,
    backend: Box<dyn Backend>,
    gathered: Gathered,
}

impl Probe {
    /// Makes a network ready for so many images at once; all its weights are 0.
    pub fn new(runtime: &dyn Runtime, model: &Model, batch: u32) -> Result<Self, LabError> {
        Ok(Self::on(runtime.prepare(model.plan(batch), &Options::default())?, model))
    }

    /// The same where its plan has been made ready.
    pub fn on(backend: Box<dyn Backend>, model: &Model) -> Self {
        Self { model: model.clone(), backend, gathered: Gathered::default() }
    }

    /// The network.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Takes weights, which must be all of the network's.
    pub fn load(&mut self, weights: &Weights) -> Result<(), LabError> {
        if let Some(param) = self.model.params().into_iter().find(|param| weights.get(&param.name).is_none()) {
            return Err(ProbeError::Weights(param.name).into());
        }
        Ok(upload(weights, &mut *self.backend)?)
    }

    /// Says of each record in a range what it is taken for, without dropout.
    pub fn judge(&mut self, records: &Split, range: Range<usize>) -> Result<Judged, LabError> {
        check(records, range.len(), range.end.checked_sub(1).filter(|_| !range.is_empty()))?;
        let classes = self.model.network.classes;
        let counts = u64::from(classes).pow(2) * 8;
        if !room::is_there(counts) {
            return Err(ProbeError::Memory { what: "a confusion matrix", classes }.into());
        }
        let (mut sums, mut confusion) = (Sums::zero(&self.model.amounts()), Confusion::new(classes));
        let mut images = Vec::with_capacity(range.len());
        let plan = self.backend.plan();
        let calls = plan.list(List::EVALUATE);
        // The last call, always.
        let Some((at, loss)) = calls.iter().enumerate().find(|(_, call)| matches!(call.problem, Problem::Loss { .. }))
        else {
            return Ok(Judged { sums, confusion, images });
        };
        let (outputs_of, taken_of) = (loss.tensor(Slot::X), loss.tensor(Slot::Predictions));
        let readouts = plan.readouts(List::EVALUATE);
        let indices: Vec<u32> = range.map(|record| record as u32).collect();
        for indices in indices.chunks(plan_batch(self.backend.plan())) {
            self.begin(records, indices)?;
            let (mut outputs, mut taken) = (Vec::new(), Vec::new());
            for call in 0..=at {
                if let Some(id) = outputs_of.filter(|_| call == at) {
                    outputs = self.backend.read(id)?;
                }
                self.backend.call(List::EVALUATE, call)?;
            }
            let mut outcome = Outcome { step: 0, images: indices.len() as u32, readouts: Vec::new() };
            for &id in &readouts {
                let name = self.backend.plan().tensor(id).name.clone();
                let values = self.backend.read(id)?;
                if Some(id) == taken_of {
                    taken.clone_from(&values);
                    taken.truncate(indices.len());
                }
                outcome.readouts.push((name, values));
            }
            let labels: Vec<u16> = indices.iter().map(|&record| records.labels()[record as usize]).collect();
            confusion.add(&labels, &outcome).map_err(ProbeError::Class)?;
            sums.add(outcome.images, &self.model.tally(&outcome));
            let rows = outputs.chunks(classes.max(1) as usize);
            for (((&record, label), taken), row) in indices.iter().zip(labels).zip(taken).zip(rows) {
                // The confusion matrix took it for a class.
                let taken = taken as u16;
                let (own, highest) = (row[usize::from(label)], row[usize::from(taken)]);
                images.push(Verdict { record, label, taken, own, highest });
            }
        }
        Ok(Judged { sums, confusion, images })
    }

    /// What each layer makes of some records, without dropout: the images, each σ, SUM and pool in order, the outputs last;
    /// of all layers, or of some (see [`shapes`]).
    pub fn activities(
        &mut self,
        records: &Split,
        indices: &[u32],
        layers: Option<&[u32]>,
    ) -> Result<Vec<Activity>, LabError> {
        let mut seen = self.forward();
        seen.retain(|seen| layers.is_none_or(|layers| layers.contains(&seen.layer)));
        self.watch(List::EVALUATE, (records, indices), &seen, |_| true)
    }

    /// The outputs alone, image by image.
    pub fn outputs(&mut self, records: &Split, indices: &[u32]) -> Result<Vec<f32>, LabError> {
        let last: Vec<Seen> = self.forward().pop().into_iter().collect();
        let seen = self.watch(List::EVALUATE, (records, indices), &last, |_| true)?;
        Ok(seen.into_iter().flat_map(|outputs| outputs.values).collect())
    }

    /// δ of each layer that learns or sends its own on, from layer 1 up, as a step of training would have it before
    /// anything learns: by the rule's feedback, with the dropout of seed 0 and step 0.
    pub fn deltas(&mut self, records: &Split, indices: &[u32]) -> Result<Vec<Activity>, LabError> {
        let seen = self.backward();
        let mut deltas = self.watch(List::TRAIN, (records, indices), &seen, |(plan, call)| {
            let keeps = |id: TensorId| !matches!(plan.tensor(id).role, Role::Param | Role::State);
            call.accesses().all(|(id, access)| access == Access::Read || keeps(id))
        })?;
        deltas.sort_by_key(|delta| delta.layer);
        Ok(deltas)
    }

    /// What an evaluation's calls make, dropout left out.
    fn forward(&self) -> Vec<Seen> {
        let plan = self.backend.plan();
        let seen = |((call, (layer, shape)), made): ((usize, (u32, Shape)), &Call)| {
            let tensor = made.tensor(Slot::Y)?;
            Some(Seen { call, tensor, name: plan.tensor(tensor).name.clone(), layer, shape })
        };
        shapes(&self.model).into_iter().enumerate().zip(plan.list(List::EVALUATE)).filter_map(seen).collect()
    }

    /// δ of each layer where a call of a training step reads it: to learn from, or to send on through W or R.
    fn backward(&self) -> Vec<Seen> {
        let plan = self.backend.plan();
        let mut seen: Vec<Seen> = Vec::new();
        for (at, call) in plan.list(List::TRAIN).iter().enumerate().skip(1) {
            let weights = match call.problem {
                Problem::ConnectUpdate { .. } => call.tensor(Slot::W),
                Problem::ConnectFeedback { .. } => call.tensor(Slot::R),
                _ => None,
            };
            let layer = weights.and_then(|id| plan.tensor(id).name.strip_prefix(['W', 'R'])?.parse().ok());
            let (Some(layer), Some(tensor)) = (layer, call.tensor(Slot::Delta)) else { continue };
            let connection = self.model.network.connections().nth((layer as usize).wrapping_sub(1));
            if let Some(connection) = connection.filter(|_| seen.iter().all(|other| other.layer != layer)) {
                let name = format!("delta{layer}");
                // Read before the call, after the one that stands before it: there may be none of its own.
                seen.push(Seen { call: at - 1, tensor, name, layer, shape: connection.output });
            }
        }
        seen
    }

    /// Runs a list's calls on some records, those that may run, and reads tensors behind the calls that they stand at.
    fn watch(
        &mut self,
        list: List,
        (records, indices): (&Split, &[u32]),
        seen: &[Seen],
        may_run: impl Fn((&Plan, &Call)) -> bool,
    ) -> Result<Vec<Activity>, LabError> {
        let past = indices.iter().copied().max().map(|record| record as usize);
        check(records, indices.len(), past)?;
        let mut found: Vec<Activity> = seen.iter().map(Seen::nothing_yet).collect();
        for indices in indices.chunks(plan_batch(self.backend.plan())) {
            self.begin(records, indices)?;
            for call in 0..self.backend.plan().list(list).len() {
                let plan = self.backend.plan();
                if may_run((plan, &plan.list(list)[call])) {
                    self.backend.call(list, call)?;
                }
                for (seen, found) in seen.iter().zip(&mut found).filter(|(seen, _)| seen.call == call) {
                    let values = self.backend.read(seen.tensor)?;
                    let units = seen.shape.units() as usize * indices.len();
                    found.values.extend(values.into_iter().take(units));
                }
            }
        }
        Ok(found)
    }

    /// Makes some records the input of the calls to come.
    fn begin(&mut self, records: &Split, indices: &[u32]) -> Result<(), LabError> {
        records.gather(0, indices, &mut self.gathered);
        let (rates, inputs) = (self.model.rates(0, self.backend.plan().batch), self.gathered.inputs());
        let step = Step { seed: 0, step: 0, images: indices.len() as u32, rates: &rates, inputs: &inputs };
        Ok(self.backend.load(&step)?)
    }
}

/// What an evaluation makes of an image, in order: the weighted layer that it comes from or was last, 0 for the image
/// itself, and its shape.
pub fn shapes(model: &Model) -> Vec<(u32, Shape)> {
    let mut all = vec![(0, model.network.input)];
    for stage in model.network.stages.iter().filter(|stage| !matches!(stage, Stage::Drop { .. })) {
        let layer = match stage {
            Stage::Weighted { layer, .. } => *layer,
            _ => all.last().map_or(0, |(layer, _)| *layer),
        };
        all.push((layer, stage.output()));
    }
    all
}

fn plan_batch(plan: &Plan) -> usize {
    plan.batch.max(1) as usize
}

/// Whether the last of some records is there.
fn check(records: &Split, wanted: usize, last: Option<usize>) -> Result<(), ProbeError> {
    match last.filter(|&last| wanted > 0 && last >= records.len()) {
        Some(record) => Err(ProbeError::Record { record, count: records.len() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
