//! Every setting of a run, as run.toml keeps it.

use hebb_spec::Shape;
use hebb_spec::network::{Network, Untied};
use hebb_spec::plan::Model;
use hebb_spec::rule::{Feedback, Loss, Preset, Rule};
use serde::{Deserialize, Serialize};

use crate::init::{Drawing, RStart, UntiedStart, sparse_layers};
use crate::job::JobError;
use crate::text;

/// What a run computes: each field bears the name of its option on the command line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    /// The network's name or notation.
    pub net: String,
    /// Its layers whose places have filters of their own, beside those that the notation writes as `Local`.
    #[serde(with = "text::untied", default, skip_serializing_if = "is_default")]
    pub untied: Untied,
    /// How these start; absent: as the preset says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untied_start: Option<UntiedStart>,
    /// The share of connections that there are, above 0, up to 1; the preset says whether of the output layer's, too.
    #[serde(default = "text::share::all", skip_serializing_if = "text::share::is_all")]
    pub connectivity: f32,
    /// The learning rule, with its ε or decay.
    #[serde(flatten, with = "text::rule")]
    pub rule: Rule,
    /// The loss.
    #[serde(with = "text")]
    pub loss: Loss,
    /// The hinge loss's balancing factor.
    pub mu: f32,
    /// Slope of σ.
    pub slope: f32,
    /// Learning rate η.
    pub lr: f32,
    /// Numbers and conventions.
    #[serde(with = "text")]
    pub preset: Preset,
    /// The data set, as the user wrote it.
    pub data: String,
    /// Training records kept for validation, the last ones.
    pub validation: usize,
    /// Whether the training records come in their own order each epoch.
    pub no_shuffle: bool,
    /// When the run ends.
    #[serde(flatten)]
    pub length: Length,
    /// Pictures in a batch.
    pub batch: u32,
    /// Seed of the start, the order and dropout.
    #[serde(with = "text::seed")]
    pub seed: u64,
    /// Layers that keep their W and R.
    #[serde(with = "text::layers", default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<u32>,
    /// Checkpoint that the run started from, as the user wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// The only layers taken from it; empty: all.
    #[serde(with = "text::layers", default, skip_serializing_if = "Vec::is_empty")]
    pub init_layers: Vec<u32>,
    /// Whether layer 1 has an R too, which learns and sends nothing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub track_r1: bool,
    /// What an epoch's row tells of the layers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub statistics: Detail,
    /// The device asked for, as the user wrote it; what that came to stands in the record.
    pub device: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How much an epoch's row tells of the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// How W and R compare, and how many units are saturated.
    #[default]
    Basic,
    /// Also the angle between the rule's δ and back-propagation's.
    Full,
}

impl Detail {
    /// Whether the two δ are compared: under back-propagation they are one.
    pub fn compares_deltas(self, rule: &Rule) -> bool {
        self == Detail::Full && rule.feedback != Feedback::Transposed
    }
}

/// When a run ends, counted from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Length {
    /// After so many epochs.
    Epochs(u32),
    /// After so many batches.
    Steps(u32),
}

impl Settings {
    /// The model that they describe, for pictures of one shape.
    pub fn to_model(&self, input: Shape, classes: u32) -> Result<Model, JobError> {
        let network = Network::new(&self.net, input, classes, self.preset)?.untie(&self.untied, self.preset)?;
        let model = Model::new(network, self.rule, self.loss, self.preset);
        Ok(Model {
            mu: self.mu,
            slope: self.slope,
            lr: self.lr,
            frozen: self.freeze.clone(),
            sparse: sparse_layers(&model, self.connectivity),
            track_r1: self.track_r1,
            delta_statistics: self.statistics.compares_deltas(&self.rule),
            ..model
        })
    }

    /// How their start is drawn.
    pub fn drawing(&self) -> Drawing {
        Drawing {
            seed: self.seed,
            r_start: RStart::Independent,
            untied_start: self.untied_start.unwrap_or(UntiedStart::of(self.preset)),
            connectivity: self.connectivity,
        }
    }
}

/// What a run was made with and on, beside its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// hebb's version.
    pub hebb: String,
    /// Shape of the data's pictures.
    #[serde(with = "text")]
    pub input: Shape,
    /// The data's number of classes.
    pub classes: u32,
    /// Name of the device.
    pub device: String,
    /// The kernel variants that ran there, each as text.
    pub variants: Vec<String>,
}

