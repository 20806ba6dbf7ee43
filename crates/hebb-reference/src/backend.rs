//! The twins as a backend: slow, exact about what each kernel means, and without a device.

use hebb_spec::backend::{Backend, BackendError, Batch, Outcome};
use hebb_spec::plan::{Call, List, Plan, Role, TensorId};
use hebb_spec::problem::Problem;

use crate::Store;

/// A request that does not fit the plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// No such tensor, or one that holds pictures.
    #[error("the plan has no tensor of floats with number {0}")]
    NoFloats(usize),
    /// A tensor of another length.
    #[error("tensor '{name}' has {wanted} elements, {got} were given")]
    Length {
        /// The tensor's name.
        name: String,
        /// Its elements.
        wanted: usize,
        /// Elements given.
        got: usize,
    },
    /// No such call.
    #[error("the list {list:?} has {len} calls: there is no call {call}")]
    NoCall {
        /// The list.
        list: List,
        /// Its calls.
        len: usize,
        /// The call asked for, counted from 0.
        call: usize,
    },
    /// A label that names no class.
    #[error("label {label} of picture {image}: the network has {classes} classes, from 0")]
    Label {
        /// The label.
        label: u16,
        /// The picture's place in the batch.
        image: usize,
        /// The network's classes.
        classes: u32,
    },
}

/// A plan's tensors and calls on the twins, in f32.
#[derive(Debug)]
pub struct Reference {
    plan: Plan,
    store: Store<f32>,
    outcomes: Vec<Outcome>,
}

impl Reference {
    /// Makes a plan ready, all tensors 0.
    pub fn new(plan: Plan) -> Self {
        let store = Store::new(&plan);
        Self { plan, store, outcomes: Vec::new() }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    fn floats(&self, tensor: TensorId) -> Result<&[f32], ReferenceError> {
        self.store.floats(tensor).ok_or(ReferenceError::NoFloats(tensor.0))
    }

    fn classes(&self) -> Option<u32> {
        self.plan.train.iter().find_map(|call| match call.problem {
            Problem::Loss { classes, .. } => Some(classes),
            _ => None,
        })
    }

    fn outcome(&self) -> Result<Option<Outcome>, ReferenceError> {
        let Some(sums) = self.plan.find(Role::LossSums) else { return Ok(None) };
        let sums = self.floats(sums)?;
        let step = self.store.step;
        Ok(Some(Outcome { step: step.step, images: step.images, loss: sums[0], errors: sums[1] as u32 }))
    }
}

impl Backend for Reference {
    fn name(&self) -> String {
        "reference (CPU twins)".to_owned()
    }

    fn update_lanes(&self, _list: List, _call: usize) -> u32 {
        1
    }

    fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), BackendError> {
        let floats = self.store.floats_mut(tensor).ok_or(ReferenceError::NoFloats(tensor.0))?;
        if floats.len() != values.len() {
            let (name, wanted) = (self.plan.tensor(tensor).name.clone(), floats.len());
            return Err(ReferenceError::Length { name, wanted, got: values.len() }.into());
        }
        floats.copy_from_slice(values);
        Ok(())
    }

    fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, BackendError> {
        Ok(self.floats(tensor)?.to_vec())
    }

    fn load(&mut self, batch: &Batch<'_>) -> Result<(), BackendError> {
        if let Some(classes) = self.classes() {
            let wrong = batch.labels.iter().position(|&label| u32::from(label) >= classes);
            if let Some(image) = wrong {
                return Err(ReferenceError::Label { label: batch.labels[image], image, classes }.into());
            }
        }
        Ok(self.store.load(batch)?)
    }

    fn call(&mut self, list: List, call: usize) -> Result<(), BackendError> {
        let calls: &[Call] = self.plan.list(list);
        let one = calls.get(call).ok_or(ReferenceError::NoCall { list, len: calls.len(), call })?;
        Ok(self.store.call(one)?)
    }

    fn submit(&mut self, list: List, batch: &Batch<'_>) -> Result<(), BackendError> {
        self.load(batch)?;
        for call in self.plan.list(list) {
            self.store.call(call)?;
        }
        if list != List::Statistics
            && self.plan.list(list).iter().any(|call| matches!(call.problem, Problem::Loss { .. }))
        {
            self.outcomes.extend(self.outcome()?);
        }
        Ok(())
    }

