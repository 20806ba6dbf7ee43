//! What is no regular file is refused where a data set's file should be: to read it would never end.

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
