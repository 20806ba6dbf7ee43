//! metrics.csv: one row at each epoch's end.

use std::io;
use std::path::Path;

use hebb_data::disk::{self, OpenError};
use hebb_spec::system::System;
use serde::Serialize;

use crate::atomic;
use crate::run_folder::{self, RunError};

/// A row: what an epoch found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// Wall time of its training steps; of those since the resume, where it was interrupted.
    pub seconds: f64,
    /// The system's columns, each with its value; none where there is nothing to tell.
    pub values: Vec<(String, Option<f64>)>,
    /// Steps of the whole run at its end; none in rows of folders that were begun before rows told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
}

impl Row {
    /// A number that is not finite tells nothing, and is none.
    pub(crate) fn new(
        epoch: u32,
        seconds: f64,
        values: impl IntoIterator<Item = (String, Option<f64>)>,
        step: Option<u32>,
    ) -> Self {
        let finite = |(name, value): (String, Option<f64>)| (name, value.filter(|value| value.is_finite()));
        Self { epoch, seconds, values: values.into_iter().map(finite).collect(), step }
    }

    /// A column's value.
    pub fn get(&self, column: &str) -> Option<f64> {
        self.values.iter().find(|(name, _)| name == column).and_then(|(_, value)| *value)
    }

    /// Its fields below a header. Absent values are empty; floats read back to the last bit.
    fn line(&self, header: &Header) -> String {
        let field = |name: &String| self.get(name).map_or_else(String::new, |value| format!("{value:?}"));
        let mut fields = vec![self.epoch.to_string(), format!("{:.3}", self.seconds)];
        fields.extend(header.columns.iter().map(field));
        if header.has_step {
            fields.push(self.step.map_or_else(String::new, |step| step.to_string()));
        }
        fields.join(",")
    }

    /// The inverse of [`Row::line`]. A row that ends early has nothing to tell of the rest.
    fn read(line: &str, header: &Header) -> Option<Self> {
        let mut fields = line.split(',');
        let (epoch, seconds) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let mut values = Vec::with_capacity(header.columns.len());
        for column in &header.columns {
            let value = match fields.next() {
                None | Some("") => None,
                Some(field) => Some(field.parse().ok()?),
            };
            values.push((column.clone(), value));
        }
        let step = match if header.has_step { fields.next() } else { None } {
            None | Some("") => None,
            Some(field) => Some(field.parse().ok()?),
        };
        fields.next().is_none().then(|| Self::new(epoch, seconds, values, step))
    }
}

/// What was found in a metrics.csv.
#[derive(Debug)]
pub(crate) struct Found {
    /// The rows up to the run's epoch.
    pub metrics: Metrics,
    /// Whether more stood there.
    pub surplus: bool,
    /// Epochs before the first row.
    pub lost: u32,
}

/// The first line of a metrics.csv.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    /// What stands behind epoch and seconds.
    columns: Vec<String>,
    /// Whether the number of steps stands behind these, as in all folders but old ones.
    has_step: bool,
}

impl Header {
    const FIRST: [&str; 2] = ["epoch", "seconds"];
    const STEP: &str = "step";

    fn text(&self) -> String {
        let step = self.has_step.then_some(Self::STEP);
        Self::FIRST.into_iter().chain(self.columns.iter().map(String::as_str)).chain(step).collect::<Vec<_>>().join(",")
    }

    /// The inverse of [`Header::text`].
    fn read(line: &str) -> Option<Self> {
        let mut names = line.split(',');
        if !Self::FIRST.iter().all(|first| names.next() == Some(first)) {
            return None;
        }
        let mut columns: Vec<String> = names.map(str::to_owned).collect();
        let has_step = columns.pop_if(|last| last == Self::STEP).is_some();
        Some(Self { columns, has_step })
    }
}

/// The rows of a run's metrics.csv.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metrics {
    header: Header,
    rows: Vec<Row>,
}

impl Metrics {
    /// No rows yet.
    pub(crate) fn new(system: &dyn System) -> Self {
        Self { header: Header { columns: system.columns(), has_step: true }, rows: Vec::new() }
    }

    /// Reads the rows of a file, whatever system it is of; none where there is no file.
    pub(crate) fn view(path: &Path) -> Result<Vec<Row>, RunError> {
        let text = match disk::read_text(path) {
            Ok(text) => text,
            Err(OpenError::System(cause)) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(RunError::unread(path, cause)),
        };
        let wrong = |line| RunError::Metrics { path: path.to_owned(), line };
        let mut lines = text.lines();
        let header = lines.next().and_then(Header::read).ok_or_else(|| wrong(1))?;
        (2..).zip(lines).map(|(line, text)| Row::read(text, &header).ok_or_else(|| wrong(line))).collect()
    }

