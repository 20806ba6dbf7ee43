//! The published sets that are read from files: names, shapes, classes, and their place in the download cache.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use hebb_spec::Shape;

use crate::{DataError, Dataset, cifar, idx, names};

/// The sets that are read from files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Cifar10,
    Cifar100,
    Cifar100Coarse,
    Mnist,
    FashionMnist,
}

impl Set {
    pub(crate) const ALL: [Self; 5] =
        [Self::Cifar10, Self::Cifar100, Self::Cifar100Coarse, Self::Mnist, Self::FashionMnist];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::Cifar100Coarse => "cifar100-coarse",
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
        }
    }

    /// Sub-folder of the download cache; fine and coarse labels stand in the same files.
    pub(crate) fn cache_folder(self) -> &'static str {
        if self == Self::Cifar100Coarse { Self::Cifar100.name() } else { self.name() }
    }

    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::Cifar10 | Self::Cifar100 | Self::Cifar100Coarse => cifar::SHAPE,
            Self::Mnist | Self::FashionMnist => idx::SHAPE,
        }
    }

    pub(crate) fn class_names(self) -> &'static [&'static str] {
        match self {
            Self::Cifar10 => names::CIFAR10,
            Self::Cifar100 => names::CIFAR100_FINE,
            Self::Cifar100Coarse => names::CIFAR100_COARSE,
            Self::Mnist => names::DIGITS,
            Self::FashionMnist => names::FASHION,
        }
    }

    /// Training records, by the files' lengths or heads.
    pub(crate) fn records(self, folder: &Path) -> Result<usize, DataError> {
        is_there(folder)?;
        match self {
            Self::Cifar10 => cifar::records(folder, &cifar::CIFAR10),
            Self::Cifar100 | Self::Cifar100Coarse => cifar::records(folder, &cifar::CIFAR100_FINE),
            Self::Mnist | Self::FashionMnist => idx::records(folder),
        }
    }

    pub(crate) fn load(self, folder: &Path) -> Result<Dataset, DataError> {
        is_there(folder)?;
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

fn is_there(folder: &Path) -> Result<(), DataError> {
    if folder.is_dir() { Ok(()) } else { Err(DataError::MissingFolder { path: folder.to_owned() }) }
}

/// The set's folder in the download cache.
pub(crate) fn cached(set: Set) -> Result<PathBuf, DataError> {
    cached_in(set, cache())
}

fn cached_in(set: Set, cache: Option<PathBuf>) -> Result<PathBuf, DataError> {
    let path = cache.ok_or(DataError::NoCache { name: set.name() })?.join(set.cache_folder());
    if path.is_dir() {
        return Ok(path);
    }
    Err(DataError::NotInCache { name: set.name(), fetch: set.cache_folder(), path })
}

/// The folder of all that can be fetched or measured again, which need not exist; none where the environment names no place.
pub fn cache() -> Option<PathBuf> {
    cache_by(|variable| env::var_os(variable))
}

fn cache_by(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // An empty variable counts as unset, as the XDG base directory specification has it.
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("HEBB_DATA")
        .or_else(|| folder("XDG_CACHE_HOME").map(|cache| cache.join("hebb")))
        .or_else(|| folder("HOME").map(|home| home.join(".cache").join("hebb")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_download_cache_is_where_the_environment_says() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        for folder in ["own/cifar10", "xdg/hebb/cifar100", "home/.cache/hebb/mnist"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        let at = |set, set_variables: &[(&str, &str)]| {
            let find = |name: &str| set_variables.iter().find(|(key, _)| *key == name);
            let cache = cache_by(|name| {
                find(name).map(|(_, folder)| if folder.is_empty() { "".into() } else { root.join(folder).into() })
            });
            cached_in(set, cache)
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
                "no fashion-mnist in the download cache, {}: run `hebb data fetch fashion-mnist` or pass fashion-mnist:DIR \
                 with the folder that has the files",
                root.join("own/fashion-mnist").display()
            )
        );
        assert_eq!(
            at(Set::Cifar10, &[]).unwrap_err().to_string(),
            "cifar10 alone means the download cache, but HEBB_DATA, XDG_CACHE_HOME and HOME are unset: pass cifar10:DIR"
        );
    }
}
