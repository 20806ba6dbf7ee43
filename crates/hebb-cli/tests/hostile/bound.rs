//! Runs whose settings, data or rows somebody changed, and data that moved.

use std::fs;
use std::path::Path;

use super::run_of;
use super::support::{fail, hebb, run, succeed, text};

const MORE: [&str; 4] = ["train", "--resume", "--steps", "3"];

fn edit(path: &Path, from: &str, to: &str) {
    let content = fs::read_to_string(path).unwrap();
    assert!(content.contains(from), "{content}");
    fs::write(path, content.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_run_toml_that_somebody_changed_is_refused() {
    let (_folder, out, _) = run_of(&[]);
    let (path, out) = (out.join("run.toml"), text(&out));
    let whole = fs::read_to_string(&path).unwrap();
    let resume = || fail(&[&MORE[..], &["--out", &out]].concat());
    let changed = format!(
        "the settings in {} are not those that the run began with: restore it, or start another run with other settings",
        path.display()
    );
    // None of them stands in the checkpoint.
    for (from, to) in [("lr = 0.1", "lr = 0.2"), ("no-shuffle = false", "no-shuffle = true")] {
        edit(&path, from, to);
        assert_eq!(resume(), changed);
        fs::write(&path, &whole).unwrap();
    }
    edit(&path, "steps = 2", "steps = 2\nepochs = 1");
    assert!(resume().ends_with("key 'steps' stands beside 'epochs': leave one of them out"));
    fs::write(&path, &whole).unwrap();
    succeed(&[&MORE[..], &["--out", &out]].concat());
}

#[test]
fn rows_that_are_not_a_runs_own_are_refused() {
    let (_folder, out, _) = run_of(&["--validation", "0"]);
    succeed(&["train", "--resume", "--epochs", "2", "--out", &text(&out)]);
    let path = out.join("metrics.csv");
    let whole = fs::read_to_string(&path).unwrap();
    let rows: Vec<&str> = whole.lines().collect();
    let resume = |rows: &[&str]| {
        fs::write(&path, rows.join("\n")).unwrap();
        fail(&["train", "--resume", "--epochs", "3", "--out", &text(&out)])
    };
    let (file, remedy) = (path.display(), "restore the file or move it away");
    let says = |line, found, wanted| {
        format!("line {line} of {file} is the row of epoch {found}, where that of epoch {wanted} belongs: {remedy}")
    };
    assert_eq!(resume(&[rows[0], rows[1], rows[1], rows[2]]), says(3, 1, 2));
    assert_eq!(resume(&[rows[0], rows[2], rows[1]]), says(2, 2, 1));
    assert_eq!(resume(&[rows[0], rows[1]]), format!("{file} has no row of epoch 2, but 2 epochs are done: {remedy}"));
}

#[test]
fn images_that_changed_while_their_number_stayed_are_refused() {
    let (folder, out, named) = run_of(&[]);
    let before = fs::read(out.join("last.safetensors")).unwrap();
    let wanted = format!(
        "{named} does not hold the data that the run in {} began with: images, labels or names of classes differ: name the \
         place of its data with --data",
        out.display()
    );
    for (file, at) in [("train-images-idx3-ubyte", 500), ("train-labels-idx1-ubyte", 9), ("t10k-images-idx3-ubyte", 99)]
    {
        let path = folder.path().join(file);
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        bytes[at] = (bytes[at] + 1) % 10;
        fs::write(&path, bytes).unwrap();
        assert_eq!(fail(&[&MORE[..], &["--out", &text(&out)]].concat()), wanted, "{file}");
        fs::write(&path, whole).unwrap();
    }
    let other = fail(&[&MORE[..], &["--out", &text(&out), "--data", "shapes"]].concat());
    let wanted = format!(
        "shapes has 3x32x32 images of 10 classes, but the run in {} was trained on 1x28x28 images of 10 classes: name the place \
         of its data with --data",
        out.display()
    );
    assert_eq!(other, wanted);
    assert_eq!(fs::read(out.join("last.safetensors")).unwrap(), before);
    succeed(&[&MORE[..], &["--out", &text(&out)]].concat());
}

#[test]
fn a_run_goes_on_with_data_that_moved() {
    let (folder, out, named) = run_of(&[]);
    let (elsewhere, other, _) = run_of(&[]);
    // The same images stand elsewhere.
    for file in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        fs::remove_file(&file).unwrap();
    }
    let (out, place) = (text(&out), format!("mnist:{}", elsewhere.path().display()));
    let resume = [&MORE[..], &["--out", &out]].concat();
    let gone = fail(&resume);
    let wanted = format!("the run was trained on {named} (--data may name another place): there is no train-images");
    assert!(gone.starts_with(&wanted), "{gone}");
    succeed(&[&resume[..], &["--data", &place]].concat());
    assert!(fs::read_to_string(folder.path().join("run/run.toml")).unwrap().contains(&format!("data = \"{place}\"")));
    // From now on it is there; the same as of the run that always was there.
    succeed(&["train", "--resume", "--steps", "4", "--out", &out]);
    let last = |run: &Path| fs::read(run.join("last.safetensors")).unwrap();
    succeed(&["train", "--resume", "--steps", "4", "--out", &text(&other)]);
    assert_eq!(last(Path::new(&out)), last(&other));
    succeed(&["eval", "--device", "reference", "--checkpoint", &format!("{out}/last.safetensors")]);
}

#[test]
fn a_project_folder_with_relative_data_may_move() {
    let (folder, _, named) = run_of(&[]);
    let home = folder.path().join("project");
    fs::create_dir(&home).unwrap();
    fs::rename(folder.path().join("run"), folder.path().join("other")).unwrap();
    let mut there = hebb(&["train", "--device", "reference", "--data", "mnist:..", "--net", "Output", "--batch", "4"]);
    assert!(there.args(["--steps", "2", "--out", "run"]).current_dir(&home).output().unwrap().status.success());
    assert!(fs::read_to_string(home.join("run/run.toml")).unwrap().contains("data = \"mnist:..\"\n"));
    let moved = folder.path().join("moved");
    fs::rename(&home, &moved).unwrap();
    let go_on = |args: &[&str]| hebb(args).current_dir(&moved).output().unwrap();
    let resumed = go_on(&["train", "--resume", "--steps", "3", "--out", "run"]);
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    let judged = go_on(&["eval", "--device", "reference", "--checkpoint", "run/last.safetensors"]);
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    // From another folder it is not found, and the message says what such a place counts from.
    let run = run(&["train", "--resume", "--steps", "4", "--out", &text(&moved.join("run"))]);
    let wanted = "the run was trained on mnist:.., a place that counts from the current folder (--data may name another place): ";
    assert!(run.code == 1 && run.stderr.contains(wanted), "{}", run.stderr);
    succeed(&["train", "--resume", "--steps", "4", "--data", &named, "--out", &text(&moved.join("run"))]);
}

#[test]
fn what_is_too_much_or_missing_is_told_before_the_data_are_read() {
    let (folder, out, named) = run_of(&[]);
    let train = ["train", "--device", "nosuch", "--data", &named, "--net", "Output", "--out", &text(&out.join("x"))];
    // No label is one of ten classes: whoever reads them says so.
    let labels = folder.path().join("train-labels-idx1-ubyte");
    let mut bytes = fs::read(&labels).unwrap();
    bytes[8..].fill(99);
    fs::write(&labels, bytes).unwrap();
    let said = |options: &[&str]| fail(&[&train[..], options].concat());
    let read = [&train[..], &["--batch", "4"]].concat();
    let read: Vec<&str> = read.into_iter().map(|word| if word == "nosuch" { "reference" } else { word }).collect();
    assert!(fail(&read).contains("has label 99"));
    assert!(said(&["--batch", "4", "--init", "none"]).starts_with("there is no file none"));
    let batch = "a batch of 19 is more than the 18 training records (beside 2 for validation)";
    assert!(said(&["--batch", "19"]).starts_with(batch));
    let validation =
        "--validation: 20 validation records leave nothing to train on, for there are only 20 training records";
    assert!(said(&["--batch", "4", "--validation", "20"]).starts_with(validation));
    // CIFAR files tell by their length.
    let record = [&[99][..], &[0; 3072]].concat();
    for batch in 1..=5 {
        fs::write(folder.path().join(format!("data_batch_{batch}.bin")), record.repeat(2)).unwrap();
    }
    let data = format!("cifar10:{}", folder.path().display());
    let cifar = ["train", "--device", "nosuch", "--data", &data, "--net", "Output", "--out", &text(&out.join("x"))];
    assert!(fail(&[&cifar[..], &["--batch", "10"]].concat()).starts_with("a batch of 10 is more than the 9 training"));
}
