//! A run that is kept in memory is the run that is kept in a folder.

use std::sync::atomic::AtomicBool;

use hebb_engine::Row;
use hebb_engine::from_file::stored;
use hebb_engine::run::Run;
use hebb_engine::settings::Length;
use hebb_engine::store::{Memory, Store};
use hebb_engine::tensor_file::TensorFile;
use hebb_engine::trainer::Ending;
use hebb_spec::param::Weights;
use hebb_spec::system::System;

use crate::fixture::{
    EPOCH_STEPS, Place, Settings, StopAt, create, epochs, kinds, processor, resume, settings, start, train,
};

/// Trains a run, on from where it stands.
fn go_on(store: &mut dyn Store, settings: &Settings, stop_at: Option<u32>) -> Ending {
    let model = settings.model();
    let job = settings.job(&model);
    let stop = AtomicBool::new(false);
    let mut observer = StopAt::step(stop_at.unwrap_or(u32::MAX), &stop);
    train(&job, store, &mut *processor(&model, job.settings.batch), &stop, &mut [&mut observer]).unwrap()
}

fn in_memory(settings: &Settings) -> Memory {
    let model = settings.model();
    Memory::new(&settings.job(&model), settings.drawn())
}

fn in_folder(place: &Place, settings: &Settings) -> Run {
    let model = settings.model();
    create(place, &settings.job(&model))
}

/// Weights of one of the folder's checkpoints; none where there is no such file.
fn weights(place: &Place, name: &str, settings: &Settings) -> Option<Weights> {
    let path = place.file(name);
    let read = || stored(&settings.model().params(), &TensorFile::read(&path).unwrap()).unwrap().weights;
    path.exists().then(read)
}

/// The rows of the folder's metrics.csv, as a run that goes on reads them.
fn rows(place: &Place) -> Vec<String> {
    crate::fixture::without_seconds(&place.file("metrics.csv")).lines().skip(1).map(str::to_owned).collect()
}

fn lines(rows: &[Row]) -> Vec<String> {
    let field = |value: &Option<f64>| value.map_or_else(String::new, |value| format!("{value:?}"));
    let values = |row: &Row| row.values.iter().map(|(_, value)| field(value)).collect::<Vec<_>>().join(",");
    rows.iter().map(|row| format!("{},{},{}", row.epoch, values(row), row.step.unwrap())).collect()
}

/// The two hold the same.
fn compare(memory: &Memory, place: &Place, settings: &Settings, what: &str) {
    let file = TensorFile::read(&place.file("last.safetensors")).unwrap();
    assert_eq!(memory.progress, file.metadata().unwrap().progress, "{what}");
    assert_eq!(Some(&memory.last), weights(place, "last.safetensors", settings).as_ref(), "{what}");
    assert_eq!(memory.best, weights(place, "best.safetensors", settings), "{what}");
    assert_eq!(lines(&memory.rows), rows(place), "{what}");
}

#[test]
fn memory_and_a_folder_hold_the_same() {
    for (kind, settings) in kinds() {
        let place = Place::new();
        let mut run = in_folder(&place, &settings);
        assert_eq!(go_on(&mut run, &settings, None), Ending::Finished);
        let mut memory = in_memory(&settings);
        assert_eq!(go_on(&mut memory, &settings, None), Ending::Finished);
        compare(&memory, &place, &settings, kind);
        assert_eq!(memory.progress, *run.progress());
        assert_eq!(lines(&memory.rows), lines(run.rows()));
    }
    let settings = epochs(2).with(|settings| settings.run.validation = Some(0));
    let (place, mut memory) = (Place::new(), in_memory(&settings));
    start(&place, &settings).unwrap();
    go_on(&mut memory, &settings, None);
    compare(&memory, &place, &settings, "without validation");
    assert_eq!((memory.best, memory.progress.best), (None, None));
}

