//! The paper's notation: `Conv 32 5x5; Maxpool 3; Drop .8; Full 500; Drop .3; Output`.

use std::fmt;

use hebb_spec::settings::{SHOWN, short};

/// One item of a network in the paper's notation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Item {
    /// `Conv C KxK`: a tied convolution, "same" padding, stride 1.
    Conv {
        /// Output channels.
        channels: u32,
        /// Rows of a filter.
        kernel_h: u32,
        /// Columns of a filter.
        kernel_w: u32,
    },
    /// `Local C KxK`: the same with a filter of its own at each place (untied, locally connected).
    Local {
        /// Output channels.
        channels: u32,
        /// Rows of a filter.
        kernel_h: u32,
        /// Columns of a filter.
        kernel_w: u32,
    },
    /// `SUM`: adds the outputs of the two convolutions before it.
    Sum,
    /// `Maxpool K[, stride S]`: stride 2 unless given.
    Maxpool {
        /// Rows and columns of a window.
        size: u32,
        /// Distance of two windows.
        stride: u32,
    },
    /// `Drop P`: a fraction P set to zero.
    Drop {
        /// The fraction, as f32.
        probability: f32,
    },
    /// `Full N`.
    Full {
        /// Number of units.
        units: u32,
    },
    /// `Output`: a full layer with a unit for each class and no σ.
    Output,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Conv { channels, kernel_h, kernel_w } => write!(f, "Conv {channels} {kernel_h}x{kernel_w}"),
            Item::Local { channels, kernel_h, kernel_w } => write!(f, "Local {channels} {kernel_h}x{kernel_w}"),
            Item::Sum => write!(f, "SUM"),
            Item::Maxpool { size, stride: 2 } => write!(f, "Maxpool {size}"),
            Item::Maxpool { size, stride } => write!(f, "Maxpool {size}, stride {stride}"),
            Item::Drop { probability } => write!(f, "Drop {probability}"),
            Item::Full { units } => write!(f, "Full {units}"),
            Item::Output => write!(f, "Output"),
        }
    }
}

/// Items in the notation, as they read back.
pub fn to_notation(items: &[Item]) -> String {
    items.iter().map(Item::to_string).collect::<Vec<_>>().join("; ")
}

/// An item that cannot be read or that does not fit where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("item {number} '{text}' (column {column}): {problem}")]
pub struct NotationError {
    /// The item's number, from 1.
    pub number: usize,
    /// The column at which it begins, from 1.
    pub column: usize,
    /// The item.
    pub text: String,
    /// What is wrong and what to do.
    pub problem: String,
}

/// Largest number of channels, units or rows that an item may name.
const LARGEST: u32 = 1 << 20;
/// What items begin with.
const KINDS: [&str; 7] = ["Conv", "Local", "SUM", "Maxpool", "Drop", "Full", "Output"];

/// A question after the known name that a misspelt one comes nearest to; nothing where none is near.
pub fn suggestion(text: &str, known: &[&str]) -> String {
    // Longer words are no misspellings, and comparing them takes its time.
    let text = if text.chars().count() > SHOWN { String::new() } else { text.to_lowercase() };
    let near = known.iter().filter_map(|name| {
        let lower = name.to_lowercase();
        let edits = edits(&text, &lower);
        // Drop is meant by Dropout, too.
        (edits <= lower.chars().count() / 3 || text.starts_with(&lower)).then_some((edits, name))
    });
    near.min_by_key(|(edits, _)| *edits).map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"))
}

