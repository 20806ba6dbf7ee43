//! What a step brings to a backend, and what comes back.

/// A step's numbers for an input tensor, image by image: as many images as the step has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Numbers<'a> {
    /// Of images.
    Bytes(&'a [u8]),
    /// Of labels.
    Classes(&'a [u16]),
    /// Of activity.
    Floats(&'a [f32]),
}

impl Numbers<'_> {
    /// How many.
    pub const fn len(&self) -> usize {
        match self {
            Numbers::Bytes(values) => values.len(),
            Numbers::Classes(values) => values.len(),
            Numbers::Floats(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What changes from step to step.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The run's seed.
    pub seed: u64,
    /// Where in the run the batch stands: addresses what is drawn anew each step.
    pub step: u32,
    /// Images in the batch, at most the plan's; the rest is padding.
    pub images: u32,
    /// The finished factors of what learns, such as η over the batch; as many as the plan has rates.
    pub rates: &'a [f32],
    /// Each input tensor of the plan by its name.
    pub inputs: &'a [(&'a str, Numbers<'a>)],
}

/// What a list's readouts held after one submission.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The step.
    pub step: u32,
    /// Images in its batch.
    pub images: u32,
    /// Each readout's name and numbers.
    pub readouts: Vec<(String, Vec<f32>)>,
}

impl Outcome {
    /// A readout's numbers.
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.readouts.iter().find(|(other, _)| other == name).map(|(_, values)| &values[..])
    }
}
