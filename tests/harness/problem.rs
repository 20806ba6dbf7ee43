//! One kernel problem on a device: a plan of a single call, poisoned outputs, sentinels behind every tensor.

use hebb_gpu::{Gpu, Options, Session};
use hebb_reference::{Comparison, Data, Expected, StepInfo, compare, expect};
use hebb_spec::backend::{Backend, Batch};
use hebb_spec::plan::{Call, List, Plan, Role, Tensor, TensorId};
use hebb_spec::problem::{Access, Learning, Problem};
use hebb_spec::rng::{Purpose, Stream};

/// Floats behind each tensor that no kernel may touch.
const GUARD: usize = 64;
const SENTINEL: f32 = 12_345.678;
/// Outputs start as this: a number that is no result, so "wrote 0" differs from "did not write".
pub const POISON: f32 = -7.5e30;

/// A named problem.
#[derive(Clone)]
pub struct Case {
    /// What is special about it.
    pub name: &'static str,
    /// The problem.
    pub problem: Problem,
    /// Images of the batch that are no padding.
    pub images: u32,
    /// The largest binding, in bytes, where that is to be less than the device's: weights are bound in pieces.
    pub max_binding: Option<u64>,
}

impl Case {
    /// A case with a full batch.
    pub fn new(name: &'static str, problem: Problem, batch: u32) -> Self {
        Self { name, problem, images: batch, max_binding: None }
    }

    /// The same case with a small largest binding.
    pub fn bound(self, most: u64) -> Self {
        Self { max_binding: Some(most), ..self }
    }

