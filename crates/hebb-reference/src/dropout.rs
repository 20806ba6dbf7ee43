//! Twin of `dropout`: sets a fraction of the units to zero and scales the rest; its own feedback.

use hebb_spec::lane4::padded;
use hebb_spec::learning::{drop_scale, drop_threshold};
use hebb_spec::rng::{Purpose, Stream};

use crate::real::Real;
use crate::step::TwinStep;

/// y `[unit][image]` = 0 where the random word of (seed, dropout, step, unit, image) is below the threshold, else
/// x / (1 − p). The mask is recomputed, never stored.
pub fn dropout<T: Real>(batch: u32, index: u32, probability: f32, step: &TwinStep, x: &[T], y: &mut [T]) {
    let b = padded(batch);
    let stream = Stream::new(step.seed, Purpose::Dropout, index, step.step);
    let (threshold, scale) = (drop_threshold(probability), T::from_f32(drop_scale(probability)));
    for (unit, (x, y)) in x.chunks_exact(b).zip(y.chunks_exact_mut(b)).enumerate() {
        for (image, (&x, y)) in x.iter().zip(y).enumerate() {
            let word = stream.pair(unit as u32, image as u32 / 2)[image % 2];
            *y = if word < threshold { T::ZERO } else { x * scale };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(probability: f32, index: u32, step: u32) -> Vec<f32> {
        let mut y = vec![f32::NAN; 4000];
        let step = TwinStep { seed: 5, step, ..TwinStep::default() };
        dropout(5, index, probability, &step, &[1.0; 4000], &mut y);
        y
    }

    #[test]
    fn a_fraction_is_zero_and_the_rest_is_scaled() {
        let y = mask(0.8, 1, 0);
        let kept = y.iter().filter(|&&y| y != 0.0).count();
        assert!(y.iter().all(|&y| y == 0.0 || y == drop_scale(0.8)));
        assert!((700..900).contains(&kept), "{kept} of 4000");
        assert_eq!(mask(0.0, 1, 0), [1.0; 4000]);
    }

    #[test]
    fn the_mask_depends_on_the_step_and_the_dropout_and_nothing_else() {
        assert_eq!(mask(0.5, 1, 3), mask(0.5, 1, 3));
        assert_ne!(mask(0.5, 1, 3), mask(0.5, 1, 4));
        assert_ne!(mask(0.5, 1, 3), mask(0.5, 2, 3));
        // The address is (unit, image): a batch of another padding sees the same mask.
        let mut narrow = vec![0.0; 2000];
        let step = TwinStep { seed: 5, step: 3, ..TwinStep::default() };
        dropout(4, 1, 0.5, &step, &[1.0; 2000], &mut narrow);
        let wide = mask(0.5, 1, 3);
        assert!((0..500).all(|unit| narrow[unit * 4..][..4] == wide[unit * 8..][..4]));
    }
}
