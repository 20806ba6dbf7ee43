//! Where the published sets lie, and how to know that what came is what was published: `datasets/*.toml`.

use serde::Deserialize;

use crate::set::Set;

/// The files of one set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Addresses, the best first. Each has all files right below it.
    pub(super) from: Vec<String>,
    /// How the files unpack; absent, the set is read as they are.
    pub(super) archive: Option<Archive>,
    #[serde(rename = "file")]
    pub(super) files: Vec<File>,
}

/// Kinds of archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Archive {
    #[serde(rename = "tar.gz")]
    TarGz,
}

/// One file to download.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// In lower-case hexadecimal digits.
    pub(super) sha256: String,
}

/// The sets that have a manifest. The coarse labels of CIFAR-100 come with the fine ones.
pub(super) const SETS: [Set; 4] = [Set::Cifar10, Set::Cifar100, Set::Mnist, Set::FashionMnist];

impl Manifest {
    /// The set's own.
    pub(super) fn of(set: Set) -> Self {
        let text = match set {
            Set::Cifar10 => include_str!("../../../../datasets/cifar10.toml"),
            Set::Cifar100 | Set::Cifar100Coarse => include_str!("../../../../datasets/cifar100.toml"),
            Set::Mnist => include_str!("../../../../datasets/mnist.toml"),
            Set::FashionMnist => include_str!("../../../../datasets/fashion-mnist.toml"),
        };
        toml::from_str(text).expect("the manifests are part of the program, and a test reads each")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_manifest_is_complete() {
        for set in SETS {
            let manifest = Manifest::of(set);
            assert!(manifest.from.iter().all(|from| from.starts_with("http") && !from.ends_with('/')), "{manifest:?}");
            assert!(!manifest.from.is_empty() && !manifest.files.is_empty());
            for file in &manifest.files {
                let hex = |digit: char| matches!(digit, '0'..='9' | 'a'..='f');
                assert!(file.sha256.len() == 64 && file.sha256.chars().all(hex), "{file:?}");
                assert!(file.bytes > 0 && !file.name.contains('/'), "{file:?}");
                assert_eq!(file.name.ends_with(".tar.gz"), manifest.archive == Some(Archive::TarGz), "{file:?}");
            }
        }
    }
}
