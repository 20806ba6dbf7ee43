//! The start of a network: drawn from a seed, or taken from a file.

use hebb_spec::connection::Connection;
use hebb_spec::init::glorot;
use hebb_spec::network::Network;
use hebb_spec::rng::Purpose;

use crate::checkpoint::{CheckpointError, TensorFile};
use crate::weights::{LayerWeights, Weights};

/// How the feedback weights start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RStart {
    /// Drawn apart from W.
    Independent,
    /// As W.
    Equal,
}

/// A start, and what is worth saying about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// The weights.
    pub weights: Weights,
    /// One sentence each.
    pub messages: Vec<String>,
}

/// Draws all weights of a network; no R without an `r_start`.
pub fn draw(network: &Network, seed: u64, r_start: Option<RStart>) -> Weights {
    let layer = |(number, connection): (u32, Connection)| {
        let w = glorot(&connection, seed, Purpose::InitW, number);
        let r = r_start.filter(|_| number > 1).map(|start| match start {
            RStart::Independent => glorot(&connection, seed, Purpose::InitR, number),
            RStart::Equal => w.clone(),
        });
        LayerWeights { dims: connection.dims(), w, r }
    };
    Weights { layers: (1..).zip(network.connections()).map(layer).collect() }
}

/// Takes weights from a file by name and shape, whatever its metadata say: all layers, or those in `layers` where it is
/// not empty. The rest and each missing R are drawn.
pub fn from_file(
    network: &Network,
    with_r: bool,
    seed: u64,
    file: &TensorFile,
    layers: &[u32],
) -> Result<Start, CheckpointError> {
    let mut weights = draw(network, seed, with_r.then_some(RStart::Independent));
    let (mut known, mut drawn) = (Vec::new(), Vec::new());
    for (number, layer) in (1..).zip(&mut weights.layers) {
        let taken = layers.is_empty() || layers.contains(&number);
        let name = format!("W{number}");
        if taken {
            layer.w = file.floats(&name, &layer.dims)?;
        }
        known.push(name);
        if let Some(r) = &mut layer.r {
            let name = format!("R{number}");
            if taken && file.has(&name) {
                *r = file.floats(&name, &layer.dims)?;
            } else if taken {
                drawn.push(name.clone());
            }
            known.push(name);
        }
    }
    let path = file.path().display();
    let mut messages = Vec::new();
    if !drawn.is_empty() {
        messages.push(format!("{path} has no {}: drawn from seed {seed}", drawn.join(", ")));
    }
    let names = file.entries().into_iter().map(|entry| entry.name);
    let surplus: Vec<String> = names.filter(|name| !known.contains(name)).collect();
    if !surplus.is_empty() {
        messages.push(format!("{path}: ignored {}, which the network does not use", surplus.join(", ")));
    }
    Ok(Start { weights, messages })
}
