//! e^x and log(1 + e^x) by fixed polynomials, the same on every device, on vectors of sixteen images.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, f32x16, i32x16, u32x16};

/// Where e^x is held: beyond, its double or half is no normal number.
const LEAST: f32 = -87.0;
const MOST: f32 = 88.0;
/// log 2 in two parts, of which whole multiples of the first are exact.
const LN_2: [f32; 2] = [0.693_359_4, -0.000_212_194_44];
/// (e^r − 1) / r over |r| ≤ ½ log 2: e^r is off by 1e-8 of itself.
const POWER: [f32; 6] = [1.0, 0.5, 0.166_665_05, 0.041_666_467, 0.008_369_155, 0.001_393_365];
/// atanh(s) / s by s² over s ≤ ⅓: off by 8e-9 of itself.
const ATANH: [f32; 5] = [1.0, 0.333_331_6, 0.200_122_98, 0.139_825_79, 0.140_788_9];

/// c₀ + x (c₁ + x (c₂ + …)).
#[inline(always)]
pub(crate) fn horner<S: Simd, const N: usize>(simd: S, c: &[f32; N], x: f32x16<S>) -> f32x16<S> {
    let mut sum = f32x16::splat(simd, c[N - 1]);
    for at in (0..N - 1).rev() {
        sum = sum.mul_add(x, f32x16::splat(simd, c[at]));
    }
    sum
}

/// e^x; x is held within −87 and 88. NaN stays NaN.
#[inline(always)]
pub(crate) fn power<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    let (least, most) = (f32x16::splat(simd, LEAST), f32x16::splat(simd, MOST));
    // By comparisons, which NaN fails: what a minimum makes of NaN differs from processor to processor.
    let x = x.simd_lt(least).select(least, x);
    let x = x.simd_gt(most).select(most, x);
    let k = x.mul_add(f32x16::splat(simd, std::f32::consts::LOG2_E), f32x16::splat(simd, 0.5)).floor();
    let r = (x - k * f32x16::splat(simd, LN_2[0])) - k * f32x16::splat(simd, LN_2[1]);
    let of_r = r.mul_add(horner(simd, &POWER, r), f32x16::splat(simd, 1.0));
    let exponent: u32x16<S> = (k.to_int::<i32x16<S>>() + i32x16::splat(simd, 127)).bitcast();
    of_r * (exponent << 23).bitcast::<f32x16<S>>()
}

/// 1 / (1 + e^−x).
#[inline(always)]
pub(crate) fn logistic<S: Simd>(simd: S, x: f32x16<S>) -> f32x16<S> {
    let one = f32x16::splat(simd, 1.0);
    one / (one + power(simd, -x))
}

/// log(1 + e^t) = max(t, 0) + log(1 + e), e = e^−|t|, and log(1 + e) = 2 atanh(e / (2 + e)).
#[inline(always)]
pub(crate) fn softplus<S: Simd>(simd: S, t: f32x16<S>) -> f32x16<S> {
    let (zero, two) = (f32x16::splat(simd, 0.0), f32x16::splat(simd, 2.0));
    let e = power(simd, -t.abs());
    let s = e / (two + e);
    t.simd_gt(zero).select(t, zero) + two * s * horner(simd, &ATANH, s * s)
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;
    use crate::level::Vectors;
    use crate::line::LANES;

    #[derive(Debug, Clone, Copy)]
    enum Of {
        Power,
        Logistic,
        Softplus,
    }

    /// A function of each of sixteen numbers.
    fn of(level: Level, function: Of, x: [f32; LANES]) -> [f32; LANES] {
        dispatch!(level, simd => {
            let x = f32x16::from_slice(simd, &x);
            match function {
                Of::Power => power(simd, x),
                Of::Logistic => logistic(simd, x),
                Of::Softplus => softplus(simd, x),
            }
            .to_array()
        })
    }

    fn one(level: Level, function: Of, x: f32) -> f32 {
        of(level, function, [x; LANES])[7]
    }

    fn levels() -> impl Iterator<Item = Level> {
        [Vectors::Portable, Vectors::Avx2, Vectors::Avx512, Vectors::Neon].into_iter().filter_map(|of| of.level().ok())
    }

    #[test]
    fn they_are_within_a_few_roundings_of_the_true_functions() {
        for level in levels() {
            let mut worst = [0.0_f64; 3];
            for first in (-87_000..=88_000).step_by(LANES) {
                let x: [f32; LANES] = std::array::from_fn(|lane| (first + lane as i32).min(88_000) as f32 / 1000.0);
                let mut note = |at: usize, function: Of, wanted: &dyn Fn(f64) -> f64| {
                    for (x, got) in x.into_iter().zip(of(level, function, x)) {
                        worst[at] = worst[at].max((f64::from(got) / wanted(f64::from(x)) - 1.0).abs());
                    }
                };
                note(0, Of::Power, &f64::exp);
                note(1, Of::Logistic, &|x| 1.0 / (1.0 + (-x).exp()));
                note(2, Of::Softplus, &|x| x.max(0.0) + (-x.abs()).exp().ln_1p());
            }
            assert!(worst[0] < 2.5e-7 && worst[1] < 4e-7 && worst[2] < 4e-7, "{level:?}: {worst:?}");
        }
    }

    #[test]
    fn they_rise_and_end_where_they_should() {
        for level in levels() {
            let power = |x| one(level, Of::Power, x);
            assert_eq!((power(1000.0), power(-1000.0), power(0.0)), (power(MOST), power(LEAST), 1.0));
            assert_eq!((power(f32::INFINITY), power(f32::NEG_INFINITY)), (power(MOST), power(LEAST)));
            let (logistic, softplus) = (|x| one(level, Of::Logistic, x), |x| one(level, Of::Softplus, x));
            assert_eq!((logistic(f32::INFINITY), logistic(0.0), softplus(1e6)), (1.0, 0.5, 1e6));
            assert!(logistic(f32::NEG_INFINITY) < 1e-37 && softplus(f32::NEG_INFINITY) < 1e-37);
            assert_eq!(softplus(f32::INFINITY), f32::INFINITY);
            for function in [Of::Power, Of::Logistic, Of::Softplus] {
                assert!(one(level, function, f32::NAN).is_nan(), "{function:?} loses NaN");
                let steps: Vec<f32> = (-1000..=1000).map(|at| one(level, function, at as f32 / 10.0)).collect();
                assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]), "{function:?} falls somewhere");
                assert!(steps[0] >= 0.0 && steps[2000].is_finite());
            }
        }
    }
}
