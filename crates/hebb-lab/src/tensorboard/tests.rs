use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use hebb_cpu::Cpu;
use hebb_engine::job::Job;
use hebb_engine::run::{Existing, Run};
use hebb_engine::settings::{Length, Record, RunSettings};
use hebb_engine::trainer::{Ending, Trainer};
use hebb_spec::Shape;
use hebb_spec::backend::Options;
use hebb_systems::layered::ModelSpec;

use super::message::{Field, fields};
use super::*;

const SHAPE: Shape = Shape::new(3, 4, 4);
/// Five batches of four to learn from, and six images for validation.
const RECORDS: usize = 26;

fn images() -> Split {
    let bytes = (0..RECORDS * SHAPE.units() as usize).map(|at| (at * 37 % 251) as u8).collect();
    Split::new(SHAPE, bytes, (0..RECORDS).map(|at| (at % 3) as u16).collect()).unwrap()
}

fn model() -> Model {
    let net = "Conv 2 3x3; Maxpool 2; Full 5; Output".to_owned();
    ModelSpec { net, connectivity: 0.5, ..ModelSpec::default() }.build(SHAPE, 3).unwrap()
}

/// Sets a flag when an epoch has ended.
struct StopAfter<'a>(u32, &'a AtomicBool);

impl Observer for StopAfter<'_> {
    fn epoch(&mut self, row: &Row, _weights: &Weights) {
        self.1.store(row.epoch == self.0, Ordering::Relaxed);
    }
}

/// Trains into a folder, or goes on there; the run's rows, and what a resume tells.
fn train(run: &Path, length: Length, stop: u32) -> (Vec<Row>, Option<String>) {
    let (model, images, cpu, flag) = (model(), images(), Cpu::open(Some(1)).unwrap(), AtomicBool::new(false));
    let settings = RunSettings { validation: Some(6), length, batch: 4, ..RunSettings::default() };
    let job = Job::new(&model, model.describe(), settings, ("images", RECORDS)).unwrap();
    let mut backend = cpu.prepare(model.plan(4), &Options::default()).unwrap();
    let record = Record::new(SHAPE, 3, cpu.name(), Vec::new());
    let deltas = Deltas::new(&cpu, &model, &images, 20..26).unwrap();
    let (mut store, (mut board, message)) = if run.join("run.toml").exists() {
        let store = Existing::open(run).unwrap().resume(&job, &record).unwrap();
        let board = Board::resume(run, &model, job.epoch_steps, deltas, store.rows()).unwrap();
        (store, board)
    } else {
        let start = job.start().unwrap().weights;
        let store = Run::create(run, false, &job, &record, start.clone()).unwrap();
        (store, (Board::begin(run, &model, job.epoch_steps, deltas, &start).unwrap(), None))
    };
    let (mut stopper, backend) = (StopAfter(stop, &flag), &mut *backend);
    let observers: &mut [&mut dyn Observer] = &mut [&mut board, &mut stopper];
    let ending = Trainer { job: &job, records: &images, backend, store: &mut store, stop: &flag, observers }.train();
    assert_eq!(ending.unwrap() == Ending::Interrupted, stop > 0);
    board.finish().unwrap();
    (store.rows().to_vec(), message)
}

/// A step, and the tag and the bytes of each of its values.
type Told = (u64, Vec<(String, Vec<u8>)>);

/// The events behind the first record. No times.
fn events(run: &Path) -> Vec<Told> {
    let file = fs::read(Board::path(run)).unwrap();
    let (mut reader, mut rest, mut found, mut before) = (&file[..], file.len() as u64, Vec::new(), 0.0);
    while let Some((bytes, taken)) = record::next(&mut reader, rest).unwrap() {
        rest -= taken;
        let of = |bytes: &[u8], wanted: u64| -> Vec<Vec<u8>> {
            let is_it = |(number, field): &(u64, Field<'_>)| match field {
                Field::Bytes(bytes) if *number == wanted => Some(bytes.to_vec()),
                _ => None,
            };
            fields(bytes).unwrap().iter().filter_map(is_it).collect()
        };
        let values = of(&bytes, 5).concat();
        let tag = |value: &Vec<u8>| String::from_utf8(of(value, 1).concat()).unwrap();
        let shown = of(&values, 1).into_iter().map(|value| (tag(&value), value)).collect();
        let (step, time) = event::place(&bytes).unwrap();
        assert!(time >= before, "times rise");
        before = time;
        found.push((step, shown));
    }
    assert_eq!(rest, 0);
    found.remove(0);
    found
}

fn steps(run: &Path) -> Vec<u64> {
    events(run).iter().map(|(step, _)| *step).collect()
}