#[test]
fn a_stop_at_any_step_leaves_no_trace_in_memory() {
    let mut whole = in_memory(&epochs(3));
    go_on(&mut whole, &epochs(3), None);
    for step in 1..3 * EPOCH_STEPS {
        let mut memory = in_memory(&epochs(3));
        assert_eq!(go_on(&mut memory, &epochs(3), Some(step)), Ending::Interrupted);
        assert_eq!((memory.progress.step, memory.rows.len()), (step, memory.progress.epoch as usize));
        assert_eq!(go_on(&mut memory, &epochs(3), None), Ending::Finished);
        let timeless = |memory: &Memory| {
            let mut memory = memory.clone();
            memory.rows.iter_mut().for_each(|row| row.seconds = 0.0);
            memory
        };
        assert_eq!(timeless(&memory), timeless(&whole), "step {step}");
        // What is finished stays as it is.
        assert_eq!(go_on(&mut memory, &epochs(3), None), Ending::Finished);
        assert_eq!(timeless(&memory), timeless(&whole));
    }
}

#[test]
fn more_steps_take_back_what_a_part_of_an_epoch_left() {
    let mut new_bests = 0;
    for seed in 1..=4 {
        for (first, second) in [(3, 4), (6, 8), (5, 7), (6, 12)] {
            let steps = |count| settings(Length::Steps(count)).with(|settings| settings.run.seed = seed);
            let (place, mut memory) = (Place::new(), in_memory(&steps(first)));
            start(&place, &steps(first)).unwrap();
            go_on(&mut memory, &steps(first), None);
            compare(&memory, &place, &steps(first), &format!("seed {seed}, {first} steps"));
            new_bests += usize::from(place.file(".former-best.safetensors").exists());
            resume(&place, Some(Length::Steps(second))).unwrap();
            go_on(&mut memory, &steps(second), None);
            compare(&memory, &place, &steps(second), &format!("seed {seed}, {first}, then {second} steps"));
        }
    }
    assert!(new_bests > 0, "no part of an epoch was the best so far, so nothing is tested");
}

#[test]
fn a_stop_takes_back_the_row_of_a_part_of_an_epoch_too() {
    let (place, mut memory) = (Place::new(), in_memory(&settings(Length::Steps(6))));
    start(&place, &settings(Length::Steps(6))).unwrap();
    go_on(&mut memory, &settings(Length::Steps(6)), None);
    assert_eq!(memory.rows.len(), 2);
    let nine = settings(Length::Steps(9));
    let stop = AtomicBool::new(false);
    crate::fixture::resume_with(&place, Some(Length::Steps(9)), &stop, &mut StopAt::step(7, &stop)).unwrap();
    assert_eq!(go_on(&mut memory, &nine, Some(7)), Ending::Interrupted);
    compare(&memory, &place, &nine, "stopped within the epoch");
    assert_eq!(memory.rows.len(), 1);
}

#[test]
fn a_run_in_a_folder_goes_on_without_being_opened_again() {
    let (whole, part) = (Place::new(), Place::new());
    start(&whole, &epochs(3)).unwrap();
    for step in 1..3 * EPOCH_STEPS {
        let place = Place::new();
        let mut run = in_folder(&place, &epochs(3));
        assert_eq!(go_on(&mut run, &epochs(3), Some(step)), Ending::Interrupted);
        assert_eq!(go_on(&mut run, &epochs(3), None), Ending::Finished);
        assert_eq!(place.bytes(), whole.bytes(), "stopped after step {step}");
        assert_eq!(go_on(&mut run, &epochs(3), None), Ending::Finished);
        assert_eq!(place.bytes(), whole.bytes(), "what is finished stays as it is");
    }
    let six = settings(Length::Steps(6));
    start(&part, &six).unwrap();
    let place = Place::new();
    let mut run = in_folder(&place, &six);
    for _ in 0..2 {
        go_on(&mut run, &six, None);
        assert_eq!((place.bytes(), run.rows().len()), (part.bytes(), 2), "a part of an epoch has one row");
    }
}
