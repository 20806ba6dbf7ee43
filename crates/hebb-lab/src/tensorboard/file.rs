//! The file of a run's events. It only grows, by a record an epoch: TensorBoard, which holds it open, loses its place in one
//! that is cut short and filled again.

use std::fs::{self, File};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use hebb_data::disk::{self, OpenError};
use hebb_engine::run::{EVENTS, RunError};
use hebb_engine::{WriteError, write_whole};

use super::event::{self, Event};
use super::record;
use crate::error::LabError;

/// A run's file of events, open at its end.
#[derive(Debug)]
pub(super) struct EventFile {
    path: PathBuf,
    file: File,
    length: u64,
    /// The step of its last event; none where it has none.
    last: Option<u32>,
}

/// A file that a run goes on with.
#[derive(Debug)]
pub(super) struct Resumed {
    pub(super) events: EventFile,
    /// The latest time of its events.
    pub(super) time: f64,
    /// Bytes at its end that were no whole events, and were cut off.
    pub(super) damaged: u64,
}

impl EventFile {
    /// Where a run has it.
    pub(super) fn path(run: &Path) -> PathBuf {
        run.join(EVENTS)
    }

    /// A new file, or one in place of another.
    pub(super) fn create(run: &Path) -> Result<Self, LabError> {
        let path = Self::path(run);
        let folder = path.parent().unwrap_or(run);
        fs::create_dir_all(folder).map_err(|cause| LabError::Folder { path: folder.display().to_string(), cause })?;
        let bytes = record::framed(&event::version());
        write_whole(&path, &bytes)?;
        Self::open(path, bytes.len() as u64, None)
    }

    /// The file of a run that goes on; a new one where there is none. What a killed process left half written at its end is
    /// cut off.
    pub(super) fn resume(run: &Path) -> Result<Resumed, LabError> {
        let path = Self::path(run);
        let read = match disk::open(&path) {
            Err(OpenError::System(cause)) if cause.kind() == io::ErrorKind::NotFound => {
                return Ok(Resumed { events: Self::create(run)?, time: 0.0, damaged: 0 });
            }
            read => read.map_err(|cause| unread(&path, cause))?,
        };
        let fail = |cause| LabError::Run(RunError::Read { path: path.clone(), cause });
        let whole = read.metadata().map_err(fail)?.len();
        let (mut reader, mut length, mut last, mut time) = (BufReader::new(read), 0, None, 0.0_f64);
        while let Some((bytes, taken)) = record::next(&mut reader, whole - length).map_err(fail)? {
            if length > 0 {
                let Some((step, seconds)) = event::place(&bytes) else { break };
                let Ok(step) = u32::try_from(step) else { break };
                last = last.max(Some(step));
                time = if seconds.is_finite() { time.max(seconds) } else { time };
            } else if !event::is_version(&bytes) {
                break;
            }
            length += taken;
        }
        if length == 0 {
            return Err(LabError::NoEvents { path });
        }
        Ok(Resumed { events: Self::open(path, length, last)?, time, damaged: whole - length })
    }

    /// Opens a file to write, and cuts it to a length.
    fn open(path: PathBuf, length: u64, last: Option<u32>) -> Result<Self, LabError> {
        let file = disk::open_own(&path).map_err(|cause| unread(&path, cause))?;
        file.set_len(length).map_err(|cause| WriteError::new(&path, cause))?;
        Ok(Self { path, file, length, last })
    }

    /// Whether it has no event of this step yet, nor of a later one. A run that does steps again comes to the same.
    pub(super) fn lacks(&self, step: u32) -> bool {
        self.last.is_none_or(|last| last < step)
    }

    /// Adds an event of a step that it lacks: all of it, or nothing.
    pub(super) fn append(&mut self, event: &Event) -> Result<(), LabError> {
        let bytes = record::framed(&event.bytes());
        let to_end = self.file.seek(SeekFrom::Start(self.length));
        match to_end.and_then(|_| self.file.write_all(&bytes)).and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.length += bytes.len() as u64;
                self.last = Some(event.step);
                Ok(())
            }
            Err(cause) => {
                // The first failure is the one to report; a resume cuts off what this leaves.
                self.file.set_len(self.length).ok();
                Err(WriteError::new(&self.path, cause).into())
            }
        }
    }
}

