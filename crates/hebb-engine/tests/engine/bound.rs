//! A run is bound to its settings, its data and its rows: what somebody changed between two parts of it is refused.

use std::fs;
use std::sync::atomic::AtomicBool;

use hebb_engine::run::{Existing, Run};
use hebb_engine::settings::{Length, Record};

use crate::fixture::{Notes, Place, create, epochs, record, resume, resume_with, start};

/// Replaces a text in one of a run's files.
fn edit(place: &Place, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(place.file(name)).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(place.file(name), text.replace(from, to)).unwrap();
}

fn refused(place: &Place) -> String {
    let error = resume(place, Some(Length::Epochs(4))).unwrap_err().to_string();
    error.replace(place.path.to_str().unwrap(), "RUN")
}

#[test]
fn settings_that_somebody_changed_are_refused() {
    let place = Place::new();
    start(&place, &epochs(3)).unwrap();
    let (before, whole) = (place.bytes(), fs::read_to_string(place.file("run.toml")).unwrap());
    // The last is what the checkpoint knows nothing of, either.
    for (from, to) in [
        ("lr = 1.0", "lr = 0.5"),
        ("seed = 16", "seed = 17"),
        ("batch = 4", "batch = 5"),
        ("no-shuffle = false", "no-shuffle = true"),
        ("Conv 3", "Conv 4"),
        ("[record]", "freeze = \"1\"\n[record]"),
    ] {
        edit(&place, "run.toml", from, to);
        assert_eq!(refused(&place), "the settings in RUN/run.toml are not those that the run began with", "{to}");
        fs::write(place.file("run.toml"), &whole).unwrap();
    }
    edit(&place, "run.toml", "epochs = 3", "epochs = 3\nsteps = 12");
    let both = "RUN/run.toml does not read: line 13: key 'steps' stands beside 'epochs': leave one of them out";
    let error = Existing::open(&place.path).unwrap_err().to_string();
    assert_eq!(error.replace(place.path.to_str().unwrap(), "RUN"), both);
    fs::write(place.file("run.toml"), &whole).unwrap();
    assert_eq!(place.bytes(), before, "nothing was changed");
    // The same settings in other words, and what a resume may change.
    edit(&place, "run.toml", "lr = 1.0", "# the paper's\nlr = 1");
    edit(&place, "run.toml", "epochs = 3", "steps = 13");
    resume(&place, None).unwrap();
    resume(&place, Some(Length::Epochs(4))).unwrap();
}

#[test]
fn rows_that_are_doubled_lost_or_out_of_order_are_refused() {
    let place = Place::new();
    start(&place, &epochs(3)).unwrap();
    let whole = fs::read_to_string(place.file("metrics.csv")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    for (order, says) in [
        (&[1, 2, 2, 3][..], "line 4 of RUN/metrics.csv is the row of epoch 2, where that of epoch 3 belongs"),
        (&[1, 2, 3, 3], "line 5 of RUN/metrics.csv is the row of epoch 3, where that of epoch 4 belongs"),
        (&[1, 3], "line 3 of RUN/metrics.csv is the row of epoch 3, where that of epoch 2 belongs"),
        (&[2, 3], "line 2 of RUN/metrics.csv is the row of epoch 2, where that of epoch 1 belongs"),
        (&[2, 1, 3], "line 2 of RUN/metrics.csv is the row of epoch 2, where that of epoch 1 belongs"),
        (&[1, 2], "RUN/metrics.csv has no row of epoch 3, but 3 epochs are done"),
        (&[], "RUN/metrics.csv has no row of epoch 1, but 3 epochs are done"),
    ] {
        let rows: Vec<&str> = [0].iter().chain(order).map(|&line| lines[line]).collect();
        fs::write(place.file("metrics.csv"), rows.join("\n")).unwrap();
        assert_eq!(refused(&place), says);
    }
    fs::write(place.file("metrics.csv"), &whole).unwrap();
    resume(&place, Some(Length::Epochs(4))).unwrap();
}

#[test]
fn rows_that_were_moved_away_are_told_and_the_rest_follow_them() {
    let place = Place::new();
    start(&place, &epochs(2)).unwrap();
    fs::remove_file(place.file("metrics.csv")).unwrap();
    for end in [3, 4] {
        let mut notes = Notes::default();
        resume_with(&place, Some(Length::Epochs(end)), &AtomicBool::new(false), &mut notes).unwrap();
        let told = format!("{} has no rows of the epochs up to 2", place.file("metrics.csv").display());
        assert_eq!(notes.messages, [told]);
    }
    let text = fs::read_to_string(place.file("metrics.csv")).unwrap();
    let epochs: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(epochs, ["3", "4"]);
}

#[test]
fn other_data_are_refused_and_who_names_none_keeps_the_digest() {
    let place = Place::new();
    let settings = epochs(2);
    let model = settings.model();
    let job = settings.job(&model);
    let of = |digest: &str| Record { data_sha256: Some(digest.to_owned()), ..record() };
    drop(Run::create(&place.path, false, &job, &of("abc"), job.start().unwrap().weights).unwrap());
    let resumed = |record: &Record| Existing::open(&place.path).unwrap().resume(&job, record).map(|_| ());
    let error = resumed(&of("abd")).unwrap_err().to_string();
    let wanted = format!(
        "rows does not hold the data that the run in {} began with: images, labels or names of classes differ",
        place.path.display()
    );
    assert_eq!(error, wanted);
    resumed(&record()).unwrap();
    assert_eq!(resumed(&of("abd")).unwrap_err().to_string(), wanted);
    resumed(&of("abc")).unwrap();
}

#[test]
fn a_folder_without_digests_says_so_once() {
    let place = Place::new();
    drop(create(&place, &epochs(1).job(&epochs(1).model())));
    let text = fs::read_to_string(place.file("run.toml")).unwrap();
    let bare: Vec<&str> = text.lines().filter(|line| !line.starts_with("settings-sha256")).collect();
    fs::write(place.file("run.toml"), bare.join("\n").replace("lr = 1.0", "lr = 0.5")).unwrap();
    let told = |end| {
        let mut notes = Notes::default();
        resume_with(&place, Some(Length::Epochs(end)), &AtomicBool::new(false), &mut notes).unwrap();
        notes.messages
    };
    let wanted = format!(
        "{} is of version 0.1 and has no digests: whether its settings and data are those that it began with cannot be told, \
         from now on it can",
        place.path.display()
    );
    assert_eq!(told(1), [wanted]);
    assert_eq!(told(2), [""; 0]);
    edit(&place, "run.toml", "lr = 0.5", "lr = 1.0");
    assert_eq!(refused(&place), "the settings in RUN/run.toml are not those that the run began with");
}
