//! `--winograd`: what a run was computed by is in run.toml, and a resume goes on by it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{assert_same_run, fail, refuse, run, succeed, text, write_idx};
use tempfile::TempDir;

/// Layer 2 is done by Winograd, layer 1 has too few channels.
const NET: &str = "Conv 16 3x3; Conv 16 3x3; Output";

/// A run of so many steps on the processor.
fn trained(folder: &TempDir, name: &str, steps: &str, options: &[&str]) -> PathBuf {
    let (data, out) = (format!("mnist:{}", folder.path().display()), folder.path().join(name));
    let train = ["train", "--device", "cpu", "--batch", "4", "--steps", steps, "--data", &data, "--net", NET, "--out"];
    succeed(&[&train[..], &[&text(&out)], options].concat());
    out
}

fn record(out: &Path) -> String {
    fs::read_to_string(out.join("run.toml")).unwrap().split_once("\n[record]\n").unwrap().1.to_owned()
}

fn spoil(out: &Path, from: &str, to: &str) {
    let path = out.join("run.toml");
    let content = fs::read_to_string(&path).unwrap();
    assert!(content.contains(from), "{content}");
    fs::write(&path, content.replacen(from, to, 1)).unwrap();
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    folder
}

#[test]
fn a_run_goes_on_by_the_forms_that_it_began_with() {
    let folder = folder();
    let mut weights = Vec::new();
    for (word, variant) in [("off", "native"), ("auto", "winograd2"), ("4", "winograd4")] {
        // `auto` is what a run has that was given no word.
        let options: &[&str] = if word == "auto" { &[] } else { &["--winograd", word] };
        let (whole, cut) = (
            trained(&folder, &format!("whole-{word}"), "4", options),
            trained(&folder, &format!("cut-{word}"), "2", options),
        );
        assert!(record(&cut).contains(&format!("winograd = \"{word}\"\n")), "{}", record(&cut));
        assert!(record(&cut).contains(&format!("\"connect_forward {variant}\"")), "{}", record(&cut));
        let resumed = run(&["train", "--resume", "--steps", "4", "--out", &text(&cut)]);
        assert_eq!((resumed.code, resumed.stderr.contains("same bits")), (0, false), "{}", resumed.stderr);
        assert_same_run(&whole, &cut);
        weights.push(fs::read(whole.join("last.safetensors")).unwrap());
    }
    assert!(weights[0] != weights[1] && weights[1] != weights[2], "the forms made no difference: nothing is shown");
}

#[test]
fn a_run_of_an_older_version_goes_on_by_plain_sums() {
    let folder = folder();
    let (whole, cut) =
        (trained(&folder, "whole", "4", &["--winograd", "off"]), trained(&folder, "cut", "2", &["--winograd", "off"]));
    spoil(&cut, "winograd = \"off\"\n", "");
    succeed(&["train", "--resume", "--steps", "4", "--out", &text(&cut)]);
    assert_same_run(&whole, &cut);
    assert!(record(&cut).contains("winograd = \"off\"\n"));
}

#[test]
fn another_form_is_told_and_a_wrong_word_refused() {
    let folder = folder();
    let out = trained(&folder, "run", "2", &[]);
    let other = run(&["train", "--resume", "--steps", "3", "--winograd", "4", "--out", &text(&out)]);
    let told = "the run was with --winograd auto: with 4 its numbers go on, but not to the same bits";
    assert!(other.code == 0 && other.stderr.contains(told), "{}", other.stderr);
    spoil(&out, "winograd = \"4\"", "winograd = \"3\"");
    let sentence = fail(&["train", "--resume", "--steps", "4", "--out", &text(&out)]);
    assert!(sentence.ends_with("run.toml: [record] winograd is '3': write auto, off or 4"), "{sentence}");
    let train = ["train", "--winograd", "2", "--out", "never"];
    assert!(refuse(&train).contains("'2' for '--winograd <WHICH>': write auto, off or 4"), "{}", refuse(&train));
    let eval = ["verify", "--device", "reference", "--winograd", "off", "--net", "Output"];
    assert_eq!(fail(&eval), "--winograd is for --device cpu, and reference (CPU twins) is none: leave it out");
}

#[test]
fn verify_tells_the_form_of_each_call() {
    let verified = |word: &str| {
        let asked = ["verify", "--device", "cpu", "--net", NET, "--input", "1x6x6", "--batch", "3", "--steps", "1"];
        succeed(&[&asked[..], &["--winograd", word]].concat())
    };
    let lines = |text: &str, what: &str| text.lines().filter(|line| line.contains(what)).count();
    let (auto, off) = (verified("auto"), verified("off"));
    assert_eq!(lines(&auto, "connect_feedback F(2x2, 3x3)"), 1, "{auto}");
    assert!(lines(&auto, "connect_forward F(2x2, 3x3)") >= 2 && lines(&off, "F(") == 0, "{auto}\n{off}");
}