/// How many letters must be added, left out, replaced or swapped with the next to come from one text to another.
fn edits(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

/// Reads the paper's notation, case-free; items are parted by `;`.
pub fn parse(text: &str) -> Result<Vec<Item>, NotationError> {
    let mut items = Vec::new();
    let mut before = 0; // letters before the item
    for (index, raw) in text.split(';').enumerate() {
        let length = raw.chars().count();
        let column = before + length - raw.trim_start().chars().count() + 1;
        before += length + 1;
        let item = raw.trim();
        let fail = |problem: String| NotationError { number: index + 1, column, text: short(item), problem };
        items.push(parse_item(item).map_err(fail)?);
    }
    Ok(items)
}

fn parse_item(text: &str) -> Result<Item, String> {
    let lower = text.to_lowercase();
    let lower = lower.replace("full conn.", "full").replace("full conn", "full");
    let words: Vec<&str> = lower.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [kind @ ("conv" | "local"), channels, kernel] => {
            let (kernel_h, kernel_w) = kernel
                .split_once('x')
                .ok_or_else(|| format!("'{}' is no filter size: write rows x columns, as in 5x5", short(kernel)))?;
            let channels = count(channels, "number of channels")?;
            let (kernel_h, kernel_w) =
                (count(kernel_h, "number of filter rows")?, count(kernel_w, "number of filter columns")?);
            Ok(match *kind {
                "conv" => Item::Conv { channels, kernel_h, kernel_w },
                _ => Item::Local { channels, kernel_h, kernel_w },
            })
        }
        ["sum"] => Ok(Item::Sum),
        ["maxpool", size] => Ok(Item::Maxpool { size: count(size, "window size")?, stride: 2 }),
        ["maxpool", size, "stride", stride] => {
            Ok(Item::Maxpool { size: count(size, "window size")?, stride: count(stride, "stride")? })
        }
        ["drop", probability] => match probability.parse::<f32>() {
            Ok(value) if (0.0..1.0).contains(&value) => Ok(Item::Drop { probability: value }),
            _ => Err(format!(
                "'{}' is no fraction: write a number from 0 up to but not 1, as in Drop .8",
                short(probability)
            )),
        },
        ["full", units] => Ok(Item::Full { units: count(units, "number of units")? }),
        ["output"] => Ok(Item::Output),
        [] => Err("there is nothing between two ';': remove one of them".to_owned()),
        ["conv", ..] => Err("a convolution is written 'Conv channels rowsxcolumns', as in Conv 32 5x5".to_owned()),
        ["local", ..] => Err("an untied layer is written 'Local channels rowsxcolumns', as in Local 32 5x5".to_owned()),
        ["sum", ..] => Err("'SUM' stands alone: it adds the outputs of the two convolutions before it".to_owned()),
        ["maxpool", ..] => Err("a pool is written 'Maxpool size' or 'Maxpool size, stride n'".to_owned()),
        ["drop", ..] => Err("dropout is written 'Drop fraction', as in Drop .8".to_owned()),
        ["full", ..] => Err("a full layer is written 'Full units', as in Full 500".to_owned()),
        ["output", ..] => Err("'Output' stands alone: its units are the classes of the data".to_owned()),
        [kind, ..] => Err(format!(
            "unknown item: known are Conv, Local, SUM, Maxpool, Drop, Full and Output{}",
            suggestion(kind, &KINDS)
        )),
    }
}

fn count(text: &str, what: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(value) if (1..=LARGEST).contains(&value) => Ok(value),
        _ => Err(format!("'{}' is no {what}: write a whole number from 1 to {LARGEST}", short(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIMPNET: &str = "Conv 32 5x5; Maxpool 3; Drop 0.8; Full 500; Drop 0.3; Output";

    #[test]
    fn the_papers_spellings_read_alike() {
        let items = parse(SIMPNET).unwrap();
        assert_eq!(to_notation(&items), SIMPNET);
        assert_eq!(parse("conv 32 5X5;MAXPOOL 3, stride 2; drop .8; full conn. 500; Drop .3;output").unwrap(), items);
        assert_eq!(parse("maxpool 3, stride 3").unwrap(), [Item::Maxpool { size: 3, stride: 3 }]);
        assert_eq!(parse("sum").unwrap(), [Item::Sum]);
        assert_eq!(parse("LOCAL 8 2x3").unwrap(), [Item::Local { channels: 8, kernel_h: 2, kernel_w: 3 }]);
    }

    #[test]
    fn an_error_names_the_item_and_its_place() {
        let error = parse("Conv 32 5x5; Maxpol 3; Output").unwrap_err();
        assert_eq!(
            error.to_string(),
            "item 2 'Maxpol 3' (column 14): unknown item: known are Conv, Local, SUM, Maxpool, Drop, Full and Output; did you \
             mean Maxpool?"
        );
    }

    #[test]
    fn names_that_come_near_are_suggested() {
        let nearest = |text: &str| suggestion(text, &["simpnet", "deepnet", "deepernet", "Drop", "Maxpool"]);
        for (text, name) in [
            ("simpent", "simpnet"),
            ("SIMPNET", "simpnet"),
            ("deepenet", "deepnet"),
            ("deepernt", "deepernet"),
            ("dropout", "Drop"),
            ("Maxpol", "Maxpool"),
        ] {
            assert_eq!(nearest(text), format!("; did you mean {name}?"));
        }
        for text in ["", "vgg", "nonsense", &"simpnet".repeat(20)] {
            assert_eq!(nearest(text), "", "{text}");
        }
    }

    #[test]
    fn a_long_text_is_shown_by_its_beginning() {
        for text in ["x", "Conv 3 x", "Full x", "Drop x"].map(|text| text.replace('x', &"z".repeat(100_000))) {
            assert!(parse(&text).unwrap_err().to_string().chars().count() < 400, "{}", &text[..10]);
        }
    }

    #[test]
    fn bad_items_are_refused() {
        for text in [
            "",
            "Conv 32",
            "Conv 32 5",
            "Local 32",
            "SUM 2",
            "Conv 0 5x5",
            "Conv 32 0x5",
            "Conv -1 5x5",
            "Drop 1",
            "Drop -0.1",
            "Drop NaN",
            "Drop x",
            "Full",
            "Full 1.5",
            "Full 9999999999",
            "Output 10",
            "Maxpool",
            "Maxpool 3 stride",
            "Maxpool 0",
            "Conv 3 3x3;; Output",
        ] {
            assert!(parse(text).is_err(), "'{text}' was read");
        }
    }
}
