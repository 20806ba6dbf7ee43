//! Max-pooling: windows, what lies outside the image, and who gets δ at ties.

use crate::Shape;

/// Where an overlapping window lies (windows whose stride is their size always start at their pixel).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PoolWindow {
    /// Starts at the kept pixel and runs down and right (`as-run`).
    FromPixel,
    /// Is centred at the kept pixel (`paper`).
    Centred,
}

/// Which units of a window get δ where several are the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PoolTies {
    /// Every maximum (`as-run`).
    All,
    /// The first in row-major order, zeros outside counted too: what automatic differentiation does (`paper`).
    First,
}

/// A max-pooling of `size`×`size` windows, every `stride`-th pixel kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pool {
    /// Shape of the input.
    pub input: Shape,
    /// Rows and columns of a window.
    pub size: u32,
    /// Distance of two windows.
    pub stride: u32,
    /// Place of overlapping windows.
    pub window: PoolWindow,
    /// Who gets δ at ties.
    pub ties: PoolTies,
}

impl Pool {
    /// Shape of the output: ⌈n / stride⌉ rows and columns.
    pub const fn output(&self) -> Shape {
        let input = self.input;
        Shape::new(input.channels, input.height.div_ceil(self.stride), input.width.div_ceil(self.stride))
    }

    /// How far a window begins before its pixel.
    pub const fn before(&self) -> u32 {
        match self.window {
            PoolWindow::Centred if self.stride != self.size => (self.size - 1) / 2,
            _ => 0,
        }
    }

    /// Whether the zeros outside the image take part in the maximum; they never win where stride = size.
    pub const fn outside_counts(&self) -> bool {
        self.stride != self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(side: u32, size: u32, stride: u32, window: PoolWindow) -> Pool {
        Pool { input: Shape::new(1, side, side), size, stride, window, ties: PoolTies::All }
    }

    #[test]
    fn shapes_are_the_papers() {
        assert_eq!(pool(32, 3, 2, PoolWindow::FromPixel).output().height, 16);
        assert_eq!(pool(32, 3, 3, PoolWindow::FromPixel).output().height, 11);
        assert_eq!(pool(11, 2, 2, PoolWindow::Centred).output().height, 6);
    }

    #[test]
    fn only_overlapping_windows_are_centred_or_see_outside() {
        assert_eq!(pool(8, 3, 2, PoolWindow::Centred).before(), 1);
        assert_eq!(pool(8, 3, 2, PoolWindow::FromPixel).before(), 0);
        assert_eq!(pool(8, 3, 3, PoolWindow::Centred).before(), 0);
        assert!(!pool(8, 2, 2, PoolWindow::Centred).outside_counts());
    }
}