fn unread(path: &Path, cause: OpenError) -> LabError {
    let path = path.to_owned();
    LabError::Run(match cause {
        OpenError::NotRegular(kind) => RunError::NotRegular { path, kind },
        OpenError::System(cause) => RunError::Read { path, cause },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensorboard::event::{Histogram, Shown};

    fn event(step: u32) -> Event {
        Event { time: f64::from(step), step, shown: vec![("a".to_owned(), Shown::Scalar(f64::from(step)))] }
    }

    /// A file of events at these steps, and what stands in it.
    fn made(run: &Path, steps: &[u32]) -> Vec<u8> {
        let mut events = EventFile::create(run).unwrap();
        steps.iter().for_each(|step| events.append(&event(*step)).unwrap());
        fs::read(EventFile::path(run)).unwrap()
    }

    /// What TensorBoard's own writer makes of the same, written by tools/tensorboard.
    const GOLDEN: &[u8] = include_bytes!("golden.tfevents");

    #[test]
    fn a_file_is_what_tensorboards_own_writer_makes_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut events = EventFile::create(folder.path()).unwrap();
        let of = |values: &[f32]| Shown::Histogram(Histogram::of(values.iter().copied()).unwrap());
        let shown = [
            ("train/loss", Shown::Scalar(1.9)),
            ("corr/2", Shown::Scalar(-0.25)),
            ("saturated/1", Shown::Scalar(0.0)),
            ("filters/1", Shown::Image { width: 3, height: 300, png: (0..=255).collect() }),
            ("W/1", of(&[-1.0, -0.5, 0.25, 1.0])),
            ("delta/1", of(&[0.0; 3])),
        ];
        let shown = shown.map(|(tag, shown)| (tag.to_owned(), shown)).to_vec();
        events.append(&Event { time: 0.0, step: 0, shown: shown[3..].to_vec() }).unwrap();
        events.append(&Event { time: 18.572, step: 4_000_000_000, shown }).unwrap();
        assert_eq!(fs::read(EventFile::path(folder.path())).unwrap(), GOLDEN);
    }

    #[test]
    fn a_file_goes_on_and_knows_the_steps_that_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let whole = made(folder.path(), &[0, 10, 13, 20]);
        made(folder.path(), &[0, 10, 13]);
        let Resumed { mut events, time, damaged } = EventFile::resume(folder.path()).unwrap();
        assert_eq!((time, damaged), (13.0, 0));
        assert_eq!([0, 10, 13, 14].map(|step| events.lacks(step)), [false, false, false, true]);
        events.append(&event(20)).unwrap();
        assert!(!events.lacks(20));
        assert_eq!(fs::read(EventFile::path(folder.path())).unwrap(), whole);
        assert!(EventFile::create(folder.path()).unwrap().lacks(0));
    }

    #[test]
    fn what_a_killed_process_left_half_written_is_cut_off_wherever_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let whole = made(folder.path(), &[0, 10]);
        let before = made(folder.path(), &[0]).len();
        for cut in before + 1..whole.len() {
            fs::write(EventFile::path(folder.path()), &whole[..cut]).unwrap();
            let Resumed { mut events, damaged, .. } = EventFile::resume(folder.path()).unwrap();
            assert_eq!((events.lacks(1), damaged), (true, (cut - before) as u64), "{cut}");
            events.append(&event(10)).unwrap();
            assert_eq!(fs::read(EventFile::path(folder.path())).unwrap(), whole, "{cut}");
        }
    }

    #[test]
    fn a_file_of_somebody_elses_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let whole = made(folder.path(), &[0]);
        let path = EventFile::path(folder.path());
        let other = record::framed(b"\x08\x01");
        let texts: [&[u8]; 5] = [b"", b"text", &whole[1..], &[0; 100], &other];
        for text in texts {
            fs::write(&path, text).unwrap();
            assert!(matches!(EventFile::resume(folder.path()), Err(LabError::NoEvents { .. })));
            assert_eq!(fs::read(&path).unwrap(), text);
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_read_from_what_is_no_file_nor_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, victim) = (EventFile::path(folder.path()), folder.path().join("victim"));
        fs::write(&victim, made(folder.path(), &[0, 10])).unwrap();
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        let before = fs::read(&victim).unwrap();
        assert!(matches!(EventFile::resume(folder.path()), Err(LabError::Run(RunError::NotRegular { .. }))));
        assert_eq!(fs::read(&victim).unwrap(), before);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(EventFile::resume(folder.path()), Err(LabError::Run(RunError::NotRegular { .. }))));
    }
}
