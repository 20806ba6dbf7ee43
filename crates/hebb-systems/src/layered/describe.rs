//! What a checkpoint's metadata say of a model, and the model that they are of.

use hebb_spec::Shape;
use hebb_spec::pool::{PoolTies, PoolWindow};
use hebb_spec::settings::{SettingError, Table, Value, layers_text};

use super::model::{Activation, Model};
use super::preset::Preset;
use super::spec::{ModelSpec, SpecError};

/// Metadata that describe no network of ours.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DescriptionError {
    /// Something is missing.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// A setting that does not read, or is out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Settings that are of no network.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A convention that this version does not compute.
    #[error("it has {key} '{value}', which this version of hebb does not compute")]
    Convention {
        /// The metadata's key.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

/// The metadata's keys in their order: all that evaluation needs to know. η and frozen layers are no part of it.
pub(super) fn table(model: &Model) -> Table {
    let untied = model.network.untied_layers();
    let text = |text: String| Value::Text(text);
    let mut table = Table::default();
    table.set("net", text(model.network.notation()));
    table.set("input", text(model.network.input.to_string()));
    table.set("classes", Value::Integer(u64::from(model.network.classes)));
    table.set("untied", text(if untied.is_empty() { "none".to_owned() } else { layers_text(&untied) }));
    if model.connectivity != 1.0 {
        table.set("connectivity", Value::Float(model.connectivity));
    }
    if model.track_r1 {
        table.set("track_r1", Value::Switch(true));
    }
    table.set("rule", text(model.rule.name.to_owned()));
    if model.rule.takes_epsilon() {
        table.set("epsilon", Value::Float(model.rule.epsilon));
    }
    if model.rule.takes_decay() {
        table.set("decay", Value::Float(model.rule.decay));
    }
    table.set("preset", text(model.preset.to_string()));
    if model.activation != Activation::Clip {
        table.set("activation", text(model.activation.to_string()));
    }
    table.set("slope", Value::Float(model.slope));
    table.set("mu", Value::Float(model.mu));
    table.set("loss", text(model.loss.to_string()));
    for (key, name) in conventions(model.preset) {
        table.set(key, text(name.to_owned()));
    }
    table
}

/// What the preset does that no other setting says.
fn conventions(preset: Preset) -> [(&'static str, &'static str); 2] {
    let window = match preset.pool_window() {
        PoolWindow::FromPixel => "from-pixel",
        PoolWindow::Centred => "centred",
    };
    let ties = match preset.pool_ties() {
        PoolTies::All => "all",
        PoolTies::First => "first",
    };
    [("pool_window", window), ("pool_ties", ties)]
}

impl Model {
    /// The model of a checkpoint's metadata, for evaluation: all in range, and nothing that this version does not know.
    pub fn from_description(table: &Table) -> Result<Self, DescriptionError> {
        let spec = ModelSpec::from_table(table)?;
        for (key, known) in conventions(spec.preset) {
            let value = table.get(key).ok_or(DescriptionError::Missing(key))?;
            if *value != Value::Text(known.to_owned()) {
                return Err(DescriptionError::Convention { key, value: value.to_string() });
            }
        }
        for key in ["net", "rule", "preset", "slope", "mu", "loss"] {
            table.get(key).ok_or(DescriptionError::Missing(key))?;
        }
        let (input, classes) = shape(table)?;
        Ok(spec.build(input, classes)?)
    }
}

/// Shape of an image and number of classes.
fn shape(table: &Table) -> Result<(Shape, u32), DescriptionError> {
    let get = |key| table.get(key).ok_or(DescriptionError::Missing(key));
    let fail =
        |key: &str, value: &Value, problem| SettingError { key: key.to_owned(), value: value.to_string(), problem };
    let (input, classes) = (get("input")?, get("classes")?);
    let shape = input.parse::<Shape>().map_err(|problem| fail("input", input, problem))?;
    let count = classes.integer(1, 65_536).map_err(|problem| fail("classes", classes, problem))?;
    Ok((shape, count as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layered::{Network, Rule};
    use hebb_spec::learning::Loss;
    use hebb_spec::system::System;

    fn example() -> Model {
        let network = Network::new("Conv 4 3x3; Maxpool 3; Output", Shape::new(3, 8, 8), 4, Preset::Paper).unwrap();
        let model = Model::new(network, Rule::urfb(0.1), Loss::Softmax, Preset::Paper);
        Model { slope: 0.7, mu: 0.2, ..model }
    }

    #[test]
    fn the_contracts_keys_are_there() {
        let table = example().describe();
        for key in ["net", "input", "classes", "untied", "rule", "preset", "slope", "mu", "loss"] {
            assert!(table.get(key).is_some(), "{key}");
        }
        assert_eq!(table.get("input"), Some(&Value::Text("3x8x8".to_owned())));
        assert_eq!((table.get("connectivity"), table.get("track_r1"), table.get("decay")), (None, None, None));
    }

    #[test]
    fn the_model_reads_back() {
        let table = example().describe();
        assert_eq!(Model::from_description(&table).unwrap(), example());
        let with = |key: &str, value: &str| {
            let mut other = table.clone();
            other.set(key, Value::Text(value.to_owned()));
            Model::from_description(&other)
        };
        let error = |key, value| with(key, value).unwrap_err().to_string();
        assert!(error("untied", "1,x").starts_with("untied = 1,x: it is neither all nor none"));
        assert!(error("untied", "2").contains("layer 2 is 'Output', which has no places"));
        assert_eq!(
            error("pool_ties", "random"),
            "it has pool_ties 'random', which this version of hebb does not compute"
        );
        assert_eq!(error("slope", "-1"), "slope = -1: write a number above 0");
        let untied = with("untied", "1").unwrap();
        assert_eq!(untied.network.untied_layers(), [1]);
        assert_eq!(untied.describe().get("untied"), Some(&Value::Text("1".to_owned())));
        let mut lacking = table.clone();
        lacking.0.retain(|(key, _)| key != "mu");
        assert_eq!(Model::from_description(&lacking).unwrap_err(), DescriptionError::Missing("mu"));
    }
}
