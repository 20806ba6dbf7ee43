//! The self-predicting state, equations (11) and (12), and how far weights are from it.

use hebb_spec::connection::Connection;
use hebb_spec::param::Weights;

use super::{Dynamics, Microcircuit};
use crate::layered::statistics::PairSums;

impl Microcircuit {
    /// What IP{k} is of W{k+1} in the self-predicting state: there an interneuron's dendrite, attenuated as it is, foretells
    /// the soma above, which is attenuated by its apical dendrite where it has one. With g_D = g_B, as the paper has it, this
    /// is (12). Two-step it is 1 − λ_{k+1}, and 1 at the top.
    pub fn ip_factor(&self, layer: u32) -> f64 {
        match self.dynamics {
            Dynamics::Continuous => self.basal_factor(layer + 1) / self.inter_factor(),
            Dynamics::TwoStep if layer + 1 == self.layers() => 1.0,
            Dynamics::TwoStep => 1.0 - self.lambda(layer + 1),
        }
    }

    /// The mean over networks of the squared Frobenius distance of IP{k} from (12).
    pub(super) fn ip_distance(&self, weights: &Weights, layer: u32) -> Option<f64> {
        let (is, of) = (weights.get(&format!("IP{layer}"))?, weights.get(&format!("W{}", layer + 1))?);
        Some(self.distance(is, of, self.ip_factor(layer)))
    }

    /// The same of PI{k} from (11): −R{k+1}.
    pub(super) fn pi_distance(&self, weights: &Weights, layer: u32) -> Option<f64> {
        let (is, of) = (weights.get(&format!("PI{layer}"))?, weights.get(&format!("R{}", layer + 1))?);
        Some(self.distance(is, of, -1.0))
    }

    fn distance(&self, is: &[f32], of: &[f32], factor: f64) -> f64 {
        let square = |(is, of): (&f32, &f32)| (f64::from(*is) - factor * f64::from(*of)).powi(2);
        is.iter().zip(of).map(square).sum::<f64>() / f64::from(self.networks)
    }

    /// The mean over networks of the angle in degrees between W{k}, without thresholds, and R{k}; none where one is 0.
    pub(super) fn angle(&self, weights: &Weights, layer: u32) -> Option<f64> {
        let (w, r) = (weights.get(&format!("W{layer}"))?, weights.get(&format!("R{layer}"))?);
        let w = without_thresholds(w, &self.up(layer), &self.down(layer));
        let one = r.len() / self.networks as usize;
        let angles: Option<Vec<f64>> =
            w.chunks_exact(one).zip(r.chunks_exact(one)).map(|(w, r)| PairSums::of(w, r).angle()).collect();
        angles.map(|angles| angles.iter().sum::<f64>() / f64::from(self.networks))
    }
}

/// Weights up without their last column, where they have one more than those down.
fn without_thresholds(w: &[f32], up: &Connection, down: &Connection) -> Vec<f32> {
    let (row, kept) = (up.taps() as usize, down.taps() as usize);
    w.chunks_exact(row).flat_map(|row| &row[..kept]).copied().collect()
}
