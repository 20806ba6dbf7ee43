//! `connect_update`: into W alone and into W and R, of connections whose sum one run takes; `connect_apply` has the
//! others. The rate is a power of two, so that whole numbers stay exact: a bound on half a million terms would hide a
//! lost image.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::update_splits;
use hebb_spec::learning::Learning;
use hebb_spec::problem::Problem;
use hebb_tests::Case;
use hebb_tests::problem::{GRID, RATE};

/// A tied convolution large enough that its places are not cut into runs.
pub fn uncut() -> Connection {
    Connection::conv(Shape::new(122, 3, 2), 122, 3, 3)
}

/// Each kind of learning: plain, with R, masked and both, with decay and without.
pub fn learnings() -> [Learning; 4] {
    [(1.0, Some(1.0), false), (0.5, Some(0.25), true), (1.0, None, true), (1.0 - 1.0 / 128.0, None, false)]
        .map(|(keep, epsilon, masked)| Learning { rate: RATE, keep, epsilon, masked, trace: None })
}

/// What is left of W, and of the trace that it learns by.
pub const TRACES: [(f32, f32); 2] = [(1.0, 0.5), (1.0 - 1.0 / 128.0, 1.0 - 1.0 / 256.0)];

/// Shapes of the update.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (at, (name, connection, batch)) in super::connect_forward::connections().into_iter().enumerate() {
        let epsilon = [None, Some(1.0), Some(0.25)][at % 3];
        let learning = Learning { masked: at % 4 == 3, ..Learning::new(RATE, epsilon) };
        cases.push(Case::new(name, Problem::ConnectUpdate { connection, batch, learning }));
    }
    for learning in learnings() {
        let update = |connection, batch| Problem::ConnectUpdate { connection, batch, learning };
        cases.extend(super::connect_forward::piece_cases(update));
        cases.extend(super::connect_forward::cut_cases(update));
        cases.push(Case::new("tied, in one run", update(uncut(), 9)));
        cases.push(Case::new("tied, in one run, in pieces", update(uncut(), 5)).bound(100_000));
    }
    for (keep, trace) in TRACES {
        let learning = Learning { keep, trace: Some(trace), ..Learning::new(RATE, None) };
        let update = |connection, batch| Problem::ConnectUpdate { connection, batch, learning };
        let connections = super::connect_forward::connections().into_iter();
        cases.extend(connections.map(|(_, connection, batch)| Case::new("by a trace", update(connection, batch))));
        cases.extend(super::connect_forward::piece_cases(update));
        cases.push(Case::new("by a trace, tied, in one run", update(uncut(), 9)));
        for (units, outputs, batch) in [(30, 50, 1), (51, 10, 10), (785, 33, 10)] {
            let connection = Connection::full(Shape::flat(units), outputs);
            cases.push(Case::new("by a trace, full, few images", update(connection, batch)));
        }
        for places in [3, 16] {
            let networks = Connection::conv(Shape::new(30, places, 1), 20, 1, 1).untie();
            cases.push(Case::new("by a trace, many networks", update(networks, 1)));
        }
    }
    // One run each: partial sums are a tensor of their own, which is never bound in pieces.
    let is_whole = |problem: &Problem| matches!(problem, Problem::ConnectUpdate { connection, .. } if update_splits(connection) == 1);
    cases.retain(|case| is_whole(&case.problem));
    let large = Connection::full(Shape::flat(1_048_600), 1);
    let problem = Problem::ConnectUpdate { connection: large, batch: 1, learning: Learning::new(RATE, None) };
    cases.push(Case::new(GRID, problem));
    cases
}
