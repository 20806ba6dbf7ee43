//! A connection between two layers: one geometry for convolutions and full layers alike.
//!
//! The filter at place `p` starts at `p · place_stride` in memory. A tied convolution has stride 0, a full layer is an
//! image of 1×1 with a 1×1 filter; an untied layer differs only in its stride.

use crate::Shape;

/// Images are stored four to a vector, output channels of a filter too.
pub const LANE: u32 = 4;

/// Number of four-vectors that hold `count` numbers.
pub const fn vectors(count: u32) -> u32 {
    count.div_ceil(LANE)
}

/// Geometry of a connection: input x, output h = W x, filters with "same" zero padding and stride 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Connection {
    /// Shape of the input.
    pub input: Shape,
    /// Shape of the output; its places are the input's.
    pub output: Shape,
    /// Rows of a filter.
    pub kernel_h: u32,
    /// Columns of a filter.
    pub kernel_w: u32,
}

impl Connection {
    /// A tied convolution with "same" padding: even kernels pad bottom and right.
    pub const fn conv(input: Shape, channels: u32, kernel_h: u32, kernel_w: u32) -> Self {
        Self { input, output: Shape::new(channels, input.height, input.width), kernel_h, kernel_w }
    }

    /// A full layer; after a convolution the inputs run channel, row, column.
    pub const fn full(input: Shape, units: u32) -> Self {
        Self { input: Shape::flat(input.units()), output: Shape::flat(units), kernel_h: 1, kernel_w: 1 }
    }

    /// Whether this is a full layer: its weights have two dimensions.
    pub const fn is_full(&self) -> bool {
        self.input.places() == 1 && self.kernel_h == 1 && self.kernel_w == 1
    }

    /// Rows of zero padding above the picture.
    pub const fn pad_top(&self) -> u32 {
        (self.kernel_h - 1) / 2
    }

    /// Columns of zero padding left of the picture.
    pub const fn pad_left(&self) -> u32 {
        (self.kernel_w - 1) / 2
    }

    /// Taps of a filter: input channels × rows × columns.
    pub const fn taps(&self) -> u32 {
        self.input.channels * self.kernel_h * self.kernel_w
    }

    /// Four-vectors of output channels.
    pub const fn out_vectors(&self) -> u32 {
        vectors(self.output.channels)
    }

    /// Distance of two places' filters in memory, in four-vectors: 0 where they share one.
    pub const fn place_stride(&self) -> u32 {
        0
    }

    /// Number of weights.
    pub const fn weights(&self) -> usize {
        self.taps() as usize * self.output.channels as usize
    }

    /// Floats that the weights take on a device: `[tap][output channel, padded to four]`, padding 0.
    pub const fn device_len(&self) -> usize {
        self.taps() as usize * (self.out_vectors() * LANE) as usize
    }

    /// Units that feed one unit, for Glorot's bound.
    pub const fn fan_in(&self) -> u32 {
        self.taps()
    }

    /// Units that one unit feeds, for Glorot's bound: k² · channels, or the units of a full layer.
    pub const fn fan_out(&self) -> u32 {
        self.kernel_h * self.kernel_w * self.output.channels
    }

    /// Dimensions in a checkpoint: `[C_out, C_in, kh, kw]`, or `[out, in]` of a full layer.
    pub fn dims(&self) -> Vec<usize> {
        let (out, inputs) = (self.output.channels as usize, self.input.channels as usize);
        if self.is_full() {
            vec![out, inputs]
        } else {
            vec![out, inputs, self.kernel_h as usize, self.kernel_w as usize]
        }
    }

    /// From a checkpoint's order (output, then tap) to the device's (tap, then padded output).
    ///
    /// # Panics
    /// If `weights` has another length than [`Connection::weights`].
    pub fn to_device(&self, weights: &[f32]) -> Vec<f32> {
        assert_eq!(weights.len(), self.weights(), "weights of {self:?}");
        let (taps, row) = (self.taps() as usize, (self.out_vectors() * LANE) as usize);
        let mut device = vec![0.0; self.device_len()];
        for (out, filter) in weights.chunks_exact(taps).enumerate() {
            for (tap, &weight) in filter.iter().enumerate() {
                device[tap * row + out] = weight;
            }
        }
        device
    }

    /// The inverse of [`Connection::to_device`].
    ///
    /// # Panics
    /// If `device` has another length than [`Connection::device_len`].
    pub fn from_device(&self, device: &[f32]) -> Vec<f32> {
        assert_eq!(device.len(), self.device_len(), "device weights of {self:?}");
        let (taps, row) = (self.taps() as usize, (self.out_vectors() * LANE) as usize);
        let outputs = self.output.channels as usize;
        (0..outputs).flat_map(|out| (0..taps).map(move |tap| device[tap * row + out])).collect()
    }

    /// Multiply-adds of one product with the weights for one image, taps outside the picture left out.
    pub fn multiply_adds(&self) -> u64 {
        let valid = |size: u32, kernel: u32, pad: u32| -> u64 {
            (0..size)
                .map(|at| u64::from((size + pad - at).min(kernel)) - u64::from(pad.saturating_sub(at).min(kernel)))
                .sum()
        };
        valid(self.input.height, self.kernel_h, self.pad_top())
            * valid(self.input.width, self.kernel_w, self.pad_left())
            * u64::from(self.input.channels)
            * u64::from(self.output.channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_order_and_checkpoint_order_are_inverse() {
        let connection = Connection::conv(Shape::new(3, 5, 4), 6, 3, 2);
        let weights: Vec<f32> = (0..connection.weights()).map(|i| i as f32 + 1.0).collect();
        let device = connection.to_device(&weights);
        assert_eq!(device.len(), 3 * 3 * 2 * 8);
        assert_eq!(device[8], weights[1], "second tap of the first filter");
        assert_eq!(device[1], weights[18], "first tap of the second filter");
        assert_eq!((device[6], device[7]), (0.0, 0.0), "padding");
        assert_eq!(connection.from_device(&device), weights);
    }

    #[test]
    fn full_layers_are_pictures_of_one_pixel() {
        let connection = Connection::full(Shape::new(32, 16, 16), 500);
        assert_eq!(connection.dims(), [500, 8192]);
        assert_eq!(connection.multiply_adds(), 8192 * 500);
        assert_eq!((connection.fan_in(), connection.fan_out()), (8192, 500));
    }

    #[test]
    fn multiply_adds_leave_out_the_border() {
        let connection = Connection::conv(Shape::new(1, 3, 3), 1, 3, 3);
        assert_eq!(connection.multiply_adds(), 49);
        let even = Connection::conv(Shape::new(1, 3, 1), 1, 2, 1);
        assert_eq!(even.multiply_adds(), 5, "an even kernel pads the bottom only");
    }
}
