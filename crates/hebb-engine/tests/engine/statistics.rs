//! What an epoch's row tells of the layers, beside what the checkpoint of that epoch holds.

use std::fs;
use std::sync::atomic::AtomicBool;

use hebb_engine::init::{Drawing, RStart, draw};
use hebb_engine::settings::{Detail, Length, Settings};
use hebb_engine::statistics::PairSums;
use hebb_spec::rule::Rule;

use crate::fixture::{Notes, Place, epochs, job, kinds, last, resume, start, start_with};

/// The statistics of a run's last row.
fn observed(place: &Place, settings: Settings) -> Vec<(String, Option<f64>)> {
    let mut notes = Notes::default();
    start_with(place, settings, &AtomicBool::new(false), &mut notes).unwrap();
    let row = notes.rows.pop().unwrap();
    row.statistics.into_iter().map(|statistic| (statistic.name, statistic.value)).collect()
}

fn value(observed: &[(String, Option<f64>)], name: &str) -> Option<f64> {
    observed.iter().find(|(other, _)| other == name).unwrap_or_else(|| panic!("no {name} in {observed:?}")).1
}

#[test]
fn w_and_r_compare_as_in_the_file_over_what_both_have() {
    for (kind, settings) in kinds() {
        let place = Place::new();
        let observed = observed(&place, settings);
        let (weights, model) = last(&place);
        for ((number, layer), connection) in (1..).zip(&weights.layers).zip(model.network.connections()) {
            let Some(r) = &layer.r else {
                assert!(!observed.iter().any(|(name, _)| *name == format!("corr_{number}")), "{kind}");
                continue;
            };
            let mut both = vec![true; connection.len()];
            connection.each_outside(|at| both[at] = false);
            for mask in [&layer.fixed.mask_w, &layer.fixed.mask_r].into_iter().flatten() {
                both.iter_mut().zip(mask).for_each(|(both, &there)| *both &= there == 1);
            }
            let pick = |values: &[f32]| values.iter().zip(&both).filter(|(_, both)| **both).map(|(v, _)| *v).collect();
            let (w, r): (Vec<f32>, Vec<f32>) = (pick(&layer.w), pick(r));
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
    let share = |slope: f32, batch: u32| {
        let settings = Settings { slope, lr: 0.0, batch, ..epochs(1) };
        let observed = observed(&Place::new(), settings);
        [1, 2].map(|layer| value(&observed, &format!("saturated_{layer}")).unwrap())
    };
    assert_eq!(share(1e-6, 4), [0.0, 0.0]);
    assert_eq!(share(1e9, 4), [1.0, 1.0], "padding is left out");
    assert_eq!(share(1e9, 3), [1.0, 1.0], "three pictures in a vector of four, too");
    let [first, second] = share(1.5, 4);
    assert!(first > 0.0 && first < 1.0 && second < 1.0, "{first} {second}");
    // Without validation the first training records are looked at; the two differ.
    let settings = Settings { slope: 1.5, lr: 0.0, validation: 0, ..epochs(1) };
    assert_ne!(value(&observed(&Place::new(), settings), "saturated_1"), Some(first));
}

#[test]
fn the_angle_of_delta_is_nothing_where_r_is_w() {
    let full = Settings { statistics: Detail::Full, ..epochs(2) };
    let angles = |settings: Settings| {
        let observed = observed(&Place::new(), settings);
        [1, 2].map(|layer| value(&observed, &format!("delta_angle_{layer}")).unwrap())
    };
    for rule in [Rule::FRFB, Rule::DFA, Rule::DRTP] {
        let angles = angles(Settings { rule, ..full.clone() });
        assert!(angles.iter().all(|angle| (1.0..180.0).contains(angle)), "{rule:?} {angles:?}");
    }
    let equal = Drawing { r_start: RStart::Equal, ..full.drawing() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("equal.safetensors");
    let job = job(full.clone());
    hebb_engine::checkpoint::write(&path, &draw(&job.model, &equal), &job.metadata(Default::default())).unwrap();
    let angles = angles(Settings { init: Some(path.to_str().unwrap().to_owned()), ..full.clone() });
    assert!(angles.iter().all(|angle| *angle < 0.01), "{angles:?}");
    let bp = observed(&Place::new(), Settings { rule: Rule::BP, ..full });
    assert_eq!(bp.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["saturated_1", "saturated_2"]);
}

#[test]
fn looking_closer_changes_no_training() {
    let (basic, full) = (Place::new(), Place::new());
    start(&basic, epochs(3)).unwrap();
    start(&full, Settings { statistics: Detail::Full, ..epochs(3) }).unwrap();
    assert_eq!(basic.bytes()["last.safetensors"], full.bytes()["last.safetensors"]);
    let rows = |place: &Place| fs::read_to_string(place.file("metrics.csv")).unwrap();
    for (basic, full) in rows(&basic).lines().zip(rows(&full).lines()).skip(1) {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let (basic, full) = (cells(basic), cells(full));
        assert_eq!(basic[2..], full[2..basic.len()], "the loss of the pictures looked at counts nowhere");
        assert_eq!(full.len(), basic.len() + 2);
    }
}

#[test]
fn rows_of_a_version_with_fewer_columns_are_kept() {
    let (whole, place) = (Place::new(), Place::new());
    start(&whole, epochs(4)).unwrap();
    start(&place, epochs(2)).unwrap();
    let text = fs::read_to_string(place.file("metrics.csv")).unwrap();
    let older: String =
        text.lines().map(|line| line.splitn(9, ',').take(8).collect::<Vec<_>>().join(",") + "\n").collect();
    assert!(older.starts_with("epoch,") && older.lines().next().unwrap().ends_with(",corr_3"));
    fs::write(place.file("metrics.csv"), &older).unwrap();
    resume(&place, Some(Length::Epochs(4))).unwrap();
    let resumed = fs::read_to_string(place.file("metrics.csv")).unwrap();
    let lines: Vec<&str> = resumed.lines().collect();
    assert_eq!(lines[0], text.lines().next().unwrap());
    assert_eq!(lines[1], format!("{},,,,,,", older.lines().nth(1).unwrap()));
    assert_eq!(lines.len(), 5);
    let columns = lines[0].split(',').count();
    assert!(lines.iter().all(|line| line.split(',').count() == columns));
    assert_eq!(place.bytes()["last.safetensors"], whole.bytes()["last.safetensors"]);

    // Columns that this run does not write are another's.
    fs::write(place.file("metrics.csv"), older.replace(",corr_3", ",corr_4")).unwrap();
    let error = resume(&place, Some(Length::Epochs(5))).unwrap_err().to_string();
    assert!(error.starts_with("line 1 of ") && error.contains("is not what this run writes there"), "{error}");
}
