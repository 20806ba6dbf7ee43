//! The file run.toml, and what it binds a run to.

use hebb_data::Digest;
use hebb_spec::Shape;
use hebb_spec::settings::{Table, Value};
use serde::{Deserialize, Serialize};

use super::FREE;

/// What a run was made with and on, beside its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// hebb's version.
    pub hebb: String,
    /// Shape of the data's records, as text.
    pub input: String,
    /// The data's number of classes; 0 where it has none.
    pub classes: u32,
    /// Name of the device.
    pub device: String,
    /// The kernel variants that ran there, each as text.
    pub variants: Vec<String>,
    /// The rows of a tuning table that it ran by, each as text; empty where there were none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Which of Winograd's forms the processor took, as text; none on other devices and in folders of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winograd: Option<String>,
    /// Digest of the settings that may not change; none in folders of version 0.1. A run's folder sees to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_sha256: Option<String>,
    /// Digest of the data, as [`Dataset::digest`](hebb_data::Dataset::digest) gives it; none where nobody reckoned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_sha256: Option<String>,
    /// Epochs whose rows are lost: those of metrics.csv begin behind them.
    #[serde(default, skip_serializing_if = "is_none")]
    pub lost_rows: u32,
}

fn is_none(count: &u32) -> bool {
    *count == 0
}

impl Record {
    /// The record of a run on images of a shape.
    pub fn new(input: Shape, classes: u32, device: String, variants: Vec<String>) -> Self {
        Self {
            hebb: env!("CARGO_PKG_VERSION").to_owned(),
            input: input.to_string(),
            classes,
            device,
            variants,
            choices: Vec::new(),
            winograd: None,
            settings_sha256: None,
            data_sha256: None,
            lost_rows: 0,
        }
    }
}

/// run.toml: the settings at the top level, so that it also reads as a config file, then a table `[record]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFile {
    /// The system's settings and the run's.
    pub settings: Table,
    /// What it was made with.
    pub record: Record,
}

/// The digest of the settings that a resume may not change, by their values: in any order, and however they are written.
pub fn digest(settings: &Table) -> String {
    let bound = settings.0.iter().filter(|(key, _)| !FREE.contains(&key.as_str()));
    let value = |value: &Value| match value {
        // A file may write 1.0 as 1.
        Value::Float(number) => number.to_string(),
        value => value.to_string(),
    };
    let mut bound: Vec<(&str, String)> = bound.map(|(key, one)| (key.as_str(), value(one))).collect();
    bound.sort_unstable();
    let mut digest = Digest::default();
    for (key, value) in bound {
        digest.add(key.as_bytes());
        digest.add(value.as_bytes());
    }
    digest.text()
}

impl RunFile {
    /// A file that is bound to its settings.
    pub(crate) fn bound(settings: Table, record: Record) -> Self {
        let record = Record { settings_sha256: Some(digest(&settings)), ..record };
        Self { settings, record }
    }

    /// Whether its settings are those that it was bound to; version 0.1 bound none.
    pub(crate) fn is_as_bound(&self) -> bool {
        self.record.settings_sha256.as_ref().is_none_or(|bound| *bound == digest(&self.settings))
    }

    /// The file's text.
    pub(crate) fn text(&self) -> Result<String, String> {
        #[derive(Serialize)]
        struct File<'a> {
            record: &'a Record,
        }
        let settings = toml::to_string(&self.settings).map_err(|error| error.to_string())?;
        let record = toml::to_string(&File { record: &self.record }).map_err(|error| error.to_string())?;
        Ok(format!("{settings}\n{record}"))
    }

    /// Reads a file's text; the error, in one line, names key and line.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let (settings, rest) = read_settings(text)?;
        if ["epochs", "steps"].iter().all(|key| settings.get(key).is_some()) {
            return Err(format!(
                "line {}: key 'steps' stands beside 'epochs': leave one of them out",
                line_of(text, "steps")
            ));
        }
        let record = rest.get("record").ok_or("the table [record] is missing")?;
        let record =
            record.clone().try_into().map_err(|error: toml::de::Error| format!("[record]: {}", error.message()))?;
        Ok(Self { settings, record })
    }
}

