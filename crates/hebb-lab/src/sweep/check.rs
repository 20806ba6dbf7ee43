//! Whether the runs of a sweep can be, before any of them begins.

use std::collections::BTreeMap;

use hebb_data::Source;
use hebb_engine::job::Job;
use hebb_engine::settings::RunSettings;
use hebb_engine::tensor_file;
use hebb_spec::Shape;
use hebb_systems::layered::ModelSpec;

use super::{Entry, Sweep, SweepError};

/// What a run asks of its data.
struct Outline {
    shape: Shape,
    classes: u32,
    name: &'static str,
    records: usize,
}

impl Sweep {
    /// Builds each run's network on its data, so that what does not go together is told before the first one trains. Of
    /// the data only names, shapes and numbers are looked at.
    pub fn check(&self) -> Result<(), SweepError> {
        let mut outlines = BTreeMap::new();
        for entry in &self.entries {
            check(entry, &mut outlines).map_err(|error| {
                let cause = error.to_string();
                SweepError::Run { index: entry.index, what: self.what(entry), cause }
            })?;
        }
        Ok(())
    }
}

type Fault = Box<dyn std::error::Error>;

fn check(entry: &Entry, outlines: &mut BTreeMap<String, Outline>) -> Result<(), Fault> {
    let (spec, run) = (ModelSpec::from_table(&entry.settings)?, RunSettings::from_table(&entry.settings)?);
    if !outlines.contains_key(&run.data) {
        let outline = run.data.parse::<Source>()?.outline()?;
        let (shape, classes, name) = (outline.shape, outline.classes, outline.name());
        outlines.insert(run.data.clone(), Outline { shape, classes, name, records: outline.records()? });
    }
    let outline = &outlines[&run.data];
    let model = spec.build(outline.shape, outline.classes)?;
    for (key, value) in &entry.settings.0 {
        if let Some(why) = spec.idle(key, &model) {
            return Err(format!("{key} = {value}: {why}").into());
        }
    }
    if !run.init_layers.is_empty() && run.init.is_none() {
        return Err("init-layers needs init".into());
    }
    if let Some(file) = &run.init {
        tensor_file::check_there(file.as_ref())?;
    }
    Job::new(&model, spec.resolved(outline.classes)?.table(), run, (outline.name, outline.records))?;
    Ok(())
}
