//! A network: the items of its notation, with the shape of each one's output.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::pool::Pool;

use super::notation::{self, Item, NotationError};
use super::preset::Preset;

/// Networks of the paper, by name.
pub const NAMED: [(&str, &str); 4] = [
    ("simpnet", "Conv 32 5x5; Maxpool 3; Drop .8; Full 500; Drop .3; Output"),
    (
        "deepnet",
        "Conv 32 5x5; Maxpool 3; Conv 32 3x3; Conv 32 3x3; Maxpool 3; Drop .8; Conv 32 3x3; Conv 32 3x3; \
         Maxpool 3; Drop .3; Full 500; Output",
    ),
    (
        "deepernet",
        "Conv 16 3x3; Conv 16 3x3; SUM; Conv 32 3x3; Conv 32 3x3; SUM; Maxpool 3; Drop .5; Conv 64 3x3; Conv 64 3x3; \
         SUM; Maxpool 3; Conv 128 3x3; Conv 128 3x3; SUM; Maxpool 3; Drop .8; Full 500; Output",
    ),
    (
        "deepnet_s",
        "Conv 16 3x3; Conv 16 3x3; SUM; Maxpool 3, stride 3; Drop .5; Conv 64 3x3; Conv 64 3x3; SUM; Maxpool 2; \
         Conv 64 2x2; Conv 64 2x2; SUM; Maxpool 2; Drop .5; Full 500; Output",
    ),
];

/// The items of a name or a notation.
pub fn items(text: &str) -> Result<Vec<Item>, NotationError> {
    let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
    notation::parse(named.map_or(text, |(_, notation)| notation))
}

/// Which layers have a filter of their own at each place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Untied {
    /// Those that the notation writes as `Local`.
    #[default]
    AsWritten,
    /// Every convolution.
    All,
    /// These weighted layers, counted from 1, and those that the notation writes as `Local`.
    Layers(Vec<u32>),
}

/// A layer that cannot be untied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UntieError {
    /// A full layer has no places.
    #[error("layer {layer} is '{item}', which has no places to untie: name convolutions only, or 'all'")]
    Full {
        /// The layer.
        layer: u32,
        /// Its item.
        item: String,
    },
    /// No such layer.
    #[error("there is no layer {layer}: the network has {layers} weighted layers, counted from 1")]
    Layer {
        /// The layer.
        layer: u32,
        /// The network's layers.
        layers: u32,
    },
    /// The untied filters do not fit the counters.
    #[error("{0}")]
    Notation(#[from] NotationError),
}

/// What an item does, with its geometry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stage {
    /// A weighted layer; all but the last have σ.
    Weighted {
        /// Counts the weighted layers from 1.
        layer: u32,
        /// Its geometry.
        connection: Connection,
        /// Whether it is the output layer: no σ.
        is_output: bool,
    },
    /// The sum of the outputs of the two stages before it, both weighted.
    Sum {
        /// Number of units.
        shape: Shape,
    },
    /// Max-pooling.
    Pool(Pool),
    /// Dropout.
    Drop {
        /// Counts the dropouts from 1.
        index: u32,
        /// Number of units.
        shape: Shape,
        /// The fraction set to zero.
        probability: f32,
    },
}

impl Stage {
    /// Shape of the output.
    pub const fn output(&self) -> Shape {
        match self {
            Stage::Weighted { connection, .. } => connection.output,
            Stage::Pool(pool) => pool.output(),
            Stage::Sum { shape } | Stage::Drop { shape, .. } => *shape,
        }
    }
}

/// A network on images of one shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Shape of an image.
    pub input: Shape,
    /// Number of classes.
    pub classes: u32,
    /// The notation's items.
    pub items: Vec<Item>,
    /// What each item does.
    pub stages: Vec<Stage>,
}

impl Network {
    /// Reads a name or a notation and gives each item its shape. The preset sets the pools' windows and ties.
    pub fn new(text: &str, input: Shape, classes: u32, preset: Preset) -> Result<Self, NotationError> {
        Self::from_items(items(text)?, input, classes, preset)
    }

