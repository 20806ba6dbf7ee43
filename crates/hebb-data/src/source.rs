//! Which data a DATA text means, and where it lies.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use hebb_spec::Shape;
use hebb_spec::settings::short;

use crate::set::{Set, cached};
use crate::{DataError, Dataset, folder, shapes};

/// One way to write DATA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// How it is written.
    pub text: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// All ways to write DATA.
pub const FORMS: [Form; 7] = [
    Form { text: "shapes[:SEED]", meaning: "generated colour images of ten forms, 50,000 + 10,000 of 3x32x32" },
    Form { text: "cifar10[:DIR]", meaning: "CIFAR-10, binary version, ten classes of 3x32x32" },
    Form { text: "cifar100[:DIR]", meaning: "CIFAR-100, binary version, 100 fine classes of 3x32x32" },
    Form { text: "cifar100-coarse[:DIR]", meaning: "CIFAR-100, binary version, 20 coarse classes of 3x32x32" },
    Form { text: "mnist[:DIR]", meaning: "MNIST, four idx files, gzipped or not, ten classes of 1x28x28" },
    Form {
        text: "fashion-mnist[:DIR]",
        meaning: "Fashion-MNIST, four idx files, gzipped or not, ten classes of 1x28x28",
    },
    Form {
        text: "folder:DIR",
        meaning: "PNG, JPEG or BMP images of one size, a sub-folder a class, or train/ and test/ with such",
    },
];

/// Data that a DATA text names. Prints as the text that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// The generated images; without a seed, of the default one.
    Shapes(Option<u64>),
    /// Files; without a folder, in the download cache.
    Files(Set, Option<PathBuf>),
    /// A folder of images.
    Folder(PathBuf),
}

/// Data of which shape and classes are known; no image has been read.
#[derive(Debug)]
pub struct Outline {
    /// Shape of an image.
    pub shape: Shape,
    /// Number of classes.
    pub classes: u32,
    unread: Unread,
}

/// A [`Kind`] that has been looked at: each file of a folder once.
#[derive(Debug)]
enum Unread {
    Shapes(u64),
    Files(Set, Option<PathBuf>),
    Folder(PathBuf, folder::Survey),
}

impl Source {
    /// Whether its place is one that counts from the current folder.
    pub fn is_relative(&self) -> bool {
        match &self.kind {
            Kind::Files(_, Some(folder)) | Kind::Folder(folder) => folder.is_relative(),
            Kind::Shapes(_) | Kind::Files(_, None) => false,
        }
    }

    /// Reads or generates all of it.
    pub fn load(&self) -> Result<Dataset, DataError> {
        self.outline()?.load()
    }

    /// Shape of an image and number of classes. Only a folder of images is looked at for them.
    pub fn outline(&self) -> Result<Outline, DataError> {
        let (shape, classes, unread) = match &self.kind {
            Kind::Shapes(seed) => {
                (shapes::SHAPE, shapes::CLASSES, Unread::Shapes(seed.unwrap_or(shapes::DEFAULT_SEED)))
            }
            Kind::Files(set, folder) => (set.shape(), set.class_names().len(), Unread::Files(*set, folder.clone())),
            Kind::Folder(path) => {
                let survey = folder::survey(path)?;
                (survey.shape, survey.class_names.len(), Unread::Folder(path.clone(), survey))
            }
        };
        Ok(Outline { shape, classes: classes as u32, unread })
    }
}

