//! `connect_feedback` of a tied convolution: R δ, then σ′ of the layer below. Equation (2).

use std::ops::Range;

use hebb_spec::Shape;
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
pub(crate) struct ConnectFeedback {
    tied: Tied,
    packed: Packed,
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
            packed: Packed::new(tied.tiles(), tied.offsets()),
            weights: operands.id(Slot::R)?,
            skip: operands.call.tensor(Slot::Skip).map(|_| operands.place(Slot::Skip)).transpose()?,
            gate: gate.map(|slope| Ok::<_, Error>((slope, operands.place(Slot::Gate)?))).transpose()?,
            tied,
            delta,
            below,
        })
    }
}

impl Map for ConnectFeedback {
    fn output(&self) -> (Place, usize, usize) {
        (self.below, self.tied.tiles(), PACK * self.tied.to)
    }

    fn pack(&mut self, tensors: &Tensors) {
        let (outputs, inputs) = (self.tied.input.channels as usize, self.tied.channels);
        let size = self.tied.kernel_h * self.tied.kernel_w;
        // R [output][input][row][column], rows and columns turned round
        let weight = |place: usize, output: usize, input: usize| (output * inputs + input) * size + size - 1 - place;
        self.packed.pack(tensors.floats(self.weights), (inputs, outputs), weight);
    }

    fn run(&self, at: &At<'_>, tiles: Range<usize>, below: &mut [Line]) {
        let skip = self.skip.map(|place| at.lines(place));
        let gate = self.gate.map(|(slope, place)| (slope, at.lines(place)));
        let io = (at.lines(self.delta), below);
        self.tied.run(at.level, &self.packed.taps(), tiles, io, Finish::Delta(skip, gate));
    }
}
