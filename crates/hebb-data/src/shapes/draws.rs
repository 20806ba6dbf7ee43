//! Random whole numbers for one image, one after another.

use hebb_spec::rng::Stream;

/// What the numbers are for; each use of an image has its own, so that a change to one leaves the others alone.
pub(super) const LABELS: u32 = 0;
pub(super) const FIGURE: u32 = 1;
pub(super) const PAINT: u32 = 2;

/// The random words of one image for one use.
pub(super) struct Draws {
    stream: Stream,
    index: u32,
    next: u32,
}

impl Draws {
    pub(super) fn new(stream: Stream, index: u32, usage: u32) -> Self {
        Self { stream, index, next: usage << 16 }
    }

    /// Two fresh words.
    pub(super) fn pair(&mut self) -> [u32; 2] {
        self.next += 1;
        self.stream.pair(self.index, self.next)
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        let count = i64::from(high) - i64::from(low) + 1;
        low + ((i64::from(self.pair()[0]) * count) >> 32) as i32
    }

    /// A fair coin.
    pub(super) fn coin(&mut self) -> bool {
        self.pair()[0] >> 31 == 1
    }

    /// The numbers 0 to 9 in a random order.
    pub(super) fn permutation_of_ten(&mut self) -> [u16; 10] {
        let mut order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        for last in (1..10).rev() {
            order.swap(last, self.between(0, last as i32) as usize);
        }
        order
    }
}
