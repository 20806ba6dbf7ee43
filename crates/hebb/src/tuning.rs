//! The table of variants that `hebb tune` keeps for an adapter and its driver, in the user's cache folder.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hebb_data::disk::{self, OpenError};
use hebb_engine::{WriteError, write_whole};
use hebb_gpu::AdapterSummary;
use hebb_spec::backend::Choice;
use hebb_spec::plan::Plan;
use serde::{Deserialize, Serialize};

/// The version of the file's form.
const FORMAT: u32 = 1;
/// Most bytes of a file: some ten thousand rows.
const LARGEST: u64 = 1 << 20;
/// Most letters of a file's name.
const LONGEST: usize = 120;
/// What stands above the table.
const HEAD: &str =
    "# What `hebb tune` measured: the variant for each problem. Without this file the built-in choice is taken.\n";

/// A problem, its variant and what that takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The problem's key.
    pub problem: String,
    /// The fastest variant.
    pub variant: String,
    /// Milliseconds of a call.
    pub ms: f64,
}

/// The table of an adapter and its driver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    format: u32,
    adapter: String,
    backend: String,
    driver: String,
    /// The version of hebb that measured last.
    hebb: String,
    /// Sorted by problem.
    #[serde(rename = "row", default)]
    rows: Vec<Row>,
}

/// A table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be read.
    #[error("cannot read the tuning table {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: OpenError,
    },
    /// It is no table, or was changed by hand so that it is none.
    #[error("{} is no tuning table: {cause}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, in one line.
        cause: String,
    },
    /// It is of another adapter, driver or version of its form.
    #[error("the tuning table {} is of {of}, not of {wanted}", path.display())]
    Stale {
        /// The file.
        path: PathBuf,
        /// What it is of.
        of: String,
        /// What was looked for.
        wanted: String,
    },
}

/// Where the table of an adapter stands, or would; none where the environment names no cache folder.
pub fn path(adapter: &AdapterSummary) -> Option<PathBuf> {
    hebb_data::cache().map(|cache| cache.join("tuning").join(name(adapter)))
}

/// A file's name of an adapter, its driver's version included.
fn name(adapter: &AdapterSummary) -> String {
    let all = format!("{} {} {}", adapter.name, adapter.backend, adapter.driver).to_lowercase();
    let words: Vec<&str> =
        all.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let mut name = words.join("-");
    name.truncate(LONGEST);
    name + ".toml"
}

impl Table {
    /// An empty one.
    pub fn new(adapter: &AdapterSummary) -> Self {
        Self {
            format: FORMAT,
            adapter: adapter.name.clone(),
            backend: adapter.backend.clone(),
            driver: adapter.driver.clone(),
            hebb: env!("CARGO_PKG_VERSION").to_owned(),
            rows: Vec::new(),
        }
    }

    /// Reads an adapter's; an empty one where there is no file.
    pub fn read(path: &Path, adapter: &AdapterSummary) -> Result<Self, TableError> {
        let mut text = String::new();
        let read = disk::open(path).and_then(|file| Ok(file.take(LARGEST + 1).read_to_string(&mut text)?));
        match read {
            Ok(_) => {}
            Err(OpenError::System(cause)) if cause.kind() == io::ErrorKind::NotFound => return Ok(Self::new(adapter)),
            Err(cause) => return Err(TableError::Read { path: path.to_owned(), cause }),
        }
        let table = Self::parse(&text).map_err(|cause| TableError::Format { path: path.to_owned(), cause })?;
        let (of, wanted) = (table.identity(), Self::new(adapter).identity());
        if of != wanted {
            return Err(TableError::Stale { path: path.to_owned(), of, wanted });
        }
        Ok(table)
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.len() as u64 > LARGEST {
            return Err(format!("it has more than {LARGEST} bytes"));
        }
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let table: Self = toml::from_str(text).map_err(|error| {
            let what = error.message().replace('\n', " ");
            error.span().map_or(what.clone(), |span| format!("line {}: {what}", line(span.start)))
        })?;
        for row in &table.rows {
            Choice::new(&row.problem, &row.variant)
                .map_err(|error| format!("the row of problem '{}': {error}", row.problem))?;
        }
        Ok(table)
    }

    /// What it is of, in words.
    fn identity(&self) -> String {
        format!("{} ({} {}), form {}", self.adapter, self.backend, self.driver, self.format)
    }

    /// Puts rows in the place of those of the same problems.
    pub fn merge(&mut self, rows: Vec<Row>) {
        self.rows.retain(|old| rows.iter().all(|new| new.problem != old.problem));
        self.rows.extend(rows);
        self.rows.sort_by(|a, b| a.problem.cmp(&b.problem));
        env!("CARGO_PKG_VERSION").clone_into(&mut self.hebb);
    }

