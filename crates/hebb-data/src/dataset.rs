//! Images with their labels, in memory, and how training and validation share them.

use hebb_spec::Shape;

use crate::DataError;

/// Validation images when nothing else is asked for; a tenth of the training records where those are fewer.
const DEFAULT_VALIDATION: usize = 5_000;

/// One half of a data set: images of one shape, each with a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    record: usize,
    images: Vec<u8>,
    labels: Vec<u16>,
}

impl Split {
    /// Images of `shape` one behind another (channel, row, column within each) and as many labels.
    pub fn new(shape: Shape, images: Vec<u8>, labels: Vec<u16>) -> Result<Self, DataError> {
        let record = shape.units() as usize;
        if labels.len().checked_mul(record) != Some(images.len()) {
            return Err(DataError::SplitLengths { bytes: images.len(), labels: labels.len(), shape });
        }
        Ok(Self { record, images, labels })
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// All images: image, channel, row, column.
    pub fn images(&self) -> &[u8] {
        &self.images
    }

    /// All labels.
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// Image `index`: channel, row, column. Panics past the end, as a slice does.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.images[index * self.record..][..self.record]
    }

    /// Replaces `out` by the images at `indices`, one behind another. Panics past the end, as a slice does.
    pub fn copy_records(&self, indices: &[u32], out: &mut Vec<u8>) {
        out.clear();
        out.reserve(indices.len() * self.record);
        for &index in indices {
            out.extend_from_slice(self.image(index as usize));
        }
    }
}

/// A data set: training and test images of one shape, and what their labels mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// What it is called, without a place: `cifar10`.
    pub name: String,
    /// The shape of every image.
    pub shape: Shape,
    /// The name of each class, in the order of the labels.
    pub class_names: Vec<String>,
    /// Images to train on; the last of them are kept for validation.
    pub train: Split,
    /// Images to test on.
    pub test: Split,
}

impl Dataset {
    /// Checks that every label has a class, and that both splits hold images of `shape`.
    pub fn new(
        name: impl Into<String>,
        shape: Shape,
        class_names: Vec<String>,
        train: Split,
        test: Split,
    ) -> Result<Self, DataError> {
        for split in [&train, &test] {
            if split.record != shape.units() as usize {
                return Err(DataError::SplitLengths { bytes: split.images.len(), labels: split.len(), shape });
            }
            let classes = class_names.len();
            if let Some(record) = split.labels.iter().position(|&label| usize::from(label) >= classes) {
                return Err(DataError::SplitLabel { record, label: split.labels[record], classes });
            }
        }
        Ok(Self { name: name.into(), shape, class_names, train, test })
    }

    /// Number of classes.
    pub fn classes(&self) -> u32 {
        self.class_names.len() as u32
    }
}

/// How many of the last training records are for validation: `requested`, or 5,000 but at most a tenth.
pub fn validation_split(train_len: usize, requested: Option<usize>) -> Result<usize, DataError> {
    let validation = requested.unwrap_or(DEFAULT_VALIDATION.min(train_len / 10));
    if validation >= train_len {
        return Err(DataError::Validation { requested: validation, train_len });
    }
    Ok(validation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(labels: &[u16]) -> Split {
        let images = (0..labels.len() * 4).map(|byte| byte as u8).collect();
        Split::new(Shape::new(1, 2, 2), images, labels.to_vec()).unwrap()
    }

    fn dataset(shape: Shape, train: &[u16], test: &[u16]) -> Result<Dataset, DataError> {
        Dataset::new("tiny", shape, vec!["a".into(), "b".into()], split(train), split(test))
    }

    #[test]
    fn a_split_gives_its_images_singly_and_by_index() {
        let split = split(&[0, 1, 1]);
        assert_eq!((split.len(), split.is_empty(), split.labels()), (3, false, &[0, 1, 1][..]));
        assert_eq!(split.image(1), [4, 5, 6, 7]);
        let mut batch = vec![99];
        split.copy_records(&[2, 0], &mut batch);
        assert_eq!(batch, [8, 9, 10, 11, 0, 1, 2, 3]);
    }

    #[test]
    fn lengths_that_disagree_are_refused() {
        let error = Split::new(Shape::new(1, 2, 2), vec![0; 7], vec![0; 2]).unwrap_err();
        assert_eq!(error.to_string(), "7 bytes of images are not 2 images of 1x2x2: give one label for each image");
        let error = dataset(Shape::new(1, 2, 3), &[0], &[0]).unwrap_err();
        assert_eq!(error.to_string(), "4 bytes of images are not 1 images of 1x2x3: give one label for each image");
    }

    #[test]
    fn labels_need_a_class() {
        assert_eq!(dataset(Shape::new(1, 2, 2), &[0, 1], &[1]).unwrap().classes(), 2);
        let error = dataset(Shape::new(1, 2, 2), &[0], &[1, 2]).unwrap_err();
        assert_eq!(error.to_string(), "record 1 has label 2, but there are 2 classes: labels run from 0 to 1");
    }

    #[test]
    fn validation_is_the_last_five_thousand_but_at_most_a_tenth() {
        assert_eq!(validation_split(50_000, None).unwrap(), 5_000);
        assert_eq!(validation_split(60_000, None).unwrap(), 5_000);
        assert_eq!(validation_split(1_009, None).unwrap(), 100);
        assert_eq!(validation_split(1, None).unwrap(), 0);
        assert_eq!(validation_split(100, Some(99)).unwrap(), 99);
        assert_eq!(validation_split(100, Some(0)).unwrap(), 0);
    }

    #[test]
    fn validation_must_leave_something_to_train_on() {
        let error = validation_split(100, Some(100)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "100 validation records leave nothing to train on, for there are only 100 training records: ask for fewer"
        );
        assert!(validation_split(0, None).is_err());
    }
}
