//! What an epoch's row tells beside loss and error.

use super::{Flow, Planner};
use crate::network::Stage;
use crate::plan::{List, Role, TensorId};
use crate::problem::Problem;
use crate::rule::Feedback;

const LIST: List = List::Statistics;

impl Planner<'_> {
    pub(super) fn statistics(&mut self) {
        self.refresh_signs(LIST);
        self.weight_statistics();
        let flow = self.forward(LIST);
        self.saturation(&flow);
        if self.model.delta_statistics {
            self.delta_statistics(&flow);
        }
    }

    /// W beside R, of each layer that has both.
    fn weight_statistics(&mut self) {
        let model = self.model;
        for (layer, connection) in (1..).zip(model.network.connections()) {
            if !model.has_r(layer) {
                continue;
            }
            let (w, r) = (self.weights(Role::W(layer), &connection), self.weights(Role::R(layer), &connection));
            // Where R takes W's mask both are 0 at the same places, which add nothing.
            let masked = model.sparse.contains(&layer) && model.rule.has_r_mask();
            let mut given = vec![w, r];
            if masked {
                let masks = [Role::MaskW(layer), Role::MaskR(layer)];
                given.extend(masks.map(|role| self.weights(role, &connection)));
            }
            let vectors = (connection.device_len() / 4) as u32;
            self.pair(&format!("layer {layer} statistics"), Role::Statistics(layer), &given, vectors, masked);
        }
    }

    /// Units of each hidden layer at ±1, on the batch at hand.
    fn saturation(&mut self, flow: &Flow) {
        for (at, stage) in self.model.network.stages.iter().enumerate() {
            if let Stage::Weighted { layer, connection, is_output: false } = *stage {
                let problem = Problem::Saturation { units: connection.output.units(), batch: self.batch };
                let len = problem.tensors()[1].1;
                let counts = self.shared(&format!("saturated {layer}"), Role::Saturated(layer), len);
                self.call(LIST, &format!("layer {layer} saturation"), problem, &[flow.activity[at].1, counts], None);
            }
        }
    }

    /// The rule's δ beside back-propagation's, from the same activity and the same δ at the top.
    fn delta_statistics(&mut self, flow: &Flow) {
        let top = self.loss(LIST, flow);
        let ours = self.deltas(self.model.rule.feedback, flow, top);
        let exact = self.deltas(Feedback::Transposed, flow, top);
        for ((layer, ours), (_, exact)) in ours.into_iter().zip(exact) {
            let role = Role::DeltaStatistics(layer);
            let vectors = (self.plan.tensor(ours).len / 4) as u32;
            self.pair(&format!("layer {layer} delta statistics"), role, &[ours, exact], vectors, false);
        }
    }

    fn pair(&mut self, name: &str, role: Role, given: &[TensorId], vectors: u32, masked: bool) {
        let problem = Problem::PairStatistics { vectors, masked };
        let len = problem.tensors().last().map_or(0, |&(_, len)| len);
        let sums = self.shared(&name.replace("layer ", "sums of layer "), role, len);
        self.call(LIST, name, problem, &[given, &[sums]].concat(), None);
    }
}
