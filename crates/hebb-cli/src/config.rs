//! Files of settings: `--config FILE.toml`, and the run.toml that a run left.

use std::fmt::Display;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use hebb_data::disk;
use hebb_engine::run::{Existing, RunError};
use hebb_engine::settings::{line_of, read_settings};
use hebb_spec::settings::{Table, Value};

use crate::fields::{Setting, of_run};
use crate::merge::rival;

/// Options of a training that are no settings of its run, but may stand in a config file.
const BESIDE: [&str; 3] = ["out", "resume", "overwrite"];
/// The key under which a run.toml says of which system it is, where that is no layered network.
pub const SYSTEM: &str = "system";
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
    /// Reads a config file of what has these settings, and `switches` that are none.
    pub fn config(path: &Path, known: &[Setting], switches: &[&'static str]) -> Result<Self> {
        let label = format!("config {}", path.display());
        let text = disk::read_text(path).with_context(|| format!("cannot read {label}"))?;
        Self::read(label, text, known, &[&BESIDE[..], switches].concat())
    }

    /// The settings of a run's folder.
    pub fn of(run: &Existing, known: &[Setting]) -> Result<Self> {
        let path = run.settings_path();
        let text = std::fs::read_to_string(&path).map_err(|cause| RunError::Read { path: path.clone(), cause })?;
        Self::read(format!("{} does not read", path.display()), text, known, &[])
    }

    fn read(label: String, text: String, settings: &[Setting], beside: &[&str]) -> Result<Self> {
        let (values, tables) = read_settings(&text).map_err(|error| anyhow!("{label}: {error}"))?;
        let is_runs_own = tables.contains_key(RECORD);
        let file = Self { label, text, values, is_runs_own };
        let (first, rest) = beside.split_at(beside.len().min(1));
        let mut settings = settings.to_vec();
        let mut known: Vec<&str> = first.iter().copied().chain(settings.iter().map(|setting| setting.key)).collect();
        known.extend(rest);
        if is_runs_own {
            // It has settings that are no options of its command, too.
            let more: Vec<Setting> = of_run().filter(|setting| !known.contains(&setting.key)).collect();
            known.extend(more.iter().map(|setting| setting.key).chain([SYSTEM]));
            settings.extend(more);
        }
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
            let setting = settings.iter().find(|setting| setting.key == key);
            let problem = setting.map_or_else(|| beside_a_run(key, value), |setting| setting.check(value));
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

/// Refuses the run of another system: its own command goes on with it.
pub fn check_system(stored: &Table, name: &str, path: &Path) -> Result<()> {
    let command = |system: &str| if system.is_empty() { "train".to_owned() } else { system.to_owned() };
    let system = stored.get(SYSTEM).map_or_else(String::new, ToString::to_string);
    if system == name {
        return Ok(());
    }
    let (of, path) = (command(&system), path.display());
    bail!("the run in {path} is one of `hebb {of}`: continue it with 'hebb {of} --resume --out {path}'")
}

/// Whether a value is one that an option beside the settings may have.
fn beside_a_run(key: &str, value: &Value) -> Result<(), String> {
    if ["out", SYSTEM].contains(&key) { value.text().map(|_| ()) } else { value.switch().map(|_| ()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::of_layered;

    fn read(text: &str) -> Result<SettingsFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        std::fs::write(&path, text).unwrap();
        let label = format!("config {}: ", path.display());
        SettingsFile::config(&path, &of_layered(), &[]).map_err(|error| error.to_string().replace(&label, ""))
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
