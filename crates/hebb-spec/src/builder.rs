//! Builds a plan, call by call.

use std::collections::HashMap;

use crate::layout::Layout;
use crate::learning::{Learning, MOST_RATES, Rate};
use crate::memory;
use crate::operand::Slot;
use crate::plan::{Call, List, Plan, Role, Tensor, TensorId};
use crate::problem::Problem;

/// Builds a plan: tensors by name, calls into the list at hand, memory by lifetimes at the end.
///
/// Its methods panic where what they are given cannot fit together: that is a fault of the system that calls them.
#[derive(Debug)]
pub struct Builder {
    plan: Plan,
    list: List,
    /// The tensors that are no scratch, so that a plan of many layers does not take the square of them.
    named: HashMap<String, TensorId>,
}

impl Builder {
    /// A plan without tensors and calls, for a batch.
    pub fn new(batch: u32) -> Self {
        let plan = Plan { batch, tensors: Vec::new(), slots: 0, rates: 0, lists: Vec::new() };
        Self { plan, list: List::TRAIN, named: HashMap::new() }
    }

    /// Images in a batch.
    pub fn batch(&self) -> u32 {
        self.plan.batch
    }

    /// The calls that follow go into this list.
    pub fn list(&mut self, list: List) {
        self.list = list;
        if self.plan.position(list).is_none() {
            self.plan.lists.push((list, Vec::new()));
        }
    }

    /// One more rate that each step brings along.
    ///
    /// # Panics
    /// If there are more than a step can bring.
    pub fn rate(&mut self) -> Rate {
        assert!((self.plan.rates as usize) < MOST_RATES, "a step brings at most {MOST_RATES} rates");
        self.plan.rates += 1;
        Rate(self.plan.rates - 1)
    }

    /// Layout of a tensor.
    pub fn layout(&self, id: TensorId) -> Layout {
        self.plan.tensor(id).layout
    }

    /// The one tensor of a name that is no scratch, made at its first use.
    ///
    /// # Panics
    /// If the name is taken by a tensor of another role or layout.
    pub fn shared(&mut self, role: Role, name: &str, layout: Layout) -> TensorId {
        if let Some(&id) = self.named.get(name) {
            let tensor = self.plan.tensor(id);
            assert!(tensor.role == role && tensor.layout == layout, "tensor '{name}' is of another kind");
            return id;
        }
        let id = self.push(role, name, layout);
        if role != Role::Scratch {
            self.named.insert(name.to_owned(), id);
        }
        id
    }

    /// A scratch tensor.
    pub fn scratch(&mut self, name: &str, layout: Layout) -> TensorId {
        self.push(Role::Scratch, name, layout)
    }

    fn push(&mut self, role: Role, name: &str, layout: Layout) -> TensorId {
        self.plan.tensors.push(Tensor { name: name.to_owned(), role, layout, slot: usize::MAX });
        TensorId(self.plan.tensors.len() - 1)
    }

    /// Adds a call on the given tensors. The one operand that is not given, if any, is a new scratch tensor named
    /// `output`; returns it, or else the call's last tensor.
    ///
    /// # Panics
    /// If more operands are missing, or a given tensor has another layout than its slot.
    pub fn call(&mut self, name: &str, problem: Problem, given: &[(Slot, TensorId)], output: &str) -> TensorId {
        let mut tensors = Vec::new();
        let mut made = None;
        for operand in problem.operands() {
            let found = given.iter().find(|(slot, _)| *slot == operand.slot).map(|&(_, id)| id);
            let id = found.unwrap_or_else(|| {
                assert!(made.is_none() && !output.is_empty(), "call '{name}' lacks {:?}", operand.slot);
                let id = self.scratch(output, operand.layout);
                made = Some(id);
                id
            });
            assert_eq!(self.layout(id), operand.layout, "call '{name}', {:?}", operand.slot);
            tensors.push(id);
        }
        let last = made.unwrap_or(tensors[tensors.len() - 1]);
        let list = self.list;
        self.list(list);
        let at = self.plan.position(list).unwrap_or_default();
        self.plan.lists[at].1.push(Call { name: name.to_owned(), problem, tensors });
        last
    }

