//! What the user sees: text and tables on stdout, notes on stderr.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Result;
use serde::Serialize;

/// Writes a text and a line end to stdout. `println!` would panic where the reader has gone; this is an error, which
/// `main` takes for a wish to end.
pub fn line(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// Writes a value to stdout as JSON.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Tells the user something beside the results. Where stderr is gone nobody can be told.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "hebb: {text}");
}

/// A whole number with its thousands apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
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
        Self(titles.iter().map(|&(title, align)| (title.to_owned(), align, title.chars().count())).collect())
    }

    /// Widens the columns so that these cells fit.
    pub fn fit<S: AsRef<str>>(&mut self, cells: &[S]) {
        for ((_, _, width), cell) in self.0.iter_mut().zip(cells) {
            *width = (*width).max(cell.as_ref().chars().count());
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
        for (at, ((_, align, width), cell)) in self.0.iter().zip(cells).enumerate() {
            let (gap, cell) = (if at == 0 { "" } else { "  " }, cell.as_ref());
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
