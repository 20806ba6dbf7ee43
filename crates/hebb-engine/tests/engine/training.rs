//! What a training reports and writes.

use std::fs;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::AtomicBool;

use hebb_engine::evaluate::evaluate;
use hebb_engine::job::Job;
use hebb_engine::run::Run;
use hebb_engine::settings::{Length, RunSettings};
use hebb_engine::tensor_file::TensorFile;
use hebb_engine::weights::upload;
use hebb_spec::backend::Outcome;
use hebb_spec::learning::Loss;
use hebb_spec::settings::{Table, Value};
use hebb_systems::layered::statistics::PairSums;
use hebb_systems::layered::{ModelSpec, Rule};

use crate::fixture::{
    CLASSES, EPOCH_STEPS, Notes, Place, RECORDS, SHAPE, Settings, VALIDATION, data, epochs, last, layer, processor,
    record, settings, start, start_with, train,
};

#[test]
fn rows_reports_and_checkpoints_agree() {
    let place = Place::new();
    let mut notes = Notes::default();
    start_with(&place, &epochs(5), &AtomicBool::new(false), &mut notes).unwrap();
    let text = fs::read_to_string(place.file("metrics.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let first = "epoch,seconds,train_loss,train_error,validation_loss,validation_error,corr_2,corr_3,angle_2,";
    assert!(lines[0].starts_with(first), "{}", lines[0]);
    assert_eq!(lines.len(), 6);
    let mut best = (f64::INFINITY, 0);
    for (line, row) in lines[1..].iter().zip(&notes.rows) {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        let names: Vec<&str> = row.values.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(format!("{},step", names.join(",")), lines[0].split_once(",seconds,").unwrap().1);
        let exact: Vec<f64> = row.values.iter().map(|(_, value)| value.unwrap()).collect();
        assert_eq!(fields[0], f64::from(row.epoch));
        let (step, values) = fields[2..].split_last().unwrap();
        assert_eq!(values, exact, "floats read back to the last bit");
        assert_eq!((Some(*step), row.step), (row.step.map(f64::from), Some(row.epoch * EPOCH_STEPS)));
        let error = row.get("validation_error").unwrap();
        if error < best.0 {
            best = (error, row.epoch);
        }
    }
    let progress = |name| TensorFile::read(&place.file(name)).unwrap().metadata().unwrap().progress;
    assert_eq!(progress("best.safetensors").epoch, best.1, "the first of the lowest");
    assert_eq!(progress("last.safetensors").best.unwrap().epoch, best.1);

    // The correlation is that of the checkpoint's own tensors, and the validation that of its weights.
    let (weights, model) = last(&place);
    let row = &notes.rows[4];
    let value = |name| row.get(name).unwrap();
    let correlation = PairSums::of(weights.get("W3").unwrap(), weights.get("R3").unwrap()).correlation().unwrap();
    assert!((correlation - value("corr_3")).abs() < 1e-6);
    let mut backend = processor(&model, 3);
    upload(&weights, &mut *backend).unwrap();
    let data = data();
    let (mut done, mut seen, mut counts) = (Vec::new(), Vec::new(), [[0; CLASSES as usize]; CLASSES as usize]);
    let go_on = |count| {
        done.push(count);
        ControlFlow::Continue(())
    };
    let each = |records: Range<usize>, outcome: &Outcome| {
        let predictions = outcome.get("predictions").unwrap();
        for (record, prediction) in records.clone().zip(predictions) {
            counts[usize::from(data.train.labels()[record])][*prediction as usize] += 1;
        }
        seen.extend(records);
    };
    let sums = evaluate(&model, &mut *backend, &data.train, 18..25, go_on, each).unwrap().unwrap();
    assert_eq!((sums.images, sums.mean("wrong")), (7, value("validation_error")), "at any batch");
    assert!((sums.mean("loss") - value("validation_loss")).abs() < 1e-6);
    assert_eq!((done, seen), (vec![0, 3, 6], (18..25).collect()), "each record once, the last batch smaller");
    assert_eq!(counts.iter().flatten().sum::<u64>(), 7);
    assert_eq!((0..3).map(|class| counts[class][class]).sum::<u64>(), 7 - sums.get("wrong") as u64);
    for (class, row) in counts.iter().enumerate() {
        let count = data.train.labels()[18..].iter().filter(|&&label| usize::from(label) == class).count();
        assert_eq!(row.iter().sum::<u64>(), count as u64);
    }
    let broken = evaluate(&model, &mut *backend, &data.train, 18..25, |_| ControlFlow::Break(()), |_, _| {});
    assert_eq!(broken.unwrap(), None);
}

#[test]
fn reports_count_steps_and_images() {
    let mut notes = Notes::default();
    start_with(&Place::new(), &epochs(2), &AtomicBool::new(false), &mut notes).unwrap();
    let seen: Vec<_> = notes.reports.iter().map(|report| (report.epoch, report.epoch_step, report.step)).collect();
    assert_eq!(seen, [(1, 1, 1), (1, 2, 2), (1, 3, 3), (1, 4, 4), (2, 1, 5), (2, 2, 6), (2, 3, 7), (2, 4, 8)]);
    let last = &notes.reports[7];
    assert_eq!((last.epoch_steps, last.total_steps, last.sums.images), (EPOCH_STEPS, 8, 16));
}

#[test]
fn bp_has_no_r_and_no_correlation() {
    let place = Place::new();
    start(&place, &epochs(1).rule(Rule::BP)).unwrap();
    let text = fs::read_to_string(place.file("metrics.csv")).unwrap();
    assert!(text.contains(",validation_error,saturated_1,saturated_2,step\n1,"), "{text}");
    let file = TensorFile::read(&place.file("last.safetensors")).unwrap();
    let names: Vec<String> = file.entries().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["W1", "W2", "W3"]);
}

#[test]
fn without_validation_there_is_no_best() {
    let place = Place::new();
    start(&place, &epochs(2).with(|settings| settings.run.validation = Some(0))).unwrap();
    assert!(!place.file("best.safetensors").exists());
    let text = fs::read_to_string(place.file("metrics.csv")).unwrap();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!((fields.len(), fields[4], fields[5]), (15, "", ""));
        assert!(fields[6..].iter().all(|field| !field.is_empty()), "training records are looked at: {line}");
    }
}

