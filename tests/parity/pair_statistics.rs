//! `pair_statistics`: sums over chunks of pairs, with masks and without.

use hebb_spec::connection::Connection;
use hebb_spec::problem::Problem;
use hebb_spec::{Layout, Shape};
use hebb_tests::Case;

/// Shapes of the statistics. A chunk is 8192 numbers.
pub fn cases() -> Vec<Case> {
    let activity = |name, units, batch| {
        Case::new(name, Problem::PairStatistics { of: Layout::Activity { units, batch }, masked: false })
    };
    let weights =
        |name, connection, masked| Case::new(name, Problem::PairStatistics { of: Layout::Weights(connection), masked });
    let full = |units, out| Connection::full(Shape::flat(units), out);
    let local = Connection::conv(Shape::new(3, 7, 5), 17, 3, 3).untie();
    vec![
        weights("one vector", full(1, 1), false),
        activity("less than the lanes", 63, 3),
        activity("one less than a chunk", Problem::STATISTICS_CHUNK - 1, 4),
        activity("one more than a chunk", Problem::STATISTICS_CHUNK + 1, 4),
        activity("odd batch", 333, 21),
        weights("many chunks", full(1415, 63), false),
        weights("many chunks, in pieces", full(647, 63), false).bound(70_000),
        weights("untied", local, false),
        weights("one vector, masked", full(1, 1), true),
        weights("odd, masked", full(241, 65), true),
        weights("untied, masked", local, true),
        weights("masked, in pieces", full(647, 61), true).bound(70_000),
    ]
}
