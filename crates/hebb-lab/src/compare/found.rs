//! Runs by the paths that name them.

use std::path::{Path, PathBuf};

use hebb_data::disk;
use hebb_engine::run::RunError;
use hebb_engine::view::View;

use super::CompareError;

/// Runs that were found, and those of a sweep's list that were not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The runs, in the order in which they were named.
    pub runs: Vec<View>,
    /// Runs that have not begun, or have not finished an epoch.
    pub without: Vec<PathBuf>,
}

/// The runs that paths name: each is a run's folder, or a sweep's, which stands for the runs of its list.
pub fn find(paths: &[PathBuf]) -> Result<Found, CompareError> {
    let mut found = Found::default();
    for path in paths {
        let list = path.join("list.csv");
        if path.join("run.toml").is_file() {
            found.add(path)?;
        } else if list.is_file() {
            for name in names(&list)? {
                found.add(&path.join("runs").join(name))?;
            }
        } else {
            return Err(CompareError::Neither { path: path.clone() });
        }
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, path: &Path) -> Result<(), CompareError> {
        match View::read(path) {
            Ok(run) if !run.rows.is_empty() => self.runs.push(run),
            Ok(_) | Err(RunError::Absent { .. }) => self.without.push(path.to_owned()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// The folders of a sweep's list, by name.
fn names(list: &Path) -> Result<Vec<String>, CompareError> {
    let wrong = |line| CompareError::List { path: list.to_owned(), line };
    let text = disk::read_text(list).map_err(|_| wrong(1))?;
    let mut lines = text.lines();
    lines.next().filter(|head| head.starts_with("run,folder")).ok_or_else(|| wrong(1))?;
    let mut names = Vec::new();
    // A value may go over several lines: what begins with the next number is a run.
    let mut number = 1;
    for (line, text) in (2..).zip(lines) {
        let mut fields = text.split(',');
        if fields.next() != Some(number.to_string().as_str()) {
            continue;
        }
        let is_name = |name: &&str| name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        names.push(fields.next().filter(is_name).ok_or_else(|| wrong(line))?.to_owned());
        number += 1;
    }
    Ok(names)
}
