//! The images that a command lays a network out for: a data set's, or of a shape alone.

use anyhow::Result;
use hebb_data::{Dataset, Outline, Source};
use hebb_spec::Shape;

use crate::args::ImageArgs;
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
