//! Where a command's settings come from, so that an error says where the one at fault stands.

use std::error::Error;

use anyhow::{anyhow, bail};
use hebb_engine::settings::RunSettings;
use hebb_spec::Shape;
use hebb_spec::settings::Table;
use hebb_systems::layered::{Model, ModelSpec};

use crate::config::SettingsFile;
use crate::fields::{self, Setting};
use crate::merge::over;

/// Options, and a file below them.
#[derive(Debug)]
pub struct Origin {
    given: Table,
    file: Option<SettingsFile>,
    /// The settings that an error may begin with.
    keys: Vec<&'static str>,
}

impl Origin {
    /// Options of a layered network, and a file if there is one.
    pub fn new(given: &Table, file: Option<SettingsFile>) -> Self {
        Self { given: given.clone(), file, keys: fields::keys().collect() }
    }

    /// Options of what has these settings, and a file if there is one.
    pub fn of(given: &Table, file: Option<SettingsFile>, settings: &[Setting]) -> Self {
        Self { given: given.clone(), file, keys: settings.iter().map(|setting| setting.key).collect() }
    }

    /// All settings: an option wins over the file.
    pub fn table(&self) -> Table {
        self.file.as_ref().map_or_else(|| self.given.clone(), |file| over(&self.given, &file.values))
    }

    /// Where a setting stands, for people.
    pub fn place(&self, key: &str) -> String {
        match &self.file {
            Some(file) if file.has(key) && self.given.get(key).is_none() => file.place(key).to_string(),
            _ => format!("--{key}"),
        }
    }

    /// An error of a library, with the setting that it begins with as the user wrote it.
    pub fn blame(&self, error: impl Error + Send + Sync + 'static) -> anyhow::Error {
        let text = error.to_string();
        let end = text.find([':', ' ']).unwrap_or(text.len());
        let (key, rest) = text.split_at(end);
        if self.keys.contains(&key) { anyhow!("{}{rest}", self.place(key)) } else { error.into() }
    }

    /// What the model is to be.
    pub fn spec(&self) -> anyhow::Result<ModelSpec> {
        ModelSpec::from_table(&self.table()).map_err(|error| self.blame(error))
    }

    /// How the run is to go.
    pub fn run(&self) -> anyhow::Result<RunSettings> {
        RunSettings::from_table(&self.table()).map_err(|error| self.blame(error))
    }

    /// The model on images of a shape. What was given must have an effect on it.
    pub fn build(&self, spec: &ModelSpec, input: Shape, classes: u32) -> anyhow::Result<Model> {
        let model = spec.build(input, classes).map_err(|error| self.blame(error))?;
        let all = self.table();
        for (key, value) in all.0.iter().filter(|(key, _)| self.was_given(key)) {
            if let Some(why) = spec.idle(key, &model) {
                bail!("{} = {value}: {why}", self.place(key));
            }
        }
        Ok(model)
    }

    /// Whether someone wrote a setting, rather than a run that wrote them all.
    fn was_given(&self, key: &str) -> bool {
        self.given.get(key).is_some() || self.file.as_ref().is_some_and(|file| !file.is_runs_own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::settings::Value;

    fn given(settings: &[(&str, &str)]) -> Table {
        Table(settings.iter().map(|&(key, value)| (key.to_owned(), Value::Text(value.to_owned()))).collect())
    }

    #[test]
    fn a_setting_at_fault_is_named_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        std::fs::write(&path, "net = 'Full 3; Output'\nfreeze = 3\nepsilon = 0.5").unwrap();
        let origin = |settings: &[(&str, &str)]| {
            Origin::new(&given(settings), Some(SettingsFile::config(&path, &fields::of_layered(), &[]).unwrap()))
        };
        let build = |origin: Origin| {
            let spec = origin.spec().map_err(|error| error.to_string())?;
            origin.build(&spec, Shape::new(1, 4, 4), 3).map_err(|error| error.to_string())
        };
        let place = |line: usize, key: &str| format!("config {}: line {line}: key '{key}'", path.display());
        let absent = "there is no layer 3: the network has 2 weighted layers, counted from 1";
        assert_eq!(build(origin(&[])).unwrap_err(), format!("{}: {absent}", place(2, "freeze")));
        assert_eq!(build(origin(&[("freeze", "3")])).unwrap_err(), format!("--freeze: {absent}"));
        let wrong = "it belongs to urfb, but the rule is bp: leave one of them out";
        assert_eq!(build(origin(&[("rule", "bp")])).unwrap_err(), format!("{} = 0.5: {wrong}", place(3, "epsilon")));
        assert!(build(origin(&[("freeze", "1"), ("net", "Output")])).is_ok());
    }

    #[test]
    fn settings_without_effect_are_refused_unless_a_run_wrote_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        let build = |settings: &[(&str, &str)], text: &str| {
            std::fs::write(&path, text).unwrap();
            let origin =
                Origin::new(&given(settings), Some(SettingsFile::config(&path, &fields::of_layered(), &[]).unwrap()));
            origin.build(&origin.spec().unwrap(), Shape::new(1, 4, 4), 3).map(|_| ()).map_err(|error| error.to_string())
        };
        let why = "it belongs to the hinge loss, but the loss is softmax: leave one of them out";
        assert_eq!(build(&[("loss", "softmax"), ("mu", ".5")], ""), Err(format!("--mu = .5: {why}")));
        let text = "loss = 'softmax'\nmu = 0.5\n";
        assert_eq!(build(&[], text), Err(format!("config {}: line 2: key 'mu' = 0.5: {why}", path.display())));
        let run = format!("{text}[record]\nhebb = '1'");
        assert_eq!(build(&[], &run), Ok(()));
        assert_eq!(build(&[("mu", "1")], &run), Err(format!("--mu = 1: {why}")));
    }

    #[test]
    fn errors_of_no_setting_stay_as_they_are() {
        let origin = Origin::new(&Table::default(), None);
        let error = origin.blame(std::io::Error::other("a batch of 3"));
        assert_eq!(error.to_string(), "a batch of 3");
        assert!(error.downcast_ref::<std::io::Error>().is_some());
    }
}
