//! TFRecord: each record has its length and that one's checksum before it, and its own checksum behind.

use std::io::{self, Read};

use super::crc32c::masked;

/// Bytes before a record's own, and behind.
const BEFORE: u64 = 12;
const BEHIND: u64 = 4;

/// A record as it stands in a file.
pub(super) fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let mut framed = Vec::with_capacity(bytes.len() + (BEFORE + BEHIND) as usize);
    framed.extend(length);
    framed.extend(masked(&length).to_le_bytes());
    framed.extend(bytes);
    framed.extend(masked(bytes).to_le_bytes());
    framed
}

/// The next record of a file that has `rest` bytes more, and how many of them it takes. None where no whole record
/// follows: at the end, in one that a killed process left half written, in what is damaged.
pub(super) fn next(reader: &mut impl Read, rest: u64) -> io::Result<Option<(Vec<u8>, u64)>> {
    let Some(room) = rest.checked_sub(BEFORE + BEHIND) else { return Ok(None) };
    let (mut length, mut checksum) = ([0; 8], [0; 4]);
    reader.read_exact(&mut length)?;
    reader.read_exact(&mut checksum)?;
    let count = u64::from_le_bytes(length);
    if masked(&length) != u32::from_le_bytes(checksum) || count > room {
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(count).map_err(io::Error::other)?];
    reader.read_exact(&mut bytes)?;
    reader.read_exact(&mut checksum)?;
    let is_whole = masked(&bytes) == u32::from_le_bytes(checksum);
    Ok(is_whole.then_some((bytes, count + BEFORE + BEHIND)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<Vec<u8>> {
        let (mut reader, mut rest, mut found) = (bytes, bytes.len() as u64, Vec::new());
        while let Some((record, taken)) = next(&mut reader, rest).unwrap() {
            found.push(record);
            rest -= taken;
        }
        found
    }

    #[test]
    fn records_read_back() {
        let texts: [&[u8]; 3] = [b"one", b"", b"three"];
        let file: Vec<u8> = texts.iter().flat_map(|text| framed(text)).collect();
        assert_eq!(all(&file), texts);
        assert_eq!(file.len(), 3 * 16 + 8);
    }

    #[test]
    fn what_is_cut_anywhere_ends_the_file_before_it() {
        let file: Vec<u8> = [framed(b"one"), framed(b"two")].concat();
        for cut in 0..file.len() {
            assert_eq!(all(&file[..cut]).len(), cut / 19, "{cut}");
        }
    }

    #[test]
    fn what_is_changed_anywhere_ends_the_file_before_it() {
        let file: Vec<u8> = [framed(b"one"), framed(b"two")].concat();
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut spoilt = file.clone();
                spoilt[at] ^= 1 << bit;
                assert_eq!(all(&spoilt).len(), at / 19, "{at}");
            }
        }
    }

    #[test]
    fn a_length_past_the_file_takes_no_memory() {
        for length in [u64::MAX, u64::MAX - 15, 1 << 50, 5] {
            let length = length.to_le_bytes();
            let file = [&length[..], &masked(&length).to_le_bytes(), &[0; 8]].concat();
            assert!(all(&file).is_empty());
        }
    }
}
