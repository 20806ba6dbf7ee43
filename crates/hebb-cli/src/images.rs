//! The images that a command lays a network out for: a data set's, or of a shape alone.

use std::ops::Range;

use anyhow::{Context, Result};
use hebb_data::{Dataset, Outline, Source, Split, validation_split};
use hebb_spec::Shape;

use crate::args::{ImageArgs, SplitName};
use crate::memory;

/// The images where nothing is said of them: CIFAR's.
pub const DEFAULT_INPUT: Shape = Shape::new(3, 32, 32);
/// The classes where nothing is said of them.
pub const DEFAULT_CLASSES: u32 = 10;

/// Images of which shape and classes are known.
pub struct Images {
    /// Shape of an image.
    pub input: Shape,
    /// Number of classes.
    pub classes: u32,
    /// The data set, where one was named. No image of it has been read.
    pub data: Option<Outline>,
}

/// Reads all of the data that a text names, where the memory holds them.
pub fn load(outline: Outline, text: &str) -> Result<Dataset> {
    memory::ask(&format!("to hold the images of {text}"), outline.bytes(), "take fewer or smaller ones")?;
    Ok(outline.load()?)
}

/// Data that nobody named just now, in words: whose they are, and where from their place counts.
pub fn trained_on(text: &str) -> String {
    let counts = match text.parse::<Source>() {
        Ok(source) if source.is_relative() => ", a place that counts from the current folder",
        _ => "",
    };
    format!("was trained on {text}{counts} (--data may name another place)")
}

/// Shape and classes as asked for, or those of the data set that is named.
pub fn images(args: &ImageArgs) -> Result<Images> {
    let data = args.data.as_deref().map(|text| text.parse::<Source>()?.outline()).transpose()?;
    let (input, classes) = match &data {
        Some(data) => (data.shape, data.classes),
        None => (args.input.unwrap_or(DEFAULT_INPUT), args.classes.unwrap_or(DEFAULT_CLASSES)),
    };
    Ok(Images { input, classes, data })
}

/// A part of a data set: the split that holds it, and where it stands there.
pub fn part(split: SplitName, validation: Option<usize>, data: &Dataset) -> Result<(&Split, Range<usize>)> {
    if split == SplitName::Test {
        return Ok((&data.test, 0..data.test.len()));
    }
    let records = data.train.len() - validation_split(data.train.len(), validation).context("--validation")?;
    let range = if split == SplitName::Train { 0..records } else { records..data.train.len() };
    Ok((&data.train, range))
}
