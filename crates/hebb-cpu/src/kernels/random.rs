//! Random words as vectors: Threefry-2x32, of which [`hebb_spec::rng`] gives one pair at a time.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, u32x16};

/// The pairs of words at sixteen two-part indices: first words, then second ones.
#[inline(always)]
pub(crate) fn pairs<S: Simd>(simd: S, key: [u32; 2], (a, b): (u32x16<S>, u32x16<S>)) -> [u32x16<S>; 2] {
    let keys = [key[0], key[1], 0x1BD1_1BDA ^ key[0] ^ key[1]];
    let (mut x0, mut x1) = (a + u32x16::splat(simd, keys[0]), b + u32x16::splat(simd, keys[1]));
    for group in 0..5_usize {
        for rotation in [[13, 15, 26, 6], [17, 29, 16, 24]][group % 2] {
            x0 += x1;
            x1 = ((x1 << rotation) | (x1 >> (32 - rotation))) ^ x0;
        }
        x0 += keys[(group + 1) % 3];
        x1 += keys[(group + 2) % 3].wrapping_add(group as u32 + 1);
    }
    [x0, x1]
}