#[test]
fn every_column_that_has_a_value_and_every_tensor_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, _) = train(folder.path(), Length::Epochs(2), 0);
    let events = events(folder.path());
    assert_eq!(events.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [0, 5, 10]);
    let tags = |at: usize| events[at].1.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>();
    let of_weights = ["filters/1", "W/1", "W/2", "W/3", "R/2", "R/3", "delta/1", "delta/2", "delta/3"];
    let mut at_start = tags(0);
    let mut wanted = of_weights.to_vec();
    at_start.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(at_start, wanted);
    for (row, at) in rows.iter().zip(1..) {
        let tags = tags(at);
        let columns = row.values.iter().filter(|(_, value)| value.is_some());
        assert_eq!(tags.len(), of_weights.len() + columns.count());
        assert!(
            ["train/loss", "validation/error", "corr/2", "norm_ratio/3"].iter().all(|tag| tags.contains(tag)),
            "{tags:?}"
        );
    }
}

#[test]
fn a_run_that_was_stopped_goes_on_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    train(&whole, Length::Epochs(3), 0);
    train(&stopped, Length::Epochs(3), 2);
    assert_eq!(steps(&stopped), [0, 5, 10]);
    assert_eq!(train(&stopped, Length::Epochs(3), 0).1, None);
    assert_eq!(events(&stopped), events(&whole));
}

#[test]
fn steps_that_ended_within_an_epoch_stay_told_and_none_comes_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, other) = (folder.path().join("whole"), folder.path().join("other"));
    train(&whole, Length::Steps(12), 0);
    train(&other, Length::Steps(7), 0);
    let first = events(&other);
    assert_eq!(steps(&other), [0, 5, 7]);
    // A resume gives the row of step 7 again.
    train(&other, Length::Steps(7), 0);
    assert_eq!(events(&other), first);
    train(&other, Length::Steps(12), 0);
    assert_eq!(steps(&other), [0, 5, 7, 10, 12]);
    let mut all = events(&other);
    all.remove(2);
    assert_eq!(all, events(&whole));
}

#[test]
fn what_is_lost_comes_back_from_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path(), Length::Epochs(2), 0);
    let whole = events(folder.path());
    let path = Board::path(folder.path());
    let bytes = fs::read(&path).unwrap();
    // Killed while the last event was written.
    fs::write(&path, &bytes[..bytes.len() - 7]).unwrap();
    let (_, message) = train(folder.path(), Length::Epochs(2), 0);
    assert!(message.unwrap().ends_with("were no whole events, and are cut off"));
    let again = events(folder.path());
    assert_eq!(again[..2], whole[..2]);
    let is_scalar =
        |(tag, _): &&(String, Vec<u8>)| !["filters", "W", "R", "delta"].contains(&tag.split('/').next().unwrap());
    assert_eq!(again[2].1, whole[2].1.iter().filter(is_scalar).cloned().collect::<Vec<_>>());
    // A run that began without it.
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    train(folder.path(), Length::Epochs(3), 0);
    assert_eq!(steps(folder.path()), [5, 10, 15]);
    assert!(events(folder.path())[2].1.iter().any(|(tag, _)| tag == "delta/2"));
}

#[test]
fn a_histogram_counts_the_weights_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path(), Length::Epochs(1), 0);
    let model = model();
    let weights = Weights::draw(&model.params(), RunSettings::default().seed);
    let params = model.params();
    for name in ["W1", "W2", "R2"] {
        let param = params.iter().find(|param| param.name == name).unwrap();
        let mask = weights.get(param.mask.as_ref().unwrap()).unwrap();
        let values = weights.get(name).unwrap();
        let there = there(param, &weights, values.len());
        assert_eq!(there.iter().filter(|there| **there).count(), mask.iter().filter(|mask| **mask != 0.0).count());
    }
}

#[test]
fn what_cannot_be_written_does_not_end_a_training_and_is_told_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let (model, images, cpu) = (model(), images(), Cpu::open(Some(1)).unwrap());
    let weights = Weights::draw(&model.params(), 1);
    let deltas = Deltas::new(&cpu, &model, &images, 0..4).unwrap();
    let mut board = Board::begin(folder.path(), &model, 5, deltas, &weights).unwrap();
    // Weights that are not the network's stand in for a disk that fails.
    let row = Row { epoch: 1, seconds: 0.5, values: Vec::new(), step: Some(5) };
    board.epoch(&row, &Weights::default());
    board.epoch(&Row { epoch: 2, ..row }, &weights);
    assert_eq!(steps(folder.path()), [0]);
    assert!(board.finish().is_err());
}
