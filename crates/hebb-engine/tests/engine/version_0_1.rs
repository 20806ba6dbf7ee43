//! Files of version 0.1: checkpoints and run folders are read, and runs go on to the bytes that it would have written.
//!
//! `version-0.1` was written by hebb 0.1.0 on its twins, from `digits/`, which held the images of [`images`] as idx files:
//!
//! ```text
//! hebb train --out kp --net "Maxpool 7, stride 7; Conv 2 3x3; Maxpool 2; Drop .3; Full 4; Output" --rule kp
//!     --decay 0.01 --untied 1 --connectivity 0.5 --track-r1 --data mnist:digits --validation 5 --batch 5 --lr 0.7
//!     --slope 1.5 --seed 6 --device reference --steps 6
//! cp -r kp kp-resumed; hebb train --out kp-resumed --resume --epochs 4
//! hebb init --net "Maxpool 7, stride 7; Conv 2 3x3; Output" --data mnist:digits --seed 9 --out start.safetensors
//! hebb train --out urfb --net "Maxpool 7, stride 7; Conv 2 3x3; Output" --untied all --untied-start independent
//!     --rule urfb --epsilon 0.25 --loss softmax --preset paper --statistics full --freeze 2 --init start.safetensors
//!     --init-layers 1 --no-shuffle --data mnist:digits --validation 0 --batch 10 --epochs 1
//!     --seed 18446744073709551615 --device reference
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use hebb_data::Split;
use hebb_engine::from_file::{Loaded, adopt, stored};
use hebb_engine::job::Job;
use hebb_engine::metadata::{Best, Metadata, Progress, Training};
use hebb_engine::run::{Existing, Run};
use hebb_engine::settings::{Length, Record, RunSettings, read_settings};
use hebb_engine::tensor_file::TensorFile;
use hebb_engine::trainer::Ending;
use hebb_spec::Shape;
use hebb_spec::learning::Loss;
use hebb_spec::param::Weights;
use hebb_spec::plan::List;
use hebb_spec::settings::Value;
use hebb_spec::system::System;
use hebb_systems::layered::{Detail, Model, ModelSpec, Preset, Rule, Untied, UntiedStart};

use crate::fixture::{Place, copy, train_on, twins};

const SHAPE: Shape = Shape::new(1, 28, 28);
const CLASSES: u32 = 10;
const RECORDS: usize = 25;

/// The training images: the label is the bright band, in noise.
fn images() -> Split {
    let label = |record: usize| 7 * record % 10;
    let pixel = |record: usize, at: usize| {
        let noise = (record + 1) * (at + 1) * 37 % 101;
        (if at / 28 * 10 / 28 == label(record) { noise + 150 } else { noise }) as u8
    };
    let all = (0..RECORDS).flat_map(|record| (0..784).map(move |at| pixel(record, at))).collect();
    Split::new(SHAPE, all, (0..RECORDS).map(|record| label(record) as u16).collect()).unwrap()
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/version-0.1").join(name)
}

/// A copy of one of the runs.
fn place(run: &str) -> Place {
    let place = Place::new();
    copy(&file(run), &place.path);
    place
}

fn model(existing: &Existing) -> Model {
    ModelSpec::from_table(existing.settings()).unwrap().build(SHAPE, CLASSES).unwrap()
}

/// The job of a run's own settings, to another end if given.
fn job<'a>(existing: &Existing, model: &'a Model, length: Option<Length>) -> Job<'a> {
    let mut run = RunSettings::from_table(existing.settings()).unwrap();
    run.length = length.unwrap_or(run.length);
    let spec = ModelSpec::from_table(existing.settings()).unwrap();
    Job::new(model, spec.table(), run, ("mnist", RECORDS)).unwrap()
}

fn metadata(name: &str) -> Metadata {
    TensorFile::read(&file(name)).unwrap().metadata().unwrap()
}

/// Resumes a run of version 0.1.
fn resume(place: &Place, length: Length) -> Ending {
    let existing = Existing::open(&place.path).unwrap();
    let (model, record) = (model(&existing), existing.record().clone());
    let job = job(&existing, &model, Some(length));
    let mut run: Run = existing.resume(&job, &record).unwrap();
    let stop = AtomicBool::new(false);
    train_on(&images(), &job, &mut run, &mut *twins(&model, job.settings.batch), &stop, &mut []).unwrap()
}

