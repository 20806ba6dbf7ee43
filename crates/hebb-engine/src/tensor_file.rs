//! Safetensors files as they are read: ours, or anyone's.

use std::io;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use hebb_data::disk::{self, OpenError};
use safetensors::tensor::{Dtype, Metadata as Header, TensorInfo};
use safetensors::{SafeTensorError, SafeTensors};

use crate::WriteError;
use crate::metadata::Metadata;

/// The metadata key.
pub(crate) const KEY: &str = "hebb";

/// A checkpoint that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// No such file.
    #[error("there is no file {}", path.display())]
    Absent {
        /// The path.
        path: PathBuf,
    },
    /// The system would not read the file.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Something else than a regular file, which may have no end.
    #[error("cannot read {}: it is {kind}, not a regular file", path.display())]
    NotRegular {
        /// What stands there.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// A file of another kind, or a part of one.
    #[error("{} is truncated, damaged or no safetensors file ({cause})", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        cause: SafeTensorError,
    },
    /// No metadata of ours.
    #[error("{} has no metadata of hebb, so nothing says which network it is of", path.display())]
    NoMetadata {
        /// The file.
        path: PathBuf,
    },
    /// Metadata that do not read.
    #[error("the hebb metadata of {} do not read ({cause})", path.display())]
    Metadata {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        cause: serde_json::Error,
    },
    /// Metadata of a system that this version does not know.
    #[error("the hebb metadata of {} are of no system of this version: {cause}", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// A tensor is absent.
    #[error("{} has no tensor {name} of {}: it is of another network", path.display(), shape(wanted))]
    Missing {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The dimensions needed.
        wanted: Vec<usize>,
    },
    /// A tensor of another shape.
    #[error(
        "{name} in {} is {}, but the network's is {}: it is of another network",
        path.display(), shape(found), shape(wanted)
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its dimensions.
        found: Vec<usize>,
        /// The dimensions needed.
        wanted: Vec<usize>,
    },
    /// A tensor of other numbers.
    #[error("{name} in {} holds {found}, not {wanted}", path.display())]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its type.
        found: String,
        /// The type needed.
        wanted: Dtype,
    },
    /// A number that no weight can be.
    #[error("{name}[{}] in {} is {value}: a weight is a finite number", list(index), path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Where in it, a number for each dimension, counted from 0.
        index: Vec<usize>,
        /// NaN, or an infinity.
        value: f32,
    },
    /// The weights do not go into the format.
    #[error("the weights for {} do not go into a safetensors file: {cause}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        cause: SafeTensorError,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl CheckpointError {
    fn unread(path: &Path, cause: OpenError) -> Self {
        let path = path.to_owned();
        match cause {
            OpenError::NotRegular(kind) => Self::NotRegular { path, kind },
            OpenError::System(cause) if cause.kind() == io::ErrorKind::NotFound => Self::Absent { path },
            OpenError::System(cause) => Self::Read { path, cause },
        }
    }
}

/// Whether there is a file that may be read; what it holds is not looked at.
pub fn check_there(path: &Path) -> Result<(), CheckpointError> {
    disk::open(path).map(|_| ()).map_err(|cause| CheckpointError::unread(path, cause))
}

/// Dimensions for people: `32x3x5x5`.
fn shape(dims: &[usize]) -> String {
    dims.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

/// An index for people: `3, 0, 2, 2`.
fn list(index: &[usize]) -> String {
    index.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// A safetensors file in memory: of hebb or of anyone.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Where the tensors begin.
    start: usize,
    header: Header,
}

/// A tensor of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its numbers' type, as safetensors names it.
    pub dtype: String,
    /// Its dimensions.
    pub dims: Vec<usize>,
}

impl TensorFile {
    /// Reads a file and checks its header.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let bytes = disk::read(path).map_err(|cause| CheckpointError::unread(path, cause))?;
        let path = path.to_owned();
        match SafeTensors::read_metadata(&bytes) {
            // The header's length takes eight bytes before it.
            Ok((length, header)) => Ok(Self { start: length + 8, path, header, bytes }),
            Err(cause) => Err(CheckpointError::Format { path, cause }),
        }
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The metadata of hebb; an error where there are none.
    pub fn metadata(&self) -> Result<Metadata, CheckpointError> {
        let json = self.hebb().ok_or_else(|| CheckpointError::NoMetadata { path: self.path.clone() })?;
        serde_json::from_str(json).map_err(|cause| CheckpointError::Metadata { path: self.path.clone(), cause })
    }

