//! The file of a sweep: settings of `hebb train`, and grids over some of them.

use std::path::{Path, PathBuf};

use hebb_data::disk;
use hebb_engine::settings::{line_of, setting_of};
use hebb_spec::settings::{Table, Value};

use super::{SweepError, rank, short};

/// The table of lists; as `[[grid]]` it may stand there several times.
const GRID: &str = "grid";
/// The folder's key.
const OUT: &str = "out";

/// What may stand in a sweep's file.
pub struct Known<'a> {
    /// The settings.
    pub keys: &'a [&'a str],
    /// Whether a setting may have a value; the error says what to write.
    pub check: &'a dyn Fn(&str, &Value) -> Result<(), String>,
}

/// Settings by name, each with the values that it goes through.
pub type Grid = Vec<(String, Vec<Value>)>;

/// A file that was read: each key is a setting, each value one that it may have.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepFile {
    /// Where it stands.
    pub path: PathBuf,
    /// The folder that it names.
    pub out: Option<PathBuf>,
    /// What all runs have.
    pub fixed: Table,
    /// What they go through.
    pub grids: Vec<Grid>,
}

/// A text with its name, to say where something is wrong.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn wrong(&self, line: usize, problem: impl Into<String>) -> SweepError {
        SweepError::File { path: self.path.to_owned(), line, problem: problem.into() }
    }

    /// The line of a key, in the n-th grid from 1 or, by 0, before them.
    fn line(&self, grid: usize, key: &str) -> usize {
        let is_head = |line: &str| line.trim().trim_matches(['[', ']']).trim() == GRID;
        let before = match grid {
            0 => 0,
            n => self.text.lines().enumerate().filter(|(_, line)| is_head(line)).nth(n - 1).map_or(0, |(at, _)| at + 1),
        };
        let rest: Vec<&str> = self.text.lines().skip(before).collect();
        before + line_of(&rest.join("\n"), key)
    }
}

impl SweepFile {
    /// Reads a file.
    pub fn read(path: &Path, known: &Known<'_>) -> Result<Self, SweepError> {
        let text = disk::read_text(path).map_err(|cause| SweepError::Read { path: path.to_owned(), cause })?;
        Self::parse(path, &text, known)
    }

    /// What a text says; `path` is what errors call it.
    pub fn parse(path: &Path, text: &str, known: &Known<'_>) -> Result<Self, SweepError> {
        let source = Source { path, text };
        let all: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            source.wrong(line, error.message().replace('\n', " "))
        })?;
        let mut file = Self { path: path.to_owned(), out: None, fixed: Table::default(), grids: Vec::new() };
        for (key, value) in all {
            let line = source.line(0, &key);
            match (key.as_str(), value) {
                (GRID, toml::Value::Table(grid)) => file.grids.push(read_grid(&source, 1, grid, known)?),
                (GRID, toml::Value::Array(grids)) => {
                    for (number, grid) in (1..).zip(grids) {
                        let toml::Value::Table(grid) = grid else { return Err(source.wrong(line, NO_GRID)) };
                        file.grids.push(read_grid(&source, number, grid, known)?);
                    }
                }
                (GRID, _) => return Err(source.wrong(line, NO_GRID)),
                (OUT, toml::Value::String(out)) if !out.is_empty() => file.out = Some(out.into()),
                (OUT, _) => return Err(source.wrong(line, "key 'out': write a text, the folder of the sweep")),
                (_, value) => {
                    let value = one(&source, line, &key, value, known)?;
                    file.fixed.set(&key, value);
                }
            }
        }
        if file.grids.is_empty() {
            return Err(source.wrong(1, format!("there is no grid: {NO_GRID}")));
        }
        for (number, grid) in (1..).zip(&file.grids) {
            if let Some((key, _)) = grid.iter().find(|(key, _)| file.fixed.get(key).is_some()) {
                let problem = format!("key '{key}' stands before the grid, too: leave one of them out");
                return Err(source.wrong(source.line(number, key), problem));
            }
            let has = |key: &str| file.fixed.get(key).is_some() || grid.iter().any(|(other, _)| other == key);
            if has("epochs") && has("steps") {
                return Err(source.wrong(1, "'epochs' and 'steps' cannot be used together: leave one of them out"));
            }
        }
        Ok(file)
    }
}

/// What a grid is.
const NO_GRID: &str = "write a table [grid] of settings with lists of values, as in rule = [\"bp\", \"urfb\"]";

fn read_grid(source: &Source<'_>, number: usize, grid: toml::Table, known: &Known<'_>) -> Result<Grid, SweepError> {
    let mut read = Grid::new();
    for (key, values) in grid {
        let line = source.line(number, &key);
        let values = match values {
            toml::Value::Array(values) => values,
            value => vec![value],
        };
        if values.is_empty() {
            return Err(source.wrong(line, format!("key '{key}' has no value: write some, or leave it out")));
        }
        let values: Result<Vec<Value>, SweepError> =
            values.into_iter().map(|value| one(source, line, &key, value, known)).collect();
        read.push((key, values?));
    }
    read.sort_by_key(|(key, _)| rank(key));
    Ok(read)
}

/// A value of a setting.
fn one(
    source: &Source<'_>,
    line: usize,
    key: &str,
    value: toml::Value,
    known: &Known<'_>,
) -> Result<Value, SweepError> {
    if !known.keys.contains(&key) {
        let known = known.keys.join(", ");
        return Err(source.wrong(line, format!("unknown key '{}': known are {OUT}, {GRID}, {known}", short(key))));
    }
    let Some(value) = setting_of(value) else {
        return Err(source.wrong(line, format!("key '{key}' needs texts, numbers, true or false")));
    };
    match (known.check)(key, &value) {
        Ok(()) => Ok(value),
        Err(problem) => Err(source.wrong(line, format!("key '{key}' = {}: {problem}", short(&value.to_string())))),
    }
}
