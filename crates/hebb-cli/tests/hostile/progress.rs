//! What a training tells on the way, where stderr is no terminal.

#[cfg(unix)]
use std::io::{BufRead, BufReader, Read};
#[cfg(unix)]
use std::path::Path;
#[cfg(unix)]
use std::process::{Command, Stdio};
use std::time::Instant;

use super::data;
#[cfg(unix)]
use super::support::hebb;
use super::support::{run, text};

/// A training's lines of ended epochs and its result.
fn train(options: &[&str]) -> (Vec<String>, String, f64) {
    let (folder, named) = data();
    let fixed = ["train", "--device", "cpu", "--data", &named, "--net", "Output", "--rule", "bp"];
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

/// Does something to a training, by its process and folder, once its first epoch is told; its code and what it then said.
#[cfg(unix)]
fn disturbed(disturb: impl FnOnce(u32, &Path)) -> (Option<i32>, String) {
    let (folder, named) = data();
    let out = folder.path().join("run");
    let train = ["train", "--device", "cpu", "--data", &named, "--net", "Output", "--rule", "bp", "--batch", "3"];
    let mut command = hebb(&[&train[..], &["--epochs", "1000000", "--out", &text(&out)]].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("hebb: epoch ") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "it ended by itself");
    }
    disturb(child.id(), &out);
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    (child.wait().unwrap().code(), rest)
}

#[cfg(unix)]
#[test]
fn a_signal_saves_the_run_and_is_told_by_the_code() {
    for (signal, wanted) in [("-INT", 130), ("-TERM", 143)] {
        let send = |process: u32, _: &Path| {
            assert!(Command::new("kill").args([signal, &process.to_string()]).status().unwrap().success());
        };
        let (code, said) = disturbed(send);
        assert_eq!(code, Some(wanted), "{signal}: {said}");
        assert!(said.contains("hebb: finishing the step, then saving"), "{said}");
        assert!(said.contains("all saved: continue with 'hebb train --resume --out "), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_vanishes_is_named_as_such() {
    let (code, said) = disturbed(|_, run| std::fs::rename(run, run.with_extension("moved")).unwrap());
    let sentence = said.lines().last().unwrap();
    let remedy = "; the run's folder has gone: put it back and go on with --resume, or start again";
    assert_eq!((code, sentence.ends_with(remedy)), (Some(1), true), "{said}");
}
