//! `hebb train --tensorboard`, as a user meets it. What TensorBoard's own reader sees: `tools/tensorboard`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::path::Path;

use support::{assert_same_run, fail, run, succeed, text, write_idx};

const EVENTS: &str = "tensorboard/events.out.tfevents.0.hebb";

fn train(folder: &Path, out: &Path, more: &[&str]) {
    let named = format!("mnist:{}", folder.display());
    let words = ["train", "--device", "cpu", "--data", &named, "--net", "Full 3; Output", "--batch", "4"];
    succeed(&[&words[..], &["--out", &text(out)], more].concat());
}

#[test]
fn a_run_with_events_has_the_bytes_of_one_without_and_goes_on_with_them() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    let (plain, shown) = (folder.path().join("plain"), folder.path().join("shown"));
    train(folder.path(), &plain, &["--epochs", "3"]);
    assert!(!plain.join("tensorboard").exists());
    train(folder.path(), &shown, &["--epochs", "2", "--tensorboard"]);
    let before = fs::read(shown.join(EVENTS)).unwrap();
    succeed(&["train", "--resume", "--epochs", "3", "--out", &text(&shown)]);
    assert_same_run(&plain, &shown);
    let after = fs::read(shown.join(EVENTS)).unwrap();
    assert!(after.len() > before.len() && after.starts_with(&before), "it is asked for once");
    assert_eq!(fs::read_dir(shown.join("tensorboard")).unwrap().count(), 1);
    // A run that began without: what is known of its epochs is told.
    succeed(&["train", "--resume", "--tensorboard", "--out", &text(&plain)]);
    assert!(fs::metadata(plain.join(EVENTS)).unwrap().len() > 100);
}

#[test]
fn a_run_that_replaces_another_takes_its_events_away() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    let out = folder.path().join("run");
    train(folder.path(), &out, &["--epochs", "1", "--tensorboard"]);
    let first = fs::read(out.join(EVENTS)).unwrap();
    train(folder.path(), &out, &["--epochs", "1", "--overwrite"]);
    assert!(!out.join(EVENTS).exists());
    train(folder.path(), &out, &["--epochs", "1", "--overwrite", "--tensorboard"]);
    assert_eq!(fs::read(out.join(EVENTS)).unwrap().len(), first.len());
    // Killed while it replaced a run: the rest of one is no obstacle.
    fs::remove_file(out.join("run.toml")).unwrap();
    train(folder.path(), &out, &["--epochs", "1", "--overwrite"]);
}

#[test]
fn a_file_that_is_damaged_is_cut_and_one_of_somebody_elses_stays() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    let out = folder.path().join("run");
    train(folder.path(), &out, &["--epochs", "2", "--tensorboard"]);
    let (path, whole) = (out.join(EVENTS), fs::read(out.join(EVENTS)).unwrap());
    let resume = ["train", "--resume", "--out", &text(&out)];
    fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    let again = run(&resume);
    assert!(again.code == 0 && again.stderr.contains("no whole events, and are cut off"), "{}", again.stderr);
    fs::write(&path, "mine").unwrap();
    let wanted = format!("{} is no file of events as this program writes them: move it away", text(&path));
    assert_eq!(fail(&resume), wanted);
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    fs::remove_file(&path).unwrap();
    fs::remove_dir(out.join("tensorboard")).unwrap();
    fs::write(out.join("tensorboard"), "mine").unwrap();
    let sentence = fail(&[&resume[..], &["--tensorboard"]].concat());
    assert!(sentence.contains("tensorboard"), "{sentence}");
    assert_eq!(fs::read(out.join("tensorboard")).unwrap(), b"mine");
}
