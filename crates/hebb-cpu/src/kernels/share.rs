//! How work is shared out: among threads where there is enough of it, for waking one takes some microseconds; else all
//! on the thread at hand.

use hebb_spec::connection::Connection;
use hebb_spec::problem::Problem;
use rayon::prelude::*;

use crate::line::LANES;

/// Work from which it is shared out: a multiply-add of sixteen images is 32 of it, so this takes some ten microseconds.
pub(crate) const SHARED_FROM: u64 = 1 << 20;
/// Work of one operation of a light kernel, which waits for memory or is part of an exponential.
const LIGHT: u64 = 8;

/// The work of a call. That of a tied convolution always counts as enough for all threads.
pub(crate) fn work(problem: &Problem) -> u64 {
    let connect = |c: &Connection| if c.is_tied() { u64::MAX } else { 0 };
    // Sixteen images are computed at once, whether they are there or not.
    let full = problem.with_batch(problem.batch().next_multiple_of(LANES as u32)).flops();
    match problem {
        Problem::ConnectForward { connection, .. }
        | Problem::ConnectFeedback { connection, .. }
        | Problem::ConnectUpdate { connection, .. } => full.max(connect(connection)),
        Problem::Transfer { .. } => full.saturating_mul(4 * LIGHT),
        _ => full.saturating_mul(LIGHT),
    }
}

/// Does something with each of some things: in order on this thread, or many at once.
pub(crate) fn each<T: Send>(alone: bool, things: impl Iterator<Item = T>, does: impl Fn(T) + Sync + Send) {
    match alone {
        true => things.for_each(does),
        false => things.collect::<Vec<T>>().into_par_iter().for_each(does),
    }
}
