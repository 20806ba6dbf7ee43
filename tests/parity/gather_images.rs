//! `gather_images`: bytes to activity, images of any size, batches that are not full.

use hebb_spec::Shape;
use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of the batch gather.
pub fn cases() -> Vec<Case> {
    let case = |name, shape, batch, images| Case::new(name, Problem::GatherImages { shape, batch }).with(images);
    vec![
        case("one byte", Shape::new(1, 1, 1), 1, 1),
        case("CIFAR", Shape::new(3, 32, 32), 20, 20),
        case("a batch that is not full", Shape::new(3, 8, 8), 21, 13),
        case("one image of many", Shape::new(1, 4, 4), 9, 1),
        case("no multiple of four bytes", Shape::new(3, 5, 7), 6, 6),
        case("one byte past a word", Shape::new(1, 3, 3), 5, 4),
    ]
}
