//! The lane-4 form, in which the GPU and the twins hold tensors: images in four-vectors innermost, weights with their
//! output channels in four-vectors. Hosts see the order of [`Layout`]; of this one only the statistics' groups, which are
//! runs of it on every backend.
//!
//! Activity lies as `[unit][image, padded to four]`, weights as `[filter][tap][output channel, padded to four]` with R in
//! W's own order, a mask as the bits of sixteen weights in one whole number, images as bytes, four to a word, each image
//! padded to a word. Padding is 0.

use std::ops::Range;

use crate::Shape;
use crate::connection::Connection;
use crate::layout::Layout;

/// Images are stored four to a vector, output channels of a filter too.
pub const LANE: u32 = 4;

/// Weights whose mask bits share one number, exact in f32.
pub const MASK_BITS: usize = 16;

/// Number of four-vectors that hold `count` numbers.
pub const fn vectors(count: u32) -> u32 {
    count.div_ceil(LANE)
}

/// Images of a batch, padded to whole four-vectors.
pub const fn padded(batch: u32) -> usize {
    (vectors(batch) * LANE) as usize
}

/// Four-byte words of one image.
pub const fn image_words(shape: Shape) -> u32 {
    shape.units().div_ceil(4)
}

/// Floats of an activity tensor: units × images padded to four.
pub const fn activity_len(units: u32, batch: u32) -> usize {
    units as usize * padded(batch)
}

/// How a connection's weights lie in the lane-4 form.
pub trait Lane4 {
    /// Four-vectors of output channels.
    fn out_vectors(&self) -> u32;
    /// Four-vectors of one filter.
    fn filter_vectors(&self) -> u32;
    /// Distance of two places' filters, in four-vectors: 0 where they share one.
    fn place_stride(&self) -> u32;
    /// Floats that the weights take.
    fn lane4_len(&self) -> usize;
    /// Floats that a mask takes.
    fn mask_len(&self) -> usize;
}

impl Lane4 for Connection {
    fn out_vectors(&self) -> u32 {
        vectors(self.output.channels)
    }

    fn filter_vectors(&self) -> u32 {
        self.taps() * self.out_vectors()
    }

    fn place_stride(&self) -> u32 {
        if self.untied { self.filter_vectors() } else { 0 }
    }

    fn lane4_len(&self) -> usize {
        self.filters() as usize * self.taps() as usize * (self.out_vectors() * LANE) as usize
    }

    fn mask_len(&self) -> usize {
        self.lane4_len().div_ceil(MASK_BITS)
    }
}

/// Elements of four bytes that a tensor takes.
pub fn len(layout: &Layout) -> usize {
    match *layout {
        Layout::Activity { units, batch } => activity_len(units, batch),
        Layout::Weights(connection) => connection.lane4_len(),
        Layout::Mask(connection) => connection.mask_len(),
        Layout::Images { shape, batch } => image_words(shape) as usize * batch as usize,
        Layout::Labels { batch } => padded(batch),
        Layout::Flat(len) => len,
    }
}

/// From the logical order to the lane-4 form. `values` may be those of the first images only: the rest is 0. Images are
/// packed by [`pack_images`].
///
/// # Panics
/// If there are more values than the layout's, or not whole images.
pub fn pack(layout: &Layout, values: &[f32]) -> Vec<f32> {
    let mut packed = vec![0.0; len(layout)];
    match *layout {
        Layout::Activity { units, batch } => {
            let (b, units) = (padded(batch), units as usize);
            assert!(values.len() <= layout.len() && values.len().is_multiple_of(units.max(1)), "values of {layout:?}");
            for (image, values) in values.chunks_exact(units.max(1)).enumerate() {
                for (unit, &value) in values.iter().enumerate() {
                    packed[unit * b + image] = value;
                }
            }
        }
        Layout::Weights(connection) => {
            each_weight(&connection, |logical, at| packed[at] = values[logical]);
        }
        Layout::Mask(connection) => {
            each_weight(&connection, |logical, at| {
                if values[logical] != 0.0 {
                    packed[at / MASK_BITS] += (1_u32 << (at % MASK_BITS)) as f32;
                }
            });
        }
        Layout::Images { .. } | Layout::Labels { .. } | Layout::Flat(_) => {
            packed[..values.len()].copy_from_slice(values)
        }
    }
    packed
}

