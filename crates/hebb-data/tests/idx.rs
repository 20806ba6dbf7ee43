//! idx files, good and bad. All are small and written here.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use hebb_data::load;
use hebb_spec::Shape;
use tempfile::TempDir;

const PICTURE: usize = 784;
const IMAGES: &str = "train-images-idx3-ubyte";
const LABELS: &str = "train-labels-idx1-ubyte";

fn idx(words: &[u32], bytes: &[u8]) -> Vec<u8> {
    let header: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    [&header, bytes].concat()
}

fn images(count: u8) -> Vec<u8> {
    let bytes: Vec<u8> = (0..count).flat_map(|index| [index; PICTURE]).collect();
    idx(&[0x803, count.into(), 28, 28], &bytes)
}

fn labels(labels: &[u8]) -> Vec<u8> {
    idx(&[0x801, labels.len() as u32], labels)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Three images to train and one to test.
fn mnist() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    write(IMAGES, images(3));
    write(LABELS, labels(&[5, 0, 9]));
    write("t10k-images-idx3-ubyte", images(1));
    write("t10k-labels-idx1-ubyte", labels(&[7]));
    folder
}

fn sentence(folder: &Path) -> String {
    load(&format!("mnist:{}", folder.display())).unwrap_err().to_string()
}

/// What is said when `file` has these bytes: the file's path, and the sentence.
fn refused(file: &str, bytes: &[u8]) -> (PathBuf, String) {
    let folder = mnist();
    let path = folder.path().join(file);
    fs::write(&path, bytes).unwrap();
    (path, sentence(folder.path()))
}

#[test]
fn plain_and_gzipped_files_hold_the_same() {
    let folder = mnist();
    let plain = load(&format!("mnist:{}", folder.path().display())).unwrap();
    assert_eq!((plain.shape, plain.classes()), (Shape::new(1, 28, 28), 10));
    assert_eq!((plain.train.labels(), plain.test.labels()), (&[5, 0, 9][..], &[7][..]));
    assert_eq!(plain.train.image(2), [2; PICTURE]);
    for file in [IMAGES, LABELS] {
        let path = folder.path().join(file);
        fs::write(folder.path().join(format!("{file}.gz")), gzip(&fs::read(&path).unwrap())).unwrap();
        fs::remove_file(path).unwrap();
    }
    // A client may keep the gzipped bytes under the plain name.
    let path = folder.path().join("t10k-images-idx3-ubyte");
    fs::write(&path, gzip(&fs::read(&path).unwrap())).unwrap();
    assert_eq!(load(&format!("mnist:{}", folder.path().display())).unwrap(), plain);
    let fashion = load(&format!("fashion-mnist:{}", folder.path().display())).unwrap();
    assert_eq!((fashion.train, fashion.class_names[9].as_str()), (plain.train, "ankle boot"));
}

#[test]
fn a_missing_file_is_named_in_both_forms() {
    let folder = mnist();
    fs::remove_file(folder.path().join("t10k-labels-idx1-ubyte")).unwrap();
    assert_eq!(
        sentence(folder.path()),
        format!(
            "there is no t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz in {}: \
             pass the folder that the archive unpacks to",
            folder.path().display()
        )
    );
}

#[test]
fn a_wrong_magic_number_is_refused() {
    let (path, sentence) = refused(IMAGES, &labels(&[1, 2, 3, 4, 5, 6, 7, 8]));
    assert_eq!(
        sentence,
        format!("{} begins with 0x00000801, not 0x00000803: it is no idx file of images", path.display())
    );
    let (path, sentence) = refused(LABELS, b"<html>");
    assert_eq!(
        sentence,
        format!("{} begins with 0x3c68746d, not 0x00000801: it is no idx file of labels", path.display())
    );
}

#[test]
fn images_of_another_size_are_refused() {
    let (path, sentence) = refused(IMAGES, &idx(&[0x803, 1, 32, 30], &[0; 960]));
    assert_eq!(sentence, format!("{} holds images of 32x30, not 28x28: it is not of this data", path.display()));
}

#[test]
fn truncated_and_overlong_files_are_refused() {
    let whole = images(3);
    let (path, sentence) = refused(IMAGES, &whole[..whole.len() - 5]);
    assert_eq!(
        sentence,
        format!("{} should hold 2368 bytes by its header, but holds 2363: fetch it again", path.display())
    );
    let (path, sentence) = refused(IMAGES, &[&whole[..], &[0, 0]].concat());
    assert_eq!(
        sentence,
        format!("{} should hold 2368 bytes by its header, but holds 2370: fetch it again", path.display())
    );
    // The header alone must not make the reader reserve three terabytes.
    let (path, sentence) = refused(IMAGES, &idx(&[0x803, u32::MAX, 28, 28], &[]));
    assert_eq!(
        sentence,
        format!("{} should hold 3367254359296 bytes by its header, but holds 16: fetch it again", path.display())
    );
}

#[test]
fn a_file_that_ends_in_its_header_is_refused() {
    for length in [2, 15] {
        let (path, sentence) = refused(IMAGES, &images(1)[..length]);
        assert_eq!(
            sentence,
            format!(
                "{} has {length} bytes, but an idx file of images begins with a header of 16: fetch it again",
                path.display()
            )
        );
    }
}

#[test]
fn empty_files_are_refused() {
    for bytes in [vec![], labels(&[])] {
        let (path, sentence) = refused(LABELS, &bytes);
        assert_eq!(sentence, format!("{} holds no record: fetch it again", path.display()));
    }
}

#[test]
fn damaged_gzip_is_refused() {
    let packed = gzip(&images(3));
    let mut damaged = packed.clone();
    let checksum = damaged.len() - 6;
    damaged[checksum] ^= 1;
    for bytes in [&packed[..packed.len() / 2], &packed[..packed.len() - 1], &damaged] {
        let (path, sentence) = refused(IMAGES, bytes);
        assert!(sentence.starts_with(&format!("{} does not unpack as gzip (", path.display())), "{sentence}");
        assert!(sentence.ends_with("): it is truncated or damaged, fetch it again"), "{sentence}");
    }
}

#[test]
fn images_and_labels_must_agree_in_number() {
    let folder = mnist();
    fs::write(folder.path().join(LABELS), labels(&[1, 2])).unwrap();
    assert_eq!(
        sentence(folder.path()),
        format!(
            "{} has 3 images, but {} has 2 labels: the two files are not of one set",
            folder.path().join(IMAGES).display(),
            folder.path().join(LABELS).display()
        )
    );
}

#[test]
fn labels_out_of_range_are_refused_with_their_record() {
    let (path, sentence) = refused(LABELS, &labels(&[1, 9, 12]));
    assert_eq!(
        sentence,
        format!(
            "record 2 of {} has label 12, but the 10 classes run from 0 to 9: check that the file is of this data",
            path.display()
        )
    );
}
