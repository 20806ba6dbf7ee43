//! One kernel problem on a runtime: a plan of a single call, poisoned outputs, sentinels behind every tensor.

use hebb_reference::{Expected, Tensors, TwinStep, compare, expect};
use hebb_spec::backend::{Error, Numbers, Options, Rounding, Runtime, Step};
use hebb_spec::builder::Builder;
use hebb_spec::learning::{MOST_RATES, Rate};
use hebb_spec::operand::{Access, Slot};
use hebb_spec::plan::{List, Plan, Role, TensorId};
use hebb_spec::problem::Problem;
use hebb_spec::rng::{Purpose, Stream};

/// Outputs start as this: a number that is no result, so "wrote 0" differs from "did not write".
pub const POISON: f32 = -7.5e30;
/// The rate that learning cases use; the step's others are wrong ones.
pub const RATE: Rate = Rate(5);

/// Name of the cases of more workgroups than one dimension of a grid holds.
pub const GRID: &str = "past 65,535 workgroups";
/// Name of the cases of as many runs of places as one dimension of a grid holds workgroups.
pub const COLUMNS: &str = "in runs: as many as a grid has columns";

/// A named problem.
#[derive(Debug, Clone)]
pub struct Case {
    /// What is special about it.
    pub name: &'static str,
    /// The problem.
    pub problem: Problem,
    /// Images of the batch that are no padding.
    pub images: u32,
    /// The finished factor of what learns: a power of two, so that whole numbers stay exact.
    pub rate: f32,
    /// The largest binding, in bytes, where that is to be less than the device's: weights are bound in pieces.
    pub max_binding: Option<u64>,
    /// The most operations of one dispatch, where that is to be less than the device's: calls are cut.
    pub max_flops: Option<u64>,
}

impl Case {
    /// A case with a full batch.
    pub fn new(name: &'static str, problem: Problem) -> Self {
        Self { name, problem, images: problem.batch(), rate: 1.0 / 64.0, max_binding: None, max_flops: None }
    }

    /// The same case with fewer images.
    pub fn with(self, images: u32) -> Self {
        Self { images, ..self }
    }

    /// The same case with a small largest binding.
    pub fn bound(self, most: u64) -> Self {
        Self { max_binding: Some(most), ..self }
    }

    /// The same case cut into dispatches of at most so many operations.
    pub fn cut(self, most: u64) -> Self {
        Self { max_flops: Some(most), ..self }
    }

    /// Whether the case is about a grid that one dimension does not hold, or just holds.
    pub fn is_grid(&self) -> bool {
        self.name == GRID || self.name == COLUMNS
    }

    /// Where the case stands in a run: addresses dropout masks.
    pub fn step(&self) -> TwinStep {
        let mut rates: [f32; MOST_RATES] = std::array::from_fn(|at| 1000.0 + at as f32);
        rates[RATE.0 as usize] = self.rate;
        TwinStep { seed: 0x0123_4567_89AB_CDEF, step: 41, images: self.images, repeat: 0, rates }
    }

    /// A plan of one call. Images and labels are its inputs, all else is scratch: it can be read and written around the
    /// call.
    pub fn plan(&self) -> Plan {
        let mut builder = Builder::new(self.problem.batch().max(1));
        for _ in 0..MOST_RATES {
            builder.rate();
        }
        let tensors: Vec<(Slot, TensorId)> = self
            .problem
            .operands()
            .iter()
            .map(|operand| {
                let name = format!("{:?}", operand.slot);
                let is_input = matches!(operand.slot, Slot::Images | Slot::Labels);
                let id = match is_input {
                    true => builder.shared(Role::Input, &name, operand.layout),
                    false => builder.scratch(&name, operand.layout),
                };
                (operand.slot, id)
            })
            .collect();
        builder.call(self.name, self.problem, &tensors, "");
        builder.finish()
    }
}

/// What the inputs are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Values {
    /// Anything, compared within the error bound.
    Random,
    /// Small whole numbers: every f32 sum is exact in any order, and equality is demanded.
    Whole,
}

/// The problem's inputs, each in its logical order.
pub fn inputs(case: &Case, values: Values, seed: u64) -> Tensors {
    let mut inputs = hebb_reference::sample::inputs(&case.problem, &case.step(), seed);
    if values == Values::Whole {
        for (at, (slot, numbers)) in (0..).zip(&mut inputs) {
            if !keeps(&case.problem, *slot) {
                let stream = Stream::new(seed, Purpose::Test, 50 + at, 7);
                // Zero stays, and no other becomes zero: what a control takes away must count.
                for (index, number) in (0..).zip(numbers).filter(|(_, number)| **number != 0.0) {
                    *number = [-1.0, 1.0, 2.0, 2.0][stream.below(index, 4) as usize];
                }
            }
        }
    }
    inputs
}

/// Whether a tensor stays as it is drawn: whole already, or bound to another.
fn keeps(problem: &Problem, slot: Slot) -> bool {
    match problem {
        Problem::PoolFeedback { .. } => slot != Slot::Delta,
        Problem::PoolForward { .. } | Problem::Saturation { .. } => true,
        _ => matches!(slot, Slot::Images | Slot::Labels | Slot::MaskW | Slot::MaskR | Slot::MaskA | Slot::MaskB),
    }
}

