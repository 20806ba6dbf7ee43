//! `nudge`: each transfer function, pulled by a target and pushed away from it, with something added.

use hebb_spec::problem::Problem;
use hebb_spec::transfer::{Nudge, TransferFunction};
use hebb_tests::Case;
use hebb_tests::problem::GRID;

use super::transfer::{FUNCTIONS, elementwise};

/// Shapes of a soma.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for transfer in FUNCTIONS {
        // Powers of two keep whole numbers exact.
        let nudge = match transfer {
            TransferFunction::Identity => Nudge { transfer, keep: 0.75, pull: 0.25, rest: -2.0, scale: 0.5 },
            _ => Nudge { transfer, keep: 0.9, pull: -0.1, rest: 0.3, scale: 0.7 },
        };
        cases.extend(elementwise(|units, batch| Problem::Nudge { units, batch, nudge }));
    }
    let nudge = Nudge { transfer: TransferFunction::Logistic, keep: 0.9, pull: 0.1, rest: 0.0, scale: 1.0 };
    cases.push(Case::new(GRID, Problem::Nudge { units: 4_200_000, batch: 1, nudge }));
    cases
}
