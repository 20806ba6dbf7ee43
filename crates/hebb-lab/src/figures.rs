//! The figures that there are, by paper and number.

mod aligned;
mod amit2019;
mod appendix1;
mod fig12;
mod hebbian;
mod sacramento2018;
mod scalar;

use crate::error::LabError;
use crate::plot;
use crate::report::Report;
use crate::request::Request;
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
    /// Whether it may take images, by default those that are built in.
    pub takes_data: bool,
    /// Whether its runs may take hours, and are kept beside it, to go on another time.
    pub keeps: bool,
    /// Whether its page tells what was seen at full size, rather than what its parts are.
    tells: bool,
    make: fn(&Request<'_>) -> Result<Made, LabError>,
}

/// Which of the data sets that a group's figures are given one of them takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sets {
    /// All.
    All,
    /// The first.
    First,
    /// It has data of its own.
    None,
}

/// Figures that are made one after another.
pub struct Group {
    /// Paper and group, as in `amit2019/all`.
    pub name: &'static str,
    /// What it is of.
    pub title: &'static str,
    members: &'static [(&'static str, Sets)],
}

/// All of them.
pub const GROUPS: [Group; 1] = [Group {
    name: "amit2019/all",
    title: "figures 4 to 12 one after another, the later ones of the runs of the earlier",
    members: &[
        ("amit2019/fig4", Sets::First),
        ("amit2019/fig5", Sets::All),
        ("amit2019/fig7", Sets::First),
        ("amit2019/fig6", Sets::All),
        ("amit2019/fig9", Sets::First),
        ("amit2019/fig8", Sets::First),
        ("amit2019/fig10", Sets::First),
        ("amit2019/fig11", Sets::First),
        ("amit2019/fig12", Sets::None),
    ],
}];

impl Group {
    /// The group of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        GROUPS.iter().find(|group| group.name == name)
    }

    /// Its figures, each with those of the data that it takes.
    pub fn figures<'a>(&self, data: &'a [String]) -> Result<Vec<(&'static Figure, &'a [String])>, LabError> {
        let of = |sets: Sets| match sets {
            Sets::All => data,
            Sets::First => &data[..data.len().min(1)],
            Sets::None => &[],
        };
        self.members.iter().map(|(name, sets)| Ok((Figure::find(name)?, of(*sets)))).collect()
    }
}

/// A figure of Amit's trainings, from the first to its last epoch a matter of days.
const TRAINING: Figure =
    Figure { name: "", title: "", seeds: &[1], takes_data: true, keeps: true, tells: false, make: amit2019::fig4 };

