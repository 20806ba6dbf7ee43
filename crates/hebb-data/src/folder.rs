//! Folders of images: one sub-folder a class, or `train/` and `test/` with such.
//!
//! Names are sorted, hidden files passed over, so that a folder means the same on every system. Files beside the
//! classes' folders do not count. Images have one channel if all files say that they are grey (no BMP does), else three;
//! alpha is left out.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use hebb_spec::Shape;
use hebb_spec::rng::{Purpose, Stream};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::disk::{self, OpenError};
use crate::{DataError, Dataset, Split, png, validation_split};

/// What such data are called.
pub(crate) const NAME: &str = "folder";

/// The most classes that labels of 16 bits tell apart.
const MOST_CLASSES: usize = 1 << 16;
/// The longest side, as in a shape that is written.
const LONGEST: u32 = 65_535;
/// The most bytes that an image may unpack to, for a file of a few hundred can claim more than any memory holds.
const MOST_BYTES: u64 = 64 << 20;
/// So many times its bytes a decoder may hold beside an image: JPEG's coefficients, and the same image in other channels.
const BESIDE: usize = 4;
/// Without `test/`, one image in so many is to test on, at least one.
const TEST_SHARE: usize = 6;
/// What systems leave in a folder of images, beside names with a dot.
const HIDDEN: [&str; 2] = ["Thumbs.db", "desktop.ini"];

/// One image file and its class.
#[derive(Debug)]
struct Image {
    path: PathBuf,
    label: u16,
}

/// What a folder holds, by the names and the heads of its files.
#[derive(Debug)]
pub(crate) struct Survey {
    /// Shape of an image.
    pub shape: Shape,
    /// Names of the classes.
    pub class_names: Vec<String>,
    /// Whether version 0.1 had them in another order.
    pub is_reordered: bool,
    train: Vec<Image>,
    test: Vec<Image>,
}

impl Survey {
    /// Training images.
    pub fn records(&self) -> usize {
        self.train.len()
    }

    /// Bytes of all images, as they are held.
    pub fn bytes(&self) -> u64 {
        (self.train.len() + self.test.len()) as u64 * u64::from(self.shape.units())
    }

    /// Reads all images of the folder that was looked at.
    pub fn load(self, folder: &Path) -> Result<Dataset, DataError> {
        let reading = Reading { shape: self.shape, is_scaled: false };
        let (train, test) = (decode(folder, reading, &self.train)?, decode(folder, reading, &self.test)?);
        Dataset::new(NAME, self.shape, self.class_names, train, test)
    }

    /// Reads the first training images of each class, so many of each, none with a side longer than so many pixels: each
    /// is scaled down as it is read, so that the memory holds one large image at most.
    pub fn sample(mut self, folder: &Path, each: usize, longest: u32) -> Result<Dataset, DataError> {
        let mut taken = vec![0; self.class_names.len()];
        self.train.retain(|image| {
            let taken = &mut taken[usize::from(image.label)];
            *taken += 1;
            *taken <= each
        });
        let shape = scaled(self.shape, longest);
        let train = decode(folder, Reading { shape, is_scaled: shape != self.shape }, &self.train)?;
        Dataset::new(NAME, shape, self.class_names, train, Split::new(shape, Vec::new(), Vec::new())?)
    }
}

/// How an image is read.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// The shape that comes of it.
    shape: Shape,
    /// Whether it is scaled down to that.
    is_scaled: bool,
}

/// A shape scaled down so that no side is longer than so many pixels.
fn scaled(shape: Shape, longest: u32) -> Shape {
    let side = shape.height.max(shape.width);
    if side <= longest {
        return shape;
    }
    let scale = |length: u32| (u64::from(length) * u64::from(longest) / u64::from(side)).max(1) as u32;
    Shape::new(shape.channels, scale(shape.height), scale(shape.width))
}