/// The inverse of [`pack`], for numbers of single or double precision.
///
/// # Panics
/// If `packed` has another length than [`len`].
pub fn unpack<T: Copy + From<f32> + Into<f64>>(layout: &Layout, packed: &[T]) -> Vec<T> {
    assert_eq!(packed.len(), len(layout), "lane-4 form of {layout:?}");
    let mut values = vec![T::from(0.0); layout.len()];
    match *layout {
        Layout::Activity { units, batch } => {
            let (b, units) = (padded(batch), units as usize);
            for (image, values) in values.chunks_exact_mut(units.max(1)).enumerate() {
                for (unit, value) in values.iter_mut().enumerate() {
                    *value = packed[unit * b + image];
                }
            }
        }
        Layout::Weights(connection) => each_weight(&connection, |logical, at| values[logical] = packed[at]),
        Layout::Mask(connection) => {
            let bit = |at: usize| (packed[at / MASK_BITS].into() as u32 >> (at % MASK_BITS)) & 1;
            each_weight(&connection, |logical, at| values[logical] = T::from(bit(at) as f32));
        }
        Layout::Images { .. } | Layout::Labels { .. } | Layout::Flat(_) => {
            let len = values.len();
            values.copy_from_slice(&packed[..len]);
        }
    }
    values
}

/// Whether all padding of a packed tensor of weights, masks or labels is 0. Activity beyond the batch may be anything.
pub fn padding_is_zero(layout: &Layout, packed: &[f32]) -> bool {
    match layout {
        Layout::Weights(_) | Layout::Mask(_) | Layout::Labels { .. } => {
            let again = pack(layout, &unpack(layout, packed));
            // A NaN among the weights is no matter of padding.
            again.iter().zip(packed).all(|(again, packed)| again == packed || packed.is_nan() && again.is_nan())
        }
        _ => true,
    }
}

/// Images as bytes, one after another, to words: each image begins at a word of its own.
pub fn pack_images(shape: Shape, images: &[u8], packed: &mut Vec<u8>) {
    let (bytes, stored) = (shape.units() as usize, 4 * image_words(shape) as usize);
    packed.clear();
    for image in images.chunks_exact(bytes.max(1)) {
        packed.extend_from_slice(image);
        packed.resize(packed.len() + stored - bytes, 0);
    }
}

/// Visits each weight with its index in a checkpoint's order and its index in the lane-4 form.
fn each_weight(connection: &Connection, mut visit: impl FnMut(usize, usize)) {
    let (taps, row) = (connection.taps() as usize, (connection.out_vectors() * LANE) as usize);
    let outputs = connection.output.channels as usize;
    let mut logical = 0;
    for filter in 0..connection.filters() as usize {
        let first = filter * taps * row;
        for out in 0..outputs {
            for tap in 0..taps {
                visit(logical, first + tap * row + out);
                logical += 1;
            }
        }
    }
}

/// Runs of places into which a connection's update is split, so that small filters on large images still fill a device:
/// about 2¹⁸ sums at a time, in at most 65,535 runs: llvmpipe ends any loop there. 1: no split.
pub fn update_splits(connection: &Connection) -> u32 {
    if connection.untied {
        return 1; // Each place has weights of its own to sum into.
    }
    let wanted = (1 << 18) / connection.lane4_len().max(1);
    (wanted as u32).clamp(1, connection.input.places().min(65_535))
}

