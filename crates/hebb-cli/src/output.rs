//! What the user sees: text and tables on stdout, notes on stderr.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::{Context, Result};
use hebb_lab::words::is_unruly;
use serde::Serialize;

pub use hebb_lab::words::grouped;

/// What an error on stdout begins with.
const UNWRITTEN: &str = "cannot write to stdout";
/// Most characters of a table's cell: no terminal is wider, and a formatted width has 16 bits.
const WIDEST: usize = 300;

fn escape(text: &str, is_free: impl Fn(char) -> bool, escaped: impl Fn(char) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_unruly(letter) && !is_free(letter) { out.push_str(&escaped(letter)) } else { out.push(letter) }
    }
    out
}

/// A name from anywhere as one line for people: what a terminal would obey is written out.
pub fn plain(text: &str) -> String {
    escape(text, |_| false, |letter| letter.escape_default().to_string())
}

/// A cell as it is shown: plain, and cut where it is wider than anyone reads.
fn cell(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(WIDEST) {
        // The ellipsis takes the place of the last letter.
        Some(_) => text.chars().take(WIDEST - 1).chain(['…']).collect(),
        None => text,
    }
}

/// Writes lines and a line end to stdout; what else a terminal would obey is written out.
pub fn line(text: &str) -> Result<()> {
    write(&escape(text, |letter| letter == '\n', |letter| letter.escape_default().to_string()))
}

/// Writes a text and a line end to stdout. `println!` would panic where the reader has gone; this is an error, which
/// `main` takes for a wish to end.
fn write(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).context(UNWRITTEN)
}

/// Writes a page of help to stdout, with its colours on a terminal.
pub fn page(page: &clap::Error) -> Result<()> {
    page.print().and_then(|()| io::stdout().flush()).context(UNWRITTEN)
}

/// Writes a value to stdout as JSON, whole. What the format leaves raw in texts but a terminal would obey is escaped.
pub fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    write(&escape(&text, |letter| letter == '\n', |letter| format!("\\u{:04x}", u32::from(letter))))
}

/// Tells the user something beside the results. Where stderr is gone nobody can be told.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "hebb: {}", plain(text));
}

/// A number in millions, with one decimal.
pub fn millions(number: u64) -> String {
    let tenths = (u128::from(number) + 50_000) / 100_000;
    format!("{}.{}", grouped((tenths / 10) as u64), tenths % 10)
}

/// Bytes as a limit is given: in the largest binary unit that holds a whole number, GiB or MiB rounded otherwise.
pub fn binary_bytes(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes >> 10),
        1_048_576..8_589_934_592 => format!("{} MiB", grouped(bytes >> 20)),
        _ => format!("{} GiB", grouped(bytes >> 30)),
    }
}

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Columns of a table and their widths.
#[derive(Debug, Clone)]
pub struct Columns(Vec<(String, Align, usize)>);

impl Columns {
    /// Columns as wide as their titles.
    pub fn new(titles: &[(&str, Align)]) -> Self {
        let column = |&(title, align): &(&str, Align)| (cell(title), align, cell(title).chars().count());
        Self(titles.iter().map(column).collect())
    }

    /// Widens the columns so that these cells fit.
    pub fn fit<S: AsRef<str>>(&mut self, cells: &[S]) {
        for ((_, _, width), text) in self.0.iter_mut().zip(cells) {
            *width = (*width).max(cell(text.as_ref()).chars().count());
        }
    }

    /// The line of titles.
    pub fn titles(&self) -> String {
        let titles: Vec<&str> = self.0.iter().map(|(title, ..)| title.as_str()).collect();
        self.row(&titles)
    }

    /// A line of cells, two spaces apart.
    pub fn row<S: AsRef<str>>(&self, cells: &[S]) -> String {
        let mut line = String::new();
        for (at, ((_, align, width), text)) in self.0.iter().zip(cells).enumerate() {
            let (gap, cell) = (if at == 0 { "" } else { "  " }, cell(text.as_ref()));
            // Writing to a String does not fail.
            let _ = match align {
                Align::Left => write!(line, "{gap}{cell:<width$}"),
                Align::Right => write!(line, "{gap}{cell:>width$}"),
            };
        }
        line.trim_end().to_owned()
    }
}

/// A whole table, titles first.
pub fn table(titles: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let mut columns = Columns::new(titles);
    for row in rows {
        columns.fit(row);
    }
    let mut lines = vec![columns.titles()];
    lines.extend(rows.iter().map(|row| columns.row(row)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_text_left_and_numbers_right() {
        let rows = [vec!["σ one".to_owned(), "7".to_owned()], vec!["b".to_owned(), "1,000".to_owned()]];
        let text = table(&[("name", Align::Left), ("n", Align::Right)], &rows);
        assert_eq!(text, "name       n\nσ one      7\nb      1,000");
    }

    #[test]
    fn a_wide_cell_is_cut_and_an_unruly_one_written_out() {
        let rows =
            [vec!["x".repeat(70_000), "7".to_owned()], vec!["a\u{1b}[31m\u{7}\nb\u{202e}".to_owned(), "8".to_owned()]];
        let text = table(&[("name", Align::Left), ("n", Align::Right)], &rows);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], format!("{}…  7", "x".repeat(299)));
        assert!(lines[2].starts_with("a\\u{1b}[31m\\u{7}\\nb\\u{202e} ") && lines.len() == 3, "{text}");
        assert_eq!(cell(&"σ".repeat(300)), "σ".repeat(300));
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(["0", "999", "1,000", "4,103,400"], [0, 999, 1000, 4_103_400].map(grouped).as_slice());
        assert_eq!(
            ["0.0", "0.1", "1.0", "21,234.6"],
            [49_999, 50_000, 999_999, 21_234_560_000].map(millions).as_slice()
        );
        assert_eq!(binary_bytes(32_768), "32 KiB");
        assert_eq!(binary_bytes(134_217_728), "128 MiB");
        assert_eq!(binary_bytes(1 << 34), "16 GiB");
    }
}
