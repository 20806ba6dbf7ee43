//! A single call: checked against its twin, then timed.

use std::time::Instant;

use hebb_gpu::Session;
use hebb_reference::{Tensors, TwinStep, compare, expect, sample};
use hebb_spec::backend::{Backend, Error, Options, Runtime, Step};
use hebb_spec::learning::MOST_RATES;
use hebb_spec::operand::Access;
use hebb_spec::plan::{Call, List, Plan, Role, Tensor, TensorId};
use hebb_spec::problem::Problem;
use serde::Serialize;

use super::{Ceilings, MeasureError, seconds};
use crate::Device;

/// The rates of what learns: they keep weights small over many repetitions.
const RATES: [f32; MOST_RATES] = [1.0 / 4096.0; MOST_RATES];
/// Images that a variant is checked on: some, and no multiple of a vector.
const CHECKED: u32 = 6;

/// A call in a variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallTime {
    /// The problem's key: kernel, shape and batch.
    pub problem: String,
    /// The variant.
    pub variant: String,
    /// Milliseconds.
    pub ms: f64,
    /// Thousand million operations a second.
    pub gflops: f64,
    /// Thousand million bytes a second, each tensor read or written once.
    pub gbytes: f64,
    /// The ceiling that is nearer: multiply-add or copy.
    pub ceiling: &'static str,
    /// The share of it that is reached.
    pub share: f64,
}

/// A problem with random inputs.
pub struct Case {
    problem: Problem,
    inputs: Tensors,
}

/// A plan of one call, made ready.
enum Ready {
    Gpu(Box<Session>),
    Other(Box<dyn Backend>),
}

impl Ready {
    fn new(device: &Device, plan: Plan, options: &Options) -> Result<Self, Error> {
        Ok(match device {
            Device::Gpu(gpu) => Self::Gpu(Box::new(Session::new(gpu, plan, options)?)),
            other => Self::Other(other.prepare(plan, options)?),
        })
    }

    fn backend(&mut self) -> &mut dyn Backend {
        match self {
            Self::Gpu(session) => session.as_mut(),
            Self::Other(backend) => backend.as_mut(),
        }
    }

    /// Seconds of so many runs.
    fn time(&mut self, times: u32) -> Result<f64, Error> {
        match self {
            Self::Gpu(session) => session.time(List::TRAIN, 0, times),
            Self::Other(backend) => {
                let start = Instant::now();
                (0..times).try_for_each(|_| backend.call(List::TRAIN, 0))?;
                backend.collect(0)?;
                Ok(start.elapsed().as_secs_f64())
            }
        }
    }
}

impl Case {
    /// Draws the inputs.
    pub fn new(problem: Problem) -> Self {
        Self { problem, inputs: sample::inputs(&problem, &TwinStep::from(&step(&problem)), 1) }
    }

    /// Seconds of one run in a variant. Where it takes longer than some `patience` in all, it is measured less often.
    pub fn seconds(&self, device: &Device, variant: &str, patience: f64) -> Result<f64, MeasureError> {
        let mut ready = self.ready(device, variant)?;
        Ok(seconds(patience, |times| ready.time(times))?)
    }

    /// Checks a variant, times it, and lays that beside the device's ceilings.
    pub fn measure(
        &self,
        device: &Device,
        variant: &str,
        ceilings: &Ceilings,
        patience: f64,
    ) -> Result<CallTime, MeasureError> {
        self.check(device, variant)?;
        let seconds = self.seconds(device, variant, patience)?;
        let (flops, bytes) = (self.problem.flops(), self.problem.bytes());
        let (ceiling, share) = ceilings.share(flops, bytes, seconds);
        Ok(CallTime {
            problem: self.problem.key(),
            variant: variant.to_owned(),
            ms: seconds * 1e3,
            gflops: flops as f64 / seconds / 1e9,
            gbytes: bytes as f64 / seconds / 1e9,
            ceiling,
            share,
        })
    }

    /// Whether a variant computes what the twin does on a few images.
    pub fn check(&self, device: &Device, variant: &str) -> Result<(), MeasureError> {
        let small = Self::new(self.problem.with_batch(self.problem.batch().min(CHECKED)));
        let (problem, mut ready) = (small.problem, small.ready(device, variant)?);
        let backend = ready.backend();
        backend.call(List::TRAIN, 0)?;
        let rounding = backend.rounding(List::TRAIN, 0);
        let wanted = expect(&problem, &TwinStep::from(&step(&problem)), &small.inputs, rounding)?;
        let operands = problem.operands();
        let written = operands.iter().enumerate().filter(|(_, operand)| operand.access != Access::Read);
        for ((at, _), wanted) in written.zip(&wanted) {
            let comparison = compare(wanted, &backend.read(TensorId(at))?);
            if !comparison.passes() {
                return Err(MeasureError::Wrong {
                    problem: problem.key(),
                    variant: variant.to_owned(),
                    over: comparison.over,
                    ratio: comparison.ratio,
                });
            }
        }
        Ok(())
    }

    /// A plan of this call alone, its inputs written.
    fn ready(&self, device: &Device, variant: &str) -> Result<Ready, Error> {
        let (problem, operands) = (self.problem, self.problem.operands());
        let tensor = |slot: usize| {
            // Scratch, since a step would have to bring along the inputs.
            let (name, layout) = (format!("tensor {slot}"), operands[slot].layout);
            Tensor { name, role: Role::Scratch, layout, slot }
        };
        let tensors: Vec<Tensor> = (0..operands.len()).map(tensor).collect();
        let slots = tensors.len();
        let call = Call { name: problem.stem().to_owned(), problem, tensors: (0..slots).map(TensorId).collect() };
        let (batch, rates, lists) = (problem.batch(), MOST_RATES as u32, vec![(List::TRAIN, vec![call])]);
        let options = Options { variant: Some(variant.to_owned()), ..Options::default() };
        let mut ready = Ready::new(device, Plan { batch, tensors, slots, rates, lists }, &options)?;
        let backend = ready.backend();
        for (slot, values) in &self.inputs {
            // Inputs are drawn for operands alone.
            let at = operands.iter().position(|operand| operand.slot == *slot);
            at.map_or(Ok(()), |at| backend.write(TensorId(at), values))?;
        }
        backend.load(&step(&problem))?;
        Ok(ready)
    }
}

fn step(problem: &Problem) -> Step<'static> {
    Step { seed: 1, step: 1, images: problem.batch(), rates: &RATES, inputs: &[] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::connection::Connection;
    use hebb_spec::learning::{Learning, Rate};

    #[test]
    fn calls_are_checked_and_timed_on_the_processor() {
        let device = Device::cpu(Some(1)).unwrap();
        let connection = Connection::conv(Shape::new(3, 6, 5), 4, 3, 3);
        let learning = Learning::new(Rate(2), Some(1.0));
        for problem in [
            Problem::ConnectForward { connection, batch: 9, slope: Some(0.5) },
            Problem::ConnectUpdate { connection, batch: 9, learning },
            Problem::TargetDelta { classes: 10, batch: 3 },
        ] {
            let case = Case::new(problem);
            for variant in device.variants(&problem) {
                let ceilings = Ceilings { multiply_add: 100.0, product: None, copy: 10.0 };
                let time = case.measure(&device, variant, &ceilings, 0.01).unwrap();
                assert!(time.ms > 0.0 && time.share > 0.0 && time.problem == problem.key(), "{time:?}");
            }
        }
    }
}
