//! How a run goes, by name, and the file run.toml.

use hebb_spec::Shape;
use hebb_spec::settings::{self, Field, SettingError, Table, Value, layers_text};
use serde::{Deserialize, Serialize};

/// When a run ends, counted from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// After so many epochs.
    Epochs(u32),
    /// After so many batches.
    Steps(u32),
}

/// How a run goes, whatever learns in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSettings {
    /// The data set, as the user wrote it.
    pub data: String,
    /// Training records kept for validation, the last ones; none: 5,000, but at most a tenth.
    pub validation: Option<usize>,
    /// Whether the training records come in their own order each epoch.
    pub no_shuffle: bool,
    /// When the run ends.
    pub length: Length,
    /// Images in a batch.
    pub batch: u32,
    /// Seed of the start, the order and all that is drawn.
    pub seed: u64,
    /// Checkpoint that the run started from, as the user wrote it.
    pub init: Option<String>,
    /// The only layers taken from it; empty: all.
    pub init_layers: Vec<u32>,
    /// The device asked for, as the user wrote it; what that came to stands in the record.
    pub device: String,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            data: "shapes".to_owned(),
            validation: None,
            no_shuffle: false,
            length: Length::Epochs(10),
            batch: 500,
            seed: 1,
            init: None,
            init_layers: Vec::new(),
            device: "auto".to_owned(),
        }
    }
}

/// At most 2²⁰ images a batch: beyond, no device holds the activity, and padded lengths would overflow.
pub const MOST_BATCH: u32 = 1 << 20;

const DATA: &str = "Data";
const RUNNING: &str = "Running";

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn count(value: &Value) -> Result<u32, String> {
    Ok(value.integer(1, u64::from(u32::MAX))? as u32)
}

/// Every setting, in the order of files.
pub const FIELDS: &[Field<RunSettings>] = &[
    Field {
        key: "data",
        value: "DATA",
        group: DATA,
        help: "Data set, as in shapes, shapes:SEED, cifar10:DIR, folder:DIR (see `hebb data list`) [default: shapes]",
        set: |run, value| {
            run.data = value.text()?.to_owned();
            Ok(())
        },
        get: |run| text(&run.data),
    },
    Field {
        key: "validation",
        value: "N",
        group: DATA,
        help: "Training records kept for validation, the last ones [default: 5000, but at most a tenth]",
        set: |run, value| {
            run.validation = Some(value.integer(0, u64::from(u32::MAX))? as usize);
            Ok(())
        },
        get: |run| run.validation.map(|records| Value::Integer(records as u64)),
    },
    Field {
        key: "no-shuffle",
        value: "",
        group: DATA,
        help: "Take the training records in their own order instead of a new one each epoch",
        set: |run, value| {
            run.no_shuffle = value.switch()?;
            Ok(())
        },
        get: |run| Some(Value::Switch(run.no_shuffle)),
    },
    Field {
        key: "epochs",
        value: "N",
        group: RUNNING,
        help: "Epochs of the whole run, those before a resume included [default: 10]",
        set: |run, value| {
            run.length = Length::Epochs(count(value)?);
            Ok(())
        },
        get: |run| match run.length {
            Length::Epochs(epochs) => Some(Value::Integer(u64::from(epochs))),
            Length::Steps(_) => None,
        },
    },
    Field {
        key: "steps",
        value: "N",
        group: RUNNING,
        help: "Batches of the whole run, instead of --epochs",
        set: |run, value| {
            run.length = Length::Steps(count(value)?);
            Ok(())
        },
        get: |run| match run.length {
            Length::Steps(steps) => Some(Value::Integer(u64::from(steps))),
            Length::Epochs(_) => None,
        },
    },
    Field {
        key: "batch",
        value: "N",
        group: RUNNING,
        help: "Images in a batch [default: 500]",
        set: |run, value| {
            run.batch = value.integer(1, u64::from(MOST_BATCH))? as u32;
            Ok(())
        },
        get: |run| Some(Value::Integer(u64::from(run.batch))),
    },
    Field {
        key: "seed",
        value: "N",
        group: RUNNING,
        help: "Seed of start, order and dropout [default: 1]",
        set: |run, value| {
            run.seed = value.integer(0, u64::MAX)?;
            Ok(())
        },
        // TOML's integers end at 2⁶³ − 1, so a larger one is written as text.
        get: |run| match i64::try_from(run.seed) {
            Ok(_) => Some(Value::Integer(run.seed)),
            Err(_) => text(&run.seed.to_string()),
        },
    },
    Field {
        key: "init",
        value: "FILE",
        group: RUNNING,
        help: "Checkpoint to start from, by names and shapes of its tensors; what it lacks beside W is drawn, and a tied \
               filter goes to every place of an untied layer",
        set: |run, value| {
            run.init = Some(value.text()?.to_owned());
            Ok(())
        },
        get: |run| run.init.as_deref().and_then(text),
    },
    Field {
        key: "init-layers",
        value: "LAYERS",
        group: RUNNING,
        help: "Take only these layers from --init, which it needs, and draw the rest from the seed",
        set: |run, value| {
            run.init_layers = value.layers()?;
            Ok(())
        },
        get: |run| (!run.init_layers.is_empty()).then(|| Value::Text(layers_text(&run.init_layers))),
    },
    Field {
        key: "device",
        value: "DEVICE",
        group: RUNNING,
        help: "Device: auto (a hardware GPU, else cpu), gpu (any adapter), cpu, reference (CPU twins, slow) or a part of an \
               adapter's name [default: auto]",
        set: |run, value| {
            run.device = value.text()?.to_owned();
            Ok(())
        },
        get: |run| text(&run.device),
    },
];

