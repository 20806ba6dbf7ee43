//! What images of each class were taken for.

use hebb_spec::step::Outcome;

use super::planner::PREDICTIONS;

/// An image that a device took for no class.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("an image was taken for class {prediction} of {classes}")]
pub struct ConfusionError {
    /// What the device answered.
    pub prediction: f32,
    /// Number of classes.
    pub classes: usize,
}

/// How often images of each class were taken for each class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<u64>,
}

impl Confusion {
    /// No image yet.
    pub fn new(classes: u32) -> Self {
        let classes = classes as usize;
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// Adds a batch, whose labels are below the number of classes.
    pub fn add(&mut self, labels: &[u16], outcome: &Outcome) -> Result<(), ConfusionError> {
        let classes = self.classes;
        for (&label, &prediction) in labels.iter().zip(outcome.get(PREDICTIONS).unwrap_or_default()) {
            let class = prediction as usize;
            if class as f32 != prediction || class >= classes {
                return Err(ConfusionError { prediction, classes });
            }
            self.counts[usize::from(label) * classes + class] += 1;
        }
        Ok(())
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Each class's row: how often its images were taken for class 0, 1, ….
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks(self.classes.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(predictions: &[f32]) -> Outcome {
        Outcome { step: 0, images: 2, readouts: vec![(PREDICTIONS.to_owned(), predictions.to_vec())] }
    }

    #[test]
    fn images_are_counted_by_label_and_prediction() {
        let mut confusion = Confusion::new(3);
        confusion.add(&[2, 0], &outcome(&[1.0, 0.0, 0.0, 0.0])).unwrap();
        confusion.add(&[2, 2], &outcome(&[1.0, 2.0])).unwrap();
        let rows: Vec<&[u64]> = confusion.rows().collect();
        assert_eq!(rows, [[1, 0, 0], [0, 0, 0], [0, 2, 1]]);
        assert_eq!(confusion.classes(), 3);
    }

    #[test]
    fn what_is_no_class_is_an_error() {
        for prediction in [3.0, -1.0, 0.5, f32::NAN] {
            let error = Confusion::new(3).add(&[0], &outcome(&[prediction])).unwrap_err();
            assert_eq!(error.to_string(), format!("an image was taken for class {prediction} of 3"));
        }
    }
}
