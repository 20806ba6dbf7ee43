//! Files that a command writes: none is replaced unless that was asked for, and none in the folder of a run at work.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use hebb_engine::run::{self, Held};

/// Makes sure that a file may be written. What comes back keeps runs out of its folder for as long as it lives.
pub fn claim(path: &Path, overwrite: bool) -> Result<Option<Held>> {
    let held = run::hold(path)?;
    ensure!(!path.is_dir(), "{} is a folder: name a file in it", path.display());
    // A link counts too, wherever it leads.
    let is_there = fs::symlink_metadata(path).is_ok();
    ensure!(
        overwrite || !is_there,
        "{} is there already: replace it with --overwrite or name another --out",
        path.display()
    );
    Ok(held)
}
