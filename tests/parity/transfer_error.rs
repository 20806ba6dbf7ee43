//! `transfer_error`: each transfer function, attenuated by a power of two and by another number.

use hebb_spec::problem::Problem;
use hebb_spec::transfer::TransferFunction;
use hebb_tests::Case;
use hebb_tests::problem::GRID;

use super::transfer::{FUNCTIONS, elementwise};

/// Shapes of the errors.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for transfer in FUNCTIONS {
        let scale = if transfer == TransferFunction::Identity { 0.5 } else { 0.9 };
        cases.extend(elementwise(|units, batch| Problem::TransferError { units, batch, transfer, scale }));
    }
    let (transfer, scale) = (TransferFunction::Logistic, 0.9);
    cases.push(Case::new(GRID, Problem::TransferError { units: 4_200_000, batch: 1, transfer, scale }));
    cases
}
