//! `connect_apply`: partial sums into W, and into R where it learns.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::problem::{Learning, Problem};
use hebb_tests::Case;

/// Shapes of the last step of a split update.
pub fn cases() -> Vec<Case> {
    let case = |name, connection, splits, epsilon| {
        let learning = Learning::new(1.0 / 32.0, epsilon);
        Case::new(name, Problem::ConnectApply { connection, splits, learning }, 1)
    };
    let masked = |name, epsilon| {
        let connection = Connection::conv(Shape::new(5, 4, 4), 7, 2, 3);
        let learning = Learning { scale: 1.0 / 32.0, keep: 0.75, epsilon, masked: true };
        Case::new(name, Problem::ConnectApply { connection, splits: 3, learning }, 1)
    };
    vec![
        case("one of everything", Connection::full(Shape::flat(1), 1), 1, None),
        case("W alone", Connection::conv(Shape::new(3, 4, 4), 32, 5, 5), 13, None),
        case("W and R", Connection::conv(Shape::new(7, 4, 4), 9, 3, 3), 109, Some(1.0)),
        case("a share for R", Connection::conv(Shape::new(5, 4, 4), 6, 2, 3), 2, Some(0.25)),
        masked("masked, W alone", None),
        masked("masked, W and R, with decay", Some(0.5)),
        case("past 65,535 workgroups", Connection::full(Shape::flat(16_400), 1024), 1, None),
    ]
}
