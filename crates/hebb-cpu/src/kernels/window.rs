//! Where the windows of a pool lie: what forward and feedback share.

use std::ops::Range;

use hebb_spec::pool::Pool;

/// The pixels of a window along one side: those within the image, and whether some lie outside.
pub(crate) fn window(pool: &Pool, output: usize, size: u32) -> (Range<usize>, bool) {
    let (length, before) = (pool.size as usize, pool.before() as usize);
    let first = output * pool.stride as usize;
    let end = (first + length).saturating_sub(before).min(size as usize);
    let start = first.saturating_sub(before).min(end);
    (start..end, end - start < length)
}

/// The output rows (or columns) whose windows hold an input row (or column).
pub(crate) fn windows_holding(pool: &Pool, at: usize, outputs: u32) -> Range<usize> {
    let (size, stride) = (pool.size as usize, pool.stride as usize);
    let last = at + pool.before() as usize;
    let first = (last + 1).saturating_sub(size).div_ceil(stride);
    first..(last / stride + 1).min(outputs as usize)
}
