//! What is no regular file is refused where a data set's file should be, for to read it would never end; and a file that
//! claims more than it can hold takes no memory for that.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hebb_data::{DataError, Dataset, load};
use image::GrayImage;
use tempfile::TempDir;

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// What is said of the data; a load that hangs fails the test.
fn sentence(data: String) -> String {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let error = load(&data).unwrap_err();
        assert!(matches!(error, DataError::NotRegular { .. }), "{error}");
        tell.send(error.to_string())
    });
    told.recv_timeout(Duration::from_secs(30)).unwrap()
}

/// A pipe and a device at `file`, in a folder that `fill` gives the rest.
fn refused(name: &str, file: &str, fill: impl Fn(&Path)) {
    let folder = TempDir::new().unwrap();
    fill(folder.path());
    let path = folder.path().join(file);
    let data = format!("{name}:{}", folder.path().display());
    pipe(&path);
    let wanted = |kind: &str| format!("cannot read {}: it is {kind}, not a regular file", path.display());
    assert_eq!(sentence(data.clone()), wanted("a named pipe"));
    fs::remove_file(&path).unwrap();
    // A link to a regular file would be read; what it leads to counts.
    symlink("/dev/zero", &path).unwrap();
    assert_eq!(sentence(data), wanted("a device"));
}

#[test]
fn a_pipe_or_device_is_no_file_of_a_set() {
    refused("cifar10", "data_batch_1.bin", |_| {});
    refused("cifar100-coarse", "train.bin", |_| {});
    refused("mnist", "train-images-idx3-ubyte", |_| {});
    refused("fashion-mnist", "train-images-idx3-ubyte.gz", |_| {});
}

#[test]
fn a_pipe_or_device_is_no_image() {
    refused("folder", "b/2.png", |folder| {
        for class in ["a", "b"] {
            fs::create_dir(folder.join(class)).unwrap();
            GrayImage::new(3, 2).save(folder.join(class).join("1.png")).unwrap();
        }
    });
}

#[test]
fn a_link_to_an_image_is_read() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (folder.path().join("a/1.png"), folder.path().join("b/1.png"));
    fs::create_dir(folder.path().join("a")).unwrap();
    fs::create_dir(folder.path().join("b")).unwrap();
    GrayImage::new(3, 2).save(&first).unwrap();
    symlink(&first, &second).unwrap();
    assert_eq!(load(&format!("folder:{}", folder.path().display())).unwrap().train.len(), 1);
}

/// The head of a BMP file of 24 bits a pixel, and nothing behind it.
fn head(width: u32, height: u32) -> Vec<u8> {
    let words = [54, 40, width, height, 24 << 16 | 1, 0, 0, 0, 0, 0, 0].map(u32::to_le_bytes).concat();
    [b"BM\0\0\0\0\0\0\0\0", &words[..]].concat()
}

/// What comes of a file that stands in both of two classes' folders.
fn images(bytes: &[u8]) -> Result<Dataset, DataError> {
    let folder = TempDir::new().unwrap();
    for class in ["a", "b"] {
        fs::create_dir(folder.path().join(class)).unwrap();
        fs::write(folder.path().join(class).join("1"), bytes).unwrap();
    }
    load(&format!("folder:{}", folder.path().display()))
}

/// What is said of such a file, behind its path.
fn said_of_image(bytes: &[u8]) -> String {
    let error = images(bytes).unwrap_err().to_string();
    error.split_once(" image ").unwrap_or_else(|| panic!("{error}")).1.to_owned()
}

/// A part of a PNG file.
fn part(name: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(&[&name[..], bytes].concat());
    [&(bytes.len() as u32).to_be_bytes(), &name[..], bytes, &sum.sum().to_be_bytes()].concat()
}

#[test]
fn a_palette_that_ends_within_a_colour_is_refused() {
    let head = part(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 3, 0, 0, 0]);
    // One row of one pixel, as zlib stores it.
    let pixels = part(b"IDAT", &[0x78, 1, 1, 2, 0, 0xfd, 0xff, 0, 0, 0, 2, 0, 1]);
    for length in [1, 2, 3, 4, 5, 767, 768] {
        let palette = part(b"PLTE", &vec![7; length]);
        let image = [b"\x89PNG\r\n\x1a\n", &head[..], &palette, &pixels, &part(b"IEND", &[])].concat();
        if length % 3 == 0 {
            assert_eq!(images(&image).unwrap().train.images(), [7, 7, 7]);
        } else {
            let wanted = "(its palette ends within a colour): mend it, convert it or move it away";
            assert_eq!(said_of_image(&image), wanted, "{length}");
        }
    }
}

#[test]
fn an_image_of_a_few_bytes_claims_no_more_than_one_may_take() {
    // A photograph is read, to its end that is not there.
    assert!(!said_of_image(&head(4000, 3000)).contains("too many"));
    assert_eq!(
        said_of_image(&head(6000, 6000)),
        "(6000x6000 pixels are too many): mend it, convert it or move it away"
    );
}
