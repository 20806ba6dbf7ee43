//! Data as a program holds it: images with labels, in three parts.

use std::ops::Range;
use std::sync::Arc;

use hebb_data::{Dataset, Split, validation_split};
use hebb_engine::records::{Gathered, Records};
use hebb_spec::Shape;

use crate::Result;

/// A data set in three parts. The validation images are the last of the training images.
#[derive(Debug, Clone)]
pub struct Data {
    /// What it is called, without a place.
    pub name: String,
    /// Shape of an image.
    pub shape: Shape,
    /// The name of each class.
    pub class_names: Vec<String>,
    /// Images to learn from.
    pub train: Part,
    /// Images kept for validation.
    pub validation: Part,
    /// Images to test on.
    pub test: Part,
}

/// A part of a data set. Clones share its images.
#[derive(Debug, Clone)]
pub struct Part {
    set: Arc<Dataset>,
    is_test: bool,
    range: Range<usize>,
}

impl Data {
    /// Reads or generates the data that a DATA text names, as in `shapes`, `cifar10:DIR`, `folder:DIR`.
    pub fn load(text: &str) -> Result<Self> {
        Self::from_set(hebb_data::load(text)?)
    }

    /// A data set, with 5,000 images for validation, but at most a tenth.
    pub fn from_set(set: Dataset) -> Result<Self> {
        let kept = validation_split(set.train.len(), None)?;
        Ok(Self::parts(Arc::new(set), kept))
    }

    /// Images of `shape` one after another (channel, row, column within each) and a label for each: those to learn from,
    /// and those to test on. There are as many classes as the labels tell.
    pub fn from_arrays(shape: Shape, train: (Vec<u8>, Vec<u16>), test: (Vec<u8>, Vec<u16>)) -> Result<Self> {
        let classes = train.1.iter().chain(&test.1).max().map_or(0, |&label| usize::from(label) + 1);
        let names = (0..classes).map(|class| class.to_string()).collect();
        let split = |(images, labels)| Split::new(shape, images, labels);
        Self::from_set(Dataset::new("arrays", shape, names, split(train)?, split(test)?)?)
    }

    /// The same data with another number of images kept for validation.
    pub fn validation(self, images: usize) -> Result<Self> {
        let kept = validation_split(self.train.set.train.len(), Some(images))?;
        Ok(Self::parts(self.train.set, kept))
    }

    fn parts(set: Arc<Dataset>, kept: usize) -> Self {
        let (all, test) = (set.train.len(), set.test.len());
        let part = |is_test, range| Part { set: Arc::clone(&set), is_test, range };
        Self {
            name: set.name.clone(),
            shape: set.shape,
            class_names: set.class_names.clone(),
            train: part(false, 0..all - kept),
            validation: part(false, all - kept..all),
            test: part(true, 0..test),
        }
    }

    /// Number of classes.
    pub fn classes(&self) -> u32 {
        self.class_names.len() as u32
    }
}

impl Part {
    fn split(&self) -> &Split {
        if self.is_test { &self.set.test } else { &self.set.train }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The labels.
    pub fn labels(&self) -> &[u16] {
        &self.split().labels()[self.range.clone()]
    }
}

impl Records for Part {
    fn count(&self) -> usize {
        self.len()
    }

    fn gather(&self, epoch: u32, indices: &[u32], into: &mut Gathered) {
        let first = self.range.start as u32;
        let records: Vec<u32> = indices.iter().map(|index| first + index).collect();
        self.split().gather(epoch, &records, into);
    }
}
