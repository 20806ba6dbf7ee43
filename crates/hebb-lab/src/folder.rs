//! The folder that a figure's files come to.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hebb_engine::write_whole;

use crate::figures::{Figure, Made};
use crate::request::LabError;

/// A new folder, taken before any work is done. It goes again where nothing was written into it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder, and those above it, or takes an empty one. What holds anything is refused, so that nothing is
    /// written over.
    pub fn claim(path: &Path) -> Result<Self, LabError> {
        let fail = |cause: std::io::Error| LabError::Folder { path: path.display().to_string(), cause };
        if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
            fs::create_dir_all(above).map_err(fail)?;
        }
        match fs::create_dir(path) {
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists && !is_empty(path) => {
                Err(LabError::Taken { path: path.display().to_string() })
            }
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(fail(cause)),
            _ => Ok(Self { path: path.to_owned() }),
        }
    }

    /// Writes picture, numbers and page, each whole or not at all; the files, in this order.
    pub fn write(self, figure: &Figure, made: &Made, command: &str) -> Result<Vec<PathBuf>, LabError> {
        let stem = figure.stem();
        let page = made.report.page((figure.name, figure.title, stem), command);
        let files = [
            ("svg", made.picture.svg().into_bytes()),
            ("png", made.picture.png()?),
            ("csv", made.table.csv().into_bytes()),
            ("md", page.into_bytes()),
        ];
        let mut written = Vec::new();
        for (ending, bytes) in files {
            let path = self.path.join(format!("{stem}.{ending}"));
            write_whole(&path, &bytes)?;
            written.push(path);
        }
        Ok(written)
    }
}

/// Whether a folder, no link to one, is there and holds nothing.
fn is_empty(path: &Path) -> bool {
    let is_folder = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    is_folder && fs::read_dir(path).is_ok_and(|mut files| files.next().is_none())
}

impl Drop for Folder {
    fn drop(&mut self) {
        // An error here means that there is something in it, or that it has gone.
        fs::remove_dir(&self.path).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once_and_goes_where_nothing_came_of_it() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("a/b");
        let held = Folder::claim(&path).unwrap();
        Folder::claim(&path).unwrap();
        assert!(!path.exists());
        drop(held);
        fs::create_dir_all(path.join("inside")).unwrap();
        let error = Folder::claim(&path).unwrap_err().to_string();
        assert!(error.ends_with("is there already, and is no empty folder"), "{error}");
        fs::remove_dir_all(&path).unwrap();
        fs::write(&path, "a file").unwrap();
        assert!(Folder::claim(&path).is_err());
        assert!(Folder::claim(&path.join("below")).unwrap_err().to_string().starts_with("cannot make the folder "));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a file");
    }
}