#[test]
fn run_files_read() {
    let (kp, urfb) = (place("kp"), place("urfb"));
    let kp = Existing::open(&kp.path).unwrap();
    let device = "reference (CPU twins)".to_owned();
    let record = Record { hebb: "0.1.0".to_owned(), ..Record::new(SHAPE, CLASSES, device, Vec::new()) };
    assert_eq!(*kp.record(), record);
    let spec = ModelSpec {
        net: "Maxpool 7, stride 7; Conv 2 3x3; Maxpool 2; Drop 0.3; Full 4; Output".to_owned(),
        untied: Untied::Layers(vec![1]),
        connectivity: 0.5,
        rule: Rule::kp(0.01),
        mu: Some(1.0 / 9.0),
        slope: Some(1.5),
        lr: 0.7,
        track_r1: true,
        ..ModelSpec::default()
    };
    assert_eq!(ModelSpec::from_table(kp.settings()).unwrap(), spec);
    let run = RunSettings {
        data: "mnist:digits".to_owned(),
        validation: Some(5),
        length: Length::Steps(6),
        batch: 5,
        seed: 6,
        device: "reference".to_owned(),
        ..RunSettings::default()
    };
    assert_eq!(RunSettings::from_table(kp.settings()).unwrap(), run);

    let urfb = Existing::open(&urfb.path).unwrap();
    let spec = ModelSpec {
        net: "Maxpool 7, stride 7; Conv 2 3x3; Output".to_owned(),
        untied: Untied::All,
        untied_start: Some(UntiedStart::Independent),
        rule: Rule::urfb(0.25),
        loss: Loss::Softmax,
        mu: Some(1.0 / 9.0),
        slope: Some(1.0),
        preset: Preset::Paper,
        freeze: vec![2],
        statistics: Detail::Full,
        ..ModelSpec::default()
    };
    assert_eq!(ModelSpec::from_table(urfb.settings()).unwrap(), spec);
    let run = RunSettings {
        data: "mnist:digits".to_owned(),
        validation: Some(0),
        no_shuffle: true,
        length: Length::Epochs(1),
        batch: 10,
        seed: u64::MAX,
        init: Some("start.safetensors".to_owned()),
        init_layers: vec![1],
        device: "reference".to_owned(),
    };
    assert_eq!(RunSettings::from_table(urfb.settings()).unwrap(), run);
}

#[test]
fn checkpoints_read() {
    let kp = metadata("kp/last.safetensors");
    assert_eq!((kp.seed, kp.training), (6, Some(Training { data: "mnist".to_owned(), validation: 5, batch: 5 })));
    let Progress { epoch, step, epoch_step, sums, best } = kp.progress;
    assert_eq!((epoch, step, epoch_step, best), (1, 6, 2, Some(Best { epoch: 1, score: 5 })));
    assert_eq!((sums.images, sums.get("wrong") > 0.0, sums.get("loss") > 0.0), (10, true, true));
    let text = |key: &str, value: &str| assert_eq!(kp.system.get(key), Some(&Value::Text(value.to_owned())), "{key}");
    text("net", "Maxpool 7, stride 7; Local 2 3x3; Maxpool 2; Drop 0.3; Full 4; Output");
    text("untied", "1");
    text("rule", "kp");
    text("pool_window", "from-pixel");
    assert_eq!(kp.system.get("decay"), Some(&Value::Float(0.01)));
    assert_eq!(
        (kp.system.get("connectivity"), kp.system.get("track_r1")),
        (Some(&Value::Float(0.5)), Some(&Value::Switch(true)))
    );
    assert_eq!(kp.system.get("epsilon"), None);

    let urfb = metadata("urfb/last.safetensors");
    assert_eq!((urfb.seed, urfb.progress.step, urfb.progress.best), (u64::MAX, 2, None));
    assert_eq!(urfb.system.get("epsilon"), Some(&Value::Float(0.25)));
    assert_eq!((urfb.system.get("connectivity"), urfb.system.get("track_r1")), (None, None));

    let start = metadata("start.safetensors");
    assert_eq!((start.seed, start.training, start.progress.step), (9, None, 0));
    assert_eq!(start.progress.sums.images, 0);
}

