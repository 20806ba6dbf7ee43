//! `decay`: all weights alike, by the output's activity and by the input's, of every kind of connection, whole and in
//! pieces.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::learning::Decay;
use hebb_spec::problem::Problem;
use hebb_tests::Case;
use hebb_tests::problem::{GRID, RATE};

/// Shapes of the decay.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for by in [Decay::Even, Decay::ByPost, Decay::ByPre] {
        let problem = |connection, batch| Problem::Decay { connection, batch, by, rate: RATE };
        let small = [
            ("one weight", Connection::full(Shape::flat(1), 1), 1),
            ("full", Connection::full(Shape::flat(37), 19), 21),
            ("tied", Connection::conv(Shape::new(3, 6, 5), 7, 3, 3), 9),
            ("even kernel", Connection::conv(Shape::new(2, 5, 4), 5, 2, 4), 17),
            ("untied", Connection::conv(Shape::new(3, 4, 5), 6, 3, 2).untie(), 5),
        ];
        cases.extend(small.map(|(name, connection, batch)| Case::new(name, problem(connection, batch))));
        let full = Connection::full(Shape::flat(150), 9);
        cases.push(Case::new("a batch that is not full", problem(full, 33)).with(20));
        cases.push(Case::new("in pieces", problem(full, 3)).bound(2500));
    }
    let large = Connection::full(Shape::flat(4_200_000), 1);
    cases.push(Case::new(GRID, Problem::Decay { connection: large, batch: 1, by: Decay::ByPre, rate: RATE }));
    cases
}
