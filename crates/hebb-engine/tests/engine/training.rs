//! What a training reports and writes.

use std::fs;
use std::sync::atomic::AtomicBool;

use hebb_engine::checkpoint::TensorFile;
use hebb_engine::evaluate::{confusion, evaluate};
use hebb_engine::job::Job;
use hebb_engine::run::Run;
use hebb_engine::settings::Length;
use hebb_engine::statistics::PairSums;
use hebb_reference::Reference;
use hebb_spec::network::Untied;
use hebb_spec::plan::Plan;
use hebb_spec::rule::{Loss, Rule};
use std::ops::ControlFlow;

use crate::fixture::{EPOCH_STEPS, Notes, Place, data, epochs, job, last, record, settings, start, start_with, train};

#[test]
fn rows_reports_and_checkpoints_agree() {
    let place = Place::new();
    let mut notes = Notes::default();
    start_with(&place, epochs(5), &AtomicBool::new(false), &mut notes).unwrap();
    let text = fs::read_to_string(place.file("metrics.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let first = "epoch,seconds,train_loss,train_error,validation_loss,validation_error,corr_2,corr_3,angle_2,";
    assert!(lines[0].starts_with(first), "{}", lines[0]);
    assert_eq!(lines.len(), 6);
    let mut best = (f64::INFINITY, 0);
    for (line, row) in lines[1..].iter().zip(&notes.rows) {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        let (loss, error) = row.validation.unwrap();
        let statistics = row.statistics.iter().map(|statistic| statistic.value.unwrap());
        let exact: Vec<f64> = [row.train_loss, row.train_error, loss, error].into_iter().chain(statistics).collect();
        assert_eq!(fields[0], f64::from(row.epoch));
        assert_eq!(fields[2..], exact, "floats read back to the last bit");
        if error < best.0 {
            best = (error, row.epoch);
        }
    }
    let progress = |name| TensorFile::read(&place.file(name)).unwrap().metadata().unwrap().progress;
    assert_eq!(progress("best.safetensors").epoch, best.1, "the first of the lowest");
    assert_eq!(progress("last.safetensors").best.unwrap().epoch, best.1);

    // The correlation is that of the checkpoint's own tensors, and the validation that of its weights.
    let (weights, model) = last(&place);
    let layer = &weights.layers[2];
    let correlation = PairSums::of(&layer.w, layer.r.as_ref().unwrap()).correlation().unwrap();
    assert!((correlation - notes.rows[4].statistics[1].value.unwrap()).abs() < 1e-6);
    let plan = Plan::new(&model, 3);
    let mut backend = Reference::new(plan.clone());
    weights.upload(&model, &plan, &mut backend).unwrap();
    let data = data();
    let go_on = |_| ControlFlow::Continue(());
    let sums = evaluate(&mut backend, &plan, &data.train, 18..25, go_on).unwrap().unwrap();
    let (loss, error) = notes.rows[4].validation.unwrap();
    assert_eq!((sums.images, sums.error()), (7, error), "at any batch");
    assert!((sums.mean_loss() - loss).abs() < 1e-6);
    let (same, table) = confusion(&mut backend, &plan, &data.train, 18..25, 3, |_| ()).unwrap();
    assert_eq!(same, sums);
    let rows: Vec<&[u64]> = table.rows().collect();
    assert_eq!(rows.iter().map(|row| row.iter().sum::<u64>()).sum::<u64>(), 7);
    assert_eq!((0..3).map(|class| rows[class][class]).sum::<u64>(), 7 - sums.wrong);
    for (class, row) in rows.iter().enumerate() {
        let count = data.train.labels()[18..].iter().filter(|&&label| usize::from(label) == class).count();
        assert_eq!(row.iter().sum::<u64>(), count as u64);
    }
}

#[test]
fn reports_count_steps_and_pictures() {
    let mut notes = Notes::default();
    start_with(&Place::new(), epochs(2), &AtomicBool::new(false), &mut notes).unwrap();
    let seen: Vec<_> = notes.reports.iter().map(|report| (report.epoch, report.epoch_step, report.step)).collect();
    assert_eq!(seen, [(1, 1, 1), (1, 2, 2), (1, 3, 3), (1, 4, 4), (2, 1, 5), (2, 2, 6), (2, 3, 7), (2, 4, 8)]);
    let last = notes.reports[7];
    assert_eq!((last.epoch_steps, last.total_steps, last.sums.images), (EPOCH_STEPS, 8, 16));
}

#[test]
fn bp_has_no_r_and_no_correlation() {
    let place = Place::new();
    start(&place, hebb_engine::settings::Settings { rule: Rule::BP, ..epochs(1) }).unwrap();
    let text = fs::read_to_string(place.file("metrics.csv")).unwrap();
    assert!(text.contains(",validation_error,saturated_1,saturated_2\n1,"), "{text}");
    let file = TensorFile::read(&place.file("last.safetensors")).unwrap();
    let names: Vec<String> = file.entries().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["W1", "W2", "W3"]);
}

#[test]
fn without_validation_there_is_no_best() {
    let place = Place::new();
    let mut settings = epochs(2);
    settings.validation = 0;
    start(&place, settings).unwrap();
    assert!(!place.file("best.safetensors").exists());
    let text = fs::read_to_string(place.file("metrics.csv")).unwrap();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!((fields.len(), fields[4], fields[5]), (14, "", ""));
        assert!(fields[6..].iter().all(|field| !field.is_empty()), "training records are looked at: {line}");
    }
}

