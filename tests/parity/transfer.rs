//! `transfer`: each transfer function, with a last unit of 1 and without, batches that are not full.

use hebb_spec::problem::Problem;
use hebb_spec::transfer::TransferFunction;
use hebb_tests::Case;
use hebb_tests::problem::GRID;

/// Each transfer function; that of the paper's figures, and one with all its constants.
pub const FUNCTIONS: [TransferFunction; 4] = [
    TransferFunction::Identity,
    TransferFunction::Logistic,
    TransferFunction::Softplus { gamma: 1.0, beta: 1.0, theta: 0.0 },
    TransferFunction::Softplus { gamma: 0.1, beta: 1.7, theta: 3.0 },
];

/// Units, batch and true images that every elementwise kernel of these neurons must serve.
pub const SHAPES: [(&str, u32, u32, u32); 8] = [
    ("one unit", 1, 1, 1),
    ("one image", 50, 1, 1),
    ("ten images", 333, 10, 10),
    ("odd", 37, 21, 21),
    ("a batch that is not full", 10, 37, 18),
    ("four blocks, the last empty", 19, 61, 47),
    ("no image", 5, 4, 0),
    ("many", 5000, 67, 66),
];

/// Cases of a problem of each of them.
pub fn elementwise(problem: impl Fn(u32, u32) -> Problem) -> Vec<Case> {
    SHAPES.map(|(name, units, batch, images)| Case::new(name, problem(units, batch)).with(images)).to_vec()
}

/// Shapes of the rates.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for transfer in FUNCTIONS {
        for one in [false, true] {
            cases.extend(elementwise(|units, batch| Problem::Transfer { units, batch, transfer, one }));
        }
    }
    for one in [false, true] {
        let problem = Problem::Transfer { units: 4_200_000, batch: 1, transfer: TransferFunction::Logistic, one };
        cases.push(Case::new(GRID, problem));
    }
    cases
}
