//! Files with numbers in half precision, as PyTorch writes them.

use std::fs;
use std::path::PathBuf;

use half::{bf16, f16};
use hebb_engine::from_file::{Loaded, adopt, stored};
use hebb_engine::tensor_file::TensorFile;
use hebb_spec::param::Weights;
use hebb_spec::system::System;
use hebb_systems::layered::{Model, Rule, Untied};
use safetensors::tensor::{Dtype, TensorView};
use tempfile::TempDir;

use crate::fixture::{Place, epochs, start};
use crate::starts::write;

/// Numbers as a file holds them.
fn bytes(values: &[f32], dtype: Dtype) -> Vec<u8> {
    match dtype {
        Dtype::F16 => values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect(),
        Dtype::BF16 => values.iter().flat_map(|&value| bf16::from_f32(value).to_le_bytes()).collect(),
        Dtype::U8 => values.iter().map(|&value| value as u8).collect(),
        _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}

/// Writes a file without metadata, each tensor of the type that `dtype` tells by its name.
fn write_as(weights: &Weights, dtype: impl Fn(&str) -> Dtype) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.safetensors");
    let tensors =
        weights.0.iter().map(|weight| (&weight.name, weight.layout.dims(), dtype(&weight.name), &weight.values));
    let tensors: Vec<_> =
        tensors.map(|(name, dims, dtype, values)| (name, dims, dtype, bytes(values, dtype))).collect();
    let views = tensors
        .iter()
        .map(|(name, dims, dtype, bytes)| (name.as_str(), TensorView::new(*dtype, dims.clone(), bytes).unwrap()));
    fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    (folder, path)
}

fn bp() -> Model {
    epochs(1).rule(Rule::BP).model()
}

/// F16 in layer 1, BF16 in layer 2, F32 in layer 3.
fn mixed(name: &str) -> Dtype {
    match name.as_bytes()[1] {
        b'1' => Dtype::F16,
        b'2' => Dtype::BF16,
        _ => Dtype::F32,
    }
}

/// The numbers that [`mixed`] leaves of weights.
fn rounded(weights: &Weights) -> Weights {
    let mut rounded = weights.clone();
    for value in rounded.get_mut("W1").unwrap() {
        *value = f16::from_f32(*value).to_f32();
    }
    for value in rounded.get_mut("W2").unwrap() {
        *value = bf16::from_f32(*value).to_f32();
    }
    rounded
}

#[test]
fn each_number_of_a_half_is_read_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let read = |dtype, patterns: &[u16]| {
        let bytes: Vec<u8> = patterns.iter().flat_map(|pattern| pattern.to_le_bytes()).collect();
        let view = TensorView::new(dtype, vec![1, patterns.len()], &bytes).unwrap();
        fs::write(&path, safetensors::serialize([("W1", view)], None).unwrap()).unwrap();
        TensorFile::read(&path).unwrap().floats("W1", &[1, patterns.len()]).unwrap()
    };
    let sixteenth = 1.0 / 1024.0;
    // One, a third, the largest, the smallest normal number, the smallest, −0, −2.
    let ieee = read(Dtype::F16, &[0x3c00, 0x3555, 0x7bff, 0x0400, 0x0001, 0x8000, 0xc000]);
    let third = (1.0 + 341.0 * sixteenth) / 4.0;
    assert_eq!(ieee, [1.0, third, 65504.0, 2.0_f32.powi(-14), 2.0_f32.powi(-24), 0.0, -2.0]);
    assert!(ieee[5].is_sign_negative());
    let brain = read(Dtype::BF16, &[0x3f80, 0x3eab, 0x7f7f, 0x0080, 0x0001, 0x8000, 0xc000]);
    let wanted = [0x3f80_0000, 0x3eab_0000, 0x7f7f_0000, 0x0080_0000, 0x0001_0000, 0x8000_0000, 0xc000_0000];
    assert_eq!(brain.iter().map(|value| value.to_bits()).collect::<Vec<u32>>(), wanted);
    let special = read(Dtype::F16, &[0x7c00, 0xfc00, 0x7e00]);
    assert_eq!(special[..2], [f32::INFINITY, f32::NEG_INFINITY]);
    assert!(special[2].is_nan());
}

