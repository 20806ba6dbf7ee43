//! Checkpoints and folders that somebody spoilt, and numbers past all bounds.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use hebb_engine::from_file::{adopt, stored};
use hebb_engine::run::{Existing, Run};
use hebb_engine::tensor_file::TensorFile;
use hebb_spec::param::Weights;
use hebb_spec::system::System;
use hebb_systems::layered::statistics::PairSums;
use hebb_systems::layered::{Rule, Untied};

use crate::checkpoints::write_raw;
use crate::fixture::{Notes, Place, epochs, last, record, resume, start, start_with};
use crate::starts::write;

/// What a start and a resume say of a file with one number replaced; `F` is the file.
fn spoilt(settings: &crate::fixture::Settings, name: &str, at: usize, value: f32) -> [String; 2] {
    let params = settings.model().params();
    let mut weights = settings.drawn();
    weights.get_mut(name).unwrap()[at] = value;
    let (_folder, path) = write(&weights);
    let file = TensorFile::read(&path).unwrap();
    let errors = [adopt(&params, 4, &file, &[]).unwrap_err(), stored(&params, &file).unwrap_err()];
    errors.map(|error| error.to_string().replace(path.to_str().unwrap(), "F"))
}

#[test]
fn weights_that_are_not_finite_are_refused() {
    let dense = epochs(1);
    let wanted =
        |says: &str| [format!("{says}: a weight is a finite number"), format!("{says}: a weight is a finite number")];
    assert_eq!(spoilt(&dense, "W1", 0, f32::NAN), wanted("W1[0, 0, 0, 0] in F is NaN"));
    assert_eq!(spoilt(&dense, "W1", 2 * 9 + 5, f32::INFINITY), wanted("W1[2, 0, 1, 2] in F is inf"));
    assert_eq!(spoilt(&dense, "R3", 17, f32::NEG_INFINITY), wanted("R3[2, 5] in F is -inf"));
    // Even where there is no weight: at the first place of an untied layer the first tap lies outside.
    let untied = epochs(1).untied(Untied::All);
    assert_eq!(spoilt(&untied, "W1", 0, f32::NAN), wanted("W1[0, 0, 0, 0, 0, 0] in F is NaN"));
    let sparse = epochs(1).sparse();
    let masked = sparse.drawn().get("W2.mask").unwrap().iter().position(|&there| there == 0.0).unwrap();
    assert_eq!(
        spoilt(&sparse, "W2", masked, f32::NAN),
        wanted(&format!("W2[{}, {}] in F is NaN", masked / 12, masked % 12))
    );
}

#[test]
fn halves_that_are_not_finite_are_refused_and_what_is_not_taken_does_not_count() {
    let model = epochs(1).rule(Rule::BP).with(|settings| settings.spec.net = "Full 1; Output".to_owned()).model();
    let (folder, mut data) = (tempfile::tempdir().unwrap(), vec![0; 32 + 6]);
    let path = folder.path().join("a.safetensors");
    let header = r#"{"W1":{"dtype":"F16","shape":[1,16],"data_offsets":[0,32]},
        "W2":{"dtype":"BF16","shape":[3,1],"data_offsets":[32,38]}}"#;
    // The largest of half precision, then what its next bit means.
    for (at, [low, high], says) in [
        (6, [0xff, 0x7b], None),
        (6, [0x00, 0x7c], Some("W1[0, 3] in F is inf")),
        (6, [0x01, 0xfc], Some("W1[0, 3] in F is NaN")),
        (36, [0x80, 0xff], Some("W2[2, 0] in F is -inf")),
    ] {
        data.fill(0);
        data[at..at + 2].copy_from_slice(&[low, high]);
        write_raw(&path, header, &data);
        let file = TensorFile::read(&path).unwrap();
        let error = stored(&model.params(), &file).err().map(|error| error.to_string());
        let error = error.map(|error| error.replace(path.to_str().unwrap(), "F"));
        assert_eq!(error, says.map(|says| format!("{says}: a weight is a finite number")));
    }
    let file = TensorFile::read(&path).unwrap();
    assert!(adopt(&model.params(), 4, &file, &[1]).is_ok());
    assert_eq!(file.floats("W2", &[3, 1]).unwrap()[2], f32::NEG_INFINITY, "to look at a file is no start");
}