#[test]
fn metadata_give_the_model_and_are_those_of_its_run() {
    for run in ["kp", "kp-resumed", "urfb"] {
        let place = place(run);
        let existing = Existing::open(&place.path).unwrap();
        let model = model(&existing);
        let job = job(&existing, &model, None);
        let names: Vec<&str> = match run {
            "urfb" => vec!["last.safetensors"],
            _ => vec!["last.safetensors", "best.safetensors"],
        };
        for name in names {
            let file = TensorFile::read(&place.file(name)).unwrap();
            let metadata = file.metadata().unwrap();
            assert_eq!(metadata, job.metadata(metadata.progress.clone()), "{run}/{name}: a resume accepts it");
            // η, what is frozen, how it starts and what its rows tell are no part of a checkpoint.
            let read = Model::from_description(&metadata.system).unwrap();
            let Model { lr, frozen, untied_start, delta_statistics, network, .. } = model.clone();
            assert_eq!(read.network.layers(), network.layers());
            assert_eq!(read.network.untied_layers(), network.untied_layers());
            assert_eq!(Model { lr, frozen, untied_start, delta_statistics, network, ..read.clone() }, model, "{run}");
            let evaluation = |model: &Model| model.plan(5).list(List::EVALUATE).to_vec();
            assert_eq!(evaluation(&read), evaluation(&model), "{run}");
            // All its tensors are there, in their shapes, and nothing has to be said.
            let Loaded { weights, messages } = stored(&read.params(), &file).unwrap();
            assert_eq!((weights.0.len(), messages), (file.entries().len(), Vec::new()), "{run}/{name}");
        }
    }
}

#[test]
fn a_start_is_taken_and_is_the_one_that_the_run_began_with() {
    let start = TensorFile::read(&file("start.safetensors")).unwrap();
    let run = place("urfb");
    let existing = Existing::open(&run.path).unwrap();
    let model = model(&existing);
    let Loaded { weights, messages } = adopt(&model.params(), u64::MAX, &start, &[1]).unwrap();
    assert_eq!(messages, [""; 0]);
    let trained = stored(&model.params(), &TensorFile::read(&run.file("last.safetensors")).unwrap()).unwrap().weights;
    assert_ne!(weights.get("W1"), trained.get("W1"));
    for frozen in ["W2", "R2"] {
        assert_eq!(weights.get(frozen), trained.get(frozen), "drawn from the seed, as version 0.1 drew it");
    }
    let own = Model::from_description(&start.metadata().unwrap().system).unwrap();
    let drawn = Weights::draw(&own.params(), 9);
    assert_eq!(stored(&own.params(), &start).unwrap().weights, drawn);
}

/// The same rows but for their seconds, and for the last digits of angles: not every system has the same arc cosine.
fn same_rows(one: &Path, other: &Path) {
    let rows = |path: &Path| -> Vec<Vec<String>> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    };
    let (one, other) = (rows(one), rows(other));
    assert_eq!((one.len(), &one[0]), (other.len(), &other[0]));
    let number = |text: &str| text.parse::<f64>().unwrap();
    for row in 1..one.len() {
        assert_eq!(one[row].len(), one[0].len());
        for (column, (a, b)) in one[0].iter().zip(one[row].iter().zip(&other[row])) {
            match column.as_str() {
                "seconds" => {}
                angle if angle.contains("angle") => assert!((number(a) - number(b)).abs() < 1e-9, "{column}: {a} {b}"),
                _ => assert_eq!(a, b, "{column}"),
            }
        }
    }
}

#[test]
fn a_run_goes_on_to_the_bytes_of_version_0_1() {
    let (place, wanted) = (place("kp"), place("kp-resumed"));
    assert!(place.file(".former-best.safetensors").exists(), "a part of an epoch is the best so far");
    assert_eq!(resume(&place, Length::Epochs(4)), Ending::Finished);
    for name in ["last.safetensors", "best.safetensors"] {
        assert!(fs::read(place.file(name)).unwrap() == fs::read(wanted.file(name)).unwrap(), "{name}");
    }
    same_rows(&place.file("metrics.csv"), &wanted.file("metrics.csv"));
    let settings = |place: &Place| {
        let mut read = read_settings(&fs::read_to_string(place.file("run.toml")).unwrap()).unwrap();
        let bound = read.1["record"].as_table_mut().unwrap().remove("settings-sha256");
        (read, bound.is_some())
    };
    assert_eq!(settings(&place), (settings(&wanted).0, true), "from now on it is bound to its settings");
    let mut names: Vec<_> = fs::read_dir(&place.path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".lock", "best.safetensors", "last.safetensors", "metrics.csv", "run.toml"]);
}

#[test]
fn a_finished_run_takes_more_epochs() {
    let place = place("urfb");
    let before = fs::read_to_string(place.file("metrics.csv")).unwrap();
    assert_eq!(resume(&place, Length::Epochs(2)), Ending::Finished);
    let after = fs::read_to_string(place.file("metrics.csv")).unwrap();
    assert!(after.starts_with(&before) && after.lines().count() == 3, "{after}");
}
