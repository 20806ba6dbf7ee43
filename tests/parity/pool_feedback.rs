//! `pool_feedback`: ties of both presets, with σ′ and without.

use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of the feedback through pools.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, pool, batch) in super::pool_forward::pools() {
        for gate in [None, Some(0.5)] {
            cases.push(Case::new(name, Problem::PoolFeedback { pool, batch, gate }));
        }
    }
    cases
}