    /// y = σ(W x), into a new scratch tensor.
    ///
    /// # Panics
    /// If `w` holds no weights.
    pub fn forward(&mut self, name: &str, w: TensorId, x: TensorId, slope: Option<f32>, output: &str) -> TensorId {
        let Layout::Weights(connection) = self.layout(w) else { panic!("call '{name}': W holds no weights") };
        let problem = Problem::ConnectForward { connection, batch: self.batch(), slope };
        self.call(name, problem, &[(Slot::W, w), (Slot::X, x)], output)
    }

    /// R δ, with the second δ past a SUM added and through σ′ where there is a gate, into a new scratch tensor.
    ///
    /// # Panics
    /// If `r` holds no weights.
    pub fn back(
        &mut self,
        name: &str,
        (r, delta): (TensorId, TensorId),
        skip: Option<TensorId>,
        gate: Option<(f32, TensorId)>,
        output: &str,
    ) -> TensorId {
        let Layout::Weights(connection) = self.layout(r) else { panic!("call '{name}': R holds no weights") };
        let (batch, slope) = (self.batch(), gate.map(|(slope, _)| slope));
        let problem = Problem::ConnectFeedback { connection, batch, skip: skip.is_some(), gate: slope };
        let mut given = vec![(Slot::R, r), (Slot::Delta, delta)];
        given.extend(skip.map(|skip| (Slot::Skip, skip)));
        given.extend(gate.map(|(_, x)| (Slot::Gate, x)));
        self.call(name, problem, &given, output)
    }

    /// ⟨δ xᵀ⟩ into the weights in `into`: W, and R and masks as the learning needs them.
    ///
    /// # Panics
    /// If `into` has no weights W.
    pub fn outer(
        &mut self,
        name: &str,
        (delta, x): (TensorId, TensorId),
        learning: Learning,
        into: &[(Slot, TensorId)],
    ) {
        let w = into.iter().find(|(slot, _)| *slot == Slot::W).map(|&(_, id)| self.layout(id));
        let Some(Layout::Weights(connection)) = w else { panic!("call '{name}': W holds no weights") };
        let problem = Problem::ConnectUpdate { connection, batch: self.batch(), learning };
        let mut given = vec![(Slot::Delta, delta), (Slot::X, x)];
        given.extend(into);
        self.call(name, problem, &given, "");
    }

    /// The plan, its tensors laid into lifetime classes.
    pub fn finish(mut self) -> Plan {
        memory::share(&mut self.plan);
        self.plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Connection;
    use crate::shape::Shape;

    #[test]
    fn calls_name_their_tensors_and_readouts_come_back() {
        let mut builder = Builder::new(3);
        let connection = Connection::full(Shape::flat(4), 2);
        let x = builder.shared(Role::Input, "x", Layout::Activity { units: 4, batch: 3 });
        let w = builder.shared(Role::Param, "W", Layout::Weights(connection));
        assert_eq!(builder.shared(Role::Param, "W", Layout::Weights(connection)), w);
        let y = builder.forward("forward", w, x, None, "y");
        let rate = builder.rate();
        let below = builder.back("back", (w, y), None, None, "below");
        builder.outer("update", (y, below), Learning::new(rate, None), &[(Slot::W, w)]);
        let problem = Problem::Saturation { units: 2, batch: 3 };
        let counts = builder.shared(Role::Readout, "counts", Layout::Flat(1));
        builder.call("saturation", problem, &[(Slot::X, y), (Slot::Sums, counts)], "");
        let plan = builder.finish();
        let calls = plan.list(List::TRAIN);
        assert_eq!(calls.len(), 4);
        assert_eq!(calls[2].tensor(Slot::W), Some(w));
        assert_eq!(calls[2].tensor(Slot::MaskW), None);
        assert_eq!((plan.rates, plan.readouts(List::TRAIN)), (1, vec![counts]));
        assert!(plan.list(List::EVALUATE).is_empty());
        assert_ne!(plan.tensor(y).slot, plan.tensor(below).slot);
    }

    #[test]
    #[should_panic(expected = "lacks X")]
    fn a_missing_tensor_is_named() {
        let mut builder = Builder::new(1);
        let w = builder.shared(Role::Param, "W", Layout::Weights(Connection::full(Shape::flat(4), 2)));
        let problem =
            Problem::ConnectForward { connection: Connection::full(Shape::flat(4), 2), batch: 1, slope: None };
        builder.call("forward", problem, &[(Slot::W, w)], "");
    }
}
