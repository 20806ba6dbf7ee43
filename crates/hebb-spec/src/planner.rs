//! Builds a plan: forward, loss, feedback and updates in order, then memory by lifetimes.

use crate::connection::Connection;
use crate::network::Stage;
use crate::plan::{Call, List, Model, Plan, Role, Tensor, TensorId};
use crate::problem::{Access, Learning, Problem, update_splits};

/// The tensors of one list, while it is built.
struct Flow {
    /// Each stage's input and output.
    activity: Vec<(TensorId, TensorId)>,
    /// δ at the output layer.
    delta: TensorId,
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
        self.backward(&flow);
        self.forward(List::Evaluate);
        self.statistics();
        self.share_memory();
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
        let name = match role {
            Role::R(layer) => format!("R{layer}"),
            Role::W(layer) => format!("W{layer}"),
            _ => String::new(),
        };
        self.shared(&name, role, connection.device_len())
    }

    fn forward(&mut self, list: List) -> Flow {
        let (model, batch) = (self.model, self.batch);
        let gather = Problem::GatherImages { shape: model.network.input, batch };
        let images = self.shared("images", Role::Images, gather.tensors()[0].1);
        let mut x = self.call(list, "gather images", gather, &[images], Some("x0".to_owned()));
        let mut activity = Vec::new();
        let mut name = "x0".to_owned();
        for stage in &model.network.stages {
            let input = x;
            x = match *stage {
                Stage::Weighted { layer, connection, is_output } => {
                    let slope = (!is_output).then_some(model.slope);
                    let w = self.weights(Role::W(layer), &connection);
                    name = format!("x{layer}");
                    let problem = Problem::ConnectForward { connection, batch, slope };
                    self.call(list, &format!("layer {layer} forward"), problem, &[w, x], Some(name.clone()))
                }
                Stage::Pool(pool) => {
                    name.push_str(" pooled");
                    self.call(list, "pool forward", Problem::PoolForward { pool, batch }, &[x], Some(name.clone()))
                }
                Stage::Drop { index, shape, probability } if list == List::Train => {
                    name.push_str(" dropped");
                    let problem = Problem::Dropout { units: shape.units(), batch, index, probability };
                    self.call(list, &format!("drop {index} forward"), problem, &[x], Some(name.clone()))
                }
                Stage::Drop { .. } => x,
            };
            activity.push((input, x));
        }
        let problem = Problem::Loss { classes: model.network.classes, batch, loss: model.loss, mu: model.mu };
        let lens = problem.tensors();
        let labels = self.shared("labels", Role::Labels, lens[1].1);
        let delta = self.tensor(format!("delta{}", model.network.layers()), Role::Scratch, lens[2].1);
        let predictions = self.shared("predictions", Role::Predictions, lens[3].1);
        let sums = self.shared("loss sums", Role::LossSums, lens[4].1);
        self.call(list, "loss", problem, &[x, labels, delta, predictions, sums], None);
        Flow { activity, delta }
    }

    /// Feedback from the top, each layer's update right behind the feedback through its R: by then its W and R have
    /// done their work of this step (Remark 1: a step uses W and R as they were when it began).
    fn backward(&mut self, flow: &Flow) {
        let (model, batch) = (self.model, self.batch);
        let stages = &model.network.stages;
        let mut delta = flow.delta;
        for (at, stage) in stages.iter().enumerate().rev() {
            let (input, output) = flow.activity[at];
            // σ′ of the layer below is applied by the first stage above it that is no dropout: the shapes still agree,
            // and dropout's factor commutes with σ′.
            let below = stages[..at].iter().rposition(|stage| !matches!(stage, Stage::Drop { .. }));
            let gated = below.filter(|&below| matches!(stages[below], Stage::Weighted { .. }));
            let gate = gated.map(|_| model.slope);
            let gate_x = gated.map(|below| flow.activity[below].1);
            match *stage {
                Stage::Weighted { layer, connection, .. } => {
                    let above = delta;
                    if layer > 1 {
                        let r = if model.rule.has_r() { Role::R(layer) } else { Role::W(layer) };
                        let mut given = vec![self.weights(r, &connection), above];
                        given.extend(gate_x);
                        let problem = Problem::ConnectFeedback { connection, batch, gate };
                        let name = format!("layer {layer} feedback");
                        delta = self.call(List::Train, &name, problem, &given, Some(format!("delta below {layer}")));
                    }
                    if !model.frozen.contains(&layer) {
                        self.update(layer, connection, above, input);
                    }
                    if layer == 1 {
                        return;
                    }
                }
                Stage::Pool(pool) => {
                    let problem = Problem::PoolFeedback { pool, batch, gate };
                    let mut given = vec![input, output, delta];
                    given.extend(gate_x);
                    delta = self.call(List::Train, "pool feedback", problem, &given, Some("delta pooled".to_owned()));
                }
                Stage::Drop { index, shape, probability } => {
                    let problem = Problem::Dropout { units: shape.units(), batch, index, probability };
                    let name = format!("drop {index} feedback");
                    delta = self.call(List::Train, &name, problem, &[delta], Some("delta dropped".to_owned()));
                }
            }
        }
    }

    fn update(&mut self, layer: u32, connection: Connection, delta: TensorId, x: TensorId) {
        let (model, batch) = (self.model, self.batch);
        let scale = (f64::from(model.lr) / f64::from(batch)) as f32;
        let learning = Learning { scale, epsilon: model.rule.epsilon().filter(|_| layer > 1) };
        let mut weights = vec![self.weights(Role::W(layer), &connection)];
        weights.extend(learning.epsilon.map(|_| self.weights(Role::R(layer), &connection)));
        let splits = update_splits(&connection);
        let name = format!("layer {layer} update");
        if splits == 1 {
            let problem = Problem::ConnectUpdate { connection, batch, learning };
            self.call(List::Train, &name, problem, &[&[delta, x], &weights[..]].concat(), None);
        } else {
            let problem = Problem::ConnectPartial { connection, batch, splits };
            let sums = self.call(List::Train, &name, problem, &[delta, x], Some(format!("sums {layer}")));
            let problem = Problem::ConnectApply { connection, splits, learning };
            self.call(List::Train, &format!("layer {layer} apply"), problem, &[&[sums], &weights[..]].concat(), None);
        }
    }

    fn statistics(&mut self) {
        let model = self.model;
        for (layer, connection) in (1..).zip(model.network.connections()) {
            if layer == 1 || !model.rule.has_r() {
                continue;
            }
            let (w, r) = (self.weights(Role::W(layer), &connection), self.weights(Role::R(layer), &connection));
            let problem = Problem::WeightStatistics { vectors: (connection.device_len() / 4) as u32 };
            let len = problem.tensors()[2].1;
            let sums = self.shared(&format!("statistics {layer}"), Role::Statistics(layer), len);
            self.call(List::Statistics, &format!("layer {layer} statistics"), problem, &[w, r, sums], None);
        }
    }

    /// Gives each tensor a slot. Scratch tensors share slots where their lifetimes within a list do not meet; the
    /// lists never run at once, so each starts with all shared slots free.
    fn share_memory(&mut self) {
        for tensor in &mut self.plan.tensors {
            if tensor.role != Role::Scratch {
                tensor.slot = self.plan.slots.len();
                self.plan.slots.push(tensor.len);
            }
        }
        let shared = self.plan.slots.len();
        for list in [List::Train, List::Evaluate] {
            let calls = self.plan.list(list).to_vec();
            let mut free: Vec<usize> = (shared..self.plan.slots.len()).collect();
            for (at, call) in calls.iter().enumerate() {
                for (id, access) in call.accesses() {
                    if access == Access::Write && self.plan.tensor(id).role == Role::Scratch {
                        self.place(id, &mut free);
                    }
                }
                for &id in &call.tensors {
                    let later = calls[at + 1..].iter().any(|call| call.tensors.contains(&id));
                    let tensor = self.plan.tensor(id);
                    if !later && tensor.role == Role::Scratch {
                        free.push(tensor.slot);
                    }
                }
            }
        }
    }

    /// The smallest free slot that is large enough, else the largest free one made larger, else a new one.
    fn place(&mut self, id: TensorId, free: &mut Vec<usize>) {
        let len = self.plan.tensor(id).len;
        let slots = &mut self.plan.slots;
        let fits = free.iter().copied().filter(|&slot| slots[slot] >= len).min_by_key(|&slot| (slots[slot], slot));
        let chosen = fits.or_else(|| free.iter().copied().max_by_key(|&slot| (slots[slot], slot)));
        let slot = chosen.unwrap_or_else(|| {
            slots.push(0);
            slots.len() - 1
        });
        slots[slot] = slots[slot].max(len);
        free.retain(|&other| other != slot);
        self.plan.tensors[id.0].slot = slot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;
    use crate::network::Network;
    use crate::rule::{Loss, Preset, Rule};

    fn plan(text: &str, rule: Rule, frozen: &[u32]) -> Plan {
        let network = Network::new(text, Shape::new(3, 32, 32), 10, Preset::AsRun).unwrap();
        let mut model = Model::new(network, rule, Loss::Hinge, Preset::AsRun);
        model.frozen = frozen.to_vec();
        Plan::new(&model, 20)
    }

    fn names(calls: &[Call]) -> Vec<&str> {
        calls.iter().map(|call| call.name.as_str()).collect()
    }

    #[test]
    fn simpnets_step_is_forward_loss_feedback_updates() {
        let plan = plan("simpnet", Rule::Urfb { epsilon: 1.0 }, &[]);
        assert_eq!(
            names(&plan.train),
            [
                "gather images",
                "layer 1 forward",
                "pool forward",
                "drop 1 forward",
                "layer 2 forward",
                "drop 2 forward",
                "layer 3 forward",
                "loss",
                "layer 3 feedback",
                "layer 3 update",
                "drop 2 feedback",
                "layer 2 feedback",
                "layer 2 update",
                "drop 1 feedback",
                "pool feedback",
                "layer 1 update",
                "layer 1 apply"
            ]
        );
        assert_eq!(names(&plan.statistics), ["layer 2 statistics", "layer 3 statistics"]);
        assert!(!names(&plan.evaluate).iter().any(|name| name.starts_with("drop")));
    }

    #[test]
    fn every_problem_gets_tensors_of_its_lengths() {
        for text in ["simpnet", "deepnet", "Output"] {
            for rule in [Rule::Bp, Rule::Frfb, Rule::Urfb { epsilon: 0.5 }] {
                let plan = plan(text, rule, &[]);
                for call in [&plan.train, &plan.evaluate, &plan.statistics].into_iter().flatten() {
                    let lens: Vec<usize> = call.tensors.iter().map(|&id| plan.tensor(id).len).collect();
                    let wanted: Vec<usize> = call.problem.tensors().into_iter().map(|(_, len)| len).collect();
                    assert_eq!(lens, wanted, "{} of {text}", call.name);
                }
            }
        }
    }

    #[test]
    fn live_tensors_never_share_a_slot() {
        let plan = plan("deepnet", Rule::Urfb { epsilon: 1.0 }, &[]);
        for calls in [&plan.train, &plan.evaluate] {
            let mut holder = vec![None; plan.slots.len()];
            for call in calls {
                for (id, access) in call.accesses() {
                    let tensor = plan.tensor(id);
                    assert!(plan.slots[tensor.slot] >= tensor.len);
                    if access == Access::Write {
                        let clash =
                            call.tensors.iter().any(|&other| other != id && plan.tensor(other).slot == tensor.slot);
                        assert!(!clash, "{}: output shares a slot with another tensor", call.name);
                        holder[tensor.slot] = Some(id);
                    } else if tensor.role == Role::Scratch {
                        assert_eq!(holder[tensor.slot], Some(id), "{}: {} was overwritten", call.name, tensor.name);
                    }
                }
            }
        }
        let scratch: usize = plan.tensors.iter().filter(|t| t.role == Role::Scratch).map(|t| t.len).sum();
        assert!(plan.memory() < 4 * scratch as u64, "memory is reused");
    }

    #[test]
    fn bp_has_no_r_and_frozen_layers_no_update() {
        let plan = plan("simpnet", Rule::Bp, &[1, 2]);
        assert!(plan.tensors.iter().all(|tensor| !matches!(tensor.role, Role::R(_))));
        assert!(plan.statistics.is_empty());
        let updates = names(&plan.train).into_iter().filter(|name| name.ends_with("update")).collect::<Vec<_>>();
        assert_eq!(updates, ["layer 3 update"]);
    }
}
