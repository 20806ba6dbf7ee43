//! Twin of `target_delta`: the label as a δ.

use hebb_spec::lane4::padded;

use crate::real::Real;

/// labels `[image]` → δ `[class][image]`: −1 at the label's class, 0 elsewhere and from image `count` on.
pub fn target_delta<T: Real>(batch: u32, count: u32, labels: &[T], delta: &mut [T]) {
    let count = count.min(batch) as usize;
    for (class, delta) in delta.chunks_exact_mut(padded(batch)).enumerate() {
        for (image, delta) in delta.iter_mut().enumerate() {
            let is_target = image < count && labels[image] == T::from_index(class);
            *delta = if is_target { -T::ONE } else { T::ZERO };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_has_no_target() {
        let mut delta = [f32::NAN; 12];
        target_delta(3, 2, &[2.0, 0.0, 0.0, 0.0], &mut delta);
        assert_eq!(delta, [0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0]);
    }
}
