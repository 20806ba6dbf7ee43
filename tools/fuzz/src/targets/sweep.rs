//! Files of sweeps: read, and laid out as a list of runs.

use std::path::{Path, PathBuf};

use hebb_engine::settings::FIELDS as RUN;
use hebb_lab::sweep::{Known, Sweep, SweepFile};
use hebb_spec::settings::{Table, Value};
use hebb_systems::layered::FIELDS as MODEL;

use super::{Target, write};
use crate::mutate;
use crate::random::Random;

const SEEDS: [&str; 3] = [
    "net = \"simpnet\"\ndata = \"shapes\"\nepochs = 2\nout = \"runs\"\n\n[grid]\nrule = [\"bp\", \"urfb\"]\nseed = [1, 2, 3]\n",
    "[[grid]]\nlr = [0.1, 0.01]\n[[grid]]\nloss = [\"hinge\", \"softmax\"]\nconnectivity = [0.5, 1]\n",
    "net = \"Conv 4 3x3; Output\"\n[grid]\nnet-data = 1\nbatch = [1]\ntrack-r1 = [true, false]\nsteps = [5]\n",
];
const WORDS: [&str; 22] = [
    "[grid]\n",
    "[[grid]]\n",
    "grid = ",
    "out = ",
    "rule = [\"bp\", \"urfb\", \"frfb\"]\n",
    "seed = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n",
    "lr = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]\n",
    "mu = [1, 2, 3, 4, 5, 6, 7, 8, 9]\n",
    "batch = [1, 2, 3, 4, 5, 6, 7, 8, 9]\n",
    "slope = [1, 2, 3, 4, 5, 6, 7, 8, 9]\n",
    "[[],[[]]]",
    "[]",
    "{}",
    "true",
    "\"\"",
    "'''",
    "1979-05-27",
    "\\u0000",
    "-1",
    "nan",
    "net",
    "=",
];

/// The target: the whole file.
pub struct Grids {
    file: PathBuf,
    keys: Vec<&'static str>,
}

impl Grids {
    pub fn new(folder: &Path) -> Self {
        let keys = MODEL.iter().map(|field| field.key).chain(RUN.iter().map(|field| field.key)).collect();
        Self { file: folder.join("sweep.toml"), keys }
    }
}

impl Target for Grids {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        mutate::file(random, &SEEDS, &WORDS)
    }

    fn read(&self, input: &[u8]) -> bool {
        write(&self.file, input);
        let check = |_: &str, _: &Value| Ok(());
        let known = Known { keys: &self.keys, check: &check };
        SweepFile::read(&self.file, &known).is_ok_and(|file| Sweep::new(&file, &Table::default()).is_ok())
    }
}
