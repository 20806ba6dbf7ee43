//! What a process that runs inputs leaves behind, however it ends.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

/// How far a target is, in numbers of a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Record {
    /// The input at work; where all is done, the one after the last.
    pub number: u64,
    /// Inputs that the reader took.
    pub taken: u64,
    /// Inputs that panicked.
    pub failures: u64,
    /// Requests for memory that were refused.
    pub refused: u64,
    /// The most bytes of an input.
    pub peak: u64,
    /// Microseconds of the slowest input.
    pub slowest: u64,
    /// Its number.
    pub slowest_number: u64,
}

const WORDS: usize = 7;

impl Record {
    fn words(&self) -> [u64; WORDS] {
        let Self { number, taken, failures, refused, peak, slowest, slowest_number } = *self;
        [number, taken, failures, refused, peak, slowest, slowest_number]
    }

    /// Replaces what a file holds.
    pub fn write(&self, file: &mut File) -> io::Result<()> {
        file.rewind()?;
        file.write_all(self.words().map(u64::to_le_bytes).as_flattened())
    }

    /// Reads it back; none where nothing was written yet.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        let bytes = std::fs::read(path)?;
        let words: Vec<u64> = bytes.as_chunks::<8>().0.iter().map(|&word| u64::from_le_bytes(word)).collect();
        let [number, taken, failures, refused, peak, slowest, slowest_number] = words[..] else { return Ok(None) };
        Ok(Some(Self { number, taken, failures, refused, peak, slowest, slowest_number }))
    }

    /// Adds what the process before found.
    pub fn add(&mut self, before: &Self) {
        self.taken += before.taken;
        self.failures += before.failures;
        self.refused += before.refused;
        self.peak = self.peak.max(before.peak);
        if before.slowest > self.slowest {
            (self.slowest, self.slowest_number) = (before.slowest, before.slowest_number);
        }
    }
}
