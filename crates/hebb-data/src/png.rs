//! What the decoder of PNG files takes on trust.

use std::io::{BufReader, Read, Seek};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Bytes of a colour in a palette.
const COLOUR: u32 = 3;

/// Whether a file is no PNG file, or the palette before its pixels is of whole colours. At any other palette png 0.18.1
/// panics, which its next version will not (image-png, issue 694). The reader stays where it was: at the beginning.
pub(crate) fn has_whole_palette<R: Read + Seek>(reader: &mut BufReader<R>) -> std::io::Result<bool> {
    let mut signature = Vec::new();
    reader.by_ref().take(SIGNATURE.len() as u64).read_to_end(&mut signature)?;
    let is_whole = signature != SIGNATURE || palettes_are_whole(reader)?;
    reader.rewind()?;
    Ok(is_whole)
}

/// Looks at each part's length and name up to the pixels: length, name, so many bytes, checksum.
fn palettes_are_whole<R: Read + Seek>(reader: &mut BufReader<R>) -> std::io::Result<bool> {
    loop {
        let mut head = Vec::with_capacity(8);
        reader.by_ref().take(8).read_to_end(&mut head)?;
        let Some((&length, name)) = head.split_first_chunk::<4>() else { return Ok(true) };
        let length = u32::from_be_bytes(length);
        match name {
            b"PLTE" if !length.is_multiple_of(COLOUR) => return Ok(false),
            b"IDAT" | b"IEND" => return Ok(true),
            _ => reader.seek_relative(i64::from(length) + 4)?,
        }
    }
}
