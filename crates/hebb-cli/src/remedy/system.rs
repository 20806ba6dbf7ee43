//! What to do where the system would not: each cause has its own way out.

use std::io::ErrorKind;

/// Where something cannot be written or made.
pub fn writing(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("; free some space or choose another place"),
        ErrorKind::ReadOnlyFilesystem => Some("; choose a place on a disk that is not read-only"),
        ErrorKind::NotFound => Some("; make the folder first, or choose another place"),
        ErrorKind::IsADirectory => Some("; name a file in that folder"),
        _ => reading(kind),
    }
}

/// Where something cannot be read, and where reading and writing are alike.
pub fn reading(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::PermissionDenied => Some("; have yourself allowed to use it, or choose another place"),
        ErrorKind::InvalidFilename => Some("; choose a shorter name"),
        ErrorKind::NotADirectory => Some("; a part of the path is a file: choose another place"),
        _ => None,
    }
}