    fn from_items(items: Vec<Item>, input: Shape, classes: u32, preset: Preset) -> Result<Self, NotationError> {
        let mut stages: Vec<Stage> = Vec::with_capacity(items.len());
        let (mut shape, mut flat) = (input, false);
        let (mut layer, mut drops) = (0, 0);
        for (index, item) in items.iter().enumerate() {
            let fail = |problem: &str| NotationError {
                number: index + 1,
                column: notation::to_notation(&items[..index]).chars().count() + if index == 0 { 1 } else { 3 },
                text: item.to_string(),
                problem: problem.to_owned(),
            };
            let last = index + 1 == items.len();
            if last && *item != Item::Output {
                return Err(fail("a network ends with 'Output': add it"));
            }
            if flat && matches!(item, Item::Conv { .. } | Item::Local { .. } | Item::Maxpool { .. }) {
                return Err(fail("it needs an image, but stands after a full layer: move it before"));
            }
            let stage = match *item {
                Item::Conv { channels, kernel_h, kernel_w } => {
                    layer += 1;
                    let connection = Connection::conv(shape, channels, kernel_h, kernel_w);
                    Stage::Weighted { layer, connection, is_output: false }
                }
                Item::Local { channels, kernel_h, kernel_w } => {
                    layer += 1;
                    let connection = Connection::conv(shape, channels, kernel_h, kernel_w).untie();
                    Stage::Weighted { layer, connection, is_output: false }
                }
                Item::Sum => {
                    let is_conv = |item: &Item| matches!(item, Item::Conv { .. } | Item::Local { .. });
                    let pair = if index < 2 { &[][..] } else { &items[index - 2..index] };
                    if pair.is_empty() || !pair.iter().all(is_conv) {
                        return Err(fail("it adds the two convolutions right before it: write two of them there"));
                    }
                    let first = stages[index - 2].output();
                    if first != shape {
                        let (first, second) = (first.channels, shape.channels);
                        return Err(fail(&format!(
                            "the two convolutions before it have {first} and {second} channels: give both as many"
                        )));
                    }
                    Stage::Sum { shape }
                }
                Item::Full { .. } | Item::Output => {
                    if *item == Item::Output && !last {
                        return Err(fail("'Output' is the last item: remove what stands behind it"));
                    }
                    layer += 1;
                    flat = true;
                    let units = if let Item::Full { units } = *item { units } else { classes };
                    let connection = Connection::full(shape, units);
                    Stage::Weighted { layer, connection, is_output: *item == Item::Output }
                }
                Item::Maxpool { size, stride } => {
                    let (window, ties) = (preset.pool_window(), preset.pool_ties());
                    Stage::Pool(Pool { input: shape, size, stride, window, ties })
                }
                Item::Drop { probability } => {
                    drops += 1;
                    Stage::Drop { index: drops, shape, probability }
                }
            };
            let output = stage.output();
            let weights = match stage {
                Stage::Weighted { connection, .. } => {
                    let sizes = [connection.input.channels, connection.kernel_h, connection.kernel_w];
                    let sizes = sizes.into_iter().chain([connection.output.channels, connection.filters()]);
                    sizes.fold(1_u64, |product, n| product.saturating_mul(u64::from(n)))
                }
                _ => 0,
            };

            let units = u64::from(output.channels) * u64::from(output.height) * u64::from(output.width);
            if units.max(weights) > u64::from(u32::MAX / 4) {
                return Err(fail("it is too large: a layer holds at most 2^30 units and weights"));
            }
            shape = output;
            stages.push(stage);
        }
        Ok(Self { input, classes, items, stages })
    }

    /// The same network with untied layers, as if they were written `Local`.
    pub fn untie(&self, untied: &Untied, preset: Preset) -> Result<Self, UntieError> {
        let mut items = self.items.clone();
        let mut layer = 0;
        for item in &mut items {
            if !matches!(item, Item::Conv { .. } | Item::Local { .. } | Item::Full { .. } | Item::Output) {
                continue;
            }
            layer += 1;
            let wanted = match untied {
                Untied::AsWritten => false,
                Untied::All => !matches!(item, Item::Full { .. } | Item::Output),
                Untied::Layers(layers) => layers.contains(&layer),
            };
            match *item {
                Item::Conv { channels, kernel_h, kernel_w } if wanted => {
                    *item = Item::Local { channels, kernel_h, kernel_w };
                }
                Item::Full { .. } | Item::Output if wanted => {
                    return Err(UntieError::Full { layer, item: item.to_string() });
                }
                _ => {}
            }
        }
        if let Untied::Layers(layers) = untied
            && let Some(&wrong) = layers.iter().find(|&&wanted| wanted == 0 || wanted > layer)
        {
            return Err(UntieError::Layer { layer: wrong, layers: layer });
        }
        Ok(Self::from_items(items, self.input, self.classes, preset)?)
    }

    /// The untied layers, counted from 1.
    pub fn untied_layers(&self) -> Vec<u32> {
        (1..).zip(self.connections()).filter(|(_, connection)| connection.untied).map(|(layer, _)| layer).collect()
    }

    /// The notation, as it reads back.
    pub fn notation(&self) -> String {
        notation::to_notation(&self.items)
    }

