//! A run's file of events, for TensorBoard: every column of metrics.csv as a scalar, the first layer's filters as a
//! picture, and histograms of all weights.
//!
//! The file is `RUN/tensorboard/events.out.tfevents.0.hebb`. An event's step is the number of steps done, its time the
//! seconds of training up to it, so that TensorBoard's axis *Relative* leaves out whatever time a run stood still. A run
//! that was stopped goes on in the same file, and what it had not done for good is cut off first: no step comes twice.

mod crc32c;
mod event;
mod file;
mod message;
mod record;

use std::path::{Path, PathBuf};

use hebb_engine::Row;
use hebb_engine::observe::Observer;
use hebb_spec::layout::Layout;
use hebb_spec::param::{Kind, Param, Weights};

use crate::request::LabError;
use event::{Event, Histogram, Shown};
use file::{EventFile, Resumed};

/// Writes a run's events as it trains. What cannot be written does not end the training: [`Board::finish`] tells of it.
#[derive(Debug)]
pub struct Board {
    events: EventFile,
    params: Vec<Param>,
    /// Steps in an epoch.
    epoch_steps: u32,
    /// Seconds of training up to the last event.
    time: f64,
    failure: Option<LabError>,
}

impl Board {
    /// Where a run has its events.
    pub fn path(run: &Path) -> PathBuf {
        EventFile::path(run)
    }

    /// Begins the events of a run with those of its start.
    pub fn begin(run: &Path, params: Vec<Param>, epoch_steps: u32, start: &Weights) -> Result<Self, LabError> {
        let events = EventFile::create(run)?;
        let mut board = Self { events, params, epoch_steps, time: 0.0, failure: None };
        board.add(None, start)?;
        Ok(board)
    }

    /// Goes on with the events of a run that has these rows, all of whole epochs; begins them where there are none. Of rows
    /// that it has no events of it takes the scalars. Tells what is worth knowing.
    pub fn resume(
        run: &Path,
        params: Vec<Param>,
        epoch_steps: u32,
        rows: &[Row],
    ) -> Result<(Self, Option<String>), LabError> {
        let done = rows.last().map_or(0, |row| steps(row, epoch_steps));
        let Resumed { events, last, damaged } = EventFile::resume(run, done)?;
        let mut board = Self { events, params, epoch_steps, time: 0.0, failure: None };
        for row in rows {
            board.time += row.seconds;
            let step = steps(row, epoch_steps);
            if last.is_none_or(|last| last < step) {
                board.events.append(&Event { time: board.time, step, shown: scalars(row) })?;
            }
        }
        let path = Self::path(run);
        let message = format!("the last {damaged} bytes of {} were no whole events, and are cut off", path.display());
        Ok((board, Some(message).filter(|_| damaged > 0)))
    }

    /// Ends it, with the error that it ended with.
    pub fn finish(self) -> Result<(), LabError> {
        self.failure.map_or(Ok(()), Err)
    }

    fn add(&mut self, row: Option<&Row>, weights: &Weights) -> Result<(), LabError> {
        let mut shown = row.map_or_else(Vec::new, scalars);
        shown.extend(self.histograms(weights));
        let step = row.map_or(0, |row| steps(row, self.epoch_steps));
        self.events.append(&Event { time: self.time, step, shown })
    }

    /// The distribution of all weights that there are, by parameter.
    fn histograms(&self, weights: &Weights) -> Vec<(String, Shown)> {
        let learn = self.params.iter().filter(|param| matches!(param.kind, Kind::Learned | Kind::Drawn));
        let of = |param: &Param| {
            let values = weights.get(&param.name)?;
            let there = there(param, weights, values.len());
            let values = values.iter().zip(&there).filter(|(_, there)| **there).map(|(value, _)| *value);
            Some((by_layer(&param.name), Shown::Histogram(Histogram::of(values)?)))
        };
        learn.filter_map(of).collect()
    }
}

/// Steps done at a row's end.
fn steps(row: &Row, epoch_steps: u32) -> u32 {
    row.epoch.saturating_mul(epoch_steps)
}

/// Which of a parameter's numbers are weights: none that lies outside the image, none that a mask leaves out.
fn there(param: &Param, weights: &Weights, count: usize) -> Vec<bool> {
    let mut there = vec![true; count];
    if let Layout::Weights(connection) = param.layout {
        connection.each_outside(|at| there[at] = false);
    }
    if let Some(mask) = param.mask.as_ref().and_then(|mask| weights.get(mask)) {
        there.iter_mut().zip(mask).for_each(|(there, mask)| *there &= *mask != 0.0);
    }
    there
}

/// A row's columns that have a value: `train_loss` under train/loss, `corr_2` under corr/2.
fn scalars(row: &Row) -> Vec<(String, Shown)> {
    let tag = |name: &str| name.rsplit_once('_').map_or_else(|| name.to_owned(), |(of, at)| format!("{of}/{at}"));
    row.values.iter().filter_map(|(name, value)| Some((tag(name), Shown::Scalar((*value)?)))).collect()
}

/// A tensor's tag: `W2` under W/2.
fn by_layer(name: &str) -> String {
    let of = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    if of.is_empty() || of.len() == name.len() { name.to_owned() } else { format!("{of}/{}", &name[of.len()..]) }
}

impl Observer for Board {
    fn epoch(&mut self, row: &Row, weights: &Weights) {
        self.time += row.seconds;
        if self.failure.is_none() {
            self.failure = self.add(Some(row), weights).err();
        }
    }
}

#[cfg(test)]
mod tests;
