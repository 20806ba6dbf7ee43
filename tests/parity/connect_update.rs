//! `connect_update`: into W alone, into W and R, and into partial sums. η / batch is a power of two, so that whole
//! numbers stay exact: a bound on half a million terms would hide a lost image.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::problem::{Learning, Problem, update_splits};
use hebb_tests::Case;

/// Shapes of the update.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (at, (name, connection, batch)) in super::connect_forward::connections().into_iter().enumerate() {
        let epsilon = [None, Some(1.0), Some(0.25)][at % 3];
        let learning = Learning { masked: at % 4 == 3, ..Learning::new(1.0 / 64.0, epsilon) };
        cases.push(Case::new(name, Problem::ConnectUpdate { connection, batch, learning }, batch));
        let splits = update_splits(&connection);
        cases.push(Case::new(name, Problem::ConnectPartial { connection, batch, splits }, batch));
    }
    for (keep, epsilon, masked) in
        [(1.0, Some(1.0), false), (0.5, Some(0.25), true), (1.0, None, true), (1.0 - 1.0 / 128.0, None, false)]
    {
        let learning = Learning { scale: 1.0 / 64.0, keep, epsilon, masked };
        cases.extend(super::connect_forward::piece_cases(|connection, batch| Problem::ConnectUpdate {
            connection,
            batch,
            learning,
        }));
        let tied = Connection::conv(Shape::new(4, 5, 7), 6, 3, 3);
        cases.push(Case::new("decay and masks", Problem::ConnectUpdate { connection: tied, batch: 9, learning }, 9));
    }
    let uneven = Connection::conv(Shape::new(4, 5, 7), 6, 3, 3);
    let problem = Problem::ConnectPartial { connection: uneven, batch: 12, splits: 8 };
    cases.push(Case::new("runs of unequal length", problem, 12));
    let large = Connection::conv(Shape::new(1, 300, 300), 1, 1, 1);
    let problem = Problem::ConnectPartial { connection: large, batch: 1, splits: 70_000 };
    cases.push(Case::new("past 65,535 workgroups", problem, 1));
    let simpnet = Connection::conv(Shape::new(3, 32, 32), 32, 5, 5);
    let problem = Problem::ConnectPartial { connection: simpnet, batch: 20, splits: update_splits(&simpnet) };
    cases.push(Case::new("first layer of simpnet", problem, 20));
    cases
}
