//! What a training leaves out, which its user may not expect.

use hebb_data::Dataset;
use hebb_engine::job::Job;

use crate::output::{self, grouped, plain};

/// Most names of classes in a message.
const NAMES: usize = 3;

/// Tells of images that no batch holds, and of classes without an image to train on.
pub fn tell(job: &Job<'_>, data: &Dataset) {
    images(job).into_iter().chain(classes(job, data)).for_each(|text| output::note(&text));
}

fn images(job: &Job<'_>) -> Option<String> {
    let left = job.records % job.settings.batch as usize;
    let (left, records) = (grouped(left as u64), grouped(job.records as u64));
    // A run that ends within its first epoch leaves out more than these.
    (left != "0" && job.total_steps >= job.epoch_steps).then(|| {
        format!(
            "the last {left} of the {records} training images of each epoch are left out: they fill no batch of {}",
            job.settings.batch
        )
    })
}

fn classes(job: &Job<'_>, data: &Dataset) -> Option<String> {
    let mut seen = vec![false; data.class_names.len()];
    data.train.labels()[..job.records].iter().for_each(|&label| seen[usize::from(label)] = true);
    let names = data.class_names.iter().zip(seen).filter(|(_, seen)| !seen).map(|(name, _)| plain(name));
    let names: Vec<String> = names.collect();
    let more = match names.len().saturating_sub(NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!names.is_empty()).then(|| {
        format!(
            "no image to train on is of class {}{more}: add some, or keep fewer with --validation",
            names[..names.len().min(NAMES)].join(", ")
        )
    })
}
