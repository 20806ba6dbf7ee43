//! `connect_feedback`: the same shapes as `connect_forward`, with σ′ and without.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::problem::Problem;
use hebb_tests::Case;
use hebb_tests::problem::GRID;

/// Shapes of the feedback.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, connection, batch) in super::connect_forward::connections() {
        cases.push(Case::new(name, Problem::ConnectFeedback { connection, batch, skip: false, gate: Some(0.5) }));
    }
    for (skip, gate) in [(false, Some(0.5)), (true, Some(0.5)), (true, None), (false, None)] {
        cases.extend(super::connect_forward::piece_cases(|connection, batch| Problem::ConnectFeedback {
            connection,
            batch,
            skip,
            gate,
        }));
    }
    cases.extend(super::connect_forward::cut_cases(|connection, batch| Problem::ConnectFeedback {
        connection,
        batch,
        skip: true,
        gate: Some(0.5),
    }));
    let summed = Connection::conv(Shape::new(17, 5, 4), 18, 3, 3);
    let problem = Problem::ConnectFeedback { connection: summed, batch: 22, skip: true, gate: Some(0.5) };
    cases.push(Case::new("past a SUM", problem));
    let plain = Connection::conv(Shape::new(18, 3, 4), 7, 3, 3);
    let problem = Problem::ConnectFeedback { connection: plain, batch: 10, skip: false, gate: None };
    cases.push(Case::new("no σ′", problem));
    let large = Connection::conv(Shape::new(1, 256, 257), 1, 1, 1);
    let problem = Problem::ConnectFeedback { connection: large, batch: 2, skip: false, gate: Some(1.0) };
    cases.push(Case::new(GRID, problem));
    cases
}
