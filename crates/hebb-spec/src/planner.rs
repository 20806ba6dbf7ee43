//! Builds a plan: forward, loss, feedback and updates in order, then memory by lifetimes.

mod backward;
mod forward;
mod memory;
mod statistics;
#[cfg(test)]
mod tests;

use crate::connection::Connection;
use crate::plan::{Call, List, Model, Plan, Role, Tensor, TensorId};
use crate::problem::Problem;

/// The tensors of a forward pass.
pub(super) struct Flow {
    /// Each stage's input and output.
    activity: Vec<(TensorId, TensorId)>,
}

/// Builds the lists of a plan.
pub(crate) struct Planner<'a> {
    model: &'a Model,
    batch: u32,
    plan: Plan,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(model: &'a Model, batch: u32) -> Self {
        let plan = Plan {
            batch,
            tensors: Vec::new(),
            slots: Vec::new(),
            train: Vec::new(),
            evaluate: Vec::new(),
            statistics: Vec::new(),
        };
        Self { model, batch, plan }
    }

    pub(crate) fn plan(mut self) -> Plan {
        let flow = self.forward(List::Train);
        let delta = self.loss(List::Train, &flow);
        self.train(&flow, delta);
        let flow = self.forward(List::Evaluate);
        self.loss(List::Evaluate, &flow);
        self.statistics();
        memory::share(&mut self.plan);
        self.plan
    }

    fn calls(&mut self, list: List) -> &mut Vec<Call> {
        match list {
            List::Train => &mut self.plan.train,
            List::Evaluate => &mut self.plan.evaluate,
            List::Statistics => &mut self.plan.statistics,
        }
    }

    /// Adds a call; `outputs` are scratch tensors to make for the problem's last tensors, by name.
    fn call(
        &mut self,
        list: List,
        name: &str,
        problem: Problem,
        given: &[TensorId],
        output: Option<String>,
    ) -> TensorId {
        let mut tensors = given.to_vec();
        if let Some(name) = output {
            let len = problem.tensors().last().map_or(0, |&(_, len)| len);
            tensors.push(self.tensor(name, Role::Scratch, len));
        }
        debug_assert_eq!(tensors.len(), problem.tensors().len(), "{name}");
        let last = tensors[tensors.len() - 1];
        self.calls(list).push(Call { name: name.to_owned(), problem, tensors });
        last
    }

    fn tensor(&mut self, name: String, role: Role, len: usize) -> TensorId {
        self.plan.tensors.push(Tensor { name, role, len, slot: usize::MAX });
        TensorId(self.plan.tensors.len() - 1)
    }

    /// The one tensor with a role, made at its first use.
    fn shared(&mut self, name: &str, role: Role, len: usize) -> TensorId {
        self.plan.find(role).unwrap_or_else(|| self.tensor(name.to_owned(), role, len))
    }

    fn weights(&mut self, role: Role, connection: &Connection) -> TensorId {
        let (name, len) = match role {
            Role::R(layer) => (format!("R{layer}"), connection.device_len()),
            Role::B(layer) => (format!("B{layer}"), connection.device_len()),
            Role::MaskW(layer) => (format!("W{layer}.mask"), connection.mask_len()),
            Role::MaskR(layer) => (format!("R{layer}.mask"), connection.mask_len()),
            Role::W(layer) => (format!("W{layer}"), connection.device_len()),
            _ => unreachable!("{role:?} is no weight"),
        };
        self.shared(&name, role, len)
    }
}
