//! The idx files of MNIST, plain and gzipped.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use hebb_data::load;

use super::{Target, bomb, part, write};
use crate::mutate;
use crate::random::Random;

/// The files, images and labels in turn.
const FILES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// The target: a byte that chooses the file and whether its name ends with `.gz`, then the file.
pub struct Idx {
    folder: PathBuf,
    named: String,
}

/// A file of two records.
fn whole(file: usize) -> Vec<u8> {
    if file.is_multiple_of(2) {
        let header = [0x0803, 2, 28, 28_u32].map(u32::to_be_bytes).concat();
        header.into_iter().chain((0..2 * 784).map(|at| at as u8)).collect()
    } else {
        [0x0801, 2_u32].map(u32::to_be_bytes).concat().into_iter().chain([3, 7]).collect()
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).and_then(|()| packed.finish()).expect("memory takes what is packed")
}

impl Idx {
    pub fn new(folder: &Path) -> Self {
        for (file, name) in FILES.iter().enumerate() {
            write(&folder.join(name), &whole(file));
        }
        Self { folder: folder.to_owned(), named: format!("mnist:{}", folder.display()) }
    }
}

impl Target for Idx {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let choice = random.below(8);
        let mut file = whole(choice % 4);
        if random.one_in(bomb::ONE_IN) {
            // As many records as there can be, all zeros.
            file.truncate(if choice.is_multiple_of(2) { 16 } else { 8 });
            file[4..8].fill(0xff);
            return [vec![choice as u8], bomb::gzip(&file)].concat();
        }
        match random.below(10) {
            0 => {
                let count = random.below(4_000);
                file = random.bytes(count);
            }
            // The header alone, where a change is most likely to matter.
            1..=3 => {
                let size = if choice.is_multiple_of(2) { 16 } else { 8 };
                let mut header = file[..size].to_vec();
                mutate::bytes(random, &mut header, &[]);
                file.splice(..size, header);
            }
            _ => mutate::bytes(random, &mut file, &[]),
        }
        match random.below(4) {
            // What is well packed but no idx file, a packed idx file that is spoilt, and one behind another.
            0 => file = packed(&file),
            1 => {
                file = packed(&whole(choice % 4));
                mutate::bytes(random, &mut file, &[]);
            }
            2 if random.one_in(4) => {
                let cut = random.below(file.len());
                file = [packed(&file[..cut]), packed(&file[cut..])].concat();
            }
            _ => {}
        }
        [vec![choice as u8], file].concat()
    }

    fn read(&self, input: &[u8]) -> bool {
        let (choice, file) = part(input);
        let path = self.folder.join(FILES[choice % 4]);
        if choice < 4 {
            write(&path, file);
            let read = load(&self.named);
            write(&path, &whole(choice));
            return read.is_ok();
        }
        let packed = path.with_extension("gz");
        write(&packed, file);
        fs::remove_file(&path).expect("the temporary folder gives up a file");
        let read = load(&self.named);
        write(&path, &whole(choice % 4));
        read.is_ok()
    }
}
