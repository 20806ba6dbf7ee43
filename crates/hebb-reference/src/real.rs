//! The numbers that the twins compute with: f32 as the device does, f64 as the oracle does.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use crate::polynomials;

/// A floating-point number.
pub trait Real:
    Copy
    + Debug
    + PartialOrd
    + From<f32>
    + Into<f64>
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// −∞: below any other, so it starts a maximum.
    const LOWEST: Self;

    /// |self|.
    fn abs(self) -> Self;
    /// e to the power of self.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Held between −1 and 1; NaN stays NaN.
    fn clip(self) -> Self;
    /// e to the power of self; in f32 by the polynomial that the kernels of φ share.
    fn power(self) -> Self;
    /// 1 / (1 + e^−self), likewise.
    fn logistic(self) -> Self;
    /// log(1 + e^self), likewise.
    fn softplus(self) -> Self;

    /// The same number.
    fn from_f32(value: f32) -> Self {
        Self::from(value)
    }

    /// The same number.
    fn to_f64(self) -> f64 {
        self.into()
    }

    /// A small whole number.
    fn from_index(index: usize) -> Self {
        Self::from_f32(index as f32)
    }
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const LOWEST: Self = f32::NEG_INFINITY;

    fn abs(self) -> Self {
        f32::abs(self)
    }
    fn exp(self) -> Self {
        f32::exp(self)
    }
    fn ln(self) -> Self {
        f32::ln(self)
    }
    fn clip(self) -> Self {
        self.clamp(-1.0, 1.0)
    }
    fn power(self) -> Self {
        polynomials::power(self)
    }
    fn logistic(self) -> Self {
        1.0 / (1.0 + polynomials::power(-self))
    }
    fn softplus(self) -> Self {
        polynomials::softplus(self)
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const LOWEST: Self = f64::NEG_INFINITY;

    fn abs(self) -> Self {
        f64::abs(self)
    }
    fn exp(self) -> Self {
        f64::exp(self)
    }
    fn ln(self) -> Self {
        f64::ln(self)
    }
    fn clip(self) -> Self {
        self.clamp(-1.0, 1.0)
    }
    fn power(self) -> Self {
        f64::exp(self)
    }
    fn logistic(self) -> Self {
        1.0 / (1.0 + f64::exp(-self))
    }
    fn softplus(self) -> Self {
        self.max(0.0) + f64::exp(-self.abs()).ln_1p()
    }
}
