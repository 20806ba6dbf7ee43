//! Filters transformed for their products: for each tile of eight outputs and each place of the transformed tile, all
//! inputs one after another.

use rayon::prelude::*;

use super::forms::{Form, Four, Two};
use super::rule::Outputs;
use crate::kernels::taps::PACK;

/// Transformed filters.
#[derive(Debug)]
pub(crate) struct Filters {
    weights: Vec<[f32; PACK]>,
    inputs: usize,
    places: usize,
}

impl Filters {
    /// Room for the filters of so many inputs and outputs.
    pub fn new(form: Outputs, inputs: usize, outputs: usize) -> Self {
        let places = form.places();
        Self { weights: vec![[0.0; PACK]; outputs.div_ceil(PACK) * places * inputs], inputs, places }
    }

    /// Transforms the filters of `outputs` outputs; `weight` tells where that of a place of the filter, an input and an
    /// output lies. Outputs that fill up the last tile are 0.
    pub fn pack(
        &mut self,
        form: Outputs,
        weights: &[f32],
        outputs: usize,
        weight: impl Fn(usize, usize, usize) -> usize + Sync,
    ) {
        let inputs = self.inputs;
        let of = |input, output| -> [[f32; 3]; 3] {
            std::array::from_fn(|row| std::array::from_fn(|column| weights[weight(row * 3 + column, input, output)]))
        };
        let tiles = self.weights.par_chunks_mut((self.places * inputs).max(1)).enumerate();
        tiles.for_each(|(tile, packed)| {
            for input in 0..inputs {
                for (output, lane) in (tile * PACK..outputs).zip(0..PACK) {
                    let mut place = |at: usize, value: f32| packed[at * inputs + input][lane] = value;
                    match form {
                        Outputs::Two => transform::<Two, 2, 4>(of(input, output), &mut place),
                        Outputs::Four => transform::<Four, 4, 6>(of(input, output), &mut place),
                    }
                }
            }
        });
    }

    /// The weights of a tile at a place of the transformed tile.
    pub fn place(&self, tile: usize, place: usize) -> &[[f32; PACK]] {
        &self.weights[(tile * self.places + place) * self.inputs..][..self.inputs]
    }
}

/// G w Gᵀ.
fn transform<F: Form<M, A>, const M: usize, const A: usize>(w: [[f32; 3]; 3], place: &mut impl FnMut(usize, f32)) {
    let rows = w.map(F::filter);
    for column in 0..A {
        for (row, value) in F::filter(rows.map(|row| row[column])).into_iter().enumerate() {
            place(row * A + column, value);
        }
    }
}
