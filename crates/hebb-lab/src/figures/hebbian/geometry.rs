//! Lengths and angles, in f64.

use hebb_systems::section5::svd::{Matrix, svd};

/// a · b.
pub fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// |a|.
pub fn norm(a: &[f64]) -> f64 {
    product(a, a).sqrt()
}

/// The angle between two directions, whichever way they point, in degrees.
pub fn angle(a: &[f64], b: &[f64]) -> f64 {
    let (na, nb) = (norm(a), norm(b));
    let way = if product(a, b) < 0.0 { -1.0 } else { 1.0 };
    // Kahan's formula, which keeps its digits where the angle is small.
    let (mut less, mut more) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a / na, way * b / nb);
        less += (a - b) * (a - b);
        more += (a + b) * (a + b);
    }
    2.0 * f64::atan2(f64::sqrt(less), f64::sqrt(more)).to_degrees()
}

/// The largest principal angle between the space of some vectors and that of an orthonormal basis of as many, in degrees.
pub fn largest_angle(vectors: &[Vec<f64>], basis: &[Vec<f64>]) -> f64 {
    let matrix = |rows: &[Vec<f64>]| Matrix::from_fn(rows.len(), rows[0].len(), |row, column| rows[row][column]);
    let (own, other) = (svd(&matrix(vectors)).v, matrix(basis));
    // What the basis does not hold of an orthonormal basis of the vectors: its largest singular value is the sine.
    let held = other.times(&own);
    let back = other.transposed().times(&held);
    let rest = Matrix::from_fn(own.rows, own.columns, |row, column| own.at(row, column) - back.at(row, column));
    svd(&rest).values[0].clamp(0.0, 1.0).asin().to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_those_of_the_plane() {
        assert!((angle(&[1.0, 0.0], &[-2.0, -2.0]) - 45.0).abs() < 1e-12);
        assert!((angle(&[1.0, 0.0], &[1.0, 1e-9]) - 1e-9_f64.to_degrees()).abs() < 1e-15);
        let basis = [vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0]];
        let tilted = [vec![3.0, 1.0, 0.0], vec![0.0, 2.0, 2.0 * 30f64.to_radians().tan()]];
        // Between the planes' normals: (3, 1, 0) × (0, 2, t) = (t, −3t, 6).
        let t = tilted[1][2];
        let wanted = (6.0 / f64::sqrt(10.0 * t * t + 36.0)).acos().to_degrees();
        assert!((largest_angle(&tilted, &basis) - wanted).abs() < 1e-10, "{}", largest_angle(&tilted, &basis));
        assert!(largest_angle(&[vec![1.0, 1.0, 0.0], vec![1.0, -3.0, 0.0]], &basis) < 1e-6);
        assert!(largest_angle(&[vec![0.0, 0.0, 2.0], vec![1.0, 0.0, 0.0]], &basis) > 89.0);
    }
}
