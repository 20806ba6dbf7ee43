//! What can be wrong with data.

use std::io;
use std::path::PathBuf;

use hebb_spec::Shape;

/// Why data cannot be had, in one sentence: what, where, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A DATA text of no known form.
    #[error("unknown data '{text}': write one of {forms}")]
    Unknown {
        /// The text.
        text: String,
        /// The known forms.
        forms: String,
    },
    /// `shapes:SEED` with something that is no seed.
    #[error("'{text}' is no seed for shapes: write a whole number from 0 to 18446744073709551615, as in shapes:1")]
    Seed {
        /// The text after the colon.
        text: String,
    },
    /// `gaussian:` with something that is none.
    #[error(
        "'{text}' is no Gaussian: {problem}; write variances, as in gaussian:4,1,.25, or the rows of a covariance, as in gaussian:2,1/1,2"
    )]
    Gaussian {
        /// The text after the colon.
        text: String,
        /// What is wrong.
        problem: String,
    },
    /// Patches of what is no image.
    #[error("a patch of {patch}x{patch} is cut from images, and a Gaussian has none: leave it out")]
    PatchOfGaussian {
        /// Its side.
        patch: u32,
    },
    /// A patch larger than its image.
    #[error("a patch of {patch}x{patch} does not fit into images of {shape}: take a smaller one")]
    Patch {
        /// Its side.
        patch: u32,
        /// The shape of an image.
        shape: Shape,
    },
    /// Vectors too long for their components to be found.
    #[error("vectors of {shape} have more than {most} numbers, which are too many to whiten: take smaller patches")]
    Whiten {
        /// Their shape.
        shape: Shape,
        /// The most that are whitened.
        most: u32,
    },
    /// `cifar10:` or `folder` without a folder.
    #[error("'{text}' names no folder: write {name}:DIR with the folder that has the files")]
    NoFolder {
        /// The text.
        text: String,
        /// The data's name.
        name: &'static str,
    },
    /// A bare name, and the download cache has no such folder.
    #[error(
        "no {name} in the download cache, {}: run `hebb data fetch {fetch}` or pass {name}:DIR with the folder that has the files",
        path.display()
    )]
    NotInCache {
        /// The data's name.
        name: &'static str,
        /// What to fetch for it.
        fetch: &'static str,
        /// Where it would be.
        path: PathBuf,
    },
    /// A bare name, and nothing says where the download cache is.
    #[error("{name} alone means the download cache, but HEBB_DATA, XDG_CACHE_HOME and HOME are unset: pass {name}:DIR")]
    NoCache {
        /// The data's name.
        name: &'static str,
    },
    /// The folder does not exist, or is none.
    #[error("there is no folder {}: pass the folder that has the data's files", path.display())]
    MissingFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the set is absent.
    #[error("there is no {file} in {}: pass the folder that the archive unpacks to", folder.display())]
    MissingFile {
        /// The file's name.
        file: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The operating system would not read a file.
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
    /// A gzipped file that does not unpack.
    #[error("{} does not unpack as gzip ({cause}): it is truncated or damaged, fetch it again", path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        cause: io::Error,
    },
    /// No record at all.
    #[error("{} holds no record: fetch it again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A file that ends within a record.
    #[error(
        "{} has {bytes} bytes, which is no multiple of a record's {record}: it is truncated or of another kind, fetch it again",
        path.display()
    )]
    PartialRecord {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: usize,
        /// The size of a record.
        record: usize,
    },
    /// A label without a class.
    #[error(
        "record {record} of {} has label {label}, but the {classes} classes run from 0 to {}: check that the file is of this data",
        path.display(), classes - 1
    )]
    LabelRange {
        /// The file.
        path: PathBuf,
        /// The record, counted from 0.
        record: usize,
        /// Its label.
        label: u8,
        /// Number of classes.
        classes: usize,
    },
    /// An idx file that begins with another number.
    #[error(
        "{} begins with {found:#010x}, not {expected:#010x}: it is no idx file of {what}",
        path.display()
    )]
    IdxMagic {
        /// The file.
        path: PathBuf,
        /// What it begins with.
        found: u32,
        /// What it should begin with.
        expected: u32,
        /// Images or labels.
        what: &'static str,
    },
    /// An idx file of images of another size.
    #[error("{} holds images of {rows}x{columns}, not 28x28: it is not of this data", path.display())]
    IdxShape {
        /// The file.
        path: PathBuf,
        /// Rows it gives.
        rows: u32,
        /// Columns it gives.
        columns: u32,
    },
    /// An idx file that ends within its header.
    #[error("{} has {bytes} bytes, but an idx file of {what} begins with a header of {header}: fetch it again", path.display())]
    IdxHeader {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: usize,
        /// The size of a header.
        header: usize,
        /// Images or labels.
        what: &'static str,
    },
    /// An idx file with fewer or more bytes than its header says.
    #[error("{} should hold {expected} bytes by its header, but holds {found}: fetch it again", path.display())]
    IdxSize {
        /// The file.
        path: PathBuf,
        /// Bytes by the header, the header included.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Images and labels of different number.
    #[error(
        "{} has {images} images, but {} has {labels} labels: the two files are not of one set",
        images_path.display(), labels_path.display()
    )]
    IdxCounts {
        /// The file of images.
        images_path: PathBuf,
        /// Its number of images.
        images: usize,
        /// The file of labels.
        labels_path: PathBuf,
        /// Its number of labels.
        labels: usize,
    },
    /// A split whose lengths disagree.
    #[error("{bytes} bytes of images are not {labels} images of {shape}: give one label for each image")]
    SplitLengths {
        /// Bytes of images.
        bytes: usize,
        /// Number of labels.
        labels: usize,
        /// The shape of an image.
        shape: Shape,
    },
    /// A label of a split without a class.
    #[error("record {record} has label {label}, but there are {classes} classes: labels run from 0 to {}", classes - 1)]
    SplitLabel {
        /// The record, counted from 0.
        record: usize,
        /// Its label.
        label: u16,
        /// Number of classes.
        classes: usize,
    },
    /// A validation set as large as the training set.
    #[error(
        "{requested} validation records leave nothing to train on, for there are only {train_len} training records: ask for fewer"
    )]
    Validation {
        /// What was asked for.
        requested: usize,
        /// Training records there are.
        train_len: usize,
    },
    /// A contact sheet larger than memory or format.
    #[error(
        "a sheet of {width} x {height} pixels for {classes} classes is more than the memory holds: preview data of fewer classes"
    )]
    Sheet {
        /// Its width.
        width: u64,
        /// Its height.
        height: u64,
        /// Number of classes.
        classes: usize,
    },
    /// An image file that cannot be written.
    #[error("cannot write {}: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A folder of images without classes.
    #[error(
        "{} has {found} sub-folders of images: give it 2 to 65,536, one a class, or train/ and test/ with such",
        path.display()
    )]
    Classes {
        /// The folder.
        path: PathBuf,
        /// Sub-folders there are.
        found: usize,
    },
    /// A folder beside train/ and test/.
    #[error("{} stands beside train/ and test/, where no class can: move it away", path.display())]
    Beside {
        /// The folder.
        path: PathBuf,
    },
    /// A class that only one of train/ and test/ has.
    #[error("there is no {}, though {} is a class: give train/ and test/ the same classes", absent.display(), present.display())]
    ClassSets {
        /// The class's folder that is there.
        present: PathBuf,
        /// The one that is not.
        absent: PathBuf,
    },
    /// A class without images.
    #[error("{} holds no image: add some, or remove the folder", path.display())]
    EmptyClass {
        /// The class's folder.
        path: PathBuf,
    },
    /// A folder in a class's folder.
    #[error("{} is a folder among a class's images: move its images up or away", path.display())]
    Nested {
        /// The folder.
        path: PathBuf,
    },
    /// A name that is no text.
    #[error("the name of {} is no valid Unicode: rename it", path.display())]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
    /// A file that is no image, or a damaged one.
    #[error("cannot read {} as a PNG, JPEG or BMP image ({cause}): mend it, convert it or move it away", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        cause: String,
    },
    /// An image of another size than somebody takes.
    #[error("{} has {}x{} pixels, not {}x{}", path.display(), size.0, size.1, wanted.0, wanted.1)]
    OtherSize {
        /// The file.
        path: PathBuf,
        /// Its columns and rows.
        size: (u32, u32),
        /// Those that are taken.
        wanted: (u32, u32),
    },
    /// More or fewer channels than image files have.
    #[error("{}: an image file has 1 or 3 channels, never {channels}", path.display())]
    Channels {
        /// The file.
        path: PathBuf,
        /// The channels that are taken.
        channels: u32,
    },
    /// Images of different sizes.
    #[error(
        "{} has {}x{} pixels, but {} has {}x{}: bring all images to one size",
        path.display(), size.0, size.1, first.display(), first_size.0, first_size.1
    )]
    ImageSize {
        /// The file.
        path: PathBuf,
        /// Its width and height.
        size: (u32, u32),
        /// The first image.
        first: PathBuf,
        /// Its width and height.
        first_size: (u32, u32),
    },
    /// More images than memory.
    #[error("{images} images of {shape} in {} are more than the memory holds: take fewer or smaller ones", path.display())]
    Memory {
        /// The folder.
        path: PathBuf,
        /// Number of images.
        images: usize,
        /// Their shape.
        shape: Shape,
    },
}
