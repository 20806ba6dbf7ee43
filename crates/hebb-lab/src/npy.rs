//! Arrays as NumPy's `.npy` files, version 1.0: a header that says type and shape, then the numbers, lowest byte first, the
//! last dimension fastest.

/// What a file begins with.
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
/// The numbers begin at a multiple of so many bytes.
const ALIGN: usize = 64;

/// Numbers of 32 bits.
pub fn floats(shape: &[usize], values: &[f32]) -> Vec<u8> {
    file("<f4", shape, values.iter().flat_map(|value| value.to_le_bytes()), 4 * values.len())
}

/// Whole numbers of 16 bits, such as labels.
pub fn classes(values: &[u16]) -> Vec<u8> {
    file("<u2", &[values.len()], values.iter().flat_map(|value| value.to_le_bytes()), 2 * values.len())
}

/// Whole numbers of 32 bits, such as records.
pub fn indices(values: &[u32]) -> Vec<u8> {
    file("<u4", &[values.len()], values.iter().flat_map(|value| value.to_le_bytes()), 4 * values.len())
}

fn file(kind: &str, shape: &[usize], bytes: impl Iterator<Item = u8>, length: usize) -> Vec<u8> {
    // Python writes a tuple of one with a comma.
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let sizes = if shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let before = MAGIC.len() + 2;
    let padding = (ALIGN - (before + header.len() + 1) % ALIGN) % ALIGN;
    header.push_str(&" ".repeat(padding));
    header.push('\n');
    let mut file = Vec::with_capacity(before + header.len() + length);
    file.extend_from_slice(MAGIC);
    // A shape has a few sizes: the header is short.
    file.extend_from_slice(&(header.len() as u16).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    file.extend(bytes);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header's text and what stands behind it.
    fn parts(file: &[u8]) -> (&str, &[u8]) {
        assert_eq!(&file[..8], MAGIC);
        let end = 10 + usize::from(u16::from_le_bytes([file[8], file[9]]));
        assert!(end.is_multiple_of(ALIGN) && file[end - 1] == b'\n');
        (std::str::from_utf8(&file[10..end]).unwrap().trim_end(), &file[end..])
    }

    #[test]
    fn a_file_says_what_it_holds_as_numpy_does() {
        let file = floats(&[2, 1, 2], &[1.0, -2.0, 0.5, f32::NAN]);
        let (header, numbers) = parts(&file);
        assert_eq!(header, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 2), }");
        assert_eq!((numbers.len(), &numbers[..4], &numbers[4..8]), (16, &[0, 0, 128, 63][..], &[0, 0, 0, 192][..]));
        let (header, numbers) = (classes(&[7, 258]), indices(&[9]));
        assert_eq!(parts(&header), ("{'descr': '<u2', 'fortran_order': False, 'shape': (2,), }", &[7, 0, 2, 1][..]));
        assert_eq!(parts(&numbers), ("{'descr': '<u4', 'fortran_order': False, 'shape': (1,), }", &[9, 0, 0, 0][..]));
    }

    #[test]
    fn headers_of_every_length_end_where_they_should() {
        for digits in 0..70 {
            let file = floats(&[10_usize.pow(digits % 18), 0], &[]);
            assert!(parts(&file).1.is_empty());
        }
    }
}
