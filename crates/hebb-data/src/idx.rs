//! MNIST and Fashion-MNIST: idx files (a magic number, the dimensions as big-endian words, the bytes), gzipped or not.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use hebb_spec::Shape;

use crate::files::{check_label, read_error};
use crate::{DataError, Split, disk};

/// The shape of every image.
pub(crate) const SHAPE: Shape = Shape::new(1, 28, 28);

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What an idx file holds.
struct Content {
    what: &'static str,
    suffix: &'static str,
    /// Unsigned bytes (8) in so many dimensions.
    magic: u32,
    /// Words of the header, the magic number included.
    words: usize,
    /// Bytes of a record.
    record: usize,
}

const IMAGES: Content =
    Content { what: "images", suffix: "images-idx3-ubyte", magic: 0x0803, words: 4, record: SHAPE.units() as usize };

const LABELS: Content = Content { what: "labels", suffix: "labels-idx1-ubyte", magic: 0x0801, words: 2, record: 1 };

/// Reads both splits from the four files in `folder`.
pub(crate) fn read(folder: &Path, classes: usize) -> Result<(Split, Split), DataError> {
    Ok((read_split(folder, "train", classes)?, read_split(folder, "t10k", classes)?))
}

fn read_split(folder: &Path, split: &str, classes: usize) -> Result<Split, DataError> {
    let (images_path, images) = read_file(folder, split, &IMAGES)?;
    let (labels_path, labels) = read_file(folder, split, &LABELS)?;
    let count = images.len() / IMAGES.record;
    if count != labels.len() {
        return Err(DataError::IdxCounts { images_path, images: count, labels_path, labels: labels.len() });
    }
    for (index, &label) in labels.iter().enumerate() {
        check_label(&labels_path, index, label, classes)?;
    }
    Split::new(SHAPE, images, labels.into_iter().map(u16::from).collect())
}

/// Training records, by the head of the images' file.
pub(crate) fn records(folder: &Path) -> Result<usize, DataError> {
    let (path, mut reader, is_packed) = open(folder, "train", &IMAGES)?;
    let words = if is_packed {
        header(&mut MultiGzDecoder::new(reader), &path, &IMAGES, |cause| not_unpacked(&path, cause))
    } else {
        header(&mut reader, &path, &IMAGES, |cause| unread(&path, cause))
    }?;
    Ok(words[1] as usize)
}

fn unread(path: &Path, cause: io::Error) -> DataError {
    DataError::Read { path: path.to_owned(), cause }
}

/// The path and the records of one file.
fn read_file(folder: &Path, split: &str, content: &Content) -> Result<(PathBuf, Vec<u8>), DataError> {
    let (path, reader, is_packed) = open(folder, split, content)?;
    let records = if is_packed {
        read_records(MultiGzDecoder::new(reader), &path, content, |cause| not_unpacked(&path, cause))
    } else {
        read_records(reader, &path, content, |cause| unread(&path, cause))
    }?;
    Ok((path, records))
}

/// A file's path, itself, and whether it is gzipped, which it may be under either name.
fn open(folder: &Path, split: &str, content: &Content) -> Result<(PathBuf, BufReader<File>, bool), DataError> {
    let name = format!("{split}-{}", content.suffix);
    let (plain, packed) = (folder.join(&name), folder.join(format!("{name}.gz")));
    let path = if packed.exists() && !plain.exists() { packed } else { plain };
    let file = disk::open(&path).map_err(|cause| read_error(cause, &path, folder, &format!("{name} or {name}.gz")))?;
    let mut reader = BufReader::new(file);
    let is_packed = reader.fill_buf().map_err(|cause| unread(&path, cause))?.starts_with(&GZIP);
    Ok((path, reader, is_packed))
}

/// The words of a file's header, which are those of its content.
fn header(
    reader: &mut impl Read,
    path: &Path,
    content: &Content,
    failed: impl Fn(io::Error) -> DataError,
) -> Result<Vec<u32>, DataError> {
    let path = || path.to_owned();
    let (what, size) = (content.what, 4 * content.words);
    let mut header = Vec::with_capacity(size);
    reader.by_ref().take(size as u64).read_to_end(&mut header).map_err(failed)?;
    let words: Vec<u32> =
        header.chunks_exact(4).map(|word| word.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte))).collect();
    match words[..] {
        [] if header.is_empty() => Err(DataError::Empty { path: path() }),
        [found, ..] if found != content.magic => {
            Err(DataError::IdxMagic { path: path(), found, expected: content.magic, what })
        }
        _ if header.len() < size => Err(DataError::IdxHeader { path: path(), bytes: header.len(), header: size, what }),
        [_, 0, ..] => Err(DataError::Empty { path: path() }),
        [_, _, rows, columns] if (rows, columns) != (SHAPE.height, SHAPE.width) => {
            Err(DataError::IdxShape { path: path(), rows, columns })
        }
        _ => Ok(words),
    }
}

/// What is said of a gzipped file that was not read to its end.
fn not_unpacked(path: &Path, cause: io::Error) -> DataError {
    let path = path.to_owned();
    match cause.kind() {
        // It is whole, and unpacks to more than there is room for.
        io::ErrorKind::OutOfMemory => DataError::Read { path, cause },
        _ => DataError::Gzip { path, cause },
    }
}

fn read_records(
    mut reader: impl Read,
    path: &Path,
    content: &Content,
    failed: impl Fn(io::Error) -> DataError,
) -> Result<Vec<u8>, DataError> {
    let words = header(&mut reader, path, content, &failed)?;
    let size = 4 * content.words;
    let bytes = u64::from(words[1]) * content.record as u64;
    // No more than the header promises is kept, so that a file cannot claim or unpack to more memory than it fills.
    let mut records = Vec::new();
    reader.by_ref().take(bytes).read_to_end(&mut records).map_err(&failed)?;
    let surplus = io::copy(&mut reader, &mut io::sink()).map_err(&failed)?;
    let found = records.len() as u64 + surplus;
    if found != bytes {
        return Err(DataError::IdxSize {
            path: path.to_owned(),
            expected: size as u64 + bytes,
            found: size as u64 + found,
        });
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_unpacks_past_the_memory_is_not_called_damaged() {
        let says = |kind: io::ErrorKind| not_unpacked(Path::new("a.gz"), kind.into()).to_string();
        assert!(says(io::ErrorKind::OutOfMemory).starts_with("cannot read a.gz: out of memory"));
        assert!(says(io::ErrorKind::UnexpectedEof).contains("truncated or damaged"));
    }
}
