//! Compares what a device computed with what the oracle expects.

use crate::oracle::Expected;

/// A tensor beside its expectation. `worst` and what follows describe the element with the largest ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Whether the tensor has the expected length.
    pub len_matches: bool,
    /// Index of the worst element.
    pub worst: usize,
    /// What was computed there.
    pub got: f32,
    /// What was expected there.
    pub expected: f64,
    /// How far from it is allowed.
    pub bound: f64,
    /// Largest |error| / bound over all elements: at most 1 where all is well, infinite where a number is missing.
    pub ratio: f64,
    /// Elements beyond their bound.
    pub over: usize,
}

impl Comparison {
    /// Whether every element is there and within its bound.
    pub fn passes(&self) -> bool {
        self.len_matches && self.over == 0 && self.ratio <= 1.0
    }
}

/// Compares element by element. NaN never passes, nor does another length; where the bound is 0, only equality does.
pub fn compare(expected: &Expected, got: &[f32]) -> Comparison {
    let len = expected.values.len();
    let len_matches = len == got.len() && len == expected.bounds.len();
    let ratio = if len_matches { 0.0 } else { f64::INFINITY };
    let mut result = Comparison { len_matches, worst: 0, got: 0.0, expected: 0.0, bound: 0.0, ratio, over: 0 };
    let mut largest = -1.0;
    for (index, ((&got, &expected), &bound)) in got.iter().zip(&expected.values).zip(&expected.bounds).enumerate() {
        let error = (f64::from(got) - expected).abs();
        let within = got.is_finite() && error <= bound;
        let ratio = match error / bound {
            _ if within && error == 0.0 => 0.0,
            ratio if ratio.is_finite() && got.is_finite() => ratio,
            // Any error where the bound is 0, or not a number at all.
            _ => f64::INFINITY,
        };
        result.over += usize::from(!within);
        if ratio > largest {
            largest = ratio;
            result = Comparison { worst: index, got, expected, bound, ratio: ratio.max(result.ratio), ..result };
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::operand::Slot;

    fn expected() -> Expected {
        Expected { slot: Slot::Y, values: vec![1.0, -2.0, 0.0, 3.0], bounds: vec![0.25, 0.5, 0.0, 0.0] }
    }

    #[test]
    fn what_is_within_its_bound_passes() {
        let result = compare(&expected(), &[1.125, -2.0, 0.0, 3.0]);
        assert!(result.passes());
        assert_eq!((result.worst, result.ratio, result.over), (0, 0.5, 0));
        assert!(compare(&expected(), &[1.25, -2.5, -0.0, 3.0]).passes(), "the bound itself is allowed");
    }

    #[test]
    fn exact_values_have_ratio_zero_even_at_bound_zero() {
        let result = compare(&expected(), &[1.0, -2.0, 0.0, 3.0]);
        assert!(result.passes());
        assert_eq!(result.ratio, 0.0);
    }

    #[test]
    fn one_wrong_element_fails_and_is_named() {
        let result = compare(&expected(), &[1.0, -4.0, 0.0, 3.0]);
        assert!(!result.passes());
        assert_eq!((result.worst, result.got, result.expected, result.bound), (1, -4.0, -2.0, 0.5));
        assert_eq!((result.ratio, result.over), (4.0, 1));
    }

    #[test]
    fn bound_zero_allows_only_equality() {
        let result = compare(&expected(), &[1.0, -2.0, f32::MIN_POSITIVE, 3.0]);
        assert!(!result.passes());
        assert_eq!((result.worst, result.ratio, result.over), (2, f64::INFINITY, 1));
    }

    #[test]
    fn what_is_not_a_number_never_passes() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let result = compare(&expected(), &[1.0, -2.0, 0.0, bad]);
            assert!(!result.passes());
            assert_eq!((result.worst, result.ratio, result.over), (3, f64::INFINITY, 1));
        }
        // Not where it is expected either, nor where the bound itself is no number or infinite.
        for (value, bound) in [(f64::NAN, 1.0), (1.0, f64::NAN), (f64::INFINITY, f64::INFINITY)] {
            let odd = Expected { slot: Slot::Y, values: vec![value], bounds: vec![bound] };
            assert!(!compare(&odd, &[f32::NAN]).passes());
            assert!(!compare(&odd, &[f32::INFINITY]).passes());
        }
        let loose = Expected { slot: Slot::Y, values: vec![1.0], bounds: vec![f64::INFINITY] };
        assert!(!compare(&loose, &[f32::INFINITY]).passes());
    }

    #[test]
    fn another_length_never_passes() {
        for got in [&[][..], &[1.0, -2.0, 0.0], &[1.0, -2.0, 0.0, 3.0, 0.0]] {
            let result = compare(&expected(), got);
            assert!(!result.passes() && !result.len_matches);
            assert_eq!(result.ratio, f64::INFINITY);
        }
        assert!(compare(&Expected { slot: Slot::Y, values: vec![], bounds: vec![] }, &[]).passes());
    }
}
