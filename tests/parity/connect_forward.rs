//! `connect_forward`: shapes around its tiles, of 16 channels × 32 images to 128 × 128 and 64 × 256.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::problem::Problem;
use hebb_tests::Case;
use hebb_tests::problem::GRID;

/// Connections that all three connect kernels must serve.
pub fn connections() -> Vec<(&'static str, Connection, u32)> {
    let conv = |c, h, w, out, kh, kw| Connection::conv(Shape::new(c, h, w), out, kh, kw);
    let full = |units, out| Connection::full(Shape::flat(units), out);
    vec![
        ("one of everything", conv(1, 1, 1, 1, 1, 1), 1),
        ("a pixel under a large filter", conv(2, 1, 1, 3, 5, 5), 3),
        ("smaller than its filter", conv(2, 2, 3, 5, 5, 5), 5),
        ("odd image, odd batch", conv(3, 7, 5, 17, 3, 3), 21),
        ("even filter pads bottom and right", conv(5, 6, 5, 15, 2, 2), 7),
        ("rows unlike columns", conv(2, 3, 9, 4, 4, 1), 9),
        ("just a tile", conv(16, 3, 3, 16, 3, 3), 128),
        ("one less than a tile", conv(15, 3, 2, 15, 3, 3), 127),
        ("one more than a tile", conv(17, 2, 3, 17, 3, 3), 129),
        ("first layer of simpnet, small", conv(3, 9, 9, 32, 5, 5), 20),
        ("full layer", full(37, 23), 130),
        ("output layer", full(500, 10), 50),
        ("one unit", full(1, 1), 4),
        ("many inputs", full(1031, 33), 18),
        ("full layer, one image", full(30, 50), 1),
        ("full layer, five images", full(51, 30), 5),
        ("full layer, ten images", full(785, 33), 10),
        ("past the largest tiles", conv(131, 2, 1, 133, 1, 2), 261),
    ]
}

/// Untied connections, and others in pieces, that the connect kernels must serve, with the largest binding.
pub fn pieces() -> Vec<(&'static str, Connection, u32, Option<u64>)> {
    let local = |c, h, w, out, kh, kw| Connection::conv(Shape::new(c, h, w), out, kh, kw).untie();
    vec![
        ("untied, one of everything", local(1, 1, 1, 1, 1, 1), 1, None),
        ("untied, odd image, odd batch", local(3, 7, 5, 17, 3, 3), 21, None),
        ("untied, smaller than its filter", local(2, 2, 3, 5, 5, 5), 5, None),
        ("untied, many networks", local(30, 16, 1, 20, 1, 1), 1, None),
        ("untied, three networks, two blocks", local(21, 3, 1, 10, 1, 1), 18, None),
        ("untied, even filter", local(5, 6, 5, 15, 2, 2), 130, None),
        ("untied, two rows a piece", local(3, 7, 5, 17, 3, 3), 3, Some(25_000)),
        ("untied, a row a piece, unaligned", local(5, 6, 3, 5, 3, 2), 2, Some(4000)),
        ("untied, filter past the piece", local(2, 8, 3, 9, 7, 3), 4, Some(9500)),
        ("full, in pieces", Connection::full(Shape::flat(131), 23), 3, Some(7000)),
        ("tied, in pieces", local(19, 3, 2, 18, 3, 2).tie(), 3, Some(5000)),
    ]
}

/// Cases of a problem of each of them.
pub fn piece_cases(problem: impl Fn(Connection, u32) -> Problem) -> Vec<Case> {
    let case = |(name, connection, batch, bound)| {
        let case = Case::new(name, problem(connection, batch));
        Case { max_binding: bound, ..case }
    };
    pieces().into_iter().map(case).collect()
}

/// Cases of a problem that is cut into dispatches: by a prime number of operations, so that parts are unequal.
pub fn cut_cases(problem: impl Fn(Connection, u32) -> Problem) -> Vec<Case> {
    let (tied, full) = (Connection::conv(Shape::new(19, 5, 3), 70, 3, 3), Connection::full(Shape::flat(67), 45));
    let names = ["tied, long, cut", "untied, long, cut", "full, long, cut"];
    let connections = [tied, Connection::conv(Shape::new(6, 5, 3), 7, 3, 3).untie(), full];
    let case = |(name, connection)| Case::new(name, problem(connection, 70)).cut(60_013);
    names.into_iter().zip(connections).map(case).collect()
}

/// Shapes of the forward product.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, connection, batch) in connections() {
        cases.push(Case::new(name, Problem::ConnectForward { connection, batch, slope: Some(0.5) }));
    }
    cases.extend(piece_cases(|connection, batch| Problem::ConnectForward { connection, batch, slope: Some(0.5) }));
    cases.extend(cut_cases(|connection, batch| Problem::ConnectForward { connection, batch, slope: Some(0.5) }));
    let output = Connection::full(Shape::flat(29), 10);
    cases.push(Case::new("no σ", Problem::ConnectForward { connection: output, batch: 6, slope: None }));
    let large = Connection::conv(Shape::new(1, 257, 256), 1, 1, 1);
    let problem = Problem::ConnectForward { connection: large, batch: 1, slope: None };
    cases.push(Case::new(GRID, problem));
    cases
}
