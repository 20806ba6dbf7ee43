//! `dropout`: the same mask as the twin's, at any batch.

use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of dropout.
pub fn cases() -> Vec<Case> {
    let case =
        |name, units, batch, index, probability| Case::new(name, Problem::Dropout { units, batch, index, probability });
    vec![
        case("one unit", 1, 1, 1, 0.5),
        case("half", 1037, 30, 2, 0.5),
        case("most", 333, 21, 1, 0.8),
        case("some", 64, 500, 3, 0.3),
        case("none", 65, 7, 1, 0.0),
        case("past 65,535 workgroups", 140_000, 8, 1, 0.75),
    ]
}
