//! Filters transformed for their products: for each tile of eight outputs and each place of the transformed tile, all
//! inputs one after another.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, f32x8};
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
        (level, form): (Level, Outputs),
        weights: &[f32],
        outputs: usize,
        weight: impl Fn(usize, usize, usize) -> usize + Sync,
    ) {
        let (inputs, size) = (self.inputs, self.places * self.inputs);
        self.weights.par_chunks_mut(size.max(1)).enumerate().for_each(|(tile, packed)| {
            for input in 0..inputs {
                let mut filters = [[[0.0; PACK]; 3]; 3];
                for (output, lane) in (tile * PACK..outputs).zip(0..PACK) {
                    for (place, of_place) in filters.as_flattened_mut().iter_mut().enumerate() {
                        of_place[lane] = weights[weight(place, input, output)];
                    }
                }
                let to = &mut packed[input..];
                match form {
                    Outputs::Two => dispatch!(level, simd => transform::<_, Two, 2, 4>(simd, &filters, to, inputs)),
                    Outputs::Four => dispatch!(level, simd => transform::<_, Four, 4, 6>(simd, &filters, to, inputs)),
                }
            }
        });
    }

    /// The weights of a tile at a place of the transformed tile.
    pub fn place(&self, tile: usize, place: usize) -> &[[f32; PACK]] {
        &self.weights[(tile * self.places + place) * self.inputs..][..self.inputs]
    }
}

/// G w Gᵀ of eight outputs: place p goes to number p · `inputs` of `to`.
#[inline(always)]
fn transform<S: Simd, F: Form<M, A>, const M: usize, const A: usize>(
    simd: S,
    filters: &[[[f32; PACK]; 3]; 3],
    to: &mut [[f32; PACK]],
    inputs: usize,
) {
    let mut rows = [[f32x8::splat(simd, 0.0); A]; 3];
    for i in 0..3 {
        let mut row = [f32x8::splat(simd, 0.0); 3];
        for j in 0..3 {
            row[j] = f32x8::from_slice(simd, &filters[i][j]);
        }
        rows[i] = F::filter(row);
    }
    for j in 0..A {
        let column = F::filter([rows[0][j], rows[1][j], rows[2][j]]);
        for i in 0..A {
            column[i].store_slice(&mut to[(i * A + j) * inputs]);
        }
    }
}
