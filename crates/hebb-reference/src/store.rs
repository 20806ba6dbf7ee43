//! A plan's tensors in memory, and its calls run on the twins: one vector for each tensor, none shared.

use hebb_spec::backend::{Error, Numbers, Step};
use hebb_spec::lane4;
use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{Call, Plan, Role, TensorId};
use hebb_spec::request::{self, RequestError};

use crate::data::{Packed, floats};
use crate::real::Real;
use crate::run::{TwinError, run};
use crate::step::TwinStep;

/// Numbers behind each tensor of a guarded store, which nothing may touch.
const GUARD: usize = 64;
/// What they are: in f32 a number that no result is likely to be.
const SENTINEL: f32 = 12_345.678;
const SENTINEL_WORD: u32 = 0xa5c3_0f96;

/// The tensors of a plan, and the step that its calls run at.
#[derive(Debug, Clone)]
pub struct TwinMemory<T> {
    /// Each tensor in the lane-4 form, by its id; in a guarded store with sentinels behind it.
    pub tensors: Vec<Packed<T>>,
    /// The loaded step.
    pub step: TwinStep,
    layouts: Vec<Layout>,
    guard: usize,
}

impl<T: Real> TwinMemory<T> {
    /// All tensors of a plan, filled with 0.
    pub fn new(plan: &Plan) -> Self {
        let layouts: Vec<Layout> = plan.tensors.iter().map(|tensor| tensor.layout).collect();
        let tensors = layouts.iter().map(Packed::zeros).collect();
        Self { tensors, step: TwinStep::default(), layouts, guard: 0 }
    }

    /// The same with sentinels behind every tensor.
    pub fn guarded(plan: &Plan) -> Self {
        let mut store = Self { guard: GUARD, ..Self::new(plan) };
        for tensor in &mut store.tensors {
            match tensor {
                Packed::Floats(floats) => floats.extend([T::from_f32(SENTINEL); GUARD]),
                Packed::Words(words) => words.extend([SENTINEL_WORD; GUARD]),
            }
        }
        store
    }

    /// A tensor's numbers in the lane-4 form; `None` for images.
    pub fn floats(&self, id: TensorId) -> Option<&[T]> {
        match self.tensors.get(id.0) {
            Some(Packed::Floats(values)) => Some(&values[..values.len() - self.guard]),
            _ => None,
        }
    }

    /// A tensor's numbers in the lane-4 form, to change; `None` for images.
    pub fn floats_mut(&mut self, id: TensorId) -> Option<&mut [T]> {
        let guard = self.guard;
        match self.tensors.get_mut(id.0) {
            Some(Packed::Floats(values)) => {
                let len = values.len() - guard;
                Some(&mut values[..len])
            }
            _ => None,
        }
    }

    /// A tensor in its logical order.
    pub fn read(&self, id: TensorId) -> Vec<T> {
        self.tensors[id.0].unpack(&self.layouts[id.0])
    }

    /// Fills a tensor from its logical order. `values` may be those of the first images only: the rest is 0.
    pub fn write(&mut self, id: TensorId, values: &[f32]) {
        match (&mut self.tensors[id.0], Packed::<T>::pack(&self.layouts[id.0], values)) {
            (Packed::Floats(to), Packed::Floats(from)) => to[..from.len()].copy_from_slice(&from),
            (Packed::Words(to), Packed::Words(from)) => to[..from.len()].copy_from_slice(&from),
            _ => unreachable!("a layout tells the kind of its numbers"),
        }
    }

    /// Makes a step the input of the calls that follow. What it does not fill is 0.
    pub fn load(&mut self, plan: &Plan, step: &Step<'_>) -> Result<(), RequestError> {
        request::step(plan, step)?;
        for id in plan.of_role(Role::Input) {
            let name = &plan.tensor(id).name;
            let given = step.inputs.iter().find(|(other, _)| other == name);
            self.write(id, &floats(given.map_or(&Numbers::Floats(&[]), |(_, numbers)| numbers)));
        }
        self.step = TwinStep::from(step);
        Ok(())
    }

