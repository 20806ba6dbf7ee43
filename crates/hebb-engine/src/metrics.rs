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
}

impl Row {
    /// A number that is not finite tells nothing, and is none.
    pub(crate) fn new(epoch: u32, seconds: f64, values: impl IntoIterator<Item = (String, Option<f64>)>) -> Self {
        let finite = |(name, value): (String, Option<f64>)| (name, value.filter(|value| value.is_finite()));
        Self { epoch, seconds, values: values.into_iter().map(finite).collect() }
    }

    /// A column's value.
    pub fn get(&self, column: &str) -> Option<f64> {
        self.values.iter().find(|(name, _)| name == column).and_then(|(_, value)| *value)
    }

    /// Absent values are empty fields; floats read back to the last bit.
    fn line(&self) -> String {
        let field = |value: &Option<f64>| value.map_or_else(String::new, |value| format!("{value:?}"));
        let mut fields = vec![self.epoch.to_string(), format!("{:.3}", self.seconds)];
        fields.extend(self.values.iter().map(|(_, value)| field(value)));
        fields.join(",")
    }

    /// The inverse of [`Row::line`]. A version that wrote fewer columns has nothing to tell of the rest.
    fn read(line: &str, columns: &[String]) -> Option<Self> {
        let mut fields = line.split(',');
        let (epoch, seconds) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let mut values = Vec::with_capacity(columns.len());
        for column in columns {
            let value = match fields.next() {
                None | Some("") => None,
                Some(field) => Some(field.parse().ok()?),
            };
            values.push((column.clone(), value));
        }
        fields.next().is_none().then(|| Self::new(epoch, seconds, values))
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

/// The rows of a run's metrics.csv.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metrics {
    columns: Vec<String>,
    rows: Vec<Row>,
}

impl Metrics {
    /// No rows yet.
    pub(crate) fn new(system: &dyn System) -> Self {
        Self { columns: system.columns(), rows: Vec::new() }
    }

    fn header(&self) -> String {
        ["epoch", "seconds"].into_iter().chain(self.columns.iter().map(String::as_str)).collect::<Vec<_>>().join(",")
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
        // What the header has beyond the file's is whole columns.
        let header = metrics.header();
        let lacking = lines.next().and_then(|found| header.strip_prefix(found)).ok_or_else(|| wrong(1))?;
        if !lacking.is_empty() && !lacking.starts_with(',') {
            return Err(wrong(1));
        }
        let (mut surplus, mut lost, mut last) = (false, lost.map(|lost| lost.min(done)), None);
        for (line, text) in (2..).zip(lines) {
            let row = Row::read(text, &metrics.columns).ok_or_else(|| wrong(line))?;
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
        let mut text = format!("{}\n", self.header());
        for row in &self.rows {
            text.push_str(&row.line());
            text.push('\n');
        }
        Ok(atomic::write(path, text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_not_finite_are_none() {
        let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0];
        let row = Row::new(1, 0.5, values.map(|value| ("loss".to_owned(), Some(value))));
        assert_eq!(row.values.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [None, None, None, Some(1.0)]);
        assert_eq!(row.line(), "1,0.500,,,,1.0");
    }

    #[test]
    fn a_row_reads_back_and_the_rest_of_an_older_one_is_empty() {
        let columns = ["loss", "error", "corr_2"].map(str::to_owned);
        let values = [Some(0.1 + 0.2), None, Some(1e-7)];
        let row = Row { epoch: 3, seconds: 1.5, values: columns.iter().cloned().zip(values).collect() };
        assert_eq!(row.line(), "3,1.500,0.30000000000000004,,1e-7");
        assert_eq!(Row::read(&row.line(), &columns).as_ref(), Some(&row));
        assert_eq!(Row::read("3,1.500,0.30000000000000004,", &columns).unwrap().get("corr_2"), None);
        // As version 0.1 wrote them.
        assert_eq!(Row::read("3,1.500,NaN,inf,-inf", &columns).unwrap().line(), "3,1.500,,,");
        for wrong in ["", "x,1.0", "1", "1,1.0,a", "1,1.0,1,1,1,1"] {
            assert_eq!(Row::read(wrong, &columns), None, "{wrong}");
        }
    }
}
