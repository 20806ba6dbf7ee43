//! A state outlives its step: a system of the test's own, whose learning goes by a running covariance.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use hebb_engine::checkpoint;
use hebb_engine::from_file::{Loaded, adopt, stored};
use hebb_engine::job::Job;
use hebb_engine::observe::Observer;
use hebb_engine::records::{Column, Gathered, Records};
use hebb_engine::run::{Existing, Run};
use hebb_engine::settings::{Record, RunSettings};
use hebb_engine::store::Memory;
use hebb_engine::tensor_file::TensorFile;
use hebb_engine::trainer::Ending;
use hebb_spec::Shape;
use hebb_spec::backend::Outcome;
use hebb_spec::builder::Builder;
use hebb_spec::connection::Connection;
use hebb_spec::layout::Layout;
use hebb_spec::learning::Learning;
use hebb_spec::operand::Slot;
use hebb_spec::param::{Kind, Param, Weights};
use hebb_spec::plan::{List, Plan, Role};
use hebb_spec::problem::Problem;
use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::settings::{Table, Value};
use hebb_spec::start::Start;
use hebb_spec::system::{Amount, Readings, System};

use crate::fixture::{Notes, Place, StopAt, epochs, processor, train_on};

const INPUTS: u32 = 5;
const CONNECTION: Connection = Connection::full(Shape::flat(INPUTS), 3);
const RECORDS: usize = 15;

/// y = W x; C ← ¾ C + ⟨y xᵀ⟩ / 4; W ← 0.9 W + rate · ⟨(C x) xᵀ⟩, with a rate that falls from step to step.
struct Tracker;

impl System for Tracker {
    fn plan(&self, batch: u32) -> Plan {
        let mut builder = Builder::new(batch);
        let weights = Layout::Weights(CONNECTION);
        let (fast, slow) = (builder.rate(), builder.rate());
        let x = builder.shared(Role::Input, "x", Layout::Activity { units: INPUTS, batch });
        let w = builder.shared(Role::Param, "W1", weights);
        let c = builder.shared(Role::State, "C1", weights);
        let groups = Problem::statistics_groups(&weights) * Problem::STATISTICS_LEN;
        let sums = builder.shared(Role::Readout, "sums", Layout::Flat(groups));
        for list in [List::TRAIN, List::EVALUATE] {
            builder.list(list);
            if list == List::TRAIN {
                let y = builder.forward("forward", w, x, Some(1.0), "y");
                builder.outer(
                    "covariance",
                    (y, x),
                    Learning { keep: 0.75, ..Learning::new(fast, None) },
                    &[(Slot::W, c)],
                );
                let z = builder.forward("through C", c, x, Some(0.5), "z");
                builder.outer("update", (z, x), Learning { keep: 0.9, ..Learning::new(slow, None) }, &[(Slot::W, w)]);
            }
            let problem = Problem::PairStatistics { of: weights, masked: false };
            builder.call("sums", problem, &[(Slot::A, c), (Slot::B, w), (Slot::Sums, sums)], "");
        }
        builder.finish()
    }

    fn params(&self) -> Vec<Param> {
        let param = |name: &str, kind, start| {
            let layout = Layout::Weights(CONNECTION);
            Param { name: name.to_owned(), layer: 1, layout, kind, start, mask: None }
        };
        let glorot = Start::glorot(&CONNECTION, Purpose::InitW, 1);
        vec![param("W1", Kind::Learned, glorot), param("C1", Kind::State, Start::Zero)]
    }

    fn rates(&self, step: u32, batch: u32) -> Vec<f32> {
        vec![0.25 / batch as f32, 1.0 / (1 + step) as f32 / batch as f32]
    }

    fn amounts(&self) -> Vec<(&'static str, Amount)> {
        vec![("covariance", Amount::Real(0.0))]
    }