    fn collect(&mut self, _in_flight: usize) -> Result<Vec<Outcome>, BackendError> {
        Ok(std::mem::take(&mut self.outcomes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::batch_of;
    use hebb_spec::Shape;
    use hebb_spec::init::glorot;
    use hebb_spec::network::Network;
    use hebb_spec::plan::Model;
    use hebb_spec::rng::Purpose;
    use hebb_spec::rule::{Loss, Preset, Rule};

    fn simpnet_like() -> Reference {
        let text = "Conv 4 5x5; Maxpool 3; Drop .5; Full 20; Drop .3; Output";
        let network = Network::new(text, Shape::new(3, 9, 8), 4, Preset::AsRun).unwrap();
        let model = Model::new(network, Rule::URFB, Loss::Hinge, Preset::AsRun);
        let mut reference = Reference::new(Plan::new(&model, 6));
        for (layer, connection) in (1..).zip(model.network.connections()) {
            for (role, purpose) in [(Role::W(layer), Purpose::InitW), (Role::R(layer), Purpose::InitR)] {
                if let Some(id) = reference.plan.find(role) {
                    reference.write(id, &connection.to_device(&glorot(&connection, 3, purpose, layer))).unwrap();
                }
            }
        }
        reference
    }

    /// Four steps, the last with an incomplete batch, then an evaluation.
    fn train(reference: &mut Reference) -> Vec<Outcome> {
        for step in 0..4 {
            let images = if step == 3 { 5 } else { 6 };
            let (pixels, labels) = batch_of(Shape::new(3, 9, 8), 4, images, step);
            let batch = Batch { images: &pixels, labels: &labels, step, seed: 11 };
            reference.submit(if step == 3 { List::Evaluate } else { List::Train }, &batch).unwrap();
        }
        let nothing = Batch { images: &[], labels: &[], step: 4, seed: 11 };
        reference.submit(List::Statistics, &nothing).unwrap();
        reference.collect(0).unwrap()
    }

    #[test]
    fn a_small_simpnet_trains_evaluates_and_repeats_bit_for_bit() {
        let (mut one, mut other) = (simpnet_like(), simpnet_like());
        let outcomes = train(&mut one);
        let seen: Vec<(u32, u32)> = outcomes.iter().map(|outcome| (outcome.step, outcome.images)).collect();
        assert_eq!(seen, [(0, 6), (1, 6), (2, 6), (3, 5)]);
        assert!(outcomes.iter().all(|outcome| outcome.loss > 0.0 && outcome.errors <= outcome.images));
        assert!(one.collect(0).unwrap().is_empty(), "outcomes are given once");
        assert_eq!(outcomes, train(&mut other));
        for at in 0..one.plan.tensors.len() {
            let id = TensorId(at);
            if one.plan.tensor(id).role != Role::Images {
                let (one, other) = (one.read(id).unwrap(), other.read(id).unwrap());
                assert!(one == other && one.iter().all(|value| value.is_finite()));
            }
        }
        let statistics = one.plan.find(Role::Statistics(2)).unwrap();
        assert!(one.read(statistics).unwrap()[2] > 0.0);
    }

    #[test]
    fn requests_that_do_not_fit_say_why() {
        let mut reference = simpnet_like();
        let say = |result: Result<(), BackendError>| result.unwrap_err().to_string();
        let (pixels, labels) = batch_of(Shape::new(3, 9, 8), 4, 6, 0);
        let batch = Batch { images: &pixels, labels: &labels, step: 0, seed: 0 };
        let w = reference.plan.find(Role::W(1)).unwrap();
        assert_eq!(say(reference.write(w, &[0.0])), "tensor 'W1' has 300 elements, 1 were given");
        assert_eq!(say(reference.write(TensorId(999), &[])), "the plan has no tensor of floats with number 999");
        assert_eq!(say(reference.call(List::Train, 99)), "the list Train has 17 calls: there is no call 99");
        let wrong = Batch { labels: &[0, 1, 2, 3, 4, 0], ..batch };
        assert_eq!(say(reference.load(&wrong)), "label 4 of picture 4: the network has 4 classes, from 0");
        assert!(say(reference.load(&Batch { labels: &labels[1..], ..batch })).contains("bytes of pictures"));
        assert!(reference.load(&batch).is_ok());
    }
}
