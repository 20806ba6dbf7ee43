//! Colours, a background that changes over the image, soft edges and noise.

use super::draws::Draws;
use super::figure::{Figure, PIXEL};
use super::{PIXELS, SIDE};

/// Sample points per pixel along each axis.
const SAMPLES: i32 = 2;

/// Paints `figure` into `image`: channel, row, column.
pub(super) fn paint(figure: &Figure, draws: &mut Draws, image: &mut [u8]) {
    let mut coverage = [0; PIXELS];
    for (place, covered) in coverage.iter_mut().enumerate() {
        *covered = count_covered(figure, place);
    }
    // One coin for all channels: the figure is brighter or darker than the background as a whole.
    let bright = draws.coin();
    let noise = draws.between(8, 32);
    for channel in image.chunks_exact_mut(PIXELS) {
        let contrast = draws.between(48, 136);
        let dark = draws.between(24, 231 - contrast);
        let light = dark + contrast;
        let (ground, figure) = if bright { (dark, light) } else { (light, dark) };
        let slope = (draws.between(-24, 24), draws.between(-24, 24));
        for (place, (value, covered)) in channel.iter_mut().zip(coverage).enumerate() {
            let (row, column) = ((place / SIDE) as i32, (place % SIDE) as i32);
            let edge = SIDE as i32 - 1;
            let ground = ground + (slope.0 * (2 * row - edge) + slope.1 * (2 * column - edge)) / edge;
            let mixed = ground + (figure - ground) * covered / (SAMPLES * SAMPLES);
            *value = mixed.clamp(0, 255) as u8;
        }
    }
    add_noise(noise, draws, image);
}

/// Adds to every value a whole number drawn evenly from about −`most` to `most`.
fn add_noise(most: i32, draws: &mut Draws, image: &mut [u8]) {
    for values in image.chunks_exact_mut(8) {
        let bytes = draws.pair().map(u32::to_le_bytes);
        for (value, &byte) in values.iter_mut().zip(bytes.as_flattened()) {
            let offset = ((2 * i32::from(byte) - 255) * most) >> 8;
            *value = (i32::from(*value) + offset).clamp(0, 255) as u8;
        }
    }
}

/// How many of a pixel's sample points the figure covers.
fn count_covered(figure: &Figure, place: usize) -> i32 {
    let at = |pixel: usize, sample: i32| pixel as i32 * PIXEL + (2 * sample + 1) * PIXEL / (2 * SAMPLES);
    let mut count = 0;
    for sample in 0..SAMPLES * SAMPLES {
        let (x, y) = (at(place % SIDE, sample % SAMPLES), at(place / SIDE, sample / SAMPLES));
        count += i32::from(figure.covers(x, y));
    }
    count
}
