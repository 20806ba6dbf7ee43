//! A connection between two layers: one geometry for convolutions and full layers alike.
//!
//! All places of a tied convolution share one filter, each place of an untied layer has its own, and a full layer is an
//! image of 1×1 with a 1×1 filter.

use crate::Shape;

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
    /// Whether each place has a filter of its own.
    pub untied: bool,
}

impl Connection {
    /// A tied convolution with "same" padding: even kernels pad bottom and right.
    pub const fn conv(input: Shape, channels: u32, kernel_h: u32, kernel_w: u32) -> Self {
        Self { input, output: Shape::new(channels, input.height, input.width), kernel_h, kernel_w, untied: false }
    }

    /// The same connection with a filter of its own at each place (locally connected).
    pub const fn untie(self) -> Self {
        Self { untied: true, ..self }
    }

    /// The same connection with one filter for all places.
    pub const fn tie(self) -> Self {
        Self { untied: false, ..self }
    }

    /// A full layer; after a convolution the inputs run channel, row, column.
    pub const fn full(input: Shape, units: u32) -> Self {
        Self { input: Shape::flat(input.units()), output: Shape::flat(units), kernel_h: 1, kernel_w: 1, untied: false }
    }

    /// Whether this is a full layer: its weights have two dimensions.
    pub const fn is_full(&self) -> bool {
        self.input.places() == 1 && self.kernel_h == 1 && self.kernel_w == 1 && !self.untied
    }

    /// Whether this is a convolution whose places share one filter.
    pub const fn is_tied(&self) -> bool {
        !self.untied && !self.is_full()
    }

    /// Rows of zero padding above the image.
    pub const fn pad_top(&self) -> u32 {
        (self.kernel_h - 1) / 2
    }

    /// Columns of zero padding left of the image.
    pub const fn pad_left(&self) -> u32 {
        (self.kernel_w - 1) / 2
    }

    /// Taps of a filter: input channels × rows × columns.
    pub const fn taps(&self) -> u32 {
        self.input.channels * self.kernel_h * self.kernel_w
    }

    /// Filters in memory: one, or one a place.
    pub const fn filters(&self) -> u32 {
        if self.untied { self.input.places() } else { 1 }
    }

    /// Numbers in a checkpoint's tensor: of an untied layer also the taps outside the image, which are 0.
    pub const fn len(&self) -> usize {
        self.filters() as usize * self.taps() as usize * self.output.channels as usize
    }

    /// Whether there is no weight.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of weights: taps outside the image are none.
    pub fn weights(&self) -> usize {
        if self.untied { self.multiply_adds() as usize } else { self.len() }
    }

    /// Units that feed one unit, for Glorot's bound.
    pub const fn fan_in(&self) -> u32 {
        self.taps()
    }

    /// Units that one unit feeds, for Glorot's bound: k² · channels, or the units of a full layer.
    pub const fn fan_out(&self) -> u32 {
        self.kernel_h * self.kernel_w * self.output.channels
    }

    /// Dimensions in a checkpoint: `[C_out, C_in, kh, kw]`, `[out, in]` of a full layer, `[H, W, C_out, C_in, kh, kw]`
    /// of an untied one.
    pub fn dims(&self) -> Vec<usize> {
        let (out, inputs) = (self.output.channels as usize, self.input.channels as usize);
        let mut dims = Vec::with_capacity(6);
        if self.untied {
            dims.extend([self.output.height as usize, self.output.width as usize]);
        }
        dims.extend([out, inputs]);
        if !self.is_full() {
            dims.extend([self.kernel_h as usize, self.kernel_w as usize]);
        }
        dims
    }

    /// Calls `visit` with the index, in a checkpoint's order, of each weight of an untied layer whose tap lies outside
    /// the image: it is no weight, and 0. A tied layer has none.
    pub fn each_outside(&self, mut visit: impl FnMut(usize)) {
        if !self.untied {
            return;
        }
        let (kh, kw) = (self.kernel_h, self.kernel_w);
        let outside = |at: u32, tap: u32, pad: u32, size: u32| at + tap < pad || at + tap - pad >= size;
        let mut index = 0;
        for place in 0..self.output.places() {
            let (row, column) = (place / self.output.width, place % self.output.width);
            for _ in 0..self.output.channels * self.input.channels {
                for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
                    if outside(row, ky, self.pad_top(), self.input.height)
                        || outside(column, kx, self.pad_left(), self.input.width)
                    {
                        visit(index);
                    }
                    index += 1;
                }
            }
        }
    }

    /// Multiply-adds of one product with the weights for one image, taps outside the image left out.
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
    fn an_untied_layer_has_a_filter_a_place() {
        let connection = Connection::conv(Shape::new(2, 3, 4), 5, 3, 2).untie();
        assert_eq!(connection.dims(), [3, 4, 5, 2, 3, 2]);
        assert_eq!(connection.len(), 12 * 60);
    }

    #[test]
    fn weights_outside_the_image_do_not_count() {
        // The paper's simpnet: 2,276,736 nonzeros in its untied first layer.
        let connection = Connection::conv(Shape::new(3, 32, 32), 32, 5, 5).untie();
        assert_eq!(connection.weights(), 2_276_736);
        let mut outside = 0;
        connection.each_outside(|_| outside += 1);
        assert_eq!(connection.len() - outside, connection.weights());
        let even = Connection::conv(Shape::new(1, 2, 1), 1, 2, 1).untie();
        let mut indices = Vec::new();
        even.each_outside(|index| indices.push(index));
        assert_eq!(indices, [3], "the lower tap of the lower place");
    }

    #[test]
    fn full_layers_are_images_of_one_pixel() {
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
