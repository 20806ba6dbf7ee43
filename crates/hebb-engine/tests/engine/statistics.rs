//! What an epoch's row tells of the layers, beside what the checkpoint of that epoch holds.

use std::fs;
use std::sync::atomic::AtomicBool;

use hebb_engine::checkpoint;
use hebb_engine::metadata::Progress;
use hebb_engine::settings::Length;
use hebb_spec::param::Weights;
use hebb_spec::system::System;
use hebb_systems::layered::statistics::PairSums;
use hebb_systems::layered::{Detail, Model, RStart, Rule};

use crate::fixture::{Notes, Place, Settings, copy, epochs, kinds, last, resume, start, start_with};

/// The values of a run's last row, behind loss and error.
fn observed(place: &Place, settings: &Settings) -> Vec<(String, Option<f64>)> {
    let mut notes = Notes::default();
    start_with(place, settings, &AtomicBool::new(false), &mut notes).unwrap();
    let row = notes.rows.pop().unwrap();
    row.values[4..].to_vec()
}

fn value(observed: &[(String, Option<f64>)], name: &str) -> Option<f64> {
    observed.iter().find(|(other, _)| other == name).unwrap_or_else(|| panic!("no {name} in {observed:?}")).1
}

#[test]
fn w_and_r_compare_as_in_the_file_over_what_both_have() {
    for (kind, settings) in kinds() {
        let place = Place::new();
        let observed = observed(&place, &settings);
        let (weights, model) = last(&place);
        for (number, connection) in (1..).zip(model.network.connections()) {
            let get = |name: &str| weights.get(name);
            let Some(r) = get(&format!("R{number}")) else {
                assert!(!observed.iter().any(|(name, _)| *name == format!("corr_{number}")), "{kind}");
                continue;
            };
            let mut both = vec![true; connection.len()];
            connection.each_outside(|at| both[at] = false);
            for mask in [format!("W{number}.mask"), format!("R{number}.mask")].iter().filter_map(|name| get(name)) {
                both.iter_mut().zip(mask).for_each(|(both, &there)| *both &= there == 1.0);
            }
            let pick = |values: &[f32]| values.iter().zip(&both).filter(|(_, both)| **both).map(|(v, _)| *v).collect();
            let (w, r): (Vec<f32>, Vec<f32>) = (pick(get(&format!("W{number}")).unwrap()), pick(r));
            let sums = PairSums::of(&w, &r);
            for (stem, wanted) in
                [("corr", sums.correlation()), ("angle", sums.angle()), ("norm_ratio", sums.norm_ratio())]
            {
                let (got, wanted) = (value(&observed, &format!("{stem}_{number}")).unwrap(), wanted.unwrap());
                assert!((got - wanted).abs() <= 1e-4 * (1.0 + wanted.abs()), "{kind}: {stem}_{number} {got} {wanted}");
            }
        }
    }
}

#[test]
fn saturated_units_are_those_at_the_ends_of_sigma() {
    let with = |slope: f32, batch: u32| {
        epochs(1).with(|settings| {
            (settings.spec.slope, settings.spec.lr, settings.run.batch) = (Some(slope), 0.0, batch);
        })
    };
    let share = |slope: f32, batch: u32| {
        let observed = observed(&Place::new(), &with(slope, batch));
        [1, 2].map(|layer| value(&observed, &format!("saturated_{layer}")).unwrap())
    };
    assert_eq!(share(1e-6, 4), [0.0, 0.0]);
    assert_eq!(share(1e9, 4), [1.0, 1.0], "padding is left out");
    assert_eq!(share(1e9, 3), [1.0, 1.0], "three images in a vector of four, too");
    let [first, second] = share(1.5, 4);
    assert!(first > 0.0 && first < 1.0 && second < 1.0, "{first} {second}");
    // Without validation the first training records are looked at; the two differ.
    let settings = with(1.5, 4).with(|settings| settings.run.validation = Some(0));
    assert_ne!(value(&observed(&Place::new(), &settings), "saturated_1"), Some(first));
}

