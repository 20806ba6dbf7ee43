//! metrics.csv: looked at beside a sound run.toml, as a page or a comparison does it.

use std::path::{Path, PathBuf};

use hebb_engine::view::View;

use super::{Target, write};
use crate::mutate;
use crate::random::Random;

/// With steps at the end; as older folders have it; of a run that has not been told much.
const SEEDS: [&str; 3] = [
    "epoch,seconds,train_loss,train_error,validation_loss,validation_error,corr_2,saturated_1,step\n\
     1,17.393,1.9032195638020832,0.8572444444444445,1.5810053833007813,0.7634,0.011561725352104478,0.0317,90\n\
     2,17.100,1.5,0.75,1.2,0.7,,1e-7,180\n",
    "epoch,seconds,train_loss,corr_2\n1,0.500,,\n2,0.250,-1.5,NaN\n",
    "epoch,seconds,step\n",
];
const WORDS: [&str; 16] = [
    "epoch,seconds,",
    ",step",
    "step,step",
    ",",
    ",,,,,,,,,,,,,,,,",
    "\n\n",
    "\r\n",
    "NaN",
    "-inf",
    "1e999",
    "4294967296",
    "-1",
    "\"1,2\"",
    "epoch",
    "\u{feff}",
    "\0",
];

/// The target: the whole file.
pub struct Metrics {
    folder: PathBuf,
    file: PathBuf,
}

impl Metrics {
    pub fn new(folder: &Path) -> Self {
        write(&folder.join("run.toml"), include_bytes!("../../seeds/kp.toml"));
        Self { folder: folder.to_owned(), file: folder.join("metrics.csv") }
    }
}

impl Target for Metrics {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        mutate::file(random, &SEEDS, &WORDS)
    }

    fn read(&self, input: &[u8]) -> bool {
        write(&self.file, input);
        let Ok(view) = View::read(&self.folder) else { return false };
        // What is told of a run is finite.
        let mut values = view.rows.iter().flat_map(|row| &row.values).filter_map(|(_, value)| *value);
        assert!(values.all(f64::is_finite), "a number that is none");
        true
    }
}
