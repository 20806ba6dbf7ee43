//! Forward through the stages, and the loss.

use super::{Flow, Planner};
use crate::network::Stage;
use crate::plan::{List, Role, TensorId};
use crate::problem::Problem;

impl Planner<'_> {
    /// All stages in order; dropout only where the network trains.
    pub(super) fn forward(&mut self, list: List) -> Flow {
        let (model, batch) = (self.model, self.batch);
        let gather = Problem::GatherImages { shape: model.network.input, batch };
        let images = self.shared("images", Role::Images, gather.tensors()[0].1);
        let mut x = self.call(list, "gather images", gather, &[images], Some("x0".to_owned()));
        let mut activity: Vec<(TensorId, TensorId)> = Vec::new();
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
                Stage::Sum { shape } => {
                    let first = activity[activity.len() - 2].1;
                    name.push_str(" summed");
                    let problem = Problem::SumForward { units: shape.units(), batch };
                    self.call(list, "sum forward", problem, &[first, x], Some(name.clone()))
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
        Flow { activity }
    }

    /// δ of the output layer, equation (6), and what the host wants to know.
    pub(super) fn loss(&mut self, list: List, flow: &Flow) -> TensorId {
        let model = self.model;
        let classes = model.network.classes;
        let problem = Problem::Loss { classes, batch: self.batch, loss: model.loss, mu: model.mu };
        let lens = problem.tensors();
        let x = flow.activity[flow.activity.len() - 1].1;
        let labels = self.shared("labels", Role::Labels, lens[1].1);
        let delta = self.tensor(format!("delta{}", model.network.layers()), Role::Scratch, lens[2].1);
        let predictions = self.shared("predictions", Role::Predictions, lens[3].1);
        let sums = self.shared("loss sums", Role::LossSums, lens[4].1);
        self.call(list, "loss", problem, &[x, labels, delta, predictions, sums], None);
        delta
    }
}