    /// Number of weighted layers, L.
    pub fn layers(&self) -> u32 {
        self.connections().count() as u32
    }

    /// The weighted layers' connections, from layer 1.
    pub fn connections(&self) -> impl Iterator<Item = Connection> + '_ {
        self.stages.iter().filter_map(|stage| match stage {
            Stage::Weighted { connection, .. } => Some(*connection),
            _ => None,
        })
    }

    /// Number of forward weights.
    pub fn weights(&self) -> usize {
        self.connections().map(|connection| connection.weights()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIFAR: Shape = Shape::new(3, 32, 32);

    #[test]
    fn simpnet_has_the_papers_weights() {
        let network = Network::new("simpnet", CIFAR, 10, Preset::AsRun).unwrap();
        assert_eq!(network.weights(), 4_103_400);
        assert_eq!(network.layers(), 3);
        let shapes: Vec<String> = network.stages.iter().map(|stage| stage.output().to_string()).collect();
        assert_eq!(shapes, ["32x32x32", "32x16x16", "32x16x16", "500x1x1", "500x1x1", "10x1x1"]);
    }

    #[test]
    fn the_papers_other_networks_have_their_shapes() {
        let network = |name| Network::new(name, CIFAR, 10, Preset::AsRun).unwrap();
        let deepernet = network("deepernet");
        assert_eq!(deepernet.layers(), 10);
        assert_eq!(deepernet.stages[deepernet.stages.len() - 3].output(), Shape::new(128, 4, 4));
        let small = network("deepnet_s");
        let pooled: Vec<u32> =
            small.stages.iter().filter(|s| matches!(s, Stage::Pool(_))).map(|s| s.output().height).collect();
        assert_eq!(pooled, [11, 6, 3]);
        // Five untied layers, the first conv tied: the paper's count of nonzeros.
        let untied = small.untie(&Untied::Layers((2..=6).collect()), Preset::AsRun).unwrap();
        let weights: usize = untied.connections().filter(|c| c.untied).map(|c| c.weights()).sum();
        assert_eq!(weights, 8_173_568);
    }

    #[test]
    fn untied_layers_are_written_local() {
        let network = Network::new("Conv 4 3x3; Conv 4 3x3; SUM; Output", CIFAR, 10, Preset::AsRun).unwrap();
        let all = network.untie(&Untied::All, Preset::AsRun).unwrap();
        assert_eq!(all.notation(), "Local 4 3x3; Local 4 3x3; SUM; Output");
        assert_eq!(all.untied_layers(), [1, 2]);
        assert_eq!(Network::new(&all.notation(), CIFAR, 10, Preset::AsRun).unwrap(), all);
        let error =
            |layers: &[u32]| network.untie(&Untied::Layers(layers.to_vec()), Preset::AsRun).unwrap_err().to_string();
        assert!(error(&[1, 3]).starts_with("layer 3 is 'Output', which has no places to untie"));
        assert_eq!(error(&[4]), "there is no layer 4: the network has 3 weighted layers, counted from 1");
    }

    #[test]
    fn a_sum_needs_two_convolutions_alike() {
        let error = |text: &str| Network::new(text, CIFAR, 10, Preset::AsRun).unwrap_err().to_string();
        assert!(error("Conv 4 3x3; SUM; Output").contains("it adds the two convolutions right before it"));
        assert!(error("Conv 4 3x3; Drop .5; Conv 4 3x3; SUM; Output").contains("right before it"));
        assert!(error("Conv 4 3x3; Conv 5 3x3; SUM; Output").contains("have 4 and 5 channels: give both as many"));
    }

    #[test]
    fn every_named_network_stands() {
        for (name, _) in NAMED {
            assert!(Network::new(name, CIFAR, 100, Preset::Paper).is_ok(), "{name}");
        }
    }

    #[test]
    fn misplaced_items_are_named() {
        let error = |text: &str| Network::new(text, CIFAR, 10, Preset::AsRun).unwrap_err().to_string();
        assert_eq!(
            error("Full 10; Conv 3 3x3; Output"),
            "item 2 'Conv 3 3x3' (column 10): it needs an image, but stands after a full layer: move it before"
        );
        assert_eq!(error("Conv 3 3x3"), "item 1 'Conv 3 3x3' (column 1): a network ends with 'Output': add it");
        assert!(error("Output; Full 3; Output").contains("'Output' is the last item"));
        assert!(error("Conv 1000000 3x3; Output").contains("too large"));
        assert!(error("Full 1000000; Full 1000000; Output").contains("too large"));
        assert!(error("Conv 1 1000000x1000000; Output").contains("too large"));
    }
}
