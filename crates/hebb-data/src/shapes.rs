//! The built-in `shapes` data: 50,000 training and 10,000 test colour images of 32×32 in ten classes, drawn by the
//! program, so that everything runs without a download.
//!
//! An image is a pure function of (seed, split, index). Whole numbers alone, so it has the same bytes everywhere.
//! Which of figure and background is the brighter is drawn by a fair coin, and no colour belongs to a class: only
//! form tells the class, so that no linear model can.

mod draws;
mod figure;
mod paint;

use std::num::NonZero;
use std::thread;

use hebb_spec::Shape;
use hebb_spec::rng::{Purpose, Stream};

use crate::{DataError, Dataset, Split};
use draws::Draws;
use figure::{Figure, Form};
use paint::paint;

/// What they are called.
pub(crate) const NAME: &str = "shapes";

/// Number of classes.
pub(crate) const CLASSES: usize = Form::ALL.len();

/// The seed of plain `shapes`.
pub(crate) const DEFAULT_SEED: u64 = 1;

/// The shape of every image.
pub(crate) const SHAPE: Shape = Shape::new(3, SIDE as u32, SIDE as u32);

const SIDE: usize = 32;
const PIXELS: usize = SIDE * SIDE;
const RECORD: usize = 3 * PIXELS;
/// Training images.
pub(crate) const TRAIN: usize = 50_000;
const TEST: usize = 10_000;

/// The name of each class.
pub(crate) fn class_names() -> Vec<String> {
    Form::ALL.map(|form| form.name().to_owned()).to_vec()
}

/// All images of `seed`.
pub(crate) fn generate(seed: u64) -> Result<Dataset, DataError> {
    let train = generate_split(seed, 0, TRAIN)?;
    let test = generate_split(seed, 1, TEST)?;
    Dataset::new(NAME, SHAPE, class_names(), train, test)
}

fn generate_split(seed: u64, split: u32, count: usize) -> Result<Split, DataError> {
    let stream = Stream::new(seed, Purpose::Shapes, split + 1, 0);
    let mut images = vec![0; count * RECORD];
    let mut labels = vec![0; count];
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = count.div_ceil(threads);
    thread::scope(|scope| {
        for (part, (images, labels)) in images.chunks_mut(share * RECORD).zip(labels.chunks_mut(share)).enumerate() {
            scope.spawn(move || {
                for (index, (image, label)) in images.chunks_exact_mut(RECORD).zip(labels).enumerate() {
                    *label = draw(stream, (part * share + index) as u32, image);
                }
            });
        }
    });
    Split::new(SHAPE, images, labels)
}

/// Draws image `index` into `image` and returns its label. Every ten images in a row hold each class once.
fn draw(stream: Stream, index: u32, image: &mut [u8]) -> u16 {
    let ten = Draws::new(stream, index / 10, draws::LABELS).permutation_of_ten();
    let class = ten[(index % 10) as usize];
    let figure = Figure::draw(Form::ALL[usize::from(class)], &mut Draws::new(stream, index, draws::FIGURE));
    paint(&figure, &mut Draws::new(stream, index, draws::PAINT), image);
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FNV-1a over labels and images.
    fn hash(split: &Split) -> u64 {
        let bytes = split.labels().iter().map(|&label| label as u8).chain(split.images().iter().copied());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    }

    #[test]
    fn the_first_images_have_the_same_bytes_everywhere_and_for_ever() {
        assert_eq!(hash(&generate_split(DEFAULT_SEED, 0, 100).unwrap()), 14_843_969_075_294_423_454);
        assert_eq!(hash(&generate_split(DEFAULT_SEED, 1, 100).unwrap()), 12_341_229_329_592_105_451);
    }

    #[test]
    fn an_image_depends_on_seed_split_and_index_alone() {
        let (few, more) = (generate_split(5, 0, 7).unwrap(), generate_split(5, 0, 23).unwrap());
        assert_eq!(few.images(), &more.images()[..few.images().len()]);
        assert_ne!(more.image(0), more.image(10));
        assert_ne!(more, generate_split(5, 1, 23).unwrap());
        assert_ne!(more, generate_split(6, 0, 23).unwrap());
    }

    #[test]
    fn ten_images_in_a_row_hold_each_class_once() {
        let split = generate_split(DEFAULT_SEED, 0, 200).unwrap();
        for labels in split.labels().chunks(10) {
            let mut sorted = labels.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        }
    }

    #[test]
    fn brightness_does_not_tell_the_class() {
        let split = generate_split(DEFAULT_SEED, 0, 4_000).unwrap();
        let mut sums = [0.0; CLASSES];
        for (image, &label) in split.images().chunks(RECORD).zip(split.labels()) {
            sums[usize::from(label)] += image.iter().map(|&value| f64::from(value)).sum::<f64>();
        }
        for sum in sums {
            let mean = sum / (400.0 * RECORD as f64);
            assert!((mean - 127.5).abs() < 8.0, "{sums:?}");
        }
    }
}
