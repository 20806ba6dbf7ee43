//! What a checkpoint knows about its weights: all that evaluation and a resume need. No time and no path stand in it,
//! so the same run writes the same bytes anywhere.

use hebb_spec::Shape;
use hebb_spec::backend::Outcome;
use hebb_spec::network::{Network, UntieError};
use hebb_spec::notation::NotationError;
use hebb_spec::plan::Model;
use hebb_spec::pool::{PoolTies, PoolWindow};
use hebb_spec::rule::{Loss, Preset, Rule};
use serde::{Deserialize, Serialize};

use crate::init::sparse_layers;
use crate::text;

/// The JSON under the metadata key `hebb`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// What the weights are of.
    #[serde(flatten)]
    pub network: Description,
    /// What trained them; absent from a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<Training>,
    /// How far the training is.
    #[serde(flatten)]
    pub progress: Progress,
}

/// A network with the numbers that its evaluation needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The notation.
    pub net: String,
    /// Shape of a picture.
    #[serde(with = "text")]
    pub input: Shape,
    /// Number of classes.
    pub classes: u32,
    /// Layers whose places have filters of their own, as in `1,2`; `none` where there is no such layer.
    pub untied: String,
    /// The share of connections that there are, where they are not all.
    #[serde(default = "text::share::all", skip_serializing_if = "text::share::is_all")]
    pub connectivity: f32,
    /// Whether layer 1 has an R too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub track_r1: bool,
    /// The learning rule, with its ε or decay.
    #[serde(flatten, with = "text::rule")]
    pub rule: Rule,
    /// Numbers and conventions.
    #[serde(with = "text")]
    pub preset: Preset,
    /// Slope of σ.
    pub slope: f32,
    /// The hinge loss's balancing factor.
    pub mu: f32,
    /// The loss.
    #[serde(with = "text")]
    pub loss: Loss,
    /// Place of overlapping pool windows, as the preset sets it.
    pub pool_window: String,
    /// Who gets δ at a pool's ties, as the preset sets it.
    pub pool_ties: String,
    /// Seed of the start, the order and dropout.
    pub seed: u64,
}

/// What the weights were trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Training {
    /// The data's name, without a place.
    pub data: String,
    /// Training records kept for validation, the last ones.
    pub validation: usize,
    /// Pictures in a batch.
    pub batch: u32,
}

/// How far a training is: counts of what is done.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Epochs done.
    pub epoch: u32,
    /// Steps done since the start.
    pub step: u32,
    /// Steps done of the epoch in progress; 0 at an epoch's end.
    #[serde(default)]
    pub epoch_step: u32,
    /// What these steps found.
    #[serde(default)]
    pub sums: Sums,
    /// The best epoch so far; none without validation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
}

/// Running sums over batches.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sums {
    /// Pictures.
    pub images: u64,
    /// Sum of their losses.
    pub loss: f64,
    /// Pictures taken for another class.
    pub wrong: u64,
}

impl Sums {
    /// Adds a batch.
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.images += u64::from(outcome.images);
        self.loss += f64::from(outcome.loss);
        self.wrong += u64::from(outcome.errors);
    }

    /// Mean loss.
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.images as f64
    }

    /// Fraction taken for another class.
    pub fn error(&self) -> f64 {
        self.wrong as f64 / self.images as f64
    }
}

/// The epoch with the fewest validation errors, the first of equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Best {
    /// Epochs done by then.
    pub epoch: u32,
    /// Validation pictures taken for another class.
    pub wrong: u64,
}

