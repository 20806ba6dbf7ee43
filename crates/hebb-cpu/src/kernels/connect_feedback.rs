//! `connect_feedback` of a tied convolution: R δ, then σ′ of the layer below. Equation (2).

use std::ops::Range;

use fearless_simd::Level;
use hebb_spec::Shape;
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
pub(crate) struct ConnectFeedback {
    c: Connection,
    convolution: Convolution,
    weights: TensorId,
    delta: Place,
    skip: Option<Place>,
    gate: Option<(f32, Place)>,
    below: Place,
}

impl ConnectFeedback {
    /// From its tensors.
    pub fn new(operands: &Operands<'_>, c: Connection, gate: Option<f32>) -> Result<Self, Error> {
        let (delta, below) = (operands.place(Slot::Delta)?, operands.place(Slot::Below)?);
        let places = c.input.places() as usize;
        let tied = Tied {
            input: Shape { channels: c.output.channels, ..c.input },
            channels: c.input.channels as usize,
            kernel_h: c.kernel_h as usize,
            kernel_w: c.kernel_w as usize,
            top: (c.kernel_h - 1 - c.pad_top()) as usize,
            left: (c.kernel_w - 1 - c.pad_left()) as usize,
            from: delta.form.channel(places),
            to: below.form.channel(places),
        };
        Ok(Self {
            c,
            convolution: Convolution::new(tied, operands.form()),
            weights: operands.id(Slot::R)?,
            skip: operands.call.tensor(Slot::Skip).map(|_| operands.place(Slot::Skip)).transpose()?,
            gate: gate.map(|slope| Ok::<_, Error>((slope, operands.place(Slot::Gate)?))).transpose()?,
            delta,
            below,
        })
    }
}

impl Map for ConnectFeedback {
    fn output(&self) -> (Place, usize, usize) {
        let (parts, len) = self.convolution.parts();
        (self.below, parts, len)
    }

    fn pack(&mut self, level: Level, tensors: &Tensors) {
        let (inputs, size) = (self.c.input.channels as usize, (self.c.kernel_h * self.c.kernel_w) as usize);
        // R [output][input][row][column], rows and columns turned round
        let weight = |place: usize, output: usize, input: usize| (output * inputs + input) * size + size - 1 - place;
        self.convolution.pack(level, tensors.floats(self.weights), weight);
    }

    fn run(&self, at: &At<'_>, parts: Range<usize>, below: &mut [Line]) {
        let skip = self.skip.map(|place| at.lines(place));
        let gate = self.gate.map(|(slope, place)| (slope, at.lines(place)));
        self.convolution.run(at.level, parts, (at.lines(self.delta), below), Finish::Delta(skip, gate));
    }
}
