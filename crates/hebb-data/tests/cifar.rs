//! CIFAR files, good and bad. All are small and written here.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::fs;
use std::path::Path;

use hebb_data::{Dataset, load};
use hebb_spec::Shape;
use tempfile::TempDir;

const PICTURE: usize = 3072;

/// Records with the labels given, each image filled with its place in the file.
fn records(labels: &[&[u8]]) -> Vec<u8> {
    let record = |(index, label): (usize, &&[u8])| [label, &[index as u8; PICTURE][..]].concat();
    labels.iter().enumerate().flat_map(record).collect()
}

/// A CIFAR-10 folder with `count + 1` records in training file `count`, and two to test.
fn cifar10() -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in 1..=5_u8 {
        let labels = vec![[file]; usize::from(file) + 1];
        let labels: Vec<&[u8]> = labels.iter().map(|label| &label[..]).collect();
        fs::write(folder.path().join(format!("data_batch_{file}.bin")), records(&labels)).unwrap();
    }
    fs::write(folder.path().join("test_batch.bin"), records(&[&[9], &[0]])).unwrap();
    folder
}

fn cifar100() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("train.bin"), records(&[&[4, 0], &[19, 99], &[0, 4]])).unwrap();
    fs::write(folder.path().join("test.bin"), records(&[&[1, 67]])).unwrap();
    folder
}

fn load_from(name: &str, folder: &Path) -> Dataset {
    load(&format!("{name}:{}", folder.display())).unwrap()
}

fn sentence(name: &str, folder: &Path) -> String {
    load(&format!("{name}:{}", folder.display())).unwrap_err().to_string()
}

#[test]
fn cifar10_joins_its_five_files_in_order() {
    let folder = cifar10();
    let data = load_from("cifar10", folder.path());
    assert_eq!((data.name.as_str(), data.shape, data.classes()), ("cifar10", Shape::new(3, 32, 32), 10));
    assert_eq!(data.train.labels(), [1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5]);
    assert_eq!(data.train.image(4), [2; PICTURE]);
    assert_eq!((data.test.labels(), data.test.image(1)), (&[9, 0][..], &[1; PICTURE][..]));
    assert_eq!(data.class_names[9], "truck");
}

#[test]
fn cifar100_has_fine_and_coarse_labels() {
    let folder = cifar100();
    let (fine, coarse) = (load_from("cifar100", folder.path()), load_from("cifar100-coarse", folder.path()));
    assert_eq!((fine.train.labels(), coarse.train.labels()), (&[0, 99, 4][..], &[4, 19, 0][..]));
    assert_eq!((fine.test.labels(), coarse.test.labels()), (&[67][..], &[1][..]));
    assert_eq!((fine.classes(), coarse.classes()), (100, 20));
    assert_eq!((fine.class_names[67].as_str(), coarse.class_names[1].as_str()), ("ray", "fish"));
    assert_eq!((fine.train.image(2), fine.train.images()), (&[2; PICTURE][..], coarse.train.images()));
}

#[test]
fn the_folder_above_the_archives_own_will_do() {
    let (outer, inner) = (TempDir::new().unwrap(), cifar10());
    fs::rename(inner.path(), outer.path().join("cifar-10-batches-bin")).unwrap();
    assert_eq!(load_from("cifar10", outer.path()).train.len(), 20);
    let (outer, inner) = (TempDir::new().unwrap(), cifar100());
    fs::rename(inner.path(), outer.path().join("cifar-100-binary")).unwrap();
    assert_eq!(load_from("cifar100", outer.path()).train.len(), 3);
}

#[test]
fn a_missing_folder_or_file_is_named() {
    let folder = cifar10();
    let absent = folder.path().join("absent");
    let expected = format!("there is no folder {}: pass the folder that has the data's files", absent.display());
    assert_eq!(sentence("cifar10", &absent), expected);
    let file = folder.path().join("test_batch.bin");
    assert_eq!(
        sentence("cifar10", &file),
        format!("there is no folder {}: pass the folder that has the data's files", file.display())
    );
    fs::remove_file(folder.path().join("data_batch_3.bin")).unwrap();
    assert_eq!(
        sentence("cifar10", folder.path()),
        format!(
            "there is no data_batch_3.bin in {}: pass the folder that the archive unpacks to",
            folder.path().display()
        )
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = cifar10();
    let path = folder.path().join("test_batch.bin");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let sentence = sentence("cifar10", folder.path());
    assert!(sentence.starts_with(&format!("cannot read {}: ", path.display())), "{sentence}");
}

#[test]
fn truncated_and_empty_files_are_refused() {
    let folder = cifar10();
    let path = folder.path().join("data_batch_5.bin");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(
        sentence("cifar10", folder.path()),
        format!(
            "{} has 18437 bytes, which is no multiple of a record's 3073: \
             it is truncated or of another kind, fetch it again",
            path.display()
        )
    );
    fs::write(&path, "").unwrap();
    assert_eq!(sentence("cifar10", folder.path()), format!("{} holds no record: fetch it again", path.display()));
}

#[test]
fn files_of_the_other_cifar_have_the_wrong_record_size() {
    let folder = cifar100();
    fs::write(folder.path().join("train.bin"), records(&[&[1]])).unwrap();
    let path = folder.path().join("train.bin");
    assert_eq!(
        sentence("cifar100", folder.path()),
        format!(
            "{} has 3073 bytes, which is no multiple of a record's 3074: \
             it is truncated or of another kind, fetch it again",
            path.display()
        )
    );
}

#[test]
fn labels_out_of_range_are_refused_with_their_record() {
    let folder = cifar10();
    let path = folder.path().join("test_batch.bin");
    fs::write(&path, records(&[&[9], &[10]])).unwrap();
    assert_eq!(
        sentence("cifar10", folder.path()),
        format!(
            "record 1 of {} has label 10, but the 10 classes run from 0 to 9: check that the file is of this data",
            path.display()
        )
    );
    let folder = cifar100();
    let path = folder.path().join("train.bin");
    fs::write(&path, records(&[&[20, 99], &[0, 100]])).unwrap();
    let expected = |record: usize, label: u8, classes: u8| {
        format!(
            "record {record} of {} has label {label}, but the {classes} classes run from 0 to {}: \
             check that the file is of this data",
            path.display(),
            classes - 1
        )
    };
    assert_eq!(sentence("cifar100-coarse", folder.path()), expected(0, 20, 20));
    assert_eq!(sentence("cifar100", folder.path()), expected(1, 100, 100));
}
