//! `--config`: option before file before preset before default, seen in the run.toml that a run leaves.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::path::Path;

use support::{succeed, write_idx};
use toml::Table;

/// Trains two steps with these options and a config file; the run's settings.
fn settings(folder: &Path, name: &str, config: &str, options: &[&str]) -> Table {
    let (out, file) = (folder.join(name), folder.join(format!("{name}.toml")));
    fs::write(&file, config).unwrap();
    let (out, file) = (out.to_str().unwrap(), file.to_str().unwrap());
    succeed(&[&["train", "--device", "reference", "--out", out, "--config", file], options].concat());
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
