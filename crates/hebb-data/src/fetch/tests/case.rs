//! A small set to fetch, and what must be there in the end.

use std::fs;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::server::{Answer, Server};
use crate::fetch::download::{Client, PACE, Pace};
use crate::fetch::manifest::{Archive, File as Published, Manifest};
use crate::fetch::{Event, Fetched, fetch};
use crate::set::Set;

pub(super) const PATIENCE: Duration = Duration::from_millis(200);
pub(super) const ARCHIVE: &str = "small.tar.gz";

pub(super) fn gzip() -> GzEncoder<Vec<u8>> {
    GzEncoder::new(Vec::new(), Compression::default())
}

/// An archive of a small CIFAR-100, in the folder that the original unpacks to. It does not compress.
pub(super) fn archive() -> Vec<u8> {
    let mut tar = tar::Builder::new(gzip());
    for (name, records) in [("train.bin", 9_u32), ("test.bin", 2)] {
        let mut word = 1_u32;
        let mut noise = || {
            word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (word >> 24) as u8
        };
        let bytes: Vec<u8> = (0..records)
            .flat_map(|record| {
                [record as u8, record as u8].into_iter().chain((0..3072).map(|_| noise()).collect::<Vec<_>>())
            })
            .collect();
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("cifar-100-binary/{name}"), &bytes[..]).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

pub(super) fn published(name: &str, content: &[u8]) -> Published {
    Published { name: name.to_owned(), bytes: content.len() as u64, sha256: format!("{:x}", Sha256::digest(content)) }
}

/// What is fetched from where to where.
pub(super) struct Case {
    pub(super) root: TempDir,
    pub(super) manifest: Manifest,
    pub(super) set: Set,
    pub(super) pace: Pace,
}

impl Case {
    /// The small archive, from the servers given.
    pub(super) fn new(servers: &[&Server]) -> Self {
        let manifest = Manifest {
            from: servers.iter().map(|server| server.address.clone()).collect(),
            archive: Some(Archive::TarGz),
            files: vec![published(ARCHIVE, &archive())],
        };
        Self { root: TempDir::new().unwrap(), manifest, set: Set::Cifar100, pace: PACE }
    }

    pub(super) fn fetch(&self) -> Result<Fetched, String> {
        self.fetch_telling(&mut |_| {})
    }

    pub(super) fn fetch_telling(&self, tell: &mut dyn FnMut(Event<'_>)) -> Result<Fetched, String> {
        fetch(self.set, &self.manifest, self.root.path(), &Client::new(PATIENCE, self.pace), tell)
            .map_err(|error| error.to_string())
    }

    /// The archive as far as it has come, behind a stop; none if nothing is kept.
    pub(super) fn kept(&self) -> Option<Vec<u8>> {
        fs::read(self.root.path().join("cifar100.part").join(ARCHIVE)).ok()
    }

    pub(super) fn keep(&self, bytes: &[u8]) {
        fs::create_dir_all(self.root.path().join("cifar100.part")).unwrap();
        fs::write(self.root.path().join("cifar100.part").join(ARCHIVE), bytes).unwrap();
    }

    /// Fetches from an honest server at last, and looks at all that there is then.
    pub(super) fn ends_well(&mut self) {
        let server = Server::start(|ask| Answer::honest(ask, &archive()));
        self.manifest.from = vec![server.address];
        let folder = self.root.path().join(self.set.name());
        assert_eq!(self.fetch(), Ok(Fetched { folder: folder.clone(), was_there: false }));
        let data = self.set.load(&folder).unwrap();
        assert_eq!((data.train.len(), data.test.len()), (9, 2));
        assert_eq!(names(self.root.path()), ["cifar100"]);
        assert_eq!(names(&folder), ["cifar-100-binary"]);
    }
}

pub(super) fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names
}