    /// Reads the file of a run that has done some epochs. Its rows are those of epochs in order, from the one behind
    /// `lost`, where that is known, to the run's own at least.
    pub(crate) fn read(system: &dyn System, path: &Path, done: u32, lost: Option<u32>) -> Result<Found, RunError> {
        let mut metrics = Self::new(system);
        let text = match disk::read_text(path) {
            Ok(text) => text,
            Err(OpenError::System(cause)) if cause.kind() == io::ErrorKind::NotFound => {
                // Somebody moved it away, or there was no row yet.
                return Ok(Found { metrics, surplus: false, lost: done });
            }
            Err(cause) => return Err(RunError::unread(path, cause)),
        };
        let wrong = |line| RunError::Metrics { path: path.to_owned(), line };
        let mut lines = text.lines();
        // A folder keeps its own header, which may have fewer columns than a new one's.
        let header = lines.next().and_then(Header::read).ok_or_else(|| wrong(1))?;
        if !metrics.header.columns.starts_with(&header.columns) {
            return Err(wrong(1));
        }
        metrics.header = header;
        let (mut surplus, mut lost, mut last) = (false, lost.map(|lost| lost.min(done)), None);
        for (line, text) in (2..).zip(lines) {
            let row = Row::read(text, &metrics.header).ok_or_else(|| wrong(line))?;
            // A file from the first epoch on lacks nothing, whatever was lost once.
            let before = match last {
                None if row.epoch == 1 => *lost.insert(0),
                _ => *lost.get_or_insert(row.epoch.saturating_sub(1).min(done)),
            };
            let (found, wanted) = (row.epoch, last.unwrap_or(before).saturating_add(1));
            if found != wanted {
                return Err(RunError::Rows { path: path.to_owned(), line, found, wanted });
            }
            last = Some(found);
            if found <= done {
                metrics.rows.push(row);
            } else {
                surplus = true;
            }
        }
        let lost = lost.unwrap_or(done);
        match last.unwrap_or(lost) {
            last if last < done => Err(RunError::LastRow { path: path.to_owned(), wanted: last + 1, done }),
            _ => Ok(Found { metrics, surplus, lost }),
        }
    }

    /// The rows.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Only the rows up to an epoch.
    pub(crate) fn keep(&mut self, epochs: u32) {
        self.rows.retain(|row| row.epoch <= epochs);
    }

    pub(crate) fn push(&mut self, row: &Row) {
        self.rows.push(row.clone());
    }

    /// Writes all rows, whole or not at all; without rows there is no file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), RunError> {
        if self.rows.is_empty() {
            return run_folder::remove(path);
        }
        let mut text = format!("{}\n", self.header.text());
        for row in &self.rows {
            text.push_str(&row.line(&self.header));
            text.push('\n');
        }
        Ok(atomic::write(path, text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(columns: &[&str], has_step: bool) -> Header {
        Header { columns: columns.iter().map(|&name| name.to_owned()).collect(), has_step }
    }

    #[test]
    fn numbers_that_are_not_finite_are_none() {
        let (names, values) = (["a", "b", "c", "d"], [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0]);
        let row =
            Row::new(1, 0.5, names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), Some(value))), None);
        assert_eq!(row.values.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [None, None, None, Some(1.0)]);
        assert_eq!(row.line(&header(&names, false)), "1,0.500,,,,1.0");
    }

    #[test]
    fn a_row_reads_back_and_the_rest_of_a_short_one_is_empty() {
        let columns = header(&["loss", "error", "corr_2"], true);
        let values = columns.columns.iter().cloned().zip([Some(0.1 + 0.2), None, Some(1e-7)]);
        let row = Row::new(3, 1.5, values, Some(270));
        let line = row.line(&columns);
        assert_eq!(line, "3,1.500,0.30000000000000004,,1e-7,270");
        assert_eq!(Row::read(&line, &columns).as_ref(), Some(&row));
        let short = Row::read("3,1.500,0.30000000000000004,", &columns).unwrap();
        assert_eq!((short.get("corr_2"), short.step), (None, None));
        let old = header(&["loss", "error", "corr_2"], false);
        // As version 0.1 wrote them.
        assert_eq!(Row::read("3,1.500,NaN,inf,-inf", &old).unwrap().line(&old), "3,1.500,,,");
        for wrong in ["", "x,1.0", "1", "1,1.0,a", "1,1.0,1,1,1,1"] {
            assert_eq!(Row::read(wrong, &old), None, "{wrong}");
        }
        for wrong in ["1,1.0,1,1,1,1,1", "1,1.0,1,1,1,-1", "1,1.0,1,1,1,1.5"] {
            assert_eq!(Row::read(wrong, &columns), None, "{wrong}");
        }
    }

    #[test]
    fn a_header_reads_back() {
        for header in [header(&[], false), header(&[], true), header(&["a"], false), header(&["a", "b"], true)] {
            assert_eq!(Header::read(&header.text()), Some(header));
        }
        for wrong in ["", "epoch", "seconds,epoch", "step"] {
            assert_eq!(Header::read(wrong), None, "{wrong}");
        }
    }
}
