//! `sum_feedback`: σ′ alone.

use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of a SUM's δ.
pub fn cases() -> Vec<Case> {
    let case = |name, units, batch, slope| Case::new(name, Problem::SumFeedback { units, batch, slope });
    vec![
        case("one unit", 1, 1, 1.0),
        case("odd", 333, 21, 0.5),
        case("many", 16_384, 20, 0.5),
        case("past 65,535 workgroups", 4_200_000, 1, 1.0),
    ]
}
