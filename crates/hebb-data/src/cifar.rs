//! CIFAR-10 and CIFAR-100, binary versions: records of one or two label bytes and 3,072 bytes of image.

use std::path::{Path, PathBuf};

use hebb_spec::Shape;

use crate::files::{check_label, read_error};
use crate::{DataError, Split, disk};

/// The shape of every image.
pub(crate) const SHAPE: Shape = Shape::new(3, 32, 32);

const PICTURE: usize = SHAPE.units() as usize;

/// How a CIFAR set lies in its files.
pub(crate) struct Layout {
    /// The folder that the archive unpacks to.
    folder: &'static str,
    train: &'static [&'static str],
    test: &'static str,
    /// Label bytes of a record.
    labels: usize,
    /// Which of them is the label.
    label: usize,
}

pub(crate) const CIFAR10: Layout = Layout {
    folder: "cifar-10-batches-bin",
    train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    test: "test_batch.bin",
    labels: 1,
    label: 0,
};

pub(crate) const CIFAR100_COARSE: Layout =
    Layout { folder: "cifar-100-binary", train: &["train.bin"], test: "test.bin", labels: 2, label: 0 };

pub(crate) const CIFAR100_FINE: Layout = Layout { label: 1, ..CIFAR100_COARSE };

impl Layout {
    /// The archive's folder, if it stands in `folder`.
    fn within(&self, folder: &Path) -> PathBuf {
        let inner = folder.join(self.folder);
        if inner.is_dir() { inner } else { folder.to_owned() }
    }

    /// Bytes of a record.
    const fn record(&self) -> usize {
        self.labels + PICTURE
    }
}

/// Training records, by the files' lengths.
pub(crate) fn records(folder: &Path, layout: &Layout) -> Result<usize, DataError> {
    let folder = layout.within(folder);
    let mut records = 0;
    for file in layout.train {
        let path = folder.join(file);
        let failed = |cause| read_error(cause, &path, &folder, file);
        let length = disk::open(&path).and_then(|file| Ok(file.metadata()?.len())).map_err(failed)?;
        records += length as usize / layout.record();
    }
    Ok(records)
}

/// Reads both splits from `folder`, or from the archive's folder in it.
pub(crate) fn read(folder: &Path, layout: &Layout, classes: usize) -> Result<(Split, Split), DataError> {
    let folder = layout.within(folder);
    let read = |files: &[&str]| {
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        for file in files {
            append(&folder, file, layout, classes, &mut images, &mut labels)?;
        }
        Split::new(SHAPE, images, labels)
    };
    Ok((read(layout.train)?, read(&[layout.test])?))
}

/// Appends the records of one file. It need not hold the original number of them, but whole ones.
fn append(
    folder: &Path,
    file: &str,
    layout: &Layout,
    classes: usize,
    images: &mut Vec<u8>,
    labels: &mut Vec<u16>,
) -> Result<(), DataError> {
    let path = folder.join(file);
    let bytes = disk::read(&path).map_err(|cause| read_error(cause, &path, folder, file))?;
    let record = layout.record();
    if bytes.is_empty() {
        return Err(DataError::Empty { path });
    }
    if bytes.len() % record != 0 {
        return Err(DataError::PartialRecord { path, bytes: bytes.len(), record });
    }
    images.reserve(bytes.len());
    for (index, bytes) in bytes.chunks_exact(record).enumerate() {
        let label = bytes[layout.label];
        check_label(&path, index, label, classes)?;
        labels.push(label.into());
        images.extend_from_slice(&bytes[layout.labels..]);
    }
    Ok(())
}
