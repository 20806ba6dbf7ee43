//! What can go wrong with a download.

use std::io;
use std::path::PathBuf;

use crate::DataError;
use crate::disk::OpenError;

/// Why a data set cannot be fetched, in one sentence: what, where, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// A set that nobody publishes.
    #[error("'{name}' cannot be fetched: name one of {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names that can be fetched.
        known: String,
    },
    /// Nothing says where the download cache is.
    #[error("there is no download cache, for HEBB_DATA, XDG_CACHE_HOME and HOME are unset: say where with --to DIR")]
    NoCache,
    /// An address that is none.
    #[error(
        "'{address}' is no address to fetch from: write http:// or https:// and the place, without the file's name"
    )]
    Address {
        /// What was given.
        address: String,
    },
    /// The set's folder is there, but does not hold the set.
    #[error("{} is there, but does not hold the data ({cause}): move it away, then fetch again", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        cause: DataError,
    },
    /// Another process fetches the same set to the same place.
    #[error("another process is fetching to {}: wait for it, or end it", path.display())]
    Locked {
        /// The folder of what is incomplete.
        path: PathBuf,
    },
    /// The server cannot be reached, or what it says is no HTTP.
    #[error("cannot fetch {url} ({cause}): check the network, or name another address with --from")]
    Reach {
        /// The address.
        url: String,
        /// What the client said.
        cause: String,
    },
    /// The server answers, but not with the file.
    #[error("{url} answers with status {status}: try again later, or name another address with --from")]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server's file is longer or shorter than the published one.
    #[error("{url} has {offered}, but the published file has {bytes} bytes: name another address with --from")]
    OtherSize {
        /// The address.
        url: String,
        /// How much it has, in words.
        offered: String,
        /// Bytes of the published file.
        bytes: u64,
    },
    /// The server went silent.
    #[error(
        "{url} sent nothing for {seconds} s, {done} of {bytes} bytes are there: run it again, it resumes from them"
    )]
    Stalled {
        /// The address.
        url: String,
        /// How long it was waited for.
        seconds: f64,
        /// Bytes that are kept.
        done: u64,
        /// Bytes of the file.
        bytes: u64,
    },
    /// The server sends, but so slowly that it would never end.
    #[error(
        "{url} sent {received} bytes in {seconds} s, {done} of {bytes} bytes are there: run it again, it resumes from them, or name another address with --from"
    )]
    Slow {
        /// The address.
        url: String,
        /// Bytes of the file that came in this time.
        received: u64,
        /// How long it was waited for them.
        seconds: f64,
        /// Bytes that are kept.
        done: u64,
        /// Bytes of the file.
        bytes: u64,
    },
    /// The connection ended within the file.
    #[error("{url} broke off ({cause}), {done} of {bytes} bytes are there: run it again, it resumes from them")]
    BrokenOff {
        /// The address.
        url: String,
        /// What the client said.
        cause: String,
        /// Bytes that are kept.
        done: u64,
        /// Bytes of the file.
        bytes: u64,
    },
    /// The file has its size, but is another one.
    #[error(
        "{url} gave a file with SHA-256 {found}, not {expected}, which was deleted: run it again, or name another address with --from"
    )]
    Checksum {
        /// The address.
        url: String,
        /// What was received.
        found: String,
        /// What was published.
        expected: String,
    },
    /// An archive with something else than files and folders of its own.
    #[error("the archive {} has an entry '{entry}' that is no file or folder in it: nothing of it was used", archive.display())]
    Entry {
        /// The archive.
        archive: PathBuf,
        /// The entry's path.
        entry: String,
    },
    /// An archive that does not unpack.
    #[error("cannot unpack {}: {cause}; free some space if there is none, then run it again", archive.display())]
    Unpack {
        /// The archive.
        archive: PathBuf,
        /// What the system or the decoder said.
        cause: io::Error,
    },
    /// Something else stands where the program's own file or folder should: nothing is written through a link.
    #[error("cannot write {}: it is {found}, not {wanted}; move it away, then run it again", path.display())]
    NotOwn {
        /// What stands there.
        path: PathBuf,
        /// What it is.
        found: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// The operating system would not make, read, write or move a file.
    #[error("cannot {action} {}: {cause}; mend that, then run it again, it resumes", path.display())]
    File {
        /// What was to be done.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl FetchError {
    /// For `map_err`: what was to be done with which path.
    pub(super) fn file(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::File { action, path: path.to_owned(), cause }
    }

    /// The same of a file of the program's own.
    pub(super) fn own(action: &'static str, path: &std::path::Path) -> impl FnOnce(OpenError) -> Self {
        move |cause| match cause {
            OpenError::NotRegular(found) => Self::NotOwn { path: path.to_owned(), found, wanted: "a regular file" },
            OpenError::System(cause) => Self::file(action, path)(cause),
        }
    }
}
