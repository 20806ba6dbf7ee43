//! A run's file of events, for TensorBoard: every column of metrics.csv as a scalar, the first layer's filters as a
//! picture, and histograms of all weights and of δ.
//!
//! The file is `RUN/tensorboard/events.out.tfevents.0.hebb`. An event's step is the number of steps done, its time the
//! seconds of training up to it, so that TensorBoard's axis *Relative* leaves out whatever time a run stood still. A run
//! that was stopped goes on in the same file, and no step comes twice: one that the file has is not added again.

mod crc32c;
mod event;
mod file;
mod message;
mod record;

use std::ops::Range;
use std::path::{Path, PathBuf};

use hebb_data::Split;
use hebb_engine::Row;
use hebb_engine::observe::Observer;
use hebb_spec::backend::Runtime;
use hebb_spec::layout::Layout;
use hebb_spec::param::{Kind, Param, Weights};
use hebb_spec::system::System as _;
use hebb_systems::layered::Model;

use crate::error::LabError;
use crate::filters::{Choice, Filters, Letter};
use crate::probe::Probe;
use event::{Event, Histogram, Shown};
use file::{EventFile, Resumed};

/// A network beside the training, and the images whose δ are shown.
pub struct Deltas<'a> {
    probe: Probe,
    images: &'a Split,
    records: Vec<u32>,
}

impl<'a> Deltas<'a> {
    /// Makes a network ready on a runtime, for the images of a range.
    pub fn new(runtime: &dyn Runtime, model: &Model, images: &'a Split, range: Range<usize>) -> Result<Self, LabError> {
        let probe = Probe::new(runtime, model, (range.len() as u32).max(1))?;
        Ok(Self { probe, images, records: range.map(|record| record as u32).collect() })
    }

    /// δ's distribution, by layer, as a step would have it that begins with these weights.
    fn histograms(&mut self, weights: &Weights) -> Result<Vec<(String, Shown)>, LabError> {
        self.probe.load(weights)?;
        let deltas = self.probe.deltas(self.images, &self.records)?;
        let of = |delta: crate::probe::Activity| {
            Some((format!("delta/{}", delta.layer), Shown::Histogram(Histogram::of(delta.values.iter().copied())?)))
        };
        Ok(deltas.into_iter().filter_map(of).collect())
    }
}

/// Writes a run's events as it trains. What cannot be written does not end the training: [`Board::finish`] tells of it.
pub struct Board<'a> {
    events: EventFile,
    model: Model,
    deltas: Deltas<'a>,
    /// Steps in an epoch.
    epoch_steps: u32,
    /// Seconds of training up to the last event.
    time: f64,
    failure: Option<LabError>,
}

impl<'a> Board<'a> {
    /// Where a run has its events.
    pub fn path(run: &Path) -> PathBuf {
        EventFile::path(run)
    }

    /// Begins the events of a run with those of its start.
    pub fn begin(
        run: &Path,
        model: &Model,
        epoch_steps: u32,
        deltas: Deltas<'a>,
        start: &Weights,
    ) -> Result<Self, LabError> {
        let events = EventFile::create(run)?;
        let mut board = Self { events, model: model.clone(), deltas, epoch_steps, time: 0.0, failure: None };
        board.add(None, start)?;
        Ok(board)
    }

    /// Goes on with the events of a run that has these rows, all of whole epochs; begins them where there are none. Of rows
    /// that it has no events of it takes the scalars. Tells what is worth knowing.
    pub fn resume(
        run: &Path,
        model: &Model,
        epoch_steps: u32,
        deltas: Deltas<'a>,
        rows: &[Row],
    ) -> Result<(Self, Option<String>), LabError> {
        let Resumed { events, time, damaged } = EventFile::resume(run)?;
        let mut board = Self { events, model: model.clone(), deltas, epoch_steps, time: 0.0, failure: None };
        for row in rows {
            board.time += row.seconds;
            let step = steps(row, epoch_steps);
            if board.events.lacks(step) {
                let time = board.time.max(time);
                board.events.append(&Event { time, step, shown: scalars(row) })?;
            }
        }
        // The next row's seconds are those since now.
        board.time = board.time.max(time);
        let path = Self::path(run);
        let message = format!("the last {damaged} bytes of {} were no whole events, and are cut off", path.display());
        Ok((board, Some(message).filter(|_| damaged > 0)))
    }

    /// Ends it, with the error that it ended with.
    pub fn finish(self) -> Result<(), LabError> {
        self.failure.map_or(Ok(()), Err)
    }

    fn add(&mut self, row: Option<&Row>, weights: &Weights) -> Result<(), LabError> {
        let step = row.map_or(0, |row| steps(row, self.epoch_steps));
        if !self.events.lacks(step) {
            return Ok(());
        }
        let mut shown = row.map_or_else(Vec::new, scalars);
        shown.extend(self.filters(weights)?);
        shown.extend(self.histograms(weights));
        shown.extend(self.deltas.histograms(weights)?);
        self.events.append(&Event { time: self.time, step, shown })
    }

    /// The first layer's filters; none where they are too many for a picture.
    fn filters(&self, weights: &Weights) -> Result<Option<(String, Shown)>, LabError> {
        let figure =
            Filters::of(&self.model, weights, 1, Letter::W).and_then(|filters| filters.figure(Choice::default()));
        let Ok(figure) = figure else { return Ok(None) };
        let png = figure.png()?;
        // A PNG file's header has both lengths, its highest bytes first.
        let length = |at: usize| png.get(at..at + 4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
        let (width, height) = (length(16), length(20));
        Ok(Some(("filters/1".to_owned(), Shown::Image { width, height, png })))
    }

    /// The distribution of all weights that there are, by parameter.
    fn histograms(&self, weights: &Weights) -> Vec<(String, Shown)> {
        let params = self.model.params();
        let learn = params.iter().filter(|param| matches!(param.kind, Kind::Learned | Kind::Drawn));
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
    // Folders of version 0.1 do not tell; all their rows that a resume keeps are of whole epochs.
    row.step.unwrap_or(row.epoch.saturating_mul(epoch_steps))
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

impl Observer for Board<'_> {
    fn epoch(&mut self, row: &Row, weights: &Weights) {
        self.time += row.seconds;
        if self.failure.is_none() {
            self.failure = self.add(Some(row), weights).err();
        }
    }
}

#[cfg(test)]
mod tests;