#[test]
fn the_angle_of_delta_is_nothing_where_r_is_w() {
    let full = epochs(2).with(|settings| settings.spec.statistics = Detail::Full);
    let angles = |settings: &Settings| {
        let observed = observed(&Place::new(), settings);
        [1, 2].map(|layer| value(&observed, &format!("delta_angle_{layer}")).unwrap())
    };
    for rule in [Rule::FRFB, Rule::DFA, Rule::DRTP] {
        let angles = angles(&full.clone().rule(rule));
        assert!(angles.iter().all(|angle| (1.0..180.0).contains(angle)), "{rule:?} {angles:?}");
    }
    let equal = Model { r_start: RStart::Equal, ..full.model() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("equal.safetensors");
    let metadata = full.job(&equal).metadata(Progress::start(&equal));
    checkpoint::write(&path, &Weights::draw(&equal.params(), full.run.seed), &metadata).unwrap();
    let angles = angles(&full.clone().init(&path));
    assert!(angles.iter().all(|angle| *angle < 0.01), "{angles:?}");
    let bp = observed(&Place::new(), &full.rule(Rule::BP));
    assert_eq!(bp.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["saturated_1", "saturated_2"]);
}

#[test]
fn looking_closer_changes_no_training() {
    let (basic, full) = (Place::new(), Place::new());
    start(&basic, &epochs(3)).unwrap();
    start(&full, &epochs(3).with(|settings| settings.spec.statistics = Detail::Full)).unwrap();
    assert_eq!(basic.bytes()["last.safetensors"], full.bytes()["last.safetensors"]);
    let rows = |place: &Place| fs::read_to_string(place.file("metrics.csv")).unwrap();
    for (basic, full) in rows(&basic).lines().zip(rows(&full).lines()).skip(1) {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let (basic, full) = (cells(basic), cells(full));
        let (step, values) = basic.split_last().unwrap();
        assert_eq!(values[2..], full[2..values.len()], "the loss of the images looked at counts nowhere");
        assert_eq!((full.len(), full.last()), (basic.len() + 2, Some(step)));
    }
}

/// Rows without their seconds, each as its fields.
fn rows(text: &str) -> Vec<Vec<&str>> {
    fn fields(line: &str) -> Vec<&str> {
        line.split(',').enumerate().filter(|&(at, _)| at != 1).map(|(_, field)| field).collect()
    }
    text.lines().map(fields).collect()
}

#[test]
fn a_folder_keeps_its_own_header() {
    let (whole, half) = (Place::new(), Place::new());
    start(&whole, &epochs(4)).unwrap();
    start(&half, &epochs(2)).unwrap();
    let [text, all] = [&half, &whole].map(|place| fs::read_to_string(place.file("metrics.csv")).unwrap());
    assert!(text.lines().next().unwrap().ends_with(",step"));
    let first = |text: &str, fields: usize| -> String {
        text.lines().map(|line| line.split(',').take(fields).collect::<Vec<_>>().join(",") + "\n").collect()
    };
    let fields = text.lines().next().unwrap().split(',').count();
    // Of a version that wrote no steps; of one that told less of the layers.
    let place = Place::new();
    for kept in [fields - 1, 8] {
        copy(&half.path, &place.path);
        let older = first(&text, kept);
        fs::write(place.file("metrics.csv"), &older).unwrap();
        resume(&place, Some(Length::Epochs(4))).unwrap();
        let resumed = fs::read_to_string(place.file("metrics.csv")).unwrap();
        assert!(resumed.starts_with(&older), "{resumed}");
        assert_eq!(rows(&resumed), rows(&first(&all, kept)));
        assert_eq!(place.bytes()["last.safetensors"], whole.bytes()["last.safetensors"]);
    }
    let older = first(&text, 8);
    assert!(older.lines().next().unwrap().ends_with(",corr_3"));

    // Columns that this run does not write are another's.
    fs::write(place.file("metrics.csv"), older.replace(",corr_3", ",corr_4")).unwrap();
    let error = resume(&place, Some(Length::Epochs(5))).unwrap_err().to_string();
    assert!(error.starts_with("line 1 of ") && error.contains("is not what this run writes there"), "{error}");
}