/// W and R of a layer compared in f64, where nothing overflows.
fn exact(weights: &Weights, layer: u32) -> [(&'static str, Option<f64>); 3] {
    let get = |letter: char| weights.get(&format!("{letter}{layer}")).unwrap();
    let sums = PairSums::of(get('W'), get('R'));
    [("corr", sums.correlation()), ("angle", sums.angle()), ("norm_ratio", sums.norm_ratio())]
}

#[test]
fn statistics_past_all_bounds_are_empty_and_never_false() {
    let (mut told, mut ran_away) = (0, 0);
    for rule in Rule::ALL.into_iter().filter(|rule| ![Rule::BP, Rule::DFA, Rule::DRTP].contains(rule)) {
        for lr in [1e15, 1e18, 1e30] {
            let (place, mut notes) = (Place::new(), Notes::default());
            let settings = epochs(1).rule(rule).with(|settings| settings.spec.lr = lr);
            // Of numbers too large to be squared nothing is told.
            if let Err(error) = start_with(&place, &settings, &AtomicBool::new(false), &mut notes) {
                assert!(error.to_string().ends_with(": the weights ran away") && !place.file("metrics.csv").exists());
                ran_away += 1;
                continue;
            }
            let (weights, row) = (last(&place).0, notes.rows.pop().unwrap());
            for layer in [2, 3] {
                for (stem, wanted) in exact(&weights, layer) {
                    let Some(got) = row.get(&format!("{stem}_{layer}")) else { continue };
                    let wanted = wanted.unwrap();
                    assert!((got - wanted).abs() <= 1e-3 * (1.0 + wanted.abs()), "{rule:?} {stem} {got} {wanted}");
                    told += 1;
                }
            }
            let text = fs::read_to_string(place.file("metrics.csv")).unwrap();
            assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        }
    }
    assert!(told > 0 && ran_away > 0, "{told} {ran_away}");
}

#[test]
fn a_resume_sweeps_only_what_the_program_made() {
    let place = Place::new();
    start(&place, &epochs(1)).unwrap();
    let users = [".mynotes.tmp", ".run.toml.tmp", ".run.toml.old.tmp", ".thesis.99.tmp", "last.safetensors.99.tmp"];
    let own = [".run.toml.99.tmp", "..start.safetensors.7.tmp", ".metrics.csv.12345.0a1b2c3d.tmp"];
    for name in users.iter().chain(&own) {
        fs::write(place.file(name), "text").unwrap();
    }
    // A folder of such a name is nobody's temporary file, and no obstacle.
    for folder in [".d.tmp", ".last.safetensors.5.tmp"] {
        fs::create_dir(place.file(folder)).unwrap();
    }
    resume(&place, None).unwrap();
    for name in users {
        assert_eq!(fs::read_to_string(place.file(name)).unwrap(), "text");
    }
    assert!(own.iter().all(|name| !place.file(name).exists()));
    assert!(place.file(".d.tmp").is_dir() && place.file(".last.safetensors.5.tmp").is_dir());
}

#[test]
fn a_folder_with_a_users_hidden_file_is_no_place_for_a_new_run() {
    let place = Place::new();
    fs::create_dir(&place.path).unwrap();
    fs::write(place.file(".mynotes.tmp"), "text").unwrap();
    let error = hebb_engine::run::check_new(&place.path, true).unwrap_err().to_string();
    assert!(error.ends_with("is not empty and holds no run (.mynotes.tmp stands there)"), "{error}");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;
    use std::process::Command;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// What comes of it, which must not take for ever.
    fn in_time(work: impl FnOnce() -> String + Send + 'static) -> String {
        let (tell, told) = mpsc::channel();
        thread::spawn(move || tell.send(work()));
        told.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    fn pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_pipe_or_device_is_no_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        pipe(&path);
        let wanted = format!("cannot read {}: it is a named pipe, not a regular file", path.display());
        assert_eq!(in_time(move || TensorFile::read(&path).unwrap_err().to_string()), wanted);
        let device = in_time(|| TensorFile::read(Path::new("/dev/zero")).unwrap_err().to_string());
        assert_eq!(device, "cannot read /dev/zero: it is a device, not a regular file");
    }

    #[test]
    fn a_pipe_is_no_file_of_a_run() {
        for (name, verb) in
            [("run.toml", "use"), ("last.safetensors", "read"), ("metrics.csv", "use"), (".lock", "use")]
        {
            let place = Place::new();
            start(&place, &epochs(1)).unwrap();
            let path = place.file(name);
            fs::remove_file(&path).unwrap();
            pipe(&path);
            let wanted = format!("cannot {verb} {}: it is a named pipe, not a regular file", path.display());
            assert_eq!(in_time(move || resume(&place, None).unwrap_err().to_string()), wanted);
        }
    }

    #[test]
    fn a_lock_is_no_link_to_somebodys_file() {
        let place = Place::new();
        fs::create_dir(&place.path).unwrap();
        let victim = place.path.with_file_name("victim");
        symlink(&victim, place.file(".lock")).unwrap();
        let model = epochs(1).model();
        let job = epochs(1).job(&model);
        let create = || Run::create(&place.path, false, &job, &record(), epochs(1).drawn()).map(|_| ());
        let wanted = format!("cannot use {}: it is a symbolic link, not a regular file", place.file(".lock").display());
        assert_eq!(create().unwrap_err().to_string(), wanted);
        assert!(!victim.exists(), "nothing is made through it");
        fs::remove_file(place.file(".lock")).unwrap();
        create().unwrap();
        assert!(Existing::open(&place.path).is_ok());
    }

    #[test]
    fn links_to_temporary_names_stay() {
        let place = Place::new();
        start(&place, &epochs(1)).unwrap();
        let victim = place.path.with_file_name("victim");
        fs::write(&victim, "mine").unwrap();
        symlink(&victim, place.file(".last.safetensors.1.tmp")).unwrap();
        resume(&place, None).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
        assert!(place.file(".last.safetensors.1.tmp").is_symlink());
    }

    #[test]
    fn a_run_is_read_through_links() {
        let (place, other) = (Place::new(), Place::new());
        start(&place, &epochs(1)).unwrap();
        fs::create_dir(&other.path).unwrap();
        for name in ["run.toml", "last.safetensors", "best.safetensors", "metrics.csv"] {
            symlink(place.file(name), other.file(name)).unwrap();
        }
        let before = place.bytes();
        resume(&other, Some(hebb_engine::settings::Length::Epochs(2))).unwrap();
        assert_eq!(place.bytes(), before, "what a resume writes takes the links' places");
    }
}
