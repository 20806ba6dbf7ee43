//! The trainings of Amit (2019): figures 4 to 11. Figures share their runs, which have names and settings as `hebb train`
//! makes them.

mod bars;
mod compare;
mod correlation;
mod curves;
mod filters;
mod page;
mod runs;
mod training;
mod untied;

use super::Made;
use crate::error::LabError;
use crate::request::Request;
use runs::Images;

pub use bars::{fig5, fig6};
pub use correlation::fig10;
pub use curves::{fig4, fig7};
pub use filters::fig8;
pub use untied::{fig9, fig11};

/// What images are taken where none are named.
const BUILT_IN: &str = "shapes";

/// The images of a figure that has one set of them.
fn one(request: &Request<'_>, figure: &'static str) -> Result<Images, LabError> {
    match request.data {
        [] => Images::named(BUILT_IN),
        [one] => Images::named(one),
        _ => Err(LabError::Several { figure }),
    }
}

/// The images of a figure that has a set of them or more, each once.
fn several(request: &Request<'_>, figure: &'static str) -> Result<Vec<Images>, LabError> {
    let mut several: Vec<Images> = Vec::new();
    let built_in = [BUILT_IN.to_owned()];
    for text in if request.data.is_empty() { &built_in } else { request.data } {
        let images = Images::named(text)?;
        if several.iter().any(|other| other.name == images.name) {
            return Err(LabError::Twice { figure, name: images.name });
        }
        several.push(images);
    }
    Ok(several)
}

#[cfg(test)]
mod tests;
