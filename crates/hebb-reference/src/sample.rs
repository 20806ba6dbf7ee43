//! Random inputs for any problem: a problem can draw itself, for tests and checks of any backend.

use hebb_spec::Shape;
use hebb_spec::connection::{Connection, LANE};
use hebb_spec::problem::{Access, Problem};
use hebb_spec::rng::{Purpose, Stream};

use crate::pool_forward::pool_forward;
use crate::{Data, StepInfo};

/// Random inputs of a problem: its tensors that are read or updated, in binding order.
///
/// Activity is clipped, so that some units stand exactly at ±1 and at 0 and windows have ties; a pool's y is the maximum
/// of its x; padding of weights is 0; labels are classes. Images beyond the true ones hold numbers too, where no
/// kernel's contract forbids it.
pub fn inputs(problem: &Problem, step: &StepInfo, seed: u64) -> Vec<Data<f32>> {
    let kept = problem.tensors().into_iter().filter(|&(access, _)| access != Access::Write);
    let mut inputs: Vec<Data<f32>> = (0..).zip(kept).map(|(index, (_, len))| draw(problem, seed, index, len)).collect();
    match *problem {
        Problem::PoolFeedback { pool, batch, .. } => {
            if let [Data::Floats(x), Data::Floats(y), ..] = &mut inputs[..] {
                pool_forward(&pool, batch, x, y);
            }
        }
        Problem::Loss { classes, .. } | Problem::TargetDelta { classes, .. } => {
            if let [.., Data::Floats(labels)] = &mut inputs[..] {
                let stream = Stream::new(seed, Purpose::Test, 99, 0);
                for (image, label) in labels.iter_mut().enumerate() {
                    let class = stream.below(image as u64, classes) as f32;
                    *label = if image < step.images as usize { class } else { 0.0 };
                }
            }
        }
        _ => {}
    }
    inputs
}

/// Random pictures and labels of a batch, as a host sends them.
pub fn batch_of(shape: Shape, classes: u32, images: u32, seed: u32) -> (Vec<u8>, Vec<u16>) {
    let pixels = Stream::new(u64::from(seed), Purpose::Test, 1, 1);
    let labels = Stream::new(u64::from(seed), Purpose::Test, 2, 1);
    let bytes = u64::from(shape.units()) * u64::from(images);
    (
        (0..bytes).map(|at| pixels.word(at) as u8).collect(),
        (0..u64::from(images)).map(|at| labels.below(at, classes) as u16).collect(),
    )
}

/// Whether the tensor, of the problem's read and updated ones, is a mask.
fn is_mask(problem: &Problem, index: u32, len: usize) -> bool {
    match problem {
        Problem::ConnectUpdate { connection, learning, .. } | Problem::ConnectApply { connection, learning, .. } => {
            learning.masked && len == connection.mask_len()
        }
        _ => index > 1,
    }
}

fn draw(problem: &Problem, seed: u64, index: u32, len: usize) -> Data<f32> {
    let stream = Stream::new(seed, Purpose::Test, index + 1, 0);
    let signed = |at: usize| 2.0 * stream.unit(at as u64) - 1.0;
    // Sixteenths, clipped: many ties, zeros and units at ±1.
    let activity = |at: usize| ((signed(at) * 20.0).round() / 16.0).clamp(-1.0, 1.0);
    let weights = |connection: &Connection, at: usize| {
        let out = at as u32 % (connection.out_vectors() * LANE);
        if out < connection.output.channels { signed(at) * 0.5 } else { 0.0 }
    };
    let floats: Vec<f32> = match (problem, index) {
        (Problem::GatherImages { .. }, _) => return Data::Words((0..len).map(|at| stream.word(at as u64)).collect()),
        // Masks: any sixteen bits.
        (Problem::ConnectUpdate { .. }, 3..)
        | (Problem::ConnectApply { .. }, 2..)
        | (Problem::PairStatistics { .. }, 2..)
            if is_mask(problem, index, len) =>
        {
            (0..len).map(|at| (stream.word(at as u64) >> 16) as f32).collect()
        }
        (Problem::ConnectForward { connection, .. } | Problem::ConnectFeedback { connection, .. }, 0)
        | (Problem::ConnectUpdate { connection, .. }, 2 | 3)
        | (Problem::SignFeedback { connection, .. }, _)
        | (Problem::ConnectApply { connection, .. }, _) => (0..len).map(|at| weights(connection, at)).collect(),
        (Problem::ConnectFeedback { skip, .. }, 2 | 3) if (index == 3) == *skip => (0..len).map(activity).collect(),
        (Problem::SumForward { .. }, _)
        | (Problem::SumFeedback { .. }, 1)
        | (Problem::Saturation { .. }, 0)
        | (Problem::PoolForward { .. }, 0)
        | (Problem::PoolFeedback { .. }, 0 | 3) => (0..len).map(activity).collect(),
        // Scores on both sides of the hinge, and on it.
        (Problem::Loss { .. }, 0) => (0..len).map(|at| (signed(at) * 24.0).round() / 8.0).collect(),
        _ => (0..len).map(signed).collect(),
    };
    Data::Floats(floats)
}
