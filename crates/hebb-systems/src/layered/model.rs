//! A layered network with its rule and loss: the system that is trained.

use std::fmt;
use std::str::FromStr;

use hebb_spec::connection::Connection;
use hebb_spec::layout::Layout;
use hebb_spec::learning::Loss;
use hebb_spec::param::{Kind, Param};
use hebb_spec::rng::Purpose;
use hebb_spec::settings::UnknownName;
use hebb_spec::start::Start;

use super::network::Network;
use super::preset::Preset;
use super::rule::Rule;

/// How the feedback weights start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RStart {
    /// Drawn apart from W, and so their masks.
    Independent,
    /// As W, with W's mask: URFB is then back-propagation.
    Equal,
}

/// How the filters of an untied layer start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UntiedStart {
    /// One filter at all places: that of the tied layer from the same seed.
    Tied,
    /// Each place draws its own.
    Independent,
}

impl FromStr for UntiedStart {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "tied" => Ok(UntiedStart::Tied),
            "independent" => Ok(UntiedStart::Independent),
            _ => Err(UnknownName::new("start", text, &["tied", "independent"])),
        }
    }
}

impl fmt::Display for UntiedStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UntiedStart::Tied => "tied",
            UntiedStart::Independent => "independent",
        })
    }
}

/// What a hidden layer makes of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// σ(h) = clip(slope · h, −1, 1).
    #[default]
    Clip,
    /// σ(h) = h: a linear network (Amit 2019, section 5).
    Identity,
}

impl FromStr for Activation {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text {
            "clip" => Ok(Activation::Clip),
            "identity" => Ok(Activation::Identity),
            _ => Err(UnknownName::new("activation", text, &["clip", "identity"])),
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Activation::Clip => "clip",
            Activation::Identity => "identity",
        })
    }
}

/// All that sets what a network computes, worked out for its images.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The network.
    pub network: Network,
    /// The learning rule.
    pub rule: Rule,
    /// The loss.
    pub loss: Loss,
    /// The preset that set the pools.
    pub preset: Preset,
    /// The hinge loss's balancing factor.
    pub mu: f32,
    /// σ.
    pub activation: Activation,
    /// Slope of σ, where it has one.
    pub slope: f32,
    /// Learning rate η.
    pub lr: f32,
    /// Layers that keep their W and R, sorted.
    pub frozen: Vec<u32>,
    /// Layers of which masks tell which weights there are, sorted.
    pub sparse: Vec<u32>,
    /// The share of a sparse layer's connections that there are.
    pub connectivity: f32,
    /// How untied layers start.
    pub untied_start: UntiedStart,
    /// How R starts.
    pub r_start: RStart,
    /// Whether layer 1 has an R too, which learns and sends nothing.
    pub track_r1: bool,
    /// Whether the statistics compare the rule's δ with back-propagation's.
    pub delta_statistics: bool,
}

impl Model {
    /// A model with the preset's numbers and η = 0.1.
    pub fn new(network: Network, rule: Rule, loss: Loss, preset: Preset) -> Self {
        Self {
            mu: preset.mu(network.classes),
            activation: Activation::Clip,
            slope: preset.slope(),
            lr: 0.1,
            frozen: Vec::new(),
            sparse: Vec::new(),
            connectivity: 1.0,
            untied_start: if preset.tied_start() { UntiedStart::Tied } else { UntiedStart::Independent },
            r_start: RStart::Independent,
            track_r1: false,
            delta_statistics: false,
            network,
            rule,
            loss,
            preset,
        }
    }

    /// The slope of a σ that clips; none where σ(h) = h, which no call has to compute.
    pub fn clip(&self) -> Option<f32> {
        (self.activation == Activation::Clip).then_some(self.slope)
    }

    /// Whether a layer has feedback weights R.
    pub const fn has_r(&self, layer: u32) -> bool {
        self.rule.has_r() && (layer > 1 || self.track_r1)
    }

    /// The layers that a sparse network thins: all, but the output layer only where the preset says so.
    pub fn sparse_layers(&self) -> Vec<u32> {
        let layers = self.network.layers();
        (1..=layers).filter(|&layer| layer < layers || self.preset.sparse_output()).collect()
    }

    /// The connection by which the output's δ, or the label's, comes straight to a hidden layer: its weights are B,
    /// `[classes, units]`.
    pub fn direct(&self, layer: u32) -> Option<Connection> {
        if !self.rule.has_b() {
            return None;
        }
        // The output layer, which has none, is the last.
        let mut from_it = self.network.connections().skip(layer as usize - 1);
        let (hidden, _above) = (from_it.next()?, from_it.next()?);
        Some(Connection::full(hidden.output, self.network.classes))
    }

    /// All parameters with their starts, layer by layer.
    pub(super) fn all_params(&self) -> Vec<Param> {
        (1..)
            .zip(self.network.connections())
            .flat_map(|(layer, connection)| self.layer_params(layer, connection))
            .collect()
    }

    /// A layer's parameters: W, R, their masks and B, where there are any.
    fn layer_params(&self, layer: u32, connection: Connection) -> Vec<Param> {
        let is_sparse = self.sparse.contains(&layer);
        let has_r_mask = self.rule.has_r_mask();
        let name = |letter: &str| format!("{letter}{layer}");
        let mask_of = |letter: &str| is_sparse.then(|| format!("{letter}{layer}.mask"));
        let (r_start, r_mask) = match self.r_start {
            RStart::Independent => (Purpose::InitR, Purpose::MaskR),
            RStart::Equal => (Purpose::InitW, Purpose::MaskW),
        };
        let filters = |purpose| match Start::glorot(&connection, purpose, layer) {
            Start::Uniform { bound, purpose, layer, .. } => {
                Start::Uniform { bound, purpose, layer, one_filter: self.untied_start == UntiedStart::Tied }
            }
            other => other,
        };
        let weights = |letter, kind, purpose, mask| Param {
            name: name(letter),
            layer,
            layout: Layout::Weights(connection),
            kind,
            start: filters(purpose),
            mask,
        };
        let mask = |letter, purpose| Param {
            name: format!("{letter}{layer}.mask"),
            layer,
            layout: Layout::Mask(connection),
            kind: Kind::Fixed,
            start: Start::Bernoulli { density: self.connectivity, purpose, layer },
            mask: None,
        };
        let mut params = vec![weights("W", Kind::Learned, Purpose::InitW, mask_of("W"))];
        if self.has_r(layer) {
            params.push(weights("R", Kind::Drawn, r_start, mask_of(if has_r_mask { "R" } else { "W" })));
        }
        if is_sparse {
            params.push(mask("W", Purpose::MaskW));
        }
        if is_sparse && self.has_r(layer) && has_r_mask {
            params.push(mask("R", r_mask));
        }
        if let Some(direct) = self.direct(layer) {
            params.push(Param {
                name: name("B"),
                layer,
                layout: Layout::Weights(direct),
                kind: Kind::Fixed,
                start: Start::glorot(&direct, Purpose::InitB, layer),
                mask: None,
            });
        }
        params
    }
}
