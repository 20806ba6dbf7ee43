//! The shape of one image or one layer's activity.

use std::fmt;
use std::str::FromStr;

use crate::settings::short;

/// Channels × rows × columns of one image or of a layer's activity for one image. A full layer's is `n×1×1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Channels (units of a full layer).
    pub channels: u32,
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
}

impl Shape {
    /// A shape of `channels` × `height` × `width`.
    pub const fn new(channels: u32, height: u32, width: u32) -> Self {
        Self { channels, height, width }
    }

    /// The shape of a full layer.
    pub const fn flat(units: u32) -> Self {
        Self::new(units, 1, 1)
    }

    /// Number of places: rows × columns.
    pub const fn places(&self) -> u32 {
        self.height * self.width
    }

    /// Number of units: channels × rows × columns.
    pub const fn units(&self) -> u32 {
        self.channels * self.places()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

/// A text that is not `CxHxW`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a shape: write channels x rows x columns, each from 1 to 65535, as in 3x32x32")]
pub struct ShapeError {
    text: String,
}

impl FromStr for Shape {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        let error = || ShapeError { text: short(text) };
        let mut parts = text.trim().split(['x', 'X']).map(|part| part.trim().parse::<u16>().ok().filter(|&n| n > 0));
        let mut next = || parts.next().flatten().map(u32::from).ok_or_else(error);
        let shape = Self::new(next()?, next()?, next()?);
        if parts.next().is_some() || u64::from(shape.channels) * u64::from(shape.places()) > u64::from(u32::MAX) {
            return Err(error());
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_read_back_as_they_print() {
        let shape = Shape::new(3, 32, 31);
        assert_eq!(shape.to_string().parse::<Shape>(), Ok(shape));
        assert_eq!(shape.units(), 2976);
    }

    #[test]
    fn wrong_shapes_are_refused() {
        for text in ["", "3", "3x32", "3x32x32x1", "0x1x1", "3xax2", "-1x2x3", "70000x1x1"] {
            assert!(text.parse::<Shape>().is_err(), "{text}");
        }
    }
}
