//! Files of settings: `--config FILE.toml`, and the run.toml that a run left.

use std::fmt::Display;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use hebb_data::disk;
use hebb_engine::run::{Existing, RunError};
use hebb_engine::settings::{line_of, read_settings};
use hebb_spec::settings::{Table, Value};

use crate::fields;
use crate::merge::rival;

/// Options of a training that are no settings of its run, but may stand in a config file.
const BESIDE: [&str; 3] = ["out", "resume", "overwrite"];
/// The table in which a run.toml tells where it was made: no setting, and no obstacle to reading the rest again.
const RECORD: &str = "record";

/// A file of settings that was read: each of its keys is known, each value one that its setting may have.
#[derive(Debug)]
pub struct SettingsFile {
    /// What errors begin with.
    label: String,
    text: String,
    /// Its settings.
    pub values: Table,
    /// Whether a run wrote it, with all settings, also those that nobody gave.
    pub is_runs_own: bool,
}

impl SettingsFile {
    /// Reads a config file.
    pub fn config(path: &Path) -> Result<Self> {
        let label = format!("config {}", path.display());
        let text = disk::read_text(path).with_context(|| format!("cannot read {label}"))?;
        Self::read(label, text, BESIDE[..1].iter().copied().chain(fields::keys()).chain(BESIDE[1..].iter().copied()))
    }

    /// The settings of a run's folder.
    pub fn of(run: &Existing) -> Result<Self> {
        let path = run.settings_path();
        let text = std::fs::read_to_string(&path).map_err(|cause| RunError::Read { path: path.clone(), cause })?;
        Self::read(format!("{} does not read", path.display()), text, fields::keys())
    }

    fn read<'a>(label: String, text: String, known: impl Iterator<Item = &'a str>) -> Result<Self> {
        let (values, tables) = read_settings(&text).map_err(|error| anyhow!("{label}: {error}"))?;
        let is_runs_own = tables.contains_key(RECORD);
        let file = Self { label, text, values, is_runs_own };
        let known: Vec<&str> = known.collect();
        let tables = tables.keys().map(String::as_str).filter(|key| *key != RECORD);
        let keys = file.values.0.iter().map(|(key, _)| key.as_str());
        if let Some(unknown) = keys.chain(tables).find(|key| !known.contains(key)) {
            let line = line_of(&file.text, unknown);
            return Err(anyhow!(
                "{}: line {line}: unknown key '{unknown}': known are {}",
                file.label,
                known.join(", ")
            ));
        }
        for (key, value) in &file.values.0 {
            let problem = if BESIDE.contains(&key.as_str()) { beside(key, value) } else { fields::check(key, value) };
            problem.map_err(|problem| anyhow!("{} = {value}: {problem}", file.place(key)))?;
            if let Some(rival) = rival(key).filter(|rival| file.has(key) && file.has(rival) && *rival < key.as_str()) {
                return Err(anyhow!("{} cannot be used with '{rival}': leave one of them out", file.place(key)));
            }
        }
        Ok(file)
    }

    /// Whether a setting stands there and is not switched off.
    pub fn has(&self, key: &str) -> bool {
        self.values.get(key).is_some_and(|value| *value != Value::Switch(false))
    }

    /// Where a setting stands, for people.
    pub fn place(&self, key: &str) -> impl Display {
        format!("{}: line {}: key '{key}'", self.label, line_of(&self.text, key))
    }
}

/// Whether a value is one that an option beside the settings may have.
fn beside(key: &str, value: &Value) -> Result<(), String> {
    if key == "out" { value.text().map(|_| ()) } else { value.switch().map(|_| ()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SettingsFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        std::fs::write(&path, text).unwrap();
        let label = format!("config {}: ", path.display());
        SettingsFile::config(&path).map_err(|error| error.to_string().replace(&label, ""))
    }

    #[test]
    fn settings_read_and_a_runs_own_record_is_passed_over() {
        let file = read("seed = '7'\nlr = 1\nfreeze = 2\ndecay = 0.5\nout = 'r'\nresume = true\n[record]\nhebb = '1'")
            .unwrap();
        assert_eq!(file.values.0.len(), 6);
        assert!(file.has("resume") && !file.has("overwrite"));
        assert!(file.place("lr").to_string().ends_with("c.toml: line 2: key 'lr'"));
    }

    #[test]
    fn wrong_files_say_what_and_where() {
        let error = |text: &str| read(text).unwrap_err();
        assert!(error("lr = 1\nlrr = 1").starts_with("line 2: unknown key 'lrr': known are out, net, untied"));
        assert!(error("config = 'x'").starts_with("line 1: unknown key 'config'"));
        assert!(error("lr = 1\n[record2]").starts_with("line 2: unknown key 'record2'"));
        assert_eq!(error("lr = [1]"), "line 1: key 'lr' needs a text, a number, true or false");
        assert_eq!(error("lr = 1\nresume = 1"), "line 2: key 'resume' = 1: it is a switch: write true or false");
        assert_eq!(error("out = 1"), "line 1: key 'out' = 1: write a text");
        assert_eq!(
            error("\ndevice = ''"),
            "line 2: key 'device' = : write auto, gpu, cpu, reference or a part of an adapter's name"
        );
        assert!(error("lr = 1\nseed = = 2").starts_with("line 2: "));
        let both = "cannot be used with 'epochs': leave one of them out";
        assert_eq!(error("steps = 1\nepochs = 1"), format!("line 1: key 'steps' {both}"));
        assert!(read("resume = false\noverwrite = true").is_ok());
    }
}
