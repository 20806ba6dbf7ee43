//! The binary files of CIFAR-10 and CIFAR-100.

use std::fs;
use std::path::{Path, PathBuf};

use hebb_data::load;

use super::{Target, part, write};
use crate::mutate;
use crate::random::Random;

/// Bytes of an image.
const PICTURE: usize = 3072;
/// Each form of DATA, the label bytes of a record, and its files, of which the first and the last are spoilt.
const SETS: [(&str, usize, &[&str]); 3] = [
    (
        "cifar10",
        1,
        &[
            "data_batch_1.bin",
            "data_batch_2.bin",
            "data_batch_3.bin",
            "data_batch_4.bin",
            "data_batch_5.bin",
            "test_batch.bin",
        ],
    ),
    ("cifar100", 2, &["train.bin", "test.bin"]),
    ("cifar100-coarse", 2, &["train.bin", "test.bin"]),
];

/// The target: a byte that chooses the set and the file, then the file.
pub struct Cifar {
    folder: PathBuf,
    named: [String; 3],
}

/// A file of two records.
fn records(labels: usize) -> Vec<u8> {
    let record =
        |base: usize| vec![base as u8; labels].into_iter().chain((0..PICTURE).map(move |at| (base + at) as u8));
    [1, 2].into_iter().flat_map(record).collect()
}

impl Cifar {
    pub fn new(folder: &Path) -> Self {
        for (name, labels, files) in SETS {
            fs::create_dir(folder.join(name)).expect("the temporary folder takes a folder");
            for file in files {
                write(&folder.join(name).join(file), &records(labels));
            }
        }
        let named = SETS.map(|(name, ..)| format!("{name}:{}", folder.join(name).display()));
        Self { folder: folder.to_owned(), named }
    }
}

impl Target for Cifar {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let choice = random.below(6);
        let mut file = records(SETS[choice % 3].1);
        match random.below(10) {
            0 => {
                let count = random.below(10_000);
                file = random.bytes(count);
            }
            // Whole records, some with other labels.
            1..=3 => {
                let size = SETS[choice % 3].1 + PICTURE;
                file = file.repeat(1 + random.below(4));
                let record = random.below(file.len() / size);
                file[record * size + random.below(2)] = random.next() as u8;
            }
            _ => mutate::bytes(random, &mut file, &[]),
        }
        [vec![choice as u8], file].concat()
    }

    fn read(&self, input: &[u8]) -> bool {
        let (choice, file) = part(input);
        let (name, labels, files) = SETS[choice % 3];
        let spoilt = if choice < 3 { files[0] } else { files[files.len() - 1] };
        let path = self.folder.join(name).join(spoilt);
        write(&path, file);
        let read = load(&self.named[choice % 3]);
        write(&path, &records(labels));
        read.is_ok()
    }
}
