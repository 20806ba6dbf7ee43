//! Which data a DATA text means, and where it lies.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use hebb_spec::Shape;

use crate::{DataError, Dataset, cifar, idx, names, shapes};

/// One way to write DATA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// How it is written.
    pub text: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// All ways to write DATA.
pub const FORMS: [Form; 6] = [
    Form { text: "shapes[:SEED]", meaning: "generated colour pictures of ten forms, 50,000 + 10,000 of 3x32x32" },
    Form { text: "cifar10[:DIR]", meaning: "CIFAR-10, binary version, ten classes of 3x32x32" },
    Form { text: "cifar100[:DIR]", meaning: "CIFAR-100, binary version, 100 fine classes of 3x32x32" },
    Form { text: "cifar100-coarse[:DIR]", meaning: "CIFAR-100, binary version, 20 coarse classes of 3x32x32" },
    Form { text: "mnist[:DIR]", meaning: "MNIST, four idx files, gzipped or not, ten classes of 1x28x28" },
    Form {
        text: "fashion-mnist[:DIR]",
        meaning: "Fashion-MNIST, four idx files, gzipped or not, ten classes of 1x28x28",
    },
];

/// The sets that are read from files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Cifar10,
    Cifar100,
    Cifar100Coarse,
    Mnist,
    FashionMnist,
}

impl Set {
    const ALL: [Self; 5] = [Self::Cifar10, Self::Cifar100, Self::Cifar100Coarse, Self::Mnist, Self::FashionMnist];

    fn name(self) -> &'static str {
        match self {
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::Cifar100Coarse => "cifar100-coarse",
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
        }
    }

    /// Sub-folder of the download cache; fine and coarse labels stand in the same files.
    fn cache_folder(self) -> &'static str {
        if self == Self::Cifar100Coarse { Self::Cifar100.name() } else { self.name() }
    }

    fn shape(self) -> Shape {
        match self {
            Self::Cifar10 | Self::Cifar100 | Self::Cifar100Coarse => cifar::SHAPE,
            Self::Mnist | Self::FashionMnist => idx::SHAPE,
        }
    }

    fn class_names(self) -> &'static [&'static str] {
        match self {
            Self::Cifar10 => names::CIFAR10,
            Self::Cifar100 => names::CIFAR100_FINE,
            Self::Cifar100Coarse => names::CIFAR100_COARSE,
            Self::Mnist => names::DIGITS,
            Self::FashionMnist => names::FASHION,
        }
    }

    fn load(self, folder: &Path) -> Result<Dataset, DataError> {
        if !folder.is_dir() {
            return Err(DataError::MissingFolder { path: folder.to_owned() });
        }
        let class_names = self.class_names();
        let (train, test) = match self {
            Self::Cifar10 => cifar::read(folder, &cifar::CIFAR10, class_names.len()),
            Self::Cifar100 => cifar::read(folder, &cifar::CIFAR100_FINE, class_names.len()),
            Self::Cifar100Coarse => cifar::read(folder, &cifar::CIFAR100_COARSE, class_names.len()),
            Self::Mnist | Self::FashionMnist => idx::read(folder, class_names.len()),
        }?;
        let class_names = class_names.iter().map(|&name| name.to_owned()).collect();
        Dataset::new(self.name(), self.shape(), class_names, train, test)
    }
}

/// Data that a DATA text names. Prints as the text that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// The generated pictures; without a seed, of the default one.
    Shapes(Option<u64>),
    /// Files; without a folder, in the download cache.
    Files(Set, Option<PathBuf>),
}

impl Source {
    /// Reads or generates all of it.
    pub fn load(&self) -> Result<Dataset, DataError> {
        match &self.kind {
            Kind::Shapes(seed) => shapes::generate(seed.unwrap_or(shapes::DEFAULT_SEED)),
            Kind::Files(set, Some(folder)) => set.load(folder),
            Kind::Files(set, None) => set.load(&cached(*set, |variable| env::var_os(variable))?),
        }
    }

    /// Shape of a picture and number of classes, known without touching a file.
    pub fn shape_and_classes(&self) -> (Shape, u32) {
        match &self.kind {
            Kind::Shapes(_) => (shapes::SHAPE, shapes::CLASSES as u32),
            Kind::Files(set, _) => (set.shape(), set.class_names().len() as u32),
        }
    }
}

/// Reads or generates the data that a DATA text names.
pub fn load(text: &str) -> Result<Dataset, DataError> {
    text.parse::<Source>()?.load()
}

