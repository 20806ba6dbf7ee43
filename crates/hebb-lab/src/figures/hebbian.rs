//! The Hebbian family: what its rules do to one connection.

mod covariance;
mod geometry;
mod pair;
mod pca;
mod runaway;
mod subspace;

use hebb_data::{VectorSpec, Vectors};
use hebb_spec::param::Weights;
use hebb_systems::hebbian::Hebbian;

use super::Made;
use crate::error::LabError;
use crate::request::Request;
use crate::runs::Run;

pub use covariance::make as covariance;
pub use pair::make as pair;
pub use pca::make as pca;
pub use runaway::make as runaway;
pub use subspace::make as subspace;

/// Patches that are cut from images, of 8 × 8 pixels.
const PATCHES: u32 = 4000;
/// What images are taken where none are named.
const BUILT_IN: &str = "shapes";

/// Vectors of a Gaussian, their mean taken away.
fn gaussian(text: &str, records: u32, seed: u64) -> Result<Vectors, LabError> {
    Ok(VectorSpec { records: Some(records), seed, ..VectorSpec::default() }.load(&format!("gaussian:{text}"))?)
}

/// A run over all vectors at once: an epoch is a step.
fn whole<'a>(request: &Request<'a>, system: &'a Hebbian, vectors: &'a Vectors, (steps, seed): (u32, u64)) -> Run<'a> {
    let batch = vectors.count() as u32;
    Run { runtime: request.runtime, system, records: vectors, data: "vectors", batch, epochs: steps, seed }
}

/// The steps of a figure's runs, of which one takes so many steps as `full` and there are `runs` alike.
fn steps(request: &Request<'_>, full: u32, run: &Run<'_>, runs: usize) -> Result<u32, LabError> {
    let mut seconds = 0.0;
    if let crate::Scale::Minutes(_) = request.scale {
        seconds = run.seconds()? * runs as f64;
    }
    Ok(request.scale.steps(full, || seconds))
}

/// What was reduced of the steps.
fn reduced(steps: u32, full: u32) -> Vec<String> {
    if steps < full { vec![format!("{steps} of {full} steps")] } else { Vec::new() }
}

/// W's rows.
fn rows(weights: &Weights, name: &str, inputs: usize) -> Vec<Vec<f64>> {
    let values = weights.get(name).unwrap_or_default();
    values.chunks_exact(inputs).map(|row| row.iter().map(|w| f64::from(*w)).collect()).collect()
}

/// The texts of the images that a figure's patches are cut from, and what of the paper's they are not.
fn images(request: &Request<'_>) -> (Vec<String>, Option<String>) {
    match request.data {
        [] => {
            let reduced = "patches of the built-in shapes, in place of images named with --data";
            (vec![BUILT_IN.to_owned()], Some(reduced.to_owned()))
        }
        data => (data.to_vec(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Scale, Seeds};
    use hebb_cpu::Cpu;

    #[test]
    fn the_small_figures_show_what_is_said_of_them() {
        let runtime = Cpu::open(Some(1)).unwrap();
        for make in [runaway, pca, covariance] {
            let made = |scale| make(&Request::new(&runtime, scale, Seeds(vec![4, 7]))).unwrap();
            let full = made(Scale::Full);
            assert!(full.report.claims.iter().all(|claim| claim.holds), "{:#?}", full.report.claims);
            assert!(full.report.reduced.is_empty() && !full.picture.svg().contains("NaN"));
            assert!(full.table.rows.iter().all(|row| row.len() == full.table.columns.len()));
            assert_eq!(made(Scale::Small).report.reduced.len(), 1, "a page tells of fewer steps");
        }
    }
}
