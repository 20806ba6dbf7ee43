//! A variant chosen for a problem.

use std::fmt;
use std::str::FromStr;

/// Most letters of a problem's key.
const LONGEST_KEY: usize = 200;
/// Most letters of a variant's name.
const LONGEST_NAME: usize = 40;

/// A row of a table of choices: this problem runs in this variant. As text `PROBLEM: VARIANT`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// The problem, as [`Problem::key`](crate::problem::Problem::key) tells it.
    pub problem: String,
    /// The variant's name.
    pub variant: String,
}

/// A text that is no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// It lacks its colon.
    #[error("it lacks ': ' between problem and variant")]
    Parts,
    /// The problem is none.
    #[error("what stands for a problem is not a kernel, its shape and batch in one short line")]
    Problem,
    /// The variant is none.
    #[error("what stands for a variant is not one short word of small letters, digits and _")]
    Variant,
}

impl Choice {
    /// A row whose texts can be a problem's key and a variant's name.
    pub fn new(problem: &str, variant: &str) -> Result<Self, ChoiceError> {
        let is_word = |text: &str| {
            let is_letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
            !text.is_empty() && text.len() <= LONGEST_NAME && text.bytes().all(is_letter)
        };
        let is_shape = |text: &str| text.bytes().all(|letter| letter == b' ' || letter.is_ascii_graphic());
        let is_key = problem.len() <= LONGEST_KEY
            && problem.split_once(' ').is_some_and(|(kernel, shape)| is_word(kernel) && is_shape(shape));
        if !is_key {
            return Err(ChoiceError::Problem);
        }
        if !is_word(variant) {
            return Err(ChoiceError::Variant);
        }
        Ok(Self { problem: problem.to_owned(), variant: variant.to_owned() })
    }
}

impl FromStr for Choice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        let (problem, variant) = text.rsplit_once(": ").ok_or(ChoiceError::Parts)?;
        Self::new(problem, variant)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem, self.variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;
    use crate::connection::Connection;
    use crate::learning::{Learning, Rate};
    use crate::problem::Problem;

    #[test]
    fn a_problems_key_names_kernel_shape_and_batch() {
        let connection = Connection::conv(Shape::new(16, 32, 32), 32, 3, 3);
        let learning = Learning::new(Rate(0), Some(1.0));
        let keys = [
            (
                Problem::ConnectForward { connection, batch: 500, slope: None },
                "connect_forward 16x32x32 -> 32x32x32, 3x3, batch 500",
            ),
            (
                Problem::ConnectFeedback { connection: connection.untie(), batch: 20, skip: true, gate: None },
                "connect_feedback 32x32x32 -> 16x32x32, 3x3, untied, batch 20",
            ),
            (
                Problem::ConnectUpdate { connection, batch: 7, learning },
                "connect_update 32x32x32 * 16x32x32, 3x3, batch 7",
            ),
        ];
        for (problem, key) in keys {
            assert_eq!(problem.key(), key);
            let choice = Choice::new(key, "wide").unwrap();
            assert_eq!(choice.to_string(), format!("{key}: wide"));
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
    }

    #[test]
    fn what_is_no_row_is_refused() {
        for (text, error) in [
            ("connect_forward 1 -> 2 wide", ChoiceError::Parts),
            ("", ChoiceError::Parts),
            (": wide", ChoiceError::Problem),
            ("connect_forward: wide", ChoiceError::Problem),
            ("Connect 1 -> 2: wide", ChoiceError::Problem),
            ("connect_forward 1\u{1b}[31m: wide", ChoiceError::Problem),
            ("connect_forward 1 -> 2: ", ChoiceError::Variant),
            ("connect_forward 1 -> 2: wide open", ChoiceError::Variant),
        ] {
            assert_eq!(text.parse::<Choice>(), Err(error), "{text}");
        }
        assert_eq!(Choice::new(&format!("a {}", "b".repeat(LONGEST_KEY)), "wide"), Err(ChoiceError::Problem));
        assert_eq!(Choice::new("a b", &"b".repeat(LONGEST_NAME + 1)), Err(ChoiceError::Variant));
    }
}
