//! Vectors drawn from a Gaussian: of a chosen spectrum along axes drawn at random, or of a given covariance.

use std::fmt;
use std::str::FromStr;

use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::settings::short;

use crate::moments::components;
use crate::{DataError, Vectors};

/// Most numbers of a vector.
const MOST: usize = 1024;
/// Most numbers of a vector whose covariance is given: its components are found for it.
const MOST_GIVEN: usize = 256;

/// A Gaussian of mean 0. As text `4,1,.25`, the variances along axes drawn at random, or `2,1/1,2`, the rows of its
/// covariance.
#[derive(Debug, Clone, PartialEq)]
pub enum Gaussian {
    /// Variances along orthonormal axes that are drawn from the seed.
    Drawn(Vec<f64>),
    /// The rows of its covariance.
    Given(Vec<Vec<f64>>),
}

impl Gaussian {
    /// Numbers of a vector.
    pub fn dimensions(&self) -> usize {
        match self {
            Self::Drawn(variances) => variances.len(),
            Self::Given(rows) => rows.len(),
        }
    }

    /// So many vectors. A pure function of Gaussian, count and seed, but for the last bits of the machine's logarithm and
    /// cosine.
    pub fn draw(&self, count: usize, seed: u64) -> Vectors {
        match self {
            Self::Drawn(variances) => gaussian(variances, count, seed),
            Self::Given(rows) => {
                let all = components(&rows.concat(), rows.len());
                let (variances, axes): (Vec<f64>, Vec<Vec<f64>>) =
                    all.into_iter().map(|component| (component.variance.max(0.0), component.direction)).unzip();
                along(&variances, &axes, count, seed)
            }
        }
    }
}

impl fmt::Display for Gaussian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |row: &Vec<f64>| row.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
        match self {
            Self::Drawn(variances) => f.write_str(&list(variances)),
            Self::Given(rows) => f.write_str(&rows.iter().map(list).collect::<Vec<_>>().join("/")),
        }
    }
}

impl FromStr for Gaussian {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let fail = |problem: &str| DataError::Gaussian { text: short(text), problem: problem.to_owned() };
        let number = |part: &str| part.trim().parse::<f64>().ok().filter(|number| number.abs() <= 1e9);
        let row = |row: &str| -> Option<Vec<f64>> { row.split(',').map(number).collect() };
        let rows: Option<Vec<Vec<f64>>> = text.split('/').map(row).collect();
        let mut rows = rows.ok_or_else(|| fail("its numbers are no numbers of at most 1e9"))?;
        let n = rows.len();
        if n == 1 {
            let variances = rows.swap_remove(0);
            if variances.len() > MOST {
                return Err(fail("it has more than 1024 variances"));
            }
            if !variances.iter().all(|&variance| variance >= 0.0) || variances.iter().sum::<f64>() == 0.0 {
                return Err(fail("a variance is 0 or more, and one of them above 0"));
            }
            return Ok(Self::Drawn(variances));
        }
        if n > MOST_GIVEN || rows.iter().any(|row| row.len() != n) {
            return Err(fail("a covariance has as many rows as columns, at most 256"));
        }
        if (0..n).any(|i| (0..i).any(|j| rows[i][j] != rows[j][i])) {
            return Err(fail("a covariance is symmetric"));
        }
        let all = components(&rows.concat(), n);
        let (largest, smallest) = (all[0].variance, all[n - 1].variance);
        if !(largest > 0.0 && smallest >= -1e-12 * largest) {
            return Err(fail("a covariance has no negative eigenvalue, and one above 0"));
        }
        Ok(Self::Given(rows))
    }
}

/// `count` vectors of a Gaussian with mean 0, these variances, and orthonormal axes drawn from the seed. A pure function
/// of the three, but for the last bits of the machine's logarithm and cosine.
pub fn gaussian(variances: &[f64], count: usize, seed: u64) -> Vectors {
    along(variances, &axes(variances.len(), seed), count, seed)
}

