//! `transfer_feedback`: each transfer function's slope, with a last unit that sends nothing back and without.

use hebb_spec::problem::Problem;
use hebb_spec::transfer::TransferFunction;
use hebb_tests::Case;
use hebb_tests::problem::GRID;

use super::transfer::{FUNCTIONS, elementwise};

/// Shapes of the feedback.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for transfer in FUNCTIONS {
        for one in [false, true] {
            cases.extend(elementwise(|units, batch| Problem::TransferFeedback { units, batch, transfer, one }));
        }
    }
    let transfer = TransferFunction::Logistic;
    cases.push(Case::new(GRID, Problem::TransferFeedback { units: 4_200_000, batch: 1, transfer, one: true }));
    cases
}
