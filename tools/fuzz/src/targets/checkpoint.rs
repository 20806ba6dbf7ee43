//! Checkpoints: the header of a safetensors file, the metadata of hebb in it, and the tensors.

use std::path::{Path, PathBuf};

use hebb_engine::checkpoint;
use hebb_engine::from_file::{adopt, stored};
use hebb_engine::metadata::{Best, Metadata, Progress, Training};
use hebb_engine::tensor_file::TensorFile;
use hebb_spec::Shape;
use hebb_spec::param::{Param, Weights};
use hebb_spec::system::System;
use hebb_systems::layered::{Model, ModelSpec, Rule};

use super::{Target, write};
use crate::mutate;
use crate::random::Random;

const WORDS: [&str; 24] = [
    "\"__metadata__\":{",
    "\"hebb\":",
    "\"dtype\":\"F32\"",
    "\"BF16\"",
    "\"U8\"",
    "\"F8_E4M3\"",
    "\"BOOL\"",
    "\"shape\":[]",
    "\"data_offsets\":[0,0]",
    "\"W1\":{",
    "\"W1.mask\":{",
    "{\"a\":",
    "null",
    "true",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "\\u0000",
    "\\ud800",
    "\"seed\":",
    "\"sums\":{",
    "\"best\":{",
    "\"training\":null",
    "\"classes\":",
    "\"untied\":\"1-65536\"",
    "\"net\":\"Full 1000000; Output\"",
];

/// A checkpoint in pieces.
struct Seed {
    /// The JSON of hebb.
    metadata: String,
    /// The header from the first tensor on.
    tensors: String,
    /// What stands behind the header.
    data: Vec<u8>,
    bytes: Vec<u8>,
}

/// The target: the whole file.
pub struct Checkpoint {
    path: PathBuf,
    seeds: Vec<Seed>,
    /// Parameters that take what they can from a file.
    params: Vec<Param>,
}

/// A small model of each kind.
fn spec(net: &str, rule: Rule, connectivity: f32) -> ModelSpec {
    ModelSpec { net: net.to_owned(), rule, connectivity, ..ModelSpec::default() }
}

fn seed(path: &Path, spec: &ModelSpec) -> Seed {
    let model = spec.build(Shape::new(1, 4, 4), 3).expect("a model that there is");
    let metadata = Metadata {
        system: model.describe(),
        seed: 7,
        training: Some(Training { data: "tiny".to_owned(), validation: 3, batch: 4 }),
        progress: Progress {
            epoch: 2,
            step: 25,
            epoch_step: 5,
            best: Some(Best { epoch: 1, score: 2 }),
            ..Progress::start(&model)
        },
    };
    checkpoint::write(path, &Weights::draw(&model.params(), 7), &metadata)
        .expect("the temporary folder takes the file");
    let bytes = std::fs::read(path).expect("the file that was written");
    let length = bytes.first_chunk().map_or(0, |&length| u64::from_le_bytes(length) as usize);
    let (header, data) = bytes[8..].split_at(length);
    let header = String::from_utf8_lossy(header).into_owned();
    let metadata = serde_json::to_string(&metadata).expect("metadata are JSON");
    let tensors = header.split_once("\"},").map(|(_, tensors)| tensors.to_owned()).expect("metadata, then tensors");
    Seed { metadata, tensors, data: data.to_vec(), bytes: bytes.clone() }
}

impl Checkpoint {
    pub fn new(folder: &Path) -> Self {
        let path = folder.join("a.safetensors");
        let specs = [
            spec("Conv 2 3x3; Maxpool 2; Full 4; Output", Rule::URFB, 1.0),
            spec("Local 2 3x3; Full 4; Output", Rule::URFB, 0.5),
            spec("Full 2; Output", Rule::BP, 1.0),
        ];
        let seeds = specs.iter().map(|spec| seed(&path, spec)).collect();
        let params = specs[1].build(Shape::new(1, 4, 4), 3).expect("a model that there is").params();
        Self { path, seeds, params }
    }
}

/// A file of these pieces, its lengths as they should be.
fn file(metadata: &str, tensors: &str, data: &[u8]) -> Vec<u8> {
    let text = serde_json::to_string(metadata).expect("a text is JSON");
    let mut header = format!("{{\"__metadata__\":{{\"hebb\":{text}}},{tensors}").into_bytes();
    while !header.len().is_multiple_of(8) {
        header.push(b' ');
    }
    [&(header.len() as u64).to_le_bytes(), &header[..], data].concat()
}

impl Target for Checkpoint {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let seed = random.pick(&self.seeds);
        match random.below(10) {
            0 => {
                // Made up: a length that fits, then anything.
                let count = random.below(200);
                let text = mutate::text(random, "{}", &WORDS);
                [&(text.len() as u64).to_le_bytes(), text.as_bytes(), &random.bytes(count)].concat()
            }
            1 | 2 => {
                let mut input = seed.bytes.clone();
                mutate::bytes(random, &mut input, &[]);
                input
            }
            3 | 4 => file(&seed.metadata, &mutate::text(random, &seed.tensors, &WORDS), &seed.data),
            5 => {
                let mut data = seed.data.clone();
                mutate::bytes(random, &mut data, &[]);
                file(&seed.metadata, &seed.tensors, &data)
            }
            _ => file(&mutate::text(random, &seed.metadata, &WORDS), &seed.tensors, &seed.data),
        }
    }

    fn read(&self, input: &[u8]) -> bool {
        write(&self.path, input);
        let Ok(file) = TensorFile::read(&self.path) else { return false };
        for entry in file.entries() {
            if let Ok(values) = file.floats(&entry.name, &entry.dims) {
                assert_eq!(values.len(), entry.dims.iter().product::<usize>());
            }
            file.mask(&entry.name, &entry.dims).ok();
            file.finite(&entry.name, &entry.dims).ok();
        }
        // As --init takes it, whatever its metadata say, and as eval does.
        adopt(&self.params, 1, &file, &[]).ok();
        let Ok(metadata) = file.metadata() else { return false };
        let Ok(model) = Model::from_description(&metadata.system) else { return false };
        stored(&model.params(), &file).is_ok()
    }
}
