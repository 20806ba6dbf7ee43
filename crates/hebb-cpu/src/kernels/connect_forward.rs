//! `connect_forward` of a tied convolution: h = W x, then σ. Equation (1).

use std::ops::Range;

use fearless_simd::Level;
use hebb_spec::backend::Error;
use hebb_spec::connection::Connection;
use hebb_spec::operand::Slot;
use hebb_spec::plan::TensorId;

use super::convolution::Convolution;
use super::tied::{Finish, Tied};
use super::{At, Map, Operands};
use crate::line::Line;
use crate::memory::{Place, Tensors};

/// A call of it.
pub(crate) struct ConnectForward {
    c: Connection,
    convolution: Convolution,
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
            c,
            convolution: Convolution::new(tied, operands.form()),
            weights: operands.id(Slot::W)?,
            slope,
            x,
            y,
        })
    }
}

impl Map for ConnectForward {
    fn output(&self) -> (Place, usize, usize) {
        let (parts, len) = self.convolution.parts();
        (self.y, parts, len)
    }

    fn pack(&mut self, level: Level, tensors: &Tensors) {
        let (inputs, size) = (self.c.input.channels as usize, (self.c.kernel_h * self.c.kernel_w) as usize);
        // W [output][input][row][column]
        let weight = |place: usize, input: usize, output: usize| (output * inputs + input) * size + place;
        self.convolution.pack(level, tensors.floats(self.weights), weight);
    }

    fn run(&self, at: &At<'_>, parts: Range<usize>, y: &mut [Line]) {
        let finish = self.slope.map_or(Finish::Plain, Finish::Sigma);
        self.convolution.run(at.level, parts, (at.lines(self.x), y), finish);
    }
}