/// Looks at every image's head.
pub(crate) fn survey(folder: &Path) -> Result<Survey, DataError> {
    if !folder.is_dir() {
        return Err(DataError::MissingFolder { path: folder.to_owned() });
    }
    let top = sub_folders(folder)?;
    let is_there = |name: &str| top.iter().any(|other| other == name);
    if !(is_there("train") && is_there("test")) {
        let mut train = shuffle(images(folder, &top)?);
        let kept = train.len() - (train.len() / TEST_SHARE).max(1);
        let is_reordered = serve(&mut train, kept, top.len())?;
        let test = train.split_off(kept);
        return Ok(Survey { shape: common_shape(&train, &test)?, class_names: top, is_reordered, train, test });
    }
    if let Some(other) = top.iter().find(|name| !["train", "test"].contains(&name.as_str())) {
        return Err(DataError::Beside { path: folder.join(other) });
    }
    let [train_folder, test_folder] = ["train", "test"].map(|name| folder.join(name));
    let (class_names, test_names) = (sub_folders(&train_folder)?, sub_folders(&test_folder)?);
    same_classes((&train_folder, &class_names), (&test_folder, &test_names))?;
    let (mut train, test) = (shuffle(images(&train_folder, &class_names)?), images(&test_folder, &class_names)?);
    let all = train.len();
    let is_reordered = serve(&mut train, all, class_names.len())?;
    Ok(Survey { shape: common_shape(&train, &test)?, class_names, is_reordered, train, test })
}

fn same_classes(train: (&Path, &[String]), test: (&Path, &[String])) -> Result<(), DataError> {
    for (one, other) in [(train, test), (test, train)] {
        if let Some(class) = one.1.iter().find(|class| !other.1.contains(class)) {
            return Err(DataError::ClassSets { present: one.0.join(class), absent: other.0.join(class) });
        }
    }
    Ok(())
}

/// Names of what stands in a folder, sorted by their bytes, without what is hidden.
fn names(folder: &Path) -> Result<Vec<String>, DataError> {
    let failed = |cause| DataError::Read { path: folder.to_owned(), cause };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.into_string().map_err(|name| DataError::Name { path: folder.join(name) })?;
        if !name.starts_with('.') && !HIDDEN.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn sub_folders(folder: &Path) -> Result<Vec<String>, DataError> {
    Ok(names(folder)?.into_iter().filter(|name| folder.join(name).is_dir()).collect())
}

/// Every class's images, class by class.
fn images(folder: &Path, classes: &[String]) -> Result<Vec<Image>, DataError> {
    if !(2..=MOST_CLASSES).contains(&classes.len()) {
        return Err(DataError::Classes { path: folder.to_owned(), found: classes.len() });
    }
    let mut images = Vec::new();
    for (label, class) in (0..=u16::MAX).zip(classes) {
        let class = folder.join(class);
        let files = names(&class)?;
        if files.is_empty() {
            return Err(DataError::EmptyClass { path: class });
        }
        images.extend(files.into_iter().map(|file| Image { path: class.join(file), label }));
    }
    match images.iter().find(|image| image.path.is_dir()) {
        Some(image) => Err(DataError::Nested { path: image.path.clone() }),
        None => Ok(images),
    }
}

/// The same order on every machine and in every run: validation takes the last images, which must not be of one class.
fn shuffle(images: Vec<Image>) -> Vec<Image> {
    let order = Stream::new(0, Purpose::Folder, 0, 0).permutation(images.len() as u32);
    let mut images: Vec<Option<Image>> = images.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| images[index as usize].take()).collect()
}

/// Sees to it that each class has an image to train on, if the first `kept` ones are for training and validation: then the
/// first of each class comes to the front. Where each has one by itself the order stays, as version 0.1 had it. Whether
/// it changed.
fn serve(images: &mut Vec<Image>, kept: usize, classes: usize) -> Result<bool, DataError> {
    let first = kept - validation_split(kept, None)?;
    let labels = |images: &[Image]| images.iter().map(|image| image.label).collect::<BTreeSet<u16>>().len();
    if labels(&images[..first]) == classes {
        return Ok(false);
    }
    let before: Vec<PathBuf> = images.iter().map(|image| image.path.clone()).collect();
    let mut seen = BTreeSet::new();
    let (mut front, rest): (Vec<Image>, Vec<Image>) = images.drain(..).partition(|image| seen.insert(image.label));
    front.extend(rest);
    *images = front;
    Ok(images.iter().map(|image| &image.path).ne(&before))
}

