//! One file over HTTP: resumed where an earlier attempt ended, and checked before anyone uses it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use ureq::http::Response;
use ureq::http::header::{CONTENT_RANGE, RANGE};
use ureq::{Agent, Body, Timeout};

use super::{Event, FetchError, manifest};
use crate::disk::{self, OpenError};

const BUFFER: usize = 1 << 16;

/// The least that a server must send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Bytes of the file.
    pub(super) bytes: u64,
    /// In each so long a time of waiting for them. The head of an answer must be whole by then, too.
    pub(super) within: Duration,
}

/// A kilobyte a second: any modem has more.
pub(super) const PACE: Pace = Pace { bytes: 60 << 10, within: Duration::from_secs(60) };

pub(super) struct Client {
    agent: Agent,
    patience: Duration,
    pace: Pace,
}

impl Client {
    /// A client that gives a silent server up after `patience`, and one that falls behind `pace`.
    pub(super) fn new(patience: Duration, pace: Pace) -> Self {
        let agent = Agent::config_builder()
            .user_agent(concat!("hebb/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .timeout_connect(Some(patience))
            .timeout_per_read(Some(patience))
            .timeout_recv_response(Some(patience.max(pace.within)))
            .build()
            .new_agent();
        Self { agent, patience, pace }
    }

    /// Makes `path` the published file: what of it is there is kept, the rest comes from `url`. A file that turns out
    /// to be another one is deleted.
    pub(super) fn download(
        &self,
        url: &str,
        file: &manifest::File,
        path: &Path,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), FetchError> {
        self.complete(url, file, path, tell)?;
        let found = sha256(path)?;
        if found == file.sha256 {
            return Ok(());
        }
        fs::remove_file(path).map_err(FetchError::file("delete", path))?;
        Err(FetchError::Checksum { url: url.to_owned(), found, expected: file.sha256.clone() })
    }

    /// Brings the file to its full length.
    fn complete(
        &self,
        url: &str,
        file: &manifest::File,
        path: &Path,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), FetchError> {
        let have = length(path)?;
        if have == file.bytes {
            return Ok(());
        }
        let (mut done, body) = self.ask(url, file, if have < file.bytes { have } else { 0 })?;
        let mut out = open_at(path, done).map_err(FetchError::own("write", path))?;
        let mut reader = body.into_reader();
        let mut buffer = vec![0; BUFFER];
        let (mut waited, mut received) = (Duration::ZERO, 0);
        loop {
            tell(Event::Bytes { file: &file.name, url, done, of: file.bytes });
            let asked = Instant::now();
            let read = reader.read(&mut buffer).map_err(|cause| self.broken_off(url, file, done, cause))?;
            if read == 0 {
                break;
            }
            // Only the time that the server takes counts, not that of the disk.
            waited += asked.elapsed();
            received += read as u64;
            out.write_all(&buffer[..read]).map_err(FetchError::file("write", path))?;
            done += read as u64;
            if done > file.bytes {
                drop(out);
                fs::remove_file(path).map_err(FetchError::file("delete", path))?;
                return Err(other_size(url, "more bytes".to_owned(), file));
            }
            if waited >= self.pace.within && done < file.bytes {
                if received < self.pace.bytes {
                    return Err(slow(url, file, done, received, waited));
                }
                (waited, received) = (Duration::ZERO, 0);
            }
        }
        if done < file.bytes {
            return Err(self.broken_off(url, file, done, io::ErrorKind::UnexpectedEof.into()));
        }
        // The rename that follows must not reach the disk before the bytes.
        out.sync_all().map_err(FetchError::file("write", path))
    }

    /// Asks for what follows the first `have` bytes. Where the answer begins, and the answer.
    fn ask(&self, url: &str, file: &manifest::File, have: u64) -> Result<(u64, Body), FetchError> {
        let mut request = self.agent.get(url);
        if have > 0 {
            request = request.header(RANGE, format!("bytes={have}-"));
        }
        let asked = Instant::now();
        let response = request.call().map_err(|error| match error {
            ureq::Error::Timeout(Timeout::RecvResponse) => slow(url, file, have, 0, asked.elapsed()),
            ureq::Error::Timeout(_) => self.stalled(url, file, have),
            error => FetchError::Reach { url: url.to_owned(), cause: error.to_string() },
        })?;
        let start = match response.status().as_u16() {
            200 => 0,
            206 if have > 0 && first_byte(&response) == Some(have) => have,
            // Another part than was asked for, or none: only the whole file helps.
            206 | 416 if have > 0 => return self.ask(url, file, 0),
            status => return Err(FetchError::Status { url: url.to_owned(), status }),
        };
        let body = response.into_body();
        match body.content_length().map(|length| start.saturating_add(length)) {
            Some(all) if all != file.bytes => Err(other_size(url, format!("{all} bytes"), file)),
            _ => Ok((start, body)),
        }
    }

    fn stalled(&self, url: &str, file: &manifest::File, done: u64) -> FetchError {
        FetchError::Stalled { url: url.to_owned(), seconds: self.patience.as_secs_f64(), done, bytes: file.bytes }
    }

    fn broken_off(&self, url: &str, file: &manifest::File, done: u64, cause: io::Error) -> FetchError {
        match cause.get_ref().and_then(|cause| cause.downcast_ref()) {
            Some(ureq::Error::Timeout(_)) => self.stalled(url, file, done),
            _ => FetchError::BrokenOff { url: url.to_owned(), cause: cause.to_string(), done, bytes: file.bytes },
        }
    }
}

/// Where the part begins that a server sends, as in `Content-Range: bytes 100-199/200`.
fn first_byte(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

fn slow(url: &str, file: &manifest::File, done: u64, received: u64, waited: Duration) -> FetchError {
    let seconds = (10.0 * waited.as_secs_f64()).round() / 10.0;
    FetchError::Slow { url: url.to_owned(), received, seconds, done, bytes: file.bytes }
}

fn other_size(url: &str, offered: String, file: &manifest::File) -> FetchError {
    FetchError::OtherSize { url: url.to_owned(), offered, bytes: file.bytes }
}

/// Opens a file to go on behind its first bytes. A server that begins anew makes an earlier part worthless.
fn open_at(path: &Path, length: u64) -> Result<File, OpenError> {
    let mut file = disk::open_own(path)?;
    file.set_len(length)?;
    file.seek(SeekFrom::End(0))?;
    Ok(file)
}

/// Bytes of a file of the program's own; 0 where there is none.
fn length(path: &Path) -> Result<u64, FetchError> {
    match disk::own_length(path) {
        Err(OpenError::System(cause)) if cause.kind() == io::ErrorKind::NotFound => Ok(0),
        length => length.map_err(FetchError::own("read", path)),
    }
}

fn sha256(path: &Path) -> Result<String, FetchError> {
    let mut hash = Sha256::new();
    File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash)).map_err(FetchError::file("read", path))?;
    Ok(format!("{:x}", hash.finalize()))
}
