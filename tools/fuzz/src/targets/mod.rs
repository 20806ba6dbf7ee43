//! What is fuzzed: each reader with the inputs that are made for it.

mod bomb;
mod checkpoint;
mod cifar;
mod idx;
mod images;
mod metrics;
mod notation;
mod planted;
mod run_file;
mod sweep;
mod systems;

use std::fs;
use std::path::Path;

use crate::random::Random;

/// A reader, and what is made for it to read.
pub trait Target {
    /// An input, which nothing but the random numbers decides.
    fn input(&self, random: &mut Random) -> Vec<u8>;
    /// Reads it; whether it was taken. An error of the reader is an answer like any other.
    fn read(&self, input: &[u8]) -> bool;
}

type Make = fn(&Path) -> Box<dyn Target>;

/// All targets, each made with a folder of its own.
pub const ALL: [(&str, Make); 9] = [
    ("notation", |_| Box::new(notation::Notation)),
    ("systems", |_| Box::new(systems::Systems)),
    ("checkpoint", |folder| Box::new(checkpoint::Checkpoint::new(folder))),
    ("run-toml", |folder| Box::new(run_file::RunToml::new(folder))),
    ("metrics", |folder| Box::new(metrics::Metrics::new(folder))),
    ("sweep", |folder| Box::new(sweep::Grids::new(folder))),
    ("cifar", |folder| Box::new(cifar::Cifar::new(folder))),
    ("idx", |folder| Box::new(idx::Idx::new(folder))),
    ("images", |folder| Box::new(images::Images::new(folder))),
];

/// Targets with a fault: what must be found, for the tests.
const PLANTED: [(&str, Make); 4] = [
    ("planted-panic", |_| Box::new(planted::Panics)),
    ("planted-memory", |_| Box::new(planted::Takes)),
    ("planted-hang", |_| Box::new(planted::Hangs)),
    ("planted-refusal", |_| Box::new(planted::Asks)),
];

/// A target's name, if there is one like that.
pub fn name(name: &str) -> Option<&'static str> {
    ALL.iter().chain(&PLANTED).map(|(other, _)| *other).find(|other| *other == name)
}

/// The target of a name that [`name`] gave.
pub fn make(name: &str, folder: &Path) -> Box<dyn Target> {
    let (_, make) = ALL.iter().chain(&PLANTED).find(|(other, _)| *other == name).expect("a name of a target");
    make(folder)
}

/// Writes a file into the target's own folder.
fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("the temporary folder takes the file");
}

/// What an input holds beside its first byte, which chooses between files, and that byte.
fn part(input: &[u8]) -> (usize, &[u8]) {
    input.split_first().map_or((0, input), |(&first, rest)| (first.into(), rest))
}
