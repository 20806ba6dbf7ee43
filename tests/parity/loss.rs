//! `loss`: hinge, softmax and quadratic, margins met exactly, batches that are not full.

use hebb_spec::learning::Loss;
use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of the loss.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for loss in [Loss::Hinge, Loss::Softmax, Loss::Quadratic] {
        let case = |name, classes, batch, images, mu| {
            let problem = Problem::Loss { classes, batch, loss, mu };
            Case::new(name, problem).with(images)
        };
        cases.extend([
            case("one class", 1, 1, 1, 0.5),
            case("two classes", 2, 5, 5, 0.25),
            case("ten classes", 10, 500, 500, 0.125),
            case("a batch that is not full", 10, 21, 14, 0.25),
            case("a hundred classes", 100, 67, 67, 0.5),
            case("the paper's μ", 10, 50, 49, 1.0 / 9.0),
        ]);
    }
    cases
}
