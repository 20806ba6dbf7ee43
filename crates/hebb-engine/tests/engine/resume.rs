//! Whenever a run is stopped or killed, its resume ends with the bytes of a run that never was.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use hebb_engine::Row;
use hebb_engine::observe::Observer;
use hebb_engine::settings::Length;
use hebb_engine::tensor_file::TensorFile;
use hebb_engine::trainer::Ending;
use hebb_spec::param::Weights;

use crate::fixture::{
    EPOCH_STEPS, Notes, Place, StopAt, copy, create, epochs, resume, resume_with, settings, start, start_with,
};

const EPOCHS: u32 = 6;

fn never_stopped(length: Length) -> Place {
    let place = Place::new();
    assert_eq!(start(&place, &settings(length)).unwrap(), Ending::Finished);
    place
}

#[test]
fn two_runs_write_the_same_bytes() {
    let (one, other) = (never_stopped(Length::Epochs(EPOCHS)), never_stopped(Length::Epochs(EPOCHS)));
    assert_eq!(one.bytes(), other.bytes());
    let names: Vec<_> = one.bytes().into_keys().collect();
    assert_eq!(names, ["best.safetensors", "last.safetensors", "metrics.csv"]);
    let last = TensorFile::read(&one.file("last.safetensors")).unwrap().metadata().unwrap().progress;
    assert_eq!((last.epoch, last.step, last.epoch_step), (EPOCHS, EPOCHS * EPOCH_STEPS, 0));
}

#[test]
fn a_stop_at_any_step_leaves_no_trace() {
    let whole = never_stopped(Length::Epochs(3)).bytes();
    for step in 1..3 * EPOCH_STEPS {
        let place = Place::new();
        let stop = AtomicBool::new(false);
        let ending = start_with(&place, &epochs(3), &stop, &mut StopAt::step(step, &stop)).unwrap();
        assert_eq!(ending, Ending::Interrupted, "step {step}");
        let rows = fs::read_to_string(place.file("metrics.csv")).unwrap_or_default().lines().count();
        let done = TensorFile::read(&place.file("last.safetensors")).unwrap().metadata().unwrap().progress;
        assert_eq!(done.step, step);
        assert_eq!(rows.saturating_sub(1), done.epoch as usize, "a stop adds no row");
        assert_eq!(resume(&place, None).unwrap(), Ending::Finished);
        assert_eq!(place.bytes(), whole, "step {step}");
    }
}

#[test]
fn a_stop_at_every_step_and_in_every_validation_leaves_no_trace() {
    let whole = never_stopped(Length::Epochs(2)).bytes();
    let place = Place::new();
    let stop = AtomicBool::new(true);
    let mut ending = start_with(&place, &epochs(2), &stop, &mut ()).unwrap();
    assert_eq!(ending, Ending::Interrupted, "before the first step");
    for step in 1..=2 * EPOCH_STEPS {
        for in_validation in [false, true] {
            let stop = AtomicBool::new(false);
            let mut observer = StopAt { step, in_validation, stop: &stop, reached: in_validation };
            if !in_validation || step % EPOCH_STEPS == 0 {
                ending = resume_with(&place, None, &stop, &mut observer).unwrap();
            }
        }
    }
    assert_eq!(ending, Ending::Interrupted);
    assert_eq!(resume(&place, None).unwrap(), Ending::Finished);
    assert_eq!(place.bytes(), whole);
}

#[test]
fn more_steps_later_are_as_if_they_had_been_asked_for_at_once() {
    for (first, second) in [(1, 2), (3, 4), (5, 7), (4, 9), (6, 8), (9, 11), (10, 20)] {
        let place = never_stopped(Length::Steps(first));
        assert_eq!(resume(&place, Some(Length::Steps(second))).unwrap(), Ending::Finished);
        assert_eq!(place.bytes(), never_stopped(Length::Steps(second)).bytes(), "{first}, then {second}");
    }
    let place = never_stopped(Length::Epochs(2));
    resume(&place, Some(Length::Steps(11))).unwrap();
    resume(&place, Some(Length::Epochs(EPOCHS))).unwrap();
    assert_eq!(place.bytes(), never_stopped(Length::Epochs(EPOCHS)).bytes());
    assert!(fs::read_to_string(place.file("run.toml")).unwrap().contains("epochs = 6\n"), "the new end is noted");
}

#[test]
fn resuming_what_is_finished_changes_nothing() {
    for length in [Length::Epochs(2), Length::Steps(7)] {
        let place = never_stopped(length);
        let before = place.bytes();
        assert_eq!(resume(&place, None).unwrap(), Ending::Finished);
        assert_eq!(place.bytes(), before, "{length:?}");
    }
}