/// What the oracle expects; with whole numbers, equality.
pub fn expected(
    case: &Case,
    values: Values,
    inputs: &[(Slot, Vec<f32>)],
    rounding: Rounding,
) -> Result<Vec<Expected>, String> {
    let mut expected = expect(&case.problem, &case.step(), inputs, rounding).map_err(|error| error.to_string())?;
    if values == Values::Whole {
        for tensor in &mut expected {
            if tensor.values.iter().any(|value| f64::from(*value as f32) != *value) {
                return Err("whole numbers gave a result that is no f32: the case is wrong".to_owned());
            }
            tensor.bounds.fill(0.0);
        }
    }
    Ok(expected)
}

/// The tensors that a problem wrote or updated, and how its sum was cut.
pub type Ran = (Tensors, Rounding);

/// Runs the problem, its outputs poisoned, every tensor guarded.
pub fn run(runtime: &dyn Runtime, case: &Case, options: &Options, inputs: &[(Slot, Vec<f32>)]) -> Result<Ran, String> {
    let options =
        Options { guarded: true, max_binding: case.max_binding, max_flops: case.max_flops, ..options.clone() };
    attempt(runtime, case, &options, inputs).map_err(|error| error.to_string())
}

fn attempt(runtime: &dyn Runtime, case: &Case, options: &Options, inputs: &[(Slot, Vec<f32>)]) -> Result<Ran, Error> {
    let mut backend = runtime.prepare(case.plan(), options)?;
    let (bytes, labels) = sent(case, inputs);
    let of_step: Vec<(&str, Numbers<'_>)> = case
        .problem
        .operands()
        .iter()
        .filter_map(|operand| match operand.slot {
            Slot::Images => Some(("Images", Numbers::Bytes(&bytes))),
            Slot::Labels => Some(("Labels", Numbers::Classes(&labels))),
            _ => None,
        })
        .collect();
    let TwinStep { seed, step, images, rates, .. } = case.step();
    backend.load(&Step { seed, step, images, rates: &rates, inputs: &of_step })?;
    let tensors: Vec<(TensorId, Slot, Access)> = {
        let call = &backend.plan().list(List::TRAIN)[0];
        call.operands().map(|(id, operand)| (id, operand.slot, operand.access)).collect()
    };
    for &(id, slot, access) in &tensors {
        let given = inputs.iter().find(|(other, _)| *other == slot).map(|(_, values)| values);
        match (access, given) {
            (Access::Write, _) => {
                let len = backend.plan().tensor(id).layout.len();
                backend.write(id, &vec![POISON; len])?;
            }
            // Images and labels came with the step.
            (_, Some(values)) if !matches!(slot, Slot::Images | Slot::Labels) => backend.write(id, values)?,
            _ => {}
        }
    }
    backend.call(List::TRAIN, 0)?;
    let mut outputs = Vec::new();
    for &(id, slot, _) in tensors.iter().filter(|(_, _, access)| *access != Access::Read) {
        outputs.push((slot, backend.read(id)?));
    }
    backend.intact()?;
    Ok((outputs, backend.rounding(List::TRAIN, 0)))
}

/// Images and labels of the true images, as a host sends them.
fn sent(case: &Case, inputs: &[(Slot, Vec<f32>)]) -> (Vec<u8>, Vec<u16>) {
    let of = |slot: Slot| {
        let found = inputs.iter().find(|(other, _)| *other == slot);
        let each = |values: &[f32]| values.len() / case.problem.batch().max(1) as usize;
        found.map_or(&[][..], |(_, values)| &values[..case.images as usize * each(values)])
    };
    let bytes = of(Slot::Images).iter().map(|&byte| byte as u8).collect();
    (bytes, of(Slot::Labels).iter().map(|&label| label as u16).collect())
}

/// Runs a problem at each setting of bounds checks and compares it.
pub fn check(
    runtime: &dyn Runtime,
    case: &Case,
    (variant, checks): (Option<&str>, &[bool]),
    values: Values,
    seed: u64,
) -> Result<(), String> {
    let inputs = inputs(case, values, seed);
    let mut known: Option<(Rounding, Vec<Expected>)> = None;
    for &checked in checks {
        let options = Options { checked, variant: variant.map(str::to_owned), ..Options::default() };
        let judged = run(runtime, case, &options, &inputs).and_then(|(outputs, rounding)| {
            if known.as_ref().is_none_or(|(other, _)| *other != rounding) {
                known = Some((rounding, expected(case, values, &inputs, rounding)?));
            }
            judge(known.as_ref().map_or(&[], |(_, wanted)| wanted), &outputs)
        });
        judged.map_err(|error| format!("checked {checked}, {values:?} numbers: {error}"))?;
    }
    Ok(())
}

/// Compares all outputs; an error tells the first that fails.
pub fn judge(expected: &[Expected], outputs: &[(Slot, Vec<f32>)]) -> Result<(), String> {
    if expected.len() != outputs.len() || outputs.is_empty() {
        return Err(format!("{} outputs, {} expected", outputs.len(), expected.len()));
    }
    for (expected, (slot, got)) in expected.iter().zip(outputs) {
        let comparison = compare(expected, got);
        if !comparison.passes() || expected.slot != *slot {
            return Err(format!("{slot:?}: {comparison:?}"));
        }
    }
    Ok(())
}
