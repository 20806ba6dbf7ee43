//! Tables of numbers as comma-separated values (RFC 4180).

use std::fmt::Write as _;

/// Digits of a number that has decimals: what an f32 holds.
const DIGITS: usize = 7;

/// What stands in a row and a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A word.
    Text(String),
    /// A whole number.
    Whole(u64),
    /// A number, to seven digits; an empty field where it is not finite.
    Real(f64),
    /// Nothing.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Cell::Whole(number.into())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Cell::Whole(number)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Cell::Real(number)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Cell::Empty, Into::into)
    }
}

/// Rows below named columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows, each as long as the columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        self.rows.push(row.into_iter().collect());
    }

    /// The whole table, its names first.
    pub fn csv(&self) -> String {
        let mut text = self.columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",");
        text.push('\n');
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                // Writing to a String does not fail.
                let _ = match cell {
                    Cell::Text(word) => write!(text, "{comma}{}", quoted(word)),
                    Cell::Whole(number) => write!(text, "{comma}{number}"),
                    Cell::Real(number) => write!(text, "{comma}{}", real(*number)),
                    Cell::Empty => write!(text, "{comma}"),
                };
            }
            text.push('\n');
        }
        text
    }
}

/// The shortest text that reads back as the number's first seven digits.
fn real(number: f64) -> String {
    if !number.is_finite() {
        return String::new();
    }
    let rounded: f64 = format!("{number:.*e}", DIGITS - 1).parse().unwrap_or(number);
    let (plain, powers) = (format!("{rounded}"), format!("{rounded:e}"));
    if plain.len() <= powers.len() + 2 { plain } else { powers }
}

/// A field that may hold what separates fields.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_reads_back() {
        let mut table = Table::new(["name", "step", "a, b", "value"]);
        table.push(["x \"y\"".into(), 3u32.into(), None::<f64>.into(), (0.1 + 0.2).into()]);
        table.push(["plain".into(), 4u64.into(), 1e-20.into(), f64::NAN.into()]);
        assert_eq!(table.csv(), "name,step,\"a, b\",value\n\"x \"\"y\"\"\",3,,0.3\nplain,4,1e-20,\n");
    }

    #[test]
    fn numbers_keep_seven_digits() {
        for (number, text) in
            [(1.0 / 3.0, "0.3333333"), (-0.0, "-0"), (12_345_678.0, "12345680"), (1e9, "1e9"), (5e-324, "5e-324")]
        {
            assert_eq!(real(number), text);
        }
        assert!((real(std::f64::consts::PI).parse::<f64>().unwrap() - std::f64::consts::PI).abs() < 1e-6);
    }
}
