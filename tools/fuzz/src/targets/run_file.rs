//! run.toml: opened as a resume does it, its settings read, its model built.

use std::path::{Path, PathBuf};

use hebb_engine::run::Existing;
use hebb_engine::settings::RunSettings;
use hebb_spec::Shape;
use hebb_systems::layered::ModelSpec;

use super::{Target, write};
use crate::mutate;
use crate::random::Random;

const SEEDS: [&str; 2] = [include_str!("../../seeds/kp.toml"), include_str!("../../seeds/urfb.toml")];
const WORDS: [&str; 24] = [
    "net = ",
    "untied = ",
    "rule = ",
    "lr = ",
    "batch = ",
    "epochs = ",
    "steps = ",
    "seed = ",
    "init-layers = ",
    "freeze = ",
    "[record]\n",
    "[[record]]\n",
    "record.",
    "hebb = ",
    "classes = ",
    "variants = ",
    "true",
    "1979-05-27T07:32:00Z",
    "\"\"\"",
    "'''",
    "\\u0000",
    "0x7fffffffffffffff",
    "\"1-65536,1-65536\"",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// The target: the whole file.
pub struct RunToml {
    folder: PathBuf,
    file: PathBuf,
}

impl RunToml {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), file: folder.join("run.toml") }
    }
}

impl Target for RunToml {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let seed = *random.pick(&SEEDS);
        match random.below(20) {
            0 => {
                let count = random.below(300);
                random.bytes(count)
            }
            1..=3 => {
                let mut input = seed.as_bytes().to_vec();
                mutate::bytes(random, &mut input, &SEEDS.map(|seed| seed.as_bytes().to_vec()));
                input
            }
            _ => mutate::text(random, seed, &WORDS).into_bytes(),
        }
    }

    fn read(&self, input: &[u8]) -> bool {
        write(&self.file, input);
        let Ok(run) = Existing::open(&self.folder) else { return false };
        let settings = RunSettings::from_table(run.settings());
        let Ok(spec) = ModelSpec::from_table(run.settings()) else { return false };
        let Ok(shape) = run.record().input.parse::<Shape>() else { return false };
        // The data's own classes are taken; those of the file are for people.
        spec.build(shape, run.record().classes.clamp(1, 1 << 16)).is_ok() && settings.is_ok()
    }
}
