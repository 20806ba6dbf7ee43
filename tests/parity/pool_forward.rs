//! `pool_forward`: overlapping windows of both presets, windows that tile the image, windows that overhang it.

use hebb_spec::Shape;
use hebb_spec::pool::{Pool, PoolTies, PoolWindow};
use hebb_spec::problem::Problem;
use hebb_tests::Case;

/// Pools that both pool kernels must serve, for windows of both kinds.
pub fn pools() -> Vec<(&'static str, Pool, u32)> {
    let mut pools = Vec::new();
    for (window, ties) in [(PoolWindow::FromPixel, PoolTies::All), (PoolWindow::Centred, PoolTies::First)] {
        let pool = |c, h, w, size, stride| Pool { input: Shape::new(c, h, w), size, stride, window, ties };
        pools.extend([
            ("one pixel", pool(1, 1, 1, 3, 2), 1),
            ("simpnet's, odd image", pool(3, 7, 9, 3, 2), 5),
            ("simpnet's, even image", pool(5, 8, 6, 3, 2), 22),
            ("smaller than its window", pool(2, 2, 3, 5, 2), 3),
            ("tiles with a rest", pool(4, 11, 8, 3, 3), 6),
            ("tiles of two, odd", pool(2, 11, 5, 2, 2), 9),
            ("every pixel kept", pool(2, 5, 4, 3, 1), 4),
            ("gaps between windows", pool(2, 7, 7, 2, 3), 4),
            ("even window", pool(2, 6, 7, 4, 2), 7),
        ]);
    }
    pools
}

/// Shapes of max-pooling.
pub fn cases() -> Vec<Case> {
    let case = |(name, pool, batch)| Case::new(name, Problem::PoolForward { pool, batch });
    let mut cases: Vec<Case> = pools().into_iter().map(case).collect();
    let input = Shape::new(1, 380, 370);
    let large = Pool { input, size: 2, stride: 1, window: PoolWindow::FromPixel, ties: PoolTies::All };
    cases.push(case(("past 65,535 workgroups", large, 1)));
    cases
}
