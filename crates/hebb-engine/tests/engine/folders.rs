//! What a run's folder takes and refuses.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hebb_engine::run::{Existing, Run, check_new};
use hebb_engine::settings::Length;
use hebb_engine::view::View;

use crate::fixture::{Place, epochs, processor, record, resume, settings, start, train};

fn create(place: &Place, overwrite: bool) -> Result<Run, String> {
    let model = epochs(1).model();
    let job = epochs(1).job(&model);
    let weights = job.start().unwrap().weights;
    Run::create(&place.path, overwrite, &job, &record(), weights).map_err(|error| error.to_string())
}

#[test]
fn a_run_is_refused_or_replaced() {
    let place = Place::new();
    start(&place, &epochs(2)).unwrap();
    let before = place.bytes();
    let error = create(&place, false).unwrap_err();
    assert_eq!(error, format!("{} holds a run", place.path.display()));
    assert_eq!(check_new(&place.path, false).unwrap_err().to_string(), error);
    assert_eq!(place.bytes(), before, "nothing changed");

    fs::write(place.file("notes.txt"), "mine").unwrap();
    let model = epochs(1).model();
    let job = epochs(1).job(&model);
    let mut run = create(&place, true).unwrap();
    assert!(!place.file("best.safetensors").exists() && !place.file("metrics.csv").exists());
    train(&job, &mut run, &mut *processor(&model, 4), &AtomicBool::new(false), &mut []).unwrap();
    let fresh = Place::new();
    start(&fresh, &epochs(1)).unwrap();
    assert_eq!(place.bytes(), fresh.bytes());
    assert_eq!(fs::read_to_string(place.file("notes.txt")).unwrap(), "mine");
}

#[test]
fn a_replacement_that_was_killed_can_be_replaced() {
    let place = Place::new();
    start(&place, &epochs(1)).unwrap();
    fs::remove_file(place.file("run.toml")).unwrap();
    assert!(create(&place, false).unwrap_err().ends_with("has files of a run, but its run.toml is missing"));
    assert!(create(&place, true).is_ok());
    // A start that was killed left nothing that counts.
    let place = Place::new();
    fs::create_dir_all(&place.path).unwrap();
    fs::write(place.file(".lock"), "").unwrap();
    fs::write(place.file(".run.toml.77.tmp"), "ne").unwrap();
    assert!(create(&place, false).is_ok());
    assert!(!place.file(".run.toml.77.tmp").exists());
}

#[test]
fn other_peoples_folders_are_left_alone() {
    let place = Place::new();
    fs::create_dir_all(&place.path).unwrap();
    fs::write(place.file("thesis.tex"), "").unwrap();
    for overwrite in [false, true] {
        let error = create(&place, overwrite).unwrap_err();
        assert!(error.ends_with("is not empty and holds no run (thesis.tex stands there)"), "{error}");
    }
    assert_eq!(fs::read_dir(&place.path).unwrap().count(), 1);
    let error = Existing::open(&place.path).unwrap_err().to_string();
    assert_eq!(error, format!("there is no run in {} (run.toml is missing)", place.path.display()));
    let error = check_new(&place.file("thesis.tex"), false).unwrap_err().to_string();
    assert!(error.starts_with("cannot read "), "{error}");
}

#[test]
fn two_writers_never_meet() {
    let place = Place::new();
    let run = create(&place, false).unwrap();
    let error = Existing::open(&place.path).unwrap_err().to_string();
    assert!(error.starts_with("another process is writing to "), "{error}");
    assert!(create(&place, true).unwrap_err().starts_with("another process is writing to "));
    drop(run);
    assert!(Existing::open(&place.path).is_ok());
}

#[test]
fn a_start_that_fails_leaves_nothing() {
    let place = Place::new();
    let model = epochs(1).model();
    let job = epochs(1).job(&model);
    let mut weights = job.start().unwrap().weights;
    weights.0[0].values = Arc::new(vec![0.0]);
    let error = Run::create(&place.path, false, &job, &record(), weights).unwrap_err().to_string();
    assert!(error.starts_with("the weights for ") && error.contains("do not go into a safetensors file"), "{error}");
    assert!(!place.path.exists());
}

