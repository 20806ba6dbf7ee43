//! What runs that differ in their seed have in common: mean, deviation, and the interval in which a mean lies.

/// The 97.5 % points of Student's t for 1 to 30 degrees of freedom (Fisher and Yates 1963, table III).
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// The 97.5 % point of the normal distribution.
const NORMAL: f64 = 1.959_964;

/// The 97.5 % point of Student's t, to a thousandth beyond 30 degrees of freedom (Cornish and Fisher's expansion).
fn t(freedom: usize) -> f64 {
    let n = freedom as f64;
    let (z3, z5) = (NORMAL.powi(3), NORMAL.powi(5));
    let expansion = NORMAL + (z3 + NORMAL) / (4.0 * n) + (5.0 * z5 + 16.0 * z3 + 3.0 * NORMAL) / (96.0 * n * n);
    freedom.checked_sub(1).and_then(|at| T.get(at)).copied().unwrap_or(expansion)
}

/// The mean; not a number where there are none.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation, from n − 1; none of fewer than two.
pub fn deviation(values: &[f64]) -> Option<f64> {
    let (mean, freedom) = (mean(values), values.len().checked_sub(1).filter(|&freedom| freedom > 0)?);
    Some((values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / freedom as f64).sqrt())
}

/// The interval in which the mean of all such runs lies at 95 %, by Student's t; none of fewer than two.
pub fn interval(values: &[f64]) -> Option<(f64, f64)> {
    let half = t(values.len().checked_sub(1)?) * deviation(values)? / (values.len() as f64).sqrt();
    Some((mean(values) - half, mean(values) + half))
}

/// The interval in which one share of all images less another lies at 95 %, where each was counted on so many of them, by the
/// normal distribution. As if each had been counted on images of its own: of the same images it is narrower.
pub fn between((one, other): (f64, f64), images: usize) -> (f64, f64) {
    let half = NORMAL * ((one * (1.0 - one) + other * (1.0 - other)) / images as f64).sqrt();
    (one - other - half, one - other + half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_runs_have_a_mean_and_an_interval() {
        let values = [1.0, 2.0, 4.0];
        assert!((mean(&values) - 7.0 / 3.0).abs() < 1e-12);
        // By hand: t of two degrees of freedom is 4.302653.
        assert!((deviation(&values).unwrap() - 1.527_525).abs() < 1e-6);
        let (low, high) = interval(&values).unwrap();
        assert!((low + 1.461_247).abs() < 2e-3 && (high - 6.127_914).abs() < 2e-3, "{low} {high}");
    }

    #[test]
    fn shares_of_images_have_an_interval() {
        // By hand: 0.1 ± 1.959964 · √(0.49 / 5000).
        let (low, high) = between((0.5, 0.4), 5000);
        assert!((low - 0.080_600).abs() < 1e-5 && (high - 0.119_400).abs() < 1e-5, "{low} {high}");
        assert_eq!(between((0.0, 1.0), 10), (-1.0, -1.0));
    }

    #[test]
    fn one_run_or_none_has_no_interval() {
        assert_eq!((deviation(&[1.0]), interval(&[1.0]), interval(&[])), (None, None, None));
        assert!(mean(&[]).is_nan());
        assert!(deviation(&[1.0, f64::NAN]).unwrap().is_nan());
    }

    #[test]
    fn t_goes_on_smoothly_beyond_its_table() {
        assert!((t(30) - t(31) - (t(29) - t(30))).abs() < 1e-3 && t(31) < t(30));
        assert!((t(60) - 2.000).abs() < 1e-3 && (t(1000) - 1.962).abs() < 1e-3);
    }
}