#[test]
fn a_file_in_half_precision_is_read_with_a_message() {
    let model = bp();
    let weights = Weights::draw(&model.params(), 9);
    let (_folder, path) = write_as(&weights, mixed);
    let file = TensorFile::read(&path).unwrap();
    assert!(file.is_half("W1") && file.is_half("W2") && !file.is_half("W3") && !file.is_half("W4"));
    let message = format!("{}: W1, W2 in half precision, read as f32", path.display());
    let wanted = Loaded { weights: rounded(&weights), messages: vec![message] };
    assert_ne!(wanted.weights, weights, "halves hold less");
    assert_eq!(stored(&model.params(), &file).unwrap(), wanted);
    assert_eq!(adopt(&model.params(), 4, &file, &[]).unwrap(), wanted);
    // What is not taken is not told of.
    let Loaded { messages, .. } = adopt(&model.params(), 4, &file, &[2, 3]).unwrap();
    assert_eq!(messages, [format!("{}: W2 in half precision, read as f32", path.display())]);
    assert_eq!(adopt(&model.params(), 4, &file, &[3]).unwrap().messages, [""; 0]);
}

#[test]
fn a_run_from_halves_is_the_run_from_their_numbers() {
    let settings = epochs(2).rule(Rule::BP);
    let weights = Weights::draw(&bp().params(), 9);
    let ((_one, halves), (_other, floats)) = (write_as(&weights, mixed), write(&rounded(&weights)));
    let (from_halves, from_floats) = (Place::new(), Place::new());
    start(&from_halves, &settings.clone().init(&halves)).unwrap();
    start(&from_floats, &settings.init(&floats)).unwrap();
    assert_eq!(from_halves.bytes(), from_floats.bytes());
    let file = TensorFile::read(&from_halves.file("last.safetensors")).unwrap();
    assert!(file.entries().iter().all(|entry| entry.dtype == "F32"), "what is written is f32");
}

#[test]
fn a_tied_filter_of_halves_goes_to_every_place() {
    let untied = epochs(1).rule(Rule::BP).untied(Untied::All).model();
    let weights = Weights::draw(&bp().params(), 9);
    let (_folder, path) = write_as(&weights, |_| Dtype::BF16);
    let read = adopt(&untied.params(), 4, &TensorFile::read(&path).unwrap(), &[]).unwrap().weights;
    let filter: Vec<f32> = weights.get("W1").unwrap().iter().map(|&value| bf16::from_f32(value).to_f32()).collect();
    assert_eq!(read.get("W1").unwrap()[5 * 27..][..27], filter);
}

#[test]
fn masks_are_bytes_and_nothing_else() {
    let model = epochs(1).rule(Rule::BP).sparse().model();
    let weights = Weights::draw(&model.params(), 9);
    for (dtype, name) in [(Dtype::F16, "F16"), (Dtype::BF16, "BF16")] {
        let is_mask = |name: &str| name.ends_with(".mask");
        let (_folder, path) = write_as(&weights, |name| if is_mask(name) { dtype } else { Dtype::F32 });
        let file = TensorFile::read(&path).unwrap();
        let wanted = format!("W1.mask in {} holds {name}, not U8", path.display());
        assert_eq!(stored(&model.params(), &file).unwrap_err().to_string(), wanted);
        assert_eq!(adopt(&model.params(), 9, &file, &[]).unwrap_err().to_string(), wanted);
    }
    // The same file with its masks as bytes is taken.
    let (_folder, path) = write_as(&weights, |name| if name.ends_with(".mask") { Dtype::U8 } else { Dtype::F32 });
    let start = stored(&model.params(), &TensorFile::read(&path).unwrap()).unwrap();
    assert_eq!(start, Loaded { weights, messages: Vec::new() });
}
