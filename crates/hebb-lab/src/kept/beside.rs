//! What a figure measured after each epoch beside the run's rows: a file of its own in the run's folder.

use std::path::PathBuf;

use hebb_data::disk;
use hebb_engine::write_whole;

use crate::error::LabError;

const NAME: &str = "beside.csv";

/// Numbers by epoch, from 0.
pub struct Kept {
    /// Where they stand; none: in memory alone.
    path: Option<PathBuf>,
    header: String,
    rows: Vec<Option<Vec<f64>>>,
}

impl Kept {
    /// What is there. What does not read is not there, and is measured again where its weights still are.
    pub fn read(folder: Option<PathBuf>, columns: &[&'static str]) -> Self {
        let path = folder.filter(|_| !columns.is_empty()).map(|folder| folder.join(NAME));
        let header = ["epoch"].iter().chain(columns).copied().collect::<Vec<_>>().join(",");
        let mut kept = Self { path, header, rows: Vec::new() };
        let text = kept.path.as_ref().and_then(|path| disk::read_text(path).ok()).unwrap_or_default();
        let mut lines = text.lines();
        if lines.next() == Some(&kept.header) {
            for (epoch, numbers) in lines.filter_map(row).filter(|(_, numbers)| numbers.len() == columns.len()) {
                kept.set(epoch, numbers);
            }
        }
        kept
    }

    fn set(&mut self, epoch: u32, numbers: Vec<f64>) {
        let at = epoch as usize;
        // A file that names an epoch past all reason takes no memory for those before it.
        if at <= self.rows.len() + 1_000_000 {
            self.rows.resize(self.rows.len().max(at + 1), None);
            self.rows[at] = Some(numbers);
        }
    }

    /// Keeps an epoch's numbers, where they are not there yet.
    pub fn push(&mut self, epoch: u32, of: impl FnOnce() -> Result<Vec<f64>, LabError>) -> Result<(), LabError> {
        if self.rows.get(epoch as usize).is_some_and(Option::is_some) {
            return Ok(());
        }
        self.set(epoch, of()?);
        let Some(path) = &self.path else { return Ok(()) };
        let mut text = format!("{}\n", self.header);
        for (epoch, numbers) in self.rows.iter().enumerate() {
            let numbers = numbers.iter().map(|numbers| numbers.iter().map(|n| format!(",{n:?}")).collect::<String>());
            numbers.for_each(|numbers| text.push_str(&format!("{epoch}{numbers}\n")));
        }
        Ok(write_whole(path, text.as_bytes())?)
    }

    /// The numbers of the epochs up to one.
    pub fn upto(mut self, epoch: u32) -> Vec<Option<Vec<f64>>> {
        self.rows.resize(epoch as usize + 1, None);
        self.rows
    }
}

/// A line's epoch and numbers.
fn row(line: &str) -> Option<(u32, Vec<f64>)> {
    let mut fields = line.split(',');
    let epoch = fields.next()?.parse().ok()?;
    let numbers: Option<Vec<f64>> = fields.map(|field| field.parse().ok()).collect();
    Some((epoch, numbers?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back_and_are_measured_once() {
        let folder = tempfile::tempdir().unwrap();
        let read = || Kept::read(Some(folder.path().to_owned()), &["a", "b"]);
        let mut kept = read();
        kept.push(0, || Ok(vec![0.1 + 0.2, f64::NAN])).unwrap();
        kept.push(2, || Ok(vec![1e-300, 2.0])).unwrap();
        kept.push(2, || panic!("it is there")).unwrap();
        let back = read().upto(3);
        assert_eq!((back[0].as_ref().unwrap()[0], &back[1], &back[3]), (0.1 + 0.2, &None, &None));
        assert_eq!(back[2], Some(vec![1e-300, 2.0]));
        let mut text = std::fs::read_to_string(folder.path().join(NAME)).unwrap();
        text.push_str("3,x,1\n4294967295,1,1\n4,1\n");
        std::fs::write(folder.path().join(NAME), text).unwrap();
        assert_eq!(read().upto(3)[2..], [Some(vec![1e-300, 2.0]), None]);
        assert!(Kept::read(Some(folder.path().to_owned()), &["c"]).upto(2).iter().all(Option::is_none));
    }
}
