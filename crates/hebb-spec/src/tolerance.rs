//! The table of tolerances: each number that the oracle's bounds are made of, and where it comes from.

/// Unit roundoff of f32: one correctly rounded operation is off by at most u times its result. WGSL rounds +, − and ·
/// so; a fused multiply-add only rounds less often.
pub const UNIT: f64 = 1.0 / 16_777_216.0;

/// One ULP of an f32 is at most this share of it.
pub const ULP: f64 = 2.0 * UNIT;

/// The smallest normal f32: WGSL may take anything below for 0.
pub const SMALLEST: f64 = 1.175_494_350_822_287_5e-38;

/// Roundings besides a sum's own: its scaling, and one of slack that covers the oracle's own f64 roundings
/// (n · 2⁻⁵³ each, far below 2⁻²⁴ for any sum that fits in memory).
pub const SCALE_AND_SLACK: u64 = 2;

/// WGSL's accuracy of exp(x): 3 + 2 · |x| ULP.
pub const EXP_ULPS: (f64, f64) = (3.0, 2.0);

/// WGSL's accuracy of log(x): 2⁻²¹ absolute for x in [½, 2], 3 ULP elsewhere. The bound takes both.
pub const LOG_ABSOLUTE: f64 = 1.0 / 2_097_152.0;
/// See [`LOG_ABSOLUTE`].
pub const LOG_ULPS: f64 = 3.0;

/// WGSL's accuracy of a division: 2.5 ULP; half an ULP more where it is done as a product with the reciprocal.
pub const DIVISION_ULPS: f64 = 3.0;

/// γ(n) = n u / (1 − n u): the relative error of n roundings one upon another (Higham, *Accuracy and Stability of
/// Numerical Algorithms*, lemma 3.1). A sum of n products a·b in any order is off by at most γ(n) Σ|a·b|.
/// Infinite where the bound does not hold, from n u = 1: such a comparison never passes.
pub fn gamma(roundings: u64) -> f64 {
    let n = roundings as f64 * UNIT;
    if n < 1.0 { n / (1.0 - n) } else { f64::INFINITY }
}

/// Error of a sum of `terms` products whose sizes add up to `size`, scaled once at the end; products below the
/// smallest normal number may have been taken for 0. A sum of zeros is exact.
pub fn sum_bound(terms: u64, size: f64) -> f64 {
    let roundings = terms + SCALE_AND_SLACK;
    if size == 0.0 { 0.0 } else { gamma(roundings) * size + roundings as f64 * SMALLEST }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_grows_a_little_faster_than_n_roundings() {
        assert_eq!(gamma(0), 0.0);
        assert!(gamma(1) > UNIT && gamma(1) < 1.001 * UNIT);
        assert!(gamma(1 << 20) > f64::from(1 << 20) * UNIT);
        assert_eq!(gamma(1 << 24), f64::INFINITY);
        assert_eq!(SMALLEST, f64::from(f32::MIN_POSITIVE));
    }

    #[test]
    fn an_empty_sum_is_exact() {
        assert_eq!(sum_bound(100, 0.0), 0.0);
        assert!(sum_bound(1, 1.0) > 3.0 * UNIT);
    }
}
