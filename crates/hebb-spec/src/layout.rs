//! What a tensor's numbers are and in which order every host sees them. How a backend packs, pads, blocks or types them
//! is its own affair.

use crate::Shape;
use crate::connection::Connection;

/// The type of a tensor's numbers, as a host or a file holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 32-bit floats.
    F32,
    /// Bytes.
    U8,
    /// 16-bit whole numbers.
    U16,
}

impl Dtype {
    /// Bytes of one number.
    pub const fn bytes(self) -> u64 {
        match self {
            Dtype::F32 => 4,
            Dtype::U8 => 1,
            Dtype::U16 => 2,
        }
    }
}

/// The logical order of a tensor's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Activity or δ: image by image; within one by channel, row, column.
    Activity {
        /// Units of one image.
        units: u32,
        /// Images in a batch.
        batch: u32,
    },
    /// Weights of a connection in a checkpoint's order, [`Connection::dims`].
    Weights(Connection),
    /// Which weights of a connection there are, in the same order: 1 or 0.
    Mask(Connection),
    /// Images as bytes, one after another: channel, row, column.
    Images {
        /// Shape of an image.
        shape: Shape,
        /// Images in a batch.
        batch: u32,
    },
    /// The class of each image.
    Labels {
        /// Images in a batch.
        batch: u32,
    },
    /// So many numbers in no further order.
    Flat(usize),
}

impl Layout {
    /// How many numbers.
    pub const fn len(&self) -> usize {
        match self {
            Layout::Activity { units, batch } => *units as usize * *batch as usize,
            Layout::Weights(connection) | Layout::Mask(connection) => connection.len(),
            Layout::Images { shape, batch } => shape.units() as usize * *batch as usize,
            Layout::Labels { batch } => *batch as usize,
            Layout::Flat(len) => *len,
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of its numbers.
    pub const fn dtype(&self) -> Dtype {
        match self {
            Layout::Activity { .. } | Layout::Weights(_) | Layout::Flat(_) => Dtype::F32,
            Layout::Mask(_) | Layout::Images { .. } => Dtype::U8,
            Layout::Labels { .. } => Dtype::U16,
        }
    }

    /// Size in bytes, as a host holds it.
    pub const fn bytes(&self) -> u64 {
        self.dtype().bytes() * self.len() as u64
    }

    /// The numbers of one image, where there is one set for each image of a batch.
    pub const fn per_image(&self) -> Option<usize> {
        match self {
            Layout::Activity { units, .. } => Some(*units as usize),
            Layout::Images { shape, .. } => Some(shape.units() as usize),
            Layout::Labels { .. } => Some(1),
            Layout::Weights(_) | Layout::Mask(_) | Layout::Flat(_) => None,
        }
    }

    /// Dimensions in a file.
    pub fn dims(&self) -> Vec<usize> {
        match self {
            Layout::Activity { units, batch } => vec![*batch as usize, *units as usize],
            Layout::Weights(connection) | Layout::Mask(connection) => connection.dims(),
            Layout::Images { shape, batch } => {
                [*batch, shape.channels, shape.height, shape.width].map(|size| size as usize).to_vec()
            }
            Layout::Labels { batch } => vec![*batch as usize],
            Layout::Flat(len) => vec![*len],
        }
    }
}
