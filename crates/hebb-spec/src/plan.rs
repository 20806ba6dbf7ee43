//! A plan: tensors and flat lists of kernel calls, which a backend makes ready once and replays each step.

use crate::connection::Connection;
use crate::network::Network;
use crate::planner::Planner;
use crate::problem::{Access, Problem};
use crate::rule::{Loss, Preset, Rule};

/// Names a tensor of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub usize);

/// What a tensor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The batch's pictures as bytes, four to a word, each picture padded to a word.
    Images,
    /// The batch's labels as floats, padding 0.
    Labels,
    /// Forward weights of a layer, counted from 1.
    W(u32),
    /// Feedback weights of a layer.
    R(u32),
    /// The fixed matrix that brings the output's δ to a layer.
    B(u32),
    /// Which forward weights of a sparse layer there are, sixteen bits a number.
    MaskW(u32),
    /// Which feedback weights of a sparse layer there are.
    MaskR(u32),
    /// Activity, δ or partial sums: lives within one list.
    Scratch,
    /// The class that each picture of the last batch was taken for, as floats.
    Predictions,
    /// Sum of the loss and number of errors of the last batch.
    LossSums,
    /// Partial sums of the W–R statistics of a layer.
    Statistics(u32),
    /// Partial counts of a layer's units that stand at ±1.
    Saturated(u32),
    /// Partial sums over a layer's δ by the rule and by back-propagation.
    DeltaStatistics(u32),
}

/// A tensor: `len` elements of four bytes in a slot of memory that it may share with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// A name for people.
    pub name: String,
    /// What it holds.
    pub role: Role,
    /// Number of elements.
    pub len: usize,
    /// Its slot.
    pub slot: usize,
}

impl Tensor {
    /// Size in bytes.
    pub const fn bytes(&self) -> u64 {
        4 * self.len as u64
    }
}

/// One kernel call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// A name for people, such as `layer 2 feedback`.
    pub name: String,
    /// The kernel and its shape.
    pub problem: Problem,
    /// Its tensors, in the problem's binding order.
    pub tensors: Vec<TensorId>,
}

impl Call {
    /// Each tensor with its use.
    pub fn accesses(&self) -> impl Iterator<Item = (TensorId, Access)> + '_ {
        self.tensors.iter().copied().zip(self.problem.tensors().into_iter().map(|(access, _)| access))
    }
}

/// All that sets what a network computes.
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
    /// Slope of σ.
    pub slope: f32,
    /// Learning rate η.
    pub lr: f32,
    /// Layers that keep their W and R, sorted.
    pub frozen: Vec<u32>,
    /// Layers of which masks tell which weights there are, sorted.
    pub sparse: Vec<u32>,
    /// Whether layer 1 has an R too, which learns and sends nothing.
    pub track_r1: bool,
    /// Whether the statistics compare the rule's δ with back-propagation's.
    pub delta_statistics: bool,
}

impl Model {
    /// A model with the preset's numbers and η = 0.1.
    pub fn new(network: Network, rule: Rule, loss: Loss, preset: Preset) -> Self {
        let mu = preset.mu(network.classes);
        Self {
            mu,
            slope: preset.slope(),
            lr: 0.1,
            frozen: Vec::new(),
            sparse: Vec::new(),
            track_r1: false,
            delta_statistics: false,
            network,
            rule,
            loss,
            preset,
        }
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
        let hidden = self.network.connections().nth(layer as usize - 1)?;
        let is_hidden = self.rule.has_b() && layer < self.network.layers();
        is_hidden.then(|| Connection::full(hidden.output, self.network.classes))
    }
}

/// What a backend needs to train, evaluate and observe a model at one batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Pictures in a batch.
    pub batch: u32,
    /// All tensors.
    pub tensors: Vec<Tensor>,
    /// Elements of each slot: the largest of its tensors.
    pub slots: Vec<usize>,
    /// One training step.
    pub train: Vec<Call>,
    /// Forward without dropout, then the loss.
    pub evaluate: Vec<Call>,
    /// How W and R of each layer compare; then a forward pass without dropout, and how many units it saturates; if asked
    /// for, the rule's δ beside back-propagation's. Ends with R as the next step will use it.
    pub statistics: Vec<Call>,
}

/// Which list of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    /// [`Plan::train`].
    Train,
    /// [`Plan::evaluate`].
    Evaluate,
    /// [`Plan::statistics`].
    Statistics,
}

impl Plan {
    /// Plans a model at a batch.
    pub fn new(model: &Model, batch: u32) -> Self {
        Planner::new(model, batch).plan()
    }

    /// One of the three lists.
    pub fn list(&self, list: List) -> &[Call] {
        match list {
            List::Train => &self.train,
            List::Evaluate => &self.evaluate,
            List::Statistics => &self.statistics,
        }
    }

    /// A tensor by its id.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0]
    }

    /// The tensor with a role that only one has (all but scratch).
    pub fn find(&self, role: Role) -> Option<TensorId> {
        self.tensors.iter().position(|tensor| tensor.role == role).map(TensorId)
    }

    /// Device memory of all slots, in bytes.
    pub fn memory(&self) -> u64 {
        self.slots.iter().map(|&len| 4 * len as u64).sum()
    }
}