#[test]
fn frozen_layers_keep_their_weights() {
    let place = Place::new();
    let settings = epochs(1).with(|settings| settings.spec.freeze = vec![2]);
    start(&place, &settings).unwrap();
    let (weights, begun) = (last(&place).0, settings.drawn());
    assert_eq!(layer(&weights, 2), layer(&begun, 2));
    assert_ne!(layer(&weights, 1), layer(&begun, 1));
    assert_ne!(layer(&weights, 3), layer(&begun, 3));
}

#[test]
fn order_and_seed_matter() {
    let bytes = |change: &dyn Fn(&mut RunSettings)| {
        let place = Place::new();
        start(&place, &settings(Length::Steps(2)).with(|settings| change(&mut settings.run))).unwrap();
        place.bytes()["last.safetensors"].clone()
    };
    assert_ne!(bytes(&|_| ()), bytes(&|run| run.no_shuffle = true));
    assert_ne!(bytes(&|_| ()), bytes(&|run| run.seed = 4));
    let model = epochs(1).model();
    let job = epochs(1).job(&model);
    assert_ne!(job.order(0), job.order(1));
    assert_eq!(job.order(1).len(), 18, "validation records are not trained on");
    assert!(job.order(1).iter().all(|&record| record < 18));
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_checkpoint() {
    let place = Place::new();
    let settings = epochs(3).with(|settings| (settings.spec.loss, settings.spec.lr) = (Loss::Softmax, 3e38));
    let error = start(&place, &settings).unwrap_err().to_string();
    assert!(error.starts_with("the loss of step "), "{error}");
    assert!(error.contains(" (epoch 1) is ") && error.ends_with(": the weights ran away"), "{error}");
    assert!(place.file(".start.safetensors").exists() && !place.file("last.safetensors").exists());
}

#[test]
fn weights_that_are_not_finite_are_never_saved() {
    let place = Place::new();
    let settings = epochs(1).rule(Rule::FRFB).with(|settings| settings.spec.freeze = vec![1, 2]);
    let model = settings.model();
    let job = settings.job(&model);
    let mut weights = job.start().unwrap().weights;
    // A unit that no loss sees: what its δ changes is frozen.
    weights.get_mut("R3").unwrap()[0] = f32::INFINITY;
    let mut run = Run::create(&place.path, false, &job, &record(), weights).unwrap();
    let error = train(&job, &mut run, &mut *processor(&model, 4), &AtomicBool::new(false), &mut []).unwrap_err();
    assert_eq!(error.to_string(), "a number of R3 is not finite after step 4: the weights ran away");
    assert!(!place.file("last.safetensors").exists());
}

/// What is said of a network's settings.
fn refused(key: &str, value: &str) -> String {
    let mut table = epochs(1).spec.table();
    table.set(key, Value::Text(value.to_owned()));
    let built = ModelSpec::from_table(&table).map(|spec| spec.build(SHAPE, CLASSES));
    built.map_or_else(|error| error.to_string(), |built| built.unwrap_err().to_string())
}

#[test]
fn settings_that_do_not_fit_their_network_say_why() {
    assert_eq!(refused("lr", "NaN"), "lr = NaN: write a number of 0 or more");
    assert_eq!(refused("slope", "0"), "slope = 0: write a number above 0");
    assert_eq!(
        refused("freeze", "4"),
        "freeze: there is no layer 4: the network has 3 weighted layers, counted from 1"
    );
    assert_eq!(
        refused("untied", "1,2"),
        "untied: layer 2 is 'Full 6', which has no places to untie: name convolutions only, or 'all'"
    );
    assert_eq!(
        refused("untied", "4"),
        "untied: there is no layer 4: the network has 3 weighted layers, counted from 1"
    );
    for share in ["0", "1.5", "NaN"] {
        assert_eq!(
            refused("connectivity", share),
            format!("connectivity = {share}: write a number above 0, and at most 1")
        );
    }
    let mut table = Table(vec![("rule".to_owned(), Value::Text("kp".to_owned()))]);
    table.set("decay", Value::Float(1.0));
    let error = ModelSpec::from_table(&table).unwrap_err().to_string();
    assert_eq!(error, "decay = 1.0: write a number from 0 up to but not 1");
    let spec = ModelSpec { rule: Rule::DFA, track_r1: true, ..epochs(1).spec };
    assert_eq!(
        spec.build(SHAPE, CLASSES).unwrap_err().to_string(),
        "track-r1 needs feedback weights R, but the rule is dfa: leave one of them out"
    );
    assert!(refused("net", "Conv; Output").starts_with("net: item 1 'Conv' (column 1)"));
}

#[test]
fn settings_that_do_not_fit_their_data_say_why() {
    let error = |change: &dyn Fn(&mut RunSettings)| {
        let Settings { spec, mut run } = epochs(1);
        change(&mut run);
        let model = spec.build(SHAPE, CLASSES).unwrap();
        Job::new(&model, spec.table(), run, ("rows", RECORDS + VALIDATION)).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        error(&|run| run.batch = 19),
        "a batch of 19 is more than the 18 training records (beside 7 for validation)"
    );
    assert_eq!(
        error(&|run| run.init_layers = vec![2, 4]),
        "init-layers: there is no layer 4: the network has 3 weighted layers, counted from 1"
    );
    assert_eq!(
        error(&|run| run.length = Length::Epochs(u32::MAX)),
        "4294967295 epochs of 4 steps are more than 4294967295 steps"
    );
    let sentence = error(&|run| run.validation = Some(25));
    assert!(sentence.starts_with("validation: 25 validation records leave nothing to train on"), "{sentence}");
    // What no file or option could say, a program may.
    assert_eq!(error(&|run| run.batch = 0), "batch = 0: write a whole number from 1 to 1048576");
    assert_eq!(error(&|run| run.batch = 1 << 21), "batch = 2097152: write a whole number from 1 to 1048576");
    assert_eq!(error(&|run| run.length = Length::Steps(0)), "steps = 0: write a whole number from 1 to 4294967295");
    assert!(error(&|run| run.length = Length::Epochs(0)).starts_with("epochs = 0: write a whole number from 1"));
    assert!(error(&|run| run.init_layers = vec![0]).starts_with("init-layers = 0: '0' is no list of layers"));
}
