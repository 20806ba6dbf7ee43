//! Records that are numbers rather than images: vectors, and vectors with what a system should make of them.

use hebb_spec::Shape;

use crate::Digest;

/// Vectors of one shape, each a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    shape: Shape,
    values: Vec<f32>,
}

impl Vectors {
    /// Vectors of `len` numbers, one after another; a last incomplete one is left out. `len` is at least 1.
    pub fn new(len: usize, values: Vec<f32>) -> Self {
        Self::shaped(Shape::flat(len.max(1) as u32), values)
    }

    /// Vectors of a shape, each channel, row, column; a last incomplete one is left out.
    pub fn shaped(shape: Shape, mut values: Vec<f32>) -> Self {
        let len = shape.units() as usize;
        values.truncate(values.len() / len.max(1) * len);
        Self { shape, values }
    }

    /// The shape of each: N×1×1 of those that have none.
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Numbers of each.
    pub fn dimensions(&self) -> usize {
        self.shape.units() as usize
    }

    /// Number of vectors.
    pub fn count(&self) -> usize {
        self.values.len() / self.dimensions().max(1)
    }

    /// A vector. Panics past the end, as a slice does.
    pub fn vector(&self, index: usize) -> &[f32] {
        &self.values[index * self.dimensions()..][..self.dimensions()]
    }

    /// All of them, one after another.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All of them, to change.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The digest of shape and numbers.
    pub fn digest(&self) -> String {
        let mut digest = Digest::default();
        self.add_to(&mut digest);
        digest.text()
    }

    fn add_to(&self, digest: &mut Digest) {
        digest.add(self.shape.to_string().as_bytes());
        let bytes: Vec<u8> = self.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        digest.add(&bytes);
    }
}

/// Vectors x, each with the vector that a system should make of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// What comes in.
    pub x: Vectors,
    /// What should come out.
    pub target: Vectors,
}

impl Pairs {
    /// The unit vectors, X = I, of which the i-th has the i-th target, each of `outputs` numbers.
    pub fn of_unit_vectors(outputs: usize, targets: Vec<f32>) -> Self {
        let target = Vectors::new(outputs, targets);
        let count = target.count();
        let x = (0..count * count).map(|at| f32::from(u8::from(at % (count + 1) == 0))).collect();
        Self { x: Vectors::new(count, x), target }
    }

    /// Number of records.
    pub fn count(&self) -> usize {
        self.x.count().min(self.target.count())
    }

    /// The digest of shapes and numbers.
    pub fn digest(&self) -> String {
        let mut digest = Digest::default();
        self.x.add_to(&mut digest);
        self.target.add_to(&mut digest);
        digest.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_incomplete_vector_is_left_out() {
        let vectors = Vectors::new(2, vec![1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!((vectors.count(), vectors.vector(1), vectors.shape()), (2, &[3.0, 4.0][..], Shape::flat(2)));
        let shaped = Vectors::shaped(Shape::new(1, 2, 1), vec![1.0, 2.0, 3.0, 4.0]);
        assert_ne!(shaped.digest(), vectors.digest(), "of another shape");
        assert_eq!(Vectors::new(2, vec![1.0, 2.0, 3.0, 4.0]).digest(), vectors.digest());
        assert_ne!(Vectors::new(2, vec![1.0, 2.0, 3.0, 4.5]).digest(), vectors.digest());
    }

    #[test]
    fn unit_vectors_come_with_their_targets() {
        let pairs = Pairs::of_unit_vectors(2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(
            (pairs.count(), pairs.x.vector(1), pairs.target.vector(1)),
            (3, &[0.0, 1.0, 0.0][..], &[3.0, 4.0][..])
        );
        let other = Pairs::of_unit_vectors(2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 7.0]);
        assert_ne!(pairs.digest(), other.digest());
    }
}
