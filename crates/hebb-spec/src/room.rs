//! Whether there is memory, asked before it is needed: where an allocation fails, a program ends without a word.

use std::hint::black_box;

/// Whether the system would give so many bytes at once now.
pub fn is_there(bytes: u64) -> bool {
    let mut all = Vec::<u8>::new();
    let given = usize::try_from(bytes).is_ok_and(|bytes| all.try_reserve_exact(bytes).is_ok());
    // A compiler may leave out memory that nobody uses, and say that it was given.
    black_box(&all);
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_any_machine_has_is_not_there() {
        assert!(is_there(0) && is_there(1 << 20));
        assert!(!is_there(1 << 62) && !is_there(u64::MAX));
    }
}