    /// Runs one call at the loaded step.
    pub fn call(&mut self, call: &Call) -> Result<(), TwinError> {
        // The tensors are lent to the call and given back, also where it fails. One that is read twice is copied: only
        // its first place in the list is lent.
        let mut lent: Vec<(Slot, Packed<T>)> = Vec::with_capacity(call.tensors.len());
        for (at, (id, operand)) in call.operands().enumerate() {
            let data = match call.tensors[..at].iter().position(|earlier| *earlier == id) {
                Some(earlier) => lent[earlier].1.clone(),
                None => std::mem::replace(&mut self.tensors[id.0], Packed::Words(Vec::new())),
            };
            lent.push((operand.slot, data));
        }
        let slices = lent.iter_mut().map(|(slot, data)| (*slot, data.lend(self.guard)));
        let result = run(&call.problem, &self.step, slices.collect());
        for (id, (_, data)) in call.tensors.iter().zip(lent).rev() {
            self.tensors[id.0] = data;
        }
        result
    }
}

impl TwinMemory<f32> {
    /// Whether all sentinels and the padding of weights are as they were.
    pub fn intact(&self, plan: &Plan) -> Result<(), Error> {
        for (tensor, data) in plan.tensors.iter().zip(&self.tensors) {
            let len = lane4::len(&tensor.layout);
            let (is_whole, is_zero) = match data {
                Packed::Floats(floats) => (
                    floats.len() == len + self.guard && floats[len..].iter().all(|&float| float == SENTINEL),
                    lane4::padding_is_zero(&tensor.layout, &floats[..len]),
                ),
                Packed::Words(words) => {
                    (words.len() == len + self.guard && words[len..].iter().all(|&word| word == SENTINEL_WORD), true)
                }
            };
            let spoilt = |what| Error::Spoilt { tensor: tensor.name.clone(), what };
            if !is_whole {
                return Err(spoilt("something was written behind its end"));
            }
            if !is_zero {
                return Err(spoilt("its padding is not 0"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::builder::Builder;
    use hebb_spec::connection::Connection;
    use hebb_spec::plan::List;
    use hebb_spec::problem::Problem;

    /// Images of five bytes, and a layer upon them.
    fn plan() -> Plan {
        let mut builder = Builder::new(3);
        let shape = Shape::new(1, 1, 5);
        let images = builder.shared(Role::Input, "images", Layout::Images { shape, batch: 3 });
        let gather = Problem::GatherImages { shape, batch: 3 };
        let x = builder.call("gather", gather, &[(Slot::Images, images)], "x");
        let w = builder.shared(Role::Param, "W", Layout::Weights(Connection::full(Shape::flat(5), 2)));
        builder.forward("forward", w, x, None, "y");
        builder.finish()
    }

    #[test]
    fn a_step_fills_its_images_and_clears_the_rest() {
        let plan = plan();
        let mut store = TwinMemory::<f32>::guarded(&plan);
        let bytes: Vec<u8> = (1..=15).collect();
        let mut load = |images, bytes| {
            let inputs = [("images", Numbers::Bytes(bytes))];
            store.load(&plan, &Step { seed: 9, step: 4, images, rates: &[], inputs: &inputs })
        };
        let error = load(2, &bytes[1..10]).unwrap_err().to_string();
        assert_eq!(error, "'images' takes 5 numbers an image: 2 images need 10, 9 were given");
        load(3, &bytes).unwrap();
        load(2, &bytes[..10]).unwrap();
        let images = plan.find("images").unwrap();
        let Packed::Words(words) = &store.tensors[images.0] else { panic!("images are words") };
        assert_eq!(words[..6], [0x0403_0201, 0x05, 0x0908_0706, 0x0a, 0, 0]);
        assert_eq!(store.read(images)[8..], [9.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(store.step, TwinStep { seed: 9, step: 4, images: 2, ..TwinStep::default() });
    }

    #[test]
    fn what_lies_behind_or_between_is_watched() {
        let plan = plan();
        let w = plan.find("W").unwrap();
        let mut store = TwinMemory::<f32>::guarded(&plan);
        store.write(w, &[1.0; 10]);
        for call in plan.list(List::TRAIN) {
            store.call(call).unwrap();
        }
        assert_eq!(store.intact(&plan), Ok(()));
        let say = |at: usize| {
            let mut store = store.clone();
            let Packed::Floats(floats) = &mut store.tensors[w.0] else { panic!("weights are floats") };
            floats[at] = 1.0;
            store.intact(&plan).unwrap_err().to_string()
        };
        assert_eq!(say(2), "tensor 'W': its padding is not 0");
        assert_eq!(say(20), "tensor 'W': something was written behind its end");
    }
}
