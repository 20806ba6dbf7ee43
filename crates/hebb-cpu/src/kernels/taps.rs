//! A tied filter packed for its sums: for each tile of eight outputs, all taps one after another.

use rayon::prelude::*;

/// Outputs of a tile.
pub(crate) const PACK: usize = 8;

/// A packed filter.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    weights: Vec<[f32; PACK]>,
    offsets: Vec<u32>,
}

/// The same, while it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taps<'a> {
    weights: &'a [[f32; PACK]],
    /// Where each tap lies.
    pub offsets: &'a [u32],
}

impl Packed {
    /// Room for so many tiles of taps, which lie at `offsets`.
    pub fn new(tiles: usize, offsets: Vec<u32>) -> Self {
        Self { weights: vec![[0.0; PACK]; tiles * offsets.len()], offsets }
    }

    /// Packs weights of `outputs` outputs, whose taps have so many channels: `weight` tells where that of a place of the
    /// filter, a channel and an output lies. The rest is 0.
    pub fn pack(
        &mut self,
        weights: &[f32],
        (outputs, channels): (usize, usize),
        weight: impl Fn(usize, usize, usize) -> usize + Sync,
    ) {
        let taps = self.offsets.len().max(1);
        self.weights.par_chunks_mut(taps).enumerate().for_each(|(tile, packed)| {
            for (place, packed) in packed.chunks_mut(channels.max(1)).enumerate() {
                for (channel, packed) in packed.iter_mut().enumerate() {
                    for (output, packed) in (tile * PACK..outputs).zip(packed.iter_mut()) {
                        *packed = weights[weight(place, channel, output)];
                    }
                }
            }
        });
    }

    /// All taps.
    pub fn taps(&self) -> Taps<'_> {
        Taps { weights: &self.weights, offsets: &self.offsets }
    }
}

impl<'a> Taps<'a> {
    /// The taps of one tile.
    pub fn tile(&self, tile: usize) -> &'a [[f32; PACK]] {
        &self.weights[tile * self.offsets.len()..][..self.offsets.len()]
    }
}
