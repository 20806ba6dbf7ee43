//! What a training tells on the way, where stderr is no terminal.

use std::time::Instant;

use super::data;
use super::support::{run, text};

/// A training's lines of ended epochs and its result.
fn train(options: &[&str]) -> (Vec<String>, String, f64) {
    let (folder, named) = data();
    let fixed = ["train", "--device", "reference", "--data", &named, "--net", "Output", "--rule", "bp"];
    let out = ["--validation", "2", "--out", &text(&folder.path().join("run"))];
    let started = Instant::now();
    let ran = run(&[&fixed[..], options, &out].concat());
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines = ran.stderr.lines().filter_map(|line| line.strip_prefix("hebb: epoch "));
    (lines.map(str::to_owned).collect(), ran.stdout, seconds)
}

#[test]
fn epochs_that_end_early_are_told_as_such() {
    let (lines, result, _) = train(&["--batch", "3", "--steps", "2"]);
    assert!(lines.len() == 1 && lines[0].starts_with("1/1 (2 of its 6 steps): training loss "), "{lines:?}");
    assert!(result.contains("epochs                   0, and 2 of 6 steps of the next\n"), "{result}");
    let (lines, result, _) = train(&["--batch", "3", "--steps", "8"]);
    assert!(lines.last().unwrap().starts_with("2/2 (2 of its 6 steps): "), "{lines:?}");
    assert!(result.contains("  1, and 2 of 6 steps of the next\n"), "{result}");
    let (lines, result, _) = train(&["--batch", "3", "--epochs", "1"]);
    assert!(lines[0].starts_with("1/1: training loss ") && result.contains("epochs                   1\n"), "{result}");
}

#[test]
fn many_short_epochs_do_not_flood_a_log() {
    let (lines, _, seconds) = train(&["--batch", "18", "--epochs", "200"]);
    assert!(lines[0].starts_with("1/200: ") && lines.last().unwrap().starts_with("200/200: "), "{lines:?}");
    assert!((lines.len() as f64) < 3.0 + 4.0 * seconds, "{} lines in {seconds} s", lines.len());
}
