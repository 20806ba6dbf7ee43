//! Runs that are looked at: what stands in their folders, and what their networks make of images.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail, ensure};
use hebb::Device;
use hebb_data::{Dataset, Source};
use hebb_engine::run::RunError;
use hebb_engine::view::View;
use hebb_lab::html::{Part, Seen, Subject};
use hebb_lab::probe::Probe;
use hebb_lab::trained::Trained;
use hebb_systems::layered::Model;

use crate::args::{LookArgs, SplitName};
use crate::device;
use crate::images;

/// Images that a network is shown at once.
pub const BATCH: u32 = 100;

/// What stands in a run's folder. It need not have ended.
pub fn view(path: &Path) -> Result<View> {
    View::read(path).map_err(|error| match error {
        RunError::Absent { .. } => anyhow!("{error}: name the folder of a run"),
        RunError::NoSettings { .. } => anyhow!("{error}: restore it, or name another run"),
        // What helps a training is of no use here.
        error => anyhow!("{error}"),
    })
}

/// The images by which a network is judged: those asked for, else those kept for validation, else those of the test.
pub fn part<'a>(split: Option<SplitName>, validation: Option<usize>, data: &'a Dataset) -> Result<Part<'a>> {
    let of = |name: SplitName| -> Result<Part<'a>> {
        let (split, range) = images::part(name, validation, data)?;
        Ok(Part { name: name.name(), split, range, classes: &data.class_names })
    };
    let part = of(split.unwrap_or(SplitName::Validation))?;
    match split {
        None if part.range.is_empty() => of(SplitName::Test),
        _ => Ok(part),
    }
}

/// All that a run's files tell, and its network where it has one; what they lack is left out with a word.
pub fn files(name: String, view: View) -> (Subject, Option<Trained>, Option<String>) {
    let mut subject = Subject::new(name, view);
    let Some(path) = subject.view.last().filter(|_| subject.model.is_some()) else { return (subject, None, None) };
    match Trained::file(&path).and_then(|trained| subject.tell_of(&trained).map(|()| trained)) {
        Ok(trained) => (subject, Some(trained), None),
        Err(error) => {
            let word = format!("{}: no filters and no images: {error}", subject.name);
            (subject, None, Some(word))
        }
    }
}

/// Shows images to runs' networks, with what is read and opened kept from one to the next.
pub struct Looker<'a> {
    args: &'a LookArgs,
    device: Option<Device>,
    /// The newest data, what they were named by, and their digest.
    data: Option<(String, Dataset, String)>,
}

impl<'a> Looker<'a> {
    /// Nothing is read or opened yet.
    pub fn new(args: &'a LookArgs) -> Self {
        Self { args, device: None, data: None }
    }

    /// Has a run tell what its network makes of images. Where these cannot be had there is a word to say; an error where an
    /// option names them.
    pub fn images(&mut self, subject: &mut Subject, trained: &Trained) -> Result<Option<String>> {
        match self.seen(subject, trained) {
            Ok(seen) => {
                subject.seen = Some(Arc::new(seen));
                Ok(None)
            }
            Err(error) if self.args.data.is_some() => Err(error),
            Err(error) => Ok(Some(format!("{}: no images: {error:#} (--data may name another place)", subject.name))),
        }
    }

    /// What a run's network makes of images.
    fn seen(&mut self, subject: &Subject, trained: &Trained) -> Result<Seen> {
        let settings = &subject.view.settings;
        let text = match (&self.args.data, settings.get("data")) {
            (Some(data), _) => data.clone(),
            (None, Some(data)) => data.to_string(),
            (None, None) => bail!("its run.toml names no data"),
        };
        if self.data.as_ref().is_none_or(|(named, ..)| *named != text) {
            let data = images::load(text.parse::<Source>()?.outline()?, &text)?;
            let digest = data.digest();
            self.data = Some((text.clone(), data, digest));
        }
        if self.device.is_none() {
            self.device = Some(device::find(&self.args.device, self.args.cpu)?);
        }
        let (Some((_, data, digest)), Some(device)) = (&self.data, &self.device) else { bail!("there are no data") };
        let bound = subject.view.record.data_sha256.as_ref();
        ensure!(
            bound.is_none_or(|bound| bound == digest) && is_for(&trained.model, data),
            "{text} does not hold the data that the run in {} began with",
            subject.view.path.display()
        );
        let validation = trained.metadata.training.as_ref().map(|training| training.validation);
        let part = part(self.args.split, validation, data)?;
        ensure!(!part.range.is_empty(), "{text} has no {} images", part.name);
        let mut probe = Probe::new(device, &trained.model, BATCH.min(part.range.len() as u32))?;
        Ok(Seen::look(&mut probe, (&trained.weights, trained.metadata.progress.epoch), &part)?)
    }
}

/// Whether a network takes images of these data.
fn is_for(model: &Model, data: &Dataset) -> bool {
    (model.network.input, model.network.classes) == (data.shape, data.classes())
}