#[test]
fn a_damaged_run_says_what_is_wrong() {
    let fails = |damage: &dyn Fn(&Place)| {
        let place = Place::new();
        start(&place, &epochs(2)).unwrap();
        damage(&place);
        resume(&place, None).unwrap_err().to_string()
    };
    let edit = |place: &Place, from: &str, to: &str| {
        let text = fs::read_to_string(place.file("run.toml")).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(place.file("run.toml"), text.replace(from, to)).unwrap();
    };
    let error = fails(&|place| fs::write(place.file("run.toml"), "net = 3").unwrap());
    assert!(error.ends_with("run.toml does not read: the table [record] is missing"), "{error}");
    let error = fails(&|place| edit(place, "seed = 16", "seed = = 16"));
    assert!(error.contains("run.toml does not read: line 14: ") && !error.contains('\n'), "{error}");
    // A checkpoint of another run.
    let error = fails(&|place| {
        let other = Place::new();
        start(&other, &epochs(2).with(|settings| settings.run.seed = 4)).unwrap();
        fs::copy(other.file("last.safetensors"), place.file("last.safetensors")).unwrap();
    });
    assert!(
        error.contains("last.safetensors was not written by the run that its run.toml and data describe"),
        "{error}"
    );
    let error = fails(&|place| edit(place, "epochs = 2", "epochs = 1"));
    assert!(error.ends_with(" has done 8 steps, but would end after 4"), "{error}");
    let error = fails(&|place| fs::remove_file(place.file("last.safetensors")).unwrap());
    assert!(error.ends_with("has no last.safetensors to continue from"), "{error}");
    let error = fails(&|place| fs::write(place.file("last.safetensors"), "short").unwrap());
    assert!(error.contains("last.safetensors is truncated, damaged or no safetensors file"), "{error}");
    let error = fails(&|place| fs::write(place.file("metrics.csv"), "a,b\n").unwrap());
    assert!(error.starts_with("line 1 of ") && error.contains("metrics.csv is not what this run writes"), "{error}");
}

#[test]
fn refused_resumes_change_nothing() {
    let place = Place::new();
    start(&place, &settings(Length::Steps(6))).unwrap();
    let (before, toml) = (place.bytes(), fs::read(place.file("run.toml")).unwrap());
    assert!(resume(&place, Some(Length::Steps(5))).is_err());
    assert_eq!((place.bytes(), fs::read(place.file("run.toml")).unwrap()), (before, toml));
}

#[test]
fn a_run_is_looked_at_while_it_is_at_work() {
    let place = Place::new();
    assert!(View::read(&place.path).unwrap_err().to_string().starts_with("there is no run in "));
    let run = create(&place, false).unwrap();
    let begun = View::read(&place.path).unwrap();
    assert_eq!((begun.rows.len(), begun.last(), begun.best()), (0, Some(place.file(".start.safetensors")), None));
    drop(run);
    fs::remove_dir_all(&place.path).unwrap();
    start(&place, &epochs(2)).unwrap();
    let held = Existing::open(&place.path).unwrap();
    let view = View::read(&place.path).unwrap();
    assert_eq!((&view.settings, &view.record), (held.settings(), held.record()));
    assert_eq!(view.rows.iter().map(|row| (row.epoch, row.step)).collect::<Vec<_>>(), [(1, Some(4)), (2, Some(8))]);
    assert_eq!(
        (view.last(), view.best()),
        (Some(place.file("last.safetensors")), Some(place.file("best.safetensors")))
    );
    assert!(view.rows[1].get("validation_error").is_some() && view.rows[1].get("corr_2").is_some());

    for (name, text, wanted) in [
        ("metrics.csv", "epoch,seconds,a\n1,1.0,x\n", "line 2 of "),
        ("metrics.csv", "", "line 1 of "),
        ("run.toml", "net = [1]\n", "does not read: line 1: key 'net'"),
    ] {
        let (path, whole) = (place.file(name), fs::read(place.file(name)).unwrap());
        fs::write(&path, text).unwrap();
        let error = View::read(&place.path).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
        fs::write(&path, whole).unwrap();
    }
    fs::remove_file(place.file("metrics.csv")).unwrap();
    assert!(View::read(&place.path).unwrap().rows.is_empty());
}
