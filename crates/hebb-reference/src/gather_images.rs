//! Twin of `gather_images`: images as bytes → activity, pixel / 255.

use hebb_spec::Shape;
use hebb_spec::lane4::{image_words, padded};

use crate::real::Real;

/// x `[unit][image]` = byte · (1/255); images from `count` on are 0. `words` holds four bytes a word, lowest first, each
/// image from a word of its own.
pub fn gather_images<T: Real>(shape: Shape, batch: u32, count: u32, words: &[u32], x: &mut [T]) {
    let (stored, count) = (image_words(shape) as usize, count.min(batch) as usize);
    let scale = T::from_f32(1.0 / 255.0);
    for (unit, x) in x.chunks_exact_mut(padded(batch)).enumerate() {
        for (image, x) in x.iter_mut().enumerate() {
            *x = if image < count {
                let word = words[image * stored + unit / 4];
                let byte = (word >> (8 * (unit % 4))) & 0xff;
                T::from_index(byte as usize) * scale
            } else {
                T::ZERO
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_lowest_first_and_absent_images_are_zero() {
        // Images of 5 bytes take two words each.
        let words = [0x0403_0201, 0x0000_0005, 0x0908_0706, 0x0000_00ff, 7, 7];
        let mut x = [f32::NAN; 20];
        gather_images(Shape::new(1, 1, 5), 3, 2, &words, &mut x);
        let bytes = x.map(|x| (x * 255.0).round());
        assert_eq!(bytes[..4], [1.0, 6.0, 0.0, 0.0]);
        assert_eq!(bytes[16..], [5.0, 255.0, 0.0, 0.0]);
        assert_eq!(x[4], 2.0 * (1.0 / 255.0));
    }
}
