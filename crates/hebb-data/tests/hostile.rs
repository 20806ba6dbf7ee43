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

use hebb_data::{DataError, load};
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

#[test]
fn an_image_of_a_few_bytes_claims_no_more_than_one_may_take() {
    let folder = TempDir::new().unwrap();
    let says = |width: u32, height: u32| {
        for class in ["a", "b"] {
            fs::create_dir_all(folder.path().join(class)).unwrap();
            fs::write(folder.path().join(class).join("1.bmp"), head(width, height)).unwrap();
        }
        let error = load(&format!("folder:{}", folder.path().display())).unwrap_err().to_string();
        error.split_once("image (").unwrap_or_else(|| panic!("{error}")).1.to_owned()
    };
    // A photograph is read, to its end that is not there.
    assert!(!says(4000, 3000).contains("too many"));
    assert_eq!(says(6000, 6000), "6000x6000 pixels are too many): mend it, convert it or move it away");
}