#[test]
fn the_end_of_steps_has_a_row_until_the_run_goes_on() {
    let place = never_stopped(Length::Steps(6));
    let rows = |place: &Place| fs::read_to_string(place.file("metrics.csv")).unwrap().lines().count() - 1;
    assert_eq!(rows(&place), 2, "one epoch and a half");
    let stop = AtomicBool::new(false);
    let observer = &mut StopAt::step(7, &stop);
    let ending = resume_with(&place, Some(Length::Steps(9)), &stop, observer).unwrap();
    assert_eq!(ending, Ending::Interrupted);
    assert_eq!(rows(&place), 1);
}

/// Copies the run after each row.
struct Snapshots<'a> {
    from: &'a Path,
    to: Vec<Place>,
}

impl Observer for Snapshots<'_> {
    fn epoch(&mut self, _row: &Row, _weights: &Weights) {
        let place = Place::new();
        copy(self.from, &place.path);
        self.to.push(place);
    }
}

#[test]
fn a_kill_between_any_two_writes_leaves_no_trace() {
    let whole = Place::new();
    let mut snapshots = Snapshots { from: &whole.path, to: Vec::new() };
    start_with(&whole, &epochs(EPOCHS), &AtomicBool::new(false), &mut snapshots).unwrap();
    let (wanted, snapshots) = (whole.bytes(), snapshots.to);
    let mut new_bests = 0;
    for (number, pair) in snapshots.windows(2).enumerate() {
        let (before, after) = (&pair[0], &pair[1]);
        let read = |place: &Place| fs::read(place.file("best.safetensors")).unwrap();
        let is_best = read(before) != read(after);
        new_bests += usize::from(is_best);
        // What the end of the second epoch writes, in order; a kill may come after any number of these.
        let mut writes: Vec<(&Place, &str, &str)> = Vec::new();
        if is_best {
            writes.push((before, "best.safetensors", ".former-best.safetensors"));
            writes.push((after, "best.safetensors", "best.safetensors"));
        }
        writes.push((after, "metrics.csv", "metrics.csv"));
        writes.push((after, "last.safetensors", "last.safetensors"));
        for count in 0..=writes.len() {
            let killed = || {
                let place = Place::new();
                copy(&before.path, &place.path);
                for (from, name, to) in &writes[..count] {
                    fs::copy(from.file(name), place.file(to)).unwrap();
                }
                fs::write(place.file(".last.safetensors.99.tmp"), "half").unwrap();
                place
            };
            let place = killed();
            assert_eq!(resume(&place, None).unwrap(), Ending::Finished);
            assert_eq!(place.bytes(), wanted, "epoch {}, {count} writes", number + 2);
            assert!(!place.file(".last.safetensors.99.tmp").exists());
            // The run may also be told to end where it was killed.
            let place = killed();
            let (end, epochs) = if count == writes.len() { (after, number + 2) } else { (before, number + 1) };
            resume(&place, Some(Length::Epochs(epochs as u32))).unwrap();
            assert_eq!(place.bytes(), end.bytes(), "epoch {}, {count} writes, then the end", number + 2);
        }
    }
    assert!(new_bests > 0 && new_bests < snapshots.len() - 1, "both kinds of epoch occur: {new_bests}");
}

#[test]
fn a_kill_before_the_first_checkpoint_leaves_no_trace() {
    let whole = never_stopped(Length::Epochs(1));
    let model = epochs(1).model();
    let place = Place::new();
    drop(create(&place, &epochs(1).job(&model)));
    assert!(!place.file("last.safetensors").exists());
    // Its best and its metrics were written, the last checkpoint was not.
    for name in ["best.safetensors", "metrics.csv"] {
        fs::copy(whole.file(name), place.file(name)).unwrap();
    }
    assert_eq!(resume(&place, None).unwrap(), Ending::Finished);
    assert_eq!(place.bytes(), whole.bytes());
}

#[test]
fn a_lost_best_checkpoint_is_told_and_no_obstacle() {
    let place = never_stopped(Length::Epochs(2));
    fs::remove_file(place.file("best.safetensors")).unwrap();
    let mut notes = Notes::default();
    let length = Some(Length::Epochs(3));
    assert_eq!(resume_with(&place, length, &AtomicBool::new(false), &mut notes).unwrap(), Ending::Finished);
    assert!(notes.messages[0].contains("best.safetensors of epoch"), "{:?}", notes.messages);
}
