//! A plan: tensors and named lists of kernel calls, which a backend makes ready once and replays each step.

use std::collections::HashSet;

use crate::layout::Layout;
use crate::operand::{Access, Operand, Slot};
use crate::problem::Problem;

/// Names a tensor of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub usize);

/// How long a tensor's numbers live, and who sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Comes with each step.
    Input,
    /// A parameter: learned or fixed, kept in checkpoints. The host reads and writes it between two lists.
    Param,
    /// Outlives a step as a parameter does, and is kept in checkpoints, but is no weight.
    State,
    /// Outlives a run of its list, but not the submission that repeats it: in no checkpoint, and begun anew where
    /// `restart` says so.
    Carried,
    /// Activity, δ or partial sums: lives within one list, and may share its memory.
    Scratch,
    /// Comes back to the host after each list that writes it.
    Readout,
}

/// A tensor: a layout in a lifetime class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Its name; only scratch tensors may share one.
    pub name: String,
    /// How long it lives, and who sees it.
    pub role: Role,
    /// Its numbers.
    pub layout: Layout,
    /// Its lifetime class: tensors of one class are never needed at once, and may share memory.
    pub slot: usize,
}

/// One kernel call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// A name for people, such as `layer 2 feedback`.
    pub name: String,
    /// The kernel and its shape.
    pub problem: Problem,
    /// Its tensors, in the order of [`Problem::operands`].
    pub tensors: Vec<TensorId>,
}

impl Call {
    /// Each tensor with what it is to the problem.
    pub fn operands(&self) -> impl Iterator<Item = (TensorId, Operand)> + '_ {
        self.tensors.iter().copied().zip(self.problem.operands())
    }

    /// Each tensor with its use.
    pub fn accesses(&self) -> impl Iterator<Item = (TensorId, Access)> + '_ {
        self.operands().map(|(id, operand)| (id, operand.access))
    }

    /// The tensor in a slot.
    pub fn tensor(&self, slot: Slot) -> Option<TensorId> {
        self.operands().find(|(_, operand)| operand.slot == slot).map(|(id, _)| id)
    }
}

/// Names a list of a plan. The three that the engine runs have names here; a system may have others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct List(pub &'static str);

impl List {
    /// One step of training.
    pub const TRAIN: Self = Self("train");
    /// What a batch comes to without learning.
    pub const EVALUATE: Self = Self("evaluate");
    /// What an epoch's row tells beside it.
    pub const STATISTICS: Self = Self("statistics");
}

/// What a backend needs to run a system at one batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Images in a batch.
    pub batch: u32,
    /// All tensors.
    pub tensors: Vec<Tensor>,
    /// Number of lifetime classes.
    pub slots: usize,
    /// Rates that each step brings along.
    pub rates: u32,
    /// The lists, each a flat sequence of calls.
    pub lists: Vec<(List, Vec<Call>)>,
}

impl Plan {
    /// The calls of a list; none where the plan has no such list.
    pub fn list(&self, list: List) -> &[Call] {
        self.lists.iter().find(|(name, _)| *name == list).map_or(&[], |(_, calls)| calls)
    }

    /// Where a list stands among the lists.
    pub fn position(&self, list: List) -> Option<usize> {
        self.lists.iter().position(|(name, _)| *name == list)
    }

    /// All calls of all lists.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.lists.iter().flat_map(|(_, calls)| calls)
    }

    /// A tensor by its id.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0]
    }

    /// The tensor of a name, which is no scratch.
    pub fn find(&self, name: &str) -> Option<TensorId> {
        self.tensors.iter().position(|tensor| tensor.role != Role::Scratch && tensor.name == name).map(TensorId)
    }

    /// The tensors of a role.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = TensorId> + '_ {
        let ids = self.tensors.iter().enumerate().filter(move |(_, tensor)| tensor.role == role);
        ids.map(|(at, _)| TensorId(at))
    }

    /// What comes back after a list: the readouts that it writes, in the plan's order.
    pub fn readouts(&self, list: List) -> Vec<TensorId> {
        let accesses = self.list(list).iter().flat_map(Call::accesses);
        let written: HashSet<TensorId> =
            accesses.filter(|(_, access)| *access != Access::Read).map(|(id, _)| id).collect();
        self.of_role(Role::Readout).filter(|id| written.contains(id)).collect()
    }
}
