//! The singular value decomposition of small matrices (Hestenes 1958: one-sided Jacobi rotations), with which appendix 2
//! lays out a network that falls apart into scalar systems.

/// A matrix in rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Row by row.
    pub values: Vec<f64>,
}

impl Matrix {
    /// A matrix whose numbers are given by row and column.
    pub fn from_fn(rows: usize, columns: usize, of: impl Fn(usize, usize) -> f64) -> Self {
        let values = (0..rows * columns).map(|at| of(at / columns, at % columns)).collect();
        Self { rows, columns, values }
    }

    /// The number in a row and a column.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    /// The other way round.
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.columns, self.rows, |row, column| self.at(column, row))
    }

    /// The product with another, which has as many rows as this has columns.
    pub fn times(&self, other: &Self) -> Self {
        let sum = |row, column| (0..self.columns).map(|k| self.at(row, k) * other.at(k, column)).sum();
        Self::from_fn(self.rows, other.columns, sum)
    }

    fn column(&self, column: usize) -> impl Iterator<Item = f64> + '_ {
        (0..self.rows).map(move |row| self.at(row, column))
    }
}

/// A = U Λ Vᵗ: U and V with orthonormal columns, Λ from the largest to the smallest.
#[derive(Debug, Clone, PartialEq)]
pub struct Svd {
    /// Rows of A by the number of singular values.
    pub u: Matrix,
    /// The singular values, the smaller of A's sizes of them.
    pub values: Vec<f64>,
    /// Columns of A by the number of singular values.
    pub v: Matrix,
}

/// Sweeps over all pairs of columns; a matrix of hundreds needs some ten.
const SWEEPS: usize = 60;

/// Decomposes a matrix of full rank.
pub fn svd(matrix: &Matrix) -> Svd {
    if matrix.rows < matrix.columns {
        let Svd { u, values, v } = svd(&matrix.transposed());
        return Svd { u: v, values, v: u };
    }
    let (mut a, n) = (matrix.clone(), matrix.columns);
    let mut v = Matrix::from_fn(n, n, |row, column| f64::from(u8::from(row == column)));
    for _ in 0..SWEEPS {
        let mut is_done = true;
        for (p, q) in (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q))) {
            let product = |i, j| a.column(i).zip(a.column(j)).map(|(x, y)| x * y).sum::<f64>();
            let (pp, qq, pq) = (product(p, p), product(q, q), product(p, q));
            if !(pq.abs() > 1e-15 * (pp * qq).sqrt()) {
                continue;
            }
            is_done = false;
            let way = (qq - pp) / (2.0 * pq);
            let tangent = way.signum() / (way.abs() + (1.0 + way * way).sqrt());
            let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
            rotate(&mut a, (p, q), cosine, cosine * tangent);
            rotate(&mut v, (p, q), cosine, cosine * tangent);
        }
        if is_done {
            break;
        }
    }
    let sizes: Vec<f64> = (0..n).map(|at| a.column(at).map(|x| x * x).sum::<f64>().sqrt()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| sizes[j].total_cmp(&sizes[i]));
    Svd {
        u: Matrix::from_fn(a.rows, n, |row, at| a.at(row, order[at]) / sizes[order[at]]),
        values: order.iter().map(|&at| sizes[at]).collect(),
        v: Matrix::from_fn(n, n, |row, at| v.at(row, order[at])),
    }
}

/// Turns two columns in their plane.
fn rotate(matrix: &mut Matrix, (p, q): (usize, usize), cosine: f64, sine: f64) {
    for row in matrix.values.chunks_exact_mut(matrix.columns) {
        (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::rng::{Purpose, Stream};

    #[test]
    fn the_parts_make_the_whole_and_are_orthonormal() {
        for (rows, columns) in [(1, 1), (5, 3), (3, 5), (10, 40), (30, 30)] {
            let stream = Stream::new(3, Purpose::InitW, rows as u32, columns as u32);
            let a = Matrix::from_fn(rows, columns, |row, column| {
                f64::from(stream.unit((row * columns + column) as u64)) - 0.5
            });
            let Svd { u, values, v } = svd(&a);
            let scaled = Matrix::from_fn(rows, values.len(), |row, at| u.at(row, at) * values[at]);
            let back = scaled.times(&v.transposed());
            let near = |a: &Matrix, b: &Matrix| a.values.iter().zip(&b.values).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near(&back, &a), "{rows} {columns}");
            let one = Matrix::from_fn(values.len(), values.len(), |i, j| f64::from(u8::from(i == j)));
            assert!(near(&u.transposed().times(&u), &one) && near(&v.transposed().times(&v), &one));
            assert!(values.windows(2).all(|pair| pair[0] >= pair[1]) && values.len() == rows.min(columns));
        }
    }
}
