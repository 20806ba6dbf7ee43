//! One dispatcher a kernel: from a problem to shaders, their parameters and their numbers of workgroups.

mod compete;
mod connect_apply;
mod connect_feedback;
mod connect_forward;
mod connect_update;
mod decay;
mod difference;
mod dropout;
mod gather_images;
mod integrate;
mod launch;
mod loss;
mod nudge;
mod pair_statistics;
mod pieces;
mod pool_feedback;
mod pool_forward;
mod record;
mod saturation;
mod sign_feedback;
mod sum_feedback;
mod sum_forward;
mod target_delta;
mod transfer;
mod transfer_error;
mod transfer_feedback;

use hebb_spec::backend::Rounding;
use hebb_spec::operand::Slot;
use hebb_spec::problem::Problem;

use crate::variant::Tuning;

pub(crate) use launch::{Bound, Launch, Source};

/// The smallest piece of a tensor that a dispatch can bind, in bytes; `None` where it binds only the whole.
pub(crate) fn smallest_window(problem: &Problem, slot: Slot) -> Option<u64> {
    match (problem, slot) {
        (Problem::ConnectForward { connection, .. }, Slot::W)
        | (Problem::ConnectFeedback { connection, .. }, Slot::R)
        | (Problem::ConnectUpdate { connection, .. }, Slot::W | Slot::R | Slot::Trace) => {
            Some(pieces::smallest(connection))
        }
        (Problem::SignFeedback { .. }, _) | (Problem::Decay { .. }, Slot::W) => Some(0),
        (Problem::PairStatistics { .. }, Slot::A | Slot::B) => Some(16 * u64::from(Problem::STATISTICS_CHUNK)),
        _ => None,
    }
}

/// Floats of the partial sums that a problem needs beside its tensors.
pub(crate) fn partial_len(problem: &Problem, tuning: &Tuning) -> usize {
    match problem {
        Problem::ConnectUpdate { connection, .. } => connect_update::partial_len(connection, tuning),
        _ => 0,
    }
}

/// How the sums of a problem are cut.
pub(crate) fn rounding(problem: &Problem, tuning: &Tuning) -> Rounding {
    match problem {
        Problem::ConnectUpdate { connection, learning, .. } => {
            connect_update::rounding(problem, connection, *learning, tuning)
        }
        _ => Rounding::STRAIGHT,
    }
}

/// The dispatches of any problem, to run in this order.
pub(crate) fn launches(problem: &Problem, tuning: &Tuning) -> Vec<Launch> {
    let whole = whole(problem, tuning);
    let is_connect = |launch: &Launch| launch.shader.stem == problem.stem() && problem.stem().starts_with("connect_");
    let heavy = whole.iter().filter(|launch| is_connect(launch)).count() as u64;
    let part = |launch: Launch| match is_connect(&launch) {
        true => launch::parts(&launch, problem.flops() / heavy, tuning.caps.max_flops),
        false => vec![launch],
    };
    whole.into_iter().flat_map(part).collect()
}

/// The same before dispatches that take too long are cut.
fn whole(problem: &Problem, tuning: &Tuning) -> Vec<Launch> {
    let one = |launch| vec![launch];
    match *problem {
        Problem::GatherImages { shape, batch } => one(gather_images::launch(shape, batch, tuning)),
        Problem::ConnectForward { connection, slope, .. } => {
            connect_forward::launches(problem, &connection, slope, tuning)
        }
        Problem::ConnectFeedback { connection, skip, gate, .. } => {
            connect_feedback::launches(problem, &connection, skip, gate, tuning)
        }
        Problem::ConnectUpdate { connection, learning, .. } => match connect_update::splits(&connection, tuning) {
            1 => connect_update::launches(problem, &connection, learning, tuning),
            splits => vec![
                connect_update::launch_partial(problem, &connection, splits, tuning),
                connect_apply::launch(&connection, splits, learning, tuning),
            ],
        },
        Problem::Decay { connection, batch, by, rate } => decay::launches(&connection, batch, (by, rate), tuning),
        Problem::Compete { units, batch, competition } => one(compete::launch(units, batch, competition, tuning)),
        Problem::SignFeedback { connection, magnitudes } => sign_feedback::launches(&connection, magnitudes, tuning),
        Problem::SumForward { units, batch } => one(sum_forward::launch(units, batch, tuning)),
        Problem::Difference { units, batch } => one(difference::launch(units, batch, tuning)),
        Problem::SumFeedback { units, batch, slope } => one(sum_feedback::launch(units, batch, slope, tuning)),
        Problem::PoolForward { pool, batch } => one(pool_forward::launch(&pool, batch, tuning)),
        Problem::PoolFeedback { pool, gate, .. } => one(pool_feedback::launch(problem, &pool, gate, tuning)),
        Problem::Dropout { units, batch, index, probability } => {
            one(dropout::launch(units, batch, index, probability, tuning))
        }
        Problem::Loss { classes, batch, loss, mu } => one(loss::launch(classes, batch, loss, mu, tuning)),
        Problem::TargetDelta { classes, batch } => one(target_delta::launch(classes, batch, tuning)),
        Problem::PairStatistics { of, masked } => pair_statistics::launches(&of, masked, tuning),
        Problem::Saturation { units, batch } => one(saturation::launch(units, batch, tuning)),
        Problem::Transfer { units, batch, transfer, one: more } => {
            one(transfer::launch(units, batch, (transfer, more), tuning))
        }
        Problem::TransferError { units, batch, transfer, scale } => {
            one(transfer_error::launch(units, batch, (transfer, scale), tuning))
        }
        Problem::TransferFeedback { units, batch, transfer, .. } => {
            one(transfer_feedback::launch(units, batch, transfer, tuning))
        }
        Problem::Nudge { units, batch, nudge } => one(nudge::launch(units, batch, nudge, tuning)),
        Problem::Integrate { units, batch, euler } => one(integrate::launch(units, batch, euler, tuning)),
        Problem::Record { units, batch, every, rows } => one(record::launch(units, batch, (every, rows), tuning)),
    }
}
