//! Vectors drawn from a Gaussian of a chosen spectrum, along axes drawn at random.

use hebb_spec::rng::{Purpose, Stream};

/// Vectors of one length, each a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    len: usize,
    values: Vec<f32>,
}

impl Vectors {
    /// Vectors of `len` numbers, one after another; a last incomplete one is left out. `len` is at least 1.
    pub fn new(len: usize, mut values: Vec<f32>) -> Self {
        let len = len.max(1);
        values.truncate(values.len() / len * len);
        Self { len, values }
    }

    /// Number of vectors.
    pub fn count(&self) -> usize {
        self.values.len() / self.len
    }

    /// A vector. Panics past the end, as a slice does.
    pub fn vector(&self, index: usize) -> &[f32] {
        &self.values[index * self.len..][..self.len]
    }
}

/// `count` vectors of a Gaussian with mean 0, these variances, and orthonormal axes drawn from the seed. A pure function
/// of the three, but for the last bits of the machine's logarithm and cosine.
pub fn gaussian(variances: &[f64], count: usize, seed: u64) -> Vectors {
    let (len, axes) = (variances.len(), axes(variances.len(), seed));
    let normal = Normal(Stream::new(seed, Purpose::Gaussian, 1, 0));
    let mut values = Vec::with_capacity(len * count);
    for record in 0..count {
        let mut vector = vec![0.0; len];
        for (at, (axis, variance)) in axes.iter().zip(variances).enumerate() {
            let size = variance.sqrt() * normal.at((record * len + at) as u64);
            vector.iter_mut().zip(axis).for_each(|(sum, direction)| *sum += size * direction);
        }
        values.extend(vector.into_iter().map(|value: f64| value as f32));
    }
    Vectors::new(len, values)
}

/// Standard normal numbers by index (Box and Muller 1958).
struct Normal(Stream);

impl Normal {
    fn at(&self, index: u64) -> f64 {
        let [a, b] = self.0.pair(index as u32, (index >> 32) as u32);
        let unit = |word: u32| (f64::from(word) + 0.5) / 4_294_967_296.0;
        (-2.0 * unit(a).ln()).sqrt() * (std::f64::consts::TAU * unit(b)).cos()
    }
}

/// As many orthonormal vectors, by Gram and Schmidt's way from random ones.
fn axes(len: usize, seed: u64) -> Vec<Vec<f64>> {
    let normal = Normal(Stream::new(seed, Purpose::Gaussian, 2, 0));
    let mut axes: Vec<Vec<f64>> = Vec::with_capacity(len);
    for at in 0..len {
        let mut axis: Vec<f64> = (0..len).map(|k| normal.at((at * len + k) as u64)).collect();
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
}
