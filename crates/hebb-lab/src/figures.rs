//! The figures that there are, by paper and number.

mod appendix1;
mod scalar;

use crate::plot;
use crate::report::Report;
use crate::request::{LabError, Request};
use crate::table::Table;

/// A figure that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// What it looks like.
    pub picture: plot::Figure,
    /// Its numbers.
    pub table: Table,
    /// Its page.
    pub report: Report,
}

/// A figure that can be made.
#[derive(Clone, Copy)]
pub struct Figure {
    /// Paper and figure, as in `amit2019/fig12`.
    pub name: &'static str,
    /// What it is of.
    pub title: &'static str,
    /// The seeds of its runs, where nothing else is asked; none where nothing runs and all is worked out.
    pub seeds: &'static [u64],
    make: fn(&Request<'_>) -> Result<Made, LabError>,
}

/// All of them.
pub const FIGURES: [Figure; 2] = [
    Figure {
        name: "amit2019/appendix1",
        title: "two local circuits for the error signal and its shutdown",
        seeds: &[],
        make: appendix1::make,
    },
    Figure {
        name: "amit2019/scalar",
        title: "the scalar systems of two and three layers",
        seeds: &[],
        make: scalar::make,
    },
];

impl Figure {
    /// The figure of this name.
    pub fn find(name: &str) -> Result<&'static Self, LabError> {
        let found = FIGURES.iter().find(|figure| figure.name == name);
        found.ok_or_else(|| LabError::Unknown { name: name.to_owned() })
    }

    /// What its files are called.
    pub fn stem(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }

    /// Refuses options, of those that are given, that would change nothing.
    pub fn check(&self, given: &[&'static str]) -> Result<(), LabError> {
        match given.first() {
            Some(option) if self.seeds.is_empty() => Err(LabError::Unused { figure: self.name, option }),
            _ => Ok(()),
        }
    }

    /// Makes it.
    pub fn make(&self, request: &Request<'_>) -> Result<Made, LabError> {
        (self.make)(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own_and_is_found_by_it() {
        for figure in &FIGURES {
            assert_eq!(Figure::find(figure.name).unwrap().title, figure.title);
            assert!(figure.name.contains('/') && !figure.stem().contains('/'));
        }
        assert!(matches!(Figure::find("amit2019/fig99"), Err(LabError::Unknown { .. })));
    }
}