/// Metadata that describe no network of ours.
#[derive(Debug, thiserror::Error)]
pub enum DescriptionError {
    /// The notation does not read, or does not fit the pictures.
    #[error(transparent)]
    Notation(#[from] NotationError),
    /// A layer that cannot be untied.
    #[error(transparent)]
    Untie(#[from] UntieError),
    /// A convention that this version does not compute.
    #[error("it has {key} '{value}', which this version of hebb does not compute")]
    Convention {
        /// The metadata's key.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

impl Description {
    /// Describes a model whose random numbers come from a seed, and whose sparse layers have a share of their connections.
    pub fn new(model: &Model, connectivity: f32, seed: u64) -> Self {
        let untied = model.network.untied_layers();
        Self {
            net: model.network.notation(),
            input: model.network.input,
            classes: model.network.classes,
            untied: if untied.is_empty() { "none".to_owned() } else { text::layers::write(&untied) },
            connectivity,
            track_r1: model.track_r1,
            rule: model.rule,
            preset: model.preset,
            slope: model.slope,
            mu: model.mu,
            loss: model.loss,
            pool_window: window_name(model.preset).to_owned(),
            pool_ties: ties_name(model.preset).to_owned(),
            seed,
        }
    }

    /// The model described, for evaluation: η and frozen layers are no part of it.
    pub fn model(&self) -> Result<Model, DescriptionError> {
        let conventions = [
            ("pool_window", &self.pool_window, window_name(self.preset)),
            ("pool_ties", &self.pool_ties, ties_name(self.preset)),
        ];
        if let Some((key, value, _)) = conventions.into_iter().find(|(_, value, known)| value != known) {
            return Err(DescriptionError::Convention { key, value: value.clone() });
        }
        let untied = text::untied::read(&self.untied)
            .map_err(|_| DescriptionError::Convention { key: "untied", value: self.untied.clone() })?;
        let network = Network::new(&self.net, self.input, self.classes, self.preset)?.untie(&untied, self.preset)?;
        let model = Model::new(network, self.rule, self.loss, self.preset);
        let sparse = sparse_layers(&model, self.connectivity);
        Ok(Model { mu: self.mu, slope: self.slope, sparse, track_r1: self.track_r1, ..model })
    }
}

const fn window_name(preset: Preset) -> &'static str {
    match preset.pool_window() {
        PoolWindow::FromPixel => "from-pixel",
        PoolWindow::Centred => "centred",
    }
}

const fn ties_name(preset: Preset) -> &'static str {
    match preset.pool_ties() {
        PoolTies::All => "all",
        PoolTies::First => "first",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Metadata {
        let network = Network::new("Conv 4 3x3; Maxpool 3; Output", Shape::new(3, 8, 8), 4, Preset::Paper).unwrap();
        let mut model = Model::new(network, Rule::urfb(0.1), Loss::Softmax, Preset::Paper);
        (model.slope, model.mu) = (0.7, 0.2);
        Metadata {
            network: Description::new(&model, 1.0, u64::MAX),
            training: Some(Training { data: "tiny".to_owned(), validation: 3, batch: 4 }),
            progress: Progress {
                epoch: 2,
                step: 25,
                epoch_step: 5,
                sums: Sums { images: 20, loss: 0.1 + 0.2 + 1e-17, wrong: 7 },
                best: Some(Best { epoch: 1, wrong: 2 }),
            },
        }
    }

    #[test]
    fn metadata_read_back_to_the_last_bit() {
        let mut metadata = example();
        for at in 1..2000 {
            metadata.progress.sums.loss = 1e3 / f64::from(at);
            let text = serde_json::to_string(&metadata).unwrap();
            assert_eq!(serde_json::from_str::<Metadata>(&text).unwrap(), metadata);
        }
    }

    #[test]
    fn the_contracts_keys_stand_at_the_top() {
        let value = serde_json::to_value(example()).unwrap();
        let keys =
            ["net", "input", "classes", "untied", "rule", "preset", "slope", "mu", "loss", "epoch", "step", "seed"];
        for key in keys {
            assert!(value.get(key).is_some(), "{key}");
        }
        assert_eq!(value["input"], "3x8x8");
        assert_eq!(value["pool_window"], "centred");
        assert_eq!((value.get("connectivity"), value.get("track_r1"), value.get("decay")), (None, None, None));
        let least = r#"{"net":"Output","input":"1x2x2","classes":2,"untied":"none","rule":"bp","preset":"as-run",
            "slope":0.5,"mu":1,"loss":"hinge","pool_window":"from-pixel","pool_ties":"all","seed":1,"epoch":0,"step":0}"#;
        assert_eq!(serde_json::from_str::<Metadata>(least).unwrap().progress, Progress::default());
    }

    #[test]
    fn the_model_reads_back() {
        let model = example().network.model().unwrap();
        assert_eq!((model.slope, model.mu, model.loss), (0.7, 0.2, Loss::Softmax));
        assert!(model.sparse.is_empty() && !model.track_r1);
        let mut other = example().network;
        other.untied = "1,x".to_owned();
        let error = other.model().unwrap_err().to_string();
        assert_eq!(error, "it has untied '1,x', which this version of hebb does not compute");
        other.untied = "2".to_owned();
        assert!(other.model().unwrap_err().to_string().starts_with("layer 2 is 'Output', which has no places"));
        (other.untied, other.connectivity, other.track_r1) = ("1".to_owned(), 0.5, true);
        let model = other.model().unwrap();
        assert_eq!((model.network.untied_layers(), &model.sparse), (vec![1], &vec![1, 2]));
        assert_eq!(Description::new(&model, 0.5, u64::MAX).untied, "1");
        assert!(model.track_r1);
        other.pool_ties = "random".to_owned();
        let error = other.model().unwrap_err().to_string();
        assert_eq!(error, "it has pool_ties 'random', which this version of hebb does not compute");
    }
}
