//! One description of a model: what options, config files, run.toml, checkpoints and programs say of it.

use hebb_spec::Shape;
use hebb_spec::learning::Loss;
use hebb_spec::settings::{SettingError, short};

use super::model::{Activation, Model, RStart, UntiedStart};
use super::network::{NAMED, Network, UntieError, Untied, items};
use super::notation::{NotationError, suggestion, to_notation};
use super::preset::Preset;
use super::rule::{Feedback, Rule};

/// How much an epoch's row tells of the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// How W and R compare, and how many units are saturated.
    #[default]
    Basic,
    /// Also the angle between the rule's δ and back-propagation's.
    Full,
}

/// All that sets what a network computes and how it learns, apart from its data.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpec {
    /// The network's name or notation.
    pub net: String,
    /// Its layers whose places have filters of their own, beside those that the notation writes as `Local`.
    pub untied: Untied,
    /// How these start; none: as the preset says.
    pub untied_start: Option<UntiedStart>,
    /// The share of connections that there are, above 0, up to 1; the preset says whether of the output layer's, too.
    pub connectivity: f32,
    /// The learning rule, with its ε or decay.
    pub rule: Rule,
    /// The loss.
    pub loss: Loss,
    /// The hinge loss's balancing factor μ; none: as the preset says.
    pub mu: Option<f32>,
    /// σ.
    pub activation: Activation,
    /// Slope of a σ that clips; none: as the preset says.
    pub slope: Option<f32>,
    /// Learning rate η.
    pub lr: f32,
    /// Numbers and conventions.
    pub preset: Preset,
    /// Layers that keep their W and R, counted from 1.
    pub freeze: Vec<u32>,
    /// Whether layer 1 has an R too, which learns and sends nothing.
    pub track_r1: bool,
    /// What an epoch's row tells of the layers.
    pub statistics: Detail,
}

impl Default for ModelSpec {
    fn default() -> Self {
        Self {
            net: "simpnet".to_owned(),
            untied: Untied::AsWritten,
            untied_start: None,
            connectivity: 1.0,
            rule: Rule::URFB,
            loss: Loss::Hinge,
            mu: None,
            activation: Activation::Clip,
            slope: None,
            lr: 0.1,
            preset: Preset::AsRun,
            freeze: Vec::new(),
            track_r1: false,
            statistics: Detail::Basic,
        }
    }
}

/// A description that is of no network, or does not fit together. Its text begins with the setting at fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// A number out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A single word that is no network's name.
    #[error(
        "net: unknown network '{text}': known are {known}; or write a notation, as in \"Conv 32 5x5; Maxpool 3; Output\"{near}"
    )]
    Name {
        /// The word.
        text: String,
        /// The names that there are.
        known: String,
        /// The name that it may be meant for, as a question; else nothing.
        near: String,
    },
    /// The notation does not read, or does not fit the images.
    #[error("net: {0}")]
    Notation(#[from] NotationError),
    /// A layer that cannot be untied.
    #[error("untied: {0}")]
    Untie(#[from] UntieError),
    /// A layer that the network does not have.
    #[error("{key}: there is no layer {layer}: the network has {layers} weighted layers, counted from 1")]
    Layer {
        /// The setting.
        key: &'static str,
        /// The layer.
        layer: u32,
        /// The network's layers.
        layers: u32,
    },
    /// Of a layer's connections hardly one would be there.
    #[error(
        "connectivity = {share:?}: of the {connections} connections of layer {layer} it leaves less than one: raise it"
    )]
    Unconnected {
        /// The share.
        share: f32,
        /// The layer.
        layer: u32,
        /// Its connections.
        connections: usize,
    },
    /// Layer 1 is to have what no layer has.
    #[error("track-r1 needs feedback weights R, but the rule is {rule}: leave one of them out")]
    NoR {
        /// The rule.
        rule: &'static str,
    },
}

impl ModelSpec {
    /// The model on images of a shape.
    pub fn build(&self, input: Shape, classes: u32) -> Result<Model, SpecError> {
        self.check()?;
        let network = self.written(input, classes)?.untie(&self.untied, self.preset)?;
        let layers = network.layers();
        if let Some(&layer) = self.freeze.iter().find(|&&layer| layer == 0 || layer > layers) {
            return Err(SpecError::Layer { key: "freeze", layer, layers });
        }
        if self.track_r1 && !self.rule.has_r() {
            return Err(SpecError::NoR { rule: self.rule.name });
        }
        let model = Model::new(network, self.rule, self.loss, self.preset);
        let is_compared = self.statistics == Detail::Full && self.rule.feedback != Feedback::Transposed;
        let sparse = if self.connectivity < 1.0 { model.sparse_layers() } else { Vec::new() };
        for (layer, connection) in (1..).zip(model.network.connections()) {
            let (share, connections) = (self.connectivity, connection.weights());
            if sparse.contains(&layer) && share * (connections as f32) < 1.0 {
                return Err(SpecError::Unconnected { share, layer, connections });
            }
        }
        Ok(Model {
            mu: self.mu.unwrap_or(model.mu),
            activation: self.activation,
            slope: self.slope.unwrap_or(model.slope),
            lr: self.lr,
            frozen: self.freeze.clone(),
            sparse,
            connectivity: self.connectivity,
            untied_start: self.untied_start.unwrap_or(model.untied_start),
            r_start: RStart::Independent,
            track_r1: self.track_r1,
            delta_statistics: is_compared,
            ..model
        })
    }

