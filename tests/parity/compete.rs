//! `compete`: ties, one unit, batches that are not full.

use hebb_spec::learning::Competition;
use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of the competition.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for competition in
        [Competition::Winner, Competition::Softmax { sharpness: 1.0 }, Competition::Softmax { sharpness: 7.3 }]
    {
        let case =
            |name, units, batch, images| Case::new(name, Problem::Compete { units, batch, competition }).with(images);
        cases.extend([
            case("one unit", 1, 1, 1),
            case("odd", 13, 21, 21),
            case("a batch that is not full", 10, 37, 18),
            case("no image", 5, 4, 0),
            case("many", 501, 67, 66),
        ]);
    }
    cases
}
