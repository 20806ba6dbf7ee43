//! Rates are inputs of a step: a system schedules them, and no plan knows them.

use std::fs;
use std::sync::atomic::AtomicBool;

use hebb_engine::job::Job;
use hebb_engine::run::Run;
use hebb_engine::weights::{download, upload};
use hebb_spec::backend::{Numbers, Outcome, Step};
use hebb_spec::param::{Param, Weights};
use hebb_spec::plan::{List, Plan};
use hebb_spec::settings::Table;
use hebb_spec::system::{Amount, Readings, System};
use hebb_systems::layered::{Model, Rule};

use crate::fixture::{
    EPOCH_STEPS, Place, RECORDS, VALIDATION, create, data, epochs, kinds, processor, record, resume, start, train,
};

#[test]
fn models_that_differ_in_eta_have_one_plan() {
    for (kind, settings) in kinds() {
        let model = settings.model();
        let other = Model { lr: 0.125, ..model.clone() };
        assert_ne!(model, other);
        assert_eq!(model.plan(4), other.plan(4), "{kind}");
        assert_eq!((model.rates(3, 4), other.rates(3, 4)), (vec![0.25], vec![0.03125]));
        assert_eq!(model.plan(4).rates, 1);
        assert_ne!(model.plan(4), model.plan(3));
    }
}

/// Trains three steps with one η each, on backends that are made anew before the steps in `anew`.
fn three_steps(rates: [f32; 3], anew: &[usize]) -> Weights {
    let settings = epochs(1).rule(Rule::kp(0.1));
    let (model, data) = (settings.model(), data());
    let mut weights = settings.drawn();
    let mut backend = processor(&model, 4);
    upload(&weights, &mut *backend).unwrap();
    for (number, lr) in rates.into_iter().enumerate() {
        if anew.contains(&number) {
            weights = download(&model.params(), &weights, &mut *backend).unwrap();
            backend = processor(&Model { lr, ..model.clone() }, 4);
            upload(&weights, &mut *backend).unwrap();
        }
        let images: Vec<u8> = (0..4).flat_map(|record| data.train.image(record).to_vec()).collect();
        let labels = Numbers::Classes(&data.train.labels()[..4]);
        let inputs = [("images", Numbers::Bytes(&images)), ("labels", labels)];
        let rates = Model { lr, ..model.clone() }.rates(0, 4);
        let step = Step { seed: 1, step: number as u32, images: 4, rates: &rates, inputs: &inputs };
        backend.submit(List::TRAIN, &step, 1).unwrap();
    }
    download(&model.params(), &weights, &mut *backend).unwrap()
}

#[test]
fn another_eta_needs_no_new_plan() {
    let weights = three_steps([1.0, 0.5, 2.0], &[]);
    assert_eq!(weights, three_steps([1.0, 0.5, 2.0], &[1, 2]));
    assert_ne!(weights, three_steps([1.0, 1.0, 1.0], &[]));
    assert_ne!(weights, three_steps([1.0, 0.5, 0.5], &[]));
}

/// A model whose η is halved after the first epoch.
struct Halved(Model);

impl System for Halved {
    fn plan(&self, batch: u32) -> Plan {
        self.0.plan(batch)
    }

    fn params(&self) -> Vec<Param> {
        self.0.params()
    }

    fn rates(&self, step: u32, batch: u32) -> Vec<f32> {
        let scale = if step < EPOCH_STEPS { 1.0 } else { 0.5 };
        self.0.rates(step, batch).iter().map(|rate| scale * rate).collect()
    }

    fn amounts(&self) -> Vec<(&'static str, Amount)> {
        self.0.amounts()
    }

    fn tally(&self, outcome: &Outcome) -> Vec<(&'static str, Amount)> {
        self.0.tally(outcome)
    }

    fn score(&self) -> Option<&'static str> {
        self.0.score()
    }

    fn columns(&self) -> Vec<String> {
        self.0.columns()
    }

    fn row(&self, readings: &Readings<'_>) -> Vec<Option<f64>> {
        self.0.row(readings)
    }

    fn describe(&self) -> Table {
        self.0.describe()
    }
}

#[test]
fn a_schedule_goes_by_the_runs_steps() {
    let (scheduled, by_hand, constant) = (Place::new(), Place::new(), Place::new());
    let settings = epochs(3);
    let system = Halved(settings.model());
    let job = Job::new(&system, settings.spec.table(), settings.run.clone(), ("rows", RECORDS + VALIDATION)).unwrap();
    let weights = job.start().unwrap().weights;
    let mut run = Run::create(&scheduled.path, false, &job, &record(), weights).unwrap();
    train(&job, &mut run, &mut *processor(&system, 4), &AtomicBool::new(false), &mut []).unwrap();
    // A run whose run.toml says η / 2 from the second epoch on.
    start(&by_hand, &epochs(1)).unwrap();
    let text = fs::read_to_string(by_hand.file("run.toml")).unwrap();
    // As version 0.1 left it: a later one knows the settings that it began with.
    let bare: Vec<&str> = text.lines().filter(|line| !line.starts_with("settings-sha256")).collect();
    fs::write(by_hand.file("run.toml"), bare.join("\n").replace("lr = 1.0\n", "lr = 0.5\n")).unwrap();
    resume(&by_hand, Some(settings.run.length)).unwrap();
    assert_eq!(scheduled.bytes(), by_hand.bytes());
    drop(create(&constant, &settings.job(&settings.model())));
    resume(&constant, None).unwrap();
    assert_ne!(scheduled.bytes(), constant.bytes());
}
