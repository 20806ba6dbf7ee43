//! Who hears of a training, and what.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use hebb_engine::Row;
use hebb_engine::from_file::stored;
use hebb_engine::observe::Observer;
use hebb_engine::run::Existing;
use hebb_engine::tensor_file::TensorFile;
use hebb_spec::param::{Param, Weights};
use hebb_spec::system::System;

use crate::fixture::{
    EPOCH_STEPS, Notes, Place, VALIDATION, create, epochs, kinds, processor, record, start, start_with, train,
};

#[test]
fn several_observers_hear_the_same() {
    let model = epochs(3).model();
    let job = epochs(3).job(&model);
    let place = Place::new();
    let mut run = create(&place, &job);
    let (mut first, mut second, mut third) = (Notes::default(), Notes::default(), Notes::default());
    let observers: &mut [&mut dyn Observer] = &mut [&mut first, &mut second, &mut (), &mut third];
    train(&job, &mut run, &mut *processor(&model, 4), &AtomicBool::new(false), observers).unwrap();
    assert_eq!(first, second);
    assert_eq!(first, third);
    assert_eq!((first.reports.len(), first.rows.len(), first.weights.len()), (3 * EPOCH_STEPS as usize, 3, 3));
    assert_eq!(first.validating, [(0, VALIDATION), (4, VALIDATION)].repeat(3));
    assert_eq!(run.rows(), first.rows);

    // So they do of what is worth saying about the run, before anything else.
    drop(run);
    std::fs::remove_file(place.file("best.safetensors")).unwrap();
    let job = epochs(4).job(&model);
    let mut run = Existing::open(&place.path).unwrap().resume(&job, &record()).unwrap();
    let (mut first, mut second) = (Notes::default(), Notes::default());
    let observers: &mut [&mut dyn Observer] = &mut [&mut first, &mut second];
    train(&job, &mut run, &mut *processor(&model, 4), &AtomicBool::new(false), observers).unwrap();
    assert_eq!(first, second);
    assert_eq!(first.messages.len(), 1);
    assert!(first.messages[0].contains("is lost: it comes back with a better epoch"), "{:?}", first.messages);
}

/// At each epoch's end, what it is shown and what the run's checkpoint holds.
struct Compare {
    params: Vec<Param>,
    last: PathBuf,
    epochs: Vec<u32>,
}

impl Observer for Compare {
    fn epoch(&mut self, row: &Row, weights: &Weights) {
        let file = TensorFile::read(&self.last).unwrap();
        assert_eq!(file.metadata().unwrap().progress.epoch, row.epoch);
        assert_eq!(stored(&self.params, &file).unwrap().weights, *weights);
        self.epochs.push(row.epoch);
    }
}

#[test]
fn an_epochs_weights_are_those_of_its_checkpoint() {
    for (kind, settings) in kinds() {
        let place = Place::new();
        let params = settings.model().params();
        let mut compare = Compare { params, last: place.file("last.safetensors"), epochs: Vec::new() };
        start_with(&place, &settings, &AtomicBool::new(false), &mut compare).unwrap();
        assert_eq!(compare.epochs, [1, 2, 3], "{kind}");
    }
}

#[test]
fn listening_changes_nothing() {
    let (heard, unheard) = (Place::new(), Place::new());
    start_with(&heard, &epochs(2), &AtomicBool::new(false), &mut Notes::default()).unwrap();
    start(&unheard, &epochs(2)).unwrap();
    assert_eq!(heard.bytes(), unheard.bytes());
}
