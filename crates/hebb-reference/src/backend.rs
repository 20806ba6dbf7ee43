//! The twins as a runtime: slow, exact about what each kernel means, and without a device.

use hebb_spec::backend::{Backend, Error, Kernel, Options, Outcome, Rounding, Runtime, Step};
use hebb_spec::lane4::{self, update_splits};
use hebb_spec::plan::{Call, List, Plan, TensorId};
use hebb_spec::problem::Problem;
use hebb_spec::request::{self, RequestError};
use hebb_spec::room;

use crate::run::TwinError;
use crate::store::TwinMemory;

const NAME: &str = "reference (CPU twins)";
const VARIANT: &str = "twin";

/// Makes plans ready on the twins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twins;

impl Twins {
    /// Bytes that they need for a plan: of its tensors none share their memory.
    pub fn bytes(plan: &Plan) -> u64 {
        plan.tensors.iter().map(|tensor| 4 * lane4::len(&tensor.layout) as u64).sum()
    }
}

impl Runtime for Twins {
    fn name(&self) -> String {
        NAME.to_owned()
    }

    fn variants(&self, _problem: &Problem) -> Vec<&'static str> {
        vec![VARIANT]
    }

    fn fits(&self, plan: &Plan, _options: &Options) -> Result<(), Error> {
        let bytes = Self::bytes(plan);
        if room::is_there(bytes) {
            return Ok(());
        }
        let reason = "the system does not give it".to_owned();
        Err(Error::OutOfMemory { device: NAME.to_owned(), needs: bytes.div_ceil(1 << 20), reason })
    }

    fn prepare(&self, plan: Plan, options: &Options) -> Result<Box<dyn Backend>, Error> {
        self.fits(&plan, options)?;
        Ok(Box::new(Reference::new(plan, options)))
    }
}

/// A plan's tensors and calls on the twins, in f32.
#[derive(Debug)]
pub struct Reference {
    plan: Plan,
    store: TwinMemory<f32>,
    outcomes: Vec<Outcome>,
}

impl Reference {
    /// Makes a plan ready, all its tensors 0. Of the options only the guards mean something to the twins.
    pub fn new(plan: Plan, options: &Options) -> Self {
        let store = if options.guarded { TwinMemory::guarded(&plan) } else { TwinMemory::new(&plan) };
        Self { plan, store, outcomes: Vec::new() }
    }

    /// The tensors as they lie in memory, for tests that spoil them.
    pub fn store_mut(&mut self) -> &mut TwinMemory<f32> {
        &mut self.store
    }

    fn readouts(&self, list: List) -> Vec<(String, Vec<f32>)> {
        let read = |id: TensorId| (self.plan.tensor(id).name.clone(), self.store.read(id));
        self.plan.readouts(list).into_iter().map(read).collect()
    }
}

/// A plan whose calls do not fit their tensors.
fn failed(error: TwinError) -> Error {
    Error::Failed { device: NAME.to_owned(), reason: error.to_string() }
}

/// The kernels that a call runs: an update that is cut adds its partial sums by another.
fn stems(call: &Call) -> impl Iterator<Item = &'static str> {
    let apply = runs(&call.problem) > 1;
    [call.problem.stem()].into_iter().chain(apply.then_some("connect_apply"))
}

/// Runs of places into which a call's sum is cut.
fn runs(problem: &Problem) -> u32 {
    match problem {
        Problem::ConnectUpdate { connection, .. } => update_splits(connection),
        _ => 1,
    }
}

impl Backend for Reference {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn kernels(&self) -> Vec<Kernel> {
        let kernel = |stem| Kernel { stem, form: String::new(), variant: VARIANT.to_owned() };
        let mut kernels: Vec<Kernel> = self.plan.calls().flat_map(stems).map(kernel).collect();
        kernels.sort_unstable();
        kernels.dedup();
        kernels
    }

    fn rounding(&self, list: List, call: usize) -> Rounding {
        let call = self.plan.list(list).get(call);
        call.map_or(Rounding::STRAIGHT, |call| Rounding::Runs { runs: runs(&call.problem), lanes: 1 })
    }

    fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), Error> {
        request::tensor(&self.plan, tensor, values.len())?;
        self.store.write(tensor, values);
        Ok(())
    }

    fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, Error> {
        if tensor.0 >= self.plan.tensors.len() {
            return Err(RequestError::NoTensor(tensor.0).into());
        }
        Ok(self.store.read(tensor))
    }

    fn load(&mut self, step: &Step<'_>) -> Result<(), Error> {
        Ok(self.store.load(&self.plan, step)?)
    }

    fn call(&mut self, list: List, call: usize) -> Result<(), Error> {
        let call = request::call(&self.plan, list, call)?;
        self.store.call(call).map_err(failed)
    }

    fn submit(&mut self, list: List, step: &Step<'_>, repeats: u32) -> Result<(), Error> {
        request::list(&self.plan, list)?;
        self.load(step)?;
        for repeat in 0..repeats {
            self.store.step.repeat = repeat;
            for call in self.plan.list(list) {
                self.store.call(call).map_err(failed)?;
            }
        }
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
        self.store.intact(&self.plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::batch_of;
    use hebb_spec::Shape;
    use hebb_spec::backend::Numbers;
    use hebb_spec::learning::Loss;
    use hebb_spec::param::Weights;
    use hebb_spec::plan::Role;
    use hebb_spec::system::System;
    use hebb_systems::layered::{Model, Network, Preset, Rule};

    const SHAPE: Shape = Shape::new(3, 9, 8);

    fn simpnet_like() -> Reference {
        let network = Network::new("Conv 4 5x5; Maxpool 3; Drop .8; Full 8; Drop .3; Output", SHAPE, 4, Preset::AsRun);
        let model = Model::new(network.unwrap(), Rule::URFB, Loss::Hinge, Preset::AsRun);
        let mut reference = Reference::new(model.plan(6), &Options { guarded: true, ..Options::default() });
        for weight in Weights::draw(&model.params(), 3).0 {
            let id = reference.plan.find(&weight.name).unwrap();
            reference.write(id, &weight.values).unwrap();
        }
        reference
    }

    fn submit(reference: &mut Reference, list: List, images: u32, step: u32, repeats: u32) {
        let (pixels, labels) = batch_of(SHAPE, 4, images, step);
        let inputs = [("images", Numbers::Bytes(&pixels)), ("labels", Numbers::Classes(&labels))];
        let step = Step { seed: 11, step, images, rates: &[0.02], inputs: &inputs };
        reference.submit(list, &step, repeats).unwrap();
    }

    /// Four steps, the last with an incomplete batch, then an evaluation.
    fn train(reference: &mut Reference) -> Vec<Outcome> {
        for step in 0..4 {
            let (list, images) = if step == 3 { (List::EVALUATE, 5) } else { (List::TRAIN, 6) };
            submit(reference, list, images, step, 1);
        }
        submit(reference, List::STATISTICS, 0, 4, 1);
        reference.collect(0).unwrap()
    }

    #[test]
    fn a_small_simpnet_trains_evaluates_and_repeats_bit_for_bit() {
        let (mut one, mut other) = (simpnet_like(), simpnet_like());
        let outcomes = train(&mut one);
        let seen: Vec<(u32, u32)> = outcomes.iter().map(|outcome| (outcome.step, outcome.images)).collect();
        assert_eq!(seen, [(0, 6), (1, 6), (2, 6), (3, 5), (4, 0)]);
        for outcome in &outcomes[..4] {
            let sums = outcome.get("loss sums").unwrap();
            assert!(sums[0] > 0.0 && sums[1] <= outcome.images as f32, "{outcome:?}");
            assert_eq!(outcome.get("predictions").unwrap().len(), 6);
        }
        assert_eq!(outcomes[4].get("loss sums"), None, "the statistics have no loss");
        assert!(outcomes[4].readouts.iter().any(|(_, sums)| sums.len() == 8 && sums[2] > 0.0));
        assert!(one.collect(0).unwrap().is_empty(), "outcomes are given once");
        assert_eq!(outcomes, train(&mut other));
        for at in 0..one.plan.tensors.len() {
            let (one, other) = (one.read(TensorId(at)).unwrap(), other.read(TensorId(at)).unwrap());
            assert!(one == other && one.iter().all(|value| value.is_finite()));
        }
        assert_eq!(one.intact(), Ok(()));
    }

    #[test]
    fn repeats_run_a_list_again_and_tell_of_the_last() {
        let (mut once, mut thrice) = (simpnet_like(), simpnet_like());
        (0..3).for_each(|_| submit(&mut once, List::TRAIN, 6, 7, 1));
        submit(&mut thrice, List::TRAIN, 6, 7, 3);
        let (outcomes, outcome) = (once.collect(0).unwrap(), thrice.collect(0).unwrap());
        assert_eq!((outcomes.len(), &outcomes[2..]), (3, &outcome[..]));
        assert_eq!(thrice.store.step.repeat, 2);
        submit(&mut thrice, List::TRAIN, 6, 8, 0);
        assert!(thrice.collect(0).unwrap().is_empty(), "nothing ran");
        for id in once.plan.of_role(Role::Param).collect::<Vec<_>>() {
            assert_eq!(once.read(id).unwrap(), thrice.read(id).unwrap());
        }
    }

    #[test]
    fn an_update_that_is_cut_names_both_kernels_and_its_runs() {
        let reference = simpnet_like();
        let stems: Vec<&str> = reference.kernels().iter().map(|kernel| kernel.stem).collect();
        assert_eq!(stems[..2], ["connect_apply", "connect_feedback"]);
        let calls = reference.plan.list(List::TRAIN);
        let last = calls.len() - 1;
        assert_eq!(calls[last].name, "layer 1 update");
        assert_eq!(reference.rounding(List::TRAIN, last), Rounding::Runs { runs: 72, lanes: 1 });
        assert_eq!(reference.rounding(List::TRAIN, 0), Rounding::STRAIGHT);
    }

    #[test]
    fn a_plan_past_all_memory_is_refused() {
        let network = Network::new("Full 1000000; Output", SHAPE, 4, Preset::AsRun);
        let model = Model::new(network.unwrap(), Rule::BP, Loss::Hinge, Preset::AsRun);
        let error = Twins.prepare(model.plan(1 << 30), &Options::default()).err().map(|error| error.to_string());
        let error = error.unwrap_or_default();
        assert!(error.starts_with("reference (CPU twins) has too little memory for "), "{error}");
        assert!(error.ends_with(" MiB (the system does not give it)"), "{error}");
    }

    #[test]
    fn requests_that_do_not_fit_say_why() {
        let mut reference = simpnet_like();
        let say = |result: Result<(), Error>| result.unwrap_err().to_string();
        let w = reference.plan.find("W1").unwrap();
        assert_eq!(say(reference.write(w, &[0.0])), "tensor 'W1' has 300 numbers, 1 were given");
        assert_eq!(reference.read(TensorId(999)).unwrap_err(), Error::Request(RequestError::NoTensor(999)));
        assert_eq!(say(reference.call(List::TRAIN, 99)), "the list 'train' has 16 calls: there is no call 99");
        let (pixels, labels) = batch_of(SHAPE, 4, 6, 0);
        let mut load = |labels: &[u16], rates: &[f32]| {
            let inputs = [("images", Numbers::Bytes(&pixels)), ("labels", Numbers::Classes(labels))];
            reference.load(&Step { seed: 0, step: 0, images: 6, rates, inputs: &inputs })
        };
        let label = load(&[0, 1, 2, 3, 4, 0], &[0.1]);
        assert_eq!(say(label), "label 4 of image 4: there are 4 classes, from 0");
        assert!(say(load(&labels[1..], &[0.1])).contains("6 images need 6, 5 were given"));
        assert!(say(load(&labels, &[f32::NAN])).contains("not finite"));
        assert_eq!(load(&labels, &[0.1]), Ok(()));
        let nothing = Step { seed: 0, step: 0, images: 0, rates: &[], inputs: &[] };
        assert_eq!(say(reference.submit(List("dance"), &nothing, 1)), "the plan has no list 'dance'");
    }
}
