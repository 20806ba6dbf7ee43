//! A runtime with a fault that only [`Backend::intact`] can see: the twins, but each call also writes where nothing may
//! be.

use hebb_reference::{Packed, Reference};
use hebb_spec::backend::{Backend, Error, Kernel, Options, Outcome, Rounding, Runtime, Step};
use hebb_spec::operand::Slot;
use hebb_spec::plan::{List, Plan, TensorId};
use hebb_spec::problem::Problem;

/// Where it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoils {
    /// Behind the end of W.
    Behind,
    /// Into W's padding, right behind the first tap's output channels.
    Padding,
}

impl Runtime for Spoils {
    fn name(&self) -> String {
        format!("{self:?}")
    }

    fn variants(&self, _problem: &Problem) -> Vec<&'static str> {
        Vec::new()
    }

    fn prepare(&self, plan: Plan, options: &Options) -> Result<Box<dyn Backend>, Error> {
        Ok(Box::new(Spoiling { twins: Reference::new(plan, options), spoils: *self }))
    }
}

struct Spoiling {
    twins: Reference,
    spoils: Spoils,
}

impl Backend for Spoiling {
    fn plan(&self) -> &Plan {
        self.twins.plan()
    }

    fn kernels(&self) -> Vec<Kernel> {
        self.twins.kernels()
    }

    fn rounding(&self, list: List, call: usize) -> Rounding {
        self.twins.rounding(list, call)
    }

    fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), Error> {
        self.twins.write(tensor, values)
    }

    fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, Error> {
        self.twins.read(tensor)
    }

    fn load(&mut self, step: &Step<'_>) -> Result<(), Error> {
        self.twins.load(step)
    }

    fn call(&mut self, list: List, call: usize) -> Result<(), Error> {
        self.twins.call(list, call)?;
        let call = self.twins.plan().list(list)[call].clone();
        if let (Some(w), Problem::ConnectUpdate { connection, .. }) = (call.tensor(Slot::W), call.problem)
            && let Packed::Floats(floats) = &mut self.twins.store_mut().tensors[w.0]
        {
            let at = match self.spoils {
                Spoils::Behind => floats.len() - 1,
                Spoils::Padding => connection.output.channels as usize,
            };
            floats[at] = 1.0;
        }
        Ok(())
    }

    fn submit(&mut self, list: List, step: &Step<'_>, repeats: u32) -> Result<(), Error> {
        self.twins.submit(list, step, repeats)
    }

    fn collect(&mut self, in_flight: usize) -> Result<Vec<Outcome>, Error> {
        self.twins.collect(in_flight)
    }

    fn intact(&mut self) -> Result<(), Error> {
        self.twins.intact()
    }
}
