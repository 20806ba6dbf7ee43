//! `saturation`: counts over chunks of activity.

use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of the counts.
pub fn cases() -> Vec<Case> {
    let case = |name, units, batch| Case::new(name, Problem::Saturation { units, batch });
    vec![
        case("one unit", 1, 1),
        case("odd", 333, 21),
        case("one more than a chunk", Problem::STATISTICS_CHUNK + 1, 4),
        case("many chunks", 8192, 30),
    ]
}