/// All of them.
pub const FIGURES: [Figure; 22] = [
    Figure { name: "amit2019/fig4", title: "simpnet: error by epoch", make: amit2019::fig4, ..TRAINING },
    Figure {
        name: "amit2019/fig5",
        title: "simpnet: error by rule, loss and share of the connections",
        make: amit2019::fig5,
        ..TRAINING
    },
    Figure {
        name: "amit2019/fig6",
        title: "deepnet and deepernet: error by rule, loss and share of the connections",
        make: amit2019::fig6,
        ..TRAINING
    },
    Figure { name: "amit2019/fig7", title: "deepernet: error by epoch", make: amit2019::fig7, ..TRAINING },
    Figure { name: "amit2019/fig8", title: "untied simpnet: filters at four places", make: amit2019::fig8, ..TRAINING },
    Figure {
        name: "amit2019/fig9",
        title: "simpnet and deepnet_s: error with tied and untied convolutions",
        make: amit2019::fig9,
        ..TRAINING
    },
    Figure {
        name: "amit2019/fig10",
        title: "simpnet: correlation of W and R by epoch",
        make: amit2019::fig10,
        ..TRAINING
    },
    Figure {
        name: "amit2019/fig11",
        title: "deepnet_s, untied: correlation of W and R by epoch",
        make: amit2019::fig11,
        ..TRAINING
    },
    Figure {
        name: "amit2019/appendix1",
        title: "two local circuits for the error signal and its shutdown",
        seeds: &[],
        takes_data: false,
        keeps: false,
        tells: true,
        make: appendix1::make,
    },
    Figure {
        name: "amit2019/scalar",
        title: "the scalar systems of two and three layers",
        seeds: &[],
        takes_data: false,
        keeps: false,
        tells: true,
        make: scalar::make,
    },
    Figure {
        name: "amit2019/aligned",
        title: "a linear network from an aligned start beside the scalar systems",
        seeds: &[1],
        takes_data: false,
        keeps: false,
        tells: true,
        make: aligned::make,
    },
    Figure {
        name: "amit2019/fig12",
        title: "linear networks: error and correlation by iteration",
        seeds: &[1, 2, 3],
        takes_data: false,
        keeps: false,
        tells: true,
        make: fig12::make,
    },
    Figure {
        name: "hebbian/runaway",
        title: "plain Hebbian learning and linear decay",
        seeds: &[1],
        takes_data: false,
        keeps: false,
        tells: true,
        make: hebbian::runaway,
    },
    Figure {
        name: "hebbian/pca",
        title: "many-to-one: the first principal component",
        seeds: &[1, 2, 3],
        takes_data: false,
        keeps: false,
        tells: true,
        make: hebbian::pca,
    },
    Figure {
        name: "hebbian/covariance",
        title: "all-to-all: the covariance",
        seeds: &[1],
        takes_data: false,
        keeps: false,
        tells: true,
        make: hebbian::covariance,
    },
    Figure {
        name: "hebbian/pair",
        title: "instar and outstar: forward and feedback weights",
        seeds: &[1],
        takes_data: true,
        keeps: false,
        tells: true,
        make: hebbian::pair,
    },
    Figure {
        name: "hebbian/subspace",
        title: "Oja's subspace rule: the leading components",
        seeds: &[1],
        takes_data: true,
        keeps: false,
        tells: true,
        make: hebbian::subspace,
    },
    Figure {
        name: "sacramento2018/s1",
        title: "dendritic microcircuits: apical dendrites fall silent",
        seeds: &[1],
        takes_data: false,
        keeps: true,
        tells: true,
        make: sacramento2018::s1,
    },
    Figure {
        name: "sacramento2018/fig1",
        title: "dendritic microcircuits: a new association is taught",
        seeds: &[1],
        takes_data: false,
        keeps: true,
        tells: true,
        make: sacramento2018::fig1,
    },
    Figure {
        name: "sacramento2018/fig2",
        title: "dendritic microcircuits: a nonlinear regression beside a shallow learner",
        seeds: &[1, 2, 3],
        takes_data: false,
        keeps: true,
        tells: true,
        make: sacramento2018::fig2,
    },
    Figure {
        name: "sacramento2018/s2",
        title: "dendritic microcircuits: the way to the self-predicting state",
        seeds: &[1, 2, 3],
        takes_data: false,
        keeps: true,
        tells: true,
        make: sacramento2018::s2,
    },
    Figure {
        name: "sacramento2018/fig3",
        title: "dendritic microcircuits: handwritten digits",
        seeds: &[1],
        takes_data: true,
        keeps: true,
        tells: true,
        make: sacramento2018::fig3,
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

    /// Refuses options, of those that are given, that would change nothing: `data`, where it takes none; all of `running`,
    /// where nothing runs.
    pub fn check(&self, data: Option<&'static str>, running: &[&'static str]) -> Result<(), LabError> {
        let unused = |option, why| Err(LabError::Unused { figure: self.name, option, why });
        match (running.first(), data) {
            (Some(option), _) if self.seeds.is_empty() => unused(option, "is worked out, and nothing runs"),
            (_, Some(option)) if !self.takes_data => unused(option, "has data of its own"),
            _ if self.keeps && !self.tells => Ok(()),
            _ => {
                let of_kept = ["--epochs", "--runs"];
                let why = if self.keeps { "does not share its runs" } else { "keeps no runs" };
                let is_unused = |option: &&&str| **option == "--finished" || (!self.keeps && of_kept.contains(option));
                running.iter().find(is_unused).map_or(Ok(()), |option| unused(option, why))
            }
        }
    }

    /// Makes it. What a page says of the picture was seen at full size and with the figure's own seeds: a page of others
    /// says so.
    pub fn make(&self, request: &Request<'_>) -> Result<Made, LabError> {
        let mut made = (self.make)(request)?;
        if self.tells && (!made.report.reduced.is_empty() || request.seeds.0 != self.seeds) {
            made.report.shows.insert_str(0, "As seen at full size and with the figure's own seeds. ");
        }
        Ok(made)
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
        let data = ["a", "b"].map(str::to_owned);
        let all = Group::find("amit2019/all").unwrap().figures(&data).unwrap();
        let taken = |stem: &str| all.iter().find(|(figure, _)| figure.stem() == stem).unwrap().1.len();
        assert_eq!((all.len(), taken("fig4"), taken("fig5"), taken("fig12")), (9, 1, 2, 0));
    }
}
