//! Archives, unpacked without trust in what they say of themselves.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Component, Path};

use flate2::bufread::GzDecoder;

use super::FetchError;

/// Unpacks a tar.gz archive into a folder. Only files and folders of its own are taken: nothing may lead out of it.
pub(super) fn tar_gz(archive: &Path, into: &Path) -> Result<(), FetchError> {
    let failed = |cause: io::Error| FetchError::Unpack { archive: archive.to_owned(), cause };
    let file = File::open(archive).map_err(failed)?;
    let mut tar = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
    for entry in tar.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path().map_err(failed)?.into_owned(), entry.header().entry_type());
        let inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !(inside && (kind.is_file() || kind.is_dir())) {
            return Err(FetchError::Entry { archive: archive.to_owned(), entry: path.display().to_string() });
        }
        entry.unpack_in(into).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, EntryType, Header};

    use super::*;

    /// Unpacks an archive of one entry, then of a file `d/in`, into a folder of its own; what came of it.
    fn unpacked(kind: EntryType, path: &str, link: &str) -> (Result<(), String>, Vec<String>, bool) {
        let folder = tempfile::tempdir().unwrap();
        let (archive, into) = (folder.path().join("a.tar.gz"), folder.path().join("into"));
        fs::create_dir(&into).unwrap();
        let mut builder = Builder::new(GzEncoder::new(File::create(&archive).unwrap(), Compression::default()));
        for (kind, path, content) in [(kind, path, ""), (EntryType::Regular, "d/in", "text")] {
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            header.set_mode(0o755);
            // By hand, for the library itself refuses to write most of these.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.as_mut_bytes()[157..][..link.len()].copy_from_slice(link.as_bytes());
            header.set_cksum();
            builder.append(&header, content.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap();
        let result = tar_gz(&archive, &into)
            .map_err(|error| error.to_string().replace(&archive.display().to_string(), "ARCHIVE"));
        let names = fs::read_dir(&into).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let names = names.collect();
        (result, names, fs::read_dir(folder.path()).unwrap().count() == 2)
    }

    #[test]
    fn files_and_folders_unpack() {
        assert_eq!(unpacked(EntryType::Directory, "./d/", ""), (Ok(()), vec!["d".to_owned()], true));
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for (kind, path, link) in [
            (EntryType::Regular, "../out", ""),
            (EntryType::Regular, "d/../../out", ""),
            (EntryType::Regular, "/tmp/hebb-must-not-be-written", ""),
            (EntryType::Symlink, "d", ".."),
            (EntryType::Link, "d", "../a.tar.gz"),
            (EntryType::Fifo, "pipe", ""),
        ] {
            let sentence = format!(
                "the archive ARCHIVE has an entry '{path}' that is no file or folder in it: nothing of it was used"
            );
            assert_eq!(unpacked(kind, path, link), (Err(sentence), vec![], true), "{path}");
        }
        assert!(!Path::new("/tmp/hebb-must-not-be-written").exists());
    }
}
