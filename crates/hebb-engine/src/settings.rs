//! How a run goes, by name.

mod file;

use hebb_spec::settings::{self, Field, SettingError, Table, Value, layers_text};

pub use file::{Record, RunFile, digest, line_of, read_settings, setting_of};

/// The settings that a resume may change. Of the data only the place: they are bound by their digest.
pub const FREE: [&str; 4] = ["epochs", "steps", "device", "data"];

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
        help: "Images in a batch; the last ones of an epoch that fill none are left out of it [default: 500]",
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