    /// Why a setting that someone gave is without effect on the model that came of it; none where it has one. A run's own
    /// file writes out what nobody gave, so this is for whoever knows where a setting comes from.
    pub fn idle(&self, key: &str, model: &Model) -> Option<String> {
        let wrong = |of: &str, but: &str| Some(format!("it belongs to {of}, but {but}: leave one of them out"));
        match key {
            "mu" if self.loss != Loss::Hinge => wrong("the hinge loss", &format!("the loss is {}", self.loss)),
            "slope" if self.activation == Activation::Identity => {
                wrong("an activation that clips", "the activation is identity")
            }
            "untied-start" if model.network.untied_layers().is_empty() => {
                wrong("untied layers", "the network has none")
            }
            "statistics" if self.statistics == Detail::Full && !model.delta_statistics => {
                wrong("rules whose δ is not back-propagation's", &format!("the rule is {}", self.rule.name))
            }
            _ => None,
        }
    }

    /// The same description with nothing left to a name or a preset: the notation, μ and slope written out.
    pub fn resolved(&self, classes: u32) -> Result<Self, SpecError> {
        let net = to_notation(&items(&self.net)?);
        let (mu, slope) = (self.mu.unwrap_or(self.preset.mu(classes)), self.slope.unwrap_or(self.preset.slope()));
        Ok(Self { net, mu: Some(mu), slope: Some(slope), ..self.clone() })
    }

