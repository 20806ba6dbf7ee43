//! Starts: drawn, or taken from a file.

use std::path::PathBuf;

use hebb_engine::checkpoint::{self, TensorFile};
use hebb_engine::init::{RStart, Start, draw, from_file};
use hebb_engine::metadata::Progress;
use hebb_engine::settings::Settings;
use hebb_engine::weights::Weights;
use hebb_spec::rule::Rule;
use tempfile::TempDir;

use crate::fixture::{Place, epochs, job, start};

/// Writes weights of the fixture's network.
fn write(weights: &Weights) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("start.safetensors");
    checkpoint::write(&path, weights, &job(epochs(1)).metadata(Progress::default())).unwrap();
    (folder, path)
}

#[test]
fn a_run_from_a_drawn_file_is_the_run_that_draws_itself() {
    for rule in [Rule::Urfb { epsilon: 1.0 }, Rule::Frfb, Rule::Bp] {
        let settings = Settings { rule, ..epochs(2) };
        let (_folder, path) =
            write(&draw(&job(settings.clone()).model.network, settings.seed, Some(RStart::Independent)));
        let (drawn, read) = (Place::new(), Place::new());
        start(&drawn, settings.clone()).unwrap();
        start(&read, Settings { init: Some(path.to_str().unwrap().to_owned()), ..settings }).unwrap();
        assert_eq!(drawn.bytes(), read.bytes(), "{rule:?}");
    }
}

#[test]
fn urfb_from_an_equal_start_is_bp() {
    let settings = epochs(2);
    let (_folder, path) = write(&draw(&job(settings.clone()).model.network, settings.seed, Some(RStart::Equal)));
    let (bp, equal) = (Place::new(), Place::new());
    start(&bp, Settings { rule: Rule::Bp, ..settings.clone() }).unwrap();
    start(&equal, Settings { init: Some(path.to_str().unwrap().to_owned()), ..settings.clone() }).unwrap();
    let network = job(settings).model.network;
    let read =
        |place: &Place| TensorFile::read(&place.file("last.safetensors")).unwrap().weights(&network, false).unwrap();
    assert_eq!(read(&bp), read(&equal));
}

#[test]
fn what_a_file_lacks_is_drawn_and_what_it_has_too_much_is_told() {
    let network = job(epochs(1)).model.network;
    let both = draw(&network, 9, Some(RStart::Independent));
    let seeded = draw(&network, 4, Some(RStart::Independent));
    let (_folder, path) = write(&draw(&network, 9, None));
    let file = TensorFile::read(&path).unwrap();
    let Start { weights, messages } = from_file(&network, true, 4, &file, &[]).unwrap();
    for ((layer, from_file), drawn) in weights.layers.iter().zip(&both.layers).zip(&seeded.layers) {
        assert_eq!((&layer.w, &layer.r), (&from_file.w, &drawn.r));
    }
    assert_eq!(messages, [format!("{} has no R2, R3: drawn from seed 4", path.display())]);

    let (_folder, path) = write(&both);
    let file = TensorFile::read(&path).unwrap();
    let Start { weights, messages } = from_file(&network, false, 4, &file, &[]).unwrap();
    assert!(weights.layers.iter().all(|layer| layer.r.is_none()));
    assert_eq!(messages, [format!("{}: ignored R2, R3, which the network does not use", path.display())]);

    let Start { weights, messages } = from_file(&network, true, 4, &file, &[1, 3]).unwrap();
    assert_eq!(weights.layers[0], both.layers[0]);
    assert_eq!(weights.layers[1], seeded.layers[1]);
    assert_eq!(weights.layers[2], both.layers[2]);
    assert_eq!(messages, [""; 0]);
}

#[test]
fn layers_that_are_not_taken_need_not_fit() {
    let settings = Settings { net: "Conv 3 3x3; Maxpool 2; Full 9; Output".to_owned(), ..epochs(1) };
    let other = job(settings.clone());
    let (_folder, path) = write(&draw(&job(epochs(1)).model.network, 9, Some(RStart::Independent)));
    let init = Some(path.to_str().unwrap().to_owned());
    let error = job(Settings { init: init.clone(), ..settings.clone() }).start().unwrap_err().to_string();
    assert_eq!(error, format!("W2 in {} is 6x12, but the network's is 9x12: it is of another network", path.display()));
    let start = job(Settings { init, init_layers: vec![1], ..settings }).start().unwrap();
    assert_eq!(start.weights.layers[1], other.start().unwrap().weights.layers[1]);
    assert_ne!(start.weights.layers[0], other.start().unwrap().weights.layers[0]);
}
