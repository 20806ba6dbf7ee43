//! What reading CIFAR and idx files has in common.

use std::io;
use std::path::Path;

use crate::DataError;
use crate::disk::OpenError;

/// Refuses a label that no class has.
pub(crate) fn check_label(path: &Path, record: usize, label: u8, classes: usize) -> Result<(), DataError> {
    if usize::from(label) < classes {
        return Ok(());
    }
    Err(DataError::LabelRange { path: path.to_owned(), record, label, classes })
}

/// Tells an absent file from one that cannot be read.
pub(crate) fn read_error(cause: OpenError, path: &Path, folder: &Path, file: &str) -> DataError {
    let path = path.to_owned();
    match cause {
        OpenError::NotRegular(kind) => DataError::NotRegular { path, kind },
        OpenError::System(cause) if cause.kind() == io::ErrorKind::NotFound => {
            DataError::MissingFile { file: file.to_owned(), folder: folder.to_owned() }
        }
        OpenError::System(cause) => DataError::Read { path, cause },
    }
}
