//! metrics.csv: one row at each epoch's end.

use std::fs;
use std::io;
use std::path::Path;

use hebb_spec::plan::Model;

use crate::atomic;
use crate::folder::{self, RunError};
use crate::statistics::{self, Statistic};

/// A row: what an epoch found.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// Wall time of its training steps; of those since the resume, where it was interrupted.
    pub seconds: f64,
    /// Mean loss over its batches, dropout on.
    pub train_loss: f64,
    /// Fraction of its pictures taken for another class, dropout on.
    pub train_error: f64,
    /// Mean loss and error on the validation records, where there are any.
    pub validation: Option<(f64, f64)>,
    /// What was seen of the layers.
    pub statistics: Vec<Statistic>,
}

impl Row {
    /// Absent values are empty fields; floats read back to the last bit.
    fn line(&self) -> String {
        let field = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:?}"));
        let (loss, error) = self.validation.unzip();
        let mut fields = vec![self.epoch.to_string(), format!("{:.3}", self.seconds)];
        fields.extend([Some(self.train_loss), Some(self.train_error), loss, error].map(field));
        fields.extend(self.statistics.iter().map(|statistic| field(statistic.value)));
        fields.join(",")
    }
}

/// The rows of a run's metrics.csv, as they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metrics {
    header: String,
    rows: Vec<String>,
}

impl Metrics {
    /// No rows yet.
    pub(crate) fn new(model: &Model) -> Self {
        let mut header = "epoch,seconds,train_loss,train_error,validation_loss,validation_error".to_owned();
        header.extend(statistics::names(model).map(|name| format!(",{name}")));
        Self { header, rows: Vec::new() }
    }

    /// The rows in a file up to an epoch, and whether more stood there. Rows of a version that wrote fewer columns get
    /// empty fields for the rest.
    pub(crate) fn read(model: &Model, path: &Path, epochs: u32) -> Result<(Self, bool), RunError> {
        let mut metrics = Self::new(model);
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok((metrics, false)),
            Err(cause) => return Err(RunError::Read { path: path.to_owned(), cause }),
        };
        let mut lines = text.lines();
        // What the header has beyond the file's is whole columns.
        let lacking = lines.next().and_then(|header| metrics.header.strip_prefix(header));
        let Some(lacking) = lacking.filter(|columns| columns.is_empty() || columns.starts_with(',')) else {
            return Err(RunError::Metrics { path: path.to_owned(), line: 1 });
        };
        let empty = ",".repeat(lacking.matches(',').count());
        let mut surplus = false;
        for (number, line) in (2..).zip(lines) {
            let epoch: Option<u32> = line.split(',').next().and_then(|field| field.parse().ok());
            match epoch {
                Some(epoch) if epoch <= epochs => metrics.rows.push(format!("{line}{empty}")),
                Some(_) => surplus = true,
                None => return Err(RunError::Metrics { path: path.to_owned(), line: number }),
            }
        }
        Ok((metrics, surplus))
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn push(&mut self, row: &Row) {
        self.rows.push(row.line());
    }

    /// Writes all rows, whole or not at all; without rows there is no file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), RunError> {
        if self.rows.is_empty() {
            return folder::remove(path);
        }
        let mut text = format!("{}\n", self.header);
        for row in &self.rows {
            text.push_str(row);
            text.push('\n');
        }
        Ok(atomic::write(path, text.as_bytes())?)
    }
}
