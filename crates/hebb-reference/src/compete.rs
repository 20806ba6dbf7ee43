//! Twin of `compete`: which units win, or how much of each image every unit has.

use hebb_spec::lane4::padded;
use hebb_spec::learning::Competition;

use crate::real::Real;

/// x `[unit][image]` → y over the first `count` images; 0 beyond.
pub fn compete<T: Real>((units, batch, count): (u32, u32, u32), competition: Competition, x: &[T], y: &mut [T]) {
    let (b, units) = (padded(batch), units as usize);
    y.fill(T::ZERO);
    for image in 0..count.min(batch) as usize {
        let of_image: Vec<T> = (0..units).map(|unit| x[unit * b + image]).collect();
        let first = first_maximum(&of_image);
        match competition {
            Competition::Winner => y[first * b + image] = T::ONE,
            Competition::Softmax { sharpness } => {
                let power = |&value: &T| (T::from_f32(sharpness) * (value - of_image[first])).exp();
                let powers: Vec<T> = of_image.iter().map(power).collect();
                let sum = powers.iter().fold(T::ZERO, |sum, &power| sum + power);
                powers.iter().enumerate().for_each(|(unit, &power)| y[unit * b + image] = power / sum);
            }
        }
    }
}

/// The first of the largest numbers; NaN never wins over a number before it.
pub(crate) fn first_maximum<T: Real>(numbers: &[T]) -> usize {
    let mut best = 0;
    for (at, &number) in numbers.iter().enumerate() {
        if number > numbers[best] {
            best = at;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_largest_wins_and_padding_is_0() {
        // Three units, two true images of three.
        let x = [1.0, 2.0, 9.0, 9.0, 3.0, 2.0, 9.0, 9.0, 3.0, -1.0, 9.0, 9.0];
        let mut y = [f32::NAN; 12];
        compete((3, 3, 2), Competition::Winner, &x, &mut y);
        assert_eq!(y, [0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn softmax_shares_each_image_out() {
        let x = [0.0, 1000.0, 0.0, 0.0, 3.0_f64.ln(), 1000.0, 0.0, 0.0];
        let mut y = [f64::NAN; 8];
        compete((2, 2, 2), Competition::Softmax { sharpness: 2.0 }, &x, &mut y);
        for (got, wanted) in y.iter().zip([0.1, 0.5, 0.0, 0.0, 0.9, 0.5, 0.0, 0.0]) {
            assert!((got - wanted).abs() < 1e-15, "{y:?}");
        }
    }
}