/// A file of settings: its values by name, and its tables. The error, in one line, names key and line.
pub fn read_settings(text: &str) -> Result<(Table, toml::Table), String> {
    let all: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        format!("line {line}: {}", error.message().replace('\n', " "))
    })?;
    let (mut settings, mut rest) = (Table::default(), toml::Table::new());
    for (key, value) in all {
        if let toml::Value::Table(table) = value {
            rest.insert(key, toml::Value::Table(table));
            continue;
        }
        let Some(value) = setting_of(value) else {
            return Err(format!("line {}: key '{key}' needs a text, a number, true or false", line_of(text, &key)));
        };
        settings.0.push((key, value));
    }
    Ok((settings, rest))
}

/// A value of a file as a setting's; none where it is a list, a date or a table.
pub fn setting_of(value: toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => Value::Text(text),
        toml::Value::Integer(number) => match u64::try_from(number) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Text(number.to_string()),
        },
        toml::Value::Float(number) => Value::Float(number as f32),
        toml::Value::Boolean(on) => Value::Switch(on),
        toml::Value::Table(_) | toml::Value::Array(_) | toml::Value::Datetime(_) => return None,
    })
}

/// The line of a file at which a top-level key or a table stands.
pub fn line_of(text: &str, key: &str) -> usize {
    let is_there = |line: &str| match line.split_once('=') {
        Some((name, _)) => name.trim().trim_matches(['"', '\'']) == key,
        None => line.trim().trim_matches(['[', ']']) == key,
    };
    text.lines().position(is_there).map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::RunSettings;

    fn example() -> RunFile {
        let mut settings = Table::default();
        settings.set("net", Value::Text("Conv 4 3x3; Output".to_owned()));
        settings.set("mu", Value::Float(1.0 / 9.0));
        let run = RunSettings { data: "shapes:2".to_owned(), validation: Some(7), ..RunSettings::default() };
        settings.0.extend(run.table().0);
        let record =
            Record::new(Shape::new(3, 32, 32), 10, "some device".to_owned(), vec!["connect_forward wide".to_owned()]);
        RunFile { settings, record }
    }

    #[test]
    fn a_run_file_reads_like_options() {
        let text = example().text().unwrap();
        let wanted = "net = \"Conv 4 3x3; Output\"\nmu = 0.11111111\ndata = \"shapes:2\"\nvalidation = 7\n\
                      no-shuffle = false\nepochs = 10\nbatch = 500\nseed = 1\ndevice = \"auto\"\n\n[record]\nhebb = \"0.1.0\"\n\
                      input = \"3x32x32\"\nclasses = 10\ndevice = \"some device\"\nvariants = [\"connect_forward wide\"]\n";
        assert_eq!(text, wanted);
        assert_eq!(RunFile::read(&text).unwrap(), example());
        let record = Record { choices: vec!["connect_forward 1 -> 2: wide".to_owned()], ..example().record };
        let tuned = RunFile { record, ..example() };
        assert_eq!(RunFile::read(&tuned.text().unwrap()).unwrap(), tuned);
    }

    #[test]
    fn what_does_not_read_names_key_and_line() {
        let text = example().text().unwrap();
        let error = |from: &str, to: &str| {
            let text = text.replace(from, to);
            let file = RunFile::read(&text)?;
            RunSettings::from_table(&file.settings).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(
            error("batch = 500", "batch = [1]").unwrap_err(),
            "line 7: key 'batch' needs a text, a number, true or false"
        );
        assert_eq!(
            error("batch = 500", "batch = true").unwrap_err(),
            "batch = true: write a whole number from 1 to 1048576"
        );
        assert!(error("batch = 500", "batch = = 1").unwrap_err().starts_with("line 7: "));
        assert_eq!(error("[record]", "[recorded]").unwrap_err(), "the table [record] is missing");
        assert!(error("classes = 10", "classes = \"x\"").unwrap_err().starts_with("[record]: "));
    }
}
