//! `sign_feedback`: every kind of magnitude, tied, full and untied, whole and in pieces.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::learning::Magnitudes;
use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Shapes and magnitudes of sign-symmetric feedback.
pub fn cases() -> Vec<Case> {
    let conv = Connection::conv(Shape::new(3, 5, 4), 7, 3, 2);
    let mut cases = Vec::new();
    for magnitudes in [Magnitudes::Uniform(0.75), Magnitudes::Kept, Magnitudes::Drawn { bound: 0.3, layer: 3 }] {
        let case = |name, connection| Case::new(name, Problem::SignFeedback { connection, magnitudes });
        cases.extend([
            case("one weight", Connection::full(Shape::flat(1), 1)),
            case("tied", conv),
            case("untied", conv.untie()),
            case("untied, in pieces", conv.untie()).bound(3000),
            case("past 65,535 workgroups", Connection::full(Shape::flat(4_194_400), 1)),
        ]);
    }
    cases
}