    /// Whether there are metadata of hebb.
    pub fn has_metadata(&self) -> bool {
        self.hebb().is_some()
    }

    fn hebb(&self) -> Option<&str> {
        self.header.metadata().as_ref()?.get(KEY).map(String::as_str)
    }

    /// Its tensors in the order of the file.
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |name: String| {
            let info = self.header.info(&name)?;
            Some(Entry { dtype: info.dtype.to_string(), dims: info.shape.clone(), name })
        };
        self.header.offset_keys().into_iter().filter_map(entry).collect()
    }

    /// Whether it has a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.header.info(name).is_some()
    }

    /// Whether a tensor holds floats of half precision, which are read as f32.
    pub fn is_half(&self, name: &str) -> bool {
        self.header.info(name).is_some_and(|info| matches!(info.dtype, Dtype::F16 | Dtype::BF16))
    }

    /// A tensor's dimensions, if it is there.
    pub fn dims(&self, name: &str) -> Option<&[usize]> {
        self.header.info(name).map(|info| &info.shape[..])
    }

    /// The numbers of a tensor of floats, which must have these dimensions. F16 and BF16 become f32, exactly.
    pub fn floats(&self, name: &str, wanted: &[usize]) -> Result<Vec<f32>, CheckpointError> {
        let (bytes, dtype) = self.raw(name, wanted, &[Dtype::F32, Dtype::F16, Dtype::BF16])?;
        let pairs = || bytes.as_chunks::<2>().0.iter();
        Ok(match dtype {
            Dtype::F16 => pairs().map(|&pair| f16::from_le_bytes(pair).to_f32()).collect(),
            Dtype::BF16 => pairs().map(|&pair| bf16::from_le_bytes(pair).to_f32()).collect(),
            _ => bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
        })
    }

    /// The same, all of them finite: NaN and infinities, which nothing can be learned from, are refused.
    pub fn finite(&self, name: &str, wanted: &[usize]) -> Result<Vec<f32>, CheckpointError> {
        let values = self.floats(name, wanted)?;
        let Some((at, value)) = values.iter().enumerate().find(|(_, value)| !value.is_finite()) else {
            return Ok(values);
        };
        let mut rest = at;
        let mut index: Vec<usize> = Vec::new();
        for size in wanted.iter().rev() {
            index.push(rest % size);
            rest /= size;
        }
        index.reverse();
        Err(CheckpointError::NotFinite { path: self.path.clone(), name: name.to_owned(), index, value: *value })
    }

    /// A mask, which must have these dimensions: 1 where the file has anything but 0.
    pub fn mask(&self, name: &str, wanted: &[usize]) -> Result<Vec<f32>, CheckpointError> {
        let (bytes, _) = self.raw(name, wanted, &[Dtype::U8])?;
        Ok(bytes.iter().map(|&byte| f32::from(u8::from(byte != 0))).collect())
    }

    fn raw(&self, name: &str, dims: &[usize], dtypes: &[Dtype]) -> Result<(&[u8], Dtype), CheckpointError> {
        let (path, name) = (self.path.clone(), name.to_owned());
        match self.header.info(&name) {
            None => Err(CheckpointError::Missing { path, name, wanted: dims.to_vec() }),
            Some(info) if info.shape != dims => {
                Err(CheckpointError::Shape { path, name, found: info.shape.clone(), wanted: dims.to_vec() })
            }
            Some(info) if !dtypes.contains(&info.dtype) => {
                Err(CheckpointError::Dtype { path, name, found: info.dtype.to_string(), wanted: dtypes[0] })
            }
            Some(TensorInfo { data_offsets: (first, end), dtype, .. }) => {
                Ok((&self.bytes[self.start + first..self.start + end], *dtype))
            }
        }
    }
}
