//! Moments of vectors, and the components of a covariance.

use crate::Vectors;

/// The mean of the first `count` vectors, and at most of all.
pub fn mean(vectors: &Vectors, count: usize) -> Vec<f64> {
    let count = count.min(vectors.count());
    let mut mean = vec![0.0; vectors.dimensions()];
    for index in 0..count {
        mean.iter_mut().zip(vectors.vector(index)).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    mean.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
    mean
}

/// ⟨x xᵀ⟩ of the first `count` vectors, row by row: their covariance where their mean is 0, each vector weighing the same.
pub fn second_moments(vectors: &Vectors, count: usize) -> Vec<f64> {
    let (n, count) = (vectors.dimensions(), count.min(vectors.count()));
    let mut sums = vec![0.0; n * n];
    for index in 0..count {
        let x = vectors.vector(index);
        for (row, &a) in sums.chunks_exact_mut(n.max(1)).zip(x) {
            row.iter_mut().zip(x).for_each(|(sum, &b)| *sum += f64::from(a) * f64::from(b));
        }
    }
    sums.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
    sums
}

/// An eigenvalue of a symmetric matrix with its eigenvector of length 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// The eigenvalue: of a covariance, the variance along the vector.
    pub variance: f64,
    /// The eigenvector.
    pub direction: Vec<f64>,
}

/// Most sweeps: some ten are enough for any matrix that fits in memory.
const SWEEPS: usize = 60;

/// All components of a symmetric matrix of n rows, the largest eigenvalue first, by Jacobi's rotations (Golub and Van Loan,
/// *Matrix Computations*, section 8.5).
///
/// # Panics
/// If the matrix has not n² numbers.
pub fn components(matrix: &[f64], n: usize) -> Vec<Component> {
    assert_eq!(matrix.len(), n * n, "a square matrix");
    let mut a = matrix.to_vec();
    let mut v: Vec<f64> = (0..n * n).map(|at| f64::from(u8::from(at % (n + 1) == 0))).collect();
    for _ in 0..SWEEPS {
        let (mut off, mut all) = (0.0, 0.0);
        for (at, value) in a.iter().enumerate() {
            all += value * value;
            off += if at % (n + 1) == 0 { 0.0 } else { value * value };
        }
        // A sum that is no number ends it too.
        if !(off > 1e-30 * all) {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut v, n, (p, q));
            }
        }
    }
    let component = |at: usize| Component { variance: a[at * n + at], direction: v[at * n..][..n].to_vec() };
    let mut all: Vec<Component> = (0..n).map(component).collect();
    all.sort_by(|one, other| other.variance.total_cmp(&one.variance));
    all
}

/// One rotation that makes a[p, q] vanish; `v` has the eigenvectors as rows.
fn rotate(a: &mut [f64], v: &mut [f64], n: usize, (p, q): (usize, usize)) {
    let apq = a[p * n + q];
    if apq == 0.0 {
        return;
    }
    let tau = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = t * c;
    let turn = |one: f64, other: f64| (c * one - s * other, s * one + c * other);
    for k in 0..n {
        (a[k * n + p], a[k * n + q]) = turn(a[k * n + p], a[k * n + q]);
    }
    for k in 0..n {
        (a[p * n + k], a[q * n + k]) = turn(a[p * n + k], a[q * n + k]);
        (v[p * n + k], v[q * n + k]) = turn(v[p * n + k], v[q * n + k]);
    }
}

/// Takes a vector away from each.
pub(crate) fn shift(vectors: &mut Vectors, away: &[f64]) {
    let n = vectors.dimensions().max(1);
    for x in vectors.values_mut().chunks_exact_mut(n) {
        x.iter_mut().zip(away).for_each(|(x, away)| *x = (f64::from(*x) - away) as f32);
    }
}

/// What is added to each variance before its root is taken, as a share of the largest: a direction that hardly varies would
/// be blown up.
const FLOOR: f64 = 1e-4;

/// Makes the components alike: x ← E (Λ + 10⁻⁴ λ₁)^(−½) Eᵀ x, with E and Λ of ⟨x xᵀ⟩.
pub(crate) fn whiten(vectors: &mut Vectors) {
    let n = vectors.dimensions();
    let components = components(&second_moments(vectors, vectors.count()), n);
    let largest = components.first().map_or(0.0, |component| component.variance);
    if !(largest > 0.0) {
        return;
    }
    let mut matrix = vec![0.0; n * n];
    for Component { variance, direction } in &components {
        let factor = 1.0 / (variance.max(0.0) + FLOOR * largest).sqrt();
        for (row, a) in matrix.chunks_exact_mut(n).zip(direction) {
            row.iter_mut().zip(direction).for_each(|(sum, b)| *sum += factor * a * b);
        }
    }
    for x in vectors.values_mut().chunks_exact_mut(n) {
        let product = |row: &[f64]| row.iter().zip(&*x).map(|(a, x)| a * f64::from(*x)).sum::<f64>() as f32;
        let turned: Vec<f32> = matrix.chunks_exact(n).map(product).collect();
        x.copy_from_slice(&turned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian::gaussian;

    #[test]
    fn components_make_the_matrix_again() {
        let vectors = gaussian(&[4.0, 2.0, 1.0, 0.5, 0.25], 300, 3);
        let matrix = second_moments(&vectors, 300);
        let all = components(&matrix, 5);
        assert!(all.windows(2).all(|pair| pair[0].variance >= pair[1].variance));
        for i in 0..5 {
            for j in 0..5 {
                let again: f64 = all.iter().map(|one| one.variance * one.direction[i] * one.direction[j]).sum();
                assert!((again - matrix[5 * i + j]).abs() < 1e-12);
                let product: f64 = all[i].direction.iter().zip(&all[j].direction).map(|(a, b)| a * b).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
        let plain = components(&[2.0, 1.0, 1.0, 2.0], 2);
        assert!((plain[0].variance - 3.0).abs() < 1e-14 && (plain[1].variance - 1.0).abs() < 1e-14);
        assert_eq!(components(&[f64::NAN], 1).len(), 1, "what is no number comes to an end, too");
    }

    #[test]
    fn a_mean_is_taken_away_and_the_rest_made_alike() {
        let mut vectors = gaussian(&[9.0, 1.0, 0.25], 2000, 4);
        vectors.values_mut().iter_mut().for_each(|x| *x += 5.0);
        let away = mean(&vectors, 2000);
        shift(&mut vectors, &away);
        assert!(mean(&vectors, 2000).iter().all(|mean| mean.abs() < 1e-6));
        whiten(&mut vectors);
        for (at, moment) in second_moments(&vectors, 2000).into_iter().enumerate() {
            let wanted = f64::from(u8::from(at % 4 == 0));
            assert!((moment - wanted).abs() < 5e-3, "{at}: {moment}");
        }
        let mut nothing = Vectors::new(2, vec![0.0; 8]);
        whiten(&mut nothing);
        assert_eq!(nothing.values(), [0.0; 8]);
    }
}
