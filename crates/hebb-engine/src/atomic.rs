//! Files that appear whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that could not be written. What stood there before is unchanged.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}, which is left as it was: {cause}", path.display())]
pub struct WriteError {
    pub(crate) path: PathBuf,
    pub(crate) cause: io::Error,
}

/// What a temporary name ends with.
const ENDING: &str = ".tmp";

/// Replaces a file: a temporary name in the same folder, to disk, then a rename.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let fail = |cause| WriteError { path: path.to_owned(), cause };
    let temporary = temporary_name(path).map_err(fail)?;
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    if let Err(cause) = written {
        // The first failure is the one to report.
        fs::remove_file(&temporary).ok();
        return Err(fail(cause));
    }
    sync_folder(path);
    Ok(())
}

/// Makes a second name for a file's content, replacing what bore it; a copy where the file system has no links.
pub(crate) fn duplicate(from: &Path, to: &Path) -> Result<(), WriteError> {
    let fail = |cause| WriteError { path: to.to_owned(), cause };
    let temporary = temporary_name(to).map_err(fail)?;
    let made = fs::hard_link(from, &temporary)
        .or_else(|_| fs::copy(from, &temporary).map(|_| ()))
        .and_then(|()| fs::rename(&temporary, to));
    // Still there where the rename failed, or found both names to be of one file.
    fs::remove_file(&temporary).ok();
    sync_folder(to);
    made.map_err(fail)
}

/// Whether a file's name is one that [`write`] leaves when its process is killed.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(ENDING)
}

fn temporary_name(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}{ENDING}", std::process::id()));
    Ok(path.with_file_name(temporary))
}

/// Makes a rename last through a power cut. Not every system lets one open a folder; the file is whole all the same.
pub(crate) fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder).and_then(|folder| folder.sync_all()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        duplicate(&path, &folder.path().join("b.bin")).unwrap();
        duplicate(&path, &folder.path().join("b.bin")).unwrap();
        write(&path, b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(fs::read(folder.path().join("b.bin")).unwrap(), b"two", "a second name keeps its content");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_failed_write_names_the_file_and_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("absent/a.bin"), b"one").unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.contains("absent/a.bin"), "{error}");
        fs::create_dir_all(folder.path().join("taken/inside")).unwrap();
        assert!(write(&folder.path().join("taken"), b"one").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(Path::new("/"), b"one").is_err());
    }
}
