//! The tables of ARCHITECTURE.md that tidy holds the workspace to.

use std::collections::BTreeSet;

/// The first cells of the table of crates: crate, what it holds, whom it may know.
pub const CRATES: [&str; 3] = ["crate", "holds", "may know"];
/// The same of the table of outside crates that only some of ours may know.
pub const OUTSIDE: [&str; 2] = ["outside crate", "only in"];

/// The rows of the table below a header, each as its first and last cell; `None` where there is no such table.
pub fn rows(text: &str, header: &[&str]) -> Option<Vec<(String, String)>> {
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim().replace("\\|", "");
        let inner = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')).unwrap_or_default();
        inner.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = text.lines().skip_while(|line| cells(line) != header);
    lines.next()?;
    let body = lines.skip(1).take_while(|line| line.trim().starts_with('|')).map(cells);
    Some(body.filter_map(|row| Some((row.first()?.clone(), row.last()?.clone()))).collect())
}

/// What stands in backticks in a cell: names of crates, or folders.
pub fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).map(|name| name.trim_end_matches('/')).collect()
}

/// Whom a crate may know, by short names: `spec` is hebb-spec.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Everyone.
    pub all: bool,
    /// These, anywhere.
    pub known: BTreeSet<String>,
    /// These beside, in tests, benches and examples.
    pub in_tests: BTreeSet<String>,
    /// These beside, in the build script.
    pub in_build: BTreeSet<String>,
}

impl Allowance {
    /// Reads a cell: `all`, `nobody`, or names, as in `spec, data; tests: reference; build: shaders`.
    pub fn read(cell: &str) -> Self {
        let mut allowance = Self::default();
        for part in cell.split(';') {
            let (place, list) = part.split_once(':').unwrap_or(("", part));
            let names = list.split(',').map(|name| name.trim().trim_matches('`').to_owned());
            let names = names.filter(|name| !["", "nobody", "—"].contains(&name.as_str()));
            match place.trim() {
                "tests" => allowance.in_tests.extend(names),
                "build" => allowance.in_build.extend(names),
                // An unknown place is a name that no crate has, which is a finding.
                "" => allowance.known.extend(names),
                other => allowance.known.extend([other.to_owned()]),
            }
        }
        allowance.all = allowance.known.remove("all");
        allowance
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.known.iter().chain(&self.in_tests).chain(&self.in_build)
    }
}
