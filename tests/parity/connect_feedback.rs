//! `connect_feedback`: the same shapes as `connect_forward`, with σ′ and without.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes of the feedback.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, connection, batch) in super::connect_forward::connections() {
        cases.push(Case::new(name, Problem::ConnectFeedback { connection, batch, gate: Some(0.5) }, batch));
    }
    let plain = Connection::conv(Shape::new(18, 3, 4), 7, 3, 3);
    cases.push(Case::new("no σ′", Problem::ConnectFeedback { connection: plain, batch: 10, gate: None }, 10));
    let large = Connection::conv(Shape::new(1, 256, 257), 1, 1, 1);
    let problem = Problem::ConnectFeedback { connection: large, batch: 2, gate: Some(1.0) };
    cases.push(Case::new("past 65,535 workgroups", problem, 2));
    cases
}