/// run.toml: the settings, then a table `[record]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFile {
    /// The settings: the top level, so that it also reads as a config file.
    #[serde(flatten)]
    pub settings: Settings,
    /// What it was made with.
    pub record: Record,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> RunFile {
        RunFile {
            settings: Settings {
                net: "Conv 4 3x3; Output".to_owned(),
                untied: Untied::AsWritten,
                untied_start: None,
                connectivity: 1.0,
                rule: Rule::urfb(0.3),
                loss: Loss::Hinge,
                mu: 1.0 / 9.0,
                slope: 0.5,
                lr: 0.1,
                preset: Preset::AsRun,
                data: "shapes:2".to_owned(),
                validation: 7,
                no_shuffle: false,
                length: Length::Epochs(3),
                batch: 20,
                seed: 1,
                freeze: Vec::new(),
                init: None,
                init_layers: Vec::new(),
                track_r1: false,
                statistics: Detail::Basic,
                device: "auto".to_owned(),
            },
            record: Record {
                hebb: "0.1.0".to_owned(),
                input: Shape::new(3, 32, 32),
                classes: 10,
                device: "some device".to_owned(),
                variants: vec!["connect_forward: 16x4".to_owned()],
            },
        }
    }

    #[test]
    fn run_files_read_back_as_they_were() {
        let mut file = example();
        assert_eq!(toml::from_str::<RunFile>(&toml::to_string(&file).unwrap()).unwrap(), file);
        file.settings.rule = Rule::kp(0.01);
        file.settings.untied = Untied::Layers(vec![1, 3]);
        file.settings.untied_start = Some(UntiedStart::Independent);
        file.settings.connectivity = 0.3;
        file.settings.track_r1 = true;
        file.settings.statistics = Detail::Full;
        file.settings.length = Length::Steps(12);
        file.settings.seed = u64::MAX;
        file.settings.freeze = vec![1, 2];
        file.settings.init = Some("start.safetensors".to_owned());
        file.settings.init_layers = vec![2];
        let text = toml::to_string(&file).unwrap();
        assert_eq!(toml::from_str::<RunFile>(&text).unwrap(), file);
        for line in ["untied = \"1,3\"", "untied-start = \"independent\"", "decay = 0.01", "statistics = \"full\""] {
            assert!(text.lines().any(|other| other == line), "no {line} in {text}");
        }
        let error = toml::from_str::<RunFile>(&text.replace("\"kp\"", "\"frfb\"")).unwrap_err().to_string();
        assert!(error.contains("decay belongs to kp, not to frfb"), "{error}");
    }

    #[test]
    fn a_run_file_reads_like_options() {
        let text = toml::to_string(&example()).unwrap();
        let wanted = "net = \"Conv 4 3x3; Output\"\nrule = \"urfb\"\nepsilon = 0.3\nloss = \"hinge\"\nmu = 0.11111111\n\
                      slope = 0.5\nlr = 0.1\npreset = \"as-run\"\ndata = \"shapes:2\"\nvalidation = 7\n\
                      no-shuffle = false\nepochs = 3\nbatch = 20\nseed = 1\ndevice = \"auto\"\n\n[record]\nhebb = \"0.1.0\"\n\
                      input = \"3x32x32\"\nclasses = 10\ndevice = \"some device\"\n\
                      variants = [\"connect_forward: 16x4\"]\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn the_model_takes_every_number() {
        let mut settings = example().settings;
        (settings.mu, settings.slope, settings.lr, settings.freeze) = (0.25, 0.75, 0.5, vec![1]);
        let model = settings.to_model(Shape::new(1, 4, 4), 3).unwrap();
        assert_eq!((model.mu, model.slope, model.lr, &model.frozen[..]), (0.25, 0.75, 0.5, &[1][..]));
        assert_eq!(model.rule, Rule::urfb(0.3));
        assert!(model.sparse.is_empty() && !model.track_r1 && !model.delta_statistics);

        settings.untied = Untied::All;
        (settings.connectivity, settings.track_r1, settings.statistics) = (0.5, true, Detail::Full);
        let model = settings.to_model(Shape::new(1, 4, 4), 3).unwrap();
        assert_eq!((model.network.untied_layers(), &model.sparse), (vec![1], &vec![1]), "as-run: a dense output");
        assert!(model.track_r1 && model.delta_statistics);
        assert_eq!(settings.drawing().untied_start, UntiedStart::Tied, "the preset's");
        (settings.preset, settings.rule) = (Preset::Paper, Rule::BP);
        let model = settings.to_model(Shape::new(1, 4, 4), 3).unwrap();
        assert_eq!((&model.sparse, model.delta_statistics), (&vec![1, 2], false));
        assert_eq!(settings.drawing().untied_start, UntiedStart::Independent);
    }
}
