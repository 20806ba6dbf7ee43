//! `target_delta`: one class, many, batches that are not full.

use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of a target.
pub fn cases() -> Vec<Case> {
    let case = |name, classes, batch, images| Case::new(name, Problem::TargetDelta { classes, batch }).with(images);
    vec![
        case("one class", 1, 1, 1),
        case("ten classes", 10, 500, 500),
        case("a batch that is not full", 7, 21, 14),
        case("one image of many", 3, 9, 1),
        case("past 65,535 workgroups", 65_536, 259, 257),
    ]
}
