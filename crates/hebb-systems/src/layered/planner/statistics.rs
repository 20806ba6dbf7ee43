//! What an epoch's row tells beside loss and error.

use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{Role, TensorId};
use hebb_spec::problem::Problem;

use super::{Flow, Planner};
use crate::layered::network::Stage;
use crate::layered::rule::Feedback;
use crate::layered::statistics::{delta_sums, saturated, weight_sums};

impl Planner<'_> {
    pub(super) fn statistics(&mut self) {
        self.refresh_signs();
        self.weight_statistics();
        let saturates = self.model.clip().is_some();
        if !(saturates || self.model.delta_statistics) {
            return;
        }
        let flow = self.forward(false);
        if saturates {
            self.saturation(&flow);
        }
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
            let mut given = vec![
                (Slot::A, self.weights('W', layer, &connection)),
                (Slot::B, self.weights('R', layer, &connection)),
            ];
            // Where R takes W's mask both are 0 at the same places, which add nothing.
            if model.sparse.contains(&layer) && model.rule.has_r_mask() {
                given.push((Slot::MaskA, self.mask('W', layer, &connection)));
                given.push((Slot::MaskB, self.mask('R', layer, &connection)));
            }
            let of = Layout::Weights(connection);
            self.pair(&format!("layer {layer} statistics"), &weight_sums(layer), of, given);
        }
    }

    /// Units of each hidden layer at ±1, on the batch at hand.
    fn saturation(&mut self, flow: &Flow) {
        let batch = self.builder.batch();
        for (at, stage) in self.model.network.stages.iter().enumerate() {
            if let Stage::Weighted { layer, connection, is_output: false } = *stage {
                let units = connection.output.units();
                let groups = Layout::Flat(Problem::statistics_groups(&Layout::Activity { units, batch }));
                let counts = self.builder.shared(Role::Readout, &saturated(layer), groups);
                let given = [(Slot::X, flow.activity[at].1), (Slot::Sums, counts)];
                let problem = Problem::Saturation { units, batch };
                self.builder.call(&format!("layer {layer} saturation"), problem, &given, "");
            }
        }
    }

    /// The rule's δ beside back-propagation's, from the same activity and the same δ at the top.
    fn delta_statistics(&mut self, flow: &Flow) {
        let top = self.loss(flow);
        let ours = self.deltas(self.model.rule.feedback, flow, top);
        let exact = self.deltas(Feedback::Transposed, flow, top);
        for ((layer, ours), (_, exact)) in ours.into_iter().zip(exact) {
            let of = self.builder.layout(ours);
            let given = vec![(Slot::A, ours), (Slot::B, exact)];
            self.pair(&format!("layer {layer} delta statistics"), &delta_sums(layer), of, given);
        }
    }

    fn pair(&mut self, name: &str, readout: &str, of: Layout, mut given: Vec<(Slot, TensorId)>) {
        let problem = Problem::PairStatistics { of, masked: given.len() > 2 };
        let len = Problem::statistics_groups(&of) * Problem::STATISTICS_LEN;
        given.push((Slot::Sums, self.builder.shared(Role::Readout, readout, Layout::Flat(len))));
        self.builder.call(name, problem, &given, "");
    }
}