    fn written(&self, input: Shape, classes: u32) -> Result<Network, SpecError> {
        Network::new(&self.net, input, classes, self.preset).map_err(|error| {
            // A single word is a misspelt name rather than a notation of one item.
            let text = self.net.trim();
            let is_word = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
            if is_word && !error.problem.starts_with("a network ends") {
                let names = NAMED.map(|(name, _)| name);
                let (known, near) = (names.join(", "), suggestion(text, &names));
                return SpecError::Name { text: short(text), known, near };
            }
            error.into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::settings::{Table, Value};

    const CIFAR: Shape = Shape::new(3, 32, 32);

    fn spec(settings: &[(&str, &str)]) -> Result<ModelSpec, String> {
        let table = settings.iter().map(|&(key, value)| (key.to_owned(), Value::Text(value.to_owned()))).collect();
        ModelSpec::from_table(&Table(table)).map_err(|error| error.to_string())
    }

    fn build(settings: &[(&str, &str)]) -> Result<Model, String> {
        spec(settings)?.build(CIFAR, 10).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_read_back_as_they_were() {
        let all = [
            ("net", "Conv 4 3x3; Output"),
            ("untied", "1"),
            ("untied-start", "independent"),
            ("connectivity", "0.3"),
            ("rule", "kp"),
            ("decay", "0.01"),
            ("loss", "softmax"),
            ("mu", "0.25"),
            ("activation", "identity"),
            ("slope", "0.75"),
            ("lr", "0.5"),
            ("preset", "paper"),
            ("freeze", "1-2"),
            ("track-r1", "true"),
            ("statistics", "full"),
        ];
        let spec = spec(&all).unwrap();
        let table = spec.table();
        assert_eq!(table.0.len(), all.len());
        assert_eq!(ModelSpec::from_table(&table).unwrap(), spec);
        let model = spec.build(CIFAR, 10).unwrap();
        assert_eq!((model.mu, model.slope, model.lr, &model.frozen[..]), (0.25, 0.75, 0.5, &[1, 2][..]));
        assert_eq!((model.rule, model.loss, model.clip()), (Rule::kp(0.01), Loss::Softmax, None));
        assert_eq!((model.network.untied_layers(), &model.sparse[..]), (vec![1], &[1, 2][..]));
        assert!(model.track_r1 && model.delta_statistics);
        let keys: Vec<String> = ModelSpec::default().table().0.into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["net", "rule", "epsilon", "loss", "lr", "preset"], "what is as by default is left out");
    }

    #[test]
    fn a_preset_sets_what_is_not_said() {
        let model = build(&[]).unwrap();
        assert_eq!((model.slope, model.mu, model.untied_start), (0.5, 1.0 / 9.0, UntiedStart::Tied));
        let paper = build(&[("preset", "paper"), ("slope", "0.25"), ("connectivity", "0.5")]).unwrap();
        assert_eq!((paper.slope, paper.untied_start), (0.25, UntiedStart::Independent));
        assert_eq!(paper.sparse, [1, 2, 3], "the paper's output layer is sparse, too");
        assert_eq!(build(&[("connectivity", "0.5")]).unwrap().sparse, [1, 2]);
        let resolved = spec(&[]).unwrap().resolved(100).unwrap();
        assert_eq!((resolved.mu, resolved.slope), (Some(10.0 / 99.0), Some(0.5)));
        assert!(resolved.net.starts_with("Conv 32 5x5; Maxpool 3; Drop 0.8"));
        assert_eq!(resolved.build(CIFAR, 100), spec(&[]).unwrap().build(CIFAR, 100));
    }

    #[test]
    fn a_programs_numbers_are_held_to_the_same_ranges() {
        let error = |spec: ModelSpec| spec.build(CIFAR, 10).unwrap_err().to_string();
        let default = ModelSpec::default;
        assert_eq!(error(ModelSpec { lr: f32::NAN, ..default() }), "lr = NaN: write a number of 0 or more");
        assert_eq!(error(ModelSpec { slope: Some(0.0), ..default() }), "slope = 0.0: write a number above 0");
        assert!(error(ModelSpec { connectivity: 1.5, ..default() }).starts_with("connectivity = 1.5: "));
        assert!(error(ModelSpec { rule: Rule::kp(1.0), ..default() }).starts_with("decay = 1: "));
        let own = Rule { name: "leaky", epsilon: 0.5, ..Rule::KP };
        assert!(ModelSpec { rule: own, ..default() }.build(CIFAR, 10).is_ok());
        assert!(error(ModelSpec { rule: Rule { epsilon: 2.0, ..own }, ..default() }).starts_with("epsilon = 2: "));
    }

    #[test]
    fn a_setting_without_effect_is_told_by_whoever_gave_it() {
        let idle = |key: &str, settings: &[(&str, &str)]| {
            let spec = spec(settings).unwrap();
            spec.idle(key, &spec.build(CIFAR, 10).unwrap())
        };
        let softmax = [("loss", "softmax"), ("mu", "0.5")];
        assert_eq!(
            idle("mu", &softmax).unwrap(),
            "it belongs to the hinge loss, but the loss is softmax: leave one of them out"
        );
        assert_eq!((idle("loss", &softmax), idle("mu", &[("mu", "0.5")])), (None, None));
        let linear = idle("slope", &[("activation", "identity"), ("slope", "1")]);
        assert_eq!(
            linear.as_deref(),
            Some("it belongs to an activation that clips, but the activation is identity: leave one of them out")
        );
        assert!(idle("untied-start", &[("untied-start", "tied")]).unwrap().starts_with("it belongs to untied layers"));
        assert_eq!(idle("untied-start", &[("untied-start", "tied"), ("untied", "1")]), None);
        let full = ("statistics", "full");
        assert!(idle("statistics", &[full, ("rule", "bp")]).unwrap().contains("but the rule is bp"));
        assert_eq!(idle("statistics", &[full, ("rule", "dfa")]), None);
        assert_eq!(idle("statistics", &[("rule", "bp"), ("statistics", "basic")]), None);
    }

    #[test]
    fn a_share_of_less_than_one_connection_is_refused() {
        let share = |share: &str, preset: &str| {
            build(&[("net", "Conv 1 1x1; Output"), ("connectivity", share), ("preset", preset)])
        };
        // Layer 1 has three connections, the output layer 10,240.
        let wanted = "connectivity = 0.33: of the 3 connections of layer 1 it leaves less than one: raise it";
        assert_eq!(share("0.33", "as-run").unwrap_err(), wanted);
        assert!(share("0.3333334", "as-run").is_ok() && share("1e-30", "paper").is_err());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = |settings: &[(&str, &str)]| build(settings).unwrap_err();
        assert!(error(&[("net", "simpnot")]).starts_with("net: unknown network 'simpnot': known are simpnet, deepnet"));
        assert!(error(&[("net", "Conv 3 3x3; Outptu")]).starts_with("net: item 2 'Outptu' (column 13): unknown item"));
        assert_eq!(
            error(&[("rule", "bp"), ("epsilon", "0.5")]),
            "epsilon = 0.5: it belongs to urfb, but the rule is bp: leave one of them out"
        );
        assert_eq!(
            error(&[("decay", "0.5")]),
            "decay = 0.5: it belongs to kp, but the rule is urfb: leave one of them out"
        );
        assert_eq!(
            error(&[("freeze", "4")]),
            "freeze: there is no layer 4: the network has 3 weighted layers, counted from 1"
        );
        assert_eq!(
            error(&[("untied", "1-2")]),
            "untied: layer 2 is 'Full 500', which has no places to untie: name convolutions only, or 'all'"
        );
        assert_eq!(
            error(&[("rule", "dfa"), ("track-r1", "true")]),
            "track-r1 needs feedback weights R, but the rule is dfa: leave one of them out"
        );
        for (key, value) in [("lr", "-1"), ("slope", "0"), ("mu", "nan"), ("connectivity", "0"), ("epsilon", "2")] {
            assert!(error(&[(key, value)]).starts_with(&format!("{key} = {value}: write a number ")), "{key}");
        }
    }
}
