//! Networks to train: tied, untied or sparse, with their random starts.

use hebb_reference::sample::batch_of;
use hebb_spec::Shape;
use hebb_spec::backend::Runtime;
use hebb_spec::learning::Loss;
use hebb_spec::rng::Purpose;
use hebb_spec::start::{at_every_place, glorot, mask};
use hebb_systems::layered::{Model, Network, Preset, Rule, Untied};

use crate::runner::{Batch, Runner, Weights};

/// Split and whole updates, a SUM, overlapping and tiling pools, σ′ below a pool, a connection, a dropout and a SUM.
const NET: &str = "Conv 18 5x5; Maxpool 3; Drop .5; Conv 9 3x3; Conv 9 3x3; SUM; Conv 8 2x2; Maxpool 2; Full 33; \
                   Drop .3; Output";
const CLASSES: u32 = 7;
const BATCH: u32 = 21;
const SEED: u64 = 5;

/// What is special about a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Tied,
    /// Every convolution has a filter a place, drawn one by one.
    Untied,
    /// Half the weights of all layers but the last.
    Sparse,
    /// Both.
    UntiedSparse,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Tied, Self::Untied, Self::Sparse, Self::UntiedSparse];
}

/// A network of a kind, to be trained by a rule.
#[derive(Debug, Clone)]
pub struct Setup {
    pub model: Model,
    pub batch: u32,
}

impl Setup {
    /// The network above.
    pub fn new(kind: Kind, rule: Rule) -> Result<Self, String> {
        let model = model((NET, Shape::new(3, 12, 12), CLASSES), kind, rule, Loss::Hinge, Preset::AsRun)?;
        Ok(Self { model, batch: BATCH })
    }

    /// Every tensor that any rule may want; `equal` starts R as W, with W's mask.
    pub fn start(&self, equal: bool) -> Weights {
        let mut weights = Weights::new();
        for (layer, connection) in (1..).zip(self.model.network.connections()) {
            let masks = [Purpose::MaskW, if equal { Purpose::MaskW } else { Purpose::MaskR }]
                .map(|purpose| mask(&connection, SEED, purpose, layer, 0.5));
            let starts = [Purpose::InitW, if equal { Purpose::InitW } else { Purpose::InitR }];
            for (name, (purpose, mask)) in ["W", "R"].into_iter().zip(starts.into_iter().zip(&masks)) {
                let mut values = glorot(&connection, SEED, purpose, layer);
                if self.model.sparse.contains(&layer) {
                    let mask = if self.model.rule.signs().is_some() { &masks[0] } else { mask };
                    values.iter_mut().zip(mask).for_each(|(value, &bit)| *value *= bit);
                    weights.insert(format!("{name}{layer}.mask"), mask.clone());
                }
                weights.insert(format!("{name}{layer}"), values);
            }
            if let Some(direct) = self.model.direct(layer) {
                weights.insert(format!("B{layer}"), glorot(&direct, SEED, Purpose::InitB, layer));
            }
        }
        weights
    }

    /// Made ready on a runtime, with a start.
    pub fn runner(&self, runtime: &dyn Runtime, start: &Weights) -> Result<Runner, String> {
        let mut runner = Runner::new(&self.model, self.batch, runtime)?;
        runner.write(start)?;
        Ok(runner)
    }

    /// One step on one of ten batches.
    pub fn step(&self, runner: &mut Runner, step: u32) -> Result<(), String> {
        let network = &self.model.network;
        let (images, labels) = batch_of(network.input, network.classes, self.batch, step % 10);
        runner.step(&Batch { images: &images, labels: &labels, step, seed: 11 })
    }

    /// The weights after some steps on a runtime.
    pub fn train(&self, runtime: &dyn Runtime, start: &Weights, steps: u32) -> Result<Weights, String> {
        let mut runner = self.runner(runtime, start)?;
        (0..steps).try_for_each(|step| self.step(&mut runner, step))?;
        let losses = runner.losses()?;
        if losses.len() != steps as usize || losses.iter().any(|loss| !loss.is_finite()) {
            return Err(format!("{} losses, or one that is not finite", losses.len()));
        }
        runner.read()
    }
}

/// A model of a notation, on images of a shape with a number of classes.
pub fn model(
    (text, input, classes): (&str, Shape, u32),
    kind: Kind,
    rule: Rule,
    loss: Loss,
    preset: Preset,
) -> Result<Model, String> {
    let network = Network::new(text, input, classes, preset).map_err(|error| error.to_string())?;
    let untied = matches!(kind, Kind::Untied | Kind::UntiedSparse);
    let network = network
        .untie(if untied { &Untied::All } else { &Untied::AsWritten }, preset)
        .map_err(|error| error.to_string())?;
    let mut model = Model::new(network, rule, loss, preset);
    if matches!(kind, Kind::Sparse | Kind::UntiedSparse) {
        model.sparse = model.sparse_layers();
    }
    Ok(model)
}

/// The start of an untied network that computes what a tied one with this start does.
pub fn untied_start(untied: &Setup, tied: &Weights) -> Weights {
    let mut weights = tied.clone();
    for (layer, connection) in (1..).zip(untied.model.network.connections()) {
        for name in [format!("W{layer}"), format!("R{layer}")] {
            if let (true, Some(filter)) = (connection.untied, tied.get(&name)) {
                weights.insert(name, at_every_place(&connection, filter));
            }
        }
    }
    weights
}
