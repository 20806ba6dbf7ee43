//! Readers with a fault, which must be found, and one without, which must not: whether the harness would notice.

use std::thread;
use std::time::Duration;

use super::Target;
use crate::memory::MOST;
use crate::random::Random;

/// Panics at the input that is 1.
pub struct Panics;
/// Takes too much for the same, without asking.
pub struct Takes;
/// Never comes back from it.
pub struct Hangs;
/// Asks for too much, and makes an error of the answer.
pub struct Asks;

fn numbered(random: &mut Random) -> Vec<u8> {
    vec![u8::from(random.one_in(3))]
}

impl Target for Panics {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        numbered(random)
    }

    fn read(&self, input: &[u8]) -> bool {
        assert!(input != [1], "planted");
        true
    }
}

impl Target for Takes {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        numbered(random)
    }

    fn read(&self, input: &[u8]) -> bool {
        let pieces: Vec<Vec<u8>> = (0..300).map(|_| vec![1; usize::from(input[0]) << 20]).collect();
        pieces.iter().all(|piece| piece.is_empty())
    }
}

impl Target for Hangs {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        numbered(random)
    }

    fn read(&self, input: &[u8]) -> bool {
        if input == [1] {
            loop {
                thread::sleep(Duration::from_secs(1));
            }
        }
        true
    }
}

impl Target for Asks {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        numbered(random)
    }

    fn read(&self, input: &[u8]) -> bool {
        Vec::<u8>::new().try_reserve_exact(usize::from(input[0]) * (MOST + 1)).is_ok()
    }
}
