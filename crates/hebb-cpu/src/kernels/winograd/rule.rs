//! Which convolutions are done by which form: a fixed rule of shapes, so that a run's bytes do not depend on a clock.

use std::fmt;
use std::str::FromStr;

use hebb_spec::connection::Connection;

use crate::line::Line;

/// Channels from which the transforms pay, on both sides.
const CHANNELS: u32 = 16;

/// The same for an update by F(2×2, 3×3), whose transforms take twice as much.
const UPDATE_CHANNELS: u32 = 32;

/// Bytes of a row of tiles past which plain sums are better: far more than a cache holds.
const MOST_ROW: u64 = 8 << 20;

/// Which of Winograd's forms the processor may take for a tied 3×3 convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Winograd {
    /// None: plain sums.
    Off,
    /// F(2×2, 3×3) where it pays: 2.25 times fewer products, at errors up to twice those of plain sums.
    #[default]
    Auto,
    /// F(4×4, 3×3) too where it pays: four times fewer products, with some ten times the errors.
    Four,
}

/// A word that is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write auto, off or 4")]
pub struct WinogradError;

impl FromStr for Winograd {
    type Err = WinogradError;

    fn from_str(text: &str) -> Result<Self, WinogradError> {
        [Self::Off, Self::Auto, Self::Four].into_iter().find(|one| one.to_string() == text).ok_or(WinogradError)
    }
}

impl fmt::Display for Winograd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Auto => "auto",
            Self::Four => "4",
        })
    }
}

/// Rows and columns of outputs that a tile has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outputs {
    /// F(2×2, 3×3).
    Two,
    /// F(4×4, 3×3).
    Four,
}

impl Outputs {
    /// Rows, or columns, of a tile.
    pub fn across(self) -> u32 {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Products of a tile for each input and output channel.
    pub fn places(self) -> usize {
        (self.across() as usize + 2).pow(2)
    }

    /// Products of an image for each input and output channel.
    fn products(self, c: &Connection) -> u64 {
        let tiles = c.output.height.div_ceil(self.across()) * c.output.width.div_ceil(self.across());
        u64::from(tiles) * self.places() as u64
    }

    /// Bytes of a row of tiles, input and output transformed: the least that is worked at.
    fn row(self, c: &Connection) -> u64 {
        let channels = u64::from(c.input.channels) + u64::from(c.output.channels);
        u64::from(c.output.width.div_ceil(self.across())) * self.places() as u64 * channels * size_of::<Line>() as u64
    }

    /// The variant's name.
    pub fn variant(self) -> &'static str {
        match self {
            Self::Two => "winograd2",
            Self::Four => "winograd4",
        }
    }

    /// The form of a convolution, or of its update: the one with the fewest products, if those are at most two thirds of the
    /// taps within the image.
    pub fn of(c: &Connection, allowed: Winograd, is_update: bool) -> Option<Self> {
        let channels = c.input.channels.min(c.output.channels);
        if !fits(c) || channels < CHANNELS {
            return None;
        }
        let forms: &[Self] = match allowed {
            Winograd::Off => &[],
            Winograd::Auto => &[Self::Two],
            Winograd::Four => &[Self::Two, Self::Four],
        };
        let best = forms.iter().copied().min_by_key(|form| form.products(c))?;
        if best.row(c) > MOST_ROW {
            return None;
        }
        if is_update && best == Self::Two && channels < UPDATE_CHANNELS {
            return None;
        }
        let taps = (3 * u64::from(c.output.height) - 2) * (3 * u64::from(c.output.width) - 2);
        (3 * best.products(c) <= 2 * taps).then_some(best)
    }

    /// The form of a variant's name.
    pub fn named(c: &Connection, variant: &str) -> Option<Self> {
        [Self::Two, Self::Four].into_iter().find(|form| form.variant() == variant).filter(|_| fits(c))
    }
}

/// Whether there are transforms for a convolution's filter.
fn fits(c: &Connection) -> bool {
    c.is_tied() && (c.kernel_h, c.kernel_w) == (3, 3)
}

/// The variants of a convolution besides plain sums.
pub(crate) fn variants(c: &Connection) -> Vec<&'static str> {
    if fits(c) { vec![Outputs::Two.variant(), Outputs::Four.variant()] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;

    #[test]
    fn words_read_back_as_they_print() {
        for one in [Winograd::Off, Winograd::Auto, Winograd::Four] {
            assert_eq!(one.to_string().parse(), Ok(one));
        }
        assert_eq!("2".parse::<Winograd>(), Err(WinogradError));
    }

    #[test]
    fn the_form_follows_from_the_shape() {
        let conv = |side, inputs, outputs| Connection::conv(Shape::new(inputs, side, side), outputs, 3, 3);
        let forms =
            |c: Connection| [Winograd::Off, Winograd::Auto, Winograd::Four].map(|one| Outputs::of(&c, one, false));
        let updates =
            |c: Connection| [Winograd::Off, Winograd::Auto, Winograd::Four].map(|one| Outputs::of(&c, one, true));
        let (two, four) = (Some(Outputs::Two), Some(Outputs::Four));
        assert_eq!(forms(conv(32, 16, 16)), [None, two, four]);
        assert_eq!(forms(conv(5, 16, 16)), [None, None, None], "144 of 169 products are not worth a transform");
        assert_eq!(forms(conv(6, 16, 16)), [None, two, two], "of equals the more exact one");
        assert_eq!(forms(conv(10, 16, 16)), [None, two, four]);
        assert_eq!((updates(conv(32, 16, 32)), updates(conv(32, 32, 32))), ([None, None, four], [None, two, four]));
        assert_eq!(forms(conv(32, 3, 32)), [None; 3]);
        assert_eq!(forms(conv(32, 32, 15)), [None; 3]);
        assert_eq!(forms(conv(2, 64, 64)), [None; 3]);
        assert_eq!(forms(conv(256, 16, 16)), [None, two, four]);
        assert_eq!(forms(conv(1024, 64, 64)), [None; 3], "a row of tiles takes 67 MB");
        assert_eq!(forms(conv(8, 64, 64).untie()), [None; 3]);
        assert_eq!(forms(Connection::conv(Shape::new(64, 8, 8), 64, 5, 5)), [None; 3]);
    }
}