/// The run of places of one split: all runs are equally long, but for one place that the first runs have more.
pub const fn split_places(places: u32, splits: u32, split: u32) -> Range<u32> {
    let (length, longer) = (places / splits, places % splits);
    let first = split * length + if split < longer { split } else { longer };
    first..first + length + (split < longer) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(layout: &Layout) -> Vec<f32> {
        (0..layout.len()).map(|at| at as f32 + 1.0).collect()
    }

    #[test]
    fn weights_lie_tap_by_tap() {
        let layout = Layout::Weights(Connection::conv(Shape::new(3, 5, 4), 6, 3, 2));
        let values = counted(&layout);
        let packed = pack(&layout, &values);
        assert_eq!(packed.len(), 3 * 3 * 2 * 8);
        assert_eq!(packed[8], values[1], "second tap of the first filter");
        assert_eq!(packed[1], values[18], "first tap of the second filter");
        assert_eq!((packed[6], packed[7]), (0.0, 0.0), "padding");
        assert_eq!(unpack(&layout, &packed), values);
        assert!(padding_is_zero(&layout, &packed));
        let mut spoilt = packed;
        spoilt[6] = 1.0;
        assert!(!padding_is_zero(&layout, &spoilt));
    }

    #[test]
    fn an_untied_layer_has_a_filter_a_place() {
        let connection = Connection::conv(Shape::new(2, 3, 4), 5, 3, 2).untie();
        assert_eq!((connection.place_stride(), connection.tie().place_stride()), (24, 0));
        let layout = Layout::Weights(connection);
        let values = counted(&layout);
        let packed = pack(&layout, &values);
        assert_eq!(packed[96], values[60], "the second place's filter");
        assert_eq!(unpack(&layout, &packed), values);
    }

    #[test]
    fn a_mask_is_sixteen_bits_a_number() {
        let layout = Layout::Mask(Connection::full(Shape::flat(5), 3));
        let mut mask = vec![0.0; 15];
        mask[0] = 1.0; // first output, first input: bit 0
        mask[5] = 1.0; // second output, first input: bit 1
        mask[4] = 1.0; // first output, fifth input: bit 16
        assert_eq!(pack(&layout, &mask), [3.0, 1.0]);
        assert_eq!(unpack(&layout, &[3.0_f32, 1.0]), mask);
    }

    #[test]
    fn activity_has_its_images_innermost() {
        let layout = Layout::Activity { units: 2, batch: 3 };
        assert_eq!(pack(&layout, &[1.0, 2.0, 3.0, 4.0]), [1.0, 3.0, 0.0, 0.0, 2.0, 4.0, 0.0, 0.0]);
        assert_eq!(unpack(&layout, &pack(&layout, &counted(&layout))), counted(&layout));
    }

    #[test]
    fn images_begin_at_words_of_their_own() {
        let mut packed = Vec::new();
        pack_images(Shape::new(1, 1, 5), &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], &mut packed);
        assert_eq!(packed, [1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 8, 9, 10, 0, 0, 0]);
    }

    #[test]
    fn splits_fill_small_filters_only() {
        let conv = Connection::conv(Shape::new(3, 32, 32), 32, 5, 5);
        assert_eq!(update_splits(&conv), 109);
        assert_eq!(update_splits(&Connection::full(Shape::new(32, 16, 16), 500)), 1);
        assert_eq!(update_splits(&Connection::conv(Shape::new(1, 2, 2), 1, 1, 1)), 4);
        assert_eq!(update_splits(&Connection::conv(Shape::new(1, 300, 300), 1, 1, 1)), 65_535);
    }

    #[test]
    fn runs_of_places_follow_each_other() {
        for (places, splits) in [(1, 1), (35, 8), (90_000, 70_000), (1024, 109)] {
            let mut next = 0;
            for split in 0..splits {
                let run = split_places(places, splits, split);
                assert!(run.start == next && !run.is_empty(), "split {split} of {places} in {splits}");
                next = run.end;
            }
            assert_eq!(next, places);
        }
    }
}
