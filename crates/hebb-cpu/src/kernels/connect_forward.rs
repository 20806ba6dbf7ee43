//! `connect_forward` of a tied convolution: h = W x, then σ. Equation (1).

use std::ops::Range;

use hebb_spec::backend::Error;
use hebb_spec::connection::Connection;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::taps::{PACK, Packed};
use super::tied::{Finish, Tied};
use super::{At, Map, Operands};
use crate::line::Line;
use crate::memory::{Place, Tensors};

/// A call of it.
pub(crate) struct ConnectForward {
    tied: Tied,
    packed: Packed,
    weights: TensorId,
    slope: Option<f32>,
    x: Place,
    y: Place,
}

impl ConnectForward {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, c: Connection, slope: Option<f32>) -> Result<Self, Error> {
        let (x, y) = (operands.place(Slot::X)?, operands.place(Slot::Y)?);
        let places = c.input.places() as usize;
        let tied = Tied {
            input: c.input,
            channels: c.output.channels as usize,
            kernel_h: c.kernel_h as usize,
            kernel_w: c.kernel_w as usize,
            top: c.pad_top() as usize,
            left: c.pad_left() as usize,
            from: x.form.channel(places),
            to: y.form.channel(places),
        };
        Ok(Self {
            tied,
            packed: Packed::new(tied.tiles(), tied.offsets()),
            weights: operands.id(Slot::W)?,
            slope,
            x,
            y,
        })
    }
}

impl Map for ConnectForward {
    fn output(&self) -> (Place, usize, usize) {
        (self.y, self.tied.tiles(), PACK * self.tied.to)
    }

    fn pack(&mut self, tensors: &Tensors) {
        let (inputs, size) = (self.tied.input.channels as usize, self.tied.kernel_h * self.tied.kernel_w);
        // W [output][input][row][column]
        let weight = |place: usize, input: usize, output: usize| (output * inputs + input) * size + place;
        self.packed.pack(tensors.floats(self.weights), (self.tied.channels, inputs), weight);
    }

    fn run(&self, at: &At<'_>, tiles: Range<usize>, y: &mut [Line]) {
        let finish = self.slope.map_or(Finish::Plain, Finish::Sigma);
        self.tied.run(at.level, &self.packed.taps(), tiles, (at.lines(self.x), y), finish);
    }
}
