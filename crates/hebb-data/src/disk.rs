//! Files on a disk that others may write to: only regular ones are read, and nothing is written through a link.

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::fs::{self, File, FileType, Metadata};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process;

/// What a temporary name ends with.
const ENDING: &str = ".tmp";
/// Hexadecimal digits of its part that nobody can tell beforehand.
const DIGITS: usize = 8;

/// Why a file is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Something else stands there. To open a named pipe, or to read a device, may take for ever.
    #[error("it is {0}, not a regular file")]
    NotRegular(&'static str),
    /// The system would not.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// Opens a regular file to read, or what a link to one leads to.
pub fn open(path: &Path) -> Result<File, OpenError> {
    // Looked at first, for to open a named pipe waits until somebody writes to it.
    check(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// The bytes of a regular file.
pub fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a regular file.
pub fn read_text(path: &Path) -> Result<String, OpenError> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Opens a file of the program's own to write, with what it holds; makes it where there is none. What another user put
/// in its place, such as a link to somebody's file, is refused.
pub fn open_own(path: &Path) -> Result<File, OpenError> {
    match File::options().write(true).create_new(true).open(path) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
        made => return Ok(made?),
    }
    let found = fs::symlink_metadata(path)?;
    check(&found)?;
    let file = File::options().write(true).open(path)?;
    if is_one(&found, &file.metadata()?) { Ok(file) } else { Err(OpenError::NotRegular("being replaced")) }
}

/// Bytes of a file of the program's own.
pub fn own_length(path: &Path) -> Result<u64, OpenError> {
    let found = fs::symlink_metadata(path)?;
    check(&found)?;
    Ok(found.len())
}

/// Makes a new file beside `path`, to be renamed to it; its name and itself.
pub fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = name_beside(path)?;
    let file = File::options().write(true).create_new(true).open(&name)?;
    Ok((name, file))
}

/// A name beside `path` that nobody can tell beforehand: `.NAME.PROCESS.DIGITS.tmp`.
pub fn name_beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    // The system's random numbers are the seed of a map's hasher, and no two hashers of a process are alike.
    let random = RandomState::new().build_hasher().finish() as u32;
    temporary.push(format!(".{}.{random:0DIGITS$x}{ENDING}", process::id()));
    Ok(path.with_file_name(temporary))
}

/// Whether a name is one that [`name_beside`] gives to one of these files, or that version 0.1 gave, without the digits.
pub fn is_beside(name: &str, of: &[&str]) -> bool {
    let is_process = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_random =
        |text: &str| text.len() == DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let Some(middle) = name.strip_prefix('.').and_then(|name| name.strip_suffix(ENDING)) else { return false };
    let mut ends = of.iter().filter_map(|of| middle.strip_prefix(of)?.strip_prefix('.'));
    ends.any(|end| match end.split_once('.') {
        Some((process, random)) => is_process(process) && is_random(random),
        None => is_process(end),
    })
}

fn check(found: &Metadata) -> Result<(), OpenError> {
    let kind = found.file_type();
    if kind.is_file() {
        return Ok(());
    }
    Err(OpenError::NotRegular(if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else {
        special(kind)
    }))
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_kind: FileType) -> &'static str {
    "a device"
}

/// Whether both are of one file.
#[cfg(unix)]
fn is_one(found: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino()) == (opened.dev(), opened.ino())
}

/// Elsewhere a file has no number to tell it by, and links need a right that few users have.
#[cfg(not(unix))]
fn is_one(_found: &Metadata, opened: &Metadata) -> bool {
    opened.is_file()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_names_of_this_program_count_as_temporary() {
        let of = ["run.toml", ".start.safetensors"];
        let made = |path: &str| name_beside(Path::new(path)).unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        for name in [&made("a/run.toml"), &made(".start.safetensors"), ".run.toml.77.tmp", "..start.safetensors.1.tmp"]
        {
            assert!(is_beside(name, &of), "{name}");
        }
        for name in [
            &made("a/notes.toml"),
            ".mynotes.tmp",
            "run.toml.77.tmp",
            ".run.toml.tmp",
            ".run.toml..tmp",
            ".run.toml.7a.tmp",
            ".run.toml.77.tmp.gz",
            ".run.toml.77.0123456.tmp",
            ".run.toml.77.0123456g.tmp",
            ".run.toml.mine.01234567.tmp",
        ] {
            assert!(!is_beside(name, &of), "{name}");
        }
    }

    #[test]
    fn no_two_temporary_names_are_alike() {
        let names: BTreeSet<PathBuf> = (0..1000).map(|_| name_beside(Path::new("a/b")).unwrap()).collect();
        assert!(names.len() > 990, "{}", names.len());
        assert!(names.iter().all(|name| name.parent() == Some(Path::new("a"))));
        assert!(name_beside(Path::new("/")).is_err());
    }

    #[test]
    fn a_file_of_ones_own_keeps_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        drop(open_own(&path).unwrap());
        fs::write(&path, "text").unwrap();
        drop(open_own(&path).unwrap());
        assert_eq!(read_text(&path).unwrap(), "text");
        let sentence = open_own(folder.path()).unwrap_err().to_string();
        assert_eq!(sentence, "it is a folder, not a regular file");
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        for there in [false, true] {
            assert_eq!(open_own(&link).unwrap_err().to_string(), "it is a symbolic link, not a regular file");
            assert_eq!(target.exists(), there);
            fs::write(&target, "mine").unwrap();
        }
        assert_eq!(read(&link).unwrap(), b"mine", "to read through one is nobody's loss");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, socket) = (folder.path().join("pipe"), folder.path().join("socket"));
        assert!(process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, kind) in [
            (pipe.as_path(), "a named pipe"),
            (&socket, "a socket"),
            (Path::new("/dev/zero"), "a device"),
            (folder.path(), "a folder"),
        ] {
            let sentence = format!("it is {kind}, not a regular file");
            assert_eq!(open(path).unwrap_err().to_string(), sentence);
            assert_eq!(open_own(path).unwrap_err().to_string(), sentence);
        }
        assert!(matches!(open(&folder.path().join("absent")), Err(OpenError::System(_))));
    }
}