impl FromStr for Source {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let (name, place) = match text.split_once(':') {
            Some((name, place)) => (name, Some(place)),
            None => (text, None),
        };
        if name == "shapes" {
            let seed = place.map(|seed| seed.parse().map_err(|_| DataError::Seed { text: seed.to_owned() }));
            return Ok(Self { kind: Kind::Shapes(seed.transpose()?) });
        }
        let Some(set) = Set::ALL.into_iter().find(|set| set.name() == name) else {
            return Err(DataError::Unknown { text: text.to_owned(), forms: FORMS.map(|form| form.text).join(", ") });
        };
        if place == Some("") {
            return Err(DataError::NoFolder { name: set.name() });
        }
        Ok(Self { kind: Kind::Files(set, place.map(PathBuf::from)) })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Shapes(None) => write!(f, "shapes"),
            Kind::Shapes(Some(seed)) => write!(f, "shapes:{seed}"),
            Kind::Files(set, None) => write!(f, "{}", set.name()),
            Kind::Files(set, Some(folder)) => write!(f, "{}:{}", set.name(), folder.display()),
        }
    }
}

/// The set's folder in the download cache. `variable` looks up an environment variable.
fn cached(set: Set, variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, DataError> {
    // An empty variable counts as unset, as the XDG base directory specification has it.
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = folder("HEBB_DATA")
        .or_else(|| folder("XDG_CACHE_HOME").map(|cache| cache.join("hebb")))
        .or_else(|| folder("HOME").map(|home| home.join(".cache").join("hebb")))
        .ok_or(DataError::NoCache { name: set.name() })?;
    let path = cache.join(set.cache_folder());
    if path.is_dir() { Ok(path) } else { Err(DataError::NotInCache { name: set.name(), path }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back_as_it_prints() {
        for text in [
            "shapes",
            "shapes:1",
            "shapes:18446744073709551615",
            "cifar10",
            "cifar10:a/b",
            "cifar100:/x",
            "cifar100-coarse:/x",
            "mnist:C:\\data",
            "fashion-mnist",
            "fashion-mnist:.",
        ] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn shape_and_classes_need_no_files() {
        let known = |text: &str| text.parse::<Source>().unwrap().shape_and_classes();
        assert_eq!(known("shapes:7"), (Shape::new(3, 32, 32), 10));
        assert_eq!(known("cifar10:nowhere"), (Shape::new(3, 32, 32), 10));
        assert_eq!(known("cifar100"), (Shape::new(3, 32, 32), 100));
        assert_eq!(known("cifar100-coarse"), (Shape::new(3, 32, 32), 20));
        assert_eq!(known("mnist"), (Shape::new(1, 28, 28), 10));
        assert_eq!(known("fashion-mnist"), (Shape::new(1, 28, 28), 10));
    }

    #[test]
    fn texts_of_no_known_form_are_refused() {
        let sentence = |text: &str| text.parse::<Source>().unwrap_err().to_string();
        for text in ["", "cifar", "folder:pictures", "CIFAR10", "shapes 1"] {
            assert_eq!(
                sentence(text),
                format!(
                    "unknown data '{text}': write one of shapes[:SEED], cifar10[:DIR], cifar100[:DIR], \
                     cifar100-coarse[:DIR], mnist[:DIR], fashion-mnist[:DIR]"
                )
            );
        }
        for seed in ["", "-1", "one", "18446744073709551616"] {
            assert_eq!(
                sentence(&format!("shapes:{seed}")),
                format!(
                    "'{seed}' is no seed for shapes: write a whole number from 0 to 18446744073709551615, as in shapes:1"
                )
            );
        }
        assert_eq!(sentence("mnist:"), "'mnist:' names no folder: write mnist:DIR with the folder that has the files");
    }

    #[test]
    fn the_download_cache_is_where_the_environment_says() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        for folder in ["own/cifar10", "xdg/hebb/cifar100", "home/.cache/hebb/mnist"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        let at = |set, set_variables: &[(&str, &str)]| {
            let find = |name: &str| set_variables.iter().find(|(key, _)| *key == name);
            cached(set, |name| {
                find(name).map(|(_, folder)| if folder.is_empty() { "".into() } else { root.join(folder).into() })
            })
        };
        let all = [("HEBB_DATA", "own"), ("XDG_CACHE_HOME", "xdg"), ("HOME", "home")];
        assert_eq!(at(Set::Cifar10, &all).unwrap(), root.join("own/cifar10"));
        assert_eq!(at(Set::Cifar100Coarse, &all[1..]).unwrap(), root.join("xdg/hebb/cifar100"));
        assert_eq!(
            at(Set::Mnist, &[("HEBB_DATA", ""), ("HOME", "home")]).unwrap(),
            root.join("home/.cache/hebb/mnist")
        );
        assert_eq!(
            at(Set::FashionMnist, &all).unwrap_err().to_string(),
            format!(
                "no fashion-mnist in the download cache, {}: pass fashion-mnist:DIR with the folder that has the files",
                root.join("own/fashion-mnist").display()
            )
        );
        assert_eq!(
            at(Set::Cifar10, &[]).unwrap_err().to_string(),
            "cifar10 alone means the download cache, but HEBB_DATA, XDG_CACHE_HOME and HOME are unset: pass cifar10:DIR"
        );
    }
}