    /// Σ C², once a batch.
    fn tally(&self, outcome: &Outcome) -> Vec<(&'static str, Amount)> {
        let sums = outcome.get("sums").unwrap();
        vec![("covariance", Amount::Real(f64::from(sums[2])))]
    }

    fn score(&self) -> Option<&'static str> {
        None
    }

    fn columns(&self) -> Vec<String> {
        ["covariance", "largest"].map(str::to_owned).to_vec()
    }

    fn row(&self, readings: &Readings<'_>) -> Vec<Option<f64>> {
        let largest = readings.weights.get("C1").unwrap().iter().fold(0.0_f32, |largest, c| largest.max(c.abs()));
        vec![readings.validation.map(|sums| sums.get("covariance")), Some(f64::from(largest))]
    }

    fn describe(&self) -> Table {
        Table(vec![("system".to_owned(), Value::Text("tracker".to_owned()))])
    }
}

/// Points of activity; the last three for validation.
struct Points;

impl Records for Points {
    fn count(&self) -> usize {
        RECORDS
    }

    fn gather(&self, _epoch: u32, indices: &[u32], into: &mut Gathered) {
        let stream = Stream::new(3, Purpose::Test, 0, 0);
        let place = |&record: &u32| (0..INPUTS).map(move |unit| u64::from(record * INPUTS + unit));
        let values = indices.iter().flat_map(place).map(|at| 2.0 * stream.unit(at) - 1.0).collect();
        into.0 = vec![("x", Column::Floats(values))];
    }
}

/// Four batches of three an epoch.
fn job() -> Job<'static> {
    let run = RunSettings { validation: Some(3), batch: 3, ..epochs(3).run };
    Job::new(&Tracker, Table::default(), run, ("points", RECORDS)).unwrap()
}

fn record() -> Record {
    Record::new(Shape::flat(INPUTS), 0, "test".to_owned(), Vec::new())
}

fn go_on(mut run: Run, stop: &AtomicBool, observer: &mut dyn Observer) -> Ending {
    train_on(&Points, &job(), &mut run, &mut *processor(&Tracker, 3), stop, &mut [observer]).unwrap()
}

fn start(place: &Place, stop: &AtomicBool, observer: &mut dyn Observer) -> Ending {
    let weights = job().start().unwrap().weights;
    go_on(Run::create(&place.path, false, &job(), &record(), weights).unwrap(), stop, observer)
}

fn resume(place: &Place) -> Ending {
    let run = Existing::open(&place.path).unwrap().resume(&job(), &record()).unwrap();
    go_on(run, &AtomicBool::new(false), &mut ())
}

fn whole() -> Place {
    let place = Place::new();
    assert_eq!(start(&place, &AtomicBool::new(false), &mut ()), Ending::Finished);
    place
}

fn stopped(step: u32) -> Place {
    let place = Place::new();
    let stop = AtomicBool::new(false);
    assert_eq!(start(&place, &stop, &mut StopAt::step(step, &stop)), Ending::Interrupted);
    place
}

fn read(path: &Path) -> Weights {
    stored(&Tracker.params(), &TensorFile::read(path).unwrap()).unwrap().weights
}

#[test]
fn a_state_has_its_name_in_the_checkpoint() {
    let place = whole();
    let file = TensorFile::read(&place.file("last.safetensors")).unwrap();
    let entries: Vec<_> = file.entries().into_iter().map(|entry| (entry.name, entry.dtype, entry.dims)).collect();
    let entry = |name: &str| (name.to_owned(), "F32".to_owned(), vec![3, 5]);
    assert_eq!(entries, [entry("C1"), entry("W1")]);
    let weights = read(&place.file("last.safetensors"));
    assert!(weights.get("C1").unwrap().iter().all(|c| *c != 0.0));
    let plan = Tracker.plan(3);
    assert_eq!(plan.tensor(plan.find("C1").unwrap()).role, Role::State);

    let text = fs::read_to_string(place.file("metrics.csv")).unwrap();
    let last: Vec<&str> = text.lines().last().unwrap().split(',').collect();
    let largest = weights.get("C1").unwrap().iter().fold(0.0_f32, |largest, c| largest.max(c.abs()));
    assert_eq!(
        (text.lines().next(), last[3]),
        (Some("epoch,seconds,covariance,largest,step"), &*format!("{:?}", f64::from(largest)))
    );
    let sum: f64 = weights.get("C1").unwrap().iter().map(|&c| f64::from(c).powi(2)).sum();
    assert!((last[2].parse::<f64>().unwrap() - sum).abs() < 1e-6 * sum, "the validation sees it");
    assert!(!place.file("best.safetensors").exists(), "no epoch is better");
}