    /// Where the case stands in a run: addresses dropout masks.
    pub fn step(&self) -> StepInfo {
        StepInfo { seed: 0x0123_4567_89AB_CDEF, step: 41, images: self.images }
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

/// The problem's inputs.
pub fn inputs(case: &Case, values: Values, seed: u64) -> Vec<Data<f32>> {
    let mut inputs = hebb_reference::sample::inputs(&case.problem, &case.step(), seed);
    if values == Values::Whole {
        for (index, data) in inputs.iter_mut().enumerate() {
            let stream = Stream::new(seed, Purpose::Test, 50 + index as u32, 7);
            // x and y of a pool and labels must stay consistent: they are whole or sixteenths already.
            let keeps = matches!(
                (&case.problem, index),
                (Problem::PoolFeedback { .. }, 0 | 1 | 3)
                    | (Problem::Loss { .. }, 1)
                    | (Problem::TargetDelta { .. }, _)
                    | (Problem::PoolForward { .. } | Problem::Saturation { .. }, _)
                    | (Problem::PairStatistics { .. }, 2..)
            ) || is_mask(&case.problem, index);
            if let (Data::Floats(floats), false) = (data, keeps) {
                for (at, value) in floats.iter_mut().enumerate() {
                    // Zero stays: it may be a weight's padding.
                    if *value != 0.0 {
                        *value = stream.below(at as u64, 4) as f32 - 1.0;
                        *value += f32::from(*value == 0.0) * 2.0;
                    }
                }
            }
        }
    }
    inputs
}

/// Whether a tensor of a learning problem is a mask: bits, not a number to be changed.
fn is_mask(problem: &Problem, index: usize) -> bool {
    let weights = |first: usize, learning: &Learning| first + 1 + usize::from(learning.epsilon.is_some());
    match problem {
        Problem::ConnectUpdate { learning, .. } => index >= weights(2, learning),
        Problem::ConnectApply { learning, .. } => index >= weights(1, learning),
        _ => false,
    }
}

/// What the oracle expects; with whole numbers, equality.
pub fn expected(case: &Case, values: Values, inputs: &[Data<f32>], lanes: u32) -> Result<Vec<Expected>, String> {
    let mut expected = expect(&case.problem, &case.step(), inputs, lanes).map_err(|error| error.to_string())?;
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

/// Runs the problem on a device; the tensors that it wrote or updated, and the lanes of its sums.
pub fn run(gpu: &Gpu, case: &Case, options: &Options, inputs: &[Data<f32>]) -> Result<(Vec<Vec<f32>>, u32), String> {
    let text = |error: hebb_spec::backend::BackendError| error.to_string();
    let (plan, guarded) = plan(case);
    let uses: Vec<Access> = case.problem.tensors().into_iter().map(|(access, _)| access).collect();
    let mut session = Session::with_options(gpu, plan, options).map_err(|error| error.to_string())?;
    let step = case.step();
    let (pictures, labels) = (pictures(case, inputs), vec![0; case.images as usize]);
    let batch = Batch { images: &pictures, labels: &labels, step: step.step, seed: step.seed };
    session.load(&batch).map_err(text)?;
    let mut given = inputs.iter();
    for (at, &access) in uses.iter().enumerate() {
        let len = session.plan().tensors[at].len;
        let mut values = match access {
            Access::Write => vec![POISON; len],
            _ => match given.next() {
                Some(Data::Floats(floats)) => floats.clone(),
                // Pictures went in with the batch.
                _ => continue,
            },
        };
        values.resize(len + GUARD, SENTINEL);
        session.write(guarded[at], &values).map_err(text)?;
    }
    session.call(List::Train, 0).map_err(text)?;
    let mut outputs = Vec::new();
    for (at, &access) in uses.iter().enumerate() {
        let len = session.plan().tensors[at].len;
        if matches!(inputs.get(at), Some(Data::Words(_))) && access == Access::Read {
            continue;
        }
        let mut slot = session.read(guarded[at]).map_err(text)?;
        if slot[len..].iter().any(|&value| value != SENTINEL) {
            return Err(format!("tensor {at}: something was written behind its end"));
        }
        slot.truncate(len);
        if access != Access::Read {
            outputs.push(slot);
        }
    }
    Ok((outputs, session.update_lanes(List::Train, 0)))
}

/// Runs a problem and compares it; the worst tensor's comparison.
pub fn check(gpu: &Gpu, case: &Case, options: &Options, values: Values, seed: u64) -> Result<Comparison, String> {
    let inputs = inputs(case, values, seed);
    let (outputs, lanes) = run(gpu, case, options, &inputs)?;
    judge(&expected(case, values, &inputs, lanes)?, &outputs)
}

/// Compares all outputs; an error tells the first that fails.
pub fn judge(expected: &[Expected], outputs: &[Vec<f32>]) -> Result<Comparison, String> {
    if expected.len() != outputs.len() || outputs.is_empty() {
        return Err(format!("{} outputs, {} expected", outputs.len(), expected.len()));
    }
    let mut worst = None;
    for (at, (expected, got)) in expected.iter().zip(outputs).enumerate() {
        let comparison = compare(expected, got);
        if !comparison.passes() {
            return Err(format!("output {at}: {comparison:?}"));
        }
        worst = Some(comparison);
    }
    worst.ok_or_else(|| "nothing was compared".to_owned())
}

/// A plan of one call; each tensor lies alone in a slot with a guard, and has a second name for the whole slot.
fn plan(case: &Case) -> (Plan, Vec<TensorId>) {
    let shapes = case.problem.tensors();
    let count = shapes.len();
    let mut tensors = Vec::new();
    for guard in [0, GUARD] {
        tensors.extend(shapes.iter().enumerate().map(|(slot, &(_, len))| {
            let is_images = guard == 0 && slot == 0 && matches!(case.problem, Problem::GatherImages { .. });
            let role = if is_images { Role::Images } else { Role::Scratch };
            Tensor { name: format!("tensor {slot}"), role, len: len + guard, slot }
        }));
    }
    let call = Call { name: case.name.to_owned(), problem: case.problem, tensors: (0..count).map(TensorId).collect() };
    let batch = match case.problem {
        Problem::ConnectApply { .. } | Problem::SignFeedback { .. } | Problem::PairStatistics { .. } => 1,
        Problem::GatherImages { batch, .. }
        | Problem::ConnectForward { batch, .. }
        | Problem::ConnectFeedback { batch, .. }
        | Problem::ConnectUpdate { batch, .. }
        | Problem::ConnectPartial { batch, .. }
        | Problem::PoolForward { batch, .. }
        | Problem::PoolFeedback { batch, .. }
        | Problem::SumForward { batch, .. }
        | Problem::SumFeedback { batch, .. }
        | Problem::Saturation { batch, .. }
        | Problem::Dropout { batch, .. }
        | Problem::Loss { batch, .. }
        | Problem::TargetDelta { batch, .. } => batch,
    };
    let slots = shapes.iter().map(|&(_, len)| len + GUARD).collect();
    let plan = Plan { batch, tensors, slots, train: vec![call], evaluate: Vec::new(), statistics: Vec::new() };
    (plan, (count..2 * count).map(TensorId).collect())
}

/// The pictures of a gather problem, as a host sends them: without the padding of each to a word.
fn pictures(case: &Case, inputs: &[Data<f32>]) -> Vec<u8> {
    let (Problem::GatherImages { shape, batch }, Some(Data::Words(words))) = (case.problem, inputs.first()) else {
        return Vec::new();
    };
    let stored = words.len() / batch as usize;
    let bytes = |picture: &[u32]| -> Vec<u8> {
        picture.iter().flat_map(|word| word.to_le_bytes()).take(shape.units() as usize).collect()
    };
    words.chunks_exact(stored).take(case.images as usize).flat_map(bytes).collect()
}
