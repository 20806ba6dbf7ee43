//! Fetches the published sets: downloads what is missing, checks size and SHA-256, and lets a set appear whole or not
//! at all. What an attempt leaves unfinished lies in `SET.part` beside the set, and the next attempt goes on from it.

mod download;
mod error;
mod manifest;
mod unpack;

#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::disk;
use crate::set::{Set, cache};
use download::{Client, PACE};
pub use error::FetchError;
use manifest::{Archive, Manifest, SETS};

/// The sets that can be fetched.
pub const NAMES: [&str; SETS.len()] = {
    let mut names = [""; SETS.len()];
    let mut at = 0;
    while at < SETS.len() {
        names[at] = SETS[at].name();
        at += 1;
    }
    names
};

/// In `SET.part`: what becomes the set's folder.
const READY: &str = "ready";
/// In `SET.part`: keeps other processes out.
const LOCK: &str = ".lock";

/// What to fetch, and how.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// One of [`NAMES`].
    pub set: &'a str,
    /// The folder that gets a sub-folder of the set's name; absent, the download cache.
    pub to: Option<&'a Path>,
    /// An address with the files right below it, in place of the published ones.
    pub from: Option<&'a str>,
    /// How long a server may be silent.
    pub patience: Duration,
}

/// What happens in between.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// So much of a file is there.
    Bytes {
        /// The file's name.
        file: &'a str,
        /// Where it comes from.
        url: &'a str,
        /// Bytes there are.
        done: u64,
        /// Bytes of the whole file.
        of: u64,
    },
    /// An archive is whole and right, and is being unpacked.
    Unpacking {
        /// The archive's name.
        file: &'a str,
    },
    /// An address failed, and the next one is tried.
    Failed {
        /// Why.
        error: &'a FetchError,
    },
}

/// A set that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it already was, so that nothing was fetched.
    pub was_there: bool,
}

impl Request<'_> {
    /// Makes the set be there. `tell` hears what happens.
    pub fn run(&self, tell: &mut dyn FnMut(Event<'_>)) -> Result<Fetched, FetchError> {
        let Some(set) = SETS.into_iter().find(|set| set.name() == self.set) else {
            return Err(FetchError::Unknown { name: self.set.to_owned(), known: NAMES.join(", ") });
        };
        let root = self.to.map(Path::to_owned).or_else(cache).ok_or(FetchError::NoCache)?;
        let mut manifest = Manifest::of(set);
        if let Some(from) = self.from {
            if !(from.starts_with("http://") || from.starts_with("https://")) {
                return Err(FetchError::Address { address: from.to_owned() });
            }
            manifest.from = vec![from.trim_end_matches('/').to_owned()];
        }
        fetch(set, &manifest, &root, &Client::new(self.patience, PACE), tell)
    }
}

fn fetch(
    set: Set,
    manifest: &Manifest,
    root: &Path,
    client: &Client,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Fetched, FetchError> {
    let (folder, part) = (root.join(set.name()), root.join(format!("{}.part", set.name())));
    if is_there(set, &folder)? {
        return Ok(Fetched { folder, was_there: true });
    }
    let lock = lock(&part)?;
    let made = download(manifest, &part, client, tell).and_then(|ready| {
        fs::rename(&ready, &folder).map_err(FetchError::file("make", &folder))?;
        Ok(Fetched { folder, was_there: false })
    });
    drop(lock);
    // Best effort: a set that is there is no failure, and a failure is told by its cause.
    let _ = if made.is_ok() { fs::remove_dir_all(&part) } else { remove_empty(&part) };
    made
}

/// Downloads and unpacks into `part`; the folder that is the whole set.
fn download(
    manifest: &Manifest,
    part: &Path,
    client: &Client,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<PathBuf, FetchError> {
    let ready = part.join(READY);
    // Files that are read as they are lie there from the start.
    let downloads = if manifest.archive.is_some() { part } else { &ready };
    own_folder(downloads)?;
    for file in &manifest.files {
        let path = downloads.join(&file.name);
        try_each(&manifest.from, tell, |from, tell| {
            client.download(&format!("{from}/{}", file.name), file, &path, tell)
        })?;
    }
    if let Some(Archive::TarGz) = manifest.archive {
        // What an interrupted attempt unpacked is not to be trusted.
        if ready.exists() {
            fs::remove_dir_all(&ready).map_err(FetchError::file("remove", &ready))?;
        }
        fs::create_dir(&ready).map_err(FetchError::file("make", &ready))?;
        for file in &manifest.files {
            tell(Event::Unpacking { file: &file.name });
            unpack::tar_gz(&part.join(&file.name), &ready)?;
        }
    }
    Ok(ready)
}

/// Whether the set's folder is there and holds what reads as the set.
fn is_there(set: Set, folder: &Path) -> Result<bool, FetchError> {
    if !folder.exists() {
        return Ok(false);
    }
    match set.load(folder) {
        Ok(_) => Ok(true),
        Err(cause) => Err(FetchError::Occupied { path: folder.to_owned(), cause }),
    }
}

/// Keeps other processes out for as long as the file lives.
fn lock(part: &Path) -> Result<File, FetchError> {
    own_folder(part)?;
    let path = part.join(LOCK);
    let lock = disk::open_own(&path).map_err(FetchError::own("make", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(FetchError::Locked { path: part.to_owned() }),
        Err(TryLockError::Error(cause)) => Err(FetchError::file("lock", &path)(cause)),
    }
}

/// Makes a folder, if it is not there. A link that another user put in its place would lead the download elsewhere.
fn own_folder(path: &Path) -> Result<(), FetchError> {
    let found = fs::create_dir_all(path).and_then(|()| fs::symlink_metadata(path));
    if found.map_err(FetchError::file("make", path))?.is_symlink() {
        let (found, wanted) = ("a symbolic link", "a folder");
        return Err(FetchError::NotOwn { path: path.to_owned(), found, wanted });
    }
    Ok(())
}

/// Removes the folder of an attempt that left nothing to resume from. A folder with something in it stays.
fn remove_empty(part: &Path) -> io::Result<()> {
    if part.join(READY).exists() {
        fs::remove_dir(part.join(READY))?;
    }
    if fs::read_dir(part)?.count() > 1 {
        return Ok(());
    }
    fs::remove_file(part.join(LOCK))?;
    fs::remove_dir(part)
}

/// Goes through the addresses until one succeeds; the last one's error if none does.
fn try_each(
    addresses: &[String],
    tell: &mut dyn FnMut(Event<'_>),
    mut attempt: impl FnMut(&str, &mut dyn FnMut(Event<'_>)) -> Result<(), FetchError>,
) -> Result<(), FetchError> {
    let mut last = Ok(());
    for address in addresses {
        if let Err(error) = &last {
            tell(Event::Failed { error });
        }
        last = attempt(address, tell);
        // No other address has a better disk.
        if matches!(last, Ok(()) | Err(FetchError::File { .. } | FetchError::NotOwn { .. })) {
            break;
        }
    }
    last
}
