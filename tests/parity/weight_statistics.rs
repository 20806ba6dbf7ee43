//! `weight_statistics`: sums over chunks of weights.

use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of the W–R statistics.
pub fn cases() -> Vec<Case> {
    let chunk = Problem::STATISTICS_CHUNK;
    let case = |name, vectors| Case::new(name, Problem::WeightStatistics { vectors }, 1);
    vec![
        case("one vector", 1),
        case("less than the lanes", 63),
        case("one less than a chunk", chunk - 1),
        case("one more than a chunk", chunk + 1),
        case("many chunks", 11 * chunk + 177),
    ]
}
