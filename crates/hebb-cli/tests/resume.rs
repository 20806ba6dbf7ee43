//! A run that is continued: its run.toml, its device, and what may change.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{fail, run, succeed, text, write_idx};
use tempfile::TempDir;

/// A run of two steps on the twins, in the folder `run` beside its data.
fn small_run(options: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    let (data, out) = (format!("mnist:{}", folder.path().display()), folder.path().join("run"));
    let train = ["train", "--device", "reference", "--batch", "4", "--steps", "2", "--data", &data, "--out"];
    succeed(&[&train[..], &[&text(&out)], options].concat());
    (folder, out)
}

/// Replaces a text in run.toml.
fn spoil(run: &Path, from: &str, to: &str) {
    let path = run.join("run.toml");
    let content = fs::read_to_string(&path).unwrap();
    assert!(content.contains(from), "{content}");
    fs::write(&path, content.replacen(from, to, 1)).unwrap();
}

#[test]
fn what_is_wrong_in_a_run_toml_is_named_with_its_line() {
    let (_folder, out) = small_run(&["--net", "Output"]);
    let resume = || fail(&["train", "--resume", "--out", &text(&out)]);
    let whole = fs::read_to_string(out.join("run.toml")).unwrap();
    let line = |key: &str| 1 + whole.lines().position(|line| line.starts_with(&format!("{key} = "))).unwrap();
    let last = fs::read(out.join("last.safetensors")).unwrap();
    let path = text(&out.join("run.toml"));
    let seed = line("seed");
    for (from, to, wanted) in [
        ("seed = 1", "seed = true", format!("line {seed}: key 'seed' = true: write a whole number of 0 or more")),
        ("seed = 1", "seed = [1]", format!("line {seed}: key 'seed' needs a text, a number, true or false")),
        ("seed = 1", "sede = 1", format!("line {seed}: unknown key 'sede': known are net, untied, ")),
        ("batch = 4", "batch = 0", format!("line {}: key 'batch' = 0: write a whole number from 1", line("batch"))),
        ("lr = 0.1", "lr = -1.0", format!("line {}: key 'lr' = -1.0: write a number of 0 or more", line("lr"))),
        ("lr = 0.1", "lr = = 1", format!("line {}: ", line("lr"))),
        (
            "rule = \"urfb\"",
            "rule = \"bp\"",
            format!("line {}: key 'epsilon' = 1.0: it belongs to urfb", line("epsilon")),
        ),
        ("net = \"Output\"", "net = \"Outptu\"", "line 1: key 'net': unknown network 'Outptu': known are ".to_owned()),
        ("[record]", "[recorded]", "the table [record] is missing".to_owned()),
    ] {
        spoil(&out, from, to);
        let sentence = resume();
        assert!(sentence.starts_with(&format!("{path} does not read: {wanted}")), "{to}: {sentence}");
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(fs::read(out.join("last.safetensors")).unwrap(), last);
    succeed(&["train", "--resume", "--steps", "3", "--out", &text(&out)]);
}

#[test]
fn options_may_repeat_the_run_in_other_words() {
    let (_folder, out) = small_run(&["--net", "Conv 4 3x3; Full 5; Output", "--untied", "all"]);
    let (out, run_file) = (text(&out), out.join("run.toml"));
    let resume = ["train", "--resume", "--out", &out];
    let refused = |options: &[&str]| fail(&[&resume[..], options].concat());
    let same = ["--untied", "1", "--net", "conv 4 3X3; full 5; output", "--seed", "1", "--mu", "0.11111111"];
    succeed(&[&resume[..], &same, &["--steps", "3"]].concat());
    let settings = fs::read_to_string(run_file).unwrap();
    assert!(settings.contains("\nuntied = \"all\"\n") && settings.contains("\nsteps = 3\n"), "{settings}");
    let differs = "differs from the run's own: with --resume only --epochs, --steps, --device and the place of its --data may change";
    for option in [["--untied", "none"], ["--seed", "2"], ["--net", "Full 5; Output"], ["--rule", "bp"]] {
        assert_eq!(refused(&option), format!("{} {differs}", option[0]));
    }
    assert!(refused(&["--untied", "2"]).starts_with("--untied: layer 2 is 'Full 5', which has no places"));
}

#[test]
fn the_recorded_device_is_taken_again() {
    let (_folder, out) = small_run(&["--net", "Output"]);
    // As if `auto` had found the twins: it never does, so it cannot have been asked again.
    spoil(&out, "device = \"reference\"", "device = \"auto\"");
    let resumed = run(&["train", "--resume", "--steps", "3", "--out", &text(&out)]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert!(resumed.stderr.contains("the reference device is slow") && !resumed.stderr.contains("the run was on"));
    let settings = fs::read_to_string(out.join("run.toml")).unwrap();
    assert!(settings.contains("\ndevice = \"auto\"\n"), "what was asked for stays: {settings}");

    spoil(&out, "device = \"reference (CPU twins)\"", "device = \"Some card (vulkan driver 1)\"");
    let sentence = fail(&["train", "--resume", "--steps", "4", "--out", &text(&out)]);
    assert!(sentence.starts_with("the run was on Some card (vulkan driver 1), which does not answer: "), "{sentence}");
    assert!(sentence.contains("--device") && sentence.contains("reference"), "{sentence}");
    let moved = run(&["train", "--resume", "--steps", "4", "--device", "reference", "--out", &text(&out)]);
    assert_eq!(moved.code, 0, "{}", moved.stderr);
    let told = "the run was on Some card (vulkan driver 1): on reference (CPU twins) its numbers go on, but not to the same bits";
    assert!(moved.stderr.contains(told), "{}", moved.stderr);
    assert!(fs::read_to_string(out.join("run.toml")).unwrap().contains("device = \"reference (CPU twins)\""));
}

#[test]
fn a_run_records_what_it_ran_on() {
    let (_folder, out) = small_run(&["--net", "Output"]);
    let settings = fs::read_to_string(out.join("run.toml")).unwrap();
    let (_, record) = settings.split_once("\n[record]\n").unwrap();
    let wanted = ["input = \"1x28x28\"", "classes = 10", "device = \"reference (CPU twins)\""];
    assert!(wanted.iter().all(|line| record.lines().any(|other| other == *line)), "{record}");
    assert!(record.contains("variants = [\"") && record.contains("\"connect_forward twin\""), "{record}");
}

#[test]
fn a_run_that_is_killed_goes_on_to_the_same_bytes() {
    support::kill::killed_runs_go_on_to_the_same_bytes("cpu", 20);
    support::kill::killed_runs_go_on_to_the_same_bytes("reference", 4);
}

#[test]
fn a_run_moves_from_one_device_to_another_and_says_that_bytes_differ() {
    let (_folder, out) = small_run(&["--net", "Conv 3 3x3; Output"]);
    let moved = run(&["train", "--resume", "--steps", "3", "--device", "cpu", "--threads", "1", "--out", &text(&out)]);
    assert_eq!(moved.code, 0, "{}", moved.stderr);
    assert!(moved.stderr.contains("the run was on reference (CPU twins): on cpu ("), "{}", moved.stderr);
    assert!(moved.stderr.contains("not to the same bits"), "{}", moved.stderr);
    let back =
        fail(&["train", "--resume", "--steps", "4", "--device", "reference", "--threads", "1", "--out", &text(&out)]);
    assert_eq!(back, "--threads is for --device cpu, and reference (CPU twins) is none: leave it out");
}