/// The shape of every image, by the files' heads.
fn common_shape(train: &[Image], test: &[Image]) -> Result<Shape, DataError> {
    // In the order of their paths, so that an error names the same two images as the user's own listing.
    let mut paths: Vec<&Path> = train.iter().chain(test).map(|image| image.path.as_path()).collect();
    paths.sort_unstable();
    let (mut first, mut colour) = (None, false);
    for path in paths {
        let decoder = open(path)?.into_decoder().map_err(|error| failed(path, error))?;
        let size = decoder.dimensions();
        let (first, first_size) = *first.get_or_insert((path, size));
        if size != first_size {
            let (path, first) = (path.to_owned(), first.to_owned());
            return Err(DataError::ImageSize { path, size, first, first_size });
        }
        check_size(path, &decoder)?;
        colour |= decoder.color_type().has_color();
    }
    // No class is empty, so there was a first.
    let (width, height) = first.map_or((0, 0), |(_, size)| size);
    Ok(Shape::new(if colour { 3 } else { 1 }, height, width))
}

fn decode(folder: &Path, reading: Reading, listed: &[Image]) -> Result<Split, DataError> {
    let shape = reading.shape;
    let mut images: Vec<u8> = Vec::new();
    let fits =
        listed.len().checked_mul(shape.units() as usize).is_some_and(|all| images.try_reserve_exact(all).is_ok());
    let short = || DataError::Memory { path: folder.to_owned(), images: listed.len(), shape };
    if !fits {
        return Err(short());
    }
    for Image { path, .. } in listed {
        let decoder = open(path)?.into_decoder().map_err(|error| failed(path, error))?;
        // Asked for and given back, for a decoder takes what it needs without asking.
        let beside = usize::try_from(decoder.total_bytes()).ok().and_then(|bytes| bytes.checked_mul(BESIDE));
        if beside.is_none_or(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_err()) {
            return Err(short());
        }
        let mut image = DynamicImage::from_decoder(decoder).map_err(|error| failed(path, error))?;
        if reading.is_scaled {
            image = image.thumbnail_exact(shape.width, shape.height);
        }
        channels(image, shape.channels, &mut images);
    }
    Split::new(shape, images, listed.iter().map(|image| image.label).collect())
}

/// Adds an image's bytes: grey ones, or red, then green, then blue ones.
pub(crate) fn channels(image: DynamicImage, channels: u32, bytes: &mut Vec<u8>) {
    if channels == 1 {
        bytes.extend(image.into_luma8().as_raw());
    } else {
        let image = image.into_rgb8();
        (0..3).for_each(|channel| bytes.extend(image.as_raw().iter().skip(channel).step_by(3)));
    }
}

/// An image's decoder, once its head is read and claims no more than is taken.
pub(crate) fn decoder(path: &Path) -> Result<impl ImageDecoder, DataError> {
    let decoder = open(path)?.into_decoder().map_err(|error| failed(path, error))?;
    check_size(path, &decoder)?;
    Ok(decoder)
}

fn check_size(path: &Path, decoder: &impl ImageDecoder) -> Result<(), DataError> {
    let (width, height) = decoder.dimensions();
    if width.max(height) > LONGEST || decoder.total_bytes() > MOST_BYTES {
        return Err(failed(path, format!("{width}x{height} pixels are too many")));
    }
    Ok(())
}

/// Opens an image whose format its content tells, whatever its name says.
fn open(path: &Path) -> Result<ImageReader<BufReader<File>>, DataError> {
    let file = disk::open(path).map_err(|cause| match cause {
        OpenError::NotRegular(kind) => DataError::NotRegular { path: path.to_owned(), kind },
        OpenError::System(cause) => failed(path, cause),
    })?;
    let mut file = BufReader::new(file);
    if !png::has_whole_palette(&mut file).map_err(|cause| failed(path, cause))? {
        return Err(failed(path, "its palette ends within a colour"));
    }
    let mut reader = ImageReader::new(file);
    let mut limits = Limits::default();
    // Of all that a head holds, such as a colour profile that is packed.
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    // What the name says counts where the content says nothing.
    if let Ok(format) = ImageFormat::from_path(path) {
        reader.set_format(format);
    }
    reader.with_guessed_format().map_err(|error| failed(path, error))
}

pub(crate) fn failed(path: &Path, cause: impl ToString) -> DataError {
    DataError::Image { path: path.to_owned(), cause: cause.to_string() }
}