fn along(variances: &[f64], axes: &[Vec<f64>], count: usize, seed: u64) -> Vectors {
    let len = variances.len();
    let normal = Stream::new(seed, Purpose::Gaussian, 1, 0);
    let mut values = Vec::with_capacity(len * count);
    for record in 0..count {
        let mut vector = vec![0.0; len];
        for (at, (axis, variance)) in axes.iter().zip(variances).enumerate() {
            let size = variance.sqrt() * normal.normal((record * len + at) as u64);
            vector.iter_mut().zip(axis).for_each(|(sum, direction)| *sum += size * direction);
        }
        values.extend(vector.into_iter().map(|value: f64| value as f32));
    }
    Vectors::new(len, values)
}

/// As many orthonormal vectors, by Gram and Schmidt's way from random ones.
fn axes(len: usize, seed: u64) -> Vec<Vec<f64>> {
    let normal = Stream::new(seed, Purpose::Gaussian, 2, 0);
    let mut axes: Vec<Vec<f64>> = Vec::with_capacity(len);
    for at in 0..len {
        let mut axis: Vec<f64> = (0..len).map(|k| normal.normal((at * len + k) as u64)).collect();
        // Twice: once leaves rounding errors behind.
        for other in axes.iter().chain(&axes) {
            let along: f64 = axis.iter().zip(other).map(|(a, b)| a * b).sum();
            axis.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
        }
        let norm = axis.iter().map(|a| a * a).sum::<f64>().sqrt();
        axis.iter_mut().for_each(|a| *a /= norm);
        axes.push(axis);
    }
    axes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moments::second_moments;

    #[test]
    fn the_sample_has_its_variances() {
        let variances = [4.0, 1.0, 0.25];
        let (vectors, axes) = (gaussian(&variances, 4000, 3), axes(3, 3));
        for (axis, variance) in axes.iter().zip(variances) {
            let along = |at: usize| vectors.vector(at).iter().zip(axis).map(|(a, b)| f64::from(*a) * b).sum::<f64>();
            let found = (0..4000).map(|at| along(at).powi(2)).sum::<f64>() / 4000.0;
            assert!((found / variance - 1.0).abs() < 0.1, "{found} for {variance}");
        }
        let product: f64 = axes[0].iter().zip(&axes[1]).map(|(a, b)| a * b).sum();
        assert!(product.abs() < 1e-12);
        assert_eq!(gaussian(&variances, 5, 3), gaussian(&variances, 5, 3));
        assert_ne!(gaussian(&variances, 5, 3), gaussian(&variances, 5, 4));
    }

    #[test]
    fn the_sample_has_its_covariance() {
        let given: Gaussian = "2,1,0/1,3,-1/0,-1,1".parse().unwrap();
        let sample = given.draw(20_000, 5);
        for (found, wanted) in
            second_moments(&sample, 20_000).iter().zip([2.0, 1.0, 0.0, 1.0, 3.0, -1.0, 0.0, -1.0, 1.0])
        {
            assert!((found - wanted).abs() < 0.1, "{found} for {wanted}");
        }
        assert_eq!(given.to_string(), "2,1,0/1,3,-1/0,-1,1");
        let drawn: Gaussian = "3, 1,.5".parse().unwrap();
        assert_eq!((drawn.to_string(), drawn.dimensions()), ("3,1,0.5".to_owned(), 3));
        assert_eq!(drawn.draw(4, 9), gaussian(&[3.0, 1.0, 0.5], 4, 9));
    }

    #[test]
    fn what_is_no_gaussian_is_refused() {
        for (text, why) in [
            ("", "no numbers"),
            ("1,x", "no numbers"),
            ("1,inf", "no numbers"),
            ("1e10", "no numbers"),
            ("1,-1", "0 or more"),
            ("0,0", "one of them above 0"),
            ("1,2/3", "as many rows as columns"),
            ("1,2/3,4", "symmetric"),
            ("1,2/2,1", "no negative eigenvalue"),
            ("0,0/0,0", "one above 0"),
            (&"1,".repeat(5000), "no numbers"),
            (&vec!["1"; 5000].join(","), "more than 1024"),
        ] {
            let error = text.parse::<Gaussian>().unwrap_err().to_string();
            assert!(error.contains(why) && error.len() < 400, "{text}: {error}");
        }
    }
}