#[test]
fn frozen_layers_keep_their_weights() {
    let place = Place::new();
    let mut settings = epochs(1);
    settings.freeze = vec![2];
    let start_weights = job(settings.clone()).start().unwrap().weights;
    start(&place, settings).unwrap();
    let (weights, _) = last(&place);
    assert_eq!(weights.layers[1], start_weights.layers[1]);
    assert_ne!(weights.layers[0], start_weights.layers[0]);
    assert_ne!(weights.layers[2], start_weights.layers[2]);
}

#[test]
fn order_and_seed_matter() {
    let bytes = |change: &dyn Fn(&mut hebb_engine::settings::Settings)| {
        let place = Place::new();
        let mut settings = settings(Length::Steps(2));
        change(&mut settings);
        start(&place, settings).unwrap();
        place.bytes()["last.safetensors"].clone()
    };
    assert_ne!(bytes(&|_| ()), bytes(&|settings| settings.no_shuffle = true));
    assert_ne!(bytes(&|_| ()), bytes(&|settings| settings.seed = 4));
    let job = job(epochs(1));
    assert_ne!(job.order(0), job.order(1));
    assert_eq!(job.order(1).len(), 18, "validation records are not trained on");
    assert!(job.order(1).iter().all(|&record| record < 18));
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_checkpoint() {
    let place = Place::new();
    let mut settings = epochs(3);
    (settings.loss, settings.lr) = (Loss::Softmax, 3e38);
    let error = start(&place, settings).unwrap_err().to_string();
    assert!(error.starts_with("the loss of step "), "{error}");
    assert!(error.ends_with("the weights ran away, start again (--overwrite) with a --lr below 3e38"), "{error}");
    assert!(place.file(".start.safetensors").exists() && !place.file("last.safetensors").exists());
}

#[test]
fn weights_that_are_not_finite_are_never_saved() {
    let place = Place::new();
    let job = job(epochs(1));
    let mut weights = job.start().unwrap().weights;
    // A unit that no loss sees: its outgoing weights are 0.
    weights.layers[2].r.as_mut().unwrap()[0] = f32::INFINITY;
    let mut settings = job.settings.clone();
    settings.rule = Rule::FRFB;
    settings.freeze = vec![1, 2];
    let job = Job { model: settings.to_model(job.model.network.input, 3).unwrap(), settings, ..job };
    let mut run = Run::create(&place.path, false, &job, &record(), weights).unwrap();
    let mut backend = Reference::new(job.plan());
    let error = train(&mut run, &job, &mut backend, &AtomicBool::new(false), &mut ()).unwrap_err().to_string();
    assert!(error.starts_with("R3 is not finite after step 4: "), "{error}");
    assert!(!place.file("last.safetensors").exists());
}

#[test]
fn settings_that_do_not_fit_say_why() {
    let error = |change: &dyn Fn(&mut hebb_engine::settings::Settings)| {
        let mut settings = epochs(1);
        change(&mut settings);
        Job::new(settings, &data()).unwrap_err().to_string()
    };
    assert_eq!(
        error(&|settings| settings.batch = 19),
        "a batch of 19 is more than the 18 training records (beside 7 for validation): lower --batch or --validation"
    );
    assert_eq!(error(&|settings| settings.lr = f32::NAN), "lr is NaN: it must be 0 or more");
    assert_eq!(error(&|settings| settings.slope = 0.0), "slope is 0: it must be above 0");
    assert_eq!(
        error(&|settings| settings.freeze = vec![4]),
        "freeze names layer 4, but the network has 3 weighted layers, counted from 1"
    );
    assert_eq!(
        error(&|settings| settings.untied = Untied::Layers(vec![1, 2])),
        "untied: layer 2 is 'Full 6', which has no places to untie: name convolutions only, or 'all'"
    );
    assert_eq!(
        error(&|settings| settings.untied = Untied::Layers(vec![4])),
        "untied: there is no layer 4: the network has 3 weighted layers, counted from 1"
    );
    for share in [0.0, 1.5, f32::NAN] {
        let sentence = error(&|settings| settings.connectivity = share);
        assert!(sentence.ends_with(": it must be above 0, and at most 1"), "{sentence}");
    }
    assert_eq!(error(&|settings| settings.rule = Rule::kp(1.0)), "decay is 1: it must be from 0 up to but not 1");
    assert_eq!(
        error(&|settings| (settings.rule, settings.track_r1) = (Rule::DFA, true)),
        "track-r1 needs feedback weights R, but rule dfa has none: leave one of them out"
    );
    assert!(error(&|settings| settings.net = "Conv".to_owned()).starts_with("net: item 1 'Conv' (column 1)"));
    assert!(error(&|settings| settings.length = Length::Epochs(u32::MAX)).contains("lower --epochs"));
    assert!(error(&|settings| settings.validation = 25).starts_with("25 validation records leave nothing"));
}
