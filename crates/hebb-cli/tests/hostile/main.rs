//! What hostile use found, and what comes of it now: each case as a user meets it, on the twins.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod bound;
mod deep;
mod evaluation;
mod left_out;
mod memory;
mod options;
mod overwriting;
mod progress;
mod remedies;
mod runaway;
mod terminal;
mod usage;
mod words;

#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;

use support::{succeed, text, write_idx};
use tempfile::TempDir;

/// A folder with a small idx set, and how --data names it.
fn data() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 20, 10);
    let named = format!("mnist:{}", folder.path().display());
    (folder, named)
}

/// A run of two steps in the folder `run` beside its data, and how --data names these.
fn run_of(options: &[&str]) -> (TempDir, PathBuf, String) {
    let (folder, named) = data();
    let out = folder.path().join("run");
    let train = ["train", "--device", "cpu", "--data", &named, "--net", "Full 3; Output", "--batch", "4"];
    succeed(&[&train[..], &["--steps", "2", "--out", &text(&out)], options].concat());
    (folder, out, named)
}
