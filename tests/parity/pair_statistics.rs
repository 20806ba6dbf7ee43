//! `pair_statistics`: sums over chunks of pairs, with masks and without.

use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of the statistics.
pub fn cases() -> Vec<Case> {
    let chunk = Problem::STATISTICS_CHUNK;
    let pairs = |name, vectors, masked| Case::new(name, Problem::PairStatistics { vectors, masked }, 1);
    let case = |name, vectors| pairs(name, vectors, false);
    vec![
        case("one vector", 1),
        case("less than the lanes", 63),
        case("one less than a chunk", chunk - 1),
        case("one more than a chunk", chunk + 1),
        case("many chunks", 11 * chunk + 177),
        case("many chunks, in pieces", 5 * chunk + 177).bound(70_000),
        pairs("one vector, masked", 1, true),
        pairs("odd, masked", 2 * chunk + 3, true),
        pairs("masked, in pieces", 5 * chunk + 99, true).bound(70_000),
    ]
}