impl Outline {
    /// What the data are called, without a place.
    pub fn name(&self) -> &'static str {
        match &self.unread {
            Unread::Shapes(_) => shapes::NAME,
            Unread::Files(set, _) => set.name(),
            Unread::Folder(..) => folder::NAME,
        }
    }

    /// The name of each class, in the order of the labels.
    pub fn class_names(&self) -> Vec<String> {
        match &self.unread {
            Unread::Shapes(_) => shapes::class_names(),
            Unread::Files(set, _) => set.class_names().iter().map(|&name| name.to_owned()).collect(),
            Unread::Folder(_, survey) => survey.class_names.clone(),
        }
    }

    /// Training records, by the files' names, lengths and heads. Where the files hold others, they do not load.
    pub fn records(&self) -> Result<usize, DataError> {
        match &self.unread {
            Unread::Shapes(_) => Ok(shapes::TRAIN),
            Unread::Files(set, Some(folder)) => set.records(folder),
            Unread::Files(set, None) => set.records(&cached(*set)?),
            Unread::Folder(_, survey) => Ok(survey.records()),
        }
    }

    /// Bytes of memory that all of it takes; 0 where that is little: only a folder's images may be large and many.
    pub fn bytes(&self) -> u64 {
        match &self.unread {
            Unread::Folder(_, survey) => survey.bytes(),
            Unread::Shapes(_) | Unread::Files(..) => 0,
        }
    }

    /// Whether version 0.1 had the images in another order, in which some class had none to train on.
    pub fn is_reordered(&self) -> bool {
        matches!(&self.unread, Unread::Folder(_, survey) if survey.is_reordered)
    }

    /// Reads or generates all of it.
    pub fn load(self) -> Result<Dataset, DataError> {
        match self.unread {
            Unread::Shapes(seed) => shapes::generate(seed),
            Unread::Files(set, Some(folder)) => set.load(&folder),
            Unread::Files(set, None) => set.load(&cached(set)?),
            Unread::Folder(path, survey) => survey.load(&path),
        }
    }

    /// Reads no less than the first training images of each class, so many of each: of a folder, whose images may be
    /// large and many, these alone, scaled down so that no side is longer than so many pixels.
    pub fn sample(self, each: usize, longest: u32) -> Result<Dataset, DataError> {
        match self.unread {
            Unread::Folder(path, survey) => survey.sample(&path, each, longest),
            _ => self.load(),
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
            let seed = place.map(|seed| seed.parse().map_err(|_| DataError::Seed { text: short(seed) }));
            return Ok(Self { kind: Kind::Shapes(seed.transpose()?) });
        }
        if name == "folder" {
            return match place {
                None | Some("") => Err(DataError::NoFolder { text: text.to_owned(), name: "folder" }),
                Some(path) => Ok(Self { kind: Kind::Folder(PathBuf::from(path)) }),
            };
        }
        let Some(set) = Set::ALL.into_iter().find(|set| set.name() == name) else {
            return Err(DataError::Unknown { text: short(text), forms: FORMS.map(|form| form.text).join(", ") });
        };
        if place == Some("") {
            return Err(DataError::NoFolder { text: short(text), name: set.name() });
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
            Kind::Folder(path) => write!(f, "folder:{}", path.display()),
        }
    }
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
            "folder:my images",
        ] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_outline_of_known_sets_needs_no_files() {
        let known = |text: &str| {
            let outline = text.parse::<Source>().unwrap().outline().unwrap();
            assert_eq!(outline.class_names().len(), outline.classes as usize);
            (outline.shape, outline.classes)
        };
        assert_eq!(known("shapes:7"), (Shape::new(3, 32, 32), 10));
        assert_eq!(known("cifar10:nowhere"), (Shape::new(3, 32, 32), 10));
        assert_eq!(known("cifar100"), (Shape::new(3, 32, 32), 100));
        assert_eq!(known("cifar100-coarse"), (Shape::new(3, 32, 32), 20));
        assert_eq!(known("mnist"), (Shape::new(1, 28, 28), 10));
        assert_eq!(known("fashion-mnist"), (Shape::new(1, 28, 28), 10));
    }

    #[test]
    fn a_place_that_counts_from_the_current_folder_is_known() {
        let is_relative = |text: &str| text.parse::<Source>().unwrap().is_relative();
        assert!(is_relative("cifar10:a") && is_relative("folder:../b") && is_relative("mnist:."));
        assert!(!is_relative("cifar10") && !is_relative("shapes:3") && !is_relative("folder:/a"));
    }

    #[test]
    fn texts_of_no_known_form_are_refused() {
        let sentence = |text: &str| text.parse::<Source>().unwrap_err().to_string();
        for text in ["", "cifar", "folders:images", "CIFAR10", "shapes 1"] {
            assert_eq!(
                sentence(text),
                format!(
                    "unknown data '{text}': write one of shapes[:SEED], cifar10[:DIR], cifar100[:DIR], \
                     cifar100-coarse[:DIR], mnist[:DIR], fashion-mnist[:DIR], folder:DIR"
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
        for text in ["folder", "folder:"] {
            assert_eq!(
                sentence(text),
                format!("'{text}' names no folder: write folder:DIR with the folder that has the files")
            );
        }
    }
}