impl RunSettings {
    /// The settings in a table; what it lacks is as by default. Other keys are not looked at.
    pub fn from_table(table: &Table) -> Result<Self, SettingError> {
        let mut run = Self::default();
        settings::read(FIELDS, &mut run, table)?;
        Ok(run)
    }

    /// Its settings, as files hold them.
    pub fn table(&self) -> Table {
        settings::write(FIELDS, self)
    }
}

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
}

impl Record {
    /// The record of a run on images of a shape.
    pub fn new(input: Shape, classes: u32, device: String, variants: Vec<String>) -> Self {
        Self { hebb: env!("CARGO_PKG_VERSION").to_owned(), input: input.to_string(), classes, device, variants }
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

impl RunFile {
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
        let value = match value {
            toml::Value::String(text) => Value::Text(text),
            toml::Value::Integer(number) => match u64::try_from(number) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Text(number.to_string()),
            },
            toml::Value::Float(number) => Value::Float(number as f32),
            toml::Value::Boolean(on) => Value::Switch(on),
            toml::Value::Table(table) => {
                rest.insert(key, toml::Value::Table(table));
                continue;
            }
            toml::Value::Array(_) | toml::Value::Datetime(_) => {
                return Err(format!("line {}: key '{key}' needs a text, a number, true or false", line_of(text, &key)));
            }
        };
        settings.0.push((key, value));
    }
    Ok((settings, rest))
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
    }

    #[test]
    fn settings_read_back_as_they_were() {
        let run = RunSettings {
            data: "mnist:x".to_owned(),
            validation: Some(0),
            no_shuffle: true,
            length: Length::Steps(12),
            batch: 20,
            seed: u64::MAX,
            init: Some("start.safetensors".to_owned()),
            init_layers: vec![1, 2],
            device: "llvm".to_owned(),
        };
        let text = toml::to_string(&run.table()).unwrap();
        assert!(text.contains("seed = \"18446744073709551615\"") && text.contains("init-layers = \"1,2\""), "{text}");
        assert_eq!(RunSettings::from_table(&read_settings(&text).unwrap().0).unwrap(), run);
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
