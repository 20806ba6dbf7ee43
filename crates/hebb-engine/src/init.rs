//! The start of a network: drawn from a seed, or taken from a file.

use std::sync::Arc;

use hebb_spec::connection::Connection;
use hebb_spec::init::{at_every_place, glorot, mask};
use hebb_spec::plan::Model;
use hebb_spec::rng::Purpose;
use hebb_spec::rule::Preset;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{CheckpointError, TensorFile};
use crate::weights::{Fixed, LayerWeights, Weights};

/// How the feedback weights start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RStart {
    /// Drawn apart from W, and so their masks.
    Independent,
    /// As W, with W's mask.
    Equal,
}

/// How the filters of an untied layer start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UntiedStart {
    /// One filter at all places: that of the tied layer from the same seed.
    Tied,
    /// Each place draws its own.
    Independent,
}

impl UntiedStart {
    /// The preset's.
    pub const fn of(preset: Preset) -> Self {
        if preset.tied_start() { UntiedStart::Tied } else { UntiedStart::Independent }
    }
}

/// How a start is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawing {
    /// The seed.
    pub seed: u64,
    /// How R starts.
    pub r_start: RStart,
    /// How untied layers start.
    pub untied_start: UntiedStart,
    /// The share of a sparse layer's connections that there are, above 0, up to 1.
    pub connectivity: f32,
}

/// The layers of which a model has only a share of the connections.
pub fn sparse_layers(model: &Model, connectivity: f32) -> Vec<u32> {
    if connectivity < 1.0 { model.sparse_layers() } else { Vec::new() }
}

/// A start, and what is worth saying about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// The weights.
    pub weights: Weights,
    /// One sentence each.
    pub messages: Vec<String>,
}

/// Draws all weights, masks and matrices of a model.
pub fn draw(model: &Model, how: &Drawing) -> Weights {
    let mut weights = draw_everywhere(model, how);
    for (connection, layer) in model.network.connections().zip(&mut weights.layers) {
        layer.clear(&connection);
    }
    weights
}

/// The same with numbers also where the masks leave them out: other masks may yet come from a file.
fn draw_everywhere(model: &Model, how: &Drawing) -> Weights {
    let mut weights = Weights::empty(model);
    let (r_start, r_mask) = match how.r_start {
        RStart::Independent => (Purpose::InitR, Purpose::MaskR),
        RStart::Equal => (Purpose::InitW, Purpose::MaskW),
    };
    for ((number, connection), layer) in (1..).zip(model.network.connections()).zip(&mut weights.layers) {
        let filters = |purpose| match how.untied_start {
            UntiedStart::Tied if connection.untied => {
                at_every_place(&connection, &glorot(&connection.tie(), how.seed, purpose, number))
            }
            _ => glorot(&connection, how.seed, purpose, number),
        };
        layer.w = filters(Purpose::InitW);
        if let Some(r) = &mut layer.r {
            *r = filters(r_start);
        }
        let Fixed { mask_w, mask_r, b } = Arc::make_mut(&mut layer.fixed);
        for (slot, purpose) in [(mask_w, Purpose::MaskW), (mask_r, r_mask)] {
            if let Some(slot) = slot {
                *slot = mask(&connection, how.seed, purpose, number, how.connectivity);
            }
        }
        if let (Some(b), Some(direct)) = (b, model.direct(number)) {
            b.values = glorot(&direct, how.seed, Purpose::InitB, number);
        }
    }
    weights
}

/// Takes weights from a file by name and shape, whatever its metadata say: all layers, or those in `layers` where it is
/// not empty. The rest, and all but W that the file lacks, is drawn. A tied filter goes to every place of an untied layer.
pub fn from_file(model: &Model, how: &Drawing, file: &TensorFile, layers: &[u32]) -> Result<Start, CheckpointError> {
    let mut weights = draw_everywhere(model, how);
    let mut reader = Reader { file, copies: true, draws: true, drawn: Vec::new(), cleared: Vec::new(), zeros: 0 };
    let known: Vec<String> = weights.tensors().map(|(name, ..)| name).collect();
    for ((number, connection), layer) in (1..).zip(model.network.connections()).zip(&mut weights.layers) {
        if layers.is_empty() || layers.contains(&number) {
            reader.layer(number, &connection, layer)?;
        } else {
            layer.clear(&connection);
        }
    }
    let path = file.path().display();
    let mut messages = Vec::new();
    if !reader.drawn.is_empty() {
        messages.push(format!("{path} has no {}: drawn from seed {}", reader.drawn.join(", "), how.seed));
    }
    let names = file.entries().into_iter().map(|entry| entry.name);
    let surplus: Vec<String> = names.filter(|name| !known.contains(name)).collect();
    if !surplus.is_empty() {
        messages.push(format!("{path}: ignored {}, which the network does not use", surplus.join(", ")));
    }
    messages.extend(reader.cleared());
    Ok(Start { weights, messages })
}

