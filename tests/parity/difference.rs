//! `difference`: one subtraction a unit.

use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of a difference.
pub fn cases() -> Vec<Case> {
    let case = |name, units, batch| Case::new(name, Problem::Difference { units, batch });
    vec![
        case("one unit", 1, 1),
        case("odd", 333, 21),
        case("many", 16_384, 20),
        case("past 65,535 workgroups", 4_200_000, 1),
    ]
}
