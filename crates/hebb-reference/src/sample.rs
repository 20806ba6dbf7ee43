//! Random inputs for any problem: a problem can draw itself, for tests and checks of any backend.

use hebb_spec::Shape;
use hebb_spec::lane4;
use hebb_spec::layout::Layout;
use hebb_spec::operand::{Access, Operand, Slot};
use hebb_spec::problem::Problem;
use hebb_spec::rng::{Purpose, Stream};

use crate::data::Tensors;
use crate::pool_forward::pool_forward;
use crate::step::TwinStep;

/// Random inputs of a problem: its tensors that are read or updated, in binding order, each in its logical order.
///
/// Activity is clipped, so that some units stand exactly at ±1 and at 0 and windows have ties; a pool's y is the maximum
/// of its x; labels are classes. Images beyond the true ones hold numbers too, where no kernel's contract forbids it.
pub fn inputs(problem: &Problem, step: &TwinStep, seed: u64) -> Tensors {
    let operands = problem.operands().into_iter().filter(|operand| operand.access != Access::Write);
    let draw = |(index, operand): (u32, Operand)| (operand.slot, draw(problem, step, seed, (index, operand)));
    let mut inputs: Tensors = (0..).zip(operands).map(draw).collect();
    if let (Problem::PoolFeedback { pool, batch, .. }, [(Slot::X, x), (Slot::Y, y), ..]) = (*problem, &mut inputs[..]) {
        let activity = |units| Layout::Activity { units, batch };
        let layout = activity(pool.output().units());
        let mut maxima = vec![0.0; lane4::len(&layout)];
        pool_forward(&pool, batch, &lane4::pack(&activity(pool.input.units()), x), &mut maxima);
        *y = lane4::unpack(&layout, &maxima);
    }
    inputs
}

/// Random images and labels of a batch, as a host sends them.
pub fn batch_of(shape: Shape, classes: u32, images: u32, seed: u32) -> (Vec<u8>, Vec<u16>) {
    let pixels = Stream::new(u64::from(seed), Purpose::Test, 1, 1);
    let labels = Stream::new(u64::from(seed), Purpose::Test, 2, 1);
    let bytes = u64::from(shape.units()) * u64::from(images);
    (
        (0..bytes).map(|at| pixels.word(at) as u8).collect(),
        (0..u64::from(images)).map(|at| labels.below(at, classes) as u16).collect(),
    )
}

fn draw(problem: &Problem, step: &TwinStep, seed: u64, (index, operand): (u32, Operand)) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Test, index + 1, 0);
    let signed = |at: u64| 2.0 * stream.unit(at) - 1.0;
    // Sixteenths, clipped: many ties, zeros and units at ±1.
    let activity = |at: u64| ((signed(at) * 20.0).round() / 16.0).clamp(-1.0, 1.0);
    let is_activity = matches!(
        problem,
        Problem::SumForward { .. }
            | Problem::Difference { .. }
            | Problem::Compete { .. }
            | Problem::Saturation { .. }
            | Problem::PoolForward { .. }
            | Problem::PoolFeedback { .. }
    );
    let number = |at: u64| match (operand.slot, problem) {
        (Slot::Images, _) => f32::from(stream.word(at) as u8),
        (Slot::Labels, Problem::Loss { classes, .. } | Problem::TargetDelta { classes, .. }) => {
            if at < u64::from(step.images) { stream.below(at, *classes) as f32 } else { 0.0 }
        }
        (Slot::MaskW | Slot::MaskR | Slot::MaskA | Slot::MaskB, _) => (stream.word(at) >> 31) as f32,
        (Slot::W | Slot::R | Slot::Trace, _) => signed(at) * 0.5,
        // On both sides of a transfer function's bend, and where it is flat.
        (Slot::V | Slot::V2 | Slot::U | Slot::Target, _) | (Slot::X, Problem::Transfer { .. }) => signed(at) * 12.0,
        (Slot::Gate, _) => activity(at),
        (Slot::X | Slot::X2, _) if is_activity => activity(at),
        // Scores on both sides of the hinge, and on it.
        (Slot::X, Problem::Loss { .. }) => (signed(at) * 24.0).round() / 8.0,
        _ => signed(at),
    };
    (0..operand.layout.len() as u64).map(number).collect()
}
