//! `--config`: option before file before preset before default, seen in the run.toml that a run leaves.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::path::Path;

use support::{fail, refuse, succeed, text, write_idx};
use toml::Table;

/// Trains two steps with these options and a config file; the run's settings.
fn settings(folder: &Path, name: &str, config: &str, options: &[&str]) -> Table {
    let (out, file) = (folder.join(name), folder.join(format!("{name}.toml")));
    fs::write(&file, config).unwrap();
    let (out, file) = (out.to_str().unwrap(), file.to_str().unwrap());
    succeed(&[&["train", "--device", "cpu", "--out", out, "--config", file], options].concat());
    fs::read_to_string(folder.join(name).join("run.toml")).unwrap().parse().unwrap()
}

#[test]
fn option_then_file_then_preset_then_default() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 40, 10);
    let data = format!("data = 'mnist:{}'\nnet = 'Full 4; Output'\nbatch = 8\nsteps = 2\n", folder.path().display());
    let config = format!("{data}lr = 0.25\nslope = 0.75\npreset = 'paper'\nfreeze = 1\n");
    let run = settings(folder.path(), "one", &config, &["--lr", "0.5", "--seed", "3"]);
    let number = |key: &str| run[key].as_float().unwrap() as f32;
    assert_eq!((number("lr"), number("slope"), number("mu")), (0.5, 0.75, 1.0 / 9.0));
    assert_eq!(run["net"].as_str(), Some("Full 4; Output"));
    assert_eq!((run["preset"].as_str(), run["loss"].as_str()), (Some("paper"), Some("hinge")));
    assert_eq!((run["batch"].as_integer(), run["steps"].as_integer()), (Some(8), Some(2)));

    let preset = settings(folder.path(), "two", &format!("{data}preset = 'paper'"), &[]);
    assert_eq!(preset["slope"].as_float(), Some(1.0), "the preset's");
    let default = settings(folder.path(), "three", &data, &[]);
    assert_eq!(default["slope"].as_float(), Some(0.5), "the default preset's");
}

#[test]
fn the_settings_of_a_run_are_a_config_for_another() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 40, 10);
    // TOML's whole numbers end at 2^63: a larger seed is written as text.
    let config = format!(
        "data = 'mnist:{}'\nnet = 'Full 4; Output'\nbatch = 8\nsteps = 2\nrule = 'urfb'\nepsilon = 0.5\nno-shuffle = true\n\
         seed = '18446744073709551615'",
        folder.path().display()
    );
    let first = settings(folder.path(), "one", &config, &[]);
    let written = fs::read_to_string(folder.path().join("one/run.toml")).unwrap();
    assert_eq!(settings(folder.path(), "two", &written, &[]), first);
    let read = |run: &str| fs::read(folder.path().join(run).join("last.safetensors")).unwrap();
    assert_eq!(read("one"), read("two"));
}

#[test]
fn a_config_file_says_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("run.toml");
    let (path, run) = (text(&config), text(&folder.path().join("run")));
    let with = |content: &str| {
        fs::write(&config, content).unwrap();
        fail(&["train", "--device", "cpu", "--out", &run, "--config", &path])
    };
    let sentence = with("lr = 0.2\nlearning-rate = 0.1\n");
    assert!(
        sentence.starts_with(&format!("config {path}: line 2: unknown key 'learning-rate': known are out, net, ")),
        "{sentence}"
    );
    let key = |line: usize, rest: &str| format!("config {path}: line {line}: key {rest}");
    assert_eq!(with("seed = 1\nlr = -0.5"), key(2, "'lr' = -0.5: write a number of 0 or more"));
    assert_eq!(
        with("rule = 'hebb'"),
        key(1, "'rule' = hebb: unknown rule 'hebb': known are bp, frfb, urfb, kp, usf, frsf, brsf, dfa, drtp")
    );
    assert_eq!(
        with("lr = 0.1\n\nfreeze = '4'"),
        key(3, "'freeze': there is no layer 4: the network has 3 weighted layers, counted from 1")
    );
    assert!(
        with("rule = 'bp'\nepsilon = 1").starts_with(&key(2, "'epsilon' = 1: it belongs to urfb, but the rule is bp"))
    );
    assert_eq!(with("batch = [5]"), key(1, "'batch' needs a text, a number, true or false"));
    assert!(with("lr = 0.1\nnet").starts_with(&format!("config {path}: line 2: ")));
    assert_eq!(with("epochs = 1\nsteps = 1"), key(2, "'steps' cannot be used with 'epochs': leave one of them out"));
    assert_eq!(with("no-shuffle = 'yes'"), key(1, "'no-shuffle' = yes: it is a switch: write true or false"));
    fs::remove_file(&config).unwrap();
    let sentence = fail(&["train", "--out", &run, "--config", &path]);
    assert!(sentence.starts_with(&format!("cannot read config {path}: ")), "{sentence}");
    assert!(!Path::new(&run).exists());

    fs::write(&config, "lr = 1").unwrap();
    assert!(refuse(&["train", "--config", &path]).contains("--out <RUN> is missing"));
}
