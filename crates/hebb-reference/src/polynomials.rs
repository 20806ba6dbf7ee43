//! e^x and log(1 + e^x) in f32 by fixed polynomials, the same on every device: what a driver makes of exp and log differs
//! from one to the next.

/// Where e^x is held: beyond, its double or half is no normal number.
const LEAST: f32 = -87.0;
const MOST: f32 = 88.0;
/// log 2 in two parts, of which whole multiples of the first are exact.
const LN_2: [f32; 2] = [0.693_359_4, -0.000_212_194_44];
/// (e^r − 1) / r over |r| ≤ ½ log 2, interpolated at Chebyshev's nodes: e^r is off by 1e-8 of itself.
const POWER: [f32; 6] = [1.0, 0.5, 0.166_665_05, 0.041_666_467, 0.008_369_155, 0.001_393_365];
/// atanh(s) / s by s² over s ≤ ⅓, likewise: off by 8e-9 of itself.
const ATANH: [f32; 5] = [1.0, 0.333_331_6, 0.200_122_98, 0.139_825_79, 0.140_788_9];

fn horner(c: &[f32], x: f32) -> f32 {
    c.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// e^x; x is held within −87 and 88. NaN stays NaN.
pub(crate) fn power(x: f32) -> f32 {
    let x = x.clamp(LEAST, MOST);
    let k = (x * std::f32::consts::LOG2_E + 0.5).floor();
    let r = (x - k * LN_2[0]) - k * LN_2[1];
    let of_r = 1.0 + r * horner(&POWER, r);
    of_r * f32::from_bits(((k as i32 + 127) as u32) << 23)
}

/// log(1 + e^t) = max(t, 0) + log(1 + e), e = e^−|t|, and log(1 + e) = 2 atanh(e / (2 + e)).
pub(crate) fn softplus(t: f32) -> f32 {
    let e = power(-t.abs());
    let s = e / (2.0 + e);
    t.max(0.0) + 2.0 * s * horner(&ATANH, s * s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_within_a_few_roundings_of_the_true_functions() {
        let (mut of_power, mut of_softplus) = (0.0_f64, 0.0_f64);
        for at in -87_000..=88_000 {
            let x = at as f32 / 1000.0;
            let (wanted, t) = (f64::from(x).exp(), f64::from(x));
            of_power = of_power.max((f64::from(power(x)) / wanted - 1.0).abs());
            let wanted = t.max(0.0) + (-t.abs()).exp().ln_1p();
            of_softplus = of_softplus.max((f64::from(softplus(x)) / wanted - 1.0).abs());
        }
        assert!(of_power < 2.5e-7 && of_softplus < 4e-7, "{of_power:e} {of_softplus:e}");
    }

    #[test]
    fn ends_are_held_and_nan_stays() {
        assert_eq!((power(1000.0), power(-1000.0)), (power(MOST), power(LEAST)));
        assert_eq!((power(0.0), softplus(1e6), power(f32::NEG_INFINITY)), (1.0, 1e6, power(LEAST)));
        assert!(power(f32::NAN).is_nan() && softplus(f32::NAN).is_nan());
        assert_eq!(softplus(f32::INFINITY), f32::INFINITY);
    }
}
