//! A few hundred kilobytes that unpack to more than an input may take.

use std::io::{self, Write};
use std::sync::OnceLock;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::memory::MOST;

/// One input in so many is one of these, for each takes a second.
pub const ONE_IN: usize = 50_000;

/// Writes more zeros than the memory holds.
fn zeros(into: &mut impl Write) -> io::Result<()> {
    let piece = vec![0; 1 << 20];
    (0..MOST / piece.len() + 40).try_for_each(|_| into.write_all(&piece))
}

/// Zeros behind a head, as a gzip file.
pub fn gzip(head: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let written = packed.write_all(head).and_then(|()| zeros(&mut packed));
    written.and_then(|()| packed.finish()).expect("memory takes what is packed")
}

/// Zeros as zlib packs them.
pub fn zlib() -> &'static [u8] {
    static PACKED: OnceLock<Vec<u8>> = OnceLock::new();
    PACKED.get_or_init(|| {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        zeros(&mut packed).and_then(|()| packed.finish()).expect("memory takes what is packed")
    })
}