    /// The rows for a plan's problems.
    pub fn choices(&self, plan: &Plan) -> Vec<Choice> {
        let keys: Vec<String> = plan.calls().map(|call| call.problem.key()).collect();
        let is_there = |row: &&Row| keys.contains(&row.problem);
        let choice = |row: &Row| Choice { problem: row.problem.clone(), variant: row.variant.clone() };
        self.rows.iter().filter(is_there).map(choice).collect()
    }

    /// Writes it, whole or not at all, into a folder that is made where there is none.
    pub fn write(&self, path: &Path) -> Result<(), WriteError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|cause| WriteError::new(folder, cause))?;
        }
        let text = toml::to_string(self).map_err(|error| WriteError::new(path, io::Error::other(error)))?;
        write_whole(path, (HEAD.to_owned() + &text).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::connection::Connection;
    use hebb_spec::plan::{Call, List};
    use hebb_spec::problem::Problem;

    fn adapter(driver: &str) -> AdapterSummary {
        AdapterSummary {
            name: "Card (one)#2".to_owned(),
            driver: driver.to_owned(),
            backend: "Vulkan".to_owned(),
            kind: "discrete GPU".to_owned(),
            software: false,
            max_binding: 0,
            max_buffer: 0,
            workgroup_memory: 0,
        }
    }

    fn problem(batch: u32) -> Problem {
        Problem::ConnectForward { connection: Connection::full(Shape::flat(9), 4), batch, slope: None }
    }

    fn row(batch: u32, variant: &str) -> Row {
        Row { problem: problem(batch).key(), variant: variant.to_owned(), ms: 0.25 }
    }

    #[test]
    fn a_table_reads_back_as_it_was_written_and_keeps_other_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tuning").join(name(&adapter("maker 1.2")));
        assert!(path.ends_with("card-one-2-vulkan-maker-1-2.toml"), "{}", path.display());
        let mut table = Table::read(&path, &adapter("maker 1.2")).unwrap();
        assert_eq!(table, Table::new(&adapter("maker 1.2")), "there is none yet");
        table.merge(vec![row(20, "slim"), row(500, "wide")]);
        table.merge(vec![row(500, "slim"), row(1, "narrow")]);
        table.write(&path).unwrap();
        assert_eq!(Table::read(&path, &adapter("maker 1.2")).unwrap(), table);
        let text = fs::read_to_string(&path).unwrap();
        let wanted =
            "[[row]]\nproblem = \"connect_forward 9x1x1 -> 4x1x1, batch 500\"\nvariant = \"slim\"\nms = 0.25\n";
        assert!(text.contains(wanted) && text.starts_with(HEAD), "{text}");
        let call = Call { name: "a".to_owned(), problem: problem(500), tensors: Vec::new() };
        let plan = Plan { batch: 500, tensors: Vec::new(), slots: 0, rates: 0, lists: vec![(List::TRAIN, vec![call])] };
        assert_eq!(table.choices(&plan), [Choice::new(&problem(500).key(), "slim").unwrap()]);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_spoilt_or_of_another_driver_is_no_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.toml");
        let mut table = Table::new(&adapter("1"));
        table.merge(vec![row(20, "slim")]);
        table.write(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let error = |text: &str, driver: &str| {
            fs::write(&path, text).unwrap();
            let error = Table::read(&path, &adapter(driver)).unwrap_err().to_string();
            assert!(!error.contains('\n') && error.contains("t.toml"), "{error}");
            error
        };
        assert!(
            error(&text, "2")
                .ends_with("is of Card (one)#2 (Vulkan 1), form 1, not of Card (one)#2 (Vulkan 2), form 1")
        );
        assert!(error(&text.replace("format = 1", "format = 2"), "1").contains("form 2, not of"));
        assert!(error("", "1").contains("is no tuning table: "));
        assert!(error(&text[..text.len() / 2], "1").contains("is no tuning table: "));
        assert!(error(&text.replace("\"slim\"", "\"slim tile\""), "1").contains("the row of problem 'connect_forward"));
        assert!(error(&text.replace("ms = 0.25", "ms = [[]]"), "1").contains("line 11: "));
        assert!(error(&"#".repeat(1 << 21), "1").ends_with("it has more than 1048576 bytes"));
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(Table::read(&path, &adapter("1")), Err(TableError::Read { .. })));
        assert!(matches!(Table::read(folder.path(), &adapter("1")), Err(TableError::Read { .. })));
    }
}
