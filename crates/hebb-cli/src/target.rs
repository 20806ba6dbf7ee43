//! Files that a command writes: none is replaced unless that was asked for, and none in the folder of a run at work.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use hebb_data::disk::{self, OpenError};
use hebb_engine::WriteError;
use hebb_engine::run::{self, Held};

/// Makes sure that a file may be written. What comes back keeps runs out of its folder for as long as it lives.
pub fn claim(path: &Path, overwrite: bool) -> Result<Option<Held>> {
    let held = run::hold(path)?;
    ensure!(!path.is_dir(), "{} is a folder: name a file in it", path.display());
    // To replace a pipe or a device, or a link to one, is never meant.
    if let Err(problem @ OpenError::NotRegular(_)) = disk::open(path) {
        bail!("cannot write {}: {problem}: name another --out", path.display());
    }
    // A link counts too, wherever it leads.
    let is_there = fs::symlink_metadata(path).is_ok();
    ensure!(
        overwrite || !is_there,
        "{} is there already: replace it with --overwrite or name another --out",
        path.display()
    );
    Ok(held)
}

/// A folder of the command's own, which goes again where nothing was written into it.
pub struct Taken(PathBuf);

impl Drop for Taken {
    fn drop(&mut self) {
        // Only an empty one can be removed so.
        fs::remove_dir(&self.0).ok();
    }
}

/// Makes a folder, and those above it, or takes an empty one.
pub fn claim_folder(path: &Path) -> Result<Taken> {
    let is_there = fs::symlink_metadata(path).is_ok();
    let is_empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    ensure!(
        !is_there || is_empty,
        "{} is there already, and is no empty folder: name another with --out",
        path.display()
    );
    fs::create_dir_all(path).map_err(|cause| WriteError::new(path, cause))?;
    Ok(Taken(path.to_owned()))
}