/// Takes all of a model's weights from a file, which must have every one in its own shape.
pub fn stored(model: &Model, file: &TensorFile) -> Result<Start, CheckpointError> {
    let mut weights = Weights::empty(model);
    let mut reader = Reader { file, copies: false, draws: false, drawn: Vec::new(), cleared: Vec::new(), zeros: 0 };
    for ((number, connection), layer) in (1..).zip(model.network.connections()).zip(&mut weights.layers) {
        reader.layer(number, &connection, layer)?;
    }
    Ok(Start { weights, messages: reader.cleared().into_iter().collect() })
}

/// Reads layers and notes what it found.
struct Reader<'a> {
    file: &'a TensorFile,
    /// Whether a tied filter may stand for those of all places.
    copies: bool,
    /// Whether what is absent, all but W, has been drawn.
    draws: bool,
    /// What was absent.
    drawn: Vec<String>,
    /// Tensors with numbers where there is no weight.
    cleared: Vec<String>,
    /// How many such numbers.
    zeros: usize,
}

impl Reader<'_> {
    fn layer(&mut self, number: u32, connection: &Connection, layer: &mut LayerWeights) -> Result<(), CheckpointError> {
        let file = self.file;
        let floats = |name: &str, dims: &[usize]| file.floats(name, dims);
        let masks = |name: &str, dims: &[usize]| file.mask(name, dims);
        let (w, r) = (format!("W{number}"), format!("R{number}"));
        layer.w = self.filters(&w, connection, floats)?;
        if let Some(slot) = layer.r.as_mut().filter(|_| self.is_there(&r)) {
            *slot = self.filters(&r, connection, floats)?;
        }
        let Fixed { mask_w, mask_r, b } = Arc::make_mut(&mut layer.fixed);
        for (slot, of) in [(mask_w, &w), (mask_r, &r)] {
            let name = format!("{of}.mask");
            if let Some(slot) = slot.as_mut().filter(|_| self.is_there(&name)) {
                *slot = self.filters(&name, connection, masks)?;
                connection.each_outside(|at| slot[at] = 0);
            }
        }
        let name = format!("B{number}");
        if let Some(b) = b.as_mut().filter(|_| self.is_there(&name)) {
            b.values = file.floats(&name, &b.dims)?;
        }
        // Of what was drawn, zeros where there is no weight are nothing to tell.
        for (count, name) in layer.clear(connection).into_iter().zip([w, r]) {
            if count > 0 && !self.drawn.contains(&name) {
                self.zeros += count;
                self.cleared.push(name);
            }
        }
        Ok(())
    }

    /// Whether a tensor is to be read; one that is absent is noted as drawn.
    fn is_there(&mut self, name: &str) -> bool {
        let is_drawn = self.draws && !self.file.has(name);
        if is_drawn {
            self.drawn.push(name.to_owned());
        }
        !is_drawn
    }

    fn filters<T: Copy + Default>(
        &self,
        name: &str,
        connection: &Connection,
        read: impl Fn(&str, &[usize]) -> Result<Vec<T>, CheckpointError>,
    ) -> Result<Vec<T>, CheckpointError> {
        let tied = connection.tie().dims();
        if !(self.copies && connection.untied && self.file.dims(name) == Some(&tied)) {
            return read(name, &connection.dims());
        }
        let mut filters = read(name, &tied)?.repeat(connection.filters() as usize);
        connection.each_outside(|at| filters[at] = T::default());
        Ok(filters)
    }

    /// What to say of numbers that were none.
    fn cleared(&self) -> Option<String> {
        (self.zeros > 0).then(|| {
            let (path, count, names) = (self.file.path().display(), self.zeros, self.cleared.join(", "));
            format!("{path}: set {count} numbers of {names} to 0, for a mask or the picture's edge leaves them out")
        })
    }
}
