//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hebb_data::disk;

/// A file that could not be written. What stood there before is unchanged.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}, which is left as it was: {cause}", path.display())]
pub struct WriteError {
    pub(crate) path: PathBuf,
    pub(crate) cause: io::Error,
}

impl WriteError {
    /// What cannot be written, and why.
    pub fn new(path: &Path, cause: io::Error) -> Self {
        Self { path: path.to_owned(), cause }
    }

    /// What kind of thing stood in the way.
    pub fn kind(&self) -> io::ErrorKind {
        self.cause.kind()
    }
}

/// Replaces a file: a temporary name in the same folder, to disk, then a rename.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let fail = |cause| WriteError::new(path, cause);
    let (temporary, mut file) = disk::create_beside(path).map_err(fail)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    let written = written.and_then(|()| fs::rename(&temporary, path));
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
    let fail = |cause| WriteError::new(to, cause);
    let mut temporary = disk::name_beside(to).map_err(fail)?;
    if fs::hard_link(from, &temporary).is_err() {
        temporary = copy_beside(from, to).map_err(fail)?;
    }
    let made = fs::rename(&temporary, to);
    // Still there where the rename failed, or found both names to be of one file.
    fs::remove_file(&temporary).ok();
    sync_folder(to);
    made.map_err(fail)
}

/// Copies a file to a new one beside `to`; its name.
fn copy_beside(from: &Path, to: &Path) -> io::Result<PathBuf> {
    let mut from = File::open(from)?;
    let (name, mut file) = disk::create_beside(to)?;
    match io::copy(&mut from, &mut file).and_then(|_| file.sync_all()) {
        Ok(()) => Ok(name),
        Err(cause) => {
            // The first failure is the one to report.
            fs::remove_file(&name).ok();
            Err(cause)
        }
    }
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

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "mine").unwrap();
        // Names that can be told beforehand, as those of version 0.1 were.
        for name in ["a.bin", "b.bin"] {
            let link = at(&format!(".{name}.{}.tmp", std::process::id()));
            std::os::unix::fs::symlink(at("victim"), link).unwrap();
        }
        write(&at("a.bin"), b"one").unwrap();
        duplicate(&at("a.bin"), &at("b.bin")).unwrap();
        let copied = copy_beside(&at("a.bin"), &at("b.bin")).unwrap();
        for path in [at("a.bin"), at("b.bin"), copied] {
            assert!(fs::symlink_metadata(&path).unwrap().is_file());
            assert_eq!(fs::read(&path).unwrap(), b"one");
        }
        assert_eq!(fs::read(at("victim")).unwrap(), b"mine");
        // Nor where the file itself is a link: it gives way.
        std::os::unix::fs::symlink(at("victim"), at("c.bin")).unwrap();
        write(&at("c.bin"), b"two").unwrap();
        assert_eq!((fs::read(at("victim")).unwrap(), fs::read(at("c.bin")).unwrap()), (b"mine".into(), b"two".into()));
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