#[test]
fn a_state_resumes_to_the_same_bytes() {
    let whole = whole();
    assert_eq!(self::whole().bytes(), whole.bytes(), "it repeats");
    for step in 1..12 {
        let place = stopped(step);
        assert_eq!(resume(&place), Ending::Finished);
        assert_eq!(place.bytes(), whole.bytes(), "stopped after step {step}");
    }
}

#[test]
fn a_run_that_loses_its_state_is_another() {
    let whole = whole();
    for step in [2, 4, 7] {
        let place = stopped(step);
        let path = place.file("last.safetensors");
        let (mut weights, metadata) = (read(&path), TensorFile::read(&path).unwrap().metadata().unwrap());
        weights.get_mut("C1").unwrap().fill(0.0);
        checkpoint::write(&path, &weights, &metadata).unwrap();
        resume(&place);
        assert_ne!(place.bytes()["last.safetensors"], whole.bytes()["last.safetensors"]);
        let w = |place: &Place| read(&place.file("last.safetensors")).get("W1").unwrap().to_vec();
        assert_ne!(w(&place), w(&whole), "what is learned goes by the state");
        // Without the tensor there is no resume.
        let place = stopped(step);
        let path = place.file("last.safetensors");
        weights.0.retain(|weight| weight.name != "C1");
        checkpoint::write(&path, &weights, &metadata).unwrap();
        let error = Existing::open(&place.path).unwrap().resume(&job(), &record()).unwrap_err().to_string();
        assert!(error.ends_with("last.safetensors has no tensor C1 of 3x5: it is of another network"), "{error}");
    }
}

#[test]
fn a_start_from_a_file_may_bring_a_state_or_none() {
    let place = whole();
    let path = place.file("last.safetensors");
    let trained = read(&path);
    let Loaded { weights, messages } = adopt(&Tracker.params(), 1, &TensorFile::read(&path).unwrap(), &[]).unwrap();
    assert_eq!((weights, messages), (trained.clone(), Vec::new()));
    let metadata = TensorFile::read(&path).unwrap().metadata().unwrap();
    let without = Weights(trained.0.iter().filter(|weight| weight.name != "C1").cloned().collect());
    checkpoint::write(&path, &without, &metadata).unwrap();
    let Loaded { weights, messages } = adopt(&Tracker.params(), 1, &TensorFile::read(&path).unwrap(), &[]).unwrap();
    assert_eq!((weights.get("W1"), messages), (trained.get("W1"), Vec::new()));
    assert_eq!(weights.get("C1"), Some(&[0.0; 15][..]), "nothing is said of what starts as 0");
}

#[test]
fn memory_and_observers_see_a_state() {
    let whole = whole();
    let job = job();
    let mut memory = Memory::new(&job, job.start().unwrap().weights);
    let mut notes = Notes::default();
    let (stop, mut backend) = (AtomicBool::new(false), processor(&Tracker, 3));
    train_on(&Points, &job, &mut memory, &mut *backend, &stop, &mut [&mut notes]).unwrap();
    assert_eq!(memory.last, read(&whole.file("last.safetensors")));
    assert_eq!((notes.weights.last(), notes.rows), (Some(&memory.last), memory.rows));
    assert_eq!(memory.best, None);
}
